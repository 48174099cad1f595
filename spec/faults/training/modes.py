"""Faults in what ``train()`` and ``eval()`` change."""

import torch
from torch import nn

from .. import fault


@fault("IDIOM-01", "IDIOM-22", breaks="torch.nn.Module.train")
def eval_freezes_the_parameters(original, self, mode=True):
    """`eval()` freezes the parameters."""
    return original(self, mode).requires_grad_(mode)


@fault("IDIOM-12", breaks="torch.nn.Module.train")
def train_takes_any_value_for_a_mode(original, self, mode=True):
    """`train(mode)` takes any value by its truth."""
    return original(self, bool(mode))


@fault("IDIOM-12", breaks="torch.nn.Module.train")
def a_mode_that_is_refused_is_set(original, self, mode=True):
    """`train(mode)` sets the mode before it raises `ValueError`."""
    self.training = mode
    return original(self, mode)


@fault("IDIOM-13", breaks="torch.nn.Module.train")
def train_evaluates_by_default(original, self, mode=False):
    """`train()` puts a module in eval mode."""
    return original(self, mode)


@fault("IDIOM-01", "IDIOM-13", breaks="torch.nn.Module.train")
def train_returns_nothing(original, self, mode=True):
    """`train()` and `eval()` return None."""
    original(self, mode)


@fault("IDIOM-01", "IDIOM-13", "IDIOM-15", breaks="torch.nn.Module.train")
def a_mode_does_not_reach_submodules(original, self, mode=True):
    """`train()` and `eval()` don't reach submodules."""
    self.training = mode
    return self


@fault("IDIOM-14", breaks="torch.nn.Module.train")
def a_mode_stops_at_a_submodule_that_has_it(original, self, mode=True):
    """`train()` and `eval()` stop at a submodule that is in that mode."""
    if self.training is not mode:
        self.training = mode
        for module in self.children():
            module.train(mode)
    return self


@fault("IDIOM-16", breaks="torch.nn.Module.__setattr__")
def a_submodule_takes_the_mode_of_its_module(original, self, name, value):
    original(self, name, value)
    if isinstance(value, nn.Module):
        value.train(self.training)


@fault("IDIOM-17", breaks="torch.nn.Module.train")
def a_mode_reaches_modules_in_lists(original, self, mode=True):
    """`train()` and `eval()` reach modules in a plain list."""
    for value in vars(self).values():
        for module in value if isinstance(value, list) else ():
            if isinstance(module, nn.Module):
                module.train(mode)
    return original(self, mode)


@fault("IDIOM-18", "IDIOM-19", breaks="torch.nn.Module.train")
def a_mode_passes_by_an_overridden_train(original, self, mode=True):
    """`train()` and `eval()` don't call a `train()` that a submodule overrides."""
    for module in self.modules():
        module.training = mode
    return self


@fault("IDIOM-19", breaks="torch.nn.Module.eval")
def eval_does_not_call_train(original, self):
    """`eval()` doesn't call a `train()` that the class overrides."""
    return nn.Module.train(self, False)


@fault("IDIOM-20", breaks="torch.nn.Module.__setattr__")
def setting_the_training_flag_sets_it_in_submodules(original, self, name, value):
    original(self, name, value)
    for module in self.children() if name == "training" and "_modules" in vars(self) else ():
        module.training = value


@fault("IDIOM-21", breaks="torch.nn.Module.__setstate__")
def a_copy_is_trained(original, self, state):
    """A copy of a module in eval mode is in training mode."""
    original(self, {**state, "training": True})


@fault("IDIOM-23", breaks="torch.nn.functional.dropout")
def Dropout_drops_in_eval_mode(original, x, p=0.5, training=True, inplace=False):
    return torch.dropout(x, p, True)


@fault("IDIOM-23", breaks="torch.nn.Dropout.__init__")
def Dropout_keeps_its_rate_in_a_buffer(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.register_buffer("rate", torch.tensor(self.p))


@fault("IDIOM-55", breaks="torch.nn.Module.train")
def a_module_changes_its_mode_after_its_submodules(original, self, mode=True):
    if not isinstance(mode, bool):
        return original(self, mode)
    for child in self.children():
        child.train(mode)
    self.training = mode
    return self
