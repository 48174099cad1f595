"""``python -m spec.reporting``: records compared, as Markdown and as a page."""

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ..reporting import __main__ as command
from ..reporting import catalogue, markdown, matrix, page, record
from ..reporting.differences import differences
from ..reporting.documentation import address
from ..reporting.record import Shown
from .sample_records import all_releases, imagined

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def releases():
    return all_releases()


@pytest.fixture(scope="module")
def everything(releases):
    return matrix.matrix(releases)


def write(folder, *records):
    """The paths of records, as words of a command."""
    paths = []
    for each in records:
        paths.append(str(folder / f"{each.release}{each.beyond}.json"))
        record.write(each, paths[-1])
    return paths


def test_columns_stand_in_the_order_of_releases_and_other_devices_last(releases, everything):
    assert matrix.matrix(reversed(releases)).names == everything.names
    assert everything.names[:3] == ["1.13", "2.0", "2.1"]
    assert everything.names[9:12] == ["2.8", "2.9", "2.10"]
    assert everything.names[-2:] == ["2.15", "2.9 xla"]


def test_two_patches_of_a_minor_release_are_told_apart():
    assert matrix.matrix([imagined("2.4.1"), imagined("2.4.0"), imagined("2.5.1")]).names == ["2.4.0", "2.4.1", "2.5"]


def test_neighbouring_releases_without_a_difference_fold(everything):
    folds = everything.folds(["SD-01", "BUF-01"])
    assert [everything.span(columns) for columns in folds] == ["1.13 – 2.4", "2.5 – 2.15", "2.9 xla"]


def test_a_cell_shows_the_worst_device():
    holds, fails = Shown("holds", 1), Shown("fails", 1)
    assert str(matrix.cell({"cpu": holds, "meta": holds})) == "✓ holds"
    assert str(matrix.cell({"cpu": holds, "meta": fails})) == "✗ fails (meta)"
    assert str(matrix.cell({})) == "· not shown"
    assert str(matrix.cell(None)) == "– not recorded"


def test_a_difference_is_a_sentence():
    old, new = imagined("2.4.1"), imagined("2.5.1")
    lines = differences(old, new)
    sentence = catalogue.claims()["BUF-01"].sentence
    assert f"BUF-01    ○ not yet → ✓ holds (cpu, meta): {sentence}" in lines
    assert not any(line.startswith("SD-01 ") for line in lines)


def test_a_difference_of_one_device_names_it():
    old = imagined("2.5.1")
    changed = {**old.claims["SD-01"], "meta": Shown("fails", 2)}
    new = replace(old, claims={**old.claims, "SD-01": changed})
    (line,) = differences(old, new)
    assert line.startswith("SD-01     ✓ holds → ✗ fails (meta): ")


def test_a_claim_that_only_one_record_has_is_a_difference():
    old = imagined("2.5.1")
    new = replace(old, claims={id: shown for id, shown in old.claims.items() if id != "SD-01"})
    (line,) = differences(old, new)
    assert line.startswith("SD-01     ✓ holds → – not recorded: ")


def test_only_a_strict_comparison_counts_cases_and_asks_why():
    old = imagined("2.5.1")
    shown = {"cpu": Shown("holds", 2), "meta": Shown("holds", 3)}
    new = replace(old, claims={**old.claims, "SD-01": shown})
    assert differences(old, new) == []
    (line,) = differences(old, new, strictly=True)
    assert line.startswith("SD-01     ✓ holds in 2 cases → ✓ holds in 3 cases (meta): ")


def test_diff_ends_with_1_where_a_verdict_changed_and_with_0_where_none_did(tmp_path, capsys):
    old, new = write(tmp_path, imagined("2.4.1"), imagined("2.5.1"))
    assert command.main(["diff", old, new]) == 1
    assert capsys.readouterr().out.startswith("torch 2.4.1 → 2.5.1: ")
    assert command.main(["diff", old, old]) == 0
    assert "claims agree" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["diff", "markdown", "page"])
@pytest.mark.parametrize("content", [None, "<html>", '{"schema": 2}'])
def test_bad_input_gets_one_line_and_status_2(tmp_path, capsys, name, content):
    bad = tmp_path / "bad.json"
    if content:
        bad.write_text(content)
    words = {"diff": [str(bad)], "markdown": [], "page": ["--output", str(tmp_path / "page.html")]}[name]
    assert command.main([name, *words, str(bad)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert str(bad) in shown.err
    assert not (tmp_path / "page.html").exists()


def test_a_page_is_written_whole_or_not_at_all(tmp_path, capsys):
    path = write(tmp_path, imagined("2.5.1"))
    assert command.main(["page", "--output", str(tmp_path / "no" / "page.html"), *path]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/no/page.html: there is no folder {tmp_path}/no\n"
    target = tmp_path / "page.html"
    target.write_text("what was there")
    (tmp_path / "bad.json").write_text("{}")
    assert command.main(["page", "--output", str(target), *path, str(tmp_path / "bad.json")]) == 2
    assert target.read_text() == "what was there"
    assert command.main(["page", "--output", str(target), *path]) == 0
    assert target.read_text().startswith("<!doctype html>")


def test_markdown_shows_in_full_where_releases_disagree_and_counts_the_rest(everything):
    text = markdown.page(everything)
    assert "| BUF-01 | Assigning an `nn.Buffer`" in text
    assert "SD-01" not in text
    assert "On all of these releases: " in text
    assert "✓ holds" in text
    assert len(text.encode()) < 1_000_000


def test_the_page_holds_every_claim_with_sentence_source_and_test(everything):
    html = page.to_html(everything)
    for id, claim in catalogue.claims().items():
        if id in everything.rows:
            assert f"<tr id={id} " in html or f"<tr id={id}>" in html
            assert page.said(claim.sentence) in html
            assert page.text(claim.test) in html
    assert 'src="' not in html
    assert "@import" not in html


def test_the_page_is_small_enough_for_a_slow_line():
    html = page.to_html(matrix.matrix(matrix.committed())).encode()
    assert len(html) <= 1_500_000
    assert len(gzip.compress(html, mtime=0)) <= 165 * len(catalogue.claims())  # half of it are the bodies of the tests


def test_a_test_is_shown_without_its_marker_and_without_the_sentence_that_stands_beside_it():
    file = ROOT / "spec" / "saving" / "test_state_dict.py"
    (shown,) = [claim.test for claim in catalogue.claims_in(file, "saving") if claim.id == "SD-06"]
    assert "@claim" not in shown
    assert "snapshot" not in shown
    assert '    """Beware: to keep the best values, take `copy.deepcopy(model.state_dict())`."""\n' in shown
    compile(shown, "a notebook", "exec")


def test_the_answer_table_says_once_what_is_true_of_a_whole_column():
    old = replace(imagined("2.4.1"), table=[["", "buffer", "nn.Buffer"], ["a?", "yes", "·"], ["b?", "no", "not yet"]])
    new = replace(imagined("2.5.1"), table=[["", "buffer", "nn.Buffer"], ["a?", "yes", "yes"], ["b?", "yes", "no"]])
    assert page.answers([old, new]) == [
        [("", ""), ("buffer", ""), ("nn.Buffer", "not there up to 2.4")],
        [("a?", ""), ("yes", ""), ("yes", "")],
        [("b?", ""), ("yes", "no up to 2.4"), ("no", "")],
    ]


def test_the_page_and_the_markdown_are_made_without_torch(tmp_path):
    paths = write(tmp_path, imagined("2.4.1"), imagined("2.5.1"))
    program = (
        "import sys; from spec.reporting.__main__ import main; "
        "assert main(['page', '--output', sys.argv[1], *sys.argv[2:]]) == 0; "
        "assert main(['markdown', '--output', sys.argv[1] + '.md', *sys.argv[2:]]) == 0; "
        "assert 'torch' not in sys.modules"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "page.html"), *paths]
    subprocess.run(words, cwd=ROOT, check=True)


def test_what_is_read_from_the_code_is_what_pytest_collects(pytestconfig):
    """The claims of one file, read both ways; that the ids agree everywhere is checked by each record."""
    from ..saving import test_state_dict

    tests = {name: test for name, test in vars(test_state_dict).items() if name.startswith("test_")}
    marks = {name: mark for name, test in tests.items() for mark in test.pytestmark if mark.name == "claim"}
    read = {claim.id: claim for claim in catalogue.claims_in(Path(test_state_dict.__file__), "saving")}
    assert {mark.args[0] for mark in marks.values()} == read.keys()
    for name, mark in marks.items():
        found = read[mark.args[0]]
        assert found.source == mark.kwargs["source"]
        assert found.terms == {term: value for term, value in mark.kwargs.items() if value and term != "source"}
        assert f"def {name}(" in found.text


PLACES = {
    "torch.nn.Module.to": "generated/torch.nn.Module.html#torch.nn.Module.to",
    "torch.nn.Module": "generated/torch.nn.Module.html",
    "torch.nn.Buffer": "generated/torch.nn.parameter.Buffer.html",
    "torch.save": "generated/torch.save.html",
    "torch.Tensor.detach": "generated/torch.Tensor.detach.html",
    "torch.optim.Optimizer.step": "generated/torch.optim.Optimizer.step.html",
    "torch.nn": "nn.html",
    "torch.__future__.set_swap_module_params_on_conversion": (
        "future_mod.html#torch.__future__.set_swap_module_params_on_conversion"
    ),
}


@pytest.mark.parametrize("source", PLACES)
def test_a_source_leads_to_its_place_in_the_documentation(source):
    assert address(source) == f"https://docs.pytorch.org/docs/stable/{PLACES[source]}"
