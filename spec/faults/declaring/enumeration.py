"""Faults in what ``parameters()``, ``buffers()`` and their named siblings list."""

from torch import nn

from .. import fault

NAMED_PARAMETERS = nn.Module.named_parameters
NAMED_BUFFERS = nn.Module.named_buffers
NAMED_MODULES = nn.Module.named_modules
SAVE = nn.Module._save_to_state_dict
LISTINGS = {name: getattr(nn.Module, name) for name in ("named_parameters", "named_buffers", "named_children")}


@fault("ENUM-01", "ENUM-12")
def parameters_lists_buffers_too(patch):
    def named_parameters(self, *args, **kwargs):
        yield from NAMED_PARAMETERS(self, *args, **kwargs)
        yield from NAMED_BUFFERS(self, *args, **kwargs)

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ENUM-02", "ENUM-12")
def buffers_leaves_out_what_is_not_persistent(patch):
    def named_buffers(self, *args, **kwargs):
        persistent = {id(tensor) for tensor in self.state_dict(keep_vars=True).values()}
        yield from ((name, buffer) for name, buffer in NAMED_BUFFERS(self, *args, **kwargs) if id(buffer) in persistent)

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-03", "ENUM-12")
def the_name_of_nested_state_lacks_its_path(patch):
    def named_buffers(self, *args, **kwargs):
        yield from ((name.rpartition(".")[2], buffer) for name, buffer in NAMED_BUFFERS(self, *args, **kwargs))

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-04")
def named_buffers_goes_below_the_module_without_recurse_too(patch):
    def named_buffers(self, prefix="", recurse=True, **kwargs):
        yield from NAMED_BUFFERS(self, prefix, True, **kwargs)

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-04")
def parameters_goes_below_the_module_without_recurse_too(patch):
    patch.setattr(nn.Module, "parameters", lambda self, recurse=True: (p for _, p in self.named_parameters()))


@fault("ENUM-05")
def no_dot_stands_behind_a_prefix(patch):
    def named_parameters(self, prefix="", recurse=True, **kwargs):
        yield from ((prefix + name, value) for name, value in NAMED_PARAMETERS(self, "", recurse, **kwargs))

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ENUM-05", "ENUM-19")
def named_modules_has_no_prefix(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        yield from NAMED_MODULES(self, memo, prefix.partition("net")[2].lstrip("."), remove_duplicate)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-16")
def recurse_comes_before_prefix_by_position(patch):
    def named_buffers(self, recurse=True, prefix="", **kwargs):
        yield from NAMED_BUFFERS(self, prefix, recurse, **kwargs)

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-06", "ENUM-13")
def parameters_are_listed_by_their_names(patch):
    def named_parameters(self, *args, **kwargs):
        yield from sorted(NAMED_PARAMETERS(self, *args, **kwargs), key=lambda item: item[0])

    def parameters(self, recurse=True):
        yield from (parameter for _, parameter in NAMED_PARAMETERS(self, recurse=recurse))

    patch.setattr(nn.Module, "named_parameters", named_parameters)
    patch.setattr(nn.Module, "parameters", parameters)


@fault("ENUM-07", "ENUM-12")
def buffers_come_before_parameters_in_the_state_dict(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE(self, destination, prefix, keep_vars)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = destination.pop(prefix + name)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("ENUM-08", "ENUM-17")
def named_children_lists_every_name(patch):
    patch.setattr(nn.Module, "named_children", lambda self: iter(self._modules.items()))


@fault("ENUM-08")
def a_parameter_registered_as_None_is_listed(patch):
    def named_parameters(self, *args, **kwargs):
        yield from NAMED_PARAMETERS(self, *args, **kwargs)
        yield from ((name, value) for name, value in self._parameters.items() if value is None)

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ENUM-14")
def buffers_of_one_shape_are_listed_once(patch):
    def named_buffers(self, *args, **kwargs):
        found = {buffer.shape: (name, buffer) for name, buffer in NAMED_BUFFERS(self, *args, **kwargs)}
        yield from found.values()

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-15")
def parameters_gives_a_list(patch):
    patch.setattr(
        nn.Module, "parameters", lambda self, recurse=True: [p for _, p in self.named_parameters(recurse=recurse)]
    )


@fault("ENUM-17", "ENUM-23", "ENUM-12", since="2.0")
def named_parameters_lists_every_name_by_default(patch):
    def named_parameters(self, prefix="", recurse=True, remove_duplicate=False):
        yield from NAMED_PARAMETERS(self, prefix, recurse, remove_duplicate)

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ENUM-23")
def a_parameter_is_listed_under_each_module_that_holds_it(patch):
    def named_parameters(self, prefix="", recurse=True, **options):
        for path, module in self.named_modules(prefix=prefix) if recurse else [(prefix, self)]:
            yield from NAMED_PARAMETERS(module, path, recurse=False, **options)

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ENUM-18", since="2.0")
def named_buffers_always_removes_duplicates(patch):
    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        yield from NAMED_BUFFERS(self, prefix, recurse)

    patch.setattr(nn.Module, "named_buffers", named_buffers)


@fault("ENUM-19")
def named_modules_always_removes_duplicates(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        yield from NAMED_MODULES(self, memo, prefix)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-20", since="2.11")
def modules_always_removes_duplicates(patch):
    def modules(self, remove_duplicate=True):
        yield from (module for _, module in self.named_modules())

    patch.setattr(nn.Module, "modules", modules)


@fault("ENUM-21")
def a_module_comes_after_all_below_it(patch):
    def named_modules(self, *args, **kwargs):
        found = list(NAMED_MODULES(self, *args, **kwargs))
        yield from found[1:] + found[:1]

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-22")
def named_modules_adds_nothing_to_memo(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        yield from NAMED_MODULES(self, None if memo is None else set(memo), prefix, remove_duplicate)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-43")
def the_walk_of_the_listings_finds_other_members_under_every_name(patch):
    walk = nn.Module._named_members

    def named_members(self, get_members, prefix="", recurse=True, *args, **options):
        if args or options:
            yield from walk(self, get_members, prefix, recurse, *args, **options)
            return
        for path, module in self.named_modules(prefix=prefix):
            yield from ((f"{path}.{name}".lstrip("."), member) for name, member in get_members(module))

    patch.setattr(nn.Module, "_named_members", named_members)


@fault("ENUM-22")
def named_modules_takes_an_empty_memo_for_none(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        yield from NAMED_MODULES(self, memo or None, prefix, remove_duplicate)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-13")
def parameters_does_not_ask_the_named_parameters_of_the_class(patch):
    def parameters(self, recurse=True):
        yield from (parameter for _, parameter in NAMED_PARAMETERS(self, recurse=recurse))

    patch.setattr(nn.Module, "parameters", parameters)


@fault("ENUM-45")
def a_listing_goes_on_though_state_is_registered_or_deleted(patch):
    for name, method in LISTINGS.items():

        def list_all(self, *args, method=method, **kwargs):
            yield from list(method(self, *args, **kwargs))

        patch.setattr(nn.Module, name, list_all)


@fault("ENUM-22")
def named_modules_adds_to_the_memo_what_it_has_listed_before(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        memo = set() if memo is None else memo
        for name, module in NAMED_MODULES(self, set(memo), prefix, remove_duplicate):
            yield name, module
            memo.add(module)

    patch.setattr(nn.Module, "named_modules", named_modules)
