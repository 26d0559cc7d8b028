"""Profiles: everything the questions and the suites look at, computed once from a feature table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.checks.association import association, separation
from radaudit.checks.charts import chart_lines
from radaudit.checks.feature_profile import FeatureProfile, SiteFeatureProfile, profile_features
from radaudit.checks.people import People, chance_of_one_side, letters, people, people_by_site
from radaudit.checks.protocol import DeclaredProtocol, protocol_lines
from radaudit.checks.ranges import RANGES, Known, extremes
from radaudit.checks.row_profile import RowProfile, profile_rows
from radaudit.checks.rules import CheckRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Floats
    from radaudit.tables import FeatureTable

AGE = re.compile(r"age|.*[ _]age|age[ _].*", re.IGNORECASE)
LEAST_PER_CLASS = 5  # below, a column may tell the outcome by chance
KINDS = ("feature_profile", "feature_by_site", "rows", "sites", "clinical", "study", "charts", "protocol", *RANGES)


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
    """One text column with a role: how many rows lack it, how many values it has, whether all of them are numbers.

    ``minimum`` and ``maximum`` are those of numbers; ``tells`` is how far the column alone tells the outcome: the AUC of numbers, the
    bias-corrected Cramér's V of texts; None where there is nothing to tell.
    """

    column: str
    role: str
    missing: int
    rows: int
    distinct: int
    numeric: bool
    minimum: float | None = None
    maximum: float | None = None
    tells: float | None = None

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
    dictionary: tuple[Known, ...] = ()
    charts: tuple[Mapping[str, object], ...] = ()
    protocol: tuple[Mapping[str, object], ...] = ()

    def columns(self, kind: str, named: Iterable[str] = ()) -> dict[str, object]:
        """Return one of KINDS as named columns of equal length, the form in which suites are judged; for ranges, of what a suite names."""
        if kind in RANGES:
            return extremes(self.features, self.dictionary, kind, named)
        if kind == "feature_profile":
            return self.features.columns()
        if kind == "feature_by_site":
            return self.by_site.columns()
        if kind == "rows":
            return self.rows.columns()
        if kind in ("charts", "protocol"):
            return _columns(self.charts if kind == "charts" else self.protocol)
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
        lines: list[Mapping[str, object]] = []
        for column in self.clinical:
            numbers = {name: _or_nan(getattr(column, name)) for name in ("minimum", "maximum", "tells")}
            age = AGE.fullmatch(column.column) is not None
            ages = {f"age_{name}": numbers[name] if age else np.nan for name in ("minimum", "maximum")}
            lines.append({name: getattr(column, name) for name in names} | numbers | ages)
        return lines

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


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _columns(lines: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {name: [line[name] for line in lines] for name in (lines[0] if lines else ())}


def profile(
    table: FeatureTable,
    rules: CheckRules | None = None,
    *,
    dictionary: Sequence[Known] = (),
    days: Sequence[int | None] = (),
    protocol: DeclaredProtocol | None = None,
) -> Profiles:
    """Profile a table: one row per feature, per feature and site, per row, per site and per clinical column.

    ``dictionary`` says what each feature is (in the table's order), ``days`` when each row was scanned, ``protocol`` what was agreed.
    """
    limits = rules or CheckRules()
    features, by_site = profile_features(table.values, table.features, table.sites, tail_share=limits.tail_share, level=limits.chance)
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
        dictionary=tuple(dictionary),
        charts=tuple(chart_lines(table.values, table.sites, days)) if any(day is not None for day in days) else (),
        protocol=tuple(protocol_lines(table, protocol)) if protocol is not None else (),
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


def _tells(table: FeatureTable, texts: Sequence[str | None], numbers: Floats | None) -> float | None:
    """Return how far a column alone tells the outcome, None with fewer than LEAST_PER_CLASS of a class."""
    known = np.array([text is not None for text in texts], dtype=bool) & np.isfinite(table.outcome)
    event = table.outcome[known] == 1.0
    if min(int(event.sum()), int((~event).sum())) < LEAST_PER_CLASS:
        return None
    if numbers is not None:
        return separation(numbers[known], event)
    named = [str(text) for text, kept in zip(texts, known.tolist(), strict=True) if kept]
    levels = {level: i for i, level in enumerate(dict.fromkeys(named))}
    counts = [[0, 0] for _ in levels]
    for text, happened in zip(named, event.tolist(), strict=True):
        counts[levels[text]][int(happened)] += 1
    found = association(counts)
    return None if found is None else found.corrected


def _clinical(table: FeatureTable) -> tuple[ClinicalColumn, ...]:
    roles = table.roles
    named = [("covariate", roles.covariates), ("clinical", roles.clinical), ("batch", roles.batch), ("volume", (roles.volume,))]
    columns: dict[str, ClinicalColumn] = {}
    for role, names in named:
        for name in names:
            if name and name in table.facts and name not in columns:
                texts = table.facts[name]
                known = [text for text in texts if text is not None]
                numbers = table.numbers(name) if known else None
                finite = [] if numbers is None else numbers[np.isfinite(numbers)].tolist()
                columns[name] = ClinicalColumn(
                    column=name,
                    role=role,
                    missing=len(texts) - len(known),
                    rows=len(texts),
                    distinct=len(set(known)),
                    numeric=numbers is not None,
                    minimum=min(finite, default=None),
                    maximum=max(finite, default=None),
                    tells=_tells(table, texts, numbers) if role in ("covariate", "clinical") else None,
                )
    return tuple(columns.values())
