"""What loading without ``assign`` writes, where it writes it, and what it leaves alone."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, NestedModel, ToyModel, ToyModel2, ToyModel3, claim

PAIRS = {
    "float64 to float32": (torch.tensor([1.5, -2.0], dtype=torch.float64), torch.float32, [1.5, -2.0]),
    "float32 to int64": (torch.tensor([1.9, -1.9]), torch.int64, [1, -1]),
    "float32 to bool": (torch.tensor([0.5, 0.0]), torch.bool, [True, False]),
    "int64 to uint8": (torch.tensor([257, 3]), torch.uint8, [1, 3]),
    "bool to float32": (torch.tensor([True, False]), torch.float32, [1.0, 0.0]),
    "float32 to complex64": (torch.tensor([1.0, 2.0]), torch.complex64, [1 + 0j, 2 + 0j]),
}


@claim("LOAD-09", source="torch.nn.Module.load_state_dict")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("pair", PAIRS)
def test_loading_converts_the_dtype_without_a_word_even_where_that_loses_something(pair):
    saved, dtype, loaded = PAIRS[pair]
    model = BUFFER.on(nn.Module(), "x", torch.zeros(2, dtype=dtype))
    assert model.load_state_dict({"x": saved}) == ([], [])
    assert model.x.dtype is dtype
    assert model.x.tolist() == loaded


@claim("LOAD-42", source="torch.nn.Module.load_state_dict")
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_complex_values_into_real_ones_drops_the_imaginary_part(kind):
    model = kind.on(nn.Module(), "x", torch.zeros(2))
    model.load_state_dict({"x": torch.tensor([1 + 2j, 3 + 4j])})
    assert model.x.tolist() == [1, 3]


@claim("LOAD-07", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("strict", [True, False])
def test_a_tensor_of_another_shape_is_refused_strict_or_not_and_both_shapes_are_named(kind, strict, real_device):
    model = nn.Module()
    model.body = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    tensor = model.body.x
    sizes = r"shape torch.Size\(\[1, 3\]\) from checkpoint, the shape in current model is torch.Size\(\[3\]\)"
    with pytest.raises(RuntimeError, match=f"size mismatch for body.x: copying a param with {sizes}"):
        model.load_state_dict({"body.x": torch.ones(1, 3)}, strict=strict)
    assert model.body.x is tensor
    assert model.body.x.tolist() == [0, 0, 0]


@claim("LOAD-18", source="torch.nn.Module.load_state_dict")
def test_a_load_that_fails_has_loaded_everything_that_fits(real_device):
    model = NestedModel(5, 10).to(real_device)
    checkpoint = {key: torch.full(value.shape, 7.0) for key, value in model.state_dict().items()}
    checkpoint["scale"] = torch.full((1,), 7.0)
    checkpoint["body.toy.b1"] = "no tensor"
    del checkpoint["body.toy.linear.weight"]
    with pytest.raises(RuntimeError, match="Error"):
        model.load_state_dict({**checkpoint, "unexpected": torch.ones(1)})
    loaded = [name for name, value in model.state_dict().items() if bool((value == 7).all())]
    assert loaded == ["shift", "body.toy.c1", "body.toy.linear.bias"]


@claim("LOAD-44", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_tensor_of_one_element_loads_into_a_0_dimensional_one(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.tensor(0.0, device=real_device))
    assert model.load_state_dict({"x": torch.tensor([7.0])}) == ([], [])
    assert model.x.shape == ()
    assert model.x.tolist() == 7


@claim("LOAD-45", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(("shape", "saved"), [((1,), ()), ((), (1, 1)), ((1, 1), (1,)), ((1,), (1, 1))], ids=str)
def test_no_other_shape_of_one_element_loads_into_another(shape, saved):
    model = BUFFER.on(nn.Module(), "x", torch.zeros(shape))
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(saved)})
    assert model.x.sum() == 0


@claim("LOAD-46", source="torch.nn.Module.load_state_dict", since="2.10")
@pytest.mark.parametrize("elements", [0, 2, 3])
def test_a_0_dimensional_tensor_refuses_any_other_number_of_elements(elements):
    model = BUFFER.on(nn.Module(), "x", torch.tensor(0.0))
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(elements)})
    assert model.x.tolist() == 0


@claim("LOAD-47", source="torch.nn.Module.load_state_dict", until="2.10")
def test_a_0_dimensional_tensor_takes_the_first_element_of_any_vector():
    model = BUFFER.on(nn.Module(), "x", torch.tensor(0.0))
    assert model.load_state_dict({"x": torch.tensor([7.0, 8.0])}) == ([], [])
    assert model.x.tolist() == 7


@claim("LOAD-24", source="torch.nn.Module.load_state_dict")
def test_a_buffer_made_by_expand_cannot_be_loaded():
    model = BUFFER.on(nn.Module(), "x", torch.zeros(1).expand(3))
    sizes = r"in the model are torch.Size\(\[3\]\) .* in the checkpoint are torch.Size\(\[3\]\)"
    with pytest.raises(RuntimeError, match=f'While copying the parameter named "x", .*{sizes}, .*single memory'):
        model.load_state_dict({"x": torch.ones(3)})
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-48", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_values_cannot_be_loaded_from_meta(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    with pytest.raises(RuntimeError, match=r'named "x", .* exception occurred .*Cannot copy out of meta tensor'):
        model.load_state_dict({"x": torch.ones(3, device="meta")})
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-15", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_values_into_a_module_on_meta_does_nothing_but_warn_and_suggest_assign(kind):
    model = nn.Module()
    model.body = kind.on(nn.Module(), "x", torch.zeros(3, device="meta"))
    tensor = model.body.x
    with pytest.warns(UserWarning, match=r"for body\.x: copying from a non-meta parameter .* no-op.*`assign=True`"):
        assert model.load_state_dict({"body.x": torch.ones(3)}) == ([], [])
    assert model.body.x is tensor
    assert model.body.x.is_meta


@claim("LOAD-49", source="torch.nn.Module.load_state_dict")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_from_one_device_to_the_same_warns_of_nothing(kind, device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=device))
    tensor = model.x
    assert model.load_state_dict({"x": torch.ones(3, device=device)}) == ([], [])
    assert model.x is tensor
    assert model.x.device.type == torch.device(device).type


@claim("LOAD-19", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_no_backward_through_what_was_computed_before_a_load(kind, real_device):
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    loss = (model.b1 * model.x).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@claim("LOAD-50", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_leaves_no_history_though_the_checkpoint_has_one(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    trainable = model.x.requires_grad
    checkpoint = {"x": torch.ones(3, device=real_device, requires_grad=True) * 7}
    model.load_state_dict(checkpoint)
    assert model.x.is_leaf
    assert model.x.requires_grad is trainable
    assert checkpoint["x"].grad_fn is not None
    assert model.x.tolist() == [7, 7, 7]


@claim("LOAD-51", source="torch.nn.Module.load_state_dict")
def test_loading_leaves_gradients_flags_mode_and_plain_attributes_as_they_are(real_device):
    model = ToyModel3(5, 10).to(real_device).eval()
    model.linear.weight.requires_grad_(False)
    gradient = model.b1.grad = torch.ones(10, device=real_device)
    before = {name: value for name, value in vars(model).items() if not name.startswith("_")}
    model.load_state_dict(ToyModel3(5, 10).state_dict())
    assert model.b1.grad is gradient
    assert gradient.tolist() == [1.0] * 10
    assert {name: value for name, value in vars(model).items() if not name.startswith("_")} == before
    assert [(name, parameter.requires_grad) for name, parameter in model.named_parameters()] == [
        ("b1", True),
        ("linear.weight", False),
        ("linear.bias", True),
    ]
    assert not model.linear.training


@claim("LOAD-52", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_into_a_view_writes_through_to_its_base_and_keeps_its_strides(kind):
    base = torch.zeros(3, 2)
    model = kind.on(nn.Module(), "x", base.t())
    model.load_state_dict({"x": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])})
    assert base.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert model.x.stride() == (1, 2)


@claim("LOAD-53", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_module_does_not_share_what_it_has_loaded_with_the_checkpoint(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    checkpoint = {"x": torch.ones(3, device=real_device)}
    model.load_state_dict(checkpoint)
    checkpoint["x"].fill_(7)
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-54", source="torch.nn.Module.load_state_dict")
def test_a_module_that_is_called_by_two_names_loads_each_and_keeps_the_last():
    model = nn.Module()
    model.encoder = model.decoder = ToyModel(5, 10)
    checkpoint = {name: torch.ones_like(value) for name, value in model.state_dict().items()}
    checkpoint["decoder.linear.bias"] *= 7
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.encoder is model.decoder
    assert model.encoder.linear.bias.tolist() == [7.0] * 10
