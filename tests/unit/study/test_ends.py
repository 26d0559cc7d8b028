"""The kinds of outcome: what each refuses, how it deals folds, how it ranks features and what turns its score into a prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.models.link import BaselineHazard, Identity, Logistic
from radaudit.models.ranks import midranks
from radaudit.models.threshold import ThresholdPlan, choose_threshold
from radaudit.study.ends import end_of
from radaudit.study.frame import Frame, training_frame
from radaudit.tables import FeatureTable, Outcome, Roles


def table(kind: str, outcome: Any, time: Any = None, horizon: float = 5.0) -> FeatureTable:
    n = len(outcome)
    rng = np.random.default_rng(4)
    end = Outcome(kind=kind, column="y", event="1", time=None if time is None else "t", horizon=None if time is None else horizon)
    return FeatureTable.of(
        roles=Roles(patient="id", outcome=end),
        patients=[f"p{i:03d}" for i in range(n)],
        features=["a", "b"],
        values=rng.normal(size=(n, 2)),
        outcome=outcome,
        facts={} if time is None else {"t": [None if v is None else str(v) for v in time]},
    )


TIMES = [float(i + 1) for i in range(20)]
EVENTS = [1.0 if i % 3 else 0.0 for i in range(20)]


def frame() -> Frame:
    return training_frame(table("survival", EVENTS, TIMES), ())


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: table("survival", EVENTS, [None, *TIMES[1:]]), "OUT-073"),
        (lambda: table("survival", [0.0] * 20, TIMES), "OUT-101"),
        (lambda: table("survival", EVENTS, TIMES, 99.0), "OUT-102"),
        (lambda: table("binary", [1.0] * 20), "OUT-070"),
        (lambda: table("binary", [0.5] * 20), "OUT-073"),
        (lambda: table("continuous", [3.0] * 20), "OUT-100"),
        (lambda: table("continuous", [np.nan, *TIMES[1:]]), "OUT-073"),
    ],
)
def test_what_cannot_be_fitted_is_refused(made: Any, code: str) -> None:
    with pytest.raises(DesignError) as caught:
        training_frame(made(), ())
    assert caught.value.code == code


def test_early_events_are_dealt_evenly_and_censored_before_the_horizon_is_neither_class() -> None:
    rows = frame()
    end = rows.end
    assert end is end_of("survival")
    events = sum(EVENTS)
    assert 0.4 * events <= end.strata(rows).sum() <= 0.6 * events
    classes = end.classes(rows)
    assert [classes[0], classes[1], classes[6]] == [pytest.approx(np.nan, nan_ok=True), 1.0, 0.0]


def test_features_that_order_patients_come_first() -> None:
    rows = frame()
    assert rows.time is not None
    x = np.column_stack([-rows.time, np.random.default_rng(1).normal(size=len(rows)), rows.time])
    strength = rows.end.separation(midranks(x), x, rows) - 0.5
    assert strength[0] == pytest.approx(-strength[2])
    assert strength[0] > abs(strength[1])
    quantity = training_frame(table("continuous", TIMES), ())
    own = quantity.end.separation(midranks(x), x, quantity)
    assert (own[0], own[2]) == (pytest.approx(0.0), pytest.approx(1.0))


def test_links_are_those_of_the_kind() -> None:
    rows = frame()
    link = rows.end.link(rows, np.zeros(len(rows)))
    assert isinstance(link, BaselineHazard)
    assert (link.horizon, len(link.times)) == (5.0, 12)
    assert link.hazard[-1] > 0
    assert isinstance(end_of("binary").link(rows, np.zeros(20)), Logistic)
    assert isinstance(end_of("continuous").link(rows, np.zeros(20)), Identity)


def test_weights_of_one_choose_the_threshold_that_no_weights_choose_and_zero_leaves_a_row_out() -> None:
    y, risk = np.array([0, 1, 0, 1, 1, 0.0]), np.array([0.1, 0.4, 0.3, 0.8, 0.6, 0.5])
    plain = choose_threshold(y, risk, ThresholdPlan())
    assert choose_threshold(y, risk, ThresholdPlan(), weights=np.ones(6)) == plain
    less = choose_threshold(y[:5], risk[:5], ThresholdPlan())
    assert choose_threshold(y, risk, ThresholdPlan(), weights=[1, 1, 1, 1, 1, 0]) == less
    assert less.specificity == 1.0
