"""Somebody who has a site summary tries to solve for a patient: alone, as one of two, as the only one of a kind, by differences.

Each attack is first shown to work on bare moments; then no summary with such moments can be made, built, written or read.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from radaudit.digests import digest
from radaudit.edges.federation import read_summary, summarise_file
from radaudit.edges.federation_table import Asked
from radaudit.errors import PrivacyError
from radaudit.harmonise.moments import measure
from radaudit.harmonise.summary import SiteSummary, summarise

FEATURES = ["a", "b", "c", "d", "e"]


def hospital(n: int, seed: int = 0) -> tuple[np.ndarray, list[str], dict[str, list]]:
    rng = np.random.default_rng(seed)
    covariates = {"age": rng.normal(60, 10, n).tolist(), "sex": ["F" if i % 2 else "M" for i in range(n)]}
    return rng.normal(5, 2, (n, len(FEATURES))), ["bergen"] * n, covariates


def refused(code: str, x, batch, covariates=None, **options) -> PrivacyError:
    with pytest.raises(PrivacyError) as caught:
        summarise(x, batch, covariates, features=FEATURES, **options)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_patients_are_solved_for_and_refused(n: int, tmp_path) -> None:
    x, batch, _ = hospital(n)
    own = measure(x, batch, features=FEATURES).per_batch[0]
    spread = np.sqrt(own.ss / 2)
    solved = [own.mean] if n == 1 else [own.mean - spread, own.mean + spread]
    np.testing.assert_allclose(np.sort(solved, axis=0), np.sort(x, axis=0), rtol=1e-12)  # the attack works

    refused("PRIV-060", x, batch)
    refused("PRIV-060", x, batch, withhold=True)
    with pytest.raises(PrivacyError) as caught:
        SiteSummary(moments=measure(x, batch, features=FEATURES), patients=(n,))
    assert caught.value.code == "PRIV-060"
    with pytest.raises(PrivacyError):
        SiteSummary(moments=measure(x, batch, features=FEATURES), patients=(1000,))
    table, out = tmp_path / "own.csv", tmp_path / "summary.json"
    table.write_text("site," + ",".join(FEATURES) + "\n" + "".join("bergen," + ",".join(map(repr, row)) + "\n" for row in x.tolist()))
    with pytest.raises(PrivacyError):
        summarise_file(table, Asked(batch=("site",), features=tuple(FEATURES)), out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.csv"]


def test_a_batch_below_the_minimum_is_refused_beside_a_large_one() -> None:
    x = hospital(60)[0]
    error = refused("PRIV-060", x, ["oslo"] * 51 + ["bergen"] * 9)
    assert error.facts["batch"] == "bergen"
    assert summarise(x, ["oslo"] * 50 + ["bergen"] * 10, features=FEATURES).patients == (10, 50)


def test_rows_of_one_patient_are_one_patient() -> None:
    x, batch, _ = hospital(30)
    refused("PRIV-060", x, batch, patients=[f"p{i % 6}" for i in range(30)])
    assert summarise(x, batch, features=FEATURES, patients=[f"p{i % 15}" for i in range(30)]).patients == (15,)


@pytest.mark.parametrize("minimum", [0, 1, 2, 4])
def test_the_minimum_itself_cannot_be_lowered_to_nothing(minimum: int) -> None:
    refused("PRIV-060", *hospital(3)[:2], minimum=minimum)
    with pytest.raises(PrivacyError):
        SiteSummary(moments=measure(*hospital(3)[:2], features=FEATURES), patients=(3,), minimum=minimum)


@pytest.mark.parametrize("measured", [1, 2, 9])
def test_a_feature_that_few_patients_have_is_refused_or_withheld(measured: int) -> None:
    x, batch, covariates = hospital(40)
    x[measured:, 2] = np.nan
    own = measure(x, batch, features=FEATURES).per_batch[0]
    if measured == 1:
        assert own.mean[2] == x[0, 2]
    if measured == 2:
        np.testing.assert_allclose(own.mean[2] + np.sqrt(own.ss[2] / 2), x[:2, 2].max(), rtol=1e-12)
    assert refused("PRIV-061", x, batch).facts["features"] == ("c",)
    with pytest.raises(PrivacyError) as caught:
        SiteSummary(moments=measure(x, batch, features=FEATURES), patients=(40,))
    assert caught.value.code == "PRIV-061"
    kept = summarise(x, batch, covariates, features=FEATURES, withhold=True)
    assert kept.withheld == ("c",)
    assert "c" not in kept.moments.features


def test_a_feature_that_nobody_has_gives_nobody_away() -> None:
    x, batch, covariates = hospital(40)
    x[:, 2] = np.nan
    assert summarise(x, batch, covariates, features=FEATURES).withheld == ()


@pytest.mark.parametrize("missing", [1, 2, 9])
def test_the_covariates_of_few_patients_without_a_feature_are_solved_for_and_refused(missing: int) -> None:
    x, batch, covariates = hospital(40)
    x[:missing, 2] = np.nan
    own = measure(x, batch, covariates, features=FEATURES).per_batch[0]
    gone = own.c_mean * 40 - own.partial_c_mean[0] * (40 - missing)
    if missing == 1:
        np.testing.assert_allclose(gone, [covariates["age"][0], 0.0, 1.0], atol=1e-10)  # age and sex of the one
    refused("PRIV-061", x, batch, covariates)
    with pytest.raises(PrivacyError):
        SiteSummary(moments=measure(x, batch, covariates, features=FEATURES), patients=(40,))
    assert summarise(x, batch, covariates, features=FEATURES, withhold=True).withheld == ("c",)
    assert summarise(x, batch, features=FEATURES).withheld == (), "without covariates nothing is said about those who are missing"


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("few", [1, 2, 9])
def test_the_only_ones_of_a_kind_are_solved_for_and_refused(few: int, others: bool) -> None:
    x, batch, _ = hospital(40)
    sex = ["F"] * few + ["M"] * (40 - few)
    covariates = {"sex": ["M" if s == "F" else "F" for s in sex] if others else sex}
    own = measure(x, batch, covariates, features=FEATURES).per_batch[0]
    column = 1 if others else 0
    summed = own.cx[column] + few * own.mean
    np.testing.assert_allclose(summed, x[:few].sum(axis=0), rtol=1e-10)  # one: the patient's row; two: their sum
    refused("PRIV-062", x, batch, covariates)
    refused("PRIV-062", x, batch, covariates, withhold=True)
    with pytest.raises(PrivacyError) as caught:
        SiteSummary(moments=measure(x, batch, covariates, features=FEATURES), patients=(40,))
    assert caught.value.code == "PRIV-062"


def test_a_number_that_is_a_code_of_few_patients_is_refused() -> None:
    x, batch, _ = hospital(40)
    refused("PRIV-062", x, batch, {"sex": [1.0] * 3 + [0.0] * 37})


def test_two_patients_who_share_two_levels_are_not_counted_in_the_open() -> None:
    x, batch, _ = hospital(60)
    covariates = {"sex": ["F", "M"] * 30, "stage": ["I"] * 30 + ["II"] * 30}
    summarise(x, batch, covariates, features=FEATURES)
    for i in range(4, 30, 2):  # of the women of stage I two are left
        covariates["stage"][i] = "II"
    refused("PRIV-062", x, batch, covariates)


def test_a_difference_of_two_groups_that_is_one_patient_is_refused() -> None:
    x, batch, _ = hospital(60)
    sex = ["F"] * 31 + ["M"] * 29
    smoker = ["yes"] * 30 + ["no"] * 30  # the smokers are the women but one
    covariates = {"sex": sex, "smoker": smoker}
    own = measure(x, batch, covariates, features=FEATURES).per_batch[0]
    women, smokers = own.cx[0] + 31 * own.mean, own.cx[3] + 30 * own.mean
    np.testing.assert_allclose(women - smokers, x[30], rtol=1e-10)  # the attack works
    refused("PRIV-062", x, batch, covariates)  # seen as one woman who does not smoke
    code = np.array([1.0] * 30 + [0.0] * 29 + [2.0])  # hidden in a number, it is seen as leverage
    refused("PRIV-063", x, batch, {"grade": np.where(code == 2, 40.0, code + np.arange(60) * 1e-3).tolist()})


def test_two_features_whose_missing_rows_differ_by_one_patient_are_refused() -> None:
    x, batch, covariates = hospital(80)
    x[:24, 1] = np.nan
    x[:25, 2] = np.nan
    own = measure(x, batch, covariates, features=FEATURES).per_batch[0]
    solved = own.partial_c_mean[0] * 56 - own.partial_c_mean[1] * 55
    np.testing.assert_allclose(solved[0], covariates["age"][24], rtol=1e-9)  # the attack works
    refused("PRIV-063", x, batch, covariates)
    assert summarise(x, batch, covariates, features=FEATURES, withhold=True).withheld == ("b", "c")
    x[24, 2] = 1.0
    assert summarise(x, batch, covariates, features=FEATURES).withheld == ()


def test_too_many_covariates_for_the_patients_are_refused() -> None:
    x, batch, _ = hospital(12)
    rng = np.random.default_rng(1)
    refused("PRIV-063", x, batch, {f"n{k}": rng.normal(size=12).tolist() for k in range(6)})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda batch: batch.update(rows=2, patients=2, cells=[[c[0], 2, *c[2:]] for c in batch["cells"]]), "PRIV-060"),
        (lambda batch: batch.update(patients=3), "PRIV-060"),
    ],
)
def test_a_file_that_was_made_smaller_by_hand_is_not_read(tmp_path, change, code) -> None:
    x, batch, _ = hospital(40)
    document = summarise(x, batch, features=FEATURES).document()
    change(document["batches"][0])
    plain = {key: value for key, value in document.items() if key != "sha256"}
    from radaudit.digests import canonical

    (tmp_path / "summary.json").write_bytes(canonical({**plain, "sha256": digest(plain)}))
    with pytest.raises(PrivacyError) as caught:
        read_summary(tmp_path / "summary.json")
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["seen on Tuesday; wife called, wants results by post\nward 4", "x" * 61, ""])
def test_free_text_is_refused(text: str) -> None:
    x, batch, _ = hospital(40)
    moments = measure(x, batch, {"remark": ["none"] * 20 + [text or " " * 3 + "\u200b"] * 20}, features=FEATURES)
    with pytest.raises(PrivacyError) as caught:
        SiteSummary(moments=moments, patients=(40,))
    assert caught.value.code == "PRIV-064"


def test_a_column_of_many_texts_is_refused() -> None:
    x, batch, _ = hospital(400)
    refused("PRIV-062", x, batch, {"town": [f"town {i % 40}" for i in range(390)] + ["town 0"] * 10}, minimum=10)
    refused("PRIV-064", x, batch, {"town": [f"town {i % 40}" for i in range(400)]}, minimum=10)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 120), st.integers(0, 2), st.integers(0, 30), st.integers(0, 30))
def test_no_combination_of_the_sums_that_may_leave_weighs_one_patient_by_half(seed, n, numbers, first, second) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(FEATURES)))
    x[rng.permutation(n)[:first], 3] = np.nan
    x[:second, 4] = np.nan
    sex = rng.permutation(["F", "M"] * (n // 2) + ["F"] * (n % 2)).tolist()
    covariates = {f"n{k}": (rng.standard_t(3, n) * 10).tolist() for k in range(numbers)} | {"sex": sex}
    try:
        made = summarise(x, ["s"] * n, covariates, features=FEATURES, withhold=True)
    except PrivacyError as error:
        event(error.code)  # an outlier among the numbers: nothing was written
        return
    own = made.moments
    full = np.column_stack([np.ones(n), own.coding.indicate(covariates, n)])
    known = np.column_stack([full * (~np.isnan(x[:, [FEATURES.index(name)]])) for name in own.features])
    span = known @ np.linalg.pinv(known)
    assert np.diag(span).max() < 0.5 + 1e-9
    assert own.per_batch[0].n.min() >= 10
