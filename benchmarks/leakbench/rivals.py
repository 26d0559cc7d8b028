"""What the checks of other tools say about the same cases, re-implemented in a few lines each.

bioLeak-style: a permutation test of cross-validated AUC (its "permutation gap"). deepchecks-style: exact train-test sample mix and a
single feature that predicts the outcome alone (PPS above 0.7 by a stump). skore-style: a golden feature (a column with an AUC above 0.95).
"""

from __future__ import annotations

import numpy as np


def _auc(y: np.ndarray, score: np.ndarray) -> float:
    order = np.argsort(np.argsort(score)) + 1.0
    events = y == 1
    return float((order[events].sum() - events.sum() * (events.sum() + 1) / 2) / (events.sum() * (~events).sum()))


def permutation_gap(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> bool:
    """Return whether ridge regression in five folds beats 19 permutations of the outcome: an alarm at 5 %."""
    known = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
    spread = known.std(axis=0)
    z = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    gram = z @ z.T / z.shape[1] + 1.0
    fold = rng.permutation(len(y)) % 5
    hats = []
    for k in range(5):
        a, b = fold != k, fold == k
        hats.append((a, b, gram[np.ix_(b, a)] @ np.linalg.inv(gram[np.ix_(a, a)] + 0.1 * np.eye(int(a.sum())))))

    def crossed(labels: np.ndarray) -> float:
        score = np.empty(len(y))
        for a, b, hat in hats:
            score[b] = hat @ (labels[a] - labels[a].mean())
        return _auc(labels, score)

    seen = crossed(y)
    return all(seen > crossed(rng.permutation(y)) for _ in range(19))


def sample_mix(x: np.ndarray, training: np.ndarray) -> bool:
    """Return whether a test row equals a training row exactly."""
    rows = {row.tobytes() for row in x[training]}
    return any(row.tobytes() in rows for row in x[~training])


def golden_feature(x: np.ndarray, y: np.ndarray, limit: float = 0.95) -> bool:
    """Return whether one column alone has an AUC above ``limit``."""
    known = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    return any(max(a, 1 - a) > limit for a in (_auc(y, known[:, j]) for j in range(x.shape[1])))


def predictive_feature(x: np.ndarray, y: np.ndarray, training: np.ndarray, limit: float = 0.7) -> bool:
    """Return whether one column's PPS (weighted F1 of a stump against guessing) on test rows exceeds ``limit``."""
    known = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    base = max(y[training].mean(), 1 - y[training].mean())
    cuts = np.quantile(known[training], [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9], axis=0)
    above = ((known[training][None] > cuts[:, None]) == (y[training] == 1)[None, :, None]).mean(axis=1)
    at = np.maximum(above, 1 - above).argmax(axis=0)
    columns = np.arange(x.shape[1])
    hit = ((known[~training] > cuts[at, columns]) == (y[~training] == 1)[:, None]).mean(axis=0)
    hit = np.where(above[at, columns] >= 0.5, hit, 1 - hit)
    return bool(((hit - base) / (1 - base) > limit).any())
