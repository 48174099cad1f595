"""What an exported program keeps, saved or as a module, and an ONNX graph."""

import copy
from collections.abc import Callable

import pytest
import torch

from ..vocabulary import claim, road
from .kinds import (
    INPUT,
    KINDS,
    ABuffer,
    AParameter,
    Bools,
    Complex,
    Conjugated,
    Counting,
    Expanded,
    ExtraNumber,
    ExtraTensor,
    Frozen,
    Integers,
    Mode,
    NonPersistent,
    OnMeta,
    Plain,
    SideBySide,
    Slice,
    Tied,
    Transposed,
    Versioned,
    fate,
    trained,
)


@claim("ROAD-47", source="torch.export.save", since="2.6")
@road(
    "torch.export save",
    kept=tuple(kind for kind in KINDS if kind not in (Tied, Conjugated, OnMeta)),
    untied=(Tied,),
    reads_wrong=(Conjugated,),
)
def test_a_saved_program_keeps_all_values_and_the_mode(kind, outcome, tmp_path):
    """`torch.export.save` and `torch.export.load` keep parameters, buffers, `requires_grad` and, in the graph, plain
    tensors, numbers and the training mode; ties come apart, and a lazily conjugated tensor loses its conjugation.
    """
    exported = torch.export.export(trained(kind), (INPUT,))
    torch.export.save(exported, tmp_path / "model.pt2")
    assert fate(kind, torch.export.load(tmp_path / "model.pt2").module()) == outcome


@claim("ROAD-48", source="torch.export.save", since="2.6")
@road("torch.export save", untied=(Tied,))
def test_a_program_from_a_file_lists_a_tied_parameter_twice(tmp_path):
    """A program that went through `torch.export.save` lists a tied parameter twice: two parameters share one memory,
    each with a gradient of its own, and an optimizer steps both.
    """
    exported = torch.export.export(trained(Tied), (INPUT,))
    torch.export.save(exported, tmp_path / "model.pt2")
    read = torch.export.load(tmp_path / "model.pt2").module()
    assert len([*exported.module().parameters()]) == 1
    one, other = read.parameters()
    assert one is not other
    assert one.data_ptr() == other.data_ptr()


@claim("ROAD-49", source="torch.export.save", since="2.6")
@road("torch.export save", reads_wrong=(Conjugated,))
def test_a_program_from_a_file_has_lost_the_conjugation_of_a_buffer(tmp_path):
    """`torch.export.save` writes the memory of a lazily conjugated buffer: `torch.export.load` reads it with the other
    sign of the imaginary part, and nothing raises.
    """
    model = trained(Conjugated)
    torch.export.save(torch.export.export(model, (INPUT,)), tmp_path / "model.pt2")
    read = torch.export.load(tmp_path / "model.pt2").state_dict["x"]
    assert read.allclose(model.x.conj())
    assert not read.allclose(model.x)


@claim("ROAD-50", source="torch.export.export", since="2.1")
@road("torch.export save", raises=(OnMeta,))
@road("exported module", raises=(OnMeta,))
def test_a_model_on_meta_is_not_exported_with_an_input_on_the_cpu():
    """`torch.export.export` raises `RuntimeError` for a model that gives an input on the CPU to an `nn.Linear` on
    `meta`, so there is no program to save and no module of it.
    """
    with pytest.raises(RuntimeError, match=r"(?s)device.*meta"):
        torch.export.export(trained(OnMeta), (INPUT,))


@claim("ROAD-51", source="torch.export.ExportedProgram.module", since="2.6")
@road("exported module", kept=tuple(kind for kind in KINDS if kind is not OnMeta))
def test_the_exported_module_keeps_everything(kind):
    """With `strict=False`, the default since torch 2.8, `torch.export.export(model, args).module()` has every value,
    tie and `requires_grad` of the model, and in its graph plain tensors, numbers and the training mode.
    """
    assert fate(kind, torch.export.export(trained(kind), (INPUT,), strict=False).module()) == "kept"


class Beside(torch.nn.Module):
    """Models of all kinds that ONNX has, beside each other: a graph of one takes as long to make as one of them all."""

    KINDS = tuple(kind for kind in KINDS if kind not in (Frozen, Tied, Conjugated, OnMeta))

    def __init__(self):
        super().__init__()
        self.models = torch.nn.ModuleList(map(trained, self.KINDS))

    def forward(self, y):
        return tuple(model(y) for model in self.models)


@pytest.fixture(scope="module")
def in_onnxruntime(tmp_path_factory) -> Callable[[type, torch.Tensor], torch.Tensor]:
    """What onnxruntime computes with a trained model of a kind, that is with its part of one graph."""
    import onnxruntime

    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    torch.onnx.export(Beside(), (INPUT,), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (given,) = session.get_inputs()
    names = {kind: output.name for kind, output in zip(Beside.KINDS, session.get_outputs(), strict=True)}
    return lambda kind, y: torch.from_numpy(session.run([names[kind]], {given.name: y.numpy()})[0])


@claim("ROAD-53", source="torch.onnx.export", needs="onnx, onnxscript, onnxruntime")
@road(
    "ONNX",
    kept=(
        *(AParameter, SideBySide, Slice, Transposed, Expanded, ABuffer, Integers, Bools, NonPersistent, Plain),
        *(ExtraTensor, ExtraNumber, Versioned, Complex, Mode),
    ),
    changed=(Counting,),
)
def test_an_onnx_graph_computes_with_all_values(kind, outcome, in_onnxruntime):
    """For a module that has no BatchNorm in training mode, the graph from `torch.onnx.export(dynamo=True)` computes in
    onnxruntime with all its values, plain tensors, numbers and mode included. A buffer that `forward` changes keeps its
    value at export.
    """
    assert fate(kind, lambda y: in_onnxruntime(kind, y)) == outcome


@claim("ROAD-54", source="torch.onnx.export", needs="onnx, onnxscript, onnxruntime")
@road("ONNX", changed=(Counting,))
def test_a_buffer_that_forward_changes_stands_still_in_an_onnx_graph(tmp_path):
    """In a graph from `torch.onnx.export(dynamo=True)`, a buffer that `forward` changes has the value that it had at
    export. Each run of the graph begins with that value again.
    """
    import onnxruntime

    torch.onnx.export(trained(Counting), (INPUT,), tmp_path / "model.onnx", dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    name = session.get_inputs()[0].name
    assert [session.run(None, {name: INPUT.numpy()})[0][0][0] for _ in range(3)] == [4, 4, 4]
    model = trained(Counting)
    assert [model(INPUT)[0][0] for _ in range(3)] == [4, 5, 6]


@claim("ROAD-83", source="torch.onnx.export", needs="onnx, onnxscript, onnxruntime")
def test_a_batch_norm_in_training_mode_is_in_eval_mode_in_an_onnx_graph(tmp_path):
    """`torch.onnx.export(dynamo=True)` of a BatchNorm in training mode gives a graph that computes what the module does
    in eval mode: with the running statistics, not with those of the batch.
    """
    import onnxruntime

    model, batch = torch.nn.BatchNorm1d(2), torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    in_training, in_eval = copy.deepcopy(model)(batch), copy.deepcopy(model).eval()(batch)
    torch.onnx.export(model, (batch,), tmp_path / "model.onnx", dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    computed = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: batch.numpy()})[0])
    assert model.training
    assert computed.allclose(in_eval, atol=1e-5)
    assert not computed.allclose(in_training, atol=1)


@claim("ROAD-55", source="torch.onnx.export", needs="onnx, onnxscript, onnxruntime")
@road("ONNX", raises=(Conjugated, OnMeta))
def test_a_conjugated_buffer_and_a_model_on_meta_do_not_become_onnx(kind, tmp_path):
    """`torch.onnx.export(dynamo=True)` raises `OnnxExporterError` for a lazily conjugated buffer, and for a model on
    `meta` with an input on the CPU.
    """
    with pytest.raises(torch.onnx.errors.OnnxExporterError):
        torch.onnx.export(trained(kind), (INPUT,), tmp_path / "model.onnx", dynamo=True, verbose=False)
