"""Laws of splits: parts are disjoint and complete, patients stay whole, order and company do not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.splits import leave_one_out, repeated_group_kfold
from radaudit.splits.holdout import HoldoutPlan, hold_out, patient_fraction
from tests.multisite import rebuilt, simulated

ids = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=30, unique=True)


@st.composite
def people(draw):  # type: ignore[no-untyped-def]
    """Rows of several patients, at least three of each class, with a label per row."""
    each = draw(st.lists(st.integers(1, 3), min_size=6, max_size=40))
    event = np.arange(len(each)) % draw(st.integers(2, 3)) == 0
    event[:3], event[3:6] = True, False
    who = np.repeat(np.arange(len(each)), each)
    label = np.array(draw(st.lists(st.integers(0, 3), min_size=len(who), max_size=len(who))))
    return np.array([f"p{i:03d}" for i in who]), event[who].astype(float), label


@given(people(), st.integers(2, 3), st.integers(1, 3), st.integers(0, 99))
def test_folds_partition_the_rows_and_never_split_a_patient(rows, folds, repeats, seed) -> None:  # type: ignore[no-untyped-def]
    patients, outcome, _ = rows
    found = repeated_group_kfold(patients, outcome, folds, repeats, np.random.default_rng(seed))
    assert len(found) == folds * repeats
    for repeat in range(repeats):
        own = [one for one in found if one.repeat == repeat]
        assert sorted(np.concatenate([one.assessment for one in own]).tolist()) == list(range(len(patients)))
    for one in found:
        assert sorted([*one.analysis.tolist(), *one.assessment.tolist()]) == list(range(len(patients)))
        assert not set(patients[one.analysis]) & set(patients[one.assessment])
        for part in (one.analysis, one.assessment):
            assert 0 < outcome[part].sum() < len(part)


@given(people(), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_the_same_seed_gives_the_same_folds(rows, seed, random) -> None:  # type: ignore[no-untyped-def]
    patients, outcome, _ = rows
    order = list(range(len(patients)))
    random.shuffle(order)

    def folds(at: list[int]) -> list[set[str]]:
        found = repeated_group_kfold(patients[at], outcome[at], 2, 2, np.random.default_rng(seed))
        return [set(patients[at][one.assessment].tolist()) for one in found]

    assert folds(order) == folds(list(range(len(patients))))


@given(people())
def test_each_label_is_left_out_once_with_all_rows_of_its_patients(rows) -> None:  # type: ignore[no-untyped-def]
    patients, _, label = rows
    if len(set(label.tolist())) < 2:
        return
    found = leave_one_out(label, patients)
    assert sorted(np.concatenate([one.assessment for one in found]).tolist()) == list(range(len(patients)))
    for one in found:
        assert not set(patients[one.analysis]) & set(patients[one.assessment])


@given(ids, st.binary(min_size=1, max_size=32))
def test_a_patients_place_depends_on_the_key_and_the_id_alone(names: list[str], key: bytes) -> None:
    for name in names:
        assert 0.0 <= patient_fraction(key, name) < 1.0
        assert patient_fraction(key, name) == patient_fraction(key, name)


@settings(max_examples=15)
@given(st.sets(st.integers(0, 59), min_size=20, max_size=55), st.floats(0.2, 0.8))
def test_late_deliveries_never_move_a_patient(early: set[int], fraction: float) -> None:
    plan = HoldoutPlan(by="random", fraction=fraction, key=b"study")
    later = simulated(patients=60, features=2)
    later = rebuilt(later, outcome=np.arange(60) % 2.0)
    first = later.take(later.where([i in early for i in range(60)]))

    def holdout(table) -> dict[str, bool]:  # type: ignore[no-untyped-def]
        inside = set(hold_out(table, plan).holdout)
        return {patient: i in inside for i, patient in enumerate(table.patients)}

    try:
        before, after = holdout(first), holdout(later)
    except ValueError:
        return  # a part was empty or of one class
    assert before == {patient: after[patient] for patient in before}


def test_the_share_of_the_holdout_comes_near_the_fraction_over_many_patients() -> None:
    places = np.array([patient_fraction(b"key", f"patient {i}") for i in range(20_000)])
    for fraction in (0.1, 0.35, 0.7):
        assert abs((places < fraction).mean() - fraction) < 4 * np.sqrt(fraction * (1 - fraction) / 20_000)
