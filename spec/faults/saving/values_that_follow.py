"""Faults in what changes with a buffer, and what goes stale."""

from .. import fault


@fault("LOAD-94", breaks="torch.nn.Module.register_buffer")
def a_buffer_is_a_copy_of_the_tensor_that_it_was_registered_with(original, self, name, tensor, *args, **options):
    """`register_buffer` registers a copy of the tensor."""
    original(self, name, tensor if tensor is None else tensor.clone(), *args, **options)


@fault("LOAD-95", breaks="torch.nn.Module._apply")
def a_conversion_reaches_each_attribute_that_is_a_buffer(original, self, fn, *args, **kwargs):
    """A conversion rebinds each attribute that is the tensor of a buffer."""
    names = {id(buffer): name for name, buffer in self._buffers.items()}
    original(self, fn, *args, **kwargs)
    for name, value in vars(self).items():
        if id(value) in names:
            vars(self)[name] = self._buffers[names[id(value)]]
    return self


@fault("LOAD-96", breaks="torch.nn.Module.load_state_dict")
def an_assigning_load_reaches_each_attribute_that_is_a_buffer(original, self, *args, **options):
    """A load rebinds each attribute that is the tensor of a buffer."""
    names = {id(buffer): name for name, buffer in self._buffers.items()}
    result = original(self, *args, **options)
    for name, value in vars(self).items():
        if id(value) in names:
            vars(self)[name] = self._buffers[names[id(value)]]
    return result


@fault("SD-104", breaks="torch.nn.Module._save_to_state_dict")
def a_state_dict_holds_the_buffers_themselves(original, self, destination, prefix, keep_vars):
    """`state_dict()` holds the very buffers."""
    original(self, destination, prefix, keep_vars)
    for name, buffer in self._buffers.items():
        if prefix + name in destination:
            destination[prefix + name] = buffer


@fault("SD-105", breaks="torch.nn.Module._load_from_state_dict")
def a_load_resizes_buffers(original, self, state_dict, prefix, *others):
    """`load_state_dict()` gives a buffer the shape that it has in the state dict."""
    for name, buffer in self._buffers.items():
        if buffer is not None and prefix + name in state_dict and buffer.shape != state_dict[prefix + name].shape:
            buffer.resize_(state_dict[prefix + name].shape)
    original(self, state_dict, prefix, *others)
