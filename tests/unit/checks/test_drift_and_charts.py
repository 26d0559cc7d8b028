"""Distances between a site and the others against scipy and by hand; control charts against a textbook, a plain loop and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from radaudit.checks import drift
from radaudit.checks.charts import BASELINE, INTERVAL, chart, chart_lines
from radaudit.checks.drift import beyond_chance, distances, sampled


def psi_by_hand(ours: list[float], theirs: list[float]) -> float:
    """The index with tenths of the others: a value's tenth is the share of the others below it."""
    counts = np.full((2, 10), 0.5)
    for side, values in enumerate((ours, theirs)):
        for value in values:
            counts[side, min(9, 10 * sum(other < value for other in theirs) // len(theirs))] += 1
    p, q = counts[0] / (len(ours) + 5), counts[1] / (len(theirs) + 5)
    return float(sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(10, 40), st.integers(10, 60), st.integers(1, 30), st.booleans())
def test_both_distances_equal_scipy_and_the_sum_by_hand(seed: int, here: int, elsewhere: int, levels: int, gaps: bool) -> None:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(3, here + elsewhere)) * levels) / levels  # ties
    x[:, :here] += 0.5
    if gaps:
        x[1, rng.random(here + elsewhere) < 0.2] = np.nan
    codes = np.array([0] * here + [1] * elsewhere)
    d, index, ours, theirs = distances(x, codes, 2)
    for j in range(3):
        a, b = x[j, :here], x[j, here:]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        assert (ours[0, j], theirs[0, j]) == (len(a), len(b))
        if min(len(a), len(b)) < drift.LEAST_ROWS:
            assert math.isnan(d[0, j])
            continue
        assert d[0, j] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
        assert d[1, j] == pytest.approx(d[0, j], abs=1e-12)  # of two sites, each is the other's rest
        assert index[0, j] == pytest.approx(psi_by_hand(a.tolist(), b.tolist()), abs=1e-12)


def test_what_chance_makes_is_not_told() -> None:
    """On 200 null tables of 3 sites and 40 features, the family-wise share of tables with any told distance stays below 5 % + 3 SE."""
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(3), 40)
    told_d = told_index = 0
    for _ in range(200):
        found = distances(rng.normal(size=(40, 120)), codes, 3)
        d, index = beyond_chance(*found, 0.05)
        told_d += bool((d > 0).any())
        told_index += bool((index > 0).any())
    limit = 200 * 0.05 + 3 * math.sqrt(200 * 0.05 * 0.95)
    assert told_d <= limit
    assert told_index <= limit


def test_the_quantile_of_chi_squared_equals_scipy() -> None:
    for tail in (0.05, 1e-3, 1e-6, 1e-9):
        assert drift._quantile(9, tail) == pytest.approx(stats.chi2.isf(tail, 9), rel=1e-9)


def test_of_large_sites_an_even_sample_is_compared_and_small_ones_stay_whole() -> None:
    sizes = np.array([5000, 12, 9000])
    picks = sampled(sizes)
    assert len(picks) <= drift.MOST_ROWS
    assert [int(((picks >= a) & (picks < b)).sum()) for a, b in ((0, 5000), (5000, 5012), (5012, 14012))] == [1000, 12, 1000]
    assert len(np.unique(picks)) == len(picks)
    assert sampled(np.array([4, 5])).tolist() == list(range(9))


# Montgomery, Introduction to Statistical Quality Control, example 9.1: target 10, sigma 1, k = 0.5, h = 5; shifted after observation 20
MONTGOMERY = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84,
    10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip
UPPER = [
    0, 0, 0, 1.16, 2.82, 2.50, 0.04, 1.00, 0, 0, 0, 0.97, 0.98, 0, 0, 0, 0.12, 0, 0, 0.34,
    0.74, 0, 1.79, 2.79, 2.89, 3.47, 3.35, 4.47, 5.28, 5.30,
]  # fmt: skip
LOWER = [
    0.05, 1.56, 1.77, 0, 0, 0, 1.46, 0, 0.30, 0, 0.47, 0, 0, 0.10, 0, 0.13, 0, 0, 0.98, 0,
    0, 0.17, 0, 0, 0, 0, 0, 0, 0, 0,
]  # fmt: skip


def test_the_sums_are_those_of_the_textbook() -> None:
    """A baseline with mean 10 and mean moving range 1.128 stands before the 30 observations; the alarm is at observation 29."""
    before = [10 + 0.564 * (-1) ** i for i in range(50)]
    found = chart(np.array([[*before, *MONTGOMERY]]).T, baseline=50, interval=5.0)
    assert found.centre[0] == pytest.approx(10)
    assert found.sigma[0] == pytest.approx(1)
    assert found.upper[:, 0].round(2).tolist() == pytest.approx(UPPER, abs=0.011)
    assert found.lower[:, 0].round(2).tolist() == pytest.approx(LOWER, abs=0.011)
    assert found.first[0] == 50 + 28


def test_individuals_and_moving_ranges_are_those_of_a_plain_loop() -> None:
    """The formulas of R qcc: xbar.one with std.dev = "MR", and R charts of ranges of two with D4 = 3.267."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=120)
    x[70] += 6
    found = chart(x[:, None])
    ranges = [abs(x[i] - x[i - 1]) for i in range(1, BASELINE)]
    mean_range = sum(ranges) / len(ranges)
    centre, sigma = sum(x[:BASELINE]) / BASELINE, mean_range / 1.128
    assert np.flatnonzero(found.individuals[:, 0]).tolist() == [i for i in range(120) if abs(x[i] - centre) > 3 * sigma]
    assert np.flatnonzero(found.ranges[:, 0]).tolist() == [i for i in range(1, 120) if abs(x[i] - x[i - 1]) > 3.267 * mean_range]
    assert 70 in np.flatnonzero(found.individuals[:, 0])


def test_a_step_of_one_sd_is_found_within_twenty_scans_in_nine_of_ten_series_and_false_alarms_are_as_stated() -> None:
    rng = np.random.default_rng(6)
    series = 20_000
    x = rng.normal(size=(BASELINE + 20, series))
    x[BASELINE:] += 1.0
    assert (chart(x).first >= 0).mean() >= 0.90
    quiet = chart(rng.normal(size=(BASELINE + 100, series))).first
    assert 0.36 <= (quiet >= 0).mean() <= 0.40  # the docstring says 38 %
    assert INTERVAL == 4.77


def test_a_site_in_control_is_told_in_less_than_one_of_fifty_series() -> None:
    """60 features of 10 common factors, 200 scans: correlated features give alarms together more often than independent ones."""
    rng = np.random.default_rng(7)
    loads = rng.normal(size=(10, 60))
    told = 0
    for _ in range(150):
        values = rng.normal(size=(200, 10)) @ loads + rng.normal(size=(200, 60))
        (line,) = chart_lines(values, ["A"] * 200, list(range(200)))
        told += float(line["share"]) > 0.5  # type: ignore[arg-type]
    assert told <= 3


def test_missing_values_constant_features_and_short_series_give_no_alarm() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(120, 3))
    x[:, 1] = 4.0
    x[60:, 2] = np.nan
    found = chart(x)
    assert found.first[1] == -1
    assert found.first[2] == -1 or found.first[2] < 60
    (line,) = chart_lines(x[:40], ["A"] * 40, list(range(40)))
    assert math.isnan(float(line["share"]))  # type: ignore[arg-type]
    (line,) = chart_lines(x, ["A"] * 120, [None] * 120)
    assert line["scans"] == 0


def test_charts_do_not_depend_on_the_unit_of_a_feature() -> None:
    rng = np.random.default_rng(9)
    x = np.exp(rng.normal(size=(120, 8)))
    x[80:] *= 4
    lines = [chart_lines(x * factor, ["A"] * 120, list(range(120)))[0] for factor in (1.0, 1000.0)]
    assert lines[0] == pytest.approx(lines[1], nan_ok=True)
    assert float(lines[0]["share"]) > 0.5  # type: ignore[arg-type]
