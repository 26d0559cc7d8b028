"""The study against checklists and the ladder of evidence, as of now, also before a signature is locked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from radaudit.edges.stages.lock import locked
from radaudit.edges.stages.run import RUN
from radaudit.edges.workspace import StageResult, Workspace

HEADER = ("checklist", "item", "section", "text", "answer", "kind", "proofs", "pointers", "reason", "verified")
EARLY = "No signature is locked yet: items that need a run are open."


def current(ws: Workspace) -> tuple[dict[str, Any], str]:
    """Return the members checklists, ladder and proofs as of now, and a word on what they rest on."""
    from radaudit.checklists import against_standards
    from radaudit.edges.stages.report import assembled

    if locked(ws) is not None and ws.read(RUN) is not None:
        return assembled(ws)[0], ""
    return against_standards(before_lock(ws)), EARLY


def before_lock(ws: Workspace) -> dict[str, Any]:
    """Return the evidence there is before a signature is locked: the study, its form, and the answers of the check."""
    from radaudit.study.evidence.document import reported, study

    checked = ws.read("check.json") or {}
    return {
        "study": study(ws.plan, ws.study.text),
        **reported(ws.plan),
        "findings": list(checked.get("findings", ())),
        "cohort": {"sites": list(checked.get("sites", ()))},
    }


def standards(ws: Workspace, name: str | None) -> StageResult:
    """Return one checklist item by item, or all of them in a line each and the level of evidence. Raises StudyError STUDY-150."""
    from radaudit.checklists import named

    wanted = named(name).name if name else None
    found, word = current(ws)
    lists = [made for made in found["checklists"] if wanted in (None, made["name"])]
    text = item_lines(lists[0]) if wanted else overview_lines(lists, found["ladder"])
    details = {"checklists": lists, "ladder": found["ladder"], "proofs": found["proofs"]}
    return StageResult(command="checklist", text=(*text, *([word] if word else [])), details=details)


def overview_lines(lists: Iterable[Mapping[str, Any]], ladder: Mapping[str, Any]) -> list[str]:
    """Return a line per checklist, and the level of evidence."""
    from radaudit.checklists import ladder_lines
    from radaudit.study.lines import table_lines, wrapped

    header = ("checklist", "items", "evidence", "A", "M", "person", "open", "n.a.", "score")
    names = ("items", "evidence", "automatic", "form", "person", "open", "not_applicable")
    rows = [(made["name"], *(made["counts"][name] for name in names), score_text(made)) for made in lists]
    lines = [*table_lines(header, rows), " A: found by the run; M: stated in study.yaml, reporting; person: an answer of a person", ""]
    for line in ladder_lines(ladder):
        lines += wrapped(line, rest="          ")
    return lines


def score_text(made: Mapping[str, Any]) -> str:
    """Return the score of a checklist that defines one: from evidence, without people's answers."""
    score = made.get("score")
    if score is None:
        return "-"
    return f"{score['value']:.1f}% {score['band']}" if score["unit"] == "%" else f"{score['value']} of {score['highest']}"


SHORT = {"evidence found": "yes", "no evidence": "no", "not applicable": "n.a.", "needs a person": "person"}


def item_lines(made: Mapping[str, Any]) -> list[str]:
    """Return one checklist: where it comes from, its counts, its items with what shows them or what is missing."""
    from radaudit.study.lines import wrapped

    counts = made["counts"]
    lines = [
        *wrapped(f"{made['name']} {made['version']}: {made['title']}", rest="  "),
        *wrapped(f"{made['reference']}, doi {made['doi']}; {made['licence']}", rest="  "),
        f"{counts['evidence']} of {counts['items']} from evidence, {counts['person']} by a person, {counts['open']} open, "
        f"{counts['not_applicable']} n.a." + (f"; score {score_text(made)}" if "score" in made else ""),
        "",
    ]
    for row in made["items"]:
        head = f"{row['id']:>5}  {SHORT[row['state']]:<6} {row.get('kind', ''):<1}  "
        lines += wrapped(row["text"] or "(the primary text could not be read)", first=head)
        said = row.get("reason") or (f"by {', '.join(row['proofs'])}" if row["proofs"] else "")
        lines += wrapped(said, first=" " * len(head)) if said else []
    return lines


def as_csv(details: Mapping[str, Any]) -> str:
    """Return items as CSV, one row each, with the pointers behind a yes; nothing in a cell can start a formula."""
    from radaudit.edges.inert import inert

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for made in details["checklists"]:
        for row in made["items"]:
            seals = [seal for word in row["proofs"] for seal in details["proofs"][word]["evidence"]]
            pointers = " ".join(f"{seal['pointer']}#sha256:{seal['sha256']}" for seal in seals)
            cells = (made["name"], row["id"], row["section"], row["text"], row["state"], row.get("kind", ""), " ".join(row["proofs"]))
            writer.writerow([inert(str(cell)) for cell in (*cells, pointers, row.get("reason", ""), row["verified"])])
    return stream.getvalue()
