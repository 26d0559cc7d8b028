"""A small table with correlated, skewed columns and a random split: what the scripts of these tests start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from radaudit.edges.leakage import LeakageReport, leakage_report


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """Features (120, 24), outcome, training rows and ids; ``report`` asks about a changed table with the same split."""

    x: np.ndarray
    y: np.ndarray
    training: np.ndarray
    rng: np.random.Generator

    def report(self, values: np.ndarray, **given: object) -> LeakageReport:
        frame = pd.DataFrame(values, columns=[f"original_glcm_{j}" for j in range(values.shape[1])])
        part = given.pop("part", np.where(self.training, "training", "holdout"))
        return leakage_report(frame, part, **{"outcome": self.y, **given})  # type: ignore[arg-type]


def bench(seed: int = 1, rows: int = 120, columns: int = 24) -> Bench:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(rows, 6))
    x = factors @ rng.normal(size=(6, columns)) + rng.normal(size=(rows, columns))
    x[:, ::3] = np.exp(x[:, ::3] / 3)
    x = x * rng.lognormal(0, 2, columns) + rng.normal(0, 5, columns)
    y = (factors[:, 0] + rng.logistic(size=rows) > 0).astype(float)
    training = np.ones(rows, dtype=bool)
    for c in (0.0, 1.0):
        here = rng.permutation(np.flatnonzero(y == c))
        training[here[: round(0.3 * len(here))]] = False
    return Bench(x=x, y=y, training=training, rng=rng)


def written(x: np.ndarray, digits: int) -> np.ndarray:
    """Return what is left of ``x`` after a file with so many significant digits."""
    return np.array([float(f"{v:.{digits}g}") for v in np.asarray(x).ravel()]).reshape(x.shape)
