"""What accelerate keeps: of a training state, of a model, and of one that is built empty and filled."""

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


@claim("ROAD-28", source="accelerate.Accelerator.save_state", needs="accelerate, safetensors")
@road(
    "accelerate save_state",
    kept=(AParameter, Tied, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor, Complex),
    lost=(Frozen, NonPersistent, Plain, Mode),
    reads_wrong=(Versioned, Conjugated),
)
def test_save_state_keeps_the_tensors_of_the_prepared_model(kind, outcome, tmp_path):
    """`accelerator.save_state` and `load_state` of accelerate keep parameters, ties and persistent buffers of a
    prepared model; `requires_grad`, non-persistent buffers, plain tensors and the training mode are lost.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    accelerator.prepare_model(trained(kind))
    accelerator.save_state(str(tmp_path))
    accelerator.free_memory()
    arrived = accelerator.prepare_model(kind())
    accelerator.load_state(str(tmp_path))
    assert fate(kind, arrived) == outcome


@claim("ROAD-29", source="accelerate.Accelerator.load_state", needs="accelerate, safetensors")
@road("accelerate save_state", raises=(SideBySide, Slice, Expanded))
def test_load_state_raises_RuntimeError_for_a_tensor_that_is_a_part_of_its_storage(kind, tmp_path):
    """By default, with safetensors files, `load_state` of accelerate raises `RuntimeError` for a model with a tensor
    that uses a part of its storage, such as a slice or an expanded tensor, though `save_state` has written it without
    an error.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    accelerator.prepare_model(trained(kind))
    accelerator.save_state(str(tmp_path))
    accelerator.free_memory()
    accelerator.prepare_model(kind())
    with pytest.raises(RuntimeError, match="found no suitable name to keep"):
        accelerator.load_state(str(tmp_path))
    accelerator.free_memory()


@claim("ROAD-30", source="accelerate.Accelerator.save_state", needs="accelerate, safetensors")
@road("accelerate save_state", raises=(ExtraNumber,))
def test_save_state_of_extra_state_that_is_no_tensor_raises_AttributeError(tmp_path):
    """By default, with safetensors files, `accelerator.save_state` of accelerate raises `AttributeError` for a model
    with extra state that is a number and no tensor.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    accelerator.prepare_model(trained(ExtraNumber))
    with pytest.raises(AttributeError, match="'float' object has no attribute"):
        accelerator.save_state(str(tmp_path))
    accelerator.free_memory()


@claim("ROAD-31", source="accelerate.Accelerator.prepare_model", needs="accelerate")
@road("accelerate save_state", raises=(OnMeta,))
def test_a_model_on_meta_cannot_be_prepared(tmp_path):
    """By default, `accelerator.prepare_model` of accelerate moves the model, so it raises `NotImplementedError` for a
    model with a parameter on `meta`.
    """
    from accelerate import Accelerator

    with pytest.raises(NotImplementedError, match="meta tensor"):
        Accelerator(cpu=True).prepare_model(trained(OnMeta))


@claim("ROAD-32", source="accelerate.Accelerator.save_model", needs="accelerate, safetensors")
@road(
    "accelerate save_model",
    kept=(AParameter, Tied, Slice, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor, Complex),
    lost=(Frozen, SideBySide, NonPersistent, Plain, Mode),
    reads_wrong=(Versioned, Conjugated),
)
def test_save_model_keeps_the_tensors_of_a_model(kind, outcome, tmp_path):
    """`save_model` of accelerate and its `load_checkpoint_in_model` keep parameters, ties and persistent buffers;
    `requires_grad`, non-persistent buffers, plain tensors, and one of two parameters that share a storage side by side,
    are lost without an error.
    """
    from accelerate import Accelerator, load_checkpoint_in_model

    Accelerator(cpu=True).save_model(trained(kind), str(tmp_path))
    arrived = kind()
    load_checkpoint_in_model(arrived, str(tmp_path))
    assert fate(kind, arrived) == outcome


@claim("ROAD-33", source="accelerate.Accelerator.save_model", needs="accelerate, safetensors")
@road("accelerate save_model", raises=(OnMeta,))
def test_save_model_of_a_meta_model_raises_RuntimeError(tmp_path):
    """`accelerator.save_model` of accelerate raises `RuntimeError` for a model with a parameter on `meta` that is not
    offloaded by accelerate.
    """
    from accelerate import Accelerator

    with pytest.raises(RuntimeError, match="parameters are on the meta device"):
        Accelerator(cpu=True).save_model(trained(OnMeta), str(tmp_path))


@claim("ROAD-34", source="accelerate.Accelerator.save_model", needs="accelerate, safetensors")
@road("accelerate save_model", raises=(ExtraNumber,))
def test_save_model_of_extra_state_that_is_no_tensor_raises_AttributeError(tmp_path):
    """`accelerator.save_model` of accelerate raises `AttributeError` for a model with extra state that is a number and
    no tensor.
    """
    from accelerate import Accelerator

    with pytest.raises(AttributeError, match="'float' object has no attribute"):
        Accelerator(cpu=True).save_model(trained(ExtraNumber), str(tmp_path))


@claim("ROAD-35", source="accelerate.load_checkpoint_in_model", needs="accelerate, safetensors")
@road("accelerate save_model", raises=(Expanded,))
def test_load_checkpoint_in_model_into_an_expanded_buffer_raises_RuntimeError(tmp_path):
    """`accelerator.save_model` of accelerate writes an expanded buffer in full; `load_checkpoint_in_model` raises
    `RuntimeError` for a model in which this buffer is expanded.
    """
    from accelerate import Accelerator, load_checkpoint_in_model

    Accelerator(cpu=True).save_model(trained(Expanded), str(tmp_path))
    with pytest.raises(RuntimeError, match="more than one element"):
        load_checkpoint_in_model(Expanded(), str(tmp_path))


@claim("ROAD-36", source="accelerate.init_empty_weights", needs="accelerate")
@road(
    "accelerate empty build",
    kept=(
        *(AParameter, SideBySide, Slice, Transposed, Expanded, ABuffer, Integers, Bools, Counting, Complex),
        *(Conjugated, Versioned),
    ),
    lost=(Frozen, NonPersistent, Plain, Mode),
    untied=(Tied,),
)
def test_a_model_that_is_built_empty_and_filled_has_the_values_and_no_ties(kind, outcome, tmp_path):
    """A model built under accelerate's `init_empty_weights()` with its default options and filled by
    `load_checkpoint_in_model(device_map=...)` has the parameters and persistent buffers of the checkpoint. Parameters
    that its constructor ties are then untied.
    """
    import accelerate

    torch.save(trained(kind).state_dict(), tmp_path / "pytorch_model.bin")
    with accelerate.init_empty_weights():
        arrived = kind()
    accelerate.load_checkpoint_in_model(arrived, str(tmp_path / "pytorch_model.bin"), device_map={"": "cpu"})
    assert fate(kind, arrived) == outcome


@claim("ROAD-37", source="accelerate.Accelerator.save_model", needs="accelerate, safetensors")
@road("accelerate save_model", lost=(SideBySide,))
def test_save_model_loses_one_of_two_parameters_that_lie_side_by_side(tmp_path):
    """`accelerator.save_model` of accelerate takes two parameters in one storage for tied, though they share no
    element, and writes only one: `load_checkpoint_in_model` leaves the other as the constructor made it, without an
    error.
    """
    from accelerate import Accelerator, load_checkpoint_in_model
    from safetensors.torch import load_file

    Accelerator(cpu=True).save_model(trained(SideBySide), str(tmp_path))
    (written,) = load_file(tmp_path / "model.safetensors")
    arrived = SideBySide()
    load_checkpoint_in_model(arrived, str(tmp_path))
    (left,) = {"layer.weight", "head.weight"} - {written}
    assert arrived.get_parameter(written).equal(trained(SideBySide).get_parameter(written))
    assert arrived.get_parameter(left).equal(SideBySide().get_parameter(left))


@claim("ROAD-38", source="accelerate.load_checkpoint_in_model", needs="accelerate")
@road("accelerate empty build", raises=(ExtraTensor, ExtraNumber))
def test_filling_an_empty_model_with_extra_state_raises_ValueError(kind, tmp_path):
    """With a `device_map` to the CPU, accelerate's `load_checkpoint_in_model` raises `ValueError` for a checkpoint with
    extra state, even if that is a tensor.
    """
    import accelerate

    torch.save(trained(kind).state_dict(), tmp_path / "pytorch_model.bin")
    with accelerate.init_empty_weights():
        arrived = kind()
    with pytest.raises(ValueError, match="does not have a parameter or a buffer named _extra_state"):
        accelerate.load_checkpoint_in_model(arrived, str(tmp_path / "pytorch_model.bin"), device_map={"": "cpu"})


@claim("ROAD-39", source="accelerate.load_checkpoint_in_model", needs="accelerate")
@road("accelerate empty build", raises=(OnMeta,))
def test_filling_an_empty_model_from_meta_raises_NotImplementedError(tmp_path):
    """`load_checkpoint_in_model(device_map=...)` of accelerate raises `NotImplementedError` for a checkpoint of `meta`
    tensors.
    """
    import accelerate

    torch.save(trained(OnMeta).state_dict(), tmp_path / "pytorch_model.bin")
    with accelerate.init_empty_weights():
        arrived = OnMeta()
    with pytest.raises(NotImplementedError, match="meta tensor"):
        accelerate.load_checkpoint_in_model(arrived, str(tmp_path / "pytorch_model.bin"), device_map={"": "cpu"})


@claim("ROAD-40", source="accelerate.init_empty_weights", needs="accelerate")
@road("accelerate empty build", untied=(Tied,))
def test_a_constructor_under_init_empty_weights_ties_nothing(tmp_path):
    """Under accelerate's `init_empty_weights()` each assignment of a parameter makes a new one on `meta`: parameters
    that the constructor ties are separate, and after `load_checkpoint_in_model` they are so still, with equal values.
    """
    import accelerate

    torch.save(trained(Tied).state_dict(), tmp_path / "pytorch_model.bin")
    with accelerate.init_empty_weights():
        arrived = Tied()
    accelerate.load_checkpoint_in_model(arrived, str(tmp_path / "pytorch_model.bin"), device_map={"": "cpu"})
    assert arrived.head.weight.equal(arrived.layer.weight)
    assert arrived.head.weight is not arrived.layer.weight
