"""Faults in the listings of tied state and shared modules."""

from torch import nn

from .. import fault

NAMED_MEMBERS = nn.Module._named_members
NAMED_MODULES = nn.Module.named_modules
NAMED_CHILDREN = nn.Module.named_children
APPLY = nn.Module.apply


def named_members(self, get_members, prefix, recurse, remove_duplicate):
    """``Module._named_members`` of torch 2, with the memo of names in the open."""
    modules = NAMED_MODULES(self, prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
    for path, module in modules:
        for name, tensor in get_members(module):
            if tensor is not None:
                yield f"{path}.{name}".lstrip("."), tensor


@fault("TIE-01")
def tied_state_is_listed_under_every_name(patch):
    def every_name(self, get_members, prefix="", recurse=True, remove_duplicate=True):
        yield from named_members(self, get_members, prefix, recurse, remove_duplicate)

    patch.setattr(nn.Module, "_named_members", every_name)


@fault("TIE-01", "TIE-11", "TIE-13")
def tied_state_is_listed_under_its_last_name(patch):
    def last_name(self, get_members, prefix="", recurse=True, remove_duplicate=True):
        found = list(named_members(self, get_members, prefix, recurse, remove_duplicate))
        last = {id(tensor): name for name, tensor in found}
        yield from ((name, t) for name, t in found if not remove_duplicate or last[id(t)] == name)

    patch.setattr(nn.Module, "_named_members", last_name)


@fault("TIE-02", since="2.0")
def remove_duplicate_False_is_ignored_by_named_parameters_and_named_buffers(patch):
    def once(self, get_members, prefix="", recurse=True, remove_duplicate=True):
        return NAMED_MEMBERS(self, get_members, prefix=prefix, recurse=recurse)

    patch.setattr(nn.Module, "_named_members", once)


@fault("TIE-12")
def recurse_False_is_ignored_by_named_parameters_and_named_buffers(patch):
    def members(self, get_members, prefix="", recurse=True, **options):
        return NAMED_MEMBERS(self, get_members, prefix=prefix, recurse=True, **options)

    patch.setattr(nn.Module, "_named_members", members)


@fault("TIE-13", since="2.0")
def the_prefix_is_lost_under_remove_duplicate_False(patch):
    def members(self, get_members, prefix="", recurse=True, remove_duplicate=True):
        prefix = prefix if remove_duplicate else ""
        return NAMED_MEMBERS(self, get_members, prefix=prefix, recurse=recurse, remove_duplicate=remove_duplicate)

    patch.setattr(nn.Module, "_named_members", members)


@fault("TIE-09", "TIE-15")
def a_shared_module_is_listed_under_every_path(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        return NAMED_MODULES(self, memo, prefix, False)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("TIE-15")
def remove_duplicate_False_is_ignored_by_named_modules(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        return NAMED_MODULES(self, memo, prefix, True)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("TIE-16", since="2.11")
def remove_duplicate_False_is_ignored_by_modules(patch):
    modules = nn.Module.modules
    patch.setattr(nn.Module, "modules", lambda self, remove_duplicate=True: modules(self))


@fault("TIE-17")
def named_modules_ignores_its_memo(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        return NAMED_MODULES(self, memo if prefix else None, prefix, remove_duplicate)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("TIE-14", "TIE-18")
def a_shared_child_is_among_the_children_twice(patch):
    def named_children(self):
        yield from ((name, child) for name, child in self._modules.items() if child is not None)

    patch.setattr(nn.Module, "named_children", named_children)


@fault("TIE-14")
def a_child_that_is_None_is_among_the_children(patch):
    def named_children(self):
        yield from NAMED_CHILDREN(self)
        yield from ((name, child) for name, child in self._modules.items() if child is None)

    patch.setattr(nn.Module, "named_children", named_children)


@fault("TIE-18")
def apply_reaches_a_parent_before_its_children(patch):
    def apply(self, function):
        function(self)
        for child in self.children():
            child.apply(function)
        return self

    patch.setattr(nn.Module, "apply", apply)


@fault("TIE-19")
def a_parameter_is_never_listed_among_the_buffers(patch):
    named_buffers = nn.Module.named_buffers

    def named(self, *args, **options):
        found = named_buffers(self, *args, **options)
        yield from ((name, buffer) for name, buffer in found if not isinstance(buffer, nn.Parameter))

    patch.setattr(nn.Module, "named_buffers", named)


@fault("TIE-20")
def deleting_one_name_deletes_every_name_of_the_tensor(patch):
    delattr_ = nn.Module.__delattr__

    def delete(self, name):
        tensor = getattr(self, name)
        delattr_(self, name)
        for table in (self._parameters, self._buffers):
            for other in [other for other, value in table.items() if value is tensor]:
                del table[other]

    patch.setattr(nn.Module, "__delattr__", delete)
