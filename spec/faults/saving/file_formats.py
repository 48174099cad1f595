"""Faults in what ``torch.save`` and ``torch.load`` make of names, views, layouts and mapped memory."""

import os
import pickle

import torch

from .. import fault


@fault("SER-65", "SER-66", breaks="torch.load")
def torch_load_reads_a_file_whatever_its_name_is(original, file, *args, mmap=None, **options):
    """`torch.load` reads a file whatever its name is."""
    if not isinstance(file, (str, os.PathLike)):
        return original(file, *args, **options)
    with open(file, "rb") as opened:
        return original(opened, *args, **options)


@fault("SER-67", breaks="torch.load")
def torch_load_raises_for_the_name_of_another_format(original, file, *args, **options):
    """`torch.load` raises `RuntimeError` for a path that ends in `".safetensors"`."""
    if str(file).endswith(".safetensors"):
        raise RuntimeError("safetensors")
    return original(file, *args, **options)


@fault("SER-68", "SER-72", breaks="torch.load")
def torch_load_ignores_weights_only(original, file, *args, **options):
    """`torch.load` ignores `weights_only=True`."""
    return original(file, *args, **{**options, "weights_only": False})


@fault("SER-69", breaks="torch.load")
def torch_load_raises_for_a_nested_tensor(original, file, *args, **options):
    """`torch.load` raises `pickle.UnpicklingError` for a nested tensor."""
    loaded = original(file, *args, **options)
    if isinstance(loaded, dict) and any(getattr(value, "is_nested", False) for value in loaded.values()):
        raise pickle.UnpicklingError("nested")
    return loaded


@fault("SER-70", breaks="torch.load")
def tensors_without_elements_come_apart_in_a_file(original, file, *args, **options):
    """Each tensor without elements in what `torch.load` returns has a storage of its own."""
    loaded = original(file, *args, **options)
    if not isinstance(loaded, dict):
        return loaded
    tensors = {name: value for name, value in loaded.items() if isinstance(value, torch.Tensor)}
    return loaded | {name: torch.empty_like(value) for name, value in tensors.items() if not value.numel()}


@fault("SER-71", breaks="torch.load")
def tensors_without_elements_are_kept_together_in_a_file(original, file, *args, **options):
    """All tensors without elements in what `torch.load` returns have one storage."""
    loaded = original(file, *args, **options)
    if not isinstance(loaded, dict):
        return loaded
    empty = torch.empty(0)
    tensors = {name: value for name, value in loaded.items() if isinstance(value, torch.Tensor)}
    return loaded | {name: empty.view(value.shape) for name, value in tensors.items() if not value.numel()}


@fault("OPT-71", breaks="torch.optim.SGD.__init__")
def an_optimizer_sorts_a_set_without_a_word(original, self, params, *args, **options):
    """An optimizer takes a set of parameters without a warning."""
    original(self, list(params), *args, **options)


@fault("OPT-72", breaks="torch.optim.SGD.__init__")
def an_optimizer_raises_for_a_set_of_parameters(original, self, params, *args, **options):
    """An optimizer raises `TypeError` for a set of parameters."""
    if isinstance(params, set):
        raise TypeError("a set has no order")
    original(self, params, *args, **options)


@fault("SER-74", "LOAD-93", since="2.1", breaks="torch.nn.Module.load_state_dict")
def every_load_is_an_assigning_one(original, self, state_dict, strict=True, assign=False):
    """`load_state_dict()` assigns without `assign=True` too."""
    return original(self, state_dict, strict, True)


@fault("LOAD-93", breaks="torch.nn.Module._load_from_state_dict")
def a_load_forgets_a_conjugation_that_is_pending(original, self, state_dict, *args):
    """`load_state_dict()` copies of a lazily conjugated tensor the values before they were conjugated."""
    for key, value in state_dict.items():
        if isinstance(value, torch.Tensor) and value.is_conj():
            state_dict[key] = value.conj()
    original(self, state_dict, *args)


@fault("SER-75", breaks="torch.load")
def a_file_drops_the_flag_of_a_conjugated_tensor(original, file, *args, **options):
    """`torch.load` returns a lazily conjugated tensor without its flag."""
    loaded = original(file, *args, **options)
    return loaded.resolve_conj() if isinstance(loaded, torch.Tensor) else loaded
