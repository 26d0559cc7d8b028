"""What readers do beyond the suite: side files, empty templates, relative bounds, damaged files, a reader that is named wrongly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from radaudit.edges.readers import deep, ibsi_template, lifex, mazda, medimage, mirp, pysera, racat, slicer
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.readers.registry import BUILT_IN, read_table
from radaudit.errors import PluginError, TableError
from tests.extractor_tables import put, samples

OPTIONS = ReadOptions()


def code(reader: object, path: Path) -> str:
    with pytest.raises(TableError) as error:
        reader.read(path, OPTIONS)  # type: ignore[attr-defined]
    assert error.value.fix
    return error.value.code


def test_medimage_without_its_side_file_keeps_the_names_and_with_a_short_one_is_refused(tmp_path: Path) -> None:
    path = samples(tmp_path)["medimage"].path
    side = path.with_suffix(".txt")
    whole = side.read_text()
    side.unlink()
    assert medimage.read(path, OPTIONS).features == ("radVar1", "radVar2", "radVar3")
    side.write_text(whole.replace("radVar3", "radVar4"))
    assert code(medimage, path) == "READ-053"
    side.write_text(whole.replace("bin16", "bin8"))
    assert code(medimage, path) == "READ-053"


def test_a_medimage_table_tells_which_names_it_took(tmp_path: Path) -> None:
    path = samples(tmp_path)["medimage"].path
    first = medimage.read(path, OPTIONS).dialect["names"]
    side = path.with_suffix(".txt")
    side.write_text(side.read_text().replace("scale1||", "scale2||"))
    assert medimage.read(path, OPTIONS).dialect["names"] != first


@pytest.mark.parametrize("damage", ["Morphology,Volume,12.5\n", "Morphology,Extra,words\n", "Morphology\n"])
def test_a_racat_file_with_a_line_of_another_form_is_refused(damage: str, tmp_path: Path) -> None:
    path = samples(tmp_path)["racat"].path
    path.write_text(path.read_text() + damage)
    assert code(racat, path) == "READ-053"


@pytest.mark.parametrize("reader", [slicer, ibsi_template])
def test_a_reader_named_for_another_table_says_so(reader: object, tmp_path: Path) -> None:
    assert code(reader, samples(tmp_path)["captk"].path) == "READ-054"


def test_an_empty_ibsi_template_is_a_list_without_features(tmp_path: Path) -> None:
    path = samples(tmp_path)["ibsi_template"].path
    path.write_text(path.read_text().replace("358100", "").replace("-46.5", ""))
    table = ibsi_template.read(path, OPTIONS)
    assert (table.rows, table.features) == (3, ())


def test_a_mazda_report_without_regions_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "m.csv", "Value;Feature\n0.5;S(1,0)AngScMom\n0.25;Teta1\n1.5;GrMean\n")
    assert code(mazda, path) == "READ-053"


def test_relative_bounds_of_lifex_are_one_setting_for_all_regions(tmp_path: Path) -> None:
    path = samples(tmp_path)["lifex"].path
    text = path.read_text().replace("Absolute bounds: -999.0 <-> 1244.0", "Relative ROI: min max: -1.0 <-> 5.0", 1)
    path.write_text(text.replace("Absolute bounds: -999.0 <-> 1244.0", "Relative ROI: min max: -7.0 <-> 9.0"))
    settings = lifex.read(path, OPTIONS).settings
    assert {row["IntensityResampling"] for row in settings} == {"Relative ROI"}
    assert all("BinSize" not in row for row in settings)


def test_what_lifex_keeps_private_or_joins_is_on_the_account_with_the_reason(tmp_path: Path) -> None:
    table = lifex.read(samples(tmp_path)["lifex"].path, OPTIONS)
    told = {note.column: note.what for note in table.accounting}
    assert "vector" in told["INTENSITY-HISTOGRAM-RIM_RIM-IntensityMin(IBSI:No)[Intensity]"]
    assert "private" in told["MORPHOLOGICAL_Center(IBSI:No)[]"]


def test_several_discretisations_of_mirp_are_all_named() -> None:
    names = ["cm_energy_d1_3d_avg_fbn_n32", "cm_energy_d1_3d_avg_fbs_w25.0", "cm_energy_d1_3d_avg_fbs_w12.5", "stat_mean"]
    assert mirp.discretisations(names) == "32 bins, fixed bins of 12.5, fixed bins of 25"


def test_deep_features_need_numbers_that_run(tmp_path: Path) -> None:
    names = [f"deep_{i}" for i in range(15)] + ["deep_40"]
    gaps = put(tmp_path, "gaps.csv", ",".join(["id", *names]) + "\n" + ",".join(["a", *["0.5"] * 16]) + "\n")
    assert not deep.claims(gaps)
    anonymous = put(tmp_path, "v.csv", ",".join(["id", *(f"V{i}" for i in range(20))]) + "\n" + ",".join(["a", *["0.5"] * 20]) + "\n")
    assert read_table(anonymous, OPTIONS).reader == "generic"


def test_a_workbook_of_pysera_is_read_without_naming_its_sheet(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Radiomics_Features"
    book.active.append(["PatientID", "ROI", "img_dim_x_init_img", "morph_volume_mesh", "stat_mean"])
    book.active.append(["007", "gtv", 5, 12.5, 3.5])
    book.create_sheet("Report").append(["Level", "Message"])
    book["Report"].append(["ERROR", "x"])
    book.save(tmp_path / "s.xlsx")
    table = read_table(tmp_path / "s.xlsx", OPTIONS)
    assert (table.reader, table.features, dict(table.log)) == ("pysera", ("morph_volume_mesh", "stat_mean"), {"error": 1})
    assert pysera.read(tmp_path / "s.xlsx", replace(OPTIONS, sheet="Radiomics_Features")).features == table.features
    with pytest.raises(TableError) as error:
        pysera.read(tmp_path / "s.xlsx", replace(OPTIONS, sheet="Nothing"))
    assert error.value.code == "READ-037"


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_each_reader_can_be_named(name: str, tmp_path: Path) -> None:
    forms = samples(tmp_path)
    path = forms[name].path if name in forms else forms["captk"].path
    assert read_table(path, OPTIONS, reader=name).reader == name


def test_a_reader_nobody_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PluginError) as error:
        read_table(samples(tmp_path)["captk"].path, OPTIONS, reader="pyradiomic")
    assert (error.value.code, error.value.near) == ("READ-040", "pyradiomics")
