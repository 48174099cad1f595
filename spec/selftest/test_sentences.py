"""The sentences of all claims keep the rules, and a breach of each rule is one line that teaches."""

import subprocess
import sys
from pathlib import Path

import pytest

from ..reporting import catalogue
from ..reporting.sentence_rules import breaches

ROOT = Path(__file__).parent.parent.parent


def test_every_sentence_keeps_the_rules():
    assert [*breaches(catalogue.claims().values())] == []


def test_the_command_tells_of_the_files_that_it_is_given():
    file = catalogue.PACKAGE / "saving" / "test_state_dict.py"
    words = [sys.executable, "-m", "spec.reporting.sentence_rules", str(file)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1)
    assert done.stderr == ""
    assert all("test_state_dict.py" in line for line in done.stdout.splitlines() if done.returncode)


BODY = """
import pickle
import pytest
import torch
from torch import nn


@claim("SD-01", source="torch.nn.Module.load_state_dict"{guard})
def test_{name}(kind, error):
    '''{sentence}'''
    model = nn.Linear(5, 10)
    with pytest.raises({error}):
        model.weight = model.load_state_dict({{"a": 1}}, keep=True)
"""


@pytest.fixture
def claim(monkeypatch, tmp_path):
    """A claim with a sentence of one's own."""
    monkeypatch.setattr(catalogue, "PACKAGE", tmp_path / "spec")

    def written(sentence, *, error="error", guard="", name="a_name"):
        file = tmp_path / f"test_{len(list(tmp_path.iterdir()))}.py"
        file.write_text(BODY.format(sentence=sentence, error=error, guard=guard, name=name))
        (read,) = catalogue.claims_in(file, "saving")
        return read

    return written


@pytest.fixture
def told(claim):
    """What is said of one claim, without its id and place."""
    return lambda *words, **terms: [line.split("  ")[1] for line in breaches([claim(*words, **terms)])]


GOOD = [
    "A frozen parameter is in the state dict.",
    "`load_state_dict(assign=True)` wraps a plain tensor in a new `nn.Parameter`.",
    '`register_buffer` takes `persistent` by its truth value: `1` and `"yes"` save the buffer, `0` and `None` don\'t.',
    "`module.type(dtype)` converts every frozen parameter, where `.to(dtype)` converts floating state only.",
    "`copy.deepcopy` raises `ValueError`, and `torch.load(weights_only=True)` does not.",
    "Under `torch.no_grad()`, `module.x = value` and `del module.x` work as without, and `p.grad` is None.",
    "`strict=False` is as good as `strict=`, and `torch.__future__.set_swap_module_params_on_conversion(True)` is set.",
    "After `import torch`, a 0-d tensor, i.e. a scalar, is kept by torch 2.5 (and by BatchNorm).",
    "`with torch.no_grad():` and `for x in module.parameters()` are code, as are `SGD(lr=0.1)` and `keep`.",
]


@pytest.mark.parametrize("sentence", GOOD)
def test_a_good_sentence_passes(told, sentence):
    assert told(sentence) == []


NOWHERE = "is in neither torch, Python nor the chapter: spell it as it stands there"
BAD = {
    "A buffer moves": "ends with 's': end the sentence with a full stop",
    "a buffer moves.": "begins with 'a': begin with a capital or with `code`",
    "Beware: it moves.": "begins with a warning: the first paragraph is the sentence, and the warning the second",
    "A buffer has `name.": "has a backtick without its partner: close it",
    f"A{' very' * 40} long sentence.": "has 43 words: say it in 40, or move a part to a second paragraph",
    "A bare tensor moves.": 'says "bare tensor": say `plain tensor`',
    "A module s own buffer moves.": 'says "module s": say an apostrophe',
    "A buffer is refused.": 'says "refused" and names no exception: say "raises `TypeError`", or what happens',
    "The state_dict has it.": "has an identifier outside backticks: write `state_dict`, as a user types it",
    "An nn.Buffer moves.": "has a dotted name outside backticks: write `nn.Buffer`, as a user types it",
    "After train() it moves.": "has a call outside backticks: write `train()`, as a user types it",
    "With strict=False it moves.": "has an argument outside backticks: write `strict=False`, as a user types it",
    "It raises TypeError.": "has an exception outside backticks: write `TypeError`, as a user types it",
    "The method `.tto()` moves.": f"`.tto` in `.tto()` {NOWHERE}",
    "Nothing is `nn.Bufer`.": f"`nn.Bufer` {NOWHERE}",
    "A buffer `is a b`.": "`is a b` is not Python: write it as a user types it, or in words",
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_breach_is_one_line_that_says_what_would_be_right(told, sentence):
    assert BAD[sentence] in told(sentence)


def test_the_exception_that_a_test_expects_is_named(told):
    right = 'expects UnpicklingError and does not name it: say "raises `UnpicklingError`"'
    assert told("A load fails.", error="pickle.UnpicklingError") == [right]
    assert told("A load raises `UnpicklingError`.", error="pickle.UnpicklingError") == []
    assert told("A load raises `KeyError`.", error="(KeyError, TypeError)") == []


def test_what_held_until_a_release_names_it(told):
    right = 'holds until 2.7 and does not say so: begin with "Before torch 2.7," in the past tense'
    assert told("A buffer once moved.", guard=', until="2.7"') == [right]
    assert told("Before torch 2.7, a buffer moved.", guard=', until="2.7"') == []


def test_without_a_docstring_the_name_is_the_sentence(told):
    assert told("", name="a_frozen_parameter_is_in_the_state_dict") == []
    assert told("", name="a_bare_tensor_moves") == ['says "bare tensor": say `plain tensor`']


def test_two_claims_do_not_say_the_same(claim):
    (line,) = breaches([claim("A `buffer` moves."), claim("A buffer moves.")])
    assert line.startswith("SD-01  says the same as SD-01: say what is different, or retire one")
