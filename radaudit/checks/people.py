"""People, not rows: how many patients and events there are, in all and at each site."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from radaudit.tables import FeatureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Patients with an event, without one, and with an unknown outcome; rows is the number of table rows they have.

    Survival: without an event means censored. A continuous outcome has no events: who has a value is without one.
    """

    rows: int
    events: int
    non_events: int
    unknown: int
    kind: str = "binary"

    @property
    def patients(self) -> int:
        """All patients."""
        return self.events + self.non_events + self.unknown

    @property
    def telling(self) -> int:
        """The patients that estimates hang on: the smaller class, those with the event if others are censored, all with a value."""
        if self.kind == "continuous":
            return self.non_events
        return self.events if self.kind == "survival" else min(self.events, self.non_events)

    @property
    def tellers(self) -> str:
        """Who they are."""
        return {"continuous": "patients with a value", "survival": "patients with the event"}.get(
            self.kind, "patients of the smaller class"
        )


def people(table: FeatureTable, site: str | None = None) -> People:
    """Count the patients of the table, or of one site; a patient with any event is an event."""
    fates: dict[str, float] = {}
    rows, kind = 0, "binary" if table.roles.outcome is None else table.roles.outcome.kind
    for patient, where, outcome in zip(table.patients, table.sites, table.outcome.tolist(), strict=True):
        if site is None or where == site:
            rows += 1
            before = fates.get(patient, math.nan)
            outcome = 0.0 if kind == "continuous" and not math.isnan(outcome) else outcome
            fates[patient] = outcome if math.isnan(before) else max(before, 0.0 if math.isnan(outcome) else outcome)
    events = sum(fate == 1.0 for fate in fates.values())
    known = sum(not math.isnan(fate) for fate in fates.values())
    return People(rows=rows, events=events, non_events=known - events, unknown=len(fates) - known, kind=kind)


def people_by_site(table: FeatureTable) -> Mapping[str, People]:
    """Count the patients of every site, in order of the names."""
    return {site: people(table, site) for site in sorted(set(table.sites))}


def chance_of_one_side(here: People, others: Iterable[People]) -> float | None:
    """Return the probability that a site has no event (or no non-event) at the event rate of the others; None if it has both or no rate."""
    known = here.events + here.non_events
    elsewhere = list(others)
    lacking = sum(site.events for site in elsewhere), sum(site.non_events for site in elsewhere)
    if not known or (here.events and here.non_events) or not sum(lacking):
        return None
    return float((1 - lacking[0 if not here.events else 1] / sum(lacking)) ** known)


def letters(name: str) -> str:
    """Return a name in small letters and digits only, without accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
