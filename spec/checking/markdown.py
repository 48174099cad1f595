"""Reports as Markdown, for the summary of a step."""

from collections.abc import Iterable

from .cited import cited
from .finding import Finding
from .report import Report
from .rows import COLUMNS
from .table import cells, heading, spot


def to_markdown(reports: Iterable[Report], unusable: dict[str, str], stale: Iterable[str]) -> str:
    reports = list(reports)
    ids = [claim for report in reports for finding in [*report.findings, *report.others] for claim in finding.claims]
    places = {id: claim.place for id, claim in cited(ids).items()}
    lines = ["## Models checked", ""]
    for report in reports:
        lines += [f"### {escaped(heading(report))}", ""]
        lines += [f"* note: {escaped(note)}" for note in report.notes]
        if report.findings:
            lines += [
                "",
                "| finding | where | what | bites | instead | claims |",
                "| --- | --- | --- | --- | --- | --- |",
            ]
            lines += [row(finding, places) for finding in report.findings]
        if report.others:
            lines += ["", f"<details><summary>{len(report.others)} only in uses that were not asked for</summary>", ""]
            lines += ["| uses | finding | where | what | claims |", "| --- | --- | --- | --- | --- |"]
            for finding in report.others:
                parts = (
                    " ".join(finding.uses),
                    finding.kind,
                    f"`{spot(finding)}`",
                    finding.what,
                    links(finding, places),
                )
                lines.append(line(parts))
            lines += ["", "</details>"]
        for finding in report.excused:
            lines += ["", f"Excused: `{spot(finding)}` {finding.kind}: {escaped(finding.excuse or '')}"]
        if report.rows:
            lines += [
                "",
                "<details><summary>Every tensor</summary>",
                "",
                line(COLUMNS.values()),
                line("---" for _ in COLUMNS),
            ]
            lines += [line(cells(each).values()) for each in report.folded_rows]
            lines += ["", "</details>"]
        lines.append("")
    lines += [f"* **{escaped(name)}** can't be checked: {escaped(why)}" for name, why in unusable.items()]
    lines += [f"* stale excuse: `{pattern}` fits nothing any more" for pattern in stale]
    return "\n".join(lines).rstrip() + "\n"


def row(finding: Finding, places: dict[str, str]) -> str:
    where = f"`{spot(finding)}`"
    return line((finding.kind, where, finding.what, finding.bites, finding.instead, links(finding, places)))


def links(finding: Finding, places: dict[str, str]) -> str:
    return " ".join(f"[{id}]({places[id]})" if id in places else id for id in finding.claims)


def line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(escaped(part) for part in parts)} |"


def escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
