"""Faults in which keys loading misses and which it does not expect."""

from torch import nn

from .. import fault

LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict


def reporting(edit):
    """A ``_load_from_state_dict()`` followed by ``edit(module, prefix, state_dict, missing, unexpected)``."""

    def load(self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)
        edit(self, prefix, state_dict, missing, unexpected)

    return load


@fault("LOAD-28", "LOAD-29")
def the_result_of_a_load_never_says_that_all_keys_match(patch):
    def load(self, *args, **kwargs):
        return tuple(LOAD_STATE_DICT(self, *args, **kwargs))

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-29")
def a_missing_key_lets_the_result_say_that_all_keys_match(patch):
    incompatible = nn.modules.module._IncompatibleKeys
    spelled = incompatible.__repr__

    def says(self):
        return "<All keys matched successfully>" if len(self[0]) + len(self[1]) < 2 else spelled(self)

    patch.setattr(incompatible, "__repr__", says)


@fault("LOAD-30", "LOAD-39")
def missing_keys_are_sorted(patch):
    patch.setattr(
        nn.Module, "_load_from_state_dict", reporting(lambda self, prefix, saved, missing, unexpected: missing.sort())
    )


@fault("LOAD-31")
def unexpected_keys_are_sorted(patch):
    patch.setattr(
        nn.Module,
        "_load_from_state_dict",
        reporting(lambda self, prefix, saved, missing, unexpected: unexpected.sort()),
    )


@fault("LOAD-32")
def a_key_that_begins_like_a_submodule_is_expected(patch):
    def edit(self, prefix, saved, missing, unexpected):
        names = tuple(prefix + name for name in self._modules)
        unexpected[:] = [key for key in unexpected if not (names and key.startswith(names))]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-33", since="2.4")
def a_key_below_a_tensor_is_expected(patch):
    def edit(self, prefix, saved, missing, unexpected):
        names = {*self._parameters, *self._buffers, *self._modules}
        unexpected[:] = [key for key in unexpected if key.removeprefix(prefix).partition(".")[0] not in names]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-34", until="2.4")
def a_key_below_a_tensor_is_unexpected(patch):
    def edit(self, prefix, saved, missing, unexpected):
        held = {*self._parameters, *self._buffers}
        for key in saved:
            name, _, below = key.removeprefix(prefix).partition(".")
            if (name in held and below) or (name in self._modules and not below):
                unexpected.append(key)

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-35")
def keys_that_begin_like_a_submodule_are_unexpected(patch):
    def edit(self, prefix, saved, missing, unexpected):
        for path in (prefix + name for name in self._modules):
            unexpected += [key for key in saved if key.startswith(path) and not key.startswith(f"{path}.")]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-04")
def a_non_persistent_buffer_is_loaded(patch):
    def load(self, state_dict, prefix, *args):
        absent = {name for name in self._non_persistent_buffers_set if prefix + name not in state_dict}
        kept, self._non_persistent_buffers_set = self._non_persistent_buffers_set, absent
        LOAD_FROM(self, state_dict, prefix, *args)
        self._non_persistent_buffers_set = kept

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-17")
def what_is_None_takes_what_the_checkpoint_has(patch):
    def load(self, state_dict, prefix, *args):
        for held in (self._buffers, self._parameters):
            for name in held:
                if held[name] is None and prefix + name in state_dict:
                    value = state_dict[prefix + name]
                    held[name] = nn.Parameter(value) if held is self._parameters else value.clone()
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-36")
def what_is_None_is_missed(patch):
    def edit(self, prefix, saved, missing, unexpected):
        held = [*self._parameters.items(), *self._buffers.items()]
        missing += [prefix + name for name, value in held if value is None and prefix + name not in saved]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-23")
def keys_below_a_submodule_that_is_None_are_unexpected(patch):
    def edit(self, prefix, saved, missing, unexpected):
        slots = tuple(f"{prefix}{name}." for name, module in self._modules.items() if module is None)
        unexpected += [key for key in saved if slots and key.startswith(slots)]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-21", "LOAD-37")
def consuming_a_prefix_does_nothing(patch):
    patch.setattr(nn.modules.utils, "consume_prefix_in_state_dict_if_present", lambda state_dict, prefix: None)


@fault("LOAD-37", since="2.3")
def consuming_a_prefix_loses_the_metadata(patch):
    consume = nn.modules.utils.consume_prefix_in_state_dict_if_present

    def consume_and_lose(state_dict, prefix):
        consume(state_dict, prefix)
        state_dict._metadata.clear()

    patch.setattr(nn.modules.utils, "consume_prefix_in_state_dict_if_present", consume_and_lose)


@fault("LOAD-38")
def one_name_of_a_tied_tensor_is_enough(patch):
    def edit(self, prefix, saved, missing, unexpected):
        held = {**self._parameters, **self._buffers}
        loaded = {id(value) for name, value in held.items() if prefix + name in saved}
        missing[:] = [key for key in missing if id(held.get(key.removeprefix(prefix))) not in loaded]

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))


@fault("LOAD-39", "LOAD-62")
def only_the_first_complaint_is_raised(patch):
    def load(self, *args, **kwargs):
        try:
            return LOAD_STATE_DICT(self, *args, **kwargs)
        except RuntimeError as error:
            raise RuntimeError("\n\t".join(str(error).split("\n\t")[:2])) from None

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-39", "LOAD-62")
def the_complaint_does_not_name_the_class(patch):
    def load(self, *args, **kwargs):
        try:
            return LOAD_STATE_DICT(self, *args, **kwargs)
        except RuntimeError as error:
            raise RuntimeError(str(error).replace(type(self).__name__, "Module")) from None

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-40", "LOAD-05", "LOAD-26")
def loading_is_not_strict_by_default(patch):
    def load(self, state_dict, strict=False, *args, **kwargs):
        return LOAD_STATE_DICT(self, state_dict, strict, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-41")
def a_single_unexpected_key_is_not_reported(patch):
    def edit(self, prefix, saved, missing, unexpected):
        if unexpected == ["x"]:
            unexpected.clear()

    patch.setattr(nn.Module, "_load_from_state_dict", reporting(edit))
