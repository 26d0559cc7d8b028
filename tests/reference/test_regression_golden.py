"""Continuous outcomes equal R (see regression/SOURCE.md): closed forms to 1e-8, the elastic net to 1e-6."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from radaudit.measures.regression import mean_error, regression_line, regression_measure
from radaudit.models.elastic_net import crosscheck_linear, elastic_net_path
from radaudit.models.losses import SquaredLoss
from radaudit.models.ranks import midranks
from radaudit.models.screen import rank_correlations

HERE = Path(__file__).parent
with (HERE / "regression" / "golden.csv").open(encoding="utf-8") as stream:
    GOLDEN = {row["name"]: float(row["value"]) for row in csv.DictReader(stream)}
with (HERE / "stats" / "lung_cc.csv").open(encoding="utf-8") as stream:
    ROWS = list(csv.DictReader(stream))
X = np.array([[float(row[name]) for name in ("time", "age", "sex", "ph.ecog")] for row in ROWS])
Y = np.array([float(row["wt.loss"]) for row in ROWS])
DESIGN = np.column_stack([np.ones(len(Y)), X])
P = 1.4 * DESIGN @ np.linalg.lstsq(DESIGN, Y, rcond=None)[0] - 3
CASES: dict[str, float] = {}


def put(name: str, values: Any) -> None:
    values = np.atleast_1d(np.asarray(values, dtype=float))
    CASES.update({name: float(values[0])} if values.size == 1 else {f"{name}.{i}": float(v) for i, v in enumerate(values, start=1)})


for name, found in zip(("intercept", "slope"), regression_line(Y, P), strict=True):
    put(name, (found.value, found.low, found.high))
for name in ("r2", "rmse", "mae"):
    put(name, regression_measure(name, Y, P).value)
gap = mean_error(Y, P)
put("mean", (gap.value, gap.low, gap.high))
put("spearman", rank_correlations(midranks(X), Y))
Z = (X - X.mean(axis=0)) / X.std(axis=0)
for mixing in (0.5, 1.0):
    for fit in elastic_net_path(Z, SquaredLoss(y=Y / Y.std()), (0.3, 0.1, 0.03), mixing)[1:]:
        put(f"net.{10 * mixing:g}.{100 * fit.penalty:g}", (fit.intercept, *fit.coefficients))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_value_of_r_is_reproduced(name: str) -> None:
    tolerance = 1e-6 if name.startswith("net") else 1e-8
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=tolerance, abs=tolerance)


def test_the_linear_elastic_net_is_that_of_scikit_learn() -> None:
    (fit,) = elastic_net_path(Z, SquaredLoss(y=Y), [0.5], 0.7)
    assert crosscheck_linear(Z, Y, fit) < 1e-8
