"""Run a pipeline on the variants of its table, at most five fits, and say what moved that must not.

One baseline and three variants; then new patients if nothing moved, or the baseline again if something did: a pipeline that does not
repeat itself proves nothing. With ``repeats`` such a pipeline is compared by the distribution of its outputs instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.errors import DesignError
from radaudit.findings import Fact, Finding, Verdict
from radaudit.leaks.metamorphic.compare import TOLERANCE, Difference, Outputs, difference
from radaudit.leaks.metamorphic.repeats import energy_p
from radaudit.leaks.metamorphic.variants import (
    CODES,
    COMPANY,
    FEATURES,
    OUTCOMES,
    QUESTIONS,
    Variant,
    baseline,
    variants,
)

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

Pipeline = Callable[[Variant], Outputs]
PROVED, SUSPECTED, CLEAN, UNKNOWN = "proved leak", "suspected", "evidence of clean", "not testable with what was supplied"
ALPHA = 0.01
LEAST_REPEATS = 6  # with 5 against 5 no p can fall below 0.01 / 4
LEAST_ROWS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One question: what moved, or why it could not be asked; ``p`` if it was answered by distribution."""

    name: str
    moved: Difference | None = None
    p: float | None = None
    failure: str = ""
    fits: int = 1

    @property
    def question(self) -> str:
        """The question in words."""
        return QUESTIONS[self.name]

    @property
    def caught(self) -> bool:
        """True if something moved that must not."""
        if self.p is not None:
            return self.p < ALPHA / len(QUESTIONS)
        return self.moved is not None and self.moved.any


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """What the guard saw: the verdict, in the words of the leak states, one perturbation per question, and how many fits it took."""

    verdict: str
    perturbations: tuple[Perturbation, ...]
    fits: int
    deterministic: bool | None
    reading: str

    @property
    def caught(self) -> tuple[str, ...]:
        """The perturbations that moved something."""
        return tuple(item.name for item in self.perturbations if item.caught)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One finding per question, GUARD-100 to -103, and GUARD-104 if the pipeline does not repeat itself."""
        found = [_finding(item) for item in self.perturbations]
        if self.deterministic is False:
            need = "declared seeds, or repeats"
            verdict = Verdict.NOT_RUN if not found else Verdict.PASSED
            found.append(answer("GUARD-104", verdict, self.reading, facts={"needs": need}))
        return tuple(found)

    def __str__(self) -> str:
        lines = [f"{self.verdict} ({self.fits} fits)", f"  {self.reading}"]
        return "\n".join([*lines, *(f"  {item.name:<10} {_sentence(item)}" for item in self.perturbations)])


def examine(
    pipeline: Pipeline, values: Floats, holdout: Bools, *, seed: int = 1, repeats: int = 0, tolerance: float = TOLERANCE
) -> GuardReport:
    """Return what the guard sees of a pipeline on features ``values (n, p)`` with holdout rows ``holdout (n,)``.

    At most five fits; with ``repeats`` (at least 6) a pipeline that does not repeat itself is run that many times on each of the four
    variants and on the table, and compared by energy distance. Raises DesignError (GUARD-110) for fewer than four rows on a side.
    """
    if min(int(holdout.sum()), int((~holdout).sum())) < LEAST_ROWS:
        found = f"{int((~holdout).sum())} training and {int(holdout.sum())} holdout rows"
        raise DesignError("GUARD-110", f"the guard needs at least {LEAST_ROWS} rows on each side", found=found)
    if 0 < repeats < LEAST_REPEATS:
        raise DesignError("GUARD-111", f"a comparison of distributions needs at least {LEAST_REPEATS} repeats", found=str(repeats))
    rng = np.random.default_rng(seed)
    plain, changed = baseline(values), variants(values, holdout, rng)
    base = pipeline(plain)
    asked = [_asked(pipeline, base, variant, holdout, tolerance) for variant in islice(changed, 3)]
    fits = 1 + len(asked)
    if not any(item.caught for item in asked):
        asked.append(_asked(pipeline, base, next(changed), holdout, tolerance))
        return _report(asked, fits + 1, None)
    again = difference(base, pipeline(plain), plain, holdout, tolerance)
    fits += 1
    if not again.any:
        return _report(asked, fits, True)
    if not repeats:
        return _report([], fits, False)
    return _by_distribution(pipeline, base, values, holdout, fits, seed, repeats)


def _asked(pipeline: Pipeline, base: Outputs, variant: Variant, holdout: Bools, tolerance: float) -> Perturbation:
    try:
        made = pipeline(variant)
    except DesignError:
        raise
    except Exception as error:  # a pipeline may refuse garbage: that is a gap, not a leak
        return Perturbation(name=variant.name, failure=f"{type(error).__name__}: {error}"[:200])
    found = difference(base, made, variant, holdout, tolerance)
    failure = "" if found.compared else "no row was predicted in both runs"
    if not found.answered and not found.any:
        failure = "the predictions of garbage rows did not move: the pipeline does not look at the table it is given"
    return Perturbation(name=variant.name, moved=found, failure=failure)


def _by_distribution(pipeline: Pipeline, base: Outputs, values: Floats, holdout: Bools, fits: int, seed: int, repeats: int) -> GuardReport:
    plain, rng = baseline(values), np.random.default_rng(seed)
    own = [base, *(pipeline(plain) for _ in range(repeats - 1))]
    fits += repeats - 1
    asked = []
    for variant in variants(values, holdout, rng):
        runs = [pipeline(variant) for _ in range(repeats)]
        fits += repeats
        at, rows = variant.comparable, variant.source[variant.comparable]
        first = [_vector(run, rows) for run in own]
        second = [_vector(run, at) for run in runs]
        asked.append(Perturbation(name=variant.name, p=energy_p(first, second, rng), fits=repeats))
    return _report(asked, fits, False)


def _vector(run: Outputs, rows: Ints) -> Floats:
    """Return all outputs of a run as one vector, each part at unit weight."""
    parts = [np.nan_to_num(run.risk[rows]).ravel(), *(np.nan_to_num(run.others[name]).ravel() for name in sorted(run.others))]
    return np.concatenate(parts)


def _report(asked: list[Perturbation], fits: int, repeated: bool | None) -> GuardReport:
    caught = {item.name for item in asked if item.caught}
    answered = [item for item in asked if not item.failure]
    if caught:
        verdict = SUSPECTED if repeated is False else PROVED
    elif asked and len(answered) == len(asked):
        verdict = CLEAN
    else:
        verdict = UNKNOWN
    deterministic = True if repeated is None and len(answered) == len(QUESTIONS) else repeated
    return GuardReport(
        verdict=verdict, perturbations=tuple(asked), fits=fits, deterministic=deterministic, reading=_reading(asked, caught, verdict)
    )


def _reading(asked: list[Perturbation], caught: set[str], verdict: str) -> str:
    """Say in one sentence what kind of step does this."""
    if not asked:
        return "The same table gave other outputs the second time: declare seeds, or compare distributions with repeats."
    if not caught:
        gaps = [item.name for item in asked if item.failure]
        return f"Not every question could be asked: {', '.join(gaps)}." if gaps else "Nothing moved that must not."
    moved = {item.name: item.moved for item in asked if item.moved is not None}
    fitted = any(change.training for change in moved.values())
    named = sorted({name for change in moved.values() for name in change.others})
    if caught == {OUTCOMES}:
        what = f" ({', '.join(named)})" if named else ""
        return f"Something was chosen by the holdout outcomes{what}: a threshold, hyper-parameters or the model itself."
    if OUTCOMES in caught:
        return "A fit saw holdout features and holdout outcomes: selection, resampling, tuning or harmonisation with the outcome."
    if fitted or (FEATURES in caught and COMPANY in caught and named):
        return "A fit saw holdout features: scaling, imputation, PCA or harmonisation on all rows."
    return "Holdout rows are scored together: a prediction depends on who else is in the holdout."


def _sentence(item: Perturbation) -> str:
    if item.failure:
        return f"could not be asked: {item.failure}"
    if item.p is not None:
        return f"energy distance, permutation p = {item.p:.4f}"
    assert item.moved is not None
    moved = item.moved
    parts = [f"{moved.training} of {moved.training_of} training outputs"] if moved.training_of else []
    parts += [f"{moved.holdout} of {moved.holdout_of} untouched holdout predictions"] if moved.holdout_of else []
    parts += [f"{name} changed" for name in moved.others]
    return ", ".join(parts) + (" changed" if not moved.others else "")


def _finding(item: Perturbation) -> Finding:
    code = CODES[item.name]
    facts: dict[str, Fact] = {"question": item.question}
    if item.failure:
        return answer(
            code, Verdict.NOT_RUN, f"The pipeline could not be run: {item.failure}", facts={**facts, "needs": "a pipeline that runs"}
        )
    verdict = Verdict.FAILED if item.caught else Verdict.PASSED
    if item.moved is not None:
        counts: dict[str, Fact] = {"training": item.moved.training, "holdout": item.moved.holdout, "others": list(item.moved.others)}
        return answer(code, verdict, f"{_sentence(item)}.", facts={**facts, **counts, "number": item.moved.training + item.moved.holdout})
    return answer(code, verdict, f"{_sentence(item)}.", facts={**facts, "p": item.p, "number": item.p})
