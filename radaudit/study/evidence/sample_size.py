"""How many patients the question takes, and how many there are: for the features that were tried and for those that were kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.measures.samplesize import SampleSize
    from radaudit.splits import Split
    from radaudit.study.plan import Plan
    from radaudit.tables.table import FeatureTable

LEAST_C = 0.55  # nearer to 0.5 the needed numbers grow without bound and say nothing


def sample_size(plan: Plan, table: FeatureTable, split: Split, chosen: int) -> tuple[dict[str, Any] | None, str, tuple[Finding, ...]]:
    """Return the numbers of patients needed and there, or None and why, and the findings SIZE-170 (development), SIZE-171 (validation).

    The expected C is what the study claims for its test set; the prevalence that of the training patients. Development after Riley et al.
    (Stat Med 2019), once for all candidate features and once for the ``chosen``; validation after Riley et al. (Stat Med 2021), the linear
    predictor being that of two equal normal distributions with this C.
    """
    from radaudit.measures.samplesize import development_binary, validation_binary

    if plan.columns.outcome.kind != "binary":
        return None, "numbers of patients needed are given for binary outcomes", ()
    claimed = [claim.limit for claim in plan.claimed() if claim.measure == "auc" and claim.limit is not None]
    expected = next((limit for limit in claimed if LEAST_C <= limit < 1), None)
    training, holdout = _people(table, split.training), _people(table, split.holdout)
    if expected is None:
        return None, "no AUC is claimed, so that nothing is expected that could be planned for", ()
    prevalence = training[1] / training[0] if training[0] else 0.0
    if not 0 < prevalence < 1:
        return None, "the training patients hold one outcome only", ()
    candidates = len(table.features)
    mean, sd = linear_predictor(expected, prevalence)
    sizes = (
        ("development, all candidate features", candidates, development_binary(candidates, prevalence, c=expected), training),
        ("development, features of the signature", chosen, development_binary(max(chosen, 1), prevalence, c=expected), training),
        ("validation", None, validation_binary(prevalence, expected, mean, sd), holdout),
    )
    rows = [_row(what, features, size, people) for what, features, size, people in sizes]
    document = {
        "expected_c": expected,
        "prevalence": prevalence,
        "events_per_candidate": training[1] / candidates,
        "events_per_feature": training[1] / chosen if chosen else None,
        "rows": rows,
    }
    return document, "", (_finding("SIZE-170", rows[0], rows[1]), _finding("SIZE-171", rows[2]))


def linear_predictor(c: float, prevalence: float) -> tuple[float, float]:
    """Return mean and SD of the calibrated linear predictor of two equal normal distributions with this C.

    With d = sqrt(2) z(C) apart, the log odds are logit(prevalence) - d²/2 + d x, x normal around 0 or d.
    """
    from radaudit.measures.normal import quantile

    d = math.sqrt(2) * quantile(c)
    mean = math.log(prevalence / (1 - prevalence)) - d * d / 2 + prevalence * d * d
    return mean, math.sqrt(d * d + prevalence * (1 - prevalence) * d**4)


def _people(table: FeatureTable, rows: Any) -> tuple[int, int]:
    own = {table.patients[i] for i in rows}
    return len(own), len({table.patients[i] for i in rows if table.outcome[i] == 1.0})


def _row(what: str, features: int | None, size: SampleSize, people: tuple[int, int]) -> dict[str, Any]:
    return {"what": what, "features": features, **size.document(), "there": people[0], "there_events": people[1]}


def _finding(code: str, *rows: dict[str, Any]) -> Finding:
    short = [row for row in rows if row["there"] < row["patients"]]
    said = "; ".join(f"{row['what']}: {row['there']} of {row['patients']}" for row in rows)
    return answer(
        code,
        Verdict.FAILED if short else Verdict.PASSED,
        f"Patients there and needed: {said}.",
        facts={f"needed_{i}": row["patients"] for i, row in enumerate(rows)} | {"there": rows[0]["there"]},
    )
