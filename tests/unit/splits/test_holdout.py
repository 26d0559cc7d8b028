"""The guarded split: what each rule means, and what it refuses."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.findings import Severity
from radaudit.splits import HoldoutPlan, hold_out
from radaudit.splits.holdout import patient_fraction
from tests.multisite import rebuilt, simulated

KEY = b"0" * 32


def sides(table, split):  # type: ignore[no-untyped-def]
    return {table.patients[i] for i in split.training}, {table.patients[i] for i in split.holdout}


def test_a_patient_goes_where_the_keyed_hash_of_the_id_says() -> None:
    table = simulated()
    split = hold_out(table, HoldoutPlan(by="random", fraction=0.35, key=KEY))
    training, holdout = sides(table, split)
    for patient in table.patients:
        number = int(hmac.new(KEY, patient.encode(), hashlib.sha256).hexdigest(), 16)
        assert (patient in holdout) == (number < int(0.35 * 2**256))
    assert training | holdout == set(table.patients)
    assert split.facts["fraction_is_approximate"] is True
    assert split.facts["fraction_asked"] == 0.35
    assert split.facts["fraction_found"] == len(holdout) / 110
    assert 0.2 < len(holdout) / 110 < 0.5


def test_one_name_in_two_unicode_forms_is_one_place() -> None:
    assert patient_fraction(KEY, "Zo\u00eb") == patient_fraction(KEY, "Zoe\u0308")
    assert patient_fraction(KEY, "Zoe") != patient_fraction(KEY, "Zo\u00eb")


def test_every_row_of_a_patient_goes_with_the_patient() -> None:
    table = simulated(rows_each=3)
    training, holdout = sides(table, hold_out(table, HoldoutPlan(by="random", fraction=0.3, key=KEY)))
    assert not training & holdout


def test_named_sites_are_the_holdout() -> None:
    table = simulated()
    split = hold_out(table, HoldoutPlan(by="site", sites=("B",)))
    assert {table.sites[i] for i in split.holdout} == {"B"}
    assert {table.sites[i] for i in split.training} == {"A", "C"}
    assert split.facts["fraction_is_approximate"] is False


def test_a_misspelt_site_is_refused_with_the_near_match() -> None:
    with pytest.raises(DesignError) as caught:
        hold_out(simulated(sites=("OSLO", "LYON")), HoldoutPlan(by="site", sites=("OSLOO",)))
    assert (caught.value.code, caught.value.near) == ("SITE-070", "OSLO")


def test_a_column_names_the_holdout_and_its_one_other_value_is_training() -> None:
    table = simulated()
    split = hold_out(table, HoldoutPlan(by="column", column="part", values=("test",)))
    assert {table.facts["part"][i] for i in split.holdout} == {"test"}
    assert len(split.holdout) + len(split.training) == len(table)


def test_a_third_value_is_refused_until_it_is_named() -> None:
    table = simulated()
    part = [("validation" if i % 7 == 1 else cell) for i, cell in enumerate(table.facts["part"])]
    table = rebuilt(table, facts={**table.facts, "part": part})
    with pytest.raises(DesignError) as caught:
        hold_out(table, HoldoutPlan(by="column", column="part", values=("test",)))
    assert caught.value.code == "OUT-071"
    named = HoldoutPlan(by="column", column="part", values=("test",), training_values=("train", "validation"))
    assert len(hold_out(table, named).training) + part.count("test") == len(table)


def test_a_missing_part_is_refused_and_so_is_a_value_that_does_not_occur() -> None:
    table = simulated()
    empty = rebuilt(table, facts={**table.facts, "part": [None, *table.facts["part"][1:]]})
    for one, values in ((empty, ("test",)), (table, ("tset",))):
        with pytest.raises(DesignError) as caught:
            hold_out(one, HoldoutPlan(by="column", column="part", values=values))
        assert caught.value.code == "OUT-071"
    assert caught.value.near == "test"


def test_by_date_the_earliest_patients_train_and_ties_stay_together() -> None:
    table = simulated()
    split = hold_out(table, HoldoutPlan(by="date", column="scan", fraction=0.3))
    dates = table.facts["scan"]
    assert max(dates[i] for i in split.training) < min(dates[i] for i in split.holdout)  # type: ignore[type-var]
    tied = rebuilt(table, facts={**table.facts, "scan": ["2020-01-01"] * 80 + ["2021-06-01"] * 30})
    assert len(hold_out(tied, HoldoutPlan(by="date", column="scan", fraction=0.5)).training) == 80


def test_a_patient_is_placed_by_the_earliest_date() -> None:
    table = simulated(rows_each=2)
    scans = [f"20{10 + i % 2 * 10 + (i // 2) % 10:02d}0101" for i in range(len(table))]
    table = rebuilt(table, facts={**table.facts, "scan": scans})
    training, holdout = sides(table, hold_out(table, HoldoutPlan(by="date", column="scan", fraction=0.3)))
    assert not training & holdout
    assert len(holdout) == 33


@pytest.mark.parametrize("cell", ["03/05/2024", "2024-13-01", "2024-02-30", "", None, "May 2024"])
def test_a_date_that_could_be_two_dates_or_none_is_refused(cell: str | None) -> None:
    table = simulated()
    table = rebuilt(table, facts={**table.facts, "scan": [cell, *table.facts["scan"][1:]]})
    with pytest.raises(DesignError) as caught:
        hold_out(table, HoldoutPlan(by="date", column="scan", fraction=0.3))
    assert caught.value.code == "READ-070"


def test_a_patient_whose_rows_disagree_is_refused() -> None:
    table = simulated(rows_each=2)
    part = ["test" if i % 10 == 3 else "train" for i in range(len(table))]
    with pytest.raises(DesignError) as caught:
        hold_out(rebuilt(table, facts={**table.facts, "part": part}), HoldoutPlan(by="column", column="part", values=("test",)))
    assert caught.value.code == "ID-070"
    assert len(caught.value.facts["patients"]) == 22  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "plan",
    [
        HoldoutPlan(by="random", key=KEY),
        HoldoutPlan(by="random", fraction=1.0, key=KEY),
        HoldoutPlan(by="random", fraction=0.3),
        HoldoutPlan(by="date", fraction=0.3),
        HoldoutPlan(by="column", column="part"),
        HoldoutPlan(by="luck", fraction=0.3),  # type: ignore[arg-type]
    ],
)
def test_a_plan_without_what_it_needs_is_refused(plan: HoldoutPlan) -> None:
    with pytest.raises(DesignError) as caught:
        hold_out(simulated(), plan)
    assert caught.value.code == "STUDY-070"


def test_an_empty_part_is_refused() -> None:
    table = simulated(patients=3)
    table = rebuilt(table, outcome=[0.0, 1.0, 0.0])
    with pytest.raises(DesignError) as caught:
        hold_out(table, HoldoutPlan(by="random", fraction=1e-9, key=KEY))
    assert (caught.value.code, caught.value.facts["part"]) == ("SIZE-070", "holdout")


def test_training_rows_of_one_class_are_refused_and_a_holdout_of_one_class_is_a_finding() -> None:
    table = simulated()
    part = np.array([i % 4 == 0 for i in range(110)])
    plan = HoldoutPlan(by="column", column="part", values=("test",))
    with pytest.raises(DesignError) as caught:
        hold_out(rebuilt(table, outcome=part.astype(float)), plan)
    assert caught.value.code == "OUT-070"
    outcome = np.where(part, 0.0, np.arange(110) % 2)
    (finding,) = hold_out(rebuilt(table, outcome=outcome), plan).findings
    assert (finding.code, finding.severity, finding.failed) == ("OUT-072", Severity.BLOCKING, True)
    assert hold_out(table, plan).findings == ()
