"""What an optimizer holds, changes, saves and loads, in plain Python: SGD with momentum 1 over single numbers."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field


@dataclass(eq=False)
class Parameter:
    value: int
    grad: int | None = None


@dataclass(eq=False)
class Momentum:
    """A tensor of the optimizer's own, changed in place from its first step on."""

    value: int


@dataclass
class Optimizer:
    """Groups of parameters, each with its learning rate, and a momentum for each parameter that has been stepped."""

    groups: list[tuple[list[Parameter], list[int]]]
    state: dict[Parameter, Momentum] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Parameter]:
        """Those of all groups, in the order by which a state dict numbers them."""
        return [parameter for parameters, _ in self.groups for parameter in parameters]

    def add_param_group(self, parameters: list[Parameter], lr: int) -> None:
        if set(parameters) & set(self.parameters):
            raise ValueError("in two groups")
        self.groups.append((parameters, [lr]))

    def step(self) -> None:
        """What has a gradient is stepped, be it frozen or not; nothing else changes or gets state."""
        for parameters, (lr,) in self.groups:
            for parameter in parameters:
                if parameter.grad is not None:
                    momentum = self.state.setdefault(parameter, Momentum(0))
                    momentum.value += parameter.grad
                    parameter.value -= lr * momentum.value

    def zero_grad(self, set_to_none: bool) -> None:
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else 0

    def state_dict(self) -> dict:
        """Numbers instead of parameters, and the momenta themselves, not copies."""
        number = {parameter: position for position, parameter in enumerate(self.parameters)}
        return {
            "state": {number[parameter]: momentum for parameter, momentum in self.state.items()},
            "param_groups": [(len(parameters), *lr) for parameters, lr in self.groups],
        }

    def load_state_dict(self, saved: dict, shares: bool) -> None:
        """By position, whatever the parameters are called and how they look, and all of the state or none."""
        if [length for length, _ in saved["param_groups"]] != [len(parameters) for parameters, _ in self.groups]:
            raise ValueError("other groups")
        self.groups = [
            (parameters, [lr]) for (parameters, _), (_, lr) in zip(self.groups, saved["param_groups"], strict=True)
        ]
        state = saved["state"] if shares else copy.deepcopy(saved["state"])
        self.state = {self.parameters[number]: momentum for number, momentum in state.items()}

    def copy(self) -> Optimizer:
        """``copy.deepcopy`` and ``pickle`` copy the parameters, too, and leave their gradients behind."""
        copied = copy.deepcopy(self)
        for parameter in copied.parameters:
            parameter.grad = None
        return copied
