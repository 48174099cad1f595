"""Faults in when ``torch.load`` reads values and where it puts them."""

import contextlib

import torch

from .. import fault

LOAD = "torch.load"


@fault("SER-81", breaks="torch.serialization.skip_data")
def data_is_never_skipped(original, *args, **options):
    """`torch.serialization.skip_data()` has no effect."""
    return contextlib.nullcontext()


@fault("SER-82", breaks=LOAD)
def a_load_without_data_makes_meta_tensors(original, *args, **options):
    """`torch.load` within `skip_data()` gives tensors on the meta device."""
    loaded = original(*args, **options)
    skips = torch.serialization._serialization_tls.skip_data
    return {name: value.to("meta") for name, value in loaded.items()} if skips else loaded


@fault("SER-83", breaks=LOAD)
def everything_is_loaded_to_the_cpu(original, *args, **options):
    """`torch.load` puts every tensor on the CPU."""
    return {name: torch.empty_like(value, device="cpu") for name, value in original(*args, **options).items()}


@fault("SER-84", breaks=LOAD)
def a_mapped_file_is_read_at_once(original, *args, mmap=None, **options):
    """`torch.load(mmap=True)` reads the whole file."""
    return original(*args, **options)
