"""Findings about what has several names: tied parameters, modules at several paths, tensors in one memory."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn

from .facts import Facts
from .finding import Finding
from .memory import geometry, is_ordinary, stretch, untyped_storage
from .state import FROZEN, PARAMETER, Entry
from .walking import paths as every_path


def findings(facts: Facts) -> Iterator[Finding]:
    of = {entry.path: entry for entry in facts.entries}
    yield from memory(facts, of)
    for names in facts.names.values():
        if len(homes(names, of)) > 1 and of[names[0]].kind in (PARAMETER, FROZEN):
            yield from tied(names, of)
    for module, places in shared_modules(facts):
        yield from shared(module, places)


def homes(names: list[str], of: dict[str, Entry]) -> set[tuple[int, str]]:
    """The registries in which a tensor is; a module at several paths has one."""
    return {(id(of[name].owner), of[name].name) for name in names} if len(names) > 1 else set()


def tied(names: list[str], of: dict[str, Entry]) -> Iterator[Finding]:
    also = f"the same parameter as {some(names[1:])}"
    yield one_initializer(names[0], also)
    yield listed_twice(names[0], also)
    weights = [of[name].owner for name in names if of[name].name == "weight"]
    if any(isinstance(owner, nn.Linear) for owner in weights):
        yield Finding(
            "quantized-apart",
            names[0],
            also,
            "each layer gets a quantized weight of its own, and an embedding keeps the old one",
            "quantize after the tie is no longer needed, or leave these layers out by the filter",
        )
    if any(isinstance(owner, nn.Linear | nn.Embedding) for owner in weights):
        yield Finding(
            "tied-adapter",
            names[0],
            also,
            "merging an adapter into one name changes the other; a trained copy of one name unties them",
            "untie them first, or adapt neither",
        )


def shared_modules(facts: Facts) -> list[tuple[nn.Module, list[str]]]:
    """The outermost modules that are registered at several places, with their paths."""
    places: dict[int, list[str]] = defaultdict(list)
    modules: dict[str, nn.Module] = {}
    for path, part in every_path(facts.model):
        places[id(part)].append(path)
        modules[path] = part
    found = []
    for paths in places.values():
        around = modules.get(paths[0].rpartition(".")[0])  # None under a name with a dot
        if len(paths) > 1 and len(places.get(id(around), ())) < len(paths):
            found.append((modules[paths[0]], paths))
    return found


def shared(module: nn.Module, places: list[str]) -> Iterator[Finding]:
    """What a module at several paths is, in one finding for all its tensors."""
    also = f"the same module as {some(places[1:])}"
    if module.state_dict():
        yield same_memory(places[0], also, "one of the names")
    if any(True for _ in module.parameters()):
        yield one_initializer(places[0], also)
        yield listed_twice(places[0], also)
    if any(isinstance(part, nn.Linear) for part in module.modules()):
        yield Finding(
            "quantized-apart",
            places[0],
            also,
            "a quantizer such as torchao's comes by it at each path, and raises for what is quantized already",
            "leave all paths but one out by the filter",
        )


def memory(facts: Facts, of: dict[str, Entry]) -> Iterator[Finding]:
    """Values of the state dict in one storage, whether they overlap or lie side by side; parts of longer ones."""
    together: dict[int, list[tuple[str, torch.Tensor]]] = defaultdict(list)
    for key, value in (facts.saved or {}).items():
        if isinstance(value, torch.Tensor) and in_memory(value):
            together[facts.storage_of(value)].append((key, value))
    for values in together.values():
        key, tensor = values[0]
        keys = [name for name, _ in values]
        if len(values) > 1 and not (set(keys) <= set(of) and len(homes(keys, of)) == 1):
            same = len({geometry(each) for _, each in values}) == 1
            if are_apart([each for _, each in values]):
                yield Finding(
                    "view",
                    key,
                    f"in one memory beside {some(keys[1:])}",
                    "save_model() raises; save_file() writes each of them",
                    ".clone() each of them when it is registered",
                )
                continue
            yield same_memory(
                key,
                f"{'the same memory' if same else 'a part of the same memory'} as {some(keys[1:])}",
                "one of the names" if same else "one of them whole, or raises where none covers it all",
                apart=not same,
            )
        elif len(values) == 1 and size(tensor) > tensor.numel() and not expanded(tensor):
            yield Finding(
                "view",
                key,
                f"{tensor.numel():,} elements of a memory of {size(tensor):,}",
                "save_model() raises; a file of torch.save is as long as the whole",
                ".clone() when it is registered",
            )


def same_memory(path: str, what: str, written: str, apart: bool = False) -> Finding:
    return Finding(
        "same-memory",
        path,
        what,
        f"save_file() raises; save_model() writes {written}",
        ".clone() each of them when it is registered"
        if apart
        else "save_model() and load_model(), or leave all but one name out",
    )


def one_initializer(path: str, also: str) -> Finding:
    return Finding(
        "one-initializer",
        path,
        also,
        "the graph has one initializer for all names; whoever looks for another name doesn't find it",
        "look it up by the value's use in the graph, not by its name",
    )


def listed_twice(path: str, also: str) -> Finding:
    return Finding(
        "listed-twice",
        path,
        also,
        "a program from torch.export.load() has two parameters in one memory: an optimizer steps both",
        "train the model, and export it afterwards",
    )


def some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def in_memory(tensor: torch.Tensor) -> bool:
    """Whether it is a tensor with elements in a storage, as files of safetensors know it."""
    if nn.parameter.is_lazy(tensor) or tensor.layout is not torch.strided or tensor.is_nested:
        return False
    return is_ordinary(tensor) and tensor.numel() > 0


def are_apart(tensors: list[torch.Tensor]) -> bool:
    """Whether tensors of one storage share no element for certain, as safetensors sees it."""
    places = [*map(stretch, tensors)]
    if None in places:
        return False
    places.sort(key=lambda place: place.start)
    return all(before.stop <= after.start for before, after in pairwise(places))


def expanded(tensor: torch.Tensor) -> bool:
    return any(step == 0 for step in tensor.stride())


def size(tensor: torch.Tensor) -> int:
    return untyped_storage(tensor).nbytes() // tensor.element_size()
