"""Faults in what copying and pickling make of a module and of a parameter."""

import copy
from collections import OrderedDict
from functools import wraps

import torch

from .. import fault


def noted(make):
    """``nn.Parameter.__deepcopy__`` that notes in the memo what ``make(original, parameter)`` returns."""

    @wraps(make)
    def deepcopy(original, self, memo):
        memo[id(self)] = memo[id(self)] if id(self) in memo else make(original, self)
        return memo[id(self)]

    return deepcopy


def revive(make, arguments, gradient, attributes):
    parameter = make(*arguments)
    parameter.grad = gradient
    vars(parameter).update(attributes)
    return parameter


@fault("SER-06", "SER-48", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_shares_the_values_of_parameters(original, parameter):
    """`copy.deepcopy` shares the values of parameters."""
    return type(parameter)(parameter.data, parameter.requires_grad)


@fault("SER-06", "SER-47", "SER-48", breaks="torch.Tensor.__deepcopy__")
def deepcopy_shares_the_values_of_tensors(original, self, memo):
    """`copy.deepcopy` shares the values of buffers and plain tensors."""
    return self.detach().requires_grad_(self.requires_grad) if self.is_leaf else original(self, memo)


@fault("SER-06", "SER-20", "SER-21", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_thaws_parameters(original, parameter):
    """`copy.deepcopy` makes a frozen parameter trainable."""
    return type(parameter)(parameter.data.clone(memory_format=torch.preserve_format))


@fault("SER-15", breaks="torch.nn.Module.__deepcopy__")
def deepcopy_is_shallow(original, self, memo):
    """`copy.deepcopy` of a module does what `copy.copy` does."""
    return copy.copy(self)


@fault("SER-07", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_keeps_the_gradient_of_a_parameter(original, parameter):
    """`copy.deepcopy` keeps the gradient of a parameter."""
    copied = original(parameter, {})
    copied.grad = parameter.grad
    return copied


@fault("SER-16", breaks="torch.Tensor.__deepcopy__")
def deepcopy_drops_the_gradient_of_a_tensor(original, self, memo):
    """`copy.deepcopy` drops the gradient of a buffer or plain tensor."""
    copied = original(self, memo)
    copied.grad = None
    return copied


@fault("SER-17", breaks="torch.nn.Parameter.__reduce_ex__")
def pickle_keeps_the_gradient_of_a_parameter(original, self, protocol):
    """`pickle` keeps the gradient of a parameter."""
    return revive, (*original(self, protocol), self.grad, {})


@fault("SER-24", breaks="torch.nn.Parameter.__deepcopy__")
def deepcopy_keeps_the_hooks_of_a_parameter(original, self, memo):
    """`copy.deepcopy` keeps the hooks of a parameter."""
    copied = original(self, memo)
    copied._backward_hooks = self._backward_hooks
    return copied


@fault("SER-24", breaks="torch.nn.Parameter.__reduce_ex__")
def pickle_keeps_the_hooks_of_a_parameter(original, self, protocol):
    """`pickle` keeps the hooks of a parameter."""
    return revive_with_hooks, (*original(self, protocol), self._backward_hooks)


@fault("SER-08", breaks="torch.nn.Module.__copy__")
def a_shallow_copy_registers_in_dicts_of_its_own(original, self):
    """A parameter that is registered on a `copy.copy` of a module is not registered on the module."""
    copied = type(self).__new__(type(self))
    vars(copied).update({name: copy.copy(value) if name[0] == "_" else value for name, value in vars(self).items()})
    return copied


@fault("SER-18", "SER-08", breaks="torch.nn.Module.__copy__")
def a_shallow_copy_is_the_module_itself(original, self):
    """`copy.copy` of a module returns the module itself."""
    return self


@fault("SER-48", breaks="torch.nn.Module.__getstate__")
def copying_drops_what_is_not_persistent(original, self):
    """A deep or pickled copy of a module has no non-persistent buffers."""
    kept = [item for item in self._buffers.items() if item[0] not in self._non_persistent_buffers_set]
    return {**vars(self), "_buffers": OrderedDict(kept)}


@fault("SER-19", breaks="torch.Tensor.__deepcopy__")
def deepcopy_detaches_what_has_a_history(original, self, memo):
    """`copy.deepcopy` detaches a buffer that has a `grad_fn` and raises nothing."""
    return original(self if self.is_leaf else self.detach(), memo)


@fault("SER-20", breaks="torch.nn.Module.__getstate__")
def copying_drops_the_forward_hooks(original, self):
    """A copy of a module has no forward hooks."""
    return {**vars(self), "_forward_hooks": OrderedDict()}


@fault("SER-21", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_makes_a_parameter_contiguous(original, parameter):
    """`copy.deepcopy` makes a parameter contiguous."""
    return type(parameter)(parameter.data.contiguous().clone(), parameter.requires_grad)


@fault("SER-23", breaks="torch.nn.Parameter.__deepcopy__")
def deepcopy_of_a_parameter_ignores_the_memo(original, self, memo):
    """`__deepcopy__` of a parameter ignores the memo."""
    return original(self, {})


@fault("SER-25", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_keeps_the_attributes_of_a_parameter(original, parameter):
    """`copy.deepcopy` keeps the attributes of a parameter."""
    copied = original(parameter, {})
    vars(copied).update(vars(parameter))
    return copied


@fault("SER-26", breaks="torch.nn.Parameter.__reduce_ex__")
def pickle_drops_the_attributes_of_a_parameter(original, self, protocol):
    """`pickle` drops the attributes of a parameter."""
    return torch._utils._rebuild_parameter, (self.data, self.requires_grad, OrderedDict())


@fault("SER-27", breaks="torch.nn.Parameter.__reduce_ex__")
def pickle_keeps_the_attributes_of_a_parameter(original, self, protocol):
    """Before torch 2.0, `pickle` kept the attributes of a parameter."""
    return revive, (*original(self, protocol), None, vars(self))


@fault("SER-28", breaks="torch.nn.Module.__setstate__")
def what_a_pickle_lacks_stays_away(original, self, state):
    """`__setstate__` fills in nothing that a pickle lacks."""
    vars(self).update(state)


@fault("SER-29", breaks="torch.nn.Module.__setstate__")
def what_a_pickle_of_torch_1_lacks_stays_away(original, self, state):
    """`__setstate__` leaves out the dicts of hooks that a pickle of torch 1 lacks."""
    original(self, state)
    for name in [name for name in vars(self) if name not in state and "with_kwargs" in name]:
        del vars(self)[name]


@fault("SER-30", breaks="torch.nn.Module.__setstate__")
def what_a_pickle_of_torch_2_0_lacks_stays_away(original, self, state):
    """`__setstate__` leaves out `_forward_hooks_always_called`, which a pickle of torch 2.0 lacks."""
    original(self, state)
    if "_forward_hooks_always_called" not in state:
        del vars(self)["_forward_hooks_always_called"]


@fault("SER-31", breaks="torch.nn.Module.__setstate__")
def what_is_not_persistent_is_forgotten_by_a_pickle(original, self, state):
    """A pickled copy of a module has persistent buffers only."""
    original(self, state)
    vars(self)["_non_persistent_buffers_set"] = set()


@fault("SER-33", breaks="torch.nn.Parameter.__deepcopy__")
@noted
def deepcopy_brings_parameters_from_meta(original, parameter):
    """`copy.deepcopy` of a parameter on the meta device gives zeros on the CPU."""
    return type(parameter)(torch.zeros(parameter.shape)) if parameter.is_meta else original(parameter, {})


@fault("SER-50", "SER-20", breaks="torch.nn.Module.__setstate__")
def a_pickled_module_comes_back_in_training_mode(original, self, state):
    original(self, state)
    vars(self)["training"] = True


@fault("SER-51", breaks="torch.nn.Module.__setstate__")
def a_pickled_module_takes_no_load_hooks(original, self, state):
    """`register_load_state_dict_post_hook` of a pickled module raises `AttributeError`."""
    original(self, state)
    del vars(self)["_load_state_dict_post_hooks"]


@fault("SER-52", breaks="torch.nn.Parameter.__reduce_ex__")
def the_pickle_of_a_parameter_always_has_room_for_attributes(original, self, protocol):
    """A parameter without attributes is pickled in a form that torch 1 can't read."""
    return revive, (torch._utils._rebuild_parameter, original(self, protocol)[1][:3], None, vars(self))


@fault("SER-53", breaks="torch.nn.Module.__setstate__")
def the_state_of_a_copy_replaces_what_the_module_has_set(original, self, state):
    """`__setstate__` removes the attributes that the module has."""
    vars(self).clear()
    original(self, state)


def revive_with_hooks(make, arguments, hooks):
    parameter = make(*arguments)
    parameter._backward_hooks = hooks
    return parameter
