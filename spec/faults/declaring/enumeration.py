"""Faults in what ``parameters()``, ``buffers()`` and their named siblings list."""

from torch import nn

from .. import fault


@fault("ENUM-01", "ENUM-12", breaks="torch.nn.Module.named_parameters")
def parameters_lists_buffers_too(original, self, *args, **kwargs):
    """`named_parameters()` lists buffers too."""
    yield from original(self, *args, **kwargs)
    yield from nn.Module.named_buffers(self, *args, **kwargs)


@fault("ENUM-02", "ENUM-12", breaks="torch.nn.Module.named_buffers")
def buffers_leaves_out_what_is_not_persistent(original, self, *args, **kwargs):
    """`named_buffers()` leaves out non-persistent buffers."""
    persistent = {id(tensor) for tensor in self.state_dict(keep_vars=True).values()}
    yield from ((name, buffer) for name, buffer in original(self, *args, **kwargs) if id(buffer) in persistent)


@fault("ENUM-03", "ENUM-12", breaks="torch.nn.Module.named_buffers")
def the_name_of_nested_state_lacks_its_path(original, self, *args, **kwargs):
    """`named_buffers()` names a submodule's buffers without their path."""
    yield from ((name.rpartition(".")[2], buffer) for name, buffer in original(self, *args, **kwargs))


@fault("ENUM-04", breaks="torch.nn.Module.named_buffers")
def named_buffers_goes_below_the_module_without_recurse_too(original, self, prefix="", recurse=True, **kwargs):
    """`named_buffers(recurse=False)` lists the buffers of submodules."""
    yield from original(self, prefix, True, **kwargs)


@fault("ENUM-04", breaks="torch.nn.Module.parameters")
def parameters_goes_below_the_module_without_recurse_too(original, self, recurse=True):
    """`parameters(recurse=False)` lists the parameters of submodules."""
    return (p for _, p in self.named_parameters())


@fault("ENUM-05", breaks="torch.nn.Module.named_parameters")
def no_dot_stands_behind_a_prefix(original, self, prefix="", recurse=True, **kwargs):
    """`named_parameters(prefix=...)` puts no dot behind the prefix."""
    yield from ((prefix + name, value) for name, value in original(self, "", recurse, **kwargs))


@fault("ENUM-05", breaks="torch.nn.Module.named_modules")
def named_modules_has_no_prefix(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules()` ignores `prefix`."""
    yield from original(self, memo, prefix.partition("net")[2].lstrip("."), remove_duplicate)


@fault("ENUM-16", breaks="torch.nn.Module.named_buffers")
def recurse_comes_before_prefix_by_position(original, self, recurse=True, prefix="", **kwargs):
    """The first positional argument of `named_buffers()` is `recurse`."""
    yield from original(self, prefix, recurse, **kwargs)


@fault("ENUM-06", "ENUM-13")
def parameters_are_listed_by_their_names(patch):
    """`named_parameters()` lists parameters in the order of their names, and `parameters()` in that of registration."""
    listed = nn.Module.named_parameters

    def named_parameters(self, *args, **kwargs):
        yield from sorted(listed(self, *args, **kwargs), key=lambda item: item[0])

    def parameters(self, recurse=True):
        yield from (parameter for _, parameter in listed(self, recurse=recurse))

    patch.setattr(nn.Module, "named_parameters", named_parameters)
    patch.setattr(nn.Module, "parameters", parameters)


@fault("ENUM-12", breaks="torch.nn.Module._save_to_state_dict")
def buffers_come_before_parameters_in_the_state_dict(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name, parameter in self._parameters.items():
        if parameter is not None:
            destination[prefix + name] = destination.pop(prefix + name)


@fault("ENUM-08", breaks="torch.nn.Module.named_children")
def named_children_lists_every_name(original, self):
    """`named_children()` lists a submodule under every name, and one that is None."""
    return iter(self._modules.items())


@fault("ENUM-08", breaks="torch.nn.Module.named_parameters")
def a_parameter_registered_as_None_is_listed(original, self, *args, **kwargs):
    yield from original(self, *args, **kwargs)
    yield from ((name, value) for name, value in self._parameters.items() if value is None)


@fault("ENUM-14", breaks="torch.nn.Module.named_buffers")
def buffers_of_one_shape_are_listed_once(original, self, *args, **kwargs):
    """`named_buffers()` lists one buffer of each shape."""
    found = {buffer.shape: (name, buffer) for name, buffer in original(self, *args, **kwargs)}
    yield from found.values()


@fault("ENUM-15", breaks="torch.nn.Module.parameters")
def parameters_gives_a_list(original, self, recurse=True):
    """`parameters()` returns a list."""
    return [p for _, p in self.named_parameters(recurse=recurse)]


@fault("ENUM-12", breaks="torch.nn.Module.named_parameters", since="2.0")
def named_parameters_lists_every_name_by_default(original, self, prefix="", recurse=True, remove_duplicate=False):
    """`named_parameters()` has `remove_duplicate=False` by default."""
    yield from original(self, prefix, recurse, remove_duplicate)


@fault("ENUM-21", breaks="torch.nn.Module.named_modules")
def a_module_comes_after_all_below_it(original, self, *args, **kwargs):
    """`named_modules()` lists a module after its submodules."""
    found = list(original(self, *args, **kwargs))
    yield from found[1:] + found[:1]


@fault("ENUM-22", breaks="torch.nn.Module.named_modules")
def named_modules_adds_nothing_to_memo(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules(memo=memo)` adds nothing to the memo."""
    yield from original(self, None if memo is None else set(memo), prefix, remove_duplicate)


@fault("ENUM-43", breaks="torch.nn.Module._named_members")
def the_walk_of_the_listings_finds_other_members_under_every_name(original, self, members, prefix="", *args, **options):
    """`_named_members` yields a tied member under each of its names."""
    if len(args) > 1 or "remove_duplicate" in options:
        yield from original(self, members, prefix, *args, **options)
        return
    for path, module in self.named_modules(prefix=prefix):
        yield from ((f"{path}.{name}".lstrip("."), member) for name, member in members(module))


@fault("ENUM-22", breaks="torch.nn.Module.named_modules")
def named_modules_takes_an_empty_memo_for_none(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules(memo=memo)` adds nothing to an empty memo."""
    yield from original(self, memo or None, prefix, remove_duplicate)


@fault("ENUM-13", breaks="torch.nn.Module.parameters")
def parameters_does_not_ask_the_named_parameters_of_the_class(original, self, recurse=True):
    """`parameters()` doesn't call a `named_parameters()` that the class overrides."""
    yield from (parameter for _, parameter in nn.Module.named_parameters(self, recurse=recurse))


@fault(
    "ENUM-45",
    breaks=("torch.nn.Module.named_parameters", "torch.nn.Module.named_buffers", "torch.nn.Module.named_children"),
)
def a_listing_goes_on_though_state_is_registered_or_deleted(original, self, *args, **kwargs):
    """Registering or deleting state while it is listed raises nothing."""
    yield from list(original(self, *args, **kwargs))


@fault("ENUM-22", breaks="torch.nn.Module.named_modules")
def named_modules_adds_to_the_memo_what_it_has_listed_before(original, self, memo=None, *args, **kwargs):
    """`named_modules(memo=memo)` adds a module to the memo after it has yielded it."""
    memo = set() if memo is None else memo
    for name, module in original(self, set(memo), *args, **kwargs):
        yield name, module
        memo.add(module)


@fault("ENUM-22", breaks="torch.nn.Module.named_modules")
def named_modules_adds_to_the_memo_what_it_lists_with_its_duplicates(original, self, memo=None, *args, **kwargs):
    """`named_modules(memo=memo, remove_duplicate=False)` adds the modules that it lists to the memo."""
    for name, module in original(self, memo, *args, **kwargs):
        if memo is not None:
            memo.add(module)
        yield name, module
