"""Faults in what becomes of tied state."""

import copy

import torch
from torch import nn

from .. import fault


@fault("TIE-03", "TIE-25", breaks="torch.__future__.get_overwrite_module_params_on_conversion")
def a_conversion_replaces_the_parameter_of_each_name(original):
    """A conversion unties tied parameters."""
    return True


@fault("TIE-04", "TIE-25", breaks="torch.nn.Module._apply")
def a_conversion_keeps_a_shared_buffer_shared(original, self, convert, *args, **options):
    """A conversion keeps tied buffers tied."""
    memo = getattr(convert, "memo", {})

    def once(tensor):
        if id(tensor) not in memo:
            memo[id(tensor)] = (convert(tensor), tensor)
        return memo[id(tensor)][0]

    once.memo = memo
    return original(self, once, *args, **options)


@fault("TIE-21", breaks="torch.nn.Module._apply")
def a_conversion_that_changes_nothing_replaces_buffers(original, self, convert, *args, **options):
    """A conversion that changes nothing rebinds buffers."""
    return original(self, lambda tensor: convert(tensor).clone(), *args, **options)


@fault("TIE-05", breaks="torch.nn.Module.to")
def a_move_to_meta_keeps_parameters_tied(original, self, *args, **options):
    names = {}
    for name, parameter in self.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    original(self, *args, **options)
    for first, *others in names.values():
        for name in others:
            path, _, last = name.rpartition(".")
            setattr(self.get_submodule(path), last, self.get_parameter(first))
    return self


@fault("TIE-05", breaks="torch.nn.Module.to")
def a_move_to_meta_makes_every_parameter_trainable(original, self, *args, **options):
    return original(self, *args, **options).requires_grad_()


@fault("TIE-06", breaks="torch.nn.Module.__getstate__")
def a_copy_has_a_tensor_for_each_name(original, self):
    """A deep or pickled copy of a module unties tied parameters and buffers."""
    state = vars(self).copy()
    for table in ("_parameters", "_buffers"):
        state[table] = {name: tensor if tensor is None else tensor.detach() for name, tensor in state[table].items()}
    return state


@fault("TIE-07")
def an_optimizer_steps_a_parameter_once_for_each_name(patch):
    """An optimizer updates a tied parameter once for each of its names."""
    patch.setattr(nn.Module, "parameters", lambda self, recurse=True: iter(self._parameters.values()))
    patch.setattr(torch.optim.Optimizer, "add_param_group", lambda self, group: self.param_groups.append(group))


@fault("TIE-08", breaks="torch.nn.Module._apply")
def a_conversion_copies_into_one_storage(original, self, convert, *args, **options):
    original(self, convert, *args, **options)
    first = next(iter(self._parameters.values()), None)
    for parameter in self._parameters.values():
        parameter.data = first.data
    return self


@fault("TIE-10", breaks="torch.save")
def a_file_holds_a_tensor_for_each_name(original, state, *args, **options):
    """`torch.save` of a state dict unties tied parameters and buffers."""
    original({name: tensor.clone() for name, tensor in state.items()}, *args, **options)


@fault("TIE-22", breaks="torch.nn.Module._load_from_state_dict")
def loading_is_content_with_one_name_of_tied_state(original, self, state, prefix, metadata, strict, missing, *others):
    """A strict load needs only one of the keys of a tied parameter or buffer."""
    original(self, state, prefix, metadata, strict, missing, *others)
    missing.clear()


@fault("TIE-23", breaks="torch.nn.Module.__setattr__")
def rebinding_a_buffer_writes_into_the_tensor_it_had(original, self, name, value):
    """Assigning a tensor to a buffer's name changes the buffer in place."""
    if name in vars(self).get("_buffers", {}) and isinstance(value, torch.Tensor):
        self._buffers[name].copy_(value)
    else:
        original(self, name, value)


@fault("TIE-23", breaks="torch.nn.Module.__setattr__")
def an_update_in_place_leaves_a_buffer_with_a_copy(original, self, name, value):
    """`module.x += 1` rebinds a buffer."""
    if name in vars(self).get("_buffers", {}) and value is self._buffers[name]:
        value = copy.copy(value)
    original(self, name, value)


@fault("TIE-24", breaks="torch.nn.Module.__setattr__")
def assigning_a_parameter_replaces_it_under_every_name(original, self, name, value):
    """A parameter assigned to one name of a tied one replaces it under every name."""
    old = vars(self).get("_parameters", {}).get(name)
    original(self, name, value)
    for other, tensor in vars(self).get("_parameters", {}).items():
        if old is not None and tensor is old:
            self._parameters[other] = value
