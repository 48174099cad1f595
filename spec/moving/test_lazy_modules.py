"""Lazy modules: state whose shape the first forward decides."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.optim import SGD

from ..vocabulary import claim

LAZY = {
    nn.LazyLinear: (lambda: nn.LazyLinear(3), nn.Linear, (4, 2), {"weight": (3, 2), "bias": (3,)}),
    nn.LazyConv2d: (lambda: nn.LazyConv2d(3, 2), nn.Conv2d, (1, 2, 4, 4), {"weight": (3, 2, 2, 2), "bias": (3,)}),
    nn.LazyConvTranspose1d: (
        lambda: nn.LazyConvTranspose1d(3, 2),
        nn.ConvTranspose1d,
        (1, 2, 4),
        {"weight": (2, 3, 2), "bias": (3,)},
    ),
    nn.LazyBatchNorm1d: (nn.LazyBatchNorm1d, nn.BatchNorm1d, (4, 2), {"weight": (2,), "bias": (2,)}),
    nn.LazyBatchNorm2d: (nn.LazyBatchNorm2d, nn.BatchNorm2d, (4, 2, 1, 1), {"weight": (2,), "bias": (2,)}),
    nn.LazyBatchNorm3d: (nn.LazyBatchNorm3d, nn.BatchNorm3d, (4, 2, 1, 1, 1), {"weight": (2,), "bias": (2,)}),
    nn.LazyInstanceNorm1d: (
        lambda: nn.LazyInstanceNorm1d(affine=True),
        nn.InstanceNorm1d,
        (4, 2, 3),
        {"weight": (2,), "bias": (2,)},
    ),
}


@claim("META-06", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("Lazy", LAZY)
def test_a_lazy_module_has_uninitialized_parameters_until_its_first_forward(Lazy):
    """A lazy module has uninitialized parameters, whose `.shape` raises `RuntimeError`, until a load or its first
    forward gives them shapes. The first forward changes the module's class: an `nn.LazyLinear` becomes an `nn.Linear`.
    """
    make, Initialized, shape, shapes = LAZY[Lazy]
    model = make()
    assert type(model) is Lazy
    assert {type(parameter) for parameter in model.parameters()} == {UninitializedParameter}
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        model.weight.shape  # noqa: B018
    model(torch.ones(shape))
    assert type(model) is Initialized
    assert {type(parameter) for parameter in model.parameters()} == {nn.Parameter}
    assert {name: parameter.shape for name, parameter in model.named_parameters()} == shapes
    assert all(parameter.requires_grad for parameter in model.parameters())


@claim("META-20", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_an_initialized_lazy_module_keeps_its_shapes_and_none_of_its_lazy_hooks():
    """Once initialized by its first forward, an `nn.LazyLinear` has a fixed `in_features` and no lazy hooks left: an
    input of another size raises `RuntimeError`.
    """
    model = nn.LazyLinear(3)
    assert (len(model._forward_pre_hooks), len(model._load_state_dict_pre_hooks)) == (1, 1)
    model(torch.ones(1, 2))
    assert (model.in_features, model.out_features) == (2, 3)
    assert (len(model._forward_pre_hooks), len(model._load_state_dict_pre_hooks)) == (0, 0)
    assert not hasattr(model, "_initialize_hook")
    assert not hasattr(model, "_load_hook")
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model(torch.ones(1, 7))


@claim("META-07", source="torch.nn.LazyBatchNorm1d")
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_running_statistics_of_LazyBatchNorm_are_uninitialized_buffers_until_its_first_forward(mode):
    """The first forward of an `nn.LazyBatchNorm1d`, in train or eval mode, gives its uninitialized buffers
    `running_mean` and `running_var` their shape and keeps the objects.
    """
    model = getattr(nn.LazyBatchNorm1d(), mode)()
    mean, var = model.running_mean, model.running_var
    assert [type(buffer) for buffer in model.buffers()] == [UninitializedBuffer, UninitializedBuffer, torch.Tensor]
    model(torch.zeros(4, 2))
    assert (model.running_mean is mean, model.running_var is var) == (True, True)
    assert [type(buffer) for buffer in model.buffers()] == [torch.Tensor] * 3
    assert [name for name, _ in model.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    assert [buffer.shape for buffer in model.buffers()] == [(2,), (2,), ()]
    assert model.training is (mode == "train")
    assert model.num_batches_tracked.item() == (mode == "train")


@claim("META-08", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_the_first_forward_keeps_the_parameter_objects_of_a_lazy_module():
    """The first forward of a lazy module keeps its parameter objects, so that an optimizer that was built before this
    forward, such as SGD, trains them.
    """
    model = nn.LazyLinear(3)
    weight, bias = model.weight, model.bias
    optimizer = SGD(model.parameters(), lr=1.0)
    model(torch.ones(4, 2)).sum().backward()
    before = model.bias.tolist()
    optimizer.step()
    assert (model.weight is weight, model.bias is bias) == (True, True)
    assert model.bias.tolist() == pytest.approx([value - 4 for value in before])


CONVERSIONS = {
    "half()": (lambda model: model.half(), torch.float16),
    "double()": (lambda model: model.double(), torch.float64),
    "to(float64)": (lambda model: model.to(torch.float64), torch.float64),
    "to(bfloat16)": (lambda model: model.to(torch.bfloat16), torch.bfloat16),
}


@claim("META-09", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_lazy_module_may_be_converted_before_its_first_forward(convert):
    """Before its first forward, a lazy module can be converted by `.half()`, `.double()` or `.to(dtype)`: it stays
    uninitialized and is later initialized in that dtype.
    """
    convert, dtype = CONVERSIONS[convert]
    model = nn.LazyBatchNorm1d()
    before = [*model.parameters(), model.num_batches_tracked]
    convert(model)
    assert all(now is then for now, then in zip([*model.parameters(), model.num_batches_tracked], before, strict=True))
    assert {type(parameter) for parameter in model.parameters()} == {UninitializedParameter}
    assert [type(buffer) for buffer in model.buffers()] == [UninitializedBuffer, UninitializedBuffer, torch.Tensor]
    model.initialize_parameters(torch.ones(4, 2))
    assert [tensor.dtype for tensor in model.state_dict().values()] == [dtype] * 4 + [torch.int64]


REFUSED = {
    "bfloat16()": lambda model: model.bfloat16(),
    "type()": lambda model: model.type(torch.float64),
    "to_empty()": lambda model: model.to_empty(device="cpu"),
    "to(memory_format=)": lambda model: model.to(memory_format=torch.channels_last),
    "requires_grad_()": lambda model: model.requires_grad_(False),
}


@claim("META-21", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("call", REFUSED)
def test_other_conversions_raise_ValueError_on_a_lazy_module_before_its_first_forward(call):
    """Before its first forward, a lazy module with parameters raises `ValueError` for `.bfloat16()`, `.type(dtype)`,
    `to_empty()`, `.to(memory_format=torch.channels_last)` and `requires_grad_()`, and stays uninitialized.
    """
    model = nn.LazyConv2d(3, 2)
    with pytest.raises(
        ValueError, match=r"Attempted to use an uninitialized parameter in .*Call `forward` with a dummy"
    ):
        REFUSED[call](model)
    assert model.has_uninitialized_params()


@claim("META-22", source="torch.nn.Module.share_memory")
def test_share_memory_raises_RuntimeError_on_a_lazy_module_before_its_first_forward():
    """`share_memory()` on a lazy module before its first forward raises `RuntimeError` and leaves it uninitialized."""
    model = nn.LazyLinear(3)
    with pytest.raises(RuntimeError, match="Can't share memory on an uninitialized parameter or buffer"):
        model.share_memory()
    assert model.has_uninitialized_params()


@claim("META-23", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_move_to_meta_makes_uninitialized_parameters_empty_ones():
    """`.to("meta")` before the first forward makes each uninitialized parameter of a lazy module an `nn.Parameter` of
    shape (0,), which no longer counts as uninitialized.
    """
    model = nn.LazyLinear(3)
    model.to("meta")
    assert not model.has_uninitialized_params()
    assert (type(model.weight), model.weight.shape) == (nn.Parameter, (0,))


@claim("META-24", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_module_built_on_a_device_and_with_a_dtype_keeps_both(real_device):
    """A lazy module built with `device=` and `dtype=` has its parameters on that device and in that dtype after its
    first forward.
    """
    model = nn.LazyLinear(3, device=real_device, dtype=torch.float64)
    assert type(model.weight) is UninitializedParameter
    model(torch.ones(1, 2, dtype=torch.float64, device=real_device))
    assert {(p.device.type, p.dtype) for p in model.parameters()} == {(torch.device(real_device).type, torch.float64)}


@claim("META-25", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("grad", [True, False])
def test_the_first_forward_of_a_lazy_module_keeps_requires_grad_whatever_the_grad_mode(grad):
    """The first forward of a lazy module keeps the `requires_grad` of each parameter, under `torch.no_grad()` too."""
    model = nn.LazyLinear(3)
    model.bias.requires_grad = False
    with torch.set_grad_enabled(grad):
        model(torch.ones(1, 2))
    assert (model.weight.requires_grad, model.bias.requires_grad) == (True, False)
    assert model.weight.is_leaf


def deepcopied(model):
    return copy.deepcopy(model)


def pickled(model):
    return pickle.loads(pickle.dumps(model))


@claim("META-26", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("route", [deepcopied, pickled])
def test_a_copy_of_a_LazyLinear_is_lazy_and_is_initialized_by_its_own_first_forward(route):
    """A copy of an `nn.LazyLinear` by `copy.deepcopy` or pickle is lazy too; its own first forward initializes it and
    leaves the original uninitialized.
    """
    model = nn.LazyLinear(3)
    copied = route(model)
    assert type(copied.weight) is UninitializedParameter
    copied(torch.ones(1, 2))
    assert (type(copied), type(model)) == (nn.Linear, nn.LazyLinear)
    assert type(copied.weight) is nn.Parameter
    assert model.has_uninitialized_params()


class Lazy(LazyModuleMixin, nn.Module):
    """A lazy module that says nothing of how its parameter ``x`` is initialized."""

    def __init__(self):
        super().__init__()
        self.x = UninitializedParameter()

    def forward(self, x, size=None):
        return x


@claim("META-27", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_module_without_initialize_parameters_raises_NotImplementedError():
    """The first forward of a lazy module whose class does not define `initialize_parameters` raises
    `NotImplementedError`.
    """
    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for Lazy"):
        Lazy()(torch.ones(1))


@claim("META-28", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_module_that_leaves_a_parameter_uninitialized_raises_RuntimeError():
    """The first forward of a lazy module raises `RuntimeError` if its `initialize_parameters` leaves a parameter
    uninitialized.
    """

    class Forgetful(Lazy):
        def initialize_parameters(self, x):
            pass

    model = Forgetful()
    with pytest.raises(RuntimeError, match="module Forgetful has not been fully initialized"):
        model(torch.ones(1))
    assert model.has_uninitialized_params()


@claim("META-62", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_module_can_be_initialized_by_a_forward_after_one_that_failed():
    """If the first forward raised `RuntimeError` because `initialize_parameters` left a lazy module uninitialized, a
    later forward can still initialize it.
    """

    class Hesitating(nn.LazyLinear):
        def initialize_parameters(self, x):
            if x.any():
                super().initialize_parameters(x)

    model = Hesitating(3)
    with pytest.raises(RuntimeError, match="has not been fully initialized"):
        model(torch.zeros(1, 2))
    assert model(torch.ones(1, 2)).shape == (1, 3)
    assert type(model) is nn.Linear


class Once(Lazy):
    """A lazy module that keeps its class and counts its initializations."""

    initializations = 0

    def initialize_parameters(self, x, size=None):
        self.initializations += 1
        self.x.materialize((size or len(x),))


@claim("META-29", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_module_without_cls_to_become_keeps_its_class_and_initializes_once():
    """A lazy module whose class sets no `cls_to_become` keeps its class after the first forward, and later forwards
    don't initialize it again.
    """
    model = Once()
    assert model.cls_to_become is None
    model(torch.ones(3))
    model(torch.ones(4))
    assert type(model) is Once
    assert (model.initializations, model.x.shape) == (1, (3,))
    assert not model.has_uninitialized_params()
    assert not hasattr(model, "_load_hook")


@claim("META-30", source="torch.nn.modules.lazy.LazyModuleMixin", since="2.2")
def test_initialize_parameters_gets_the_keyword_arguments_of_the_first_forward():
    """`initialize_parameters` of a lazy module is given the keyword arguments of the first forward along with the
    positional ones.
    """
    model = Once()
    model(torch.ones(3), size=7)
    assert model.x.shape == (7,)


@claim("META-31", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_has_uninitialized_params_looks_at_parameters_and_buffers():
    """`has_uninitialized_params()` of a lazy module is True if a parameter or a buffer of its own is uninitialized, and
    False otherwise.
    """
    both, buffers_only = nn.LazyBatchNorm1d(), nn.LazyBatchNorm1d(affine=False)
    neither = nn.LazyBatchNorm1d(affine=False, track_running_stats=False)
    parameters_only = nn.LazyBatchNorm1d(track_running_stats=False)
    models = (both, buffers_only, parameters_only, neither)
    assert [model.has_uninitialized_params() for model in models] == [True, True, True, False]


@claim("META-32", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_replicating_a_lazy_module_raises_RuntimeError():
    """Replicating a lazy module for `nn.DataParallel` raises `RuntimeError` before its first forward, and after it too
    if its class sets no `cls_to_become`.
    """
    lazy, initialized, keeps_its_class = nn.LazyLinear(3), nn.LazyLinear(3), Once()
    initialized(torch.ones(1, 2))
    keeps_its_class(torch.ones(1))
    for model in (lazy, keeps_its_class):
        with pytest.raises(RuntimeError, match="uninitialized parameters can't be used with `DataParallel`"):
            model._replicate_for_data_parallel()
    assert type(initialized._replicate_for_data_parallel()) is nn.Linear


@claim("META-60", source="torch.nn.modules.lazy.LazyModuleMixin", until="2.4")
def test_building_a_lazy_module_warned_in_older_releases():
    """Before torch 2.4, building a lazy module gave a `UserWarning` that lazy modules are a new feature under heavy
    development; since then it gives none.
    """
    with pytest.warns(UserWarning, match="Lazy modules are a new feature under heavy development"):
        nn.LazyLinear(3)


@claim("META-61", source="torch.nn.modules.lazy.LazyModuleMixin", since="2.4")
@pytest.mark.filterwarnings("error")
def test_building_and_initializing_a_lazy_module_warns_of_nothing():
    """Neither building an `nn.LazyLinear` nor its first forward gives a warning."""
    model = nn.LazyLinear(3)
    model(torch.ones(1, 2))
    assert type(model) is nn.Linear
