"""The guard counts, and asks for a lock and a reason."""

from __future__ import annotations

import pytest

from radaudit.errors import GuardError
from radaudit.splits import Guard, HoldoutPlan, hold_out
from tests.multisite import simulated


@pytest.fixture
def guard() -> Guard:
    return Guard(hold_out(simulated(), HoldoutPlan(by="site", sites=("B",))))


def code_of(guard: Guard, **how: object) -> str:
    with pytest.raises(GuardError) as caught:
        guard.open(**{"plan": "p", "lock": "l", "reason": "primary analysis", **how})  # type: ignore[arg-type]
    assert caught.value.exit_code == 4
    return caught.value.code


def test_training_rows_are_free_and_the_first_opening_gives_the_holdout(guard: Guard) -> None:
    rows, after = guard.open(plan="p", lock="l", reason=" primary analysis ")
    assert rows == guard.split.holdout
    assert not rows & guard.training
    assert (guard.left, after.left, after.post_hoc) == (1, 0, False)
    assert after.openings[0].reason == "primary analysis"
    assert guard.openings == ()


def test_without_a_lock_or_a_reason_the_holdout_stays_closed(guard: Guard) -> None:
    assert code_of(guard, lock="") == "GUARD-003"
    assert code_of(guard, reason="  ") == "GUARD-004"


def test_a_second_opening_needs_an_amendment_and_is_post_hoc(guard: Guard) -> None:
    _, after = guard.open(plan="p", lock="l", reason="primary analysis")
    assert code_of(after) == "GUARD-002"
    rows, later = after.open(plan="p", lock="l", reason="a reviewer asked", amend=True)
    assert rows == guard.split.holdout
    assert [opening.amended for opening in later.openings] == [False, True]
    assert later.post_hoc


def test_a_changed_plan_is_named_before_the_count(guard: Guard) -> None:
    _, after = guard.open(plan="p", lock="l", reason="primary analysis")
    assert code_of(after, plan="other") == "GUARD-001"


def test_no_opening_allowed_means_none() -> None:
    split = hold_out(simulated(), HoldoutPlan(by="site", sites=("B",)))
    assert code_of(Guard(split, 0)) == "GUARD-002"
