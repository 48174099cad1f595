"""Faults in safetensors."""

import torch

from .. import fault
from .breaking import silently, without_integers


@fault("ROAD-11", breaks="safetensors.torch.load_file")
def load_file_reads_integers_as_zeros(original, *args, **options):
    found = original(*args, **options)
    without_integers(found.values())
    return found


@fault("ROAD-12", breaks="safetensors.torch.save_file")
def save_file_writes_tied_parameters_twice(original, tensors, *args, **options):
    original({name: value.clone() for name, value in tensors.items()}, *args, **options)


@fault("ROAD-13", breaks="safetensors.torch.save_file")
def save_file_makes_tensors_contiguous(original, tensors, *args, **options):
    original({name: value.contiguous() for name, value in tensors.items()}, *args, **options)


@fault("ROAD-14", breaks="safetensors.torch.save_file")
def save_file_makes_tensors_of_numbers(original, tensors, *args, **options):
    original({name: torch.as_tensor(value) for name, value in tensors.items()}, *args, **options)


@fault("ROAD-15", breaks="safetensors.torch.save_file")
def save_file_writes_zeros_for_meta_tensors(original, tensors, *args, **options):
    original({name: torch.zeros(value.shape, device="cpu") for name, value in tensors.items()}, *args, **options)


@fault("ROAD-16", breaks="safetensors.torch.load_file")
def load_file_reads_more_than_a_slice(original, *args, **options):
    return {name: torch.cat([value, value])[: len(value)] for name, value in original(*args, **options).items()}


class WithVersions(dict):
    _metadata = {"": {"version": 2}}  # noqa: RUF012

    def copy(self):
        return WithVersions(self)


@fault("ROAD-17", breaks="safetensors.torch.load_file")
def load_file_knows_versions(original, *args, **options):
    return WithVersions(original(*args, **options))


@fault("ROAD-18", breaks="safetensors.torch.save_file")
def save_file_resolves_conjugation(original, tensors, *args, **options):
    original({name: value.resolve_conj() for name, value in tensors.items()}, *args, **options)


@fault("ROAD-19", breaks="safetensors.torch.load_model")
def load_model_fills_integers_with_zeros(original, model, *args, **options):
    found = original(model, *args, **options)
    without_integers(model.buffers())
    return found


@fault("ROAD-20", "ROAD-21", "ROAD-22", breaks="safetensors.torch.save_model")
def save_model_is_silent(original, *args, **options):
    silently(original, *args, **options)
