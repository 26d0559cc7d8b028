"""Ranges by definition, drift, control charts and the declared protocol: judged by Great Expectations, on planted and on real tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from radaudit.checks.profile import profile
from radaudit.checks.protocol import Amendment, DeclaredProtocol, ProtocolRule
from radaudit.checks.ranges import EXTRACTORS, located
from radaudit.checks.rules import CheckRules
from radaudit.edges.expectations import run_suites
from radaudit.edges.shipped import shipped
from radaudit.edges.suites import bounds_of, read_suites
from radaudit.findings import Finding, Verdict
from radaudit.tables import FeatureTable, Roles
from radaudit.tables.names import FeatureIdentity, identity
from tests.unit.checks.planted import honest

RULES = CheckRules()
SHARED = Path(__file__).parents[3] / "shared" / "data"


def table(
    features: dict[str, list[float]], sites: list[str] | None = None, facts: dict[str, list[str | None]] | None = None
) -> FeatureTable:
    n = len(next(iter(features.values())))
    return FeatureTable.of(
        roles=Roles(patient="id", site="site"),
        patients=[f"P{i:05d}" for i in range(n)],
        features=list(features),
        values=np.array(list(features.values()), dtype=float).T,
        outcome=[float(i % 2) for i in range(n)],
        sites=sites or ["LYON"] * n,
        facts=facts,
    )


def judged(made: FeatureTable, extractor: str = "", **more: object) -> dict[str, Finding]:
    dictionary = [identity(name, extractor=extractor) for name in made.features]
    found = run_suites(profile(made, RULES, dictionary=dictionary, **more), RULES)  # type: ignore[arg-type]
    return {finding.code: finding for finding in found if finding.verdict is not Verdict.NOT_APPLICABLE}


def test_every_extractor_has_a_suite_whose_ranges_differ_from_their_neighbours_only_in_what_they_say() -> None:
    suites = {suite.what: suite for suite in read_suites(RULES) if suite.what in (*EXTRACTORS, "ibsi", "features")}
    assert set(suites) == {*EXTRACTORS, "ibsi", "features"}
    for suite in suites.values():
        columns = [str(item.arguments["column"]) for item in suite.expected]
        assert len(set(columns)) == len(columns)


def test_every_ibsi_range_fails_just_outside_and_holds_at_the_reference_values() -> None:
    """Each bound is tested at itself, and a step outside; the IBSI reference values are tested where the shared data are there."""
    (suite,) = [suite for suite in read_suites(RULES) if suite.what == "ibsi"]
    for item in suite.expected:
        code, low, high = str(item.arguments["column"]), item.arguments.get("min_value"), item.arguments.get("max_value")
        for limit, step in ((low, -0.001), (high, 0.001)):
            if limit is None:
                continue
            known = [FeatureIdentity(name="x", extractor="any", ibsi=code)]
            for value, fails in ((limit + step, True), (limit - step, False)):
                made = table({"x": [0.9 * limit + 0.1 * value if not fails else value, value]})
                bounds = bounds_of([suite], known)["x"]
                assert any(_outside(made.values[1, 0], bound) for bound in bounds) is fails, (code, value)


def _outside(value: float, bound: object) -> bool:
    low, high = bound.low, bound.high  # type: ignore[attr-defined]
    if low is not None and (value < low or (bound.open_low and value == low)):  # type: ignore[attr-defined]
        return True
    return bool(high is not None and value > high)


def test_a_planted_sphericity_is_found_with_its_cells_and_site() -> None:
    made = table({"original_shape_Sphericity": [0.5, 0.6, 1.2, 0.7], "original_glcm_JointEntropy": [1, 2, 3, -4.0]}, ["A", "A", "B", "A"])
    found = judged(made, "pyradiomics")["FEAT-140"]
    assert found.failed
    assert found.facts["names"] == ["original_shape_Sphericity", "original_glcm_JointEntropy"]
    dictionary = [identity(name, extractor="pyradiomics") for name in made.features]
    (placed,) = located([found], made, bounds_of(read_suites(RULES), dictionary))
    assert placed.concerns == ("A", "B")
    assert {(row["feature"], row["value"]) for row in placed.local} == {
        ("original_shape_Sphericity", "1.2"),
        ("original_glcm_JointEntropy", "-4.0"),
    }
    assert "P0000" not in repr(placed.public())


def test_a_feature_with_a_known_deviation_is_left_to_its_extractor() -> None:
    kurtosis = {"original_firstorder_Kurtosis": [2.0, 3.0, 0.5]}
    found = judged(table(kurtosis), "pyradiomics")
    assert found["FEAT-141"].failed
    assert "FEAT-140" not in found or not found["FEAT-140"].failed
    assert not judged(table({"original_firstorder_Kurtosis": [1.5, 3.0]}), "pyradiomics")["FEAT-141"].failed


def test_measures_of_segmentations_have_ranges_whatever_wrote_them() -> None:
    assert judged(table({"dice_reader2": [0.9, 92.0], "hd95_mm": [1.0, 2.0]}))["FEAT-142"].facts["names"] == ["dice_reader2"]
    assert judged(table({"dice_reader2": [0.9, 0.8], "HD95": [1.0, -2.0]}))["FEAT-142"].facts["names"] == ["HD95"]


def real(path: Path, delimiter: str = ",", missing: tuple[str, ...] = ("",)) -> dict[str, list[float]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=delimiter))
    columns: dict[str, list[float]] = {}
    for name in rows[0]:
        try:
            columns[name] = [np.nan if row[name] in missing else float(row[name]) for row in rows]
        except (ValueError, TypeError):
            continue
    return columns


REAL = {
    "dapper": ("dapper/rad-features.csv", ",", "pyradiomics", set()),
    "sts_pet": ("sts_pet/pyradiomics_3.0.1_sts_pet.csv", ",", "pyradiomics", set()),
    "zrad": ("sts_pet/zrad/zrad_26.9.0_sts_pet.csv", ",", "zrad", set()),
    "lifex": ("lifex_imsure/Texture_ImSure_Absolute.csv", ",", "lifex", set()),
    # CaPTk's deviations are signed, which the names do not say
    "captk": (
        "opnested/Sandy-Captk.csv",
        ",",
        "captk",
        {"T1_ED_Intensity_MeanAbsoluteDeviation", "T1_ED_Intensity_MedianAbsoluteDeviation"},
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_tables_leave_no_range_but_where_the_extractor_is_wrong(name: str) -> None:
    path, delimiter, extractor, wrong = REAL[name]
    if not SHARED.is_dir():
        pytest.skip("the shared data are not beside the repository")
    columns = real(SHARED / path, delimiter, ("", "#NAME?"))
    found = judged(table(columns), extractor)
    broken = {str(fact) for code in ("FEAT-140", "FEAT-141", "FEAT-142") if code in found for fact in found[code].facts["names"]}  # type: ignore[union-attr]
    assert broken == wrong
    assert {"FEAT-140", "FEAT-141"} & set(found)


def test_a_suite_of_the_study_states_ranges_by_pattern_and_by_code(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    item = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "feature_[01]", "max_value": 5}, "severity": "warning"}
    (tmp_path / "features" / "own.json").write_text(json.dumps({"expectations": [item]}), encoding="utf-8")
    made = table({"feature_0": [1, 2], "feature_1": [1, 6], "feature_2": [1, 70]})
    dictionary = [identity(name) for name in made.features]
    found = {f.code: f for f in run_suites(profile(made, RULES, dictionary=dictionary), RULES, tmp_path)}
    assert found["FEAT-069"].facts["names"] == ["feature_1"]
    assert found["FEAT-069"].facts["judged"] == 2


def test_a_feature_emptier_at_one_site_than_allowed_is_told_although_it_is_not_overall() -> None:
    draft = honest()
    at = [i for i, site in enumerate(draft.sites) if site == "OSLO"]
    draft.values[at[: len(at) // 2], 3] = np.nan
    found = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    assert not found["FEAT-003"].failed
    assert found["FEAT-143"].facts["names"] == ["OSLO / feature_3"]


def test_a_shifted_site_drifts_by_both_distances_and_an_honest_one_by_none() -> None:
    draft = honest(n=300)
    before = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    assert not before["FEAT-150"].failed
    assert not before["FEAT-151"].failed
    draft.values[[site == "OSLO" for site in draft.sites], 3] *= 2.5
    found = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    for code in ("FEAT-150", "FEAT-151"):
        assert "OSLO / feature_3" in found[code].facts["names"]  # type: ignore[operator]
        assert "OSLO" in found[code].concerns
        assert all(str(name).endswith("feature_3") for name in found[code].facts["names"])  # type: ignore[union-attr]


def test_a_step_in_most_features_of_a_site_is_told_by_its_chart_and_dates_decide_the_order() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(240, 12))
    sites = ["A", "B"] * 120
    order = rng.permutation(240)  # the day of each row
    late = (order >= 160) & np.array([site == "B" for site in sites])
    values[np.ix_(late, np.arange(10))] += 1.5
    made = table({f"f{j}": values[:, j].tolist() for j in range(12)}, sites)
    found = judged(made, days=[int(day) for day in order])
    assert found["FEAT-160"].concerns == ("B",)
    shuffled = judged(made, days=[int(day) for day in rng.permutation(240)])
    assert not shuffled["FEAT-160"].failed
    assert "FEAT-160" not in judged(made, days=[None] * 240)


PROTOCOL = DeclaredProtocol(
    rules=(
        ProtocolRule(column="SliceThickness", between=(1, 3)),
        ProtocolRule(column="kernel", one_of=("B30f", "STANDARD")),
        ProtocolRule(column="reader"),
        ProtocolRule(column="binWidth", setting=True, one_of=("25",)),
    ),
    amendments=(Amendment(when={"maker": "SIEMENS*"}, rules=(ProtocolRule(column="SliceThickness", between=(1, 5)),)),),
)


def test_deviations_from_the_protocol_are_listed_by_site_and_amendments_hold() -> None:
    facts: dict[str, list[str | None]] = {
        "SliceThickness": ["1.0", "5", "5.0", "2"],
        "kernel": ["B30f", "B30f", "STANDARD", "SOFT"],
        "reader": ["anna", "anna", None, " "],
        "maker": ["GE", "SIEMENS Healthineers", "GE", "GE"],
        "extraction settings": ["binWidth=25; force2D=False", "binWidth=25.0", "binWidth=10", "binWidth=25"],
    }
    made = table({"f": [1.0, 2, 3, 4]}, ["A", "A", "B", "B"], facts)
    known = profile(made, RULES, protocol=PROTOCOL)
    lines = {(line["site"], str(line["rule"]).split()[0]): (line["deviating"], line["unstated"]) for line in known.protocol}
    assert lines == {
        ("A", "SliceThickness"): (0, 0),
        ("A", "kernel"): (0, 0),
        ("A", "reader"): (0, 0),
        ("A", "binWidth"): (0, 0),
        ("B", "SliceThickness"): (1, 0),
        ("B", "kernel"): (1, 0),
        ("B", "reader"): (0, 2),
        ("B", "binWidth"): (1, 0),
    }
    found = {f.code: f for f in run_suites(known, RULES)}
    assert found["FEAT-170"].concerns == ("B",)
    assert found["FEAT-170"].facts["count"] == 3
    assert found["FEAT-171"].facts["names"] == ["B / reader is stated"]
    assert run_suites(profile(made), RULES)
    assert {f.code: f for f in run_suites(profile(made), RULES)}["FEAT-170"].verdict is Verdict.NOT_APPLICABLE


def test_the_suites_are_files_of_the_installation() -> None:
    assert (shipped("expectations") / "ibsi" / "shipped.json").is_file()


def test_ages_that_are_none_and_covariates_that_are_the_outcome_are_told() -> None:
    draft = honest()
    found = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    assert not found["OUT-040"].failed
    assert not found["OUT-041"].failed
    draft.facts["age"][3] = "999"
    draft.facts["stage"] = ["IV" if event else "I" for event in draft.outcome]
    found = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    assert found["OUT-040"].facts["names"] == ["age"]
    assert found["OUT-041"].facts["names"] == ["stage"]
    draft.facts["age"] = [str(int(40 + 30 * event)) for event in draft.outcome]
    found = {f.code: f for f in run_suites(profile(draft.table()), RULES)}
    assert found["OUT-041"].facts["names"] == ["age", "stage"]
