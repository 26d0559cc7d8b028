"""The mirror of each stage in MLflow: for searching and comparing. The record is the ledger; a mirror that fails stops nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.edges.mlflow import Dataset, Mirrored
    from radaudit.edges.workspace import Workspace
    from radaudit.ledger import Entry

RUNS = "mlflow.json"
STATUS = {Verdict.PASSED: 0.0, Verdict.FAILED: 1.0, Verdict.WAIVED: 1.0, Verdict.NOT_RUN: 2.0, Verdict.NOT_APPLICABLE: 3.0}
WORST = (1.0, 2.0, 0.0, 3.0)


def mirror(
    ws: Workspace,
    stage: str,
    entry: Entry,
    *,
    evidence: str = "",
    params: Mapping[str, object] | None = None,
    metrics: Mapping[str, float | None] | None = None,
    folds: Mapping[str, Sequence[float | None]] | None = None,
    inputs: Sequence[Dataset] = (),
    artifacts: Sequence[str] = (),
) -> Mirrored:
    """Mirror one stage as one run and remember it in out/mlflow.json; ``artifacts`` are names of files in ``out/``."""
    from radaudit.edges.mlflow import Recorded

    recorded = Recorded(ledger_seq=entry.seq, event_sha256=entry.digest, plan_sha256=ws.plan.digest, evidence_sha256=evidence)
    made = ws.mirror.stage(
        stage,
        recorded,
        params=params,
        metrics=metrics,
        folds=folds,
        inputs=inputs,
        artifacts={name: (ws.out / name).read_bytes() for name in artifacts},
        at=_stopped_clock(),
    )
    if made.run_id:
        known = ws.read(RUNS) or {"experiment": ws.plan.study, "runs": []}
        run = {"stage": stage, "entry": entry.seq, "event_sha256": entry.digest, "run_id": made.run_id}
        ws.write(RUNS, {**known, "runs": [*known["runs"], run]})
    ws.troubles += [finding for finding in made.findings if finding.failed]
    return made


def mirrored(ws: Workspace) -> dict[str, Any]:
    """Return what the dossier says of the mirror: stages and the ledger entries they mirror, no run id (MLflow draws those by chance)."""
    known = ws.read(RUNS) or {"experiment": ws.plan.study, "runs": []}
    runs = [{"stage": run["stage"], "ledger entry": run["entry"]} for run in known["runs"]]
    return {"experiment": known["experiment"], "runs": runs, "found_by": "tag radaudit.event_sha256"}


def run_of(ws: Workspace, stage: str) -> str | None:
    """Return the id of the newest run of a stage."""
    runs = (ws.read(RUNS) or {"runs": []})["runs"]
    return next((str(run["run_id"]) for run in reversed(runs) if run["stage"] == stage), None)


def answers(findings: Sequence[Finding]) -> dict[str, float | None]:
    """Return one metric per check: 0 passed, 1 failed, 2 could not be asked, 3 not applicable; the worst of several answers."""
    found: dict[str, float | None] = {}
    for finding in findings:
        name = f"check/{finding.code}/status"
        known = found.get(name)
        found[name] = min((STATUS[finding.verdict], *(() if known is None else (known,))), key=WORST.index)
    return found


def numbers(estimates: Mapping[str, Any], prefix: str) -> dict[str, float | None]:
    """Return value, low and high of every estimate among ``estimates``."""
    return {
        f"{prefix}/{name}/{part}": estimate[part]
        for name, estimate in estimates.items()
        if isinstance(estimate, Mapping) and {"value", "low", "high"} <= set(estimate)
        for part in ("value", "low", "high")
    }


def _stopped_clock() -> int | None:
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    return int(fixed) * 1000 if fixed.isdigit() else None
