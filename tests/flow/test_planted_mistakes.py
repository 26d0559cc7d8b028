"""Mistakes planted in copies of the example, one each: the whole command gives code, near match, fix, exit code; the fix mends it."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from radaudit.cli import main
from radaudit.edges.mlflow import Mirror, Mirrored
from tests.conftest import FIXED, ROOT

FEATURES, CLINICAL, SCANS = "data/Sandy-Captk.csv", "data/clinical-demographics.csv", "data/Sandy-CT-parameters.xlsx"
Rows = list[list[str]]


@pytest.fixture(autouse=True)
def _unmirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave MLflow out: a new store takes longer than a check."""
    monkeypatch.setattr(Mirror, "stage", lambda self, stage, recorded, **_: Mirrored(what=stage, experiment=self.experiment))
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)


def example(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    shutil.copy(ROOT / "examples/egfr/study.yaml", folder)
    for name in (FEATURES, CLINICAL, SCANS):
        shutil.copy(ROOT / "examples/egfr" / name, folder / name)
    return folder


def study(old: str, new: str) -> Callable[[Path], None]:
    """Replace a text of study.yaml that is there."""

    def change(folder: Path) -> None:
        path = folder / "study.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def table(name: str, edit: Callable[[Rows], object], *, delimiter: str = ",", encoding: str = "utf-8") -> Callable[[Path], None]:
    """Edit the cells of a delimited table; the header is row 0."""

    def change(folder: Path) -> None:
        path = folder / name
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        edit(rows)
        with path.open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(rows)

    return change


def cell(row: int, column: str, text: str) -> Callable[[Rows], None]:
    return lambda rows: rows[row].__setitem__(rows[0].index(column), text)


def each(column: str, new: Callable[[int, list[str], str], str]) -> Callable[[Rows], None]:
    """Rewrite a column: ``new`` gets the number of the row, the row and the cell."""

    def edit(rows: Rows) -> None:
        at = rows[0].index(column)
        for i, row in enumerate(rows[1:], start=1):
            row[at] = new(i, row, row[at])

    return edit


def commas(rows: Rows) -> None:
    for row in rows[1:]:
        row[1:] = [text.replace(".", ",") for text in row[1:]]


def plain_ids(rows: Rows) -> None:
    """Number the patients, without leading zeros, as a spreadsheet leaves them."""
    for row in rows[1:]:
        row[0] = re.sub("[^0-9]", "", {"A": "1", "R": "2"}[row[0][0]] + row[0][4:])


def padded_ids(rows: Rows) -> None:
    plain_ids(rows)
    for row in rows[1:]:
        row[0] = row[0].rjust(8, "0")


def several(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def one_site(folder: Path) -> None:
    study('site: {from: SubjectID, pattern: "^[A-Z0-9]+"}', "site: CE")(folder)
    study('      id_pattern: "^[A-Z0-9]+-[0-9]+"        # 37 of its ids have an L appended\n', "")(folder)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is planted, what the command says, and what mends it (None: no one-line fix)."""

    plant: Callable[[Path], None]
    code: str
    exit_code: int
    said: tuple[str, ...] = ()
    mend: Callable[[Path], None] | None = None


MISTAKES = {
    "a key with a typo": Mistake(
        plant=study("threshold: {rule", "treshold: {rule"),
        code="STUDY-001",
        exit_code=3,
        said=('did you mean "threshold"', "study.yaml:"),
        mend=study("treshold", "threshold"),
    ),
    "the wrong id column": Mistake(
        plant=study("id: unnamed_1", "id: age"),
        code="ID-002",
        exit_code=3,
        said=("0 of 206", "{file: data/clinical-demographics.csv, id: unnamed_1}"),
        mend=study("id: age", "id: unnamed_1"),
    ),
    "an id column that is not there": Mistake(
        plant=study("id: SubjectID", "id: SubjectId"),
        code="ID-033",
        exit_code=3,
        said=("near    SubjectID",),
        mend=study("id: SubjectId", "id: SubjectID"),
    ),
    "a table that is not there": Mistake(
        plant=study("data/Sandy-Captk.csv", "data/Sandy-Capkt.csv"),
        code="READ-042",
        exit_code=3,
        said=("near    data/Sandy-Captk.csv",),
        mend=study("data/Sandy-Capkt.csv", "data/Sandy-Captk.csv"),
    ),
    "ids that lost their leading zeros": Mistake(
        plant=several(table(FEATURES, padded_ids), table(CLINICAL, plain_ids), one_site),
        code="ID-002",
        exit_code=3,
        said=("leading zeros", "normalise: strip-zeros"),
    ),
    "ids that differ by case": Mistake(
        plant=table(FEATURES, lambda rows: rows.append(["r01-001", *rows[50][1:]])),
        code="ID-004",
        exit_code=1,
        mend=table(FEATURES, lambda rows: rows.pop()),
    ),
    "decimal commas": Mistake(
        plant=table(FEATURES, commas, delimiter=";"),
        code="READ-003",
        exit_code=3,
        said=('{file: data/Sandy-Captk.csv, delimiter: ";", decimal: ","}',),
        mend=study("file: data/Sandy-Captk.csv  ", 'file: data/Sandy-Captk.csv\n      delimiter: ";"\n      decimal: ","\n '),
    ),
    "a comma with two readings": Mistake(
        plant=table(FEATURES, cell(7, "T1_ED_Intensity_Energy", "1,234")),
        code="READ-004",
        exit_code=3,
        said=("1234 or 1.234", 'decimal: "."'),
        mend=study("id: SubjectID", 'id: SubjectID\n      decimal: "."'),
    ),
    "a table in windows-1252": Mistake(
        plant=table(CLINICAL, each("ethnicity", lambda i, row, text: "Zürich" if i < 4 else text), encoding="cp1252"),
        code="READ-001",
        exit_code=0,
        said=("windows-1252",),
    ),
    "cells that are not numbers": Mistake(
        plant=several(
            table(FEATURES, cell(5, "T1_ED_Intensity_Energy", "-")),
            table(FEATURES, cell(6, "T1_ED_Intensity_Energy", "#NUM!")),
            table(FEATURES, cell(8, "T1_ED_Intensity_Energy", "n/a")),
        ),
        code="READ-005",
        exit_code=3,
        said=('"#NUM!" x1', '"-" x1', '"n/a" x1', 'missing: ["#NUM!", "-", "n/a"]'),
        mend=study('missing: ["#NAME?"]', 'missing: ["#NAME?", "#NUM!", "-", "n/a"]'),
    ),
    "limits and infinities": Mistake(
        plant=several(
            table(FEATURES, cell(5, "T1_ED_Intensity_Energy", "<0.01")),
            table(FEATURES, cell(6, "T1_ED_Intensity_Energy", "inf")),
        ),
        code="READ-005",
        exit_code=3,
        said=('"<0.01" x1', '"inf" x1', "never missing by default"),
        mend=study('include: ["T1_ED_*"]', 'include: ["T1_ED_*"]\n  exclude: [T1_ED_Intensity_Energy]'),
    ),
    "patients twice": Mistake(
        plant=table(FEATURES, lambda rows: rows.extend([list(rows[50]), [rows[51][0], *rows[52][1:]]])),
        code="ID-001",
        exit_code=1,
        said=("1 identical", "roles: {unit: NAME}"),
        mend=table(FEATURES, lambda rows: rows.__delitem__(slice(-2, None))),
    ),
    "one image under two ids": Mistake(
        plant=table(FEATURES, lambda rows: rows[50].__setitem__(slice(1, None), rows[51][1:])),
        code="ID-050",
        exit_code=0,
        said=("repeats every feature value of another patient",),
    ),
    "a site column that is not there": Mistake(
        plant=study('site: {from: SubjectID, pattern: "^[A-Z0-9]+"}', "site: manufacturer"),
        code="SITE-001",
        exit_code=3,
        said=("near    Manufacturer", "GE MEDICAL SYSTEMS", "roles.site: Manufacturer"),
    ),
    "patients without a site": Mistake(
        plant=study('pattern: "^[A-Z0-9]+"', 'pattern: "^R[0-9]+"'),
        code="SITE-002",
        exit_code=3,
        said=("42 rows have no site", "data/Sandy-Captk.csv", "pattern"),
        mend=study('pattern: "^R[0-9]+"', 'pattern: "^[A-Z0-9]+"'),
    ),
    "a site spelt twice": Mistake(
        plant=study('pattern: "^[A-Z0-9]+"', 'pattern: "^[A-Z0-9]+(?=-.*[05]$)|^[A-Z0-9]+-(?!.*[05]$)"'),
        code="SITE-003",
        exit_code=0,
        said=("look like one site", '"R01"', '"R01-"'),
    ),
    "a batch that is the outcome": Mistake(
        plant=several(
            table(
                CLINICAL,
                lambda rows: [row.append("scanner" if i == 0 else f"S{row[rows[0].index('egfr-mut')]}") for i, row in enumerate(rows)],
            ),
            study("batch: [Manufacturer]", "batch: [scanner]"),
            study("  merge: {OTHER:", "  # merge: {OTHER:"),
        ),
        code="CONF-002",
        exit_code=1,
        said=("harmonise.drop", "harmonise.merge", "harmonise.keep"),
    ),
    "a batch of one patient": Mistake(
        plant=study('merge: {OTHER: [Philips, "0", TOSHIBA]}', 'merge: {OTHER: [Philips, "0"]}'),
        code="SIZE-001",
        exit_code=1,
        said=("TOSHIBA has 1 row", "harmonise.drop: [TOSHIBA]", "harmonise.keep: [TOSHIBA]"),
        mend=study('merge: {OTHER: [Philips, "0"]}', 'merge: {OTHER: [Philips, "0"]}\n  drop: [TOSHIBA]'),
    ),
    "a batch nobody has": Mistake(
        plant=study('[Philips, "0", TOSHIBA]', '[Phillips, "0", TOSHIBA]'),
        code="SITE-032",
        exit_code=3,
        said=("near    Philips",),
        mend=study("Phillips", "Philips"),
    ),
    "a feature that does not vary at one site": Mistake(
        plant=table(FEATURES, each("T1_ED_Intensity_Energy", lambda i, row, text: "7" if row[0].startswith("AMC") else text)),
        code="FEAT-010",
        exit_code=0,
        said=("do not vary at AMC", "T1_ED_Intensity_Energy"),
    ),
    "a feature that is not there": Mistake(
        plant=study("volume: T1_ED_Volumetric_Volume", "volume: T1_ED_Volumetric_Volumes"),
        code="FEAT-002",
        exit_code=3,
        said=("near    T1_ED_Volumetric_Volume",),
        mend=study("Volumetric_Volumes", "Volumetric_Volume"),
    ),
    "an outcome with an unexplained text": Mistake(
        plant=table(CLINICAL, cell(3, "egfr-mut", "yes")),
        code="OUT-002",
        exit_code=3,
        said=('"yes"', "egfr-mut"),
        mend=study("missing: [nan, no data]", "missing: [nan, no data, yes]"),
    ),
    "an event nobody has": Mistake(
        plant=study('event: "1", non_event: "0"', 'event: "1.0", non_event: "0"'),
        code="OUT-002",
        exit_code=3,
        said=('"1" for "1.0"',),
        mend=study('event: "1.0"', 'event: "1"'),
    ),
    "a censoring flag": Mistake(
        plant=several(
            table(CLINICAL, lambda rows: rows[0].__setitem__(rows[0].index("event"), "CNSR")),
            study(
                '{kind: binary, column: egfr-mut, event: "1", non_event: "0"}',
                '{kind: survival, time: days, status: CNSR, event: "1", horizon: 24}',
            ),
            study("measure: auc,", "measure: c_index,"),
            study("never: [event, days,", "never: ["),
        ),
        code="OUT-004",
        exit_code=3,
        said=("1 = censored", "event: 0"),
        mend=study('status: CNSR, event: "1"', 'status: CNSR, event: "0"'),
    ),
    "times in two units": Mistake(
        plant=several(
            table(
                CLINICAL,
                each("days", lambda i, row, text: f"{float(text) / 30.4:.2f}" if row[0].startswith("AMC") and text[:1].isdigit() else text),
            ),
            study(
                '{kind: binary, column: egfr-mut, event: "1", non_event: "0"}',
                '{kind: survival, time: days, status: event, event: "1", horizon: 24}',
            ),
            study("measure: auc,", "measure: c_index,"),
            study("never: [event, days,", "never: ["),
        ),
        code="OUT-006",
        exit_code=1,
        said=("The median of days is",),
    ),
    "a number with a text": Mistake(
        plant=several(
            table(CLINICAL, each("age", lambda i, row, text: "unknown" if i in (60, 70) else text)),
            study("clinical: [sex, smoking]", "clinical: [sex, smoking, age]"),
        ),
        code="READ-005",
        exit_code=3,
        said=('"unknown" x2', 'missing: ["nan", "no data", "unknown"]'),
        mend=study("missing: [nan, no data]", "missing: [nan, no data, unknown]"),
    ),
    "a held-out site that can never be scored": Mistake(
        plant=several(
            study("{by: random, fraction: 0.35}", "{by: site, sites: [AMC]}"),
            study("batch: [Manufacturer] ", "batch: [site] "),
            study("  merge: {OTHER:", "  # merge: {OTHER:"),
        ),
        code="STUDY-007",
        exit_code=3,
        said=("AMC, which has no training patients", "{unseen: {evaluation: adapt}}"),
        mend=study("unseen: {evaluation: refuse,", "unseen: {evaluation: adapt,"),
    ),
    "the outcome among the preserved covariates": Mistake(
        plant=study("preserve: [sex, smoking]", "preserve: [sex, smoking, egfr-mut]"),
        code="LEAK-005",
        exit_code=3,
        said=("needs the outcome of new patients", "preserve: [sex, smoking]"),
        mend=study("preserve: [sex, smoking, egfr-mut]", "preserve: [sex, smoking]"),
    ),
    "a claim that can never be decided": Mistake(
        plant=study("measure: calibration_slope, on: test", "measure: calibration_slope, on: new_site"),
        code="STUDY-084",
        exit_code=3,
        said=("could never be decided",),
        mend=study("on: new_site", "on: test"),
    ),
    "a limit in per cent": Mistake(
        plant=study("at_least: 0.70", "at_least: 70"),
        code="STUDY-019",
        exit_code=3,
        said=("at_least: 0.7",),
        mend=study("at_least: 70", "at_least: 0.7"),
    ),
}


def check(folder: Path, capsys: pytest.CaptureFixture[str], command: str = "check") -> tuple[int, str]:
    """Run the whole command; return its exit code and all it said, line breaks and indentation folded."""
    code = main([command, "-C", str(folder)])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert [line for line in said.out.splitlines() if len(line) > 80] == []
    return code, " ".join((said.out + said.err).split())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_code_the_near_match_and_the_fix(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mistake, folder = MISTAKES[name], example(tmp_path / "study")
    mistake.plant(folder)
    code, said = check(folder, capsys)
    assert mistake.code in said
    assert code == mistake.exit_code, said
    for text in mistake.said:
        assert " ".join(text.split()) in said
    if code == 3:
        assert f"more radaudit explain {mistake.code}" in said
        assert " fix " in said
    if mistake.mend is not None:
        mistake.mend(folder)
        code, said = check(folder, capsys, "ingest" if mistake.exit_code == 3 else "check")  # what could not be read is read
        assert code == 0, said
        assert f"[{mistake.code}]" not in said


@pytest.fixture
def finished(demo: Path, tmp_path: Path) -> Path:
    """The example, run, locked and evaluated once."""
    folder = tmp_path / "study"
    shutil.copytree(demo, folder)
    return folder


def test_a_second_opening_is_refused_with_the_first_and_what_it_would_cost(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--yes", "--reason", "another look", "-C", str(finished)]) == 4
    said = capsys.readouterr().err
    assert "refused[GUARD-002]" in said
    assert "1 of 1" in said
    assert "--amend" in said


def test_a_plan_changed_after_the_lock_is_refused_with_the_command_for_a_new_version(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study("redundancy: 0.9", "redundancy: 0.8")(finished)
    assert main(["evaluate", "--yes", "--reason", "better", "--amend", "-C", str(finished)]) == 4
    said = capsys.readouterr().err
    assert "refused[GUARD-001]" in said
    assert "radaudit run && radaudit lock --version 1.1.0" in said


def test_evaluating_without_a_lock_or_a_reason_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = example(tmp_path / "study")
    assert main(["evaluate", "--yes", "--reason", "why not", "-C", str(folder)]) == 4
    assert "GUARD-003" in capsys.readouterr().err
    assert main(["evaluate", "-C", str(folder)]) == 4
    assert "GUARD-004" in capsys.readouterr().err
    assert main(["lock", "-C", str(folder)]) == 4
    assert "GUARD-080" in capsys.readouterr().err


def new_patients(folder: Path, *, rename: Callable[[str], str] = lambda name: name, maker: str = "SIEMENS", name: str = "new.csv") -> Path:
    signature = json.loads((folder / "out/signature.json").read_text("utf-8"))
    vector = signature["test_vectors"][0]["row"]
    names = [item["name"] for item in signature["inputs"]]
    with (folder / name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["SubjectID", "site", "Manufacturer", *map(rename, names)])
        for patient, site in (("007", "NO"), ("0012", "012"), ("1e3", "1e3"), ("08", "Zürich")):
            writer.writerow([patient, site, maker, *[vector[item] for item in names]])
    return folder / name


def test_a_scanner_the_signature_does_not_know_is_refused_row_by_row(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "study"
    (folder / "out").mkdir(parents=True)
    shutil.copy(demo / "out/signature.json", folder / "out")
    table_, out = new_patients(folder, maker="BERGEN"), folder / "scores.csv"
    assert main(["score", str(folder / "out/signature.json"), str(table_), "-o", str(out)]) == 1
    assert "SCORE-001" in capsys.readouterr().out
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["status"] for row in rows] == ["refused"] * 4
    assert main(["score", str(folder / "out/signature.json"), str(new_patients(folder)), "-o", str(out)]) == 0


def test_names_rewritten_by_r_are_told_when_scoring(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "study"
    (folder / "out").mkdir(parents=True)
    shutil.copy(demo / "out/signature.json", folder / "out")
    table_ = new_patients(folder, rename=lambda name: re.sub("[^A-Za-z0-9_]", ".", name))
    code = main(["score", str(folder / "out/signature.json"), str(table_), "-o", str(folder / "scores.csv")])
    said = capsys.readouterr()
    assert code == 3
    assert "error[FEAT-002] 2 of 2 features" in said.err
    assert "same name written by R" in said.err
    assert "check.names = FALSE" in said.err


ODD = ("NO", "012", "1e3", "Zürich")


def rewritten(folder: Path, kind: str) -> None:
    """Give patients odd ids and sites, and write the feature table as CSV, XLSX or Parquet."""
    with (folder / FEATURES).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    names = {row[0]: f"{i:04d}" for i, row in enumerate(rows[1:])}
    sites = {row[0]: ODD[i % 4] for i, row in enumerate(rows[1:])}
    table_ = [[*rows[0], "hospital"], *[[names[row[0]], *row[1:], sites[row[0]]] for row in rows[1:]]]
    target = folder / "data" / f"features.{kind}"
    if kind == "csv":
        with target.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(table_)
    elif kind == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        for row in table_:
            book.active.append(
                [row[0], *[float(text) if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text) else text for text in row[1:-1]], row[-1]]
            )
        book.save(target)
    else:
        import pandas as pd

        frame = pd.DataFrame(table_[1:], columns=table_[0])
        for name in frame.columns[1:-1]:
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
        frame.to_parquet(target)
    table(CLINICAL, lambda clinical: [row.__setitem__(0, names.get(row[0], "x")) for row in clinical[1:]])(folder)
    study("data/Sandy-Captk.csv", f"data/features.{kind}")(folder)
    study('site: {from: SubjectID, pattern: "^[A-Z0-9]+"}', "site: hospital")(folder)
    study("batch: [Manufacturer] ", "batch: [hospital] ")(folder)
    study("  merge: {OTHER:", "  # merge: {OTHER:")(folder)
    text = (folder / "study.yaml").read_text("utf-8")
    (folder / "study.yaml").write_text(re.sub(r"  acquisition:\n(    .*\n|      .*\n)+", "", text), encoding="utf-8")


def intake_patients(folder: Path) -> tuple[str, ...]:
    from radaudit.edges.duckdb import Store

    return Store(folder / "out/pool.duckdb").read().table.patients


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_odd_sites_and_ids_with_zeros_survive_to_check_signature_and_scores(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = example(tmp_path / "Zürich study")
    rewritten(folder, kind)
    study("{folds: 5, repeats: 5, inner: 5}", "{folds: 2, repeats: 1, inner: 2}")(folder)
    command = "run" if kind == "csv" else "check"
    assert main([command, "-C", str(folder)]) == 0, capsys.readouterr()
    found = json.loads((folder / "out/check.json").read_text("utf-8"))
    assert {row["site"] for row in found["sites"]} == set(ODD)
    assert set(intake_patients(folder)) <= {f"{i:04d}" for i in range(206)}
    if kind != "csv":
        return
    assert main(["lock", "-C", str(folder)]) == 0
    signature = json.loads((folder / "out/signature.json").read_text("utf-8"))
    assert signature["batch"]["known"] == sorted(ODD)
    capsys.readouterr()
    code = main(
        [
            "score",
            str(folder / "out/signature.json"),
            str(folder / f"data/features.{kind}"),
            "--missing",
            "#NAME?",
            "-o",
            str(folder / "s.csv"),
        ]
    )
    assert code in (0, 1), capsys.readouterr()
    with (folder / "s.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"] for row in rows] == [f"{i:04d}" for i in range(206)]
    assert {row["site"] for row in rows} == set(ODD)
    assert not any("SCORE-001" in row["reason"] for row in rows)
