"""What a feature name says."""

from __future__ import annotations

import pytest

from radaudit.tables.names import identities, identity


@pytest.mark.parametrize(
    ("name", "family", "filtered", "ibsi"),
    [
        ("original_shape_MeshVolume", "shape", "original", "RNU0"),
        ("original_firstorder_Mean", "first order", "original", "Q4LE"),
        ("wavelet-LLH_glcm_Idm", "glcm", "wavelet-LLH", "WF0Z"),
        ("log-sigma-2-0-mm-3D_glszm_ZoneVariance", "glszm", "log-sigma-2-0-mm-3D", "3NSA"),
        ("lbp-3D-m1_ngtdm_Busyness", "ngtdm", "lbp-3D-m1", "NQ30"),
        ("original_gldm_DependenceEntropy", "gldm", "original", "FCBV"),
        ("original_glszm_HighGrayLevelZoneEmphasis", "glszm", "original", "5GN9"),
        ("original_firstorder_TotalEnergy", "first order", "original", ""),
    ],
)
def test_a_pyradiomics_name_tells_family_filter_and_code(name: str, family: str, filtered: str, ibsi: str) -> None:
    one = identity(name)
    assert (one.extractor, one.family, one.filter, one.ibsi) == ("pyradiomics", family, filtered, ibsi)


def test_names_rewritten_by_r_and_prefixed_by_sequence_are_recognised() -> None:
    assert identity("wavelet.LLH_firstorder_Mean").ibsi == "Q4LE"
    assert identity("ADC_original_glcm_Contrast").ibsi == "ACUI"


@pytest.mark.parametrize(
    ("name", "family", "ibsi"),
    [
        ("T1_ED_GLCM_Bins-10_Radius-1_Homogeneity", "glcm", "WF0Z"),
        ("T1_ED_Histogram_Bins-10_Bins-10_Mean", "histogram", "X6K6"),
        ("T1_ED_Intensity_Mean", "first order", "Q4LE"),
        ("T1_ED_Volumetric_Volume", "volume", "YEKZ"),
        ("T1_ED_NGTDM_Coarsness", "ngtdm", "QCDE"),
        ("T1_ED_GLCM_Bins-10_Radius-1_AutoCorrelation", "glcm", ""),
        ("T1_ED_LBP_Radius-1_Bins-20_LBP", "lbp", ""),
    ],
)
def test_a_captk_name_tells_family_and_code(name: str, family: str, ibsi: str) -> None:
    one = identity(name)
    assert (one.extractor, one.family, one.ibsi) == ("captk", family, ibsi)


def test_discretisation_comes_from_a_captk_name_and_from_pyradiomics_settings() -> None:
    assert identity("T1_ED_GLSZM_Bins-20_Radius-1_ZonePercentage").discretisation == "fixed number of 20 bins"
    assert identity("original_glcm_Idm", settings={"binWidth": "25"}).discretisation == "fixed bins of 25"
    assert identity("original_glcm_Idm", settings={"binWidth": "25", "binCount": "32"}).discretisation == "fixed number of 32 bins"
    assert identity("original_firstorder_Mean", settings={"binWidth": "25"}).discretisation == ""


def test_aggregation_follows_the_settings() -> None:
    assert identity("original_glcm_Idm").aggregation == "3D, averaged over directions"
    assert identity("original_glcm_Idm", settings={"weightingNorm": "euclidean"}).aggregation == "3D, merged over weighted directions"
    assert identity("original_glszm_ZonePercentage", settings={"force2D": "True"}).aggregation == "2D"
    assert identity("original_shape_Sphericity").aggregation == ""


def test_an_unknown_name_keeps_only_its_name() -> None:
    one = identity("radVar1", extractor="generic")
    assert one.document() == {**dict.fromkeys(one.document(), ""), "name": "radVar1"}


def test_a_filtered_feature_says_that_ibsi_defines_it_for_the_original_image() -> None:
    assert "filtered" in identity("wavelet-HHH_glcm_Contrast").deviation
    assert identity("original_glcm_Contrast").deviation == ""


def test_identities_keep_the_order() -> None:
    names = ["b", "original_shape_Sphericity", "a"]
    assert [one.name for one in identities(names)] == names
