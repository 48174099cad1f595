"""Faults in what a checkpoint may hold as a value, and in what becomes of one that can't be copied."""

import torch

from .. import fault
from .loaded_values import held_by


@fault("LOAD-43", breaks="torch.nn.Module._load_from_state_dict")
def a_number_is_loaded_as_a_tensor(original, self, state_dict, prefix, *args):
    for name, value in held_by(self).items():
        if isinstance(state_dict.get(prefix + name), int):
            state_dict[prefix + name] = torch.full(value.shape, state_dict[prefix + name])
    original(self, state_dict, prefix, *args)


@fault("LOAD-85", breaks="torch.nn.Module._load_from_state_dict")
def an_error_while_a_tensor_is_copied_ends_the_load(original, self, *args):
    original(self, *args)
    if any("an exception occurred" in error for error in args[-1]):
        raise KeyError(args[-1][-1])


@fault("LOAD-85", breaks="torch.nn.Module._load_from_state_dict")
def what_comes_after_an_error_while_a_tensor_is_copied_is_not_loaded(original, self, state_dict, prefix, *args):
    """After an error while a tensor is copied, the rest of the checkpoint is not loaded."""
    before = {name: value.detach().clone() for name, value in held_by(self).items()}
    original(self, state_dict, prefix, *args)
    failed = [name for name in before for error in args[-1] if f'parameter named "{prefix}{name}"' in error]
    for name in list(before)[list(before).index(failed[0]) :] if failed else ():
        held_by(self)[name].data.copy_(before[name])


@fault("LOAD-86", breaks="torch.nn.Module._load_from_state_dict")
def an_object_with_torch_function_is_not_loaded(original, self, state_dict, prefix, *args):
    """Loading an object with `__torch_function__` raises `RuntimeError`."""
    for name in held_by(self):
        value = state_dict.get(prefix + name)
        if hasattr(value, "__torch_function__") and not isinstance(value, torch.Tensor):
            args[-1].append(f'While copying the parameter named "{prefix}{name}", expected torch.Tensor')
            state_dict.pop(prefix + name)
    original(self, state_dict, prefix, *args)


@fault("LOAD-43", breaks="torch.nn.Module._load_from_state_dict")
def a_value_that_is_no_tensor_is_named_without_the_path_of_its_module(original, self, state_dict, prefix, *args):
    """The error about a value that is not a tensor lacks the path of its module."""
    original(self, state_dict, prefix, *args)
    args[-1][:] = [text.replace(f'"{prefix}', '"') if "expected torch.Tensor" in text else text for text in args[-1]]


@fault("LOAD-43", breaks="torch.nn.Module._load_from_state_dict")
def the_key_of_a_value_that_is_no_tensor_is_unexpected_too(original, self, state_dict, prefix, *args):
    """The key of a value that is not a tensor is reported as unexpected, too."""
    *_, unexpected, errors = args
    before = len(errors)
    original(self, state_dict, prefix, *args)
    if any("expected torch.Tensor" in error for error in errors[before:]):
        unexpected.append(f"{prefix}{next(iter(held_by(self)))}")
