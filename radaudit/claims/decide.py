"""The verdict on a claim: five steps, three answers, at most three reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from radaudit.claims.claim import PLACES, Answer, Claim, Decision
from radaudit.findings import Finding, ranked

MOST_REASONS = 3
BEARS = frozenset({"LEAK", "CONF", "SIZE", "HARM", "SCORE", "PERF", "OUT", "GUARD"})  # what speaks to a claim, not to a table's upkeep
MOST_FACTOR = 20.0

DECISION_RULE = (
    "1. A blocking finding that concerns the evidence of the claim: cannot be determined.",
    "2. A claim registered, or a plan changed, after the test set was opened: decided as below and marked post hoc.",
    "3. The whole 95% interval keeps the required limit: supported.",
    "4. The whole 95% interval breaks it: not supported.",
    "5. The interval contains the limit, or cannot be computed: cannot be determined.",
    "Overall: the worst verdict among the primary claims.",
)
SEVERITY = (Answer.SUPPORTED, Answer.UNDETERMINED, Answer.NOT_SUPPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was measured for a claim: value and interval (None if it could not be, with the reason), patients and events."""

    value: float | None
    low: float | None
    high: float | None
    patients: int = 0
    events: int = 0
    reason: str = ""


def decide(claim: Claim, observed: Observed, findings: Iterable[Finding] = (), *, post_hoc: bool = False) -> Decision:
    """Decide one claim by the registered rule (DECISION_RULE)."""
    concerning = [f for f in ranked(findings) if f.failed and (not f.concerns or claim.id in f.concerns)]
    blocking = [f for f in concerning if f.blocking]
    answer, step, sentence = _by_interval(claim, observed)
    if blocking:
        answer, step = Answer.UNDETERMINED, 1
    major = [f for f in concerning if not f.blocking and f.severity == "major" and f.code.partition("-")[0] in BEARS]
    first = {f.code: f.sentence for f in reversed([*blocking, *major])}  # one reason per code
    reasons = [(first[f.code], f.code) for f in blocking if first[f.code] == f.sentence]
    reasons += [(sentence, "")]
    reasons += [(first[f.code], f.code) for f in major if first[f.code] == f.sentence]
    return Decision(
        claim=claim,
        answer=answer,
        step=step,
        sentence=sentence,
        reasons=tuple(reasons[:MOST_REASONS]),
        post_hoc=post_hoc,
        needed=_needed(claim, observed) if step == 5 else "",
    )


def _by_interval(claim: Claim, seen: Observed) -> tuple[Answer, int, str]:
    where = PLACES.get(claim.on, claim.on)
    if seen.value is None or seen.low is None or seen.high is None:
        return Answer.UNDETERMINED, 5, f"The {claim.label} {where} could not be computed: {seen.reason or 'no interval'}."
    people = f"{seen.patients} patients" + (f", {seen.events} events" if seen.events else "") if seen.patients else ""
    text = f"{seen.low:.2f} to {seen.high:.2f}"
    point = f"point estimate {seen.value:.2f}" + (f"; {people}" if people else "")
    if claim.holds(seen.low) and claim.holds(seen.high):
        return Answer.SUPPORTED, 3, f"The 95% interval of the {claim.label} {where}, {text}, keeps the required {claim.required} ({point})."
    if seen.high < claim.lowest or seen.low > claim.highest or (claim.strict and (seen.high <= claim.lowest or seen.low >= claim.highest)):
        return (
            Answer.NOT_SUPPORTED,
            4,
            f"The 95% interval of the {claim.label} {where}, {text}, breaks the required {claim.required} ({point}).",
        )
    return (
        Answer.UNDETERMINED,
        5,
        f"The 95% interval of the {claim.label} {where}, {text}, {_reaches(claim)} ({point}).",
    )


def _reaches(claim: Claim) -> str:
    if math.isfinite(claim.lowest) and math.isfinite(claim.highest):
        return f"lies partly outside the required {claim.required}"
    return f"contains the limit of {claim.required}"


def _needed(claim: Claim, seen: Observed) -> str:
    """Say how many more events would separate the interval from the limit if the point estimate stayed (width falls as 1/sqrt(events))."""
    if seen.value is None or seen.low is None or seen.high is None or seen.events <= 0:
        return ""
    factor = 0.0
    for limit in (claim.lowest, claim.highest):
        if math.isfinite(limit) and seen.low <= limit <= seen.high:
            half = seen.value - seen.low if seen.value > limit else seen.high - seen.value
            distance = abs(seen.value - limit)
            factor = max(factor, (half / distance) ** 2 if distance > 0 else math.inf)
    if factor > MOST_FACTOR:
        return f"more than {MOST_FACTOR:g} times as many events would be needed if the estimate stayed where it is"
    more = math.ceil(seen.events * (factor - 1))
    return f"about {more} more events would be needed if the estimate stayed where it is" if more > 0 else ""


def overall(decisions: Sequence[Decision]) -> Decision | None:
    """Return the worst decision among the primary claims; among all if none is primary; None without claims."""
    primary = [d for d in decisions if d.claim.primary] or list(decisions)
    return max(primary, key=lambda d: SEVERITY.index(d.answer), default=None)
