"""Faults in what loading accepts as a checkpoint and in what it asks of each submodule."""

from collections import OrderedDict

from torch import nn

from .. import fault

LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict


@fault("LOAD-55")
def only_a_dict_is_a_checkpoint(patch):
    def load(self, state_dict, *args, **kwargs):
        return LOAD_STATE_DICT(self, state_dict if isinstance(state_dict, dict) else None, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-56")
def pairs_are_a_checkpoint_too(patch):
    def load(self, state_dict, *args, **kwargs):
        return LOAD_STATE_DICT(self, dict(state_dict) if isinstance(state_dict, list) else state_dict, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-56")
def what_is_no_mapping_is_a_ValueError(patch):
    def load(self, *args, **kwargs):
        try:
            return LOAD_STATE_DICT(self, *args, **kwargs)
        except TypeError as error:
            raise ValueError(*error.args) from None

    patch.setattr(nn.Module, "load_state_dict", load)


def editing(patch, edit):
    """Let ``edit(checkpoint, keys)`` follow each load: ``keys`` are what the modules saw after their own edits."""
    seen = []

    def load_from(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        seen.append({key: value for key, value in state_dict.items() if key.startswith(prefix)})

    def load(self, state_dict, *args, **kwargs):
        seen.clear()
        result = LOAD_STATE_DICT(self, state_dict, *args, **kwargs)
        edit(state_dict, {key: value for keys in seen for key, value in keys.items()})
        return result

    patch.setattr(nn.Module, "_load_from_state_dict", load_from)
    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-57", "SER-12")
def what_a_module_adds_to_its_copy_is_added_to_the_checkpoint(patch):
    editing(patch, lambda checkpoint, keys: checkpoint.update(keys) if isinstance(checkpoint, dict) else None)


@fault("LOAD-58", "SER-12", "LOAD-59")
def loading_ignores_the_metadata(patch):
    def load(self, state_dict, *args, **kwargs):
        plain = OrderedDict(state_dict) if isinstance(state_dict, OrderedDict) else state_dict
        return LOAD_STATE_DICT(self, plain, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-58", "LOAD-59", "LOAD-60")
def every_module_gets_the_metadata_of_the_outermost(patch):
    class Everywhere(dict):
        def get(self, name, default=None):
            return super().get("", default)

    def load(self, state_dict, *args, **kwargs):
        if getattr(state_dict, "_metadata", None) is None:
            return LOAD_STATE_DICT(self, state_dict, *args, **kwargs)
        copied = OrderedDict(state_dict)
        copied._metadata = Everywhere(state_dict._metadata)
        copied._metadata[""] = {"version": copied._metadata.get("", {}).get("version", 1) + 1}
        return LOAD_STATE_DICT(self, copied, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-61", since="2.1")
def a_module_is_not_told_to_assign(patch):
    def load(self, state_dict, strict=True, assign=False):
        return LOAD_STATE_DICT(self, state_dict, strict)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-62")
def what_submodules_complain_of_is_not_raised_without_strict(patch):
    def load(self, state_dict, strict=True, **kwargs):
        try:
            return LOAD_STATE_DICT(self, state_dict, strict, **kwargs)
        except RuntimeError:
            if strict:
                raise
            return ([], [])

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-83")
def a_module_is_asked_with_a_copy_of_the_checkpoint_that_has_no_metadata(patch):
    def load_from(self, state_dict, *args):
        if isinstance(state_dict, OrderedDict):
            vars(state_dict).clear()
        LOAD_FROM(self, state_dict, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load_from)


@fault("LOAD-84")
def every_module_loads_its_own_part_strictly(patch):
    def load_from(self, state_dict, prefix, local_metadata, strict, *lists):
        LOAD_FROM(self, state_dict, prefix, local_metadata, True, *lists)

    patch.setattr(nn.Module, "_load_from_state_dict", load_from)


@fault("LOAD-63")
def an_empty_checkpoint_is_refused(patch):
    def load(self, state_dict, *args, **kwargs):
        if state_dict == {} and not list(self.state_dict()):
            raise RuntimeError("the checkpoint is empty")
        return LOAD_STATE_DICT(self, state_dict, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("SER-12")
def BatchNorm_never_forgives_a_lack_of_its_counter(patch):
    patch.setattr(nn.modules.batchnorm._NormBase, "_load_from_state_dict", LOAD_FROM)
