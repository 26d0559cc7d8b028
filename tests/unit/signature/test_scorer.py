import json
import math
from typing import Any

import numpy as np
import pytest

from radaudit.signature import Scorer
from tests.unit.signature.signature_build import FEATURES, Fitted, cohort, fitted, locked

GOOD: dict[str, Any] = {
    "original_shape_Sphericity": 3.0,
    "wavelet-LLH_firstorder_Mean": -900.0,
    "original_glcm_Contrast": 0.5,
    "sex": "male",
    "age": 60.0,
    "Manufacturer": "GE",
}


def rows_of(x: Any, batch: list[str], covariates: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [
        dict(zip(FEATURES, map(float, x[i]), strict=True))
        | {name: column[i] for name, column in covariates.items()}
        | {"Manufacturer": batch[i]}
        for i in range(len(x))
    ]


def by_numpy(pipeline: Fitted, x: Any, batch: list[str], covariates: dict[str, list[Any]]) -> list[float]:
    y = x if pipeline.effects is None else pipeline.effects.apply(x, batch, covariates, unseen="pass")
    y = np.where(np.isnan(y), pipeline.median, y)
    z = (y - pipeline.mean) / pipeline.sd
    score = np.full(len(z), pipeline.intercept)
    for j, coefficient in enumerate(pipeline.coefficients):
        score = score + coefficient * z[:, j]
    return [1 / (1 + math.exp(-s)) if s >= 0 else math.exp(s) / (1 + math.exp(s)) for s in score.tolist()]


@pytest.mark.parametrize(
    "pipeline",
    [fitted(), fitted(reference="GE"), fitted(mean_only=True), fitted(harmonised=False)],
    ids=["eb", "reference", "mean", "none"],
)
def test_the_scorer_gives_the_bits_of_the_pipeline(pipeline: Fitted) -> None:
    x, batch, covariates = cohort()
    x[::7, 1] = np.nan
    answers = Scorer(locked(pipeline)).score(rows_of(x, batch, covariates))
    assert [answer.risk for answer in answers] == by_numpy(pipeline, x, batch, covariates)


def test_rows_in_are_rows_out_whatever_they_hold() -> None:
    rows = [GOOD, {}, GOOD | {"Manufacturer": "BERGEN"}, GOOD | {"age": None}, {"nothing": "at all"}]
    answers = Scorer(locked()).score(rows)
    assert [answer.status for answer in answers] == ["scored", "refused", "refused", "refused", "refused"]
    assert all((answer.risk is None) == (answer.status == "refused") for answer in answers)


def test_a_row_is_scored_alone_as_in_company() -> None:
    x, batch, covariates = cohort()
    rows = rows_of(x, batch, covariates)
    scorer = Scorer(locked())
    assert scorer.score(rows) == [scorer.score_row(row) for row in rows]


@pytest.mark.parametrize(
    ("change", "status", "codes"),
    [
        ({"Manufacturer": "BERGEN"}, "refused", ("SCORE-001",)),
        ({"Manufacturer": " GE "}, "scored", ()),
        ({"Manufacturer": "TOSHIBA"}, "scored", ()),
        ({"Manufacturer": 0}, "scored", ()),
        ({"Manufacturer": ""}, "refused", ("SCORE-003",)),
        ({"age": ""}, "refused", ("SCORE-003",)),
        ({"age": "sixty"}, "refused", ("SCORE-005",)),
        ({"age": math.inf}, "refused", ("SCORE-005",)),
        ({"sex": None}, "refused", ("SCORE-003",)),
        ({"sex": "Male"}, "refused", ("SCORE-007",)),
        ({"original_glcm_Contrast": "0,5"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "<0.01"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "1_0"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "0x1p3"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "nan"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "1e999"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": "٣"}, "refused", ("SCORE-005",)),
        ({"original_glcm_Contrast": " 5e-1 "}, "scored", ()),
        ({"original_glcm_Contrast": ""}, "flagged", ("SCORE-003",)),
        ({"original_glcm_Contrast": math.nan}, "flagged", ("SCORE-003",)),
        ({"original_glcm_Contrast": 99.0}, "flagged", ("SCORE-006",)),
        ({"original_glcm_Contrast": None, "original_shape_Sphericity": 99.0}, "flagged", ("SCORE-003", "SCORE-006")),
        (dict.fromkeys(FEATURES), "refused", ("SCORE-003",)),
    ],
)
def test_what_a_row_holds_decides_its_status(change: dict[str, Any], status: str, codes: tuple[str, ...]) -> None:
    answer = Scorer(locked()).score_row(GOOD | change)
    assert (answer.status, answer.codes) == (status, codes)
    assert answer.code == (codes[0] if codes else "")
    assert all(code in answer.reason for code in codes)


def test_a_missing_column_is_not_a_missing_value() -> None:
    row = {name: cell for name, cell in GOOD.items() if name != "original_glcm_Contrast"}
    assert Scorer(locked()).score_row(row).codes[0] == "SCORE-002"


def test_names_mangled_by_r_are_matched_only_as_aliases() -> None:
    row = {name.replace("-", "."): cell for name, cell in GOOD.items()}
    assert Scorer(locked()).score_row(row) == Scorer(locked()).score_row(GOOD)
    row = {name.upper(): cell for name, cell in GOOD.items()}
    assert Scorer(locked()).score_row(row).code == "SCORE-002"


@pytest.mark.parametrize("policy", ["reference", "pass"])
def test_an_admitted_unseen_batch_is_scored_unharmonised_and_flagged(policy: str) -> None:
    pipeline = fitted(reference="GE")
    scorer = Scorer(locked(pipeline, unseen=policy))
    x, _, covariates = cohort()
    answers = scorer.score(rows_of(x, ["BERGEN"] * len(x), covariates))
    assert [answer.risk for answer in answers] == by_numpy(pipeline, x, ["BERGEN"] * len(x), covariates)
    assert {answer.code for answer in answers} <= {"SCORE-001"}
    assert {answer.status for answer in answers} == {"flagged"}


def test_a_kept_batch_is_known_and_left_as_it_is() -> None:
    row = GOOD | {"Manufacturer": "OSLO"}
    kept = Scorer(locked(keep=("OSLO",))).score_row(row)
    passed = Scorer(locked(unseen="pass")).score_row(row)
    assert (kept.risk, kept.status, passed.status) == (passed.risk, "scored", "flagged")


def test_other_settings_are_refused() -> None:
    scorer = Scorer(locked(settings={"binWidth": "25"}))
    assert scorer.score_row(GOOD | {"binWidth": 25.0}).status == "scored"
    assert scorer.score_row(GOOD | {"binWidth": "32"}).codes == ("SCORE-004",)
    assert scorer.score_row(GOOD).status == "scored"


def test_a_risk_at_the_threshold_is_high() -> None:
    document = locked()
    risk = Scorer(document).score_row(GOOD).risk
    assert Scorer({**document, "threshold": {"value": risk, "rule": ""}}).score_row(GOOD).group == "high"


def test_extreme_scores_do_not_overflow() -> None:
    scorer = Scorer(locked())
    assert scorer.score_row(GOOD | {"wavelet-LLH_firstorder_Mean": 1e9}).risk == 1.0
    assert scorer.score_row(GOOD | {"wavelet-LLH_firstorder_Mean": -1e9}).risk == 0.0


def test_a_row_is_not_changed_by_scoring() -> None:
    before = json.dumps(GOOD)
    Scorer(locked()).score([GOOD])
    assert json.dumps(GOOD) == before
