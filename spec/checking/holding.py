"""Every tensor that a module holds outside its registries, wherever it is held."""

import functools
import types
import weakref
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import nn

from .walking import parts as each_once
from .walking import paths, registry

REGISTRIES = ("_parameters", "_buffers", "_modules")
EMPTY = frozenset((dict, list, set, tuple, OrderedDict))
LIMIT = 300_000  # objects that are looked into: a trainer or a data set that a module knows is not its state
NOTHING = frozenset(
    (type(None), bool, int, float, complex, str, bytes, type, types.ModuleType, torch.dtype, torch.device)
)
CONTAINERS = list | tuple | dict | AbstractSet | deque
IN_A_CLASS = torch.Tensor | nn.Module | CONTAINERS
IN_A_KEY = torch.Tensor | nn.Module
# What torch itself keeps about a module, as a graph or as compiled code, holds tensors that are no state of its user's.
MACHINERY = ("torch.fx", "torch._dynamo", "torch._inductor", "torch._C", "torch.jit", "torch.export", "torch._guards")
UNCOPIED = (types.FunctionType, type(functools.cache(len)), weakref.ref)
HOOK = ".<hook>"
# An RNN keeps its parameters in a list too, and sees to it in every way in which they may be replaced.
KEPT_IN_STEP = {"_flat_weights": nn.RNNBase}


@dataclass
class Held:
    """A tensor at ``path`` that nothing registers there.

    ``owner`` is the registered module in whose attribute ``name`` it is, and ``owner_path`` where that is; ``module``
    is the path of a module that no module registers and that holds it, ``shared`` the class in whose body it stands;
    ``inside`` are the objects between owner and tensor.
    """

    path: str
    tensor: torch.Tensor
    owner: nn.Module
    owner_path: str
    name: str
    module: str = ""
    shared: str = ""
    inside: tuple[object, ...] = ()
    others: list[str] = field(default_factory=list)


def join(prefix: str, name: str) -> str:
    """The path of ``name`` in the submodule ``prefix``."""
    return f"{prefix}.{name}" if prefix else name


def held_tensors(
    module: nn.Module,
    functions: list[tuple[Held, object]] | None = None,
    modules: list[tuple[str, nn.Module]] | None = None,
) -> list[Held]:
    """The tensors in plain attributes of ``module`` and its submodules, in the order of their paths.

    Containers, objects by their attributes and slots, partial functions, closures, class bodies and modules that no
    module registers are searched, each once. ``functions`` collects the functions that are come by, and what else a
    deep copy shares with the original, each with where it is held.
    """
    parts = each_once(paths(module)) if modules is None else modules
    seen = {id(part) for _, part in parts}
    found: dict[int, Held] = {}
    waiting = deque()
    for prefix, part in parts:
        if isinstance(part, torch.jit.ScriptModule) or type(part).__module__.startswith(MACHINERY):
            continue
        for name, value in own_attributes(part):
            waiting.append((Held(join(prefix, name), value, part, prefix, name), value))
        for name, tensor in [*registry(part, "_parameters").items(), *registry(part, "_buffers").items()]:
            for step, value in on_tensor(tensor):
                path = join(prefix, name)
                waiting.append((Held(path + step, value, part, prefix, name, inside=(tensor,)), value))
    for part_class, prefix, part in classes(parts):
        for name, value in vars(part_class).items():
            if isinstance(value, IN_A_CLASS) and not name.startswith("__"):
                where = Held(join(prefix, name), value, part, prefix, name, shared=part_class.__qualname__)
                waiting.append((where, value))
            elif isinstance(value, types.FunctionType) and name != "__init__":
                for inside, tensor in tensors_of(value):
                    path = join(prefix, f"{name}.{inside}")
                    where = Held(path, tensor, part, prefix, inside, shared=part_class.__qualname__)
                    waiting.append((where, tensor))
    looked_into = 0
    keep = []  # what a mapping makes on the way must not be collected, or its id would be given away again
    while waiting and looked_into < LIMIT:
        where, value = waiting.popleft()
        if isinstance(value, torch.Tensor):
            if id(value) in found:
                found[id(value)].others.append(where.path)
            elif not artificial(value):
                found[id(value)] = Held(**{**vars(where), "tensor": value})
            continue
        if id(value) in seen:
            continue
        if functions is not None and isinstance(value, UNCOPIED) and HOOK not in where.path:
            functions.append((where, value))
            seen.add(id(value))
            keep.append(value)
        steps = children(value)
        if steps:
            looked_into += 1
            seen.add(id(value))
            keep.append(value)
            if (
                where.shared
                and isinstance(value, nn.Module)
                and where.inside
                and isinstance(where.inside[0], CONTAINERS)
            ):
                continue  # a list of all instances, not a part of this one
            if is_beside(value, where):
                continue
            hidden = where.module or (where.path if isinstance(value, nn.Module) else "")
            for step, child in steps:
                if type(child) in NOTHING:
                    continue
                child_at = Held(
                    where.path + step,
                    child,
                    where.owner,
                    where.owner_path,
                    where.name,
                    hidden,
                    where.shared,
                    (*where.inside, value),
                )
                waiting.append((child_at, child))
    return sorted(found.values(), key=lambda held: held.path)


def is_beside(value: object, where: Held) -> bool:
    """Whether it is another instance in a collection in which the owner itself is one, such as a list of them all."""
    if type(value) is not type(where.owner) or not where.inside or not isinstance(where.inside[-1], CONTAINERS):
        return False
    return any(each is where.owner for _, each in children(where.inside[-1]))


def own_attributes(module: nn.Module) -> Iterator[tuple[str, object]]:
    """What a module holds beside its registries, slots included."""
    for name, value in vars(module).items():
        kind = type(value)
        if kind in NOTHING or (kind in EMPTY and not value) or name in REGISTRIES:
            continue
        if name not in KEPT_IN_STEP or not isinstance(module, KEPT_IN_STEP[name]):
            yield name, value
    if slots_of(type(module)):
        yield from slots(module)


def classes(parts: list[tuple[str, nn.Module]]) -> Iterator[tuple[type, str, nn.Module]]:
    """Each class of a user's whose body the modules share, with the first module that has it."""
    seen = {nn.Module, object}
    for prefix, part in parts:
        for each in type(part).__mro__:
            if each not in seen:
                seen.add(each)
                if not each.__module__.startswith("torch."):
                    yield each, prefix, part


def on_tensor(tensor: object) -> Iterator[tuple[str, object]]:
    """What hangs on a registered tensor of torch's own classes: its Python attributes and the hooks on its gradient."""
    if type(tensor) in (torch.Tensor, nn.Parameter):
        yield from ((f".{name}", value) for name, value in vars(tensor).items())
        yield from ((HOOK, hook) for hook in gradient_hooks(tensor))


def gradient_hooks(tensor: torch.Tensor) -> list[object]:
    """The hooks on the gradient of a tensor; those that run once it is accumulated exist since torch 2.1."""
    kinds = ("_backward_hooks", "_post_accumulate_grad_hooks")
    return [hook for kind in kinds for hook in (getattr(tensor, kind, None) or {}).values()]


def slots(value: object) -> Iterator[tuple[str, object]]:
    """What ``value`` holds in ``__slots__``."""
    for name in slots_of(type(value)):
        try:
            yield name, object.__getattribute__(value, name)
        except AttributeError:  # never set, or under a private name
            continue


@functools.cache
def slots_of(owner: type) -> tuple[str, ...]:
    found = []
    for each in owner.__mro__:
        names = vars(each).get("__slots__", ())
        found += [names] if isinstance(names, str) else names
    return tuple(name for name in found if name not in ("__dict__", "__weakref__"))


def children(value: object) -> list[tuple[str, object]]:
    """What ``value`` holds, each part with the step that leads to it; nothing for what can't hold a tensor."""
    if type(value) in NOTHING:
        return []
    if isinstance(value, types.FunctionType):
        return list(of_function(value))
    if isinstance(value, types.MethodType):
        return [(".__self__", value.__self__), *of_function(value.__func__)]
    if isinstance(value, functools.partial):
        positional = [(f".args[{at}]", each) for at, each in enumerate(value.args)]
        return [(".func", value.func), *positional, *((f".{name}", each) for name, each in value.keywords.items())]
    if isinstance(value, nn.Module):
        return list(of_module(value))
    if type(value).__module__.startswith(MACHINERY):
        return list(of_graph(value))
    try:
        if isinstance(value, Mapping):
            items = list(islice(value.items(), LIMIT))
            keys = [(f".keys()[{at}]", key) for at, (key, _) in enumerate(items) if isinstance(key, IN_A_KEY)]
            return [*keys, *((f"[{key!r}]" if plain_key(key) else "[...]", part) for key, part in items)]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return [(f".{name}", part) for name, part in zip(value._fields, value, strict=True)]
        if isinstance(value, list | tuple | AbstractSet | deque):
            return [(f"[{at}]", part) for at, part in enumerate(islice(value, LIMIT))]
        held = vars(value) if hasattr(value, "__dict__") else {}
        return [(f".{name}", part) for name, part in [*held.items(), *slots(value)]]
    except Exception:  # whatever a foreign object raises when it is looked at, it shows no tensor
        return []


def of_function(function: object) -> Iterator[tuple[str, object]]:
    """What a function closes over, has as defaults and as attributes, such as what it wraps."""
    code = getattr(function, "__code__", None)
    for name, cell in zip(getattr(code, "co_freevars", ()), getattr(function, "__closure__", None) or (), strict=False):
        try:
            yield f".<closure>.{name}", cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for at, value in enumerate(getattr(function, "__defaults__", None) or ()):
        yield f".__defaults__[{at}]", value
    for name, value in (getattr(function, "__kwdefaults__", None) or {}).items():
        yield f".{name}", value
    for name, value in getattr(function, "__dict__", {}).items():
        yield f".{name}", value


def tensors_of(method: types.FunctionType) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors that a method closes over or has as defaults, by their names."""
    code = method.__code__
    defaults = zip(reversed(code.co_varnames[: code.co_argcount]), reversed(method.__defaults__ or ()), strict=False)
    for name, value in (*defaults, *(method.__kwdefaults__ or {}).items()):
        if isinstance(value, torch.Tensor):
            yield name, value
    for step, value in of_function(method):
        if step.startswith(".<closure>.") and isinstance(value, torch.Tensor):
            yield step.rpartition(".")[2], value


def of_graph(value: object) -> Iterator[tuple[str, object]]:
    """What the nodes of a graph hold that somebody keeps by itself; a GraphModule's own are a part of it."""
    if type(value).__module__ == "torch.fx.node" and hasattr(value, "meta"):
        yield from ((f".{name}", getattr(value, name)) for name in ("args", "kwargs", "meta"))
    elif type(value).__module__ == "torch.fx.graph" and hasattr(value, "nodes"):
        yield from ((f".nodes[{at}]", node) for at, node in enumerate(value.nodes))


def of_module(module: nn.Module) -> Iterator[tuple[str, object]]:
    if isinstance(module, torch.jit.ScriptModule):
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            yield f".{name}", value
        return
    for each in REGISTRIES:
        for name, value in registry(module, each).items():
            yield f".{name}", value
    if type(module).__module__.startswith(MACHINERY):
        return
    for name, value in own_attributes(module):
        yield f".{name}", value


def plain_key(key: object) -> bool:
    return isinstance(key, str | int | float | tuple | bool | type(None))


def artificial(tensor: torch.Tensor) -> bool:
    """A tensor of the compiler's, which stands for another."""
    return type(tensor).__name__ in ("FakeTensor", "FunctionalTensor")
