"""The mistakes of a reviewer's afternoon: each sent as files, each named with its code, none guessed away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from radaudit.edges.stages.audit import audit
from radaudit.edges.workspace import StageResult, silent
from radaudit.errors import StudyError
from radaudit.findings import Finding

N = 90


def tables(seed: int = 4) -> dict[str, pd.DataFrame]:
    """Return an honest claim: a score of two features, fitted on nothing, with its split."""
    rng = np.random.default_rng(seed)
    outcome = (rng.random(N) < 0.45).astype(int)
    x = rng.normal(size=(N, 24)) * rng.uniform(1, 30, 24) + rng.normal(size=24) * 10
    x[:, :2] = rng.normal(size=(N, 2)) * 10 + 10 * outcome[:, None]
    ids = [f"PT{i:04d}" for i in range(1, N + 1)]
    names = [f"original_firstorder_F{j}" for j in range(24)]
    z = (x[:, 0] + x[:, 1]) / 15 - 0.7
    risk = np.round(1 / (1 + np.exp(-z)), 5)
    part = np.where(np.arange(N) % 3 == 0, "test", "training")
    return {
        "features": pd.DataFrame(x, columns=names).assign(patient_id=ids)[["patient_id", *names]],
        "clinical": pd.DataFrame({"patient_id": ids, "hospital": rng.choice(["LYON", "OSLO"], N), "relapse": outcome}),
        "predictions": pd.DataFrame({"id": ids, "set": part, "prob": risk}),
    }


def audited(
    folder: Path, made: Mapping[str, pd.DataFrame], claim: str = "We claim an AUC of at least 0.55 in the test set.", ask: Any = None
) -> Any:
    sent = folder / "sent"
    sent.mkdir()
    for name, table in made.items():
        table.to_csv(sent / f"{name}.csv", index=False)
    if claim:
        (sent / "claim.txt").write_text(claim)
    return audit(sent, folder / "out", ask, silent)


def failed(result: StageResult) -> dict[str, Finding]:
    return {finding.code: finding for finding in result.findings if finding.failed}


def test_an_honest_claim_is_supported(tmp_path: Path) -> None:
    result = audited(tmp_path, tables())
    assert result.exit_code == 0
    assert not [code for code in failed(result) if code[:4] in ("LEAK", "PERF", "GUAR")]
    assert result.details["claims"][0]["verdict"] == "supported"


def test_scores_are_not_taken_for_probabilities(tmp_path: Path) -> None:
    made = tables()
    made["predictions"]["prob"] = np.log(made["predictions"]["prob"] / (1 - made["predictions"]["prob"])).round(4)
    result = audited(tmp_path, made)
    assert "PERF-108" in failed(result)
    assert result.exit_code == 0  # the order is still judged


def test_a_flipped_direction_is_a_hint_and_nothing_is_turned(tmp_path: Path) -> None:
    made = tables()
    made["predictions"]["prob"] = (1 - made["predictions"]["prob"]).round(5)
    result = audited(tmp_path, made)
    assert failed(result)["PERF-105"].facts["number"] < 0.5  # type: ignore[operator]
    assert result.details["claims"][0]["verdict"] == "not supported"
    assert result.exit_code == 1


def test_ids_that_differ_by_zeros_are_not_joined_silently(tmp_path: Path) -> None:
    made = tables()
    for name, column in (("features", "patient_id"), ("clinical", "patient_id")):
        made[name][column] = made[name][column].str.removeprefix("PT")
    made["predictions"]["id"] = made["predictions"]["id"].str.removeprefix("PT").str.lstrip("0")
    with pytest.raises(StudyError) as caught:
        audited(tmp_path, made)
    assert caught.value.code == "STUDY-122"
    assert "strip-zeros" in str(caught.value.found)
    draft = tmp_path / "out" / "study.draft.yaml"
    draft.rename(draft.with_name("study.yaml"))  # the reviewer has read it and agrees
    assert audit(tmp_path / "sent", tmp_path / "out", None, silent).exit_code == 0


def test_a_claim_on_a_part_of_the_test_set_says_how_many_are_missing(tmp_path: Path) -> None:
    made = tables()
    held = made["predictions"].index[made["predictions"]["set"] == "test"]
    made["predictions"].loc[held[:6], "prob"] = np.nan
    assert failed(audited(tmp_path, made))["PERF-109"].facts["number"] == 6


def test_training_patients_among_the_test_rows_are_found_by_their_ids(tmp_path: Path) -> None:
    made = tables()
    train = made["predictions"].index[made["predictions"]["set"] == "training"][:5]
    for name, column in (("features", "patient_id"), ("clinical", "patient_id"), ("predictions", "id")):
        copies = made[name].loc[train].copy()
        copies[column] = copies[column].str.lower()
        if name == "predictions":
            copies["set"] = "test"
        if name == "features":
            copies.iloc[:, 1:] *= 1.01
        made[name] = pd.concat([made[name], copies], ignore_index=True)
    result = audited(tmp_path, made)
    assert failed(result)["LEAK-001"].facts["both_sides"] == 5
    assert result.exit_code == 5


def test_figures_of_the_training_rows_are_recognised(tmp_path: Path) -> None:
    from sklearn.metrics import roc_auc_score

    made = tables()
    train = made["predictions"]["set"] == "training"
    value = roc_auc_score(made["clinical"]["relapse"][train], made["predictions"]["prob"][train])
    result = audited(tmp_path, made, f"The AUC in the test set was {value:.4f}. We claim an AUC of at least 0.6.")
    assert failed(result)["PERF-107"].facts["part"] == "training rows"


def test_without_split_and_predictions_the_rest_is_still_checked(tmp_path: Path) -> None:
    made = tables()
    result = audited(tmp_path, {name: made[name] for name in ("features", "clinical")})
    assert result.exit_code == 5
    gaps = {gap["input"] for gap in result.details["coverage"]["missing"]}
    assert {"the split", "predictions", "the code"} <= gaps


def test_without_a_requirement_nothing_is_decided_and_nothing_is_invented(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        audited(tmp_path, tables(), claim="The AUC in the test set was 0.80.")
    assert caught.value.code == "STUDY-122"


def test_a_person_is_asked_at_most_four_things_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(lines: Sequence[str], questions: Sequence[Any]) -> dict[str, str]:
        asked.extend(question.key for question in questions)
        return {"claim": "auc >= 0.65", "site": "none"}

    result = audited(tmp_path, tables(), claim="", ask=ask)
    assert asked == ["subject", "site", "outcome", "claim"]
    assert result.details["claims"][0]["required_text"] == "≥ 0.65"

    def never(lines: Sequence[str], questions: Sequence[Any]) -> dict[str, str]:
        raise AssertionError("asked again")

    again = audit(tmp_path / "sent", tmp_path / "out", never, silent)
    assert again.details["evidence_sha256"] == result.details["evidence_sha256"]


def test_hostile_names_and_texts_end_as_text(tmp_path: Path) -> None:
    made = tables()
    made["clinical"]["hospital"] = np.where(np.arange(N) % 2 == 0, "<script>alert(1)</script>", '"onmouseover=x')
    result = audited(tmp_path, made, "<img src=x onerror=alert(1)> We claim an AUC of at least 0.6 in the test set.")
    page = (tmp_path / result.outputs["page"]).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
