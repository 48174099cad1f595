"""``get_extra_state()`` and ``set_extra_state()``: what a module saves beside its tensors."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Counting(nn.Module):
    """A Linear with a plain attribute ``count`` that is saved and loaded as extra state."""

    def __init__(self, count=None):
        super().__init__()
        self.linear = nn.Linear(2, 3, bias=False)
        self.register_buffer("b", torch.zeros(1))
        self.count = count
        self.restored = []

    def get_extra_state(self):
        return self.count

    def set_extra_state(self, state):
        self.count = state
        self.restored.append((self.b.item(), self.linear.weight[0, 0].item()))


class Getting(nn.Module):
    """A module that saves extra state and can't load it."""

    def get_extra_state(self):
        return 1


class Setting(nn.Module):
    """A module that loads extra state and doesn't save any."""

    count = None

    def set_extra_state(self, state):
        self.count = state


MODULES = {"itself": ("", lambda module: module), "in a Sequential": ("0.", nn.Sequential)}
VALUES = {"int": 3, "dict": {"steps": [1, 2], "name": "adam"}, "None": None, "tensor": torch.arange(3)}


@claim("HOOK-07", source="torch.nn.Module.get_extra_state")
@pytest.mark.parametrize("value", VALUES)
def test_extra_state_is_saved_and_loaded_as_the_same_object_under_the_key_of_its_module(value):
    """`state_dict()` holds the very object that `get_extra_state()` returns, even None, under the key `_extra_state`
    after the module's prefix; `load_state_dict()` passes it on to `set_extra_state()`.
    """
    saved = nn.ModuleDict({"outer": Counting(VALUES[value])})
    fresh = nn.ModuleDict({"outer": Counting("fresh")})
    saved.outer.child, fresh.outer.child = Counting("nested"), Counting("fresh")
    checkpoint = saved.state_dict()
    assert checkpoint["outer._extra_state"] is VALUES[value]
    assert checkpoint["outer.child._extra_state"] == "nested"
    assert fresh.load_state_dict(checkpoint) == ([], [])
    assert fresh.outer.count is VALUES[value]
    assert fresh.outer.child.count == "nested"


@claim("HOOK-43", source="torch.nn.Module.get_extra_state")
def test_extra_state_comes_between_the_own_state_of_a_module_and_that_of_its_children():
    """In `state_dict()` and among the missing keys of a load, a module's `_extra_state` comes after its own parameters
    and buffers and before those of its submodules.
    """
    model = nn.Sequential(Counting())
    assert list(model.state_dict(prefix="outer.")) == ["outer.0.b", "outer.0._extra_state", "outer.0.linear.weight"]
    assert model.load_state_dict({}, strict=False).missing_keys == ["0.b", "0._extra_state", "0.linear.weight"]


@claim("HOOK-44", source="torch.nn.Module.set_extra_state")
def test_extra_state_is_set_after_the_own_state_is_loaded_and_before_that_of_the_children():
    """`load_state_dict()` calls `set_extra_state()` of a module after loading its own parameters and buffers, and
    before loading those of its submodules.
    """
    model = Counting()
    nn.init.zeros_(model.linear.weight)
    model.load_state_dict({"linear.weight": torch.ones(3, 2), "b": torch.ones(1), "_extra_state": 5})
    assert model.restored == [(1, 0)]
    assert model.linear.weight[0, 0].item() == 1


@claim("HOOK-08", source="torch.nn.Module.get_extra_state")
@pytest.mark.parametrize("place", MODULES)
def test_extra_state_without_a_setter_is_an_unexpected_key_and_a_setter_without_extra_state_a_missing_one(place):
    """A strict load raises `RuntimeError` for an unexpected `_extra_state` where the class defines `get_extra_state()`
    alone, and for a missing one where it defines `set_extra_state()` alone.
    """
    prefix, put = MODULES[place]
    getting, setting, key = put(Getting()), put(Setting()), f"{prefix}_extra_state"
    with pytest.raises(RuntimeError, match=rf'Unexpected key\(s\) in state_dict: "{key}"'):
        getting.load_state_dict(getting.state_dict())
    with pytest.raises(RuntimeError, match=rf'Missing key\(s\) in state_dict: "{key}"'):
        setting.load_state_dict(setting.state_dict())
    for value in (1, 0, None):
        assert getting.load_state_dict({key: value}, strict=False) == ([], [key])
    assert setting.load_state_dict({}, strict=False) == ([key], [])


@claim("HOOK-45", source="torch.nn.Module.set_extra_state")
def test_a_checkpoint_without_extra_state_leaves_that_of_the_module_unchanged():
    """A checkpoint that lacks `_extra_state` leaves the module's extra state unchanged: a strict load raises
    `RuntimeError`, and `strict=False` reports a missing key without calling `set_extra_state()`.
    """
    model = Counting(3)
    checkpoint = model.state_dict()
    del checkpoint["_extra_state"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "_extra_state"\.'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == (["_extra_state"], [])
    assert (model.count, model.restored) == (3, [])


@claim("HOOK-46", source="torch.nn.Module.get_extra_state")
@pytest.mark.parametrize(("method", "args"), [("get_extra_state", ()), ("set_extra_state", (1,))])
def test_getting_or_setting_extra_state_that_the_class_does_not_define_raises(method, args):
    """A module whose class defines no extra state saves no `_extra_state`, and calling its `get_extra_state()` or
    `set_extra_state(state)` raises `RuntimeError`.
    """
    model = nn.Linear(2, 3)
    assert list(model.state_dict()) == ["weight", "bias"]
    with pytest.raises(RuntimeError, match=rf"path in Module.{method}\(\) that should never be called") as error:
        getattr(model, method)(*args)
    assert type(error.value) is RuntimeError


@claim("HOOK-47", source="torch.nn.Module.get_extra_state")
def test_extra_state_is_defined_by_the_class_or_inherited_and_not_by_the_instance():
    """`get_extra_state()` and `set_extra_state()` work where the class defines or inherits them. Assigned only to an
    instance, whose class has neither, they are ignored by `state_dict()` and `load_state_dict()`.
    """

    class Inheriting(Counting):
        pass

    saved, fresh = Inheriting(3), Inheriting("fresh")
    assert fresh.load_state_dict(saved.state_dict()) == ([], [])
    assert fresh.count == 3
    model = nn.Linear(2, 3)
    model.get_extra_state = lambda: 1
    model.set_extra_state = print
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["weight", "bias"]
    assert model.load_state_dict(checkpoint) == ([], [])


@claim("HOOK-48", source="torch.nn.Module.set_extra_state")
def test_an_error_in_set_extra_state_ends_the_load_and_reaches_the_caller_unchanged():
    """A `ValueError` raised in `set_extra_state()` comes out of `load_state_dict()` as it is: state loaded before stays
    loaded, and later submodules are not loaded.
    """

    class Refusing(Setting):
        def set_extra_state(self, state):
            raise ValueError(f"version {state} is too old")

    model = nn.Sequential(nn.Linear(1, 1, bias=False), Refusing(), nn.Linear(1, 1, bias=False))
    nn.init.zeros_(model[2].weight)
    checkpoint = {"0.weight": torch.full((1, 1), 7.0), "1._extra_state": 3, "2.weight": torch.full((1, 1), 7.0)}
    with pytest.raises(ValueError, match="version 3 is too old"):
        model.load_state_dict(checkpoint)
    assert (model[0].weight.item(), model[2].weight.item()) == (7, 0)


@claim("HOOK-09", source="torch.nn.Module.get_extra_state")
@pytest.mark.parametrize("route", ["double()", "to(meta)"])
def test_a_tensor_in_extra_state_is_neither_converted_nor_moved(route, real_device):
    """A plain tensor that `get_extra_state()` returns is neither converted by `.double()` nor moved by `.to("meta")`,
    unlike the buffers: `state_dict()` holds it unchanged.
    """
    model = Counting(torch.ones(3, device=real_device)).to(real_device)
    tensor = model.count
    model = {"double()": model.double, "to(meta)": lambda: model.to("meta")}[route]()
    assert model.state_dict()["_extra_state"] is tensor
    assert (tensor.dtype, tensor.device.type) == (torch.float32, torch.device(real_device).type)
    assert (model.b.dtype, model.b.device.type) != (tensor.dtype, tensor.device.type)
