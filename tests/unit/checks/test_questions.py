"""Every question fails on the damage it looks for and passes on an honest table."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.checks.ask import QUESTIONS, ask, joined, site_lines
from radaudit.checks.columns import mixed_discretisations
from radaudit.checks.outcome import many_coefficients
from radaudit.checks.profile import profile
from radaudit.checks.rules import CheckRules
from radaudit.codes import answer
from radaudit.errors import DesignError, StudyError
from radaudit.findings import Finding, Severity, Verdict
from radaudit.tables import FeatureTable, Roles
from tests.unit.checks.planted import CASES, DAMAGES, Damage, damaged, honest


def by_code(table: FeatureTable) -> dict[str, Finding]:
    return {finding.code: finding for finding in ask(table)}


def test_an_honest_table_fails_no_question() -> None:
    assert [finding.code for finding in ask(honest().table()) if finding.failed] == []


def test_every_question_has_a_planted_damage() -> None:
    assert set(DAMAGES) == {finding.code for finding in ask(honest().table())} - {"FEAT-007", "SIZE-052"}
    assert len(QUESTIONS) == len(DAMAGES)


@pytest.mark.parametrize(("code", "damage"), CASES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(CASES)])
def test_a_planted_damage_is_found(code: str, damage: Damage) -> None:
    finding = by_code(damaged(damage))[code]
    assert finding.failed
    assert finding.title
    assert finding.why
    assert finding.fix
    assert any(letter.isdigit() for letter in finding.sentence)


@pytest.mark.parametrize(("code", "damage"), CASES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(CASES)])
def test_what_may_be_published_names_no_patient(code: str, damage: Damage) -> None:
    table = damaged(damage)
    ids = set(table.patients)
    for finding in ask(table):
        public = repr(finding.public())
        assert not [patient for patient in ids if patient in public], finding.code


def test_repeated_patients_are_told_apart_by_identical_and_differing_rows() -> None:
    draft = honest()
    draft.patients[1] = draft.patients[0]
    draft.patients[4] = draft.patients[3]
    draft.values[4] = draft.values[3]
    finding = by_code(draft.table())["ID-001"]
    assert (finding.facts["patients"], finding.facts["identical"], finding.facts["differing"]) == (2, 1, 1)
    assert {row["differ"] for row in finding.local} == {"0", "8"}
    assert finding.severity is Severity.BLOCKING


def test_several_regions_of_one_patient_are_no_repetition_if_the_study_has_units() -> None:
    draft = honest()
    draft.patients[1] = draft.patients[0]
    draft.roles = Roles(patient="patient_id", unit="lesion", site="hospital")
    draft.units = [f"L{i}" for i in range(len(draft.patients))]
    assert not by_code(draft.table())["ID-001"].failed


def test_rows_without_values_are_ghosts_and_not_duplicates() -> None:
    draft = honest()
    draft.values[[3, 8]] = np.nan
    answers = by_code(draft.table())
    assert answers["FEAT-058"].facts["rows"] == 2
    assert not answers["ID-050"].failed


def test_missing_values_must_be_missing_in_both_copies() -> None:
    draft = honest()
    draft.values[5] = draft.values[0]
    draft.values[5, 3] = np.nan
    assert not by_code(draft.table())["ID-050"].failed
    draft.values[0, 3] = np.nan
    assert by_code(draft.table())["ID-050"].failed


def test_equal_rows_of_two_features_prove_nothing() -> None:
    draft = honest(p=2)
    draft.values[5] = draft.values[0]
    assert by_code(draft.table())["ID-050"].verdict is Verdict.NOT_APPLICABLE


def test_a_small_site_without_events_is_small_and_not_confounded() -> None:
    draft = honest()
    draft.sites[0:3] = ["PORTO"] * 3
    draft.outcome[0:3] = 0.0
    answers = by_code(draft.table())
    assert answers["SIZE-002"].concerns == ("PORTO",)
    assert not answers["CONF-002"].failed
    assert answers["CONF-002"].facts["empty"] == ["PORTO"]


def test_two_sites_that_are_the_outcome_are_both_confounded() -> None:
    draft = honest()
    draft.sites = ["A" if event else "B" for event in draft.outcome]
    answers = by_code(draft.table())
    assert answers["CONF-002"].concerns == ("A", "B")
    assert answers["CONF-001"].facts["site_only_auc"] == 1.0


def test_the_unit_finding_names_site_feature_and_power_of_ten() -> None:
    draft = honest()
    draft.values[[site == "OSLO" for site in draft.sites], 3] *= 1000
    finding = by_code(draft.table())["FEAT-055"]
    assert finding.concerns == ("OSLO",)
    assert finding.facts["features"] == ["feature_3"]
    assert abs(float(finding.local[0]["power_of_ten"]) - 3) < 0.3


def test_the_cell_that_lost_its_decimal_mark_is_listed_locally() -> None:
    draft = honest()
    draft.values[7, 3] *= 1e6
    (cell,) = by_code(draft.table())["FEAT-057"].local
    assert (cell["patient"], cell["feature"]) == (draft.patients[7], "feature_3")
    draft.values[7, 3] *= -1
    assert by_code(draft.table())["FEAT-057"].failed


def test_a_table_of_one_site_asks_nothing_about_sites() -> None:
    draft = honest()
    draft.sites = ["LYON"] * len(draft.sites)
    answers = by_code(draft.table())
    assert {
        code for code in ("CONF-001", "CONF-002", "FEAT-010", "FEAT-055", "FEAT-056") if answers[code].verdict is Verdict.NOT_APPLICABLE
    } == {
        "CONF-001",
        "CONF-002",
        "FEAT-010",
        "FEAT-055",
        "FEAT-056",
    }


@pytest.mark.parametrize(("n", "p"), [(0, 0), (0, 3), (1, 3), (3, 0), (3, 1)])
def test_tables_of_hardly_any_row_or_column_get_answers_and_no_traceback(n: int, p: int) -> None:
    answers = {finding.code: finding for finding in ask(honest(max(n, 3), max(p, 1)).table() if n > 2 and p else _tiny(n, p))}
    assert answers["SIZE-050"].failed


def _tiny(n: int, p: int) -> FeatureTable:
    return FeatureTable.of(
        roles=Roles(patient="id"),
        patients=[f"P{i}" for i in range(n)],
        features=[f"f{j}" for j in range(p)],
        values=np.full((n, p), np.nan),
        outcome=np.zeros(n),
    )


def test_discretisations_mixed_within_a_family_are_told() -> None:
    class Named:
        def __init__(self, name: str, family: str, discretisation: str) -> None:
            self.name, self.family, self.discretisation = name, family, discretisation

    one = [Named("a", "glcm", "FBS 25"), Named("b", "glcm", "FBS 25"), Named("v", "shape", "")]
    assert mixed_discretisations(one).verdict is Verdict.PASSED
    assert mixed_discretisations([*one, Named("c", "glcm", "FBS 10")]).facts["families"] == ["glcm"]
    assert mixed_discretisations([*one, Named("c", "ivh", "FBN 64")]).verdict is Verdict.PASSED
    assert mixed_discretisations([Named("v", "shape", "")]).verdict is Verdict.NOT_RUN
    assert mixed_discretisations([]).facts["needs"]


def test_a_signature_may_hold_one_feature_for_ten_events() -> None:
    profiles = profile(honest().table())
    assert not many_coefficients(profiles, 4).failed
    assert many_coefficients(profiles, 5).failed
    assert many_coefficients(profiles, 5).fix == "model: {max_features: 4}"
    assert many_coefficients(profiles, None).verdict is Verdict.NOT_RUN


def test_profiles_of_another_table_are_refused() -> None:
    with pytest.raises(DesignError) as caught:
        ask(honest().table(), profiles=profile(honest(seed=2).table()))
    assert caught.value.code == "LEDGER-001"


def test_the_table_by_site_shows_the_worst_finding_of_each_site() -> None:
    draft = honest()
    draft.sites[0:5] = ["PORTO"] * 5
    draft.values[[site == "OSLO" for site in draft.sites], 2] = 3.5
    table = draft.table()
    known = profile(table)
    verdicts = {row.site: row.verdict for row in site_lines(known, ask(table, profiles=known))}
    assert verdicts == {"GHENT": "ok", "LYON": "ok", "OSLO": "warn", "PORTO": "warn"}
    blocking = answer("SIZE-001", Verdict.FAILED, "PORTO has 1 row.", concerns=("PORTO",))
    assert {row.site: row.verdict for row in site_lines(known, [blocking])} == {"GHENT": "ok", "LYON": "ok", "OSLO": "ok", "PORTO": "FAIL"}
    assert sum(row.people.patients for row in known.sites) == len(table)


def test_a_shipped_suite_is_a_second_opinion_and_a_study_suite_stays_its_own() -> None:
    ours = answer("FEAT-003", Verdict.PASSED, "Fine.")
    theirs = answer("FEAT-003", Verdict.FAILED, "Not fine.", scope="expectations/feature_profile/shipped")
    own = answer("FEAT-003", Verdict.FAILED, "Stricter.", scope="study/expectations/feature_profile/own")
    found = joined([ours], [theirs, own])
    assert len(found) == 2
    (merged,) = [finding for finding in found if "suite" in finding.facts]
    assert merged.failed
    assert merged.sentence == "Not fine."
    assert own in found


def test_rules_are_numbers_and_unknown_ones_are_refused_by_name() -> None:
    assert CheckRules.of({"patients_per_site": 5, "test_openings": 1}).patients_per_site == 5
    for bad in (-1, True, "many"):
        with pytest.raises(StudyError):
            CheckRules.of({"missing_share": bad})  # type: ignore[dict-item]
    with pytest.raises(StudyError) as caught:
        CheckRules().parameter("missing_shard")
    assert caught.value.near == "missing_share"
