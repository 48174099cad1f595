"""What loading a file would do, told from its names, shapes and dtypes: no value of it is kept, most are never read."""

import copy
import json
import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from .copying import skeleton
from .facts import Facts
from .finding import plainly
from .folding import folded
from .loading import has_a_say, load, takes
from .looking import look
from .words import counted, spelled

PREFIXES = ("module.", "_orig_mod.", "model.", "_orig_mod.module.", "module._orig_mod.", "base_model.model.")
SAFETENSORS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
    "C64": torch.complex64,
}  # fmt: skip


class UnreadableCheckpoint(ValueError):
    """A file that holds no state dict; its message is one line."""


@dataclass
class Comparison:
    """What a strict load would find; ``loads`` is whether it would succeed.

    ``forgiven`` is whether the model's own ``load_state_dict()``, called without options, takes it all the same.
    """

    keys: int
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    shapes: list[tuple[str, tuple, tuple]] = field(default_factory=list)
    dtypes: list[tuple[str, torch.dtype, torch.dtype]] = field(default_factory=list)
    no_tensors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    forgiven: bool = False

    @property
    def loads(self) -> bool:
        return self.forgiven or not (self.missing or self.unexpected or self.shapes or self.no_tensors)


def read(path: str, notes: list[str] | None = None) -> Mapping[str, object]:
    """The state dict in a file of ``torch.save`` or safetensors, its tensors on meta. Raises UnreadableCheckpoint.

    ``notes`` is told where in the file it is.
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise UnreadableCheckpoint("a folder; name a file in it")
        if path.endswith((".safetensors", ".index.json")):
            return from_safetensors(file)
        with file.open("rb"):
            pass
        return innermost(values_left_out(file), [] if notes is None else notes)
    except UnreadableCheckpoint:
        raise
    except OSError as error:
        where = "" if error.filename in (None, path) else f"{error.filename}: "
        raise UnreadableCheckpoint(where + (error.strerror or spelled(error))) from error
    except pickle.UnpicklingError as error:
        raise UnreadableCheckpoint(f"torch.load(weights_only=True) refuses it: {refused(error)}") from error
    except Exception as error:
        raise UnreadableCheckpoint(
            f"no checkpoint that torch.load(weights_only=True) reads: {spelled(error)}"
        ) from error


def refused(error: pickle.UnpicklingError) -> str:
    """What a file holds beside tensors; where the error doesn't say, what it says."""
    named = re.search(r"(?:GLOBAL|global|Unsupported class|class) ([\w.]+\.\w+)", str(error))
    return f"it holds {named[1]}; save a state dict" if named else spelled(error)


def values_left_out(file: Path) -> object:
    """What ``torch.load`` gives, on meta. A file in torch's zip format is mapped, where torch can, and not read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.load(file, map_location="meta", weights_only=True, mmap=True)
        except (TypeError, RuntimeError, ValueError):  # before torch 2.1, or the format of before torch 1.6
            return torch.load(file, map_location="meta", weights_only=True)


def from_safetensors(file: Path) -> dict[str, torch.Tensor]:
    """The header of a file, or of all files that an index names."""
    if file.name.endswith(".index.json"):
        shards = sorted(set(json.loads(file.read_text(encoding="utf-8-sig"))["weight_map"].values()))
        return {key: value for shard in shards for key, value in from_safetensors(file.parent / shard).items()}
    with file.open("rb") as opened:
        try:
            (length,) = struct.unpack("<Q", opened.read(8))
            if length > 1 << 30:
                raise ValueError("its header is too long")
            header = json.loads(opened.read(length))
            return {
                key: torch.empty(tuple(each["shape"]), dtype=SAFETENSORS.get(each["dtype"], torch.uint8), device="meta")
                for key, each in header.items()
                if key != "__metadata__"
            }
        except Exception as error:
            raise UnreadableCheckpoint(f"no file of safetensors: {spelled(error)}") from error


def innermost(loaded: object, notes: list[str]) -> Mapping[str, object]:
    """The state dict in what a training script saved: the mapping with the most tensors."""
    if not isinstance(loaded, Mapping):
        raise UnreadableCheckpoint(f"an object of type {type(loaded).__name__}, no state dict")
    if any(isinstance(value, torch.Tensor) and not isinstance(key, str) for key, value in loaded.items()):
        raise UnreadableCheckpoint("a mapping with keys that are no strings, no state dict")
    best, where = loaded, ""
    number = tensors(loaded)
    for key in ("state_dict", "model_state_dict", "model", "module", "net", "weights", "ema"):
        inner = loaded.get(key)
        if isinstance(inner, Mapping) and tensors(inner) > number:
            best, number, where = inner, tensors(inner), key
    if not number and loaded and not where:
        raise UnreadableCheckpoint("a mapping without a tensor, no state dict")
    if where:
        notes.append(f'this is of what the file has under "{where}": load that, not the whole of it')
    return best


def tensors(mapping: Mapping) -> int:
    return sum(isinstance(value, torch.Tensor) for value in mapping.values())


def compared(model: nn.Module, saved: Mapping[str, object]) -> Comparison:
    """What ``model.load_state_dict(saved)`` would find.

    It is asked of a copy of the model without values, so that what its modules do to a checkpoint while they load it
    counts; a model that can't be copied is compared by names alone.
    """
    own = model.state_dict()
    found = Comparison(len(saved))
    fitting = {}
    for key, value in saved.items():
        mine = own.get(key)
        if not isinstance(value, torch.Tensor) and isinstance(mine, torch.Tensor):
            found.no_tensors.append(key)
        elif isinstance(value, torch.Tensor) and isinstance(mine, torch.Tensor) and not nn.parameter.is_lazy(mine):
            if tuple(value.shape) != tuple(mine.shape) and not (mine.dim() == 0 and tuple(value.shape) == (1,)):
                found.shapes.append((key, tuple(value.shape), tuple(mine.shape)))
            elif value.dtype != mine.dtype:
                found.dtypes.append((key, value.dtype, mine.dtype))
        fitting[key] = mine if found.shapes and found.shapes[-1][0] == key else value
    found.missing, found.unexpected = asked(model, saved, fitting, own, found)
    found.notes += told(model, saved, own, found)
    return found


def asked(
    model: nn.Module, saved: Mapping[str, object], fitting: dict, own: Mapping, found: Comparison
) -> tuple[list[str], list[str]]:
    by_name = [key for key in own if key not in saved], [key for key in saved if key not in own]
    facts = look(model)
    empty = skeleton(facts, model)
    if empty is None:
        found.notes.append("the model can't be copied: keys are compared by name, whatever it renames while loading")
        return by_name
    try:
        if found.shapes and any(has_a_say(part) for _, part in facts.parts):
            fitted(facts, saved, fitting, found)
        keys = load(facts, empty, on_meta(saved, fitting), strict=False)
        if (keys.missing_keys or keys.unexpected_keys) and not found.shapes and is_taken(facts, saved, fitting):
            found.forgiven = True
            found.notes.append("its own load_state_dict() is not strict: it takes this file")
        return list(keys.missing_keys), list(keys.unexpected_keys)
    except Exception as error:  # an own load_state_dict, or one that looks at values
        found.notes.append(f"its load_state_dict() raises {spelled(error)}: keys are compared by name")
        return by_name


def on_meta(saved: Mapping[str, object], values: Mapping[str, object]) -> Mapping[str, object]:
    given = copy.copy(saved)
    for key, value in values.items():
        given[key] = value.to("meta") if isinstance(value, torch.Tensor) else value
    return given


def fitted(facts: Facts, saved: Mapping[str, object], fitting: dict, found: Comparison) -> None:
    """Take what the model's own loading makes fit from the keys of another shape."""
    try:
        load(facts, skeleton(facts, facts.model), on_meta(saved, saved), strict=False)
        refused = []
    except RuntimeError as error:
        if "size mismatch for " not in str(error):
            raise
        refused = [each for each in found.shapes if f"size mismatch for {each[0]}:" in str(error)]
    taken = [each for each in found.shapes if each not in refused]
    found.shapes = refused
    for key, there, here in taken:
        fitting[key] = saved[key]
        found.notes.append(f"{key}: {list(there)} in the file, {list(here)} in the model, which its own loading takes")


def is_taken(facts: Facts, saved: Mapping[str, object], fitting: dict) -> bool:
    if type(facts.model).load_state_dict is nn.Module.load_state_dict:
        return False
    return takes(facts, skeleton(facts, facts.model), on_meta(saved, fitting))


def told(model: nn.Module, saved: Mapping[str, object], own: Mapping[str, object], found: Comparison) -> list[str]:
    """The call that mends a prefix, and what ties do."""
    notes = []
    for prefix in PREFIXES:
        stripped = {key[len(prefix) :] if key.startswith(prefix) else key for key in saved}
        if len(stripped & set(own)) > len(set(saved) & set(own)) and found.missing:
            notes.append(
                f'{sum(key.startswith(prefix) for key in saved)} keys begin with "{prefix}": '
                f'nn.modules.utils.consume_prefix_in_state_dict_if_present(state_dict, "{prefix}") takes it away'
            )
            break
    else:
        for prefix in PREFIXES:
            if found.missing and sum(prefix + key in own for key in saved) > len(set(saved) & set(own)):
                notes.append(
                    f'the keys lack the model\'s "{prefix}": load into the module inside, or '
                    f'{{"{prefix}" + key: value for key, value in state_dict.items()}}'
                )
                break
    names: dict[int, list[str]] = {}
    for key, value in model.state_dict(keep_vars=True).items():
        if isinstance(value, torch.Tensor):
            names.setdefault(id(value), []).append(key)
    for tied in names.values():
        there = [key for key in tied if key in saved]
        if len(tied) > 1 and there and len(there) < len(tied):
            lacking = ", ".join(key for key in tied if key not in there)
            notes.append(f"{there[0]} is tied with {lacking}, which the file lacks: a strict load raises all the same")
    if getattr(saved, "_metadata", None) is None and any(
        getattr(part, "_version", 1) not in (None, 1) for part in model.modules()
    ):
        notes.append("the file has no _metadata: modules that ask for the version of their data see None")
    return notes


def described(name: str, file: str, found: Comparison) -> str:
    verdict = "a strict load succeeds" if found.loads else "a strict load raises RuntimeError"
    verdict = "load_state_dict() succeeds" if found.forgiven else verdict
    lines = [f"{file} into {name}: {counted(found.keys, 'key')}, {verdict}"]
    for title, keys in (
        ("missing", found.missing),
        ("unexpected", found.unexpected),
        ("no tensor", found.no_tensors),
        (
            "another shape",
            [f"{key}  {list(there)} in the file, {list(here)} in the model" for key, there, here in found.shapes],
        ),
        ("converted", [f"{key}  {text(there)} in the file becomes {text(here)}" for key, there, here in found.dtypes]),
    ):
        for path, alike in folded(keys, lambda key: key, lambda key: None):
            lines.append(f"  {title}: {path}" + (f" ({len(alike)} alike)" if len(alike) > 1 else ""))
    return "\n".join(map(plainly, [*lines, *(f"  note: {note}" for note in found.notes)]))


def text(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
