"""Section 7 for a continuous outcome: what the locked signature does on rows that nobody fitted anything on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.measures.regression import mean_error, regression_bootstrap, regression_line, regression_measure

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats
    from radaudit.study.frame import Frame

RESAMPLES = 2000
GROUPS = 6


def continuous_performance(
    frame: Frame, predicted: Floats, others: Mapping[str, Floats], rng: Callable[[str], Generator]
) -> dict[str, Any]:
    """Return every measure of section 7 for predictions (n,); ``others`` are the comparators' predictions on the same rows."""
    people = frame.patients.astype(str)
    intercept, slope = regression_line(frame.outcome, predicted, patients=people)
    return {
        "kind": "continuous",
        "measure": "r2",
        "patients": len(set(people.tolist())),
        "events": None,
        **{name: regression_measure(name, frame.outcome, predicted, patients=people).document() for name in ("r2", "rmse", "mae")},
        "r2_bootstrap": regression_bootstrap(
            "r2", frame.outcome, predicted, resamples=RESAMPLES, rng=rng("r2-bootstrap"), patients=people
        ).document(),
        "calibration_slope": slope.document(),
        "calibration_intercept": intercept.document(),
        "mean_error": mean_error(frame.outcome, predicted, patients=people).document(),
        "agreement": _groups(frame.outcome, predicted),
        "comparisons": [
            {
                "against": name,
                "r2": regression_measure("r2", frame.outcome, other, patients=people).document(),
                "delta": regression_bootstrap(
                    "r2", frame.outcome, predicted, resamples=RESAMPLES, rng=rng(f"delta-{name}"), patients=people, other=other
                ).document(),
            }
            for name, other in others.items()
        ],
    }


def _groups(outcome: Floats, predicted: Floats) -> list[dict[str, Any]]:
    """Return mean prediction and mean outcome with its interval in up to ``GROUPS`` ranges of rising prediction: never single patients."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    code = np.searchsorted(edges, predicted, side="left")
    rows = []
    for number in np.unique(code):
        at = code == number
        half = mean_error(outcome[at], np.zeros(int(at.sum())))
        rows.append(
            {
                "predicted": float(predicted[at].mean()),
                "observed": float(outcome[at].mean()),
                "low": half.low,
                "high": half.high,
                "rows": int(at.sum()),
            }
        )
    return rows
