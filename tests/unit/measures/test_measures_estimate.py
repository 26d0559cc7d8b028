from __future__ import annotations

import json
import math

import pytest

from radaudit.errors import DesignError
from radaudit.measures import Comparison, Estimate
from radaudit.measures.estimate import unknown


def test_it_reads_as_value_interval_and_patients() -> None:
    assert str(Estimate(value=0.519, low=0.374, high=0.648, patients=36)) == "0.519 (0.374 to 0.648; 36 patients)"


def test_another_level_is_said() -> None:
    assert str(Estimate(value=0.5, low=0.4, high=0.6, level=0.9, patients=1)) == "0.500 (90 % interval 0.400 to 0.600; 1 patient)"


def test_without_an_interval_the_reason_is_said() -> None:
    assert str(Estimate(value=0.5, reason="one site")) == "0.500 (no interval: one site)"
    assert str(unknown("no events", patients=3)) == "not estimable (no events; 3 patients)"


def test_the_document_has_exactly_eight_keys_and_is_json() -> None:
    import numpy as np

    made = Estimate(value=np.float64(0.5), low=np.float32(0.25), high=1, patients=np.int64(4), events=np.int64(2), method="x").document()  # type: ignore[arg-type]
    assert list(made) == ["value", "low", "high", "level", "patients", "events", "method", "reason"]
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert type(made["patients"]) is int


@pytest.mark.parametrize(
    "parts",
    [
        {"value": math.nan, "reason": "x"},
        {"value": 1.0, "low": 0.0, "high": math.inf},
        {"value": None},
        {"value": 0.5},
        {"value": 0.5, "low": 0.4, "reason": "x"},
        {"value": None, "low": 0.1, "high": 0.2, "reason": "x"},
        {"value": 0.5, "low": 0.6, "high": 0.4},
        {"value": 0.5, "low": 0.4, "high": 0.6, "level": 95},
    ],
)
def test_an_estimate_that_contradicts_itself_is_refused(parts: dict[str, float]) -> None:
    with pytest.raises(DesignError) as caught:
        Estimate(**parts)
    assert caught.value.code == "PERF-009"


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Estimate(value=1, reason="x").value = 2  # type: ignore[misc]


def test_a_comparison_documents_its_difference() -> None:
    gap = Comparison(difference=unknown("no events"), statistic=None, degrees=None, p=None)
    assert json.loads(json.dumps(gap.document()))["difference"]["reason"] == "no events"


def test_estimates_load_without_numpy() -> None:
    import subprocess
    import sys

    code = "import sys, radaudit.measures; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
