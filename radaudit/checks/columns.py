"""Questions about columns: clinical ones that are empty or constant, and ones that have no business among the features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from radaudit.checks.wording import counted, failed, some
from radaudit.codes import answer
from radaudit.errors import listed
from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable

LEAST_PER_CLASS = 5  # below, a perfect separation by some feature of many is expected by chance


class Identified(Protocol):
    """What a feature dictionary says of one feature, as far as it is needed here."""

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def discretisation(self) -> str: ...


def empty_columns(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a clinical column or covariate is missing in more rows than the plan allows (FEAT-059)."""
    if not profiles.clinical:
        return answer("FEAT-059", Verdict.NOT_APPLICABLE, "The study names no covariate and no clinical column.")
    bad = [column for column in profiles.clinical if column.missing_share > rules.missing_share]
    told = listed(f"{column.column} ({column.missing_share:.0%})" for column in bad)
    return answer(
        "FEAT-059",
        failed(bad),
        f"{len(bad)} of {counted(len(profiles.clinical), 'clinical column')} are missing in more than {rules.missing_share:.0%} of rows"
        f"{': ' + told if bad else ''}.",
        facts={"columns": some(column.column for column in bad), "limit": rules.missing_share},
    )


def constant_columns(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a clinical column or covariate has one value only, or none (FEAT-060)."""
    if not profiles.clinical:
        return answer("FEAT-060", Verdict.NOT_APPLICABLE, "The study names no covariate and no clinical column.")
    bad = [column.column for column in profiles.clinical if column.distinct < 2]
    sentence = (
        f"{len(bad)} of {counted(len(profiles.clinical), 'clinical column')} have fewer than two values{': ' + listed(bad) if bad else ''}."
    )
    return answer("FEAT-060", failed(bad), sentence, facts={"columns": some(bad)})


def forbidden_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a column with another role, or one under ``roles.never``, is among the features (FEAT-061)."""
    roles = table.roles
    outcome = (roles.outcome.column, roles.outcome.time or "") if roles.outcome else ()
    barred = {name.casefold() for name in (roles.patient, roles.unit or "", roles.site or "", *outcome, *roles.never) if name}
    bad = [name for name in table.features if name.casefold() in barred]
    return answer(
        "FEAT-061",
        failed(bad),
        f"{counted(len(bad), 'column')} that may not predict {'is' if len(bad) == 1 else 'are'} among {len(table.features)} features"
        f"{': ' + listed(bad) if bad else ''}.",
        facts={"columns": some(bad)},
        fix=f"features: {{exclude: [{', '.join(bad)}]}}" if bad else "",
    )


def outcome_copies(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a single feature separates the outcome with an AUC of at least ``rules.separation`` (FEAT-062)."""
    import numpy as np

    known = np.isfinite(table.outcome)
    event = table.outcome[known] == 1.0
    if profiles.people.kind == "continuous":
        return answer("FEAT-062", Verdict.NOT_APPLICABLE, "A continuous outcome has no classes to separate.")
    if min(int(event.sum()), int((~event).sum())) < LEAST_PER_CLASS or not table.features:
        sentence = f"Fewer than {LEAST_PER_CLASS} events or non-events: a feature may separate them by chance."
        return answer("FEAT-062", Verdict.NOT_APPLICABLE, sentence)
    found = _separating(table.values[known], event, rules.separation)
    names = [table.features[j] for j in found]
    limit = rules.separation
    sentence = (
        f"{counted(len(names), 'feature')} of {len(table.features)} separate{'s' if len(names) == 1 else ''} the outcome with an AUC of at "
    )
    return answer(
        "FEAT-062",
        failed(names),
        f"{sentence}least {limit}{': ' + listed(names) if names else ''}.",
        facts={"features": some(names), "count": len(names), "limit": limit},
        fix=f"features: {{exclude: [{', '.join(names[:5])}]}}   # or explain where they come from" if names else "",
    )


def _separating(values: Floats, event: Bools, limit: float) -> list[int]:
    """Return the columns of ``values (n, p)`` with an AUC of at least ``limit``.

    Ranking every column costs a sort each, so columns are sieved first: if a share e of the smaller class (m of n) lies on the wrong side
    of the cut that would separate the classes perfectly, at least e m of the larger class lie beyond it too, and the AUC is at most
    1 - e**2 m / (n - m).
    """
    import numpy as np

    from radaudit.checks.association import separation

    n, small = len(event), event if event.sum() * 2 <= len(event) else ~event
    m = int(small.sum())
    most = np.sqrt((1 - limit) * (n - m) / m)
    whole = np.isfinite(values).all(axis=0)
    columns = np.flatnonzero(whole)
    parted = np.partition(values[:, columns], (m - 1, n - m), axis=0)
    below = (values[small][:, columns] > parted[m - 1]).mean(axis=0)  # the small class should lie low, or it should lie high
    above = (values[small][:, columns] < parted[n - m]).mean(axis=0)
    candidates = [*columns[np.minimum(below, above) <= most + 1e-12].tolist(), *np.flatnonzero(~whole).tolist()]
    return sorted(j for j in candidates if separation(values[:, j], event) >= limit)


def mixed_discretisations(dictionary: Sequence[Identified]) -> Finding:
    """Ask whether features of one family come from several discretisations (FEAT-007); NOT_RUN if no name tells one."""
    settings: dict[str, dict[str, int]] = {}
    for feature in dictionary:
        if feature.discretisation:
            family = settings.setdefault(feature.family, {})
            family[feature.discretisation] = family.get(feature.discretisation, 0) + 1
    if not settings:
        return answer(
            "FEAT-007", Verdict.NOT_RUN, "No feature name or setting tells a discretisation.", facts={"needs": "extraction settings"}
        )
    mixed = {family: found for family, found in sorted(settings.items()) if len(found) > 1}
    told = listed(
        f"{family or 'features'}: " + ", ".join(f"{name} ({count})" for name, count in sorted(found.items()))
        for family, found in mixed.items()
    )
    every = sorted({name for found in settings.values() for name in found})
    return answer(
        "FEAT-007",
        failed(mixed),
        f"{counted(len(mixed), 'family mixes', 'families mix')} discretisations: {told}."
        if mixed
        else f"One discretisation each: {listed(every)}.",
        facts={"families": some(mixed), "discretisations": some(every)},
    )
