"""Reports as data, by the schema beside this file."""

import json
from collections.abc import Iterable
from dataclasses import asdict

import torch

from .cited import cited
from .finding import Finding
from .report import Report

SCHEMA = 1


def to_json(reports: Iterable[Report], unusable: dict[str, str], stale: Iterable[str], status: int) -> str:
    reports = list(reports)
    ids = [claim for report in reports for finding in report.all_findings for claim in finding.claims]
    data = {
        "schema": SCHEMA,
        "torch": str(torch.__version__),
        "status": status,
        "models": [of_report(report) for report in reports],
        "unusable": [{"name": name, "why": why} for name, why in unusable.items()],
        "stale_excuses": list(stale),
        "claims": {id: {"sentence": claim.sentence, "place": claim.place} for id, claim in cited(sorted(ids)).items()},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def of_report(report: Report) -> dict[str, object]:
    counting, others, excused = report.by_path
    rows = []
    for row in report.folded_rows:
        rows.append({**asdict(row), "tied": list(row.tied)})
    return {
        "name": report.name,
        "class": report.model,
        "uses": sorted(report.uses),
        "notes": report.notes,
        "tensors": len(report.rows),
        "rows": rows,
        "findings": [
            *(of_finding(finding, True) for finding in counting),
            *(of_finding(finding, False) for finding in [*others, *excused]),
        ],
    }


def of_finding(finding: Finding, counts: bool) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "path": finding.path,
        "times": finding.times,
        "counts": counts,
        "uses": list(finding.uses),
        "what": finding.what,
        "bites": finding.bites,
        "instead": finding.instead,
        "claims": list(finding.claims),
        "excuse": finding.excuse,
    }
