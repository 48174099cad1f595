"""Faults in what copying and pickling make of a module and of a parameter."""

import copy
from collections import OrderedDict

import torch
from torch import nn

from .. import fault

SETSTATE = nn.Module.__setstate__
COPY_PARAMETER = nn.Parameter.__deepcopy__
COPY_TENSOR = torch.Tensor.__deepcopy__
REDUCE = nn.Parameter.__reduce_ex__
PRESERVE = torch.preserve_format


def deepcopying(patch, make):
    """Let ``make(parameter)`` be the deepcopy of a parameter."""

    def deepcopy(self, memo):
        memo[id(self)] = memo.get(id(self)) if id(self) in memo else make(self)
        return memo[id(self)]

    patch.setattr(nn.Parameter, "__deepcopy__", deepcopy)


def getting(patch, edit):
    """Let ``edit(state)`` have its say on what is pickled of a module."""
    getstate = getattr(nn.Module, "__getstate__", None)

    def get(self):
        state = dict(getstate(self)) if getstate and "__getstate__" in vars(nn.Module) else dict(vars(self))
        edit(state)
        return state

    patch.setattr(nn.Module, "__getstate__", get, raising=False)


def revive(make, arguments, gradient, attributes):
    parameter = make(*arguments)
    parameter.grad = gradient
    vars(parameter).update(attributes)
    return parameter


@fault("SER-06", "SER-48")
def deepcopy_shares_the_values_of_parameters(patch):
    deepcopying(patch, lambda parameter: type(parameter)(parameter.data, parameter.requires_grad))


@fault("SER-06", "SER-47", "SER-48")
def deepcopy_shares_the_values_of_tensors(patch):
    def deepcopy(self, memo):
        return self.detach().requires_grad_(self.requires_grad) if self.is_leaf else COPY_TENSOR(self, memo)

    patch.setattr(torch.Tensor, "__deepcopy__", deepcopy)


@fault("SER-06", "SER-20", "SER-21")
def deepcopy_thaws_parameters(patch):
    deepcopying(patch, lambda parameter: type(parameter)(parameter.data.clone(memory_format=PRESERVE)))


@fault("SER-15")
def deepcopy_is_shallow(patch):
    patch.setattr(nn.Module, "__deepcopy__", lambda self, memo: copy.copy(self), raising=False)


@fault("SER-07", "SER-24")
def deepcopy_keeps_the_gradient_of_a_parameter(patch):
    def make(parameter):
        copied = COPY_PARAMETER(parameter, {})
        copied.grad = parameter.grad
        return copied

    deepcopying(patch, make)


@fault("SER-16")
def deepcopy_drops_the_gradient_of_a_tensor(patch):
    def deepcopy(self, memo):
        copied = COPY_TENSOR(self, memo)
        copied.grad = None
        return copied

    patch.setattr(torch.Tensor, "__deepcopy__", deepcopy)


@fault("SER-17", "SER-24")
def pickle_keeps_the_gradient_of_a_parameter(patch):
    def reduce(self, protocol):
        return revive, (*REDUCE(self, protocol), self.grad, {})

    patch.setattr(nn.Parameter, "__reduce_ex__", reduce)


@fault("SER-08")
def a_shallow_copy_registers_in_dicts_of_its_own(patch):
    def shallow(self):
        copied = type(self).__new__(type(self))
        vars(copied).update({name: copy.copy(value) if name[0] == "_" else value for name, value in vars(self).items()})
        return copied

    patch.setattr(nn.Module, "__copy__", shallow, raising=False)


@fault("SER-18", "SER-08")
def a_shallow_copy_is_the_module_itself(patch):
    patch.setattr(nn.Module, "__copy__", lambda self: self, raising=False)


@fault("SER-09", "SER-46")
def copying_drops_what_is_not_persistent(patch):
    def edit(state):
        kept = state["_buffers"].items()
        state["_buffers"] = OrderedDict(
            (name, b) for name, b in kept if name not in state["_non_persistent_buffers_set"]
        )

    getting(patch, edit)


@fault("SER-19")
def deepcopy_detaches_what_has_a_history(patch):
    def deepcopy(self, memo):
        return COPY_TENSOR(self if self.is_leaf else self.detach(), memo)

    patch.setattr(torch.Tensor, "__deepcopy__", deepcopy)


@fault("SER-20")
def copying_drops_the_forward_hooks(patch):
    getting(patch, lambda state: state.update(_forward_hooks=OrderedDict()))


@fault("SER-21")
def deepcopy_makes_a_parameter_contiguous(patch):
    deepcopying(patch, lambda parameter: type(parameter)(parameter.data.contiguous().clone(), parameter.requires_grad))


@fault("SER-22")
def deepcopy_copies_each_item_of_a_list_by_itself(patch):
    deepcopy = copy.deepcopy

    def each(value, memo=None):
        return [deepcopy(item) for item in value] if isinstance(value, list) else deepcopy(value, memo)

    patch.setattr(copy, "deepcopy", each)


@fault("SER-23")
def deepcopy_of_a_parameter_ignores_the_memo(patch):
    patch.setattr(nn.Parameter, "__deepcopy__", lambda self, memo: COPY_PARAMETER(self, {}))


@fault("SER-25")
def deepcopy_keeps_the_attributes_of_a_parameter(patch):
    def make(parameter):
        copied = COPY_PARAMETER(parameter, {})
        vars(copied).update(vars(parameter))
        return copied

    deepcopying(patch, make)


@fault("SER-26", since="2.0")
def pickle_drops_the_attributes_of_a_parameter(patch):
    def reduce(self, protocol):
        return torch._utils._rebuild_parameter, (self.data, self.requires_grad, OrderedDict())

    patch.setattr(nn.Parameter, "__reduce_ex__", reduce)


@fault("SER-27", until="2.0")
def pickle_keeps_the_attributes_of_a_parameter(patch):
    def reduce(self, protocol):
        return revive, (*REDUCE(self, protocol), None, vars(self))

    patch.setattr(nn.Parameter, "__reduce_ex__", reduce)


@fault("SER-28")
def what_a_pickle_lacks_stays_away(patch):
    patch.setattr(nn.Module, "__setstate__", lambda self, state: vars(self).update(state))


@fault("SER-29", since="2.0")
def what_a_pickle_of_torch_1_lacks_stays_away(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        for name in [name for name in vars(self) if name not in state and "with_kwargs" in name]:
            del vars(self)[name]

    patch.setattr(nn.Module, "__setstate__", setstate)


@fault("SER-30", since="2.1")
def what_a_pickle_of_torch_2_0_lacks_stays_away(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        if "_forward_hooks_always_called" not in state:
            del vars(self)["_forward_hooks_always_called"]

    patch.setattr(nn.Module, "__setstate__", setstate)


@fault("SER-31", "SER-09")
def what_is_not_persistent_is_forgotten_by_a_pickle(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        vars(self)["_non_persistent_buffers_set"] = set()

    patch.setattr(nn.Module, "__setstate__", setstate)


@fault("SER-32", since="2.1")
def copying_takes_along_what_compile_put_on_the_module(patch):
    patch.setattr(nn.Module, "__getstate__", lambda self: vars(self).copy())


@fault("SER-33")
def deepcopy_brings_parameters_from_meta(patch):
    def make(parameter):
        return type(parameter)(torch.zeros(parameter.shape)) if parameter.is_meta else COPY_PARAMETER(parameter, {})

    deepcopying(patch, make)


@fault("SER-50", "SER-20")
def a_pickled_module_comes_back_in_training_mode(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        vars(self)["training"] = True

    patch.setattr(nn.Module, "__setstate__", setstate)


@fault("SER-51")
def a_pickled_module_takes_no_load_hooks(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        del vars(self)["_load_state_dict_post_hooks"]

    patch.setattr(nn.Module, "__setstate__", setstate)


@fault("SER-52")
def the_pickle_of_a_parameter_always_has_room_for_attributes(patch):
    def reduce(self, protocol):
        return revive, (torch._utils._rebuild_parameter, REDUCE(self, protocol)[1][:3], None, vars(self))

    patch.setattr(nn.Parameter, "__reduce_ex__", reduce)


@fault("SER-53")
def the_state_of_a_copy_replaces_what_the_module_has_set(patch):
    def setstate(self, state):
        vars(self).clear()
        SETSTATE(self, state)

    patch.setattr(nn.Module, "__setstate__", setstate)
