"""Whole pipelines against scikit-learn in a loop: permutations of a nested pipeline, and re-splits.

    python benchmarks/pipelines.py [--rows 200] [--features 1000] [--permutations 3] [--splits 4]

Both sides do the same work in the same run: 5 outer folds; inside each, 5 inner folds tune 2 screens (10 and 20 features), 8 penalties and
2 mixings of a logistic elastic net on standardised, univariately screened features; ours also filters redundancy
and applies the one-standard-error rule. A few permutations are timed and scaled to 1,000 (and re-splits to 200). One thread each.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from radaudit.splits import HoldoutPlan, hold_out
from radaudit.splits.resamples import repeated_group_kfold
from radaudit.study.frame import Frame, training_frame
from radaudit.study.multiverse import lottery
from radaudit.study.plans import PENALTIES, PipelinePlan
from radaudit.study.resampling import fit_folds
from radaudit.tables import FeatureTable
from radaudit.tables.roles import Outcome, Roles


def simulated(n: int, p: int, seed: int = 0) -> FeatureTable:
    """Return a table of correlated features, three of which carry the outcome."""
    rng = np.random.default_rng(seed)
    load = rng.normal(size=(20, p)) * (rng.random((20, p)) < 0.3)
    x = rng.normal(size=(n, 20)) @ load + rng.normal(size=(n, p))
    y = (rng.random(n) < 1 / (1 + np.exp(-x[:, :3].sum(axis=1)))).astype(float)
    roles = Roles(patient="id", outcome=Outcome(kind="binary", column="y", event="1"))
    return FeatureTable.of(roles=roles, patients=[f"P{i:05d}" for i in range(n)], features=[f"f{j}" for j in range(p)], values=x, outcome=y)


def rng_of(name: str) -> np.random.Generator:
    """Return the stream of one step."""
    return np.random.default_rng([1, *name.encode()])


def ours(table: FeatureTable, permutations: int) -> float:
    """Return CPU seconds of one permutation of the nested pipeline."""
    plan, rng = PipelinePlan(inner_repeats=1), np.random.default_rng(2)
    frame = training_frame(table, ())
    start = time.process_time()
    for k in range(permutations):
        own = shuffled(frame, rng)
        folds = repeated_group_kfold(own.patients.astype(str), own.outcome, 5, 1, rng_of(f"permutation {k}"))
        fit_folds(own, folds, plan, rng_of)
    return (time.process_time() - start) / permutations


def shuffled(frame: Frame, rng: np.random.Generator) -> Frame:
    """Return the rows with their outcomes dealt anew."""
    from dataclasses import replace

    return replace(frame, outcome=rng.permutation(frame.outcome))


def scikit_learn(table: FeatureTable, permutations: int) -> float:
    """Return CPU seconds of one permutation of the same nested pipeline in scikit-learn."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), SelectKBest(f_classif), LogisticRegression(solver="saga", max_iter=500, tol=1e-3))
    strengths = [1 / (share * 0.25 * len(table.outcome)) for share in PENALTIES]
    grid = {"selectkbest__k": [10, 20], "logisticregression__C": strengths, "logisticregression__l1_ratio": [0.5, 1.0]}
    search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=StratifiedKFold(5))
    rng = np.random.default_rng(2)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        for _ in range(permutations):
            cross_val_score(search, table.values, rng.permutation(table.outcome), cv=StratifiedKFold(5), scoring="roc_auc")
    return (time.process_time() - start) / permutations


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--permutations", type=int, default=3)
    parser.add_argument("--splits", type=int, default=4)
    given = parser.parse_args()
    table = simulated(given.rows, given.features)
    mine, theirs = ours(table, given.permutations), scikit_learn(table, 1)
    print(f"{given.rows} x {given.features}{'':18}CPU s each   1,000 take")
    print(f"nested pipeline, radaudit    {mine:10.2f}{mine * 1000 / 60:10.0f} min")
    print(f"nested pipeline, scikit-learn{theirs:10.2f}{theirs * 1000 / 60:10.0f} min   ratio {theirs / mine:.1f}")
    split = hold_out(table, HoldoutPlan(by="random", fraction=0.3, key=b"k" * 32))
    start = time.process_time()
    lottery(table, split, PipelinePlan(), 0.7, rng_of, splits=given.splits, mapper=map)
    one = (time.process_time() - start) / given.splits
    print(f"one re-split, tuning included{one:10.2f}   200 take {200 * one / 60:.1f} min of one processor")


if __name__ == "__main__":
    main()
