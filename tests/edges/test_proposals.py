"""radaudit init: what is proposed for real and for made tables, and that it loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from radaudit.edges.proposals import initialise, propose
from radaudit.edges.study_file import load_study, plan_of_text
from radaudit.errors import StudyError

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "egfr" / "data"


def write(folder: Path, name: str, header: list[str], rows: list[list[str]], separator: str = ",") -> Path:
    path = folder / name
    path.write_text("\n".join(separator.join(row) for row in [header, *rows]) + "\n", encoding="utf-8")
    return path


def features(folder: Path, name: str = "features.csv", ids: list[str] | None = None, extra: dict[str, list[str]] | None = None) -> Path:
    ids = ids or [f"P{n:03}" for n in range(30)]
    extra = extra or {}
    header = ["patient_id", *extra, *(f"feat_{k}" for k in range(25))]
    rows = [
        [pid, *(column[i] for column in extra.values()), *(f"{(i * 7 + k * 3) % 101 / 10:.2f}" for k in range(25))]
        for i, pid in enumerate(ids)
    ]
    return write(folder, name, header, rows)


def clinical(folder: Path, ids: list[str] | None = None, **columns: list[str]) -> Path:
    ids = ids or [f"P{n:03}" for n in range(30)]
    columns = columns or {"relapse": [str(i % 2) for i in range(len(ids))]}
    return write(
        folder, "clinical.csv", ["id", *columns], [[pid, *(column[i] for column in columns.values())] for i, pid in enumerate(ids)]
    )


def test_the_example_tables_give_a_study_that_loads(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    names = ["Sandy-Captk.csv", "clinical-demographics.csv", "Sandy-CT-parameters.xlsx"]
    done = initialise([tmp_path / "data" / name for name in names], tmp_path)
    plan = load_study(tmp_path).plan
    assert done.schema.is_file()
    assert [entry.file for entry in plan.tables.features] == ["data/Sandy-Captk.csv"]
    assert plan.tables.features[0].missing == ("#NAME?",)
    assert (plan.tables.clinical[0].id, plan.tables.acquisition[0].id) == ("unnamed_1", "clc")
    assert plan.columns.subject.column == "SubjectID"
    assert plan.columns.site is not None
    assert plan.columns.site.from_ == "SubjectID"
    assert plan.columns.volume == "T1_ED_Volumetric_Volume"
    assert plan.columns.clinical == ("sex", "smoking", "histology")
    assert "column: egfr-mut" in done.text
    assert "GE MEDICAL SYSTEMS 140" in done.text


def test_no_patient_id_stands_in_a_proposal(tmp_path: Path) -> None:
    ids = [f"Q7X{n:04}" for n in range(30)]
    text = propose([features(tmp_path, ids=ids), clinical(tmp_path, ids=ids)], tmp_path)
    assert not any(pid in text for pid in ids)


def test_a_site_column_is_proposed_with_its_values(tmp_path: Path) -> None:
    sites = [("NO", "LYON", "Zürich")[i % 3] for i in range(30)]
    text = propose([features(tmp_path), clinical(tmp_path, hospital=sites, relapse=[str(i % 2) for i in range(30)])], tmp_path)
    plan = plan_of_text(text)
    assert plan.columns.site is not None
    assert (plan.columns.site.from_, plan.harmonise.method) == ("hospital", "combat")
    assert "NO 10" in text


def test_two_feature_files_without_a_site_column_are_two_sites(tmp_path: Path) -> None:
    first = features(tmp_path, "lyon.csv", [f"1{n:03}" for n in range(20)])
    second = features(tmp_path, "oslo.csv", [f"2{n:03}" for n in range(20)])
    people = clinical(tmp_path, [f"1{n:03}" for n in range(20)] + [f"2{n:03}" for n in range(20)])
    plan = plan_of_text(propose([first, second, people], tmp_path))
    assert [entry.site for entry in plan.tables.features] == ["LYON", "OSLO"]
    assert plan.harmonise.method == "combat"


def test_without_any_site_nothing_is_harmonised(tmp_path: Path) -> None:
    numbers = [str(100 + n) for n in range(30)]
    plan = plan_of_text(propose([features(tmp_path, ids=numbers), clinical(tmp_path, ids=numbers)], tmp_path))
    assert (plan.columns.site, plan.harmonise.method) == (None, "none")


def test_ids_that_differ_by_zeros_are_said_and_not_changed(tmp_path: Path) -> None:
    text = propose(
        [features(tmp_path, ids=[f"{n:05}" for n in range(1, 31)]), clinical(tmp_path, ids=[str(n) for n in range(1, 31)])], tmp_path
    )
    assert plan_of_text(text).columns.subject.normalise is None
    assert "normalise: strip-zeros" in text


def test_a_censoring_flag_is_turned_round(tmp_path: Path) -> None:
    flags = [str(int(i % 3 > 0)) for i in range(30)]
    plan = plan_of_text(propose([features(tmp_path), clinical(tmp_path, CNSR=flags)], tmp_path))
    assert (plan.columns.outcome.column, plan.columns.outcome.event) == ("CNSR", "0")


def test_words_of_an_outcome_are_kept_as_they_are(tmp_path: Path) -> None:
    plan = plan_of_text(propose([features(tmp_path), clinical(tmp_path, relapse=["yes" if i % 3 else "no" for i in range(30)])], tmp_path))
    assert (plan.columns.outcome.event, plan.columns.outcome.non_event) == ("yes", "no")


def test_one_table_with_everything_is_enough(tmp_path: Path) -> None:
    extra = {"centre": ["A" if i < 15 else "B" for i in range(30)], "death": [str(i % 2) for i in range(30)]}
    plan = plan_of_text(propose([features(tmp_path, extra=extra)], tmp_path))
    assert plan.tables.clinical == ()
    assert plan.columns.outcome.column == "death"
    assert plan.features.include == ("feat_*",)


def test_several_rows_of_a_patient_ask_for_a_unit(tmp_path: Path) -> None:
    ids = [f"P{n // 2:03}" for n in range(30)]
    lesions = [str(n % 2) for n in range(30)]
    table = features(tmp_path, ids=ids, extra={"lesion": lesions})
    plan = plan_of_text(propose([table, clinical(tmp_path, ids=sorted(set(ids)))], tmp_path))
    assert (plan.columns.subject.column, plan.columns.unit) == ("patient_id", "lesion")


@pytest.mark.parametrize("name", ["a: b", "#x", "new\nline", "- [", "Zürich {", "x*y", "no", "12", '"quoted"', "it's"])
def test_odd_column_names_do_not_break_the_file(tmp_path: Path, name: str) -> None:
    cell = '"' + name.replace('"', '""') + '"'
    rows = [[f"P{n:03}", str(n % 2), ("A", "B")[n % 2]] for n in range(30)]
    table = write(tmp_path, "clinical.csv", ["id", cell, "site"], rows)
    plan = plan_of_text(propose([features(tmp_path), table], tmp_path))
    assert plan.columns.outcome.column == name.strip()


def test_a_study_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("mine")
    files = [features(tmp_path), clinical(tmp_path)]
    with pytest.raises(StudyError) as caught:
        initialise(files, tmp_path)
    assert caught.value.code == "STUDY-034"
    assert (tmp_path / "study.yaml").read_text() == "mine"
    initialise(files, tmp_path, force=True)
    assert load_study(tmp_path).plan.columns.subject.column == "patient_id"


def test_what_cannot_be_proposed_is_refused(tmp_path: Path) -> None:
    table, people = features(tmp_path), clinical(tmp_path)
    cases = {
        "STUDY-030": [people],
        "STUDY-032": [table],
        "STUDY-033": [tmp_path / "absent.csv"],
    }
    for code, files in cases.items():
        with pytest.raises(StudyError) as caught:
            propose(files, tmp_path)
        assert caught.value.code == code
    anonymous = write(
        tmp_path, "anonymous.csv", [f"f{k}" for k in range(25)], [[f"{(i + k) % 9 / 4}5{i}" for k in range(25)] for i in range(30)]
    )
    with pytest.raises(StudyError) as caught:
        propose([anonymous, people], tmp_path)
    assert caught.value.code == "STUDY-031"
