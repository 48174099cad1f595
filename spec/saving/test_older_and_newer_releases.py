"""What one release wrote and another reads; what the files are is said in ``checkpoints/__init__.py``."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import NonPersistentModel, ToyModel3, claim
from .checkpoints import FOLDER, build

RELEASES = ["1.13.1", "2.15.0"]


@claim("SER-49", source="torch.load")
@pytest.mark.parametrize("release", RELEASES)
def test_the_state_dict_of_an_older_or_newer_release_loads_under_weights_only(release):
    """A state dict of tensors without Python attributes, saved by torch 1.13.1 or 2.15.0 with `keep_vars=True`, loads
    by `torch.load(weights_only=True)` on older and newer releases, frozen parameters and `_metadata` included.
    """
    saved = torch.load(FOLDER / f"state-dict-{release}.pt", weights_only=True)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    assert model.load_state_dict(saved) == ([], [])
    assert [value.flatten()[0].item() for value in model.state_dict().values()] == [0, 1, 2, 3, 4, 5, 3]
    assert saved._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 2}}
    assert type(saved["0.weight"]) is nn.Parameter
    assert [saved["0.weight"].requires_grad, saved["0.bias"].requires_grad] == [False, True]


@claim("SER-50", source="torch.load")
@pytest.mark.parametrize("release", RELEASES)
def test_a_module_that_an_older_or_newer_release_pickled_computes_and_saves_as_one_that_is_built_here(release):
    """A whole module of layers such as `nn.Linear`, pickled by torch 1.13.1 or 2.15.0, loads by
    `torch.load(weights_only=False)` on older and newer releases. It then computes and saves as one built there.
    """
    model, built = torch.load(FOLDER / f"module-{release}.pt", weights_only=False), build()
    assert torch.equal(model(torch.ones(1, 2)), built(torch.ones(1, 2)))
    assert [name for name, _ in model.named_buffers()] == [name for name, _ in built.named_buffers()]
    assert list(model.state_dict()) == list(built.state_dict())
    assert not model.training
    assert model.x.tolist() == [7, 7]


@claim("SER-51", source="torch.nn.Module")
@pytest.mark.parametrize("release", RELEASES)
def test_a_module_that_an_older_or_newer_release_pickled_runs_hooks_registered_afterwards(release):
    """A whole module that torch 1.13.1 or 2.15.0 pickled takes forward, state-dict and load hooks on older and newer
    releases, and runs them.
    """
    model, called = torch.load(FOLDER / f"module-{release}.pt", weights_only=False), []
    model.register_forward_pre_hook(lambda *_: called.append("forward pre"))
    model.register_forward_hook(lambda *_: called.append("forward"))
    model._register_load_state_dict_pre_hook(lambda *_: called.append("load pre"))
    model.register_load_state_dict_post_hook(lambda *_: called.append("load post"))
    model._register_state_dict_hook(lambda *_: called.append("state dict"))
    model(torch.ones(1, 2))
    model.load_state_dict(model.state_dict())
    assert called == ["forward pre", "forward", "state dict", "load pre", "load post"]


FILLED_IN = [
    "_forward_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_non_persistent_buffers_set",
    "_is_full_backward_hook",
]
FILLED_IN_LATER = [
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_with_kwargs",
    "_state_dict_pre_hooks",
    "_backward_pre_hooks",
]


@claim("SER-28", source="torch.nn.Module")
@pytest.mark.parametrize("entry", FILLED_IN)
def test_internal_dicts_that_a_pickle_of_an_older_release_lacks_are_filled_in(entry):
    """`__setstate__` of a module pickled by an older release fills in the internal dicts that the pickle lacks, such as
    the one of forward pre-hooks, with those of a new module.
    """
    fresh, state = ToyModel3(5, 10), dict(vars(ToyModel3(5, 10)))
    del state[entry]
    revived = ToyModel3.__new__(ToyModel3)
    revived.__setstate__(state)
    assert vars(revived)[entry] == vars(fresh)[entry]
    assert type(vars(revived)[entry]) is type(vars(fresh)[entry])
    assert revived.load_state_dict(fresh.state_dict()) == ([], [])
    assert torch.equal(revived(torch.ones(1, 5)), fresh(torch.ones(1, 5)))


@claim("SER-29", source="torch.nn.Module", since="2.0")
@pytest.mark.parametrize("entry", FILLED_IN_LATER)
def test_hook_dicts_that_a_pickle_of_torch_1_lacks_are_filled_in(entry):
    """`__setstate__` gives a module that torch 1 pickled the dicts of hooks that came with torch 2.0, each new and
    empty.
    """
    state = dict(vars(ToyModel3(5, 10)))
    del state[entry]
    revived = ToyModel3.__new__(ToyModel3)
    revived.__setstate__(state)
    assert vars(revived)[entry] == OrderedDict()
    assert type(vars(revived)[entry]) is OrderedDict
    assert vars(revived)[entry] is not vars(ToyModel3(5, 10))[entry]


@claim("SER-30", source="torch.nn.Module", since="2.1")
def test_the_hook_dict_that_a_pickle_of_torch_2_0_lacks_is_filled_in():
    """`__setstate__` gives a module that torch 2.0 pickled an empty `_forward_hooks_always_called`, which came with
    torch 2.1.
    """
    state = dict(vars(ToyModel3(5, 10)))
    del state["_forward_hooks_always_called"]
    revived = ToyModel3.__new__(ToyModel3)
    revived.__setstate__(state)
    assert type(revived._forward_hooks_always_called) is OrderedDict
    assert not revived._forward_hooks_always_called


@claim("SER-31", source="torch.nn.Module")
@pytest.mark.parametrize("entry", [*FILLED_IN, *FILLED_IN_LATER, "_forward_hooks_always_called"])
def test_internal_dicts_that_a_pickle_holds_are_kept(entry):
    """`__setstate__` of a module keeps an internal dict or set that the pickle has, and fills in only those that are
    absent.
    """
    model = NonPersistentModel(5, 10)
    state = {**vars(model), entry: {"d1"}}
    revived = NonPersistentModel.__new__(NonPersistentModel)
    revived.__setstate__(state)
    assert vars(revived)[entry] is state[entry]
