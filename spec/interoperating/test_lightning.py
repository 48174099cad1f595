"""What a Lightning checkpoint keeps of a module."""

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


@claim("ROAD-41", source="lightning.Trainer.save_checkpoint", needs="lightning")
@road(
    "Lightning checkpoint",
    kept=(
        *(AParameter, Tied, SideBySide, Slice, Transposed, ABuffer, Integers, Bools, Counting, ExtraTensor),
        *(ExtraNumber, Versioned, Complex, Conjugated),
    ),
    lost=(Frozen, NonPersistent, Plain, Mode),
)
def test_a_lightning_checkpoint_keeps_the_state_dict(kind, outcome, tmp_path):
    """`trainer.save_checkpoint` and `load_from_checkpoint` of Lightning keep what a state dict has; `requires_grad`,
    non-persistent buffers, plain tensors and the training mode are lost.
    """
    import lightning

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = kind()

    sent = Lit()
    sent.model = trained(kind)
    trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.strategy.connect(sent)
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    assert fate(kind, Lit.load_from_checkpoint(tmp_path / "model.ckpt").model) == outcome


@claim("ROAD-42", source="lightning.LightningModule.load_from_checkpoint", needs="lightning")
@road("Lightning checkpoint", raises=(Expanded, OnMeta))
def test_a_lightning_checkpoint_of_meta_or_into_expanded_tensors_raises_RuntimeError(kind, tmp_path):
    """`load_from_checkpoint` of Lightning raises `RuntimeError` where `load_state_dict` does: for a checkpoint of
    `meta` tensors and for a model with an expanded tensor.
    """
    import lightning

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = kind()

    sent = Lit()
    sent.model = trained(kind)
    trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.strategy.connect(sent)
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    with pytest.raises(RuntimeError, match=r"Error.s. in loading state_dict"):
        Lit.load_from_checkpoint(tmp_path / "model.ckpt")
