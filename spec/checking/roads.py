"""Findings about roads on which state leaves torch: they follow from what the tensors are, no library is imported."""

from collections.abc import Iterator

import torch
from torch import nn

from .code import by_forward, in_use
from .facts import Facts
from .finding import Finding
from .plain import dtype, shaped
from .state import BUFFER, NON_PERSISTENT, Entry

SAFE = {
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool, torch.complex64,
    *(getattr(torch, name) for name in (
        "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float4_e2m1fn_x2",
    ) if hasattr(torch, name)),
}  # fmt: skip
KNOWN = {"_is_hf_initialized"}  # what a library notes for itself and never reads from a copy


def findings(facts: Facts) -> Iterator[Finding]:
    yield from values(facts)
    yield from lazy(facts)
    yield from numbers(facts)
    yield from statistics(facts)
    if facts.entries and type(facts.model).__name__ != "OptimizedModule":
        yield Finding(
            "prefix",
            "",
            'torch.compile(model) is a wrapper: its keys begin with "_orig_mod."',
            "a checkpoint of the wrapper doesn't load into the model",
            "save model.state_dict() of the model itself, or compile in place: model.compile()",
        )


def values(facts: Facts) -> Iterator[Finding]:
    on_meta = [key for key, value in (facts.saved or {}).items() if is_meta(value)]
    if on_meta:
        yield Finding(
            "not-plain",
            on_meta[0] if len(on_meta) == 1 else "",
            f"{len(on_meta)} of {len(facts.saved)} values are on meta, without values",
            "save_file() raises",
            "load the values first",
        )
    for key, value in (facts.saved or {}).items():
        if is_meta(value):
            continue
        if key.rpartition(".")[2] == "_extra_state":
            yield Finding(
                "extra",
                key,
                "extra state",
                "load_checkpoint_in_model(device_map=...) raises ValueError for a checkpoint that has it",
                "a buffer, or load it with load_state_dict()",
            )
        said = unwritable(value)
        if said:
            what, instead = said
            yield Finding("not-plain", key, what, "save_file() raises, or writes something else", instead)


def is_meta(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == "meta" and not nn.parameter.is_lazy(value)


def unwritable(value: object) -> tuple[str, str] | None:
    if not isinstance(value, torch.Tensor):
        return (
            f"a value of type {type(value).__name__}, no tensor",
            "extra state as a tensor, or in the file's metadata",
        )
    if nn.parameter.is_lazy(value):
        return None
    if value.is_nested:
        return "a nested tensor", "its parts as buffers"
    if value.layout is not torch.strided:
        return f"a tensor of layout {str(value.layout).removeprefix('torch.')}", "its indices and values as buffers"
    if value.is_quantized or value.dtype not in SAFE:
        return (
            f"dtype {dtype(value)}, which the format doesn't have",
            "save it as a dtype that it has, and convert back",
        )
    if not value.is_contiguous():
        return (
            f"not contiguous: strides {tuple(value.stride())}",
            ".contiguous() when it is registered, or save_model()",
        )
    return None


def lazy(facts: Facts) -> Iterator[Finding]:
    for entry in facts.entries:
        if nn.parameter.is_lazy(entry.tensor):
            yield Finding("lazy", entry.path, "uninitialized", "it raises for what has no shape", "run a forward first")


def numbers(facts: Facts) -> Iterator[Finding]:
    seen = set()
    for entry in facts.entries:
        tensor = entry.tensor
        if id(tensor) in seen or nn.parameter.is_lazy(tensor):
            continue
        seen.add(id(tensor))
        attributes = sorted(
            name for name in getattr(tensor, "__dict__", {}) if name not in KNOWN and not name.startswith("__")
        )
        if isinstance(tensor, nn.Parameter) and type(tensor) is nn.Parameter and attributes:
            yield Finding(
                "attributes",
                entry.path,
                f"attributes on the parameter: {', '.join(attributes)}",
                "copy.deepcopy drops them, and with them what an optimizer is told by them; accelerate refuses them",
                "keep them on the module, by the parameter's name",
            )
        if tensor.is_conj() or tensor.is_neg():
            yield Finding(
                "conjugated",
                entry.path,
                "lazily conjugated or negated: its memory holds other values than it shows",
                "save_file(), torch.export.save() and another process get the values in the memory, nothing raises",
                ".resolve_conj().resolve_neg() when it is registered",
            )
        if tensor.is_complex():
            yield Finding(
                "complex",
                entry.path,
                f"a {dtype(tensor)} tensor{shaped(tensor)}",
                "ONNX has few operators for it: where forward needs another one, torch.onnx.export() raises",
                "torch.view_as_real() for what is registered",
            )
        counts = not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool)
        if counts and is_buffer(entry) and in_use(type(entry.owner), entry.name):
            yield Finding(
                "truncated",
                entry.path,
                f"an {dtype(tensor)} buffer{shaped(tensor)}",
                "AveragedModel copies it, with use_buffers=True it truncates its average; ema-pytorch never updates it",
                "leave use_buffers at its default where the buffer is a count or an index",
            )
        if is_buffer(entry) and by_forward(type(entry.owner), entry.name):
            yield Finding(
                "stands-still",
                entry.path,
                f"a buffer{shaped(tensor)} that forward changes",
                "in the graph it has its value at export, with which each run begins again",
                "let forward take it as an argument and return it",
            )


def is_buffer(entry: Entry) -> bool:
    return entry.kind in (BUFFER, NON_PERSISTENT)


def statistics(facts: Facts) -> Iterator[Finding]:
    for path, part in facts.parts:
        if isinstance(part, nn.modules.batchnorm._NormBase) and part.running_mean is not None and part.training:
            yield Finding(
                "statistics",
                f"{path}.running_mean".lstrip("."),
                "running statistics, which a forward in training mode changes though the parameters are frozen",
                "a file that holds the adapter only",
                "eval() on these modules while the adapter is trained, or save their buffers too",
            )
