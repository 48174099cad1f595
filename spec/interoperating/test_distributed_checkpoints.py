"""What a distributed checkpoint keeps, in torch's own folder and in Hugging Face's files."""

import pytest
import torch

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


@claim("ROAD-23", source="torch.distributed.checkpoint.load", since="2.3")
@road(
    "distributed checkpoint",
    kept=(
        *(AParameter, Tied, SideBySide, Slice, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor),
        *(ExtraNumber, Versioned, Complex, Conjugated),
    ),
    lost=(Frozen, NonPersistent, Plain, Mode),
)
def test_a_distributed_checkpoint_keeps_what_a_state_dict_has(kind, outcome, tmp_path):
    """`torch.distributed.checkpoint` keeps parameters, ties, persistent buffers and extra state of a state dict;
    `requires_grad`, non-persistent buffers, plain tensors and the training mode are lost.
    """
    import torch.distributed.checkpoint as dcp

    dcp.save(trained(kind).state_dict(), checkpoint_id=tmp_path)
    arrived = kind()
    state = arrived.state_dict()
    dcp.load(state, checkpoint_id=tmp_path)
    arrived.load_state_dict(state)
    assert fate(kind, arrived) == outcome


@claim("ROAD-76", source="torch.distributed.checkpoint.load", since="2.3")
def test_data_of_an_older_version_from_a_distributed_checkpoint_is_not_converted(tmp_path):
    """A module that loads what `torch.distributed.checkpoint` read is told its own `_version`, not that of the
    checkpoint, and so doesn't convert data of an older version, as it does when they come from `torch.load`.
    """
    import torch.distributed.checkpoint as dcp

    class Older(Versioned):
        _version = 1

    saved = trained(Older).state_dict()
    torch.save(saved, tmp_path / "model.pt")
    dcp.save(saved, checkpoint_id=tmp_path / "folder")
    by_file, by_folder = Versioned(), Versioned()
    by_file.load_state_dict(torch.load(tmp_path / "model.pt"))
    state = by_folder.state_dict()
    dcp.load(state, checkpoint_id=tmp_path / "folder")
    by_folder.load_state_dict(state)
    assert by_file.x.equal(saved["x"] * 10)
    assert by_folder.x.equal(saved["x"])


@claim("ROAD-24", source="torch.distributed.checkpoint.save", since="2.3")
@road("distributed checkpoint", raises=(OnMeta,))
def test_a_distributed_checkpoint_of_a_meta_tensor_raises(tmp_path):
    """`torch.distributed.checkpoint.save` raises `CheckpointException`, which is no subclass of `Exception`, for a
    state dict with a `meta` tensor.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    with pytest.raises(CheckpointException):
        dcp.save(trained(OnMeta).state_dict(), checkpoint_id=tmp_path)
    assert not issubclass(CheckpointException, Exception)


@claim("ROAD-77", source="torch.distributed.checkpoint.load", since="2.3")
@road("distributed checkpoint", raises=(Expanded,))
def test_loading_a_distributed_checkpoint_into_an_expanded_tensor_raises(tmp_path):
    """`torch.distributed.checkpoint.save` writes an expanded buffer in full, and `load` raises `CheckpointException`
    where the tensor that it is to fill is expanded.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    state = trained(Expanded).state_dict()
    dcp.save(state, checkpoint_id=tmp_path)
    filled = {name: torch.zeros(value.shape) for name, value in state.items()}
    dcp.load(filled, checkpoint_id=tmp_path)
    assert filled["x"].equal(state["x"])
    with pytest.raises(CheckpointException):
        dcp.load(Expanded().state_dict(), checkpoint_id=tmp_path)


@claim("ROAD-25", source="torch.distributed.checkpoint.HuggingFaceStorageWriter", since="2.8", needs="safetensors")
@road(
    "checkpoint for Hugging Face",
    kept=(AParameter, SideBySide, Slice, ABuffer, Integers, Bools, Counting, ExtraTensor, Versioned, Complex),
    lost=(Frozen, NonPersistent, Plain, Mode),
    reads_wrong=(Conjugated,),
)
def test_a_checkpoint_in_safetensors_files_keeps_tensors(kind, outcome, tmp_path):
    """A distributed checkpoint by `HuggingFaceStorageWriter` keeps contiguous parameters and buffers that are not tied,
    and extra state that is a tensor; a lazily conjugated tensor arrives without its conjugation, as from
    `safetensors.torch.save_file`.
    """
    import torch.distributed.checkpoint as dcp

    dcp.save(trained(kind).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))
    arrived = kind()
    state = arrived.state_dict()
    dcp.load(state, storage_reader=dcp.HuggingFaceStorageReader(str(tmp_path)))
    arrived.load_state_dict(state)
    assert fate(kind, arrived) == outcome


@claim("ROAD-78", source="torch.distributed.checkpoint.HuggingFaceStorageReader", since="2.8", needs="safetensors")
def test_data_of_an_older_version_from_safetensors_files_is_not_converted(tmp_path):
    """A module that loads what `HuggingFaceStorageReader` read is told its own `_version`, and doesn't convert data of
    an older version; with a plain dict of the same tensors it is told none, and does.
    """
    import torch.distributed.checkpoint as dcp

    class Older(Versioned):
        _version = 1

    saved = trained(Older).state_dict()
    dcp.save(saved, storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))
    by_dict, by_folder = Versioned(), Versioned()
    by_dict.load_state_dict(dict(saved))
    state = by_folder.state_dict()
    dcp.load(state, storage_reader=dcp.HuggingFaceStorageReader(str(tmp_path)))
    by_folder.load_state_dict(state)
    assert by_dict.x.equal(saved["x"] * 10)
    assert by_folder.x.equal(saved["x"])


@claim("ROAD-26", source="torch.distributed.checkpoint.HuggingFaceStorageWriter", since="2.8", needs="safetensors")
@road("checkpoint for Hugging Face", raises=(Tied, Transposed))
def test_a_checkpoint_in_safetensors_files_raises_for_what_the_folder_keeps(kind, tmp_path):
    """A distributed checkpoint by `HuggingFaceStorageWriter` raises `CheckpointException` for tied and for transposed
    parameters, which a distributed checkpoint by the default writer keeps.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    with pytest.raises(CheckpointException):
        dcp.save(trained(kind).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))


@claim("ROAD-27", source="torch.distributed.checkpoint.HuggingFaceStorageWriter", since="2.8", needs="safetensors")
@road("checkpoint for Hugging Face", raises=(OnMeta,))
def test_a_meta_tensor_is_not_written_to_safetensors_files(tmp_path):
    """A distributed checkpoint by `HuggingFaceStorageWriter` of a state dict with a `meta` tensor raises
    `CheckpointException`, as by the default writer.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    with pytest.raises(CheckpointException):
        dcp.save(trained(OnMeta).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))


@claim("ROAD-80", source="torch.distributed.checkpoint.HuggingFaceStorageWriter", since="2.8", needs="safetensors")
@road("checkpoint for Hugging Face", raises=(ExtraNumber,))
def test_extra_state_that_is_no_tensor_makes_a_file_that_nobody_reads(tmp_path):
    """`HuggingFaceStorageWriter` writes extra state that is a number without an error, into a file for which
    safetensors raises `SafetensorError` and a load by `HuggingFaceStorageReader` raises `CheckpointException`.
    """
    import torch.distributed.checkpoint as dcp
    from safetensors import SafetensorError, safe_open
    from torch.distributed.checkpoint.api import CheckpointException

    dcp.save(trained(ExtraNumber).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))
    (written,) = tmp_path.glob("*.safetensors")
    with pytest.raises(SafetensorError):
        safe_open(written, framework="pt")
    with pytest.raises(CheckpointException):
        dcp.load(ExtraNumber().state_dict(), storage_reader=dcp.HuggingFaceStorageReader(str(tmp_path)))


@claim("ROAD-79", source="torch.distributed.checkpoint.HuggingFaceStorageReader", since="2.8", needs="safetensors")
@road("checkpoint for Hugging Face", raises=(Expanded,))
def test_filling_an_expanded_tensor_from_safetensors_files_raises(tmp_path):
    """`HuggingFaceStorageWriter` writes an expanded buffer, and a load by `HuggingFaceStorageReader` raises
    `CheckpointException` where the tensor that it is to fill is expanded.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    dcp.save(trained(Expanded).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))
    with pytest.raises(CheckpointException):
        dcp.load(Expanded().state_dict(), storage_reader=dcp.HuggingFaceStorageReader(str(tmp_path)))
