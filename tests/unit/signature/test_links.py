"""The last step of a signature: a baseline hazard that makes sense, a risk that stays between 0 and 1, a value that is the score."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

from radaudit.errors import SignatureError
from radaudit.models.link import BaselineHazard, Identity, hazard_risk
from radaudit.signature import Scorer, read_signature, sealed, signature_bytes
from radaudit.verify.scoring import disagreements
from tests.unit.signature.signature_build import HAZARD, fitted, locked


def test_cox_and_linear_signatures_are_read_and_scored_alike_by_two_programs() -> None:
    for link in (HAZARD, Identity()):
        document = read_signature(signature_bytes(locked(fitted(link=link))))
        assert disagreements(document) == []
        assert document["steps"][-1] == link.step()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("cumulative_hazard", [0.3, 0.2, 0.5]),
        ("cumulative_hazard", [-0.1, 0.2, 0.5]),
        ("cumulative_hazard", [0.1, 0.2]),
        ("times", [180.0, 180.0, 730.0]),
        ("times", [180.0, 365.0, 731.0]),
        ("times", [0.0, 365.0, 730.0]),
        ("horizon", 365.0),
        ("times", []),
        ("op", "weibull"),
    ],
)
def test_a_baseline_that_makes_no_sense_is_refused_although_its_digest_is_right(member: str, value: Any) -> None:
    document = copy.deepcopy(locked(fitted(link=HAZARD)))
    document["steps"][-1][member] = value
    with pytest.raises(SignatureError) as caught:
        read_signature(signature_bytes(sealed(document)))
    assert caught.value.code == "SCORE-010"


@pytest.mark.parametrize("score", [-1e6, -40.0, 0.0, 3.0, 699.0, 701.0, 1e6])
def test_the_risk_by_the_horizon_never_overflows(score: float) -> None:
    risk = hazard_risk(score, 0.5)
    assert 0.0 <= risk <= 1.0
    if abs(score) < 5:
        assert risk == pytest.approx(1 - math.exp(-0.5 * math.exp(score)))


def test_the_risk_is_that_of_the_last_hazard_and_a_refused_row_has_none() -> None:
    link = BaselineHazard(times=(1.0, 2.0), hazard=(0.1, 0.4))
    np.testing.assert_allclose(link.risk(np.array([0.0, np.nan])), [1 - math.exp(-0.4), np.nan])
    assert link.horizon == 2.0


def test_a_linear_signature_may_have_any_threshold_and_a_risk_may_not() -> None:
    pipeline = fitted(link=Identity())
    object.__setattr__(pipeline, "threshold", 41.5)
    document = read_signature(signature_bytes(locked(pipeline)))
    row = next(v for v in document["test_vectors"] if v["status"] == "scored")
    assert Scorer(document).score_row(row["row"]).group == "low"
    risky = fitted(link=HAZARD)
    object.__setattr__(risky, "threshold", 41.5)
    with pytest.raises(SignatureError):
        locked(risky)
