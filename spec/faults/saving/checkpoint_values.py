"""Faults in what a checkpoint may hold as a value, and in what becomes of one that can't be copied."""

import torch
from torch import nn

from .. import fault
from .loaded_values import LOAD_FROM, held_by


@fault("LOAD-43")
def a_number_is_loaded_as_a_tensor(patch):
    def load(self, state_dict, prefix, *args):
        for name, value in held_by(self).items():
            if isinstance(state_dict.get(prefix + name), int):
                state_dict[prefix + name] = torch.full(value.shape, state_dict[prefix + name])
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-85")
def an_error_while_a_tensor_is_copied_ends_the_load(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        if any("an exception occurred" in error for error in errors):
            raise KeyError(errors[-1])

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-85")
def what_comes_after_an_error_while_a_tensor_is_copied_is_not_loaded(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        before = {name: value.detach().clone() for name, value in held_by(self).items()}
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        failed = [name for name in before for error in errors if f'parameter named "{prefix}{name}"' in error]
        for name in list(before)[list(before).index(failed[0]) :] if failed else ():
            held_by(self)[name].data.copy_(before[name])

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-86")
def an_object_with_torch_function_is_not_loaded(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        for name in held_by(self):
            value = state_dict.get(prefix + name)
            if hasattr(value, "__torch_function__") and not isinstance(value, torch.Tensor):
                errors.append(f'While copying the parameter named "{prefix}{name}", expected torch.Tensor')
                state_dict.pop(prefix + name)
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-43")
def a_value_that_is_no_tensor_is_named_without_the_path_of_its_module(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        errors[:] = [
            error.replace(f'"{prefix}', '"') if "expected torch.Tensor" in error else error for error in errors
        ]

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-43")
def the_key_of_a_value_that_is_no_tensor_is_unexpected_too(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        before = len(errors)
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)
        if any("expected torch.Tensor" in error for error in errors[before:]):
            unexpected.append(f"{prefix}{next(iter(held_by(self)))}")

    patch.setattr(nn.Module, "_load_from_state_dict", load)
