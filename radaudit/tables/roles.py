"""What each column of a feature table means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The clinical endpoint: its kind, column and the text values that mean event and no event.

    Survival: ``column`` is the status, ``time`` the column of follow-up, ``horizon`` the time by which the risk is predicted,
    ``competing`` the texts of the status that mean another event.
    """

    kind: str
    column: str
    event: str
    non_event: str | None = None
    time: str | None = None
    horizon: float | None = None
    competing: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        plain: dict[str, object] = {
            "kind": self.kind,
            "column": self.column,
            "event": self.event,
            "non_event": self.non_event,
        }
        if self.time is not None:
            plain |= {"time": self.time, "horizon": self.horizon}
        return plain | ({"competing": list(self.competing)} if self.competing else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column names the patient, the region, the site, the batch, the outcome, and which may never be predictors."""

    patient: str
    unit: str | None = None
    site: str | None = None
    batch: tuple[str, ...] = ()
    outcome: Outcome | None = None
    covariates: tuple[str, ...] = ()
    clinical: tuple[str, ...] = ()
    volume: str | None = None
    never: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "patient": self.patient,
            "unit": self.unit,
            "site": self.site,
            "batch": list(self.batch),
            "outcome": None if self.outcome is None else self.outcome.document(),
            "covariates": list(self.covariates),
            "clinical": list(self.clinical),
            "volume": self.volume,
            "never": list(self.never),
        }
