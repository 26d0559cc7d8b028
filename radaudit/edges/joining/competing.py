"""Competing events: how much more one minus Kaplan-Meier says than really happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.findings import Verdict
from radaudit.tables.shown import inert

if TYPE_CHECKING:
    from radaudit.findings import Finding
    from radaudit.tables import FeatureTable


def competing_events(table: FeatureTable) -> Iterator[Finding]:
    """Yield OUT-103 if the study names competing events: their number, and the event's incidence by the horizon with and without them.

    One row per patient, the first.
    """
    from radaudit.followup import followed
    from radaudit.measures.horizon import observed_of_counts
    from radaudit.measures.kaplan_meier import cumulative_incidence

    end, time = table.roles.outcome, table.time
    if end is None or time is None or not end.competing or end.horizon is None:
        return
    first = {patient: i for i, patient in reversed(list(enumerate(table.patients)))}
    rows = sorted(first.values())
    status = [table.fact(end.column)[i] for i in rows]
    other = [text in end.competing for text in status]
    own = table.outcome[rows] == 1.0
    happened = [bool(a) or b for a, b in zip(own.tolist(), other, strict=True)]
    causes = cumulative_incidence(followed(time[rows], happened), ["event" if yes else "other" for yes in own.tolist()])
    real = dict(zip(causes.causes, causes.at(end.horizon).tolist(), strict=True)).get("event", 0.0)
    alone = float(observed_of_counts(followed(time[rows], own), end.horizon)[0])
    said = "cannot be estimated, as nobody is followed that long" if alone != alone else f"{alone:.1%}"
    yield answer(
        "OUT-103",
        Verdict.FAILED if sum(other) else Verdict.PASSED,
        f"{sum(other)} of {len(rows)} patients had another event first ({', '.join(inert(text) for text in end.competing)}), counted as "
        f"censored: one minus Kaplan-Meier by {end.horizon:g} {said}, the cumulative incidence (Aalen-Johansen) is {real:.1%}.",
        facts={"competing": sum(other), "patients": len(rows), "incidence": real, "kaplan_meier": None if alone != alone else alone},
    )
