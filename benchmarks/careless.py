"""Pipelines as people write them, honest and leaky: callables (table, split) -> predictions for the guard and for counterfactuals.

``table`` has the numeric features and the columns ``outcome`` and ``site``; ``split`` holds ``training`` or ``holdout``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure

Made = Any
K = 10


def parts(table: pd.DataFrame, split: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return features (n, p), outcome (n,), training mask (n,) and sites."""
    x = table.drop(columns=["outcome", "site"]).to_numpy(float)
    return x, table["outcome"].to_numpy(int), (split == "training").to_numpy(), table["site"].astype(str).tolist()


def filled(x: np.ndarray, on: np.ndarray) -> np.ndarray:
    """Return x with missing cells filled by means of the rows ``on``."""
    return SimpleImputer(keep_empty_features=True).fit(x[on]).transform(x) if np.isnan(x).any() else x


def scaled(x: np.ndarray, on: np.ndarray) -> np.ndarray:
    """Return x standardised on the rows ``on``."""
    return StandardScaler().fit(x[on]).transform(x)


def logistic(x: np.ndarray, y: np.ndarray, train: np.ndarray, c: float = 0.1) -> np.ndarray:
    """Return risks of all rows from a ridge logistic model of the training rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(C=c, max_iter=200).fit(x[train], y[train]).predict_proba(x)[:, 1]


def chosen(x: np.ndarray, y: np.ndarray, on: np.ndarray, k: int = K) -> np.ndarray:
    """Return the columns of the k best by F among the rows ``on``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = np.nan_to_num(f_classif(x[on], y[on])[0])
    return np.argsort(-score, kind="stable")[:k]


def harmonised(x: np.ndarray, site: list[str], on: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """Return x after ComBat fitted on the rows ``on``; with ``y`` the outcome is preserved."""
    rows = np.flatnonzero(on)
    told = None if y is None else {"outcome": [float(y[i]) for i in rows]}
    names = [f"f{j}" for j in range(x.shape[1])]
    effects = fit_combat(measure(x[rows], [site[i] for i in rows], told, features=names))
    return effects.apply(x, site, {} if y is None else {"outcome": [float(v) for v in y]})


def smote(x: np.ndarray, y: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return synthetic minority rows (SMOTE: on segments to one of five neighbours) and their outcomes."""
    rng = np.random.default_rng(seed)
    minority = int(y.mean() < 0.5)
    own = x[y == minority]
    need = int((y != minority).sum() - len(own))
    if need < 1 or len(own) < 3:
        return x[:0], y[:0]
    near = NearestNeighbors(n_neighbors=min(6, len(own))).fit(own).kneighbors(own, return_distance=False)[:, 1:]
    start = rng.integers(len(own), size=need)
    end = near[start, rng.integers(near.shape[1], size=need)]
    return own[start] + rng.random((need, 1)) * (own[end] - own[start]), np.full(need, minority)


def clean(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    return pd.Series(logistic(x, y, train), index=table.index)


def clean_selection(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    return pd.Series(logistic(x[:, chosen(x, y, train)], y, train), index=table.index)


def clean_combat(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, site = parts(table, split)
    x = harmonised(filled(x, train), site, train)
    return pd.Series(logistic(scaled(x, train), y, train), index=table.index)


def clean_smote(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    more, theirs = smote(x[train], y[train])
    model = LogisticRegression(C=0.1, max_iter=200).fit(np.vstack([x[train], more]), np.r_[y[train], theirs])
    return pd.Series(model.predict_proba(x)[:, 1], index=table.index)


def clean_forest(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = filled(x, train)
    model = RandomForestClassifier(30, random_state=0, max_features=20 if x.shape[1] > 20 else None).fit(x[train], y[train])
    return pd.Series(model.predict_proba(x)[:, 1], index=table.index)


def clean_threshold(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    risk = logistic(scaled(filled(x, train), train), y, train)
    false, true, cuts = roc_curve(y[train], risk[train])
    return {"predictions": pd.Series(risk, index=table.index), "threshold": float(cuts[np.argmax(true - false)])}


def pooled_z(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    every = np.ones(len(x), bool)
    return pd.Series(logistic(scaled(filled(x, train), every), y, train), index=table.index)


def pooled_imputation(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = np.where(x > np.nanquantile(x[train], 0.97, axis=0), np.nan, x)  # values above the assay's range are missing
    x = filled(x, np.ones(len(x), bool))
    return pd.Series(logistic(scaled(x, train), y, train), index=table.index)


def pooled_pca(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    parted = PCA(min(10, *x.shape), svd_solver="full").fit(x).transform(x)
    return pd.Series(logistic(parted, y, train, 1.0), index=table.index)


def pooled_combat(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, site = parts(table, split)
    x = harmonised(filled(x, train), site, np.ones(len(x), bool))
    return pd.Series(logistic(scaled(x, train), y, train), index=table.index)


def pooled_combat_outcome(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, site = parts(table, split)
    x = harmonised(filled(x, train), site, np.ones(len(x), bool), y)
    return pd.Series(logistic(scaled(x, train), y, train), index=table.index)


def pooled_selection(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    return pd.Series(logistic(x[:, chosen(x, y, np.ones(len(x), bool))], y, train), index=table.index)


def self_normalised(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = filled(x, train)
    both = np.where(train[:, None], scaled(x, train), scaled(x, ~train))
    return pd.Series(logistic(both, y, train), index=table.index)


def tuned_on_test(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    tried = [logistic(x[:, chosen(x, y, train, k)], y, train, c) for k in (3, 10, 30) for c in (0.01, 0.1, 1.0)]
    best = max(tried, key=lambda risk: roc_auc_score(y[~train], risk[~train]))
    return pd.Series(best, index=table.index)


def threshold_on_test(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    risk = logistic(scaled(filled(x, train), train), y, train)
    false, true, cuts = roc_curve(y[~train], risk[~train])
    return {"predictions": pd.Series(risk, index=table.index), "threshold": float(cuts[np.argmax(true - false)])}


def smote_before_split(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    more, theirs = smote(x, y)
    model = LogisticRegression(C=0.1, max_iter=200).fit(np.vstack([x[train], more]), np.r_[y[train], theirs])
    return pd.Series(model.predict_proba(x)[:, 1], index=table.index)


def copies_before_split(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, train, _ = parts(table, split)
    x = scaled(filled(x, train), train)
    rng = np.random.default_rng(0)
    minority = np.flatnonzero(y == int(y.mean() < 0.5))
    need = abs(int(len(y) - 2 * len(minority)))
    rows = np.r_[np.flatnonzero(train), rng.choice(minority, size=max(need, 5))]
    model = LogisticRegression(C=0.1, max_iter=200).fit(x[rows], y[rows])
    return pd.Series(model.predict_proba(x)[:, 1], index=table.index)


def fitted_on_all(table: pd.DataFrame, split: pd.Series) -> Made:
    x, y, _, _ = parts(table, split)
    every = np.ones(len(x), bool)
    return pd.Series(logistic(scaled(filled(x, every), every), y, every), index=table.index)


Pipeline = Callable[[pd.DataFrame, pd.Series], Made]
CLEAN: dict[str, Pipeline] = {
    "clean": clean,
    "clean, selection": clean_selection,
    "clean, ComBat on training": clean_combat,
    "clean, SMOTE in training": clean_smote,
    "clean, forest": clean_forest,
    "clean, threshold": clean_threshold,
}
LEAKY: dict[str, Pipeline] = {
    "pooled z": pooled_z,
    "pooled imputation": pooled_imputation,
    "pooled PCA": pooled_pca,
    "pooled ComBat": pooled_combat,
    "pooled ComBat + outcome": pooled_combat_outcome,
    "pooled selection": pooled_selection,
    "test self-normalised": self_normalised,
    "tuned on test": tuned_on_test,
    "threshold on test": threshold_on_test,
    "SMOTE before split": smote_before_split,
    "copies before split": copies_before_split,
    "fitted on all rows": fitted_on_all,
}
