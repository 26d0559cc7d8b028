"""What survival and regression measures say at the edges: no events, nobody beyond the horizon, ties only, wrong input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.followup import followed
from radaudit.followup.cox import fit_cox
from radaudit.measures.concordance import c_difference, c_index, c_index_bootstrap, c_of_counts, concordances, pairs_of
from radaudit.measures.concordance_permutation import c_permutation
from radaudit.measures.horizon import (
    auc_of_counts,
    bootstrapped,
    brier_of_counts,
    integrated_brier_of_counts,
    jackknifed,
    observed_of_counts,
)
from radaudit.measures.kaplan_meier import kaplan_meier, log_rank, restricted_mean, restricted_mean_difference
from radaudit.measures.regression import mean_error, regression_bootstrap, regression_line, regression_measure
from radaudit.measures.survival_calibration import observed_over_expected, survival_calibration, survival_risk_groups, survival_slope
from radaudit.measures.survival_utility import survival_decision_curve
from radaudit.models.losses import SquaredLoss, cox_loss

TIME, EVENT = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.0, 0, 1, 0, 1, 0])
ROWS = followed(TIME, EVENT)
CENSORED = followed(TIME, np.zeros(6))
RISK = np.linspace(0.9, 0.1, 6)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: followed([1.0, -1.0], [1, 0]), "PERF-120"),
        (lambda: followed([1.0, np.nan], [1, 0]), "PERF-120"),
        (lambda: followed([1.0, 2.0], [1, 2]), "PERF-121"),
        (lambda: followed([1.0, 2.0], [1]), "PERF-001"),
        (lambda: c_index(ROWS, [1.0]), "PERF-001"),
        (lambda: pairs_of(ROWS, RISK, "gonen"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: auc_of_counts(ROWS, RISK, 0.0), "PERF-122"),
        (lambda: brier_of_counts(ROWS, RISK + 1, 3.0), "PERF-005"),
        (lambda: integrated_brier_of_counts(ROWS, RISK[:, None], [3.0, 2.0]), "PERF-122"),
        (lambda: log_rank(ROWS, ["a"] * 6), "PERF-123"),
        (lambda: kaplan_meier(ROWS, transform="arcsine"), "PERF-006"),  # type: ignore[arg-type]
        (lambda: cox_loss(TIME, np.zeros(6)), "OUT-101"),
        (lambda: SquaredLoss(y=np.ones(4)).start, "OUT-100"),
        (lambda: regression_measure("r2", [1.0, 2.0], [1.0]), "PERF-001"),
    ],
)
def test_wrong_input_is_refused_with_a_code(call: Callable[[], object], code: str) -> None:
    with pytest.raises(DesignError) as caught:
        call()
    assert caught.value.code == code


def test_a_table_of_all_pairs_has_a_limit() -> None:
    many = followed(np.arange(1.0, 3002.0), np.ones(3001))
    with pytest.raises(DesignError) as caught:
        c_of_counts(many, np.arange(3001.0), np.ones((1, 3001)))
    assert caught.value.code == "PERF-136"


def test_without_events_every_answer_has_a_reason() -> None:
    rng = np.random.default_rng(1)
    for found in (c_index(CENSORED, RISK), c_difference(CENSORED, RISK, -RISK).difference, survival_slope(CENSORED, RISK)):
        assert found.value is None
        assert found.reason
    assert c_index_bootstrap(CENSORED, RISK, resamples=10, rng=rng).value is None
    assert c_permutation(CENSORED, RISK, permutations=10, rng=rng).reason == "no comparable pair"
    assert np.isnan(concordances(CENSORED, RISK[None, :])).all()
    assert survival_calibration(CENSORED, RISK, 3.0).reason == "no event"
    assert observed_over_expected(CENSORED, RISK, 3.0).low is None


def test_beyond_all_follow_up_nothing_is_made_up() -> None:
    assert np.isnan(observed_of_counts(ROWS, 9.0)[0])
    assert np.isnan(brier_of_counts(ROWS, RISK, 9.0)[0])
    assert restricted_mean(ROWS, 9.0).value is None
    assert restricted_mean_difference(ROWS, ROWS, 9.0).difference.value is None
    assert observed_over_expected(ROWS, RISK, 9.0).value is None
    assert survival_calibration(ROWS, RISK, 9.0).reason
    assert survival_decision_curve(ROWS, RISK, 9.0).reason
    assert survival_risk_groups(ROWS, RISK, 9.0, groups=2)[0].observed.value is None
    everybody = followed(TIME, np.ones(6))
    assert observed_of_counts(everybody, 9.0)[0] == 1.0


def test_a_perfect_order_has_no_variance_and_says_so() -> None:
    found = c_index(followed(TIME, np.ones(6)), -TIME)
    assert (found.value, found.low) == (1.0, None)
    assert found.reason
    assert c_difference(ROWS, RISK, RISK).p is None


def test_several_rows_of_a_patient_widen_the_interval_and_count_once() -> None:
    rng = np.random.default_rng(5)
    time, score = rng.exponential(size=40), rng.normal(size=40)
    event = (rng.random(40) < 0.7).astype(float)
    single = c_index(followed(time, event), score)
    who = np.repeat(np.arange(40), 3)
    rows = followed(time[who], event[who], who)
    tripled = c_index(rows, score[who])
    assert (tripled.patients, tripled.events) == (40, single.events)
    assert tripled.value == pytest.approx(single.value)
    assert tripled.high - tripled.low == pytest.approx(single.high - single.low, rel=1e-9)
    boot = bootstrapped(rows, lambda counts: auc_of_counts(rows, score[who], 0.5, counts), resamples=200, rng=rng)
    jack = jackknifed(rows, lambda counts: auc_of_counts(rows, score[who], 0.5, counts), scale="logit", what="AUC")
    assert boot.patients == jack.patients == 40
    assert jack.high - jack.low == pytest.approx(boot.high - boot.low, rel=0.4)


def test_a_column_that_separates_early_from_late_is_not_said_to_have_converged() -> None:
    fit = fit_cox(followed(TIME, np.ones(6)), -TIME[:, None])
    assert not fit.converged
    assert np.isfinite(fit.coefficients).all()
    flat = fit_cox(ROWS, np.ones((6, 1)))
    assert flat.coefficients[0] == 0.0


def test_follow_up_that_differs_within_a_patient_is_not_shuffled() -> None:
    rows = followed([1.0, 2.0, 3.0], [1, 1, 0], ["a", "a", "b"])
    assert "differs" in str(c_permutation(rows, [3.0, 2.0, 1.0], permutations=5, rng=np.random.default_rng(1)).reason)


def test_regression_measures_at_the_edges() -> None:
    assert regression_measure("r2", [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]).value is None
    assert regression_line([1.0, 2.0], [1.0, 2.0])[1].value is None
    assert mean_error([1.0], [1.0]).value is None
    y = np.arange(20.0)
    perfect = regression_measure("r2", y, y)
    assert perfect.value == pytest.approx(1.0)
    assert regression_measure("rmse", y, y).value == 0.0
    clustered = regression_line(np.repeat(y, 2) + np.tile([0.0, 1.0], 20), np.repeat(y, 2), patients=np.repeat(np.arange(20), 2))[1]
    assert "by patient" in clustered.method
    gain = regression_bootstrap("r2", y, y + 0.1, resamples=50, rng=np.random.default_rng(1), other=np.full(20, 9.5))
    assert gain.value > 0.9
