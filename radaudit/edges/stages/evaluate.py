"""The only door to the holdout: needs a lock and a reason, is counted, and is on record before a single row is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radaudit.edges.stages.ingest import ingest, store
from radaudit.edges.stages.lock import locked
from radaudit.edges.stages.mirror import mirror, numbers
from radaudit.edges.stages.run import EFFECTS, cut
from radaudit.edges.workspace import BLOCKED, DONE, UNDETERMINED, Progress, StageResult, Workspace
from radaudit.errors import GuardError
from radaudit.findings import Finding, from_public
from radaudit.ledger import Exposure, Ledger, Step

if TYPE_CHECKING:
    from radaudit.ledger import Entry
    from radaudit.splits import Guard, Split

RESULTS = "results.json"
SEEN = ("features", "outcome", "site", "batch", "covariates", "patient")
EXIT = {"supported": DONE, "not supported": BLOCKED, "cannot be determined": UNDETERMINED}


def guard_of(ws: Workspace, split: Split, ledger: Ledger) -> Guard:
    """Return the guard with every opening that is on record."""
    from radaudit.splits import Guard, Opening

    openings = tuple(
        Opening(
            plan=step.used.get("plan", ""),
            lock=step.used.get("lock", ""),
            reason=str(step.facts.get("reason", "")),
            amended=bool(step.facts.get("amended")),
        )
        for step in ledger.named("open")
    )
    return Guard(split, ws.plan.rules.test_openings, openings)


def post_hoc(ledger: Ledger, signature: str) -> bool:
    """Return True if an opening was an amendment, or this signature was locked after the holdout had been opened."""
    events = [step for step in ledger if step.name in ("open", "lock")]
    opened = next((i for i, step in enumerate(events) if step.name == "open"), None)
    amended = any(step.facts.get("amended") for step in events)
    lock = next((i for i, step in enumerate(events) if step.made.get("signature") == signature), None)
    return amended or (opened is not None and lock is not None and lock > opened)


def evaluate(ws: Workspace, reason: str, *, amend: bool, progress: Progress) -> StageResult:
    """Open the holdout, score it, measure, decide. Raises GuardError GUARD-001 to -004, -082 if tables or plan changed since the lock."""
    from radaudit.harmonise.effects import SiteEffects
    from radaudit.study.evaluation import evaluate as measured

    signature = locked(ws)
    _, intake = ingest(ws, progress)
    split = cut(ws, intake)
    ledger, _ = ws.ledger()
    guard = guard_of(ws, split, ledger)
    if signature is not None:
        _unchanged(ws, signature, store(ws).training(split.training).digest)
    sha256 = "" if signature is None else str(signature["sha256"])
    rows, after = guard.open(plan=ws.plan.digest, lock=sha256, reason=reason, amend=amend)
    assert signature is not None
    opening = after.openings[-1]
    used = {"plan": ws.plan.digest, "lock": sha256, "table": intake.table.digest}
    saw = Exposure(rows=rows, roles=SEEN)
    ws.note(Step(name="open", used=used, saw=saw, facts={"reason": opening.reason, "amended": opening.amended, "n": len(after.openings)}))
    progress("scoring the test set")
    kept = (ws.read(EFFECTS) or {}).get("effects")
    effects = None if kept is None else SiteEffects.from_document(kept)
    training = store(ws).training(split.training)
    found = measured(ws.plan, signature, intake.table.take(rows), training, effects)
    made = ws.write(RESULTS, {**found.document, "findings": [finding.public() for finding in found.findings]})
    facts = {"scored": found.document["rows"]["scored"]}
    entry = ws.note(Step(name="evaluate", used={"lock": sha256}, made={"results": made}, saw=saw, facts=facts))
    ws.done("evaluate", inputs=sha256, output=made)
    _mirrored(ws, entry, found.document, intake.table.take(rows).digest, len(rows))
    progress("deciding the claims")
    return _answered(ws, found.findings, len(after.openings))


def _unchanged(ws: Workspace, signature: dict[str, Any], training: str) -> None:
    """Raise GuardError if the plan (GUARD-001) or the training rows (GUARD-082) are not those of the lock."""
    if signature["plan_sha256"] != ws.plan.digest:
        raise GuardError(
            "GUARD-001",
            f"study.yaml changed after lock {signature['sha256'][:8]}",
            found=f"locked under plan {signature['plan_sha256'][:12]}, now {ws.plan.digest[:12]}",
            fix="undo the change, or make a new version: radaudit run && radaudit lock --version 1.1.0",
        )
    if signature["training"]["digest"] != training:
        raise GuardError(
            "GUARD-082",
            f"the training rows are not those of lock {signature['sha256'][:8]}",
            found=f"locked on {signature['training']['digest'][:12]}, now {training[:12]}",
            fix="restore the tables, or make a new version: radaudit run && radaudit lock --version 1.1.0",
        )


def _mirrored(ws: Workspace, entry: Entry, document: dict[str, Any], table: str, rows: int) -> None:
    from radaudit.edges.mlflow import Dataset

    mirror(
        ws,
        "evaluate",
        entry,
        params=document["rows"],
        metrics=numbers(document["performance"], "test"),
        inputs=(Dataset(name="holdout", sha256=table, rows=rows, context="test"),),
        artifacts=(RESULTS,),
    )


def _answered(ws: Workspace, findings: tuple[Finding, ...], openings: int) -> StageResult:
    from radaudit.edges.stages.report import assembled
    from radaudit.study.lines import claim_lines, wrapped

    evidence, leaks = assembled(ws)
    overall = evidence["verdict"]["overall"]
    performed = evidence["performance"]
    return StageResult(
        command="evaluate",
        exit_code=EXIT[overall],
        findings=(*findings, *leaks, *ws.troubles),
        outputs={"results": f"out/{RESULTS}"},
        text=(
            f"opened    the test set, opening {openings} ({ws.plan.rules.test_openings} allowed); {performed['patients']} patients"
            + ("" if performed["events"] is None else f", {performed['events']} events"),
            "",
            *claim_lines(evidence["claims"]),
            "",
            f"VERDICT   {overall.upper()}" + (" (post hoc)" if evidence["verdict"]["post_hoc"] else ""),
            *wrapped(evidence["coverage"]["sentence"], first="coverage  "),
            *wrapped(evidence["ladder"]["sentence"], first="level     "),
            "next      radaudit report",
        ),
        details={
            "verdict": evidence["verdict"],
            "claims": evidence["claims"],
            "coverage": evidence["coverage"],
            "ladder": evidence["ladder"],
        },
    )


def stage_findings(document: dict[str, Any] | None) -> tuple[Finding, ...]:
    """Return the findings a stage wrote."""
    return tuple(from_public(finding) for finding in (document or {}).get("findings", ()))
