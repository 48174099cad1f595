"""Faults in where ``torch.load`` puts what it reads, and in files without their data."""

import mmap
import pickle

from .. import fault


@fault("SER-54", breaks="torch.load")
def a_map_location_has_to_return_a_storage(original, file, map_location=None, **options):
    """`torch.load` raises `RuntimeError` where a function given as `map_location` returns None."""
    if not callable(map_location):
        return original(file, map_location=map_location, **options)

    def strict(storage, location):
        if (moved := map_location(storage, location)) is None:
            raise RuntimeError("no storage")
        return moved

    return original(file, map_location=strict, **options)


@fault("SER-55", breaks="torch.load")
def a_dict_as_map_location_is_ignored(original, file, map_location=None, **options):
    """`torch.load` ignores a dict given as `map_location`."""
    return original(file, map_location=None if isinstance(map_location, dict) else map_location, **options)


@fault("SER-56", breaks="torch.load")
def what_has_no_place_is_loaded_to_the_cpu(original, file, map_location=None, **options):
    """`torch.load` puts on the CPU what was saved from a location that isn't there."""
    return original(file, map_location=map_location or "cpu", **options)


@fault("SER-57", breaks="torch.load")
def a_file_that_cannot_be_mapped_is_read(original, file, *args, mmap=None, **options):
    """`torch.load(mmap=True)` reads what it can't map."""
    return original(file, *args, **options)


@fault("SER-58", breaks="torch.serialization.set_default_mmap_options")
def a_file_is_always_mapped_as_private(original, flags):
    """`torch.serialization.set_default_mmap_options` changes nothing."""
    return original(mmap.MAP_PRIVATE)


@fault("SER-59", breaks="torch.save")
def skip_data_is_ignored_where_a_file_is_saved(original, *args, **options):
    """`torch.save` writes values within `torch.serialization.skip_data()` too."""
    from torch.utils.serialization import config

    skipped, config.save.skip_data = config.save.skip_data, False
    try:
        original(*args, **options)
    finally:
        config.save.skip_data = skipped


@fault("SER-60", breaks="torch.serialization.get_unsafe_globals_in_checkpoint")
def no_class_in_a_file_is_unsafe(original, file):
    """`torch.serialization.get_unsafe_globals_in_checkpoint` lists nothing."""
    return []


@fault("SER-61", breaks="torch.nn.Module.state_dict")
def a_state_dict_holds_only_what_can_be_pickled(original, self, *args, **options):
    """`state_dict()` leaves out extra state that can't be pickled."""
    saved = original(self, *args, **options)
    for key in [key for key in saved if key.endswith("_extra_state")]:
        try:
            pickle.dumps(saved[key])
        except Exception:
            del saved[key]
    return saved


@fault("LOAD-87", breaks="torch.nn.Module.load_state_dict")
def a_key_for_what_is_registered_as_None_always_raises(original, self, state_dict, strict=True, **options):
    """`load_state_dict(strict=False)` raises `RuntimeError` for a key of what is registered as None."""
    empty = [name for name, value in [*self._parameters.items(), *self._buffers.items()] if value is None]
    if {*empty} & {*state_dict}:
        raise RuntimeError(f'Unexpected key(s) in state_dict: "{empty[0]}".')
    return original(self, state_dict, strict=strict, **options)
