"""Selectors as users call them, for planting: scikit-learn and scipy where they have it, a few plain lines where they have not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from planting import Rng, filled
from tables import Raw

COUNT = 10


def _top(score: np.ndarray) -> list[int]:
    return sorted(np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")[:COUNT].tolist())


def f_test(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.feature_selection import SelectKBest, f_classif

    return SelectKBest(f_classif, k=COUNT).fit(x, y).get_support(indices=True).tolist()


def welch_test(x: np.ndarray, y: np.ndarray) -> list[int]:
    from scipy.stats import ttest_ind

    return _top(-ttest_ind(x[y == 1], x[y == 0], equal_var=False).pvalue)


def mann_whitney(x: np.ndarray, y: np.ndarray) -> list[int]:
    from scipy.stats import mannwhitneyu

    return _top(-mannwhitneyu(x[y == 1], x[y == 0]).pvalue)


def information(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.feature_selection import mutual_info_classif

    return _top(mutual_info_classif(x, y.astype(int), random_state=0))


def pruned(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Drop columns that correlate above 0.9 with an earlier one, then rank by F."""
    from sklearn.feature_selection import f_classif

    close = pd.DataFrame(x).corr().abs()
    upper = close.where(np.triu(np.ones(close.shape), 1).astype(bool))
    kept = np.array([j for j in range(x.shape[1]) if not (upper[j] > 0.9).any()])
    return sorted(kept[np.argsort(-f_classif(x[:, kept], y)[0], kind="stable")[:COUNT]].tolist())


def mrmr(x: np.ndarray, y: np.ndarray) -> list[int]:
    """F over mean |r| with what is selected: the quotient scheme of the common mrmr packages."""
    from sklearn.feature_selection import f_classif

    f = np.nan_to_num(f_classif(x, y)[0])
    close = np.abs(np.nan_to_num(np.corrcoef(x.T)))
    picked = [int(f.argmax())]
    while len(picked) < COUNT:
        score = f / np.maximum(close[:, picked].mean(axis=1), 0.001)
        score[picked] = -np.inf
        picked.append(int(score.argmax()))
    return sorted(picked)


def lasso(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.linear_model import LassoCV
    from sklearn.preprocessing import StandardScaler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        z = StandardScaler().fit_transform(x)
        return np.flatnonzero(LassoCV(cv=5, random_state=0, alphas=40, max_iter=2000).fit(z, y).coef_).tolist()


def logistic_lasso(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    z = StandardScaler().fit_transform(x)
    for c in (0.05, 0.08, 0.12, 0.2, 0.4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=c, l1_ratio=1.0, solver="liblinear", random_state=0, max_iter=500).fit(z, y)
        found = np.flatnonzero(model.coef_[0]).tolist()
        if len(found) >= 4:
            return found
    return found


def relieff(x: np.ndarray, y: np.ndarray) -> list[int]:
    """ReliefF with ten neighbours and Manhattan distance on ranges of one (Kononenko 1994)."""
    low, high = x.min(axis=0), x.max(axis=0)
    s = (x - low) / np.where(high > low, high - low, 1)
    w = np.zeros(x.shape[1])
    distance = np.abs(s[:, None, :] - s[None, :, :]).sum(axis=2) if s.size * len(s) < 3e7 else None
    for i in range(len(s)):
        d = np.abs(s - s[i]).sum(axis=1) if distance is None else distance[i].copy()
        d[i] = np.inf
        order = np.argsort(d)[:-1]
        hits, misses = order[y[order] == y[i]][:10], order[y[order] != y[i]][:10]
        w += np.abs(s[misses] - s[i]).mean(axis=0) - np.abs(s[hits] - s[i]).mean(axis=0)
    return _top(w)


def univariate_auc(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.metrics import roc_auc_score

    return _top(np.array([abs(roc_auc_score(y, x[:, j]) - 0.5) for j in range(x.shape[1])]))


def forest(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.ensemble import RandomForestClassifier

    return _top(RandomForestClassifier(100, random_state=0).fit(x, y).feature_importances_)


FAMILIES: dict[str, Callable[[np.ndarray, np.ndarray], list[int]]] = {
    "F test": f_test,
    "Welch t": welch_test,
    "Mann-Whitney": mann_whitney,
    "mutual information": information,
    "pruned, then F": pruned,
    "mRMR": mrmr,
    "LASSO": lasso,
    "logistic LASSO": logistic_lasso,
    "ReliefF": relieff,
    "AUC": univariate_auc,
}
OUTSIDE: dict[str, Callable[[np.ndarray, np.ndarray], list[int]]] = {"random forest (not in the battery)": forest}


def selection(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    """Yield the table with columns selected on all rows and on training rows, where the two differ and are at least three."""
    x, y = filled(raw.features.to_numpy()), raw.outcome
    if x.shape[1] <= COUNT + 5:
        return
    for name, select in {**FAMILIES, **OUTSIDE}.items():
        leaky, honest = select(x, y), select(x[training], y[training])
        if leaky == honest:
            continue
        for is_leaky, columns in ((True, leaky), (False, honest)):
            if 3 <= len(columns) < x.shape[1] - 3:
                yield name, is_leaky, x, {"selected": columns}
