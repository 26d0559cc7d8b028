from __future__ import annotations

import pytest

from radaudit.claims import Claim, coverage, decide, overall
from radaudit.claims.claim import Answer
from radaudit.claims.decide import Observed
from radaudit.findings import Finding, Severity, Verdict

AUC = Claim(id="C1", measure="auc", on="test", primary=True, lowest=0.7)
SLOPE = Claim(id="C2", measure="calibration_slope", on="test", lowest=0.8, highest=1.2)


def seen(low: float, value: float, high: float, events: int = 40) -> Observed:
    return Observed(value=value, low=low, high=high, patients=100, events=events)


def finding(code: str, severity: Severity = Severity.BLOCKING, concerns: tuple[str, ...] = ()) -> Finding:
    return Finding(code=code, verdict=Verdict.FAILED, severity=severity, sentence=f"{code} happened.", concerns=concerns)


@pytest.mark.parametrize(
    ("claim", "observed", "answer", "step"),
    [
        (AUC, seen(0.71, 0.8, 0.9), Answer.SUPPORTED, 3),
        (AUC, seen(0.70, 0.8, 0.9), Answer.SUPPORTED, 3),
        (AUC, seen(0.5, 0.6, 0.69), Answer.NOT_SUPPORTED, 4),
        (AUC, seen(0.6, 0.72, 0.8), Answer.UNDETERMINED, 5),
        (SLOPE, seen(0.85, 1.0, 1.15), Answer.SUPPORTED, 3),
        (SLOPE, seen(0.2, 0.5, 0.7), Answer.NOT_SUPPORTED, 4),
        (SLOPE, seen(0.7, 1.0, 1.3), Answer.UNDETERMINED, 5),
        (SLOPE, seen(1.21, 1.4, 1.9), Answer.NOT_SUPPORTED, 4),
        (Claim(id="C4", measure="delta_auc", on="test", lowest=0.0, strict=True), seen(0.0, 0.1, 0.2), Answer.UNDETERMINED, 5),
        (Claim(id="C4", measure="delta_auc", on="test", lowest=0.0, strict=True), seen(-0.2, -0.1, 0.0), Answer.NOT_SUPPORTED, 4),
        (Claim(id="C5", measure="brier", on="test", highest=0.2), seen(0.1, 0.15, 0.19), Answer.SUPPORTED, 3),
    ],
)
def test_the_whole_interval_decides(claim: Claim, observed: Observed, answer: Answer, step: int) -> None:
    decision = decide(claim, observed)
    assert (decision.answer, decision.step) == (answer, step)


def test_a_blocking_finding_overrules_a_good_interval_and_is_the_first_reason() -> None:
    decision = decide(AUC, seen(0.8, 0.85, 0.9), [finding("LEAK-003")])
    assert (decision.answer, decision.step) == (Answer.UNDETERMINED, 1)
    assert decision.reasons[0] == ("LEAK-003 happened.", "LEAK-003")


def test_a_blocking_finding_about_another_claim_does_not_count() -> None:
    assert decide(AUC, seen(0.8, 0.85, 0.9), [finding("LEAK-003", concerns=("C2",))]).answer is Answer.SUPPORTED


def test_a_waived_finding_does_not_count() -> None:
    assert decide(AUC, seen(0.8, 0.85, 0.9), [finding("SIZE-001").waived("dropped")]).answer is Answer.SUPPORTED


def test_there_are_at_most_three_reasons() -> None:
    many = [finding(f"LEAK-00{i}") for i in range(1, 6)]
    assert len(decide(AUC, seen(0.8, 0.85, 0.9), many).reasons) == 3


def test_a_missing_interval_cannot_be_decided_and_says_why() -> None:
    decision = decide(AUC, Observed(value=None, low=None, high=None, reason="one class only"))
    assert decision.answer is Answer.UNDETERMINED
    assert "one class only" in decision.sentence


def test_the_events_needed_follow_the_square_root_law() -> None:
    decision = decide(AUC, seen(0.6, 0.8, 0.9, events=40))  # half width 0.2, distance 0.1: four times the events
    assert "about 120 more events" in decision.needed


def test_the_overall_verdict_is_the_worst_primary_one() -> None:
    good = decide(AUC, seen(0.8, 0.85, 0.9))
    bad = decide(SLOPE, seen(0.1, 0.2, 0.3))
    assert overall([good, bad]) is good
    second = Claim(id="C3", measure="brier", on="test", primary=True, highest=0.1)
    undecided = decide(second, seen(0.05, 0.1, 0.2))
    assert overall([good, bad, undecided]) is undecided
    assert overall([]) is None


def test_coverage_counts_codes_and_names_what_was_missing() -> None:
    ran = Finding(code="ID-001", verdict=Verdict.PASSED, severity=Severity.NOTE, sentence="")
    gap = Finding(code="ID-005", verdict=Verdict.NOT_RUN, severity=Severity.NOTE, sentence="", facts={"needs": "image hashes"})
    result = coverage([ran, ran, gap])
    assert (result.possible, result.total) == (1, 2)
    assert result.missing == {"image hashes": ("ID-005",)}
