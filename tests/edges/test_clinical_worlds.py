"""radaudit init on tables of each clinical world, made as their documentation describes them: roles proposed, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from radaudit.edges.proposals import propose
from radaudit.edges.study_file import plan_of_text
from radaudit.errors import StudyError
from radaudit.study.endpoint_guesses import EndpointGuess, endpoints
from radaudit.study.guesses import Look, event_of, world
from radaudit.study.synonyms import world_of, worlds
from radaudit.study.table_kinds import kind_of

SHARED = Path(__file__).parents[3] / "shared" / "data"
N = 30


def write(folder: Path, name: str, columns: Mapping[str, Sequence[object]], separator: str = ",", above: Sequence[str] = ()) -> Path:
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    text = "\n".join([*above, *(separator.join(f'"{cell}"' if separator in str(cell) else str(cell) for cell in row) for row in rows)])
    (folder / name).write_text(text + "\n", encoding="utf-8")
    return folder / name


def features(folder: Path, ids: Sequence[str], called: str = "patient_id", name: str = "features.csv", **more: Sequence[str]) -> Path:
    measured = {f"original_glcm_Feature{k}": [f"{(i * 7 + k * 3) % 101 / 10:.2f}" for i in range(len(ids))] for k in range(25)}
    return write(folder, name, {called: ids, **more, **measured})


def look(columns: Mapping[str, Sequence[object]], file: str = "clinical.csv", features: tuple[str, ...] = ()) -> Look:
    rows = len(next(iter(columns.values())))
    return Look(file=file, rows=rows, columns={name: tuple(map(str, cells)) for name, cells in columns.items()}, features=features)


def alternate(*texts: object, rows: int = N) -> list[object]:
    return [texts[i % len(texts)] for i in range(rows)]


def comment(text: str, begin: str) -> str:
    """Return the comment of the line that begins so."""
    return next(line for line in text.splitlines() if line.strip().startswith(begin)).partition("  # ")[2]


def test_redcap_gives_the_record_the_site_and_the_meaning_of_its_numbers(tmp_path: Path) -> None:
    ids = [f"{i + 1}" for i in range(N)]
    clinical = write(
        tmp_path,
        "redcap.csv",
        {
            "record_id": [one for one in ids for _ in range(2)],
            "redcap_event_name": alternate("baseline_arm_1", "followup_arm_1", rows=2 * N),
            "redcap_data_access_group": alternate("lyon", "lyon", "oslo", "oslo", "ghent", "ghent", rows=2 * N),
            "age": [50 + i // 2 for i in range(2 * N)],
            "relapse": alternate(1, 1, 2, 2, 2, 2, rows=2 * N),
            "demographics_complete": alternate(2, 2, 1, rows=2 * N),
        },
    )
    dictionary = write(
        tmp_path,
        "dictionary.csv",
        {
            "Variable / Field Name": ["record_id", "age", "relapse"],
            "Form Name": ["base", "base", "follow"],
            "Field Type": ["text", "text", "radio"],
            "Field Label": ["Record", "Age", "Relapse within two years"],
            "Choices, Calculations, OR Slider Labels": ["", "", "1, Yes | 2, No"],
        },
    )
    text = propose([features(tmp_path, ids, "record_id"), clinical, dictionary], tmp_path)
    plan = plan_of_text(text)
    assert [entry.file for entry in plan.tables.clinical] == ["redcap.csv"]
    assert (plan.columns.subject.column, plan.columns.outcome.column, plan.columns.outcome.event) == ("record_id", "relapse", "1")
    assert plan.columns.site is not None
    assert plan.columns.site.from_ == "redcap_data_access_group"
    assert "REDCap" in comment(text, "site:")
    assert "1 = Yes, 2 = No" in comment(text, "outcome:")
    assert set(plan.columns.never) >= {"redcap_event_name", "demographics_complete"}
    assert "STUDY-101" in text
    assert "baseline_arm_1 30" in comment(text, "# STUDY-101")
    assert "# dictionary: dictionary.csv" in text


def test_a_cdisc_censoring_flag_means_the_event_where_it_is_zero(tmp_path: Path) -> None:
    ids = [f"STUDY-{i:03}" for i in range(N)]
    adtte = write(
        tmp_path,
        "adtte.csv",
        {
            "STUDYID": ["STUDY"] * N,
            "USUBJID": ids,
            "SITEID": alternate("101", "102", "103"),
            "PARAMCD": ["OS"] * N,
            "PARAM": ["Overall survival"] * N,
            "AVAL": [100 + 10 * i if i % 3 else 50 + i for i in range(N)],
            "AVALU": ["DAYS"] * N,
            "CNSR": [1 if i % 3 else 0 for i in range(N)],
            "TRT01P": alternate("A", "B"),
        },
    )
    text = propose([features(tmp_path, ids, "USUBJID"), adtte], tmp_path)
    plan = plan_of_text(text)
    assert (plan.columns.outcome.column, plan.columns.outcome.event, plan.columns.outcome.non_event) == ("CNSR", "0", "1")
    assert plan.columns.site is not None
    assert plan.columns.site.from_ == "SITEID"
    assert set(plan.columns.never) >= {"AVAL", "TRT01P", "PARAMCD"}
    survival = next(line for line in text.splitlines() if "kind: survival" in line)
    assert 'time: AVAL, status: CNSR, event: "0"' in survival
    assert "CDISC" in survival
    assert "DAYS" in survival
    assert "OUT-020" not in text


def test_a_flag_with_several_reasons_of_censoring_is_a_time_to_event_only(tmp_path: Path) -> None:
    ids = [f"S-{i:03}" for i in range(N)]
    adtte = {"USUBJID": ids, "PARAMCD": ["OS"] * N, "AVAL": [10.5 + i for i in range(N)], "CNSR": alternate(0, 1, 2)}
    with pytest.raises(StudyError) as refused:
        propose([features(tmp_path, ids, "USUBJID"), write(tmp_path, "adtte.csv", adtte)], tmp_path)
    assert refused.value.code == "STUDY-100"
    assert 'event: "0"' in (refused.value.fix or "")


def test_a_time_called_by_its_endpoint_belongs_to_the_only_status() -> None:
    (one,) = endpoints([look({"USUBJID": range(N), "OS": [10.5 + i for i in range(N)], "CNSR": alternate(0, 1)})])
    assert (one.time, one.status, one.event) == ("OS", "CNSR", "0")


def test_cbioportal_is_known_by_its_names_and_its_statuses_by_their_words() -> None:
    table = look(
        {
            "PATIENT_ID": [f"P{i}" for i in range(N)],
            "SEX": alternate("Male", "Female"),
            "OS_MONTHS": [30.5 + i if i % 2 else 10.5 + i for i in range(N)],
            "OS_STATUS": alternate("1:DECEASED", "0:LIVING"),
            "DFS_MONTHS": [5.5 + i for i in range(N)],
            "DFS_STATUS": alternate("1:Recurred/Progressed", "0:DiseaseFree"),
        }
    )
    found = world(table)
    assert found is not None
    assert found[0].name == "cBioPortal"
    assert [(one.time, one.status, one.event) for one in endpoints([table])] == [
        ("OS_MONTHS", "OS_STATUS", "1:DECEASED"),
        ("DFS_MONTHS", "DFS_STATUS", "1:Recurred/Progressed"),
    ]


def test_tcia_names_its_time_and_its_status(tmp_path: Path) -> None:
    ids = [f"LUNG1-{i:03}" for i in range(N)]
    clinical = write(
        tmp_path,
        "tcia.csv",
        {
            "PatientID": ids,
            "age": [60 + i % 20 for i in range(N)],
            "clinical.T.Stage": alternate(1, 2, 3, 4),
            "Clinical.N.Stage": alternate(0, 1, 2),
            "Overall.Stage": alternate("I", "II", "IIIa"),
            "Survival.time": [900 + i if i % 3 == 0 else 200 + i for i in range(N)],
            "deadstatus.event": [0 if i % 3 == 0 else 1 for i in range(N)],
        },
    )
    text = propose([features(tmp_path, ids, "PatientID"), clinical], tmp_path)
    plan = plan_of_text(text)
    assert (plan.columns.outcome.column, plan.columns.outcome.event) == ("deadstatus.event", "1")
    assert "Survival.time" in plan.columns.never
    assert "TCIA" in next(line for line in text.splitlines() if "kind: survival" in line)


def test_bids_participants_keep_their_ids_and_their_missing_marker(tmp_path: Path) -> None:
    ids = [f"sub-{i:02}" for i in range(N)]
    clinical = write(
        tmp_path,
        "participants.tsv",
        {
            "participant_id": ids,
            "age": [40 + i if i % 10 else "n/a" for i in range(N)],
            "sex": alternate("M", "F"),
            "relapse": alternate(0, 1, 0),
        },
        "\t",
    )
    text = propose([features(tmp_path, ids, "participant_id"), clinical], tmp_path)
    plan = plan_of_text(text)
    assert plan.columns.subject.column == "participant_id"
    assert plan.tables.clinical[0].missing == ("n/a",)
    assert "BIDS" in text


def test_the_project_of_xnat_is_a_site(tmp_path: Path) -> None:
    ids = [f"XNAT_S{i:05}" for i in range(N)]
    clinical = write(
        tmp_path,
        "xnat.csv",
        {
            "Subject": ids,
            "Label": [f"MR{i}" for i in range(N)],
            "Project": alternate("LYON", "OSLO", "GHENT"),
            "M/F": alternate("M", "F"),
            "Age": [40 + i for i in range(N)],
            "mutation": alternate("mutant", "wildtype", "wildtype"),
        },
    )
    plan = plan_of_text(propose([features(tmp_path, ids, "Subject"), clinical], tmp_path))
    assert plan.columns.site is not None
    assert (plan.columns.site.from_, plan.columns.outcome.event) == ("Project", "mutant")


def test_r_names_its_time_and_status_and_reads_two_as_dead_only_if_nothing_else_says_so() -> None:
    table = look({"X": range(N), "time": [100 + i for i in range(N)], "status": alternate(1, 2, 2)})
    assert world(table) is not None
    (one,) = endpoints([table])
    assert (one.time, one.status) == ("time", "status")
    assert {one.event, *one.censored} == {"1", "2"}


def made(event: str, **columns: Sequence[object]) -> EndpointGuess:
    (one,) = endpoints([look({"id": range(N), **columns})])
    assert one.event == event
    return one


def test_a_reversed_survival_is_said_to_look_reversed() -> None:
    short, long = [10.0 + i / 10 for i in range(N)], [30.0 + i / 10 for i in range(N)]
    sound = made("1", os_time=[short[i] if i % 2 else long[i] for i in range(N)], os_status=alternate(0, 1))
    assert sound.doubts == ()
    odd = made("1", os_time=[long[i] if i % 2 else short[i] for i in range(N)], os_status=alternate(0, 1))
    assert [doubt[:7] for doubt in odd.doubts] == ["OUT-020"]


def test_nine_beside_zero_and_one_may_mean_unknown() -> None:
    one = made("1", os_months=[1.5 + i for i in range(N)], os_event=alternate(0, 1, 0, 1, 9))
    assert [doubt[:7] for doubt in one.doubts] == ["OUT-022"]
    assert one.censored == ("0",)


@pytest.mark.parametrize(
    ("column", "values", "event"),
    [
        ("CNSR", {"0": 10, "1": 20}, "0"),
        ("censored", {"yes": 10, "no": 20}, "no"),
        ("alive", {"0": 5, "1": 25}, "0"),
        ("alive_status", {"Alive": 5, "Dead": 25}, "Dead"),
        ("OS_STATUS", {"0:LIVING": 5, "1:DECEASED": 25}, "1:DECEASED"),
        ("vital_status", {"Alive": 25, "Deceased": 5}, "Deceased"),
        ("relapse", {"0": 25, "1": 5}, "1"),
    ],
)
def test_the_text_of_the_event(column: str, values: dict[str, int], event: str) -> None:
    assert event_of(values, column)[0] == event


def test_times_and_statuses_are_paired_by_what_else_their_names_say() -> None:
    columns = {name: [1.5 + i for i in range(N)] if "time" in name else alternate(0, 1) for name in
               ("OS_time", "OS_status", "PFS_time_iRECIST", "PFS_status_iRECIST", "PFS_time_RECISTv1", "PFS_status_RECISTv1")}  # fmt: skip
    assert [(one.time, one.status) for one in endpoints([look(columns)])] == [
        ("OS_time", "OS_status"),
        ("PFS_time_iRECIST", "PFS_status_iRECIST"),
        ("PFS_time_RECISTv1", "PFS_status_RECISTv1"),
    ]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (
            {
                "case": range(N),
                "structure": alternate("GTV"),
                "Dice": [0.8 + i / 1000 for i in range(N)],
                "HD95": [2.5 + i for i in range(N)],
            },
            "segmentation",
        ),
        ({"pair": range(N), "reader": alternate("A", "B"), "dice_score": [0.8 + i / 1000 for i in range(N)]}, "segmentation"),
        ({"id": range(N), "landmark_distance": [1.5 + i for i in range(N)], "TRE": [1.25 + i for i in range(N)]}, "segmentation"),
        ({"id": range(N), "age": range(N), "relapse": alternate(0, 1)}, None),
    ],
)
def test_tables_of_overlap_and_distance_are_recognised(columns: dict[str, Sequence[object]], kind: str | None) -> None:
    found = kind_of(look(columns))
    assert (found.name if found else None) == kind


def test_test_retest_and_several_readers_are_recognised_by_names_and_structure() -> None:
    ids = [f"P{i // 2}" for i in range(N)]
    names = tuple(f"original_glcm_F{k}" for k in range(3))
    retest = kind_of(look({"patient": ids, "visit": alternate(1, 2)}, features=names))
    readers = kind_of(look({"patient": ids, "observer": alternate("AR", "BS")}, features=names))
    assert retest is not None
    assert readers is not None
    assert (retest.name, retest.column, readers.name, readers.column) == ("retest", "visit", "readers", "observer")
    assert "15 of 15 patients" in retest.evidence
    once = [f"P{i}" for i in range(N)]
    assert kind_of(look({"patient": once, "visit": alternate(1, 2)}, features=names)) is None
    assert kind_of(look({"patient": ids, "lesion": alternate("A", "B")}, features=names)) is None


def test_such_tables_are_proposed_and_not_taken_for_the_study(tmp_path: Path) -> None:
    ids = [f"P{i:03}" for i in range(N)]
    clinical = write(tmp_path, "clinical.csv", {"patient_id": ids, "relapse": alternate(0, 1, 0)})
    retest = features(tmp_path, [ids[i // 2] for i in range(20)], name="retest.csv", visit=[f"{1 + i % 2}" for i in range(20)])
    overlap = write(tmp_path, "overlap.csv", {"case": ids, "Dice": [0.8 + i / 1000 for i in range(N)], "HD95": [2.5 + i for i in range(N)]})
    text = propose([features(tmp_path, ids), clinical, retest, overlap], tmp_path)
    plan = plan_of_text(text)
    assert [entry.file for entry in plan.tables.features] == ["features.csv"]
    assert [entry.file for entry in plan.tables.clinical] == ["clinical.csv"]
    assert "# retest: retest.csv" in text
    assert "# segmentation: overlap.csv" in text
    assert "10 of 10 patients" in comment(text, "# retest:")


def test_a_table_of_features_is_the_study_although_patients_were_scanned_twice(tmp_path: Path) -> None:
    ids = [f"P{i // 2:03}" for i in range(N)]
    one = features(tmp_path, ids, visit=[f"{1 + i % 2}" for i in range(N)], relapse=[f"{(i // 2) % 2}" for i in range(N)])
    assert [entry.file for entry in plan_of_text(propose([one], tmp_path)).tables.features] == ["features.csv"]


def test_every_world_is_known_by_its_own_signs() -> None:
    for one in worlds():
        found = world_of([*one.required, *one.signs])
        assert found is not None
        assert found[0].name == one.name
        assert world_of(one.signs[: one.needed - 1]) is None or one.needed == 1


def test_an_ordinary_table_is_of_no_world() -> None:
    assert world_of(["id", "age", "sex", "stage", "relapse"]) is None


@pytest.mark.parametrize("names", [("rad-features.csv", "baseline.csv", "survival.csv")])
def test_the_real_tables_of_lesions_give_a_study_with_their_endpoints(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = SHARED / "dapper"
    if not folder.is_dir():
        pytest.skip("shared/data/dapper is not here")
    files = []
    for name in names:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
        files.append(tmp_path / name)
    text = propose(files, tmp_path)
    plan = plan_of_text(text)
    assert (plan.columns.subject.column, plan.columns.unit, plan.columns.outcome.column) == ("USUBJID", "LESIONLOC", "OS_status")
    assert {entry.id for entry in plan.tables.clinical} == {"Subject"}
    assert sum("kind: survival" in line for line in text.splitlines()) == 3


def test_no_id_and_no_date_stands_in_a_proposal_of_any_world(tmp_path: Path) -> None:
    ids = [f"SECRET-{i:03}" for i in range(N)]
    clinical = write(
        tmp_path,
        "adsl.csv",
        {
            "USUBJID": ids,
            "SUBJID": ids,
            "SITEID": alternate("101", "102"),
            "STUDYID": ["S"] * N,
            "TRTSDT": [f"2021-01-{1 + i % 28:02}" for i in range(N)],
            "relapse": alternate(0, 1, 0),
        },
    )
    text = propose([features(tmp_path, ids, "USUBJID"), clinical], tmp_path)
    assert "SECRET-" not in text
    assert "2021-01" not in text
