"""Our table of feature names is right about IBSI: codes against the map, and values against the IBSI digital phantom."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from radaudit.tables.names import identity, known_features

FOLDER = Path(__file__).parent / "ibsi"
# the map follows the dictionary of the PyRadiomics repository here, which files them wrongly (see radaudit/tables/ibsi/SOURCE.md)
CORRECTED = {
    ("glcm", "SmallAreaLowGrayLevelEmphasis"),
    ("glcm", "SmallAreaHighGrayLevelEmphasis"),
    ("glcm", "LargeAreaHighGrayLevelEmphasis"),
    ("glcm", "LargeAreaLowGrayLevelEmphasis"),
    ("glszm", "ZoneSizeVariance"),
    ("glszm", "ZoneSizeEntropy"),
    ("glszm", "HighGreyLevelZoneEmphasis"),
    ("glszm", "LowGreyLevelZoneEmphasis"),
}
# the reference table gives 11.7 mm for the maximum diameter; PyRadiomics measures between mesh vertices
NOT_THE_REFERENCE = {"original_shape_MinorAxisLength", "original_shape_LeastAxisLength", "original_shape_Maximum3DDiameter"}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_pyradiomics_name_of_the_map_has_the_code_of_the_map() -> None:
    known = known_features()
    compared = 0
    for row in rows("ibsi_map.csv"):
        key = (row["pyradiomics_feature_class"], row["pyradiomics_feature_name"])
        if not key[0] or key in CORRECTED:
            continue
        assert known["pyradiomics", *key].ibsi == row["ibsi_code"], key
        compared += 1
    assert compared >= 95


def test_a_code_names_one_quantity_of_an_extractor_unless_two_names_mean_the_same() -> None:
    synonyms = {"60VM", "8S9J", "OEEB", "WF0Z", "IB1Z", "TU9B", "8ZQL", "YEKZ", "RNU0", "TDIC", "P9VJ", "7J51", "VB3A", "QCDE"}
    seen: dict[tuple[str, str], str] = {}
    for (extractor, _, name), known in known_features().items():
        if extractor in ("pyradiomics", "captk") and known.ibsi and known.ibsi not in synonyms:
            assert (extractor, known.ibsi) not in seen, (name, seen.get((extractor, known.ibsi)))
            seen[extractor, known.ibsi] = name


def test_codes_exist_in_ibsi() -> None:
    codes = {row["ibsi_code"] for row in rows("ibsi_map.csv")}
    assert {known.ibsi for known in known_features().values()} - {""} <= codes


def test_pyradiomics_values_on_the_phantom_are_the_reference_values_of_their_codes() -> None:
    reference = {row["tag"]: row for row in rows("ibsi_phantom.csv")}
    tags = {row["ibsi_code"]: row["mirp_name"] for row in rows("ibsi_map.csv")}
    compared = 0
    for row in rows("pyradiomics_phantom.csv"):
        one = identity(row["feature"], extractor="pyradiomics")
        tag = next((tag for end in ("", "_3D_avg", "_3D") if (tag := tags.get(one.ibsi, "") + end) in reference), None)
        if tag is None or row["feature"] in NOT_THE_REFERENCE:
            continue
        value = float(row["value"]) - (3 if one.ibsi == "IPH6" else 0)
        wanted = float(reference[tag]["benchmark_value"])
        digits = 10.0 ** (math.floor(math.log10(abs(wanted))) - 2) if wanted else 0.0
        assert value == pytest.approx(wanted, abs=max(float(reference[tag]["tolerance"]), 0.501 * digits)), row["feature"]
        compared += 1
    assert compared >= 95


def test_the_kurtosis_of_pyradiomics_carries_its_deviation() -> None:
    assert "+ 3" in identity("original_firstorder_Kurtosis").deviation
