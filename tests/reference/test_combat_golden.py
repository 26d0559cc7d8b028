"""ComBat equals sva, neuroCombat and ComBatFamily of R on the same table to 1e-10 of a feature's standard deviation."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.neurocombat import crosscheck_neurocombat
from radaudit.findings import Verdict
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure

FOLDER = Path(__file__).parent / "combat"
FEATURES = [f"f{i}" for i in range(80)]


def table(name: str, skip: int = 0) -> np.ndarray:
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt") as stream:
        return np.genfromtxt(stream, delimiter=",", skip_header=skip)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, list[str], dict[str, list]]:
    lines = list(csv.DictReader(io.StringIO(gzip.decompress((FOLDER / "cov.csv.gz").read_bytes()).decode())))
    covariates = {"age": [float(line["age"]) for line in lines], "sex": [line["sex"] for line in lines]}
    return table("X", 1), [line["batch"] for line in lines], covariates


CALLS = [
    ("ref_sva_cov", True, {}),
    ("ref_sva_nocov", False, {}),
    ("ref_sva_ref", True, {"reference": "site02"}),
    ("ref_sva_meanonly", True, {"mean_only": True}),
    ("ref_nc_cov", True, {}),
    ("ref_nc_noeb", True, {"eb": False}),
    ("ref_nc_ref", True, {"reference": "site02"}),
    ("ref_fam_cov", True, {}),
    ("ref_fam_ref", True, {"reference": "site02"}),
    ("ref_sva_nonpar", True, {"parametric": False}),
]


@pytest.mark.parametrize(("name", "adjusted", "options"), CALLS, ids=[call[0] for call in CALLS])
def test_the_published_rule_reaches_the_numbers_of_r(rows, name, adjusted, options):
    x, batch, covariates = rows
    given = covariates if adjusted else None
    moments = measure(x, batch, given, features=FEATURES)
    golden = fit_combat(moments, stop="golden", **options).apply(x, batch, given)
    spread = x.std(axis=0, ddof=1)
    assert np.abs((golden - table(name)) / spread).max() < 1e-10
    converged = fit_combat(moments, **options).apply(x, batch, given)
    assert np.abs((converged - table(name)) / spread).max() < 1e-5


def test_missing_cells_are_treated_as_neurocombat_for_r_treats_them(rows):
    x, batch, covariates = rows
    missing, expected = table("Xmiss"), table("ref_nc_miss")
    effects = fit_combat(measure(missing, batch, covariates, features=FEATURES), stop="golden")
    ours = effects.apply(missing, batch, covariates)
    assert (np.isnan(ours) == np.isnan(expected)).all()
    assert np.nanmax(np.abs((ours - expected) / x.std(axis=0, ddof=1))) < 1e-10


def test_few_missing_cells_change_little(rows):
    x, batch, covariates = rows
    one = x.copy()
    one[0, 0] = np.nan
    whole = fit_combat(measure(x, batch, covariates, features=FEATURES)).apply(x, batch, covariates)
    nearly = fit_combat(measure(one, batch, covariates, features=FEATURES)).apply(one, batch, covariates)
    gap = np.abs(whole - nearly) / x.std(axis=0, ddof=1)
    assert np.nanmax(gap) < 0.1  # sva jumps by 0.012 SD everywhere at the first missing cell
    assert gap[:, 1:].max() < 1e-3


def test_the_installed_neurocombat_package_agrees(rows):
    x, batch, covariates = rows
    check = crosscheck_neurocombat(x, batch, covariates, features=FEATURES)
    assert check.verdict is Verdict.PASSED
    assert check.max_difference is not None
    assert check.max_difference < 1e-10
    assert (check.rows, check.features, check.left_out) == (160, 80, 0)
