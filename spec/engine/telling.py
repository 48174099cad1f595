"""A failure as pytest shows it in each of its styles: between what was claimed and how to see it again."""

from _pytest._code.code import ExceptionChainRepr, ReprFileLocation, ReprTraceback


def between(heading: str, failure: object, ending: str, cause: str, place: tuple[str, int]) -> ExceptionChainRepr:
    """What ``report.longrepr`` is to be instead of ``failure``, made of pytest's own classes: workers send those whole.

    ``cause`` is what the failure says in one line, and ``place`` where it was, where it doesn't say that itself.
    """
    crash = getattr(failure, "reprcrash", None)
    path, line = (crash.path, crash.lineno) if crash else place
    crash = ReprFileLocation(path, line, f"{heading.splitlines()[0]}  {cause}")
    chain = failure.chain if hasattr(failure, "chain") else [(text(str(failure)), None, None)]
    gap = "" if chain[0][0].style == "long" else "\n"  # that style begins with an empty line
    return ExceptionChainRepr([(text(heading + gap), None, None), *chain, (text(f"\n{ending}"), crash, None)])


def in_one_line(found: ExceptionChainRepr) -> ExceptionChainRepr:
    """What pytest shows as the line of its place, and nothing else."""
    return ExceptionChainRepr([(text(""), found.reprcrash, None)])


def text(lines: str) -> ReprTraceback:
    """A traceback that is nothing but these lines."""
    return ReprTraceback([], lines, "value")
