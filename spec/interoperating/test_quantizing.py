"""What quantization leaves of a module: torchao with int8 weights."""

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


@claim("ROAD-67", source="torchao.quantization.quantize_", needs="torchao")
@road(
    "torchao int8",
    changed=(AParameter, Frozen, Tied, SideBySide, Slice, Transposed),
    kept=(
        *(Expanded, ABuffer, Integers, Bools, Counting, NonPersistent, Plain, ExtraTensor, ExtraNumber, Versioned),
        *(Complex, Conjugated, OnMeta, Mode),
    ),
)
def test_quantizing_to_int8_changes_the_weights_of_linear_layers_and_nothing_else(kind, outcome):
    """The call `quantize_(model, Int8WeightOnlyConfig())` of torchao changes the weights of `nn.Linear` layers, which
    are frozen afterwards; buffers, plain tensors, extra state and the training mode are kept.
    """
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = trained(kind)
    quantize_(model, Int8WeightOnlyConfig())
    assert fate(kind, model) == outcome


@claim("ROAD-68", source="torchao.quantization.quantize_", needs="torchao")
@road("torchao int8", changed=(Frozen,))
def test_quantizing_freezes_every_weight_that_it_quantizes():
    """The call `quantize_(model, Int8WeightOnlyConfig())` of torchao sets `requires_grad` of each weight that it
    quantizes to False, and leaves `requires_grad` of the other parameters.
    """
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = trained(Frozen)
    assert [each.requires_grad for each in model.parameters()] == [False, True]
    quantize_(model, Int8WeightOnlyConfig())
    assert [each.requires_grad for each in model.parameters()] == [False, False]


@claim("ROAD-69", source="torchao.quantization.quantize_", needs="torchao")
@road("torchao int8", changed=(Tied,))
def test_quantizing_unties_and_changes_tied_weights():
    """Where several `nn.Linear` layers share a tied weight, `quantize_(model, Int8WeightOnlyConfig())` of torchao
    quantizes it once for each of them. Afterwards the layers have separate weights.
    """
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = trained(Tied)
    quantize_(model, Int8WeightOnlyConfig())
    assert model.head.weight is not model.layer.weight
    assert len([*model.parameters()]) == 2


@claim("ROAD-70", source="torchao.quantization.quantize_", needs="torchao")
@road("torchao int8", kept=(OnMeta,))
def test_a_model_on_meta_is_quantized_on_meta():
    """The call `quantize_(model, Int8WeightOnlyConfig())` of torchao quantizes a weight on `meta`, and the quantized
    weight is on `meta`.
    """
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = trained(OnMeta)
    quantize_(model, Int8WeightOnlyConfig())
    assert model.layer.weight.is_meta
    assert type(model.layer.weight) is not type(OnMeta().layer.weight)
