"""Laws of discrimination.

The AUC is a share of pairs: reversing the risk gives one minus it, monotone maps and row order change nothing, counts of ones
give it back, and counts are the same as repeating rows. DeLong's variance is a covariance: symmetric, positive, zero for a copy's
difference, and equal to Obuchowski's when every patient has one row. Intervals hold their value and stay within 0 to 1.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.measures.auc_resampling import auc_bootstrap, auc_by_counts, auc_left_out, auc_permutation
from radaudit.measures.discrimination import auc, auc_difference, auc_estimate, delong, newcombe_interval
from radaudit.measures.resampling import draw_counts, leave_one_out_counts
from radaudit.measures.roc import partial_auc, roc_band, roc_points
from radaudit.measures.rows import scored


@st.composite
def rows(draw: st.DrawFn, least: int = 4, most: int = 40) -> tuple[np.ndarray, np.ndarray]:
    size = draw(st.integers(least, most))
    outcome = draw(st.lists(st.booleans(), min_size=size, max_size=size).filter(lambda y: 2 <= sum(y) <= len(y) - 2))
    risk = draw(st.lists(st.integers(-6, 6), min_size=size, max_size=size))
    return np.array(outcome, dtype=float), np.array(risk, dtype=float)


@settings(deadline=None)
@given(rows())
def test_reversing_the_risk_gives_one_minus_the_auc(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    assert auc(y, -s) == pytest.approx(1 - auc(y, s), abs=1e-14)
    assert auc(1 - y, s) == pytest.approx(1 - auc(y, s), abs=1e-14)


@settings(deadline=None)
@given(rows(), st.randoms(use_true_random=False))
def test_monotone_maps_and_row_order_change_nothing(data: tuple[np.ndarray, np.ndarray], random: object) -> None:
    y, s = data
    order = np.argsort(np.random.default_rng(len(y)).random(y.size))
    before, after = auc_estimate(y, s), auc_estimate(y[order], np.exp(s[order] / 3) + 7)
    assert after.value == before.value
    assert (after.low, after.high) == pytest.approx((before.low, before.high), abs=1e-12)


@settings(deadline=None)
@given(rows())
def test_the_auc_is_the_share_of_pairs(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    hits, misses = s[y == 1], s[y == 0]
    pairs = np.sign(hits[:, None] - misses[None, :])
    assert auc(y, s) == pytest.approx((pairs.mean() + 1) / 2, abs=1e-14)


@settings(deadline=None)
@given(rows())
def test_counts_of_ones_give_the_auc_and_counts_are_repeated_rows(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    assert auc_by_counts(y, s, np.ones((1, y.size)))[0] == auc(y, s)
    counts = draw_counts(y.size, 5, np.random.default_rng(3), strata=y)
    for b, found in enumerate(auc_by_counts(y, s, counts)):
        picked = np.repeat(np.arange(y.size), counts[b])
        assert found == pytest.approx(auc(y[picked], s[picked]), abs=1e-13)


@settings(deadline=None)
@given(rows())
def test_leaving_one_out_in_closed_form_is_leaving_one_out(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    assert auc_left_out(scored(y, s)) == pytest.approx(auc_by_counts(y, s, leave_one_out_counts(np.arange(y.size))), abs=1e-12)


@settings(deadline=None)
@given(rows())
def test_one_row_per_patient_makes_obuchowski_delong(data: tuple[np.ndarray, np.ndarray]) -> None:
    from radaudit.measures.discrimination import _by_patient, placements

    y, s = data
    value, shares = placements(y == 1, s)
    assert _by_patient((shares - value)[None, :], y == 1, scored(y, s))[0, 0] == pytest.approx(delong(y, [s]).covariance[0, 0], abs=1e-14)


@settings(deadline=None)
@given(rows())
def test_the_covariance_is_symmetric_and_positive(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    found = delong(y, [s, s**2, -s])
    assert found.covariance == pytest.approx(found.covariance.T, abs=1e-15)
    assert np.linalg.eigvalsh(found.covariance).min() > -1e-12
    assert found.covariance[0, 2] == pytest.approx(-found.covariance[0, 0], abs=1e-14)


@settings(deadline=None)
@given(rows())
def test_a_model_compared_with_its_copy_differs_by_nothing(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    gap = auc_difference(y, s, 2 * s + 1)
    assert gap.difference.value == 0
    assert gap.p is None
    assert gap.difference.reason


@settings(deadline=None)
@given(rows(), st.sampled_from(["logit", "plain", "newcombe"]), st.sampled_from([0.5, 0.9, 0.99]))
def test_intervals_hold_their_value_and_stay_within_zero_and_one(data: tuple[np.ndarray, np.ndarray], scale: str, level: float) -> None:
    e = auc_estimate(*data, level, scale=scale)  # type: ignore[arg-type]
    assert e.value is not None
    assert e.low is not None
    assert e.high is not None
    assert 0 <= e.low <= e.value <= e.high <= 1
    assert e.high > e.low


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1))
def test_newcombes_bounds_solve_their_equation(hits: int, misses: int, value: float) -> None:
    low, high = newcombe_interval(value, hits, misses, 0.95)
    assert low <= value <= high
    size = (hits + misses) / 2
    for a in (low, high):
        if 0 < a < 1 and a != value:
            spread = a * (1 - a) * (1 + (size - 1) * ((1 - a) / (2 - a) + a / (1 + a))) / (hits * misses)
            assert abs(value - a) == pytest.approx(1.959963984540054 * spread**0.5, abs=1e-7)


@settings(deadline=None)
@given(rows())
def test_the_curve_climbs_and_its_area_is_the_auc(data: tuple[np.ndarray, np.ndarray]) -> None:
    y, s = data
    curve = roc_points(y, s)
    assert (np.diff(curve.fpr) >= 0).all()
    assert (np.diff(curve.tpr) >= 0).all()
    assert (curve.fpr[-1], curve.tpr[-1]) == (1, 1)
    assert partial_auc(y, s, most_fpr=1) == pytest.approx(auc(y, s), abs=1e-13)


@settings(max_examples=20, deadline=None)
@given(rows(least=10))
def test_the_band_starts_low_ends_at_one_and_holds_the_curve_between_its_bounds_there(data: tuple[np.ndarray, np.ndarray]) -> None:
    band = roc_band(*data, resamples=50, rng=np.random.default_rng(1))
    assert (band.low <= band.high).all()
    assert band.tpr[-1] == band.low[-1] == band.high[-1] == 1
    assert (np.diff(band.tpr) >= -1e-15).all()


def test_delongs_variance_agrees_with_the_bootstrap() -> None:
    rng = np.random.default_rng(11)
    y = np.arange(300) % 3 == 0
    s = rng.normal(size=300) + 0.8 * y
    deviation = auc_by_counts(y, s, draw_counts(300, 4000, rng)).std()
    assert delong(y, [s]).covariance[0, 0] ** 0.5 == pytest.approx(deviation, rel=0.05)


def test_obuchowskis_variance_agrees_with_the_bootstrap_of_patients() -> None:
    rng = np.random.default_rng(12)
    patient = np.repeat(np.arange(150), 3)
    tilt = np.repeat(rng.normal(size=150), 3)
    y = (tilt + rng.normal(size=450)) > 0.5
    s = tilt + 0.7 * y + rng.normal(size=450)
    deviation = auc_by_counts(y, s, draw_counts(450, 4000, rng, patients=patient)).std()
    by_row, by_patient = (delong(y, [s], patients=p).covariance[0, 0] ** 0.5 for p in (None, patient))
    assert by_patient == pytest.approx(deviation, rel=0.06)
    assert by_patient > by_row


def test_permutation_p_is_uniform_under_the_null() -> None:
    rng = np.random.default_rng(13)
    found = []
    for _ in range(400):
        y, s = rng.permutation(np.arange(24) % 2), rng.normal(size=24)
        found.append(auc_permutation(y, s, permutations=99, rng=rng).p)
    share = np.array([np.mean(np.array(found) <= a) for a in (0.05, 0.2, 0.5, 0.8)])
    assert share == pytest.approx([0.05, 0.2, 0.5, 0.8], abs=0.07)


def test_permuting_within_strata_leaves_between_strata_signal_unrewarded() -> None:
    rng = np.random.default_rng(14)
    site = np.repeat([0, 1], 60)
    y = rng.random(120) < np.where(site == 1, 0.8, 0.2)
    s = site + 0.01 * rng.normal(size=120)
    free = auc_permutation(y, s, permutations=499, rng=rng)
    within = auc_permutation(y, s, permutations=499, rng=rng, within=site)
    assert free.p is not None
    assert within.p is not None
    assert free.p < 0.01 < within.p
    assert within.null.mean() > 0.7


def test_patients_are_drawn_whole_and_strata_keep_their_sizes() -> None:
    patient = np.repeat(np.arange(10), 3)
    event = np.repeat(np.arange(10) < 4, 3)
    counts = draw_counts(30, 200, np.random.default_rng(2), patients=patient, strata=event)
    assert (counts.reshape(200, 10, 3) == counts.reshape(200, 10, 3)[:, :, :1]).all()
    assert (counts[:, event].sum(axis=1) == 12).all()
    assert (counts[:, ~event].sum(axis=1) == 18).all()


def test_the_same_generator_gives_the_same_interval() -> None:
    y, s = np.arange(40) % 2, np.random.default_rng(1).normal(size=40)
    one, two = (auc_bootstrap(y, s, resamples=300, rng=np.random.default_rng(9), interval="bca") for _ in range(2))
    assert one == two
