"""Variants: copies of one table whose holdout rows were changed in a way that an honest pipeline cannot notice elsewhere.

A pipeline that learns from training rows only and scores each holdout row by itself gives the same training outputs, threshold and
predictions of the untouched rows on every variant. The relations are those of metamorphic testing (Chen et al. 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from radaudit.arrays import Bools, Floats, Ints

BASELINE, FEATURES, OUTCOMES, COMPANY, NEWCOMERS = "baseline", "features", "outcomes", "company", "newcomers"
QUESTIONS = {
    FEATURES: "Do garbage features in half of the holdout change anything outside those rows?",
    OUTCOMES: "Do flipped holdout outcomes change anything at all?",
    COMPANY: "Does dropping half of the holdout and shuffling the rest change the predictions of those that stay?",
    NEWCOMERS: "Do new holdout patients change anything for the others?",
}
CODES = {FEATURES: "GUARD-100", OUTCOMES: "GUARD-101", COMPANY: "GUARD-102", NEWCOMERS: "GUARD-103"}
SHIFT = 2.0  # garbage lies this many standard deviations off: a pooled mean must move


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variant:
    """One copy of a table of n rows, told by where each of its m rows comes from.

    ``source (m,)`` is the original row behind each row; ``new (m,)`` marks rows that are no row of the original, ``garbage (m,)`` rows
    whose features were replaced, ``flipped (m,)`` rows whose outcome was turned round. ``values (m, p)`` are the numeric features.
    """

    name: str
    source: Ints
    new: Bools
    garbage: Bools
    flipped: Bools
    values: Floats

    @property
    def comparable(self) -> Ints:
        """Positions of the rows whose outputs must be those of the baseline."""
        return np.flatnonzero(~self.new & ~self.garbage)


def baseline(values: Floats) -> Variant:
    """Return the table as it is."""
    n = len(values)
    none = np.zeros(n, dtype=bool)
    return Variant(name=BASELINE, source=np.arange(n), new=none, garbage=none, flipped=none, values=values)


def variants(values: Floats, holdout: Bools, rng: Generator) -> Iterator[Variant]:
    """Yield the four changed copies of features ``values (n, p)`` with holdout rows ``holdout (n,)``, the most telling first."""
    plain = baseline(values)
    rows = np.flatnonzero(holdout)
    half = np.zeros(len(values), dtype=bool)
    half[rng.permutation(rows)[: max(1, len(rows) // 2)]] = True
    spoilt = values.copy()
    spoilt[half] = _garbage(values, values[half], rng)
    yield _changed(plain, FEATURES, garbage=half, values=spoilt)
    yield _changed(plain, OUTCOMES, flipped=holdout)
    yield _company(plain, rows, half, rng)
    yield _newcomers(plain, rows, rng)


def _changed(
    plain: Variant, name: str, *, garbage: Bools | None = None, flipped: Bools | None = None, values: Floats | None = None
) -> Variant:
    return Variant(
        name=name,
        source=plain.source,
        new=plain.new,
        garbage=plain.garbage if garbage is None else garbage,
        flipped=plain.flipped if flipped is None else flipped,
        values=plain.values if values is None else values,
    )


def _company(plain: Variant, rows: Ints, gone: Bools, rng: Generator) -> Variant:
    """Return the table without the rows ``gone``, the remaining holdout rows in another order on the places they had."""
    order = np.arange(len(plain.source))
    stay = rows[~gone[rows]]
    order[stay] = _moved(stay, rng)
    order = order[~gone[order]]
    none = np.zeros(len(order), dtype=bool)
    return Variant(name=COMPANY, source=order, new=none, garbage=none, flipped=none, values=plain.values[order])


def _moved(rows: Ints, rng: Generator) -> Ints:
    """Return the rows in an order that is not the old one, if there are two."""
    moved = rng.permutation(rows)
    return np.roll(rows, 1) if np.array_equal(moved, rows) else moved


def _newcomers(plain: Variant, rows: Ints, rng: Generator) -> Variant:
    """Return the table with half as many new holdout rows again as it has, at its end."""
    models = rng.choice(rows, size=max(2, len(rows) // 2))
    source = np.r_[plain.source, models]
    new = np.r_[plain.new, np.ones(len(models), dtype=bool)]
    none = np.zeros(len(source), dtype=bool)
    turned = none.copy()
    turned[len(plain.source) :] = rng.random(len(models)) < 0.5
    values = np.vstack([plain.values, _garbage(plain.values, plain.values[models], rng)])
    return Variant(name=NEWCOMERS, source=source, new=new, garbage=new, flipped=turned, values=values)


def _garbage(values: Floats, replaced: Floats, rng: Generator) -> Floats:
    """Return values for the rows ``replaced (k, p)`` that are far off and possible.

    Positive columns stay positive, whole ones whole, columns with a few levels (categories in numbers) take another of their levels.
    """
    made = np.full_like(replaced, np.nan)
    for j in range(values.shape[1]):
        known = values[~np.isnan(values[:, j]), j]
        if not len(known):
            continue
        levels = np.unique(known)
        size = len(replaced)
        if len(levels) <= 5:
            drawn = rng.choice(levels, size=size)
        elif levels[0] > 0:
            drawn = known[rng.integers(len(known), size=size)] * np.exp(0.5 + rng.normal(size=size))
        else:
            drawn = known.mean() + known.std() * (SHIFT + rng.normal(size=size))
        made[:, j] = np.rint(drawn) if np.all(known == np.rint(known)) else drawn
    return np.where(np.isnan(replaced), np.nan, made)
