"""Findings about roads on which state leaves torch: they follow from what the tensors are, no library is imported."""

from collections import defaultdict
from collections.abc import Iterator

import torch
from torch import nn

from .code import changes_in_place
from .facts import Facts, geometry, is_ordinary, untyped_storage
from .finding import Finding
from .plain import dtype, shaped
from .state import BUFFER, FROZEN, NON_PERSISTENT, PARAMETER, Entry

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
    yield from shared_memory(facts)
    yield from values(facts)
    yield from versions(facts)
    yield from lazy(facts)
    yield from tied(facts)
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


def shared_memory(facts: Facts) -> Iterator[Finding]:
    """Values of the state dict in one storage, whether they overlap or lie side by side; parts of longer ones."""
    together: dict[int, list[tuple[str, torch.Tensor]]] = defaultdict(list)
    for key, value in (facts.saved or {}).items():
        if isinstance(value, torch.Tensor) and in_memory(value):
            together[facts.storage_of(value)].append((key, value))
    for values in together.values():
        key, tensor = values[0]
        if len(values) > 1:
            same = len({geometry(each) for _, each in values}) == 1
            others = ", ".join(name for name, _ in values[1:4]) + (", ..." if len(values) > 4 else "")
            yield Finding(
                "same-memory",
                key,
                f"{'the same memory' if same else 'a part of the same memory'} as {others}",
                "save_file() raises; save_model() writes "
                + ("one of the names" if same else "one of them whole, or raises where none covers it all"),
                "save_model() and load_model(), or leave all but one name out"
                if same
                else ".clone() each of them when it is registered",
            )
            continue
        longer = size(tensor)
        if longer > tensor.numel() and not facts_expanded(tensor):
            yield Finding(
                "view",
                key,
                f"{tensor.numel():,} elements of a memory of {longer:,}",
                "a file of torch.save is as long as the whole; save_model() may refuse it",
                ".clone() when it is registered",
            )


def in_memory(tensor: torch.Tensor) -> bool:
    """Whether it is a tensor with elements in a storage, as files of safetensors know it."""
    if nn.parameter.is_lazy(tensor) or tensor.layout is not torch.strided or tensor.is_nested:
        return False
    return is_ordinary(tensor) and tensor.numel() > 0


def facts_expanded(tensor: torch.Tensor) -> bool:
    return any(step == 0 for step in tensor.stride())


def size(tensor: torch.Tensor) -> int:
    return untyped_storage(tensor).nbytes() // tensor.element_size()


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
    if value.is_conj() or value.is_neg():
        return (
            "lazily conjugated or negated: its memory holds other values than it shows",
            ".resolve_conj(), .resolve_neg()",
        )
    if not value.is_contiguous():
        return (
            f"not contiguous: strides {tuple(value.stride())}",
            ".contiguous() when it is registered, or save_model()",
        )
    return None


def versions(facts: Facts) -> Iterator[Finding]:
    for path, part in facts.parts:
        version = getattr(type(part), "_version", None)
        if version in (None, 1) and "_version" not in vars(part):
            continue
        version = getattr(part, "_version", None)
        reads_it = not type(part)._load_from_state_dict.__module__.startswith("torch.")  # torch's own forgive its loss
        if version not in (None, 1) and reads_it:
            yield Finding(
                "version",
                path,
                f"{type(part).__name__} has _version = {version} and reads it while loading",
                "a file without _metadata: the version is None there",
                "take no version for the newest one",
            )


def lazy(facts: Facts) -> Iterator[Finding]:
    for entry in facts.entries:
        if nn.parameter.is_lazy(entry.tensor):
            yield Finding("lazy", entry.path, "uninitialized", "it raises for what has no shape", "run a forward first")


def tied(facts: Facts) -> Iterator[Finding]:
    of = {entry.path: entry for entry in facts.entries}
    for paths in facts.names.values():
        first = of[paths[0]]
        if len(paths) < 2 or first.kind not in (PARAMETER, FROZEN):
            continue
        also = ", ".join(paths[1:4]) + (", ..." if len(paths) > 4 else "")
        yield Finding(
            "one-initializer",
            paths[0],
            f"the same parameter as {also}",
            "the graph has one initializer for all names; whoever looks for another name doesn't find it",
            "look it up by the value's use in the graph, not by its name",
        )
        homes = {(id(of[path].owner), of[path].name) for path in paths}
        if first.persistent:
            yield Finding(
                "written-twice",
                paths[0],
                f"the same parameter as {also}",
                "it is written under each name; where files differ there, the last name's value is loaded",
                "nothing, as long as the model that loads is tied too",
            )
        if len(homes) > 1 and any(isinstance(of[path].owner, nn.Linear | nn.Embedding) for path in paths):
            yield Finding(
                "tied-adapter",
                paths[0],
                f"the same parameter as {also}",
                "merging an adapter into one name changes the other; a trained copy of one name unties them",
                "untie them first, or adapt neither",
            )


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
        if tensor.is_complex():
            yield Finding(
                "complex",
                entry.path,
                f"a {dtype(tensor)} tensor{shaped(tensor)}",
                "ONNX has no initializer and few operators for it",
                "torch.view_as_real() for what is registered",
            )
        counts = not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool)
        if counts and is_buffer(entry) and changes_in_place(type(entry.owner), entry.name):
            yield Finding(
                "truncated",
                entry.path,
                f"an {dtype(tensor)} buffer{shaped(tensor)}",
                "AveragedModel copies it at each update, with use_buffers=True it truncates the average",
                "leave use_buffers at its default where the buffer is a count or an index",
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
