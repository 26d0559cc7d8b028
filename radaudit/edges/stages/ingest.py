"""Read the tables of the study into out/pool.duckdb; skipped if neither the files nor what the plan says of them changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from radaudit.digests import digest
from radaudit.edges.readers.gathered import files_digest, several
from radaudit.edges.workspace import DONE, Progress, StageResult, Workspace
from radaudit.ledger import Step

if TYPE_CHECKING:
    from radaudit.edges.duckdb import Store
    from radaudit.tables.intake import Intake

POOL = "pool.duckdb"
MEMBERS = ("tables", "roles", "features")


def store(ws: Workspace) -> Store:
    """Return the study's store."""
    from radaudit.edges.duckdb import Store

    return Store(ws.out / POOL)


def inputs(ws: Workspace) -> str:
    """Return the digest of all that the table depends on: source files and what the plan says of them."""
    plan = ws.plan.document()
    harmonise = plan.get("harmonise", {})
    said = {name: plan.get(name) for name in MEMBERS} | {"merge": harmonise.get("merge"), "drop": harmonise.get("drop")}
    if "protocol" in plan:  # its columns stay text
        said["protocol"] = plan["protocol"]
    entries = [entry for group in (ws.plan.tables.features, ws.plan.tables.clinical, ws.plan.tables.acquisition) for entry in group]
    register = ws.plan.features.reproducibility
    named = [entry.file for entry in entries] + ([register.file] if register else [])
    files = {name: files_digest(found, ws.folder) for name in named if (found := _files(ws, name))}
    return digest({"plan": said, "files": files})


def _files(ws: Workspace, text: str) -> tuple[Path, ...]:
    path = ws.folder / text
    if not path.is_file():
        return several(ws.folder, text) or ()
    side = path.with_suffix(".txt")  # MEDimage keeps the names of its features there
    return (path, side) if side.is_file() and side != path else (path,)


def ingest(ws: Workspace, progress: Progress) -> tuple[StageResult, Intake]:
    """Return what reading the tables said, and the intake itself."""
    wanted = inputs(ws)
    pool = store(ws)
    again = not (ws.fresh("ingest", wanted) and pool.path.is_file())
    if again:
        from radaudit.edges.intake import read_study

        progress("reading tables")
        intake = read_study(ws.plan, ws.folder)
        pool.write(intake)
        used = {source.file: source.sha256 for source in intake.sources}
        counts = {"rows": len(intake.table), "patients": len(set(intake.table.patients)), "features": len(intake.table.features)}
        ws.note(Step(name="intake", used=used, made={"table": intake.table.digest}, facts=counts))
        ws.done("ingest", inputs=wanted, output=intake.table.digest)
    else:
        intake = pool.read()
    ws.write_findings(intake.findings)
    return StageResult(
        command="ingest",
        exit_code=1 if any(f.blocking for f in intake.findings) else DONE,
        findings=intake.findings,
        outputs={"pool": f"out/{POOL}", "features": "out/features.parquet"},
        text=tuple(_lines(intake, again)),
        details={"table": intake.table.digest, "sources": [s.document() for s in intake.sources], "read_again": again},
    ), intake


def _lines(intake: Intake, again: bool) -> list[str]:
    table = intake.table
    lines = [f"{'read' if again else 'unchanged':<9} {len(intake.sources)} file(s)"]
    for source in intake.sources:
        lines.append(f"  {source.file:<36} {source.rows:>6} x {source.columns:<6} {source.reader}")
    strange = sum(item.count for item in intake.accounting)
    people = len(set(table.patients))
    lines.append(f"table     {len(table)} rows, {people} patients, {len(table.features)} features, {table.digest[:12]}")
    lines.append(f"accounted {strange} cells, columns or rows that were not plain (in the dossier)")
    for step in intake.flow:
        lines.append(f"  {step.label:<44} {step.patients:>5} patients {step.rows:>6} rows")
    return lines
