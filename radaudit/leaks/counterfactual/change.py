"""What a leak is worth: AUC as sent less AUC repaired, of one reference model on the same split, with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.findings import Finding
from radaudit.leaks.counterfactual.reference import scores
from radaudit.leaks.counterfactual.repairs import REPAIRS, Fed
from radaudit.leaks.forensics.threshold import best_cuts
from radaudit.measures.discrimination import auc, auc_difference
from radaudit.measures.thresholds import at_threshold

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.forensics.evidence import Evidence
    from radaudit.leaks.forensics.examine import Examined
    from radaudit.leaks.forensics.state import State

RESAMPLES = 1000
LEAST = 2  # events and others


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One leak: the measure as sent and repaired, and their difference with its 95% interval (None where there is none)."""

    kind: str
    measure: str
    sent: float
    repaired: float
    low: float | None
    high: float | None
    how: str
    method: str

    @property
    def difference(self) -> float:
        """As sent less repaired: what the leak added."""
        return self.sent - self.repaired

    @property
    def sentence(self) -> str:
        """The size in words."""
        inside = "" if self.low is None else f" ({self.low:+.3f} to {self.high:+.3f})"
        return f"{self.measure} {self.sent:.3f} as sent, {self.repaired:.3f} with {self.how}: the leak adds {self.difference:+.3f}{inside}"

    def document(self) -> dict[str, float | str | None]:
        """Return plain JSON values."""
        own = {name: getattr(self, name) for name in ("kind", "measure", "sent", "repaired", "low", "high", "how", "method")}
        return {**own, "difference": self.difference}


def of(state: State, given: Evidence) -> Change | None:
    """Return what a leak is worth, or None if the step cannot be repaired from what was sent."""
    if given.outcome is None:
        return None
    if state.kind == "threshold":
        return _threshold(given)
    if state.kind == "lottery":
        return _lottery(state)
    repair = REPAIRS.get(state.kind)
    found = None if repair is None else repair(given, state.facts)
    if found is None:
        return None
    known = ~np.isnan(given.outcome)
    sent, repaired = _asked(found.sent, given.outcome, known), _asked(found.repaired, given.outcome, known)
    if sent is None or repaired is None:
        return None
    change = _paired if np.array_equal(found.sent.judged, found.repaired.judged) else _resampled
    low, high, method = change(given.outcome, sent, repaired, found.sent.judged & known, found.repaired.judged & known)
    values = [
        auc(given.outcome[fed.judged & known], score[fed.judged & known]) for fed, score in ((found.sent, sent), (found.repaired, repaired))
    ]
    return Change(kind=state.kind, measure="AUC", sent=values[0], repaired=values[1], low=low, high=high, how=found.how, method=method)


def _asked(fed: Fed, outcome: Floats, known: Bools) -> Floats | None:
    """Return the scores of all rows, or None if a class has too few rows to fit or to judge."""
    for rows in (fed.fitted & known, fed.judged & known):
        if min(int((outcome[rows] == c).sum()) for c in (0, 1)) < LEAST:
            return None
    return scores(fed.x, outcome, fed.fitted & known, standardise=fed.standardise)


def _paired(outcome: Floats, sent: Floats, repaired: Floats, rows: Bools, _: Bools) -> tuple[float | None, float | None, str]:
    found = auc_difference(outcome[rows], sent[rows], repaired[rows]).difference
    return found.low, found.high, f"reference model, {found.method}"


def _resampled(outcome: Floats, sent: Floats, repaired: Floats, first: Bools, second: Bools) -> tuple[float, float, str]:
    """Return the percentile interval over test rows drawn again, where the repair leaves test rows out."""
    rng = np.random.default_rng(20260103)
    rows = [np.flatnonzero(first & (outcome == c)) for c in (0, 1)]
    found = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(part, size=len(part)) for part in rows])
        real = drawn[second[drawn]]
        if len(np.unique(outcome[real])) == 2:
            found.append(auc(outcome[drawn], sent[drawn]) - auc(outcome[real], repaired[real]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high), f"reference model, bootstrap of test rows ({len(found)})"


def _threshold(given: Evidence) -> Change | None:
    """Return what the cut-off of the test set adds to sensitivity plus specificity, beside Youden's of the training rows."""
    if given.predictions is None or given.threshold is None or given.outcome is None:
        return None
    known = ~np.isnan(given.predictions) & ~np.isnan(given.outcome)
    cuts = best_cuts(given.outcome, given.predictions, known & given.training)
    if cuts is None:
        return None
    rows = known & given.holdout
    y, risk = given.outcome[rows], given.predictions[rows]
    honest = cuts.intervals["Youden"][0][1]
    values = [_balanced(y, risk, cut) for cut in (given.threshold, honest)]
    rng = np.random.default_rng(20260104)
    groups = [np.flatnonzero(y == c) for c in (0, 1)]
    gaps = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(part, size=len(part)) for part in groups])
        gaps.append(_balanced(y[drawn], risk[drawn], given.threshold) - _balanced(y[drawn], risk[drawn], honest))
    low, high = (float(v) for v in np.quantile(gaps, [0.025, 0.975]))
    at = [at_threshold(y, risk, cut) for cut in (given.threshold, honest)]
    told = " and ".join(f"{(a.sensitivity.value or 0):.2f}/{(a.specificity.value or 0):.2f}" for a in at)
    how = f"the cut-off {honest:.4g} of the training rows (sensitivity/specificity {told})"
    return Change(
        kind="threshold",
        measure="balanced accuracy",
        sent=values[0],
        repaired=values[1],
        low=low,
        high=high,
        how=how,
        method="bootstrap of test rows",
    )


def _balanced(outcome: Floats, risk: Floats, cut: float) -> float:
    called = risk >= cut
    return float((called[outcome == 1].mean() + (~called[outcome == 0]).mean()) / 2)


def _lottery(state: State) -> Change | None:
    here, middle = state.facts.get("auc_here"), state.facts.get("auc_median")
    if not isinstance(here, float) or not isinstance(middle, float):
        return None
    how = f"the median of {state.facts.get('splits')} other splits"
    return Change(kind="lottery", measure="AUC", sent=here, repaired=middle, low=None, high=None, how=how, method="refits on other splits")


def sized(examined: Examined, given: Evidence) -> tuple[tuple[Finding, ...], tuple[Change, ...]]:
    """Return the findings, each leak with its size in its facts, and the changes, largest first."""
    by_code: dict[str, Change] = {}
    changes = []
    for state in examined.leaks:
        change = of(state, given)
        if change is not None:
            changes.append(change)
            by_code[state.kind] = change
    findings = []
    for finding in examined.findings:
        own = by_code.get(str(finding.facts.get("kind")))
        if finding.failed and own is not None:
            finding = replace(finding, facts={**finding.facts, "size": own.sentence, "number": own.difference})
        elif finding.failed:
            finding = replace(finding, facts={**finding.facts, "size": "cannot be told: the step cannot be repaired from what was sent"})
        findings.append(finding)
    return tuple(findings), tuple(sorted(changes, key=lambda change: -abs(change.difference)))
