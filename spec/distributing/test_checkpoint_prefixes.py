"""The names that ``torch.distributed.checkpoint.state_dict`` gives to what a compiled model or DDP wraps."""

import importlib

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..vocabulary import claim
from .ranks import State

MODULE = "torch.distributed.checkpoint.state_dict"
GET = "torch.distributed.checkpoint.state_dict.get_model_state_dict"
SET = "torch.distributed.checkpoint.state_dict.set_model_state_dict"


@claim("DIST-62", source=GET, since="2.3")
def test_get_model_state_dict_strips_the_prefix_of_compiled_modules(dsd):
    """`get_model_state_dict` leaves out the `"_orig_mod."` of a `torch.compile` wrapper, around the model or within it,
    where `state_dict()` has it: the checkpoint fits the uncompiled model."""
    inner = nn.Sequential(nn.Linear(2, 2), torch.compile(nn.Linear(2, 2), backend="eager"))
    outer = torch.compile(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), backend="eager")
    names = ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert list(inner.state_dict())[2:] == ["1._orig_mod.weight", "1._orig_mod.bias"]
    assert list(outer.state_dict()) == [f"_orig_mod.{name}" for name in names]
    assert list(dsd.get_model_state_dict(inner)) == names
    assert list(dsd.get_model_state_dict(outer)) == names


@claim("DIST-63", source=SET, since="2.3")
def test_set_model_state_dict_loads_the_checkpoint_of_the_original_into_a_compiled_module(dsd):
    """`set_model_state_dict` loads a checkpoint without `"_orig_mod."` into a `torch.compile` wrapper, where
    `load_state_dict()` raises `RuntimeError`."""
    compiled = torch.compile(State(1), backend="eager")
    with pytest.raises(RuntimeError, match=r"Missing key\(s\)"):
        compiled.load_state_dict(State(5).state_dict())
    dsd.set_model_state_dict(compiled, State(5).state_dict())
    assert compiled._orig_mod.numbers() == {"p": 5, "f": 5, "b": 5, "n": 1, "t": 1}


@claim("DIST-64", source=SET, since="2.3")
def test_set_model_state_dict_renames_the_keys_of_the_dict_that_it_loads_into_a_wrapper(dsd):
    """`set_model_state_dict` into a `torch.compile` wrapper puts `"_orig_mod."` before the keys of the very dict that
    it is given: an unwrapped model raises `RuntimeError` for the dict afterwards.
    """
    checkpoint = State(5).state_dict()
    dsd.set_model_state_dict(State(1), checkpoint)
    assert list(checkpoint) == ["p", "f", "b"]
    dsd.set_model_state_dict(torch.compile(State(1), backend="eager"), checkpoint)
    assert set(checkpoint) == {"_orig_mod.p", "_orig_mod.f", "_orig_mod.b"}
    with pytest.raises(RuntimeError, match=r"Missing key\(s\)"):
        State(1).load_state_dict(checkpoint)


def names_of_a_replica(rank):
    dsd = importlib.import_module(MODULE)
    replica = DistributedDataParallel(State(1))
    return list(replica.state_dict()), list(dsd.get_model_state_dict(replica))


@claim("DIST-65", source=GET, since="2.2")
def test_get_model_state_dict_strips_the_prefix_of_DDP(ranks):
    """`get_model_state_dict` leaves out the `"module."` of `DistributedDataParallel` (DDP), where `state_dict()` has
    it."""
    for saved, got in ranks(names_of_a_replica):
        assert saved == ["module.p", "module.f", "module.b"]
        assert got == ["p", "f", "b"]


def a_replica_that_is_set(rank):
    dsd = importlib.import_module(MODULE)
    replica = DistributedDataParallel(State(1))
    dsd.set_model_state_dict(replica, State(5).state_dict())
    return replica.module.numbers()


@claim("DIST-66", source=SET, since="2.3")
def test_set_model_state_dict_loads_the_checkpoint_of_the_original_into_DDP(ranks):
    """`set_model_state_dict` loads the checkpoint of an unwrapped model into a `DistributedDataParallel` (DDP), in
    place; non-persistent buffers stay unchanged."""
    for numbers in ranks(a_replica_that_is_set):
        assert numbers == {"p": 5, "f": 5, "b": 5, "n": 1, "t": 1}
