"""What the leakage report accepts, and what it refuses with a code instead of guessing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radaudit import leakage_report
from radaudit.errors import DesignError
from tests.unit.leaks.forensics.workshop import bench

B = bench()
PART = np.where(B.training, "training", "holdout")
FRAME = pd.DataFrame(B.x, index=[f"row{i}" for i in range(120)], columns=[f"f{j}" for j in range(24)])


def code(**given: object) -> str:
    with pytest.raises(DesignError) as caught:
        leakage_report(**{"features": FRAME, "part": PART, **given})  # type: ignore[arg-type]
    return caught.value.code


def test_arrays_frames_and_shuffled_series_give_the_same_states() -> None:
    order = np.random.default_rng(0).permutation(120)
    plain = leakage_report(B.x, PART, outcome=B.y)
    part, outcome = pd.Series(PART, index=FRAME.index), pd.Series(B.y, index=FRAME.index)
    matched = leakage_report(FRAME, part.iloc[order], outcome=outcome.iloc[order[::-1]])
    assert dict(plain.states) == dict(matched.states)


def test_predictions_may_be_given_for_test_rows_alone() -> None:
    risk = pd.Series(B.y * 0.1 + np.random.default_rng(0).random(120), index=FRAME.index)[~B.training]
    report = leakage_report(FRAME, PART, outcome=B.y, predictions=risk, threshold=float(risk.iloc[3]))
    assert report.states["threshold"] != "not testable with what was supplied"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"part": np.where(B.training, "train", "holdout")}, "LEAK-110"),
        ({"part": np.full(120, "training")}, "LEAK-110"),
        ({"outcome": B.y + 1}, "LEAK-111"),
        ({"outcome": np.where(B.y == 1, "relapse", "none")}, "LEAK-111"),
        ({"outcome": B.y[:-1]}, "LEAK-112"),
        ({"site": pd.Series(["a"] * 120)}, "LEAK-112"),
        ({"selected": ["f0", "f99"]}, "LEAK-113"),
        ({"features": FRAME.assign(stage="II")}, "LEAK-114"),
        ({"features": FRAME.iloc[:, :0]}, "LEAK-114"),
    ],
)
def test_unusable_input_is_refused_with_its_code(given: dict[str, object], expected: str) -> None:
    assert code(**given) == expected


def test_the_report_shows_as_text_and_as_escaped_html() -> None:
    report = leakage_report(FRAME.rename(columns={"f0": "<script>"}), PART, outcome=B.y)
    assert str(report).startswith("leakage report: 120 rows, 24 columns")
    assert "<script>" not in report._repr_html_()
    assert report.leaks == ()
