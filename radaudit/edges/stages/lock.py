"""Freeze the candidate as out/signature.json: from now on it is a file of numbers with a registered digest."""

from __future__ import annotations

from typing import Any

from radaudit.digests import digest
from radaudit.edges.stages.ingest import store
from radaudit.edges.stages.mirror import mirror
from radaudit.edges.stages.run import CANDIDATE
from radaudit.edges.workspace import Progress, StageResult, Workspace
from radaudit.errors import GuardError
from radaudit.ledger import Step

SIGNATURE = "signature.json"


def locked(ws: Workspace) -> dict[str, Any] | None:
    """Return the locked signature, or None."""
    from radaudit.signature import read_signature

    path = ws.out / SIGNATURE
    return dict(read_signature(path.read_bytes())) if path.is_file() else None


def lock(ws: Workspace, name: str | None, version: str, progress: Progress) -> StageResult:
    """Write out/signature.json from the last run. Raises GuardError GUARD-080 without a current run, GUARD-081 for a used version."""
    from radaudit.signature import registration, renamed, signature_bytes

    candidate = ws.read(CANDIDATE)
    wanted = digest({"plan": ws.plan.digest, "table": store(ws).digest()}) if (ws.out / "pool.duckdb").is_file() else ""
    if candidate is None or not ws.fresh("run", wanted):
        raise GuardError("GUARD-080", "there is no run of this plan on these tables to lock", fix="radaudit run")
    progress("sealing")
    document = renamed(candidate, name or ws.plan.study, version)
    before = locked(ws)
    ledger, _ = ws.ledger()
    if before is not None and before["sha256"] != document["sha256"]:
        same = (before["name"], before["version"]) == (document["name"], document["version"])
        if same:
            raise GuardError(
                "GUARD-081",
                f"{document['name']} {version} is locked already, with other numbers",
                found=f"locked {before['sha256'][:12]}, now {document['sha256'][:12]}",
                fix="radaudit lock --version " + _next(version),
            )
    data = signature_bytes(document)
    (ws.out / SIGNATURE).write_bytes(data)
    if not any(step.made.get("signature") == document["sha256"] for step in ledger.named("lock")):
        facts = {"name": document["name"], "version": document["version"], "opened_before": len(ledger.named("open"))}
        made = {"signature": document["sha256"], "file": digest(document)}
        used = {"plan": ws.plan.digest, "training": document["training"]["digest"]}
        entry = ws.note(Step(name="lock", used=used, made=made, facts=facts))
        run = mirror(ws, "lock", entry, params=facts, artifacts=(SIGNATURE,))
        if run.run_id:
            sha256, words = str(document["sha256"]), f"locked, not evaluated yet: {registration(document)}"
            ws.mirror.register(str(document["name"]), run.run_id, version=version, sha256=sha256, description=words)
    ws.done("lock", inputs=wanted, output=document["sha256"])
    names = [item["name"] for item in document["inputs"] if item["kind"] == "feature"]
    coded = sum(1 for item in document["inputs"] if item["ibsi"])
    batches = document["batch"]["known"] if document["batch"] else []
    return StageResult(
        command="lock",
        outputs={"signature": f"out/{SIGNATURE}"},
        findings=tuple(ws.troubles),
        text=(
            f"locked    out/{SIGNATURE}   {len(data)} bytes",
            f"          {len(names)} features ({coded} IBSI), ComBat for {len(batches)} batches, {_link(document['steps'][-1])}, "
            f"threshold {document['threshold']['value']:.3f}",
            f"          {len(document['test_vectors'])} test vectors",
            "Register this string in the protocol:",
            f"  {registration(document)}",
            'next      radaudit evaluate --reason "primary analysis"',
        ),
        details={"sha256": document["sha256"], "registration": registration(document)},
    )


def _link(step: dict[str, Any]) -> str:
    """Return the last step in a word or two."""
    return {"cox": f"Cox to {step.get('horizon', 0.0):g}", "identity": "linear"}.get(step["op"], "logistic")


def _next(version: str) -> str:
    parts = version.split(".")
    return f"{parts[0]}.{int(parts[1]) + 1}.0" if len(parts) == 3 and parts[1].isdigit() else "1.1.0"
