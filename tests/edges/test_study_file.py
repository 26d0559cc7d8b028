"""study.yaml: what survives the reading, and every mistake with its code, its line, its near match and its fix."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from radaudit.codes import all_codes
from radaudit.edges.study_file import LARGEST, load_study, plan_of_text
from radaudit.errors import StudyError
from radaudit.study.plan import Plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "egfr" / "study.yaml"

SMALL = """\
schema: radaudit/study/1
study: small
tables:
  features: {file: data/f.csv}
  clinical: {file: data/c.csv}
roles:
  subject: patient
  site: hospital
  outcome: {kind: binary, column: relapse, event: 1, non_event: 0}
  covariates: [age, sex]
split:
  test: {by: random, fraction: 0.3}
claims:
  - {id: C1, primary: true, measure: auc, on: test, at_least: 0.7}
"""


def refused(text: str) -> StudyError:
    with pytest.raises(StudyError) as caught:
        plan_of_text(text)
    return caught.value


def only(text: str) -> StudyError:
    error = refused(text)
    assert [problem.code for problem in error.problems] == [error.code]
    return error


def changed(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new)


def test_the_example_study_loads() -> None:
    study = load_study(EXAMPLE)
    assert study.plan.columns.site is not None
    assert study.plan.columns.site.pattern == "^[A-Z0-9]+"
    assert study.plan.columns.outcome.event == "1"
    assert study.plan.harmonise.merge == {"OTHER": ("Philips", "0", "TOSHIBA")}
    assert study.sha256 == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert study.text == EXAMPLE.read_text(encoding="utf-8")
    assert study.folder == EXAMPLE.parent


def test_a_folder_stands_for_its_study_file() -> None:
    assert load_study(EXAMPLE.parent).plan == load_study(EXAMPLE).plan


@pytest.mark.parametrize(
    "name", ["NO", "012", "1e3", "on", "007", "0x1F", "1_000", "12:30:45", "2024-01-01", "null", "~", "Zürich", "St. Olav", ".5"]
)
def test_a_site_name_survives_as_it_is_written(name: str) -> None:
    plan = plan_of_text(
        changed("test: {by: random, fraction: 0.3}", f"test: {{by: site, sites: [{name}]}}")
        + "harmonise: {unseen: adapt, keep: [x]}\n".replace("unseen: adapt", f"merge: {{A: [{name}, B]}}, unseen: {{evaluation: adapt}}")
    )
    assert plan.split.test.sites == (name,)
    assert plan.harmonise.merge["A"] == (name, "B")
    assert plan.holdout().sites == (name,)


def test_short_forms_mean_the_long_ones() -> None:
    long = changed("features: {file: data/f.csv}", "features: [{file: data/f.csv}]")
    long = changed("clinical: {file: data/c.csv}", "clinical: [{file: data/c.csv}]", long)
    long = changed("subject: patient", "subject: {column: patient}", long)
    long = changed("site: hospital", "site: {from: hospital}\n  batch: [scanner]", long)
    short = changed("features: {file: data/f.csv}", "features: data/f.csv")
    short = changed("site: hospital", "site: hospital\n  batch: scanner", short)
    assert plan_of_text(long) == plan_of_text(short)
    assert plan_of_text(long).digest == plan_of_text(short).digest


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    study = load_study(tmp_path)
    assert study.plan == plan_of_text(SMALL)
    assert study.text == SMALL


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (SMALL.encode("utf-16"), "STUDY-002"),
        (SMALL.replace("small", "sm\xe4ll").encode("latin-1"), "STUDY-002"),
        (b"", "STUDY-002"),
        (b"just a sentence", "STUDY-002"),
        (b"- a\n- b\n", "STUDY-002"),
        (b"a: [1, 2\nb: 3\n", "STUDY-002"),
        (b"a:\n\t- b\n", "STUDY-002"),
        (SMALL.encode() + b"---\na: b\n", "STUDY-002"),
        (b"study: a\x1bb\n", "STUDY-011"),
        (b"#" * (LARGEST + 1), "STUDY-005"),
        (b"a: " + b"[" * 500 + b"]" * 500, "STUDY-005"),
        (b"a: " + b"{a: " * 400 + b"1" + b"}" * 400, "STUDY-005"),
    ],
)
def test_a_file_that_is_no_study_file_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "study.yaml").write_bytes(data)
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert caught.value.code == code


def test_a_missing_file_names_the_study_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "stduy.yaml").write_text(SMALL)
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "study.yaml")
    assert caught.value.code == "STUDY-002"
    assert "stduy.yaml" in str(caught.value.found)


def test_a_typo_names_the_nearest_key_and_its_line() -> None:
    error = only(SMALL + "treshold: {rule: youden}\n")
    assert (error.code, error.near, error.facts["line"]) == ("STUDY-001", "threshold", 15)
    assert error.what == 'study.yaml:15 unknown key "treshold", did you mean "threshold"?'


def test_a_typo_of_a_needed_key_is_one_problem_not_two() -> None:
    error = only(changed("subject: patient", "subjct: patient"))
    assert (error.code, error.near, error.facts["line"]) == ("STUDY-001", "subject", 7)


def test_a_typo_in_a_list_of_tables_is_found_at_its_entry() -> None:
    text = changed("features: {file: data/f.csv}", "features:\n    - file: data/f.csv\n    - {file: data/g.csv, delimeter: ';'}")
    error = only(text)
    assert (error.near, error.facts["line"], error.facts["path"]) == ("delimiter", 6, ("tables", "features", 1, "delimeter"))


def test_a_key_in_the_wrong_section_is_sent_home() -> None:
    assert only(SMALL + "preserve: [age]\n").near == "harmonise.preserve"


def test_all_problems_of_a_file_come_in_one_go_and_in_its_order() -> None:
    text = changed("fraction: 0.3", "fraction: 1.5")
    text = changed("kind: binary", "kind: binry", text) + "modle: {max_features: 3}\nseed: -1\n"
    error = refused(text)
    assert [(problem.code, problem.facts["line"]) for problem in error.problems] == [
        ("STUDY-008", 9),
        ("STUDY-008", 12),
        ("STUDY-001", 15),
        ("STUDY-008", 16),
    ]
    assert all(problem.code in str(error) for problem in error.problems)


def test_a_typo_does_not_hide_a_contradiction() -> None:
    text = SMALL + "harmonize: {preserve: [relapse]}\n"
    assert {problem.code for problem in refused(text).problems} == {"STUDY-001", "LEAK-005"}


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    error = only(SMALL + "study: other\n")
    assert (error.code, error.facts["line"]) == ("STUDY-003", 2) or error.code == "STUDY-003"
    assert "2 and 15" in error.what


@pytest.mark.parametrize(
    "line",
    ["seed: &one 1", "seed: *one", "seed: !!int 1", "seed: !secret 1", "x: !!python/object/apply:os.system ['true']", "title: ! plain"],
)
def test_anchors_aliases_and_tags_are_refused(line: str) -> None:
    error = refused(SMALL + line + "\n")
    assert error.code == "STUDY-004"


def test_a_billion_laughs_is_refused_before_it_grows() -> None:
    text = "a: &a [x, x, x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [" + ", ".join([f"*{chr(97 + i)}"] * 9) + "]\n" for i in range(9))
    assert {problem.code for problem in refused(text).problems} == {"STUDY-004"}


def test_a_merge_key_is_an_unknown_key() -> None:
    assert refused(SMALL + "<<: {seed: 1}\n").code == "STUDY-001"


@pytest.mark.parametrize("key", ["seed", "title", "roles.site", "claims"])
def test_a_key_without_a_value_is_refused(key: str) -> None:
    text = {"seed": SMALL + "seed:\n", "title": SMALL + "title:   # to do\n", "roles.site": changed("site: hospital", "site:")}.get(key)
    text = text or SMALL[: SMALL.index("claims:")] + "claims:\n"
    error = only(text)
    assert (error.code, error.what.split()[0]) == ("STUDY-010", key)


@pytest.mark.parametrize("key", ["schema", "study", "tables", "roles", "split"])
def test_a_missing_section_is_named_with_an_example(key: str) -> None:
    blocks = {line.split(":")[0]: i for i, line in enumerate(SMALL.splitlines()) if not line.startswith(" ")}
    lines = SMALL.splitlines()
    start = blocks[key]
    end = min([i for i in blocks.values() if i > start], default=len(lines))
    error = only("\n".join(lines[:start] + lines[end:]) + "\n")
    assert (error.code, error.facts["path"]) == ("STUDY-006", (key,))
    assert error.fix is not None
    assert error.fix.startswith(key)


@pytest.mark.parametrize(
    ("old", "new", "code", "near"),
    [
        ("fraction: 0.3", 'fraction: "0,3"', "STUDY-009", "0.3"),
        ("fraction: 0.3", "fraction: 30%", "STUDY-009", "0.3"),
        ("fraction: 0.3", "fraction: [0.3]", "STUDY-009", None),
        ("fraction: 0.3", "fraction: nan", "STUDY-009", None),
        ("fraction: 0.3", "fraction: 1e999", "STUDY-009", None),
        ("fraction: 0.3", "fraction: 30", "STUDY-008", None),
        ("primary: true", "primary: yes", "STUDY-009", "true"),
        ("by: random", "by: randm", "STUDY-008", "random"),
        ("measure: auc", "measure: AUC", "STUDY-008", "auc"),
        ("measure: auc", "measure: accuracy", "STUDY-008", None),
        ("on: test", "on: tset", "STUDY-008", "test"),
        ("study: small", "study: relapse 2 y", "STUDY-008", "relapse-2-y"),
        ("study: small", "study: ../../etc", "STUDY-008", "etc"),
        ("schema: radaudit/study/1", "schema: radaudit/study/2", "STUDY-008", "radaudit/study/1"),
        ("covariates: [age, sex]", "covariates: {age: sex}", "STUDY-009", None),
        ("subject: patient", "subject: [patient]", "STUDY-009", None),
        ("tables:", "tables: f.csv\nclaims_:", "STUDY-009", None),
        ("subject: patient", 'subject: "pa\\x1b[31mtient"', "STUDY-011", None),
        ("subject: patient", 'subject: "pa\\u202Etient"', "STUDY-011", None),
        ("subject: patient", 'subject: ""', "STUDY-010", None),
    ],
)
def test_a_wrong_value_is_told_with_the_nearest_right_one(old: str, new: str, code: str, near: str | None) -> None:
    error = next(problem for problem in refused(changed(old, new)).problems if problem.code == code)
    assert error.near == near
    assert error.at is not None
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)


def test_a_literal_has_its_allowed_values_in_the_message() -> None:
    error = only(changed("measure: auc", "measure: accuracy"))
    assert "calibration_slope" in str(error.found)


CONTRADICTIONS = [
    ("test: {by: random, fraction: 0.3}", "test: {by: site, sites: [GHENT]}", "STUDY-007", "adapt"),
    ("claims:", "  development: {outer: leave-one-site-out}\nclaims:", "STUDY-007", "adapt"),
    ("on: test", "on: new_site", "STUDY-007", "adapt"),
    ("measure: auc, on: test", "measure: brier, on: new_site", "STUDY-084", "measure: auc"),
    ("data/f.csv", "/home/anna/f.csv", "STUDY-012", "study folder"),
    ("data/f.csv", "C:\\data\\f.csv", "STUDY-012", "study folder"),
    ("data/f.csv", "https://example.org/f.csv", "STUDY-012", "study folder"),
    ("features: {file: data/f.csv}", "features: [data/f.csv, data/f.csv]", "STUDY-013", "remove"),
    ("file: data/f.csv", "file: data/f.csv, delimiter: ';;'", "STUDY-008", "delimiter"),
    ("file: data/f.csv", "file: data/f.csv, delimiter: ',', decimal: ','", "STUDY-008", "decimal"),
    ("file: data/f.csv", "file: data/f.csv, encoding: windows1525", "STUDY-008", "windows-1252"),
    ("site: hospital", "site: patient", "STUDY-014", "patient"),
    ("covariates: [age, sex]", "covariates: [age, relapse]", "STUDY-014", "relapse"),
    ("covariates: [age, sex]", "covariates: [age, sex]\n  batch: [scanner, relapse]", "STUDY-014", "relapse"),
    ("covariates: [age, sex]", "covariates: [age, scanner]\n  batch: [scanner]", "STUDY-014", "scanner"),
    ("covariates: [age, sex]", "covariates: [age, sex]\n  never: [sex]", "STUDY-015", "sex"),
    ("site: hospital", 'site: {from: patient, pattern: "^[A-Z"}', "STUDY-008", "pattern"),
    ("event: 1, non_event: 0", "event: 1, non_event: 1", "STUDY-026", "two different"),
    ("column: relapse, event: 1, non_event: 0", "column: relapse", "STUDY-026", "event"),
    ("kind: binary, column: relapse", "kind: survival, time: months", "STUDY-026", "status"),
    ("by: random, fraction: 0.3", "by: random", "STUDY-017", "fraction"),
    ("by: random, fraction: 0.3", "by: column", "STUDY-017", "column"),
    ("by: random, fraction: 0.3", "by: random, fraction: 0.3, sites: [A]", "STUDY-017", "random"),
    ("by: random, fraction: 0.3", "by: date, fraction: 0.3", "STUDY-017", "roles.date"),
    ("at_least: 0.7", "at_least: 0.7, at_most: 0.9", "STUDY-018", "between"),
    (", at_least: 0.7", "", "STUDY-018", "at_least"),
    ("at_least: 0.7", "at_least: 70", "STUDY-019", "0.7"),
    ("at_least: 0.7", "between: [0.9, 0.8]", "STUDY-019", "[0.8, 0.9]"),
    ("primary: true", "primary: false", "STUDY-021", "primary: true"),
    ("measure: auc", "measure: delta_auc", "STUDY-022", "against: clinical"),
    ("measure: auc", "measure: delta_auc, against: clinical", "STUDY-022", "roles.clinical"),
    ("measure: auc", "measure: auc, against: site", "STUDY-022", "delta_auc"),
    ("  site: hospital\n", "", "STUDY-028", "roles.site"),
]


@pytest.mark.parametrize(("old", "new", "code", "fix"), CONTRADICTIONS)
def test_a_contradiction_is_refused_with_a_fix(old: str, new: str, code: str, fix: str) -> None:
    error = refused(changed(old, new))
    assert code in [problem.code for problem in error.problems]
    found = next(problem for problem in error.problems if problem.code == code)
    assert fix in str(found.fix)
    assert int(str(found.facts["line"])) > 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("harmonise: {preserve: [stage]}", "STUDY-016"),
        ("harmonise: {preserve: [hospital]}", "STUDY-014"),
        ("harmonise: {preserve: [relapse]}", "LEAK-005"),
        ("harmonise: {merge: {X: [A, B], Y: [B, C]}}", "STUDY-023"),
        ("harmonise: {merge: {X: [A, B]}, drop: [A]}", "STUDY-023"),
        ("harmonise: {drop: [A], keep: [A]}", "STUDY-023"),
        ("harmonise: {drop: [A], reference: A}", "STUDY-023"),
        ("harmonise: {merge: {X: [A, B]}, reference: B}", "STUDY-023"),
        ("harmonise: {unseen: {evaluation: reference}}", "STUDY-023"),
        ("harmonise: {unseen: {scoring: adapt}}", "STUDY-008"),
        ("rules: {test_openings: 0}", "STUDY-024"),
        ("threshold: {rule: fixed}", "STUDY-025"),
        ("threshold: {rule: youden, value: 0.5}", "STUDY-025"),
        ("tracking: {mlflow: 'https://anna:secret@example.org'}", "STUDY-029"),
        ("tracking: {mlflow: 'sqlite:////home/anna/mlflow.db'}", "STUDY-029"),
    ],
)
def test_a_contradicting_section_is_refused(line: str, code: str) -> None:
    assert only(f"{SMALL}{line}\n").code == code


def test_a_claim_id_stands_once() -> None:
    error = only(SMALL + "  - {id: C1, measure: brier, at_most: 0.2}\n")
    assert (error.code, error.facts["line"]) == ("STUDY-020", 15)


@pytest.mark.parametrize(
    "addition",
    [
        "harmonise: {merge: {X: [X, B]}, reference: X}",
        "harmonise: {method: none}",
        "harmonise: {preserve: [age], reference: A, unseen: reference}",
        "threshold: {rule: sensitivity, value: 0.9}",
        "tracking: {mlflow: 'sqlite:///mlruns/mlflow.db'}",
        "features: {include: ['original_*'], namespace: pyradiomics}",
        "split: {test: {by: column, column: part}}",
    ],
)
def test_an_honest_study_is_let_through(addition: str) -> None:
    text = changed("split:\n  test: {by: random, fraction: 0.3}\n", "") if addition.startswith("split") else SMALL
    assert plan_of_text(f"{text}{addition}\n").study == "small"


def test_every_code_of_these_tests_is_explained() -> None:
    codes = {row[2] for row in CONTRADICTIONS} | {f"STUDY-{n:03}" for n in range(1, 30) if n != 27}  # 27 was retired
    assert codes <= set(all_codes())


def test_a_study_with_a_site_per_file_needs_no_site_column() -> None:
    text = changed("  site: hospital\n", "")
    text = changed("features: {file: data/f.csv}", "features: [{file: data/f.csv, site: LYON}, {file: data/g.csv, site: OSLO}]", text)
    assert plan_of_text(text).roles().site == "site"


def test_a_plan_from_a_mapping_has_no_lines() -> None:
    document = plan_of_text(SMALL).document()
    document["treshold"] = {}
    with pytest.raises(StudyError) as caught:
        Plan.of(document)
    assert (caught.value.code, caught.value.near, caught.value.facts["line"]) == ("STUDY-001", "threshold", 0)


HELD_OUT = changed("test: {by: random, fraction: 0.3}", "test: {by: site, sites: [GHENT]}")


@pytest.mark.parametrize(
    ("broken", "code", "mended"),
    [
        (SMALL + "treshold: {rule: youden}\n", "STUDY-001", SMALL + "threshold: {rule: youden}\n"),
        (SMALL + "harmonise: {preserve: [age, relapse]}\n", "LEAK-005", SMALL + "harmonise: {preserve: [age]}\n"),
        (HELD_OUT, "STUDY-007", HELD_OUT + "harmonise: {unseen: {evaluation: adapt}}\n"),
        (changed("fraction: 0.3", 'fraction: "0,3"'), "STUDY-009", SMALL),
        (changed("measure: auc", "measure: AUC"), "STUDY-008", SMALL),
        (changed("at_least: 0.7", "at_least: 70"), "STUDY-019", SMALL),
    ],
)
def test_the_fix_of_a_message_mends_the_file(broken: str, code: str, mended: str) -> None:
    error = only(broken)
    assert error.code == code
    fix = str(error.fix).split("  #")[0].split(": ...")[0]
    assert fix in mended.replace("0.70", "0.7")
    assert plan_of_text(mended).study == "small"


def test_a_held_out_site_may_share_its_scanner_with_training_sites() -> None:
    text = changed("site: hospital", "site: hospital\n  batch: [scanner]", HELD_OUT)
    assert plan_of_text(text).holdout().sites == ("GHENT",)
