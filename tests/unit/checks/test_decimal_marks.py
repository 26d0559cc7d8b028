"""Numbers that lost their decimal mark are told from large numbers, cut numbers and long tails."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from radaudit.checks.decimal_marks import marks_lost


def column(*odd: float, rows: int = 20) -> np.ndarray:
    usual = np.linspace(5000.25, 8000.75, rows)
    return np.concatenate([usual, odd]).reshape(-1, 1)


def test_a_spreadsheet_accident_is_found_at_any_power_of_ten() -> None:
    found = marks_lost(column(6762666667.0, 51234567.0, 7000.0))
    assert found[:, 0].nonzero()[0].tolist() == [20, 21]


def test_a_whole_site_that_lost_its_marks_is_found() -> None:
    assert marks_lost(column(*(6762666000.0 + i for i in range(1, 10)))).sum() == 9


def test_cut_numbers_long_tails_and_columns_of_whole_numbers_are_not_hit() -> None:
    assert not marks_lost(column(1.68667847e10)).any()
    assert not marks_lost(column(9001.0, 90001.0, 9000001.0, 90000001.0)).any()
    assert not marks_lost(np.array([[1.0, 2.0, 3.0, 4.0, 6762666667.0]]).T).any()


def test_missing_and_infinite_values_do_not_hide_it() -> None:
    assert marks_lost(column(np.nan, np.inf, 6762666667.0)).sum() == 1


@given(values=st.lists(st.floats(min_value=-1e4, max_value=1e4), min_size=5, max_size=30))
def test_no_value_of_ordinary_size_is_ever_hit(values: list[float]) -> None:
    assert not marks_lost(np.array([values]).T)[np.abs(np.array(values)) < 1e4].any()
