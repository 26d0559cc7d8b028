"""The same 51 regions through PyRadiomics, MIRP and Z-Rad: the same IBSI code, other numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from radaudit.tables.names import parts_of

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "sts_pet"
Matched = dict[tuple[str, str], NDArray[np.float64]]


@pytest.fixture(scope="module")
def tables() -> dict[str, Matched]:
    if not FOLDER.is_dir():
        pytest.skip("shared/data/sts_pet is not here")
    mirp = [rows(path, ";")[0] for path in sorted((FOLDER / "mirp").glob("STS_*.csv"))]
    return {
        "pyradiomics": matched(rows(FOLDER / "pyradiomics_3.0.1_sts_pet.csv"), "pyradiomics"),
        "mirp": matched(mirp, "mirp"),
        "zrad": matched(rows(FOLDER / "zrad" / "zrad_26.9.0_sts_pet.csv"), "zrad"),
    }


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def matched(table: list[dict[str, str]], extractor: str) -> Matched:
    """Return values (51,) by code and aggregation, features of the original image only."""
    found: Matched = {}
    for name in table[0]:
        parts = parts_of(name, extractor=extractor)[1]
        if parts is not None and parts.standard and not parts.parameter:
            found[parts.ibsi, parts.aggregation] = np.array([float(row[name] or "nan") for row in table])
    return found


def test_many_quantities_are_linked_by_code_and_aggregation(tables: dict[str, Matched]) -> None:
    assert len(set(tables["mirp"]) & set(tables["zrad"])) >= 100
    assert len(set(tables["pyradiomics"]) & set(tables["zrad"])) >= 90


def test_hardly_any_linked_quantity_has_the_same_numbers(tables: dict[str, Matched]) -> None:
    """Three of the settings differ here (resampling, merging, discretisation); the name of a feature tells none of them."""
    for one, other in (("pyradiomics", "mirp"), ("mirp", "zrad"), ("pyradiomics", "zrad")):
        shared = sorted(set(tables[one]) & set(tables[other]))
        apart = [float(np.nanmedian(np.abs(tables[one][key] / tables[other][key] - 1))) for key in shared if np.all(tables[other][key])]
        assert len(apart) >= 20
        assert np.mean(np.array(apart) > 0.01) > 0.5, (one, other)


def test_volume_mean_and_kurtosis_differ_as_far_as_the_source_says(tables: dict[str, Matched]) -> None:
    ratio = tables["pyradiomics"]["RNU0", "DHQ4"] / tables["mirp"]["RNU0", "DHQ4"]
    assert (float(ratio.min()), float(ratio.max())) == pytest.approx((0.963, 1.107), abs=0.001)
    mean = tables["pyradiomics"]["Q4LE", "DHQ4"] / tables["mirp"]["Q4LE", "DHQ4"]
    assert (float(mean.min()), float(mean.max())) == pytest.approx((0.958, 1.008), abs=0.001)
    apart = tables["pyradiomics"]["IPH6", "DHQ4"] - tables["mirp"]["IPH6", "DHQ4"]
    assert float(np.median(apart)) == pytest.approx(3.01, abs=0.01)
    offset = parts_of("original_firstorder_Kurtosis")[1]
    assert offset is not None
    assert float(np.median(apart + offset.offset)) == pytest.approx(0.01, abs=0.01)
