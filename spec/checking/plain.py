"""Findings about what no registry has: plain tensors, hidden modules, second references."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Set

import torch
from torch import nn

from .code import changing, in_use, library, read_by
from .copying import bound_to
from .facts import Facts
from .finding import Finding
from .holding import Held, join
from .instances import Remembered
from .memory import geometry, storage
from .state import BUFFER, NON_PERSISTENT


def findings(facts: Facts, remembered: Remembered | None) -> Iterator[Finding]:
    hidden: dict[str, list[Held]] = defaultdict(list)
    stepping: dict[tuple[int, bool], list[Held]] = defaultdict(list)
    for held in facts.held:
        optimizer = next((each for each in held.inside if isinstance(each, torch.optim.Optimizer)), None)
        if optimizer is not None:
            if id(held.tensor) not in facts.names:
                stepping[id(optimizer), isinstance(held.tensor, nn.Parameter)].append(held)
        elif id(held.tensor) in facts.names:
            yield from second_reference(facts, held)
        elif held.module:
            hidden[held.module].append(held)
        elif is_computed(held):
            yield from with_graph(held)
        else:
            yield from plain_tensor(facts, held, remembered)
    for path, tensors in hidden.items():
        yield from hidden_module(facts, path, tensors)
    for path, what in bound_to(facts):
        yield Finding(
            "bound",
            path,
            what,
            "copy.deepcopy, and what is built on it, such as an average: the copy computes with the original's",
            "make it a method, or hold a small module or a functools.partial of a method: those are copied along"
            if "weak" not in what
            else "give it as an argument, or set it anew in __deepcopy__",
        )
    for (_, parameters), tensors in stepping.items():
        yield optimizer_kept(tensors, parameters)


def optimizer_kept(tensors: list[Held], parameters: bool) -> Finding:
    """What an optimizer that a module keeps has beside the parameters of the module, in one."""
    first = tensors[0]
    name = type(next(each for each in first.inside if isinstance(each, torch.optim.Optimizer))).__name__
    count = f"{len(tensors)} {'parameter' if parameters else 'tensor'}{'s' if len(tensors) > 1 else ''}"
    return Finding(
        "hidden-parameter" if parameters else "left-behind",
        first.path.partition(".state[")[0].partition(".param_groups[")[0],
        f"{name} steps {count} that no module registers" if parameters else f"the state of {name}: {count}",
        "training, saving and moving" if parameters else "saving, to(device), half() and the like: they leave it",
        "keep the optimizer outside of the module and save its own state_dict()",
    )


def second_reference(facts: Facts, held: Held) -> Iterator[Finding]:
    other, in_step = facts.names[id(held.tensor)][0], held.path in facts.in_step
    if facts.kind_of(held.tensor) in (BUFFER, NON_PERSISTENT):
        if not in_step:
            yield Finding(
                "stale",
                held.path,
                f"the same tensor as the buffer {other}",
                "the first move or conversion that changes the buffer: this reference keeps the old one",
                f"read {other} where it is needed",
            )
        return
    if not in_step:
        yield Finding(
            "alias",
            held.path,
            f"the same object as the parameter {other}",
            "a move from or to meta, an assigning load, fully_shard: they put new parameters into the registries",
            f"read {other} where it is needed",
        )
    if held.name in read_by(type(held.owner), "forward"):
        yield Finding(
            "constant",
            held.path,
            f"the same object as the parameter {other}",
            "with strict=False, as the newer releases trace, the graph has a constant beside the parameter",
            f"read {other} where it is needed",
        )


def is_computed(held: Held) -> bool:
    """Whether a forward pre-hook of torch.nn.utils computes it anew at each call."""
    for hook in getattr(held.owner, "_forward_pre_hooks", {}).values():
        name = getattr(hook, "name", None) or getattr(hook, "_tensor_name", None)
        if name == held.name and type(hook).__module__.startswith("torch.nn.utils"):
            return True
    return False


def with_graph(held: Held) -> Iterator[Finding]:
    if held.tensor.grad_fn is not None:
        yield Finding(
            "graph",
            held.path,
            f"a plain tensor{shaped(held.tensor)} that was computed with a graph",
            "copy.deepcopy of the module, which raises RuntimeError; a second backward() through it",
            "keep it without its graph: .detach(); for torch.nn.utils.weight_norm use "
            "torch.nn.utils.parametrizations.weight_norm",
        )


def plain_tensor(facts: Facts, held: Held, remembered: Remembered | None) -> Iterator[Finding]:
    tensor, moves, saved = held.tensor, id(held.tensor) in facts.moved, facts.is_saved(held.tensor)
    if not moves:
        moves = any(id(view) in facts.moved and id(view) not in facts.names for view in held.inside)
    same = remembered.same(held.path, tensor) if remembered else None
    stays = not moves and id(tensor) not in facts.dropped
    if stays:
        yield Finding(
            "meta-plain",
            held.path,
            f"a plain tensor{shaped(tensor)}",
            "to_empty() and loading leave it on meta",
            instead(facts, held),
        )
    for kind, bites in (
        ("constant", "where forward uses it, the graph keeps the values of that day"),
        ("not-averaged", "the averaged model keeps the values that the tensor had when the average was made"),
    ):
        if not tensor.requires_grad and not put_there(held):
            break
        yield Finding(kind, held.path, f"a plain tensor{shaped(tensor)}", bites, instead(facts, held))
    if same is False and not saved:
        yield Finding(
            "own-values",
            held.path,
            f"a plain tensor{shaped(tensor)}, drawn anew by each instance",
            "each rank computes with values of its own",
            instead(facts, held),
        )
    if not nn.parameter.is_lazy(tensor) and tensor.is_inference():
        yield Finding(
            "inference",
            held.path,
            f"a plain tensor{shaped(tensor)} made under torch.inference_mode()",
            "training: autograd can't save it, and in place it can't be changed",
            "make it outside of inference_mode(), or .clone() it there",
        )
    if held.shared and (tensor.dim() or in_use(type(held.owner), held.name)):
        yield Finding(
            "class-attribute",
            held.path,
            f"a tensor{shaped(tensor)} in the body of {held.shared}"
            + ("" if held.path.startswith(join(held.owner_path, held.name)) else ", as a default or in a closure"),
            "moves and conversions leave it, and a change in place changes it for every instance",
            f'self.register_buffer("{held.name}", ...) in __init__',
        )
    elif isinstance(tensor, nn.Parameter):
        yield Finding(
            "hidden-parameter",
            held.path,
            f"a parameter{shaped(tensor)} that no module registers" + but(moves, saved),
            "training, saving and moving",
            "nn.ParameterList or nn.ParameterDict instead of a plain container, or assign it to an attribute",
        )
    elif tensor.grad_fn is not None:
        yield from with_graph(held)
    elif tensor.requires_grad:
        yield Finding(
            "untrained",
            held.path,
            f"a plain tensor{shaped(tensor)} that requires grad" + but(moves, saved),
            "training: it collects a gradient, no optimizer built from parameters() updates it, zero_grad() leaves it",
            "nn.Parameter(...) where it is to be trained, .detach() where it isn't",
        )
        if stays and not saved:
            yield left_behind(facts, held, same, "nn.Parameter(...), or a buffer of what .detach() gives")
    elif stays and not (tensor.dim() == 0 and same is not False and not changes(held)):
        yield left_behind(facts, held, same, instead(facts, held))
    elif moves and not saved and not (same and not any(True for _ in changing(type(held.owner), held.name))):
        yield Finding(
            "unsaved",
            held.path,
            f"a plain {dtype(tensor)} tensor{shaped(tensor)}; its own _apply moves it, {in_a_file(saved, same)}",
            "saving and loading: what a forward or a training puts there is lost",
            instead(facts, held, saves=True),
        )


def left_behind(facts: Facts, held: Held, same: bool | None, instead: str) -> Finding:
    tensor, known = held.tensor, in_a_file(facts.is_saved(held.tensor), same)
    return Finding(
        "left-behind",
        held.path,
        f"a plain {dtype(tensor)} tensor{shaped(tensor)}{shares(facts, tensor)}; {known}",
        "to(device), half() and the like: what meets it afterwards raises, unless forward converts it each time",
        instead,
    )


def hidden_module(facts: Facts, path: str, tensors: list[Held]) -> Iterator[Finding]:
    moves = all(id(held.tensor) in facts.moved for held in tensors)
    saved = all(facts.is_saved(held.tensor) for held in tensors)
    if moves and saved:
        return
    first = tensors[0]
    module = next(each for each in first.inside if isinstance(each, nn.Module))
    number = len(tensors)
    trains = any(isinstance(held.tensor, nn.Parameter) and held.tensor.requires_grad for held in tensors)
    yield Finding(
        "hidden-module",
        path,
        f"{type(module).__name__}, a module that no module registers, with {number} tensor{'s' if number > 1 else ''}"
        + but(moves, saved),
        "saving, moving" + (", training" if trains else "") + ", eval()",
        "nn.ModuleList or nn.ModuleDict instead of a plain container, or assign it to an attribute"
        + whose(facts, first)
        + "; where it is kept out on purpose, excuse it",
    )


def changes(held: Held) -> bool:
    """Whether a method of the owner assigns to the attribute that it is, or changes in place what is there."""
    direct = held.path == join(held.owner_path, held.name)
    return put_there(held) or (direct and any(True for _ in changing(type(held.owner), held.name)))


def put_there(held: Held) -> bool:
    """Whether a method of the owner puts tensors where it is: into the attribute, or a container that it is."""
    containers = all(isinstance(each, Mapping | list | tuple | Set | deque) for each in held.inside)
    return containers and in_use(type(held.owner), held.name)


def instead(facts: Facts, held: Held, saves: bool = False) -> str:
    """What to write, by who holds the tensor and whose class that is."""
    name = held.name
    direct = held.path == join(held.owner_path, name)
    if direct:
        text = f'self.register_buffer("{name}", ...)'
        text += "" if saves else ", with persistent=False where a new instance computes the same"
    else:
        inside = held.inside[-1] if held.inside else None
        text = (
            f"register each tensor of the {type(inside).__name__} as a buffer, or move and save them in the module's "
            "own _apply, get_extra_state and set_extra_state"
        )
    return text + whose(facts, held)


def whose(facts: Facts, held: Held) -> str:
    found = library(type(held.owner), facts.home)
    return f" (in {type(held.owner).__name__}, a class of {found}: only there can it be mended)" if found else ""


def but(moves: bool, saved: bool) -> str:
    known = [text for text, known in (("moves it", moves), ("saves it", saved)) if known]
    return f" (the module itself {' and '.join(known)})" if known else ""


def in_a_file(saved: bool, same: bool | None) -> str:
    if saved:
        return "the module itself saves it"
    if same is None:
        return "no file has it"
    return "no file has it, " + ("a new instance starts with the same" if same else "and each instance draws another")


def shares(facts: Facts, tensor: torch.Tensor) -> str:
    if geometry(tensor)[0] in ("empty", "whole"):
        return ""
    others = facts.memory.get(storage(tensor), [])
    return f" in the memory of {others[0].path}" if others else ""


def shaped(tensor: torch.Tensor) -> str:
    if nn.parameter.is_lazy(tensor) or tensor.is_nested:
        return ""
    return f" ({', '.join(map(str, tensor.shape))})"


def dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
