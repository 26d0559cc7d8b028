"""Laws of sites, pooling, utility and many tests.

Shares of variance lie in 0 to 1 and do not care about units or row order. A label that carries nothing has an AUC around one
half, whichever way it is cut. Equal effects pool to themselves. Treating all has the net benefit of a model that calls everybody.
Adjusted p-values are never smaller, keep their order and stay below one. Permutation p-values are uniform under the null.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radaudit.measures.discrimination import auc_estimate
from radaudit.measures.multiplicity import benjamini_hochberg, benjamini_yekutieli, effective_tests, holm
from radaudit.measures.pooling import expit_estimate, logit_variance, pool, pool_aucs, predict_auc_with_prior
from radaudit.measures.siteeffect import (
    cramers_v,
    midranks,
    site_effect,
    site_only_auc,
    standardised_difference,
    standardised_difference_of_levels,
    within_site_auc,
)
from radaudit.measures.siteprobe import site_probe
from radaudit.measures.utility import curve_of_all, decision_curve, decision_curve_difference, net_benefit

SEEDS = st.integers(0, 2**32 - 1)
P_VALUES = arrays(float, st.integers(1, 30), elements=st.floats(0, 1))


def sites_of(seed: int, n: int = 60, kinds: int = 4) -> tuple[np.random.Generator, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng, rng.permutation(np.arange(n) % kinds)


@settings(deadline=None)
@given(SEEDS, st.floats(0.01, 1000), st.floats(-1000, 1000), st.sampled_from(["values", "ranks"]))
def test_site_effects_do_not_care_about_units_or_row_order(seed: int, unit: float, zero: float, scale: str) -> None:
    rng, site = sites_of(seed)
    x = rng.normal(size=(60, 3)) + site[:, None] * [0.0, 0.3, 2.0]
    x[rng.random(x.shape) < 0.1] = np.nan
    order = rng.permutation(60)
    one, two = site_effect(x, site, scale=scale), site_effect(zero + unit * x[order], site[order], scale=scale)  # type: ignore[arg-type]
    assert two.eta2 == pytest.approx(one.eta2, abs=1e-8)
    assert two.p == pytest.approx(one.p, abs=1e-8)
    assert ((one.eta2 >= 0) & (one.eta2 <= 1)).all()


@settings(deadline=None)
@given(SEEDS)
def test_a_shift_of_whole_sites_explains_everything_and_no_site_nothing(seed: int) -> None:
    rng, site = sites_of(seed)
    shift = rng.permutation(4).astype(float)
    found = site_effect(np.column_stack([shift[site], np.full(60, 3.1)]), site)
    assert found.eta2[0] == pytest.approx(1)
    assert found.p[0] < 1e-12
    assert np.isnan(found.eta2[1])
    assert np.isnan(found.p[1])


@settings(deadline=None)
@given(arrays(float, st.tuples(st.integers(0, 20), st.integers(1, 3)), elements=st.sampled_from([1.0, 2.0, 3.0, np.nan])))
def test_midranks_equal_scipys_column_by_column(x: np.ndarray) -> None:
    from scipy.stats import rankdata

    for own, column in zip(midranks(x).T, x.T, strict=True):
        present = ~np.isnan(column)
        assert (own[present] == rankdata(column[present])).all()
        assert np.isnan(own[~present]).all()


def test_site_alone_is_one_half_on_average_where_sites_carry_nothing() -> None:
    rng = np.random.default_rng(5)
    found = [site_only_auc(rng.random(60) < 0.3, rng.integers(0, 5, 60)) for _ in range(600)]
    assert np.mean([e.value for e in found]) == pytest.approx(0.5, abs=0.015)
    assert np.mean([(e.low or 0) <= 0.5 <= (e.high or 0) for e in found]) > 0.93


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_leave_pair_out_equals_leaving_every_pair_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, site = rng.random(25) < 0.4, rng.integers(0, 4, 25)
    y[:2] = [True, False]
    wins = []
    for i in np.flatnonzero(y):
        for j in np.flatnonzero(~y):
            if site[i] == site[j]:
                wins.append(0.5)
                continue
            keep = np.ones(25, dtype=bool)
            keep[[i, j]] = False
            both = [y[keep & (site == s)].mean() if (keep & (site == s)).any() else y[keep].mean() for s in (site[i], site[j])]
            wins.append(0.5 if abs(both[0] - both[1]) < 1e-12 else float(both[0] > both[1]))
    assert site_only_auc(y, site).value == pytest.approx(np.mean(wins), abs=1e-12)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_within_one_site_the_auc_is_the_auc_and_site_shifts_are_ignored(seed: int) -> None:
    rng, site = sites_of(seed)
    y, s = rng.random(60) < 0.5, rng.normal(size=60)
    y[:8] = np.tile([True, False], 4)
    one, plain = within_site_auc(y, s, np.zeros(60)), auc_estimate(y, s)
    assert (one.value, one.low, one.high) == pytest.approx((plain.value, plain.low, plain.high), abs=1e-12)
    within, shifted = within_site_auc(y, s, site), within_site_auc(y, s + 100 * site, site)
    assert (within.value, within.low) == pytest.approx((shifted.value, shifted.low), abs=1e-12)


@settings(deadline=None)
@given(SEEDS)
def test_association_is_between_zero_and_one_and_symmetric(seed: int) -> None:
    rng, site = sites_of(seed)
    y = rng.random(60) < 0.4
    y[:2] = [True, False]
    one, two = cramers_v(site, y), cramers_v(y, site)
    assert one.v == pytest.approx(two.v)
    assert 0 <= (one.v or 0) <= 1
    assert cramers_v(site, site).v == pytest.approx(1)
    assert (one.corrected or 0) <= (one.v or 0) + 1e-12


@settings(deadline=None)
@given(SEEDS, st.floats(0.1, 10))
def test_standardised_differences_turn_round_with_the_groups_and_ignore_units(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=40), np.arange(40) % 2
    one = standardised_difference(x, group)
    assert one is not None
    assert standardised_difference(3 + unit * x, group) == pytest.approx(one)
    assert standardised_difference(x, 1 - group) == pytest.approx(-one)
    levels = rng.integers(0, 3, 40)
    assert standardised_difference_of_levels(levels, group) == pytest.approx(standardised_difference_of_levels(levels, 1 - group))


@settings(deadline=None)
@given(st.floats(-3, 3), st.lists(st.floats(0.01, 2), min_size=3, max_size=9), st.sampled_from(["reml", "dl", "fixed"]))
def test_equal_effects_pool_to_themselves_without_spread(value: float, variances: list[float], between: str) -> None:
    made = pool([value] * len(variances), variances, between=between, within="hksj-floor")  # type: ignore[arg-type]
    assert made.mean.value == pytest.approx(value, abs=1e-9)
    assert made.tau2 == pytest.approx(0, abs=1e-9)
    assert made.error == pytest.approx(sum(1 / v for v in variances) ** -0.5)


@given(SEEDS, st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_pooling_moves_with_its_values_and_ignores_their_order(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    y, v = rng.normal(size=6), rng.uniform(0.05, 0.5, 6)
    one, two = pool(y, v), pool((y + shift)[::-1], v[::-1])
    assert two.mean.value == pytest.approx((one.mean.value or 0) + shift, abs=1e-7)
    assert two.tau2 == pytest.approx(one.tau2, abs=1e-7)
    assert (one.prediction.low or 0) <= (one.mean.low or 0)
    assert one.weights.sum() == pytest.approx(1)


def test_reml_is_the_highest_point_of_the_restricted_likelihood() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        y, v = rng.normal(0, 0.6, 5), rng.uniform(0.02, 0.3, 5)
        found = pool(y, v).tau2

        def likelihood(tau2: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            w = 1 / (v + tau2)
            return float(0.5 * np.log(w).sum() - 0.5 * np.log(w.sum()) - 0.5 * w @ (y - w @ y / w.sum()) ** 2)

        assert likelihood(found) >= max(likelihood(t) for t in np.linspace(0, 3, 3001)) - 1e-12


def test_pooled_aucs_stay_within_zero_and_one_and_come_back_through_the_logit() -> None:
    rng = np.random.default_rng(4)
    sites = [auc_estimate(np.arange(40) % 2, rng.normal(size=40) + (np.arange(40) % 2)) for _ in range(5)]
    made = pool_aucs(sites)
    assert made.sites == 5
    ends = [made.prediction.low, made.auc.low, made.auc.value, made.auc.high, made.prediction.high]
    assert ends == sorted(ends, key=float)  # type: ignore[arg-type]
    assert 0 < float(ends[0] or 0) < float(ends[-1] or 0) < 1
    assert made.auc.patients == made.prediction_with_prior.patients == 200
    assert 0 < (made.prediction_with_prior.low or 0) < (made.prediction_with_prior.high or 0) < 1
    value, variance = logit_variance(sites[0]) or (0.0, 0.0)
    again = pool([value], [variance])
    assert expit_estimate(again.mean).low == pytest.approx(sites[0].low)


def test_the_prior_prediction_is_narrower_than_t_for_three_sites_and_wider_than_their_mean() -> None:
    found = predict_auc_with_prior([0.7, 0.75, 0.72], [0.001, 0.001, 0.002])
    certain = predict_auc_with_prior([0.72] * 3, [1e-9] * 3)
    assert 0.55 < (found.low or 0) < 0.72 < (found.high or 0) < 0.9
    width = (certain.high or 0) - (certain.low or 0)
    assert width == pytest.approx(2 * 1.96 * 0.055, rel=0.35)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_model_that_calls_everybody_is_treating_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, at = (rng.random(30) < 0.5).astype(float), np.array([0.0, 0.1, 0.5, 0.9])
    assert net_benefit(y, np.ones(30), at) == pytest.approx(curve_of_all(y == 1, at), abs=1e-13)
    assert net_benefit(y, np.zeros(30), at[1:]) == pytest.approx(np.zeros(3))
    assert net_benefit(y, y, at[1:]) == pytest.approx(np.full(3, y.mean()))
    risk = rng.random(30)
    assert (net_benefit(y, risk, at) <= y.mean() + 1e-13).all()
    if 0 < y.mean() < 1:
        assert net_benefit(y, risk, at, prevalence=y.mean()) == pytest.approx(net_benefit(y, risk, at), abs=1e-13)


def test_the_band_holds_the_curve_and_a_copy_differs_by_nothing() -> None:
    rng = np.random.default_rng(6)
    risk = rng.random(150)
    y = rng.random(150) < risk
    curve = decision_curve(y, risk, resamples=400, rng=rng)
    assert ((curve.low <= curve.model + 1e-12) & (curve.model <= curve.high + 1e-12)).all()
    copy = decision_curve_difference(y, risk, risk, resamples=50, rng=rng)
    assert (copy.model == 0).all()
    assert (copy.low == 0).all()
    worse = decision_curve_difference(y, risk, 1 - risk, resamples=50, rng=rng, thresholds=[0.5])
    assert worse.low[0] > 0


@settings(deadline=None)
@given(P_VALUES)
def test_adjusted_p_values_grow_keep_their_order_and_stay_below_one(p: np.ndarray) -> None:
    for adjust in (benjamini_hochberg, benjamini_yekutieli, holm):
        found = adjust(p)
        assert (found >= p - 1e-15).all()
        assert (found <= 1).all()
        assert (np.diff(found[np.argsort(p, kind="stable")]) >= -1e-15).all()
    assert (benjamini_hochberg(p) <= benjamini_yekutieli(p)).all()
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()


def test_effective_tests_count_independent_columns_and_not_copies() -> None:
    rng = np.random.default_rng(1)
    q, _ = np.linalg.qr(rng.normal(size=(50, 7)) - 0)
    q -= q.mean(axis=0)
    q, _ = np.linalg.qr(q)
    assert effective_tests(q) == pytest.approx(7)
    assert effective_tests(np.repeat(q[:, :1], 5, axis=1)) == pytest.approx(1)
    assert effective_tests(np.column_stack([q, np.ones(50)])) == pytest.approx(7)
    assert effective_tests(np.ones((5, 2))) == 0


def test_the_probe_finds_planted_sites_and_not_absent_ones() -> None:
    rng, site = sites_of(3, 120)
    x = rng.normal(size=(120, 30))
    quiet = site_probe(x, site, rng=rng)
    loud = site_probe(x + 2 * rng.normal(size=(4, 30))[site], site, rng=rng)
    assert quiet.null.p is not None
    assert quiet.null.p > 0.01
    assert loud.null.p == pytest.approx(1 / 201)
    assert (loud.accuracy.value or 0) > 0.9
    assert min(loud.aucs) > 0.95
    assert quiet.null.null.mean() == pytest.approx(0.25, abs=0.02)


def test_the_probes_p_is_uniform_under_the_null() -> None:
    rng = np.random.default_rng(9)
    found = []
    for _ in range(200):
        x, site = rng.normal(size=(30, 4)), rng.permutation(np.repeat([0, 1, 2], [15, 10, 5]))
        found.append(site_probe(x, site, rng=rng, permutations=39).null.p)
    share = [np.mean(np.array(found) <= a + 1e-9) for a in (0.1, 0.25, 0.5, 0.75)]
    assert share == pytest.approx([0.1, 0.25, 0.5, 0.75], abs=0.1)


def test_the_probe_ignores_units_and_counts_patients_not_rows() -> None:
    rng, site = sites_of(4, 60)
    x = rng.normal(size=(60, 8)) + site[:, None]
    one = site_probe(x, site, rng=np.random.default_rng(1))
    two = site_probe(5 + 0.01 * x, site, rng=np.random.default_rng(1))
    assert one.accuracy == two.accuracy
    three = site_probe(np.repeat(x, 3, axis=0), np.repeat(site, 3), patients=np.repeat(np.arange(60), 3), rng=np.random.default_rng(1))
    assert three.accuracy.patients == 60
    assert (three.accuracy.high or 0) - (three.accuracy.low or 0) > 0.8 * ((one.accuracy.high or 0) - (one.accuracy.low or 0))
