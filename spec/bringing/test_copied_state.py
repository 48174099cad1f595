"""What a copy of a module holds."""

import copy
import pickle

from ..vocabulary import claim
from ..yours.state import registered
from .marking import different, marked


@claim("ANY-05", source="torch.nn.Module")
def test_a_deep_copy_holds_all_state_and_shares_none_of_it(factory, real_device):
    model = marked(factory().to(real_device))
    copied = copy.deepcopy(model)
    assert type(copied) is type(model)
    assert different(registered(copied), registered(model)) == []
    shared = [name for name, tensor in registered(model).items() if registered(copied)[name] is tensor]
    assert shared == []


@claim("ANY-06", source="torch.nn.Module")
def test_pickle_restores_all_state_also_what_is_in_no_state_dict(factory, real_device):
    model = marked(factory().to(real_device))
    restored = pickle.loads(pickle.dumps(model))
    assert type(restored) is type(model)
    assert different(registered(restored), registered(model)) == []
    assert list(restored.state_dict()) == list(model.state_dict())
