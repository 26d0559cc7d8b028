"""Bind evidence and record into a new, signed dossier: nothing is overwritten, the page is drawn from the document's bytes."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import radaudit
from radaudit.edges.clock import utc_now
from radaudit.edges.stages.evaluate import EXIT, RESULTS, post_hoc, stage_findings
from radaudit.edges.stages.ingest import store
from radaudit.edges.stages.lock import SIGNATURE, locked
from radaudit.edges.stages.mirror import mirror, mirrored
from radaudit.edges.stages.multiverse import MULTIVERSE
from radaudit.edges.stages.run import RISKS, RUN, cut
from radaudit.edges.workspace import STUDY_FILE, Progress, StageResult, Workspace
from radaudit.errors import GuardError
from radaudit.findings import Finding
from radaudit.ledger import Ledger, Step, merkle_root, openings

PACKAGES = ("numpy", "pandas", "pyarrow", "duckdb", "scikit-learn", "scipy", "neuroCombat", "great-expectations", "mlflow")
COMMANDS = {
    "intake": "radaudit ingest",
    "check": "radaudit check",
    "split": "radaudit run",
    "multiverse": "radaudit multiverse",
    "report": "radaudit report",
}
FILES = ("ledger.jsonl", "payloads.jsonl")


def assembled(ws: Workspace) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the evidence as of now, and the leak findings in it. Raises GuardError (GUARD-003) without a locked signature."""
    from radaudit.study.evidence.document import Parts, evidence

    signature = locked(ws)
    trained, checked = ws.read(RUN), ws.read("check.json")
    if signature is None or trained is None or checked is None:
        raise GuardError("GUARD-003", "there is nothing to report: no signature is locked", fix="radaudit run && radaudit lock")
    intake = store(ws).read()
    split = cut(ws, intake)
    evaluated = ws.read(RESULTS)
    if evaluated is not None and evaluated["signature_sha256"] != signature["sha256"]:
        evaluated = None
    ledger, _ = ws.ledger()
    leaks = leak_findings(ws, intake, split, ledger, trained, evaluated)
    choices = ws.read(MULTIVERSE)
    if choices is not None and choices["signature_sha256"] != signature["sha256"]:
        choices = None
    findings = (*stage_findings(checked), *stage_findings(trained), *stage_findings(evaluated), *stage_findings(choices))
    parts = Parts(
        plan=ws.plan,
        study_file=ws.study.text,
        intake=intake,
        split=split,
        checked=checked,
        trained=trained,
        evaluated=evaluated,
        choices=choices,
        signature=signature,
        findings=findings,
        leaks=leaks,
        post_hoc=post_hoc(ledger, str(signature["sha256"])),
        openings=len(ledger.named("open")),
    )
    return evidence(parts), leaks


def leak_findings(ws: Workspace, intake: Any, split: Any, ledger: Any, trained: dict[str, Any], evaluated: Any) -> tuple[Finding, ...]:
    """Return the answers of every leak check by record."""
    from radaudit.leaks.audit import audit
    from radaudit.leaks.case import Case

    measure = trained["development"]["measure"]
    baselines = {row["name"]: _measured(row[measure]) for row in trained["development"]["baselines"]}
    case = Case(
        table=intake.table,
        split=split,
        ledger=ledger,
        plan=ws.plan.digest,
        allowed=ws.plan.rules.test_openings,
        without=() if trained["harmonisation"] else ("harmonise.fit",),
        score=_score(ws, intake, split),
        site_auc=baselines.get("site"),
        volume_auc=baselines.get("volume"),
        auc=_measured(trained["development"][measure]),
        measure=measure,
    )
    return audit(case)


def _score(ws: Workspace, intake: Any, split: Any) -> Any:
    """Return the out-of-fold risk of training rows (n,), NaN for the others; None if the run left none."""
    import numpy as np

    kept = ws.read(RISKS)
    if kept is None or len(kept["risks"]) != len(split.training):
        return None
    score = np.full(len(intake.table), np.nan)
    score[list(split.training)] = [np.nan if risk is None else risk for risk in kept["risks"]]
    return score


def _measured(document: dict[str, Any]) -> Any:
    from radaudit.measures.estimate import Estimate

    return Estimate(**document)


def report(ws: Workspace, progress: Progress) -> StageResult:
    """Write dossier/NNNN and return its path; the exit code is that of the verdict."""
    from radaudit.dossier.document import evidence_digest

    progress("assembling the evidence")
    evidence, _ = assembled(ws)
    sha256 = evidence_digest(evidence)
    overall = evidence["verdict"]["overall"]
    entry = ws.note(Step(name="report", made={"evidence": sha256}, facts={"verdict": overall}))
    ws.write("evidence.json", evidence)
    progress("mirroring in MLflow")
    mirror(ws, "report", entry, evidence=sha256, params={"verdict": overall}, artifacts=("evidence.json",))
    _concluded(ws, evidence, sha256)
    progress("drawing the page")
    folder = sealed(ws, evidence, record(ws), store(ws).read().table.patients)
    where = folder.relative_to(ws.folder).as_posix()
    ws.done("report", inputs=sha256, output=sha256)
    return StageResult(
        command="report",
        exit_code=EXIT[overall],
        findings=tuple(ws.troubles),
        outputs={"dossier": f"{where}/dossier.json", "page": f"{where}/dossier.html"},
        text=(
            f"verdict   {overall.upper()}",
            *level_lines(evidence),
            f"dossier   {where}/dossier.html",
            f"evidence  {sha256}",
            f"signed by {ws.key.fingerprint}",
            f"next      radaudit verify {where}",
        ),
        details={"verdict": evidence["verdict"], "evidence_sha256": sha256, "key": ws.key.fingerprint},
    )


def level_lines(evidence: dict[str, Any]) -> tuple[str, ...]:
    """Return the level of evidence, what the next one needs, and how far the checklists of radiomics are filled."""
    from radaudit.checklists import ladder_lines
    from radaudit.study.lines import wrapped

    first, *rest = ladder_lines(evidence["ladder"])
    filled = "; ".join(f"{made['name']} {made['counts']['evidence']} of {made['counts']['items']}" for made in evidence["checklists"][:3])
    lines = [*wrapped(first, first="level     "), *(part for line in rest for part in wrapped(line, first="          "))]
    return (*lines, f"filled    {filled}   (radaudit checklist)")


def sealed(ws: Workspace, evidence: dict[str, Any], kept: dict[str, Any], patients: Sequence[str]) -> Path:
    """Write evidence and record into the next dossier folder and return it; refuses patients' ids (PRIV-001)."""
    from radaudit.dossier.document import dossier_bytes
    from radaudit.edges.bundle import write_dossier
    from radaudit.edges.canaries import refuse_patients
    from radaudit.edges.html import render

    document = dossier_bytes(evidence, kept)
    files = {
        "dossier.json": document,
        "dossier.html": render(document),
        STUDY_FILE: (ws.folder / STUDY_FILE).read_bytes(),
        **{name: (ws.out / name).read_bytes() for name in FILES},
    }
    if evidence["signature"] is not None:
        files[SIGNATURE] = (ws.out / SIGNATURE).read_bytes()
    refuse_patients(patients, files)
    return write_dossier(ws.folder / "dossier", files, ws.key)


def _concluded(ws: Workspace, evidence: dict[str, Any], sha256: str) -> None:
    """Write the verdict of every claim into the description of the registered version."""
    claims = "; ".join(f"{claim['id']} {claim['verdict']}" for claim in evidence["claims"])
    words = f"{evidence['verdict']['overall']} ({claims}). {evidence['signature']['registration']}. Evidence {sha256}."
    ws.mirror.conclude(evidence["signature"]["name"], sha256=evidence["signature"]["sha256"], verdict=words, evidence_sha256=sha256)


def record(ws: Workspace) -> dict[str, Any]:
    """Return the member ``record``: times, actor, ledger, openings, key and environment; no path, no user name."""
    ledger, entries = ws.ledger()
    named = [(entry.event, entry.ts) for entry in entries if entry.event in ("intake", "split", "lock", "open", "evaluate", "report")]
    return {
        "created": utc_now(),
        "actor": ws.actor,
        "ledger": {
            "entries": len(entries),
            "head": entries[-1].digest if entries else None,
            "root": merkle_root([entry.line() for entry in entries]),
        },
        "openings": openings(entries, ws.record.payloads()),
        "allowed": ws.plan.rules.test_openings,
        "amended": any(step.facts.get("amended") for step in ledger.named("open")),
        "key": ws.key.document(),
        "timeline": [{"at": at, "what": event} for event, at in named],
        "environment": {
            "python": platform.python_version(),
            "packages": {"radaudit": radaudit.__version__, **{name: found for name in PACKAGES if (found := _version(name))}},
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "mlflow": mirrored(ws),
        "commands": _commands(ledger),
    }


def _commands(ledger: Ledger) -> list[str]:
    """Return the commands behind the recorded steps, in order."""
    made: list[str] = []
    for step in ledger:
        command = COMMANDS.get(step.name)
        if step.name == "open":
            amend = " --amend" if step.facts.get("amended") else ""
            command = f'radaudit evaluate --reason "{step.facts.get("reason", "")}"{amend}'
        if step.name == "lock":
            command = f"radaudit lock --name {step.facts.get('name')} --version {step.facts.get('version')}"
        if command and (not made or made[-1] != command):
            made.append(command)
    return made


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
