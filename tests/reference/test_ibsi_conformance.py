"""Codes of five extractors against what does not depend on them: values on the phantom, formulas, and the codes LIFEx prints.

The tolerance is that of IBSI (or equality at three significant figures); nothing is compared within a tolerance of ours.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from radaudit.checks.conformance import Conformance, conformance
from radaudit.tables.names import identity, known_features, parts_of, quantities
from radaudit.tables.names.quantities import by_tag
from radaudit.tables.names.tags import curve
from radaudit.tables.reference_values import reference_values

FOLDER = Path(__file__).parent / "ibsi"
SHARED = Path(__file__).parents[3] / "shared" / "data"
AGGREGATED = {
    "_2D_avg": "BTW3", "_2D_comb": "SUJT", "_2_5D_avg": "JJUI", "_2_5D_comb": "ZW7Z", "_3D_avg": "ITBB", "_3D_comb": "IAZD",
    "_2D": "8QNN", "_2_5D": "62GR", "_3D": "KOBO",
}  # fmt: skip


def values(name: str) -> dict[str, float | None]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        found = {}
        for row in csv.DictReader(stream):
            try:
                found[row["feature"]] = float(row["value"])
            except ValueError:
                found[row["feature"]] = None
        return found


def split(tag: str) -> tuple[str, str]:
    """Return the stem of a tag of the benchmark tables and its aggregation."""
    return next(((tag.removesuffix(end), code) for end, code in AGGREGATED.items() if tag.endswith(end)), (tag, "DHQ4"))


def on_the_phantom(extractor: str, file: str) -> Conformance:
    return conformance(values(file), extractor=extractor, phantom="digital")


@pytest.mark.parametrize(
    ("extractor", "file", "within", "compared"),
    [
        ("pyradiomics", "pyradiomics_phantom.csv", 99, 102),
        ("mirp", "mirp_phantom.csv", 167, 169),
        ("pysera", "pysera_phantom.csv", 338, 346),
        ("nyxus", "nyxus_phantom.csv", 90, 148),
        ("cerr", "pycerr_phantom.csv", 144, 152),
        ("cerr", "pycerr_default_phantom.csv", 9, 112),
    ],
)
def test_every_miss_on_the_digital_phantom_is_explained(extractor: str, file: str, within: int, compared: int) -> None:
    counts = on_the_phantom(extractor, file).counts()
    assert (counts["within"], counts["compared"]) == (within, compared)
    assert counts["explained"] == counts["outside"]


@pytest.mark.parametrize(
    ("extractor", "file"),
    [
        ("pyradiomics", "pyradiomics_phantom.csv"),
        ("mirp", "mirp_phantom.csv"),
        ("pysera", "pysera_phantom.csv"),
        ("cerr", "pycerr_phantom.csv"),
    ],
)
def test_at_least_95_percent_of_the_standard_names_have_the_code_whose_reference_value_they_give(extractor: str, file: str) -> None:
    """A value within tolerance proves the code; of the others, those proved by their formula in the tests below count as well."""
    found = on_the_phantom(extractor, file)
    proved = sum(one.within or one.name in PROVED_BY_FORMULA for one in found.compared)
    assert proved >= 0.95 * len(found.compared)


PROVED_BY_FORMULA = {
    "original_firstorder_Kurtosis", "original_shape_MinorAxisLength", "original_shape_LeastAxisLength", "original_shape_minorAxis",
    "original_shape_leastAxis", "original_shape_Compactness1", "original_shape_Compactness2", "original_shape_spherDisprop",
    "original_shape_sphericity", "original_shape_surfToVolRatio",
}  # fmt: skip


def test_the_axes_of_pyradiomics_and_pycerr_are_those_of_ibsi_but_for_the_divisor() -> None:
    for file, minor, least in (
        ("pyradiomics_phantom.csv", "original_shape_MinorAxisLength", "original_shape_LeastAxisLength"),
        ("pycerr_phantom.csv", "original_shape_minorAxis", "original_shape_leastAxis"),
    ):
        row = values(file)
        for name, code in ((minor, "P9VJ"), (least, "7J51")):
            assert (identity(name).ibsi, parts_of(name)[1].deviation != "") == (code, True)  # type: ignore[union-attr]
            assert reference_values()["digital"][code, "DHQ4", ""].agrees(row[name] * math.sqrt(74 / 73))  # type: ignore[operator]


def test_the_shapes_of_pycerr_are_the_formulas_of_ibsi_with_the_volume_that_counts_voxels() -> None:
    row = values("pycerr_phantom.csv")
    volume, area = row["original_shape_volume"], row["original_shape_surfArea"]
    assert volume is not None
    assert area is not None
    sphere = (36 * math.pi * volume**2) ** (1 / 3)
    formulas = {
        "SKGS": ("Compactness1", volume / (math.sqrt(math.pi) * area**1.5)),
        "BQWJ": ("Compactness2", 36 * math.pi * volume**2 / area**3),
        "KRCK": ("spherDisprop", area / sphere),
        "QCFX": ("sphericity", sphere / area),
        "2PR5": ("surfToVolRatio", area / volume),
    }
    for code, (name, value) in formulas.items():
        assert identity(f"original_shape_{name}", extractor="cerr").ibsi == code
        assert row[f"original_shape_{name}"] == pytest.approx(value, rel=1e-6)


def test_a_known_offset_leads_to_the_reference_value() -> None:
    for extractor, name, file in (
        ("pyradiomics", "original_firstorder_Kurtosis", "pyradiomics_phantom.csv"),
        ("nyxus", "3KURTOSIS", "nyxus_phantom.csv"),
    ):
        parts = parts_of(name, extractor=extractor)[1]
        assert parts is not None
        value = values(file)[name]
        assert value is not None
        reference = reference_values()["digital"]["IPH6", "DHQ4", ""]
        assert not reference.agrees(value)
        assert reference.agrees(value + parts.offset)


def test_the_counts_of_pyradiomics_and_mirp_are_those_of_the_shared_table() -> None:
    """87 of 89 names of PyRadiomics that `ibsi_map.csv` links with a tag (it has no kurtosis); 167 of 169 of MIRP."""
    with (FOLDER / "ibsi_map.csv").open(encoding="utf-8", newline="") as stream:
        linked = [row for row in csv.DictReader(stream) if row["mirp_name"]]
    mapped = {f"original_{row['pyradiomics_feature_class']}_{row['pyradiomics_feature_name']}" for row in linked}
    found = on_the_phantom("pyradiomics", "pyradiomics_phantom.csv")
    counted = [one for one in found.compared if one.name in mapped]
    assert (sum(one.within for one in counted), len(counted)) == (87, 89)
    assert {one.name for one in counted if not one.within} == {"original_shape_MinorAxisLength", "original_shape_LeastAxisLength"}
    assert {one.name for one in on_the_phantom("mirp", "mirp_phantom.csv").outside} == {"ivh_i10", "ivh_diff_i10_i90"}


def test_185_features_of_pysera_agree_whose_morphology_is_named_by_tags() -> None:
    """In three dimensions, without the 21 names of morphology that are no tags; the shared table counts these 185."""
    renamed = {name for extractor, _, name in known_features() if extractor == "pysera" and name.startswith("morph_")}
    found = [one for one in on_the_phantom("pysera", "pysera_phantom.csv").compared if one.aggregation in ("DHQ4", "ITBB", "IAZD", "KOBO")]
    tagged = [one for one in found if one.name not in renamed]
    assert (sum(one.within for one in found), len(found)) == (206, 210)
    assert (sum(one.within for one in tagged), len(tagged)) == (185, 189)
    assert {one.reference.code for one in tagged if not one.within} == {"NDRX", "1QCO"}


def phantom() -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return intensities and region (5, 4, 4) of the digital phantom."""
    table = np.loadtxt(FOLDER / "digital_phantom.csv", delimiter=",", skiprows=1, dtype=np.int64)
    shape = (5, 4, 4)
    image, region = np.zeros(shape, np.int64), np.zeros(shape, bool)
    image[tuple(table[:, :3].T)], region[tuple(table[:, :3].T)] = table[:, 3], table[:, 4] == 1
    return image, region


def merged_cooccurrence() -> NDArray[np.float64]:
    """Return the co-occurrence matrix (7, 7) of the phantom, merged over 13 directions, symmetric, as shares."""
    image, region = phantom()
    counts = np.zeros((7, 7))
    for step in [step for step in itertools.product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]:
        for place in np.argwhere(region):
            other = tuple(place + step)
            if all(0 <= index < size for index, size in zip(other, region.shape, strict=True)) and region[other]:
                first, second = image[tuple(place)], image[other]
                counts[first, second] += 1
                counts[second, first] += 1
    return counts / counts.sum()


def test_pysera_normalises_by_one_grey_level_too_few() -> None:
    found = {one.name: one for one in on_the_phantom("pysera", "pysera_phantom.csv").outside}
    hows = ("2D_avg", "2D_comb", "3D_avg", "3D_comb")
    assert set(found) == {f"glcm_inv_diff_{kind}_{how}" for kind in ("norm", "mom_norm") for how in hows}
    share = merged_cooccurrence()
    apart = np.abs(np.subtract(*np.indices(share.shape)))
    for name, code, powered in (("norm", "NDRX", 1), ("mom_norm", "1QCO", 2)):
        of_ibsi, of_pysera = (float((share / (1 + (apart / levels) ** powered)).sum()) for levels in (6, 5))
        assert reference_values()["digital"][code, "IAZD", ""].agrees(of_ibsi)
        assert found[f"glcm_inv_diff_{name}_3D_comb"].value == pytest.approx(of_pysera, rel=1e-12)


def test_nyxus_keeps_17_voxels_between_its_interpolated_percentiles() -> None:
    image, region = phantom()
    row = values("nyxus_phantom.csv")
    low, high = row["3P10"], row["3P90"]
    assert low is not None
    assert high is not None
    kept = image[region & (image >= low) & (image <= high)]
    assert len(kept) == 17
    assert np.abs(kept - kept.mean()).mean() == pytest.approx(row["3ROBUST_MEAN_ABSOLUTE_DEVIATION"], rel=1e-12)


def test_a_value_beside_the_reference_is_a_miss_without_explanation() -> None:
    row = values("mirp_phantom.csv")
    row["stat_mean"] = 2.2
    found = conformance(row, extractor="mirp", phantom="digital")
    assert [one.name for one in found.unexplained] == ["stat_mean"]


def test_two_names_exchanged_are_found() -> None:
    row = values("pyradiomics_phantom.csv")
    row["original_glcm_Id"], row["original_glcm_Idm"] = row["original_glcm_Idm"], row["original_glcm_Id"]
    found = conformance(row, extractor="pyradiomics", phantom="digital")
    assert {one.name for one in found.unexplained} == {"original_glcm_Id", "original_glcm_Idm"}


def test_a_value_that_was_not_computed_is_a_miss() -> None:
    row: dict[str, float | None] = {"stat_mean": None, "stat_var": 3.045}
    found = conformance(row, extractor="mirp", phantom="digital")
    assert [(one.name, one.within, bool(one.explanation)) for one in found.compared] == [
        ("stat_mean", False, True),
        ("stat_var", True, False),
    ]


def test_features_at_another_distance_or_of_a_filtered_image_are_not_compared() -> None:
    row: dict[str, float | None] = {"cm_contrast_d2_3d_avg": 5.32, "log_s_2.0_stat_mean": 2.15, "stat_std": 1.0}
    found = conformance(row, extractor="mirp", phantom="digital")
    assert not found.compared
    assert sum(map(len, found.without.values())) == 3


def lifex_names() -> list[tuple[str, str]]:
    names = (FOLDER / "lifex_header.txt").read_text(encoding="utf-8").splitlines()
    return [(name, match[1]) for name in names if (match := re.search(r"\(IBSI:(\w{4})\)", name))]


def test_all_lifex_names_with_a_code_carry_it() -> None:
    pairs = lifex_names()
    assert len(pairs) == 111
    assert [identity(name).ibsi for name, _ in pairs] == [code for _, code in pairs]


def test_95_percent_of_lifex_names_have_their_code_from_their_words_alone() -> None:
    pairs = lifex_names()
    right = sum(identity(name.replace(f"(IBSI:{code})", ""), extractor="lifex").ibsi == code for name, code in pairs)
    assert right >= 0.95 * len(pairs)


def test_the_words_of_the_benchmark_tables_of_ibsi_give_the_codes_of_their_tags() -> None:
    path = SHARED / "ibsi" / "IBSI-1-phantom.csv"
    if not path.is_file():
        pytest.skip("shared/data/ibsi is not here")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 487
    for row in rows:
        tag, aggregation = split(row["tag"])
        stem, parameter = curve(tag)
        parts = parts_of(f"{row['family']}: {row['image_biomarker']}", extractor="ibsi")[1]
        assert parts is not None
        assert (parts.ibsi, parts.aggregation, parts.parameter) == (by_tag()[stem].code, aggregation, parameter), row["tag"]


def test_reference_values_are_those_of_the_shared_tables_but_for_the_corrected_ones() -> None:
    path = SHARED / "ibsi"
    if not path.is_dir():
        pytest.skip("shared/data/ibsi is not here")
    corrected, withdrawn, compared = {("digital", "L0JK"), ("digital", "99N0")}, {"ZH1A", "IQYR", "9CMM"}, 0
    for phantom, file in {"digital": "phantom", **{letter: f"config{letter}" for letter in "ABCD"}}.items():
        with (path / f"IBSI-1-{file}.csv").open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(stream):
                tag, aggregation = split(row["tag"])
                stem, parameter = curve(tag)
                quantity = by_tag().get(stem)
                if quantity is None or not row["benchmark_value"] or (phantom, quantity.code) in corrected or quantity.code in withdrawn:
                    continue
                reference = reference_values()[phantom][quantity.code, aggregation, parameter]
                assert (reference.value, reference.tolerance) == (float(row["benchmark_value"]), float(row["tolerance"]))
                compared += 1
    assert compared == sum(map(len, (reference_values()[phantom] for phantom in ("digital", *"ABCD")))) - len(corrected)


def test_configuration_e_has_the_quantities_of_c_and_d_and_the_values_of_the_manual() -> None:
    """Tables 5, 12, 13, 25 and 30 of the IBSI 1 reference manual, version 11."""
    of_e = reference_values()["E"]
    assert len(of_e) == 169
    for letter in "CD":
        assert set(of_e) == {key for key in reference_values()[letter] if key[1] != "ITBB"}
    manual = {"C0JK": (34300, 400), "KLMA": (68.5, 2.1), "L0JK": (125, 1), "99N0": (-8.31e6, 1.6e6), "Q4LE": (-22.6, 4.1)}
    assert {code: (of_e[code, "DHQ4", ""].value, of_e[code, "DHQ4", ""].tolerance) for code in manual} == manual


def test_filter_references_are_those_of_the_shared_table() -> None:
    path = SHARED / "ibsi" / "ibsi2_reference_values_CC0.csv"
    if not path.is_file():
        pytest.skip("shared/data/ibsi is not here")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter=";") if row["consensus_value"]]
    assert len(rows) == 323
    for row in rows:
        reference = reference_values()[f"filter {row['filter_id']}"][by_tag()[row["feature_tag"]].code, "DHQ4", ""]
        assert (reference.value, reference.tolerance) == (float(row["consensus_value"]), float(row["tolerance"]))


def test_a_filter_configuration_is_compared_with_the_features_of_that_filter_only() -> None:
    references = reference_values()["filter 3.B"]
    row: dict[str, float | None] = {
        f"log_s_1.5_{quantities()[code].tag}": reference.value for (code, _, _), reference in references.items()
    }
    row |= {f"wavelet_x_{quantities()[code].tag}": 0.0 for code, _, _ in references} | {"stat_mean": 0.0}
    found = conformance(row, extractor="mirp", phantom="filter 3.B", filtered="log_s_1.5")
    assert found.counts() == {"compared": 18, "within": 18, "outside": 0, "explained": 0, "without_reference": 19}


def test_references_allow_what_ibsi_allows() -> None:
    reference = reference_values()["digital"]["J17V", "KOBO", ""]
    assert reference.value == 1490
    assert [reference.agrees(value) for value in (1485.1, 1494.6, 1495.1, 1484.9)] == [True, True, False, False]
    wide = dataclasses.replace(reference, tolerance=20.0)
    assert wide.agrees(1509.9)
    assert not wide.agrees(1511)
