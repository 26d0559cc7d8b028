"""What is recognised in files that a third party sent, what is asked, and what is refused instead of guessed."""

from __future__ import annotations

import pytest

from radaudit.errors import StudyError
from radaudit.study.audit.answers import answered, limit_of
from radaudit.study.audit.recognise import Parted, Recognised, recognise
from radaudit.study.audit.told import Told, claims_of, told_in_words, told_in_yaml
from radaudit.study.audit.words import said
from radaudit.study.audit.writing import study_text
from radaudit.study.guesses import Look

IDS = tuple(f"P{i:03d}" for i in range(40))
YES = tuple("yes" if i % 3 == 0 else "no" for i in range(40))
PART = tuple("test" if i % 4 == 0 else "training" for i in range(40))
RISK = tuple(f"0.{i * 21 + 101}" for i in range(40))
SITES = tuple("LYON" if i % 2 else "OSLO" for i in range(40))


def features(**columns: tuple[str, ...]) -> Look:
    return Look(file="received/features.csv", rows=40, columns={"patient_id": IDS, **columns}, features=tuple(f"f{j}" for j in range(30)))


def clinical(**columns: tuple[str, ...]) -> Look:
    return Look(file="received/clinical.csv", rows=40, columns={"patient_id": IDS, **columns})


def predictions(**columns: tuple[str, ...]) -> Look:
    return Look(file="received/predictions.csv", rows=40, columns={"id": IDS, **columns})


def usual(told: Told | None = None) -> Recognised:
    return recognise([features(), clinical(hospital=SITES, relapse=YES), predictions(set=PART, prob=RISK)], told or Told())


def questions(found: Recognised) -> dict[str, bool]:
    return {question.key: question.sure for question in found.questions}


def test_a_usual_claim_is_recognised_and_only_the_requirement_is_open() -> None:
    found = usual()
    assert (found.subject, found.site, found.outcome, found.event, found.predictions) == (
        "patient_id",
        "hospital",
        "relapse",
        "yes",
        "prob",
    )
    assert found.split == Parted(column="set", test=("test",), training=("training",))
    assert found.ids == {"received/features.csv": "patient_id", "received/clinical.csv": "patient_id", "received/predictions.csv": "id"}
    assert questions(found) == {"subject": True, "site": True, "outcome": True, "claim": False}
    assert len(found.questions) <= 4


def test_a_requirement_in_words_leaves_nothing_open() -> None:
    found = usual(told_in_words("We claim an AUC of at least 0.75. In the test set it was 0.81 (95% CI 0.72-0.90) at a cut-off of 0.42."))
    assert all(questions(found).values())
    assert found.told.threshold == 0.42
    assert dict(found.told.claims[0])["at_least"] == 0.75


def test_two_columns_that_could_be_predictions_are_an_error_with_both() -> None:
    with pytest.raises(StudyError) as caught:
        recognise([features(), clinical(relapse=YES), predictions(set=PART, prob=RISK, risk_score=RISK[::-1])], Told())
    assert caught.value.code == "STUDY-122"
    assert "prob" in str(caught.value.found)
    assert "risk_score" in str(caught.value.found)


def test_a_stated_role_is_not_guessed() -> None:
    told = told_in_yaml({"predictions": "risk_score", "outcome": "relapse", "event": "no"}, "claim.yaml")
    found = recognise([features(), clinical(relapse=YES), predictions(set=PART, prob=RISK, risk_score=RISK[::-1])], told)
    assert (found.predictions, found.event, found.non_event) == ("risk_score", "no", "yes")


def test_two_outcomes_of_equal_standing_are_open() -> None:
    found = recognise([features(), clinical(alpha=YES, beta=YES[::-1]), predictions(set=PART, prob=RISK)], Told())
    outcome = next(question for question in found.questions if question.key == "outcome")
    assert not outcome.sure
    assert set(outcome.candidates) == {"alpha", "beta"}


def test_an_event_that_no_word_tells_is_open() -> None:
    found = recognise(
        [features(), clinical(relapse=tuple("A" if v == "yes" else "B" for v in YES)), predictions(set=PART, prob=RISK)], Told()
    )
    assert not questions(found)["outcome"]


def test_without_a_split_the_rows_with_a_prediction_are_the_test_set() -> None:
    risk = tuple(text if part == "test" else "" for text, part in zip(RISK, PART, strict=True))
    found = recognise([features(), clinical(relapse=YES), predictions(prob=risk)], Told())
    assert found.split == Parted(column="prob", test=(), training=())


def test_three_parts_are_two_with_validation_in_training() -> None:
    part = tuple(("train", "validation", "test")[i % 3] for i in range(40))
    found = recognise([features(), clinical(relapse=YES), predictions(set=part, prob=RISK)], Told())
    assert found.split == Parted(column="set", test=("test",), training=("train", "validation"))


def test_ids_that_differ_by_zeros_are_told_with_the_rule() -> None:
    short = Look(file="received/predictions.csv", rows=40, columns={"id": tuple(str(i + 1) for i in range(40)), "set": PART, "prob": RISK})
    long_ = tuple(f"{i + 1:04d}" for i in range(40))
    home = Look(file="received/features.csv", rows=40, columns={"patient_id": long_}, features=tuple(f"f{j}" for j in range(30)))
    other = Look(file="received/clinical.csv", rows=40, columns={"patient_id": long_, "relapse": YES})
    found = recognise([home, other, short], Told())
    assert found.normalise == "strip-zeros"
    assert not questions(found)["subject"]
    assert answered(found, {"subject": "patient_id, as written"}).normalise == ""


def test_a_table_of_feature_names_is_the_signature() -> None:
    names = Look(file="received/signature.csv", rows=3, columns={"feature": ("f3", "f7", "f9")})
    found = recognise([features(), clinical(relapse=YES), predictions(set=PART, prob=RISK), names], Told())
    assert found.selected == ("f3", "f7", "f9")
    assert "names 3 features" in found.notes["received/signature.csv"]


def test_ten_released_columns_are_a_feature_table() -> None:
    measured = {f"m{j}": tuple(f"{(i * 7 + j) % 40}.{i}" for i in range(40)) for j in range(10)}
    small = Look(file="received/features.csv", rows=40, columns={"patient_id": IDS, **measured})
    found = recognise([small, clinical(relapse=YES), predictions(set=PART, prob=RISK)], Told())
    assert found.features[0].features == tuple(measured)


def test_answers_take_the_place_of_guesses_and_the_study_file_holds_them() -> None:
    found = recognise([features(), clinical(hospital=SITES, relapse=YES, death=YES[::-1]), predictions(set=PART, prob=RISK)], Told())
    made = answered(found, {"outcome": "death == no", "site": "none", "claim": "auc >= 0.75"})
    assert (made.outcome, made.event, made.site) == ("death", "no", "")
    text = study_text(made, name="claim", claim="claim.zip", sha256="0" * 64)
    assert 'column: death, event: "no"' in text
    assert "at_least: 0.75" in text
    with pytest.raises(StudyError) as caught:
        answered(found, {"outcome": "deth"})
    assert (caught.value.code, caught.value.near) == ("STUDY-122", "death")


def test_requirements_are_read_as_people_write_them() -> None:
    for text, key, value in (("0.75", "at_least", 0.75), ("auc > 0,8", "above", 0.8), ("sensitivity at least 0.9", "at_least", 0.9)):
        claim = limit_of(text)
        assert claim is not None
        assert claim[key] == value
    assert limit_of("none") is None
    with pytest.raises(StudyError):
        limit_of("good")


def test_a_claim_in_words_gives_figures_intervals_and_limits() -> None:
    found = said(
        "In training the AUC was 0.99. The signature reached an AUC of 0.86 (95% CI 0.77 to 0.94) in the test set; "
        "sensitivity was 87.3% and specificity 0.81. The AUC exceeds 0.7."
    )
    assert {name: figure.text for name, figure in found.figures.items()} == {"auc": "0.86", "sensitivity": "87.3%", "specificity": "0.81"}
    assert (found.figures["auc"].low, found.figures["auc"].high) == (0.77, 0.94)
    assert [(c["measure"], c["above"]) for c in claims_of(found)] == [("auc", 0.7)]


def test_a_claim_file_with_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError) as caught:
        told_in_yaml({"figure": {"auc": "0.8"}}, "claim.yaml")
    assert (caught.value.code, caught.value.near) == ("STUDY-125", "figures")
