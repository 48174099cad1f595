"""An optimizer and its reference model, driven side by side."""

import copy
import pickle

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from torch import nn
from torch.optim import SGD

from ..vocabulary import claim
from . import optimizer_reference as reference

POOL = range(5)
LOADING_SHARES = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 1)
EXAMPLES, STEPS = 10, 30


def outcome(action):
    """The type of the error that an action raises, or None."""
    try:
        action()
    except ValueError as error:
        return type(error)
    return None


class OptimizerMachine(RuleBasedStateMachine):
    """Does the same to an optimizer and to the reference model, and compares them after every step."""

    def __init__(self):
        super().__init__()
        self.tensors = [nn.Parameter(torch.tensor(float(number), dtype=torch.float64)) for number in POOL]
        self.parameters = [reference.Parameter(number) for number in POOL]
        self.known = {}
        self.real = SGD([{"params": self.tensors[:2]}, {"params": self.tensors[2], "lr": 2}], lr=1, momentum=1)
        self.model = reference.Optimizer([(self.parameters[:2], [1]), (self.parameters[2:3], [2])])
        self.checkpoints = [(self.real.state_dict(), self.model.state_dict())]
        self.give_a_gradient(0, 1)
        self.step()
        self.save(live=False)
        self.load_from(0)
        self.load_from(1)

    def both(self, real_action, model_action):
        assert outcome(real_action) is outcome(model_action)
        self.compare()

    @rule(which=st.sampled_from(POOL), value=st.integers(-3, 3))
    def give_a_gradient(self, which, value):
        self.tensors[which].grad = torch.tensor(float(value), dtype=torch.float64)
        self.parameters[which].grad = value

    @rule(which=st.sampled_from(POOL), trainable=st.booleans())
    def freeze(self, which, trainable):
        self.tensors[which].requires_grad_(trainable)

    @rule()
    def step(self):
        self.both(self.real.step, self.model.step)

    @rule(set_to_none=st.booleans())
    def zero_grad(self, set_to_none):
        self.both(lambda: self.real.zero_grad(set_to_none), lambda: self.model.zero_grad(set_to_none))

    @rule(which=st.lists(st.sampled_from(POOL), max_size=2, unique=True), lr=st.integers(0, 2))
    def add_a_group(self, which, lr):
        group = {"params": [self.tensors[number] for number in which], "lr": lr}
        parameters = [self.parameters[number] for number in which]
        self.both(lambda: self.real.add_param_group(group), lambda: self.model.add_param_group(parameters, lr))

    @rule(data=st.data(), lr=st.integers(0, 2))
    def set_the_learning_rate(self, data, lr):
        number = data.draw(st.integers(0, len(self.model.groups) - 1))
        self.real.param_groups[number]["lr"] = lr
        self.model.groups[number][1][0] = lr

    @rule(live=st.booleans())
    def save(self, live):
        saved = self.real.state_dict(), self.model.state_dict()
        self.checkpoints.append(saved if live else tuple(map(copy.deepcopy, saved)))

    @rule(data=st.data())
    def load(self, data):
        self.load_from(data.draw(st.integers(0, len(self.checkpoints) - 1)))

    def load_from(self, number):
        saved, expected = self.checkpoints[number]
        self.both(
            lambda: self.real.load_state_dict(saved), lambda: self.model.load_state_dict(expected, LOADING_SHARES)
        )

    @precondition(lambda self: self.model.parameters)
    @rule(data=st.data())
    def rebuild(self, data):
        """Another optimizer of the same parameters, perhaps in another order and other groups."""
        numbers = [self.parameters.index(parameter) for parameter in self.model.parameters]
        order = data.draw(st.permutations(numbers))
        cut = data.draw(st.integers(0, len(order)))
        groups = [group for group in (order[:cut], order[cut:]) if group]
        self.real = SGD([{"params": [self.tensors[n] for n in group]} for group in groups], lr=1, momentum=1)
        self.model = reference.Optimizer([([self.parameters[n] for n in group], [1]) for group in groups])
        self.compare()

    @rule(route=st.sampled_from(["deepcopy", "pickle"]))
    def copy_and_step_the_copy(self, route):
        real = copy.deepcopy(self.real) if route == "deepcopy" else pickle.loads(pickle.dumps(self.real))
        model = self.model.copy()
        tensors = [tensor for group in real.param_groups for tensor in group["params"]]
        assert all(tensor.grad is None for tensor in tensors)
        for tensor, parameter in zip(tensors, model.parameters, strict=True):
            tensor.grad, parameter.grad = torch.ones_like(tensor), 1
        real.step()
        model.step()
        assert [tensor.item() for tensor in tensors] == [parameter.value for parameter in model.parameters]
        self.compare()

    def compare(self):
        assert [tensor.item() for tensor in self.tensors] == [parameter.value for parameter in self.parameters]
        grads = [tensor.grad if tensor.grad is None else tensor.grad.item() for tensor in self.tensors]
        assert grads == [parameter.grad for parameter in self.parameters]
        tensor_of = dict(zip(self.parameters, self.tensors, strict=True))
        for group, (parameters, (lr,)) in zip(self.real.param_groups, self.model.groups, strict=True):
            assert group["lr"] == lr
            assert [id(tensor) for tensor in group["params"]] == [id(tensor_of[parameter]) for parameter in parameters]
        held = {id(tensor): state["momentum_buffer"] for tensor, state in self.real.state.items() if state}
        assert set(held) == {id(tensor_of[parameter]) for parameter in self.model.state}
        for parameter, momentum in self.model.state.items():
            tensor = held[id(tensor_of[parameter])]
            known, _ = self.known.setdefault(id(momentum), (tensor, momentum))
            assert known is tensor
            assert sum(other is tensor for other, _ in self.known.values()) == 1
            assert tensor.item() == momentum.value
        saved, expected = self.real.state_dict(), self.model.state_dict()
        assert {n: state["momentum_buffer"].item() for n, state in saved["state"].items()} == {
            n: momentum.value for n, momentum in expected["state"].items()
        }
        numbers = [number for group in saved["param_groups"] for number in group["params"]]
        assert numbers == list(range(len(self.model.parameters)))


@claim("OPT-46", source="torch.optim.Optimizer")
def test_an_optimizer_does_what_the_reference_model_says_in_any_order_of_events():
    """After any sequence of steps, freezing, `zero_grad()`, adding groups, saving, loading, rebuilding and copying, an
    `optim.SGD` with momentum holds and changes the tensors that a simple simulation in plain Python predicts.
    """
    examples = max(EXAMPLES, settings().max_examples)
    run_state_machine_as_test(OptimizerMachine, settings=settings(max_examples=examples, stateful_step_count=STEPS))
