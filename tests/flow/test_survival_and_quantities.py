"""Survival and continuous outcomes from tables to a dossier: the risk by the horizon, its scorers, its page; and what cannot be asked."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from radaudit.dossier.view.catalogue import figures_for
from radaudit.edges.html import render
from radaudit.edges.workspace import Workspace
from radaudit.signature import Scorer, read_signature
from radaudit.verify.scoring import disagreements
from tests.conftest import ROOT
from tests.flow.small_study import Cells, Ending, ended, write_study

SURVIVAL = '{kind: survival, time: months, status: dead, event: "1", horizon: 12}'
CLAIMS = (
    "[{id: C1, primary: true, measure: c_index, on: test, at_least: 0.55}, {id: C2, measure: auc_at, on: test, at_least: 0.55}, "
    "{id: C3, measure: brier_at, on: test, at_most: 0.25}, {id: C4, measure: observed_expected, on: test, between: [0.5, 2]}, "
    "{id: C5, measure: delta_c_index, against: volume, on: test, above: 0}, {id: C6, measure: c_index, on: new_site, at_least: 0.5}, "
    "{id: C7, measure: ipa, on: test, above: 0}, {id: C8, measure: c_index_uno, on: test, at_least: 0.5}]"
)


def follow(cells: Cells, *, censored: float = 0.4, codes: tuple[str, str] = ("0", "1"), competing: str = "") -> None:
    """Add months and dead: hazards rise with the first features, the same for all rows of a patient."""
    rng = np.random.default_rng(7)
    names = cells.facts["patient_id"]
    first = {patient: k for k, patient in reversed(list(enumerate(names)))}
    score = {patient: float(np.clip(cells.x[k, 0] / 2, -2, 2)) for patient, k in first.items()}
    own = {patient: rng.exponential(15 * math.exp(-score[patient])) for patient in sorted(first)}
    stop = {patient: rng.exponential(15 / censored) if censored else math.inf for patient in sorted(first)}
    cells.facts["months"] = [f"{min(own[p], stop[p]) + 0.01:.2f}" for p in names]
    other = {patient: rng.random() < 0.3 for patient in sorted(first)}
    late = {patient: competing if competing and other[patient] else codes[0] for patient in first}
    cells.facts["dead"] = [codes[1] if own[p] <= stop[p] else late[p] for p in names]


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ending]:
    """Three sites, two lesions per patient, harmonised, through every stage."""
    folder = write_study(
        tmp_path_factory.mktemp("survival") / "study",
        patients=90,
        sites=("A", "B", "C"),
        rows_each=2,
        edit=follow,
        outcome=SURVIVAL,
        roles="  unit: lesion\n",
        harmonise="{method: combat, unseen: {evaluation: adapt, scoring: refuse}}",
        claims=CLAIMS,
    )
    return folder, ended(folder)


def test_a_survival_study_ends_in_a_dossier_with_every_measure(lesions: tuple[Path, Ending]) -> None:
    evidence = lesions[1].evidence
    assert lesions[1].error is None
    found = evidence["performance"]
    assert (found["kind"], found["measure"], found["horizon"], found["time"]) == ("survival", "c_index", 12.0, "months")
    for name in ("c_index", "c_index_uno", "auc_at", "brier_at", "ipa", "integrated_brier", "calibration_slope", "observed_expected"):
        assert found[name]["value"] is not None, name
        assert found[name]["low"] < found[name]["value"] < found[name]["high"], name
    assert found["c_index"]["value"] > 0.6
    assert found["kaplan_meier"]["log_rank"]["p"] < 0.05
    assert {row["against"] for row in found["comparisons"]} == {"prevalence", "site", "volume", "clinical"}
    assert evidence["outcome"]["discrimination"] == "c_index"
    assert evidence["development"]["c_index"]["value"] > 0.55
    assert {claim["id"]: claim["observed"]["value"] is not None for claim in evidence["claims"]} == {f"C{k}": True for k in range(1, 9)}


def test_all_lesions_of_a_patient_are_on_one_side_and_intervals_are_by_patient(lesions: tuple[Path, Ending]) -> None:
    ws = Workspace.at(lesions[0])
    from radaudit.edges.stages.ingest import store
    from radaudit.edges.stages.run import cut

    intake = store(ws).read()
    split = cut(ws, intake)
    sides = [{intake.table.patients[i] for i in rows} for rows in (split.training, split.holdout)]
    assert sides[0] & sides[1] == set()
    found = lesions[1].evidence["performance"]
    assert (found["patients"], found["c_index"]["patients"]) == (len(sides[1]), len(sides[1]))
    assert "by patient" in found["c_index"]["method"]
    assert all(group["patients"] <= len(sides[1]) for group in found["kaplan_meier"]["groups"])


def test_the_signature_gives_the_risk_by_the_horizon_and_two_scorers_agree(lesions: tuple[Path, Ending]) -> None:
    document = read_signature((lesions[0] / "out/signature.json").read_bytes())
    step = document["steps"][-1]
    assert (step["op"], step["horizon"], len(step["times"])) == ("cox", 12.0, 12)
    assert document["endpoint"]["time"] == "months"
    assert disagreements(document) == []
    vector = next(v for v in document["test_vectors"] if v["status"] == "scored")
    score = vector["steps"][-2]["values"][0]
    assert Scorer(document).score_row(vector["row"]).risk == pytest.approx(1 - math.exp(-step["cumulative_hazard"][-1] * math.exp(score)))


def test_no_time_of_a_patient_stands_in_signature_or_evidence(lesions: tuple[Path, Ending]) -> None:
    with (lesions[0] / "clinical.csv").open(encoding="utf-8") as stream:
        times = {line.strip().split(",")[-2] for line in stream} - {"months"}
    drawn = lesions[1].evidence["performance"]["kaplan_meier"]
    stated = {f"{when:.2f}" for group in drawn["groups"] for when in group["time"]}
    stated |= {f"{when:.2f}" for when in read_signature((lesions[0] / "out/signature.json").read_bytes())["steps"][-1]["times"]}
    # evenly spaced times meet a few of 90 patients' times by chance, rounded to hundredths; a curve at their own would meet all
    assert len(times & stated) < 10


def test_the_page_has_the_figures_of_survival_and_verifies(lesions: tuple[Path, Ending]) -> None:
    folder = lesions[0] / "dossier/0001"
    page = (folder / "dossier.html").read_text("utf-8")
    assert re.findall(r'id="(FIG-\d\d-\d+)"', page) == list(figures_for("survival"))
    for text in ("C-index", "log hazard", "observed over expected", "Kaplan–Meier", "time: months"):
        assert text in page, text
    assert "log-odds per SD" not in page
    from radaudit.verify import verify

    assert verify(folder).valid
    assert render((folder / "dossier.json").read_bytes()) == page.encode()


def test_the_same_study_gives_the_same_evidence_again(lesions: tuple[Path, Ending], tmp_path: Path) -> None:
    shutil.copytree(lesions[0], tmp_path / "again", ignore=shutil.ignore_patterns("out", "dossier", "mlruns", "*.db"))
    again = ended(tmp_path / "again")
    assert json.dumps(again.evidence, sort_keys=True) == json.dumps(lesions[1].evidence, sort_keys=True)


def test_without_any_censoring_a_survival_study_can_be_fitted(tmp_path: Path) -> None:
    folder = write_study(
        tmp_path / "all", edit=lambda cells: follow(cells, censored=0.0), outcome=SURVIVAL, harmonise="{method: none}", claims=""
    )
    found = ended(folder, last="run")
    assert (found.stage, found.error) == ("run", None)


def test_competing_events_are_counted_as_censored_and_reported(tmp_path: Path) -> None:
    outcome = SURVIVAL.replace("}", ", competing: [other]}")
    folder = write_study(tmp_path / "c", edit=lambda cells: follow(cells, competing="other"), outcome=outcome, claims="")
    finding = ended(folder, last="run").finding("OUT-103")
    assert finding.facts["competing"] > 5
    assert finding.facts["incidence"] < finding.facts["kaplan_meier"]


@pytest.mark.parametrize(("horizon", "code"), [("0.001", "OUT-101"), ("9999", "OUT-102")])
def test_a_horizon_that_nobody_can_be_measured_at_is_refused(tmp_path: Path, horizon: str, code: str) -> None:
    folder = write_study(
        tmp_path / "h", edit=follow, outcome=SURVIVAL.replace("12}", f"{horizon}}}"), harmonise="{method: none}", claims=""
    )
    assert ended(folder, last="run").codes >= {code}


def test_a_continuous_outcome_goes_the_same_way(tmp_path: Path) -> None:
    def grow(cells: Cells) -> None:
        rng = np.random.default_rng(3)
        value = cells.x[:, 0] * 2 + cells.x[:, 1] + rng.normal(size=len(cells.x)) + 40
        cells.facts["size"] = [f"{v:.3f}" for v in value]

    claims = (
        "[{id: C1, primary: true, measure: r2, on: test, at_least: 0.3}, {id: C2, measure: rmse, on: test, at_most: 10}, "
        "{id: C3, measure: calibration_slope, on: test, between: [0.5, 1.5]}, "
        "{id: C4, measure: delta_r2, against: clinical, on: test, above: 0}]"
    )
    folder = write_study(tmp_path / "q", patients=100, edit=grow, outcome="{kind: continuous, column: size}", claims=claims)
    made = ended(folder)
    assert made.error is None
    found = made.evidence["performance"]
    assert (found["kind"], found["measure"]) == ("continuous", "r2")
    assert found["r2"]["value"] > 0.3
    assert found["mae"]["value"] <= found["rmse"]["value"]
    assert [claim["verdict"] for claim in made.evidence["claims"]][:2] == ["supported", "supported"]
    assert made.evidence["signature"]["link"] == {"op": "identity"}
    assert disagreements(read_signature((folder / "out/signature.json").read_bytes())) == []
    page = (folder / "dossier/0001/dossier.html").read_text("utf-8")
    assert re.findall(r'id="(FIG-\d\d-\d+)"', page) == list(figures_for("continuous"))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    def break_it(cells: Cells) -> None:
        cells.facts["size"] = ["12.5", "large", *(["7"] * (len(cells.x) - 2))]

    folder = write_study(tmp_path / "w", edit=break_it, outcome="{kind: continuous, column: size}", claims="")
    assert ended(folder, last="run").codes == {"OUT-104"}


def test_the_survival_example_ends_in_a_dossier(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/survival", tmp_path / "pet", ignore=shutil.ignore_patterns("out", "dossier", "mlruns"))
    study = tmp_path / "pet/study.yaml"
    text = study.read_text("utf-8")
    # fewer outer folds than the example: the signature and the test set are the same
    assert text.count("folds: 5, repeats: 2") == 1
    study.write_text(text.replace("folds: 5, repeats: 2", "folds: 2, repeats: 1"), "utf-8")
    made = ended(tmp_path / "pet")
    assert made.error is None
    found = made.evidence["performance"]
    assert (found["patients"], found["events"]) == (119, 83)
    assert found["c_index"]["value"] == pytest.approx(0.596, abs=0.02)
    assert {claim["id"]: claim["verdict"] for claim in made.evidence["claims"]}["C3"] == "supported"
