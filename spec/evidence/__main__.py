"""``python -m spec.evidence``: what the documentation of the installed torch promises, and which claims show it."""

import argparse
import sys
import warnings

from ..terminal import Parser, on_terminal
from . import UnreadableMap, documented, judgements, later


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit status: 2 for bad input, and for ``--changed`` 1 where one is not judged."""
    return on_terminal(lambda: do(arguments))


def do(arguments: list[str]) -> int:
    parser = Parser(
        prog=f"python -m {__package__}",
        description="The sentences about module state in the documentation of the installed torch, and their claims.",
        epilog="Exit status: 0; with --changed 1 where a change is not judged yet; 2 for bad input.",
    )
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="only what begins so, such as torch.nn.Module.to")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--missing", action="store_true", help="the sentences that no claim shows, with their text")
    ways.add_argument(
        "--changed", action="store_true", help="what is new, changed or gone since the release of the map"
    )
    ways.add_argument("--errata", action="store_true", help="where torch does something else, as Markdown with scripts")
    parser.add_argument("--unjudged", action="store_true", help="with --changed, only what is not judged yet")
    chosen = parser.parse_args(arguments)
    if chosen.unjudged and not chosen.changed:
        parser.error("--unjudged belongs to --changed")
    try:
        return run(chosen)
    except UnreadableMap as error:
        print(error, file=sys.stderr)
        return 2


def run(chosen: argparse.Namespace) -> int:
    old = documented()  # before torch, which takes its time
    later()
    warnings.simplefilter("ignore")  # of what importing torch says, nothing is about its documentation
    import torch

    from . import changes, coverage, errata
    from .reader import read

    prefixes = tuple(chosen.symbols)
    known = judgements(torch.__version__)
    found = read()
    if unknown := [prefix for prefix in prefixes if not any(name.startswith(prefix) for name in found)]:
        print(f"torch {torch.__version__} has no documented {unknown[0]} among what is read", file=sys.stderr)
        return 2
    found = {name: said for name, said in found.items() if name.startswith(prefixes or "")}
    if chosen.changed:
        places = changes.changes(found, old.part(prefixes), known, later())
        print(changes.report(places, old.release, torch.__version__, unjudged=chosen.unjudged))
        return int(not all(place.is_judged for place in places))
    if chosen.errata:
        print(errata.to_markdown(found, known, torch.__version__))
    elif chosen.missing:
        print(coverage.missing(found, known) or "nothing is missing")
    else:
        print(coverage.coverage(found, known))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
