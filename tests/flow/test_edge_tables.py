"""Tables at the edge of what can be analysed, each through every stage: a clear finding, a clear error, or an honest dossier."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.mlflow import Mirror, Mirrored
from radaudit.verify import verify
from tests.conftest import run_radaudit
from tests.flow.small_study import BY_PART, CLAIM, Cells, Ending, ended, write_study

BY_SITE = "{by: site, sites: [C]}"
THREE = ("A", "B", "C")


@pytest.fixture(autouse=True)
def _unmirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave MLflow out: it mirrors these tables like any other, and a new store takes longer than a study."""
    monkeypatch.setattr(Mirror, "stage", lambda self, stage, recorded, **_: Mirrored(what=stage, experiment=self.experiment))
    monkeypatch.setattr(Mirror, "conclude", lambda self, model, **_: Mirrored(what="conclude", experiment=self.experiment))


def through(ending: Ending, folder: Path) -> Ending:
    """Hold a run to its dossier: there is one, it verifies, and its exit code is that of its verdict."""
    assert ending.error is None, ending.error
    assert ending.stage == "report", sorted(ending.codes)
    overall = ending.evidence["verdict"]["overall"]
    assert ending.exit_code == {"supported": 0, "not supported": 1, "cannot be determined": 5}[overall]
    assert verify(folder / "dossier" / "0001").valid
    return ending


def observed(ending: Ending, claim: str) -> dict[str, object]:
    return next(dict(row) for row in ending.evidence["claims"] if row["id"] == claim)


def set_all(column: str, value: str):
    def edit(cells: Cells) -> None:
        cells.facts[column] = [value] * len(cells.facts[column])

    return edit


def set_part(part: str, value: str):
    def edit(cells: Cells) -> None:
        pairs = zip(cells.facts["part"], cells.facts["relapse"], strict=True)
        cells.facts["relapse"] = [value if own == part else outcome for own, outcome in pairs]

    return edit


def set_features(*columns: int, value: str = "", site: str | None = None):
    def edit(cells: Cells) -> None:
        for k, texts in enumerate(cells.texts):
            for j in columns or range(len(texts)):
                if site is None or cells.facts["site"][k] == site:
                    texts[j] = value

    return edit


def copied_rows(cells: Cells) -> None:
    cells.texts[1:9] = [cells.texts[0]] * 8
    cells.facts["volume"][:9] = ["1.5"] * 9


def huge(cells: Cells) -> None:
    for k, texts in enumerate(cells.texts):
        texts[2] = f"{'-' * (k // 2 % 2)}1e300"


def combatted(cells: Cells) -> None:
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    batch = cells.facts["site"]
    once = fit_combat(measure(cells.x, batch, features=cells.names)).apply(cells.x, batch)
    cells.texts = [[f"{value:.6f}" for value in row] for row in np.asarray(once).tolist()]


def test_a_table_harmonised_before_is_found(tmp_path: Path) -> None:
    ending = through(ended(write_study(tmp_path, features=40, sites=THREE, edit=combatted)), tmp_path)
    assert "HARM-008" in ending.codes
    assert "extracted" in ending.finding("HARM-008").fix
    clean = write_study(tmp_path / "clean", features=40, sites=THREE)
    assert "HARM-008" not in ended(clean, last="run").codes


STOPPED = {
    "a single site": ({"sites": ("A",)}, "HARM-009", "harmonise.method: none"),
    "everybody has the event": ({"edit": set_all("relapse", "1")}, "OUT-050", ""),
    "three patients": ({"patients": 3}, "SIZE-050", ""),
    "eight patients": ({"patients": 8}, "SIZE-050", ""),
    "a batch of one patient": ({"edit": lambda cells: cells.facts["site"].__setitem__(4, "LONELY")}, "SIZE-001", "harmonise"),
    "the site is the outcome": (
        {"edit": lambda cells: cells.facts.update(site=["AB"[y == "1"] for y in cells.facts["relapse"]])},
        "CONF-002",
        "harmonise",
    ),
    "values that cannot be squared": (
        {"edit": huge},
        "HARM-006",
        "",
    ),
    "a covariate with missing values": (
        {"edit": lambda cells: cells.facts["age"].__setitem__(3, ""), "harmonise": "{preserve: [age, sex]}"},
        "HARM-012",
        "",
    ),
    "a covariate that is the site": (
        {
            "edit": lambda cells: cells.facts.update(sex=["fm"[site == "A"] for site in cells.facts["site"]]),
            "harmonise": "{preserve: [sex]}",
        },
        "HARM-001",
        "",
    ),
    "all batches merged into one": ({"harmonise": "{merge: {AB: [A, B]}}"}, "HARM-009", ""),
}


@pytest.mark.parametrize("name", STOPPED)
def test_what_allows_no_fit_is_a_blocking_finding(tmp_path: Path, name: str) -> None:
    changes, code, fix = STOPPED[name]
    ending = ended(write_study(tmp_path, **changes))
    assert (ending.stage, ending.exit_code, ending.error) == ("run", 1, None)
    assert ending.finding(code).blocking
    assert ending.finding(code).fix
    assert fix in ending.finding(code).fix
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_patient_twice_is_a_blocking_finding_that_tells_equal_from_different(tmp_path: Path) -> None:
    def edit(cells: Cells) -> None:
        for column in cells.facts.values():
            column += column[:2]
        cells.texts += [list(cells.texts[0]), ["1"] * 12]

    ending = ended(write_study(tmp_path, edit=edit))
    assert (ending.stage, ending.exit_code) == ("run", 1)
    assert "1 identical" in ending.finding("ID-001").sentence
    assert (tmp_path / "out" / "findings" / "ID-001.csv").read_text("utf-8").count("0000") >= 1


REFUSED = {
    "nobody has the event": ({"edit": set_all("relapse", "0")}, "OUT-002"),
    "infinite cells": ({"edit": set_features(2, value="inf", site="A")}, "READ-005"),
    "a number beyond doubles": ({"edit": set_features(2, value="1e400", site="A")}, "READ-005"),
    "no feature column": ({"features": 1, "more": "features: {exclude: [volume, f000]}"}, "FEAT-002"),
    "no feature value": ({"edit": set_features(), "more": "features: {exclude: [volume]}"}, "READ-044"),
    "no feature varies": ({"edit": lambda c: (set_features(value="7")(c), set_all("volume", "5")(c))[0]}, "FEAT-070"),
    "age with NA": ({"edit": lambda cells: cells.facts["age"].__setitem__(3, "NA")}, "READ-005"),
    "no training events": ({"test": BY_PART, "edit": set_part("train", "0")}, "OUT-070"),
    "nobody in the test set": ({"test": BY_PART, "edit": set_all("part", "train")}, "OUT-071"),
    "nobody to train on": ({"test": BY_PART, "edit": set_all("part", "test")}, "SIZE-070"),
    "a test set of nobody": ({"test": "{by: random, fraction: 0.001}"}, "SIZE-070"),
    "a site nobody has": ({"test": "{by: site, sites: [Bergen]}", "harmonise": "{unseen: {evaluation: adapt}}"}, "SITE-070"),
    "one training site left": ({"test": "{by: site, sites: [B]}", "harmonise": "{unseen: {evaluation: adapt}}"}, "HARM-009"),
    "a held-out site that is refused": ({"test": BY_SITE, "sites": THREE}, "STUDY-007"),
    "left-out sites that are refused": ({"development": "{outer: leave-one-site-out}"}, "STUDY-007"),
    "a reference nobody has": ({"harmonise": "{reference: Z}"}, "SITE-032"),
    "no batch to harmonise": ({"site": ""}, "STUDY-028"),
    "a claim on new sites that are refused": ({"claims": f"[{CLAIM.replace('test', 'new_site')}]"}, "STUDY-007"),
    "ages are no dates": ({"roles": "  date: age", "test": "{by: date, fraction: 0.3}"}, "READ-070"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_or_split_is_refused_with_a_fix(tmp_path: Path, name: str) -> None:
    changes, code = REFUSED[name]
    ending = ended(write_study(tmp_path, **changes))
    assert ending.error is not None, (ending.stage, sorted(ending.codes))
    assert (ending.stage, ending.exit_code, ending.error.code) == ("run", 3, code)
    assert ending.error.fix


EVALUATED = {
    "missing columns": ({"edit": set_features(0, 3)}, "FEAT-051"),
    "constant features, and one constant at a site": (
        {"edit": lambda c: (set_features(0, value="7")(c), set_features(1, value="3", site="A")(c))[0]},
        "FEAT-010",
    ),
    "rows of other patients": (
        {"edit": copied_rows},
        "LEAK-012",
    ),
    "a row without any value": (
        {"edit": lambda c: (c.texts.__setitem__(5, [""] * 12), c.facts["volume"].__setitem__(5, ""))[0]},
        "FEAT-058",
    ),
    "age with missing values as a clinical column": ({"edit": lambda c: c.facts["age"].__setitem__(3, "")}, ""),
    "one feature": ({"features": 1}, "HARM-007"),
    "several lesions for each patient": ({"patients": 60, "rows_each": 2, "roles": "  unit: lesion"}, ""),
    "no harmonisation": ({"harmonise": "{method: none}"}, ""),
    "no batch at all": ({"harmonise": "{method: none}", "site": ""}, "SITE-050"),
    "numeric and text covariates": ({"harmonise": "{preserve: [age, sex]}"}, ""),
    "mean only, without empirical Bayes": ({"harmonise": "{mean_only: true, eb: false}"}, ""),
    "a batch that is kept": ({"sites": THREE, "harmonise": "{keep: [C]}"}, ""),
    "a batch that is dropped": ({"sites": THREE, "harmonise": "{drop: [C]}"}, ""),
    "sites left out in development": (
        {"sites": THREE, "development": "{outer: leave-one-site-out, inner: 3}", "harmonise": "{unseen: {evaluation: adapt}}"},
        "",
    ),
    "a test set without events": ({"test": BY_PART, "edit": set_part("test", "0")}, ""),
    "a test set of one patient": (
        {"test": BY_PART, "edit": lambda c: c.facts.update(part=["test", *["train"] * (len(c.facts["part"]) - 1)])},
        "",
    ),
    "sites with names that programs rewrite": ({"patients": 120, "sites": ("NO", "012", "1e3", "Zürich")}, ""),
}


@pytest.mark.parametrize("name", EVALUATED)
def test_what_can_be_analysed_ends_on_a_dossier(tmp_path: Path, name: str) -> None:
    changes, code = EVALUATED[name]
    ending = through(ended(write_study(tmp_path, **changes)), tmp_path)
    assert code in {*ending.codes, ""}
    if name.startswith("a test set"):
        assert ending.exit_code == 5
        assert "could not be computed" in str(observed(ending, "C1")["sentence"])
    if name.startswith("sites with names"):
        assert {row["site"] for row in ending.evidence["cohort"]["sites"]} == {"NO", "012", "1e3", "Zürich"}
    if name.startswith("several lesions"):
        assert ending.evidence["performance"]["patients"] * 2 == ending.evidence["cohort"]["table"]["rows"] - 2 * _trained(ending)


def _trained(ending: Ending) -> int:
    return int(ending.evidence["cohort"]["table"]["patients"]) - int(ending.evidence["performance"]["patients"])


@pytest.mark.parametrize("policy", ["adapt", "reference", "pass"])
def test_a_held_out_site_follows_the_stated_policy_and_the_dossier_says_so(tmp_path: Path, policy: str) -> None:
    reference = "reference: A, " if policy == "reference" else ""
    harmonise = f"{{{reference}unseen: {{evaluation: {policy}}}}}"
    ending = through(ended(write_study(tmp_path, sites=THREE, test=BY_SITE, harmonise=harmonise)), tmp_path)
    finding = ending.finding("SCORE-082")
    assert finding.facts["policy"] == policy
    assert finding.facts["rows"] == 26
    page = (tmp_path / "dossier" / "0001" / "dossier.html").read_text("utf-8")
    assert finding.sentence in unescape(page)
    assert ("(transductive)" in finding.sentence) == (policy == "adapt")


def test_every_measure_can_be_claimed(tmp_path: Path) -> None:
    limits = {
        "auc": "at_least: 0.6",
        "calibration_slope": "between: [0.5, 1.5]",
        "calibration_intercept": "between: [-1, 1]",
        "brier": "at_most: 0.25",
        "sensitivity": "at_least: 0.5",
        "specificity": "above: 0.5",
    }
    claims = [
        f"{{id: {measure}, primary: {str(i == 0).lower()}, measure: {measure}, {limit}}}"
        for i, (measure, limit) in enumerate(limits.items())
    ]
    others = ("clinical", "volume", "site", "prevalence")
    claims += [f"{{id: over-{other}, measure: delta_auc, against: {other}, above: 0}}" for other in others]
    claims += ["{id: elsewhere, measure: auc, on: new_site, at_least: 0.5}"]
    unseen = "{unseen: {evaluation: adapt}}"
    folder = write_study(tmp_path, patients=160, sites=("A", "B", "C", "D"), harmonise=unseen, claims=f"[{', '.join(claims)}]")
    ending = through(ended(folder), tmp_path)
    rows = {row["id"]: row for row in ending.evidence["claims"]}
    assert list(rows) == [*limits, *(f"over-{other}" for other in others), "elsewhere"]
    for name, row in rows.items():
        assert row["observed"]["value"] is not None, (name, row["observed"]["reason"])
    assert rows["over-prevalence"]["verdict"] == "supported"
    assert rows["over-prevalence"]["observed"]["value"] == pytest.approx(rows["auc"]["observed"]["value"] - 0.5)


def test_no_claim_is_undetermined(tmp_path: Path) -> None:
    ending = through(ended(write_study(tmp_path, claims="")), tmp_path)
    assert ending.exit_code == 5
    assert ending.evidence["verdict"]["sentence"].startswith("The study states no claim")


def test_twenty_thousand_columns_of_sixty_patients(tmp_path: Path) -> None:
    ending = ended(write_study(tmp_path, patients=60, features=20_000), last="lock")
    assert ending.error is None, ending.error
    assert (ending.stage, ending.exit_code) == ("lock", 0)
    assert "SIZE-051" in ending.codes


def test_the_command_line_gives_the_same_endings_without_a_traceback(tmp_path: Path) -> None:
    cases = {"a single site": (STOPPED, 1), "infinite cells": (REFUSED, 3)}
    for name, (group, code) in cases.items():
        folder = write_study(tmp_path / name, **group[name][0])
        done = run_radaudit("run", folder=folder)
        assert done.returncode == code, done.stderr
        assert group[name][1] in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
