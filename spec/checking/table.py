"""A report as text for the terminal."""

from collections.abc import Iterable

from .finding import Finding, plainly
from .report import Report
from .rows import COLUMNS, Row
from .words import counted

USUAL = ("meta", "half", "assign", "shard", "pickle")  # roads of other tools are shown to those who ask for them
NAMES = {
    "parameter": "parameter",
    "frozen": "frozen parameter",
    "buffer": "buffer",
    "non-persistent": "non-persistent buffer",
    "plain": "plain tensor",
}
MARKS = {True: "yes", False: "no"}


def shown(report: Report, table: bool = True) -> str:
    """The table, the notes and the findings; a clean model says so in one line."""
    lines = [heading(report)]
    if table and report.rows:
        lines += ["", *grid([COLUMNS, *map(cells, report.folded_rows)]), ""]
    lines += [f"  note: {plainly(note)}" for note in report.notes]
    for finding in report.findings:
        lines += ["", *(f"  {line}" for line in f"✗ {finding}".splitlines())]
    told = [finding for finding in report.others if set(finding.uses) & set(USUAL)]
    if told:
        lines += ["", "  Only in uses that were not asked for (--for USE):"]
        lines += [f"  · {short(finding)}" for finding in told]
    if report.excused:
        lines += ["", "  Excused:"]
        lines += [f"  ~ {finding.kind}  {spot(finding)}  {finding.excuse}" for finding in report.excused]
    return "\n".join(lines)


def heading(report: Report) -> str:
    kinds: dict[str, int] = {}
    for row in report.rows:
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
    what = ", ".join(counted(kinds[kind], name) for kind, name in NAMES.items() if kind in kinds) or "no tensors"
    found = counted(len(report.findings), "finding") if report.findings else "clean"
    return f"{report.name}  {report.model}: {what}: {found}"


def cells(row: Row) -> dict[str, str]:
    found = {}
    for name in COLUMNS:
        value = getattr(row, name)
        if name == "tied":
            value = ", ".join(value)
        found[name] = MARKS[value] if isinstance(value, bool) else plainly(value)
    return found


def grid(lines: Iterable[dict[str, str]]) -> list[str]:
    lines = list(lines)
    widths = {name: max(len(line[name]) for line in lines) for name in COLUMNS}
    return ["  " + "  ".join(line[name].ljust(widths[name]) for name in COLUMNS).rstrip() for line in lines]


def spot(finding: Finding) -> str:
    times = f" ({finding.times} alike)" if finding.times > 1 else ""
    return f"{plainly(finding.path) or 'the whole module'}{times}"


def short(finding: Finding) -> str:
    uses = [use for use in finding.uses if use in USUAL]
    return f"{'|'.join(uses)}  {spot(finding)}  {finding.kind}: {plainly(finding.what)}"
