"""Can so few people give so narrow an interval? Widths against what the number of events and others allows."""

from __future__ import annotations

import math

from radaudit.leaks.numbers.stated import Stated
from radaudit.measures.normal import two_sided
from radaudit.measures.proportions import wilson

NARROWEST = 0.4  # of the usual width: none of 16,000 simulated DeLong intervals is narrower (benchmarks/claimed_figures.py)
CERTAIN = 0.07  # so near to 0 or 1 the usual widths say nothing
LEAST = 15  # nor do they with fewer events or others


def hanley_mcneil(auc: float, events: int, others: int) -> float:
    """Return the standard error of an AUC by Hanley and McNeil (Radiology 1982;143:29)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (events - 1) * (q1 - auc**2) + (others - 1) * (q2 - auc**2)
    return math.sqrt(max(variance, 0.0) / (events * others))


def usual_width(figure: Stated, events: int, others: int) -> float | None:
    """Return the usual width of a 95% interval: Hanley-McNeil for an AUC, Wilson for a share; None where it says nothing."""
    if figure.measure == "auc":
        inside = CERTAIN < figure.value < 1 - CERTAIN
        return 2 * two_sided(0.95) * hanley_mcneil(figure.value, events, others) if inside else None
    sizes = {"sensitivity": events, "specificity": others, "accuracy": events + others}
    if figure.measure not in sizes:
        return None
    low, high = wilson(figure.value * sizes[figure.measure], sizes[figure.measure])
    return high - low


def too_narrow(figure: Stated, events: int, others: int) -> float | None:
    """Return the stated width as a share of the usual one if no method gives so narrow an interval, else None."""
    usual = usual_width(figure, events, others)
    if usual is None or figure.low is None or figure.high is None or min(events, others) < LEAST:
        return None
    share = (figure.high - figure.low + figure.interval_unit) / usual
    return share if share < NARROWEST else None


def outside(figure: Stated) -> bool:
    """Return True if a figure does not lie in its own interval, or the interval leaves 0 to 1, beyond rounding."""
    if figure.low is None or figure.high is None:
        return False
    slack = (figure.unit + figure.interval_unit) / 2
    beyond = figure.measure == "auc" and (figure.low < -slack or figure.high > 1 + slack)
    return beyond or figure.low > figure.high or figure.value < figure.low - slack or figure.value > figure.high + slack
