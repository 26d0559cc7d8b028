"""Questions about single features: empty, constant, infinite, copied, of another unit at one site, far above all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.checks.wording import counted, failed, some
from radaudit.codes import answer
from radaudit.errors import listed
from radaudit.findings import Fact, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radaudit.arrays import Bools
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable


def _named(
    code: str, profiles: Profiles, which: Bools, says: str, *, facts: Mapping[str, Fact] | None = None, detail: Sequence[object] = ()
) -> Finding:
    """Answer about the features that ``which (p,)`` marks; ``says`` follows ``3 of 103 features``."""
    names = profiles.features.features
    if not names:
        return answer(code, Verdict.NOT_APPLICABLE, "The table has no features.")
    at = np.flatnonzero(which).tolist()
    found = [names[i] for i in at]
    sentence = f"{len(found)} of {counted(len(names), 'feature')} {says}{': ' + listed(found) if found else ''}."
    local = [{"feature": names[i], "value": str(detail[i]) if len(detail) else ""} for i in at]
    return answer(
        code, failed(found), sentence, facts={"features": some(found), "count": len(found), "of": len(names), **(facts or {})}, local=local
    )


def empty_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature is missing in more rows than the plan allows (FEAT-003)."""
    share = profiles.features.missing_share
    worst = float(share.max(initial=0.0))
    emptiest = profiles.features.features[int(share.argmax())] if len(share) else ""
    facts: dict[str, Fact] = {"share": worst, "limit": rules.missing_share, "emptiest": emptiest}
    says = f"are missing in more than {rules.missing_share:.0%} of rows (the emptiest in {worst:.0%})"
    return _named("FEAT-003", profiles, share > rules.missing_share, says, facts=facts, detail=share.tolist())


def infinite_values(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether values are infinite (FEAT-050)."""
    count = profiles.features.infinite
    says = f"hold infinite values, {counted(int(count.sum()), 'cell')}"
    return _named("FEAT-050", profiles, count > 0, says, facts={"cells": int(count.sum())}, detail=count.tolist())


def absent_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature has no value at all (FEAT-051)."""
    return _named("FEAT-051", profiles, profiles.features.missing_share >= 1, "have no value at all")


def constant_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature has one value for everybody (FEAT-052)."""
    return _named("FEAT-052", profiles, profiles.features.constant > 0, "have one value only", detail=profiles.features.mean.tolist())


def copied_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature column repeats another one cell by cell (FEAT-053)."""
    names = profiles.features.features
    earlier = [names[i] if i >= 0 else "" for i in profiles.features.copy_of.tolist()]
    return _named("FEAT-053", profiles, profiles.features.copy_of >= 0, "repeat an earlier column in every row", detail=earlier)


def zero_features(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature that varies is zero nearly everywhere (FEAT-054)."""
    share = profiles.features.zero_share
    which = (share > rules.zero_share) & (profiles.features.constant == 0)
    return _named("FEAT-054", profiles, which, f"are zero in more than {rules.zero_share:.0%} of rows", detail=share.tolist())


def units_by_site(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature lies powers of ten apart between sites (FEAT-055)."""
    if len(profiles.sites) < 2:
        return answer("FEAT-055", Verdict.NOT_APPLICABLE, "With one site there is nothing to compare.")
    apart = profiles.by_site.decades
    which = np.isfinite(apart) & (np.abs(np.where(np.isfinite(apart), apart, 0.0)) >= rules.scale_decades)
    names, sites = profiles.by_site.features, profiles.by_site.sites
    cells = [(sites[i], names[j], float(apart[i, j])) for i, j in np.argwhere(which).tolist()]
    odd = sorted({site for site, *_ in cells})
    found = sorted({name for _, name, _ in cells})
    told = [f"{name} at {site} by 10^{round(power)}" for site, name, power in cells]
    return answer(
        "FEAT-055",
        failed(cells),
        f"{len(found)} of {counted(len(names), 'feature')} lie a factor of {10**rules.scale_decades:.0f} or more apart between sites"
        f"{': ' + listed(told) if told else ''}.",
        facts={"features": some(found), "count": len(found), "sites": some(odd), "limit": rules.scale_decades},
        concerns=tuple(odd),
        local=[{"feature": name, "site": site, "power_of_ten": f"{power:.2f}"} for site, name, power in cells],
    )


def far_values(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a few values of a feature lie powers of ten beyond all others (FEAT-057)."""
    tail = profiles.features.tail
    finding = _named(
        "FEAT-057", profiles, tail >= rules.tail_decades, f"have a few values {10**rules.tail_decades:.0f} times beyond the rest"
    )
    most = max(1, int(len(table) * rules.tail_share))
    rows = [cell for j in np.flatnonzero(tail >= rules.tail_decades).tolist() for cell in _beyond(table, j, most)]
    return answer(finding.code, finding.verdict, finding.sentence, facts=dict(finding.facts), local=rows)


def _beyond(table: FeatureTable, feature: int, most: int) -> list[dict[str, str]]:
    """Return the cells above the largest jump of one feature, as local rows."""
    column = table.values[:, feature]
    order = np.argsort(-np.abs(np.where(np.isfinite(column), column, 0.0)), kind="stable")[: most + 1]
    size = np.log10(np.maximum(np.abs(column[order]), np.finfo(np.float64).tiny))
    cut = int((size[:-1] - size[1:]).argmax()) + 1
    return [
        {
            "feature": table.features[feature],
            "patient": table.patients[i],
            "site": table.sites[i],
            "row": str(i),
            "value": repr(float(column[i])),
        }
        for i in order[:cut].tolist()
    ]


def still_at_site(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature that varies elsewhere has one value at a site with at least two rows (FEAT-010)."""
    still = profiles.by_site.constant == 1
    return _at_sites("FEAT-010", profiles, still, "do not vary at")


def absent_at_site(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a feature known elsewhere has no value at a site (FEAT-056)."""
    absent = (profiles.by_site.missing_share >= 1) & (profiles.by_site.n.sum(axis=0) > 0)[None, :]
    return _at_sites("FEAT-056", profiles, absent, "have no value at")


def _at_sites(code: str, profiles: Profiles, which: Bools, says: str) -> Finding:
    names, sites = profiles.by_site.features, profiles.by_site.sites
    if len(sites) < 2 or not names:
        return answer(code, Verdict.NOT_APPLICABLE, "With one site, or no feature, there is nothing to compare.")
    where = {site: np.flatnonzero(which[i]).tolist() for i, site in enumerate(sites) if which[i].any()}
    told = listed(f"{counted(len(at), 'feature')} {says} {site}" for site, at in where.items())
    return answer(
        code,
        failed(where),
        f"{told[0].upper()}{told[1:]}." if where else f"No feature, known and varying elsewhere, fails at one of {len(sites)} sites.",
        facts={
            "sites": some(where),
            "features": some(sorted({names[j] for at in where.values() for j in at})),
            "count": len({j for at in where.values() for j in at}),
            "of": len(names),
        },
        concerns=tuple(where),
        local=[{"feature": names[j], "site": site} for site, at in where.items() for j in at],
    )


def already_standardised(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether nearly all features have mean 0 and standard deviation 1, or span exactly 0 to 1, over all rows (LEAK-050)."""
    found = profiles.features.scaled()
    if found is None:
        return answer(
            "LEAK-050", Verdict.NOT_APPLICABLE, "Too few varying features or rows: a coincidence could not be told from a scaler."
        )
    how, share, count = found
    is_scaled = share >= rules.standardised_share
    what = {"z-score": "mean 0 and standard deviation 1", "min-max": "exactly the range 0 to 1"}[how]
    return answer(
        "LEAK-050",
        failed(is_scaled),
        f"{share:.0%} of {count} varying features have {what} over all {len(table)} rows; "
        f"{'by chance none would' if is_scaled else f'{rules.standardised_share:.0%} would mean a scaler saw them all'}.",
        facts={"share": share, "scaling": how, "limit": rules.standardised_share, "features": count},
    )
