"""One rule turns text into numbers, counts what is missing and refuses the rest by kind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from radaudit.tables import cells
from radaudit.tables.cells import number_text, numbers, stored


def test_plain_numbers_are_read_and_spaces_around_them_do_not_matter() -> None:
    found = numbers(["1", " -2.5 ", "+.5e-3", "1.", "0007", "1E5"])
    assert found.values.tolist() == [1.0, -2.5, 0.0005, 1.0, 7.0, 1e5]
    assert found.plain == 6


def test_empty_cells_and_what_programs_write_for_not_computed_are_missing_and_counted() -> None:
    found = numbers(["", " ", "nan", "NaN", "NA", "3"])
    assert np.isnan(found.values[:5]).all()
    assert (found.empty, dict(found.not_computed), dict(found.refused)) == (2, {"nan": 1, "NaN": 1, "NA": 1}, {})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#NAME?", cells.ERROR),
        ("#DIV/0!", cells.ERROR),
        ("#N/A", cells.ERROR),
        ("inf", cells.INF),
        ("-Infinity", cells.INF),
        ("1e400", cells.INF),
        ("<0.01", cells.LIMIT),
        (">= 5", cells.LIMIT),
        ("-", cells.TEXT),
        ("n/a", cells.TEXT),
        ("1_000", cells.TEXT),
        ("0x1F", cells.TEXT),
        ("１", cells.TEXT),
        ("None", cells.TEXT),
        ("1 234", cells.THOUSANDS),
        ("1\u00a0234,5", cells.THOUSANDS),
        ("1'234.5", cells.THOUSANDS),
        ("12 %", cells.PERCENT),
        ("0.5%", cells.PERCENT),
        ("1.5|2|-3e2", cells.VECTOR),
        ("(1, 2.5, 3)", cells.VECTOR),
        ("-849.0|NaN|", cells.VECTOR),
        ("840|", cells.VECTOR),
        ("a|b", cells.TEXT),
        ("2020-01-31", cells.DATE),
        ("0001-01-01", cells.DATE),
        ("31.01.2020", cells.DATE),
        ("5-Jan", cells.DATE),
        ("12 mm", cells.WITH_UNIT),
        ("3.2mm3", cells.WITH_UNIT),
        ("-999.0 <-> 1244.0", cells.TEXT),
        ("0,71", cells.COMMA),
        ("1.234,5", cells.COMMA),
        ("12,5e3", cells.COMMA),
        ("1,234", cells.AMBIGUOUS),
        ("1,234,567", cells.AMBIGUOUS),
        ("1,234.5", cells.AMBIGUOUS),
    ],
)
def test_what_is_not_a_number_is_refused_with_its_kind(text: str, kind: str) -> None:
    found = numbers(["1", text])
    assert dict(found.kinds) == {kind: 1}
    assert found.places == (1,)
    assert math.isnan(found.values[1])


def test_a_stated_comma_is_the_decimal_mark_and_points_then_separate_thousands() -> None:
    found = numbers(["0,71", "1.234,5", "1.234", "7"], decimal=",")
    assert found.values.tolist() == [0.71, 1234.5, 1234.0, 7.0]
    assert (found.plain, found.grouped) == (2, 2)


def test_a_stated_comma_does_not_let_a_decimal_point_pass() -> None:
    assert numbers(["0.71"], decimal=",").refused == {"0.71": 1}


def test_a_stated_point_makes_commas_thousands_only_in_groups_of_three() -> None:
    found = numbers(["1,234", "12,5"], decimal=".")
    assert found.values[0] == 1234.0
    assert dict(found.refused) == {"12,5": 1}


def test_markers_of_the_study_are_missing_and_numeric_ones_are_compared_as_numbers() -> None:
    found = numbers(["-999", "-999.0", "-", "5"], missing=["-999", "-"])
    assert dict(found.markers) == {"-999": 2, "-": 1}
    assert found.plain == 1


def test_a_column_already_of_numbers_follows_the_same_rule() -> None:
    values = np.array([1.0, np.nan, -999.0])
    found = stored(values, missing=["-999"])
    assert (found.plain, found.empty, dict(found.markers)) == (1, 1, {"-999": 1})
    assert values[2] == -999.0


def test_minus_zero_is_zero() -> None:
    assert not np.signbit(numbers(["-0.0", "-0"]).values).any()


def test_numbers_are_shown_as_people_write_them() -> None:
    assert [number_text(x) for x in (7.0, 0.1, 1e-7, -3.0, 1e22)] == ["7", "0.1", "1e-07", "-3", "1e+22"]
    assert number_text(1.5, ",") == "1,5"
