"""Attack: change the holdout's rows in the source files, then run and lock again: every byte learned from training rows stays.

The rows of the holdout are known to the attacker (the split depends on the study's name, its seed and the ids). Garbage goes in as
features and as outcomes, rows leave from one table or from all: signature, training results and the risks of untouched rows keep
their bits.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from radaudit.edges.mlflow import Mirror, Mirrored
from radaudit.edges.stages.ingest import store
from radaudit.edges.stages.run import cut
from radaudit.edges.workspace import Workspace
from radaudit.signature import Scorer
from radaudit.study.evaluation import scoring_rows
from tests.conftest import ROOT

FEATURES, CLINICAL, SCANS = "data/Sandy-Captk.csv", "data/clinical-demographics.csv", "data/Sandy-CT-parameters.xlsx"
LEARNED = ("signature.json", "run.json", "candidate.json", "effects.json", "risks.json")
Rows = list[list[str]]


@pytest.fixture(autouse=True, scope="module")
def _unmirrored():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mirror, "stage", lambda self, stage, recorded, **_: Mirrored(what=stage, experiment=self.experiment))
        patch.setenv("RADAUDIT_STUDY_KEY", "5a" * 32)
        yield


def example(folder: Path) -> Path:
    """Copy the example with fewer folds."""
    (folder / "data").mkdir(parents=True)
    for name in (FEATURES, CLINICAL, SCANS):
        shutil.copy(ROOT / "examples/egfr" / name, folder / name)
    text = (ROOT / "examples/egfr/study.yaml").read_text("utf-8")
    assert "{folds: 5, repeats: 5, inner: 5}" in text
    (folder / "study.yaml").write_text(
        text.replace("{folds: 5, repeats: 5, inner: 5}", "{folds: 2, repeats: 1, inner: 2}"), encoding="utf-8"
    )
    return folder


def edited(folder: Path, name: str, edit: Callable[[Rows], Rows]) -> None:
    with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *edit(rows)])


def column(folder: Path, name: str, wanted: str) -> int:
    with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
        return next(csv.reader(stream)).index(wanted)


def learned(folder: Path) -> SimpleNamespace:
    """Run and lock; return the bytes of what was learned, and the holdout's patients with their risks under the signature."""
    ws = Workspace.at(folder)
    done = ws.run()
    assert done.exit_code == 0, done.lines()
    assert ws.lock().exit_code == 0
    intake = store(ws).read()
    split = cut(ws, intake)
    holdout = intake.table.take(split.holdout)
    scored = Scorer(json.loads((ws.out / "signature.json").read_bytes())).score(scoring_rows(holdout))
    return SimpleNamespace(
        files={name: (ws.out / name).read_bytes() for name in LEARNED},
        digest=intake.table.digest,
        holdout=set(holdout.patients),
        risks={patient: one.risk for patient, one in zip(holdout.patients, scored, strict=True)},
        training=intake.table.take(split.training),
    )


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return learned(example(tmp_path_factory.mktemp("honest") / "study"))


def garbage(folder: Path, holdout: set[str]) -> None:
    rng = np.random.default_rng(0)

    def edit(rows: Rows) -> Rows:
        return [
            [row[0], *(f"{value:.6g}" for value in rng.normal(size=len(row) - 1) * 1e120)] if row[0] in holdout else row for row in rows
        ]

    edited(folder, FEATURES, edit)


def emptied(folder: Path, holdout: set[str]) -> None:
    edited(folder, FEATURES, lambda rows: [[row[0], row[1], *[""] * (len(row) - 2)] if row[0] in holdout else row for row in rows])


def flipped(folder: Path, holdout: set[str]) -> None:
    at = column(folder, CLINICAL, "egfr-mut")
    other = {"0": "1", "1": "0"}

    def edit(rows: Rows) -> Rows:
        return [[*row[:at], other.get(row[at], row[at]), *row[at + 1 :]] if row[0] in holdout else row for row in rows]

    edited(folder, CLINICAL, edit)


def all_events(folder: Path, holdout: set[str]) -> None:
    at = column(folder, CLINICAL, "egfr-mut")
    edited(folder, CLINICAL, lambda rows: [[*row[:at], "1", *row[at + 1 :]] if row[0] in holdout else row for row in rows])


def half(holdout: set[str]) -> set[str]:
    return set(sorted(holdout)[::2])


def dropped(folder: Path, holdout: set[str]) -> None:
    edited(folder, FEATURES, lambda rows: [row for row in rows if row[0] not in half(holdout)])


def dropped_outcomes(folder: Path, holdout: set[str]) -> None:
    edited(folder, CLINICAL, lambda rows: [row for row in rows if row[0] not in half(holdout)])


def other_people(folder: Path, holdout: set[str]) -> None:
    at = [column(folder, CLINICAL, name) for name in ("sex", "smoking", "days")]

    def edit(rows: Rows) -> Rows:
        for row in rows:
            for j in at if row[0] in holdout else ():
                row[j] = "1"
        return rows

    edited(folder, CLINICAL, edit)


@pytest.mark.parametrize("attack", [garbage, emptied, flipped, all_events, dropped, dropped_outcomes, other_people])
def test_no_change_of_the_holdout_in_the_files_reaches_what_was_learned(
    attack: Callable[[Path, set[str]], None], honest: SimpleNamespace, tmp_path: Path
) -> None:
    folder = example(tmp_path / "study")
    attack(folder, honest.holdout)
    found = learned(folder)
    assert found.digest != honest.digest
    assert found.holdout <= honest.holdout
    for name in LEARNED:
        assert found.files[name] == honest.files[name], name
    if attack in (flipped, all_events, dropped, dropped_outcomes):
        assert found.risks == {patient: honest.risks[patient] for patient in found.holdout}
    if attack in (dropped, dropped_outcomes):
        assert found.holdout == honest.holdout - half(honest.holdout)


def test_one_changed_training_cell_does_reach_it(honest: SimpleNamespace, tmp_path: Path) -> None:
    """The comparison above can fail: it is not blind."""
    folder = example(tmp_path / "study")
    patient = honest.training.patients[0]
    edited(folder, FEATURES, lambda rows: [[row[0], repr(float(row[1]) * 1.5), *row[2:]] if row[0] == patient else row for row in rows])
    found = learned(folder)
    assert found.holdout == honest.holdout
    assert found.files["signature.json"] != honest.files["signature.json"]
    assert found.files["run.json"] != honest.files["run.json"]
