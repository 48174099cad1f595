"""Faults in what ``train()`` and ``eval()`` change."""

import torch
from torch import nn
from torch.nn import functional

from .. import fault

TRAIN = nn.Module.train
MODULE_SETATTR = nn.Module.__setattr__


@fault("IDIOM-01", "IDIOM-22")
def eval_freezes_the_parameters(patch):
    def freeze(self, mode=True):
        return TRAIN(self, mode).requires_grad_(mode)

    patch.setattr(nn.Module, "train", freeze)


@fault("IDIOM-12")
def train_takes_any_value_for_a_mode(patch):
    patch.setattr(nn.Module, "train", lambda self, mode=True: TRAIN(self, bool(mode)))


@fault("IDIOM-12")
def a_mode_that_is_refused_is_set(patch):
    def train(self, mode=True):
        self.training = mode
        return TRAIN(self, mode)

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-13")
def train_evaluates_by_default(patch):
    patch.setattr(nn.Module, "train", lambda self, mode=False: TRAIN(self, mode))


@fault("IDIOM-01", "IDIOM-13")
def train_returns_nothing(patch):
    def train(self, mode=True):
        TRAIN(self, mode)

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-01", "IDIOM-13", "IDIOM-15")
def a_mode_does_not_reach_submodules(patch):
    def train(self, mode=True):
        self.training = mode
        return self

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-14")
def a_mode_stops_at_a_submodule_that_has_it(patch):
    def train(self, mode=True):
        if self.training is not mode:
            self.training = mode
            for module in self.children():
                module.train(mode)
        return self

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-16")
def a_submodule_takes_the_mode_of_its_module(patch):
    def setattr(self, name, value):
        MODULE_SETATTR(self, name, value)
        if isinstance(value, nn.Module):
            value.train(self.training)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("IDIOM-17")
def a_mode_reaches_modules_in_lists(patch):
    def train(self, mode=True):
        for value in vars(self).values():
            for module in value if isinstance(value, list) else ():
                if isinstance(module, nn.Module):
                    module.train(mode)
        return TRAIN(self, mode)

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-18", "IDIOM-19")
def a_mode_passes_by_an_overridden_train(patch):
    def train(self, mode=True):
        for module in self.modules():
            module.training = mode
        return self

    patch.setattr(nn.Module, "train", train)


@fault("IDIOM-19")
def eval_does_not_call_train(patch):
    patch.setattr(nn.Module, "eval", lambda self: TRAIN(self, False))


@fault("IDIOM-20")
def setting_the_training_flag_sets_it_in_submodules(patch):
    def setattr(self, name, value):
        MODULE_SETATTR(self, name, value)
        for module in self.children() if name == "training" and "_modules" in vars(self) else ():
            module.training = value

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("IDIOM-21")
def a_copy_is_trained(patch):
    setstate = nn.Module.__setstate__

    def trained(self, state):
        setstate(self, {**state, "training": True})

    patch.setattr(nn.Module, "__setstate__", trained)


@fault("IDIOM-23")
def Dropout_drops_in_eval_mode(patch):
    def dropout(x, p=0.5, training=True, inplace=False):
        return torch.dropout(x, p, True)

    patch.setattr(functional, "dropout", dropout)


@fault("IDIOM-23")
def Dropout_keeps_its_rate_in_a_buffer(patch):
    init = nn.Dropout.__init__

    def with_buffer(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.register_buffer("rate", torch.tensor(self.p))

    patch.setattr(nn.Dropout, "__init__", with_buffer)


@fault("IDIOM-55")
def a_module_changes_its_mode_after_its_submodules(patch):
    def train(self, mode=True):
        if not isinstance(mode, bool):
            return TRAIN(self, mode)
        for child in self.children():
            child.train(mode)
        self.training = mode
        return self

    patch.setattr(nn.Module, "train", train)
