"""Faults in what loading writes, where it writes it, and what it leaves alone."""

import warnings

import torch
from torch import nn

from .. import fault

META = (
    "for {}: copying from a non-meta parameter in the checkpoint to a meta parameter, which is a no-op (`assign=True`)"
)


def held_by(module):
    """The parameters and buffers of ``module`` by name."""
    return {name: value for name, value in {**module._parameters, **module._buffers}.items() if value is not None}


@fault("LOAD-09", breaks="torch.nn.Module._load_from_state_dict")
def loading_rounds_to_the_nearest_integer(original, self, state_dict, prefix, *args):
    rounded = {
        name: value.round() if isinstance(value, torch.Tensor) and value.is_floating_point() else value
        for name, value in state_dict.items()
    }
    original(self, rounded, prefix, *args)


@fault("LOAD-09", "LOAD-42", breaks="torch.nn.Module._load_from_state_dict")
def loading_refuses_another_dtype(original, self, state_dict, prefix, *args):
    """`load_state_dict()` raises `RuntimeError` for another dtype."""
    original(self, state_dict, prefix, *args)
    for name, value in held_by(self).items():
        if getattr(state_dict.get(prefix + name), "dtype", value.dtype) is not value.dtype:
            args[-1].append(f"dtype mismatch for {prefix}{name}")


@fault("LOAD-42", breaks="torch.nn.Module._load_from_state_dict")
def loading_takes_the_absolute_of_a_complex_value(original, self, state_dict, prefix, *args):
    for name, value in held_by(self).items():
        saved = state_dict.get(prefix + name)
        if isinstance(saved, torch.Tensor) and saved.is_complex() and not value.is_complex():
            state_dict[prefix + name] = saved.abs()
    original(self, state_dict, prefix, *args)


@fault("LOAD-07", "LOAD-70", breaks="torch.nn.Module.load_state_dict")
def loading_without_strict_forgives_another_shape(original, self, state_dict, strict=True, **kwargs):
    """`load_state_dict(strict=False)` leaves out a tensor of another shape and raises nothing."""
    if not strict:
        held = self.state_dict()
        shapes = {name: getattr(value, "shape", None) for name, value in state_dict.items()}
        state_dict = {
            name: value for name, value in state_dict.items() if name not in held or held[name].shape == shapes[name]
        }
    return original(self, state_dict, strict, **kwargs)


@fault("LOAD-07", breaks="torch.nn.Module._load_from_state_dict")
def the_two_shapes_of_a_mismatch_change_places(original, self, *args):
    """The error about another shape says the module's shape for the checkpoint's, and the checkpoint's for the
    module's."""
    original(self, *args)
    errors = args[-1]
    for position, error in enumerate(errors):
        if error.startswith("size mismatch"):
            begin, _, rest = error.partition(" with shape ")
            saved, _, own = rest.partition(" from checkpoint, the shape in current model is ")
            errors[position] = f"{begin} with shape {own} from checkpoint, the shape in current model is {saved}"


@fault("LOAD-18", breaks="torch.nn.Module.load_state_dict")
def a_load_that_fails_loads_nothing(original, self, *args, **kwargs):
    """`load_state_dict()` that raises `RuntimeError` leaves the module as it was."""
    before = {name: value.clone() for name, value in self.state_dict().items() if isinstance(value, torch.Tensor)}
    try:
        return original(self, *args, **kwargs)
    except RuntimeError:
        for name, value in self.state_dict().items():
            if name in before and value._is_view() is False and value.is_contiguous():
                value.copy_(before[name])
        raise


@fault("LOAD-44", breaks="torch.nn.Module._load_from_state_dict")
def a_tensor_of_one_element_is_not_a_0_dimensional_one(original, self, state_dict, prefix, *args):
    """Loading a tensor of one element into a 0-d one raises `RuntimeError`."""
    for name, value in held_by(self).items():
        if value.shape == () and getattr(state_dict.get(prefix + name), "shape", None) == (1,):
            args[-1].append(f"size mismatch for {prefix}{name}")
    original(self, state_dict, prefix, *args)


@fault("LOAD-45", breaks="torch.nn.Module._load_from_state_dict")
def a_0_dimensional_tensor_is_one_of_one_element(original, self, state_dict, prefix, *args):
    """A 0-d tensor loads into a tensor of one element."""
    for name, value in held_by(self).items():
        if value.shape == (1,) and getattr(state_dict.get(prefix + name), "shape", None) == ():
            state_dict[prefix + name] = state_dict[prefix + name].view(1)
    original(self, state_dict, prefix, *args)


@fault("LOAD-46", "LOAD-47", breaks="torch.nn.Module._load_from_state_dict")
def a_0_dimensional_tensor_takes_the_last_of_several_elements(original, self, state_dict, prefix, *args):
    """Loading a vector into a 0-d tensor takes its last element."""
    for name, value in held_by(self).items():
        saved = state_dict.get(prefix + name)
        if value.shape == () and isinstance(saved, torch.Tensor) and saved.dim() == 1 and len(saved) > 1:
            state_dict[prefix + name] = saved[-1]
    original(self, state_dict, prefix, *args)


@fault("LOAD-24", breaks="torch.nn.Module._load_from_state_dict")
def a_buffer_made_by_expand_is_made_whole_to_be_loaded(original, self, state_dict, prefix, *args):
    """`load_state_dict()` rebinds a buffer made by `expand()` and raises nothing."""
    for name, buffer in self._buffers.items():
        if buffer is not None and 0 in buffer.stride():
            self._buffers[name] = buffer.clone(memory_format=torch.contiguous_format)
    original(self, state_dict, prefix, *args)


@fault("LOAD-48", breaks="torch.nn.Module._load_from_state_dict")
def what_is_on_meta_is_passed_over(original, self, state_dict, prefix, *args):
    """`load_state_dict()` passes over a checkpoint tensor on the meta device."""
    for name, value in held_by(self).items():
        saved = state_dict.get(prefix + name)
        if isinstance(saved, torch.Tensor) and saved.is_meta and not value.is_meta:
            state_dict[prefix + name] = value
    original(self, state_dict, prefix, *args)


@fault("LOAD-15", breaks="torch.nn.Module.load_state_dict")
def loading_values_into_a_module_on_meta_raises_no_warning(original, self, *args, **kwargs):
    """Loading values into a module on the meta device gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return original(self, *args, **kwargs)


@fault("LOAD-15", breaks="torch.nn.Module._load_from_state_dict")
def loading_values_into_a_module_on_meta_brings_it_from_there(original, self, state_dict, prefix, *args):
    """Loading values into a module on the meta device brings its parameters from there."""
    original(self, state_dict, prefix, *args)
    for name, parameter in self._parameters.items():
        if parameter is not None and parameter.is_meta and prefix + name in state_dict:
            self._parameters[name] = nn.Parameter(state_dict[prefix + name])


@fault("LOAD-49", breaks="torch.nn.Module._load_from_state_dict")
def loading_from_meta_into_meta_warns_too(original, self, state_dict, prefix, *args):
    """Loading from the meta device to the meta device gives a warning too."""
    original(self, state_dict, prefix, *args)
    for name, value in held_by(self).items():
        if value.is_meta and prefix + name in state_dict:
            warnings.warn(META.format(prefix + name), stacklevel=2)


@fault("LOAD-19", breaks="torch.nn.Module._load_from_state_dict")
def loading_is_hidden_from_autograd(original, self, state_dict, prefix, metadata, *args):
    kept = held_by(self)
    for held in () if metadata.get("assign_to_params_buffers") else (self._parameters, self._buffers):
        held.update({name: value.data for name, value in kept.items() if name in held})
    original(self, state_dict, prefix, metadata, *args)
    for held in () if metadata.get("assign_to_params_buffers") else (self._parameters, self._buffers):
        held.update({name: value for name, value in kept.items() if name in held})


@fault("LOAD-50", breaks="torch.nn.Module._load_from_state_dict")
def loading_is_recorded_by_autograd(original, self, state_dict, prefix, *args):
    original(self, state_dict, prefix, *args)
    for name, buffer in self._buffers.items():
        saved = state_dict.get(prefix + name)
        if buffer is not None and isinstance(saved, torch.Tensor) and saved.grad_fn is not None:
            buffer.copy_(saved)


@fault("LOAD-51", breaks="torch.nn.Module.load_state_dict")
def loading_drops_the_gradients(original, self, *args, **kwargs):
    self.zero_grad(set_to_none=True)
    return original(self, *args, **kwargs)


@fault("LOAD-51", "SD-12", breaks="torch.nn.Module.load_state_dict")
def loading_makes_the_module_evaluate(original, self, *args, **kwargs):
    """`load_state_dict()` puts the module in eval mode."""
    mode = not self.training if self.training else self.training
    self.train(mode)
    vars(self)["a1"] = 5
    return original(self, *args, **kwargs)


@fault("LOAD-52", "LOAD-08", breaks="torch.nn.Module._load_from_state_dict")
def loading_puts_the_values_in_new_storage(original, self, state_dict, prefix, *args):
    for name, value in held_by(self).items():
        if isinstance(state_dict.get(prefix + name), torch.Tensor) and 0 not in value.stride():
            value.data = value.data.clone()
    original(self, state_dict, prefix, *args)


@fault("LOAD-53", breaks="torch.nn.Module._load_from_state_dict")
def a_module_shares_what_it_has_loaded(original, self, state_dict, prefix, *args):
    """`load_state_dict()` makes the module share the checkpoint's memory."""
    original(self, state_dict, prefix, *args)
    for name, value in held_by(self).items():
        saved = state_dict.get(prefix + name)
        if isinstance(saved, torch.Tensor) and saved.dtype == value.dtype and saved.shape == value.shape:
            value.data = saved.data if saved.device == value.device else value.data


@fault("LOAD-54")
def a_module_that_is_called_by_two_names_loads_the_first(patch):
    """A module that has two names loads the keys of the first one."""
    load_state_dict, load_from_state_dict = nn.Module.load_state_dict, nn.Module._load_from_state_dict
    loaded = set()

    def load(self, *args, **kwargs):
        loaded.clear()
        return load_state_dict(self, *args, **kwargs)

    def load_from(self, *args):
        if id(self) not in loaded:
            loaded.add(id(self))
            load_from_state_dict(self, *args)

    patch.setattr(nn.Module, "load_state_dict", load)
    patch.setattr(nn.Module, "_load_from_state_dict", load_from)
