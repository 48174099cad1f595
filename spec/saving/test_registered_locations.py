"""Files without checksums, and where storages go by functions that a user has registered."""

import pytest
import torch

from ..vocabulary import claim


@pytest.fixture
def registry(monkeypatch):
    """``torch.serialization``, whose registry of locations is restored."""
    monkeypatch.setattr(torch.serialization, "_package_registry", [*torch.serialization._package_registry])
    return torch.serialization


@claim("SER-85", source="torch.serialization.set_crc32_options", since="2.6")
def test_a_file_may_be_saved_without_checksums(tmp_path):
    """After `torch.serialization.set_crc32_options(False)`, `torch.save` writes no checksums, and `torch.load` reads
    the file as any other; by default it writes them.
    """
    path, serialization = tmp_path / "a.pt", torch.serialization
    assert serialization.get_crc32_options() is True
    torch.save({"x": torch.ones(3)}, path)
    before = path.read_bytes()
    serialization.set_crc32_options(False)
    try:
        assert serialization.get_crc32_options() is False
        torch.save({"x": torch.ones(3)}, path)
    finally:
        serialization.set_crc32_options(True)
    assert path.read_bytes() != before
    assert torch.load(path)["x"].tolist() == [1, 1, 1]


@claim("SER-86", source="torch.serialization.register_package")
def test_a_registered_function_names_the_place_of_a_storage_and_another_brings_it_there(registry, tmp_path):
    """After `torch.serialization.register_package(priority, tagger, deserializer)` with a priority below 10,
    `torch.save` tags each CPU storage with what `tagger` returns, and `torch.load` takes what `deserializer` returns.
    Without this registration, loading the file raises `RuntimeError`, and in torch 2.1 `AssertionError`.
    """
    path, asked = tmp_path / "a.pt", []
    others = [*registry._package_registry]

    def bring(storage, location):
        asked.append(location)
        return storage if location == "shelf" else None

    assert registry.register_package(1, lambda storage: "shelf", bring) is None
    torch.save({"x": torch.ones(3)}, path)
    assert torch.load(path)["x"].tolist() == [1, 1, 1]
    assert asked == ["shelf"]
    registry._package_registry[:] = others
    with pytest.raises((RuntimeError, AssertionError), match=r"tagged with shelf|module is not loaded"):
        torch.load(path)


@claim("SER-87", source="torch.serialization.register_package")
def test_registered_functions_are_asked_in_the_order_of_their_priority_until_one_answers(registry, tmp_path):
    """The functions of `torch.serialization.register_package` are asked in the order of their `priority`, the lowest
    first, until one returns anything but None: one below 10 is asked before torch's own for the CPU.
    """
    asked = []

    def register(priority, tag, storage):
        registry.register_package(
            priority,
            lambda storage: asked.append(("tagger", priority)) or tag,
            lambda found, location: asked.append(("deserializer", priority, location)) or (storage and found),
        )

    register(9, "cpu", True)
    register(3, "shelf", True)
    register(1, None, None)
    torch.save({"x": torch.ones(3)}, tmp_path / "a.pt")
    assert asked == [("tagger", 1), ("tagger", 3)]
    asked.clear()
    assert torch.load(tmp_path / "a.pt")["x"].tolist() == [1, 1, 1]
    assert asked == [("deserializer", 1, "shelf"), ("deserializer", 3, "shelf")]
