"""The metamorphic guard on honest and leaky pipelines over real tables: caught, false alarms, fits.

    python benchmarks/guard.py [--splits 2] [--tables DIR]

Tables without a site get three by chance, each with its own shift and scale of every feature.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from careless import CLEAN, LEAKY
from real_tables import SHARED, RealTable, tables

import radaudit


def prepared(table: RealTable, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return the table with outcome and site, and a split by patient, 70 to 30."""
    rng = np.random.default_rng(seed)
    features, site = table.features.copy(), table.site
    if site is None or site.value_counts().min() < 5:
        site = pd.Series(rng.choice(["A", "B", "C"], size=len(features)), index=features.index)
        for name in ("A", "B", "C"):
            at = (site == name).to_numpy()
            features.loc[at] = features.loc[at] * rng.uniform(0.8, 1.25, features.shape[1]) + features.std().to_numpy() * rng.normal(
                0, 0.4, features.shape[1]
            )
    people = table.patient.unique()
    held = set(rng.permutation(people)[: int(0.3 * len(people))])
    split = pd.Series(np.where(table.patient.isin(held), "holdout", "training"), index=features.index)
    return features.assign(outcome=table.outcome, site=site), split


def main() -> None:
    """Print one row per pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--tables", type=Path, default=SHARED)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    moved: dict[str, Counter[str]] = defaultdict(Counter)
    fits: dict[str, list[int]] = defaultdict(list)
    missed, names, started = [], [], time.perf_counter()
    for table in tables(given.tables):
        names.append(table.name)
        for seed in range(given.splits):
            frame, split = prepared(table, seed)
            for name, pipeline in {**CLEAN, **LEAKY}.items():
                found = radaudit.guard(pipeline, frame, split, outcome="outcome", site="site")
                verdicts[name][found.verdict] += 1
                moved[name].update(found.caught)
                fits[name].append(found.fits)
                if (found.verdict == "proved leak") != (name in LEAKY):
                    missed.append((name, table.name, seed, found.verdict, found.reading))
    print(f"{len(names)} tables: {', '.join(names)}; {given.splits} splits each; {time.perf_counter() - started:.0f} s")
    print(f"{'pipeline':<28}{'runs':>5}{'leak':>6}{'clean':>7}{'other':>7}{'fits':>6}  garbage  outcomes   company newcomers")
    for name in {**CLEAN, **LEAKY}:
        seen, runs = verdicts[name], sum(verdicts[name].values())
        leak, fine = seen["proved leak"], seen["evidence of clean"]
        told = " ".join(f"{moved[name][what]:>9}" for what in ("features", "outcomes", "company", "newcomers"))
        print(f"{name:<28}{runs:>5}{leak:>6}{fine:>7}{runs - leak - fine:>7}{max(fits[name]):>6} {told}")
    caught = sum(verdicts[name]["proved leak"] for name in LEAKY)
    alarms = sum(verdicts[name]["proved leak"] for name in CLEAN)
    print(
        f"caught {caught} of {sum(sum(verdicts[n].values()) for n in LEAKY)} leaky runs; "
        f"{alarms} false alarms in {sum(sum(verdicts[n].values()) for n in CLEAN)} clean runs"
    )
    for line in missed:
        print("  ", *line)


if __name__ == "__main__":
    main()
