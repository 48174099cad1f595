"""Every option of the specification: how it is written, what it says of itself, and what it is refused for."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from packaging.version import InvalidVersion, Version

from ..reporting.files import is_replaced
from ..vocabulary.claim import TORCH

GROUP = "module state"
PACKAGE = Path(__file__).parent.parent
OLDEST = "1.13"
MOST = 1_000_000


def no_check(config: pytest.Config, value: object) -> None:
    """Any value will do."""


def a_file_to_write(config: pytest.Config, value: str) -> str | None:
    path = Path(value)
    if not value:
        return "name the file to write"
    if path.is_dir():
        return f"{value} is a folder"
    if not path.absolute().parent.is_dir():
        return f"there is no folder {path.parent}"
    return None


def number(word: str) -> int | str:
    """The number that a word is, or the word, of which ``a_number`` says in one line that it is none."""
    try:
        return int(word)
    except ValueError:
        return word


def a_number(config: pytest.Config, value: int | str) -> str | None:
    is_one = isinstance(value, int) and 1 <= value <= MOST
    return None if is_one else f"name a whole number from 1 to {MOST}, not {value}"


def a_release(config: pytest.Config, value: str) -> str | None:
    try:
        release = Version(value).release
    except InvalidVersion:
        return f"{value!r} is no version of torch"
    here = (*TORCH.release, 0, 0)[: len(release)]
    return None if here == release else f"torch {value} was asked for, and this is torch {TORCH}"


def a_name(config: pytest.Config, value: str) -> str | None:
    return None if value else "name one, or 'list' for all their names"


@dataclass(frozen=True)
class Option:
    """One option: ``terms`` are what argparse is told, and ``check`` returns what is wrong with a value, or None."""

    flag: str
    help: str
    terms: dict = field(default_factory=dict)
    check: Callable[[pytest.Config, object], str | None] = no_check

    @property
    def dest(self) -> str:
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def is_repeatable(self) -> bool:
        return self.terms.get("action") == "append"


REPEATABLE = {"action": "append", "default": []}
SWITCH = {"action": "store_true"}
OPTIONS = (
    Option("--claims", "end with the claims as sentences, by chapter, each with its verdict", SWITCH),
    Option(
        "--device",
        "run on this torch device only, such as cpu, meta or cuda:1 (repeatable); else on all that are here",
        {**REPEATABLE, "metavar": "NAME"},
    ),
    Option(
        "--require-device",
        "run on this torch device too, and fail where it is not on this machine (repeatable)",
        {**REPEATABLE, "metavar": "NAME"},
    ),
    Option("--fault", "run against a torch with one rule broken; 'list' names all faults", {"metavar": "NAME"}, a_name),
    Option("--prove", "prove that every claim can fail: run every fault against the claims of its chapter", SWITCH),
    Option(
        "--faults-table",
        "prove it over all chapters, and write who refutes whom as Markdown",
        {"metavar": "FILE"},
        a_file_to_write,
    ),
    Option(
        "--model",
        "also show what holds for every module on the one that this factory returns (repeatable)",
        {**REPEATABLE, "metavar": "PACKAGE.MODULE:FACTORY"},
    ),
    Option(
        "--deviations",
        "expect the claims that FILE lists to fail on this backend: 'CLAIM-ID  reason' on each line",
        {"metavar": "FILE"},
    ),
    Option(
        "--gap-report",
        "write what is different on this backend, as Markdown for its README, or to FILE.json as JSON (repeatable)",
        {**REPEATABLE, "metavar": "FILE"},
        a_file_to_write,
    ),
    Option(
        "--draft-deviations",
        "write a file for --deviations: each claim that fails and is not listed, with the first line of its error",
        {"metavar": "FILE"},
        a_file_to_write,
    ),
    Option(
        "--record",
        "write what the run says about this torch to FILE, as JSON (say --record=FILE where FILE exists)",
        {"metavar": "FILE"},
        a_file_to_write,
    ),
    Option(
        "--record-roads",
        "write what the run says of the roads and their libraries to FILE, as JSON (say --record-roads=FILE)",
        {"metavar": "FILE"},
        a_file_to_write,
    ),
    Option(
        "--expect-torch", "run on this torch, such as 2.4 or 2.4.1, or not at all", {"metavar": "VERSION"}, a_release
    ),
    Option(
        "--jobs",
        "run the cases in N processes; without it, one for each processor where there are many cases",
        {"type": number, "metavar": "N"},
        a_number,
    ),
    Option(
        "--case-limit",
        "end a case that runs longer than this, and say that it timed out (600)",
        {"type": number, "metavar": "SECONDS", "default": 600},
        a_number,
    ),
)

BREAKING = ("fault", "prove", "faults_table")
FILTERS = {
    "keyword": "-k leaves claims out",
    "markexpr": "-m leaves claims out",
    "lf": "--last-failed leaves claims out",
    "stepwise": "--stepwise leaves claims out",
    "deselect": "--deselect leaves claims out",
    "ignore": "--ignore leaves claims out",
    "ignore_glob": "--ignore-glob leaves claims out",
    "collectonly": "--collect-only runs nothing",
    "timeout": "--timeout lets slow cases fail: say --case-limit",
}
"""Options under which a run says too little to be recorded."""
TOGETHER = {
    ("fault", "prove"): "--fault runs one fault and --prove runs all: choose one",
    ("fault", "faults_table"): "--fault runs one fault and --faults-table runs all: choose one",
    **{
        (proof, option): f"--{proof.replace('_', '-')} {why}"
        for proof in ("prove", "faults_table")
        for option, why in {
            "numprocesses": "has processes of its own: leave -n out",
            "collectonly": "proves nothing where nothing runs: leave --collect-only out",
            "usepdb": "shows no failures: leave --pdb out, and debug one with --fault NAME",
            "lf": "needs every claim of its chapters: leave --last-failed out",
            "stepwise": "needs every claim of its chapters: leave --stepwise out",
        }.items()
    },
    **{
        ("record", option): f"--record: there is no record of such a run: --{option.replace('_', '-')} breaks torch"
        for option in BREAKING
    },
    **{("record", option): f"--record: there is no record of such a run: {why}" for option, why in FILTERS.items()},
}
"""What can't be combined, and what is said then."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    group = parser.getgroup(GROUP)
    if pluginmanager.is_blocked("capture"):  # -p no:capture; the specification's own configuration has this option
        group.addoption("--capture", type=lambda method: "no", default="no", help=argparse.SUPPRESS)
    for option in OPTIONS:
        try:
            group.addoption(option.flag, help=option.help, **option.terms)
        except ValueError:
            who = owner(pluginmanager, option.flag)
            raise pytest.UsageError(
                f"{option.flag} is an option of {who} too: leave that out with -p no:{who}"
            ) from None


def owner(pluginmanager: pytest.PytestPluginManager, flag: str) -> str:
    """The name of the plugin that already has the option ``flag``, as ``-p no:NAME`` wants it."""
    for name, plugin in pluginmanager.list_name_plugin():
        file = getattr(plugin, "__file__", None)
        if file and not file.startswith(str(PACKAGE)) and f'"{flag}"' in Path(file).read_text(encoding="utf-8"):
            return name
    return "another plugin"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse in one line what can't be done, before anything is."""
    if hasattr(sys.stdout, "reconfigure"):  # a terminal that lacks a sign shows all others
        sys.stdout.reconfigure(errors="replace")
    # On CI too, pytest's summary has a line for each failure and not all of it again.
    if getattr(config.option, "verbose", 0) < 2:
        config.option.force_short_summary = True
    if pytest.version_tuple < (9,):
        raise pytest.UsageError(f"pytest {pytest.__version__} is too old for this specification: it needs 9 or newer")
    if Version(OLDEST) > TORCH:
        raise pytest.UsageError(
            f"torch {torch.__version__} is too old for this specification: it needs {OLDEST} or newer"
        )
    if sys.flags.optimize and config.getoption("assertmode") == "plain":
        raise pytest.UsageError("nothing can be shown without assertions: leave -O or --assert=plain out")
    written: dict[Path, str] = {}
    for option in OPTIONS:
        value = config.getoption(option.dest)
        for each in value if option.is_repeatable else [value] if value is not None else []:
            if wrong := option.check(config, each):
                raise pytest.UsageError(f"{option.flag}: {wrong}")
            if option.check is a_file_to_write and is_replaced(path := Path(each).resolve()):
                other = written.setdefault(path, option.flag)
                if other != option.flag:
                    raise pytest.UsageError(f"{other} and {option.flag} would write to the same file")
        if not option.is_repeatable and (times := given(config, option.flag)) > 1:
            raise pytest.UsageError(f"{option.flag}: it was given {times} times, and one is meant")
    for (first, second), line in TOGETHER.items():
        if is_given(config, first) and is_given(config, second):
            raise pytest.UsageError(line)
    if config.getoption("record") and any("::" in argument for argument in config.args):
        raise pytest.UsageError("--record: there is no record of such a run: naming a test leaves claims out")


def given(config: pytest.Config, flag: str) -> int:
    """How often an option with a value stands on the command line."""
    return sum(str(word).partition("=")[0] == flag for word in config.invocation_params.args)


def is_given(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(name, None))


def is_proof(config: pytest.Config) -> bool:
    """Whether the run proves that claims can fail."""
    return bool(config.getoption("prove") or config.getoption("faults_table"))


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
