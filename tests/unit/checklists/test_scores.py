"""The METRICS score against a calculator written here from the published description of the online tool, on 1,000 random answers."""

from __future__ import annotations

import random

import pytest

from radaudit.checklists import shelf
from radaudit.checklists.scores import active, band, metrics_score

NAMES = ("segmentation", "automatic", "handcrafted", "tabular", "deep")
# the online tool, v1.0: what each condition switches off when the answer is no
SWITCHED = {"segmentation": {8, 9, 10}, "automatic": {9}, "handcrafted": {12}, "tabular": {14, 15, 16}, "deep": {17}}
PAPER = "368 735 919 438 292 438 292 337 225 112 622 311 415 200 200 300 200 599 300 352 234 176 117 293 176 375 749 75 75 75"
TOOL = "37 74 92 44 29 44 29 34 22 11 62 31 41 20 20 30 20 60 30 35 23 18 12 29 18 37 75 7 7 7"


def calculator(weights: list[float], conditions: dict[str, bool], yes: set[int]) -> float:
    """The online tool: items of a condition answered no are cleared; the rest count as yes or no; 0 if nothing counts."""
    score = counter = 0.0
    cleared: set[int] = set()
    if not conditions["segmentation"]:
        conditions = {**conditions, "automatic": False}  # the tool sets condition 2 to no and disables it
    for name, items in SWITCHED.items():
        if not conditions[name]:
            cleared |= items
    for number in range(1, 31):
        if number in cleared:
            continue
        counter += weights[number - 1]
        if number in yes:
            score += weights[number - 1]
    return score / counter * 100 if counter != 0 else 0.0


def vectors() -> list[tuple[dict[str, bool], set[int]]]:
    draw = random.Random(20261128)
    made = []
    for _ in range(1000):
        share = draw.random()
        conditions = {name: draw.random() < 0.6 for name in NAMES}
        made.append((conditions, {n for n in range(1, 31) if draw.random() < share}))
    return made


def test_1000_random_answers_score_as_in_the_published_calculator() -> None:
    metrics = shelf()["METRICS"]
    weights = [int(text) / 10000 for text in PAPER.split()]
    worst = 0.0
    for conditions, yes in vectors():
        own = metrics_score(metrics, {str(n) for n in yes}, active(metrics, conditions))
        worst = max(worst, abs(own - calculator(weights, conditions, yes)))
    assert worst < 1e-9


def test_the_rounded_weights_of_the_online_tool_change_no_score_by_more_than_half_a_point() -> None:
    exact, rounded = ([int(text) / by for text in texts.split()] for texts, by in ((PAPER, 10000), (TOOL, 1000)))
    differences = [abs(calculator(exact, c, y) - calculator(rounded, c, y)) for c, y in vectors()]
    assert max(differences) < 0.5


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (0, "very low"),
        (19.9, "very low"),
        (20, "low"),
        (40, "moderate"),
        (59.99, "moderate"),
        (60, "good"),
        (80, "excellent"),
        (100, "excellent"),
    ],
)
def test_bands_begin_at_20_40_60_and_80(score: float, word: str) -> None:
    assert band(score) == word


def test_a_condition_nobody_stated_excuses_nothing() -> None:
    metrics = shelf()["METRICS"]
    assert active(metrics, {}) == {item.id for item in metrics.items}
    assert metrics_score(metrics, set(), active(metrics, {})) == 0.0
    assert metrics_score(metrics, set(), set()) == 0.0
