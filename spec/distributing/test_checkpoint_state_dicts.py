"""What ``torch.distributed.checkpoint.state_dict`` says of a model, beside its own ``state_dict()``."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ..vocabulary import claim
from .ranks import State

GET = "torch.distributed.checkpoint.state_dict.get_model_state_dict"
SET = "torch.distributed.checkpoint.state_dict.set_model_state_dict"
OPTIONS = "torch.distributed.checkpoint.state_dict.StateDictOptions"


def memory(tensors):
    return {name: tensor.data_ptr() for name, tensor in tensors.items()}


@claim("DIST-47", source=GET, since="2.2")
def test_get_model_state_dict_holds_what_state_dict_holds(dsd):
    """For an unwrapped model with state, `get_model_state_dict` of `torch.distributed.checkpoint.state_dict` returns
    what `state_dict()` does: parameters, frozen ones included, and persistent buffers. These share the model's memory.
    """
    model = State(1)
    saved = dsd.get_model_state_dict(model)
    assert list(saved) == list(model.state_dict()) == ["p", "f", "b"]
    assert memory(saved) == memory(model.state_dict())


@claim("DIST-48", source=OPTIONS, since="2.2")
@pytest.mark.parametrize("option", ["full_state_dict", "cpu_offload"])
def test_a_full_or_offloaded_state_dict_of_a_module_on_the_cpu_is_no_copy(dsd, option):
    """`get_model_state_dict` of an unsharded module on the CPU returns tensors that share the module's memory and
    change with it, even with `full_state_dict=True` or `cpu_offload=True`.
    """
    model = State(1)
    saved = dsd.get_model_state_dict(model, options=dsd.StateDictOptions(**{option: True}))
    assert memory(saved) == {"p": model.p.data_ptr(), "f": model.f.data_ptr(), "b": model.b.data_ptr()}
    model.fill(2)
    assert [tensor.tolist() for tensor in saved.values()] == [[2, 2, 2, 2]] * 3
    assert [tensor.requires_grad for tensor in saved.values()] == [False, False, False]


@claim("DIST-49", source=OPTIONS, since="2.2")
def test_ignore_frozen_params_leaves_out_frozen_parameters_and_keeps_buffers(dsd):
    """`get_model_state_dict` with `ignore_frozen_params=True` leaves out frozen parameters; trainable ones and
    persistent buffers stay."""
    ignoring = dsd.StateDictOptions(ignore_frozen_params=True)
    model = nn.Sequential(State(1), nn.Linear(2, 2), nn.BatchNorm1d(2))
    model[1].requires_grad_(False)
    model[2].requires_grad_(False)
    assert list(dsd.get_model_state_dict(model, options=ignoring)) == [
        "0.p",
        "0.b",
        "2.running_mean",
        "2.running_var",
        "2.num_batches_tracked",
    ]


@claim("DIST-50", source=OPTIONS, since="2.2")
def test_ignore_frozen_params_leaves_out_the_first_name_of_a_tied_parameter_alone(dsd):
    """`get_model_state_dict` with `ignore_frozen_params=True` leaves out a tied frozen parameter under its first name
    only: under its second name it is in the dict.
    """
    model = nn.Module()
    model.p = model.q = nn.Parameter(torch.ones(2), requires_grad=False)
    model.r = nn.Parameter(torch.ones(2))
    ignoring = dsd.StateDictOptions(ignore_frozen_params=True)
    assert list(dsd.get_model_state_dict(model)) == ["p", "q", "r"]
    assert list(dsd.get_model_state_dict(model, options=ignoring)) == ["q", "r"]


@claim("DIST-51", source=SET, since="2.2")
def test_set_model_state_dict_requires_the_frozen_parameters_that_it_is_told_to_ignore(dsd):
    """What `get_model_state_dict` returns with `ignore_frozen_params=True` lacks the frozen parameters, so
    `set_model_state_dict` with this option alone raises `RuntimeError` for it. With `strict=False` in addition, it
    loads.
    """
    ignoring = dsd.StateDictOptions(ignore_frozen_params=True)
    saved = dsd.get_model_state_dict(State(5), options=ignoring)
    model = State(1)
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "f"'):
        dsd.set_model_state_dict(model, dict(saved), options=ignoring)
    model = State(1)
    lenient = dsd.StateDictOptions(ignore_frozen_params=True, strict=False)
    result = dsd.set_model_state_dict(model, dict(saved), options=lenient)
    assert result.missing_keys == ["f"]
    assert model.numbers() == {"p": 5, "f": 1, "b": 5, "n": 1, "t": 1}


@claim("DIST-52", source=GET, since="2.2")
def test_get_model_state_dict_holds_tied_state_under_both_names(dsd):
    """`get_model_state_dict` holds a tied parameter, and each tensor of a submodule with two names, under both names
    and with one memory."""
    model = nn.Module()
    model.p = model.q = nn.Parameter(torch.ones(2))
    model.x = model.y = nn.Linear(2, 2, bias=False)
    saved = dsd.get_model_state_dict(model)
    assert list(saved) == ["p", "q", "x.weight", "y.weight"]
    assert saved["p"].data_ptr() == saved["q"].data_ptr() == model.p.data_ptr()
    assert saved["x.weight"].data_ptr() == saved["y.weight"].data_ptr() == model.x.weight.data_ptr()


@claim("DIST-53", source="torch.optim.swa_utils.AveragedModel", since="2.2")
@pytest.mark.parametrize(
    ("wrap", "more"), [(nn.DataParallel, []), (AveragedModel, ["n_averaged"])], ids=["DataParallel", "AveragedModel"]
)
def test_get_model_state_dict_keeps_the_prefix_of_other_wrappers(dsd, wrap, more):
    """`get_model_state_dict` of an `nn.DataParallel` or `AveragedModel` keeps the prefix `"module."`, so that the
    unwrapped model raises `RuntimeError` for this checkpoint.
    """
    saved = dsd.get_model_state_dict(wrap(State(1)))
    assert list(saved) == [*more, "module.p", "module.f", "module.b"]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\)"):
        State(2).load_state_dict(saved)


@claim("DIST-54", source=SET, since="2.2")
@pytest.mark.parametrize("options", [{}, {"full_state_dict": True}, {"cpu_offload": True}], ids=str)
def test_set_model_state_dict_writes_into_the_tensors_of_the_module(dsd, options):
    """`set_model_state_dict` writes into the module's parameters and persistent buffers, which stay the same objects,
    as `load_state_dict()` does; non-persistent buffers and plain tensors stay unchanged."""
    model = State(1)
    tensors = [model.p, model.f, model.b]
    dsd.set_model_state_dict(model, State(5).state_dict(), options=dsd.StateDictOptions(**options))
    assert model.numbers() == {"p": 5, "f": 5, "b": 5, "n": 1, "t": 1}
    assert all(new is old for new, old in zip([model.p, model.f, model.b], tensors, strict=True))
    assert [model.p.requires_grad, model.f.requires_grad] == [True, False]


@claim("DIST-55", source=OPTIONS, since="2.2")
def test_without_strict_set_model_state_dict_returns_the_names_that_do_not_match(dsd):
    """Without `full_state_dict=True`, `set_model_state_dict` with `strict=False` loads what matches and returns missing
    and unexpected names; with `strict=True`, the default, it raises `RuntimeError` for such names, but has then loaded
    what matches.
    """
    checkpoint = {"p": torch.full((4,), 5.0), "z": torch.ones(1)}
    model, failing = State(1), State(1)
    result = dsd.set_model_state_dict(model, dict(checkpoint), options=dsd.StateDictOptions(strict=False))
    assert (result.missing_keys, result.unexpected_keys) == (["f", "b"], ["z"])
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "f", "b"'):
        dsd.set_model_state_dict(failing, dict(checkpoint))
    assert model.numbers() == failing.numbers() == {"p": 5, "f": 1, "b": 1, "n": 1, "t": 1}


@claim("DIST-56", source=OPTIONS, since="2.2")
@pytest.mark.parametrize("options", [{}, {"strict": False}, {"full_state_dict": True, "strict": False}], ids=str)
def test_set_model_state_dict_raises_for_another_shape_with_every_option(dsd, options):
    """`set_model_state_dict` raises `RuntimeError` for a tensor of another shape, with `strict=False` and
    `full_state_dict=True` too."""
    model = State(1)
    with pytest.raises(RuntimeError, match="size mismatch for p"):
        dsd.set_model_state_dict(
            model, {**State(5).state_dict(), "p": torch.ones(3)}, options=dsd.StateDictOptions(**options)
        )
    assert model.p.tolist() == [1, 1, 1, 1]


@claim("DIST-57", source=OPTIONS, since="2.2")
def test_a_full_state_dict_of_another_dtype_is_converted_as_in_a_load(dsd):
    """`set_model_state_dict`, with `full_state_dict=True` too, converts a value to the dtype of the module's tensor, as
    `load_state_dict()` does."""
    for options in ({}, {"full_state_dict": True}):
        model = nn.Linear(1, 1)
        checkpoint = nn.Linear(1, 1).double().state_dict()
        checkpoint["weight"].fill_(7)
        dsd.set_model_state_dict(model, checkpoint, options=dsd.StateDictOptions(**options))
        assert model.weight.dtype is torch.float32
        assert model.weight.item() == 7


class Counting(nn.Module):
    def __init__(self, steps):
        super().__init__()
        self.p, self.steps = nn.Parameter(torch.zeros(1)), steps

    def get_extra_state(self):
        return {"steps": self.steps}

    def set_extra_state(self, state):
        self.steps = state["steps"]


@claim("DIST-58", source=SET, since="2.3")
def test_set_model_state_dict_sets_extra_state(dsd):
    """By default, the dict that `get_model_state_dict` returns includes the extra state of a module, and
    `set_model_state_dict` hands it to `set_extra_state()`.
    """
    saved = dsd.get_model_state_dict(Counting(7))
    assert list(saved) == ["p", "_extra_state"]
    model = Counting(0)
    dsd.set_model_state_dict(model, saved)
    assert model.steps == 7


@claim("DIST-59", source=OPTIONS, since="2.2")
def test_keep_submodule_prefixes_False_names_state_from_the_submodule_on(dsd):
    """`get_model_state_dict(model, submodules={model.b})` holds the state of this submodule alone, under its names in
    `model`; with `keep_submodule_prefixes=False` under its names in the submodule.
    """
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    assert list(dsd.get_model_state_dict(model, submodules={model["b"]})) == ["b.weight", "b.bias"]
    short = dsd.StateDictOptions(keep_submodule_prefixes=False)
    assert list(dsd.get_model_state_dict(model, submodules={model["b"]}, options=short)) == ["weight", "bias"]


@claim("DIST-60", source=GET, since="2.2")
def test_get_model_state_dict_of_a_module_without_state_raises_an_error_about_the_process_group(dsd):
    """Without a process group, `get_model_state_dict` of a module without parameters and persistent buffers raises
    `ValueError` about the process group, where `state_dict()` returns an empty dict.
    """
    assert nn.ReLU().state_dict() == {}
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        dsd.get_model_state_dict(nn.ReLU())


@claim("DIST-61", source=OPTIONS, since="2.7")
def test_a_full_state_dict_set_into_a_model_that_is_partly_meta_rebinds_all_of_it(dsd):
    """`set_model_state_dict` leaves a part of a model that is on meta there; with `full_state_dict=True` it fills that
    part, and also rebinds the parameters that had values.
    """
    checkpoint = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).state_dict()
    left = nn.Sequential(nn.Linear(2, 2, device="meta"), nn.Linear(2, 2))
    dsd.set_model_state_dict(left, dict(checkpoint))
    assert left[0].weight.is_meta
    model = nn.Sequential(nn.Linear(2, 2, device="meta"), nn.Linear(2, 2))
    second = model[1].weight
    dsd.set_model_state_dict(model, dict(checkpoint), options=dsd.StateDictOptions(full_state_dict=True))
    assert model[0].weight.tolist() == checkpoint["0.weight"].tolist()
    assert model[1].weight.tolist() == checkpoint["1.weight"].tolist()
    assert model[1].weight is not second
