"""Splines, nested batches and longitudinal ComBat equal sva, mgcv and lme4 of R on the same rows."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.longitudinal import fit_longitudinal
from radaudit.harmonise.moments import measure
from radaudit.harmonise.nested import fit_nested
from radaudit.harmonise.splines import columns

FOLDER = Path(__file__).parent / "combat"
KNOTS = (30, 45, 60, 70, 85)
FEATURES = [f"f{i}" for i in range(80)]


def unpacked(name: str) -> str:
    return gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes()).decode()


def table(name: str, skip: int = 0) -> np.ndarray:
    return np.genfromtxt(io.StringIO(unpacked(name)), delimiter=",", skip_header=skip)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, list[str], dict[str, list]]:
    lines = list(csv.DictReader(io.StringIO(unpacked("cov"))))
    covariates = {"age": [float(line["age"]) for line in lines], "sex": [line["sex"] for line in lines]}
    return table("X", 1), [line["batch"] for line in lines], covariates


def test_the_spline_basis_is_that_of_mgcv(rows):
    age = np.array(rows[2]["age"])
    assert age.max() > KNOTS[-1]  # the linear continuation is compared too
    assert np.abs(columns(age, KNOTS, "linear", "age") - table("ref_cr_basis")[:, 1:]).max() < 1e-14


def test_combat_on_a_spline_reaches_the_numbers_of_r(rows):
    x, batch, covariates = rows
    coding = CovariateCoding.learn(covariates, len(x)).with_splines({"age": KNOTS})
    effects = fit_combat(measure(x, batch, covariates, features=FEATURES, coding=coding), stop="golden")
    gap = (effects.apply(x, batch, covariates) - table("ref_sva_spline")) / x.std(axis=0, ddof=1)
    assert np.abs(gap).max() < 1e-10


def test_nested_batches_reach_the_numbers_of_r(rows):
    x, batch, covariates = rows
    batches = {"site": batch, "kernel": ["kernelB" if (i + 1) % 3 == 0 else "kernelA" for i in range(len(x))]}
    effects = fit_nested(x, batches, covariates, features=FEATURES, order=["site", "kernel"], stop="golden")
    gap = (effects.apply(x, batches, covariates) - table("ref_sva_nested")) / x.std(axis=0, ddof=1)
    assert np.abs(gap).max() < 1e-10


def test_longitudinal_combat_reaches_the_numbers_of_lme4(rows):
    _, batch, covariates = rows
    y, patient = table("long_Y"), [f"P{i // 4}" for i in range(160)]
    effects = fit_longitudinal(y, batch, patient, covariates, features=FEATURES[:12])
    variances = table("ref_long_variances")
    np.testing.assert_allclose(effects.combat.pooled_sd, variances[:, 0], rtol=1e-7)
    np.testing.assert_allclose(effects.ratio, variances[:, 1], rtol=1e-6, atol=1e-6)
    gap = (effects.apply(y, batch, covariates, patient=patient) - table("ref_long")) / y.std(axis=0, ddof=1)
    assert np.abs(gap).max() < 1e-7
