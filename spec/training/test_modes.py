"""What ``train()`` and ``eval()`` change."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import FrozenModel, IntegerModel, NestedModel, ToyModel3, claim, core


@core
@claim("IDIOM-01", source="torch.nn.Module.train")
@pytest.mark.parametrize("Model", [NestedModel, FrozenModel, IntegerModel])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_train_and_eval_change_the_training_flag_and_no_state(Model, mode, real_device):
    """`train()` and `eval()` set the `training` flag of a module and its submodules and return the module; its
    parameters and buffers stay the same objects, with values and `requires_grad` unchanged.
    """
    model = Model(5, 10).to(real_device)

    def state():
        tensors = [*model.named_parameters(), *model.named_buffers()]
        return [(name, id(tensor), tensor.dtype, tensor.requires_grad, tensor.tolist()) for name, tensor in tensors]

    before = state()
    assert getattr(model, mode)() is model
    assert {module.training for module in model.modules()} == {mode == "train"}
    assert state() == before


@claim("IDIOM-12", source="torch.nn.Module.train")
@pytest.mark.parametrize("mode", [1, 0, None, "eval", [True]])
def test_train_with_a_mode_that_is_not_a_bool_raises_and_changes_no_mode(mode):
    """`module.train(mode)` raises `ValueError` for a mode that isn't a bool, such as 1, None or `"eval"`, and the
    module and its submodules keep their modes.
    """
    model = NestedModel(5, 10)
    model.body.eval()
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        model.train(mode)
    assert [module.training for module in model.modules()] == [True, False, False, False]


@claim("IDIOM-13", source="torch.nn.Module.train")
def test_a_new_module_is_in_training_mode_and_train_False_puts_it_into_eval_mode():
    """`training` is True on a newly built module and its newly built submodules; `train(False)` makes it False on all
    of them, and `train()` True again.
    """
    model = NestedModel(5, 10)
    assert [module.training for module in model.modules()] == [True] * 4
    assert model.train(False) is model
    assert [module.training for module in model.modules()] == [False] * 4
    assert model.train() is model
    assert [module.training for module in model.modules()] == [True] * 4


@claim("IDIOM-14", source="torch.nn.Module.train")
@pytest.mark.parametrize("mode", [True, False])
def test_train_sets_the_mode_of_every_registered_submodule_at_any_depth(mode):
    """`module.train(mode)` sets the mode of every registered submodule at any depth, in an `nn.ModuleList` too, unless
    the submodule's class overrides `train()`; a submodule that is None is skipped.
    """
    model = nn.Sequential(NestedModel(5, 10), nn.ModuleList([nn.Dropout()]), nn.ModuleDict({"x": nn.ReLU()}))
    model.add_module("nothing", None)
    model[0].body.inner.linear.training = mode
    model[1].training = not mode
    model.train(mode)
    assert [module.training for module in model.modules()] == [mode] * 9


@claim("IDIOM-15", source="torch.nn.Module.train")
def test_eval_of_a_submodule_leaves_the_modules_around_it_in_training_mode(device):
    """`eval()` of a submodule puts this submodule and its own submodules into eval mode and leaves the modules around
    it in training mode.
    """
    model = NestedModel(5, 10).to(device)
    model.body.eval()
    trained = {name: module.training for name, module in model.named_modules()}
    assert trained == {"": True, "body": False, "body.inner": False, "body.inner.linear": False}


@claim("IDIOM-16", source="torch.nn.Module.eval")
def test_a_submodule_assigned_to_a_module_in_eval_mode_keeps_its_own_mode():
    """A new submodule that is assigned to a module in eval mode stays in training mode until `eval()` is called
    again.
    """
    model = NestedModel(5, 10).eval()
    model.dropout = nn.Dropout()
    assert model.dropout.training
    assert not model.training
    assert not model.eval().dropout.training


@claim("IDIOM-17", source="torch.nn.ModuleList")
def test_eval_does_not_reach_a_module_in_a_plain_list():
    """`module.eval()` reaches a module in an `nn.ModuleList`, but not one that is held in a plain Python list, which
    stays in training mode.
    """
    model = nn.Module()
    model.plain = [nn.Dropout()]
    model.registered = nn.ModuleList([nn.Dropout()])
    model.eval()
    assert model.plain[0].training
    assert not model.registered[0].training


class AlwaysEvaluated(nn.BatchNorm1d):
    """The idiom of a BatchNorm that stays in eval mode whatever its model does."""

    def train(self, mode=True):
        return super().train(False)


@claim("IDIOM-18", source="torch.nn.Module.train")
def test_a_submodule_that_overrides_train_chooses_its_own_mode():
    """A submodule whose class overrides `train()` chooses its own mode: a BatchNorm whose `train()` calls
    `super().train(False)` stays in eval mode when `train()` is called on the model around it.
    """
    model = nn.Sequential(AlwaysEvaluated(2), nn.BatchNorm1d(2))
    model.train()
    assert [module.training for module in model] == [False, True]


class Recording(nn.Module):
    """Notes the modes that it is set to."""

    def __init__(self):
        super().__init__()
        self.modes = []

    def train(self, mode=True):
        self.modes.append(mode)
        return super().train(mode)


@claim("IDIOM-19", source="torch.nn.Module.eval")
def test_eval_calls_train_False_which_a_module_or_submodule_may_override():
    """`eval()` calls `train(False)`, so that a `train()` that the module's class overrides is called; `eval()` of a
    module around it calls this `train()` as well.
    """
    model = Recording()
    nn.Sequential(model).eval()
    model.eval()
    model.train()
    assert model.modes == [False, False, True]


@claim("IDIOM-20", source="torch.nn.Module.train")
def test_setting_the_training_flag_by_hand_does_not_reach_the_submodules():
    """Setting `module.training = False` by hand changes the mode of that module alone; its submodules stay in training
    mode.
    """
    model = NestedModel(5, 10)
    model.training = False
    assert [module.training for module in model.modules()] == [False, True, True, True]


@claim("IDIOM-21", source="torch.nn.Module.eval")
def test_the_mode_is_kept_by_a_copy_and_not_by_a_checkpoint():
    """The `training` flag is a plain attribute: `copy.deepcopy` keeps eval mode on a module and its submodules;
    `state_dict()` doesn't contain it, so `load_state_dict()` leaves it unchanged.
    """
    evaluated, fresh = ToyModel3(5, 10).eval(), ToyModel3(5, 10)
    fresh.load_state_dict(evaluated.state_dict())
    assert vars(evaluated)["training"] is False
    assert "training" not in evaluated.state_dict()
    assert fresh.training
    assert not copy.deepcopy(evaluated).training
    assert not copy.deepcopy(evaluated).linear.training


@claim("IDIOM-22", source="torch.nn.Module.eval")
def test_eval_does_not_stop_gradients(real_device):
    """In eval mode, `backward()` still computes the gradients of the parameters of an `nn.Linear`: `eval()` doesn't do
    what `torch.no_grad()` does.
    """
    model = ToyModel3(5, 10).to(real_device).eval()
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    assert model.b1.grad.tolist() == [3] * 10


@claim("IDIOM-23", source="torch.nn.Dropout")
@pytest.mark.parametrize("Dropout", ["Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout"])
def test_Dropout_has_a_mode_and_no_state(Dropout, real_device):
    """`nn.Dropout` and its relatives, such as `nn.AlphaDropout`, have no parameters or buffers; at `p=0.5` they change
    the values of their input in training mode and return them unchanged in eval mode.
    """
    model = getattr(nn, Dropout)(p=0.5).to(real_device)
    x = torch.ones(8, 64, 1, 1, device=real_device)
    assert list(model.state_dict()) == [*model.parameters(), *model.buffers()] == []
    assert not torch.equal(model(x), x)
    assert torch.equal(model.eval()(x), x)


@claim("IDIOM-55", source="torch.nn.Module.train")
def test_a_module_changes_its_own_mode_first_and_then_those_of_its_submodules_one_after_the_other():
    """`module.eval()` sets the `training` flag of the module itself first and then calls `train(False)` of its
    submodules, one after the other in their order.
    """
    seen = []

    class Watching(nn.Module):
        def train(self, mode=True):
            seen.append([module.training for module in model.modules()])
            return super().train(mode)

    model = nn.Sequential(Watching(), Watching())
    model.eval()
    assert seen == [[False, True, True], [False, False, True]]
