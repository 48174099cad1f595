"""Faults in what ``dir()`` and ``repr()`` tell about the state of a module."""

from torch import nn

from .. import fault

DIR = nn.Module.__dir__
REPR = nn.Module.__repr__


@fault("ENUM-35")
def dir_leaves_out_buffers(patch):
    patch.setattr(nn.Module, "__dir__", lambda self: [name for name in DIR(self) if name not in self._buffers])


@fault("ENUM-35")
def dir_leaves_out_plain_attributes(patch):
    patch.setattr(nn.Module, "__dir__", lambda self: [name for name in DIR(self) if name not in vars(self)])


@fault("ENUM-36")
def dir_lists_the_names_of_submodules_that_begin_with_a_digit(patch):
    patch.setattr(nn.Module, "__dir__", lambda self: sorted({*DIR(self), *self._modules}))


@fault("ENUM-37")
def dir_is_sorted_backwards(patch):
    patch.setattr(nn.Module, "__dir__", lambda self: DIR(self)[::-1])


@fault("ENUM-38", "ENUM-41")
def repr_shows_the_names_of_parameters(patch):
    patch.setattr(nn.Module, "extra_repr", lambda self: ", ".join(self._parameters))


@fault("ENUM-39")
def extra_repr_is_always_on_a_line_of_its_own(patch):
    def on_lines(self):
        return REPR(self) if self._modules else f"{type(self).__name__}(\n  {self.extra_repr()}\n)"

    patch.setattr(nn.Module, "__repr__", on_lines)


@fault("ENUM-40")
def repr_shows_submodules_before_extra_repr(patch):
    def turned(self):
        first, *lines, last = REPR(self).split("\n") if self._modules and self.extra_repr() else ("", "")
        return "\n".join([first, *lines[1:], *lines[:1], last]) if lines else REPR(self)

    patch.setattr(nn.Module, "__repr__", turned)


@fault("ENUM-42", since="2.11")
def repr_indents_blank_lines(patch):
    patch.setattr(nn.Module, "__repr__", lambda self: REPR(self).replace("\n\n", "\n  \n"))


@fault("ENUM-36")
def dir_leaves_out_names_that_are_no_identifiers(patch):
    patch.setattr(nn.Module, "__dir__", lambda self: [name for name in DIR(self) if name.isidentifier()])


@fault("ENUM-46")
def repr_calls_a_module_by_its_class(patch):
    patch.setattr(
        nn.Module, "__repr__", lambda self: REPR(self).replace(self._get_name() + "(", type(self).__name__ + "(", 1)
    )
