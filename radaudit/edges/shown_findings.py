"""``radaudit show``: the findings that stages stored, and the local rows beside them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from radaudit.digests import strict_json
from radaudit.errors import StudyError, listed, nearest
from radaudit.findings import Finding, from_public, ranked
from radaudit.study.lines import table_lines, wrapped

STAGES = ("check.json", "run.json", "results.json")
MOST_ROWS = 5
LABELS = (
    ("What was found", "sentence"),
    ("Why it matters", "why"),
    ("What to do", "fix"),
    ("Where", "scope"),
)


def stored(folder: Path) -> list[dict[str, Any]]:
    """Return the findings of this study, worst first, each with an ``id``: its code, CODE.2 for the second of one code.

    They are those of the newest dossier, whose ids they then have, unless a stage found something since. Raises StudyError STUDY-035 if
    no stage has stored any, STUDY-036 if a stored file was changed.
    """
    staged = [finding.public() for finding in ranked(_of_stages(folder))]
    told = _of_dossier(folder)
    if told and all({**item, "id": None} in [{**known, "id": None} for known in told] for item in staged):
        return told
    if not staged:
        raise StudyError("STUDY-035", "no stage of this study has stored findings yet", fix="radaudit check")
    counts: Counter[str] = Counter()
    found = []
    for item in staged:
        code = str(item["code"])
        counts[code] += 1
        found.append({"id": code if counts[code] == 1 else f"{code}.{counts[code]}", **item})
    return found


def _of_stages(folder: Path) -> list[Finding]:
    found = []
    for name in STAGES:
        path = folder / "out" / name
        if path.is_file():
            found += [from_public(item) for item in _read(path, f"out/{name}").get("findings", ())]
    return found


def _of_dossier(folder: Path) -> list[dict[str, Any]]:
    newest = max((path for path in (folder / "dossier").glob("[0-9]*") if path.is_dir()), default=None)
    if newest is None or not (newest / "dossier.json").is_file():
        return []
    document = _read(newest / "dossier.json", f"dossier/{newest.name}/dossier.json")
    return list(document.get("evidence", {}).get("findings", ()))


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        document = strict_json(path.read_bytes())
        if not isinstance(document, dict):
            raise ValueError("no JSON object")
    except ValueError as error:
        raise StudyError("STUDY-036", f"{name} was changed or damaged", found=str(error), fix="run the stage again") from None
    return document


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
            for place, part in enumerate(str(finding[key]).splitlines()):
                lines += wrapped(part, first=f"  {'' if place else label:<15} ")
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
    return [
        "",
        f"  out/findings/{code}.csv: {len(rows) - 1} row{'' if len(rows) == 2 else 's'}{more}, on this machine only",
        *table_lines(rows[0], shown),
    ]
