"""Baselines: shares by label, and a few columns coded as in training."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.models.baselines import fit_columns, fit_label_prevalence


def test_a_label_has_its_share_shrunk_by_two_rows_at_the_overall_share() -> None:
    model = fit_label_prevalence(["A", "A", "A", "B"], [1, 1, 0, 0])
    assert model.overall == 0.5
    assert model.shares == ((2 + 1) / 5, (0 + 1) / 3)
    assert model.risk(["B", "A", "C"]).tolist() == [1 / 3, 0.6, 0.5]


def test_without_labels_everybody_has_the_prevalence() -> None:
    assert fit_label_prevalence(None, [1, 0, 0, 0]).risk(["x", "y"]).tolist() == [0.25, 0.25]


def test_a_category_shows_the_shares_of_its_levels_up_to_the_ridge() -> None:
    cells = {"sex": ["f"] * 40 + ["m"] * 40}
    outcome = [1] * 10 + [0] * 30 + [1] * 30 + [0] * 10
    model = fit_columns(cells, outcome)
    assert model is not None
    low, high, strange = model.risk({"sex": ["f", "m", "x"]})
    assert (low, high) == (pytest.approx(0.25, abs=0.03), pytest.approx(0.75, abs=0.03))
    assert strange == low  # what training did not know is the first level


def test_texts_and_numbers_of_another_table_are_coded_as_in_training() -> None:
    model = fit_columns({"age": [50.0, 60.0, None, 70.0, 80.0, 41.0]}, [0, 0, 1, 1, 1, 0])
    assert model is not None
    assert model.risk({"age": ["60", None, "?"]}).tolist() == model.risk({"age": [60.0, 60.0, 60.0]}).tolist()


def test_a_separating_column_stays_finite() -> None:
    model = fit_columns({"x": [0.0] * 10 + [1.0] * 10}, [0] * 10 + [1] * 10)
    assert model is not None
    assert model.converged
    assert np.isfinite(model.coefficients).all()


def test_a_missing_category_is_a_level_of_its_own() -> None:
    model = fit_columns({"s": ["a", "a", None, None] * 10}, [0, 0, 1, 1] * 10)
    assert model is not None
    risk = model.risk({"s": [None, "a"]})
    assert risk[0] > 0.8 > 0.2 > risk[1]


def test_a_volume_is_taken_as_its_logarithm_unless_some_are_not_positive() -> None:
    outcome = [0, 0, 1, 1]
    logged, plain = (fit_columns({"v": v}, outcome, logarithm=True) for v in ([1.0, 10.0, 100.0, 1000.0], [0.0, 10.0, 100.0, 1000.0]))
    assert logged is not None
    assert plain is not None
    assert (logged.columns[0].logarithm, plain.columns[0].logarithm) == (True, False)
    assert logged.risk({"v": [-1.0]}).tolist() == logged.risk({"v": [None]}).tolist()


def test_columns_that_do_not_vary_give_no_model() -> None:
    assert fit_columns({"a": [1.0, 1.0, None], "b": ["x", "x", "x"]}, [0, 1, 0]) is None
