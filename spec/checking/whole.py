"""Findings about the whole module: what it loads, what copies it, what it shares with another instance."""

import warnings
from collections.abc import Iterator

from torch import nn

from .facts import Facts, skeleton, spelled
from .finding import Finding
from .instances import Remembered, shapes


def findings(facts: Facts, remembered: Remembered | None) -> Iterator[Finding]:
    if facts.refused_copy:
        yield Finding(
            "copy-refused",
            "",
            f"copy.deepcopy raises {facts.refused_copy}",
            "an average of the model, a snapshot, a replica",
            "keep what can't be copied outside of the module, or define __deepcopy__",
        )
    if facts.refused_pickle:
        yield Finding(
            "pickle-refused",
            "",
            f"pickle raises {facts.refused_pickle}",
            "torch.save(model) and a spawned process that is given the model",
            "save model.state_dict(); a function of a module in place of a lambda or a local one",
        )
    yield from own_state_dict(facts)
    if remembered:
        yield from another_instance(facts, remembered)


CUSTOM = (
    "state_dict",
    "load_state_dict",
    "_save_to_state_dict",
    "_load_from_state_dict",
    "get_extra_state",
    "set_extra_state",
)
HOOKS = ("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")


def own_state_dict(facts: Facts) -> Iterator[Finding]:
    """What happens when modules that have a say in it load their own state dict, tried on a copy without values."""
    tried = set()
    for path, part in facts.model.named_modules() if facts.saved is not None else ():
        if not has_a_say(part) or type(part) in tried:
            continue
        tried.add(type(part))
        part = skeleton(facts, part)
        if part is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                keys = part.load_state_dict(part.state_dict(), strict=False)
        except Exception as error:
            if (
                isinstance(error, RuntimeError)
                and "Error(s) in loading state_dict" in str(error)
                and not valueless(error)
            ):
                yield not_loaded(path, f"load_state_dict() of its own state dict raises {spelled(error)}")
            continue
        for name in ("missing_keys", "unexpected_keys"):
            if found := list(getattr(keys, name, None) or ()):
                some = ", ".join(map(str, found[:3])) + (", ..." if len(found) > 3 else "")
                yield not_loaded(path, f"a strict load of its own state dict has {name.replace('_', ' ')}: {some}")


def has_a_say(part: nn.Module) -> bool:
    """Whether the module's class or hooks on it change what nn.Module would save and load."""
    if any(getattr(part, hooks, None) for hooks in HOOKS):
        return True
    owner = type(part)
    if owner.__module__.startswith("torch."):
        return False
    return any(getattr(owner, name) is not getattr(nn.Module, name) for name in CUSTOM)


def valueless(error: Exception) -> bool:
    return any(word in str(error) for word in ("meta", "no data", "aten::_local_scalar_dense"))


def not_loaded(path: str, what: str) -> Finding:
    return Finding(
        "not-loaded",
        path,
        what,
        "every strict load of a checkpoint of this model",
        "let state_dict() and load_state_dict(), or the hooks on them, name the same keys",
    )


def another_instance(facts: Facts, remembered: Remembered) -> Iterator[Finding]:
    now = shapes(facts.saved or {})
    before = remembered.shapes
    if facts.saved is not None and before:
        differing = [key for key in {**before, **now} if before.get(key, "absent") != now.get(key, "absent")]
        if differing:
            some = ", ".join(differing[:3]) + (", ..." if len(differing) > 3 else "")
            yield Finding(
                "other-keys",
                "",
                f"{len(differing)} keys or shapes are others in another instance: {some}",
                "loading: the file of one instance doesn't fit the next",
                "let the arguments decide the architecture, not a random draw or a process-wide counter",
            )
    shared = {id(each): path for path, each in remembered.kept}
    parts = {path: part for path, part in facts.model.named_modules() if id(part) in shared}
    within: list[str] = []
    for path, part in parts.items():
        if any(path == other or path.startswith(f"{other}.") or other == "" for other in within):
            continue
        if any(True for _ in part.parameters()) or any(True for _ in part.buffers()):
            within.append(path)
            yield shared_with(path, f"the same {type(part).__name__} as in another instance")
    told = set()
    for path, tensor in [
        *((entry.path, entry.tensor) for entry in facts.entries),
        *((held.path, held.tensor) for held in facts.held if id(held.tensor) in facts.moved),
    ]:  # a constant that nothing moves may be shared
        if id(tensor) in shared and id(tensor) not in told and not any(inside(path, other) for other in within):
            told.add(id(tensor))
            kind = "parameter" if isinstance(tensor, nn.Parameter) else "tensor"
            yield shared_with(path, f"the same {kind} as in another instance")


def inside(path: str, other: str) -> bool:
    return other == "" or path.startswith((f"{other}.", f"{other}["))


def shared_with(path: str, what: str) -> Finding:
    return Finding(
        "shared-instances",
        path,
        what,
        "training, moving or loading one model changes the other",
        "build it for each instance, or .clone() what comes out of a cache",
    )
