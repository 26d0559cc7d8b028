"""How near is the size that radaudit gives a leak to the size it has? Real tables, planted leaks, one split each, both sides known.

    python benchmarks/leakbench/counterfactual.py [--splits 4] [--replay] [--skip-lottery]

The truth is the author's own pipeline run twice on one split, with the leak and without (ridge logistic regression of scikit-learn). The
size is what radaudit computes from the finished table alone, with its own reference model.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

sys.path.insert(0, str(Path(__file__).parents[1]))
from careless import chosen, filled, harmonised, scaled, smote
from real_tables import SHARED, tables

from radaudit.leaks.counterfactual import change
from radaudit.leaks.forensics.evidence import evidence
from radaudit.leaks.forensics.examine import JUDGES
from radaudit.leaks.forensics.state import Standing, State


@dataclass(frozen=True, kw_only=True)
class Case:
    """A planted leak: what is sent, and what the leak added for its author."""

    kind: str
    label: str
    truth: float
    values: np.ndarray
    outcome: np.ndarray
    training: np.ndarray
    site: list[str] | None = None
    patients: list[str] | None = None
    selected: list[int] | None = None
    predictions: np.ndarray | None = None
    threshold: float | None = None


def fit(x: np.ndarray, y: np.ndarray, rows: np.ndarray, c: float = 0.1) -> np.ndarray:
    """Return risks of all rows by the author's model."""
    return LogisticRegression(C=c, max_iter=300).fit(x[rows], y[rows]).predict_proba(x)[:, 1]


def auc(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray, c: float = 0.1) -> float:
    return float(roc_auc_score(y[test], fit(x, y, train, c)[test]))


def balanced(y: np.ndarray, risk: np.ndarray, cut: float) -> float:
    return float(((risk >= cut)[y == 1].mean() + (risk < cut)[y == 0].mean()) / 2)


def youden(y: np.ndarray, risk: np.ndarray) -> float:
    false, true, cuts = roc_curve(y, risk)
    return float(cuts[np.argmax(true - false)])


def cases(raw: np.ndarray, y: np.ndarray, site: list[str], rng: np.random.Generator, lottery: bool) -> Iterator[Case]:
    """Yield one case per kind of leak on one split."""
    n, every = len(raw), np.ones(len(raw), bool)
    train = rng.random(n) > 0.3
    test = ~train
    common = {"outcome": y, "training": train}
    x = scaled(raw, train)
    honest = auc(x, y, train, test)
    pooled = scaled(raw, every)
    yield Case(kind="scaling", label="pooled z", truth=auc(pooled, y, train, test) - honest, values=pooled, **common)
    holes = np.where(rng.random(raw.shape) < 0.05, np.nan, raw)
    full, own = filled(holes, every), filled(holes, train)
    gain = auc(scaled(full, train), y, train, test) - auc(scaled(own, train), y, train, test)
    yield Case(kind="imputation", label="pooled mean", truth=gain, values=full, **common)
    k = min(10, *x[train].shape)
    parts = PCA(k, svd_solver="full").fit(x).transform(x)
    gain = auc(parts, y, train, test, 1.0) - auc(PCA(k, svd_solver="full").fit(x[train]).transform(x), y, train, test, 1.0)
    yield Case(kind="pca", label="pooled PCA", truth=gain, values=parts, **common)
    clean = auc(scaled(harmonised(raw, site, train), train), y, train, test)
    for label, told in (("pooled ComBat", None), ("pooled ComBat + outcome", y)):
        sent = harmonised(raw, site, every, told)
        gain = auc(scaled(sent, train), y, train, test) - clean
        yield Case(kind="harmonisation", label=label, truth=gain, values=sent, site=site, **common)
    best, fair = chosen(x, y, every), chosen(x, y, train)
    gain = auc(x[:, best], y, train, test) - auc(x[:, fair], y, train, test)
    yield Case(kind="selection", label="10 on all rows", truth=gain, values=raw, selected=best.tolist(), **common)
    yield from _rows(raw, x, y, train, rng)
    risk = np.round(fit(x[:, fair], y, train), 6)
    cut, right = youden(y[test], risk[test]), youden(y[train], risk[train])
    gain = balanced(y[test], risk[test], cut) - balanced(y[test], risk[test], right)
    yield Case(kind="threshold", label="Youden on test", truth=gain, values=raw, predictions=risk, threshold=cut, **common)
    if lottery:
        yield _luckiest(raw, y, rng)


def _rows(raw: np.ndarray, x: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator) -> Iterator[Case]:
    """Yield leaks that are made of rows: synthetic ones, copies, the same patients twice."""
    test = ~train
    more, theirs = smote(raw, y)
    if len(more) >= 5:
        wide, outcome = np.vstack([raw, more]), np.r_[y, theirs]
        part = rng.random(len(wide)) > 0.3
        real = np.arange(len(wide)) < len(raw)
        z = scaled(wide, part)
        gain = auc(z, outcome, part, ~part) - auc(scaled(wide, part & real), outcome, part & real, ~part & real)
        yield Case(kind="oversampling", label="SMOTE before split", truth=gain, values=wide, outcome=outcome, training=part)
    some = rng.choice(np.flatnonzero(test), size=max(3, int(0.3 * test.sum())), replace=False)
    for label, kind, noise in (("30% of test rows", "duplicates", 0.0), ("30% of test patients", "patients", 0.23)):
        copies = raw[some] + noise * raw[train].std(axis=0) * rng.normal(size=(len(some), raw.shape[1]))
        wide, outcome = np.vstack([raw, copies]), np.r_[y, y[some]]
        part = np.r_[train, np.ones(len(some), bool)]
        ids = [f"P{i}" for i in range(len(raw))] + [f"P{i}" for i in some]
        own = np.r_[train, np.zeros(len(some), bool)]
        gain = auc(scaled(wide, part), outcome, part, ~part) - auc(scaled(wide, own), outcome, own, ~part)
        yield Case(kind=kind, label=label, truth=gain, values=wide, outcome=outcome, training=part, patients=ids)


def _luckiest(raw: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Case:
    """Return the best of 50 splits; what luck added is its AUC less the median of 100 others."""
    found = []
    for number in range(150):
        part = np.ones(len(y), bool)
        for c in (0, 1):
            rows = np.flatnonzero(y == c)
            part[rng.permutation(rows)[: int(0.3 * len(rows))]] = False
        risk = fit(scaled(raw, part), y, part)
        found.append((float(roc_auc_score(y[~part], risk[~part])), part, risk))
        del number
    best = max(found[:50], key=lambda item: item[0])
    middle = float(np.median([value for value, _, _ in found[50:]]))
    return Case(kind="lottery", label="best of 50", truth=best[0] - middle, values=raw, outcome=y, training=best[1], predictions=best[2])


def predicted(case: Case, replay: bool) -> float | None:
    """Return what radaudit says the leak adds, from what is sent alone; without ``replay`` the selector is taken as known."""
    given = evidence(
        case.values,
        case.training,
        outcome=case.outcome.astype(float),
        site=case.site,
        patients=case.patients,
        selected=case.selected,
        predictions=case.predictions,
        threshold=case.threshold,
    )
    state = (
        JUDGES[case.kind](given)
        if case.kind in ("selection", "lottery")
        else State(kind=case.kind, standing=Standing.PROVED_LEAK, sentence="")
    )
    found = change.of(state, given)
    return None if found is None else found.difference


def main() -> None:
    """Print truth, size and error per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--skip-lottery", action="store_true")
    parser.add_argument("--replay", action="store_true", help="find the selector by replay, as an audit does (slow)")
    parser.add_argument("--tables", type=Path, default=SHARED)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    none: dict[str, int] = defaultdict(int)
    started, names = time.perf_counter(), []
    for table in tables(given.tables):
        names.append(table.name)
        raw = np.nan_to_num(table.features.to_numpy(float), nan=float(np.nanmedian(table.features)))
        y = table.outcome.to_numpy()
        for split in range(given.splits):
            rng = np.random.default_rng([split, *table.name.encode()])
            label = rng.integers(3, size=len(y))
            moved = raw * rng.uniform(0.8, 1.25, (3, raw.shape[1]))[label] + raw.std(axis=0) * rng.normal(0, 0.4, (3, raw.shape[1]))[label]
            for case in cases(moved, y, [f"S{k}" for k in label], rng, lottery=not given.skip_lottery and split == 0):
                size = predicted(case, given.replay)
                if size is None:
                    none[case.label] += 1
                else:
                    rows[case.label].append((case.truth, size))
        so_far = [abs(size - truth) for pairs in rows.values() for truth, size in pairs]
        print(f"  {table.name:<16}{len(so_far):>5} cases, |error| median {np.median(so_far):.4f}", file=sys.stderr, flush=True)
    print(f"{len(names)} tables x {given.splits} splits, {time.perf_counter() - started:.0f} s")
    print(f"{'leak':<26}{'cases':>6}{'none':>6}{'true':>9}{'given':>9}{'|error| median':>16}{'90%':>8}{'<= 0.02':>9}")
    every: list[float] = []
    for label, pairs in rows.items():
        truth, size = np.array(pairs).T
        error = np.abs(size - truth)
        every += error.tolist()
        print(
            f"{label:<26}{len(pairs):>6}{none[label]:>6}{truth.mean():>+9.3f}{size.mean():>+9.3f}{np.median(error):>16.4f}"
            f"{np.quantile(error, 0.9):>8.3f}{(error <= 0.02).mean():>9.0%}"
        )
    print(
        f"{'all':<26}{len(every):>6}{sum(none.values()):>6}{'':>18}{np.median(every):>16.4f}{np.quantile(every, 0.9):>8.3f}"
        f"{(np.array(every) <= 0.02).mean():>9.0%}"
    )


if __name__ == "__main__":
    main()
