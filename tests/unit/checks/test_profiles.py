"""Profiles against a slow, plain recomputation, one feature and one site at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from radaudit.checks.association import association, chi_squared_tail, separation, site_only_auc
from radaudit.checks.columns import _separating
from radaudit.checks.feature_profile import profile_features
from radaudit.checks.people import letters, people
from radaudit.checks.row_profile import copied_rows, fingerprint
from tests.unit.checks.planted import honest


def messy(n: int = 61, p: int = 40) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(size=(n, p)), 1) * 10.0 ** rng.integers(-6, 6, size=p)
    values[rng.random((n, p)) < 0.1] = np.nan
    values[:, 0], values[:, 1], values[2, 2], values[3, 3] = np.nan, 4.0, np.inf, -np.inf
    values[:, 5] = values[:, 4]
    return values, [f"S{i % 4}" for i in range(n)]


def test_the_profile_equals_a_plain_recomputation() -> None:
    values, sites = messy()
    found, by_site = profile_features(values, [f"f{j}" for j in range(values.shape[1])], sites)
    where = np.array(sites)
    for j in range(values.shape[1]):
        x = values[:, j]
        known = x[np.isfinite(x)]
        assert found.missing[j] == np.isnan(x).sum()
        assert found.infinite[j] == np.isinf(x).sum()
        assert found.distinct[j] == len(set(known.tolist()))
        assert found.constant[j] == (len(set(known.tolist())) == 1)
        if not len(known):
            assert math.isnan(found.mean[j])
            continue
        assert (found.minimum[j], found.maximum[j]) == (known.min(), known.max())
        np.testing.assert_allclose(found.mean[j], known.mean(), rtol=1e-12, atol=1e-14 * np.abs(known).max())
        np.testing.assert_allclose(found.sd[j], known.std(ddof=1), rtol=1e-10)
        groups = [x[np.isfinite(x) & (where == site)] for site in by_site.sites]
        between = sum(len(g) * (g.mean() - known.mean()) ** 2 for g in groups)
        total = ((known - known.mean()) ** 2).sum()
        if total > 0:
            np.testing.assert_allclose(found.eta2[j], between / total, rtol=1e-9)
        for i, site in enumerate(by_site.sites):
            np.testing.assert_allclose(by_site.mean[i, j], groups[i].mean(), rtol=1e-9, atol=1e-12 * np.abs(known).max())
            np.testing.assert_allclose(by_site.sd[i, j], groups[i].std(ddof=1), rtol=1e-7, atol=1e-9 * np.abs(known).max())
            np.testing.assert_allclose(by_site.missing_share[i, j], 1 - len(groups[i]) / (where == site).sum(), atol=1e-15)
            if total > 0:
                here, rest = groups[i], x[np.isfinite(x) & (where != site)]
                apart = len(here) * len(rest) / len(known) * (here.mean() - rest.mean()) ** 2
                np.testing.assert_allclose(by_site.eta2[i, j], apart / total, rtol=1e-7, atol=1e-12)
    assert found.copy_of[5] == 4
    assert found.copy_of[1] == -1


def test_the_profile_does_not_depend_on_the_size_of_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values, sites = messy()
    names = [f"f{j}" for j in range(values.shape[1])]
    whole = profile_features(values, names, sites)
    monkeypatch.setattr("radaudit.checks.feature_profile.CELLS", 1)
    parts = profile_features(values, names, sites)
    for a, b in zip(whole, parts, strict=True):
        for name, column in a.columns().items():
            np.testing.assert_array_equal(np.asarray(column), np.asarray(b.columns()[name]))


def test_values_near_the_largest_double_have_a_spread_and_no_overflow() -> None:
    values = np.array([[1e308], [-1e308], [5e307], [0.0]] * 5)
    found, _ = profile_features(values, ["huge"], ["A", "B"] * 10)
    np.testing.assert_allclose(found.sd[0], np.std(values / 1e300, ddof=1) * 1e300, rtol=1e-12)


def test_magnitudes_of_sites_lie_the_power_of_ten_of_their_unit_apart() -> None:
    rng = np.random.default_rng(0)
    values = rng.lognormal(size=(90, 1))
    values[60:] *= 1000
    found, by_site = profile_features(values, ["volume"], ["A"] * 30 + ["B"] * 30 + ["C"] * 30)
    assert abs(by_site.decades[2, 0] - 3) < 0.3
    assert abs(by_site.decades[0, 0]) < 2.7
    np.testing.assert_allclose(found.decades[0], np.abs(by_site.decades[:, 0]).max())


def test_a_patient_with_any_event_is_one_event() -> None:
    draft = honest(n=6)
    draft.patients = ["a", "a", "b", "b", "c", "d"]
    draft.outcome = np.array([0.0, 1.0, 0.0, 0.0, np.nan, 1.0])
    found = people(draft.table())
    assert (found.rows, found.patients, found.events, found.non_events, found.unknown) == (6, 4, 2, 1, 1)


def test_names_are_compared_by_letters_and_digits() -> None:
    assert letters("St. Olav") == letters("ST OLAV") == "stolav"
    assert letters("Zürich") == "zurich"
    assert letters("012") != letters("12")


def test_fingerprints_do_not_depend_on_the_sign_of_zero_or_the_kind_of_nan() -> None:
    odd = np.array([np.uint64(0x7FF8000000000123)]).view(np.float64)[0]
    assert fingerprint(np.array([0.0, np.nan])) == fingerprint(np.array([-0.0, odd]))
    assert fingerprint(np.array([1.0, 2.0])) != fingerprint(np.array([2.0, 1.0]))


def test_constant_columns_do_not_make_rows_copies() -> None:
    values = np.array([[1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0, 6.0]])
    assert copied_rows(values, np.array([False, False, False, True])).tolist() == [-1, -1, -1]
    assert copied_rows(values, np.array([True, True, True, True])).tolist() == [-1, 0, -1]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 10, 25])
@pytest.mark.parametrize("x", [0.0, 0.01, 1.0, 5.0, 30.0, 120.0])
def test_the_chi_squared_tail_equals_scipy(x: float, freedom: int) -> None:
    np.testing.assert_allclose(chi_squared_tail(x, freedom), stats.chi2.sf(x, freedom), rtol=1e-11)


def test_cramers_v_equals_scipy_and_its_correction_the_published_formula() -> None:
    counts = [(20, 5), (9, 31), (14, 14)]
    found = association(counts)
    assert found is not None
    np.testing.assert_allclose(found.v, stats.contingency.association(np.array(counts), method="cramer"), rtol=1e-12)
    np.testing.assert_allclose(found.p, stats.chi2_contingency(np.array(counts), correction=False).pvalue, rtol=1e-10)
    n, r, c = 93, 3, 2
    phi2 = max(0, found.statistic / n - (r - 1) * (c - 1) / (n - 1))
    np.testing.assert_allclose(
        found.corrected, math.sqrt(phi2 / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1)), rtol=1e-12
    )
    assert association([(3, 0), (4, 0)]) is None
    assert association([(3, 4)]) is None


def test_the_separation_equals_the_auc_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        event = rng.random(40) < 0.4
        x = np.round(rng.normal(size=40) + event, 1)
        auc = roc_auc_score(event, x)
        np.testing.assert_allclose(separation(x, event), max(auc, 1 - auc), rtol=1e-12)
    assert math.isnan(separation(np.arange(3.0), np.array([True, True, True])))


def test_the_sieve_loses_no_separating_feature() -> None:
    rng = np.random.default_rng(7)
    for prevalence in (0.1, 0.3, 0.5, 0.8):
        event = rng.random(80) < prevalence
        values = rng.normal(size=(80, 200)) + np.outer(event, rng.uniform(-5, 5, size=200))
        values[rng.random(values.shape) < 0.001] = np.nan
        values[:, ::3] = np.round(values[:, ::3])
        slow = [j for j in range(200) if separation(values[:, j], event) >= 0.97]
        assert _separating(values, event, 0.97) == slow
        assert slow


def test_knowing_the_site_is_worth_nothing_if_the_rates_are_equal() -> None:
    outcome = np.array([1.0, 0.0] * 20)
    assert site_only_auc(["A", "A", "B", "B"] * 10, outcome) == 0.5
    assert site_only_auc(["A", "B"] * 20, outcome) == 1.0
