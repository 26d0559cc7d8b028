"""``radaudit audit``: what a third party sent, from its bytes to a signed dossier; each step can be repeated without a question."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import radaudit
from radaudit.edges.received.files import Received, receive, store
from radaudit.edges.received.looks import Looked, look_at_all
from radaudit.edges.stages.check import checked
from radaudit.edges.stages.evaluate import EXIT
from radaudit.edges.workspace import STUDY_FILE, Progress, StageResult, Workspace
from radaudit.errors import StudyError, listed
from radaudit.findings import Finding, Verdict, from_public
from radaudit.ledger import Exposure, Step
from radaudit.study.audit.answers import answered
from radaudit.study.audit.recognise import Question, Recognised, recognise
from radaudit.study.audit.writing import study_text
from radaudit.study.lines import claim_lines, counts_line, finding_lines, wrapped

if TYPE_CHECKING:
    from radaudit.edges.mlflow import Mirrored
    from radaudit.leaks.counterfactual.change import Change
    from radaudit.study.audit.parts import Sent
    from radaudit.tables.intake import Intake

RECEIVED, DRAFT = "received", "study.draft.yaml"
SEEN = ("features", "outcome", "site", "patient")
GROUPS = {
    "data": ("READ", "ID", "FEAT", "OUT", "STUDY"),
    "leakage": ("LEAK", "GUARD"),
    "performance": ("PERF",),
    "sites": ("SITE", "CONF", "SIZE", "HARM"),
}
ASK_AGAIN = "ask the authors to repeat this step on training rows only, and to report what the test set then gives"
LEAKS = ("proved leak", "suspected")
Ask = Callable[[Sequence[str], Sequence[Question]], Mapping[str, str]]


def audit(claim: Path, folder: Path | None, ask: Ask | None, progress: Progress) -> StageResult:
    """Audit a claim and write ``folder/dossier/NNNN``; ``ask`` puts the questions to a person, None refuses what is ambiguous.

    Raises StudyError: STUDY-122 (ambiguous), -123 (hostile archive), -124 (nothing there), -125 (claim file), -128 (another claim in the
    folder), -030 to -032 (no features, ids or outcome); and what reading tables raises.
    """
    started = time.monotonic()
    progress("unpacking")
    received = receive(claim)
    where = folder or Path(f"audit-{_plain(claim)}")
    where.mkdir(parents=True, exist_ok=True)
    _same_claim(where, received)
    store(received, where / RECEIVED)
    introduced = _recognised(where, received, ask, progress) if not (where / STUDY_FILE).is_file() else []
    ws = Workspace.at(where)
    ws.mirror = _NoMirror()  # type: ignore[assignment]  # an audit is not a study of ours: nothing is mirrored
    found, everything = _examined(ws, progress)
    return _reported(ws, received, found, everything, introduced, started, progress)


class _NoMirror:
    def stage(self, stage: str, *_: object, **__: object) -> Mirrored:
        from radaudit.edges.mlflow import Mirrored

        return Mirrored(what=stage, experiment="")


def _plain(claim: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", claim.resolve().name.removesuffix(".zip")).strip("-._")[:48] or "claim"


def _same_claim(folder: Path, received: Received) -> None:
    """Refuse a folder that holds a study of one's own, or the audit of other files."""
    if not (folder / STUDY_FILE).is_file():
        return
    own = Workspace.at(folder).plan.received
    if own is None or own.sha256 != received.sha256:
        found = "a study of your own" if own is None else f"{own.claim}, sha256 {own.sha256[:12]}"
        raise StudyError(
            "STUDY-128",
            "this folder audits something else",
            at=f"{folder.name}/{STUDY_FILE}",
            found=found,
            fix=f"radaudit audit {received.name} --folder another-folder",
        )


def _recognised(folder: Path, received: Received, ask: Ask | None, progress: Progress) -> list[str]:
    """Recognise the files, settle what is open and write study.yaml; return the lines that say what was found, unless a person saw them."""
    progress("looking at the files")
    looked = look_at_all(folder / RECEIVED, tuple(received.files), RECEIVED)
    found = replace(recognise(looked.looks, looked.told), decimals=dict(looked.decimals))
    lines = _found_lines(received, looked, found)
    name = _plain(Path(received.name))
    if ask is None:
        open_ = [question for question in found.questions if not question.sure]
        if open_:
            text = study_text(found, name=name, claim=received.name, sha256=received.sha256)
            (folder / DRAFT).write_text(text, encoding="utf-8", newline="\n")
            raise _ambiguous(open_, folder)
        answers: Mapping[str, str] = {}
    else:
        answers = ask(lines, found.questions)
    settled = answered(found, answers)
    text = study_text(settled, name=name, claim=received.name, sha256=received.sha256)
    (folder / STUDY_FILE).write_text(text, encoding="utf-8", newline="\n")
    (folder / DRAFT).unlink(missing_ok=True)
    said = [f"  {q.label:<18}{q.shown}" for q in settled.questions]
    written = "  written to study.yaml, next time nothing is asked"
    return [*([] if ask else [*lines, "Taken as"]), *([] if ask else said), written, ""]


def _ambiguous(open_: Sequence[Question], folder: Path) -> StudyError:
    told = "\n".join(f"{question.label}: {listed(question.candidates, most=6) or question.shown}" for question in open_)
    return StudyError(
        "STUDY-122",
        f"{len(open_)} thing(s) cannot be told from the files alone",
        found=told,
        fix=f"answer at a terminal; or correct {folder.name}/{DRAFT} and save it as {STUDY_FILE}",
    )


def _found_lines(received: Received, looked: Looked, found: Recognised) -> list[str]:
    """Return what was recognised in each file."""
    size = f"{len(received.files)} files" if len(received.files) != 1 else "1 file"
    lines = [
        f"radaudit {radaudit.__version__}  audit  {received.name} ({size}, sha256 {received.sha256[:4]}…{received.sha256[-2:]})",
        "",
        "I found",
    ]
    known = {look.file: look for look in looked.looks}
    features = {look.file for look in found.features}
    for name in received.files:
        look = known.get(f"{RECEIVED}/{name}")
        if look is None:
            what = looked.unread.get(name, "the claim")
            lines += wrapped(what, first=f"  {name:<22}")
            continue
        width = len(look.columns) + len(look.features)
        role = f"{look.reader if look.reader != 'generic' else 'features'}" if look.file in features else ""
        role = role or found.notes.get(look.file, "")
        columns = "" if look.file in features or width > 8 else f"columns: {', '.join(look.columns)}"
        lines += wrapped(f"{look.rows} rows x {width} columns   {role or columns}", first=f"  {name:<22}")
    lines += [f"  {name}: {why}" for name, why in received.skipped]
    return lines


def _examined(ws: Workspace, progress: Progress) -> tuple[Any, list[Finding]]:
    """Return what the audit found, as the evidence takes it, and every finding with its local rows."""
    from radaudit.study.audit.evidence import Audited
    from radaudit.study.audit.parts import sent

    result, intake = checked(ws, progress)
    document = ws.read("check.json") or {}
    claimed = sent(ws.plan, intake.table)
    progress("leak forensics")
    leaks, changes = _leaks(ws, intake, claimed, progress)
    progress("claimed figures")
    figures = _figures(ws, intake, claimed)
    data = _of_a_claim(ws, [*(from_public(item) for item in document["findings"]), *claimed.findings])
    found = Audited(
        plan=ws.plan,
        study_file=ws.study.text,
        intake=intake,
        sent=claimed,
        sites=document["sites"],
        data=data,
        leaks=leaks,
        figures=figures,
        changes=changes,
    )
    everything = [*_of_a_claim(ws, [*result.findings, *claimed.findings]), *leaks, *figures]
    ws.write_findings(everything)
    return found, everything


def _of_a_claim(ws: Workspace, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the answers about data without those about a plan of ours, and about sites as a gap where no site was sent."""
    received = ws.plan.received
    unasked = {"SIZE-052", "HARM-081"} if received is None or not received.selected else {"HARM-081"}
    kept = [finding for finding in findings if finding.code not in unasked]
    if ws.plan.site_column is not None:
        return tuple(kept)
    gap = {"needs": "the sites"}
    alone = ("SITE-050", "SIZE-002", "SIZE-050")
    return tuple(
        replace(finding, verdict=Verdict.NOT_RUN, sentence="No site was sent.", facts=gap, local=()) if finding.code in alone else finding
        for finding in kept
    )


def _leaks(ws: Workspace, intake: Intake, claimed: Sent, progress: Progress) -> tuple[tuple[Finding, ...], tuple[Change, ...]]:
    """Return the answers of forensics with their sizes, and the questions that only a record or the pipeline could answer."""
    from radaudit.codes import answer
    from radaudit.leaks.audit import audit as by_record
    from radaudit.leaks.case import Case
    from radaudit.leaks.counterfactual.change import sized
    from radaudit.leaks.forensics import examine
    from radaudit.leaks.forensics.evidence import evidence
    from radaudit.leaks.forensics.kinds import KINDS
    from radaudit.leaks.metamorphic.variants import CODES, QUESTIONS
    from radaudit.ledger import Ledger

    table, received = intake.table, ws.plan.received
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    if claimed.split_known:
        import numpy as np

        rows = np.flatnonzero(claimed.training | claimed.holdout)
        places = {name: j for j, name in enumerate(table.features)}
        chosen = [places[name] for name in (received.selected if received else ()) if name in places]
        given = evidence(
            table.values[rows],
            claimed.training[rows],
            names=table.features,
            outcome=table.outcome[rows],
            site=[table.sites[i] or None for i in rows] if any(table.sites) else None,
            patients=[table.patients[i] for i in rows],
            predictions=None if claimed.risk is None else claimed.risk[rows],
            selected=chosen or None,
            threshold=None if received is None else received.threshold,
        )
        examined = examine(given)
        progress("how large")
        findings, changes = sized(examined, given)
        findings = tuple(replace(f, fix=ASK_AGAIN) if f.failed and f.facts.get("state") in LEAKS else f for f in findings)
    else:
        gap = {"needs": "the split"}
        findings = tuple(
            answer(kind.code, Verdict.NOT_RUN, "No split was sent.", facts={**gap, "question": kind.question}) for kind in KINDS.values()
        )
    asked = {finding.code for finding in findings}
    recorded = by_record(Case(table=table, split=claimed.split, ledger=Ledger()))
    gaps = [
        replace(f, facts={**f.facts, "needs": "the record of the fit"})
        for f in recorded
        if f.code not in asked and f.verdict is Verdict.NOT_RUN
    ]
    code = [
        answer(CODES[name], Verdict.NOT_RUN, "The pipeline was not sent.", facts={"needs": "the code", "question": QUESTIONS[name]})
        for name in CODES
    ]
    return (*findings, *gaps, *code), changes


def _figures(ws: Workspace, intake: Intake, claimed: Sent) -> tuple[Finding, ...]:
    """Return the answers about claimed figures."""
    import numpy as np

    from radaudit.leaks.numbers.findings import Material, examine
    from radaudit.study.audit.told import figure_of

    received = ws.plan.received
    figures = [figure_of(measure, text) for measure, text in (received.figures if received else {}).items()]
    known = ~np.isnan(intake.table.outcome)
    every = np.ones(len(known), dtype=bool)
    material = Material(
        outcome=np.where(known, intake.table.outcome, 0.0),
        risk=None if claimed.risk is None else np.where(known, claimed.risk, np.nan),
        rows=claimed.holdout & known,
        threshold=None if received is None else received.threshold,
        parts={"training rows": claimed.training, "training and test rows together": every},
    )
    return examine(figures, material)


def _reported(
    ws: Workspace, received: Received, found: Any, everything: list[Finding], introduced: list[str], started: float, progress: Progress
) -> StageResult:
    """Write the dossier and return what the terminal shows."""
    from radaudit.dossier.document import evidence_digest
    from radaudit.edges.stages.report import record, sealed
    from radaudit.study.audit.evidence import evidence

    progress("drawing the dossier")
    made = evidence(found)
    sha256 = evidence_digest(made)
    overall = made["verdict"]["overall"]
    table = found.intake.table
    saw = Exposure(rows=table.rows, roles=SEEN)
    ws.note(Step(name="audit", used={"received": received.sha256, "table": table.digest}, saw=saw, facts={"files": len(received.files)}))
    ws.note(Step(name="report", made={"evidence": sha256}, facts={"verdict": overall}))
    ws.write("evidence.json", made)
    kept = {**record(ws), "commands": [f"radaudit audit {received.name}"], "openings_reason": "how often a third party looked is not shown"}
    folder = sealed(ws, made, kept, table.patients)
    where = folder.relative_to(ws.folder.parent).as_posix()
    worst = next((finding["code"] for finding in made["findings"] if finding["verdict"] == "failed"), "")
    text = (
        *introduced,
        *_checking(everything, time.monotonic() - started),
        "",
        *finding_lines([finding for finding in everything if finding.failed]),
        *counts_line(finding for finding in everything if not finding.failed),
        *_sizes(everything),
        *wrapped(made["coverage"]["sentence"], first=" "),
        "",
        *claim_lines(made["claims"]),
        *([] if made["claims"] else wrapped(made["verdict"]["sentence"])),
        "" if not made["claims"] else "registration of the claim: not shown",
        f"VERDICT   {overall.upper()}",
        f"dossier   {where}/dossier.html   {where}/dossier.json",
        f"next      radaudit explain {worst}" if worst else f"next      radaudit verify {where}",
    )
    return StageResult(
        command="audit",
        exit_code=EXIT[overall],
        findings=tuple(everything),
        outputs={"dossier": f"{where}/dossier.json", "page": f"{where}/dossier.html", "study": f"{ws.folder.name}/{STUDY_FILE}"},
        text=text,
        details={"verdict": made["verdict"], "claims": made["claims"], "coverage": made["coverage"], "evidence_sha256": sha256},
    )


def _sizes(findings: Sequence[Finding]) -> list[str]:
    """Return how large each leak and each wrong figure is."""
    sized = [(finding.code, str(finding.facts["size"])) for finding in findings if finding.failed and finding.facts.get("size")]
    return ["", "how large", *(line for code, size in sized for line in wrapped(size, first=f"  {code}  "))] if sized else []


def _checking(findings: Sequence[Finding], seconds: float) -> list[str]:
    """Return the line that counts, per group, the checks that could run."""
    parts = []
    for group, prefixes in GROUPS.items():
        codes = {finding.code for finding in findings if finding.code.partition("-")[0] in prefixes}
        ran = {finding.code for finding in findings if finding.code in codes and finding.verdict is not Verdict.NOT_RUN}
        parts.append(f"{group} {len(ran)}/{len(codes)}")
    return wrapped("   ".join(parts) + f"    {seconds:.0f} s", first="checking   ")
