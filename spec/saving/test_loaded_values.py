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
def test_loading_converts_the_dtype_silently_even_where_that_changes_values(pair):
    """Without `assign=True`, `load_state_dict()` silently converts a real tensor to the dtype of the module's buffer,
    even where that changes values: 1.9 becomes 1 in `int64`.
    """
    saved, dtype, loaded = PAIRS[pair]
    model = BUFFER.on(nn.Module(), "x", torch.zeros(2, dtype=dtype))
    assert model.load_state_dict({"x": saved}) == ([], [])
    assert model.x.dtype is dtype
    assert model.x.tolist() == loaded


@claim("LOAD-42", source="torch.nn.Module.load_state_dict")
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_complex_values_into_real_ones_drops_the_imaginary_part(kind):
    """By default, loading complex values into a real parameter or buffer drops the imaginary part."""
    model = kind.on(nn.Module(), "x", torch.zeros(2))
    model.load_state_dict({"x": torch.tensor([1 + 2j, 3 + 4j])})
    assert model.x.tolist() == [1, 3]


@claim("LOAD-07", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("strict", [True, False])
def test_a_tensor_of_another_shape_raises_an_error_that_names_both_shapes_strict_or_not(kind, strict, real_device):
    """A checkpoint tensor of another shape raises `RuntimeError` with both shapes, even with `strict=False`, and the
    module's own tensor stays unchanged. The exceptions are a 0-d tensor, which also takes shape (1,), and the
    uninitialized tensors of a lazy module.
    """
    model = nn.Module()
    model.body = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    tensor = model.body.x
    sizes = r"shape torch.Size\(\[1, 3\]\) from checkpoint, the shape in current model is torch.Size\(\[3\]\)"
    with pytest.raises(RuntimeError, match=f"size mismatch for body.x: copying a param with {sizes}"):
        model.load_state_dict({"body.x": torch.ones(1, 3)}, strict=strict)
    assert model.body.x is tensor
    assert model.body.x.tolist() == [0, 0, 0]


@claim("LOAD-18", source="torch.nn.Module.load_state_dict")
def test_a_load_that_raises_an_error_has_loaded_everything_that_fits(real_device):
    """Where `load_state_dict()` raises `RuntimeError` for missing or unexpected keys, another shape or a value that is
    no tensor, everything that fits has been loaded all the same.
    """
    model = NestedModel(5, 10).to(real_device)
    checkpoint = {key: torch.full(value.shape, 7.0) for key, value in model.state_dict().items()}
    checkpoint["scale"] = torch.full((1,), 7.0)
    checkpoint["body.inner.b1"] = "no tensor"
    del checkpoint["body.inner.linear.weight"]
    with pytest.raises(RuntimeError, match="Error"):
        model.load_state_dict({**checkpoint, "unexpected": torch.ones(1)})
    loaded = [name for name, value in model.state_dict().items() if bool((value == 7).all())]
    assert loaded == ["shift", "body.inner.c1", "body.inner.linear.bias"]


@claim("LOAD-44", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_tensor_of_one_element_loads_into_a_0_dimensional_one(kind, real_device):
    """A checkpoint tensor of shape (1,) loads into a 0-d parameter or buffer, which stays 0-d."""
    model = kind.on(nn.Module(), "x", torch.tensor(0.0, device=real_device))
    assert model.load_state_dict({"x": torch.tensor([7.0])}) == ([], [])
    assert model.x.shape == ()
    assert model.x.tolist() == 7


@claim("LOAD-45", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(("shape", "saved"), [((1,), ()), ((), (1, 1)), ((1, 1), (1,)), ((1,), (1, 1))], ids=str)
def test_a_tensor_of_one_element_does_not_load_into_another_shape_of_one_element(shape, saved):
    """A tensor of one element raises `RuntimeError` when loaded into another shape of one element, such as 0-d into
    (1,) or (1,) into (1, 1); only (1,) into 0-d loads.
    """
    model = BUFFER.on(nn.Module(), "x", torch.zeros(shape))
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(saved)})
    assert model.x.sum() == 0


@claim("LOAD-46", source="torch.nn.Module.load_state_dict", since="2.10")
@pytest.mark.parametrize("elements", [0, 2, 3])
def test_a_0_dimensional_tensor_loads_no_other_number_of_elements(elements):
    """Loading a vector of 0, 2 or 3 elements into a 0-d buffer raises `RuntimeError` and leaves the
    buffer unchanged.
    """
    model = BUFFER.on(nn.Module(), "x", torch.tensor(0.0))
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(elements)})
    assert model.x.tolist() == 0


@claim("LOAD-47", source="torch.nn.Module.load_state_dict", until="2.10")
def test_a_0_dimensional_tensor_took_the_first_element_of_a_vector():
    """Before torch 2.10, loading a vector of two elements into a 0-d buffer silently took the first; since then it
    raises `RuntimeError`.
    """
    model = BUFFER.on(nn.Module(), "x", torch.tensor(0.0))
    assert model.load_state_dict({"x": torch.tensor([7.0, 8.0])}) == ([], [])
    assert model.x.tolist() == 7


@claim("LOAD-24", source="torch.nn.Module.load_state_dict")
def test_loading_into_a_buffer_made_by_expand_raises_an_error():
    """Without `assign=True`, loading into a buffer made by `expand()`, whose elements share memory, raises
    `RuntimeError` and leaves the buffer unchanged.
    """
    model = BUFFER.on(nn.Module(), "x", torch.zeros(1).expand(3))
    sizes = r"in the model are torch.Size\(\[3\]\) .* in the checkpoint are torch.Size\(\[3\]\)"
    with pytest.raises(RuntimeError, match=f'While copying the parameter named "x", .*{sizes}, .*single memory'):
        model.load_state_dict({"x": torch.ones(3)})
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-48", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_values_from_meta_raises_an_error(kind, real_device):
    """By default, loading a meta tensor, which has no values, into a parameter or buffer on a real device raises
    `RuntimeError` and leaves the parameter or buffer unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    with pytest.raises(RuntimeError, match=r'named "x", .* exception occurred .*Cannot copy out of meta tensor'):
        model.load_state_dict({"x": torch.ones(3, device="meta")})
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-15", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_values_into_a_module_on_meta_does_nothing_but_warn_and_suggest_assign(kind):
    """Without `assign=True`, loading values into a parameter or buffer on meta changes nothing: it emits a
    `UserWarning` that suggests `assign=True`.
    """
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
def test_loading_from_the_same_device_emits_no_warning(kind, device):
    """Without `assign=True`, loading a checkpoint of the module's own dtypes and device, be it meta, emits no warning
    and keeps the module's tensor objects.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=device))
    tensor = model.x
    assert model.load_state_dict({"x": torch.ones(3, device=device)}) == ([], [])
    assert model.x is tensor
    assert model.x.device.type == torch.device(device).type


@claim("LOAD-19", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_backward_through_a_result_from_before_a_load_raises_an_error(kind, real_device):
    """Where `backward()` needs the old value of a parameter or buffer, it raises `RuntimeError` for a result that was
    computed before `load_state_dict()` copied into that tensor, as a load does by default without `assign=True`.
    """
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    loss = (model.b1 * model.x).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@claim("LOAD-50", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_copies_values_without_their_graph(kind, real_device):
    """By default, loading a tensor that has a `grad_fn` copies its values only: the module's parameter or buffer stays
    a leaf with its own `requires_grad`.
    """
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
    """By default `load_state_dict()` leaves gradients, `requires_grad`, the training mode and plain attributes
    unchanged.
    """
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
    """By default, loading into a parameter or buffer that is a view without overlap, such as a transposed tensor,
    changes its base tensor in place and keeps the strides of the view. Loading into an expanded one raises
    `RuntimeError`.
    """
    base = torch.zeros(3, 2)
    model = kind.on(nn.Module(), "x", base.t())
    model.load_state_dict({"x": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])})
    assert base.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert model.x.stride() == (1, 2)
    expanded = kind.on(nn.Module(), "x", torch.zeros(1, 3).expand(2, 3))
    with pytest.raises(RuntimeError, match="in loading state_dict"):
        expanded.load_state_dict({"x": torch.ones(2, 3)})


@claim("LOAD-53", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_after_a_load_the_module_shares_no_memory_with_the_checkpoint(kind, real_device):
    """By default `load_state_dict()` copies: changing the checkpoint's tensors in place afterwards leaves the module
    unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    checkpoint = {"x": torch.ones(3, device=real_device)}
    model.load_state_dict(checkpoint)
    checkpoint["x"].fill_(7)
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-54", source="torch.nn.Module.load_state_dict")
def test_a_submodule_with_two_names_loads_both_and_keeps_the_values_of_the_last():
    """A submodule that is held under two names loads the keys of each in turn, so the values under the last name
    remain.
    """
    model = nn.Module()
    model.encoder = model.decoder = ToyModel(5, 10)
    checkpoint = {name: torch.ones_like(value) for name, value in model.state_dict().items()}
    checkpoint["decoder.linear.bias"] *= 7
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.encoder is model.decoder
    assert model.encoder.linear.bias.tolist() == [7.0] * 10
