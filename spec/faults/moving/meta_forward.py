"""Faults in what computes with parameters that were left on the meta device."""

import torch

from .. import fault


@fault("META-64", "META-65", breaks=("torch.nn.Linear.forward", "torch.nn.Conv1d.forward", "torch.nn.Conv2d.forward"))
def a_layer_on_meta_raises_for_an_input_on_the_CPU(original, self, x):
    if self.weight.is_meta and not x.is_meta:
        raise RuntimeError("weight is on meta")
    return original(self, x)


@fault("META-66", breaks=("torch.nn.LayerNorm.forward", "torch.nn.PReLU.forward", "torch.nn.BatchNorm1d.forward"))
def a_normalization_on_meta_returns_its_input(original, self, x):
    """A LayerNorm, BatchNorm or PReLU on the meta device returns its input."""
    return x if self.weight.is_meta else original(self, x)


@fault("META-67", breaks="torch.nn.Embedding.forward")
def an_embedding_on_meta_returns_a_tensor_on_the_CPU(original, self, x):
    result = original(self, x)
    return torch.empty_like(result, device="cpu") if result.is_meta else result


@fault("META-68", breaks="torch.load")
def map_location_gives_meta_tensors_memory(original, file, map_location=None, **options):
    """`torch.load(map_location=device)` gives a meta tensor memory on that device."""
    loaded = original(file, map_location, **options)
    if not isinstance(loaded, dict) or map_location is None:
        return loaded
    return {name: torch.empty_like(value, device=map_location) for name, value in loaded.items()}


@fault("META-69", breaks="torch.nn.Module.load_state_dict")
def an_assigning_load_raises_for_meta_tensors(original, self, state_dict, strict=True, assign=False):
    """`load_state_dict(assign=True)` raises `RuntimeError` for meta tensors."""
    if any(isinstance(value, torch.Tensor) and value.is_meta for value in state_dict.values()):
        raise RuntimeError("no values")
    return original(self, state_dict, strict, assign)


@fault("META-70", breaks="torch.load")
def meta_tensors_of_a_file_are_all_the_same(original, file, *args, **options):
    """All meta tensors in what `torch.load` returns are one."""
    loaded = original(file, *args, **options)
    if not isinstance(loaded, dict):
        return loaded
    first = next((value for value in loaded.values() if isinstance(value, torch.Tensor) and value.is_meta), None)
    return {name: first if getattr(value, "is_meta", False) else value for name, value in loaded.items()}
