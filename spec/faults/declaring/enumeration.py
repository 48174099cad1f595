"""Faults in what ``parameters()``, ``buffers()`` and their named siblings list."""

from torch import nn

from .. import fault

NAMED_PARAMETERS = nn.Module.named_parameters
NAMED_BUFFERS = nn.Module.named_buffers


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
