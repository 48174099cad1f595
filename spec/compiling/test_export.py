"""What ``torch.export`` makes of each kind of state."""

import pytest
import torch

from ..vocabulary import claim, contrast
from .models import NAMES, ONES, StateOfEveryKind, TiedState, UnusedStateOfEveryKind

AFTER_EXPORT = {
    "parameter": "kept",
    "frozen parameter": "kept",
    "buffer": "kept",
    "non-persistent buffer": "kept",
    "plain tensor": "constant",
    "plain value": "constant",
}


@pytest.fixture(scope="module")
def everything():
    model = StateOfEveryKind()
    return model, torch.export.export(model, (ONES,))


@pytest.fixture(scope="module")
def idle():
    return torch.export.export(UnusedStateOfEveryKind(), (ONES,), strict=False)


@pytest.fixture(scope="module")
def reloaded(everything, tmp_path_factory):
    file = tmp_path_factory.mktemp("export") / "everything.pt2"
    torch.export.save(everything[1], str(file))
    return torch.export.load(str(file))


@claim("GRAPH-01", source="torch.export.graph_signature.ExportGraphSignature", since="2.3")
def test_export_makes_parameters_and_both_kinds_of_buffer_inputs_of_the_graph(everything):
    """`torch.export.export` makes each parameter and buffer that `forward` uses, even frozen or non-persistent, an
    input of the graph. `graph_signature.parameters` and `graph_signature.buffers` name them.
    """
    _, program = everything
    signature = program.graph_signature
    assert list(signature.inputs_to_parameters.values()) == ["p", "f"]
    assert list(signature.inputs_to_buffers.values()) == ["b", "n"]
    assert list(signature.parameters) == ["p", "f"]
    assert list(signature.buffers) == ["b", "n"]


@claim("GRAPH-14", source="torch.export.graph_signature.InputSpec", since="2.3")
def test_the_graph_signature_says_which_buffers_are_persistent(everything):
    """The `graph_signature` of an exported program says for each buffer whether it is persistent: in the field
    `persistent` of its `input_specs`, and in the list `non_persistent_buffers`."""
    _, program = everything
    inputs = [(spec.kind.name, spec.target) for spec in program.graph_signature.input_specs]
    assert sorted(inputs[:-1]) == [
        ("BUFFER", "b"),
        ("BUFFER", "n"),
        ("CONSTANT_TENSOR", "t"),
        ("PARAMETER", "f"),
        ("PARAMETER", "p"),
    ]
    assert inputs[-1] == ("USER_INPUT", None)
    buffers = [spec for spec in program.graph_signature.input_specs if spec.kind.name == "BUFFER"]
    assert {spec.target: spec.persistent for spec in buffers} == {"b": True, "n": False}
    assert list(program.graph_signature.non_persistent_buffers) == ["n"]


@claim("GRAPH-02", source="torch.export.graph_signature.ExportGraphSignature", since="2.3")
def test_export_makes_a_constant_of_a_plain_tensor_and_code_of_a_number(everything):
    """In the program that `torch.export.export` returns, a plain tensor that `forward` uses is a constant, and a plain
    number is written into the code; neither is in the program's `state_dict`.
    """
    _, program = everything
    assert list(program.graph_signature.lifted_tensor_constants) == ["t"]
    assert program.constants["t"].tolist() == [50000.0] * 3
    assert not {"t", "v"} & set(program.state_dict)
    assert "v" not in program.constants
    assert "600000" in program.graph_module.code


@claim("GRAPH-15", source="torch.export.ExportedProgram", since="2.3")
def test_the_state_dict_of_an_exported_program_leaves_out_a_non_persistent_buffer(everything):
    """For a module without extra state, an exported program's `state_dict` has the keys of the module's `state_dict()`.
    The non-persistent buffers and plain tensors that `forward` uses are in `program.constants`, and plain numbers are
    in neither.
    """
    model, program = everything
    assert list(program.state_dict) == list(model.state_dict()) == ["p", "f", "b"]
    assert {name: value[0].item() for name, value in program.constants.items()} == {"n": 4000, "t": 50000}


@claim("GRAPH-16", source="torch.export.ExportedProgram", since="2.3")
def test_the_parameters_and_buffers_of_an_exported_program_have_the_names_of_the_model(everything):
    """For a module without ties, `named_parameters()` and `named_buffers()` of the program that `torch.export.export`
    returns list the parameters and buffers that `forward` uses, frozen and non-persistent ones included, under their
    own names.
    """
    _, program = everything
    assert [name for name, _ in program.named_parameters()] == ["p", "f"]
    assert [name for name, _ in program.named_buffers()] == ["b", "n"]
    assert dict(program.named_buffers())["n"].tolist() == [4000.0] * 3


@claim("GRAPH-17", source="torch.export.ExportedProgram", since="2.2")
def test_an_exported_program_holds_the_parameters_and_buffers_of_the_model(everything):
    """The `state_dict` of the program that `torch.export.export` returns holds the module's own parameter and
    persistent buffer objects, not copies."""
    model, program = everything
    assert program.state_dict["p"] is model.p
    assert program.state_dict["f"] is model.f
    assert program.state_dict["b"] is model.b


@claim("GRAPH-11", source="torch.export.ExportedProgram.module", since="2.5")
def test_the_module_of_an_exported_program_has_the_names_of_the_model(everything):
    """For a model without ties, the module from `ExportedProgram.module()` has the parameters and buffers that the
    original's `forward` uses, under the same names. Frozen parameters stay frozen, and non-persistent buffers stay out
    of its `state_dict()`.
    """
    _, program = everything
    module = program.module()
    assert [name for name, _ in module.named_parameters()] == ["p", "f"]
    assert [name for name, _ in module.named_buffers()] == ["b", "n"]
    assert list(module.state_dict()) == ["p", "f", "b"]
    assert [module.p.requires_grad, module.f.requires_grad] == [True, False]
    assert module(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-18", source="torch.export.ExportedProgram.module", since="2.5")
def test_the_module_of_an_exported_program_loads_the_checkpoint_of_the_model(everything):
    """If a model has no ties and no extra state and its `forward` uses all state, the module from
    `ExportedProgram.module()` and a module of the original class load each other's state dict without missing or
    unexpected keys.
    """
    model, _ = everything
    module = torch.export.export(StateOfEveryKind(), (ONES,)).module()
    checkpoint = {name: value * 2 for name, value in model.state_dict().items()}
    assert module.load_state_dict(checkpoint) == ([], [])
    assert module(ONES).tolist() == [654321.0 + 321.0] * 3
    assert StateOfEveryKind().load_state_dict(module.state_dict()) == ([], [])


@claim("GRAPH-19", source="torch.export.ExportedProgram.module", since="2.2")
def test_the_module_of_an_exported_program_shares_parameters_and_buffers_with_the_model(everything):
    """For a model without ties, the module that `ExportedProgram.module()` returns holds the parameters and persistent
    buffers that the original's `forward` uses, the same objects, and shares the memory of its non-persistent buffers.
    """
    model, program = everything
    module = program.module()
    assert module.p is model.p
    assert module.b is model.b
    assert module.n.data_ptr() == model.n.data_ptr()


@claim("GRAPH-20", source="torch.export.export", since="2.5")
def test_export_keeps_registered_state_that_is_not_used_and_drops_plain_tensors(idle):
    """`torch.export.export(strict=False)` keeps parameters and buffers that `forward` does not use, and drops plain
    tensors that `forward` does not use.
    """
    assert list(idle.graph_signature.parameters) == ["p", "f"]
    assert list(idle.graph_signature.buffers) == ["b", "n"]
    assert list(idle.graph_signature.lifted_tensor_constants) == []
    assert list(idle.module().state_dict()) == ["p", "f", "b"]


@claim("GRAPH-21", source="torch.export.export", since="2.2")
def test_export_keeps_both_names_of_a_tied_tensor():
    """`torch.export.export(strict=False)` keeps both names of a tied parameter or buffer, and they are still tied in
    the module that `ExportedProgram.module()` returns."""
    program = torch.export.export(TiedState(), (ONES,), strict=False)
    module = program.module()
    assert list(program.state_dict) == list(module.state_dict()) == ["p", "q", "b", "c"]
    assert module.p is module.q
    assert module.b is module.c


@claim("GRAPH-22", source="torch.export.export", since="2.1")
def test_changing_a_number_after_export_changes_the_model_alone():
    """Setting a plain number on a module after `torch.export.export` changes what the module computes; the exported
    program keeps the number that the module had at export.
    """
    model = StateOfEveryKind()
    module = torch.export.export(model, (ONES,)).module()
    model.v = 0
    assert model(ONES).tolist() == [54321.0] * 3
    assert module(ONES).tolist() == [654321.0] * 3


@claim("GRAPH-23", source="torch.export.export", since="2.1")
def test_filling_a_parameter_or_a_buffer_after_export_changes_the_module_too():
    """Changing a parameter or persistent buffer of a module in place after `torch.export.export` also changes what the
    module that `ExportedProgram.module()` returns computes with.
    """
    model = StateOfEveryKind()
    module = torch.export.export(model, (ONES,)).module()
    with torch.no_grad():
        model.p.fill_(9)
        model.b.fill_(900)
    assert module(ONES).tolist() == [654929.0] * 3


@claim("GRAPH-24", source="torch.export.save", since="2.2")
@contrast("what survives which route", rows="kind", columns="route", cell="outcome")
@pytest.mark.parametrize("route", ["torch.export"])
@pytest.mark.parametrize(("kind", "outcome"), AFTER_EXPORT.items())
def test_a_saved_program_keeps_parameters_and_buffers_and_makes_constants_of_the_rest(reloaded, kind, route, outcome):
    """A program that went through `torch.export.save` and `torch.export.load` still lists all its parameters and
    buffers; plain tensors and numbers are fixed in the graph, which computes the same."""
    registered = [name for name, _ in [*reloaded.named_parameters(), *reloaded.named_buffers()]]
    assert (NAMES[kind] in registered) is (outcome == "kept")
    assert reloaded.module()(ONES).tolist() == [654321.0] * 3
