"""Reclassification, discrimination improvement and the likelihood ratio equal R (Hmisc::improveProb, glm; see stats/SOURCE.md) to 1e-8."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.measures.addedvalue import integrated_discrimination, likelihood_ratio_of, net_reclassification
from radaudit.measures.discrimination import auc
from radaudit.measures.logistic import fit_logistic, probability
from radaudit.measures.prevalence import estimated_prevalence, prevalence_weights, shifted_risk
from radaudit.measures.thresholds import predictive_values
from radaudit.measures.utility import net_benefit

HERE = Path(__file__).parent / "stats"


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


GOLDEN = {row["name"]: float(row["value"]) for row in table("golden.csv") if row["name"].split(".")[0] in ("improve", "lr")}
PATIENTS = table("aSAH.csv")
Y = np.array([row["outcome"] == "Poor" for row in PATIENTS])
OLD = np.array([[float(row["age"]), row["gender"] == "Female"] for row in PATIENTS])
NEW = np.array([[float(row["s100b"]), float(row["ndka"])] for row in PATIENTS])


def fitted(columns: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(Y.size), columns])
    return probability(design @ fit_logistic(design, Y).coefficients)


P_OLD, P_NEW = fitted(OLD), fitted(np.column_stack([OLD, NEW]))
NRI, IDI, RATIO = net_reclassification(Y, P_NEW, P_OLD), integrated_discrimination(Y, P_NEW, P_OLD), likelihood_ratio_of(Y, OLD, NEW)


def error(comparison: object) -> float:
    return comparison.difference.value / comparison.statistic  # type: ignore[attr-defined, no-any-return]


CASES = {
    "improve.nri": NRI["all"].difference.value,
    "improve.se.nri": error(NRI["all"]),
    "improve.z.nri": NRI["all"].statistic,
    "improve.nri.ev": NRI["events"].difference.value,
    "improve.se.nri.ev": error(NRI["events"]),
    "improve.nri.ne": NRI["non_events"].difference.value,
    "improve.se.nri.ne": error(NRI["non_events"]),
    "improve.idi": IDI.difference.value,
    "improve.se.idi": error(IDI),
    "improve.z.idi": IDI.statistic,
    "lr.statistic": RATIO.statistic,
    "lr.p": RATIO.p,
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_value_is_reproduced(name: str) -> None:
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=1e-8, abs=1e-10)


def test_a_model_adds_nothing_to_itself() -> None:
    assert net_reclassification(Y, P_OLD, P_OLD)["all"].p is None
    assert integrated_discrimination(Y, P_OLD, P_OLD).difference.value == 0
    assert likelihood_ratio_of(np.zeros(3), np.ones(3), np.ones(3)).reason == "no events"
    assert "singular" in str(likelihood_ratio_of(Y, OLD, OLD[:, :1]).reason)
    assert net_reclassification(np.zeros(2), [0.1, 0.2], [0.1, 0.3])["all"].difference.reason == "no events"


def test_shifting_the_prevalence_and_back_gives_the_risk_back_and_keeps_ranks() -> None:
    there = shifted_risk(P_NEW, source=0.36, target=0.1)
    assert shifted_risk(there, source=0.1, target=0.36) == pytest.approx(P_NEW, abs=1e-12)
    assert auc(Y, there) == auc(Y, P_NEW)
    assert (there <= P_NEW).all()


def test_predictive_values_at_the_own_prevalence_are_the_own_ones() -> None:
    sensitivity, specificity, prevalence = 26 / 41, 58 / 72, 41 / 113
    assert predictive_values(sensitivity, specificity, prevalence) == pytest.approx((26 / 40, 58 / 73), abs=1e-12)


def test_the_prevalence_of_unlabelled_patients_is_found_back() -> None:
    rng = np.random.default_rng(1)
    hit, miss = rng.normal(1.5, 1, 60_000), rng.normal(0, 1, 240_000)
    score = np.r_[hit, miss]
    risk = probability(1.5 * score - 1.5**2 / 2 + np.log(0.5 / 0.5))
    assert estimated_prevalence(risk, source=0.5) == pytest.approx(0.2, abs=0.005)


def test_weights_give_the_prevalence_and_the_net_benefit_there() -> None:
    weights = prevalence_weights(Y, target=0.1)
    assert weights.mean() == pytest.approx(1)
    assert (weights * Y).mean() == pytest.approx(0.1)
    at = 0.25
    gains = np.where(at <= P_NEW, np.where(Y, 1.0, -at / (1 - at)), 0.0)
    assert (weights * gains).mean() == pytest.approx(net_benefit(Y, P_NEW, [at], prevalence=0.1)[0])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda: shifted_risk([1.2], source=0.2, target=0.3), "PERF-005"),
        (lambda: shifted_risk([0.2], source=0.0, target=0.3), "PERF-006"),
        (lambda: estimated_prevalence([], source=0.2), "PERF-004"),
        (lambda: prevalence_weights([0, 0], target=0.2), "PERF-004"),
        (lambda: likelihood_ratio_of([0, 1], [[[1.0]]], [1.0, 2]), "PERF-001"),
        (lambda: likelihood_ratio_of([0, 1], [1.0, np.nan], [1.0, 2]), "PERF-002"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: object, code: str) -> None:
    with pytest.raises(DesignError) as caught:
        asked()  # type: ignore[operator]
    assert caught.value.code == code
