"""``check --checkpoint``: what a load would do, without doing it and without reading the values."""

import json
import struct
from pathlib import Path

import pytest
import torch
from torch import nn

from ..checking.__main__ import main
from ..checking.checkpoint import UnreadableCheckpoint, compared, read
from .own_modules import importable

MODELS = """
from torch import nn


def tied():
    model = nn.Sequential(nn.Embedding(4, 2), nn.Linear(2, 4, bias=False), nn.BatchNorm1d(4))
    model[1].weight = model[0].weight
    return model
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    with importable("tied_models", MODELS, tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def state(folder):
    from tied_models import tied

    return tied().state_dict()


def told(capsys, status):
    assert main(["tied_models:tied", "--checkpoint", "model.pt"]) == status
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def test_a_checkpoint_that_fits_is_said_to_load(state, capsys):
    torch.save(state, "model.pt")
    assert "7 keys, a strict load succeeds" in told(capsys, 0)


def test_what_is_missing_unexpected_and_of_another_shape_or_dtype_is_named(state, capsys):
    del state["2.running_var"]
    state["3.weight"] = torch.zeros(1)
    state["2.weight"] = torch.zeros(5)
    state["2.bias"] = torch.zeros(4, dtype=torch.float16)
    torch.save({"epoch": 3, "model": state}, "model.pt")
    out = told(capsys, 1)
    assert "missing: 2.running_var" in out
    assert "unexpected: 3.weight" in out
    assert "another shape: 2.weight  [5] in the file, [4] in the model" in out
    assert "converted: 2.bias  float16 in the file becomes float32" in out


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_a_prefix_is_told_with_the_call_that_takes_it_away(state, capsys, prefix):
    torch.save({prefix + key: value for key, value in state.items()}, "model.pt")
    assert f'consume_prefix_in_state_dict_if_present(state_dict, "{prefix}")' in told(capsys, 1)


def test_a_tied_key_that_is_absent_is_told(state, capsys):
    del state["1.weight"]
    torch.save(state, "model.pt")
    assert "0.weight is tied with 1.weight, which the file lacks" in told(capsys, 1)


def test_what_a_module_renames_while_loading_counts():
    class Renaming(nn.Linear):
        def _load_from_state_dict(self, state_dict, prefix, *args):
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
            super()._load_from_state_dict(state_dict, prefix, *args)

    found = compared(Renaming(2, 2), {"kernel": torch.zeros(2, 2), "bias": torch.zeros(2)})
    assert (found.missing, found.unexpected, found.loads) == ([], [], True)


def test_a_hook_that_reaches_the_model_itself_changes_nothing_on_it():
    class Resizing(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.register_buffer("bank", torch.ones(2))

            def resize(state_dict, prefix, *arguments):
                self.bank = torch.zeros_like(state_dict[prefix + "bank"])

            self._register_load_state_dict_pre_hook(resize)

    model = Resizing()
    bank = model.bank
    compared(model, model.state_dict() | {"bank": torch.zeros(3)})
    assert model.bank is bank


def test_a_module_that_loads_by_values_is_compared_by_name_and_says_why():
    class Reading(nn.Linear):
        def load_state_dict(self, state_dict, strict=True):
            self.largest = state_dict["weight"].max().item()
            return super().load_state_dict(state_dict, strict)

    found = compared(Reading(2, 2), {"weight": torch.zeros(2, 2), "other": torch.zeros(2)})
    assert (found.missing, found.unexpected) == (["bias"], ["other"])
    (note,) = found.notes
    assert note.startswith(
        ("its load_state_dict() raises RuntimeError", "its load_state_dict() raises NotImplementedError")
    )
    assert note.endswith("keys are compared by name")


class Growing(nn.Linear):
    """Makes room for what is in a file."""

    def _load_from_state_dict(self, state, prefix, *arguments):
        self.bias = nn.Parameter(torch.empty_like(state[prefix + "bias"]))
        super()._load_from_state_dict(state, prefix, *arguments)


def test_what_a_module_makes_room_for_is_of_no_other_shape():
    found = compared(Growing(2, 2), {"weight": torch.zeros(2, 2), "bias": torch.zeros(5)})
    assert (found.shapes, found.loads) == ([], True)
    assert found.notes == ["bias: [5] in the file, [2] in the model, which its own loading takes"]
    found = compared(Growing(2, 2), {"weight": torch.zeros(2, 3), "bias": torch.zeros(5)})
    assert (found.shapes, found.loads) == ([("weight", (2, 3), (2, 2))], False)


@pytest.mark.parametrize("strict", [False, True])
def test_a_load_that_is_never_strict_takes_a_part(strict):
    class Own(nn.Linear):
        def load_state_dict(self, state, *arguments, **options):
            return super().load_state_dict(state, strict and options.get("strict", True))

    found = compared(Own(2, 2), {"weight": torch.zeros(2, 2)})
    assert (found.missing, found.loads) == (["bias"], not strict)
    assert found.notes == ([] if strict else ["its own load_state_dict() is not strict: it takes this file"])


def test_where_in_the_file_the_state_dict_is_is_said(state, capsys):
    torch.save(state, "model.pt")
    assert "under" not in told(capsys, 0)
    torch.save({"epoch": 3, "model": state}, "model.pt")
    assert 'this is of what the file has under "model"' in told(capsys, 0)


def test_only_the_header_of_a_file_of_safetensors_is_read(state, capsys):
    header = {
        key: {
            "dtype": "I64" if value.dtype is torch.int64 else "F32",
            "shape": list(value.shape),
            "data_offsets": [0, 0],
        }
        for key, value in state.items()
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    with open("model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
    assert main(["tied_models:tied", "--checkpoint", "model.safetensors"]) == 0
    assert "a strict load succeeds" in capsys.readouterr().out


class Own:
    pass


BAD = {
    "a folder": lambda: None,
    "no checkpoint": lambda: Path("model.pt").write_text("hello", encoding="utf-8"),
    "a tensor": lambda: torch.save(torch.zeros(2), "model.pt"),
    "no tensors": lambda: torch.save({"a": 1}, "model.pt"),
    "a module": lambda: torch.save(nn.Linear(2, 2), "model.pt"),
    "an object": lambda: torch.save({"a": Own()}, "model.pt"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_without_a_state_dict_is_one_line(folder, capsys, case):
    if case == "a folder":
        (folder / "model.pt").mkdir()
    BAD[case]()
    assert main(["tied_models:tied", "--checkpoint", "model.pt"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("model.pt: ")


@pytest.mark.parametrize("zipped", [True, False])
def test_values_are_left_out(folder, zipped):
    torch.save({"x": torch.zeros(3, 4)}, "model.pt", _use_new_zipfile_serialization=zipped)
    assert read("model.pt")["x"].device.type == "meta"
    assert read("model.pt")["x"].shape == (3, 4)


def header(text):
    return struct.pack("<Q", len(text)) + text.encode()


UNREADABLE = {
    "nothing.pt": (b"", "no checkpoint that torch.load(weights_only=True) reads"),
    "text.pt": (b"hello\n", "no checkpoint that torch.load(weights_only=True) reads"),
    "nothing.safetensors": (b"", "no file of safetensors"),
    "text.safetensors": (b"a text that is none", "no file of safetensors: ValueError: its header is too long"),
    "list.safetensors": (header("[]"), "no file of safetensors"),
    "shapeless.safetensors": (header('{"a": {}}'), "no file of safetensors: KeyError: 'shape'"),
    "lost.index.json": (b'\xef\xbb\xbf{"weight_map": {"a": "part.safetensors"}}', "part.safetensors: No such file"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_checkpoint_is_told_in_a_line(tmp_path, name):
    data, message = UNREADABLE[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableCheckpoint) as raised:
        read(str(tmp_path / name))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_whole_module_and_keys_that_are_no_strings_are_refused(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(UnreadableCheckpoint, match=r"refuses it: .*Linear"):
        read(str(tmp_path / "module.pt"))
    torch.save({1: torch.ones(2)}, tmp_path / "numbers.pt")
    with pytest.raises(UnreadableCheckpoint, match="keys that are no strings"):
        read(str(tmp_path / "numbers.pt"))
