"""Number forensics: how often altered figures are caught, by digits printed; how narrow honest intervals get.

python benchmarks/claimed_figures.py [--studies 3000]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from radaudit.leaks.numbers import counts, intervals
from radaudit.leaks.numbers.stated import Stated, stated
from radaudit.measures.discrimination import auc_estimate

TRIPLE = ("sensitivity", "specificity", "accuracy")


def shares(tp: int, tn: int, n1: int, n0: int) -> list[float]:
    """Return sensitivity, specificity and accuracy."""
    return [tp / n1, tn / n0, (tp + tn) / (n1 + n0)]


def altered(figure: Stated, rng: np.random.Generator) -> Stated:
    """Return a figure with one printed digit replaced."""
    digits = list(figure.text)
    place = int(rng.integers(2, len(digits)))
    digits[place] = str(rng.choice([d for d in "0123456789" if d != digits[place]]))
    return stated(figure.measure, "".join(digits))


def triples(studies: int) -> None:
    """Print caught altered triples and alarms on true ones."""
    print(f"{'digits':>6} {'patients':>12} {'altered':>8} {'caught':>8} {'alarms':>7} {'ms each':>8}")
    for places in (2, 3, 4):
        for least, most in ((10, 60), (60, 200), (200, 1000)):
            rng = np.random.default_rng([places, most])
            caught = alarms = tried = 0
            started = time.perf_counter()
            while tried < studies:
                n1, n0 = (int(v) for v in rng.integers(least // 2, most // 2, size=2))
                tp, tn = int(rng.integers(n1 // 2, n1)), int(rng.integers(n0 // 2, n0))
                figures = [stated(name, f"{value:.{places}f}") for name, value in zip(TRIPLE, shares(tp, tn, n1, n0), strict=True)]
                if any(figure.value >= 1 for figure in figures):
                    continue
                fine = counts.tables_of(figures, n1, n0)
                alarms += fine is None or not fine.found
                which = int(rng.integers(3))
                wrong = counts.tables_of([altered(f, rng) if i == which else f for i, f in enumerate(figures)], n1, n0)
                caught += wrong is not None and not wrong.found
                tried += 1
            spent = 1000 * (time.perf_counter() - started) / tried / 2
            print(f"{places:>6} {f'{least}-{most}':>12} {tried:>8} {caught / tried:>8.1%} {alarms:>7} {spent:>8.2f}")


def widths(studies: int) -> None:
    """Print how narrow DeLong's intervals are beside Hanley and McNeil's, over binormal, mixed and tied scores."""
    rng = np.random.default_rng(0)
    found = []
    while len(found) < studies:
        n1, n0 = (int(v) for v in rng.integers(intervals.LEAST, 200, size=2))
        spread, shift, kind = float(np.exp(rng.normal(0, 0.6))), rng.uniform(0, 2.5), int(rng.integers(3))
        hits, misses = rng.normal(shift, spread, n1), rng.normal(size=n0)
        if kind == 1:
            hits = np.where(rng.random(n1) < 0.5, rng.normal(shift + 1, 0.3, n1), rng.normal(size=n1))
        if kind == 2:
            hits, misses = np.round(hits), np.round(misses)
        seen = auc_estimate(np.r_[np.ones(n1), np.zeros(n0)], np.r_[hits, misses], scale="plain")
        if seen.value is None or seen.low is None or seen.high is None:
            continue
        usual = intervals.usual_width(Stated(measure="auc", text="", value=seen.value, unit=0.001), n1, n0)
        if usual is not None and seen.value >= 0.5:
            found.append((seen.high - seen.low) / usual)
    low, middle = np.min(found), np.median(found)
    print(
        f"{len(found)} DeLong intervals: {low:.2f} (least), {middle:.2f} (median) of the Hanley-McNeil width; "
        f"{sum(v < intervals.NARROWEST for v in found)} below {intervals.NARROWEST}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=3000)
    given = parser.parse_args()
    triples(given.studies)
    widths(4 * given.studies)
