"""Questions about sites: spelling, size, and whether the site stands in for the outcome."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from radaudit.checks.association import association, site_only_auc
from radaudit.checks.patients import alike
from radaudit.checks.people import letters
from radaudit.checks.wording import counted, failed, some
from radaudit.codes import answer
from radaudit.errors import listed
from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable


def respelt_sites(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether two site names are one but for case, accents, spaces and punctuation (SITE-003)."""
    groups = alike(table.sites, letters)
    size = {row.site: row.people.patients for row in profiles.sites}
    pairs = ["; ".join(f'"{name}" ({size[name]})' for name in group) for group in groups]
    names = [name for group in groups for name in group]
    fix = "" if not groups else f"harmonise: {{merge: {{{_largest(groups[0], size)}: [{', '.join(groups[0])}]}}}}   # or correct the table"
    return answer(
        "SITE-003",
        failed(groups),
        f"{listed(pairs)} {'looks' if len(groups) == 1 else 'look'} like one site each."
        if groups
        else f"{counted(len(size), 'site name')}, each of its own.",
        facts={"sites": some(names), "groups": len(groups)},
        concerns=tuple(names),
        fix=fix,
    )


def _largest(group: list[str], size: dict[str, int]) -> str:
    return max(group, key=lambda name: (size[name], name))


def single_site(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether there is more than one site (SITE-050)."""
    names = [row.site for row in profiles.sites]
    sentence = f"The patients come from {counted(len(names), 'site')}: {listed(names)}."
    return answer("SITE-050", failed(len(names) < 2), sentence, facts={"sites": len(names)})


def small_sites(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether every site has the patients and events the study asks for (SIZE-002)."""
    few = [row for row in profiles.sites if row.people.patients < rules.patients_per_site]
    rare = [row for row in profiles.sites if row.people.kind != "continuous" and row.people.events < rules.events_per_site]
    small = sorted({row.site for row in (*few, *rare)})
    size = {row.site: f"{row.site} ({row.people.patients} patients, {row.people.events} events)" for row in profiles.sites}
    rule = f"{rules.patients_per_site} patients and {rules.events_per_site} events"
    sentence = (
        f"{counted(len(small), 'site is', 'sites are')} below {rule}: {listed(size[site] for site in small)}."
        if small
        else f"Every site has at least {rule}."
    )
    return answer(
        "SIZE-002",
        failed(small),
        sentence,
        facts={
            "sites": some(small),
            "below_patients": some(row.site for row in few),
            "below_events": some(row.site for row in rare),
            "patients_per_site": rules.patients_per_site,
            "events_per_site": rules.events_per_site,
        },
        concerns=tuple(small),
    )


def site_and_outcome(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether site and outcome go together: bias-corrected Cramér's V and its chi-squared probability, by patient (CONF-001)."""
    counts = [(row.people.events, row.people.non_events) for row in profiles.sites]
    found = association(counts)
    if found is None:
        return answer("CONF-001", Verdict.NOT_APPLICABLE, "With one site, or one outcome only, there is nothing to associate.")
    auc = site_only_auc(table.sites, table.outcome)
    together = found.corrected >= rules.association and found.p < rules.chance
    return answer(
        "CONF-001",
        failed(together),
        f"Site and outcome {'are' if together else 'are not clearly'} associated: bias-corrected V {found.corrected:.2f} "
        f"(chi-squared p {found.p:.2g}, {len(counts)} sites); knowing only the site gives an apparent AUC of {auc:.2f}.",
        facts={
            "v": found.corrected,
            "v_plain": found.v,
            "p": found.p,
            "freedom": found.freedom,
            "site_only_auc": None if math.isnan(auc) else auc,
            "limit": rules.association,
        },
    )


def one_sided_sites(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a site lacks events, or non-events, that it should have had (CONF-002).

    An empty cell fails if its probability at the event rate of the other sites is below ``rules.chance``: three patients without
    an event are small (SIZE-002), thirty are confounded.
    """
    if len(profiles.sites) < 2 or not profiles.people.events or not profiles.people.non_events:
        return answer("CONF-002", Verdict.NOT_APPLICABLE, "With one site, or one outcome only, no site can stand apart.")
    empty = [(row.site, row.people.events, row.people.non_events, row.chance) for row in profiles.sites if row.chance is not None]
    confounded = [site for site, *_, chance in empty if chance < rules.chance]
    told = listed(f"{site} has {counted(events, 'event')} and {counted(others, 'non-event')}" for site, events, others, _ in empty)
    sentence = f"{told}: {len(confounded)} of them by more than chance." if empty else "Every site has events and non-events."
    return answer(
        "CONF-002",
        failed(confounded),
        sentence,
        facts={
            "sites": some(confounded),
            "empty": some(site for site, *_ in empty),
            "chance": [chance for *_, chance in empty],
            "limit": rules.chance,
        },
        concerns=tuple(confounded),
        fix="" if not confounded else f"harmonise: {{drop: [{', '.join(confounded)}]}}   # or merge: {{POOLED: [A, B]}}, or keep: [A]",
    )
