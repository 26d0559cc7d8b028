"""Laws of number forensics: figures of a real table of counts are always possible; altered digits are nearly always found.

Oracle: every table of counts enumerated in exact fractions, rounded with exact arithmetic.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.leaks.numbers import counts, intervals, ranks
from radaudit.leaks.numbers.stated import Stated, stated
from radaudit.measures.discrimination import auc_estimate

TRIPLE = ("sensitivity", "specificity", "accuracy")


def exact(tp: int, tn: int, n1: int, n0: int) -> dict[str, Fraction | None]:
    """Return the shares of a table of counts as exact fractions."""
    fn, fp = n1 - tp, n0 - tn

    def over(a: int, b: int) -> Fraction | None:
        return Fraction(a, b) if b else None

    return {
        "sensitivity": over(tp, n1),
        "specificity": over(tn, n0),
        "accuracy": over(tp + tn, n1 + n0),
        "balanced_accuracy": (Fraction(tp, n1) + Fraction(tn, n0)) / 2,
        "ppv": over(tp, tp + fp),
        "npv": over(tn, tn + fn),
        "f1": over(2 * tp, 2 * tp + fp + fn),
        "prevalence": over(n1, n1 + n0),
    }


def printed(measure: str, value: Fraction, places: int) -> Stated:
    return stated(measure, f"{float(round(value, places)):.{places}f}")


COUNTS = st.integers(1, 25).flatmap(lambda n1: st.integers(1, 25).flatmap(lambda n0: st.tuples(
    st.just(n1), st.just(n0), st.integers(0, n1), st.integers(0, n0))))  # fmt: skip


@given(COUNTS, st.integers(1, 4), st.sets(st.sampled_from([*exact(0, 0, 1, 1)]), min_size=1))
@settings(max_examples=150, deadline=None)
def test_figures_of_a_real_table_are_possible_and_the_table_is_found(table: tuple[int, ...], places: int, asked: set[str]) -> None:
    n1, n0, tp, tn = table
    true = exact(tp, tn, n1, n0)
    figures = [printed(name, value, places) for name in sorted(asked) if (value := true[name]) is not None]
    if not figures:
        return
    found = counts.tables_of(figures, n1, n0)
    assert found is not None
    assert found.found > 0
    without = counts.tables_without_events(figures, n1 + n0)
    assert without is not None
    assert without.found >= found.found


@given(st.integers(2, 14), st.integers(2, 14), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_the_search_counts_what_enumeration_in_fractions_counts(n1: int, n0: int, a: int, b: int, c: int) -> None:
    figures = [stated(name, f"0.{digits:02d}") for name, digits in zip(TRIPLE, (a, b, c), strict=True)]
    half = Fraction(1, 200)
    brute = 0
    for tp in range(n1 + 1):
        for tn in range(n0 + 1):
            true = exact(tp, tn, n1, n0)
            brute += all(abs(true[f.measure] - Fraction(f.text)) <= half for f in figures)  # type: ignore[operator]
    found = counts.tables_of(figures, n1, n0)
    assert found is not None
    assert found.found == brute


def altered(figure: Stated, rng: np.random.Generator) -> Stated:
    """Return a figure with one of its printed digits replaced by another."""
    digits = list(figure.text)
    place = int(rng.integers(2, len(digits)))
    digits[place] = str(rng.choice([d for d in "0123456789" if d != digits[place]]))
    return stated(figure.measure, "".join(digits))


def test_at_least_95_percent_of_altered_triples_are_caught_and_no_true_one_is() -> None:
    rng = np.random.default_rng(7)
    caught = alarms = tried = 0
    for _ in range(600):
        n1, n0 = rng.integers(15, 200, size=2)
        tp, tn = rng.integers(n1 // 2, n1 + 1), rng.integers(n0 // 2, n0 + 1)
        true = exact(int(tp), int(tn), int(n1), int(n0))
        figures = [printed(name, true[name], 3) for name in TRIPLE if true[name] is not None and true[name] < 1]  # type: ignore[operator,arg-type]
        if len(figures) < 3:
            continue
        fine = counts.tables_of(figures, int(n1), int(n0))
        alarms += fine is None or not fine.found
        which = int(rng.integers(3))
        wrong = counts.tables_of([altered(f, rng) if i == which else f for i, f in enumerate(figures)], int(n1), int(n0))
        caught += wrong is not None and not wrong.found
        tried += 1
    assert alarms == 0
    assert caught / tried >= 0.95


def test_0873_with_23_positives_is_impossible_and_the_nearest_share_is_said() -> None:
    found = counts.tables_of([stated("sensitivity", "0.873")], 23, 40)
    assert found is not None
    assert (found.found, found.alone, found.culprits) == (0, ("sensitivity",), ("sensitivity",))
    assert counts.nearest_share(stated("sensitivity", "0.873"), 23) == pytest.approx(20 / 23)


@given(st.integers(1, 7), st.integers(1, 7), st.data())
@settings(max_examples=100, deadline=None)
def test_every_auc_of_real_scores_is_possible_and_lies_within_the_bounds_of_its_points(n1: int, n0: int, data: st.DataObject) -> None:
    scores = st.lists(st.integers(0, 6), min_size=n1 + n0, max_size=n1 + n0)
    risk = np.array(data.draw(scores), dtype=float)
    event = np.r_[np.ones(n1), np.zeros(n0)]
    pairs = (risk[event == 1][:, None] > risk[event == 0]).sum() + 0.5 * (risk[event == 1][:, None] == risk[event == 0]).sum()
    value = float(pairs / (n1 * n0))
    assert ranks.auc_possible(stated("auc", f"{value:.3f}"), n1, n0)
    cut = data.draw(st.integers(0, 7))
    sens, spec = float((risk[event == 1] >= cut).mean()), float((risk[event == 0] < cut).mean())
    low, high = ranks.bounds_by_point((sens, sens), (spec, spec))
    assert low - 1e-12 <= value <= high + 1e-12


def test_the_auc_of_few_patients_is_found_impossible_by_enumeration_too() -> None:
    n1, n0 = 5, 7
    real = {f"{k / (2 * n1 * n0):.3f}" for k in range(2 * n1 * n0 + 1)}
    for digits in range(1001):
        text = f"{digits / 1000:.3f}"
        assert ranks.auc_possible(stated("auc", text), n1, n0) == (text in real)


def test_intervals_of_delong_are_never_too_narrow() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        n1, n0 = rng.integers(8, 150, size=2)
        spread = float(np.exp(rng.normal(0, 0.5)))
        event = np.r_[np.ones(n1), np.zeros(n0)]
        risk = np.r_[rng.normal(rng.uniform(0, 2), spread, n1), rng.normal(size=n0)]
        found = auc_estimate(event, risk, scale="plain")
        if found.low is None or found.high is None or found.value is None:
            continue
        figure = stated("auc", f"{found.value:.2f}", f"{found.low:.2f} to {found.high:.2f}")
        assert intervals.too_narrow(figure, int(n1), int(n0)) is None, (figure, n1, n0)
        assert not intervals.outside(figure)


def test_the_error_of_hanley_and_mcneil_is_that_of_their_paper() -> None:
    # Radiology 1982;143:29, table II example: AUC 0.893, 51 abnormal and 58 normal images, SE 0.0325
    assert intervals.hanley_mcneil(0.893, 51, 58) == pytest.approx(0.0325, abs=0.00005)
