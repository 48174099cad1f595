"""What torch's own ways out of a module keep: files, copies, processes and the compiled wrapper."""

import copy
from collections.abc import Callable, Iterator

import pytest
import torch

from ..engine.processes import Pipe, Process
from ..vocabulary import claim, road
from .kinds import (
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


@claim("ROAD-01", source="torch.nn.Module.load_state_dict")
@road(
    "torch.save state dict",
    kept=(
        *(AParameter, Tied, SideBySide, Slice, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor),
        *(Versioned, Complex),
    ),
    lost=(Frozen, NonPersistent, Plain, Mode),
)
def test_a_saved_state_dict_keeps_what_is_registered_and_no_flag(kind, outcome, tmp_path):
    """Through `torch.save`, `torch.load(weights_only=True)` and `load_state_dict`, a state dict keeps parameters,
    persistent buffers, the module's version and extra state that is a tensor. It loses `requires_grad`, non-persistent
    buffers, plain tensors and the training mode.
    """
    torch.save(trained(kind).state_dict(), tmp_path / "model.pt")
    arrived = kind()
    arrived.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    assert fate(kind, arrived) == outcome


@claim("ROAD-02", source="torch.load", since="2.0")
@road("torch.save state dict", kept=(ExtraNumber, Conjugated))
def test_a_saved_state_dict_keeps_extra_state_that_is_a_number_and_conjugation(kind, tmp_path):
    """`torch.save` and `torch.load(weights_only=True)` keep the conjugation of a lazily conjugated tensor in a state
    dict, and extra state that is a number.
    """
    torch.save(trained(kind).state_dict(), tmp_path / "model.pt")
    arrived = kind()
    arrived.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    assert fate(kind, arrived) == "kept"


@claim("ROAD-03", source="torch.nn.Module.load_state_dict")
@road("torch.save state dict", raises=(Expanded, OnMeta))
def test_loading_into_an_expanded_tensor_or_out_of_meta_raises_RuntimeError(kind, tmp_path):
    """`load_state_dict`, which copies in place by default, raises `RuntimeError` for a checkpoint of `meta` tensors if
    the module is not on `meta`, and for a module whose own tensor is expanded.
    """
    torch.save(trained(kind).state_dict(), tmp_path / "model.pt")
    checkpoint = torch.load(tmp_path / "model.pt")
    with pytest.raises(RuntimeError, match=r"Error.s. in loading state_dict"):
        kind().load_state_dict(checkpoint)


@claim("ROAD-04", source="torch.save")
@road("torch.save module", kept=tuple(kind for kind in KINDS if kind is not Conjugated))
def test_a_module_that_is_saved_whole_keeps_everything(kind, tmp_path):
    """A whole module saved by `torch.save(model, file)` and read by `torch.load(weights_only=False)` loses only
    gradients. Every other kind of state is kept, ties, plain tensors, `requires_grad`, versions and the training mode
    included.
    """
    torch.save(trained(kind), tmp_path / "model.pt")
    assert fate(kind, torch.load(tmp_path / "model.pt", weights_only=False)) == "kept"


@claim("ROAD-05", source="torch.save", since="2.0")
@road("torch.save module", kept=(Conjugated,))
def test_a_module_that_is_saved_whole_keeps_a_conjugated_tensor(tmp_path):
    """A module saved whole by `torch.save(model, file)` keeps the conjugation of a lazily conjugated tensor."""
    torch.save(trained(Conjugated), tmp_path / "model.pt")
    assert fate(Conjugated, torch.load(tmp_path / "model.pt", weights_only=False)) == "kept"


@claim("ROAD-06", source="torch.nn.Module")
@road("copy.deepcopy", kept=KINDS)
def test_a_deep_copy_keeps_every_kind_of_state(kind):
    """`copy.deepcopy(model)` keeps parameters, buffers, ties, plain tensors, extra state, `requires_grad` and the
    training mode, but no gradients of parameters.
    """
    assert fate(kind, copy.deepcopy(trained(kind))) == "kept"


def serve(pipe: Pipe) -> None:
    """Say what became of each model that comes through ``pipe``."""
    while True:
        pipe.send(fate(*pipe.receive()))


@pytest.fixture(scope="module")
def in_a_spawned_process() -> Iterator[Callable[[type, torch.nn.Module], str]]:
    """What a process that was started anew says of a model that is sent to it."""
    process = Process(serve, fork=False)

    def ask(kind: type, model: torch.nn.Module) -> str:
        process.send((kind, model))
        return process.receive()

    yield ask
    process.kill()


@claim("ROAD-07", source="torch.nn.Module.share_memory")
@road("spawned process", kept=tuple(kind for kind in KINDS if kind not in (Conjugated, OnMeta)))
def test_a_module_that_is_sent_to_a_spawned_process_keeps_its_values(kind, in_a_spawned_process):
    """A module given to a process started by spawn arrives with its parameters, buffers, leaf plain tensors, ties,
    `requires_grad` and training mode. A lazily conjugated tensor in it arrives with other values.
    """
    assert in_a_spawned_process(kind, trained(kind)) == "kept"


@claim("ROAD-08", source="torch.multiprocessing.Queue", since="2.5")
@road("spawned process", kept=(OnMeta,))
def test_a_model_on_meta_reaches_a_spawned_process(in_a_spawned_process):
    """A parameter on `meta` that is sent to a process started by spawn arrives on `meta`."""
    assert in_a_spawned_process(OnMeta, trained(OnMeta)) == "kept"


@claim("ROAD-09", source="torch.multiprocessing.Queue")
@road("spawned process", reads_wrong=(Conjugated,))
def test_a_conjugated_tensor_reaches_a_spawned_process_without_the_conjugation(in_a_spawned_process):
    """A lazily conjugated tensor that is sent to another process, over shared memory, arrives without its conjugation:
    the imaginary part has the other sign, and nothing raises.
    """
    model = trained(Conjugated)
    assert model.x.is_conj()
    assert in_a_spawned_process(Conjugated, model) == "reads wrong"
    model.x = model.x.resolve_conj()
    assert in_a_spawned_process(Conjugated, model) == "kept"


@claim("ROAD-10", source="torch.compile", since="2.0")
@road("torch.compile", kept=KINDS)
def test_the_compiled_wrapper_has_all_state_of_the_module(kind):
    """`torch.compile(model)` wraps the model itself: every kind of state is there, under the same attributes."""
    assert fate(kind, torch.compile(trained(kind), backend="eager")) == "kept"
