"""Faults in what ``del`` takes away from a module."""

from torch import nn

from .. import fault

MODULE_DELATTR = nn.Module.__delattr__


@fault("SET-13")
def deleting_a_parameter_leaves_its_name_taken(patch):
    def delattr(self, name):
        if self._parameters.get(name) is not None:
            self._parameters[name] = None
        else:
            MODULE_DELATTR(self, name)

    patch.setattr(nn.Module, "__delattr__", delattr)


@fault("SET-31")
def what_is_registered_as_None_cannot_be_deleted(patch):
    def delattr(self, name):
        if getattr(self, name, 0) is None:
            raise AttributeError(name)
        MODULE_DELATTR(self, name)

    patch.setattr(nn.Module, "__delattr__", delattr)


@fault("SET-14")
def deleting_a_buffer_leaves_the_name_non_persistent(patch):
    def delattr(self, name):
        marked = name in self._non_persistent_buffers_set
        MODULE_DELATTR(self, name)
        if marked:
            self._non_persistent_buffers_set.add(name)

    patch.setattr(nn.Module, "__delattr__", delattr)


@fault("SET-32")
def deleting_what_a_module_does_not_have_is_no_error(patch):
    def delattr(self, name):
        if hasattr(self, name):
            MODULE_DELATTR(self, name)

    patch.setattr(nn.Module, "__delattr__", delattr)


@fault("SET-33")
def a_dotted_name_can_be_deleted_from_above(patch):
    def delattr(self, name):
        path, _, last = name.rpartition(".")
        MODULE_DELATTR(self.get_submodule(path), last)

    patch.setattr(nn.Module, "__delattr__", delattr)
