"""What averages of a module keep: of torch, ema-pytorch and timm."""

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


@claim("ROAD-56", source="torch.optim.swa_utils.AveragedModel", since="2.0")
@road(
    "AveragedModel",
    changed=(AParameter, Tied, SideBySide, Slice, Transposed),
    kept=(ABuffer, Integers, Bools, Counting, NonPersistent, Versioned, Complex, Conjugated),
    lost=(Frozen, Plain, ExtraTensor, ExtraNumber, Mode),
)
def test_an_averaged_model_averages_parameters_and_copies_buffers(kind, outcome):
    """At each `update_parameters`, `AveragedModel` by default averages parameters and copies buffers, non-persistent
    ones too; plain tensors, extra state, `requires_grad` and the training mode stay as they were when it was built.
    """
    model = kind()
    average = torch.optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    with torch.no_grad():
        model.train_a_little()
    average.update_parameters(model)
    assert fate(kind, average.module) == outcome


@claim("ROAD-57", source="torch.optim.swa_utils.AveragedModel", since="2.0")
@road("AveragedModel", raises=(Expanded,))
def test_an_averaged_model_with_an_expanded_buffer_raises_RuntimeError():
    """`AveragedModel.update_parameters` raises `RuntimeError` for a model with an expanded buffer, as it copies buffers
    in place.
    """
    model = Expanded()
    average = torch.optim.swa_utils.AveragedModel(model)
    with pytest.raises(RuntimeError, match="more than one element"):
        average.update_parameters(model)


@claim("ROAD-58", source="torch.optim.swa_utils.AveragedModel")
@road("AveragedModel", raises=(OnMeta,))
def test_an_averaged_model_of_parameters_that_went_to_meta_raises_NotImplementedError():
    """`AveragedModel.update_parameters` raises `NotImplementedError` for a model that was moved to `meta` after the
    average was built.
    """
    model = OnMeta()
    average = torch.optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    model.train_a_little()
    with pytest.raises(NotImplementedError, match="meta tensor"):
        average.update_parameters(model)


@claim("ROAD-59", source="ema_pytorch.EMA", needs="ema-pytorch")
@road(
    "ema-pytorch",
    changed=(
        *(AParameter, Frozen, Tied, SideBySide, Slice, Transposed, ABuffer, Counting, NonPersistent, Versioned),
        *(Complex, Conjugated),
    ),
    lost=(Integers, Bools, Plain, ExtraTensor, ExtraNumber, Mode),
)
def test_ema_pytorch_averages_floating_buffers_too_and_leaves_integers(kind, outcome):
    """`ema_pytorch.EMA` averages buffers of floating and complex numbers as it does parameters; later updates leave
    integer and bool buffers, plain tensors, extra state and the training mode as they are.
    """
    from ema_pytorch import EMA

    model = kind()
    average = EMA(model, beta=0.5, update_after_step=0, update_every=1)
    average.update()
    with torch.no_grad():
        model.train_a_little()
    average.update()
    assert fate(kind, average.ema_model) == outcome


@claim("ROAD-60", source="ema_pytorch.EMA", needs="ema-pytorch")
@road("ema-pytorch", raises=(Expanded, OnMeta))
def test_ema_pytorch_raises_RuntimeError_for_an_expanded_buffer_and_after_a_move_to_meta(kind):
    """`ema_pytorch.EMA.update` raises `RuntimeError` for a model with an expanded buffer, and for a model that was
    moved to `meta` after the average was built.
    """
    from ema_pytorch import EMA

    model = kind()
    average = EMA(model, beta=0.5, update_after_step=0, update_every=1)
    with torch.no_grad():
        model.train_a_little()
    with pytest.raises(RuntimeError):
        [average.update() for _ in range(2)]


@claim("ROAD-61", source="ema_pytorch.EMA", needs="ema-pytorch")
@road("ema-pytorch", lost=(Integers, Bools))
def test_ema_pytorch_never_updates_integer_and_bool_buffers(kind):
    """`ema_pytorch.EMA` copies integer and bool buffers together with the model, by default when it is built, and never
    again: `update()` leaves them, even where the model's buffers change.
    """
    from ema_pytorch import EMA

    model = kind()
    average = EMA(model, beta=0.5, update_after_step=0, update_every=1)
    average.update()
    begun = average.ema_model.x.clone()
    with torch.no_grad():
        model.train_a_little()
    for _ in range(5):
        average.update()
    assert average.ema_model.x.equal(begun)
    assert not model.x.equal(begun)


@claim("ROAD-62", source="timm.utils.ModelEmaV3", needs="timm")
@road(
    "timm ModelEmaV3",
    changed=(AParameter, Tied, SideBySide, Slice, Transposed, ABuffer, Counting, ExtraTensor, Versioned, Mode),
    kept=(Integers, Bools, Complex, Conjugated),
    lost=(Frozen, NonPersistent, Plain),
)
def test_the_average_of_timm_averages_the_state_dict_and_copies_integers(kind, outcome):
    """`timm.utils.ModelEmaV3` averages the floating tensors of the state dict, buffers too, and copies integer, bool
    and complex ones; in the average, non-persistent buffers, plain tensors and `requires_grad` stay as they were when
    it was built.

    The whole average is in evaluation mode, whatever mode the model is in.
    """
    from timm.utils import ModelEmaV3

    model = kind()
    average = ModelEmaV3(model, decay=0.5)
    average.update(model)
    with torch.no_grad():
        model.train_a_little()
    average.update(model)
    assert fate(kind, average.module) == outcome


@claim("ROAD-63", source="timm.utils.ModelEmaV3", needs="timm")
@road("timm ModelEmaV3", raises=(Expanded, OnMeta))
def test_the_average_of_timm_raises_RuntimeError_for_an_expanded_buffer_and_after_a_move_to_meta(kind):
    """`timm.utils.ModelEmaV3.update` raises `RuntimeError` for a model with an expanded buffer, and for a model that
    was moved to `meta` after the average was built.
    """
    from timm.utils import ModelEmaV3

    model = kind()
    average = ModelEmaV3(model, decay=0.5)
    with torch.no_grad():
        model.train_a_little()
    with pytest.raises(RuntimeError):
        average.update(model)


@claim("ROAD-64", source="timm.utils.ModelEmaV3", needs="timm")
@road("timm ModelEmaV3", raises=(ExtraNumber,))
def test_the_average_of_timm_raises_AttributeError_for_extra_state_that_is_no_tensor():
    """By default, `timm.utils.ModelEmaV3.update` averages the values of the state dict, so it raises `AttributeError`
    for a model whose extra state is a number.
    """
    from timm.utils import ModelEmaV3

    model = ExtraNumber()
    with pytest.raises(AttributeError, match="is_floating_point"):
        ModelEmaV3(model, decay=0.5).update(model)


@claim("ROAD-65", source="timm.utils.ModelEmaV3", needs="timm")
@road("timm ModelEmaV3", changed=(ExtraTensor,))
def test_the_average_of_timm_averages_extra_state_that_is_a_tensor():
    """`timm.utils.ModelEmaV3` averages extra state that is a tensor in place, as it averages parameters, where
    `AveragedModel` leaves extra state as it was.
    """
    from timm.utils import ModelEmaV3

    model = ExtraTensor()
    average, other = ModelEmaV3(model, decay=0.5), torch.optim.swa_utils.AveragedModel(model)
    begun = model.x.clone()
    model.x += 1
    average.update(model)
    other.update_parameters(model)
    assert average.module.x.allclose(begun + 0.5)
    assert other.module.x.equal(begun)


@claim("ROAD-82", source="timm.utils.ModelEmaV3", needs="timm")
@road("timm ModelEmaV3", changed=(Mode,))
def test_the_average_of_timm_is_in_evaluation_mode_as_a_whole():
    """`timm.utils.ModelEmaV3` puts its average into evaluation mode as a whole; in the average of `AveragedModel` each
    submodule begins in the mode that it has in the model, whose modes neither changes.
    """
    from timm.utils import ModelEmaV3

    model = trained(Mode)
    average, other = ModelEmaV3(model), torch.optim.swa_utils.AveragedModel(model)
    assert (average.module.training, average.module.part.training) == (False, False)
    assert (other.module.training, other.module.part.training) == (True, False)
    assert (model.training, model.part.training) == (True, False)


@claim("ROAD-66", source="ema_pytorch.EMA", needs="ema-pytorch")
@road("ema-pytorch", changed=(Counting,))
def test_ema_pytorch_averages_a_count_that_is_a_float():
    """`ema_pytorch.EMA` averages a count that `forward` keeps in a floating buffer: the average holds a fraction, which
    is no number of calls.
    """
    from ema_pytorch import EMA

    model = Counting()
    average = EMA(model, beta=0.5, update_after_step=0, update_every=1)
    average.update()
    with torch.no_grad():
        model.train_a_little()
    average.update()
    assert model.x.tolist() == [3, 3, 3, 3]
    assert average.ema_model.x.frac().all()
    assert average.ema_model.x.lt(3).all()
