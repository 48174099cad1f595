"""``python -m module_state_spec [COMMAND | ID ...] [OPTION ...]``: the specification from any folder."""

import importlib
import os
import re
import sys
import tempfile
from pathlib import Path

from .terminal import on_terminal

PACKAGE = Path(__file__).parent
COMMANDS = {
    "check": ("checking", "what will go wrong with the state of a model: check PACKAGE.MODULE:FACTORY"),
    "evidence": ("evidence", "which documented sentences the claims prove"),
    "roads": ("reporting", "what other tools keep of a model's state"),
    "search": ("reporting", "the claims that speak of these words"),
    "diff": ("reporting", "the claims whose verdict changed between releases or records: diff 2.5 2.6"),
    "page": ("reporting", "answer table, claims and releases as one HTML file"),
    "markdown": ("reporting", "claims and releases as Markdown"),
}
FILES = ("--deviations", "--gap-report", "--record", "--record-roads", "--faults-table", "--draft-deviations")
ID = re.compile(r"[A-Za-z]+-\d+")
USAGE = """\
usage: python -m {program} [OPTION ...] [CLAIM-ID ...] [CHAPTER ...]
       python -m {program} COMMAND ...

Without a command, the claims are run on the torch that is installed; every option of pytest works too.

commands (each knows --help):
{commands}

options:
{options}
"""


def main(arguments: list[str]) -> int:
    """Run a command, or pytest on the claims that lie beside this file; returns the exit status.

    Nothing is written beside them, nor in the current folder.
    """
    return on_terminal(lambda: do(arguments))


def do(arguments: list[str]) -> int:
    if __package__ != PACKAGE.name:  # an editable installation: what pytest imports has to be what was imported here
        sys.path.insert(0, str(PACKAGE.parent))
    if arguments[:1] and arguments[0] in COMMANDS:
        module, _ = COMMANDS[arguments[0]]
        rest = arguments[1:] if module != "reporting" else arguments
        return importlib.import_module(f"{PACKAGE.name}.{module}.__main__").main(rest)
    if {"--help", "-h"} & {*arguments}:
        print(usage())
        return 0
    return run(arguments)


def usage() -> str:
    """What can be asked, in a screenful."""
    options = importlib.import_module(f"{PACKAGE.name}.engine.options").OPTIONS
    shown = [(" ".join(filter(None, [each.flag, each.terms.get("metavar")])), each.help) for each in options]
    lines = ["\n".join(f"  {name:<32} {help}" for name, help in pairs) for pairs in (described(), shown)]
    return USAGE.format(program=PACKAGE.name, commands=lines[0], options=lines[1]).rstrip()


def described() -> list[tuple[str, str]]:
    return [(name, help) for name, (_, help) in COMMANDS.items()]


def run(arguments: list[str]) -> int:
    """Run pytest with the specification's own configuration."""
    import pytest

    if lacking := without_a_place():
        print(f"ERROR: {lacking}", file=sys.stderr)
        return int(pytest.ExitCode.USAGE_ERROR)
    sys.dont_write_bytecode = True
    configuration = PACKAGE / "engine" / "installed.toml"
    where = [f"--config-file={configuration}", f"--rootdir={PACKAGE}", f"--confcutdir={PACKAGE}"]
    with tempfile.TemporaryDirectory(prefix="module-state-spec-") as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)
        plugin = ["-p", f"{PACKAGE.name}.engine.installed"]
        return int(pytest.main([*where, *plugin, str(PACKAGE), *by_id(joined(written_out(arguments)))]))


def without_a_place() -> str:
    """What keeps a run from having a place of its own; empty where nothing does."""
    try:
        tempfile.gettempdir()
        Path.cwd()
    except FileNotFoundError as error:
        return error.strerror if "temporary" in error.strerror else "the current folder is gone"
    return ""


def written_out(arguments: list[str]) -> list[str]:
    """The lines of FILE instead of ``@FILE``; where there is no such file, pytest says so."""
    found: list[str] = []
    for argument in arguments:
        if argument.startswith("@") and Path(argument[1:]).is_file():
            found += filter(None, Path(argument[1:]).read_text(encoding="utf-8-sig").splitlines())
        else:
            found.append(argument)
    return found


def joined(arguments: list[str]) -> list[str]:
    """``--record FILE`` as ``--record=FILE``: a file that exists would be taken for a test otherwise."""
    found: list[str] = []
    for argument in arguments:
        if found and found[-1] in FILES:
            found[-1] += f"={argument}"
        else:
            found.append(argument)
    return found


def by_id(arguments: list[str]) -> list[str]:
    """``SD-03 REG-02`` as ``-k "SD-03 or REG-02"``, and the files that these claims stand in: no other is read.

    What ``-k`` says beside them has to be true as well.
    """
    options = {"-k", "-m", "-p", "-n", "-W", "-o", "-c"}
    ids, expressions, rest = [], [], []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before == "-k":
            expressions.append(argument)
        elif ID.fullmatch(argument) and before not in options:
            ids.append(argument)
        elif argument != "-k":
            rest.append(argument)
    if not ids:
        return arguments
    current = importlib.import_module(f"{PACKAGE.name}.facts").current
    claims = importlib.import_module(f"{PACKAGE.name}.reporting.catalogue").claims()
    found = [claims[now] for id in ids if (now := current(id.upper())) in claims]
    files = dict.fromkeys(claim.place.partition("/")[2].partition("#")[0] for claim in found)
    words = " or ".join(ids)
    return [*rest, *files, "-k", " and ".join(f"({each})" for each in (words, *expressions)) if expressions else words]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
