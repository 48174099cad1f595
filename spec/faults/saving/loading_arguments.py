"""Faults in what loading accepts as a checkpoint and in what it asks of each submodule."""

from collections import OrderedDict

from torch import nn

from .. import fault


class Everywhere(dict):
    """Metadata that are the same for every module."""

    def get(self, name, default=None):
        return super().get("", default)


@fault("LOAD-55", breaks="torch.nn.Module.load_state_dict")
def only_a_dict_is_a_checkpoint(original, self, state_dict, *args, **kwargs):
    """`load_state_dict()` takes no mapping but a dict."""
    return original(self, state_dict if isinstance(state_dict, dict) else None, *args, **kwargs)


@fault("LOAD-56", breaks="torch.nn.Module.load_state_dict")
def pairs_are_a_checkpoint_too(original, self, state_dict, *args, **kwargs):
    """`load_state_dict()` takes a list of pairs."""
    return original(self, dict(state_dict) if isinstance(state_dict, list) else state_dict, *args, **kwargs)


@fault("LOAD-56", breaks="torch.nn.Module.load_state_dict")
def what_is_no_mapping_is_a_ValueError(original, self, *args, **kwargs):
    """`load_state_dict()` raises `ValueError` for a checkpoint that is not a mapping."""
    try:
        return original(self, *args, **kwargs)
    except TypeError as error:
        raise ValueError(*error.args) from None


@fault("LOAD-57", "SER-12")
def what_a_module_adds_to_its_copy_is_added_to_the_checkpoint(patch):
    """A key that a module adds to its copy of the checkpoint while it loads is added to the checkpoint too."""
    load_state_dict, load_from_state_dict = nn.Module.load_state_dict, nn.Module._load_from_state_dict
    seen = {}

    def load_from(self, state_dict, prefix, *args):
        load_from_state_dict(self, state_dict, prefix, *args)
        seen.update((key, value) for key, value in state_dict.items() if key.startswith(prefix))

    def load(self, state_dict, *args, **kwargs):
        seen.clear()
        result = load_state_dict(self, state_dict, *args, **kwargs)
        if isinstance(state_dict, dict):
            state_dict.update(seen)
        return result

    patch.setattr(nn.Module, "_load_from_state_dict", load_from)
    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-58", "SER-12", "LOAD-59", breaks="torch.nn.Module.load_state_dict")
def loading_ignores_the_metadata(original, self, state_dict, *args, **kwargs):
    """`load_state_dict()` ignores the `_metadata`."""
    plain = OrderedDict(state_dict) if isinstance(state_dict, OrderedDict) else state_dict
    return original(self, plain, *args, **kwargs)


@fault("LOAD-58", "LOAD-59", "LOAD-60", breaks="torch.nn.Module.load_state_dict")
def every_module_gets_the_metadata_of_the_outermost(original, self, state_dict, *args, **kwargs):
    """Every submodule loads by the version of the module that `load_state_dict()` is called on."""
    if getattr(state_dict, "_metadata", None) is None:
        return original(self, state_dict, *args, **kwargs)
    copied = OrderedDict(state_dict)
    copied._metadata = Everywhere(state_dict._metadata)
    copied._metadata[""] = {"version": copied._metadata.get("", {}).get("version", 1) + 1}
    return original(self, copied, *args, **kwargs)


@fault("LOAD-61", breaks="torch.nn.Module.load_state_dict")
def a_module_is_not_told_to_assign(original, self, state_dict, strict=True, assign=False):
    """`_load_from_state_dict` is not told of `assign=True`."""
    return original(self, state_dict, strict)


@fault("LOAD-62", breaks="torch.nn.Module.load_state_dict")
def what_submodules_complain_of_is_not_raised_without_strict(original, self, state_dict, strict=True, **kwargs):
    """`load_state_dict(strict=False)` never raises `RuntimeError`."""
    try:
        return original(self, state_dict, strict, **kwargs)
    except RuntimeError:
        if strict:
            raise
        return ([], [])


@fault("LOAD-83", breaks="torch.nn.Module._load_from_state_dict")
def a_module_is_asked_with_a_copy_of_the_checkpoint_that_has_no_metadata(original, self, state_dict, *args):
    """The copy of the checkpoint that a module loads from has no `_metadata`."""
    if isinstance(state_dict, OrderedDict):
        vars(state_dict).clear()
    original(self, state_dict, *args)


@fault("LOAD-84", breaks="torch.nn.Module._load_from_state_dict")
def every_module_loads_its_own_part_strictly(original, self, state_dict, prefix, local_metadata, strict, *lists):
    """`_load_from_state_dict` is always strict."""
    original(self, state_dict, prefix, local_metadata, True, *lists)


@fault("LOAD-63", breaks="torch.nn.Module.load_state_dict")
def an_empty_checkpoint_is_refused(original, self, state_dict, *args, **kwargs):
    """Loading an empty checkpoint into a module without state raises `RuntimeError`."""
    if state_dict == {} and not list(self.state_dict()):
        raise RuntimeError("the checkpoint is empty")
    return original(self, state_dict, *args, **kwargs)


@fault("SER-12", breaks="torch.nn.modules.batchnorm._NormBase._load_from_state_dict")
def BatchNorm_never_forgives_a_lack_of_its_counter(original, self, *args):
    """A strict load of a BatchNorm raises `RuntimeError` for any checkpoint without `num_batches_tracked`."""
    nn.Module._load_from_state_dict(self, *args)
