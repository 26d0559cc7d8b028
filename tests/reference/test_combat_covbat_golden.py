"""CovBat equals CovBat and ComBatFamily of R to 1e-8 of a feature's standard deviation."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from radaudit.harmonise.covbat import fit_covbat

FOLDER = Path(__file__).parent / "combat"


def unpacked(name: str) -> str:
    return gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes()).decode()


@pytest.mark.parametrize("name", ["ref_covbat", "ref_famcov"])
def test_covbat_reaches_the_numbers_of_r(name):
    x = np.genfromtxt(io.StringIO(unpacked("X")), delimiter=",", skip_header=1)
    lines = list(csv.DictReader(io.StringIO(unpacked("cov"))))
    batch = [line["batch"] for line in lines]
    covariates = {"age": [float(line["age"]) for line in lines], "sex": [line["sex"] for line in lines]}
    effects = fit_covbat(x, batch, covariates, features=[f"f{i}" for i in range(80)], stop="golden")
    expected = np.genfromtxt(io.StringIO(unpacked(name)), delimiter=",")
    gap = np.abs(effects.apply(x, batch, covariates) - expected) / x.std(axis=0, ddof=1)
    assert gap.max() < 1e-8
    assert len(effects.rotation) == 63
    assert effects.explained > 0.95
