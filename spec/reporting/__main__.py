"""``python -m spec.reporting``: records compared and looked at."""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from ..facts import releases
from ..terminal import Parser, on_terminal
from .differences import to_text
from .files import write_whole
from .matrix import RECORDS, committed, matrix
from .record import Record, UnreadableRecord, read

RELEASE = re.compile(r"\d+\.\d+(\.\d+)?")
MANY = 20
"""So many ids are listed behind what a search shows."""


class Trouble(ValueError):
    """What keeps a command from its work, in one line."""


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit status: 2 for bad input, and for ``diff`` 1 where records differ."""
    return on_terminal(lambda: do(arguments))


def do(arguments: list[str]) -> int:
    parser = Parser(prog=f"python -m {__package__}", description="What runs of the specification say.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=help, description=help)
        found.set_defaults(run=run)
        return found

    diff = command("diff", differ, "the claims whose verdict changed; of the installed torch where no record is named")
    diff.add_argument(
        "old", nargs="?", help="a release such as 2.5, or a record; by default the committed one of the installed torch"
    )
    diff.add_argument("new", nargs="?", help="another release or record; without it, a record that is made now")
    for name, run, help in (
        ("markdown", markdown, "claims and releases as Markdown, in full where releases disagree"),
        ("page", page, "answer table, claims and releases as one HTML file"),
    ):
        found = command(name, run, help)
        found.add_argument("--output", metavar="FILE", required=name == "page", help="the file to write")
        found.add_argument("records", nargs="*", help="records or releases; without them, those in spec/records")
    command("table", table, "the answer table that the claims declare, as Markdown")
    command("front-door", front_door, "the beginning of the README: which one to use, answers, core claims")
    found = command("search", searched, "the claims that words or a question find, the nearest first")
    found.add_argument(
        "words", nargs="+", metavar="WORD", help="words of a sentence, code, a symbol, or everyday words"
    )
    found = command("roads", road_table, "what other tools keep of a model's state, from the committed record")
    found.add_argument("record", nargs="?", help="a record of roads; without it, the one in spec/records/roads")
    found.add_argument("newer", nargs="?", help="another one: say which claims changed between the two")
    found.add_argument("--json", metavar="FILE", help="write the cells as JSON too")
    found.add_argument("--markdown", action="store_true", help="the table as Markdown")
    once = command("run", recorded, "make a record of the installed torch")
    once.add_argument("--torch", metavar="VERSION", help="the release that has to be the installed one, such as 2.4.1")
    once.add_argument("--output", metavar="FILE", help="the record to write; without it, the one in spec/records")
    once.add_argument("options", nargs="*", metavar="OPTION", help="further options of pytest, behind --")
    try:
        chosen = parser.parse_args(arguments)
        return chosen.run(chosen)
    except (Trouble, UnreadableRecord) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
        return 2


def differ(chosen: argparse.Namespace) -> int:
    if chosen.new is None:
        from .making import compared

        old, new = compared(chosen.old and located(chosen.old))
    else:
        old, new = read(located(chosen.old)), read(located(chosen.new))
    text = to_text(old, new, strictly=chosen.new is None)
    print(text)
    return int("\n" in text)


def markdown(chosen: argparse.Namespace) -> int:
    from .markdown import page

    return shown(page(matrix(records(chosen.records))), chosen.output)


def page(chosen: argparse.Namespace) -> int:
    from .page import to_html

    return shown(to_html(matrix(records(chosen.records))), chosen.output)


def table(chosen: argparse.Namespace) -> int:
    from .answer_table import declared_table
    from .layout import to_markdown

    return shown(to_markdown(declared_table()) + "\n", None)


def front_door(chosen: argparse.Namespace) -> int:
    from .front_door import page

    return shown(page(), None)


def searched(chosen: argparse.Namespace) -> int:
    from ..facts import retired
    from .catalogue import claims
    from .search import asked, search

    words = " ".join(chosen.words)
    if not asked(words):
        raise Trouble(f"search: {words!r} has no word")
    gone = retired().get(words.upper())
    found = search((gone.successor or words) if gone else words)
    lines = [f"{words.upper()} is retired. {gone.why}"] if gone else []
    lines += [f"{id:<9}  {claims()[id].sentence}" for id in found.nearest]
    if len(found.nearest) == 1:
        lines.append(f"{'':<9}  {claims()[found.nearest[0]].place}")
    rest = [id for id in found.all if id not in found.nearest]
    also = ", ".join(rest[:MANY]) + (f" and {len(rest) - MANY} more" if len(rest) > MANY else "")
    lines += [f"All of these words are also in {also}."] if rest else []
    return shown("\n".join(lines or ["No claim has these words."]) + "\n", None)


def road_table(chosen: argparse.Namespace) -> int:
    from . import roads

    found = roads.read(chosen.record or roads.COMMITTED)
    if chosen.newer:
        changed = roads.differences(found, roads.read(chosen.newer))
        print("\n".join(changed))
        return int(len(changed) > 1)
    if chosen.json:
        shown(roads.as_json(found.cells), chosen.json)
    return shown(roads.as_markdown(found) if chosen.markdown else roads.page(found), None)


def recorded(chosen: argparse.Namespace) -> int:
    from .making import kept, run

    expected = [f"--expect-torch={chosen.torch}"] if chosen.torch else []
    devices = [] if chosen.output else ["--device=cpu", "--device=meta"]
    return run(Path(chosen.output) if chosen.output else kept(chosen.torch), [*expected, *devices, *chosen.options])


def records(paths: list[str]) -> list[Record]:
    """The records that were named, or those that are kept with the specification."""
    return [read(located(path)) for path in paths] if paths else committed(RECORDS)


def located(name: str) -> str:
    """The path of a record: of that file, or else of a release, such as ``2.5``, ``2.5.1`` or ``2.9.0-xla``."""
    patch = next((release.patch for release in releases() if name in (release.minor, release.patch)), None)
    kept = RECORDS / f"torch-{f'{patch}-cpu' if patch else name}.json"
    if Path(name).exists():
        return name
    if kept.exists():
        return str(kept)
    if RELEASE.fullmatch(name):
        known = ", ".join(release.minor for release in releases())
        raise Trouble(f"{name}: there is no record of this release; there are those of {known}")
    return name


def shown(text: str, output: str | None) -> int:
    """Write ``text`` to a file, or to the terminal."""
    if output is None:
        print(text, end="")
    elif not Path(output).parent.is_dir():
        raise Trouble(f"{output}: there is no folder {Path(output).parent}")
    else:
        write_whole(output, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
