"""``radaudit show``: the findings that stages stored, and the local rows beside them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radaudit.digests import strict_json
from radaudit.errors import StudyError, listed, nearest
from radaudit.study.lines import table_lines, wrapped

STORED = ("results.json", "run.json", "check.json")
MOST_ROWS = 5
LABELS = (
    ("What was found", "sentence"),
    ("Why it matters", "why"),
    ("What to do", "fix"),
    ("Where", "scope"),
)


def stored(folder: Path) -> list[dict[str, Any]]:
    """Return the findings of the latest stage that stored any, each with an ``id``: its code, numbered from the second on.

    Raises StudyError STUDY-035 if no stage has run, STUDY-036 if a stored file was changed.
    """
    for name in STORED:
        path = folder / "out" / name
        if not path.is_file():
            continue
        try:
            document = strict_json(path.read_bytes())
        except ValueError as error:
            raise StudyError("STUDY-036", f"out/{name} was changed or damaged", found=str(error), fix="radaudit check") from None
        evidence = document.get("evidence", document) if isinstance(document, dict) else {}
        findings = evidence.get("findings") if isinstance(evidence, dict) else None
        if isinstance(findings, list):
            return _numbered(findings)
    raise StudyError("STUDY-035", "no stage of this study has stored findings yet", fix="radaudit check")


def _numbered(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    found = []
    for item in findings:
        code = str(item["code"])
        counts[code] += 1
        found.append({"id": code if counts[code] == 1 else f"{code}.{counts[code]}", **item})
    return found


def find(findings: Sequence[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """Return the finding of this id; raises StudyError STUDY-037 with the nearest one."""
    for item in findings:
        if str(item["id"]).casefold() == wanted.strip().casefold():
            return item
    ids = [str(item["id"]) for item in findings]
    near = nearest(wanted.upper(), ids)
    raise StudyError(
        "STUDY-037",
        f'this study has no finding "{wanted}"',
        found=listed(ids, most=12) or None,
        near=near,
        fix=near and f"radaudit show {near}",
    )


def page(finding: Mapping[str, Any], folder: Path) -> list[str]:
    """Return a finding as in EXPERIENCE 3.4, then the first of its rows that stay on this machine."""
    lines = [f"{finding['id']}  {finding.get('title') or ''}".rstrip(), f"  {str(finding['verdict']).upper()} - {finding['severity']}", ""]
    for label, key in LABELS:
        if finding.get(key):
            lines += wrapped(str(finding[key]), first=f"  {label:<15} ")
    facts = finding.get("facts") or {}
    for name in sorted(facts):
        lines += wrapped(f"{name} = {_fact(facts[name])}", first=f"  {'Fact':<15} ")
    if finding.get("concerns"):
        lines += wrapped(", ".join(map(str, finding["concerns"])), first=f"  {'Concerns':<15} ")
    return [*lines, *_local(str(finding["code"]), folder)]


def _fact(value: object) -> str:
    if isinstance(value, list):
        return listed(map(_fact, value), most=12)
    if isinstance(value, dict):
        return listed((f"{name} {_fact(item)}" for name, item in value.items()), most=12)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _local(code: str, folder: Path) -> list[str]:
    path = folder / "out" / "findings" / f"{code}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    if len(rows) < 2:
        return []
    more = f", {MOST_ROWS} shown" if len(rows) - 1 > MOST_ROWS else ""
    shown = [row + [""] * (len(rows[0]) - len(row)) for row in rows[1 : MOST_ROWS + 1]]
    return ["", f"  out/findings/{code}.csv: {len(rows) - 1} rows{more}; they stay on this machine", *table_lines(rows[0], shown)]
