"""``--model``: modules that a user brings, and what is left behind in them."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ..checking.state import plain_tensors, registered
from ..engine.models import TORCH_NN
from .pytest_runs import pytest_run

MODELS = """
import torch
from torch import nn

class Scaled(nn.Module):
    def __init__(self, remember):
        super().__init__()
        self.linear = nn.Linear(5, 10)
        if remember:
            self.register_buffer("scale", torch.ones(10))
        else:
            self.scale = torch.ones(10)

    def forward(self, x):
        return self.linear(x) * self.scale

def forgotten():
    return nn.Sequential(nn.Linear(5, 5), Scaled(False))

def remembered():
    return nn.Sequential(nn.Linear(5, 5), Scaled(True))

def broken():
    raise ValueError("no such size\\nand more")

def number():
    return 3
"""
CHAPTER = Path(__file__).parent.parent / "bringing"
LEFT = "test_a_move_leaves_no_plain_tensor_of_a_module_behind"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MODELS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def claims_of(name, folder):
    """A run of the claims about every module on this one alone."""
    return pytest_run(folder, str(CHAPTER), "--model", name, "-k", name.partition(":")[2], "-rA")


def test_a_forgotten_buffer_is_named_with_its_path_and_what_to_do(folder):
    run = claims_of("mine:forgotten", folder)
    assert run.status == 1
    assert '1.scale is left behind: a float32 tensor of shape (10); self.register_buffer("scale", ...)' in run.output
    failed = [line for line in run.lines if line.startswith("FAILED ")]
    assert [LEFT in line for line in failed] == [True]


def test_the_same_module_with_a_registered_buffer_is_clean(folder):
    run = claims_of("mine:remembered", folder)
    assert run.status == 0, run.output
    passed = [line for line in run.lines if line.startswith("PASSED ")]
    assert len(passed) >= 9
    assert all("mine:remembered" in line for line in passed)
    assert any(LEFT in line for line in passed)


WRONG = {
    "no factory": ("mine", "write package.module:factory"),
    "no module": ("nowhere.at_all:make", "nowhere.at_all can't be imported: ModuleNotFoundError: No module named"),
    "no such factory": ("mine:unknown", "mine has no unknown"),
    "a factory that raises": ("mine:broken", "the factory raises ValueError: no such size"),
    "a factory of something else": ("mine:number", "the factory gives an object of type int, not an nn.Module"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_model_is_an_error_of_one_line(folder, wrong):
    name, message = WRONG[wrong]
    run = pytest_run(folder, "--model", name)
    assert run.status == 4
    line, empty = run.lines
    assert line.startswith(f"ERROR: --model {name}: {message}")
    assert empty == ""


def test_ten_classes_of_torch_nn_are_shown_without_any_option():
    assert len(TORCH_NN) >= 10
    assert [f"nn.{type(factory()).__name__}" for factory in TORCH_NN] == [factory.name for factory in TORCH_NN]
    assert all(registered(factory()) for factory in TORCH_NN)


class Config:
    def __init__(self):
        self.table = torch.zeros(1)


def hiding(value):
    """A module that holds ``value`` in a plain attribute of a submodule."""
    module = nn.Sequential(nn.Linear(2, 2), nn.Identity())
    module[1].__dict__["held"] = value
    return module


HIDDEN = {
    "a tensor": (lambda: torch.zeros(1), ["1.held"]),
    "a list": (lambda: [torch.zeros(1), [torch.zeros(1)]], ["1.held[0]", "1.held[1][0]"]),
    "a tuple": (lambda: (0, torch.zeros(1)), ["1.held[1]"]),
    "a set": (lambda: {torch.zeros(1)}, ["1.held[0]"]),
    "a dict": (lambda: {"k": {3: torch.zeros(1)}}, ["1.held['k'][3]"]),
    "an object": (Config, ["1.held.table"]),
    "modules in a list": (lambda: [nn.Linear(2, 2)], ["1.held[0].bias", "1.held[0].weight"]),
    "modules in a module in a list": (lambda: [nn.Sequential(nn.PReLU())], ["1.held[0].0.weight"]),
    "a parameter in a list": (lambda: [nn.Parameter(torch.zeros(1))], ["1.held[0]"]),
    "no tensor": (lambda: [1, "x", None, len, Config, torch.float32], []),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_plain_tensor_is_found_wherever_it_is(case):
    make, paths = HIDDEN[case]
    assert [plain.path for plain in plain_tensors(hiding(make()))] == paths


def test_what_holds_itself_is_searched_once():
    held = [torch.zeros(1)]
    held.append(held)
    assert [plain.path for plain in plain_tensors(hiding(held))] == ["1.held[0]"]


ADVICE = {
    "a tensor": 'self.register_buffer("held", ...) makes it state',
    "modules in a list": "nn.ModuleList or nn.ModuleDict",
    "a parameter in a list": "nn.ParameterList or nn.ParameterDict",
}


@pytest.mark.parametrize("case", ADVICE)
def test_the_advice_depends_on_what_it_is(case):
    found = plain_tensors(hiding(HIDDEN[case][0]()))
    assert ADVICE[case] in found[0].advice({})


def test_a_second_reference_to_state_is_called_that():
    module = nn.Linear(2, 2)
    module.aliases = [module.weight]
    state = registered(module)
    (left,) = plain_tensors(module)
    assert left.advice(state).endswith("that was weight too; reach it as weight and hold it nowhere else")
