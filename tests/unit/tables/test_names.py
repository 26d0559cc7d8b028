"""What a feature name says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radaudit.tables.names import ALIASES, ANONYMOUS, EXTRACTORS, identities, identity


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
    assert identity("original_glszm_ZonePercentage", settings={"force2D": "True"}).aggregation == "2.5D, merged over slices"
    assert identity("original_shape_Sphericity").aggregation == ""


def test_an_unknown_name_keeps_only_its_name() -> None:
    one = identity("haralick_roughness", extractor="generic")
    assert one.document() == {**dict.fromkeys(one.document(), ""), "name": "haralick_roughness"}


@pytest.mark.parametrize("name", ["V2", "radVar1", "X17", "feature_3", "Unnamed: 4"])
def test_an_anonymous_name_is_said_to_be_anonymous(name: str) -> None:
    assert identity(name).deviation == ANONYMOUS


def test_a_filtered_feature_says_that_ibsi_defines_it_for_the_original_image() -> None:
    assert "filtered" in identity("wavelet-HHH_glcm_Contrast").deviation
    assert identity("original_glcm_Contrast").deviation == ""


def test_identities_keep_the_order() -> None:
    names = ["b", "original_shape_Sphericity", "a"]
    assert [one.name for one in identities(names)] == names


@pytest.mark.parametrize(
    ("name", "extractor", "ibsi", "aggregation", "filtered", "discretisation"),
    [
        ("cm_contrast_d1_3d_v_mrg_fbs_w25.0", "mirp", "ACUI", "3D, merged over directions", "original", "fixed bins of 25"),
        ("szm_sze_2.5d_fbn_n32", "mirp", "5QRC", "2.5D, merged over slices", "original", "fixed number of 32 bins"),
        (
            "wavelet_coif1_lll_level_1_invar_cm_corr_d1_3d_avg",
            "mirp",
            "NI2N",
            "3D, averaged over directions",
            "wavelet_coif1_lll_level_1_invar",
            "",
        ),
        ("glcm_inv_var_2_5D_comb", "pysera", "E8JP", "2.5D, merged", "original", ""),
        ("3GLRLM_LRE_AVE", "nyxus", "W4KF", "3D, averaged over directions", "original", ""),
        ("original_glcm_firstInfCorr_3D_avg", "cerr", "R8DG", "3D, averaged over directions", "original", ""),
        ("GLSZM_ZonePercentage(IBSI:P30P)", "lifex", "P30P", "3D", "original", ""),
    ],
)
def test_a_name_of_one_extractor_is_recognised_without_being_told_which(
    name: str, extractor: str, ibsi: str, aggregation: str, filtered: str, discretisation: str
) -> None:
    one = identity(name)
    assert (one.extractor, one.ibsi, one.aggregation, one.filter, one.discretisation) == (
        extractor,
        ibsi,
        aggregation,
        filtered,
        discretisation,
    )


@pytest.mark.parametrize(
    ("name", "extractor", "ibsi", "aggregation"),
    [
        ("cm_corr_3D_avg", "zrad", "NI2N", "3D, averaged over directions"),
        ("glcmFeatures2DDmrg_joint maximum", "racat", "GYBY", "2.5D, merged over slices, averaged over directions"),
        ("gldzmFeatures2Dmrg_small distance emphasis GLDZM", "racat", "0GBI", "2.5D, merged over slices"),
        ("Morphological_VolumeDensity_ConvexHull", "radiomicsj", "R3ER", ""),
        ("Fcm_joint_max__scale1_algoFBN_bin64", "medimage", "GYBY", ""),
        ("Fivh_V10minusV90", "medimage", "DDTU", ""),
        ("original_shape_Maximum3DDiameter", "slicer", "L0JK", ""),
        ("Tumor_GLCM_clusProm", "radiomix", "AE86", ""),
        ("Wavelet_HLL_Stats_rms", "oncoradiomics", "5ZWQ", ""),
        ("original_gldm_dependenceCountEnergy_3D", "pycerr", "CAS9", "3D"),
    ],
)
def test_a_name_is_read_as_the_extractor_that_is_stated_writes_it(name: str, extractor: str, ibsi: str, aggregation: str) -> None:
    one = identity(name, extractor=extractor)
    assert (one.ibsi, one.aggregation) == (ibsi, aggregation)


def test_a_spread_over_directions_is_no_quantity_of_ibsi() -> None:
    assert identity("original_glcm_contrast_3D_StdDev").ibsi == ""
    assert identity("original_glcm_contrast_3D_avg").ibsi == "ACUI"


def test_the_unit_of_lifex_is_that_of_its_header_and_a_code_it_does_not_have_is_said() -> None:
    assert identity("MORPHOLOGICAL_Volume(IBSI:RNU0)[cm3]").unit == "cm3"
    assert identity("MORPHOLOGICAL_Volume(IBSI:RNU9)[cm3]").deviation == "IBSI has no code RNU9"
    assert "not in IBSI" in identity("MORPHOLOGICAL_RadiusRoiNorm-PeakIntensityCoor-RoiCentroidCoor-Dist( (IBSI:No)[]").deviation


def test_the_discretisation_of_lifex_follows_its_bounds() -> None:
    settings = {"PARAMS_NumberOfGreyLevels": "64.0", "PARAMS_BinSize": "10", "PARAMS_IntensityResampling": "Relative ROI: min max"}
    name = "GLCM_Contrast(IBSI:ACUI)"
    assert identity(name, settings=settings).discretisation == "fixed number of 64 bins"
    assert identity(name, settings={**settings, "PARAMS_IntensityResampling": "Absolute"}).discretisation == "fixed bins of 10"


def test_two_quantities_whose_words_are_the_same_in_another_order_are_kept_apart() -> None:
    low_high, high_low = "NGLDM: Low dependence high grey level emphasis", "NGLDM: High dependence low grey level emphasis"
    assert [identity(name, extractor="ibsi").ibsi for name in (low_high, high_low)] == ["JA6D", "NBZI"]


@given(st.text(max_size=60), st.sampled_from(["", "generic", *EXTRACTORS, *ALIASES, "unheard of"]))
def test_any_text_has_an_identity(name: str, extractor: str) -> None:
    assert identity(name, extractor=extractor).name == name
