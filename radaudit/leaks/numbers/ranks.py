"""Can an AUC be this number? It is a count of pairs, and the operating point it was printed with bounds it."""

from __future__ import annotations

import math

from radaudit.leaks.numbers.stated import SLACK, Stated


def auc_possible(figure: Stated, events: int, others: int) -> bool:
    """Return True if some count of pairs, ties as halves, gives this AUC: 2 n1 n0 AUC is whole."""
    pairs = 2 * events * others
    low = (figure.value - figure.unit / 2 - SLACK) * pairs
    high = (figure.value + figure.unit / 2 + SLACK) * pairs
    return math.floor(high) >= math.ceil(low)


def nearest_auc(figure: Stated, events: int, others: int) -> float:
    """Return the AUC nearest to a figure that a count of pairs can give."""
    pairs = 2 * events * others
    return round(figure.value * pairs) / pairs


def bounds_by_point(sensitivity: tuple[float, float], specificity: tuple[float, float]) -> tuple[float, float]:
    """Return the least and the greatest AUC of a ROC curve through an operating point known as two intervals.

    The curve rises, so that what lies left of and below the point is lost and the rest is won at most: from sens x spec to
    1 - (1 - sens)(1 - spec). With counts these are tp tn / (n1 n0) and 1 - fn fp / (n1 n0); both are reached.
    """
    return sensitivity[0] * specificity[0], 1 - (1 - sensitivity[1]) * (1 - specificity[1])


def printed(figure: Stated) -> tuple[float, float]:
    """Return the values that are printed like this figure, as an interval."""
    return max(0.0, figure.value - figure.unit / 2), min(1.0, figure.value + figure.unit / 2)
