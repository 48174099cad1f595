"""Faults in what loading writes, where it writes it, and what it leaves alone."""

import warnings

import torch
from torch import nn

from .. import fault

LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict
META = (
    "for {}: copying from a non-meta parameter in the checkpoint to a meta parameter, which is a no-op (`assign=True`)"
)


def held_by(module):
    """The parameters and buffers of ``module`` by name."""
    return {name: value for name, value in {**module._parameters, **module._buffers}.items() if value is not None}


@fault("LOAD-09")
def loading_rounds_to_the_nearest_integer(patch):
    def load(self, state_dict, prefix, *args):
        rounded = {
            name: value.round() if isinstance(value, torch.Tensor) and value.is_floating_point() else value
            for name, value in state_dict.items()
        }
        LOAD_FROM(self, rounded, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-09", "LOAD-42")
def loading_refuses_another_dtype(patch):
    def load(self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)
        for name, value in held_by(self).items():
            if getattr(state_dict.get(prefix + name), "dtype", value.dtype) is not value.dtype:
                errors.append(f"dtype mismatch for {prefix}{name}")

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-42")
def loading_takes_the_absolute_of_a_complex_value(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            saved = state_dict.get(prefix + name)
            if isinstance(saved, torch.Tensor) and saved.is_complex() and not value.is_complex():
                state_dict[prefix + name] = saved.abs()
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-07", "LOAD-70")
def loading_without_strict_forgives_another_shape(patch):
    def load(self, state_dict, strict=True, **kwargs):
        if not strict:
            held = self.state_dict()
            shapes = {name: getattr(value, "shape", None) for name, value in state_dict.items()}
            state_dict = {
                name: value
                for name, value in state_dict.items()
                if name not in held or held[name].shape == shapes[name]
            }
        return LOAD_STATE_DICT(self, state_dict, strict, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-07")
def the_two_shapes_of_a_mismatch_change_places(patch):
    def load(self, *args):
        LOAD_FROM(self, *args)
        errors = args[-1]
        for position, error in enumerate(errors):
            if error.startswith("size mismatch"):
                begin, _, rest = error.partition(" with shape ")
                saved, _, own = rest.partition(" from checkpoint, the shape in current model is ")
                errors[position] = f"{begin} with shape {own} from checkpoint, the shape in current model is {saved}"

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-18")
def a_load_that_fails_loads_nothing(patch):
    def load(self, *args, **kwargs):
        before = {name: value.clone() for name, value in self.state_dict().items() if isinstance(value, torch.Tensor)}
        try:
            return LOAD_STATE_DICT(self, *args, **kwargs)
        except RuntimeError:
            for name, value in self.state_dict().items():
                if name in before and value._is_view() is False and value.is_contiguous():
                    value.copy_(before[name])
            raise

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-44")
def a_tensor_of_one_element_is_not_a_0_dimensional_one(patch):
    def load(self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        for name, value in held_by(self).items():
            if value.shape == () and getattr(state_dict.get(prefix + name), "shape", None) == (1,):
                errors.append(f"size mismatch for {prefix}{name}")
        LOAD_FROM(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-45")
def a_0_dimensional_tensor_is_one_of_one_element(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            if value.shape == (1,) and getattr(state_dict.get(prefix + name), "shape", None) == ():
                state_dict[prefix + name] = state_dict[prefix + name].view(1)
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-46", "LOAD-47")
def a_0_dimensional_tensor_takes_the_last_of_several_elements(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            saved = state_dict.get(prefix + name)
            if value.shape == () and isinstance(saved, torch.Tensor) and saved.dim() == 1 and len(saved) > 1:
                state_dict[prefix + name] = saved[-1]
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-24")
def a_buffer_made_by_expand_is_made_whole_to_be_loaded(patch):
    def load(self, state_dict, prefix, *args):
        for name, buffer in self._buffers.items():
            if buffer is not None and 0 in buffer.stride():
                self._buffers[name] = buffer.clone(memory_format=torch.contiguous_format)
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-48")
def what_is_on_meta_is_passed_over(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            saved = state_dict.get(prefix + name)
            if isinstance(saved, torch.Tensor) and saved.is_meta and not value.is_meta:
                state_dict[prefix + name] = value
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-15", since="2.1")
def loading_values_into_a_module_on_meta_raises_no_warning(patch):
    def load(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LOAD_STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-15", since="2.1")
def loading_values_into_a_module_on_meta_brings_it_from_there(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, parameter in self._parameters.items():
            if parameter is not None and parameter.is_meta and prefix + name in state_dict:
                self._parameters[name] = nn.Parameter(state_dict[prefix + name])

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-49")
def loading_from_meta_into_meta_warns_too(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, value in held_by(self).items():
            if value.is_meta and prefix + name in state_dict:
                warnings.warn(META.format(prefix + name), stacklevel=2)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-19")
def loading_is_hidden_from_autograd(patch):
    def load(self, state_dict, prefix, metadata, *args):
        kept = held_by(self)
        for held in () if metadata.get("assign_to_params_buffers") else (self._parameters, self._buffers):
            held.update({name: value.data for name, value in kept.items() if name in held})
        LOAD_FROM(self, state_dict, prefix, metadata, *args)
        for held in () if metadata.get("assign_to_params_buffers") else (self._parameters, self._buffers):
            held.update({name: value for name, value in kept.items() if name in held})

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-50")
def loading_is_recorded_by_autograd(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, buffer in self._buffers.items():
            saved = state_dict.get(prefix + name)
            if buffer is not None and isinstance(saved, torch.Tensor) and saved.grad_fn is not None:
                buffer.copy_(saved)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-51")
def loading_drops_the_gradients(patch):
    def load(self, *args, **kwargs):
        self.zero_grad(set_to_none=True)
        return LOAD_STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-51", "SD-12")
def loading_makes_the_module_evaluate(patch):
    def load(self, *args, **kwargs):
        mode = not self.training if self.training else self.training
        self.train(mode)
        vars(self)["a1"] = 5
        return LOAD_STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-52", "LOAD-08")
def loading_puts_the_values_in_new_storage(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            if isinstance(state_dict.get(prefix + name), torch.Tensor) and 0 not in value.stride():
                value.data = value.data.clone()
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-53")
def a_module_shares_what_it_has_loaded(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, value in held_by(self).items():
            saved = state_dict.get(prefix + name)
            if isinstance(saved, torch.Tensor) and saved.dtype == value.dtype and saved.shape == value.shape:
                value.data = saved.data if saved.device == value.device else value.data

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-54")
def a_module_that_is_called_by_two_names_loads_the_first(patch):
    loaded = set()

    def load(self, *args, **kwargs):
        loaded.clear()
        return LOAD_STATE_DICT(self, *args, **kwargs)

    def load_from(self, *args):
        if id(self) not in loaded:
            loaded.add(id(self))
            LOAD_FROM(self, *args)

    patch.setattr(nn.Module, "load_state_dict", load)
    patch.setattr(nn.Module, "_load_from_state_dict", load_from)
