"""Every table in the shared data folder, each read by one call without options; expected numbers are from SOURCE.md and pandas.

``features`` counts the columns that are neither id, region, visit, site, clinical nor written about the extraction. ``codes`` are those of
all findings, notes on copied and constant columns too, so that a change shows.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from radaudit.edges.loose.ingested import Ingested, ingest_files
from radaudit.errors import TableError

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the repository")


@dataclass(frozen=True, kw_only=True)
class Expected:
    rows: int
    patients: int
    features: int
    extractor: str = "generic"
    version: str | list[str] | None = None
    settings: dict[str, object] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    how: str = "name"
    column: str | None = None


PHANTOM = {"binWidth": "1", "force2D": "False", "normalize": "False"}
NYXUS = {"extractor": "nyxus", "how": "reader", "column": "intensity_image"}
MIRP = {"extractor": "mirp", "how": "reader", "column": "sample_name"}
QIN = {"normalize": "True", "normalizeScale": "100", "voxelArrayShift": "300", "force2D": "False"}
PYSERA = "phantom/pysera/extracted_radiomics_features_sequential_11_23_2026_08_57_10.xlsx"
QIN_FILE = "qin_prostate/pyRadiomicsFeatures_biasCorrected{}T2AX_FullStudySettings_3D_bin{}.csv"

TABLES: dict[str, Expected] = {
    # 262 x 119 less Status and Survival; no id column at all
    "carvalho2018/Radiomics.PET.features.csv": Expected(
        rows=262, patients=262, features=117, how="surrogate", codes=("ID-040", "FEAT-053")
    ),
    # 1061 x 19 less site, id, age, sex, disorder
    "combat_enigma/combat_example.csv": Expected(rows=1061, patients=1061, features=14, column="id"),
    "dapper/baseline.csv": Expected(rows=30, patients=30, features=0, column="Subject", codes=("READ-085",)),
    "dapper/survival.csv": Expected(rows=30, patients=30, features=0, column="Subject", codes=("READ-085",)),
    # 193 x 975 less USUBJID and LESIONLOC; one lesion wholly empty, and values 1,000 times beyond the rest
    "dapper/rad-features.csv": Expected(
        rows=193, patients=30, features=973, extractor="pyradiomics", column="USUBJID", codes=("FEAT-057", "FEAT-058")
    ),
    # 260 x 266 less index, label and six general_info columns; one duplicated row
    "fae/numeric_feature.csv": Expected(
        rows=260, patients=260, features=258, extractor="pyradiomics", how="row names", column="unnamed_1", codes=("ID-050", "FEAT-053")
    ),
    "lifex_imsure/Texture_ImSure_Absolute.csv": Expected(
        rows=90,
        patients=1,
        features=130,
        extractor="lifex",
        version="7.4.0",
        settings={"IntensityResampling": "Absolute bounds: -999.0 <-> 1244.0", "NumberOfGreyLevels": "256", "BinSize": "8.7960786819458"},
        how="reader",
        column="INFO_PatientID",
        codes=("READ-080", "FEAT-051", "FEAT-053"),
    ),
    "lifex_imsure/Texture_ImSure_Relative.csv": Expected(
        rows=90,
        patients=1,
        features=130,
        extractor="lifex",
        version="7.4.0",
        settings={"IntensityResampling": "Relative ROI", "NumberOfGreyLevels": "256", "XSpatialResampling": "1"},
        how="reader",
        column="INFO_PatientID",
        codes=("READ-080", "FEAT-051", "FEAT-052", "FEAT-053"),
    ),
    # 206 x 103 less SubjectID; eight cells #NAME? in one row
    "opnested/Sandy-Captk.csv": Expected(
        rows=206, patients=206, features=102, extractor="captk", how="reader", column="SubjectID", codes=("READ-080", "FEAT-053")
    ),
    "opnested/clinical-demographics.csv": Expected(
        rows=207, patients=207, features=0, how="row names", column="unnamed_1", codes=("READ-085",)
    ),
    "opnested/Sandy-CT-parameters.xlsx": Expected(rows=207, patients=207, features=0, how="shape", column="clc", codes=("READ-085",)),
    "phantom/batch_in.csv": Expected(rows=4, patients=4, features=0, column="ID", codes=("READ-085",)),
    # ph_missing and ph_badlabel failed, ph_a and ph_b are one image
    "phantom/pyradiomics_3.0.1_cli_batch.csv": Expected(
        rows=4,
        patients=4,
        features=107,
        extractor="pyradiomics",
        version="3.0.1",
        settings=PHANTOM,
        column="ID",
        codes=("ID-005", "FEAT-058"),
    ),
    "phantom/pyradiomics_3.0.1_cli_batch_skipnans.csv": Expected(
        rows=4,
        patients=4,
        features=107,
        extractor="pyradiomics",
        version="3.0.1",
        settings=PHANTOM,
        column="ID",
        codes=("ID-005", "FEAT-058"),
    ),
    "phantom/pyradiomics_3.0.1_cli_log_wavelet.csv": Expected(
        rows=1,
        patients=1,
        features=1130,
        extractor="pyradiomics",
        version="3.0.1",
        settings={**PHANTOM, "imageTypes": "LoG: sigma: [2, 4], Original, Square, Wavelet"},
        how="surrogate",
        codes=("ID-040",),
    ),
    "phantom/pyradiomics_3.0.1_cli_single.csv": Expected(
        rows=1, patients=1, features=107, extractor="pyradiomics", version="3.0.1", settings=PHANTOM, how="surrogate", codes=("ID-040",)
    ),
    "phantom/pyradiomics_3.0.1_cli_single.json": Expected(
        rows=1, patients=1, features=107, extractor="pyradiomics", version="3.0.1", settings=PHANTOM, how="surrogate", codes=("ID-040",)
    ),
    # the case of "Case-1_name: value" is the only id
    "phantom/pyradiomics_3.0.1_cli_single.txt": Expected(
        rows=1, patients=1, features=107, extractor="pyradiomics", version="3.0.1", settings=PHANTOM, column="Case"
    ),
    "phantom/mirp/digital_phantom_2d/phantom_generic_YPSFB704855PC3H3.csv": Expected(rows=1, patients=1, features=177, **MIRP),
    "phantom/mirp/digital_phantom_3d/phantom_generic_VSN98GQF95GX957Y.csv": Expected(
        rows=1, patients=1, features=177, settings={"voxel size": "2 x 2 x 2", "modality": "generic"}, **MIRP
    ),
    "phantom/mirp/digital_phantom_ct_filters/phantom_ct_GRPW8QHU1SU9D6LK.csv": Expected(
        rows=1, patients=1, features=273, settings={"modality": "ct"}, codes=("FEAT-007",), **MIRP
    ),
    # four slices of two labels
    "phantom/nyxus/nyxus_0.11.0_2d_all_multilabel.csv": Expected(
        rows=8, patients=4, features=683, codes=("FEAT-052", "FEAT-053", "ID-043"), **NYXUS
    ),
    "phantom/nyxus/nyxus_0.11.0_3d_all_ibsiTrue.csv": Expected(rows=1, patients=1, features=213, codes=("ID-043",), **NYXUS),
    "phantom/nyxus/nyxus_ibsiTrue.parquet": Expected(rows=1, patients=1, features=213, codes=("ID-043",), **NYXUS),
    # 559 columns less PatientID, ROI and 60 that describe image and mask; one warning in its Report
    PYSERA: Expected(
        rows=1,
        patients=1,
        features=497,
        extractor="pysera",
        settings={"DiscType": "FBS", "BinSize": "1", "VoxInterp": "Nearest"},
        how="reader",
        column="PatientID",
        codes=("READ-082", "ID-043"),
    ),
    # 293 columns less five that describe the region
    "phantom/pycerr/pycerr_2.5.1_phantom.csv": Expected(
        rows=1, patients=1, features=288, extractor="pycerr", how="surrogate", codes=("ID-040",)
    ),
    # one row per feature: 46 and 40 rows less 22 of diagnostics, 40 and 20 cases of five images
    "pyradiomics_baseline/baseline_glcm.csv": Expected(
        rows=40,
        patients=40,
        features=24,
        extractor="pyradiomics",
        version=["1.3.0.post61.dev0+gec8ca3f", "2.0.1b1.post24+g8f34e5e", "2.0.1b1.post24.dev0+g8f34e5e"],
        settings={"binWidth": ["25", "5", "5000"], "binCount": "64"},
        how="header",
        column="featureName",
        codes=("FEAT-004", "FEAT-033", "ID-005", "ID-050"),
    ),
    "pyradiomics_baseline/baseline_firstorder.csv": Expected(
        rows=20,
        patients=20,
        features=18,
        extractor="pyradiomics",
        version=["1.3.0.post61.dev0+gec8ca3f", "2.0.1b1.post24.dev0+g8f34e5e"],
        settings={"binWidth": ["25", "5"]},
        how="header",
        column="featureName",
        codes=("FEAT-004", "FEAT-033", "ID-005"),
    ),
    # 15 patients, 2 visits, up to 4 regions; the id is cut from PCAMPMRI-00775_20040701_0927
    QIN_FILE.format("", 10): Expected(
        rows=102,
        patients=15,
        features=1235,
        extractor="pyradiomics",
        version="1.3.0.post59+g2e6d2c1",
        settings={"binWidth": "10", **QIN},
        how="cut",
        column="study",
        codes=("ID-041",),
    ),
    QIN_FILE.format("+TP2Registered", 10): Expected(
        rows=22,
        patients=11,
        features=1235,
        extractor="pyradiomics",
        version="1.3.0.post59+g2e6d2c1",
        settings={"binWidth": "10", **QIN},
        how="cut",
        column="study",
        codes=("ID-041",),
    ),
    QIN_FILE.format("+TP2Registered", 40): Expected(
        rows=22,
        patients=11,
        features=1235,
        extractor="pyradiomics",
        version="1.3.0.post59+g2e6d2c1",
        settings={"binWidth": "40", **QIN},
        how="cut",
        column="study",
        codes=("ID-041", "FEAT-053"),
    ),
    # ID and Target are the last two columns
    "radmlbench/Dai2023.csv.gz": Expected(rows=119, patients=119, features=851, column="ID", codes=("LEAK-050", "FEAT-122")),
    "radmlbench/Dong2022.csv.gz": Expected(
        rows=279, patients=279, features=851, extractor="pyradiomics", column="ID", codes=("LEAK-050", "FEAT-053")
    ),
    "radmlbench/Huang2023.csv.gz": Expected(rows=212, patients=212, features=855, column="ID", codes=("LEAK-050",)),
    "radmlbench/Wang2024.csv.gz": Expected(rows=67, patients=67, features=280, column="ID", codes=("LEAK-050", "FEAT-053")),
    "radmlbench/Zhang2023.csv.gz": Expected(
        rows=203, patients=203, features=1781, extractor="pyradiomics", column="ID", codes=("LEAK-050",)
    ),
    "radmlbench/Zhang2024B.csv.gz": Expected(
        rows=192, patients=192, features=833, extractor="pyradiomics", column="ID", codes=("LEAK-050", "FEAT-083")
    ),
    # 252 attributes less nine clinical ones and the class
    "ramella2018/pone.0207455.s001.arff": Expected(
        rows=91, patients=91, features=242, how="surrogate", codes=("ID-040", "FEAT-052", "FEAT-053", "FEAT-054")
    ),
    "sts_pet/nyxus/nyxus_0.11.0_sts_pet.csv": Expected(
        rows=51, patients=51, features=95, codes=("FEAT-052", "FEAT-053", "ID-043"), **NYXUS
    ),
    "sts_pet/pyradiomics_3.0.1_sts_pet.csv": Expected(
        rows=51, patients=51, features=1037, extractor="pyradiomics", version="3.0.1", settings={"binWidth": "0.25"}, column="ID"
    ),
    # 174 columns less two ids and three that describe the region
    "sts_pet/zrad/zrad_26.9.0_sts_pet.csv": Expected(
        rows=51, patients=51, features=169, extractor="zrad", how="reader", column="pat_id", codes=("FEAT-052", "FEAT-053")
    ),
    # 51 files of one row; 202 columns less 27
    "sts_pet/mirp": Expected(
        rows=51,
        patients=51,
        features=175,
        settings={"discretisation": "fixed bins of 0.25", "voxel size": "3 x 3 x 3", "modality": "pt"},
        codes=("FEAT-052", "FEAT-053"),
        **MIRP,
    ),
}
REFERENCE = {
    "ibsi/IBSI-1-configA.csv": 411,
    "ibsi/IBSI-1-configB.csv": 411,
    "ibsi/IBSI-1-configC.csv": 275,
    "ibsi/IBSI-1-configD.csv": 275,
    "ibsi/IBSI-1-configE.csv": 275,
    "ibsi/IBSI-1-phantom.csv": 487,
    "ibsi/ibsi2_reference_values_CC0.csv": 324,
    "ibsi/ibsi_map.csv": 228,
}
NO_TABLE = {"phantom/phantom.nii.gz": "READ-030", "phantom/mask.nii.gz": "READ-030"}
NOT_EVEN = {"pyradiomics_baseline/featuresDict_IBSIv7.tsv": "READ-034"}


def found(name: str) -> Ingested:
    return ingest_files([str(SHARED / name)])


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_read_by_one_call_without_options(name: str) -> None:
    expected, got = TABLES[name], found(name)
    document = got.document()
    ident = document["tables"][0]["id"]
    assert (document["rows"], document["patients"], document["features"]) == (expected.rows, expected.patients, expected.features)
    assert (document["extractor"], document["version"]) == (expected.extractor, expected.version)
    assert {key: document["settings"].get(key) for key in expected.settings} == expected.settings
    assert (ident["how"], ident["column"]) == (expected.how, expected.column)
    assert sorted({finding.code for finding in got.findings}) == sorted(expected.codes)


@pytest.mark.parametrize("name", REFERENCE)
def test_lists_of_reference_values_are_read_and_hold_no_patient(name: str) -> None:
    document = found(name).document()
    assert (document["rows"], document["patients"], document["features"]) == (REFERENCE[name], 0, 0)


@pytest.mark.parametrize(("name", "code"), [*NO_TABLE.items(), *NOT_EVEN.items()])
def test_what_is_no_table_or_is_uneven_is_refused(name: str, code: str) -> None:
    with pytest.raises(TableError) as error:
        found(name)
    assert error.value.code == code
    assert error.value.fix


def test_no_table_of_the_folder_is_left_out() -> None:
    said = {*TABLES, *REFERENCE, *NO_TABLE, *NOT_EVEN}
    suffixes = {".csv", ".tsv", ".xlsx", ".parquet", ".json", ".txt", ".arff", ".gz"}
    there = {file.relative_to(SHARED).as_posix() for file in SHARED.rglob("*") if file.suffix in suffixes and "LICENSE" not in file.name}
    assert {name for name in there if name not in said and not name.startswith("sts_pet/mirp/")} == set()


def test_a_value_far_beyond_the_rest_is_named_by_patient_on_this_machine_only() -> None:
    finding = next(one for one in found("dapper/rad-features.csv").findings if one.code == "FEAT-057")
    assert any("DAP-" in row["patient"] for row in finding.local)
    assert "DAP-" not in json.dumps(finding.public())


def test_two_discretisations_in_one_folder_are_reported_by_file() -> None:
    got = found("qin_prostate")
    settings = [finding for finding in got.findings if finding.code == "FEAT-004"]
    assert [finding.facts["setting"] for finding in settings] == ["binWidth"]
    assert settings[0].facts["values"] == {"10": 124, "40": 22}
    assert got.patients == 15


def test_the_command_prints_one_json_document_and_needs_no_study(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "radaudit.cli", "ingest", str(SHARED / "opnested" / "Sandy-Captk.csv"), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    document = json.loads(done.stdout)
    assert (document["rows"], document["patients"], document["features"], document["extractor"]) == (206, 206, 102, "captk")
    assert document["cells"] == {"number": 21004, "error value": 8}
    assert "READ-080" in {finding["code"] for finding in document["findings"]}
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
