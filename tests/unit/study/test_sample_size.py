"""Numbers of patients needed: the assumed linear predictor has the C and the prevalence it is named after; short and enough are told."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.findings import Verdict
from radaudit.measures.discrimination import auc
from radaudit.measures.samplesize import development_binary
from radaudit.splits import hold_out
from radaudit.study.evidence.sample_size import linear_predictor, sample_size
from radaudit.study.plan import Plan
from tests.multisite import simulated

DOCUMENT = {
    "schema": "radaudit/study/1",
    "study": "small",
    "tables": {"features": ["f.csv"]},
    "roles": {"subject": "id", "outcome": {"column": "y", "event": "1"}},
    "split": {"test": {"by": "random", "fraction": "0.3"}},
    "harmonise": {"method": "none"},
}
CLAIM = {"id": "C1", "primary": "true", "measure": "auc", "on": "test", "at_least": "0.75"}


@pytest.mark.parametrize(("c", "prevalence"), [(0.7, 0.2), (0.8, 0.5), (0.9, 0.1)])
def test_the_linear_predictor_is_calibrated_and_has_its_c(c: float, prevalence: float) -> None:
    rng, n = np.random.default_rng(1), 400_000
    y = rng.random(n) < prevalence
    mean, sd = linear_predictor(c, prevalence)
    from radaudit.measures.normal import quantile

    d = np.sqrt(2) * quantile(c)
    lp = np.log(prevalence / (1 - prevalence)) - d * d / 2 + d * rng.normal(size=n) + d * d * y
    assert abs(lp.mean() - mean) < 0.01
    assert abs(lp.std() - sd) < 0.01
    assert abs(auc(y, lp) - c) < 0.005
    assert abs((1 / (1 + np.exp(-lp))).mean() - prevalence) < 0.003


def test_needed_and_there_stand_side_by_side_for_all_features_and_for_those_kept() -> None:
    table = simulated(6, patients=110, features=30, signal=1.2)
    plan = Plan.of({**DOCUMENT, "claims": [CLAIM]})
    split = hold_out(table, plan.holdout())
    found, reason, findings = sample_size(plan, table, split, 4)
    assert reason == ""
    assert found is not None
    everything, kept, validation = found["rows"]
    people = {table.patients[i] for i in split.training}
    assert everything["there"] == kept["there"] == len(people)
    assert everything["there"] + validation["there"] == 110
    assert everything["patients"] == development_binary(30, found["prevalence"], c=0.75).patients
    assert everything["patients"] > kept["patients"]
    assert found["events_per_feature"] == pytest.approx(everything["there_events"] / 4)
    assert [finding.code for finding in findings] == ["SIZE-170", "SIZE-171"]
    assert all(finding.verdict is Verdict.FAILED for finding in findings)


def test_without_a_claimed_auc_nothing_is_expected_and_the_reason_is_given() -> None:
    table = simulated(6, patients=80, features=10)
    plan = Plan.of(DOCUMENT)
    found, reason, findings = sample_size(plan, table, hold_out(table, plan.holdout()), 2)
    assert found is None
    assert "claimed" in reason
    assert findings == ()
