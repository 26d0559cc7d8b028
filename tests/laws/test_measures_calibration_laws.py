"""Laws of calibration.

Risks that come from the recalibration itself have slope 1 and intercept 0; scaling the logit divides the slope, shifting it
subtracts from the intercept. The Brier score of the outcome itself is 0, of the prevalence gives IPA 0. Counts of ones give every
measure back. A smooth curve of a straight line is that line.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.measures.calibration import (
    brier,
    calibration_bootstrap,
    calibration_in_the_large,
    calibration_intercept,
    calibration_replicates,
    calibration_slope,
    observed_to_expected,
    scaled_brier,
    spiegelhalter,
)
from radaudit.measures.calibration_curve import calibration_curve, calibration_distances, loess_weights, risk_groups
from radaudit.measures.logistic import probability
from radaudit.measures.resampling import draw_counts


def noisy(seed: int, size: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.normal(-0.5, 1.2, size)
    outcome = rng.random(size) < probability(score)
    outcome[:2] = [True, False]
    return outcome.astype(float), score


SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0.4, 2.5), st.floats(-1, 1))
def test_stretching_and_shifting_the_logit_moves_slope_and_intercept_back(seed: int, stretch: float, shift: float) -> None:
    y, score = noisy(seed)
    slope, intercept = calibration_slope(y, probability(score)), calibration_intercept(y, probability(score))
    moved = probability(shift + stretch * score)
    assert slope.value is not None
    assert intercept.value is not None
    after = calibration_slope(y, moved).value
    assert after == pytest.approx(slope.value / stretch, rel=1e-6)
    assert calibration_intercept(y, moved).value == pytest.approx(intercept.value - shift * slope.value / stretch, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_recalibrated_risks_are_calibrated(seed: int) -> None:
    y, score = noisy(seed)
    slope, intercept = calibration_slope(y, probability(score)).value, calibration_intercept(y, probability(score)).value
    assert slope is not None
    again = probability(intercept + slope * score)
    assert calibration_slope(y, again).value == pytest.approx(1, abs=1e-7)
    assert calibration_intercept(y, again).value == pytest.approx(0, abs=1e-7)
    assert calibration_in_the_large(y, again).value == pytest.approx(0, abs=1e-7)
    assert observed_to_expected(y, again).value == pytest.approx(1, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_profile_and_wald_bounds_hold_the_estimate_and_agree_roughly(seed: int) -> None:
    y, score = noisy(seed)
    for measure in (calibration_slope, calibration_intercept, calibration_in_the_large):
        wald, profile = measure(y, probability(score)), measure(y, probability(score), bounds="profile")
        assert wald.value == profile.value
        assert profile.low is not None
        assert profile.high is not None
        assert wald.value is not None
        assert profile.low < wald.value < profile.high
        assert wald.low is not None
        assert wald.high is not None
        assert (profile.high - profile.low) / (wald.high - wald.low) == pytest.approx(1, abs=0.35)


@settings(deadline=None)
@given(SEEDS)
def test_the_brier_score_of_truth_is_zero_and_of_the_prevalence_scores_nothing(seed: int) -> None:
    y, _ = noisy(seed)
    assert brier(y, y).value == 0
    assert scaled_brier(y, y).value == 1
    assert scaled_brier(y, np.full(y.size, y.mean())).value == pytest.approx(0, abs=1e-12)
    flat = brier(y, np.full(y.size, 0.5))
    assert (flat.value, flat.low, flat.high) == (0.25, 0.25, 0.25)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_counts_of_ones_and_repeated_rows_give_the_measures_back(seed: int) -> None:
    y, score = noisy(seed, 80)
    risk = probability(score)
    counts = np.vstack([np.ones(y.size, dtype=int), draw_counts(y.size, 3, np.random.default_rng(seed), strata=y)])
    found = calibration_replicates(y == 1, risk, counts)
    for b, row in enumerate(counts):
        picked = np.repeat(np.arange(y.size), row)
        expected = {
            "in_the_large": calibration_in_the_large(y[picked], risk[picked]).value,
            "intercept": calibration_intercept(y[picked], risk[picked]).value,
            "slope": calibration_slope(y[picked], risk[picked]).value,
            "brier": brier(y[picked], risk[picked]).value,
            "scaled_brier": scaled_brier(y[picked], risk[picked]).value,
        }
        for name, value in expected.items():
            assert found[name][b] == pytest.approx(value, abs=1e-7), name


@given(st.lists(st.floats(0.01, 0.99), min_size=25, max_size=60, unique=True), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
@settings(max_examples=25, deadline=None)
def test_the_loess_operator_reproduces_every_parabola(risks: list[float], a: float, b: float, c: float) -> None:
    risk = np.sort(np.array(risks))
    if np.diff(risk).min() < 1e-3:
        risk = np.linspace(0.05, 0.95, risk.size)
    at = np.linspace(risk[0], risk[-1], 7)
    assert loess_weights(risk, at) @ (a + b * risk + c * risk**2) == pytest.approx(a + b * at + c * at**2, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["loess", "spline"]))
def test_curves_stay_in_range_within_their_band_and_distances_are_ordered(seed: int, method: str) -> None:
    y, score = noisy(seed)
    curve = calibration_curve(y, probability(score), method=method)  # type: ignore[arg-type]
    if curve.reason is not None:
        assert method == "spline"
        return
    assert (curve.low >= 0).all()
    assert (curve.high <= 1).all()
    assert (curve.low <= curve.observed + 1e-12).all()
    assert (curve.observed <= curve.high + 1e-12).all()
    found = calibration_distances(y, probability(score), method=method)  # type: ignore[arg-type]
    e50, e90, emax = (found[name].value or 0 for name in ("e50", "e90", "emax"))
    assert 0 <= e50 <= e90 <= emax <= 1
    assert 0 < (found["ici"].value or 0) <= emax


@settings(deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.integers(1, 12))
def test_groups_hold_every_row_once_and_never_part_equal_risks(tenths: list[int], groups: int) -> None:
    risk = np.array(tenths) / 10
    outcome = (np.arange(risk.size) % 2).astype(float)
    parts = risk_groups(outcome, risk, groups=groups)
    assert sum(p.observed.patients or 0 for p in parts) == risk.size
    assert len(parts) <= groups
    assert all(one.high < two.low for one, two in itertools.pairwise(parts))


def test_spiegelhalters_z_is_standard_normal_for_true_risks() -> None:
    rng = np.random.default_rng(3)
    risk = rng.uniform(0.05, 0.95, size=(600, 100))
    z = [spiegelhalter(rng.random(100) < r, r).statistic for r in risk]
    assert np.mean(z) == pytest.approx(0, abs=0.12)
    assert np.std(z) == pytest.approx(1, abs=0.09)


def test_bootstrap_and_wald_intervals_of_the_slope_agree() -> None:
    y, score = noisy(5, 500)
    found = calibration_bootstrap(y, probability(score), resamples=800, rng=np.random.default_rng(1))["slope"]
    wald = calibration_slope(y, probability(score))
    assert (found.low, found.high) == pytest.approx((wald.low, wald.high), abs=0.08)
