"""What safetensors keeps, of a state dict and of a model."""

import pytest

from ..vocabulary import claim, road
from .kinds import (
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


@claim("ROAD-11", source="safetensors.torch.save_file", needs="safetensors")
@road(
    "safetensors save_file",
    kept=(AParameter, SideBySide, Slice, ABuffer, Integers, Bools, Counting, ExtraTensor, Complex),
    lost=(Frozen, NonPersistent, Plain, Mode),
    reads_wrong=(Versioned, Conjugated),
)
def test_save_file_keeps_the_tensors_of_a_state_dict(kind, outcome, tmp_path):
    """`safetensors.torch.save_file` and `load_file` keep contiguous parameters and buffers that neither overlap nor are
    complex128 or conjugated, and extra state that is a tensor; `requires_grad`, non-persistent buffers, plain tensors
    and the training mode are lost.
    """
    from safetensors.torch import load_file, save_file

    save_file(trained(kind).state_dict(), tmp_path / "model.safetensors")
    arrived = kind()
    arrived.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert fate(kind, arrived) == outcome


@claim("ROAD-12", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", raises=(Tied,))
def test_save_file_raises_RuntimeError_for_tied_parameters(tmp_path):
    """`safetensors.torch.save_file` raises `RuntimeError` for a state dict with tied parameters, which share memory
    under two names.
    """
    from safetensors.torch import save_file

    with pytest.raises(RuntimeError, match="share memory"):
        save_file(trained(Tied).state_dict(), tmp_path / "model.safetensors")


@claim("ROAD-13", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", raises=(Transposed, Expanded))
def test_save_file_raises_ValueError_for_a_tensor_that_is_not_contiguous(kind, tmp_path):
    """`safetensors.torch.save_file` raises `ValueError` for a transposed or expanded tensor, which isn't contiguous."""
    from safetensors.torch import save_file

    with pytest.raises(ValueError, match="non contiguous tensor"):
        save_file(trained(kind).state_dict(), tmp_path / "model.safetensors")


@claim("ROAD-14", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", raises=(ExtraNumber,))
def test_save_file_raises_ValueError_for_extra_state_that_is_no_tensor(tmp_path):
    """`safetensors.torch.save_file` raises `ValueError` for a state dict with extra state that is a number and no
    tensor.
    """
    from safetensors.torch import save_file

    with pytest.raises(ValueError, match=r"Key `_extra_state` is invalid, expected torch\.Tensor"):
        save_file(trained(ExtraNumber).state_dict(), tmp_path / "model.safetensors")


@claim("ROAD-15", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", raises=(OnMeta,))
def test_save_file_raises_NotImplementedError_for_a_meta_tensor(tmp_path):
    """`safetensors.torch.save_file` raises `NotImplementedError` for a tensor on `meta`, which has no data."""
    from safetensors.torch import save_file

    with pytest.raises(NotImplementedError, match="meta tensor"):
        save_file(trained(OnMeta).state_dict(), tmp_path / "model.safetensors")


@claim("ROAD-16", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", kept=(SideBySide, Slice))
def test_save_file_keeps_halves_of_one_tensor_and_a_slice(kind, tmp_path):
    """`safetensors.torch.save_file` writes two contiguous tensors that lie side by side in one storage, and a
    contiguous slice of a longer tensor, each with its own values and no more. Tensors that overlap or aren't contiguous
    raise an error.
    """
    from safetensors.torch import load_file, save_file

    model = trained(kind)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    read = load_file(tmp_path / "model.safetensors")
    assert all(read[name].equal(value) for name, value in model.state_dict().items())
    assert all(value.untyped_storage().nbytes() == 4 * value.numel() for value in read.values())


@claim("ROAD-17", source="safetensors.torch.load_file", needs="safetensors")
@road("safetensors save_file", reads_wrong=(Versioned,))
def test_load_file_has_no_versions_so_that_a_module_converts_current_state_again(tmp_path):
    """A state dict from `safetensors.torch.load_file` has no `_metadata`: a module that converts state of an older
    `_version` takes current state for older state, and silently converts it once more.
    """
    from safetensors.torch import load_file, save_file

    model = trained(Versioned)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    read = load_file(tmp_path / "model.safetensors")
    assert not hasattr(read, "_metadata")
    arrived = Versioned()
    arrived.load_state_dict(read)
    assert arrived.x.allclose(10 * model.x)


@claim("ROAD-18", source="safetensors.torch.save_file", needs="safetensors")
@road("safetensors save_file", reads_wrong=(Conjugated,))
def test_save_file_writes_the_memory_of_a_conjugated_tensor(tmp_path):
    """`safetensors.torch.save_file` writes the memory of a lazily conjugated tensor: `load_file` returns it without the
    conjugation, with the other sign of the imaginary part, and nothing raises.
    """
    from safetensors.torch import load_file, save_file

    model = trained(Conjugated)
    assert model.x.is_conj()
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    read = load_file(tmp_path / "model.safetensors")["x"]
    assert not read.is_conj()
    assert read.equal(model.x.conj())


@claim("ROAD-19", source="safetensors.torch.load_model", needs="safetensors")
@road(
    "safetensors save_model",
    kept=(AParameter, Tied, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor, Complex),
    lost=(Frozen, NonPersistent, Plain, Mode),
    reads_wrong=(Versioned, Conjugated),
)
def test_save_model_keeps_ties_and_transposed_tensors_too(kind, outcome, tmp_path):
    """`safetensors.torch.save_model` and `load_model` keep tied and transposed parameters too; `requires_grad`,
    non-persistent buffers, plain tensors, the training mode, the module's version and the conjugation of a tensor are
    lost.
    """
    from safetensors.torch import load_model, save_model

    save_model(trained(kind), str(tmp_path / "model.safetensors"))
    arrived = kind()
    load_model(arrived, str(tmp_path / "model.safetensors"))
    assert fate(kind, arrived) == outcome


@claim("ROAD-20", source="safetensors.torch.save_model", needs="safetensors")
@road("safetensors save_model", raises=(SideBySide, Slice, Expanded))
def test_save_model_raises_RuntimeError_for_a_tensor_that_is_a_part_of_its_storage(kind, tmp_path):
    """`safetensors.torch.save_model` raises `RuntimeError` for a parameter or buffer that doesn't cover its whole
    storage, where no other tensor of the module does: half of a chunk and a slice, which `save_file` writes, and an
    expanded tensor.
    """
    from safetensors.torch import save_model

    with pytest.raises(RuntimeError, match="found no suitable name to keep"):
        save_model(trained(kind), str(tmp_path / "model.safetensors"))


@claim("ROAD-21", source="safetensors.torch.save_model", needs="safetensors")
@road("safetensors save_model", raises=(ExtraNumber,))
def test_save_model_raises_AttributeError_for_extra_state_that_is_no_tensor(tmp_path):
    """`safetensors.torch.save_model` raises `AttributeError` for a module with extra state that is a number and no
    tensor.
    """
    from safetensors.torch import save_model

    with pytest.raises(AttributeError, match="has no attribute 'device'"):
        save_model(trained(ExtraNumber), str(tmp_path / "model.safetensors"))


@claim("ROAD-22", source="safetensors.torch.save_model", needs="safetensors")
@road("safetensors save_model", raises=(OnMeta,))
def test_save_model_raises_NotImplementedError_for_a_meta_tensor(tmp_path):
    """`safetensors.torch.save_model` raises `NotImplementedError` for a parameter on `meta`, which has no data."""
    from safetensors.torch import save_model

    with pytest.raises(NotImplementedError, match="meta tensor"):
        save_model(trained(OnMeta), str(tmp_path / "model.safetensors"))
