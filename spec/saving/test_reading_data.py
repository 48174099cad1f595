"""When ``torch.load`` reads the values of tensors, where it puts them by default, and files without values."""

import struct

import torch
from torch import nn

from ..vocabulary import claim


def write_values(path, *values):
    """Write ``values`` over those of the first tensor in a file."""
    offset = torch._C.PyTorchFileReader(str(path)).get_record_offset("data/0")
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(struct.pack(f"<{len(values)}f", *values))


@claim("SER-81", source="torch.serialization.skip_data", since="2.5")
def test_the_values_of_a_file_without_data_can_be_written_later(tmp_path):
    """A file that `torch.save` wrote within `torch.serialization.skip_data()` has room for the values of each tensor:
    values that are written there later are what `torch.load` reads.
    """
    path = tmp_path / "a.pt"
    with torch.serialization.skip_data():
        torch.save({"x": torch.ones(3)}, path)
    assert torch.load(path)["x"].tolist() == [0, 0, 0]
    write_values(path, 1, 2, 3)
    assert torch.load(path)["x"].tolist() == [1, 2, 3]


@claim("SER-82", source="torch.serialization.skip_data", since="2.7")
def test_a_file_can_be_loaded_without_its_data(tmp_path):
    """`torch.load` within `torch.serialization.skip_data()` gives the names, shapes and dtypes of a checkpoint, and
    memory whose values are not those of the file.
    """
    path = tmp_path / "a.pt"
    saved = {"x": torch.ones(3, dtype=torch.float64), "y": torch.arange(64.0)}
    torch.save(saved, path)
    with torch.serialization.skip_data():
        loaded = torch.load(path)
    assert {name: (value.shape, value.dtype) for name, value in loaded.items()} == {
        "x": ((3,), torch.float64),
        "y": ((64,), torch.float32),
    }
    assert loaded["y"].tolist() != saved["y"].tolist()
    loaded["y"].fill_(1)
    assert loaded["y"].sum().item() == 64


@claim("SER-83", source="torch.load")
def test_a_tensor_is_loaded_to_the_device_that_it_was_saved_from(device, tmp_path):
    """Without `map_location`, `torch.load` puts each tensor on the device that it was saved from: a GPU for one from a
    GPU, the meta device for one without values.
    """
    path = tmp_path / "a.pt"
    torch.save({"x": nn.Linear(2, 3, device=device).weight, "y": torch.ones(3)}, path)
    loaded = torch.load(path, weights_only=True)
    assert loaded["x"].device.type == torch.device(device).type
    assert loaded["y"].device.type == "cpu"


@claim("SER-84", source="torch.load", since="2.1")
def test_a_mapped_file_is_read_when_its_tensors_are(tmp_path):
    """If a file's content is changed in place after `torch.load(path, mmap=True)` and before its tensors are read, they
    have the changed values, as nothing is read before it is used. Without `mmap`, they have those of the load.
    """
    path = tmp_path / "a.pt"
    torch.save({"x": torch.ones(3)}, path)
    mapped, read = torch.load(str(path), mmap=True), torch.load(str(path))
    write_values(path, 4, 5, 6)
    assert mapped["x"].tolist() == [4, 5, 6]
    assert read["x"].tolist() == [1, 1, 1]
