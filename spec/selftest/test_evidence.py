"""The map of documented sentences: that it is whole, that it reads every torch alike, and what the command says."""

import inspect
import json
import multiprocessing
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from packaging.version import Version

from .. import evidence
from ..evidence import __main__ as command
from ..evidence import changes, coverage, errata, judgements
from ..evidence.reader import Sentence, digest, read, sentences, symbols
from ..reporting.catalogue import claims

ROOT = Path(__file__).parent.parent.parent
MAP = evidence.documented()
INSTALLED = Version(Version(torch.__version__).base_version)
is_mapped = pytest.mark.skipif(Version(MAP.release) > INSTALLED, reason="the map is made for a later torch")


@pytest.fixture(scope="module")
def found():
    """What the installed torch says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read()


@is_mapped
def test_every_sentence_of_the_installed_torch_has_an_entry_and_every_entry_a_sentence(found):
    said = {(symbol, hash) for symbol, said in found.items() for hash in said}
    judged = {(symbol, hash) for symbol, said in judgements(torch.__version__).symbols.items() for hash in said}
    assert said == judged


@pytest.mark.skipif(Version(MAP.release) != INSTALLED, reason="the map is made for another torch")
def test_the_map_is_in_the_order_of_the_text(found):
    assert {symbol: [*said] for symbol, said in found.items()} == {
        symbol: [*said] for symbol, said in MAP.symbols.items()
    }
    assert [*found] == [*MAP.symbols]


def entries():
    later = [said for symbols in evidence.later().values() for said in symbols.values()]
    return [entry for said in [*MAP.symbols.values(), *later] for entry in said.values()]


def test_every_id_is_that_of_a_claim():
    assert {id for entry in entries() for id in entry.claims} - claims().keys() == set()


def test_an_entry_that_something_is_wanting_says_what_and_a_claim_is_named_where_there_is_one():
    for entry in entries():
        assert bool(entry.claims) or entry.status not in (evidence.COVERED, evidence.PART, evidence.UNSPECIFIED)
        assert bool(entry.note) or entry.status not in (evidence.PART, *evidence.WITHOUT_CLAIMS)
        assert (entry.status == evidence.AGAINST) == bool(entry.erratum)


def test_the_map_holds_no_sentence_of_torch(found):
    texts = {sentence.text for said in found.values() for sentence in said.values() if len(sentence.text.split()) > 4}
    notes = {entry.note for entry in entries()} | {
        text for each in errata.errata().values() for text in (each.title, each.says, each.in_fact)
    }
    assert texts & notes == set()


@pytest.mark.parametrize("name", ["documented.json", "later.json"])
def test_the_file_has_a_line_for_each_sentence(name):
    text = (evidence.FOLDER / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) == text.count('\n"') + text.count("\n}") + text.count("\n{") + 1
    assert max(map(len, text.splitlines())) < 500


@pytest.mark.parametrize(
    ("id", "release", "standing"),
    [
        ("SD-03", None, "documented"),
        ("GRAD-01", "2.15.0", "observed"),
        ("ENUM-30", None, "contradicted"),
        ("ENUM-13", None, "documented"),
        ("ENUM-13", "2.13.0+cpu", "documented"),
        ("ENUM-13", "2.15.0", "observed"),
        ("ENUM-17", "2.13.0", "documented"),
        ("ENUM-17", "2.15.0a0", "observed"),
        ("NONE-01", None, "observed"),
    ],
)
def test_the_standing_of_a_claim_follows_from_the_map(id, release, standing):
    assert evidence.standing(id, release) == standing


def test_what_torch_takes_no_promise_for_any_more_is_observed_from_there_on():
    (entry,) = evidence.later()["2.14"]["torch.nn.Module.parameters"].values()
    assert len(entry.claims) == 9
    assert {evidence.standing(id, "2.15.0") for id in entry.claims} == {"observed"}


def test_the_standing_is_known_without_torch():
    code = "import sys; from spec import evidence; evidence.standings('2.15.0'); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


DOCSTRING = """
First line, e.g. with an
abbreviation. A second one.

    >>> code() # is left out
    ... more

Args:
    name (str): what it is. Default: ``x``
    other: more
      on the next line

.. note:: Beware.

Example::

    with code:
        more()

- an item
- another
"""
SENTENCES = [
    "First line, e.g. with an abbreviation.",
    "A second one.",
    "name (str): what it is.",
    "Default: ``x``",
    "other: more on the next line",
    "Beware.",
    "- an item",
    "- another",
]


def with_margin(text):
    """A docstring as it stands in an indented body before Python 3.13."""
    first, *lines = text.strip().splitlines()
    return "\n".join([first, *(f"        {line}".rstrip() for line in lines), "    "])


@pytest.mark.parametrize("change", [str, inspect.cleandoc, with_margin, lambda text: with_margin(text).expandtabs()])
def test_a_docstring_is_split_in_sentences_however_it_is_indented(change):
    assert [sentence.text for sentence in sentences(change(DOCSTRING))] == SENTENCES


def test_no_sentence_of_torch_depends_on_the_indentation():
    differ = []
    for symbol, value in symbols():
        text = getattr(value, "__doc__", None)
        if isinstance(text, str) and not sentences(text) == sentences(inspect.cleandoc(text)) == sentences(
            with_margin(text)
        ):
            differ.append(symbol)
    assert differ == []


def said(*texts):
    return {digest(text): Sentence(digest(text), text) for text in texts}


def known(**symbols):
    """A map in which every sentence is about nothing."""
    return evidence.Map(
        "1.0",
        {
            name: {hash: evidence.Judgement("not about state") for hash in said(*texts)}
            for name, texts in symbols.items()
        },
    )


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("ab", "ab", []),
        ("ab", "ba", []),
        ("ab", "acb", [("", "c")]),
        ("abc", "ac", [("b", "")]),
        ("abc", "adc", [("b", "d")]),
        ("abc", "adec", [("b", "de")]),
        ("", "a", [("", "a")]),
        ("a", "", [("a", "")]),
    ],
)
def test_a_change_is_what_is_new_gone_or_in_the_place_of_another(before, now, expected):
    names = {digest(letter): letter for letter in "abcde"}
    old = known(x=before) if before else known()
    places = changes.changes({"x": said(*now)} if now else {}, old, old, {})
    assert [
        ("".join(names[hash] for hash in place.old), "".join(each.text for each in place.new)) for place in places
    ] == expected
    assert not any(place.is_judged for place in places)


def test_a_change_is_open_until_it_is_judged():
    read, old = {"x": said("a", "c")}, known(x="ab")
    open_ = changes.changes(read, old, old, {})
    text = changes.report(open_, "1.0", "2.0")
    assert text.splitlines() == [
        "torch 2.0 against 1.0: 0 sentences new, 0 gone, 1 changed; 1 places not judged",
        "",
        "x",
        f"  was  {digest('b')}  not about state",
        f"  now  {digest('c')}  not judged",
        "      c",
    ]
    assert changes.report(open_, "1.0", "2.0", unjudged=True) == text
    later = {"2.0": {"x": {digest("b"): evidence.Judgement("gone")}}}
    (judged,) = changes.changes(read, old, known(x="ac"), later)
    assert judged.is_judged
    assert len(changes.report([judged], "1.0", "2.0", unjudged=True).splitlines()) == 1


def test_the_coverage_counts_a_sentence_once_with_its_first_symbol():
    judged = {
        digest("a"): evidence.Judgement("claims", ("SD-01",)),
        digest("b"): evidence.Judgement("missing", (), "b is not shown"),
        digest("c"): evidence.Judgement("contradicted", ("SD-02",), "", "x"),
        digest("e"): evidence.Judgement("accelerator", (), "e wants a GPU"),
    }
    read, map_ = {"x": said("a", "b"), "y": said("a", "c", "d", "e")}, evidence.Map("1.0", {"x": judged})
    lines = coverage.coverage(read, map_).splitlines()
    assert [line.split()[0] + " " + line.split()[-1] for line in lines[1:4]] == ["2 x", "3 y", "5 all"]
    assert lines[-2:] == [
        "1 (25%) of 4 sentences about state are shown by claims, 0 more in part; "
        "1 of the 1 that torch contradicts are shown to be so.",
        "Of the 3 that a CPU can show, 2 (66.7%) are shown or contradicted by a claim.",
    ]
    assert coverage.missing(read, map_).splitlines() == [
        *("x", f"  {digest('b')}  missing", "      b", "      -> b is not shown", ""),
        *("y", f"  {digest('d')}  not judged", "      d"),
        *(f"  {digest('e')}  accelerator", "      e", "      -> e wants a GPU"),
    ]


def test_every_erratum_is_in_the_map_and_the_other_way_round():
    assert {entry.erratum for entry in entries() if entry.erratum} == errata.errata().keys()


def test_every_erratum_says_what_is_documented_and_what_is_so():
    for erratum in errata.errata().values():
        assert erratum.says.startswith("The documentation says ")
        assert erratum.in_fact.startswith("In fact, ")
        assert "assert " in erratum.code


def run_script(path):
    torch.set_num_threads(1)  # a forked process must not wait for the threads of its parent
    warnings.simplefilter("ignore")
    runpy.run_path(str(path), run_name="__main__")


def standing_errata():
    """Those that the installed torch still has."""
    found = {entry.erratum for entry in judgements(torch.__version__).sentences.values() if entry.erratum}
    return [erratum for erratum in errata.errata().values() if erratum.name in found]


@is_mapped
@pytest.mark.parametrize("erratum", standing_errata(), ids=lambda erratum: erratum.name)
def test_torch_does_what_the_errata_say(erratum):
    if "a GPU" in erratum.code and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    if "start_processes(" in erratum.code:
        status = subprocess.run([sys.executable, "-W", "ignore", erratum.path], check=False).returncode
    else:
        process = multiprocessing.get_context("fork").Process(target=run_script, args=(erratum.path,))
        process.start()
        process.join()
        status = process.exitcode
    assert status == 0


@is_mapped
def test_the_errata_quote_the_installed_torch(found):
    text = errata.to_markdown(found, judgements(torch.__version__), "2.13.0")
    count = len(standing_errata())
    assert text.startswith(f"# Where torch 2.13.0 does not do what its documentation says\n\n{count} errata.")
    assert text.count("\n## ") == text.count("```python") == count
    quoted = {line.removeprefix("> ") for line in text.splitlines() if line.startswith("> ")}
    assert quoted <= {sentence.text for said in found.values() for sentence in said.values()}


@pytest.fixture
def run(found, monkeypatch, capsys):
    """Run the command on what was read before; returns status, output and errors."""
    monkeypatch.setattr("spec.evidence.reader.read", lambda: found)

    def run(*words):
        try:
            status = command.main([*words])
        except SystemExit as error:
            status = error.code
        return (status, *capsys.readouterr())

    return run


@is_mapped
def test_the_command_says_how_much_is_covered(run):
    status, output, errors = run()
    assert (status, errors) == (0, "")
    assert "torch.nn.Module.register_buffer" in output
    status, output, errors = run("torch.nn.Module.to")
    assert {line.split()[-1] for line in output.splitlines()[1:-4]} == {
        "torch.nn.Module.to",
        "torch.nn.Module.to_empty",
    }


@is_mapped
def test_the_command_lists_what_is_missing_and_what_changed(run):
    status, output, errors = run("--missing", "torch.serialization.get_safe_globals")
    assert (status, output, errors) == (0, "nothing is missing\n", "")
    status, output, errors = run("--changed")
    assert status == 0
    assert output.startswith(f"torch {torch.__version__} against {MAP.release}: ")


@pytest.mark.parametrize("words", [["torch.nothing"], ["--missing", "--changed"], ["--unjudged"], ["--wrong"]])
def test_bad_input_is_told_in_a_line(run, words):
    status, output, errors = run(*words)
    assert (status, output) == (2, "")
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith(("torch ", "python -m "))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{", "Expecting property name"),
        ("[]", "there is no release"),
        ({"a": {"xyz": "gone"}}, "a hash has 12 hexadecimal digits"),
        ({"a": {"0" * 12: {"claim": []}}}, '{"claim": []} is no judgement'),
        ({"a": {"0" * 12: "as b"}}, "b has no such sentence"),
    ],
)
def test_a_map_that_cannot_be_read_is_told_in_a_line(tmp_path, monkeypatch, run, written, says):
    text = written if isinstance(written, str) else json.dumps({"release": "1.0", "symbols": written})
    (tmp_path / "documented.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    evidence.documented.cache_clear()
    try:
        status, output, errors = run()
    finally:
        evidence.documented.cache_clear()
    assert (status, output) == (2, "")
    assert says in errors
    assert len(errors.splitlines()) == 1
