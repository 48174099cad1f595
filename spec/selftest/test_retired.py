"""An id means one rule for good: none is used again, and each that is gone leads on or says why it doesn't."""

from collections import Counter

import pytest

from .. import facts as retired
from ..reporting.catalogue import PACKAGE, claims, claims_in, free
from ..reporting.verdicts import natural


def test_no_claim_has_a_retired_id():
    assert claims().keys() & retired.retired().keys() == set()


def test_no_id_is_used_twice():
    files = [path for chapter in retired.chapters() for path in sorted((PACKAGE / chapter).glob("test_*.py"))]
    ids = Counter(claim.id for path in files for claim in claims_in(path, path.parent.name))
    assert {id: f"{free(id.partition('-')[0])} is free" for id, times in ids.items() if times > 1} == {}


def test_a_retired_id_leads_to_a_claim():
    successors = {id: entry.successor for id, entry in retired.retired().items() if entry.successor}
    assert {id: successor for id, successor in successors.items() if retired.current(successor) not in claims()} == {}


def test_every_retired_id_says_why_in_a_sentence():
    assert [id for id, entry in retired.retired().items() if not entry.why[0].isupper() or entry.why[-1] != "."] == []


def test_every_gap_in_the_numbers_is_explained():
    ids = {*claims(), *retired.retired()}
    highest = {prefix: max(number(id) for id in ids if id.startswith(f"{prefix}-")) for prefix in map(prefix_of, ids)}
    expected = {f"{prefix}-{n:02}" for prefix, last in highest.items() for n in range(1, last + 1)}
    assert sorted(expected - ids, key=natural) == []


def test_the_file_is_in_the_order_of_ids():
    written = [*retired.retired()]
    assert written == sorted(written, key=natural)


@pytest.mark.parametrize(
    ("id", "now"), [("SD-01", "SD-01"), ("TIE-17", "ENUM-22"), ("SD-50", None), ("SD-101", None), ("SER-14", None)]
)
def test_an_id_leads_to_the_one_under_which_its_rule_stands_now(id, now):
    assert retired.current(id) == now


def test_an_id_leads_on_over_several_successors(monkeypatch):
    chain = {"X-01": retired.Retired("X-02", "Gone."), "X-02": retired.Retired("SD-01", "Gone.")}
    monkeypatch.setattr(retired, "retired", lambda: chain)
    assert retired.current("X-01") == "SD-01"


def prefix_of(id: str) -> str:
    return id.partition("-")[0]


def number(id: str) -> int:
    return int(id.partition("-")[2])
