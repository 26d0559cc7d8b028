"""Check, split, and fit everything on the training rows; the holdout rows never leave the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from radaudit.digests import digest
from radaudit.edges.stages.check import checked
from radaudit.edges.stages.ingest import store
from radaudit.edges.stages.mirror import mirror, numbers
from radaudit.edges.workspace import BLOCKED, DONE, Progress, StageResult, Workspace
from radaudit.ledger import Step

LABELS = {"auc": "AUC", "c_index": "C-index", "r2": "R\u00b2"}

if TYPE_CHECKING:
    from radaudit.ledger import Entry
    from radaudit.splits import Split
    from radaudit.study.training import Trained
    from radaudit.tables import FeatureTable
    from radaudit.tables.intake import Intake

CANDIDATE, RUN, EFFECTS, RISKS = "candidate.json", "run.json", "effects.json", "risks.json"


def cut(ws: Workspace, intake: Intake) -> Split:
    """Return the split of the table as the plan asks for."""
    from radaudit.splits import hold_out

    return hold_out(intake.table, ws.plan.holdout())


def run(ws: Workspace, progress: Progress) -> StageResult:
    """Run up to the candidate signature; exit 1 if a blocking finding stands in the way."""
    result, intake = checked(ws, progress)
    if any(finding.blocking for finding in result.findings):
        return StageResult(
            command="run",
            exit_code=BLOCKED,
            findings=result.findings,
            outputs=result.outputs,
            text=(*result.lines(), "", "stopped   a blocking finding stands in the way of a fit; nothing was fitted"),
            details=result.details,
        )
    split = cut(ws, intake)
    wanted = digest({"plan": ws.plan.digest, "table": intake.table.digest})
    again = not (ws.fresh("run", wanted) and ws.read(RUN) and ws.read(CANDIDATE))
    if again:
        _train(ws, intake, split, wanted, progress)
    found = ws.read(RUN) or {}
    return StageResult(
        command="run",
        exit_code=DONE,
        findings=(*result.findings, *ws.troubles),
        outputs={**result.outputs, "run": f"out/{RUN}"},
        text=(*result.lines(), "", *_lines(ws, split, found, again)),
        details={"run_sha256": digest(found), "fitted_again": again},
    )


def _train(ws: Workspace, intake: Intake, split: Split, wanted: str, progress: Progress) -> Trained:
    from radaudit.edges.neurocombat import crosscheck_neurocombat
    from radaudit.study.training import train

    # from here on only this table is in reach: the store hands out training rows, nothing else
    table = store(ws).training(split.training)
    ws.note(
        Step(
            name="split",
            used={"table": intake.table.digest, "plan": ws.plan.digest},
            made={"training": table.digest},
            facts={"by": split.by, "training_rows": len(split.training), "holdout_rows": len(split.holdout)},
        )
    )

    def cross(x: Any, batch: Sequence[str], covariates: Any, features: Sequence[str]) -> Any:
        return crosscheck_neurocombat(x, batch, covariates, features=features)

    trained = train(ws.plan, table, split.training, intake.dictionary, cross=cross, progress=progress)
    entry = [ws.note(step) for step in trained.steps][-1]
    made = ws.write(RUN, {**trained.document, "findings": [finding.public() for finding in trained.findings]})
    ws.write(CANDIDATE, trained.candidate)
    ws.write(EFFECTS, {"effects": None if trained.pipeline.effects is None else trained.pipeline.effects.document()})
    ws.write(RISKS, {"training": table.digest, "risks": [None if risk != risk else risk for risk in trained.development.risks.tolist()]})
    ws.done("run", inputs=wanted, output=made)
    progress("mirroring in MLflow")
    _mirrored(ws, entry, table, trained)
    return trained


def _mirrored(ws: Workspace, entry: Entry, table: FeatureTable, trained: Trained) -> None:
    from radaudit.edges.mlflow import Dataset

    development = trained.document["development"]
    measure = development["measure"]
    error = next(name for name in ("brier", "brier_at", "rmse") if name in development)
    estimates = {measure: development[measure], "slope": development["slope"], error: development[error]}
    estimates |= {f"baseline_{row['name']}": row[measure] for row in development["baselines"]}
    mirror(
        ws,
        "run",
        entry,
        params={"features": list(trained.pipeline.features), "threshold": trained.pipeline.threshold},
        metrics=numbers(estimates, "development"),
        folds={
            f"development/fold_{measure}": [row[measure] for row in development["folds"]],
            f"development/repeat_{measure}": development["repeats"],
        },
        inputs=(Dataset(name="training", sha256=table.digest, rows=len(table), context="training"),),
        artifacts=(RUN, CANDIDATE),
    )


def _lines(ws: Workspace, split: Split, found: dict[str, Any], again: bool) -> list[str]:
    development = found["development"]
    measure = development["measure"]
    candidate = ws.read(CANDIDATE) or {}
    names = [item["name"] for item in candidate["inputs"] if item["kind"] == "feature"]
    section = found["harmonisation"]
    lines = [
        f"split     {len(split.training)} training rows, {len(split.holdout)} in the test set, which stays sealed",
        f"harmonise {section['sentence']}" if section else "harmonise not asked for",
        *([f"          Did it help? {section['verdict_reasons'][0]}"] if section else []),
    ]
    if section and section["crosscheck"]:
        lines.append(f"          {section['crosscheck']['sentence']}")
    lines += [
        f"fit       {len(names)} feature(s): {', '.join(names) or 'none'}",
        f"          nested resampling {LABELS[measure]} {estimate(development[measure])}",
    ]
    lines += [
        f"          {row['name']:<10} {estimate(row[measure])}" for row in development["baselines"] if row[measure]["value"] is not None
    ]
    if not again:
        lines.append("unchanged since the last run; nothing was fitted again")
    return [*(line for text in lines for line in _wrapped(text)), "next      radaudit lock"]


def _wrapped(text: str) -> list[str]:
    from radaudit.study.lines import wrapped

    return wrapped(text[10:], first=text[:10])


def estimate(document: dict[str, Any]) -> str:
    """Return an estimate as printed: ``0.71 (0.60 to 0.82)``."""
    if document["value"] is None:
        return str(document["reason"])
    if document["low"] is None:
        return f"{document['value']:.2f}"
    return f"{document['value']:.2f} ({document['low']:.2f} to {document['high']:.2f})"
