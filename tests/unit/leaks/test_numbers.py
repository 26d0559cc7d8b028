"""Findings on claimed figures: each with an answer for a true, a false and an unanswerable claim."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import StudyError
from radaudit.findings import Finding, Severity, Verdict
from radaudit.leaks.numbers.findings import Material, examine
from radaudit.leaks.numbers.stated import Stated, stated
from radaudit.measures.discrimination import auc
from radaudit.measures.thresholds import at_threshold


def scores(n: int = 120, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    event = (rng.random(n) < 0.4).astype(float)
    risk = 1 / (1 + np.exp(-(1.2 * event - 0.6 + rng.normal(size=n))))
    return event, risk, np.arange(n) >= 70


def claimed(event: np.ndarray, risk: np.ndarray, cut: float = 0.5) -> list[Stated]:
    at = at_threshold(event, risk, cut)
    values = {
        "auc": auc(event, risk),
        "sensitivity": at.sensitivity.value,
        "specificity": at.specificity.value,
        "accuracy": at.accuracy.value,
    }
    return [stated(name, f"{value:.3f}") for name, value in values.items()]


def verdicts(found: tuple[Finding, ...]) -> dict[str, Verdict]:
    return {finding.code: finding.verdict for finding in found}


def test_true_figures_are_recomputed_and_nothing_is_found() -> None:
    event, risk, test = scores()
    found = verdicts(examine(claimed(event[test], risk[test]), Material(outcome=event, risk=risk, rows=test, threshold=0.5)))
    assert {code for code, verdict in found.items() if verdict is Verdict.PASSED} == {
        "PERF-100",
        "PERF-101",
        "PERF-102",
        "PERF-103",
        "PERF-105",
    }
    assert found["PERF-104"] is Verdict.NOT_RUN
    assert Verdict.FAILED not in found.values()


def test_an_altered_figure_differs_and_is_impossible_beside_the_others() -> None:
    event, risk, test = scores()
    figures = [stated("accuracy", "0.913") if f.measure == "accuracy" else f for f in claimed(event[test], risk[test])]
    found = {f.code: f for f in examine(figures, Material(outcome=event, risk=risk, rows=test, threshold=0.5))}
    assert found["PERF-100"].facts["different"] == ["accuracy"]
    assert found["PERF-101"].failed
    assert "accuracy" in found["PERF-101"].facts["blamed"]  # type: ignore[operator]
    assert "size" in found["PERF-100"].facts


def test_without_predictions_figures_are_still_searched_for_a_table() -> None:
    figures = [stated("sensitivity", "87.3%"), stated("specificity", "0,80")]
    found = {f.code: f for f in examine(figures, Material(events=23, others=40))}
    assert found["PERF-100"].verdict is Verdict.NOT_RUN
    assert found["PERF-101"].failed
    assert found["PERF-101"].facts["blamed"] == ["sensitivity"]
    assert "0.8696" in str(found["PERF-101"].facts["size"])


def test_figures_cut_off_instead_of_rounded_weigh_little() -> None:
    figures = [stated("sensitivity", "0.86"), stated("accuracy", "0.78")]  # 20 of 23 is 0.8696, 49 of 62 is 0.7903
    found = {f.code: f for f in examine([figures[0]], Material(events=23, others=39))}
    assert found["PERF-101"].failed
    assert found["PERF-101"].severity is Severity.MINOR


def test_without_any_numbers_of_people_the_question_is_a_gap() -> None:
    found = verdicts(examine([stated("auc", "0.81"), stated("accuracy", "0.9")], Material()))
    assert set(found.values()) == {Verdict.NOT_RUN}


def test_an_operating_point_bounds_the_auc() -> None:
    figures = [stated("auc", "0.71"), stated("sensitivity", "0.90"), stated("specificity", "0.85")]
    found = {f.code: f for f in examine(figures, Material())}
    assert found["PERF-103"].failed
    assert found["PERF-103"].facts["least"] == pytest.approx(0.895 * 0.845)


def test_an_interval_over_folds_is_too_narrow_for_the_patients() -> None:
    figure = stated("auc", "0.81", "0.79 to 0.83")
    found = {f.code: f for f in examine([figure], Material(events=38, others=58))}
    assert found["PERF-104"].failed
    assert verdicts(examine([stated("auc", "0.81", "0.72-0.90")], Material(events=38, others=58)))["PERF-104"] is Verdict.PASSED
    assert verdicts(examine([stated("auc", "0.81", "0.84-0.90")], Material(events=38, others=58)))["PERF-104"] is Verdict.FAILED


def test_figures_of_the_training_rows_are_recognised_as_such() -> None:
    event, risk, test = scores()
    material = Material(outcome=event, risk=risk, rows=test, threshold=0.5, parts={"training rows": ~test, "all rows": np.ones(120, bool)})
    found = {f.code: f for f in examine(claimed(event[~test], risk[~test]), material)}
    assert found["PERF-107"].facts["part"] == "training rows"


def test_turned_events_are_a_hint_and_never_applied() -> None:
    event, risk, test = scores()
    figures = claimed(1 - event[test], risk[test])
    found = {f.code: f for f in examine(figures, Material(outcome=event, risk=risk, rows=test, threshold=0.5))}
    assert found["PERF-106"].facts["turned"] == "events"
    assert found["PERF-100"].failed
    wrong = {f.code: f for f in examine([], Material(outcome=1 - event, risk=risk, rows=test))}
    assert wrong["PERF-105"].failed
    assert wrong["PERF-105"].severity is Severity.MAJOR


def test_names_and_texts_that_are_no_figures_are_refused() -> None:
    for name, text, code in (("aux", "0.8", "STUDY-120"), ("auc", "81", "STUDY-121"), ("auc", "n/a", "STUDY-121")):
        with pytest.raises(StudyError) as caught:
            stated(name, text)
        assert caught.value.code == code
