"""``--model``: modules that a user brings, and what is left behind in them."""

import shlex
from pathlib import Path

import pytest
import torch
from torch import nn

from .. import __name__ as package
from ..checking.cited import cited
from ..checking.kinds import KINDS
from ..checking.state import plain_tensors, registered
from ..engine.models import SHOWN_BY, TORCH_NN
from .pytest_runs import pytest_run
from .test_check_findings import ALWAYS

MODELS = """
import dataclasses

import torch
import torch.fx
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

def on_meta():
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).to("meta")

def offloaded():
    model = on_meta()
    model._hf_hook = object()
    return model

def lazy():
    return nn.LazyLinear(2)

@dataclasses.dataclass
class Compared(nn.Module):
    width: int = 2

    def __post_init__(self):
        super().__init__()
        self.linear = nn.Linear(self.width, self.width)

def unhashable():
    return nn.Sequential(Compared())

CACHED = nn.Linear(2, 2)

def shared():
    return nn.Sequential(CACHED)

class Unsaved(nn.Linear):
    def state_dict(self, *args, **kwargs):
        raise RuntimeError("not\\nimplemented")

def unsaved():
    return Unsaved(2, 2)

class Silent(nn.Linear):
    def load_state_dict(self, *args, **kwargs):
        super().load_state_dict(*args, **kwargs)

def silent():
    return Silent(2, 2)

def traced():
    return torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2)))

def drawn():
    return nn.Linear(int(torch.randint(2, 9, ())), 2)

class Refusing(nn.Linear):
    def _apply(self, *args, **kwargs):
        raise RuntimeError("stay\\nhere")

def refusing():
    return Refusing(2, 2)
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
    assert "1.scale  left-behind: a plain float32 tensor (10); no file has it" in run.output
    assert 'instead: self.register_buffer("scale", ...), with persistent=False where a new instance' in run.output
    failed = [line for line in run.lines if line.startswith("FAILED ")]
    assert [LEFT in line for line in failed] == [True]


def test_the_same_module_with_a_registered_buffer_is_clean(folder):
    run = claims_of("mine:remembered", folder)
    assert run.status == 0, run.output
    passed = [line for line in run.lines if line.startswith("PASSED ")]
    assert len(passed) >= 9
    assert all("mine:remembered" in line for line in passed)
    assert any(LEFT in line for line in passed)


ONE_CAUSE = {
    "on_meta": "all tensors are on meta (the first is 0.weight) and have no values",
    "offloaded": "offloaded: all tensors are on meta (the first is 0.weight) until a forward needs them",
    "lazy": "lazy: 2 tensors without a shape until the first forward",
    "unhashable": "0  unhashable: Compared can't be hashed, as it defines __eq__ alone",
    "shared": "0  shared-instances: the same Linear as in another instance",
    "unsaved": "the whole module  not-saved: state_dict() raises RuntimeError: not implemented",
}


@pytest.mark.parametrize("name", ONE_CAUSE)
def test_one_cause_is_one_failure(folder, name):
    run = claims_of(f"mine:{name}", folder)
    assert run.status == 1
    assert [line for line in run.lines if line.startswith(ONE_CAUSE[name])]
    assert len([line for line in run.lines if line.startswith("FAILED ")]) == 1
    assert len([line for line in run.lines if line.startswith("PASSED ")]) == 0


@pytest.mark.parametrize("name", ["silent", "traced"])
def test_a_way_of_its_own_is_no_fault(folder, name):
    assert claims_of(f"mine:{name}", folder).status == 0


def test_what_raises_and_is_no_finding_is_told_in_a_line(folder):
    run = claims_of("mine:refusing", folder)
    assert run.status == 1
    assert "RuntimeError: stay here" in run.lines
    assert not [line for line in run.lines if line.startswith(("E ", ">", "Traceback", "During handling"))]


def test_a_failure_is_run_again_with_its_model_alone(folder):
    run = pytest_run(folder, str(CHAPTER), "--model", "mine:forgotten", "--model", "mine:drawn")
    commands = [line.partition(" -m pytest ")[2] for line in run.lines if line.startswith("Run it again: ")]
    again = next(shlex.split(line) for line in commands if "mine:forgotten" in line)
    assert again[-3:] == ["--model=mine:forgotten", "-k", "ANY-09 and mine:forgotten"]
    assert all("mine:forgotten" not in line for line in commands if "mine:drawn" in line)
    second = pytest_run(folder, str(CHAPTER), *again[-3:])
    assert second.status == 1
    assert "1 failed" in second.lines[-1]
    assert "passed" not in second.lines[-1]


PLANTED = """
from {package}.selftest.test_check_findings import ALWAYS

for kind, (broken, _, mended) in ALWAYS.items():
    globals()[kind.replace("-", "_")] = broken
    globals()[kind.replace("-", "_") + "_mended"] = mended
"""


@pytest.mark.parametrize("ci", ["", "true"])
def test_every_finding_that_counts_is_shown_through_a_claim_once(folder, monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    (folder / "planted.py").write_text(PLANTED.format(package=package), encoding="utf-8")
    names = {kind: f"planted:{kind.replace('-', '_')}" for kind in ALWAYS}
    options = [option for name in names.values() for option in ("--model", name)]
    run = pytest_run(folder, str(CHAPTER), *options, "-k", "planted", "--jobs=1")
    assert run.status == 1
    failures = [text.partition("Run it again: ")[0] for text in run.output.split("  factory: ")[1:]]
    for kind, name in names.items():
        told = [line for text in failures if text.splitlines()[0] == name for line in text.splitlines()]
        assert any(f"  {kind}: " in line for line in told), f"{kind}: {told}"
        heads = [line for line in told if "  " in line.strip() and ": " in line and not line.startswith(" ")]
        assert len(set(heads)) == len(heads), heads
    assert "Traceback" not in run.output
    assert "During handling" not in run.output


def test_the_mended_twins_pass_every_claim(folder):
    (folder / "planted.py").write_text(PLANTED.format(package=package), encoding="utf-8")
    twins = set(ALWAYS) - {"unsaved"}  # this one saves by itself what it doesn't register, against ANY-02
    options = [option for kind in twins for option in ("--model", f"planted:{kind.replace('-', '_')}_mended")]
    run = pytest_run(folder, str(CHAPTER), *options, "-k", "planted", "--jobs=1")
    assert run.status == 0, run.output


def test_every_kind_that_counts_always_has_its_claim():
    shown = {kind for kinds in SHOWN_BY.values() for kind in kinds}
    assert {name for name, kind in KINDS.items() if not kind.uses} - shown == set()
    assert {id for id in SHOWN_BY if id} <= set(cited(SHOWN_BY))


WRONG = {
    "no factory": ("mine", "write package.module:factory"),
    "no module": ("nowhere.at_all:make", "nowhere.at_all can't be imported: ModuleNotFoundError: No module named"),
    "no such factory": ("mine:unknown", "mine has no unknown"),
    "a factory that raises": ("mine:broken", "the factory raises ValueError: no such size and more"),
    "a factory that exits": ("sys:exit", "the factory exits with status None"),
    "no arguments": ("mine:Scaled", "the factory raises TypeError: Scaled.__init__() missing 1 required positional"),
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
