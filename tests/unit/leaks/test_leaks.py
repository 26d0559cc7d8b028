"""Every leak check: a leaky, an honest and a not-applicable case, and silence is a gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radaudit.codes import all_codes
from radaudit.findings import Finding, Severity, Verdict
from radaudit.leaks.audit import CHECKS, audit, proved
from radaudit.leaks.case import Case
from radaudit.ledger import Exposure, Ledger, Step
from radaudit.measures.estimate import Estimate
from radaudit.splits.holdout import Split
from radaudit.tables import FeatureTable, Outcome, Roles, Rows

N, HELD = 40, 12
FITS = {
    "LEAK-002": "harmonise.fit",
    "LEAK-003": "scale.fit",
    "LEAK-004": "select.fit",
    "LEAK-006": "impute.fit",
    "LEAK-007": "tune",
    "LEAK-008": "threshold.fit",
    "LEAK-009": "model.fit",
}
PLAN, LOCK = "a" * 64, "b" * 64


@dataclass
class Draft:
    """What a case is made of, so that a test can change one thing."""

    table: FeatureTable
    split: Split
    steps: list[Step]
    extra: dict[str, object]

    def case(self) -> Case:
        return Case(table=self.table, split=self.split, ledger=Ledger(tuple(self.steps)), **self.extra)  # type: ignore[arg-type]

    def replace_step(self, name: str, **changes: object) -> None:
        self.steps = [replace(step, **changes) if step.name == name else step for step in self.steps]  # type: ignore[arg-type]

    def drop(self, *names: str) -> None:
        self.steps = [step for step in self.steps if step.name not in names]


def table(values: np.ndarray | None = None, patients: list[str] | None = None, **more: object) -> FeatureTable:
    rng = np.random.default_rng(4)
    given_values = rng.normal(size=(N, 6)) if values is None else values
    return FeatureTable.of(
        roles=Roles(patient="id", site="site", outcome=Outcome(kind="binary", column="y", event="1"), volume="volume"),
        patients=patients or [f"P{i:03d}" for i in range(N)],
        features=[f"f{j}" for j in range(given_values.shape[1])],
        values=given_values,
        outcome=np.arange(N) % 2,
        sites=more.pop("sites", None) or ["A" if i % 3 else "B" for i in range(N)],  # type: ignore[arg-type]
        facts={"volume": [str(float(v)) for v in rng.lognormal(size=N)]},
    )


def split_of(known: FeatureTable) -> Split:
    return Split(training=Rows.of(known.digest, range(N - HELD)), holdout=Rows.of(known.digest, range(N - HELD, N)), by="column")


def honest(known: FeatureTable | None = None) -> Draft:
    """Return a study that did everything right: fits on training rows, lock, one opening under the plan."""
    known = known or table()
    parts = split_of(known)
    used = {"plan": PLAN}
    saw = Exposure(rows=parts.training, roles=("features", "batch", "covariates"))
    with_outcome = Exposure(rows=parts.training, roles=("features", "outcome"))
    steps = [Step(name="intake", saw=Exposure(rows=known.rows, roles=("features", "outcome"))), Step(name="split", used=used)]
    steps += [Step(name=name, used=used, saw=saw) for name in ("harmonise.fit", "impute.fit", "scale.fit")]
    steps += [Step(name=name, used=used, saw=with_outcome) for name in ("select.fit", "tune", "resample", "model.fit", "threshold.fit")]
    steps += [Step(name="lock", used=used, made={"signature": LOCK}), Step(name="open", used=used | {"signature": LOCK})]
    steps += [Step(name="evaluate", used=used, saw=Exposure(rows=parts.holdout, roles=("features", "outcome")))]
    score = np.random.default_rng(9).normal(size=N)
    return Draft(known, parts, steps, {"plan": PLAN, "score": score, "site_auc": Estimate(value=0.52, low=0.40, high=0.64)})


def asked(draft: Draft) -> dict[str, Finding]:
    return {finding.code: finding for finding in audit(draft.case())}


def test_an_honest_study_passes_every_check() -> None:
    found = asked(honest())
    assert {code: str(finding.verdict) for code, finding in found.items()} == dict.fromkeys(found, "passed")
    assert proved(tuple(found.values())) == ()


def test_there_is_one_check_for_every_code_and_each_asks_a_question() -> None:
    codes = [check.CODE for check in CHECKS]
    assert codes == sorted(code for code in all_codes() if code.startswith("LEAK-0") and all_codes()[code].part == "leaks")
    assert all(check.QUESTION.endswith("?") for check in CHECKS)
    for finding in audit(honest().case()):
        assert str(finding.facts["question"]).endswith("?")
        assert isinstance(finding.facts["number"], int | float)


def test_an_empty_record_is_a_gap_and_never_an_alibi() -> None:
    draft = honest()
    draft.steps, draft.extra = [], {}
    found = asked(draft)
    silent = {code for code, finding in found.items() if finding.verdict is Verdict.NOT_RUN}
    assert silent == set(found) - {"LEAK-001", "LEAK-012"}
    assert all(found[code].facts["needs"] for code in silent)


@pytest.mark.parametrize(("code", "name"), FITS.items())
def test_a_fit_that_saw_one_holdout_row_leaks(code: str, name: str) -> None:
    draft = honest()
    one = Rows.of(draft.table.digest, [*draft.split.training, N - 1])
    draft.replace_step(name, saw=Exposure(rows=one, roles=("features",)))
    found = asked(draft)
    assert found[code].failed
    assert found[code].severity is Severity.BLOCKING
    assert (found[code].facts["patients"], found[code].facts["rows"]) == (1, 1)
    assert found[code].local == ({"patient": f"P{N - 1:03d}"},)
    assert [finding.code for finding in proved(tuple(found.values()))] == [code]


@pytest.mark.parametrize(("code", "name"), FITS.items())
def test_a_fit_the_plan_does_not_have_is_not_applicable(code: str, name: str) -> None:
    draft = honest()
    draft.drop(name, "resample")
    assert asked(draft)[code].verdict is Verdict.NOT_RUN
    draft.extra["without"] = (name,)
    assert asked(draft)[code].verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(("code", "name"), FITS.items())
def test_a_fit_that_recorded_nothing_is_a_gap_unless_another_one_leaks(code: str, name: str) -> None:
    draft = honest()
    draft.replace_step(name, saw=None)
    assert asked(draft)[code].verdict is Verdict.NOT_RUN
    draft.steps.append(Step(name=name, saw=Exposure(rows=draft.split.holdout, roles=("features",))))
    assert asked(draft)[code].failed


def test_rows_of_another_table_prove_nothing() -> None:
    draft = honest()
    draft.replace_step("model.fit", saw=Exposure(rows=Rows.of("c" * 64, range(3)), roles=("features",)))
    assert asked(draft)["LEAK-009"].verdict is Verdict.NOT_RUN


def test_a_resample_that_saw_the_holdout_counts_as_tuning() -> None:
    draft = honest()
    draft.replace_step("resample", saw=Exposure(rows=draft.table.rows, roles=("features", "outcome")))
    assert asked(draft)["LEAK-007"].facts["rows"] == HELD


@pytest.mark.parametrize("role", ["outcome", "time"])
def test_a_harmonisation_that_saw_the_outcome_leaks_even_on_training_rows(role: str) -> None:
    draft = honest()
    draft.replace_step("harmonise.fit", saw=Exposure(rows=draft.split.training, roles=("features", "batch", role)))
    found = asked(draft)
    assert found["LEAK-005"].failed
    assert not found["LEAK-002"].failed


def test_the_outcome_in_harmonisation_is_not_applicable_without_harmonisation() -> None:
    draft = honest()
    draft.drop("harmonise.fit")
    assert asked(draft)["LEAK-005"].verdict is Verdict.NOT_RUN
    draft.extra["without"] = ("harmonise.fit",)
    assert asked(draft)["LEAK-005"].verdict is Verdict.NOT_APPLICABLE
    draft.steps.append(Step(name="harmonise.fit"))
    assert asked(draft)["LEAK-005"].verdict is Verdict.NOT_RUN


def test_a_patient_on_both_sides_is_found_although_the_id_is_written_differently() -> None:
    people = [f"P{i:03d}" for i in range(N - 1)]
    found = asked(honest(table(patients=[*people, "p0 00"])))["LEAK-001"]
    assert found.failed
    assert found.facts["patients"] == 1
    assert found.local == ({"patient": "p0 00", "as": "P000"},)


def test_an_empty_side_has_no_patient_in_common() -> None:
    draft = honest()
    draft.split = Split(training=draft.table.rows, holdout=Rows.of(draft.table.digest, []), by="column")
    found = asked(draft)
    assert found["LEAK-001"].verdict is Verdict.NOT_APPLICABLE
    assert found["LEAK-010"].verdict is Verdict.NOT_APPLICABLE


def _second_opening(draft: Draft) -> None:
    draft.steps.append(Step(name="open", used={"plan": PLAN}))


def _before_lock(draft: Draft) -> None:
    draft.steps.insert(3, Step(name="open", used={"plan": PLAN}))
    draft.extra["allowed"] = 2


def _no_lock(draft: Draft) -> None:
    draft.drop("lock")


def _without_opening(draft: Draft) -> None:
    draft.drop("open")


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (_second_opening, Severity.MAJOR),
        (_before_lock, Severity.BLOCKING),
        (_no_lock, Severity.BLOCKING),
        (_without_opening, Severity.BLOCKING),
    ],
)
def test_openings_too_many_too_early_or_unannounced_are_found(change: Callable[[Draft], None], severity: Severity) -> None:
    draft = honest()
    change(draft)
    found = asked(draft)["LEAK-010"]
    assert found.failed
    assert found.severity is severity


def test_a_second_opening_is_fine_where_two_are_allowed() -> None:
    draft = honest()
    _second_opening(draft)
    draft.extra["allowed"] = 2
    assert not asked(draft)["LEAK-010"].failed


def test_a_plan_changed_after_the_opening_is_found_in_a_step_and_in_the_plan_of_today() -> None:
    draft = honest()
    draft.steps.append(Step(name="evaluate", used={"plan": "d" * 64}))
    assert asked(draft)["LEAK-011"].facts["later"] == ["d" * 64]
    draft = honest()
    draft.extra["plan"] = "e" * 64
    assert asked(draft)["LEAK-011"].failed


def test_a_plan_changed_before_the_opening_is_none_of_this_checks_business() -> None:
    draft = honest()
    draft.replace_step("split", used={"plan": "f" * 64})
    assert not asked(draft)["LEAK-011"].failed
    draft.drop("open")
    assert asked(draft)["LEAK-011"].verdict is Verdict.NOT_APPLICABLE
    draft = honest()
    draft.replace_step("open", used={})
    assert asked(draft)["LEAK-011"].verdict is Verdict.NOT_RUN


def test_one_image_on_both_sides_is_found_and_named_only_locally() -> None:
    values = np.random.default_rng(4).normal(size=(N, 6))
    values[N - 2] = values[3]
    found = asked(honest(table(values)))["LEAK-012"]
    assert found.failed
    assert found.local == ({"holdout": f"P{N - 2:03d}", "training": "P003", "site": "A"},)
    assert "P003" not in repr(found.public())


def test_rows_without_values_are_not_one_image() -> None:
    values = np.random.default_rng(4).normal(size=(N, 6))
    values[[3, N - 2]] = np.nan
    assert not asked(honest(table(values)))["LEAK-012"].failed


def test_identical_rows_of_two_features_are_not_applicable() -> None:
    values = np.random.default_rng(4).normal(size=(N, 2))
    assert asked(honest(table(values)))["LEAK-012"].verdict is Verdict.NOT_APPLICABLE


def test_a_site_that_predicts_the_outcome_is_found() -> None:
    draft = honest()
    draft.extra["site_auc"] = Estimate(value=0.72, low=0.68, high=0.77)
    draft.extra["auc"] = Estimate(value=0.67, low=0.6, high=0.7)
    found = asked(draft)["LEAK-013"]
    assert found.failed
    assert (found.facts["site_auc"], found.facts["auc"]) == (0.72, 0.67)
    draft.extra["site_auc"] = Estimate(value=None, reason="one class")
    assert asked(draft)["LEAK-013"].verdict is Verdict.NOT_RUN


def test_a_single_site_cannot_predict() -> None:
    assert asked(honest(table(sites=["A"] * N)))["LEAK-013"].verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("turn", [1.0, -1.0])
def test_a_score_that_orders_patients_like_volume_is_found(turn: float) -> None:
    draft = honest()
    volume = draft.table.numbers("volume")
    assert volume is not None
    draft.extra["score"] = turn * np.exp(volume)
    draft.extra["volume_auc"] = draft.extra["auc"] = Estimate(value=0.7, low=0.6, high=0.8)
    found = asked(draft)["LEAK-014"]
    assert found.failed
    np.testing.assert_allclose(float(found.facts["rho"]), turn)  # type: ignore[arg-type]
    assert found.facts["volume_auc"] == 0.7


def test_volume_is_not_applicable_to_a_constant_score_and_a_gap_without_scores() -> None:
    draft = honest()
    draft.extra["score"] = np.zeros(N)
    assert asked(draft)["LEAK-014"].verdict is Verdict.NOT_APPLICABLE
    draft.extra["score"] = None
    assert asked(draft)["LEAK-014"].facts["needs"] == "scores of the rows"


@given(st.sets(st.integers(0, N - 1)), st.sampled_from(sorted(FITS.items())))
def test_a_fit_leaks_exactly_if_it_saw_a_holdout_row(seen: set[int], fit: tuple[str, str]) -> None:
    code, name = fit
    draft = honest()
    draft.replace_step(name, saw=Exposure(rows=Rows.of(draft.table.digest, seen), roles=("features",)))
    found = asked(draft)[code]
    assert found.failed == any(i >= N - HELD for i in seen)
    assert found.facts["rows"] == sum(i >= N - HELD for i in seen)


def test_what_may_be_published_names_no_patient() -> None:
    draft = honest()
    draft.steps = [replace(step, saw=Exposure(rows=draft.table.rows, roles=("features", "outcome"))) for step in draft.steps]
    for finding in audit(draft.case()):
        assert not [patient for patient in draft.table.patients if patient in repr(finding.public())]
