"""The design doctor names what a fit would founder on, before any fit."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.findings import Finding, Severity, Verdict
from radaudit.harmonise.association import chi_square_tail, cramers_v
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.doctor import examine, examine_rows
from tests.laws.combat_tables import Sites, build


@pytest.fixture
def table() -> Sites:
    return build(21, [20, 30, 50, 60], 40)


def examined(table: Sites, **options) -> list[Finding]:
    return examine_rows(table.x, table.batch, table.covariates, features=table.features, **options)


def failed(findings: list[Finding]) -> dict[str, Finding]:
    return {f.code: f for f in findings if f.failed}


def test_a_sound_design_passes_every_question(table):
    outcome = np.random.default_rng(0).choice(["yes", "no"], len(table.batch))
    found = examined(table, outcome=outcome)
    assert not failed(found)
    assert all(f.verdict is Verdict.PASSED for f in found)
    assert {f.code for f in found} == {
        "HARM-001", "HARM-002", "HARM-003", "HARM-004", "HARM-005", "HARM-006", "HARM-007", "HARM-008", "HARM-009", "HARM-015",
        "SIZE-001", "SIZE-002", "CONF-001", "CONF-002",
    }  # fmt: skip
    assert all(f.title and f.sentence and f.why and f.fix for f in found)


def test_aliased_and_nearly_aliased_covariates_are_named(table):
    rng = np.random.default_rng(1)
    site = np.array([float(name[-1]) for name in table.batch])
    table.covariates |= {"scan": site, "near": site + 1e-3 * rng.normal(size=len(site)), "months": 12 * table.covariates["age"]}
    found = examined(table)
    aliased = {f.scope for f in found if f.failed and f.code == "HARM-001"}
    assert aliased == {"scan", "months", "age"}
    near = [f for f in found if f.failed and f.code == "HARM-002"]
    assert [(f.scope, f.severity) for f in near] == [("near", Severity.BLOCKING)]
    apart = {f.facts["covariate"] for f in found if f.failed and f.code == "HARM-003"}
    assert apart == {"scan", "near"}


def test_a_moderate_inflation_is_reported_and_does_not_block(table):
    rng = np.random.default_rng(2)
    table.covariates["scan"] = np.array([float(name[-1]) for name in table.batch]) + 0.2 * rng.normal(size=len(table.batch))
    found = failed(examined(table))["HARM-002"]
    assert found.severity is Severity.MAJOR
    assert 10 < found.facts["inflation"] < 100
    fit_combat(table.moments())


def test_a_category_that_only_one_site_has_does_not_overlap(table):
    table.covariates["scanner"] = np.where(table.batch == "site0", np.random.default_rng(3).choice(["A", "B"], 160), "C")
    found = [f for f in examined(table) if f.failed and f.code == "HARM-003"]
    assert [f.concerns for f in found] == [("site0",)]


def test_small_batches_are_named_with_their_patients():
    table = build(22, [1, 8, 30], 12)
    found = examined(table, patients_per_site=20)
    assert [(f.code, f.scope, f.severity) for f in found if f.failed and f.code.startswith("SIZE")] == [
        ("SIZE-001", "site0", Severity.BLOCKING), ("SIZE-002", "site0", Severity.MAJOR), ("SIZE-002", "site1", Severity.MAJOR)
    ]  # fmt: skip
    patients = [f"P{i // 2}" for i in range(len(table.batch))]
    order = np.argsort(table.batch, kind="stable")
    counted = examined(table.take(order), patients=patients, patients_per_site=20)
    people = {f.scope: f.facts["patients"] for f in counted if f.failed and f.code == "SIZE-002"}
    assert people == {"site0": 1, "site1": 5, "site2": 16}


def test_an_empty_cell_of_batch_and_outcome_blocks_and_offers_three_ways(table):
    outcome = np.random.default_rng(4).choice(["relapse", "none"], len(table.batch))
    outcome[table.batch == "site3"] = "relapse"
    found = failed(examined(table, outcome=outcome))
    empty = found["CONF-002"]
    assert (empty.scope, empty.severity, empty.facts["choices"]) == ("site3", Severity.BLOCKING, ("drop", "merge", "keep"))
    assert empty.facts["empty"] == ("none",)
    assert "harmonise.drop: [site3]" in empty.fix
    assert found["CONF-001"].facts["v_corrected"] > 0.2


def test_without_an_outcome_the_questions_about_it_are_not_run(table):
    verdicts = {f.code: f.verdict for f in examine(table.moments())}
    assert verdicts["CONF-001"] is Verdict.NOT_RUN
    assert verdicts["CONF-002"] is Verdict.NOT_RUN


def test_features_that_do_not_vary_are_named(table):
    table.x[:, 0] = 1.0
    table.x[table.batch == "site1", 1] = 2.0
    table.x[table.batch == "site2", 2] = np.nan
    found = failed(examined(table))
    assert found["HARM-004"].facts["features"] == ("f0",)
    assert found["HARM-005"].facts["features"] == ("f1",)
    assert found["HARM-015"].facts["features"] == ("f2",)


def test_too_few_features_for_a_prior_are_reported(table):
    few = table.with_x(table.x[:, :4], table.features[:4])
    assert failed(examined(few))["HARM-007"].facts == {"features": 4, "needed": 5}


def test_a_table_harmonised_before_is_recognised(table):
    plain = Sites(table.x, table.batch, {}, table.features)
    once = plain.with_x(fit_combat(plain.moments(), eb=False).apply(plain.x, plain.batch))
    found = failed(examined(once))["HARM-008"]
    assert found.facts["share_equal"] == 1.0
    many = build(23, [60] * 12, 40, adjusted=False)
    shrunk = many.with_x(fit_combat(many.moments()).apply(many.x, many.batch))
    assert failed(examined(shrunk))["HARM-008"].facts["p"] < 1e-4
    assert "HARM-008" not in failed(examined(many))


def test_tables_without_site_effects_are_not_taken_for_harmonised_ones():
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(120, 20)) + rng.normal(size=(120, 1)) * 3  # one factor behind all features
        batch = np.repeat(["a", "b", "c", "d"], 30)
        wrong += "HARM-008" in failed(examine_rows(x, batch, features=[f"f{j}" for j in range(20)]))
    assert wrong == 0


def test_what_cannot_be_measured_becomes_a_blocking_finding(table):
    table.x[3, 4] = np.inf
    (found,) = examined(table)
    assert (found.code, found.blocking) == ("HARM-006", True)
    table.x[3, 4] = 0.0
    table.covariates["age"][3] = np.nan
    (found,) = examined(table)
    assert (found.code, found.blocking) == ("HARM-012", True)


def test_one_site_is_a_blocking_finding_and_means_are_not_looked_at(table):
    found = {f.code: f for f in examined(table.take(table.batch == "site0"))}
    assert found["HARM-009"].blocking
    assert found["HARM-008"].verdict is Verdict.NOT_RUN


def test_the_chi_square_tail_equals_scipy():
    from scipy.stats import chi2

    for df in (1, 2, 3, 7, 40):
        for x in (1e-6, 0.1, 1.0, 5.0, 30.0, 200.0):
            assert chi_square_tail(x, df) == pytest.approx(chi2.sf(x, df), rel=1e-10, abs=1e-15)


def test_cramers_v_equals_scipy():
    from scipy.stats import chi2_contingency
    from scipy.stats.contingency import association

    table = np.array([[10.0, 20.0], [30.0, 5.0], [7.0, 9.0]])
    raw, corrected, p = cramers_v(table)
    assert raw == pytest.approx(association(table.astype(int), method="cramer"), rel=1e-12)
    assert p == pytest.approx(chi2_contingency(table).pvalue, rel=1e-10)
    assert 0 < corrected < raw
