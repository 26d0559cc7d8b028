"""Great Expectations run for real: every shipped expectation can fail and pass, and agrees with the question asked in numpy."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radaudit.checks.ask import ask
from radaudit.checks.profile import KINDS, profile
from radaudit.checks.rules import CheckRules
from radaudit.codes import all_codes
from radaudit.edges.expectations import run_suites
from radaudit.edges.shipped import shipped
from radaudit.edges.suites import read_suites
from radaudit.errors import StudyError
from radaudit.findings import Finding, Severity, Verdict
from radaudit.tables import FeatureTable
from tests.unit.checks.planted import CASES, DAMAGES, Damage, damaged, honest

RULES = CheckRules()
ONLY_JUDGED = {
    "OUT-040",
    "OUT-041",
    "FEAT-140",
    "FEAT-141",
    "FEAT-142",
    "FEAT-143",
    "FEAT-150",
    "FEAT-151",
    "FEAT-160",
    "FEAT-170",
    "FEAT-171",
}
JUDGED = {item.code for suite in read_suites(RULES) for item in suite.expected}


def judged(table: FeatureTable, folder: Path | None = None) -> dict[str, Finding]:
    return {finding.code: finding for finding in run_suites(profile(table), RULES, folder)}


def own(folder: Path, *expectations: dict[str, object], what: str = "feature_profile", name: str = "own") -> Path:
    (folder / what).mkdir(parents=True, exist_ok=True)
    (folder / what / f"{name}.json").write_text(json.dumps({"name": name, "expectations": list(expectations)}), encoding="utf-8")
    return folder


def between(column: str, **kwargs: object) -> dict[str, object]:
    return {"type": "expect_column_values_to_be_between", "kwargs": {"column": column, **kwargs}}


def test_the_shipped_suites_are_plain_data_with_a_code_and_a_why() -> None:
    assert {suite.what for suite in read_suites(RULES)} == set(KINDS)
    for file in shipped("expectations").glob("*/*.json"):
        document = json.loads(file.read_text(encoding="utf-8"))
        assert set(document) == {"name", "meta", "expectations"}
        assert document["name"] == f"{file.parent.name}/{file.stem}"
        for item in document["expectations"]:
            assert set(item) == {"type", "kwargs", "meta"}, "no ids, no versions: the files do not churn"
            assert item["meta"]["code"] in all_codes()
            assert item["meta"]["why"].endswith(".")
            assert item["meta"]["says"]


def test_an_honest_table_is_as_every_suite_expects() -> None:
    found = judged(honest().table())
    assert [finding.code for finding in found.values() if finding.failed] == []
    assert set(found) == JUDGED
    assert set(DAMAGES) | ONLY_JUDGED == set(DAMAGES) | JUDGED


JUDGED_CASES = [(code, damage) for code, damage in CASES if code in JUDGED]


@pytest.mark.parametrize(("code", "damage"), JUDGED_CASES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(JUDGED_CASES)])
def test_every_expectation_fails_on_its_damage_and_agrees_with_the_question(code: str, damage: Damage) -> None:
    table = damaged(damage)
    asked = {finding.code: finding for finding in ask(table)}
    found = judged(table)
    assert found[code].failed
    for finding in found.values():
        assert finding.code in ONLY_JUDGED or finding.failed == asked[finding.code].failed, finding.code
        assert not finding.sentence.count("$")
        assert finding.scope.startswith("expectations/")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([damage for _, damage in CASES]), max_size=5), st.integers(0, 50))
def test_suites_and_questions_agree_on_any_heap_of_damages(damages: list[Damage], seed: int) -> None:
    draft = honest(seed=seed, p=9)
    with np.errstate(all="ignore"):
        for damage in sorted(damages, key=lambda damage: damage in DAMAGES["SIZE-050"]):  # rows leave last: other damages name rows
            damage(draft)
    table = draft.table()
    asked = {finding.code: finding for finding in ask(table)}
    for finding in judged(table).values():
        assert finding.code in ONLY_JUDGED or finding.failed == asked[finding.code].failed, finding.code


@pytest.mark.parametrize("damage", [damage for code in ("ID-001", "ID-050", "FEAT-058") for damage in DAMAGES[code]])
def test_rows_are_known_by_number_and_only_locally(damage: Damage) -> None:
    table = damaged(damage)
    failed = [finding for finding in judged(table).values() if finding.failed and "rows" in finding.scope]
    assert failed
    for finding in failed:
        assert "names" not in finding.facts
        assert finding.local
        assert not [patient for patient in table.patients if patient in repr(finding)]


def test_failing_features_and_sites_are_named() -> None:
    draft = honest()
    draft.values[[site == "OSLO" for site in draft.sites], 2] = 3.5
    draft.values[:40, 5] = float("nan")
    found = judged(draft.table())
    assert found["FEAT-003"].facts["names"] == ["feature_5"]
    assert found["FEAT-010"].concerns == ("OSLO",)
    assert found["FEAT-003"].sentence == "1 of 8 features are missing in more than 0.2 of the rows: feature_5."


def test_the_rules_of_the_study_decide() -> None:
    draft = honest()
    draft.values[:20, 5] = float("nan")
    known = profile(draft.table())
    for limit, fails in ((0.1, True), (0.2, False)):
        found = {finding.code: finding for finding in run_suites(known, CheckRules(missing_share=limit))}
        assert found["FEAT-003"].failed is fails


def test_a_table_of_one_site_and_no_clinical_column_leaves_suites_without_anything_to_judge() -> None:
    draft = honest()
    draft.sites, draft.facts = ["LYON"] * len(draft.sites), {}
    found = judged(draft.table())
    assert found["FEAT-055"].verdict is Verdict.NOT_APPLICABLE
    assert found["FEAT-059"].verdict is Verdict.NOT_APPLICABLE
    assert found["SITE-050"].failed


def test_a_suite_of_the_study_is_added_under_its_own_code(tmp_path: Path) -> None:
    folder = own(tmp_path, between("maximum", max_value=0) | {"severity": "critical", "meta": {"says": "$count of $judged are above zero"}})
    found = judged(honest().table(), folder)["FEAT-069"]
    assert found.failed
    assert found.severity is Severity.BLOCKING
    assert found.scope == "study/expectations/feature_profile/own"
    assert found.sentence == "8 of 8 are above zero."


def test_a_suite_of_the_study_may_be_stricter_with_a_known_code(tmp_path: Path) -> None:
    folder = own(tmp_path, between("missing_share", max_value="$tail_share") | {"meta": {"code": "FEAT-003"}})
    draft = honest()
    draft.values[:10, 5] = float("nan")
    found = [finding for finding in run_suites(profile(draft.table()), RULES, folder) if finding.code == "FEAT-003"]
    assert sorted(finding.failed for finding in found) == [False, True]


@pytest.mark.parametrize(
    ("expectation", "code", "near"),
    [
        (between("missing_shares", max_value=1), "STUDY-055", "missing_share"),
        (between("missing_share", max_value="$missing_shares"), "STUDY-054", "missing_share"),
        (between("missing_share", max_value=1) | {"meta": {"code": "FEAT-0003"}}, "STUDY-057", None),
        ({"type": "expect_column_values_to_be_betwen", "kwargs": {"column": "mean"}}, "STUDY-053", "expect_column_values_to_be_between"),
        ({"type": "unexpected_rows_expectation", "kwargs": {}}, "STUDY-053", None),
        (between("missing_share", max_value=1, row_condition="@x"), "STUDY-053", None),
        (between("missing_share", max_value=1) | {"colour": "red"}, "STUDY-053", None),
        (between("missing_share"), "STUDY-056", None),
        (between("missing_share", max_value=1, lowest=2), "STUDY-056", None),
        (between("feature", max_value=1), "STUDY-056", None),
        ({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "feature", "regex": "("}}, "STUDY-056", None),
        ({"kwargs": {}}, "STUDY-053", None),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused(tmp_path: Path, expectation: dict[str, object], code: str, near: str | None) -> None:
    with pytest.raises(StudyError) as caught:
        judged(honest().table(), own(tmp_path, expectation))
    assert caught.value.code == code
    if near:
        assert caught.value.near == near


def test_a_suite_at_a_wrong_place_or_with_two_equal_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        judged(honest().table(), own(tmp_path / "a", what="feature_profiles"))
    assert (caught.value.code, caught.value.near) == ("STUDY-053", "feature_profile")
    (tmp_path / "b" / "rows").mkdir(parents=True)
    (tmp_path / "b" / "rows" / "x.json").write_text('{"expectations": [], "expectations": []}', encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        judged(honest().table(), tmp_path / "b")
    assert caught.value.code == "STUDY-053"


def test_judging_is_silent_and_writes_no_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    judged(damaged(DAMAGES["FEAT-055"][0]))
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
    assert logging.getLogger("great_expectations").propagate


def test_importing_early_in_a_thread_gives_the_same_answers_and_no_warning() -> None:
    code = (
        "from radaudit.edges.expectations import run_suites, warm_up; thread = warm_up();"
        "from tests.unit.checks.planted import honest; from radaudit.checks.profile import profile;"
        "from radaudit.checks.rules import CheckRules;"
        "found = run_suites(profile(honest().table()), CheckRules()); thread.join(); print(len(found), sum(f.failed for f in found))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(JUDGED)), "0"]
    assert done.stderr == ""
