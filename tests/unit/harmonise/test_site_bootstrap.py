"""Drawing sites from moments is drawing sites from rows."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure
from radaudit.harmonise.site_bootstrap import bootstrap_sites, drawn

RNG = np.random.default_rng(5)
BATCH = np.repeat(["A", "B", "C", "D"], [20, 25, 30, 35])
X = RNG.normal(size=(110, 12)) + np.repeat(RNG.normal(size=(4, 12)), [20, 25, 30, 35], axis=0)
NAMES = [f"f{j}" for j in range(12)]
MOMENTS = measure(X, BATCH.tolist(), features=NAMES)


def test_a_site_drawn_twice_counts_twice_and_equals_its_rows_written_twice() -> None:
    found = drawn(MOMENTS, ["A", "C", "A"])
    rows = np.r_[np.flatnonzero(BATCH == "A"), np.flatnonzero(BATCH == "C"), np.flatnonzero(BATCH == "A")]
    labels = ["A"] * 20 + ["C"] * 30 + ["A (2)"] * 20
    wanted = measure(X[rows], labels, features=NAMES)
    assert found.counts == {"A": 20, "A (2)": 20, "C": 30}
    assert np.array_equal(fit_combat(found).grand_mean, fit_combat(wanted).grand_mean)
    assert np.array_equal(fit_combat(found).gamma, fit_combat(wanted).gamma)


def test_bounds_hold_the_fit_and_repeat_with_the_generator() -> None:
    one = bootstrap_sites(MOMENTS, draws=200, rng=np.random.default_rng(1))
    two = bootstrap_sites(MOMENTS, draws=200, rng=np.random.default_rng(1))
    assert np.array_equal(one.grand_mean_low, two.grand_mean_low)
    fitted = fit_combat(MOMENTS)
    inside = (one.grand_mean_low <= fitted.grand_mean) & (fitted.grand_mean <= one.grand_mean_high)
    assert inside.mean() > 0.8
    assert one.left_out < 20


def test_two_sites_are_too_few() -> None:
    with pytest.raises(DesignError) as caught:
        bootstrap_sites(MOMENTS.only(["A", "B"]), draws=10, rng=np.random.default_rng(1))
    assert caught.value.code == "HARM-026"
