"""``--fault``, and what the proof that every claim can fail demands."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from .. import faults
from ..engine import proof
from ..engine.cases import CLAIM
from ..engine.proof import Refutation, shortcomings, to_markdown
from ..faults import FAULTS, Fault, all_faults
from ..vocabulary.claim import Claim
from .pytest_runs import claims_file, pytest_run

A_CLAIM = """
@claim("XX-99", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("shape", [1, 2])
def test_a_non_persistent_buffer_is_not_saved(shape):
    model = NON_PERSISTENT_BUFFER.on(nn.Module(), "x", torch.ones(shape))
    assert "x" not in model.state_dict()
"""


def test_a_fault_is_said_before_and_what_it_refutes_is_said_first(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "--fault", "a-non-persistent-buffer-is-saved")
    assert run.status == 1
    assert "!!! TORCH IS BROKEN ON PURPOSE: A non-persistent buffer is saved" in run.output
    refuted = run.lines.index("REFUTED  XX-99     A non-persistent buffer is not saved.")
    assert refuted < next(number for number, line in enumerate(run.lines) if " FAILURES " in line)
    assert run.output.count("REFUTED") == 1


def test_a_run_that_a_fault_cannot_refute_succeeds(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "--fault", "a-frozen-parameter-is-not-saved")
    assert run.status == 0
    assert "no claim was refuted" in run.output


def test_the_faults_are_listed_with_their_sentences(tmp_path):
    run = pytest_run(tmp_path, "--fault", "list")
    assert run.status == 0
    assert len(run.lines) == len(all_faults())
    assert "a-non-persistent-buffer-is-saved: A non-persistent buffer is saved. (SD-03" in run.output


def test_a_chapter_may_have_no_faults_yet(monkeypatch):
    monkeypatch.setattr(faults, "chapters", lambda: {"nowhere": None})
    assert all_faults() is FAULTS


def test_an_unknown_fault_is_told_the_nearest_ones(tmp_path):
    run = pytest_run(tmp_path, "--fault", "a-non-persistent-buffer-is-saved-too")
    assert run.status == 4
    assert run.output.startswith("ERROR: there is no fault 'a-non-persistent-buffer-is-saved-too'; nearest: a-non-pers")
    assert len(run.lines) == 1 + run.lines.count("")


def test_a_fault_and_the_proof_exclude_each_other(tmp_path):
    run = pytest_run(tmp_path, "--prove", "--fault", "a-non-persistent-buffer-is-saved")
    assert run.status == 4
    assert "choose one" in run.output


def test_a_table_cannot_be_written_where_there_is_no_folder(tmp_path):
    run = pytest_run(tmp_path, "--faults-table", "nowhere/table.md")
    assert run.status == 4
    assert run.lines == ["ERROR: --faults-table: there is no folder nowhere", ""]


@pytest.mark.parametrize("name", [name for name, fault in all_faults().items() if fault.applies])
def test_a_fault_is_undone_completely(name):
    with FAULTS[name].injected():  # imports what it breaks, which stays
        pass
    watched = [nn.Module, nn.Parameter, nn.BatchNorm1d, torch.Tensor, torch.optim.SGD, torch.optim.Optimizer, torch]
    before = [dict(vars(place)) for place in watched]
    with FAULTS[name].injected():
        pass
    assert [dict(vars(place)) for place in watched] == before


CLAIMS = {id: Claim(id, f"Sentence {id}", "torch.nn.Module") for id in ("SD-01", "SD-02", "SD-03", "SD-04")}


def refutation(name, aims, refuted, trouble="", asked=tuple(CLAIMS)):
    return Refutation(Fault(name, "saving", aims, lambda patch: None), list(refuted), trouble, set(asked))


MANY_IDS = [f"SD-{number}" for number in range(10, 40)]
SHORTCOMINGS = {
    "fault one refutes no claim": [refutation("one", ("SD-01",), [])],
    "fault one is too blunt: it refutes 16 of 30 claims of other things": [
        refutation("one", (), MANY_IDS[:16], asked=MANY_IDS)
    ],
    "fault one is aimed at SD-01 and does not refute it": [refutation("one", ("SD-01",), ["SD-02"])],
    "fault one is aimed at SD-77, which is no claim": [refutation("one", ("SD-77",), ["SD-02"])],
    "fault one: it ended without an answer": [refutation("one", (), [], "it ended without an answer")],
    "SD-04 is refuted by no fault: Sentence SD-04": [refutation("one", (), ["SD-01", "SD-02"])],
    "SD-01 asserts too much: 30 of 30 faults in other things refute it": [
        refutation(name, (), ["SD-01"]) for name in MANY_IDS
    ],
}


@pytest.mark.parametrize("complaint", SHORTCOMINGS)
def test_the_proof_names_what_breaks_its_rules(complaint):
    assert complaint in shortcomings(SHORTCOMINGS[complaint], CLAIMS, set(CLAIMS))


def test_the_proof_has_nothing_to_say_when_each_claim_has_a_fault_of_its_own():
    found = [refutation(f"fault {id}", (id,), [id]) for id in CLAIMS]
    assert shortcomings(found, CLAIMS, set(CLAIMS)) == []


def test_what_a_fault_is_aimed_at_makes_it_not_blunt_nor_a_claim_broad():
    aimed = tuple(MANY_IDS[:20])
    found = [refutation(name, aimed, aimed, asked=MANY_IDS) for name in MANY_IDS]
    claims = dict.fromkeys(aimed, CLAIMS["SD-01"])
    assert shortcomings(found, claims, None) == []


@dataclass(eq=False)
class Item:
    """What the proof asks of a case."""

    stash: dict


def test_each_fault_asks_a_sample_of_its_own_and_all_of_them_every_claim(monkeypatch):
    claims = [Item({CLAIM: Claim(id, f"Sentence {id}", "torch.nn.Module")}) for id in MANY_IDS]
    monkeypatch.setattr(proof, "is_quick", lambda item: True)
    monkeypatch.setattr(proof, "EVERY", 3)
    choose = proof.concerned(claims)
    samples = [choose(Fault(name, "saving", (MANY_IDS[0],), lambda patch: None)) for name in map(str, range(9))]
    assert {len(sample) for sample in samples} <= {10, 11}
    assert all(claims[0] in sample for sample in samples)
    assert {id(item) for sample in samples for item in sample} == {*map(id, claims)}


def test_the_table_says_who_refutes_whom():
    text = to_markdown([refutation("one", ("SD-01",), ["SD-02", "SD-01"])], CLAIMS)
    assert "| one | SD-01, SD-02 |" in text
    assert "| SD-03 | Sentence SD-03 |  |" in text
