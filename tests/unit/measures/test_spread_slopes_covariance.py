"""Spread tests against scipy, slopes within strata against plain least squares and HC3, covariances against what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from radaudit.errors import DesignError
from radaudit.measures.groupcovariance import covariance_difference
from radaudit.measures.siteprobe import site_probe
from radaudit.measures.spread import spread_effect
from radaudit.measures.withinslopes import slope_changes, without_slopes


def rows(seed: int = 1, n: int = 60, p: int = 5) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return rng.standard_t(4, size=(n, p)), np.arange(n) % 3, rng


@pytest.mark.parametrize("centre", ["median", "mean"])
def test_spread_tests_equal_scipy(centre: str) -> None:
    x, group, _ = rows()
    x = x * np.array([1.0, 1.5, 2.0])[group][:, None]
    x[3, 0] = np.nan
    found = spread_effect(x, group, centre=centre)  # type: ignore[arg-type]
    for j in range(x.shape[1]):
        parts = [x[(group == g) & np.isfinite(x[:, j]), j] for g in range(3)]
        expected = stats.levene(*parts, center=centre)
        assert found.statistic[j] == pytest.approx(expected.statistic, abs=1e-10)
        assert found.p[j] == pytest.approx(expected.pvalue, abs=1e-10)


def test_an_unknown_centre_is_refused() -> None:
    x, group, _ = rows()
    with pytest.raises(DesignError) as refused:
        spread_effect(x, group, centre="mode")  # type: ignore[arg-type]
    assert refused.value.code == "PERF-006"


def test_slopes_and_their_hc3_errors_equal_least_squares_with_dummies() -> None:
    x, group, rng = rows()
    design = rng.normal(size=(60, 2))
    after = x + 0.3 * design[:, :1] + 0.1 * rng.normal(size=x.shape)
    found = slope_changes(x, after, design, group, np.arange(60))
    full = np.column_stack([design, group[:, None] == np.arange(3)]).astype(float)
    inverse = np.linalg.inv(full.T @ full)
    leverage = np.einsum("ij,jk,ik->i", full, inverse, full)
    for j in range(5):
        sd = np.sqrt(sum(((x[group == g, j] - x[group == g, j].mean()) ** 2).sum() for g in range(3)) / (60 - 3 - 2))
        difference = (after[:, j] - x[:, j]) / sd
        slope = inverse @ full.T @ difference
        residual = (difference - full @ slope) / (1 - leverage)
        error = np.sqrt(np.diag(inverse @ full.T @ np.diag(residual**2) @ full @ inverse))
        reach = stats.t.ppf(0.975, 55)
        assert found.change[:, j] == pytest.approx(slope[:2], abs=1e-10)
        assert found.high[:, j] == pytest.approx(slope[:2] + reach * error[:2], abs=1e-10)
        assert found.p[:, j] == pytest.approx(2 * stats.t.sf(np.abs(slope[:2] / error[:2]), 55), abs=1e-10)


def test_net_rows_have_no_slope_left_and_keep_their_means() -> None:
    x, group, rng = rows()
    design = rng.normal(size=(60, 2))
    net = without_slopes(x, design, group)
    assert slope_changes(x, net, design, group, np.arange(60)).after == pytest.approx(np.zeros((2, 5)), abs=1e-10)
    assert net.mean(axis=0) == pytest.approx(x.mean(axis=0), abs=1e-12)


def test_a_column_that_is_constant_within_strata_has_no_slope() -> None:
    x, group, rng = rows()
    design = np.column_stack([group.astype(float), rng.normal(size=60)])
    found = slope_changes(x, x, design, group, np.arange(60))
    assert np.isnan(found.before[0]).all()
    assert np.isfinite(found.before[1]).all()


def test_groups_whose_features_go_together_otherwise_are_seen_and_alike_ones_are_not() -> None:
    rng = np.random.default_rng(5)
    group = np.arange(120) % 2
    z = rng.normal(size=(120, 6))
    other = z.copy()
    other[:, 1] = np.where(group == 1, 0.9 * z[:, 0] + 0.4 * z[:, 1], z[:, 1])
    other[:, 3] = np.where(group == 1, 0.9 * z[:, 2] + 0.4 * z[:, 3], z[:, 3])
    p = [covariance_difference(x, group, rng=np.random.default_rng(1), components=6).p or 0.0 for x in (z, other)]
    assert p[0] > 0.05
    assert p[1] < 0.02


def test_means_and_spreads_do_not_count_as_covariance() -> None:
    x, group, _ = rows(n=90)
    moved = x * np.array([1.0, 5.0, 0.2])[group][:, None] + 10.0 * group[:, None]
    values = [covariance_difference(own, group, rng=np.random.default_rng(1)).value for own in (x, moved)]
    assert values[0] == pytest.approx(values[1], abs=1e-10)


def test_the_probe_of_a_crossed_design_shuffles_within_patients() -> None:
    rng = np.random.default_rng(2)
    patient, site = np.repeat(np.arange(30), 3), np.tile(np.arange(3), 30)
    x = rng.normal(size=(30, 8))[patient] + 0.3 * rng.normal(size=(90, 8))
    alike = site_probe(x, site, rng=np.random.default_rng(1), patients=patient, crossed=True)
    apart = site_probe(x + 0.5 * site[:, None], site, rng=np.random.default_rng(1), patients=patient, crossed=True)
    assert alike.null.p is not None
    assert alike.null.p > 0.01
    assert apart.null.p is not None
    assert apart.null.p <= 0.01
    with pytest.raises(DesignError) as refused:
        site_probe(x, site, rng=rng, patients=patient)
    assert refused.value.code == "PERF-007"
