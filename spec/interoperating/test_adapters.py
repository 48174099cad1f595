"""What peft keeps: in the file of an adapter, and of a model into which one is merged."""

import pytest
import torch

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


@claim("ROAD-71", source="peft.PeftModel", needs="peft, safetensors")
@road(
    "peft adapter",
    lost=tuple(kind for kind in KINDS if kind not in (Frozen, OnMeta, Mode)),
    changed=(Frozen, Mode),
)
def test_the_file_of_an_adapter_has_no_state_of_the_base_model(kind, outcome, tmp_path):
    """If a LoRA model trained no bias and no module beside its adapter, PEFT's `save_pretrained` writes only the
    adapter. On a new base, `PeftModel.from_pretrained` restores nothing that training changed in the old base, buffers
    included, and freezes the new one.

    The whole model that it returns is in evaluation mode, whatever mode the saved one was in.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    get_peft_model(trained(kind), LoraConfig(target_modules=["layer"], r=2)).save_pretrained(tmp_path)
    arrived = PeftModel.from_pretrained(kind(), tmp_path).base_model.model
    assert fate(kind, arrived) == outcome


@claim("ROAD-72", source="peft.PeftModel", needs="peft")
@road(
    "peft merge",
    changed=(AParameter, Frozen, Tied, SideBySide, Slice, Transposed),
    kept=(
        *(Expanded, ABuffer, Integers, Bools, Counting, NonPersistent, Plain, ExtraTensor, ExtraNumber, Versioned),
        *(Complex, Conjugated, OnMeta, Mode),
    ),
)
def test_merging_an_adapter_changes_its_layers_and_freezes_the_rest(kind, outcome):
    """PEFT's `merge_and_unload` adds a trained LoRA adapter to the weights of its layers and keeps buffers, plain
    tensors, extra state and training mode. If only the adapter was trained, every parameter of the base model is frozen
    afterwards.
    """
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(trained(kind), LoraConfig(target_modules=["layer"], r=2))
    torch.nn.init.ones_(adapted.base_model.model.layer.lora_B["default"].weight)
    assert fate(kind, adapted.merge_and_unload()) == outcome


@claim("ROAD-73", source="peft.PeftModel", needs="peft, safetensors")
@road("peft adapter", raises=(OnMeta,))
def test_an_adapter_on_a_meta_base_is_not_saved(tmp_path):
    """PEFT's `save_pretrained` raises `NotImplementedError` for a LoRA model whose base weight, and with it the
    adapter, is on `meta`.
    """
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(trained(OnMeta), LoraConfig(target_modules=["layer"], r=2))
    with pytest.raises(NotImplementedError, match="meta tensor"):
        adapted.save_pretrained(tmp_path)


@claim("ROAD-74", source="peft.PeftModel", needs="peft")
@road("peft merge", changed=(Frozen,))
def test_a_merged_model_is_frozen_in_all_its_parameters():
    """If nothing but the adapters was trained, not even a bias, every parameter of the base model is frozen after
    PEFT's `merge_and_unload`, also in layers without an adapter.
    """
    from peft import LoraConfig, get_peft_model

    model = trained(Frozen)
    assert [each.requires_grad for each in model.parameters()] == [False, True]
    merged = get_peft_model(model, LoraConfig(target_modules=["layer"], r=2)).merge_and_unload()
    assert merged is model
    assert [each.requires_grad for each in model.parameters()] == [False, False]


@claim("ROAD-75", source="peft.PeftModel", needs="peft")
@road("peft merge", kept=(OnMeta,))
def test_an_adapter_merges_into_a_weight_on_meta():
    """PEFT's `merge_and_unload` merges a LoRA adapter into a base weight on `meta` without an error, and the weight
    stays on `meta`.
    """
    from peft import LoraConfig, get_peft_model

    merged = get_peft_model(trained(OnMeta), LoraConfig(target_modules=["layer"], r=2)).merge_and_unload()
    assert merged.layer.weight.is_meta


@claim("ROAD-81", source="peft.PeftModel.from_pretrained", needs="peft, safetensors")
@road("peft adapter", changed=(Mode,))
def test_a_model_into_which_an_adapter_is_loaded_is_in_evaluation_mode_unless_it_is_to_be_trained(tmp_path):
    """`PeftModel.from_pretrained` puts the base model that it is given into evaluation mode as a whole; with
    `is_trainable=True`, and by `get_peft_model`, each submodule keeps its mode.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    adapted, loaded, to_train = trained(Mode), Mode(), trained(Mode)
    get_peft_model(adapted, LoraConfig(target_modules=["layer"], r=2)).save_pretrained(tmp_path)
    PeftModel.from_pretrained(loaded, tmp_path)
    PeftModel.from_pretrained(to_train, tmp_path, is_trainable=True)
    assert (loaded.training, loaded.part.training) == (False, False)
    assert (to_train.training, to_train.part.training) == (True, False)
    assert (adapted.training, adapted.part.training) == (True, False)
