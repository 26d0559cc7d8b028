"""Which rows are training, which are the test set, and what was predicted for each: taken as they were sent, contradictions included.

``splits.hold_out`` refuses a patient on both sides; here that is what is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.errors import TableError
from radaudit.findings import Finding, Verdict
from radaudit.splits.holdout import Split
from radaudit.tables.shown import few, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.study.plan import Plan
    from radaudit.tables import FeatureTable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sent:
    """The split and predictions of a claim: ``risk (n,)`` with NaN where there is none (None: no predictions), rows in no part counted."""

    split: Split
    risk: Floats | None
    training: Bools
    holdout: Bools
    findings: tuple[Finding, ...]

    @property
    def split_known(self) -> bool:
        """True if both parts have rows."""
        return bool(self.training.any() and self.holdout.any())

    @property
    def probabilities(self) -> bool:
        """True if every prediction lies between 0 and 1."""
        import numpy as np

        return self.risk is not None and bool(np.nanmin(self.risk) >= 0 and np.nanmax(self.risk) <= 1)


def sent(plan: Plan, table: FeatureTable) -> Sent:
    """Return the parts and predictions of a table. Raises TableError STUDY-126 for predictions that are no numbers, READ-021."""
    risk = _risk(plan, table)
    training, holdout = _sides(plan, table, risk)
    split = Split(
        training=table.where(training.tolist()),
        holdout=table.where(holdout.tolist()),
        by="as sent",
        facts={"training_rows": int(training.sum()), "holdout_rows": int(holdout.sum())},
    )
    findings = [*_without_part(training, holdout), *_about_predictions(risk, training, holdout)]
    return Sent(split=split, risk=risk, training=training, holdout=holdout, findings=tuple(findings))


def _risk(plan: Plan, table: FeatureTable) -> Floats | None:
    import numpy as np

    received = plan.received
    if received is None or received.predictions is None:
        return None
    found = table.numbers(received.predictions)
    if found is None:
        odd = [cell for cell in table.fact(received.predictions) if cell is not None and not _is_number(cell)]
        raise TableError(
            "STUDY-126",
            f"{len(odd)} predictions are no numbers",
            at=f"audit.predictions: {received.predictions}",
            found=few(map(quoted, odd)),
            fix='tables.clinical: [{file: predictions.csv, missing: ["NA"]}]   # or decimal: ","',
        )
    if not np.isfinite(found).any():
        raise TableError(
            "STUDY-126", "no row of the feature table has a prediction", at="tables.clinical", fix="roles.subject: normalise ids"
        )
    return np.where(np.isfinite(found), found, np.nan)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sides(plan: Plan, table: FeatureTable, risk: Floats | None) -> tuple[Bools, Bools]:
    import numpy as np

    asked = plan.split.test
    nobody = np.zeros(len(table), dtype=bool)
    if asked.by != "column" or not asked.column:
        return nobody, nobody
    if plan.received is not None and asked.column == plan.received.predictions and not asked.test and risk is not None:
        return np.isnan(risk), ~np.isnan(risk)
    cells = [None if cell is None else cell.strip() for cell in table.fact(asked.column)]
    test = {value.strip() for value in asked.test or ("test",)}
    training = {value.strip() for value in asked.training}
    held = np.array([cell in test for cell in cells])
    return np.array([cell in training if training else cell is not None and cell not in test for cell in cells]), held


def _without_part(training: Bools, holdout: Bools) -> list[Finding]:
    lost = int((~training & ~holdout).sum())
    if not training.any() and not holdout.any():
        return [answer("STUDY-127", Verdict.NOT_RUN, "No split was sent.", facts={"needs": "the split"})]
    verdict = Verdict.FAILED if lost else Verdict.PASSED
    return [answer("STUDY-127", verdict, f"{lost} of {len(training)} rows belong to neither part of the split.", facts={"number": lost})]


def _about_predictions(risk: Floats | None, training: Bools, holdout: Bools) -> list[Finding]:
    """Return whether predictions are probabilities and cover the test set."""
    import numpy as np

    if risk is None:
        gap = {"needs": "predictions"}
        return [answer(code, Verdict.NOT_RUN, "No predictions were sent.", facts=gap) for code in ("PERF-108", "PERF-109")]
    low, high = float(np.nanmin(risk)), float(np.nanmax(risk))
    inside = low >= 0 and high <= 1
    told = f"Predictions lie between {low:.3g} and {high:.3g}: {'probabilities' if inside else 'scores, of which only the order counts'}."
    found = [answer("PERF-108", Verdict.PASSED if inside else Verdict.FAILED, told, facts={"number": high, "low": low, "high": high})]
    if holdout.any():
        lost = int((holdout & np.isnan(risk)).sum())
        told = f"{lost} of {int(holdout.sum())} test rows have no prediction" + (
            "; the claim is about a part of the test set." if lost else "."
        )
        found.append(
            answer("PERF-109", Verdict.FAILED if lost else Verdict.PASSED, told, facts={"number": lost, "rows": int(holdout.sum())})
        )
    return found
