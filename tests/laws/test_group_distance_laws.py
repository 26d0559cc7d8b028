"""Laws: names, order, units and copies change no distance between groups; moving one group away raises it; a child signature adds only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.measures.groupdistance import contrast, pair_sums
from radaudit.measures.withinslopes import without_slopes
from radaudit.signature import Scorer
from radaudit.signature.append import appended
from tests.unit.signature.signature_build import FEATURES, locked

seeds = st.integers(0, 10_000)


def drawn(seed: int, n: int = 24, p: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_t(3, size=(n, p)), np.arange(n) % 3, rng.permutation(np.arange(n) % 2), np.arange(n) // 2 * 2 % n


def value(x: np.ndarray, group: np.ndarray, part: np.ndarray, patient: np.ndarray) -> float:
    own = pair_sums(x, group, part, patient)
    found = contrast(own, own).before.value
    return float("nan") if found is None else found


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_order_names_and_units_are_irrelevant(seed: int) -> None:
    x, group, part, patient = drawn(seed)
    expected = value(x, group, part, patient)
    rng = np.random.default_rng(seed)
    order, columns = rng.permutation(len(x)), rng.permutation(x.shape[1])
    assert value(x[order][:, columns], group[order], part[order], patient[order]) == pytest.approx(expected, abs=1e-10)
    assert value(x, np.array([2, 0, 1])[group], 1 - part, patient) == pytest.approx(expected, abs=1e-10)
    assert value(-x * 10.0 ** rng.integers(-9, 9, size=5) + 1.0, group, part, patient) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(5, 50))
def test_a_group_far_away_is_further_away(seed: int, far: float) -> None:
    x, group, part, patient = drawn(seed)
    near = value(x + 3.0 * (group == 1)[:, None], group, part, patient)
    assert value(x + (3.0 + far) * (group == 1)[:, None], group, part, patient) > near


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_taking_slopes_out_twice_is_taking_them_out_once(seed: int) -> None:
    x, group, _, _ = drawn(seed)
    design = np.random.default_rng(seed + 1).normal(size=(len(x), 2))
    once = without_slopes(x, design, group)
    assert without_slopes(once, design, group) == pytest.approx(once, abs=1e-9)


ROW: dict[str, Any] = {"sex": "male", "age": "60", "Manufacturer": "GE"}
PARENT = locked()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    st.lists(st.floats(0.05, 20), min_size=3, max_size=3),
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_a_child_scores_known_batches_as_its_parent_does(gamma: list[float], delta: list[float], cells: list[float]) -> None:
    child = appended(PARENT, "BERGEN", gamma, delta, 24)
    row = ROW | dict(zip(FEATURES, cells, strict=False))
    assert Scorer(child).score_row(row) == Scorer(PARENT).score_row(row)
    new = Scorer(child).score_row(row | {"Manufacturer": "BERGEN"})
    assert new.risk is not None
    assert "SCORE-001" not in new.codes
