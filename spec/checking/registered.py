"""Findings about registered tensors: what they are, what they are tied with, what half precision makes of them."""

from collections.abc import Iterator

import torch
from torch import nn

from .code import in_use, overwritten, refilling
from .counting import counters
from .digits import ROUNDED
from .facts import Facts
from .finding import Finding
from .holding import gradient_hooks
from .instances import Remembered
from .listing import has_own_children
from .memory import overlaps_itself, stretch
from .plain import dtype, shaped
from .state import BUFFER, FROZEN, NON_PERSISTENT, PARAMETER, Entry
from .together import memory, ties
from .words import counted


def findings(facts: Facts, remembered: Remembered | None) -> Iterator[Finding]:
    seen: set[int] = set()
    for entry in facts.entries:
        if id(entry.tensor) in seen:
            continue
        seen.add(id(entry.tensor))
        yield from of_tensor(facts, entry, remembered)
    yield from inference(facts)
    yield from ties(facts)
    yield from memory(facts)
    yield from counters(facts)
    if facts.entries and all(entry.kind != PARAMETER for entry in facts.entries):
        frozen = sum(entry.kind == FROZEN for entry in facts.entries)
        if frozen:
            yield Finding(
                "all-frozen", "", f"all {frozen} parameters are frozen", "DistributedDataParallel(model) raises",
                "don't wrap a model that isn't trained",
            )  # fmt: skip


def of_tensor(facts: Facts, entry: Entry, remembered: Remembered | None) -> Iterator[Finding]:
    tensor, is_buffer = entry.tensor, entry.kind in (BUFFER, NON_PERSISTENT)
    if facts.saved is not None and entry.persistent and not facts.is_saved(tensor) and entry.path not in facts.saved:
        yield Finding(
            "not-saved",
            entry.path,
            f"a {'buffer' if is_buffer else 'parameter'}{shaped(tensor)} that state_dict() leaves out"
            + (f"; whether it comes back in another form can't be tried: {facts.untried}" if facts.untried else ""),
            "saving and loading",
            "look for a state_dict() override or hook that drops it; persistent=False says so where it is meant",
        )
    if id(tensor) not in facts.moved and id(entry.owner) not in facts.passed_over:
        yield Finding(
            "unmoved",
            entry.path,
            f"a registered tensor{shaped(tensor)} that _apply of the module around it leaves out",
            "to(device), half() and the like",
            "give children() another name: to(), eval() and the like go by it"
            if any(has_own_children(type(part)) for _, part in facts.parts)
            else "call super()._apply(fn) in the override",
        )
    if nn.parameter.is_lazy(tensor):
        return
    if is_buffer and tensor.grad_fn is not None:
        yield Finding(
            "graph",
            entry.path,
            f"a buffer{shaped(tensor)} that was computed with a graph",
            "copy.deepcopy of the module, which raises RuntimeError; the second backward() through it",
            f'self.register_buffer("{entry.name}", value.detach())',
        )
    elif is_buffer and tensor.requires_grad:
        yield Finding(
            "untrained",
            entry.path,
            f"a buffer{shaped(tensor)} that requires grad",
            "training: it collects a gradient, no optimizer built from parameters() updates it, zero_grad() leaves it",
            "nn.Parameter(...) where it is to be trained, .detach() where it isn't",
        )
    if not is_buffer and tensor.dim() == 0:
        yield Finding(
            "scalar",
            entry.path,
            "a parameter of no dimension",
            "fully_shard(), which raises ValueError unless it is among ignored_params",
            "a parameter of shape (1,), or ignored_params",
        )
    if entry.kind == NON_PERSISTENT:
        yield from non_persistent(facts, entry, remembered)
    if entry.persistent and overlaps_itself(tensor):
        yield Finding(
            "expanded",
            entry.path,
            f"a tensor{shaped(tensor)} whose elements share memory",
            "load_state_dict(), which raises RuntimeError",
            ".expand(...).clone(), or persistent=False",
        )
    if hooks := gradient_hooks(tensor):
        yield Finding(
            "gradient-hook",
            entry.path,
            f"a tensor{shaped(tensor)} with {counted(len(hooks), 'hook')} on its gradient",
            "copy.deepcopy, pickle, load_state_dict(assign=True), fully_shard: what is trained then has none",
            "register it on what is trained, or change the tensor in forward, as by a mask",
        )
    if tensor.is_complex() and id(tensor) in facts.converted:
        yield imaginary(entry)
    yield from halves(facts, entry)


def inference(facts: Facts) -> Iterator[Finding]:
    """Tensors that autograd never takes; where they are many, it was the whole model that was made there."""
    made = {id(each.tensor): each for each in reversed(facts.entries) if is_inference(each.tensor)}
    many = len(made) > 3
    for entry in list(made.values())[-1:] if many else made.values():
        what = f"a tensor{shaped(entry.tensor)}"
        if many:
            what = f"{len(made)} of {len(facts.names)} parameters and buffers, {entry.path} and others,"
        yield Finding(
            "inference",
            "" if many else entry.path,
            f"{what} made under torch.inference_mode()",
            "training: it never gets a gradient, autograd can't save it, and in place it can't be changed",
            "build and convert the model outside of inference_mode(); copy.deepcopy(model) outside makes a sound one",
        )


def is_inference(tensor: torch.Tensor) -> bool:
    return not nn.parameter.is_lazy(tensor) and tensor.is_inference()


def non_persistent(facts: Facts, entry: Entry, remembered: Remembered | None) -> Iterator[Finding]:
    if id(entry.tensor) in facts.computed:
        return
    filled = refilling(type(entry.owner), entry.name)
    yield Finding(
        "uninitialized",
        entry.path,
        f"a non-persistent {dtype(entry.tensor)} buffer{shaped(entry.tensor)}, which no checkpoint has",
        "after a meta build: uninitialized with to_empty(); still on meta with assign=True, unless it names its device",
        f"call {type(entry.owner).__name__}.{filled}() after loading, which sets it"
        if filled
        else f"compute {entry.name} in a method, such as reset_parameters(), and call that after loading",
    )
    if remembered and remembered.same(entry.path, entry.tensor) is False:
        written = in_use(type(entry.owner), entry.name)
        if written:
            facts.digits.pop(id(entry.tensor), None)  # what it holds now is chance
        if overwritten(type(entry.owner), entry.name) or within_saved(facts, entry.tensor):
            return
        yield Finding(
            "not-restored",
            entry.path,
            f"a non-persistent buffer{shaped(entry.tensor)} with other values in each instance",
            "saving and loading: the loaded model computes with other values than the saved one"
            + (", where a forward reads what it has not written before" if written else ""),
            "persistent=True, or compute it from what is saved",
        )


def within_saved(facts: Facts, tensor: torch.Tensor) -> bool:
    """Whether all of its elements are in the memory of one tensor that a load writes into."""
    place = stretch(tensor) if tensor.layout is torch.strided else None
    for entry in facts.memory.get(facts.storage_of(tensor), ()) if place else ():
        around = stretch(entry.tensor) if entry.persistent and facts.is_saved(entry.tensor) else None
        if around and around.start <= place.start and place.stop <= around.stop:
            return True
    return False


def halves(facts: Facts, entry: Entry) -> Iterator[Finding]:
    lost = {half: said for half, said in facts.digits.get(id(entry.tensor), {}).items() if said != ROUNDED}
    if not lost or id(entry.tensor) not in facts.converted:
        return
    what = "frozen parameter" if entry.kind == FROZEN else "buffer"
    told = "; ".join(f"in {half}, {said}" for half, said in lost.items())
    if "infinite" in told:
        kind, instead = "overflow", "-inf or torch.finfo(dtype).min where it is used, or a bool mask"
    elif "whole numbers" in told:
        kind, instead = "float-counter", "an integer buffer: conversions leave it"
    else:
        kind, instead = "digits", "compute it in float32 where it is used, or keep it in its own _apply"
    yield Finding(
        kind,
        entry.path,
        f"a {dtype(entry.tensor)} {what}{shaped(entry.tensor)}: {told}",
        "half(), bfloat16(), to(dtype); .float() doesn't bring the digits back",
        instead,
    )


def imaginary(entry: Entry) -> Finding:
    what = "buffer" if entry.kind in (BUFFER, NON_PERSISTENT) else "parameter"
    return Finding(
        "imaginary",
        entry.path,
        f"a {dtype(entry.tensor)} {what}{shaped(entry.tensor)}",
        "to(torch.float16) and to(device, dtype) make it real and drop the imaginary part",
        "convert by half(), bfloat16() or float(), which leave it, or register torch.view_as_real(...)",
    )
