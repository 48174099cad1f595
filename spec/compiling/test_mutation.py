"""What becomes of state that ``forward`` changes, when the forward is exported."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, NON_PERSISTENT_BUFFER, PLAIN_TENSOR, PLAIN_VALUE, claim
from .models import ONES, AddsX, ChangesXInPlace, RebindsX

BOTH = (BUFFER, NON_PERSISTENT_BUFFER)


@claim("GRAPH-03", source="torch.export.graph_signature.ExportGraphSignature", since="2.6")
@pytest.mark.parametrize("kind", BOTH)
def test_an_in_place_change_of_a_buffer_is_an_output_of_the_graph_once_it_is_decomposed(kind):
    """A program that `torch.export.export` returns lists a buffer that `forward` changes in place in
    `graph_signature.buffers_to_mutate` only after `run_decompositions()`."""
    program = torch.export.export(kind.on(ChangesXInPlace(), "x", torch.zeros(3)), (ONES,))
    assert list(program.graph_signature.buffers_to_mutate.values()) == []
    assert list(program.run_decompositions().graph_signature.buffers_to_mutate.values()) == ["x"]


@claim("GRAPH-25", source="torch.export.export", since="2.2", until="2.6")
def test_an_in_place_change_of_a_buffer_is_an_output_of_the_exported_graph():
    """Before torch 2.6, the program that `torch.export.export` returned listed a buffer that `forward` changes in place
    in `graph_signature.buffers_to_mutate` at once; since then only after `run_decompositions()`.
    """
    program = torch.export.export(BUFFER.on(ChangesXInPlace(), "x", torch.zeros(3)), (ONES,))
    assert list(program.graph_signature.buffers_to_mutate.values()) == ["x"]


@claim("GRAPH-12", source="torch.export.ExportedProgram.module", since="2.2")
@pytest.mark.parametrize("kind", BOTH)
def test_running_an_exported_module_changes_the_buffer_of_the_model(kind):
    """Where `forward` changes a buffer in place, exporting leaves the buffer unchanged, and each run of the module that
    `ExportedProgram.module()` returns changes the original module's buffer too."""
    model = kind.on(ChangesXInPlace(), "x", torch.zeros(3))
    module = torch.export.export(model, (ONES,)).module()
    assert model.x.tolist() == [0, 0, 0]
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[2, 2, 2], [3, 3, 3]]
    assert model.x.tolist() == module.x.tolist() == [2, 2, 2]


@claim("GRAPH-26", source="torch.export.ExportedProgram.module", since="2.2")
def test_running_an_exported_BatchNorm_updates_the_statistics_of_the_model():
    """Running the module that `ExportedProgram.module()` returns for an `nn.BatchNorm1d` exported in training mode
    updates `running_mean` and `num_batches_tracked` of the original module."""
    model = nn.BatchNorm1d(3)
    module = torch.export.export(model, (torch.ones(4, 3),)).module()
    assert (model.running_mean.tolist(), model.num_batches_tracked.item()) == ([0, 0, 0], 0)
    module(torch.full((4, 3), 10.0))
    assert model.running_mean.tolist() == module.running_mean.tolist() == [1, 1, 1]
    assert model.num_batches_tracked.item() == 1


@claim("GRAPH-04", source="torch.export.export", since="2.4")
@pytest.mark.parametrize("kind", BOTH)
def test_export_without_strict_captures_a_forward_that_rebinds_a_buffer(kind):
    """Where `forward` rebinds a buffer to a computed tensor of the same shape, `torch.export.export(strict=False)`
    captures the update. Each run of the exported module then gives the new values to the original module's buffer.
    """
    model = kind.on(RebindsX(), "x", torch.zeros(3))
    buffer = model.x
    module = torch.export.export(model, (ONES,), strict=False).module()
    assert model.x is buffer
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[2, 2, 2], [3, 3, 3]]
    assert model.x.tolist() == [2, 2, 2]


@claim("GRAPH-27", source="torch.export.export", since="2.10")
def test_export_without_strict_warns_of_a_forward_that_rebinds_a_plain_tensor_and_drops_the_update():
    """Where `forward` rebinds a plain tensor, `torch.export.export(strict=False)` emits a `UserWarning` and drops the
    update: every run of the exported module starts from the same value."""
    model = PLAIN_TENSOR.on(RebindsX(), "x", torch.zeros(3))
    tensor = model.x
    with pytest.warns(UserWarning, match=r"self\.x was assigned during export.*must be registered as buffers"):
        module = torch.export.export(model, (ONES,), strict=False).module()
    assert model.x is tensor
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[2, 2, 2], [2, 2, 2]]
    assert model.x.tolist() == [0, 0, 0]


@claim("GRAPH-28", source="torch.export.export", since="2.4", until="2.10")
def test_export_without_strict_raised_an_error_for_a_forward_that_rebinds_a_plain_tensor():
    """Before torch 2.10, `torch.export.export(strict=False)` raised `ValueError` where `forward` rebinds a plain
    tensor; since then it emits a `UserWarning` and drops the update.
    """
    model = PLAIN_TENSOR.on(RebindsX(), "x", torch.zeros(3))
    with pytest.raises(ValueError, match=r"self\.x was assigned during export.*must be registered as buffers"):
        torch.export.export(model, (ONES,), strict=False)
    assert model.x.tolist() == [0, 0, 0]


@claim("GRAPH-29", source="torch.export.export", since="2.10")
def test_strict_export_drops_that_forward_rebinds_a_buffer():
    """Where `forward` rebinds a buffer, `torch.export.export(strict=True)` drops the update without an error: every run
    of the exported module starts from the same value, and the buffer stays unchanged."""
    model = BUFFER.on(RebindsX(), "x", torch.zeros(3))
    module = torch.export.export(model, (ONES,), strict=True).module()
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[2, 2, 2], [2, 2, 2]]
    assert model.x.tolist() == [0, 0, 0]


@claim("GRAPH-30", source="torch.export.export", since="2.4", until="2.10")
@pytest.mark.parametrize("kind", [BUFFER, PLAIN_TENSOR])
def test_strict_export_raised_an_error_for_a_forward_that_rebinds_a_tensor(kind):
    """Before torch 2.10, `torch.export.export(strict=True)` raised `AssertionError` where `forward` rebinds a buffer or
    plain tensor; since then it drops the update. The tensor stays unchanged in either case.
    """
    torch._dynamo.reset()
    model = kind.on(RebindsX(), "x", torch.zeros(3))
    with pytest.raises(AssertionError, match="Mutating module attribute x during export"):
        torch.export.export(model, (ONES,), strict=True)
    assert model.x.tolist() == [0, 0, 0]


@claim("GRAPH-31", source="torch.export.export", since="2.6")
def test_export_without_strict_drops_that_forward_counts_in_a_number():
    """Where `forward` counts in a plain number (`self.x = self.x + 1`), `torch.export.export(strict=False)` drops the
    count: every run of the exported module uses the same number, and the original module's number stays.
    """
    model = PLAIN_VALUE.on(RebindsX(), "x", torch.zeros(3))
    module = torch.export.export(model, (ONES,), strict=False).module()
    assert model.x == 3
    assert [module(ONES).tolist(), module(ONES).tolist()] == [[5, 5, 5], [5, 5, 5]]
    assert model.x == 3


@claim("GRAPH-13", source="torch.export.ExportedProgram.run_decompositions", since="2.7")
@pytest.mark.parametrize("strict", [True, False])
def test_a_graph_that_changes_a_plain_tensor_in_place_cannot_be_decomposed(strict):
    """`run_decompositions()` of an exported program whose `forward` changes a plain tensor in place raises
    `RuntimeError`, which asks to register it as a buffer."""
    model = PLAIN_TENSOR.on(ChangesXInPlace(), "x", torch.zeros(3))
    program = torch.export.export(model, (ONES,), strict=strict)
    with pytest.raises(RuntimeError, match=r"Constant x is mutated in the forward method\. Pls register it as buffer"):
        program.run_decompositions()


@claim("GRAPH-32", source="torch.export.export", since="2.6")
def test_export_without_strict_changes_the_plain_tensor_that_forward_changes_in_place():
    """Where `forward` adds a number to a plain tensor in place, the call of `torch.export.export(strict=False)` already
    changes that tensor on the module, just as a call of the module would.
    """
    model = PLAIN_TENSOR.on(ChangesXInPlace(), "x", torch.zeros(3))
    torch.export.export(model, (ONES,), strict=False)
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-33", source="torch.export.export", since="2.1")
def test_an_exported_module_keeps_the_plain_tensor_of_the_export_when_it_is_rebound_on_the_model():
    """Rebinding a plain tensor on a module after `torch.export.export` changes what the module computes; the exported
    program keeps the tensor that the module had at export.
    """
    model = PLAIN_TENSOR.on(AddsX(), "x", torch.zeros(3))
    module = torch.export.export(model, (ONES,)).module()
    model.x = torch.full((3,), 7.0)
    assert model(ONES).tolist() == [8, 8, 8]
    assert module(ONES).tolist() == [1, 1, 1]
