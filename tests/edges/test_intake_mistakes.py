"""Mistakes people make with tables: each gives its code, the near match and a fix, and applying the fix makes the study readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from radaudit.errors import StudyError, TableError
from radaudit.findings import Severity
from tests.edges.small_studies import IDS, NAMES, clinical_csv, codes, features_csv, read, refusal, study, write

ZEROS = tuple(f"{i:05d}" for i in range(1, 9))
PLAIN = tuple(str(i) for i in range(1, 9))


def test_leading_zeros_that_differ_are_refused_with_proof_and_the_fix_passes(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(ZEROS), clinical=clinical_csv(PLAIN))
    error = refusal(tmp_path, study(site="hospital"))
    assert error.code == "ID-002"
    assert "8 of 8" in str(error.near)
    assert "00001" in str(error.near)
    assert "strip-zeros" in str(error.fix)
    table = read(tmp_path, study(subject="{column: patient_id, normalise: strip-zeros}")).table
    assert table.patients == PLAIN


def test_ids_with_leading_zeros_survive_in_csv(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(ZEROS), clinical=clinical_csv(ZEROS))
    assert read(tmp_path).table.patients == ZEROS


def test_a_wrong_id_column_is_refused_with_the_column_that_fits(tmp_path: Path) -> None:
    lines = clinical_csv().splitlines()
    odd = "\n".join([f"record,{lines[0]}", *(f"{i},{line}" for i, line in enumerate(lines[1:]))]) + "\n"
    write(tmp_path, features=features_csv(), clinical=odd)
    error = refusal(tmp_path, study(clinical="{file: clinical.csv, id: record}"))
    assert (error.code, error.fix) == ("ID-002", "{file: clinical.csv, id: patient_id}")
    assert "8 of them" in str(error.near)
    assert len(read(tmp_path, study(clinical=str(error.fix))).table) == 8


def test_an_id_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(clinical="{file: clinical.csv, id: patient}"))
    assert (error.code, error.fix) == ("ID-033", "{file: clinical.csv, id: patient_id}")


def test_ids_that_differ_by_spaces_or_case_are_reported(tmp_path: Path) -> None:
    ids = ("P1", "p1", "P2", "P3")
    write(tmp_path, features=features_csv(ids), clinical=clinical_csv(ids, sites=("A",) * 4))
    found = read(tmp_path)
    finding = next(finding for finding in found.findings if finding.code == "ID-004")
    assert finding.blocking
    assert finding.facts["ids"] == 2
    assert "P1" not in finding.sentence


def test_more_patients_that_would_match_are_reported_with_the_rule(tmp_path: Path) -> None:
    theirs = (*IDS[:6], IDS[6].lower(), IDS[7].lower())
    sites = ("LYON",) * 4 + ("GHENT",) * 4
    write(tmp_path, features=features_csv(), clinical=clinical_csv(theirs, sites=sites))
    found = read(tmp_path)
    finding = next(finding for finding in found.findings if finding.code == "ID-031")
    assert (finding.facts["rule"], finding.facts["patients"]) == ("fold-case", 2)
    assert [step.rows for step in found.flow] == [8, 0, 2, 6]
    folded = read(tmp_path, study(subject="{column: patient_id, normalise: fold-case}"))
    assert len(folded.table) == 8


def test_decimal_commas_are_refused_and_the_fix_passes(tmp_path: Path) -> None:
    text = features_csv(delimiter=";").replace(".", ",")
    write(tmp_path, features=text, clinical=clinical_csv())
    error = refusal(tmp_path)
    assert (error.code, error.facts["columns"]) == ("READ-003", 3)
    assert error.fix == '{file: features.csv, delimiter: ";", decimal: ","}'
    right = read(tmp_path, study(features=str(error.fix))).table
    write(tmp_path, features=features_csv())
    assert right.digest == read(tmp_path).table.digest


def test_thousands_of_a_decimal_comma_table_are_named(tmp_path: Path) -> None:
    text = features_csv(delimiter=";").replace(".", ",").replace("100,05", "1.234,5")
    write(tmp_path, features=text, clinical=clinical_csv())
    assert "1.234,5" in str(refusal(tmp_path).near)
    found = read(tmp_path, study(features='{file: features.csv, delimiter: ";", decimal: ","}'))
    assert found.table.values[found.table.patients.index("LYO-0001"), 0] == 1234.5
    assert [(note.kind, note.count) for note in found.accounting] == [("coerced", 1)]


def test_a_comma_with_two_readings_is_refused(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(cells={(0, 0): '"1,234"'}), clinical=clinical_csv())
    error = refusal(tmp_path)
    assert error.code == "READ-004"
    assert "1234 or 1.234" in error.what
    found = read(tmp_path, study(features='{file: features.csv, decimal: "."}')).table
    assert found.values[found.patients.index("LYO-0001"), 0] == 1234.0


def test_a_file_in_windows_1252_is_read_and_noted_with_its_letters(tmp_path: Path) -> None:
    sites = ("Zürich",) * 4 + ("Tromsø",) * 4
    write(tmp_path, features=features_csv(), clinical=clinical_csv(sites=sites).encode("cp1252"))
    found = read(tmp_path)
    note = next(finding for finding in found.findings if finding.code == "READ-001")
    assert note.severity is Severity.NOTE
    assert note.facts["characters"] == 8
    assert set(found.table.sites) == {"Zürich", "Tromsø"}
    assert codes(read(tmp_path, study(clinical="{file: clinical.csv, encoding: windows-1252}"))) == []


def test_cells_that_are_not_numbers_are_refused_together_with_counts_by_kind(tmp_path: Path) -> None:
    cells = {(0, 1): "-", (1, 1): "#NUM!", (2, 1): "<0.01", (3, 1): "inf"}
    write(tmp_path, features=features_csv(cells=cells), clinical=clinical_csv())
    error = refusal(tmp_path)
    assert error.code == "READ-005"
    assert error.facts["count"] == 4
    assert error.facts["kinds"] == {"text": 1, "error value": 1, "censored": 1, "infinite": 1}
    assert "<0.01" not in str(error.fix)
    assert "inf" not in str(error.fix).replace("infinities", "")
    assert '"-"' in str(error.fix)
    still = refusal(tmp_path, study(features='{file: features.csv, missing: ["#NUM!", "-"]}'))
    assert still.facts["count"] == 2
    declared = '{file: features.csv, missing: ["#NUM!", "-", "<0.01", inf]}'
    found = read(tmp_path, study(features=declared))
    assert sorted((note.what, note.count) for note in found.accounting) == [("#NUM!", 1), ("-", 1), ("<0.01", 1), ("inf", 1)]
    assert int(np.isnan(found.table.values).sum()) == 4


def test_a_dash_that_is_a_value_stays_one_outside_the_features(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv(outcomes=("-", "+") * 4))
    found = read(tmp_path, study(outcome='{column: relapse, event: "+", non_event: "-"}')).table
    assert found.outcome.sum() == 4
    assert not np.isnan(found.outcome).any()


def test_patients_who_occur_twice_are_reported_identical_and_different(tmp_path: Path) -> None:
    ids = (*IDS, IDS[3], IDS[4])
    cells = {(8, j): f"{100 + 10 * 3 + j}.35" for j in range(3)}
    write(tmp_path, features=features_csv(ids, cells=cells), clinical=clinical_csv())
    found = read(tmp_path)
    finding = next(finding for finding in found.findings if finding.code == "ID-001")
    assert finding.blocking
    assert (finding.facts["identical"], finding.facts["different"]) == (1, 1)
    assert {row["patient"]: row["what"] for row in finding.local} == {IDS[3]: "identical", IDS[4]: "differ in 3 features"}
    assert finding.local[1]["rows"] == "features.csv row 5; features.csv row 10"
    assert IDS[3] not in str(finding.public())


def test_several_regions_per_patient_need_a_unit(tmp_path: Path) -> None:
    lines = features_csv((*IDS, *IDS)).splitlines()
    text = "\n".join([f"lesion,{lines[0]}", *(f"{1 + i // 8},{line}" for i, line in enumerate(lines[1:]))]) + "\n"
    write(tmp_path, features=text, clinical=clinical_csv())
    assert "ID-001" in codes(read(tmp_path))
    found = read(tmp_path, study(more="  unit: lesion\nharmonise: {method: none}"))
    assert codes(found) == []
    assert found.table.units == ("1", "2") * 8
    error = refusal(tmp_path, study(more="  unit: lesions\nharmonise: {method: none}"))
    assert (error.code, error.near) == ("ID-036", "lesion")


def test_a_site_column_that_is_not_there_is_refused_with_the_nearest_and_its_values(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(site="hospitals"))
    assert (error.code, error.fix) == ("SITE-001", "roles.site: hospital")
    assert "LYON" in str(error.near)
    assert "GHENT" in str(error.near)
    assert refusal(tmp_path, study(site="centre")).near is not None


def test_rows_without_a_site_are_refused_with_the_file_they_share(tmp_path: Path) -> None:
    sites = ("LYON", "", "LYON", "", "GHENT", "GHENT", "GHENT", "GHENT")
    write(tmp_path, features=features_csv(), clinical=clinical_csv(sites=sites))
    error = refusal(tmp_path)
    assert (error.code, error.facts["rows"]) == ("SITE-002", 2)
    assert "2 of 2 share the file features.csv" in str(error.near)


def test_a_site_of_the_file_fills_and_may_not_contradict_the_column(tmp_path: Path) -> None:
    sites = ("LYON", "", "LYON", "") + ("GHENT",) * 4
    write(tmp_path, lyon=features_csv(IDS[:4]), ghent=features_csv(IDS[4:]), clinical=clinical_csv(sites=sites))
    both = "[{file: lyon.csv, site: LYON}, ghent.csv]"
    assert read(tmp_path, study(features=both)).table.sites == ("GHENT",) * 4 + ("LYON",) * 4
    error = refusal(tmp_path, study(features="[{file: lyon.csv, site: OSLO}, ghent.csv]"))
    assert (error.code, error.facts["rows"]) == ("SITE-030", 2)


def test_sites_from_files_alone_and_from_a_pattern(tmp_path: Path) -> None:
    write(tmp_path, lyon=features_csv(IDS[:4]), ghent=features_csv(IDS[4:]), clinical=clinical_csv())
    text = study(features="[{file: lyon.csv, site: LYON}, {file: ghent.csv, site: GHENT}]").replace("  site: hospital\n", "")
    assert set(read(tmp_path, text).table.sites) == {"LYON", "GHENT"}
    cut = study(features="[lyon.csv, ghent.csv]", site='{from: patient_id, pattern: "^([A-Z]+)-"}')
    found = read(tmp_path, cut).table
    assert set(found.sites) == {"LYO", "GHE"}
    assert found.roles.site == "site"
    assert found.facts["site"] == found.sites
    error = refusal(tmp_path, study(features="[lyon.csv, ghent.csv]", site='{from: patient_id, pattern: "^L[A-Z]+"}'))
    assert error.code == "SITE-002"
    assert "pattern" in str(error.fix)


def test_a_site_spelt_twice_is_reported_with_both_spellings(tmp_path: Path) -> None:
    sites = ("St. Olav",) * 5 + ("St Olav",) + ("Zürich",) * 2
    write(tmp_path, features=features_csv(), clinical=clinical_csv(sites=sites))
    finding = next(finding for finding in read(tmp_path).findings if finding.code == "SITE-003")
    assert finding.facts["names"] == ["St. Olav", "St Olav"]
    assert finding.facts["rows"] == [5, 1]


@pytest.mark.parametrize("site", ["NO", "012", "1e3", "on", "Zürich", "St. Olav", "=1+1", "007"])
def test_site_names_survive_as_they_are(tmp_path: Path, site: str) -> None:
    sites = (site,) * 4 + ("OTHER",) * 4
    write(tmp_path, features=features_csv(), clinical=clinical_csv(sites=sites))
    assert set(read(tmp_path).table.sites) == {site, "OTHER"}


def test_features_that_are_not_there_are_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(more='harmonise: {method: none}\nfeatures: {include: ["original_glcm_Contrst"]}'))
    assert (error.code, error.near) == ("FEAT-002", "original_glcm_Contrast")
    volume = refusal(tmp_path, study(more="  volume: original_shape_Volume\nharmonise: {method: none}"))
    assert (volume.code, volume.near) == ("FEAT-002", "original_shape_MeshVolume")


def test_include_and_exclude_leave_columns_out_and_count_them(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    more = 'harmonise: {method: none}\nfeatures: {include: ["original_*"], exclude: ["*_glcm_*"]}'
    found = read(tmp_path, study(more=more))
    assert found.table.features == NAMES[:2]
    assert [(note.column, note.kind) for note in found.accounting] == [(NAMES[2], "ignored column")]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv().replace(NAMES[2], NAMES[1]), clinical=clinical_csv())
    assert refusal(tmp_path).code == "FEAT-008"


def test_names_equal_but_for_case_are_refused(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv().replace(NAMES[2], NAMES[1].upper().replace("ORIGINAL_FIRSTORDER", "original_firstorder")))
    write(tmp_path, clinical=clinical_csv())
    assert refusal(tmp_path).code == "FEAT-030"


def test_files_with_different_features_are_joined_by_name_and_reported(tmp_path: Path) -> None:
    lyon = "\n".join(",".join(line.split(",")[:3]) for line in features_csv(IDS[:4]).splitlines()) + "\n"
    ghent = "\n".join(",".join(line.split(",")[i] for i in (0, 3, 2, 1)) for line in features_csv(IDS[4:]).splitlines()) + "\n"
    write(tmp_path, lyon=lyon, ghent=ghent, clinical=clinical_csv())
    found = read(tmp_path, study(features="[lyon.csv, ghent.csv]"))
    finding = next(finding for finding in found.findings if finding.code == "FEAT-032")
    assert (finding.facts["features"], finding.facts["shared"]) == (1, 2)
    values = dict(zip(found.table.patients, found.table.values, strict=True))
    assert np.isnan(values["LYO-0001"][2])
    assert not np.isnan(values["GHE-0001"]).any()
    assert values["GHE-0001"][1] == 101.05


def test_tables_of_two_extractors_are_reported(tmp_path: Path) -> None:
    captk = features_csv(IDS[4:])
    for name, other in zip(NAMES, ("T1_ED_Intensity_Mean", "T1_ED_Intensity_Sum", "T1_ED_NGTDM_Contrast"), strict=True):
        captk = captk.replace(name, other)
    write(tmp_path, lyon=features_csv(IDS[:4]), ghent=captk, clinical=clinical_csv())
    assert "FEAT-001" in codes(read(tmp_path, study(features="[lyon.csv, ghent.csv]")))


def test_an_unexplained_outcome_is_refused_with_counts_and_the_nearest(tmp_path: Path) -> None:
    outcomes = ("yes", "no", "Yes ", "no", "yes", "no", "yes", "no")
    write(tmp_path, features=features_csv(), clinical=clinical_csv(outcomes=outcomes))
    error = refusal(tmp_path, study(outcome="{column: relapse, event: yes, non_event: no}"))
    assert error.code == "OUT-002"
    assert error.facts["values"] == {"yes": 3, "no": 4, "Yes ": 1}
    assert '"yes" for "Yes "' in str(error.near)
    assert refusal(tmp_path, study(outcome="{column: relapse, event: yes}")).code == "OUT-002"
    assert "Yes " in str(error.fix)


def test_an_event_nobody_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv(outcomes=("1:DECEASED", "0:LIVING") * 4))
    error = refusal(tmp_path)
    assert (error.code, error.near) == ("OUT-002", '"1:DECEASED" for "1"')
    fixed = str(error.fix).removeprefix("roles: {outcome: ").removesuffix("}")
    assert read(tmp_path, study(outcome=fixed)).table.outcome.sum() == 4


def test_a_censoring_flag_is_not_an_event(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv().replace("relapse", "CNSR"))
    assert refusal(tmp_path, study(outcome='{column: CNSR, event: "1"}')).code == "OUT-004"
    assert read(tmp_path, study(outcome='{column: CNSR, event: "0"}')).table.outcome.sum() == 4


def test_an_outcome_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(outcome='{column: relaps, event: "1"}'))
    assert (error.code, error.fix) == ("OUT-030", "roles.outcome.column: relapse")


def test_rows_without_outcome_or_clinical_row_leave_and_are_counted(tmp_path: Path) -> None:
    outcomes = ("1", "0", "unknown", "", "1", "0")
    write(tmp_path, features=features_csv(), clinical=clinical_csv(IDS[:6], outcomes=outcomes))
    found = read(tmp_path, study(clinical="{file: clinical.csv, missing: [unknown]}"))
    assert [(step.label, step.rows) for step in found.flow] == [
        ("supplied", 8),
        ("without clinical row", 2),
        ("without outcome", 2),
        ("analysed", 4),
    ]
    kinds = {(note.kind, note.what): note.count for note in found.accounting}
    assert kinds["unmatched patient", "features, no row here"] == 2
    assert kinds["missing marker", "unknown"] == 1


def test_a_study_of_which_nobody_is_left_is_refused(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(IDS[:2]), clinical=clinical_csv(IDS[:2], outcomes=("?", "1")))
    more = "harmonise: {method: none, drop: [LYON]}"
    error = refusal(tmp_path, study(clinical='{file: clinical.csv, missing: ["?"]}', more=more, outcome='{column: relapse, event: "1"}'))
    assert error.code == "READ-044"


def test_failed_extractions_leave_and_are_reported(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(cells={(2, j): "" for j in range(3)}), clinical=clinical_csv())
    found = read(tmp_path)
    finding = next(finding for finding in found.findings if finding.code == "FEAT-058")
    assert finding.local[0]["patient"] == "LYO-0003"
    assert "LYO-0003" not in found.table.patients
    assert ("without features", 1) in [(step.label, step.rows) for step in found.flow]


def test_batches_are_merged_dropped_and_kept_raw_in_the_facts(tmp_path: Path) -> None:
    scanner = (
        "patient_id,scanner\n"
        + "\n".join(f"{p},{s}" for p, s in zip(IDS, ("GE", "GE", "0", "Philips", "S", "S", "S", ""), strict=True))
        + "\n"
    )
    write(tmp_path, features=features_csv(), clinical=clinical_csv(), scanner=scanner)
    tables = "clinical.csv\n  acquisition: scanner.csv"
    more = "  batch: scanner\nharmonise: {method: combat, merge: {OTHER: [Philips, '0']}, drop: [GE]}"
    found = read(tmp_path, study(clinical=tables, more=more))
    assert found.table.batches == ("S", "S", "S", "OTHER", "OTHER")
    assert found.table.facts["scanner"] == ("S", "S", "S", "0", "Philips")
    assert [(step.label, step.rows) for step in found.flow][1:] == [("without batch", 1), ("dropped batch", 2), ("analysed", 5)]
    assert "SITE-031" in codes(found)
    error = refusal(tmp_path, study(clinical=tables, more=more.replace("Philips", "Phillips")))
    assert (error.code, error.near) == ("SITE-032", "Philips")


def test_several_batch_columns_make_one_batch(tmp_path: Path) -> None:
    scanner = "patient_id,scanner\n" + "\n".join(f"{p},{s}" for p, s in zip(IDS, ("GE", "S") * 4, strict=True)) + "\n"
    write(tmp_path, features=features_csv(), clinical=clinical_csv(), scanner=scanner)
    more = "  batch: [hospital, scanner]\nharmonise: {method: combat}"
    found = read(tmp_path, study(clinical="clinical.csv\n  acquisition: scanner.csv", more=more))
    assert set(found.table.batches) == {"LYON | GE", "LYON | S", "GHENT | GE", "GHENT | S"}


def test_a_column_that_differs_between_tables_is_refused_only_if_it_has_a_role(tmp_path: Path) -> None:
    other = "patient_id,age,ward\n" + "\n".join(f"{p},{60 + i},w" for i, p in enumerate(IDS)) + "\n"
    write(tmp_path, features=features_csv(), clinical=clinical_csv(), other=other)
    tables = "clinical.csv\n  acquisition: other.csv"
    found = read(tmp_path, study(clinical=tables))
    assert {"age", "age (other)"} <= set(found.table.facts)
    error = refusal(tmp_path, study(clinical=tables, more="  covariates: [age]\nharmonise: {method: none}"))
    assert error.code == "READ-043"


def test_a_patient_with_two_different_clinical_rows_is_refused(tmp_path: Path) -> None:
    text = clinical_csv()
    write(tmp_path, features=features_csv(), clinical=text + "LYO-0001,LYON,50,0\n")
    assert read(tmp_path).accounting[0].kind == "identical row"
    write(tmp_path, clinical=text + "LYO-0001,LYON,51,0\n")
    error = refusal(tmp_path)
    assert (error.code, error.facts["patients"]) == ("ID-034", 1)


def test_rows_without_an_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(("", *IDS[1:])), clinical=clinical_csv())
    assert (refusal(tmp_path).code, refusal(tmp_path).facts["rows"]) == ("ID-032", 1)


def test_a_covariate_with_decimal_commas_is_refused_and_the_fix_passes(tmp_path: Path) -> None:
    lines = clinical_csv().replace(",", ";").splitlines()
    text = "\n".join([lines[0], *(line.replace(f";{50 + i};", f";{50 + i},5;") for i, line in enumerate(lines[1:]))])
    write(tmp_path, features=features_csv(), clinical=text)
    more = "  covariates: [age]\nharmonise: {method: none}"
    error = refusal(tmp_path, study(more=more))
    assert error.code == "READ-003"
    found = read(tmp_path, study(clinical='{file: clinical.csv, decimal: ","}', more=more))
    assert found.table.facts["age"][0] == "54.5"
    assert found.table.numbers("age") is not None


def test_a_number_with_a_few_texts_does_not_silently_become_a_category(tmp_path: Path) -> None:
    ids = tuple(f"LYO-{i:04d}" for i in range(24))
    text = clinical_csv(ids).replace(",53,", ",NA,").replace(",57,", ",unknown,")
    write(tmp_path, features=features_csv(ids), clinical=text)
    more = "  clinical: [age]\nharmonise: {method: none}"
    error = refusal(tmp_path, study(more=more))
    assert (error.code, error.facts["count"]) == ("READ-005", 2)
    assert error.fix == '{file: clinical.csv, missing: ["NA", "unknown"]}   # if they mean a missing value'
    found = read(tmp_path, study(clinical=str(error.fix).split("   #")[0], more=more)).table
    assert np.isnan(found.numbers("age")).sum() == 2
    assert read(tmp_path, study(more="harmonise: {method: none}")).table.numbers("age") is None


def test_a_stage_with_letters_stays_a_category(tmp_path: Path) -> None:
    ids = tuple(f"LYO-{i:04d}" for i in range(24))
    lines = [f"{line},{'stage' if i == 0 else ('1', '2', '3', '3a')[i % 4]}" for i, line in enumerate(clinical_csv(ids).splitlines())]
    write(tmp_path, features=features_csv(ids), clinical="\n".join(lines) + "\n")
    assert "3a" in read(tmp_path, study(more="  covariates: [stage]\nharmonise: {method: none}")).table.facts["stage"]


def test_a_reference_batch_nobody_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(more="harmonise: {reference: LYONS}"))
    assert (error.code, error.near, error.fix) == ("SITE-032", "LYON", "harmonise.reference: LYON")
    assert len(read(tmp_path, study(more="harmonise: {reference: LYON}")).table) == 8


def test_covariates_that_are_not_there_are_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(more="  clinical: [ages]\nharmonise: {method: none}"))
    assert (error.code, error.near) == ("READ-021", "age")


def test_survival_times_and_status_are_read(tmp_path: Path) -> None:
    lines = clinical_csv().splitlines()
    text = "\n".join([f"{lines[0]},months", *(f"{line},{i}.5" for i, line in enumerate(lines[1:]))])
    write(tmp_path, features=features_csv(), clinical=text)
    end = '{kind: survival, time: months, status: relapse, event: "1", horizon: 24}'
    assert read(tmp_path, study(outcome=end)).table.outcome.sum() == 4
    write(tmp_path, clinical=text.replace("3.5", "-3.5").replace("4.5", "soon"))
    error = refusal(tmp_path, study(outcome=end))
    assert (error.code, error.facts["count"]) == ("OUT-031", 2)


def test_times_in_another_unit_at_one_site_are_reported(tmp_path: Path) -> None:
    lines = clinical_csv().splitlines()
    months = [20 + i for i in range(4)] + [30 * (20 + i) for i in range(4)]
    write(tmp_path, features=features_csv())
    write(tmp_path, clinical="\n".join([f"{lines[0]},months", *(f"{line},{time}" for line, time in zip(lines[1:], months, strict=True))]))
    end = '{kind: survival, time: months, status: relapse, event: "1", horizon: 24}'
    finding = next(finding for finding in read(tmp_path, study(outcome=end)).findings if finding.code == "OUT-006")
    assert finding.facts["ratio"] == 30.0
    assert finding.facts["medians"] == {"GHENT": 645.0, "LYON": 21.5}


def test_ids_that_a_spreadsheet_rounded_are_refused(tmp_path: Path) -> None:
    ids = ("1.23457E+16", "1.23458E+16", *IDS[2:])
    write(tmp_path, features=features_csv(ids), clinical=clinical_csv())
    error = refusal(tmp_path)
    assert (error.code, error.facts["ids"]) == ("ID-035", 2)


def test_names_that_r_rewrote_are_recognised_as_spellings_of_each_other(tmp_path: Path) -> None:
    lyon = features_csv(IDS[:4]).replace(NAMES[2], "wavelet-LLH_glcm_Contrast")
    ghent = features_csv(IDS[4:]).replace(NAMES[2], "wavelet.LLH_glcm_Contrast")
    write(tmp_path, lyon=lyon, ghent=ghent, clinical=clinical_csv())
    finding = next(f for f in read(tmp_path, study(features="[lyon.csv, ghent.csv]")).findings if f.code == "FEAT-032")
    assert finding.facts["respelt"] == 2
    assert "check.names" in finding.fix


def test_a_missing_file_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, **{"data/features.csv": features_csv(), "clinical": clinical_csv()})
    error = refusal(tmp_path, study(features="data/feature.csv"))
    assert (error.code, error.near) == ("READ-042", "data/features.csv")


def test_everything_in_one_table_needs_no_clinical_table(tmp_path: Path) -> None:
    left, right = features_csv().splitlines(), clinical_csv().splitlines()
    write(tmp_path, features="\n".join(f"{a},{b.split(',', 1)[1]}" for a, b in zip(left, right, strict=True)))
    text = study(more="  never: [age]\nharmonise: {method: none}").replace("  clinical: clinical.csv\n", "")
    found = read(tmp_path, text)
    assert found.table.features == NAMES
    assert "age" in found.table.facts
    assert found.table.outcome.sum() == 4


def test_errors_are_of_the_kinds_that_exit_with_three(tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    error = refusal(tmp_path, study(site="centre"))
    assert isinstance(error, TableError | StudyError)
    assert error.exit_code == 3
