"""Ten-fold fits of ComBat by subtraction of moments: their cost in fits, and how far they are from refits.

    python benchmarks/kfold.py [--folds 10] [--kernel]

A fit is ``measure`` and ``fit_combat`` on all rows. By subtraction every row is read once for all folds; by refitting, K - 1 times.
CPU seconds on one thread, best of some repetitions; differences in pooled SDs of the feature.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.folds import fold_moments, without_each
from radaudit.harmonise.moments import measure

SHAPES = ((5_000, 500, 5), (20_000, 2_000, 20), (100_000, 500, 10), (100_000, 2_000, 50))
REPEATS = 3


def table(n: int, p: int, batches: int):
    rng = np.random.default_rng(0)
    code = np.arange(n) % batches
    x = np.empty((n, p))
    for start in range(0, n, 1000):
        x[start : start + 1000] = rng.standard_normal((len(x[start : start + 1000]), p)) + 0.1 * code[start : start + 1000, None]
    return x, [f"site{c:02d}" for c in code.tolist()], {"age": rng.normal(60, 10, n), "sex": rng.choice(["F", "M"], n).tolist()}


def seconds(call) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def difference(a, b) -> float:
    unit = np.where(b.pooled_sd > 0, b.pooled_sd, 1.0)
    gaps = [np.abs(getattr(a, name) - getattr(b, name)).max() for name in ("gamma", "delta")]
    return max(*gaps, *(float((np.abs(getattr(a, name) - getattr(b, name)) / unit).max()) for name in ("grand_mean", "pooled_sd")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--kernel", action="store_true", help="the compiled kernel, for both ways")
    parser.add_argument("--largest", action="store_true", help="with 100,000 x 2,000 x 50 (1.6 GB)")
    given = parser.parse_args()
    options = {}
    if given.kernel:
        from radaudit.harmonise.kernel import load

        options = {"kernel": load()}
    print(f"\n{given.folds} folds, two covariates{'':10}one fit CPU s   by subtraction   in fits   largest difference to refits")
    for n, p, batches in SHAPES if given.largest else SHAPES[:-1]:
        x, batch, covariates = table(n, p, batches)
        features, fold = [f"f{j}" for j in range(p)], np.random.default_rng(1).permutation(np.arange(n) % given.folds)

        def one(x=x, batch=batch, covariates=covariates, features=features):
            return fit_combat(measure(x, batch, covariates, features=features, **options))

        def subtracted(x=x, batch=batch, covariates=covariates, features=features, fold=fold):
            parts = fold_moments(x, batch, fold.tolist(), covariates, features=features, **options)
            return [fit_combat(rest) for rest in without_each(parts)]

        fits = subtracted()
        gap = 0.0
        for k in (0, given.folds - 1):
            kept = np.flatnonzero(fold != k)
            rest = {name: [values[i] for i in kept] for name, values in covariates.items()}
            gap = max(gap, difference(fits[k], one(x[kept], [batch[i] for i in kept], rest)))
        base, cost = seconds(one), seconds(subtracted)
        print(f"{n:>7,} x {p:>5,} x {batches:<3}{'':9}{base:14.3f}{cost:17.3f}{cost / base:10.2f}{gap:31.1e}", flush=True)


if __name__ == "__main__":
    main()
