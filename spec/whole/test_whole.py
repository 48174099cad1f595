"""A real module and the reference model, driven side by side."""

import copy
import pickle

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from torch import nn

from ..vocabulary import claim
from . import reference

NAMES = st.sampled_from(["a", "b"])
PATHS = st.sampled_from(["", "child", "child.grandchild"])
FLOATS = st.sampled_from(reference.FLOATING)
DTYPES = st.sampled_from([*reference.FLOATING, "int64"])
VALUES = st.integers(0, 100)
EXAMPLES, STEPS = 10, 30


def outcome(action):
    """What an action comes to: the type of the error that it raises, or None."""
    try:
        action()
    except (AttributeError, KeyError, RuntimeError, TypeError) as error:
        return type(error)
    return None


class ModuleMachine(RuleBasedStateMachine):
    """Does the same to a module, nested two deep, and to the reference model, and compares them after every step."""

    def __init__(self):
        super().__init__()
        self.real = nn.Module()
        self.real.child = nn.Module()
        self.real.child.grandchild = nn.Module()
        self.model = reference.Module()
        self.model.children["child"] = child = reference.Module()
        child.children["grandchild"] = reference.Module()
        self.checkpoints = [({}, {})]
        self.known = {}
        self.assign_a_parameter("", "a", "float32", 1, True)
        self.register_a_buffer("child", "a", "float32", 2, True)
        self.register_a_buffer("child.grandchild", "b", "int64", 3, False)
        self.register_a_buffer("", "b", "float32", 4, True)
        self.set_to_None("", "b")
        self.save()

    def module(self, path):
        model = self.model
        for name in filter(None, path.split(".")):
            model = model.children[name]
        return self.real.get_submodule(path), model

    def both(self, real_action, model_action):
        assert outcome(real_action) is outcome(model_action)
        self.compare()

    def tensors(self, dtype, value, requires_grad=False):
        return torch.full((3,), value, dtype=getattr(torch, dtype)), reference.Tensor(
            dtype, "cpu", value, requires_grad
        )

    @rule(path=PATHS, name=NAMES, dtype=FLOATS, value=VALUES, trainable=st.booleans())
    def assign_a_parameter(self, path, name, dtype, value, trainable):
        real, model = self.module(path)
        tensor, expected = self.tensors(dtype, value, trainable)
        parameter = nn.Parameter(tensor, requires_grad=trainable)
        self.both(lambda: setattr(real, name, parameter), lambda: model.assign_parameter(name, expected))

    @rule(path=PATHS, name=NAMES, dtype=DTYPES, value=VALUES)
    def assign_a_tensor(self, path, name, dtype, value):
        real, model = self.module(path)
        tensor, expected = self.tensors(dtype, value)
        self.both(lambda: setattr(real, name, tensor), lambda: model.assign(name, expected))

    @precondition(lambda self: hasattr(nn, "Buffer"))
    @rule(path=PATHS, name=NAMES, dtype=DTYPES, value=VALUES, persistent=st.booleans())
    def assign_an_nn_Buffer(self, path, name, dtype, value, persistent):
        real, model = self.module(path)
        tensor, expected = self.tensors(dtype, value)
        buffer = nn.Buffer(tensor, persistent=persistent)
        self.both(lambda: setattr(real, name, buffer), lambda: model.assign_buffer(name, expected, persistent))

    @rule(path=PATHS, name=NAMES)
    def set_to_None(self, path, name):
        real, model = self.module(path)
        self.both(lambda: setattr(real, name, None), lambda: model.assign(name, None))

    @rule(path=PATHS, name=NAMES, value=st.sampled_from([1, "text"]))
    def assign_a_value(self, path, name, value):
        real, model = self.module(path)
        self.both(lambda: setattr(real, name, value), lambda: model.assign(name, value))

    @rule(path=PATHS, name=NAMES, dtype=DTYPES, value=VALUES, persistent=st.booleans())
    def register_a_buffer(self, path, name, dtype, value, persistent):
        real, model = self.module(path)
        tensor, expected = self.tensors(dtype, value)
        self.both(
            lambda: real.register_buffer(name, tensor, persistent),
            lambda: model.register_buffer(name, expected, persistent),
        )

    @rule(path=PATHS, name=NAMES, dtype=FLOATS, value=VALUES)
    def register_a_parameter(self, path, name, dtype, value):
        real, model = self.module(path)
        tensor, expected = self.tensors(dtype, value, True)
        parameter = nn.Parameter(tensor)
        self.both(lambda: real.register_parameter(name, parameter), lambda: model.register_parameter(name, expected))

    @rule(path=PATHS, name=NAMES)
    def delete(self, path, name):
        real, model = self.module(path)
        self.both(lambda: delattr(real, name), lambda: model.delete(name))

    @precondition(lambda self: self.model.named("parameters"))
    @rule(path=PATHS, name=NAMES, data=st.data())
    def tie_a_parameter(self, path, name, data):
        real, model = self.module(path)
        first, expected = data.draw(st.sampled_from(self.model.named("parameters")))
        parameter = self.real.get_parameter(first)
        self.both(lambda: setattr(real, name, parameter), lambda: model.assign_parameter(name, expected))

    @precondition(lambda self: self.model.named("buffers"))
    @rule(path=PATHS, name=NAMES, persistent=st.booleans(), data=st.data())
    def share_a_buffer(self, path, name, persistent, data):
        real, model = self.module(path)
        first, expected = data.draw(st.sampled_from(self.model.named("buffers")))
        buffer = self.real.get_buffer(first)
        self.both(
            lambda: real.register_buffer(name, buffer, persistent),
            lambda: model.register_buffer(name, expected, persistent),
        )

    @rule(name=st.sampled_from(["float", "double", "half", "bfloat16"]))
    def convert(self, name):
        dtype = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16"}[name]
        self.both(lambda: getattr(self.real, name)(), lambda: self.model.convert(dtype))

    @rule(dtype=FLOATS)
    def convert_by_to(self, dtype):
        self.both(lambda: self.real.to(getattr(torch, dtype)), lambda: self.model.convert(dtype))

    @rule()
    def move_to_meta(self):
        self.both(lambda: self.real.to("meta"), lambda: self.model.move("meta"))

    @precondition(lambda self: all(tensor.device == "cpu" for tensor in self.model.state_dict().values()))
    @precondition(lambda self: all(tensor.device == "cpu" for _, tensor in self.model.named("buffers")))
    @rule(device=st.sampled_from(["cpu", "meta"]))
    def empty(self, device):
        self.both(lambda: self.real.to_empty(device=device), lambda: self.model.move(device, empty=True))

    @rule()
    def save(self):
        real = {key: value.clone() for key, value in self.real.state_dict().items()}
        model = {key: copy.copy(tensor) for key, tensor in self.model.state_dict().items()}
        self.checkpoints.append((real, model))

    @rule(strict=st.booleans(), assign=st.booleans(), data=st.data())
    def load(self, strict, assign, data):
        real, model = data.draw(st.sampled_from(self.checkpoints))
        real = {key: value.clone() for key, value in real.items()}
        model = {key: copy.copy(tensor) for key, tensor in model.items()}
        options = {"assign": assign} if ASSIGN_KEEPS_REQUIRES_GRAD else {}
        self.both(
            lambda: self.real.load_state_dict(real, strict=strict, **options),
            lambda: self.model.load(model, strict, assign and ASSIGN_KEEPS_REQUIRES_GRAD),
        )

    @rule(route=st.sampled_from(["deepcopy", "pickle"]))
    def copy(self, route):
        self.real = copy.deepcopy(self.real) if route == "deepcopy" else pickle.loads(pickle.dumps(self.real))
        self.model = self.model.copy()
        self.compare()

    def compare(self):
        for kind, listed in (("parameters", self.real.named_parameters()), ("buffers", self.real.named_buffers())):
            listed, expected = list(listed), self.model.named(kind)
            assert [name for name, _ in listed] == [name for name, _ in expected]
            for (_, tensor), (_, wanted) in zip(listed, expected, strict=True):
                self.compare_tensor(tensor, wanted)
        assert list(self.real.state_dict()) == list(self.model.state_dict())
        for path in ("", "child", "child.grandchild"):
            real, model = self.module(path)
            plain = {name: value for name, value in vars(real).items() if name in ("a", "b")}
            assert list(plain) == list(model.plain)
            for name, value in model.plain.items():
                if isinstance(value, reference.Tensor):
                    self.compare_tensor(plain[name], value)
                else:
                    assert plain[name] == value

    def compare_tensor(self, tensor, wanted):
        """The same object as before exactly where the reference model keeps its own, and with the same properties."""
        known, _ = self.known.setdefault(id(wanted), (tensor, wanted))
        assert known is tensor
        assert sum(other is tensor for other, _ in self.known.values()) == 1
        assert str(tensor.dtype) == f"torch.{wanted.dtype}"
        assert tensor.device.type == wanted.device
        assert tensor.requires_grad is wanted.requires_grad
        if wanted.value is not None and wanted.device != "meta":
            assert tensor.tolist() == [wanted.value] * 3


ASSIGN_KEEPS_REQUIRES_GRAD = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 3)


@claim("WHOLE-01", source="torch.nn.Module")
def test_a_module_does_what_the_reference_model_says_in_any_order_of_events():
    """After any sequence of assigning, registering, deleting, tying, converting, moving, saving, loading and copying, a
    module holds and saves the state that a reference model, a hundred lines of plain Python in this specification,
    predicts.
    """
    examples = max(EXAMPLES, settings().max_examples)
    run_state_machine_as_test(ModuleMachine, settings=settings(max_examples=examples, stateful_step_count=STEPS))
