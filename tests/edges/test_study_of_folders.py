"""A folder or a pattern of files as one table of a study, ids from file names, from rows, and cut from the field of a visit."""

from __future__ import annotations

from pathlib import Path

import pytest

from radaudit.edges.stages.ingest import inputs
from radaudit.edges.workspace import Workspace
from tests.edges.small_studies import IDS, clinical_csv, features_csv, read, refusal, study, write
from tests.extractor_tables import samples


def one_per_patient(folder: Path, *, sub: str = "out") -> None:
    header, *rows = features_csv().splitlines()
    for patient, row in zip(IDS, rows, strict=True):
        write(folder, **{f"{sub}/{patient}_ct_X7Y8.csv": f"{header}\n{row}\n"})
    write(folder, clinical=clinical_csv())


@pytest.mark.parametrize("text", ["out", "out/", "out/*.csv", "o*/*_ct_*.csv"])
def test_a_folder_or_a_pattern_is_one_table_with_the_digest_of_the_whole(text: str, tmp_path: Path) -> None:
    write(tmp_path, features=features_csv(), clinical=clinical_csv())
    whole = read(tmp_path).table
    one_per_patient(tmp_path)
    found = read(tmp_path, study(features=f"'{text}'"))
    assert found.table.digest == whole.digest
    assert (found.sources[0].rows, len(found.sources)) == (8, 2)
    assert "LYO" not in found.sources[0].file


def test_a_changed_file_in_a_folder_is_noticed(tmp_path: Path) -> None:
    one_per_patient(tmp_path)
    write(tmp_path, **{"study.yaml": study(features="out")})
    before = inputs(Workspace.at(tmp_path))
    assert inputs(Workspace.at(tmp_path)) == before
    path = tmp_path / "out" / f"{IDS[0]}_ct_X7Y8.csv"
    path.write_text(path.read_text().replace("100.05", "100.06"))
    assert inputs(Workspace.at(tmp_path)) != before


def test_ids_come_from_the_names_of_files(tmp_path: Path) -> None:
    for patient, row in zip(IDS, features_csv().splitlines()[1:], strict=True):
        write(
            tmp_path,
            **{f"out/{patient}_ct_X7Y8.csv": features_csv().splitlines()[0].partition(",")[2] + "\n" + row.partition(",")[2] + "\n"},
        )
    write(tmp_path, clinical=clinical_csv())
    entry = '{file: out, id_from: file name, id_pattern: "^([A-Z]+-[0-9]+)_"}'
    assert set(read(tmp_path, study(features=entry)).table.patients) == set(IDS)
    assert refusal(tmp_path, study(features="out")).code == "ID-033"
    assert refusal(tmp_path, study(features='{file: out, id_from: file name, id_pattern: "^NO"}')).code == "ID-037"


def test_rows_without_ids_get_surrogates_only_where_the_study_says_so(tmp_path: Path) -> None:
    lines = [line.partition(",")[2] for line in features_csv().splitlines()]
    lines = [f"{lines[0]},relapse,hospital", *(f"{line},{i % 2},{'LYON' if i < 4 else 'OSLO'}" for i, line in enumerate(lines[1:]))]
    write(tmp_path, features="\n".join(lines) + "\n")
    text = study(features="{file: features.csv, id_from: row}").replace("  clinical: clinical.csv\n", "")
    assert len(set(read(tmp_path, text).table.patients)) == 8
    assert refusal(tmp_path, study(features="features.csv").replace("  clinical: clinical.csv\n", "")).code == "ID-033"


def test_visits_of_one_patient_are_cut_to_one_id_if_the_study_names_the_visit(tmp_path: Path) -> None:
    header, *rows = features_csv(tuple(f"{p}_2004070{k}_0927" for p in IDS[:4] for k in (1, 2))).splitlines()
    visits = [row.split(",")[0] for row in rows]
    write(tmp_path, features="\n".join([f"{header},visit", *(f"{row},{v}" for row, v in zip(rows, visits, strict=True))]) + "\n")
    sites = ("LYON", "LYON", "GHENT", "GHENT")
    write(tmp_path, clinical=clinical_csv(IDS[:4], sites=sites))
    entry = "{file: features.csv, id_pattern: '^(.+?)_[0-9]{8}_', unit: visit}"
    found = read(tmp_path, study(features=entry)).table
    assert (len(found), set(found.patients)) == (8, set(IDS[:4]))
    assert refusal(tmp_path, study(features=entry.replace(", unit: visit", ""))).code == "ID-037"


def test_other_columns_or_programs_in_a_folder_are_refused_in_a_study(tmp_path: Path) -> None:
    one_per_patient(tmp_path)
    write(tmp_path, **{"out/Z.csv": "patient_id,original_shape_MeshVolume,original_firstorder_Mean,original_glcm_Idm\nX,1,2,3\n"})
    assert refusal(tmp_path, study(features="out")).code == "READ-051"
    (tmp_path / "out" / "Z.csv").write_bytes(samples(tmp_path / "forms")["captk"].path.read_bytes())
    assert refusal(tmp_path, study(features="out")).code == "READ-050"
    assert refusal(tmp_path, study(features="nothing/*.csv")).code == "READ-052"
    assert refusal(tmp_path, study(features="nothing.csv")).code == "READ-042"
