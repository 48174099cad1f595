"""What a module saves, and what another instance of its class restores."""

import torch

from ..vocabulary import claim
from .marking import different, marked


@claim("ANY-01", source="torch.nn.Module.state_dict")
def test_every_parameter_is_in_the_state_dict_under_its_own_name(factory):
    """Every parameter of a `torch.nn` module is in its `state_dict()` under the name that `named_parameters()` gives;
    this specification's option `--model` tests a module of yours.
    """
    model = factory()
    saved = model.state_dict(keep_vars=True)
    missing = [name for name, parameter in model.named_parameters() if saved.get(name) is not parameter]
    assert missing == []


@claim("ANY-02", source="torch.nn.Module.state_dict")
def test_every_tensor_in_the_state_dict_is_a_parameter_or_a_buffer(factory):
    """Every tensor in `state_dict(keep_vars=True)` of a module that `torch.nn` itself defines, such as `nn.LSTM`, is
    one of the module's parameters or buffers. This specification's option `--model` tests a module of yours.
    """
    model = factory()
    listed = {id(tensor) for tensor in [*model.parameters(), *model.buffers()]}
    saved = model.state_dict(keep_vars=True)
    unlisted = [name for name, tensor in saved.items() if torch.is_tensor(tensor) and id(tensor) not in listed]
    assert unlisted == []


@claim("ANY-03", source="torch.nn.Module.load_state_dict")
def test_a_new_instance_restores_from_a_file_everything_that_was_saved(factory, real_device, tmp_path):
    """A new instance of a non-lazy `torch.nn` module restores a saved state dict through
    `torch.load(weights_only=True)` and a strict load, with equal values; this specification's option `--model` tests a
    module of yours.

    Beware of a library's own `load_state_dict`, which need not return the missing and unexpected keys.
    """
    trained, fresh = marked(factory().to(real_device)), factory().to(real_device)
    torch.save(trained.state_dict(), tmp_path / "model.pth")
    fresh.load_state_dict(torch.load(tmp_path / "model.pth", map_location="cpu", weights_only=True))
    assert different(fresh.state_dict(), trained.state_dict()) == []


@claim("ANY-04", source="torch.nn.Module.load_state_dict")
def test_the_state_dict_names_the_same_tensors_in_every_instance(factory):
    """Two instances of a `torch.nn` module that are built alike have `state_dict()` keys in the same order and tensors
    of the same shapes; this specification's option `--model` tests modules of yours.
    """
    one, other = factory().state_dict(), factory().state_dict()
    assert list(one) == list(other)
    assert [name for name in one if getattr(one[name], "shape", None) != getattr(other[name], "shape", None)] == []
