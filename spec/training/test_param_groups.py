"""What an optimizer takes, and what it refuses."""

import warnings

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import NestedModel, ToyModel2, ToyModel3, claim
from .optimizers import OPTIMIZERS


@claim("OPT-08", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_of_a_module_without_parameters_is_refused(optimizer):
    model = nn.Module()
    model.register_buffer("x", torch.ones(3))
    with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
        OPTIMIZERS[optimizer](model.parameters())


@claim("OPT-21", source="torch.nn.Module.parameters")
def test_the_iterator_of_parameters_feeds_one_optimizer_only(real_device):
    parameters = ToyModel2(5, 10).to(real_device).parameters()
    SGD(parameters, lr=0.1)
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD(parameters, lr=0.1)


@claim("OPT-22", source="torch.optim.Optimizer")
def test_a_parameter_that_is_not_in_an_iterable_is_refused(real_device):
    with pytest.raises(TypeError, match="an iterable of Tensors or dicts, but got torch"):
        SGD(ToyModel2(5, 10).to(real_device).b1, lr=0.1)


@claim("OPT-23", source="torch.optim.Optimizer.add_param_group")
def test_a_group_may_name_a_single_parameter_that_is_not_in_a_list(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD([{"params": model.b1}], lr=0.1)
    assert optimizer.param_groups[0]["params"][0] is model.b1
    assert len(optimizer.param_groups[0]["params"]) == 1


@claim("OPT-24", source="torch.optim.Optimizer.add_param_group")
def test_a_buffer_with_a_history_is_refused(real_device):
    model = ToyModel2(5, 10).to(real_device)
    model.register_buffer("derived", model.b1.view(2, 5))
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        SGD([*model.parameters(), *model.buffers()], lr=0.1)


@claim("OPT-25", source="torch.optim.Optimizer.add_param_group")
@pytest.mark.parametrize("value", [3.0, None, "b1"])
def test_what_is_no_tensor_is_refused(value):
    model = ToyModel2(5, 10)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="optimizer can only optimize Tensors"):
        optimizer.add_param_group({"params": [model.b1, value]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-26", source="torch.optim.Optimizer.add_param_group")
def test_a_set_of_parameters_is_refused_because_it_has_no_order(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="organized in ordered collections"):
        optimizer.add_param_group({"params": {model.b1}})
    assert len(optimizer.param_groups) == 1


@claim("OPT-27", source="torch.optim.Optimizer.add_param_group", since="2.1")
def test_a_group_that_is_no_dict_is_refused(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="param_group must be a dict"):
        optimizer.add_param_group([model.b1])
    assert len(optimizer.param_groups) == 1


@claim("OPT-28", source="torch.optim.Optimizer.add_param_group")
def test_a_parameter_is_refused_in_a_second_group(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        optimizer.add_param_group({"params": [model.b1]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-11", source="torch.nn.Module.parameters")
def test_a_tied_parameter_is_in_the_optimizer_and_stepped_once(real_device):
    model = ToyModel2(5, 10).to(real_device)
    model.b2 = model.b1
    optimizer = SGD(model.parameters(), lr=1.0)
    assert sum(parameter is model.b1 for parameter in optimizer.param_groups[0]["params"]) == 1
    with torch.no_grad():
        model.b1.zero_()
    model.b1.grad = torch.ones_like(model.b1)
    optimizer.step()
    assert model.b2.tolist() == [-1] * 10


@claim("OPT-29", source="torch.optim.Optimizer.add_param_group")
def test_a_parameter_given_twice_in_one_group_is_warned_about(real_device):
    model = ToyModel2(5, 10).to(real_device)
    model.b2 = model.b1
    with pytest.warns(UserWarning, match="a parameter group with duplicate parameters"):
        optimizer = SGD([model.b1, model.b2], lr=1.0)
    assert len(optimizer.param_groups[0]["params"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SGD(model.parameters(), lr=1.0)


@claim("OPT-30", source="torch.optim.Optimizer.add_param_group")
def test_a_group_takes_from_the_defaults_what_it_does_not_say(real_device):
    model = ToyModel2(5, 10).to(real_device)
    groups = [{"params": [model.b1], "lr": 2.0}, {"params": model.linear.parameters()}]
    optimizer = SGD(groups, lr=1.0, weight_decay=0.5)
    assert [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups] == [(2.0, 0.5), (1.0, 0.5)]
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 2]
    for tensor in (model.b1, model.linear.bias):
        tensor.detach().zero_()
        tensor.grad = torch.ones_like(tensor)
    optimizer.step()
    assert model.b1.tolist() == [-2] * 10
    assert model.linear.bias.tolist() == [-1] * 10


@claim("OPT-31", source="torch.optim.Optimizer")
def test_an_optimizer_holds_the_parameters_themselves_in_the_order_in_which_they_are_listed(real_device):
    model = NestedModel(5, 10).to(real_device)
    (group,) = SGD(model.parameters(), lr=0.1).param_groups
    assert [id(parameter) for parameter in group["params"]] == [id(parameter) for parameter in model.parameters()]
    assert len(group["params"]) == 4


@claim("OPT-10", source="torch.optim.Optimizer", since="2.6")
def test_an_optimizer_of_named_parameters_keeps_their_names_in_its_state_dict(real_device):
    model = NestedModel(5, 10).to(real_device)
    optimizer = SGD(model.named_parameters(), lr=0.1)
    (group,) = optimizer.state_dict()["param_groups"]
    assert group["param_names"] == ["scale", "body.toy.b1", "body.toy.linear.weight", "body.toy.linear.bias"]
    assert group["params"] == [0, 1, 2, 3]
    assert all(isinstance(parameter, nn.Parameter) for parameter in optimizer.param_groups[0]["params"])


@claim("OPT-32", source="torch.optim.Optimizer", since="2.6")
def test_an_optimizer_takes_named_buffers_too(real_device):
    model = ToyModel3(5, 10).to(real_device)
    (group,) = SGD(model.named_buffers(), lr=0.1).param_groups
    assert group["param_names"] == ["c1"]
    assert group["params"][0] is model.c1


@claim("OPT-33", source="torch.optim.Optimizer", since="2.6")
def test_parameters_with_and_without_names_do_not_go_together(real_device):
    model = ToyModel2(5, 10).to(real_device)
    with pytest.raises(ValueError, match="all optimizer params should be with/without names"):
        SGD([("b1", model.b1), model.linear.weight], lr=0.1)
    optimizer = SGD([("b1", model.b1)], lr=0.1)
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [model.linear.weight]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-34", source="torch.optim.Optimizer.state_dict")
def test_the_state_dict_of_an_optimizer_of_bare_parameters_has_no_names(real_device):
    (group,) = SGD(ToyModel2(5, 10).to(real_device).parameters(), lr=0.1).state_dict()["param_groups"]
    assert "param_names" not in group
    assert group["params"] == [0, 1, 2]
