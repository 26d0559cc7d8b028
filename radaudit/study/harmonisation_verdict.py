"""The verdict on a harmonisation: helped, no effect, harmed or not identifiable, decided on rows the harmoniser never saw.

The rule, fixed before any table is seen (docs/harmonisation-verdict.md shows its error rates):

1. not identifiable if the design cannot tell batch from outcome or covariate, or the batches are too small (the design doctor's answers);
2. harmed if batches of unseen rows are more alike than luck allows, by their distance or by a probe that guesses the batch less often than
   by luck: rows that look unseen were seen, or too much was removed;
3. harmed if the outcome's or a preserved covariate's association within batches changed by more than a quarter, beyond chance;
4. otherwise by the fall of the excess distance between batches, net of covariates and outcome, with its interval: no effect if the
   interval lies within the margin on both sides of nought; helped if it lies above nought and the fall is at least the margin, harmed if it
   lies below and the rise is;
5. not identifiable if the interval does none of that: the rows are too few to tell.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.errors import DesignError, listed
from radaudit.findings import Verdict
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.doctor import examine_rows
from radaudit.measures.groupdistance import upper_bound
from radaudit.study.harmonisation_numbers import LEAST_IN_FOLDS, MARGIN, Evidence, JudgedRows, frozen_rows, gather
from radaudit.study.plans import HarmonisePlan
from radaudit.study.unseen import Unseen, harmonised_unseen

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Floats
    from radaudit.findings import Finding

Word = Literal["helped", "no effect", "harmed", "not identifiable"]

FOLDS, FEWER_FOLDS = 10, 5  # more folds judge fits on nearly all rows; two patients per batch and fold are needed to form pairs
REPEATS = ((250, 6), (1000, 3), (10**9, 1))  # rows up to: how often they are dealt to folds
ASSOCIATED = 0.6  # Bergsma's V of batch and outcome from which the outcome cannot be told from the batch
LEAK = 0.005  # one-sided level of each of the two alarms: batches of unseen rows that are more alike than luck allows
CHANGED = 0.25  # share of an association within batches that may not be lost or made
OUTCOME_LEAST = 0.005  # an excess between outcome classes below this is no association to lose
DESIGN = {
    "HARM-001": "a covariate cannot be told apart from the batches",
    "HARM-002": "a covariate can hardly be told apart from the batches",
    "HARM-003": "a covariate does not overlap between batches",
    "HARM-008": "the table was harmonised before it was judged, so there is no before",
    "HARM-009": "there is only one batch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonisationVerdict:
    """The word, the sentences that lead to it (the first decides), and the numbers behind them as JSON values."""

    verdict: Word
    reasons: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"verdict": self.verdict, "verdict_reasons": list(self.reasons), "verdict_numbers": dict(self.numbers)}


def harm(verdict: str, reason: str) -> Finding:
    """Return the verdict as a finding: failed if harmonisation did harm, not run where nothing could be identified."""
    word = {"harmed": Verdict.FAILED, "not identifiable": Verdict.NOT_RUN}.get(verdict, Verdict.PASSED)
    needs = "more patients per batch, or batches that can be told from outcome and covariates"
    return answer("HARM-082", word, reason, facts={"verdict": verdict, "needs": needs})


def judge(
    rows: JudgedRows,
    unseen: Sequence[Unseen],
    halves: Sequence[Unseen],
    findings: Sequence[Finding],
    rng: Generator,
    *,
    permutations: int = 200,
) -> HarmonisationVerdict:
    """Return the verdict on ``rows``, harmonised as ``unseen`` (for distances) and as ``halves`` (for probes and tests).

    A holdout that one fit harmonised serves as both. ``findings`` are the design doctor's. Raises what the measures raise.
    """
    obstacle = _obstacle(findings)
    if obstacle is not None:
        return HarmonisationVerdict(verdict="not identifiable", reasons=(obstacle,), numbers={"margin": MARGIN})
    if not unseen:
        reason = "No row could be harmonised by a fit that had not seen it: the batches are too small."
        return HarmonisationVerdict(verdict="not identifiable", reasons=(reason,), numbers={"margin": MARGIN})
    evidence = gather(rows, unseen, halves, rng, permutations=permutations)
    verdict, leading = decide(evidence)
    return HarmonisationVerdict(
        verdict=verdict, reasons=(leading, *(s for s in _sentences(evidence) if s != leading)), numbers=evidence.document()
    )


def judge_training(
    x: Floats,
    batch: Sequence[str],
    patients: Sequence[str],
    covariates: Mapping[str, Sequence[Any]],
    outcome: Floats | None,
    plan: HarmonisePlan,
    rng: Generator,
    *,
    features: Sequence[str] | None = None,
    permutations: int = 200,
) -> HarmonisationVerdict:
    """Return the verdict on a way to harmonise, from training rows x (n, p): examined, harmonised fold by fold, judged.

    What the harmoniser refuses is not identifiable. Batches that the plan keeps as they are are not judged.
    """
    names = tuple(features) if features is not None else tuple(f"f{j}" for j in range(x.shape[1]))
    use = np.flatnonzero(~np.isin(np.asarray(batch, dtype=str), plan.keep))
    table, labels, people = x[use], [str(batch[int(i)]) for i in use], [str(patients[int(i)]) for i in use]
    own = {name: [values[int(i)] for i in use] for name, values in covariates.items()}
    known = None if outcome is None else np.asarray(outcome, dtype=np.float64)[use]
    try:
        findings = examine_training(table, labels, people, own, known, names)
        obstacle = _obstacle(findings)
        if obstacle is not None:
            return HarmonisationVerdict(verdict="not identifiable", reasons=(obstacle,), numbers={"margin": MARGIN})
        coding = CovariateCoding.learn(own, len(use))
        rows = frozen_rows(table, labels, people, outcome=known, design=coding.code(own, len(use)), columns=coding.columns)
        repeats = next(r for most, r in REPEATS if len(use) <= most)
        folds = FOLDS if _smallest(labels, people) >= 2 * FOLDS else FEWER_FOLDS
        unseen = harmonised_unseen(table, labels, people, own, plan, rng, folds=folds, repeats=repeats)
        halves = harmonised_unseen(table, labels, people, own, plan, rng, folds=2, repeats=1)
        return judge(rows, unseen, halves, findings, rng, permutations=permutations)
    except DesignError as error:
        reason = f"Not identifiable: {error.what} ({error.code})."
        return HarmonisationVerdict(verdict="not identifiable", reasons=(reason,), numbers={"margin": MARGIN})


def _smallest(labels: Sequence[str], people: Sequence[str]) -> int:
    """Return the patients of the smallest batch that is judged."""
    sizes = Counter(label for label, _ in set(zip(labels, people, strict=True))).values()
    return min((n for n in sizes if n >= LEAST_IN_FOLDS), default=0)


def examine_training(
    x: Floats,
    batch: Sequence[str],
    patients: Sequence[str],
    covariates: Mapping[str, Sequence[Any]],
    outcome: Floats | None,
    features: Sequence[str],
) -> tuple[Finding, ...]:
    """Return the design doctor's answers that bear on the verdict.

    Patients with rows in several batches make batches alike by design, so the question whether the table was harmonised before is left
    out for them.
    """
    classes = None if outcome is None or not np.isfinite(outcome).all() else [f"{value:g}" for value in outcome.tolist()]
    found = examine_rows(x, list(batch), covariates, features=features, outcome=classes, patients=list(patients))
    crossed = len(set(zip(patients, batch, strict=True))) > len(set(patients))
    return tuple(finding for finding in found if not (crossed and finding.code == "HARM-008"))


def _obstacle(findings: Sequence[Finding]) -> str | None:
    """Return why the design does not allow a verdict, or None."""
    for finding in findings:
        if finding.failed and finding.code in DESIGN:
            return f"Not identifiable: {DESIGN[finding.code]}. {finding.sentence}"
        if finding.failed and finding.code in ("HARM-006", "HARM-012", "HARM-014"):
            return f"Not identifiable: the table cannot be harmonised. {finding.sentence}"
        v = finding.facts.get("v_corrected") if finding.code == "CONF-001" else None
        if isinstance(v, float) and v >= ASSOCIATED:
            return (
                f"Not identifiable: batch and outcome go together (V = {v:.2f} corrected for chance, {ASSOCIATED} is too much): "
                "what is removed with the batch cannot be told from the outcome."
            )
    return None


def decide(evidence: Evidence) -> tuple[Word, str]:
    """Return the verdict and the sentence that decides it, steps 2 to 5 of the rule."""
    first = upper_bound(evidence.distance.before, 1 - LEAK)
    if first is not None and first < 0:
        return "not identifiable", (
            "Not identifiable: batches are more alike than luck allows before this harmonisation: the table was harmonised before."
        )
    probe, last = evidence.probe, upper_bound(evidence.distance.after, 1 - LEAK)
    if last is not None and last < 0:
        return "harmed", (
            f"Over-corrected: patients of different batches differ by {_more(evidence.distance.after.value or 0.0)} in a feature than "
            "patients of the same batch, on rows called unseen, which luck does not give: the harmoniser saw these rows, or removed more "
            "than the batch."
        )
    if probe.p_low is not None and probe.p_low <= LEAK:
        return "harmed", (
            f"Over-corrected: the batch of rows called unseen is guessed less often ({probe.after:.2f}) than by luck "
            f"({probe.chance:.2f}, p = {probe.p_low:.2g}): the harmoniser saw these rows, or removed more than the batch."
        )
    for step in (_outcome_step, _covariate_step):
        sentence = step(evidence)
        if sentence is not None:
            return "harmed", sentence
    return _distance_step(evidence)


def _outcome_step(evidence: Evidence) -> str | None:
    own = evidence.outcome
    if own is None or own.fall.value is None or own.fall.low is None or own.fall.high is None:
        return None
    before, after, fall = own.before.value or 0.0, own.after.value or 0.0, own.fall.value
    most = max(before, after)
    if own.fall.low <= 0 <= own.fall.high or abs(fall) < CHANGED * most or abs(fall) < OUTCOME_LEAST:
        return None
    word = "lost with" if fall > 0 else "made by"
    return (
        f"Over-corrected: association with the outcome was {word} harmonisation. Within a batch, patients of different outcome differed by "
        f"{before:.1%} more than patients of the same outcome before and by {after:.1%} after."
    )


def _covariate_step(evidence: Evidence) -> str | None:
    for own in evidence.covariates:
        share = own.retained
        if share is not None and own.low is not None and own.high is not None and not own.low <= 1 <= own.high and abs(share - 1) > CHANGED:
            word = "lost" if share < 1 else "made"
            return (
                f"Over-corrected: the effect of {own.column} within batches was {word} by harmonisation: {share:.0%} of it is left "
                f"({own.low:.0%} to {own.high:.0%}), over the {own.features} features that had one."
            )
    return None


def _distance_step(evidence: Evidence) -> tuple[Word, str]:
    fall, before, after = evidence.distance.fall, evidence.distance.before.value, evidence.distance.after.value
    if fall.value is None or fall.low is None or fall.high is None or before is None or after is None:
        return "not identifiable", f"Not identifiable: {fall.reason or 'no interval'}."
    text = (
        f"patients of different batches differ by {_more(before)} in a feature than patients of the same batch before harmonisation and by "
        f"{_more(after)} after, a fall of {fall.value:.1%} ({fall.low:.1%} to {fall.high:.1%}), on rows the harmoniser had not seen."
    )
    if fall.low >= -MARGIN and fall.high <= MARGIN:
        return "no effect", f"No effect beyond {MARGIN:.0%}: {text}"
    if fall.low > 0 and fall.value >= MARGIN:
        return "helped", f"Helped: {text}"
    if fall.high < 0 and fall.value <= -MARGIN:
        return "harmed", f"Harmed: {text}"
    if fall.low > 0 or fall.high < 0:
        word = "good" if fall.low > 0 else "harm"
        return "not identifiable", f"Not identifiable: some {word} was done, but the rows do not tell whether {MARGIN:.0%} or less: {text}"
    return "not identifiable", f"Not identifiable: the rows are too few to tell. As far as they go, {text}"


def _more(share: float) -> str:
    return f"{share:.1%} more" if share >= 0 else f"{-share:.1%} less"


def _sentences(evidence: Evidence) -> list[str]:
    """Return what else a reader should know, whatever the verdict."""
    found = [*_probe_sentences(evidence), *_test_sentences(evidence)]
    own = evidence.outcome
    if own is not None and own.fall.value is not None and own.before.value is not None and own.after.value is not None:
        found.append(
            f"Within batches, patients of different outcome differ by {_more(own.before.value)} than patients of the same outcome before "
            f"and by {_more(own.after.value)} after."
        )
    for row in evidence.covariates:
        if row.retained is None:
            found.append(f"No feature follows {row.column} within batches beyond chance, so no effect of it could be lost.")
        else:
            found.append(
                f"{row.retained:.0%} of the effect of {row.column} within batches is left, over the {row.features} features that had one; "
                f"{row.changed} of {row.of} slopes changed beyond chance, the largest by {row.largest:+.2f} SD."
            )
    covariance = evidence.covariance
    if covariance is not None and covariance.p is not None:
        word = "still go together differently" if covariance.p < 0.05 else "go together alike, as far as can be seen,"
        found.append(f"Features {word} in the batches (residual covariance, p = {covariance.p:.2g}); ComBat does not change that.")
    if evidence.left_out:
        found.append(f"Not judged for having too few patients: {listed(evidence.left_out)}.")
    return found


def _probe_sentences(evidence: Evidence) -> list[str]:
    probe = evidence.probe
    if probe.after is None or probe.before is None or probe.chance is None or probe.p_high is None:
        return [f"The batch could not be guessed: {probe.reason}."] if probe.reason else []
    word = "can still be guessed" if probe.p_high < 0.05 else "is not shown to be guessed more often than by luck"
    return [
        f"A classifier trained again on unseen harmonised rows names the batch with a balanced accuracy of {probe.after:.2f} "
        f"({probe.before:.2f} before, {probe.chance:.2f} by luck): it {word} (p = {probe.p_high:.2g})."
    ]


def _test_sentences(evidence: Evidence) -> list[str]:
    tests = evidence.tests
    if not tests or any(math.isnan(value) for value in tests.values()):
        return []
    return [
        f"Means differ between batches in {tests['additive_before']:.0%} of the features before and {tests['additive_after']:.0%} after "
        f"(Kruskal-Wallis), spreads in {tests['multiplicative_before']:.0%} and {tests['multiplicative_after']:.0%} (Brown-Forsythe), "
        "at a false discovery rate of 5%."
    ]
