"""What ``torch.jit.script`` makes of each kind of state."""

import pytest
import torch

from ..vocabulary import BUFFER, BUFFERS, PARAMETERS, PLAIN_TENSOR, PLAIN_VALUE, claim, contrast
from .models import NAMES, ONES, Adding, Counting, Everything, Idle, Tied


@pytest.fixture(scope="module")
def everything():
    model = Everything()
    return model, torch.jit.script(model)


@pytest.fixture(scope="module")
def reloaded(everything, tmp_path_factory):
    file = str(tmp_path_factory.mktemp("script") / "everything.pt")
    torch.jit.save(everything[1], file)
    return torch.jit.load(file)


@claim("GRAPH-09", source="torch.jit.script")
def test_torch_jit_script_makes_a_non_persistent_buffer_persistent(everything):
    model, scripted = everything
    assert list(model.state_dict()) == ["p", "f", "b"]
    assert list(scripted.state_dict()) == ["p", "f", "b", "n"]
    assert [name for name, _ in scripted.named_buffers()] == ["b", "n"]
    assert [name for name, _ in scripted.named_parameters()] == ["p", "f"]


@claim("GRAPH-43", source="torch.jit.script")
def test_a_scripted_module_misses_the_non_persistent_buffer_in_the_checkpoint_of_the_model(everything):
    model, _ = everything
    scripted = torch.jit.script(Everything())
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "n"'):
        scripted.load_state_dict(model.state_dict())
    assert scripted.load_state_dict(model.state_dict(), strict=False) == (["n"], [])


@claim("GRAPH-44", source="torch.jit.script")
def test_the_model_does_not_expect_the_non_persistent_buffer_of_a_scripted_checkpoint(everything):
    _, scripted = everything
    fresh = Everything()
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "n"'):
        fresh.load_state_dict(scripted.state_dict())
    assert fresh.load_state_dict(scripted.state_dict(), strict=False) == ([], ["n"])


@claim("GRAPH-45", source="torch.jit.script")
@pytest.mark.parametrize("kind", [*PARAMETERS, *BUFFERS, PLAIN_TENSOR])
def test_a_scripted_module_and_the_model_hold_the_same_tensor(kind):
    model = kind.on(Adding(), "x", torch.zeros(3))
    scripted = torch.jit.script(model)
    assert scripted.x.data_ptr() == model.x.data_ptr()
    assert scripted.x.requires_grad is model.x.requires_grad
    assert type(scripted.x) is type(model.x)


@claim("GRAPH-46", source="torch.jit.script")
def test_a_scripted_module_has_a_number_of_its_own():
    model = PLAIN_VALUE.on(Adding(), "x", torch.zeros(3))
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
    model = kind.on(Counting(), "x", torch.zeros(3))
    scripted = torch.jit.script(model)
    assert model.x.tolist() == [0, 0, 0]
    assert [scripted(ONES).tolist(), scripted(ONES).tolist()] == [[2, 2, 2], [3, 3, 3]]
    assert model.x.tolist() == [2, 2, 2]


@claim("GRAPH-48", source="torch.jit.script")
def test_a_conversion_of_a_scripted_module_leaves_its_plain_tensor_behind():
    scripted = torch.jit.script(Everything()).double()
    assert {scripted.p.dtype, scripted.f.dtype, scripted.b.dtype, scripted.n.dtype} == {torch.float64}
    assert scripted.t.dtype is torch.float32


@claim("GRAPH-65", source="torch.nn.Module.register_buffer")
def test_a_scripted_module_takes_a_buffer_in_the_place_of_another_and_none_that_is_not_persistent():
    scripted = torch.jit.script(BUFFER.on(Adding(), "x", torch.zeros(3)))
    scripted.register_buffer("x", torch.ones(3))
    with pytest.raises(RuntimeError, match="ScriptModule does not support non-persistent buffers"):
        scripted.register_buffer("x", torch.zeros(3), persistent=False)
    with pytest.raises(RuntimeError, match="Can't add a new parameter after ScriptModule construction"):
        scripted.register_buffer("y", torch.zeros(3))
    assert scripted.x.tolist() == [1, 1, 1]
    assert list(scripted.state_dict()) == ["x"]


class Constant(Adding):
    __constants__ = ["x"]  # noqa: RUF012


@claim("GRAPH-49", source="torch.jit.script")
def test_a_number_that_is_named_a_constant_cannot_be_set_on_a_scripted_module():
    scripted = torch.jit.script(PLAIN_VALUE.on(Constant(), "x", torch.zeros(3)))
    with pytest.raises(RuntimeError, match="Can't set constant 'x' which has value:3"):
        scripted.x = 9
    assert scripted.x == 3


@claim("GRAPH-50", source="torch.jit.script")
def test_a_scripted_module_lacks_a_plain_object_and_a_forward_that_uses_it_is_refused():
    model, unable = Idle(), Adding()
    model.o = unable.x = object()
    assert not hasattr(torch.jit.script(model), "o")
    with pytest.raises(RuntimeError, match="failed to convert Python type: 'object' to a TorchScript type"):
        torch.jit.script(unable)


@claim("GRAPH-51", source="torch.jit.script")
def test_a_scripted_module_keeps_both_names_of_a_tied_tensor():
    scripted = torch.jit.script(Tied())
    assert list(scripted.state_dict()) == ["p", "q", "b", "c"]
    assert scripted.p is scripted.q
    assert scripted.b.data_ptr() == scripted.c.data_ptr()


@claim("GRAPH-52", source="torch.jit.save")
@contrast("what survives which route", rows="kind", columns="route", cell="outcome")
@pytest.mark.parametrize("route", ["torch.jit.script"])
@pytest.mark.parametrize("outcome", ["kept"])
@pytest.mark.parametrize("kind", NAMES)
def test_the_file_of_a_scripted_module_keeps_state_of_every_kind(everything, reloaded, kind, route, outcome):
    model, _ = everything
    value = getattr(reloaded, NAMES[kind])
    assert torch.as_tensor(value).tolist() == torch.as_tensor(getattr(model, NAMES[kind])).tolist()
    assert reloaded(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-53", source="torch.jit.load")
def test_a_module_that_was_loaded_by_torch_jit_keeps_what_is_registered_as_what_it_was(reloaded):
    assert [(name, p.requires_grad) for name, p in reloaded.named_parameters()] == [("p", True), ("f", False)]
    assert [name for name, _ in reloaded.named_buffers()] == ["b", "n"]
    assert list(reloaded.state_dict()) == ["p", "f", "b", "n"]
