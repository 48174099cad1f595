"""What an optimizer can be built from, and what raises."""

import warnings

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import NestedModel, ToyModel2, ToyModel3, claim
from .optimizers import OPTIMIZERS


@claim("OPT-08", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_of_a_module_without_parameters_raises(optimizer):
    """Building an optimizer from `module.parameters()` raises `ValueError` if the module has no parameters, even if it
    has buffers.
    """
    model = nn.Module()
    model.register_buffer("x", torch.ones(3))
    with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
        OPTIMIZERS[optimizer](model.parameters())


@claim("OPT-21", source="torch.nn.Module.parameters")
def test_the_iterator_that_parameters_returns_serves_one_optimizer_only(real_device):
    """`module.parameters()` returns an iterator that the first optimizer uses up: building a second one from the same
    iterator raises `ValueError` for an empty list.
    """
    parameters = ToyModel2(5, 10).to(real_device).parameters()
    SGD(parameters, lr=0.1)
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD(parameters, lr=0.1)


@claim("OPT-22", source="torch.optim.Optimizer")
def test_an_optimizer_of_a_single_parameter_that_is_in_no_list_raises(real_device):
    """Building an optimizer from a single parameter instead of a list, as in `optim.SGD(module.b1, lr=0.1)`, raises
    `TypeError`.
    """
    with pytest.raises(TypeError, match="an iterable of Tensors or dicts, but got torch"):
        SGD(ToyModel2(5, 10).to(real_device).b1, lr=0.1)


@claim("OPT-23", source="torch.optim.Optimizer.add_param_group")
def test_a_group_may_name_a_single_parameter_that_is_not_in_a_list(real_device):
    """A parameter group may name a single parameter that is not in a list, as in
    `optim.SGD([{"params": module.b1}], lr=0.1)`.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD([{"params": model.b1}], lr=0.1)
    assert optimizer.param_groups[0]["params"][0] is model.b1
    assert len(optimizer.param_groups[0]["params"]) == 1


@claim("OPT-24", source="torch.optim.Optimizer.add_param_group")
def test_an_optimizer_of_a_buffer_with_a_grad_fn_raises(real_device):
    """By default, building an optimizer from a buffer that has a `grad_fn`, such as a view of a parameter, raises
    `ValueError`, since it is not a leaf.
    """
    model = ToyModel2(5, 10).to(real_device)
    model.register_buffer("derived", model.b1.view(2, 5))
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        SGD([*model.parameters(), *model.buffers()], lr=0.1)


@claim("OPT-25", source="torch.optim.Optimizer.add_param_group")
@pytest.mark.parametrize("value", [3.0, None, "b1"])
def test_adding_a_group_with_a_value_that_is_not_a_tensor_raises(value):
    """`optimizer.add_param_group()` raises `TypeError` for an element of `params` that is neither a tensor nor a pair
    with a name, such as a float, None or a name alone, and adds no group.
    """
    model = ToyModel2(5, 10)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="optimizer can only optimize Tensors"):
        optimizer.add_param_group({"params": [model.b1, value]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-26", source="torch.optim.Optimizer.add_param_group")
def test_adding_a_set_of_parameters_raises_because_it_has_no_order(real_device):
    """`optimizer.add_param_group()` raises `TypeError` for a group whose parameters are a set, which has no order, and
    adds no group.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="organized in ordered collections"):
        optimizer.add_param_group({"params": {model.b1}})
    assert len(optimizer.param_groups) == 1


@claim("OPT-27", source="torch.optim.Optimizer.add_param_group", since="2.1")
def test_adding_a_group_that_is_not_a_dict_raises(real_device):
    """`optimizer.add_param_group()` raises `TypeError` for a group that is not a dict, such as a list of parameters,
    and adds no group.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.linear.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="param_group must be a dict"):
        optimizer.add_param_group([model.b1])
    assert len(optimizer.param_groups) == 1


@claim("OPT-28", source="torch.optim.Optimizer.add_param_group")
def test_adding_a_parameter_to_a_second_group_raises(real_device):
    """`optimizer.add_param_group()` raises `ValueError` for a parameter that is already in another group of the
    optimizer, and adds no group.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        optimizer.add_param_group({"params": [model.b1]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-29", source="torch.optim.Optimizer.add_param_group")
def test_an_optimizer_warns_of_a_parameter_that_is_twice_in_one_group(real_device):
    """Building an optimizer from a list that has one parameter twice, as a tied one by both names, warns with
    `UserWarning`, and its group holds it twice; `module.parameters()` lists it once, without a warning.
    """
    model = ToyModel2(5, 10).to(real_device)
    model.b2 = model.b1
    with pytest.warns(UserWarning, match="a parameter group with duplicate parameters"):
        optimizer = SGD([model.b1, model.b2], lr=1.0)
    assert len(optimizer.param_groups[0]["params"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SGD(model.parameters(), lr=1.0)


@claim("OPT-30", source="torch.optim.Optimizer.add_param_group")
def test_a_group_takes_the_options_that_it_does_not_give_from_the_defaults_of_the_optimizer(real_device):
    """A parameter group is stepped with its own options, such as `lr`, and takes those that it doesn't give from the
    arguments of the optimizer.
    """
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
def test_an_optimizer_holds_the_parameters_themselves_in_the_order_of_parameters(real_device):
    """An optimizer built from `module.parameters()` holds the parameter objects themselves, not copies, in the order in
    which `parameters()` lists them.
    """
    model = NestedModel(5, 10).to(real_device)
    (group,) = SGD(model.parameters(), lr=0.1).param_groups
    assert [id(parameter) for parameter in group["params"]] == [id(parameter) for parameter in model.parameters()]
    assert len(group["params"]) == 4


@claim("OPT-10", source="torch.optim.Optimizer", since="2.6")
def test_an_optimizer_of_named_parameters_keeps_their_names_in_its_state_dict(real_device):
    """An optimizer built from `module.named_parameters()` keeps their names in its `state_dict()`, as `param_names` of
    each group.
    """
    model = NestedModel(5, 10).to(real_device)
    optimizer = SGD(model.named_parameters(), lr=0.1)
    (group,) = optimizer.state_dict()["param_groups"]
    assert group["param_names"] == ["scale", "body.inner.b1", "body.inner.linear.weight", "body.inner.linear.bias"]
    assert group["params"] == [0, 1, 2, 3]
    assert all(isinstance(parameter, nn.Parameter) for parameter in optimizer.param_groups[0]["params"])


@claim("OPT-32", source="torch.optim.Optimizer", since="2.6")
def test_an_optimizer_takes_named_buffers_too(real_device):
    """An optimizer can be built from `module.named_buffers()` as well and keeps the names of the buffers as
    `param_names` of its group.
    """
    model = ToyModel3(5, 10).to(real_device)
    (group,) = SGD(model.named_buffers(), lr=0.1).param_groups
    assert group["param_names"] == ["c1"]
    assert group["params"][0] is model.c1


@claim("OPT-33", source="torch.optim.Optimizer", since="2.6")
def test_parameters_with_and_without_names_in_one_optimizer_raise(real_device):
    """Giving an optimizer parameters with names and others without raises `ValueError`, in one list or by
    `optimizer.add_param_group()`, which then adds no group.
    """
    model = ToyModel2(5, 10).to(real_device)
    with pytest.raises(ValueError, match="all optimizer params should be with/without names"):
        SGD([("b1", model.b1), model.linear.weight], lr=0.1)
    optimizer = SGD([("b1", model.b1)], lr=0.1)
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [model.linear.weight]})
    assert len(optimizer.param_groups) == 1


@claim("OPT-34", source="torch.optim.Optimizer.state_dict")
def test_the_state_dict_of_an_optimizer_of_parameters_without_names_has_no_names(real_device):
    """The `state_dict()` of an optimizer built from `module.parameters()` has no `param_names`: it knows the parameters
    by their position only.
    """
    (group,) = SGD(ToyModel2(5, 10).to(real_device).parameters(), lr=0.1).state_dict()["param_groups"]
    assert "param_names" not in group
    assert group["params"] == [0, 1, 2]
