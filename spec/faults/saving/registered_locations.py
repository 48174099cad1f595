"""Faults in checksums, and in where storages go by functions that a user has registered."""

import torch

from .. import fault

SERIALIZATION = "torch.serialization."


@fault("SER-85", breaks=SERIALIZATION + "set_crc32_options")
def checksums_are_always_written(original, compute_crc32):
    """`torch.serialization.set_crc32_options(False)` has no effect."""
    original(True)


@fault("SER-86", "SER-87", breaks=SERIALIZATION + "register_package")
def no_location_is_registered(original, *args):
    """`torch.serialization.register_package` registers nothing."""


@fault("SER-87", breaks=SERIALIZATION + "register_package")
def a_location_is_registered_behind_the_others(original, priority, tagger, deserializer):
    """`torch.serialization.register_package` ignores the priority."""
    torch.serialization._package_registry.append((priority, tagger, deserializer))
