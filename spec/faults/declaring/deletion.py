"""Faults in what ``del`` takes away from a module."""

from .. import fault


@fault("SET-13", breaks="torch.nn.Module.__delattr__")
def deleting_a_parameter_leaves_its_name_taken(original, self, name):
    """`del` of a parameter makes it None."""
    if self._parameters.get(name) is not None:
        self._parameters[name] = None
    else:
        original(self, name)


@fault("SET-31", breaks="torch.nn.Module.__delattr__")
def what_is_registered_as_None_cannot_be_deleted(original, self, name):
    """`del` of a parameter or buffer that is None raises `AttributeError`."""
    if getattr(self, name, 0) is None:
        raise AttributeError(name)
    original(self, name)


@fault("SET-14", breaks="torch.nn.Module.__delattr__")
def deleting_a_buffer_leaves_the_name_non_persistent(original, self, name):
    marked = name in self._non_persistent_buffers_set
    original(self, name)
    if marked:
        self._non_persistent_buffers_set.add(name)


@fault("SET-32", breaks="torch.nn.Module.__delattr__")
def deleting_what_a_module_does_not_have_is_no_error(original, self, name):
    """`del` of a name that a module lacks raises nothing."""
    if hasattr(self, name):
        original(self, name)


@fault("SET-33", breaks="torch.nn.Module.__delattr__")
def a_dotted_name_can_be_deleted_from_above(original, self, name):
    """`delattr(module, "child.x")` deletes the child's attribute."""
    path, _, last = name.rpartition(".")
    original(self.get_submodule(path), last)
