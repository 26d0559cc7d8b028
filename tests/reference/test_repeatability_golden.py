"""The register of the test-retest example against R's psych, all 83 features: 1e-9 relative."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.repeated_tables import Cube, cube_of, open_rows
from radaudit.edges.stages.repeatability import load
from radaudit.measures.register import register

ROOT = Path(__file__).parents[2]
GOLDEN = {row["feature"]: row for row in csv.DictReader((Path(__file__).parent / "repeatability" / "qin.csv").read_text().splitlines())}
COLUMN = {"ICC(1,1)": "icc1", "ICC(2,1)": "icc2", "ICC(3,1)": "icc3"}


@pytest.fixture(scope="module")
def cube() -> Cube:
    plan, folder = load(ROOT / "examples" / "repeatability")
    return cube_of(plan, open_rows(plan, plan.tables, folder))


def golden(cube: Cube, column: str) -> np.ndarray:
    return np.array([float(GOLDEN[name][column]) for name in cube.features])


@pytest.mark.parametrize("form", sorted(COLUMN))
def test_the_icc_is_that_of_psych(cube: Cube, form: str) -> None:
    assert len(GOLDEN) == len(cube.features) == 83
    np.testing.assert_allclose(register(cube.values, form).icc, golden(cube, COLUMN[form]), rtol=1e-9, atol=1e-12)


def test_its_interval_and_the_spread_within_subjects_are_those_of_psych(cube: Cube) -> None:
    own = register(cube.values)
    np.testing.assert_allclose(own.low, golden(cube, "low2"), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(own.high, golden(cube, "high2"), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(own.wsd, golden(cube, "wsd"), rtol=1e-9)
    np.testing.assert_allclose(own.rc, golden(cube, "rc"), rtol=2e-5)  # R rounds the normal quantile to 1.96
