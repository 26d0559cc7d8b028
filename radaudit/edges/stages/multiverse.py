"""The study under other splits and other pipelines, after the test set was opened; nothing of the study changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from radaudit.digests import digest
from radaudit.edges.stages.evaluate import RESULTS, SEEN
from radaudit.edges.stages.ingest import ingest
from radaudit.edges.stages.lock import locked
from radaudit.edges.stages.run import cut
from radaudit.edges.workspace import DONE, Progress, StageResult, Workspace
from radaudit.errors import GuardError, StudyError
from radaudit.ledger import Exposure, Step
from radaudit.study.lines import wrapped

MULTIVERSE = "multiverse.json"


def multiverse(ws: Workspace, progress: Progress, *, splits: int) -> StageResult:
    """Fit the pipeline on ``splits`` other splits, and other admissible pipelines on this one; skipped if nothing changed.

    Raises GuardError GUARD-083 while the test set of the locked signature is sealed, StudyError STUDY-173 for outcomes that are not binary.
    """
    from radaudit.study import multiverse as study

    signature, results = locked(ws), ws.read(RESULTS)
    if ws.plan.columns.outcome.kind != "binary":
        raise StudyError("STUDY-173", "only studies of a binary outcome are refitted", found=ws.plan.columns.outcome.kind)
    if signature is None or results is None or results["signature_sha256"] != signature["sha256"]:
        raise GuardError(
            "GUARD-083", "the test set is sealed", fix='radaudit evaluate --reason "primary analysis"   # then: radaudit multiverse'
        )
    _, intake = ingest(ws, progress)
    wanted = digest({"plan": ws.plan.digest, "table": intake.table.digest, "lock": signature["sha256"], "splits": splits})
    found = ws.read(MULTIVERSE)
    if not (ws.fresh("multiverse", wanted) and found):
        split, plan = cut(ws, intake), ws.plan.pipeline()
        observed = float(results["performance"]["auc"]["value"])
        unseen = ws.plan.harmonise.unseen.evaluation
        progress(f"building the signature again on {splits} other splits")
        by_split = study.lottery(intake.table, split, plan, observed, ws.plan.rng, splits=splits, mapper=_mapper)
        progress("building it again with other pipelines")
        by_pipeline = study.multiverse(intake.table, split, plan, observed, ws.plan.rng, unseen=unseen, mapper=_mapper)
        said = study.findings(by_split, by_pipeline)
        found = {
            "signature_sha256": signature["sha256"],
            "splits": by_split.document(),
            "pipelines": by_pipeline.document(),
            "findings": [finding.public() for finding in said],
        }
        made = ws.write(MULTIVERSE, found)
        saw = Exposure(rows=intake.table.rows, roles=SEEN)
        used = {"lock": str(signature["sha256"]), "table": intake.table.digest}
        ws.note(Step(name="multiverse", used=used, made={"multiverse": made}, saw=saw, facts={"splits": splits}))
        ws.done("multiverse", inputs=wanted, output=made)
    from radaudit.edges.stages.evaluate import stage_findings

    said = stage_findings(found)
    return StageResult(
        command="multiverse",
        exit_code=DONE,
        findings=said,
        outputs={"multiverse": f"out/{MULTIVERSE}"},
        text=(*_lines(found), "next      radaudit report"),
        details={name: {key: value for key, value in found[name].items() if key != "draws"} for name in ("splits", "pipelines")},
    )


def _mapper(function: Callable[[Any], Any], values: Sequence[Any], /) -> Sequence[Any]:
    """Run on the processors there are; one draw knows nothing of another, so that their number changes no result."""
    from joblib import Parallel, delayed

    cores = int(os.environ.get("RADAUDIT_CORES", "0") or 0) or (os.cpu_count() or 1)
    if cores == 1:
        return [function(value) for value in values]
    done: Sequence[Any] = Parallel(n_jobs=min(cores, len(values)), batch_size=4)(delayed(function)(value) for value in values)
    return done


def _lines(found: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, what in (("splits", "other splits"), ("pipelines", "admissible pipelines")):
        part = found[name]
        head = f"{name:<10}"
        if part["percentile"] is None:
            lines += wrapped(f"none of {part['asked']} {what} could be fitted", first=head)
            continue
        text = f"AUC {part['observed']:.2f} in the study; {part['median']:.2f} ({part['low']:.2f} to {part['high']:.2f}) in {part['done']} "
        lines += wrapped(f"{text}{what}, {part['percentile']:.0%} of them below", first=head)
    return lines
