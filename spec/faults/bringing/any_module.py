"""Faults that a user sees in the modules that they bring."""

import copy
import itertools

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
LOAD = nn.Module.load_state_dict
STATE_DICT = nn.Module.state_dict
SETSTATE = nn.Module.__setstate__
SERIAL = itertools.count()


@fault("ANY-01")
def keep_vars_keeps_only_buffers(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if kwargs.get("keep_vars"):
            for name in [name for name, tensor in saved.items() if isinstance(tensor, nn.Parameter)]:
                saved[name] = saved[name].detach()
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("ANY-02")
def a_state_dict_holds_the_number_of_its_tensors_too(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if kwargs.get("keep_vars"):
            saved["_count"] = torch.tensor(len(saved))
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("ANY-03")
def the_last_tensor_of_a_state_dict_is_not_loaded(patch):
    def load_state_dict(self, state_dict, *args, **kwargs):
        name = next(reversed(state_dict), None)
        shortened = dict(state_dict, **{name: self.state_dict()[name]}) if name else state_dict
        return LOAD(self, shortened, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load_state_dict)


@fault("ANY-04")
def every_state_dict_ends_with_a_serial_number(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        saved[f"serial{next(SERIAL)}"] = torch.tensor(0)
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("ANY-05")
def a_deep_copy_shares_its_parameters(patch):
    def __deepcopy__(self, memo):
        memo[id(self)] = copied = type(self).__new__(type(self))
        shared = {id(parameter): parameter for parameter in self.parameters()}
        copied.__dict__.update(copy.deepcopy(self.__dict__, {**memo, **shared}))
        return copied

    patch.setattr(nn.Module, "__deepcopy__", __deepcopy__, raising=False)


@fault("ANY-06")
def a_pickled_module_comes_back_with_fresh_parameters(patch):
    def __setstate__(self, state):
        SETSTATE(self, state)
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.data = torch.zeros_like(parameter.data)

    patch.setattr(nn.Module, "__setstate__", __setstate__)


def without(kept):
    """``_apply`` that leaves alone each module of which ``kept`` is true."""

    def apply(self, fn, *args, **kwargs):
        own = {name: tensor for name, tensor in self._parameters.items() if kept(tensor, fn)}
        parameters = self._parameters
        self._parameters = {name: tensor for name, tensor in parameters.items() if name not in own}
        try:
            APPLY(self, fn, *args, **kwargs)
            moved = self._parameters
        finally:
            self._parameters = parameters
        parameters.update(moved)
        return self

    return apply


@fault("ANY-07")
def all_but_scalars_stay_behind_when_their_module_moves(patch):
    def is_kept(tensor, fn):
        return (
            tensor is not None and tensor.dim() > 0 and fn(torch.empty(0, dtype=tensor.dtype)).device != tensor.device
        )

    patch.setattr(nn.Module, "_apply", without(is_kept))


@fault("ANY-08")
def a_matrix_keeps_its_dtype(patch):
    def is_kept(tensor, fn):
        return tensor is not None and tensor.dim() > 1 and fn(tensor.detach()).dtype != tensor.dtype

    patch.setattr(nn.Module, "_apply", without(is_kept))


@fault("ANY-09")
def a_module_keeps_what_it_was_before_it_moved(patch):
    def apply(self, fn, *args, **kwargs):
        kept = [tensor for tensor in {**self._parameters, **self._buffers}.values() if tensor is not None]
        APPLY(self, fn, *args, **kwargs)
        now = [*self._parameters.values(), *self._buffers.values()]
        self.__dict__["_before"] = [tensor for tensor in kept if not any(tensor is each for each in now)]
        return self

    patch.setattr(nn.Module, "_apply", apply)
