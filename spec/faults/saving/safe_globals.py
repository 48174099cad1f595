"""Faults in which classes and functions a file may name."""

from .. import fault

SERIALIZATION = "torch.serialization."


@fault("SER-78", breaks=SERIALIZATION + "clear_safe_globals")
def what_was_declared_safe_stays_so(original):
    """`torch.serialization.clear_safe_globals()` clears nothing."""


@fault("SER-79", breaks=SERIALIZATION + "add_safe_globals")
def a_class_is_safe_under_its_own_name_alone(original, safe_globals):
    """`torch.serialization.add_safe_globals` ignores the path in a pair."""
    original([each[0] if isinstance(each, tuple) else each for each in safe_globals])


@fault("SER-80", breaks=SERIALIZATION + "get_safe_globals")
def torch_lists_no_safe_globals_of_its_own(original):
    """`torch.serialization.get_safe_globals()` holds only what the user added."""
    names = [each[1] if isinstance(each, tuple) else each.__module__ for each in original()]
    return [each for each, name in zip(original(), names, strict=True) if not name.startswith("torch.")]
