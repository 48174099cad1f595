"""Version guards: the guarded side runs, is excused, and must fail."""

import pytest

from .pytest_runs import claims_file, pytest_run

GUARDS = {
    "not yet": 'since="99.0"',
    "no longer": 'until="1.0"',
    "known bug": 'bug="pytorch/pytorch#1", broken=">=1.0"',
}


def guarded(terms, assertion, cases="True, False"):
    return f"""
@claim("XX-99", source="torch.nn.Module", {terms})
@pytest.mark.parametrize("holds", [{cases}])
def test_something_holds(holds):
    assert {assertion}
"""


@pytest.mark.parametrize("word", GUARDS)
def test_a_guarded_claim_that_fails_in_one_case_is_excused(tmp_path, word):
    claims_file(tmp_path, guarded(GUARDS[word], "holds"))
    run = pytest_run(tmp_path, "--claims")
    assert run.status == 0
    assert "1 passed, 1 xfailed" in run.output
    assert f" {word} " in run.output


@pytest.mark.parametrize("word", GUARDS)
def test_a_guard_that_no_case_needs_is_stale(tmp_path, word):
    claims_file(tmp_path, guarded(GUARDS[word], "True"))
    run = pytest_run(tmp_path)
    assert run.status == 1
    assert "is stale: 'Something holds.' holds in all 2 cases here" in run.output


def test_a_guard_is_not_judged_by_some_of_its_cases(tmp_path):
    claims_file(tmp_path, guarded(GUARDS["not yet"], "holds"))
    run = pytest_run(tmp_path, "-k", "True")
    assert run.status == 0
    assert "stale" not in run.output


@pytest.mark.parametrize("terms", ['since="1.0"', 'until="99.0"', 'bug="pytorch/pytorch#1", broken="<1.0"'])
def test_a_guard_for_other_releases_excuses_nothing(tmp_path, terms):
    claims_file(tmp_path, guarded(terms, "holds"))
    assert pytest_run(tmp_path).status == 1


def test_a_guarded_claim_may_name_a_source_that_is_not_there_yet(tmp_path):
    text = guarded(GUARDS["not yet"], "nn.Nothing").replace('"torch.nn.Module"', '"torch.nn.Nothing"')
    claims_file(tmp_path, text)
    assert pytest_run(tmp_path).status == 0
