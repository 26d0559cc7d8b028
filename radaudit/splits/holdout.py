"""The one guarded split: whole patients go to training or to the holdout.

By ``random`` a patient's part depends on the key and the patient's id alone, never on the other patients, so that a late
delivery moves nobody; the price is a share that is only approximately the fraction asked for, and ``facts`` says which it is.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from radaudit.errors import DesignError, listed, nearest
from radaudit.findings import Fact, Finding, Severity, Verdict
from radaudit.splits.dates import accrual_day
from radaudit.tables.rows import Rows
from radaudit.tables.table import FeatureTable

By = Literal["random", "column", "site", "date"]
HOLDOUT = True
TRAINING = False
HASH_RANGE = 1 << 256


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutPlan:
    """How patients are divided.

    ``random``: ``fraction`` and ``key``. ``date``: ``fraction`` and ``column``. ``site``: ``sites`` are the holdout. ``column``: the
    values ``values`` mean holdout and ``training_values`` mean training (may be left out if the column holds one other value).
    """

    by: By
    fraction: float | None = None
    column: str | None = None
    values: tuple[str, ...] = ()
    training_values: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Training and holdout rows of one table, with what may be published about them."""

    training: Rows
    holdout: Rows
    by: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))


def patient_fraction(key: bytes, patient: str) -> float:
    """Return a patient's place in [0, 1): HMAC-SHA256 of the id in NFC under ``key``, divided by 2**256, at double precision."""
    return min(_hashed(key, patient) / HASH_RANGE, 1.0 - 2.0**-53)


def hold_out(table: FeatureTable, plan: HoldoutPlan) -> Split:
    """Return training and holdout rows of ``table``, whole patients each.

    Raises DesignError: STUDY-070 (the plan lacks something), SITE-070 and OUT-071 (a site or value that does not occur, or is not
    named), READ-070 (a date that cannot be read), ID-070 (a patient on both sides), SIZE-070 (an empty part), OUT-070 (training
    rows of one class). A holdout of one class is a finding (OUT-072): nothing about discrimination can be asked of it.
    """
    rules: dict[str, Callable[[FeatureTable, HoldoutPlan], list[bool]]] = {
        "random": _by_random,
        "column": _by_column,
        "site": _by_site,
        "date": _by_date,
    }
    if plan.by not in rules:
        raise DesignError(
            "STUDY-070", f'no split by "{plan.by}"', near=nearest(plan.by, rules), fix="split.test.by: random | column | site | date"
        )
    sides = rules[plan.by](table, plan)
    _refuse_divided_patients(table, sides)
    training, holdout = table.where([side is TRAINING for side in sides]), table.where(sides)
    _refuse_empty_parts(table, training, holdout)
    return Split(
        training=training,
        holdout=holdout,
        by=plan.by,
        facts=_facts(table, plan, training, holdout),
        findings=_one_class_holdout(table, holdout),
    )


def _hashed(key: bytes, patient: str) -> int:
    return int.from_bytes(hmac.new(key, unicodedata.normalize("NFC", patient).encode("utf-8"), hashlib.sha256).digest(), "big")


def _fraction(plan: HoldoutPlan) -> float:
    if plan.fraction is None or not 0.0 < plan.fraction < 1.0:
        raise DesignError(
            "STUDY-070", "the test set needs a fraction between 0 and 1", found=str(plan.fraction), fix="split.test.fraction: 0.3"
        )
    return plan.fraction


def _by_random(table: FeatureTable, plan: HoldoutPlan) -> list[bool]:
    fraction = _fraction(plan)
    if not plan.key:
        raise DesignError("STUDY-070", "a random split needs a key", fix="derive it from the study's name and seed")
    # an integer limit: patients are compared without rounding
    limit = int(fraction * HASH_RANGE)
    return [_hashed(plan.key, patient) < limit for patient in table.patients]


def _by_site(table: FeatureTable, plan: HoldoutPlan) -> list[bool]:
    known = sorted(set(table.sites))
    absent = [site for site in plan.sites if site not in known]
    if absent or not plan.sites:
        raise DesignError(
            "SITE-070",
            f"{len(absent)} test site(s) are not in the table: {listed(absent)}" if absent else "no test site is named",
            found=listed(known, most=20),
            near=next((near for near in (nearest(site, known) for site in absent) if near), None),
            fix="split.test.sites: [NAME], written as in the table",
        )
    return [site in plan.sites for site in table.sites]


def _by_column(table: FeatureTable, plan: HoldoutPlan) -> list[bool]:
    if not plan.column or not plan.values:
        raise DesignError(
            "STUDY-070",
            "a split by column needs the column and the values that mean test set",
            fix="split.test: {by: column, column: set, test: [test]}",
        )
    cells = table.fact(plan.column)
    missing = sum(cell is None for cell in cells)
    if missing:
        raise DesignError(
            "OUT-071", f'column "{plan.column}" is missing in {missing} row(s), so their part is unknown', column=plan.column, rows=missing
        )
    present = sorted({cell for cell in cells if cell is not None})
    absent = [value for value in plan.values if value not in present]
    others = [value for value in present if value not in plan.values]
    unnamed = [value for value in others if value not in plan.training_values] if plan.training_values or len(others) > 1 else []
    if absent or unnamed:
        raise DesignError(
            "OUT-071",
            f'column "{plan.column}" holds no "{absent[0]}"'
            if absent
            else f'column "{plan.column}" holds {len(unnamed)} value(s) that mean neither test set nor training: {listed(unnamed)}',
            found=listed(present, most=20),
            near=nearest(absent[0], present) if absent else None,
            fix="split.test: {by: column, column: NAME, test: [...], training: [...]}",
        )
    return [cell in plan.values for cell in cells]


def _by_date(table: FeatureTable, plan: HoldoutPlan) -> list[bool]:
    fraction = _fraction(plan)
    if not plan.column:
        raise DesignError("STUDY-070", "a split by date needs the column of dates", fix="roles.date: COLUMN")
    days: dict[str, int] = {}
    for patient, day in zip(table.patients, accrual_day(plan.column, table.fact(plan.column)), strict=True):
        days[patient] = min(day, days.get(patient, day))
    ordered = sorted(days.values())
    # earliest patients train; whoever shares the last training day trains with them
    trained = max(1, round((1.0 - fraction) * len(ordered)))
    last = ordered[trained - 1]
    return [days[patient] > last for patient in table.patients]


def _refuse_divided_patients(table: FeatureTable, sides: list[bool]) -> None:
    seen: dict[str, set[bool]] = defaultdict(set)
    for patient, side in zip(table.patients, sides, strict=True):
        seen[patient].add(side)
    divided = sorted(patient for patient, parts in seen.items() if len(parts) > 1)
    if divided:
        raise DesignError(
            "ID-070",
            f"{len(divided)} patient(s) have rows on both sides of the split: {listed(divided)}",
            fix="give all rows of a patient the same part, or split by: random",
            patients=tuple(divided),
        )


def _refuse_empty_parts(table: FeatureTable, training: Rows, holdout: Rows) -> None:
    people = len(set(table.patients))
    if not len(training) or not len(holdout):
        part = "training" if not len(training) else "holdout"
        raise DesignError(
            "SIZE-070",
            f"the {'training' if part == 'training' else 'test'} part is empty",
            found=f"{people} patient(s) in all",
            fix="another fraction, seed or column",
            part=part,
            patients=people,
        )
    events, others = _classes(table, training)
    if _one_sided(table, events, others):
        raise DesignError(
            "OUT-070",
            "the training rows hold only one outcome",
            found=f"{events} patients with the event, {others} without",
            fix="nothing can be fitted on these rows; check roles.outcome and the split",
        )


def _classes(table: FeatureTable, rows: Rows) -> tuple[int, int]:
    events = {table.patients[i] for i in rows if table.outcome[i] == 1}
    return len(events), len({table.patients[i] for i in rows if table.outcome[i] == 0} - events)


def _one_sided(table: FeatureTable, events: int, others: int) -> bool:
    """Return True if nothing about discrimination can be asked: one class, or no event among those followed; a quantity has no classes."""
    kind = "binary" if table.roles.outcome is None else table.roles.outcome.kind
    if kind == "continuous":
        return False
    return not events or (kind == "binary" and not others)


def _one_class_holdout(table: FeatureTable, holdout: Rows) -> tuple[Finding, ...]:
    events, others = _classes(table, holdout)
    if not _one_sided(table, events, others):
        return ()
    return (
        Finding(
            code="OUT-072",
            verdict=Verdict.FAILED,
            severity=Severity.BLOCKING,
            title="The test set holds only one outcome",
            sentence=f"The test set has {events} patients with the event and {others} without: discrimination cannot be measured on it.",
            facts={"events": events, "non_events": others},
            fix="a larger test set, or another rule for the split, before it is opened",
        ),
    )


def _facts(table: FeatureTable, plan: HoldoutPlan, training: Rows, holdout: Rows) -> dict[str, Fact]:
    parts = {name: len({table.patients[i] for i in rows}) for name, rows in (("training", training), ("holdout", holdout))}
    facts: dict[str, Fact] = {
        "by": plan.by,
        "training_patients": parts["training"],
        "training_rows": len(training),
        "training_events": _classes(table, training)[0],
        "holdout_patients": parts["holdout"],
        "holdout_rows": len(holdout),
        "fraction_asked": plan.fraction if plan.by in ("random", "date") else None,
        "fraction_found": parts["holdout"] / (parts["training"] + parts["holdout"]),
        "fraction_is_approximate": plan.by in ("random", "date"),
    }
    return facts
