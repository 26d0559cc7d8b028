"""Is there any table of counts that gives all these figures? An integer search over tp, fn, fp and tn, exact for the rounding printed.

The idea of GRIM (Brown and Heathers 2017) for classification: sensitivity, specificity, accuracy, predictive values and prevalence of
n1 events and n0 others are all made of two whole numbers, tp and tn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.numbers.stated import SLACK, Stated

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

COUNTED = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "ppv", "npv", "f1", "prevalence")
MOST_TABLES = 20_000_000
EXAMPLES = 3
Share = Callable[["Floats", "Floats", float, float], "Floats"]


def _ratio(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(over / under)


SHARES: dict[str, Share] = {
    "sensitivity": lambda tp, tn, n1, n0: tp / n1,
    "specificity": lambda tp, tn, n1, n0: tn / n0,
    "accuracy": lambda tp, tn, n1, n0: (tp + tn) / (n1 + n0),
    "balanced_accuracy": lambda tp, tn, n1, n0: (tp / n1 + tn / n0) / 2,
    "ppv": lambda tp, tn, n1, n0: _ratio(tp, tp + n0 - tn),
    "npv": lambda tp, tn, n1, n0: _ratio(tn, tn + n1 - tp),
    "f1": lambda tp, tn, n1, n0: 2 * tp / (n1 + tp + n0 - tn),
    "prevalence": lambda tp, tn, n1, n0: np.full(np.broadcast(tp, tn).shape, n1 / (n1 + n0)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Tables of counts that give all figures: how many (0: impossible), the first few as (tp, fn, fp, tn), and how many were tried.

    ``culprits`` names the figures without any one of which the rest becomes possible; ``alone`` those impossible by themselves.
    ``cut`` is True if the figures are possible only when digits were cut off instead of rounded.
    """

    found: int
    examples: tuple[tuple[int, int, int, int], ...]
    tried: int
    culprits: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    cut: bool = False


def tables_of(figures: Sequence[Stated], events: int, others: int) -> Tables | None:
    """Return the tables of ``events`` and ``others`` rows that give all figures; None if none of them is made of counts, or too many rows.

    A share of nothing (PPV without positives) is no number and fits no figure.
    """
    asked = [figure for figure in figures if figure.measure in COUNTED]
    if not asked or events < 1 or others < 1 or (events + 1) * (others + 1) > MOST_TABLES:
        return None
    found, examples = _search(asked, events, others, cut=False)
    tried = (events + 1) * (others + 1)
    if found:
        return Tables(found=found, examples=examples, tried=tried)
    by_cutting, _ = _search(asked, events, others, cut=True)
    alone = tuple(figure.measure for figure in asked if not _search([figure], events, others, cut=False)[0])
    rest = [(figure.measure, [other for other in asked if other is not figure]) for figure in asked]
    culprits = tuple(name for name, kept in rest if not kept or _search(kept, events, others, cut=False)[0])
    return Tables(found=0, examples=(), tried=tried, culprits=culprits, alone=alone, cut=by_cutting > 0)


def tables_without_events(figures: Sequence[Stated], size: int) -> Tables | None:
    """Return what ``tables_of`` returns when only the number of rows is known: every division into events and others is tried."""
    asked = [figure for figure in figures if figure.measure in COUNTED]
    if not asked or size < 2 or size**3 / 6 > MOST_TABLES * 10:
        return None
    total, tried = 0, 0
    examples: tuple[tuple[int, int, int, int], ...] = ()
    for events in range(1, size):
        found, some = _search(asked, events, size - events, cut=False)
        total, tried, examples = total + found, tried + (events + 1) * (size - events + 1), examples or some
    cut = not total and any(_search(asked, events, size - events, cut=True)[0] for events in range(1, size))
    return Tables(found=total, examples=examples, tried=tried, cut=cut)


def _search(figures: Sequence[Stated], events: int, others: int, *, cut: bool) -> tuple[int, tuple[tuple[int, int, int, int], ...]]:
    tp, tn = _candidates(figures, "sensitivity", events, cut), _candidates(figures, "specificity", others, cut)
    hits, misses = tp[:, None].astype(np.float64), tn[None, :].astype(np.float64)
    right = np.ones((len(tp), len(tn)), dtype=bool)
    for figure in figures:
        right &= _fits(figure, SHARES[figure.measure](hits, misses, float(events), float(others)), cut)
        if not right.any():
            return 0, ()
    where = np.argwhere(right)
    first = tuple((int(tp[i]), events - int(tp[i]), others - int(tn[j]), int(tn[j])) for i, j in where[:EXAMPLES])
    return len(where), first


def _candidates(figures: Sequence[Stated], measure: str, size: int, cut: bool) -> Ints:
    """Return the whole numbers out of ``size`` that a stated share allows; all of them if it is not stated."""
    counts = np.arange(size + 1)
    for figure in figures:
        if figure.measure == measure:
            counts = counts[_fits(figure, counts / size, cut)]
    return counts


def _fits(figure: Stated, value: Floats, cut: bool) -> Bools:
    if cut:
        return np.asarray((value >= figure.value - SLACK) & (value < figure.value + figure.unit + SLACK))
    return np.asarray(np.abs(value - figure.value) <= figure.unit / 2 + SLACK)


def nearest_share(figure: Stated, size: int) -> float:
    """Return the share of ``size`` that comes nearest to a figure."""
    return round(figure.value * size) / size
