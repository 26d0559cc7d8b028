"""The replayed selectors against the programs that users run, ties included."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.leaks.forensics.selectors import _rank_sum, neighbour_information
from radaudit.models.ranks import midranks


def dirty(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns that are continuous, rounded, counts and binary, of sizes from 1e-4 to 1e4, and an outcome."""
    rng = np.random.default_rng(seed)
    y = (rng.random(140) < 0.4).astype(float)
    x = rng.normal(size=(140, 24)) + 0.5 * y[:, None] * rng.random(24)
    x[:, 6:12] = np.round(x[:, 6:12], 1)
    x[:, 12:18] = np.round(x[:, 12:18] * 2)
    x[:, 18:] = x[:, 18:] > 0
    return x * 10.0 ** rng.integers(-4, 5, 24), y


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mutual_information_is_that_of_scikit_learn_to_the_last_tie(seed: int) -> None:
    from sklearn.feature_selection import mutual_info_classif

    x, y = dirty(seed)
    theirs, mine = mutual_info_classif(x, y.astype(int), random_state=0), neighbour_information(x, y)
    positive = theirs > 0  # theirs are cut at 0; mine leave out a constant
    assert positive.sum() >= 5
    assert np.ptp((mine - theirs)[positive]) < 1e-10  # the series for digamma; one neighbour more or less would be 1e-4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rank_sums_have_the_p_values_of_scipy_with_ties(seed: int) -> None:
    from scipy.stats import mannwhitneyu, norm

    x, y = dirty(seed)
    p = mannwhitneyu(x[y == 1], x[y == 0], method="asymptotic").pvalue
    assert 2 * norm.sf(_rank_sum(x, midranks(x), y)) == pytest.approx(np.minimum(p, 1.0), abs=1e-12)
