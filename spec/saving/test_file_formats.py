"""What ``torch.save`` and ``torch.load`` make of names, views, layouts and mapped memory."""

import pickle
import struct
import sys
import types
import warnings

import pytest
import torch
from torch import nn

from ..vocabulary import claim, from_file


@claim("SER-65", source="torch.load", since="2.13")
def test_a_path_that_ends_in_safetensors_is_not_read_as_a_file_of_torch_save(tmp_path, monkeypatch):
    """`torch.load(path)` raises `RuntimeError` for a path that ends in `".safetensors"` where the library safetensors
    is not installed, even where `torch.save` wrote the file. The open file, or a path with another ending, loads.
    """
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    for name in ("a.safetensors", "a.pt"):
        torch.save({"x": torch.ones(3)}, tmp_path / name)
    with pytest.raises(RuntimeError, match="safetensors is not installed"):
        torch.load(str(tmp_path / "a.safetensors"))
    with open(tmp_path / "a.safetensors", "rb") as file:
        assert torch.load(file)["x"].tolist() == [1, 1, 1]
    assert torch.load(str(tmp_path / "a.pt"))["x"].tolist() == [1, 1, 1]


@claim("SER-66", source="torch.load", since="2.13")
def test_a_path_that_ends_in_safetensors_is_handed_to_that_library_whatever_is_asked(tmp_path, monkeypatch):
    """`torch.load(path)` of a path that ends in `".safetensors"` calls `safetensors.torch.load_file(path)` and ignores
    `weights_only` and `mmap`, also for a file that `torch.save` wrote.
    """
    asked = []

    def load_file(path, **options):
        asked.append((str(path), sorted(options)))
        return {"x": torch.zeros(3)}

    library = types.ModuleType("safetensors")
    library.torch = types.ModuleType("safetensors.torch")
    library.torch.load_file = load_file
    monkeypatch.setitem(sys.modules, "safetensors", library)
    monkeypatch.setitem(sys.modules, "safetensors.torch", library.torch)
    path = str(tmp_path / "a.safetensors")
    torch.save({"x": torch.ones(3)}, path)
    assert torch.load(path)["x"].tolist() == [0, 0, 0]
    assert torch.load(path, weights_only=False)["x"].tolist() == [0, 0, 0]
    assert torch.load(path, mmap=True)["x"].tolist() == [0, 0, 0]
    assert [path for path, _ in asked] == [path] * 3
    assert len({str(options) for _, options in asked}) == 1


@claim("SER-67", source="torch.load", until="2.13")
def test_a_path_that_ended_in_safetensors_was_read_as_a_file_of_torch_save(tmp_path):
    """Before torch 2.13, `torch.load(path)` loaded what `torch.save` wrote even from a path that ends in
    `".safetensors"`; since then it hands such a path to the library safetensors.
    """
    path = str(tmp_path / "a.safetensors")
    torch.save({"x": torch.ones(3)}, path)
    assert torch.load(path)["x"].tolist() == [1, 1, 1]


@pytest.fixture
def nested():
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


@claim("SER-68", source="torch.load", since="2.15")
def test_a_nested_tensor_does_not_load_under_weights_only(nested):
    """`torch.load(weights_only=True)` raises `pickle.UnpicklingError` for a file with a nested tensor; with
    `weights_only=False` it loads."""
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        from_file({"x": nested}, weights_only=True)
    assert from_file({"x": nested}, weights_only=False)["x"].is_nested
    assert from_file({"x": torch.ones(2)}, weights_only=True)["x"].tolist() == [1, 1]


@claim("SER-69", source="torch.load", since="2.2", until="2.15")
def test_a_nested_tensor_loaded_under_weights_only(nested):
    """From torch 2.2 and before torch 2.15, `torch.load(weights_only=True)` loaded a nested tensor of the default
    layout; since torch 2.15 it raises `pickle.UnpicklingError`.
    """
    assert from_file({"x": nested}, weights_only=True)["x"].is_nested


def views_of_nothing():
    empty = torch.empty(0)
    return {"a": empty, "b": empty[:]}


@claim("SER-70", source="torch.save", since="2.15")
def test_two_views_of_one_empty_storage_share_it_after_a_file():
    """Two tensors without elements that view one storage still share it in what `torch.load` returns, as tensors with
    elements do."""
    saved = views_of_nothing()
    loaded = from_file(saved)
    full = torch.ones(1)
    loaded_full = from_file({"a": full, "b": full[:]})
    assert saved["a"].untyped_storage()._cdata == saved["b"].untyped_storage()._cdata
    assert loaded["a"].untyped_storage()._cdata == loaded["b"].untyped_storage()._cdata
    assert loaded_full["a"].untyped_storage()._cdata == loaded_full["b"].untyped_storage()._cdata


@claim("SER-71", source="torch.save", since="2.0", until="2.15")
def test_two_views_of_one_empty_storage_came_apart_in_a_file():
    """In what `torch.load` returns, two tensors that view one empty storage share a storage since torch 2.15, but had
    two before. Tensors with elements that view one storage already shared it before.
    """
    loaded, full = from_file(views_of_nothing()), torch.ones(1)
    loaded_full = from_file({"a": full, "b": full[:]})
    assert loaded["a"].untyped_storage()._cdata != loaded["b"].untyped_storage()._cdata
    assert loaded_full["a"].untyped_storage()._cdata == loaded_full["b"].untyped_storage()._cdata


@claim("OPT-71", source="torch.optim.Optimizer", since="2.15")
def test_an_optimizer_warns_of_a_set_of_parameters():
    """An optimizer that is given a `set` of parameters emits a `FutureWarning`, as the order of a set changes between
    runs; for a list it emits none.
    """
    parameters = list(nn.Linear(1, 1).parameters())
    with pytest.warns(FutureWarning, match="ordering of tensors in sets will change between runs"):
        optimizer = torch.optim.SGD(set(parameters), lr=1.0)
    assert {id(parameter) for parameter in optimizer.param_groups[0]["params"]} == {id(p) for p in parameters}
    assert torch.optim.SGD(parameters, lr=1.0).param_groups[0]["params"] == parameters


@claim("OPT-72", source="torch.optim.Optimizer", until="2.15")
def test_an_optimizer_took_a_set_of_parameters_without_a_warning():
    """Before torch 2.15, the constructor of an optimizer took a `set` of parameters, whose order changes between runs,
    as its argument without a warning; since then it emits a `FutureWarning`.
    """
    parameters = set(nn.Linear(1, 1).parameters())
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        optimizer = torch.optim.SGD(parameters, lr=1.0)
    assert set(optimizer.param_groups[0]["params"]) == parameters


@claim("SER-72", source="torch.load", since="2.14")
def test_a_sparse_tensor_with_an_index_out_of_range_does_not_load_under_weights_only():
    """`torch.load(weights_only=True)` raises `RuntimeError` for a sparse tensor that has an index out of range; with
    `weights_only=False` it loads unchecked."""
    wrong = torch.sparse_coo_tensor(torch.tensor([[0, 5]]), torch.ones(2), (3,), check_invariants=False)
    right = torch.sparse_coo_tensor(torch.tensor([[0, 2]]), torch.ones(2), (3,))
    with pytest.raises(RuntimeError, match="size is inconsistent with indices"):
        from_file({"x": wrong}, weights_only=True)
    assert from_file({"x": wrong}, weights_only=False)["x"].shape == (3,)
    assert from_file({"x": right}, weights_only=True)["x"].to_dense().tolist() == [1, 0, 1]


@claim("SER-73", source="torch.load", since="2.1")
def test_training_a_module_that_holds_a_mapped_file_does_not_change_the_file(tmp_path):
    """After `torch.load(path, mmap=True)`, which by default maps the file privately, and
    `load_state_dict(assign=True)`, the parameters are the mapped memory itself; changing them in place changes the
    module and not the file.
    """
    path, model = str(tmp_path / "a.pt"), nn.Linear(40_000, 1)
    torch.save({"weight": torch.full((1, 40_000), 1.5), "bias": torch.full((1,), 2.5)}, path)
    checkpoint = torch.load(path, mmap=True)
    model.load_state_dict(checkpoint, assign=True)
    assert model.weight.data_ptr() == checkpoint["weight"].data_ptr()
    # In memory the one lies as far behind the other as in the file.
    content = (tmp_path / "a.pt").read_bytes()
    weight, bias = content.index(struct.pack("4f", 1.5, 1.5, 1.5, 1.5)), content.index(struct.pack("f", 2.5))
    assert model.bias.data_ptr() - model.weight.data_ptr() == bias - weight
    nn.init.zeros_(model.weight)
    assert checkpoint["weight"].count_nonzero() == 0
    assert torch.load(path)["weight"].unique().tolist() == [1.5]
    assert torch.load(path, mmap=True)["weight"].unique().tolist() == [1.5]


@claim("SER-74", source="torch.load", since="2.1")
def test_a_load_without_assign_copies_out_of_a_mapped_file(tmp_path):
    """`load_state_dict()` without `assign` copies the tensors that `torch.load(path, mmap=True)` returns: the
    parameters keep memory of their own, and changing them leaves the mapped tensors unchanged.
    """
    path, model = str(tmp_path / "a.pt"), nn.Linear(3, 1, bias=False)
    torch.save({"weight": torch.ones(1, 3)}, path)
    checkpoint = torch.load(path, mmap=True)
    model.load_state_dict(checkpoint)
    nn.init.zeros_(model.weight)
    assert checkpoint["weight"].tolist() == [[1, 1, 1]]


@claim("SER-75", source="torch.save", since="2.0")
@pytest.mark.parametrize("route", [from_file, lambda thing: pickle.loads(pickle.dumps(thing))], ids=["file", "pickle"])
def test_a_lazily_conjugated_tensor_keeps_its_flag_in_a_file(route):
    """A tensor that `conj()` conjugated lazily is still lazily conjugated after `torch.save` and `torch.load`, or
    pickle: its `is_conj()` is True. If `resolve_conj()` was called before, it is False, with the same values.
    """
    z = torch.tensor([1 + 2j])
    lazy, resolved = route(z.conj()), route(z.conj().resolve_conj())
    assert (lazy.is_conj(), resolved.is_conj()) == (True, False)
    assert lazy.tolist() == resolved.tolist() == [1 - 2j]


@claim("LOAD-93", source="torch.nn.Module.load_state_dict")
def test_a_load_copies_the_values_of_a_lazily_conjugated_tensor_and_not_its_flag():
    """Without `assign=True`, `load_state_dict()` of a lazily conjugated tensor copies the conjugated values into the
    parameter, whose `is_conj()` stays False.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.zeros(1, dtype=torch.complex64))
    model.load_state_dict({"p": torch.tensor([1 + 2j]).conj()})
    assert not model.p.is_conj()
    assert model.p.tolist() == [1 - 2j]
