"""What a memory map of tensordict keeps of a module."""

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


@claim("ROAD-43", source="tensordict.TensorDict.load_memmap", needs="tensordict")
@road(
    "tensordict memory map",
    kept=(
        *(AParameter, SideBySide, Slice, Transposed, ABuffer, Integers, Bools, Counting, NonPersistent),
        *(Expanded, Versioned, Complex, Conjugated),
    ),
    untied=(Tied,),
    lost=(Frozen, Plain, ExtraTensor, ExtraNumber, Mode),
)
def test_a_memory_map_keeps_parameters_and_buffers(kind, outcome, tmp_path):
    """In tensordict, `TensorDict.from_module(model).data.memmap(folder)`, `load_memmap` and `to_module` keep parameters
    and buffers, non-persistent ones too; `requires_grad`, plain tensors, extra state and the training mode are lost.
    """
    from tensordict import TensorDict

    TensorDict.from_module(trained(kind)).data.memmap(str(tmp_path))
    arrived = kind()
    TensorDict.load_memmap(str(tmp_path)).to_module(arrived)
    assert fate(kind, arrived) == outcome


@claim("ROAD-44", source="tensordict.TensorDict.memmap", needs="tensordict")
@road("tensordict memory map", raises=(OnMeta,))
def test_a_memory_map_of_a_meta_tensor_raises_NotImplementedError(tmp_path):
    """`TensorDict.memmap` raises `NotImplementedError` for a parameter on `meta`."""
    from tensordict import TensorDict

    with pytest.raises(NotImplementedError, match="meta tensor"):
        TensorDict.from_module(trained(OnMeta)).data.memmap(str(tmp_path))


@claim("ROAD-45", source="tensordict.TensorDict.load_memmap", needs="tensordict")
@road("tensordict memory map", untied=(Tied,))
def test_a_memory_map_unties_a_module_that_its_constructor_ties(tmp_path):
    """`to_module` of a memory map that tensordict loaded unties: the two names of a tied parameter get two tensors,
    also in a module whose constructor ties them.
    """
    from tensordict import TensorDict

    TensorDict.from_module(trained(Tied)).data.memmap(str(tmp_path))
    arrived = Tied()
    assert arrived.head.weight is arrived.layer.weight
    TensorDict.load_memmap(str(tmp_path)).to_module(arrived)
    assert arrived.head.weight.equal(arrived.layer.weight)
    assert arrived.head.weight is not arrived.layer.weight


@claim("ROAD-46", source="tensordict.TensorDict.to_module", needs="tensordict")
@road("tensordict memory map", kept=(Expanded,))
def test_to_module_rebinds_an_expanded_buffer(tmp_path):
    """`to_module` of a memory map that tensordict loaded rebinds an expanded buffer to a tensor of full size, where
    `load_state_dict`, which copies in place, raises `RuntimeError`.
    """
    from tensordict import TensorDict

    TensorDict.from_module(trained(Expanded)).data.memmap(str(tmp_path))
    arrived = Expanded()
    with pytest.raises(RuntimeError):
        arrived.load_state_dict(trained(Expanded).state_dict())
    TensorDict.load_memmap(str(tmp_path)).to_module(arrived)
    assert arrived.x.equal(trained(Expanded).x)
    assert arrived.x.is_contiguous()
