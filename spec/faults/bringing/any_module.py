"""Faults that a user sees in the modules that they bring."""

import copy
import itertools
from functools import wraps

import torch
from torch import nn

from .. import fault

SERIAL = itertools.count()


@fault("ANY-01", breaks="torch.nn.Module.state_dict")
def keep_vars_keeps_only_buffers(original, self, *args, **kwargs):
    """`state_dict(keep_vars=True)` detaches parameters."""
    saved = original(self, *args, **kwargs)
    if kwargs.get("keep_vars"):
        for name in [name for name, tensor in saved.items() if isinstance(tensor, nn.Parameter)]:
            saved[name] = saved[name].detach()
    return saved


@fault("ANY-02", breaks="torch.nn.Module.state_dict")
def a_state_dict_holds_the_number_of_its_tensors_too(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    if kwargs.get("keep_vars"):
        saved["_count"] = torch.tensor(len(saved))
    return saved


@fault("ANY-03", breaks="torch.nn.Module.load_state_dict")
def the_last_tensor_of_a_state_dict_is_not_loaded(original, self, state_dict, *args, **kwargs):
    name = next(reversed(state_dict), None)
    shortened = dict(state_dict, **{name: self.state_dict()[name]}) if name else state_dict
    return original(self, shortened, *args, **kwargs)


@fault("ANY-04", breaks="torch.nn.Module.state_dict")
def every_state_dict_ends_with_a_serial_number(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    saved[f"serial{next(SERIAL)}"] = torch.tensor(0)
    return saved


@fault("ANY-05", breaks="torch.nn.Module.__deepcopy__")
def a_deep_copy_shares_its_parameters(original, self, memo):
    memo[id(self)] = copied = type(self).__new__(type(self))
    shared = {id(parameter): parameter for parameter in self.parameters()}
    copied.__dict__.update(copy.deepcopy(self.__dict__, {**memo, **shared}))
    return copied


@fault("ANY-06", breaks="torch.nn.Module.__setstate__")
def a_pickled_module_comes_back_with_fresh_parameters(original, self, state):
    original(self, state)
    for parameter in self._parameters.values():
        if parameter is not None:
            parameter.data = torch.zeros_like(parameter.data)


def sparing(kept):
    """``_apply`` that leaves alone each parameter of which ``kept(tensor, fn)`` is true."""

    @wraps(kept)
    def apply(original, self, fn, *args, **kwargs):
        parameters = self._parameters
        own = {name for name, tensor in parameters.items() if tensor is not None and kept(tensor, fn)}
        self._parameters = {name: tensor for name, tensor in parameters.items() if name not in own}
        try:
            original(self, fn, *args, **kwargs)
            moved = self._parameters
        finally:
            self._parameters = parameters
        parameters.update(moved)
        return self

    return apply


@fault("ANY-07", breaks="torch.nn.Module._apply")
@sparing
def all_but_scalars_stay_behind_when_their_module_moves(tensor, fn):
    """A move leaves parameters where they are, but for those without dimensions."""
    return tensor.dim() > 0 and fn(torch.empty(0, dtype=tensor.dtype)).device != tensor.device


@fault("ANY-08", breaks="torch.nn.Module._apply")
@sparing
def a_matrix_keeps_its_dtype(tensor, fn):
    return tensor.dim() > 1 and fn(tensor.detach()).dtype != tensor.dtype


@fault("ANY-09", breaks="torch.nn.Module._apply")
def a_module_keeps_what_it_was_before_it_moved(original, self, fn, *args, **kwargs):
    """A moved module keeps the tensors that it had before."""
    kept = [tensor for tensor in {**self._parameters, **self._buffers}.values() if tensor is not None]
    original(self, fn, *args, **kwargs)
    now = [*self._parameters.values(), *self._buffers.values()]
    self.__dict__["_before"] = [tensor for tensor in kept if not any(tensor is each for each in now)]
    return self


@fault("ANY-10", breaks="torch.nn.Module.register_buffer")
def a_floating_buffer_requires_grad(original, self, name, tensor, persistent=True):
    original(self, name, tensor, persistent)
    if tensor is not None and tensor.is_floating_point():
        tensor.requires_grad_()
