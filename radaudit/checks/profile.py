"""Profiles: everything the questions and the suites look at, computed once from a feature table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.checks.feature_profile import FeatureProfile, SiteFeatureProfile, profile_features
from radaudit.checks.people import People, chance_of_one_side, letters, people, people_by_site
from radaudit.checks.row_profile import RowProfile, profile_rows
from radaudit.checks.rules import CheckRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.tables import FeatureTable

KINDS = ("feature_profile", "feature_by_site", "rows", "sites", "clinical", "study")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One line of the table by site: people, repeated rows, share of missing cells and the median share of variance it explains.

    ``chance`` is the probability of having no event (or nothing but events) here at the event rate of the other sites; None if both occur.
    """

    site: str
    people: People
    duplicates: int
    missing_share: float
    site_effect: float | None
    chance: float | None = None
    settings: str = ""
    verdict: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalColumn:
    """One text column with a role: how many rows lack it, how many values it has, whether all of them are numbers."""

    column: str
    role: str
    missing: int
    rows: int
    distinct: int
    numeric: bool

    @property
    def missing_share(self) -> float:
        """Share of rows without a value."""
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiles:
    """The profiles of one table, whose content digest it keeps."""

    table: str
    people: People
    features: FeatureProfile
    by_site: SiteFeatureProfile
    rows: RowProfile
    sites: tuple[SiteRow, ...]
    clinical: tuple[ClinicalColumn, ...]

    def columns(self, kind: str) -> dict[str, object]:
        """Return one of KINDS as named columns of equal length, the form in which suites are judged."""
        if kind == "feature_profile":
            return self.features.columns()
        if kind == "feature_by_site":
            return self.by_site.columns()
        if kind == "rows":
            return self.rows.columns()
        return _columns({"sites": self._site_lines, "clinical": self._clinical_lines, "study": self._study_line}[kind]())

    def _site_lines(self) -> list[Mapping[str, object]]:
        return [
            {
                "site": row.site,
                "patients": row.people.patients,
                "rows": row.people.rows,
                "events": row.people.telling if row.people.kind == "continuous" else row.people.events,
                "non_events": row.people.non_events,
                "duplicates": row.duplicates,
                "missing_share": row.missing_share,
                "site_effect": np.nan if row.site_effect is None else row.site_effect,
                "chance": np.nan if row.chance is None else row.chance,
                "letters": letters(row.site) or None,
            }
            for row in self.sites
        ]

    def _clinical_lines(self) -> list[Mapping[str, object]]:
        names = ("column", "role", "missing", "missing_share", "distinct", "numeric")
        return [{name: getattr(column, name) for name in names} for column in self.clinical]

    def _study_line(self) -> list[Mapping[str, object]]:
        profile, counted = self.features, self.people
        scaled = profile.scaled()
        least = counted.telling
        return [
            {
                "study": "study",
                "patients": counted.patients,
                "rows": counted.rows,
                "events": counted.events,
                "non_events": counted.non_events,
                "least_class": least,
                "least_class_if_any": least or np.nan,
                "unknown_outcomes": counted.unknown,
                "sites": len(self.sites),
                "features": len(profile.features),
                "events_per_feature": least / len(profile.features) if profile.features else np.nan,
                "scaled_share": np.nan if scaled is None else scaled[1],
            }
        ]


def _columns(lines: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {name: [line[name] for line in lines] for name in (lines[0] if lines else ())}


def profile(table: FeatureTable, rules: CheckRules | None = None) -> Profiles:
    """Profile a table: one row per feature, per feature and site, per row, per site and per clinical column."""
    limits = rules or CheckRules()
    features, by_site = profile_features(table.values, table.features, table.sites, tail_share=limits.tail_share)
    units = table.units if table.roles.unit else ("",) * len(table)
    rows = profile_rows(table.values, table.patients, units, np.asarray(features.distinct > 1))
    return Profiles(
        table=table.digest,
        people=people(table),
        features=features,
        by_site=by_site,
        rows=rows,
        sites=_sites(table, by_site, rows),
        clinical=_clinical(table),
    )


def _sites(table: FeatureTable, by_site: SiteFeatureProfile, rows: RowProfile) -> tuple[SiteRow, ...]:
    where = np.array(table.sites, dtype=object)
    repeated = (rows.copy_of >= 0) | (rows.repeats_patient > 0)
    counts = people_by_site(table)
    lines = []
    for i, (site, counted) in enumerate(counts.items()):
        here = where == site
        effects = by_site.eta2[i][np.isfinite(by_site.eta2[i])]
        lines.append(
            SiteRow(
                site=site,
                people=counted,
                duplicates=int(repeated[here].sum()),
                missing_share=float(rows.missing[here].sum()) / max(counted.rows * len(table.features), 1),
                site_effect=float(np.median(effects)) if len(effects) else None,
                chance=chance_of_one_side(counted, [other for name, other in counts.items() if name != site]),
            )
        )
    return tuple(lines)


def _clinical(table: FeatureTable) -> tuple[ClinicalColumn, ...]:
    roles = table.roles
    named = [("covariate", roles.covariates), ("clinical", roles.clinical), ("batch", roles.batch), ("volume", (roles.volume,))]
    columns: dict[str, ClinicalColumn] = {}
    for role, names in named:
        for name in names:
            if name and name in table.facts and name not in columns:
                texts = table.facts[name]
                known = [text for text in texts if text is not None]
                columns[name] = ClinicalColumn(
                    column=name,
                    role=role,
                    missing=len(texts) - len(known),
                    rows=len(texts),
                    distinct=len(set(known)),
                    numeric=bool(known) and table.numbers(name) is not None,
                )
    return tuple(columns.values())
