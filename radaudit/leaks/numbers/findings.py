"""The findings on claimed figures: PERF-100 to PERF-108, one per question, each with its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.findings import Finding, Severity, Verdict
from radaudit.leaks.numbers import counts, intervals, ranks, replay
from radaudit.leaks.numbers.stated import Stated

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats

PLAIN = {"ppv": "PPV", "npv": "NPV", "auc": "AUC", "f1": "F1"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What figures can be compared with: outcomes and predictions of all rows (n,), which rows the claim is of, and the threshold.

    ``events`` and ``others`` are the numbers of rows the figures are of, where they are known without predictions; ``size`` only the sum.
    ``parts`` names other rows (n,) the figures might be of. NaN in ``risk`` is a row without a prediction.
    """

    outcome: Floats | None = None
    risk: Floats | None = None
    rows: Bools | None = None
    threshold: float | None = None
    events: int | None = None
    others: int | None = None
    size: int | None = None
    parts: Mapping[str, Bools] | None = None


def examine(figures: Sequence[Stated], material: Material) -> tuple[Finding, ...]:
    """Return one finding per question about the claimed figures; a question that needs what was not supplied is NOT_RUN."""
    known = _known(material)
    named = {figure.measure: figure for figure in figures}
    return (
        _replayed(named, material),
        _together(named, known),
        _auc_counts(named, known),
        _point(named),
        _narrow(figures, known),
        _direction(material),
        *_turned(named, material),
        *_other_rows(named, material),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    events: int | None
    others: int | None
    size: int | None


def _known(material: Material) -> _Known:
    if material.events is not None and material.others is not None:
        return _Known(material.events, material.others, material.events + material.others)
    if material.outcome is not None and material.rows is not None and material.rows.any():
        end = material.outcome[material.rows]
        return _Known(int((end == 1).sum()), int((end == 0).sum()), len(end))
    return _Known(None, None, material.size)


def _said(measure: str) -> str:
    return PLAIN.get(measure, measure.replace("_", " "))


def _usable(material: Material) -> tuple[Floats, Floats] | None:
    """Return outcome and prediction of the claimed rows that have one."""
    if material.outcome is None or material.risk is None or material.rows is None:
        return None
    there = material.rows & ~np.isnan(material.risk)
    return (material.outcome[there], material.risk[there]) if there.any() else None


def _replayed(named: Mapping[str, Stated], material: Material) -> Finding:
    code = "PERF-100"
    if not named:
        return answer(code, Verdict.NOT_RUN, "No figure is claimed.", facts={"needs": "claimed figures"})
    pair = _usable(material)
    if pair is None:
        return answer(code, Verdict.NOT_RUN, "There are no predictions to recompute figures from.", facts={"needs": "predictions"})
    found = [replay.replay(figure, *pair, material.threshold) for figure in named.values()]
    asked = [one for one in found if one.value is not None]
    if not asked:
        return answer(code, Verdict.NOT_RUN, "No claimed figure could be recomputed.", facts={"needs": found[0].needs})
    wrong = [one for one in asked if one.agreement == replay.DIFFERENT]
    last = [one for one in asked if one.agreement == replay.ROUNDING]
    worst = max(wrong or last or asked, key=lambda one: abs(one.difference or 0.0))
    told = "; ".join(f"{_said(o.figure.measure)} {o.figure.text} claimed, {o.value:.3f} recomputed" for o in wrong or last)
    exact = len(asked) - len(wrong) - len(last)
    rest = f"{exact} of {len(asked)} claimed figures are what the predictions give"
    return answer(
        code,
        Verdict.FAILED if wrong else Verdict.PASSED,
        f"{rest}" + (f"; {told}." if told else "."),
        facts={
            "number": worst.difference if wrong else 0.0,
            "figures": len(asked),
            "different": [one.figure.measure for one in wrong],
            "last_digit": [one.figure.measure for one in last],
            **({"size": f"claimed less recomputed {_said(worst.figure.measure)}: {worst.difference:+.3f}"} if wrong else {}),
        },
    )


def _together(named: Mapping[str, Stated], known: _Known) -> Finding:
    code, figures = "PERF-101", [figure for figure in named.values() if figure.measure in counts.COUNTED]
    if not figures:
        return answer(
            code, Verdict.NOT_RUN, "No figure made of counts is claimed.", facts={"needs": "claimed sensitivity, specificity or accuracy"}
        )
    if known.events is not None and known.others is not None:
        found = counts.tables_of(figures, known.events, known.others)
        people = f"{known.events} rows with the event and {known.others} without"
    else:
        found = None if known.size is None else counts.tables_without_events(figures, known.size)
        people = f"{known.size} rows"
    if found is None:
        return answer(
            code, Verdict.NOT_RUN, "How many rows the figures are of is not known.", facts={"needs": "numbers of events and others"}
        )
    told = ", ".join(f"{_said(figure.measure)} {figure.text}" for figure in figures)
    if found.found:
        first = dict(zip(("tp", "fn", "fp", "tn"), found.examples[0], strict=True))
        sentence = f"{told}: {found.found} table(s) of {people} give all of them."
        return answer(code, Verdict.PASSED, sentence, facts={"number": found.found, "tried": found.tried, "first": first})
    blamed = found.alone or found.culprits
    size = _impossible_size(named, found, known)
    why = f" Impossible by itself: {', '.join(map(_said, found.alone))}." if found.alone else ""
    why += f" Without the {' or the '.join(map(_said, found.culprits))} the rest is possible." if found.culprits and not found.alone else ""
    why += " Digits that were cut off instead of rounded would explain it." if found.cut else ""
    return answer(
        code,
        Verdict.FAILED,
        f"No table of {people} gives {told}: {found.tried:,} were tried.{why}",
        facts={"number": 0, "tried": found.tried, "figures": [figure.measure for figure in figures], "blamed": list(blamed), **size},
        severity=Severity.MINOR if found.cut else None,
    )


def _impossible_size(named: Mapping[str, Stated], found: counts.Tables, known: _Known) -> dict[str, str]:
    """Say how far a figure that is impossible by itself lies from the nearest possible one."""
    sizes = {"sensitivity": known.events, "specificity": known.others, "accuracy": known.size}
    for measure in found.alone:
        size = sizes.get(measure)
        if size:
            near = counts.nearest_share(named[measure], size)
            return {"size": f"{_said(measure)} {named[measure].text} is no share of {size}; the nearest is {near:.4f}"}
    return {}


def _auc_counts(named: Mapping[str, Stated], known: _Known) -> Finding:
    code, figure = "PERF-102", named.get("auc")
    if figure is None:
        return answer(code, Verdict.NOT_RUN, "No AUC is claimed.", facts={"needs": "a claimed AUC"})
    if not known.events or not known.others:
        return answer(
            code, Verdict.NOT_RUN, "How many events and others the AUC is of is not known.", facts={"needs": "numbers of events and others"}
        )
    pairs = known.events * known.others
    near = ranks.nearest_auc(figure, known.events, known.others)
    possible = ranks.auc_possible(figure, known.events, known.others)
    facts = {"number": near, "pairs": pairs}
    if possible:
        return answer(code, Verdict.PASSED, f"AUC {figure.text} is a count of {pairs:,} pairs, ties as halves.", facts=facts)
    sentence = f"No count of {pairs:,} pairs, ties as halves, gives AUC {figure.text}; the nearest is {near:.4f}."
    return answer(code, Verdict.FAILED, sentence, facts={**facts, "size": f"the nearest possible AUC is {near:.4f}"})


def _point(named: Mapping[str, Stated]) -> Finding:
    code = "PERF-103"
    if not {"auc", "sensitivity", "specificity"} <= set(named):
        return answer(
            code,
            Verdict.NOT_RUN,
            "AUC, sensitivity and specificity are not all claimed.",
            facts={"needs": "claimed AUC, sensitivity and specificity"},
        )
    low, high = ranks.bounds_by_point(ranks.printed(named["sensitivity"]), ranks.printed(named["specificity"]))
    least, most = ranks.printed(named["auc"])
    fits = most >= low and least <= high
    gap = max(low - most, least - high, 0.0)
    sentence = f"A ROC curve through that operating point has an AUC of {low:.3f} to {high:.3f}; {named['auc'].text} is claimed."
    size = {} if fits else {"size": f"the claimed AUC lies {gap:.3f} outside"}
    return answer(code, Verdict.PASSED if fits else Verdict.FAILED, sentence, facts={"number": gap, "least": low, "most": high, **size})


def _narrow(figures: Sequence[Stated], known: _Known) -> Finding:
    code = "PERF-104"
    bounded = [figure for figure in figures if figure.low is not None]
    if not bounded:
        return answer(code, Verdict.NOT_RUN, "No interval is claimed.", facts={"needs": "claimed intervals"})
    if not known.events or not known.others:
        return answer(
            code, Verdict.NOT_RUN, "How many rows the intervals are of is not known.", facts={"needs": "numbers of events and others"}
        )
    off = [figure.measure for figure in bounded if intervals.outside(figure)]
    narrow = {f.measure: share for f in bounded if (share := intervals.too_narrow(f, known.events, known.others)) is not None}
    if off:
        sentence = f"The claimed {', '.join(map(_said, off))} lies outside its own interval, or the interval outside 0 to 1."
        return answer(code, Verdict.FAILED, sentence, facts={"number": 0.0, "figures": [*off]}, severity=Severity.BLOCKING)
    if narrow:
        worst = min(narrow, key=lambda name: narrow[name])
        sentence = (
            f"The interval of the {_said(worst)} is {narrow[worst]:.0%} as wide as {known.events} events and {known.others} others give."
        )
        return answer(
            code,
            Verdict.FAILED,
            sentence,
            facts={"number": narrow[worst], "figures": [*narrow], "size": f"{narrow[worst]:.0%} of the usual width"},
        )
    return answer(code, Verdict.PASSED, f"{len(bounded)} claimed interval(s) are as wide as so few people give.", facts={"number": 1.0})


def _direction(material: Material) -> Finding:
    code, pair = "PERF-105", _usable(material)
    if pair is None or len(np.unique(pair[0])) < 2:
        return answer(code, Verdict.NOT_RUN, "There are no predictions of both outcomes.", facts={"needs": "predictions"})
    from radaudit.measures.discrimination import auc_estimate

    found = auc_estimate(*pair)
    wrong = found.high is not None and found.high < 0.5
    sentence = f"The AUC of the predictions is {found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
    hint = ": below chance. Is the event the other outcome, or a high score a low risk?" if wrong else "."
    return answer(code, Verdict.FAILED if wrong else Verdict.PASSED, sentence + hint, facts={"number": found.value})


def _turned(named: Mapping[str, Stated], material: Material) -> tuple[Finding, ...]:
    """Return a hint if claimed figures come out exactly with the event or the scores turned round; nothing is turned by itself."""
    pair = _usable(material)
    if pair is None or not _differs(named, material):
        return ()
    what = replay.turned(named, *pair, material.threshold)
    if not what:
        return ()
    words = "the other outcome as event" if what == "events" else "the scores turned round"
    return (answer("PERF-106", Verdict.FAILED, f"Every claimed figure comes out exactly with {words}.", facts={"turned": what}),)


def _other_rows(named: Mapping[str, Stated], material: Material) -> tuple[Finding, ...]:
    """Return a finding if claimed figures come out exactly on other rows than they are claimed for."""
    if material.outcome is None or material.risk is None or not _differs(named, material):
        return ()
    there = ~np.isnan(material.risk)
    parts = {name: rows & there for name, rows in (material.parts or {}).items()}
    name = replay.explained_by(named, material.outcome, material.risk, material.threshold, parts)
    if not name:
        return ()
    sentence = f"Every claimed figure comes out exactly on other rows: {name} ({int(parts[name].sum())} rows)."
    return (answer("PERF-107", Verdict.FAILED, sentence, facts={"rows": int(parts[name].sum()), "part": name}),)


def _differs(named: Mapping[str, Stated], material: Material) -> bool:
    pair = _usable(material)
    if pair is None:
        return False
    found = [replay.replay(figure, *pair, material.threshold) for figure in named.values()]
    return any(one.agreement == replay.DIFFERENT for one in found)
