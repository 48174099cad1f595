"""The records in ``spec/records``: none is missing, none is stale, and every guard is shown on both sides."""

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .. import __version__
from ..facts import releases, retired
from ..reporting import catalogue, matrix
from ..reporting.record import read, to_text

PATHS = sorted(matrix.RECORDS.glob("*.json"))
GUARDED = [id for id, claim in catalogue.claims().items() if claim.terms]


@pytest.fixture(scope="module")
def plain():
    """The records on cpu and meta by their release, in order."""
    found = {Version(found.release): found for found in map(read, PATHS) if not found.beyond}
    return {release: found[release] for release in sorted(found)}


def test_every_supported_release_has_a_record(plain):
    assert [str(release) for release in plain] == [release.patch for release in releases()]


def test_the_records_were_made_by_one_python_and_one_hypothesis(plain):
    assert len({(record.python, *record.hypothesis.items()) for record in plain.values()}) == 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_record_knows_no_claim_that_never_was(path):
    """One that came later is not recorded yet, and one that went is still there until the record is made anew."""
    assert read(path).claims.keys() - catalogue.claims().keys() - retired().keys() == set()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_record_is_as_it_was_written(path):
    found = read(path)
    assert path.read_text(encoding="utf-8") == to_text(found)
    assert path.stat().st_size < 60_000
    assert path.stem == f"torch-{found.release}-{found.beyond or 'cpu'}"
    assert found.spec == __version__


def test_no_claim_fails_on_a_release(plain):
    assert {
        (str(release), id)
        for release, record in plain.items()
        for id, shown in record.claims.items()
        if any(each.verdict == "fails" for each in shown.values())
    } == set()


def sides(terms, releases):
    """For each boundary of a guard: the last release before it, the first one from it on, and what it says of them.

    A boundary beyond the newest release has no second side yet.
    """
    for word, verdict, holds_before in (("since", "not yet", False), ("until", "no longer", True)):
        if boundary := terms.get(word):
            before = [release for release in releases if release < Version(boundary)][-1:]
            after = [release for release in releases if release >= Version(boundary)][:1]
            yield before, after, verdict, holds_before
    if terms.get("broken"):
        broken = [release for release in releases if release in SpecifierSet(terms["broken"])]
        first, last = releases.index(broken[0]), releases.index(broken[-1])
        yield releases[max(first - 1, 0) : first], [broken[0]], "known bug", True
        yield [broken[-1]], releases[last + 1 : last + 2], "known bug", False


def says(record, id, verdict):
    return any(shown.verdict == verdict for shown in record.claims[id].values())


@pytest.mark.parametrize("id", GUARDED)
def test_a_guard_is_shown_on_both_sides(plain, id):
    terms = catalogue.claims()[id].terms
    recorded = [release for release, record in plain.items() if id in record.claims]
    for before, after, verdict, holds_before in sides(terms, recorded) if recorded else ():
        assert before or after
        assert all(says(plain[release], id, verdict) is not holds_before for release in before)
        assert all(says(plain[release], id, verdict) is holds_before for release in after)
        if verdict != "known bug":
            assert before
            assert after


def test_no_record_holds_a_path_of_a_machine():
    assert not [path.name for path in PATHS if "/" in Path(path).read_text(encoding="utf-8")]
