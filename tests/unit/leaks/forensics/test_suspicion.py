"""What is suspected for more than its strength: honest columns, signatures and splits that are strong are not accused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radaudit import leakage_report
from radaudit.leaks.forensics.prevalence import binomial_p
from tests.unit.leaks.forensics.workshop import Bench, bench

LEAK = {"proved leak", "suspected"}


def strong(seed: int, relatives: int) -> tuple[Bench, np.ndarray]:
    """Return a table of 60 columns and a measured column with an AUC near 0.95, of which ``relatives`` weak noisy columns are made."""
    b = bench(seed, columns=60)
    measured = b.y * 2.35 + b.rng.normal(size=120)
    related = 0.5 * (measured - b.y * 2.35)[:, None] + b.rng.normal(size=(120, relatives))
    return b, np.column_stack([b.x, related, measured])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_strong_column_with_relatives_is_measured_and_one_unrelated_to_all_given_the_outcome_is_a_proxy(seed: int) -> None:
    b, alone = strong(seed, 0)
    assert b.report(alone).states["proxy"] == "suspected"
    b, related = strong(seed, 4)
    assert b.report(related).states["proxy"] == "no evidence"


def test_a_strong_column_among_columns_that_reach_as_much_together_is_no_proxy() -> None:
    b, alone = strong(1, 0)
    pieces = b.y[:, None] * 1.0 + b.rng.normal(size=(120, 12))
    assert b.report(np.column_stack([alone, pieces])).states["proxy"] == "no evidence"


def volume_state(b: Bench, noise: float, gain: float) -> str:
    """Return the state for predictions that are ranks of volume with noise, and a share of the outcome."""
    rng = np.random.default_rng(5)
    size = rng.lognormal(8, 1, 120)
    ranks = np.argsort(np.argsort(size)) / 120
    frame = pd.DataFrame(np.column_stack([b.x, size]), columns=[*[f"f{j}" for j in range(24)], "volume"])
    risk = ranks + rng.normal(0, noise, 120) + gain * b.y
    return leakage_report(frame, np.where(b.training, "training", "holdout"), outcome=b.y, predictions=risk).states["volume"]


def test_a_signature_is_volume_if_it_follows_volume_and_adds_nothing() -> None:
    b = bench(1)
    assert volume_state(b, 0.02, 0.0) == "suspected"
    assert volume_state(b, 0.02, 0.2) == "no evidence"
    assert volume_state(b, 0.3, 0.0) == "no evidence"


def test_prevalence_counts_patients_not_their_rows() -> None:
    y = np.repeat(np.array([1, 0] * 12), 10).astype(float)
    who = np.repeat([f"P{i}" for i in range(24)], 10)
    sick = [f"P{i}" for i in range(0, 14, 2)]
    part = np.where(np.isin(who, [*sick, "P1"]), "holdout", "training")
    x = np.random.default_rng(1).normal(size=(240, 8))
    assert leakage_report(x, part, outcome=y).states["prevalence"] == "suspected"
    assert leakage_report(x, part, outcome=y, patient=who).states["prevalence"] not in LEAK


def test_training_rows_balanced_with_copies_do_not_make_the_test_set_a_depleted_one() -> None:
    rng = np.random.default_rng(1)
    y = np.array([1.0] * 20 + [0.0] * 90 + [1.0] * 70 + [0.0] * 50 + [1.0] * 8)
    x = rng.normal(size=(238, 8))
    part = np.where(np.arange(238) < 180, "training", "holdout")
    assert leakage_report(x, part, outcome=y).states["prevalence"] == "suspected"
    x[110:180] = x[rng.integers(0, 20, 70)]
    assert leakage_report(x, part, outcome=y).states["prevalence"] == "no evidence"


def test_the_binomial_p_value_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    for hits, rows in ((3, 20), (50, 80), (7, 14), (0, 9), (180, 300)):
        assert binomial_p(hits, rows) == pytest.approx(binomtest(hits, rows).pvalue, rel=1e-9)
