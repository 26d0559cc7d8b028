"""Was the cut-off chosen on the test set? Then it is an optimum of the test set, and not one of the training set."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.precision import precision_of
from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "threshold"
CRITERIA = ("Youden", "accuracy", "F1", "closest to the corner", "sensitivity equal to specificity")
MANY_DIGITS = 3  # significant digits from which a cut-off that equals a score was read off that score
LEAST_CLASS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where each criterion is best on one set of rows: intervals of equal classification, and the values a program would print."""

    intervals: dict[str, tuple[tuple[float, float], ...]]
    printed: dict[str, tuple[float, ...]]

    def inside(self, cut: float, room: float, criteria: tuple[str, ...] = CRITERIA) -> str:
        """Return the first criterion that has this cut-off among its best, or the empty text."""
        for name in criteria:
            if any(low - room <= cut <= high + room for low, high in self.intervals[name]):
                return name
        return ""

    def equal(self, cut: float, room: float) -> str:
        """Return the first criterion for which a program would have printed this cut-off, or the empty text."""
        for name in CRITERIA:
            if any(abs(cut - value) <= room for value in self.printed[name]):
                return name
        return ""


def judge(given: Evidence) -> State:
    """Answer from the optima of five criteria on either side of the split."""
    if given.threshold is None or given.predictions is None or given.outcome is None:
        return missing(KIND, "the claimed cut-off, predictions and the outcome")
    known = ~np.isnan(given.predictions) & ~np.isnan(given.outcome)
    test = best_cuts(given.outcome, given.predictions, known & given.holdout)
    if test is None:
        return missing(KIND, f"predictions of at least {LEAST_CLASS} events and {LEAST_CLASS} others in the test set")
    training = best_cuts(given.outcome, given.predictions, known & given.training)
    cut, digits = given.threshold, significant(given.threshold)
    room = max(written_error(cut), prediction_error(given.predictions[known]))
    facts: dict[str, float | int | str] = {
        "threshold": cut,
        "digits": digits,
        "on_test": test.inside(cut, room),
        "equals_test": test.equal(cut, room),
    }
    facts |= {
        "on_training": training.inside(cut, room) if training else "",
        "equals_training": training.equal(cut, room) if training else "",
    }
    standing, told = _decided(facts, training is not None, digits)
    return State(kind=KIND, standing=standing, sentence=f"The cut-off {cut:.4g} {told}", facts=facts)


def _decided(facts: dict[str, float | int | str], trained: bool, digits: int) -> tuple[Standing, str]:
    on_test, equals_test, on_training, equals_training = (
        str(facts[k]) for k in ("on_test", "equals_test", "on_training", "equals_training")
    )
    read_off = bool(equals_test) and digits >= MANY_DIGITS
    if read_off and not equals_training:
        if trained or on_test == "Youden":
            return (
                Standing.PROVED_LEAK,
                f"is the best of the test set by {equals_test} to its last digit, and not the best of the training set.",
            )
        return Standing.SUSPECTED, f"is the best of the test set by {equals_test} to its last digit."
    if equals_training and digits >= MANY_DIGITS and not read_off:
        return Standing.PROVED_CLEAN, f"is the best of the training set by {equals_training} to its last digit."
    if on_test == "Youden" and trained and not on_training and 1 < digits < MANY_DIGITS + 2:
        return Standing.SUSPECTED, "lies where Youden's index of the test set is best, and nowhere near an optimum of the training set."
    if on_training and not on_test:
        return Standing.PROVED_CLEAN, f"lies where the training set is best by {on_training}, and not where the test set is."
    if on_training:
        return Standing.EVIDENCE_OF_CLEAN, f"lies where the training set is best by {on_training}, and the test set too."
    return Standing.NO_EVIDENCE, "is no telling optimum of either side."


def best_cuts(outcome: Floats, risk: Floats, rows: Bools) -> Cuts | None:
    """Return the best cut-offs of these rows by each criterion; None if a class is too small."""
    y, r = outcome[rows], risk[rows]
    events, others = float((y == 1).sum()), float((y == 0).sum())
    if min(events, others) < LEAST_CLASS:
        return None
    values = np.unique(r)
    order = np.sort(r[y == 1]), np.sort(r[y == 0])
    sens = 1 - np.searchsorted(order[0], values, side="left") / events
    fpr = 1 - np.searchsorted(order[1], values, side="left") / others
    hits, false = sens * events, fpr * others
    scores = {
        "Youden": sens - fpr,
        "accuracy": (hits + others - false) / (events + others),
        "F1": 2 * hits / (hits + events + false),
        "closest to the corner": -np.hypot(1 - sens, fpr),
        "sensitivity equal to specificity": -np.abs(sens - (1 - fpr)),
    }
    intervals, printed = {}, {}
    for name, score in scores.items():
        at = np.flatnonzero(score >= score.max() - 1e-12)
        below = np.where(at > 0, values[np.maximum(at - 1, 0)], -np.inf)
        intervals[name] = tuple(zip(below.tolist(), values[at].tolist(), strict=True))
        middle = (below + values[at]) / 2
        whole = np.isfinite(below)
        printed[name] = tuple(np.concatenate([values[at], below[whole], middle[whole]]).tolist())
    return Cuts(intervals=intervals, printed=printed)


def significant(value: float) -> int:
    """Return how many significant digits a number was written with."""
    digits = Decimal(repr(float(value))).as_tuple().digits
    return len("".join(map(str, digits)).rstrip("0")) or 1


def written_error(value: float) -> float:
    """Return half a unit of the last digit a number was written with; next to nothing for a number written in full."""
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** int(exponent) if significant(value) < 12 else 1e-12 * max(1.0, abs(value))


def prediction_error(risk: Floats) -> float:
    """Return the typical rounding of predictions as they were written."""
    column = risk[:, None]
    return float(np.median(precision_of(column).quanta(column)))
