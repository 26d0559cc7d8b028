"""Survival measures: coverage of their intervals by simulation, and speed beside lifelines in the same run.

    python benchmarks/survival.py [coverage] [speed] [--studies 1000] [--resampled]

Prints tables; nothing is asserted and nothing is timed in the test suite.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radaudit.followup import Followed, followed
from radaudit.measures.concordance import c_difference, c_index, c_index_bootstrap, pairs_of
from radaudit.measures.estimate import Estimate
from radaudit.measures.horizon import auc_of_counts, bootstrapped, brier_of_counts, jackknifed
from radaudit.measures.survival_calibration import observed_over_expected, survival_slope

LARGE = 100_000
HORIZON = 1.0


@dataclass(frozen=True)
class Design:
    """Patients with a score of this log hazard ratio per SD; hazards 1; ``censoring`` is its rate; ``lesions`` rows per patient."""

    name: str
    patients: int
    effect: float
    censoring: float
    lesions: int = 1


DESIGNS = (
    Design("60 patients, C 0.67, a third censored", 60, 0.7, 0.5),
    Design("100 patients, C 0.60, a third censored", 100, 0.4, 0.5),
    Design("200 patients, C 0.67, a third censored", 200, 0.7, 0.5),
    Design("200 patients, C 0.77, two thirds censored", 200, 1.3, 2.0),
    Design("100 patients with 4 lesions each, C 0.66", 100, 0.7, 0.5, 4),
)


def draw(design: Design, rng: np.random.Generator, patients: int | None = None) -> tuple[Followed, np.ndarray, np.ndarray]:
    """Return follow-up, a second weaker score, and the score; lesions share their patient's follow-up, their scores go together."""
    n = patients or design.patients
    score = rng.normal(size=n)
    time, stop = rng.exponential(np.exp(-design.effect * score)), rng.exponential(1 / design.censoring, size=n)
    who = np.repeat(np.arange(n), design.lesions)
    seen = score[who] + (0.5 * rng.normal(size=who.size) if design.lesions > 1 else 0.0)
    other = 0.7 * seen + 0.7 * rng.normal(size=who.size)
    return followed(np.minimum(time, stop)[who], (time <= stop)[who], who), other, seen


def risk_of(design: Design, score: np.ndarray) -> np.ndarray:
    return -np.expm1(-HORIZON * np.exp(design.effect * score))


Interval = Callable[[Design, Followed, np.ndarray, np.ndarray, np.random.Generator], Estimate]
INTERVALS: dict[str, Interval] = {
    "Harrell's C, infinitesimal jackknife": lambda d, rows, _, s, rng: c_index(rows, s),
    "Uno's C, infinitesimal jackknife": lambda d, rows, _, s, rng: c_index(rows, s, weights="uno", tau=HORIZON),
    "Harrell's C, bootstrap": lambda d, rows, _, s, rng: c_index_bootstrap(rows, s, resamples=400, rng=rng),
    "gain in Harrell's C": lambda d, rows, other, s, rng: c_difference(rows, s, other).difference,
    "AUC at the horizon, bootstrap": lambda d, rows, _, s, rng: bootstrapped(
        rows, lambda counts: auc_of_counts(rows, s, HORIZON, counts), resamples=400, rng=rng
    ),
    "AUC at the horizon, jackknife": lambda d, rows, _, s, rng: jackknifed(
        rows, lambda counts: auc_of_counts(rows, s, HORIZON, counts), scale="logit", what="AUC"
    ),
    "Brier score at the horizon, bootstrap": lambda d, rows, _, s, rng: bootstrapped(
        rows, lambda counts: brier_of_counts(rows, risk_of(d, s), HORIZON, counts), resamples=400, rng=rng
    ),
    "calibration slope": lambda d, rows, _, s, rng: survival_slope(rows, s),
    "observed over expected": lambda d, rows, _, s, rng: observed_over_expected(rows, risk_of(d, s), HORIZON),
}


def truths(design: Design) -> dict[str, float]:
    """Return what each interval should hold, from one large study with the same censoring."""
    rows, other, score = draw(design, np.random.default_rng(99), LARGE // design.lesions)
    c, weak = pairs_of(rows, score).c, pairs_of(rows, other).c
    area = float(auc_of_counts(rows, score, HORIZON)[0])
    return {
        "Harrell's C, infinitesimal jackknife": c,
        "Uno's C, infinitesimal jackknife": pairs_of(rows, score, "uno", HORIZON).c,
        "Harrell's C, bootstrap": c,
        "gain in Harrell's C": c - weak,
        "AUC at the horizon, bootstrap": area,
        "AUC at the horizon, jackknife": area,
        "Brier score at the horizon, bootstrap": float(brier_of_counts(rows, risk_of(design, score), HORIZON)[0]),
        "calibration slope": float(survival_slope(rows, score).value or 0.0),
        "observed over expected": float(observed_over_expected(rows, risk_of(design, score), HORIZON).value or 0.0),
    }


def coverage(studies: int, names: list[str]) -> None:
    """Print the share of simulated studies whose nominal 95% interval holds the truth, one row per design as it is done."""
    print(f"Coverage of nominal 95% intervals, {studies} studies (simulation error {100 * (0.95 * 0.05 / studies) ** 0.5:.1f} points)\n")
    print("| Design | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|", flush=True)
    for k, design in enumerate(DESIGNS):
        truth, rng = truths(design), np.random.default_rng([5, k])
        hits, made = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
        for _ in range(studies):
            rows, other, score = draw(design, rng)
            for name in names:
                found = INTERVALS[name](design, rows, other, score, rng)
                if found.low is not None and found.high is not None:
                    made[name] += 1
                    hits[name] += found.low <= truth[name] <= found.high
        cells = [f"{100 * hits[name] / max(made[name], 1):.1f}%" + _of(made[name], studies) for name in names]
        print(f"| {design.name} | " + " | ".join(cells) + " |", flush=True)


def _of(made: int, asked: int) -> str:
    return "" if made == asked else f" of {made}"


def best(work: Callable[[], object], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def speed() -> None:
    """Print wall times beside lifelines, where it is installed."""
    rng = np.random.default_rng(1)
    print("| Work | radaudit | lifelines | ratio |\n|---|---|---|---|")
    for n in (1_000, 10_000, 100_000):
        rows, _, score = draw(Design("", n, 0.7, 0.5), rng)
        own = best(lambda rows=rows, score=score: c_index(rows, score))
        print(f"| Harrell's C with interval, n = {n:,} | {own:.4f} s | {_lifelines_c(rows, score, own)} |", flush=True)
    rows, _, score = draw(Design("", 200, 0.7, 0.5), rng)
    own = best(lambda: c_index_bootstrap(rows, score, resamples=2000, rng=np.random.default_rng(1)))
    print(f"| 2,000 bootstraps of Harrell's C, n = 200 | {own:.4f} s | {_lifelines_bootstrap(rows, score, own)} |", flush=True)


def _lifelines_c(rows: Followed, score: np.ndarray, own: float) -> str:
    try:
        from lifelines.utils import concordance_index
    except ImportError:
        return "not installed | –"
    theirs = best(lambda: concordance_index(rows.time, -score, rows.event), 1)
    return f"{theirs:.4f} s (no interval) | {theirs / own:.1f}x"


def _lifelines_bootstrap(rows: Followed, score: np.ndarray, own: float) -> str:
    try:
        from lifelines.utils import concordance_index
    except ImportError:
        return "not installed | –"

    def loop() -> None:
        rng = np.random.default_rng(1)
        for _ in range(2000):
            at = rng.integers(0, len(rows), size=len(rows))
            concordance_index(rows.time[at], -score[at], rows.event[at])

    theirs = best(loop, 1)
    return f"{theirs:.4f} s | {theirs / own:.1f}x"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["coverage", "speed"])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--resampled", action="store_true", help="the intervals by bootstrap and jackknife instead of the closed ones")
    asked = parser.parse_args()
    if "coverage" in asked.what:
        slow = ("bootstrap", "horizon, jackknife")
        resampled = [name for name in INTERVALS if any(word in name for word in slow)]
        coverage(asked.studies, resampled if asked.resampled else [name for name in INTERVALS if name not in resampled])
    if "speed" in asked.what:
        speed()
