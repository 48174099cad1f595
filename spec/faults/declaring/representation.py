"""Faults in what ``dir()`` and ``repr()`` tell about the state of a module."""

from .. import fault


@fault("ENUM-35", breaks="torch.nn.Module.__dir__")
def dir_leaves_out_buffers(original, self):
    """`dir(module)` leaves out buffers."""
    return [name for name in original(self) if name not in self._buffers]


@fault("ENUM-35", breaks="torch.nn.Module.__dir__")
def dir_leaves_out_plain_attributes(original, self):
    """`dir(module)` leaves out plain attributes."""
    return [name for name in original(self) if name not in vars(self)]


@fault("ENUM-36", breaks="torch.nn.Module.__dir__")
def dir_lists_the_names_of_submodules_that_begin_with_a_digit(original, self):
    """`dir(module)` lists a submodule whose name begins with a digit."""
    return sorted({*original(self), *self._modules})


@fault("ENUM-37", breaks="torch.nn.Module.__dir__")
def dir_is_sorted_backwards(original, self):
    """`dir(module)` is sorted backwards."""
    return original(self)[::-1]


@fault("ENUM-38", "ENUM-41", breaks="torch.nn.Module.extra_repr")
def repr_shows_the_names_of_parameters(original, self):
    """`repr(module)` shows the names of parameters."""
    return ", ".join(self._parameters)


@fault("ENUM-39", breaks="torch.nn.Module.__repr__")
def extra_repr_is_always_on_a_line_of_its_own(original, self):
    """`repr(module)` always shows `extra_repr()` on a line of its own."""
    return original(self) if self._modules else f"{type(self).__name__}(\n  {self.extra_repr()}\n)"


@fault("ENUM-40", breaks="torch.nn.Module.__repr__")
def repr_shows_submodules_before_extra_repr(original, self):
    """`repr(module)` shows submodules before `extra_repr()`."""
    first, *lines, last = original(self).split("\n") if self._modules and self.extra_repr() else ("", "")
    return "\n".join([first, *lines[1:], *lines[:1], last]) if lines else original(self)


@fault("ENUM-42", breaks="torch.nn.Module.__repr__")
def repr_indents_blank_lines(original, self):
    """`repr(module)` indents blank lines."""
    return original(self).replace("\n\n", "\n  \n")


@fault("ENUM-36", breaks="torch.nn.Module.__dir__")
def dir_leaves_out_names_that_are_no_identifiers(original, self):
    """`dir(module)` leaves out a name that is not an identifier."""
    return [name for name in original(self) if name.isidentifier()]


@fault("ENUM-46", breaks="torch.nn.Module.__repr__")
def repr_calls_a_module_by_its_class(original, self):
    """`repr(module)` ignores an overridden `_get_name()`."""
    return original(self).replace(self._get_name() + "(", type(self).__name__ + "(", 1)
