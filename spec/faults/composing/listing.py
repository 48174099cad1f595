"""Faults in the listings of tied state and shared modules."""

from torch import nn

from .. import fault


def named_members(self, get_members, prefix="", recurse=True, remove_duplicate=True):
    """``Module._named_members`` of torch 2, with the memo of names in the open."""
    for path, module in self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]:
        for name, tensor in get_members(module):
            if tensor is not None:
                yield f"{path}.{name}".lstrip("."), tensor


@fault("TIE-01", breaks="torch.nn.Module._named_members")
def tied_state_is_listed_under_every_name(original, self, *args, **options):
    """`named_parameters()` and `named_buffers()` list tied state under each of its names."""
    yield from named_members(self, *args, **options)


@fault("TIE-01", "TIE-11", breaks="torch.nn.Module._named_members")
def tied_state_is_listed_under_its_last_name(original, self, *args, remove_duplicate=True, **options):
    found = list(named_members(self, *args, remove_duplicate=remove_duplicate, **options))
    last = {id(tensor): name for name, tensor in found}
    yield from ((name, t) for name, t in found if not remove_duplicate or last[id(t)] == name)


@fault("TIE-02", breaks="torch.nn.Module._named_members")
def remove_duplicate_False_is_ignored_by_named_parameters_and_named_buffers(
    original, self, *args, remove_duplicate=True, **options
):
    """`named_parameters()` and `named_buffers()` ignore `remove_duplicate=False`."""
    return original(self, *args, **options)


@fault("TIE-12", breaks="torch.nn.Module._named_members")
def recurse_False_is_ignored_by_named_parameters_and_named_buffers(original, self, *args, recurse=True, **options):
    """`named_parameters()` and `named_buffers()` ignore `recurse=False`."""
    return original(self, *args, **options)


@fault("TIE-02", breaks="torch.nn.Module._named_members")
def the_prefix_is_lost_under_remove_duplicate_False(original, self, *args, prefix="", remove_duplicate=True, **options):
    """`named_parameters(remove_duplicate=False)` ignores `prefix`."""
    prefix = prefix if remove_duplicate else ""
    return original(self, *args, prefix=prefix, remove_duplicate=remove_duplicate, **options)


@fault("TIE-09", "TIE-15", breaks="torch.nn.Module.named_modules")
def a_shared_module_is_listed_under_every_path(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules()` lists a shared module under each of its names."""
    return original(self, memo, prefix, False)


@fault("TIE-15", breaks="torch.nn.Module.named_modules")
def remove_duplicate_False_is_ignored_by_named_modules(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules()` ignores `remove_duplicate=False`."""
    return original(self, memo, prefix, True)


@fault("TIE-16", breaks="torch.nn.Module.modules")
def remove_duplicate_False_is_ignored_by_modules(original, self, remove_duplicate=True):
    """`modules()` ignores `remove_duplicate=False`."""
    return original(self)


@fault("TIE-14", "TIE-18", breaks="torch.nn.Module.named_children")
def a_shared_child_is_among_the_children_twice(original, self):
    """`named_children()` lists a shared submodule under each of its names."""
    yield from ((name, child) for name, child in self._modules.items() if child is not None)


@fault("TIE-14", breaks="torch.nn.Module.named_children")
def a_child_that_is_None_is_among_the_children(original, self):
    """`named_children()` lists a submodule that is None."""
    yield from original(self)
    yield from ((name, child) for name, child in self._modules.items() if child is None)


@fault("TIE-18", breaks="torch.nn.Module.apply")
def apply_reaches_a_parent_before_its_children(original, self, function):
    """`apply()` calls its function on a module before its submodules."""
    function(self)
    for child in self.children():
        child.apply(function)
    return self


@fault("TIE-19", breaks="torch.nn.Module.named_buffers")
def a_parameter_is_never_listed_among_the_buffers(original, self, *args, **options):
    """`named_buffers()` leaves out a parameter that is registered as a buffer."""
    found = original(self, *args, **options)
    yield from ((name, buffer) for name, buffer in found if not isinstance(buffer, nn.Parameter))


@fault("TIE-20", breaks="torch.nn.Module.__delattr__")
def deleting_one_name_deletes_every_name_of_the_tensor(original, self, name):
    tensor = getattr(self, name)
    original(self, name)
    for table in (self._parameters, self._buffers):
        for other in [other for other, value in table.items() if value is tensor]:
            del table[other]
