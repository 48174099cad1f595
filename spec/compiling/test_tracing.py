"""What ``torch.jit.trace`` and ``torch.fx.symbolic_trace`` make of each kind of state."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, PLAIN_TENSOR, PLAIN_VALUE, claim
from .models import ONES, AddsX, RebindsX, StateOfEveryKind, UnusedStateOfEveryKind


@pytest.fixture(scope="module")
def traced():
    model = StateOfEveryKind()
    return model, torch.jit.trace(model, ONES)


@pytest.fixture(scope="module")
def graph():
    model = StateOfEveryKind()
    return model, torch.fx.symbolic_trace(model)


@claim("GRAPH-08", source="torch.jit.trace")
def test_torch_jit_trace_keeps_parameters_and_buffers_by_name_and_makes_constants_of_plain_attributes(traced):
    """A module traced by `torch.jit.trace` has the original module's parameters and buffers by name; plain tensors and
    numbers are constants in its code, not attributes."""
    _, module = traced
    assert [name for name, _ in module.named_parameters()] == ["p", "f"]
    assert [name for name, _ in module.named_buffers()] == ["b", "n"]
    assert not hasattr(module, "t")
    assert not hasattr(module, "v")
    assert "CONSTANTS.c0" in module.code
    assert module(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-54", source="torch.jit.trace")
def test_torch_jit_trace_makes_a_non_persistent_buffer_persistent(traced):
    """`torch.jit.trace` makes a non-persistent buffer persistent: the `state_dict()` of the traced module holds it, and
    that of the original module does not."""
    model, module = traced
    assert list(model.state_dict()) == ["p", "f", "b"]
    assert sorted(module.state_dict()) == ["b", "f", "n", "p"]


@claim("GRAPH-55", source="torch.jit.trace")
def test_a_traced_module_shares_parameters_and_buffers_with_the_model(traced):
    """A module traced by `torch.jit.trace` shares the memory of the original module's parameters and buffers,
    non-persistent ones included; a frozen parameter stays frozen."""
    model, module = traced
    assert module.p.data_ptr() == model.p.data_ptr()
    assert module.b.data_ptr() == model.b.data_ptr()
    assert module.n.data_ptr() == model.n.data_ptr()
    assert [module.p.requires_grad, module.f.requires_grad] == [True, False]


@claim("GRAPH-56", source="torch.jit.trace")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_a_traced_module_uses_values_that_are_changed_in_place_on_the_model(kind):
    """If `forward` adds a parameter, buffer or one-dimensional plain tensor to its input, a module from
    `torch.jit.trace` follows the original: after that tensor is changed in place there, the traced module computes with
    the new values.
    """
    model = kind.on(AddsX(), "x", torch.full((3,), 3.0))
    module = torch.jit.trace(model, ONES)
    assert module(ONES).tolist() == [4, 4, 4]
    model.x.detach().fill_(7)
    assert module(ONES).tolist() == [8, 8, 8]


@claim("GRAPH-63", source="torch.jit.trace")
def test_a_traced_module_keeps_the_number_of_the_trace():
    """A module traced by `torch.jit.trace` keeps the plain number of the trace: setting it on the original module
    afterwards changes only what the original computes."""
    model = PLAIN_VALUE.on(AddsX(), "x", torch.zeros(3))
    module = torch.jit.trace(model, ONES)
    model.x = 7
    assert model(ONES).tolist() == [8, 8, 8]
    assert module(ONES).tolist() == [4, 4, 4]


@claim("GRAPH-57", source="torch.jit.trace")
def test_torch_jit_trace_runs_a_forward_that_changes_state():
    """`torch.jit.trace(check_trace=False)` runs `forward` once on the module itself: tracing an `nn.BatchNorm1d` in
    training mode updates its `running_mean` and `num_batches_tracked`."""
    model = nn.BatchNorm1d(3)
    torch.jit.trace(model, torch.full((4, 3), 10.0), check_trace=False)
    assert model.num_batches_tracked.item() == 1
    assert model.running_mean.tolist() == [1, 1, 1]


@claim("GRAPH-10", source="torch.fx.symbolic_trace")
def test_symbolic_trace_keeps_used_parameters_and_buffers_and_makes_a_buffer_of_a_used_plain_tensor(graph):
    """A module from `torch.fx.symbolic_trace` keeps the names of the parameters and buffers that `forward` uses, for a
    tied one its first name. A plain tensor that `forward` uses becomes a buffer.
    """
    _, module = graph
    assert [node.target for node in module.graph.nodes if node.op == "get_attr"] == ["p", "f", "b", "n", "t"]
    assert [name for name, _ in module.named_parameters()] == ["p", "f"]
    assert [name for name, _ in module.named_buffers()] == ["b", "n", "t"]
    assert module.t.tolist() == [50000.0] * 3
    assert module(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-58", source="torch.fx.GraphModule", until="2.14")
def test_a_graph_module_saved_the_non_persistent_buffer_and_the_plain_tensor_too(graph):
    """Before torch 2.14, the `state_dict()` of a module from `torch.fx.symbolic_trace` also held non-persistent
    buffers; since then it leaves them out, and it still holds the plain tensors that `forward` uses.
    """
    model, module = graph
    assert list(module.state_dict()) == ["p", "f", "b", "n", "t"]
    assert module.load_state_dict(model.state_dict(), strict=False) == (["n", "t"], [])


@claim("GRAPH-64", source="torch.fx.GraphModule", since="2.14")
def test_a_graph_module_keeps_a_buffer_non_persistent_and_saves_the_plain_tensor(graph):
    """The `state_dict()` of a module from `torch.fx.symbolic_trace` leaves out non-persistent buffers and holds the
    plain tensors that `forward` uses."""
    model, module = graph
    assert list(module.state_dict()) == ["p", "f", "b", "t"]
    assert module.load_state_dict(model.state_dict(), strict=False) == (["t"], [])


@claim("GRAPH-59", source="torch.fx.GraphModule")
def test_a_graph_module_shares_its_state_with_the_model(graph):
    """A module from `torch.fx.symbolic_trace` holds the parameters, buffers and plain tensors that `forward` uses as
    the original module's own objects, not copies."""
    model, module = graph
    assert module.p is model.p
    assert module.f is model.f
    assert module.b is model.b
    assert module.n is model.n
    assert module.t is model.t


@claim("GRAPH-60", source="torch.fx.symbolic_trace")
def test_symbolic_trace_drops_state_that_is_not_used():
    """`torch.fx.symbolic_trace` drops parameters, buffers and plain tensors that `forward` does not use, except those
    of a `torch.nn` module that `forward` calls.
    """
    model = UnusedStateOfEveryKind()
    module = torch.fx.symbolic_trace(model)
    assert list(model.state_dict()) == ["p", "f", "b"]
    assert list(module.state_dict()) == []
    assert list(module.named_buffers()) == []


@claim("GRAPH-61", source="torch.fx.symbolic_trace")
@pytest.mark.parametrize("kind", [BUFFER, PLAIN_TENSOR])
def test_symbolic_trace_rebinds_a_tensor_once_and_drops_the_update(kind):
    """Where `forward` rebinds a buffer or plain tensor to a value that does not depend on the input, such as `self.x +
    1`, `torch.fx.symbolic_trace` rebinds it once on the original module and drops the update: running the traced module
    rebinds nothing.
    """
    model = kind.on(RebindsX(), "x", torch.zeros(3))
    module = torch.fx.symbolic_trace(model)
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[2, 2, 2], [2, 2, 2]]
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-62", source="torch.fx.symbolic_trace")
def test_symbolic_trace_bakes_a_number_into_the_code():
    """`torch.fx.symbolic_trace` writes a plain number into the code: setting it on the original module afterwards does
    not change what the traced module computes."""
    model = PLAIN_VALUE.on(AddsX(), "x", torch.zeros(3))
    module = torch.fx.symbolic_trace(model)
    model.x = 7
    assert "y + 3" in module.code
    assert module(ONES).tolist() == [4, 4, 4]
