"""The rules of module state in plain Python."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

FLOATING = ("float16", "bfloat16", "float32", "float64")


@dataclass(eq=False)
class Tensor:
    """A tensor of equal numbers; ``value`` is None where nothing is promised about them."""

    dtype: str
    device: str = "cpu"
    value: int | None = 0
    requires_grad: bool = False


@dataclass(eq=False)
class Module:
    """Parameters and buffers by name, which buffers are not saved, what is merely attached, and submodules."""

    parameters: dict[str, Tensor | None] = field(default_factory=dict)
    buffers: dict[str, Tensor | None] = field(default_factory=dict)
    non_persistent: set[str] = field(default_factory=set)
    plain: dict[str, object] = field(default_factory=dict)
    children: dict[str, Module] = field(default_factory=dict)

    def assign_parameter(self, name: str, parameter: Tensor) -> None:
        """``module.name = nn.Parameter(...)`` takes the name from whatever had it."""
        for held in (self.buffers, self.plain, self.children):
            held.pop(name, None)
        self.non_persistent.discard(name)
        self.parameters[name] = parameter

    def assign_buffer(self, name: str, buffer: Tensor, persistent: bool) -> None:
        """``module.name = nn.Buffer(...)`` registers, but not over a parameter."""
        if name in self.parameters:
            raise TypeError(name)
        self.register_buffer(name, buffer, persistent)

    def assign(self, name: str, value: object) -> None:
        """``module.name = value``: a tensor or None keeps a buffer's slot, None a parameter's; all else is plain."""
        if name in self.parameters:
            if value is not None:
                raise TypeError(name)
            self.parameters[name] = None
        elif name in self.buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(name)
            self.buffers[name] = value
        else:
            self.plain[name] = value

    def register_parameter(self, name: str, parameter: Tensor | None) -> None:
        if name in {**self.buffers, **self.plain, **self.children}:
            raise KeyError(name)
        self.parameters[name] = parameter

    def register_buffer(self, name: str, buffer: Tensor | None, persistent: bool) -> None:
        if name in {**self.parameters, **self.plain, **self.children}:
            raise KeyError(name)
        self.buffers[name] = buffer
        (self.non_persistent.discard if persistent else self.non_persistent.add)(name)

    def delete(self, name: str) -> None:
        for held in (self.parameters, self.buffers, self.plain, self.children):
            if name in held:
                del held[name]
                self.non_persistent.discard(name)
                return
        raise AttributeError(name)

    def modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self.children.items():
            yield from child.modules(f"{prefix}{name}.")

    def named(self, kind: str) -> list[tuple[str, Tensor]]:
        """``named_parameters()`` or ``named_buffers()``: each object once, under its first name."""
        first: dict[int, tuple[str, Tensor]] = {}
        for prefix, module in self.modules():
            for name, tensor in getattr(module, kind).items():
                if tensor is not None:
                    first.setdefault(id(tensor), (prefix + name, tensor))
        return list(first.values())

    def slots(self) -> Iterator[tuple[str, dict[str, Tensor | None], str]]:
        """What a checkpoint has a key for: parameters, then persistent buffers, then submodules; None is left out."""
        for prefix, module in self.modules():
            for held, left_out in ((module.parameters, ()), (module.buffers, module.non_persistent)):
                yield from ((prefix + name, held, name) for name in held if held[name] and name not in left_out)

    def state_dict(self) -> dict[str, Tensor]:
        return {key: held[name] for key, held, name in self.slots()}

    def convert(self, dtype: str) -> None:
        """Floating parameters change and stay the objects that they are; floating buffers are replaced."""
        for _, module in self.modules():
            for parameter in filter(None, module.parameters.values()):
                parameter.dtype = dtype if parameter.dtype in FLOATING else parameter.dtype
            for name, buffer in module.buffers.items():
                if buffer and buffer.dtype in FLOATING and buffer.dtype != dtype:
                    module.buffers[name] = replace(buffer, dtype=dtype)

    def move(self, device: str, empty: bool = False) -> None:
        """``to(device)`` and ``to_empty(device)``: to and from meta everything is replaced, name by name."""
        for _, module in self.modules():
            for held in (module.parameters, module.buffers):
                for name, tensor in held.items():
                    if tensor and (tensor.device != device or (empty and held is module.buffers)):
                        held[name] = replace(tensor, device=device, value=None)
                    elif tensor and empty:
                        tensor.value = None

    def load(self, checkpoint: dict[str, Tensor], strict: bool, assign: bool) -> None:
        """``load_state_dict``: what matches is loaded before anything is complained of."""
        slots = list(self.slots())
        wrong = strict and {key for key, _, _ in slots} != set(checkpoint)
        for key, held, name in slots:
            saved, own = checkpoint.get(key), held[name]
            if saved and assign:
                if own.requires_grad and saved.dtype not in FLOATING:
                    wrong = True
                else:
                    held[name] = replace(saved, requires_grad=own.requires_grad)
            elif saved and own.device != "meta":
                wrong, own.value = (True, own.value) if saved.device == "meta" else (wrong, saved.value)
        if wrong:
            raise RuntimeError("missing, unexpected or unfit keys")

    def copy(self) -> Module:
        """``copy.deepcopy`` and ``pickle``: nothing is shared with the original, and what was tied stays tied."""
        return copy.deepcopy(self)
