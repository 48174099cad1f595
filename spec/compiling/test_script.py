"""What ``torch.jit.script`` makes of each kind of state."""

import pytest
import torch

from ..vocabulary import BUFFER, BUFFERS, PARAMETERS, PLAIN_TENSOR, PLAIN_VALUE, claim, contrast
from .models import NAMES, ONES, AddsX, ChangesXInPlace, StateOfEveryKind, TiedState, UnusedStateOfEveryKind


@pytest.fixture(scope="module")
def everything():
    model = StateOfEveryKind()
    return model, torch.jit.script(model)


@pytest.fixture(scope="module")
def reloaded(everything, tmp_path_factory):
    file = str(tmp_path_factory.mktemp("script") / "everything.pt")
    torch.jit.save(everything[1], file)
    return torch.jit.load(file)


@claim("GRAPH-09", source="torch.jit.script")
def test_torch_jit_script_makes_a_non_persistent_buffer_persistent(everything):
    """`torch.jit.script` makes a non-persistent buffer persistent: the `state_dict()` of the scripted module holds it,
    and that of the original module does not."""
    model, scripted = everything
    assert list(model.state_dict()) == ["p", "f", "b"]
    assert list(scripted.state_dict()) == ["p", "f", "b", "n"]
    assert [name for name, _ in scripted.named_buffers()] == ["b", "n"]
    assert [name for name, _ in scripted.named_parameters()] == ["p", "f"]


@claim("GRAPH-43", source="torch.jit.script")
def test_a_scripted_module_does_not_load_a_checkpoint_without_its_non_persistent_buffer(everything):
    """The scripted module that `torch.jit.script` makes of a module with a non-persistent buffer raises `RuntimeError`
    when it loads the original's state dict, which lacks that buffer; with `strict=False` it loads the other tensors.
    """
    model, _ = everything
    scripted = torch.jit.script(StateOfEveryKind())
    checkpoint = {name: value * 2 for name, value in model.state_dict().items()}
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "n"'):
        scripted.load_state_dict(checkpoint)
    assert scripted.load_state_dict(checkpoint, strict=False) == (["n"], [])
    assert [scripted.p.tolist(), scripted.n.tolist()] == [[2.0] * 3, [4000.0] * 3]


@claim("GRAPH-44", source="torch.jit.script")
def test_the_model_does_not_load_the_non_persistent_buffer_of_a_scripted_module(everything):
    """A module with a non-persistent buffer raises `RuntimeError` when it loads the state dict of its
    `torch.jit.script` counterpart, which holds that buffer too; `strict=False` reports the key as unexpected."""
    _, scripted = everything
    fresh = StateOfEveryKind()
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "n"'):
        fresh.load_state_dict(scripted.state_dict())
    assert fresh.load_state_dict(scripted.state_dict(), strict=False) == ([], ["n"])


@claim("GRAPH-45", source="torch.jit.script")
@pytest.mark.parametrize("kind", [*PARAMETERS, *BUFFERS, PLAIN_TENSOR])
def test_a_scripted_module_shares_parameters_buffers_and_plain_tensors_with_the_model(kind):
    """A module scripted by `torch.jit.script` shares the memory of the original module's parameters, buffers and plain
    tensors; each keeps its type and `requires_grad`."""
    model = kind.on(AddsX(), "x", torch.zeros(3))
    scripted = torch.jit.script(model)
    assert scripted.x.data_ptr() == model.x.data_ptr()
    assert scripted.x.requires_grad is model.x.requires_grad
    assert type(scripted.x) is type(model.x)


@claim("GRAPH-46", source="torch.jit.script")
def test_a_scripted_module_has_its_own_copy_of_a_number():
    """`torch.jit.script` copies a plain number that the class doesn't declare as a constant: setting it on the original
    module or on the scripted one leaves it unchanged on the other.
    """
    model = PLAIN_VALUE.on(AddsX(), "x", torch.zeros(3))
    scripted = torch.jit.script(model)
    model.x = 7
    assert scripted.x == 3
    assert scripted(ONES).tolist() == [4, 4, 4]
    scripted.x = 9
    assert scripted(ONES).tolist() == [10, 10, 10]
    assert model.x == 7


@claim("GRAPH-47", source="torch.jit.script")
@pytest.mark.parametrize("kind", [*BUFFERS, PLAIN_TENSOR])
def test_running_a_scripted_module_changes_the_tensor_of_the_model(kind):
    """Where `forward` changes a buffer or plain tensor in place, each run of the module that `torch.jit.script` returns
    changes the original module's tensor; scripting alone does not."""
    model = kind.on(ChangesXInPlace(), "x", torch.zeros(3))
    scripted = torch.jit.script(model)
    assert model.x.tolist() == [0, 0, 0]
    assert [scripted(ONES).tolist(), scripted(ONES).tolist()] == [[2, 2, 2], [3, 3, 3]]
    assert model.x.tolist() == [2, 2, 2]


@claim("GRAPH-48", source="torch.jit.script")
def test_a_conversion_of_a_scripted_module_leaves_its_plain_tensor_behind():
    """`.double()` on a module scripted by `torch.jit.script` converts its parameters and buffers and leaves a plain
    tensor in its dtype."""
    scripted = torch.jit.script(StateOfEveryKind()).double()
    assert {scripted.p.dtype, scripted.f.dtype, scripted.b.dtype, scripted.n.dtype} == {torch.float64}
    assert scripted.t.dtype is torch.float32


@claim("GRAPH-65", source="torch.nn.Module.register_buffer")
def test_register_buffer_of_a_scripted_module_replaces_a_buffer_and_adds_none():
    """`register_buffer()` on a module scripted by `torch.jit.script` replaces a buffer that it has; a new name or
    `persistent=False` raises `RuntimeError`, and its buffers stay as they were."""
    scripted = torch.jit.script(BUFFER.on(AddsX(), "x", torch.zeros(3)))
    scripted.register_buffer("x", torch.ones(3))
    with pytest.raises(RuntimeError, match="ScriptModule does not support non-persistent buffers"):
        scripted.register_buffer("x", torch.zeros(3), persistent=False)
    with pytest.raises(RuntimeError, match="Can't add a new parameter after ScriptModule construction"):
        scripted.register_buffer("y", torch.zeros(3))
    assert scripted.x.tolist() == [1, 1, 1]
    assert list(scripted.state_dict()) == ["x"]


class ConstantX(AddsX):
    __constants__ = ["x"]  # noqa: RUF012


@claim("GRAPH-49", source="torch.jit.script")
def test_a_number_that_is_named_a_constant_cannot_be_set_on_a_scripted_module():
    """On a module scripted by `torch.jit.script`, assigning to a number that the class lists in `__constants__` raises
    `RuntimeError`, and the number stays.
    """
    scripted = torch.jit.script(PLAIN_VALUE.on(ConstantX(), "x", torch.zeros(3)))
    with pytest.raises(RuntimeError, match="Can't set constant 'x' which has value:3"):
        scripted.x = 9
    assert scripted.x == 3


@claim("GRAPH-50", source="torch.jit.script")
def test_a_scripted_module_lacks_a_plain_object_and_cannot_use_it_in_forward():
    """`torch.jit.script` leaves out an attribute whose type TorchScript doesn't know, such as `object()`, and raises
    `RuntimeError` if `forward` uses it."""
    model, unable = UnusedStateOfEveryKind(), AddsX()
    model.o = unable.x = object()
    assert not hasattr(torch.jit.script(model), "o")
    with pytest.raises(RuntimeError, match="failed to convert Python type: 'object' to a TorchScript type"):
        torch.jit.script(unable)


@claim("GRAPH-51", source="torch.jit.script")
def test_a_scripted_module_keeps_both_names_of_a_tied_tensor():
    """A module scripted by `torch.jit.script` keeps both names of a tied parameter or buffer in its `state_dict()`, and
    they are still tied."""
    scripted = torch.jit.script(TiedState())
    assert list(scripted.state_dict()) == ["p", "q", "b", "c"]
    assert scripted.p is scripted.q
    assert scripted.b.data_ptr() == scripted.c.data_ptr()


@claim("GRAPH-52", source="torch.jit.save")
@contrast("what survives which route", rows="kind", columns="route", cell="outcome")
@pytest.mark.parametrize("route", ["torch.jit.script"])
@pytest.mark.parametrize("outcome", ["kept"])
@pytest.mark.parametrize("kind", NAMES)
def test_the_file_of_a_scripted_module_keeps_state_of_every_kind(everything, reloaded, kind, route, outcome):
    """A scripted module that went through `torch.jit.save` and `torch.jit.load` keeps the values of its parameters,
    buffers, plain tensors and plain numbers, and computes the same."""
    model, _ = everything
    value = getattr(reloaded, NAMES[kind])
    assert torch.as_tensor(value).tolist() == torch.as_tensor(getattr(model, NAMES[kind])).tolist()
    assert reloaded(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-53", source="torch.jit.load")
def test_a_module_loaded_by_torch_jit_load_keeps_its_parameters_and_buffers(reloaded):
    """A scripted module that went through `torch.jit.save` and `torch.jit.load` lists the same parameters and buffers;
    frozen parameters stay frozen, and non-persistent buffers are in its `state_dict()`."""
    assert [(name, p.requires_grad) for name, p in reloaded.named_parameters()] == [("p", True), ("f", False)]
    assert [name for name, _ in reloaded.named_buffers()] == ["b", "n"]
    assert list(reloaded.state_dict()) == ["p", "f", "b", "n"]
