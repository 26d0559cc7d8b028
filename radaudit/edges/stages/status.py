"""What is stale and why, what is locked, and whether the test set is sealed."""

from __future__ import annotations

from radaudit.digests import digest
from radaudit.edges.stages.check import inputs as check_inputs
from radaudit.edges.stages.ingest import POOL, inputs, store
from radaudit.edges.stages.lock import locked
from radaudit.edges.workspace import StageResult, Workspace


def status(ws: Workspace) -> StageResult:
    """Return one line per stage. Reads nothing but digests."""
    fresh: dict[str, str] = {}
    pool = ws.out / POOL
    table = store(ws).digest() if pool.is_file() else ""
    current = bool(table) and ws.fresh("ingest", inputs(ws))
    fresh["tables"] = "unchanged" if current else ("changed since they were read" if table else "not read yet")
    fresh["check"] = _word(ws, "check", current and ws.fresh("check", check_inputs(ws, table)))
    fresh["run"] = _word(ws, "run", current and ws.fresh("run", digest({"plan": ws.plan.digest, "table": table})))
    signature = locked(ws)
    if signature is None:
        fresh["lock"] = "nothing is locked"
    else:
        changed = " (study.yaml changed since)" if signature["plan_sha256"] != ws.plan.digest else ""
        fresh["lock"] = f"{signature['name']} {signature['version']} {signature['sha256'][:12]}{changed}"
    ledger, entries = ws.ledger() if (ws.out / "ledger.jsonl").is_file() else (None, ())
    opened = len(ledger.named("open")) if ledger else 0
    allowed = ws.plan.rules.test_openings
    fresh["test set"] = f"{'opened' if opened else 'sealed'}, {opened} of {allowed} openings used"
    dossiers = sorted(path.name for path in (ws.folder / "dossier").glob("[0-9]*")) if (ws.folder / "dossier").is_dir() else []
    fresh["dossier"] = f"dossier/{dossiers[-1]} ({len(dossiers)} in all)" if dossiers else "none"
    return StageResult(
        command="status",
        text=tuple(f"{name:<10}{text}" for name, text in fresh.items()),
        details={"stages": fresh, "ledger_entries": len(entries)},
    )


def _word(ws: Workspace, stage: str, is_fresh: bool) -> str:
    return "up to date" if is_fresh else ("stale" if stage in ws.state() else "not run yet")
