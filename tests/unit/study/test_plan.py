"""The plan: its digest, its streams, its values for the middle, its published schema."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from radaudit.digests import digest
from radaudit.edges.study_file import load_study, plan_of_text
from radaudit.errors import StudyError
from radaudit.study.plan import Plan
from radaudit.study.reading import keys_at
from radaudit.study.schema import schema_text, study_schema

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "egfr" / "study.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_study(EXAMPLE).plan


def test_the_published_schema_is_current() -> None:
    published = ROOT / "radaudit" / "study" / "study.schema.json"
    assert published.read_text(encoding="utf-8") == schema_text()


def test_the_schema_knows_every_key_and_refuses_others() -> None:
    schema = study_schema()
    assert set(schema["properties"]) == set(keys_at(()))
    sections = [schema, *schema["$defs"].values()]
    assert all(section["additionalProperties"] is False for section in sections if section.get("type") == "object")


def test_the_document_reads_back_as_the_same_plan(plan: Plan) -> None:
    again = Plan.of(json.loads(json.dumps(plan.document())))
    assert again == plan.model_copy(update={"reporting": None})  # the form is no part of the plan
    assert again.digest == plan.digest == digest(plan.document())


def test_comments_order_and_plumbing_do_not_change_the_digest(plan: Plan) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#") and not line.startswith("seed:")]
    moved = f"seed: {plan.seed}\ntracking: {{mlflow: 'sqlite:///elsewhere.db'}}\n" + "\n".join(lines) + "\n"
    assert plan_of_text(moved).digest == plan.digest


@pytest.mark.parametrize(
    ("old", "new"), [("seed: 20261123", "seed: 20261124"), ("at_least: 0.70", "at_least: 0.71"), ("max_features: 8", "max_features: 9")]
)
def test_science_changes_the_digest(plan: Plan, old: str, new: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    assert plan_of_text(text.replace(old, new)).digest != plan.digest


def test_a_default_written_out_is_the_same_plan(plan: Plan) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert "parametric" not in text
    assert plan_of_text(text.replace("method: combat", "method: combat\n  parametric: true")).digest == plan.digest


def test_streams_of_random_numbers_depend_on_seed_and_name_only(plan: Plan) -> None:
    assert plan.rng("split").random(4).tolist() == plan.rng("split").random(4).tolist()
    assert plan.rng("split").random() != plan.rng("bootstrap").random()
    import numpy as np

    assert plan.rng("tune").random() == np.random.default_rng([plan.seed, *b"tune"]).random()


def test_the_split_key_depends_on_name_and_seed_only(plan: Plan) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert len(plan.split_key()) == 32
    assert plan_of_text(text.replace("max_features: 8", "max_features: 3")).split_key() == plan.split_key()
    assert plan_of_text(text.replace("study: egfr", "study: egfr2")).split_key() != plan.split_key()
    assert plan_of_text(text.replace("seed: 2026", "seed: 12026")).split_key() != plan.split_key()


def test_a_plan_does_not_change(plan: Plan) -> None:
    with pytest.raises(ValidationError):
        plan.seed = 3  # type: ignore[misc]


def test_roles_hold_what_harmonisation_preserves(plan: Plan) -> None:
    roles = plan.roles()
    assert roles.patient == "SubjectID"
    assert roles.covariates == ("sex", "smoking")
    assert roles.clinical == ("sex", "smoking")
    assert roles.outcome is not None
    assert (roles.outcome.column, roles.outcome.event, roles.outcome.non_event) == ("egfr-mut", "1", "0")
    assert roles.site == "site"


def test_claims_become_bounds(plan: Plan) -> None:
    first, second = plan.claimed()
    assert (first.lowest, first.highest, first.strict, first.primary) == (0.7, math.inf, False, True)
    assert (second.lowest, second.highest) == (0.8, 1.2)


def test_a_strict_claim_keeps_its_bound_out() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "measure: auc, on: test, at_least: 0.70", "measure: delta_auc, against: clinical, on: test, above: 0"
    )
    claim = plan_of_text(text).claimed()[0]
    assert (claim.lowest, claim.strict, claim.against, claim.holds(0.0)) == (0.0, True, "clinical", False)


def test_the_holdout_carries_the_key(plan: Plan) -> None:
    holdout = plan.holdout()
    assert (holdout.by, holdout.fraction, holdout.key) == ("random", 0.35, plan.split_key())


def test_a_holdout_by_date_names_the_column_of_dates() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("test: {by: random, fraction: 0.35}", "test: {by: date, fraction: 0.2}")
    holdout = plan_of_text(text.replace("roles:\n", "roles:\n  date: scanned\n")).holdout()
    assert (holdout.by, holdout.column, holdout.fraction) == ("date", "scanned", 0.2)


def test_the_pipeline_is_what_the_file_says(plan: Plan) -> None:
    pipeline = plan.pipeline()
    assert (pipeline.max_features, pipeline.redundancy, pipeline.missing_share, pipeline.inner) == (8, 0.9, 0.2, 5)
    assert pipeline.threshold.rule == "youden"
    assert pipeline.harmonise is not None
    assert (pipeline.harmonise.preserve, pipeline.harmonise.patients_per_batch) == (("sex", "smoking"), 10)
    assert (pipeline.harmonise.unseen_evaluation, pipeline.harmonise.unseen_scoring) == ("refuse", "refuse")


def test_harmonisation_can_be_left_out() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("method: combat", "method: none")
    assert plan_of_text(text).pipeline().harmonise is None


def test_development_is_what_the_file_says(plan: Plan) -> None:
    development = plan.development()
    assert (development.folds, development.repeats, development.inner, development.outer) == (5, 5, 5, "k-fold")
    assert development.leave_out == ("site",)


BINARY = 'outcome: {kind: binary, column: egfr-mut, event: "1", non_event: "0"}'
SURVIVAL = 'outcome: {kind: survival, time: t, status: s, event: "1", horizon: 730}'


def with_outcome(outcome: str, claims: str = "") -> str:
    text = EXAMPLE.read_text(encoding="utf-8").replace(BINARY, outcome)
    return text[: text.index("claims:")] + claims + text[text.index("rules:") :]


def test_a_survival_outcome_has_a_time_a_status_and_a_horizon() -> None:
    survival = plan_of_text(with_outcome(SURVIVAL, "claims: [{id: C1, primary: true, measure: c_index, at_least: 0.6}]\n"))
    outcome = survival.roles().outcome
    assert outcome is not None
    assert (outcome.kind, outcome.column, outcome.time, outcome.horizon) == ("survival", "s", "t", 730.0)
    assert survival.pipeline().max_features == 8


@pytest.mark.parametrize(
    ("outcome", "claims", "code", "hint"),
    [
        (SURVIVAL.replace(", horizon: 730", ""), "", "STUDY-130", "horizon"),
        (SURVIVAL, "claims: [{id: C1, primary: true, measure: auc, at_least: 0.6}]\n", "STUDY-131", "auc_at"),
        (BINARY, "claims: [{id: C1, primary: true, measure: c_index, at_least: 0.6}]\n", "STUDY-131", "auc"),
        ("outcome: {kind: continuous, column: y}", "claims: [{id: C1, primary: true, measure: auc, at_least: 0.6}]\n", "STUDY-131", "r2"),
        ("outcome: {kind: continuous, column: y, event: a}", "", "STUDY-026", "event"),
        (SURVIVAL.replace("}", ", competing: [1]}"), "", "STUDY-026", "another"),
        (SURVIVAL, "claims: [{id: C1, primary: true, measure: brier_at, on: new_site, at_most: 0.2}]\n", "STUDY-084", "c_index"),
    ],
)
def test_what_an_outcome_does_not_have_is_refused_with_what_it_has(outcome: str, claims: str, code: str, hint: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of_text(with_outcome(outcome, claims))
    assert caught.value.code == code
    assert hint in str(caught.value)


def test_an_editor_finds_nothing_wrong_with_the_example() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema comes with great-expectations; it plays the editor here")
    import yaml

    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    editor = jsonschema.Draft202012Validator(schema)
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    # PyYAML reads the key "on" as true (YAML 1.1); editors read YAML 1.2, where it is a word
    document["claims"] = [{"on" if key is True else key: value for key, value in claim.items()} for claim in document["claims"]]
    assert list(editor.iter_errors(document)) == []
    short = document | {"tables": {"features": "data/f.csv"}, "threshold": {"rule": "fixed", "value": 0.5}}
    short["roles"] = document["roles"] | {"site": "hospital", "batch": "scanner", "outcome": {"column": "relapse", "event": 1}}
    assert list(editor.iter_errors(short)) == []
    assert [error.validator for error in editor.iter_errors(document | {"treshold": 1})] == ["additionalProperties"]
