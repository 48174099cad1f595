"""What a distributed checkpoint keeps, in torch's own folder and in Hugging Face's files."""

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
    """`torch.distributed.checkpoint` keeps parameters, persistent buffers and extra state of a state dict, as
    `torch.save` does; the `_version` that a module's loading hooks are told is that of the receiving module.
    """
    import torch.distributed.checkpoint as dcp

    dcp.save(trained(kind).state_dict(), checkpoint_id=tmp_path)
    arrived = kind()
    state = arrived.state_dict()
    dcp.load(state, checkpoint_id=tmp_path)
    arrived.load_state_dict(state)
    assert fate(kind, arrived) == outcome


@claim("ROAD-24", source="torch.distributed.checkpoint.load", since="2.3")
@road("distributed checkpoint", raises=(Expanded, OnMeta))
def test_a_distributed_checkpoint_raises_for_meta_and_expanded_tensors(kind, tmp_path):
    """`torch.distributed.checkpoint` raises `CheckpointException`, which is no subclass of `Exception`, where `save`
    finds a `meta` tensor and where `load` is to fill an expanded tensor.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    def there_and_back():
        dcp.save(trained(kind).state_dict(), checkpoint_id=tmp_path)
        dcp.load(kind().state_dict(), checkpoint_id=tmp_path)

    with pytest.raises(CheckpointException):
        there_and_back()
    assert not issubclass(CheckpointException, Exception)


@claim("ROAD-25", source="torch.distributed.checkpoint.HuggingFaceStorageWriter", since="2.8", needs="safetensors")
@road(
    "checkpoint for Hugging Face",
    kept=(AParameter, SideBySide, Slice, ABuffer, Integers, Bools, Counting, ExtraTensor, Versioned, Complex),
    lost=(Frozen, NonPersistent, Plain, Mode),
    reads_wrong=(Conjugated,),
)
def test_a_checkpoint_in_safetensors_files_keeps_tensors_and_the_version(kind, outcome, tmp_path):
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
@road("checkpoint for Hugging Face", raises=(Expanded, ExtraNumber, OnMeta))
def test_a_checkpoint_in_safetensors_files_raises_for_extra_state_that_is_no_tensor(kind, tmp_path):
    """A distributed checkpoint by `HuggingFaceStorageWriter` raises `CheckpointException` for extra state that is a
    number and no tensor and, as with the default writer, for `meta` and expanded tensors.
    """
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.api import CheckpointException

    def there_and_back():
        dcp.save(trained(kind).state_dict(), storage_writer=dcp.HuggingFaceStorageWriter(str(tmp_path)))
        dcp.load(kind().state_dict(), storage_reader=dcp.HuggingFaceStorageReader(str(tmp_path)))

    with pytest.raises(CheckpointException):
        there_and_back()
