"""What a copy of a module holds."""

import copy
import pickle

from ..checking.state import registered
from ..vocabulary import claim
from .marking import different, marked


@claim("ANY-05", source="torch.nn.Module")
def test_a_deep_copy_holds_equal_parameters_and_buffers_and_shares_none(factory, real_device):
    """`copy.deepcopy` of a non-lazy `torch.nn` module copies every parameter and buffer: the values are equal, and no
    object is the original's; this specification's option `--model` tests a module of yours.
    """
    model = marked(factory().to(real_device))
    copied = copy.deepcopy(model)
    assert type(copied).__qualname__ == type(model).__qualname__
    assert different(registered(copied), registered(model)) == []
    shared = [name for name, tensor in registered(model).items() if registered(copied)[name] is tensor]
    assert shared == []


@claim("ANY-06", source="torch.nn.Module")
def test_pickle_restores_every_parameter_and_buffer(factory, real_device):
    """`pickle` restores all parameters and buffers, non-persistent ones included, of a `torch.nn` module that is not
    lazy and holds no lambda and no parametrization. This specification's option `--model` tests a module of yours.
    """
    model = marked(factory().to(real_device))
    restored = pickle.loads(pickle.dumps(model))
    assert type(restored).__qualname__ == type(model).__qualname__
    assert different(registered(restored), registered(model)) == []
    assert list(restored.state_dict()) == list(model.state_dict())
