"""``check``: what will go wrong with the state of a model."""

import argparse
import os
import sys
from pathlib import Path

from ..terminal import Parser, on_terminal

CLEAN, FOUND, UNUSABLE = 0, 1, 4


def main(arguments: list[str]) -> int:
    """Check the models that are named; 0 where they are clean, 1 with findings that count, 4 where one is unusable."""
    return on_terminal(lambda: do(arguments))


def do(arguments: list[str]) -> int:
    parser = options()
    try:
        chosen = parser.parse_args(arguments)
    except SystemExit as error:
        return UNUSABLE if error.code else CLEAN
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        status = checked(chosen)
        print(end="", flush=True)  # there may be no output at all
        return status
    except BrokenPipeError:
        raise
    except ValueError as error:
        print(f"check: {error}", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        print(f"check: {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
        if error.filename is None:  # what could not be written would be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE


def options() -> Parser:
    from .uses import USES

    parser = Parser(
        prog=f"python -m {__package__.partition('.')[0]} check",
        description="A row for each tensor of a model, and what will go wrong with it.",
        epilog="Exit status: 0 clean, 1 findings that count, 4 where a model can't be checked.",
    )
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help='package.module:factory, or a class; arguments as JSON: name:{"size": 3}',
    )
    parser.add_argument(
        "--for",
        dest="uses",
        action="append",
        default=[],
        metavar="USE",
        choices=[*USES, "all"],
        help=f"count what bites in this use too (repeatable): {', '.join(USES)}, or all",
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="KIND", help="only findings of this kind (repeatable)"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="KIND", help="no findings of this kind (repeatable)"
    )
    parser.add_argument(
        "--excuses",
        metavar="FILE",
        help='accepted findings as TOML, path pattern = "reason"; else those of pyproject.toml',
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="what loading this file would do, without reading its values"
    )
    parser.add_argument("--json", metavar="FILE", help="write the reports as data, - for the output")
    parser.add_argument("--markdown", metavar="FILE", help="write the reports as Markdown")
    parser.add_argument("--no-table", action="store_true", help="show the findings without the tensors")
    return parser


def checked(chosen: argparse.Namespace) -> int:
    from .excuses import read_excuses
    from .factories import Unusable, find
    from .progress import Progress
    from .report import chosen_kinds, chosen_uses, examined_twice
    from .table import shown

    name_files(chosen)
    uses, select, ignore = chosen_uses(chosen.uses), chosen_kinds(chosen.select), chosen_kinds(chosen.ignore)
    excuses = read_excuses(chosen.excuses)
    if chosen.checkpoint:
        return loads(chosen)
    quiet = "-" in (chosen.json, chosen.markdown)
    reports, unusable = [], {}
    for name in chosen.models:
        try:
            with Progress(name) as progress:
                reports.append(examined_twice(find(name), uses, excuses, select, ignore, progress))
        except Unusable as error:
            unusable[name] = str(error)
            print(f"{name}: {error}", file=sys.stderr)
        else:
            if not quiet:
                print(shown(reports[-1], not chosen.no_table) + "\n", flush=True)
    stale = [] if select or ignore else [excuse.pattern for excuse in excuses if not excuse.used]
    status = UNUSABLE if unusable else FOUND if any(report.findings for report in reports) else CLEAN
    if not quiet:
        for pattern in stale:
            print(f"stale excuse: {pattern} fits nothing any more")
        print_claims(reports)
    write(chosen, reports, unusable, stale, status)
    return status


def name_files(chosen: argparse.Namespace) -> None:
    """Raise ValueError, before anything is looked at, for what can't be written to."""
    named = {"--json": chosen.json, "--markdown": chosen.markdown}
    for option, path in named.items():
        if path is None or path == "-":
            continue
        if not path:
            raise ValueError(f"{option}: name the file to write")
        if Path(path).is_dir():
            raise ValueError(f"{option}: {path} is a folder")
        if not Path(path).absolute().parent.is_dir():
            raise ValueError(f"{option}: there is no folder {Path(path).parent}")
    if chosen.json and chosen.json == chosen.markdown:
        raise ValueError("--json and --markdown would write to the same place")
    if chosen.checkpoint is not None and (chosen.json or chosen.markdown):
        raise ValueError("--checkpoint has no report to write: leave --json and --markdown out")
    if chosen.checkpoint == "":
        raise ValueError("--checkpoint: name the file to read")


def print_claims(reports: list) -> None:
    """The sentences of the claims that the findings cite, once, at the end."""
    from .cited import cited

    claims = cited(sorted({claim for report in reports for finding in report.findings for claim in finding.claims}))
    if claims:
        print("Claims:")
        for id, claim in claims.items():
            print(f"  {id}  {claim.sentence}\n      {claim.place}")


def write(chosen: argparse.Namespace, reports: list, unusable: dict[str, str], stale: list[str], status: int) -> None:
    if chosen.json:
        from .as_json import to_json

        put(chosen.json, to_json(reports, unusable, stale, status))
    if chosen.markdown:
        from .markdown import to_markdown

        put(chosen.markdown, to_markdown(reports, unusable, stale))


def put(path: str, text: str) -> None:
    """Write a report to a file that is never half written; a pipe or device is written to as it is."""
    from ..reporting.files import write_whole

    if path == "-":
        print(text, end="")
    else:
        write_whole(path, text)


def loads(chosen: argparse.Namespace) -> int:
    """What loading a file into each of the models would do."""
    from .checkpoint import UnreadableCheckpoint, compared, described, read
    from .factories import Unusable, find

    try:
        notes: list[str] = []
        saved = read(chosen.checkpoint, notes)
    except UnreadableCheckpoint as error:
        print(f"{chosen.checkpoint}: {error}", file=sys.stderr)
        return UNUSABLE
    status = CLEAN
    for name in chosen.models:
        try:
            model = find(name)()
        except Unusable as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = UNUSABLE
            continue
        comparison = compared(model, saved)
        comparison.notes[:0] = notes
        print(described(name, chosen.checkpoint, comparison))
        if not comparison.loads and status != UNUSABLE:
            status = FOUND
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
