"""Leaks as a tired person writes them, each with its honest twin. Independent of the detectors: scikit-learn, scipy and a few lines.

Each function yields (variant, leaky, finished table, what else is supplied): the leaky one fits on all rows (or worse), the honest one on
training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from tables import Raw

Rng = np.random.Generator
ORIGINAL_SITES = "own"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A finished table with its split; ``kind`` is the step that is leaky or honest, ``given`` what else is supplied."""

    table: str
    kind: str
    variant: str
    leaky: bool
    features: pd.DataFrame
    training: np.ndarray
    given: dict[str, object] = field(default_factory=dict)
    repeat: int = 0
    digits: int = 0
    released: int = 0


def split_of(raw: Raw, rng: Rng, share: float = 0.3) -> np.ndarray:
    """Return the training rows of a stratified random split, by patient where patients have several rows."""
    training = np.ones(len(raw.outcome), dtype=bool)
    if raw.patient is not None and len(np.unique(raw.patient)) < len(raw.patient):
        people = rng.permutation(np.unique(raw.patient))
        return ~np.isin(raw.patient, people[: round(share * len(people))])
    for c in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(raw.outcome == c))
        training[rows[: round(share * len(rows))]] = False
    return training


def filled(x: np.ndarray) -> np.ndarray:
    """Return ``x`` with gaps filled from a donor row of the same column: no mean, no median."""
    out = np.array(x)
    for j in range(x.shape[1]):
        gaps = np.isnan(out[:, j])
        if gaps.any():
            known = out[~gaps, j]
            out[gaps, j] = known[np.arange(int(gaps.sum())) * 7 % len(known)] + np.arange(int(gaps.sum())) * 1e-4 * known.std()
    return out


# scaling, per column, fitted on the rows ``rows``
def _z(x: np.ndarray, rows: np.ndarray, ddof: int = 0) -> np.ndarray:
    spread = np.nanstd(x[rows], axis=0, ddof=ddof)
    return (x - np.nanmean(x[rows], axis=0)) / np.where(spread > 0, spread, 1.0)


def _minmax(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    low, high = np.nanmin(x[rows], axis=0), np.nanmax(x[rows], axis=0)
    return (x - low) / np.where(high > low, high - low, 1.0)


def _robust(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    a, b = np.nanpercentile(x[rows], [25, 75], axis=0)
    return (x - np.nanmedian(x[rows], axis=0)) / np.where(b > a, b - a, 1.0)


SCALINGS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "z": _z,
    "z, sample": lambda x, rows: _z(x, rows, 1),
    "min-max": _minmax,
    "robust": _robust,
}


def scaling(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x = raw.features.to_numpy()
    every = np.ones(len(x), dtype=bool)
    for name, scale in SCALINGS.items():
        yield name, True, scale(x, every), {}
        yield name, False, scale(x, training), {}


def ranks(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    from sklearn.preprocessing import QuantileTransformer

    x = raw.features.to_numpy()
    for leaky in (True, False):
        rows = np.ones(len(x), dtype=bool) if leaky else training
        yield "quantiles", leaky, QuantileTransformer(n_quantiles=int(rows.sum())).fit(x[rows]).transform(x), {}


def imputation(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x = filled(raw.features.to_numpy())
    x[rng.random(x.shape) < 0.06] = np.nan
    every = np.ones(len(x), dtype=bool)
    for name, centre in (("mean", np.nanmean), ("median", np.nanmedian)):
        for leaky in (True, False):
            rows = every if leaky else training
            yield name, leaky, np.where(np.isnan(x), centre(x[rows], axis=0), x), {}


def pca(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    from sklearn.decomposition import PCA

    x = filled(raw.features.to_numpy())
    for whiten in (False, True):
        for leaky in (True, False):
            rows = np.ones(len(x), dtype=bool) if leaky else training
            z = _z(x, rows)
            parts = PCA(n_components=min(12, x.shape[1], int(training.sum()) - 1), whiten=whiten, random_state=0).fit(z[rows])
            yield "whitened" if whiten else "components", leaky, parts.transform(z), {}


def self_normalisation(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x = raw.features.to_numpy()
    for name in ("z", "z, sample", "robust", "min-max"):
        scale = SCALINGS[name]
        yield name, True, np.where(training[:, None], scale(x, training), scale(x, ~training)), {}
        yield name, False, scale(x, training), {}


def multisite(raw: Raw, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Return the table and its sites: its own, or three made up with moderate effects on means (0.5) and spreads (20 %)."""
    x = filled(raw.features.to_numpy())
    if raw.site is not None and min(np.unique(raw.site, return_counts=True)[1]) >= 12:
        return x, raw.site
    site = rng.integers(0, 3, len(x))
    shift = 0.43 * rng.normal(size=(3, x.shape[1])) + 0.25 * rng.normal(size=(3, 1))
    factor = np.exp(rng.normal(0, 0.2, (3, x.shape[1])))
    centre, spread = x.mean(axis=0), x.std(axis=0)
    return centre + spread * ((x - centre) / spread * factor[site] + shift[site]), site.astype(str)


def combat(x: np.ndarray, site: np.ndarray, rows: np.ndarray, *, eb: bool = True, outcome: np.ndarray | None = None) -> np.ndarray:
    """Return ComBat fitted on these rows, by the project's own port of sva and neuroCombat (tested against both)."""
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    names = [f"f{j}" for j in range(x.shape[1])]
    covariates = None if outcome is None else {"outcome": outcome[rows]}
    effects = fit_combat(measure(x[rows], site[rows].tolist(), covariates, features=names), eb=eb)
    return np.asarray(effects.apply(x, site.tolist(), None if outcome is None else {"outcome": outcome}))


def harmonisation(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, site = multisite(raw, rng)
    every = np.ones(len(x), dtype=bool)
    known = np.isin(site, [s for s in np.unique(site) if (training & (site == s)).sum() >= 3])
    if not known.all():
        return
    for name, eb in (("ComBat", True), ("ComBat without EB", False)):
        yield name, True, combat(x, site, every, eb=eb), {"site": site}
        yield name, False, combat(x, site, training, eb=eb), {"site": site}
    yield "ComBat with outcome", True, combat(x, site, every, outcome=raw.outcome), {"site": site}
    yield "ComBat with outcome", False, x, {"site": site}


def smote(x: np.ndarray, count: int, rng: Rng, neighbours: int = 5) -> np.ndarray:
    """Return ``count`` rows on the lines between rows of ``x`` and their near neighbours (Chawla 2002)."""
    z = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    distance = ((z[:, None, :] - z[None, :, :]) ** 2).sum(axis=2)
    near = np.argsort(distance, axis=1)[:, 1 : neighbours + 1]
    first = rng.integers(0, len(x), count)
    second = near[first, rng.integers(0, near.shape[1], count)]
    return x[first] + rng.random((count, 1)) * (x[second] - x[first])


def oversampling(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = filled(raw.features.to_numpy()), raw.outcome
    lesser = float(y.mean() < 0.5)
    for name in ("SMOTE", "copies"):
        for leaky in (True, False):
            rows = np.ones(len(y), dtype=bool) if leaky else training
            few = np.flatnonzero(rows & (y == lesser))
            count = int((rows & (y != lesser)).sum()) - len(few)
            if count < 5 or len(few) < 7:
                continue
            made = smote(x[few], count, rng) if name == "SMOTE" else x[rng.choice(few, count)]
            whole, outcome = np.vstack([x, made]), np.r_[y, np.full(count, lesser)]
            if leaky:
                part = split_of(Raw(name=raw.name, features=pd.DataFrame(whole), outcome=outcome), rng)
            else:
                part = np.r_[training, np.ones(count, dtype=bool)]
            yield name, leaky, whole, {"outcome": outcome, "training": part}


def duplicates(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x = raw.features.to_numpy().copy()
    a = rng.choice(np.flatnonzero(training), 2, replace=False)
    b = rng.choice(np.flatnonzero(~training), 2, replace=False)
    yield "rows", False, x, {}
    twin = x.copy()
    twin[b] = twin[a]
    yield "rows", True, twin, {}


def patients(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x = raw.features.to_numpy()
    ids = np.array([f"PAT-{i:04d}" for i in range(len(x))]) if raw.patient is None else raw.patient.astype(object)
    yield "ids", False, x, {"patient": ids}
    shared = ids.astype(object).copy()
    b = rng.choice(np.flatnonzero(~training), 3, replace=False)
    a = rng.choice(np.flatnonzero(training), 3, replace=False)
    for i, j in zip(b, a, strict=True):
        shared[i] = f" {str(ids[j]).lower().replace('-00', '-0')}"
    yield "ids", True, x, {"patient": shared}


def proxy(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = raw.features.to_numpy(), raw.outcome
    yield "risk group", False, x, {}
    group = y * 2 + rng.integers(0, 2, len(y)) * (rng.random(len(y)) < 0.6) + rng.normal(0, 0.05, len(y))
    yield "risk group", True, np.column_stack([x, group]), {}
    yield "score at 0.95", True, np.column_stack([x, y * 2.33 + rng.normal(size=len(y))]), {}
    yield "score at 0.95", False, np.column_stack([x, y * 0.5 + rng.normal(size=len(y))]), {}


def site(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = raw.features.to_numpy(), raw.outcome
    yield "confounded", False, x, {"site": rng.integers(0, 3, len(y)).astype(str)}
    yield "confounded", True, x, {"site": (y + (rng.random(len(y)) < 0.3) * rng.integers(0, 3, len(y))).astype(int).astype(str)}


def prevalence(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = raw.features.to_numpy(), raw.outcome
    count = int((~training).sum())
    yield "enriched", False, x, {}
    lesser = float(y.mean() < 0.5)
    few = np.flatnonzero(y == lesser)
    most = min(len(few) - 3, round(0.8 * count))
    part = np.ones(len(y), dtype=bool)
    part[rng.permutation(few)[:most]] = False
    part[rng.permutation(np.flatnonzero(y != lesser))[: count - most]] = False
    yield "enriched", True, x, {"training": part}


def _risks(x: np.ndarray, y: np.ndarray, training: np.ndarray, strongest: int = 0, seed: int = 0) -> np.ndarray:
    """Return the risks of a logistic model: out of fold for training rows, fitted on all of them for test rows."""
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [StandardScaler(), *([SelectKBest(f_classif, k=strongest)] if strongest else []), LogisticRegression(C=0.05, max_iter=300)]
    model = make_pipeline(*steps)
    risk = np.empty(len(y))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    risk[training] = cross_val_predict(model, x[training], y[training], cv=folds, method="predict_proba")[:, 1]
    risk[~training] = model.fit(x[training], y[training]).predict_proba(x[~training])[:, 1]
    return risk


def _youden(y: np.ndarray, risk: np.ndarray) -> float:
    from sklearn.metrics import roc_curve

    fpr, tpr, cuts = roc_curve(y, risk)
    return float(cuts[np.argmax(tpr - fpr)])


def threshold(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = filled(raw.features.to_numpy()), raw.outcome
    risk = _risks(x, y, training, 10)
    for leaky, rows in ((True, ~training), (False, training)):
        if len(np.unique(y[rows])) == 2:
            yield "Youden", leaky, x, {"predictions": risk, "threshold": _youden(y[rows], risk[rows])}


def _quick_auc(x: np.ndarray, y: np.ndarray, training: np.ndarray, strongest: int) -> tuple[float, np.ndarray]:
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [
        StandardScaler(),
        *([SelectKBest(f_classif, k=strongest)] if strongest else []),
        LogisticRegression(C=0.05, max_iter=200, tol=1e-3),
    ]
    risk = make_pipeline(*steps).fit(x[training], y[training]).predict_proba(x[~training])[:, 1]
    return float(roc_auc_score(y[~training], risk)), risk


def lottery(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = filled(raw.features.to_numpy()), raw.outcome
    if raw.patient is not None and len(np.unique(raw.patient)) < len(raw.patient):
        return
    for name, strongest in (("best of 100, ten columns", 10), ("best of 100, all columns", 0)):
        best = first = None
        for _ in range(100):
            part = split_of(raw, rng)
            auc, risk = _quick_auc(x, y, part, strongest)
            found = (auc, part, risk)
            first = first or found
            best = found if best is None or auc > best[0] else best
        for leaky, (_, part, risk) in ((True, best), (False, first)):
            claimed = np.full(len(y), np.nan)
            claimed[~part] = risk
            yield name, leaky, x, {"training": part, "predictions": claimed}


def volume(raw: Raw, training: np.ndarray, rng: Rng) -> Iterator[tuple[str, bool, np.ndarray, dict[str, object]]]:
    x, y = filled(raw.features.to_numpy()), raw.outcome
    size = rng.lognormal(8, 1, len(y))
    table = np.column_stack([x, size])
    rank = np.argsort(np.argsort(size)) / len(y)
    yield "ruler", True, table, {"predictions": rank + rng.normal(0, 0.1, len(y)), "names": "volume"}
    yield "ruler", False, table, {"predictions": y * 0.2 + rng.normal(0, 0.3, len(y)), "names": "volume"}
