"""What each kind of state becomes on each road that leads to another module."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import KINDS, NON_PERSISTENT_BUFFER, PLAIN, PLAIN_VALUE, claim, contrast, from_file


def state_dict(model, fresh):
    fresh.load_state_dict(model.state_dict())
    return fresh


def save(model, fresh):
    return from_file(model, weights_only=False)


def deepcopy(model, fresh):
    return copy.deepcopy(model)


def pickled(model, fresh):
    return pickle.loads(pickle.dumps(model))


def shallow(model, fresh):
    return copy.copy(model)


ROUTES = {"state_dict": state_dict, "torch.save": save, "deepcopy": deepcopy, "pickle": pickled, "copy.copy": shallow}
OUTCOMES = {(kind, route): "kept" for kind in KINDS for route in ROUTES}
OUTCOMES |= {(kind, "state_dict"): "lost" for kind in (NON_PERSISTENT_BUFFER, *PLAIN)}
OUTCOMES |= {(kind, "copy.copy"): "shared" for kind in KINDS if kind is not PLAIN_VALUE}


@claim("SER-48", source="torch.nn.Module")
@contrast("what survives which route", rows="kind", columns="route", cell="outcome")
@pytest.mark.parametrize(("kind", "route", "outcome"), [(*pair, outcome) for pair, outcome in OUTCOMES.items()])
def test_each_kind_of_state_is_kept_lost_or_shared_by_each_route_to_another_module(kind, route, outcome):
    """`load_state_dict(model.state_dict())` loses non-persistent buffers and plain attributes, and `copy.copy` shares
    all tensors. In contrast, `torch.save`, `copy.deepcopy` and pickle of the module keep parameters, all buffers and
    plain attributes.
    """
    model, fresh = (kind.on(nn.Module(), "x", torch.zeros(3)) for _ in range(2))
    built = torch.as_tensor(fresh.x).max().item()
    with torch.no_grad():
        model.x += 1  # what training does before the state travels
    arrived = ROUTES[route](model, fresh)
    with torch.no_grad():
        model.x += 1  # and after that
    reached = torch.as_tensor(arrived.x).max().item() - built
    assert {0: "lost", 1: "kept", 2: "shared"}[reached] == outcome
