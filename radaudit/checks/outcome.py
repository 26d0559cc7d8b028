"""Questions about the outcome and about how much the study can carry: classes, events, patients, candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radaudit.checks.wording import counted, failed
from radaudit.codes import answer
from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable

EVENTS_PER_COEFFICIENT = 10


def one_class(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether there are both events and non-events, events that others outlive, or values that differ (OUT-050)."""
    who = profiles.people
    if who.kind == "continuous":
        distinct = len({value for value in table.outcome.tolist() if value == value})
        return answer(
            "OUT-050", failed(distinct < 2), f"{counted(distinct, 'different value')} of the outcome.", facts={"distinct": distinct}
        )
    others = "censored patient" if who.kind == "survival" else "non-event"
    sentence = f"{counted(who.events, 'event')} and {counted(who.non_events, others)} in {counted(who.patients, 'patient')}."
    return answer("OUT-050", failed(not who.telling), sentence, facts={"events": who.events, "non_events": who.non_events})


def few_events(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether both classes reach ``rules.least_events`` (OUT-051)."""
    who = profiles.people
    least = who.telling
    if not least:
        return answer("OUT-051", Verdict.NOT_APPLICABLE, "One class is empty; see OUT-050.")
    sentence = f"There are {least} {who.tellers} of {who.patients}; below {rules.least_events} no estimate is stable."
    if who.kind == "binary":
        sentence = f"The smaller class has {counted(least, 'patient')} of {who.patients}; below {rules.least_events} no estimate is stable."
    return answer("OUT-051", failed(least < rules.least_events), sentence, facts={"least": least, "limit": rules.least_events})


def unknown_outcomes(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether patients lack an outcome (OUT-052)."""
    who = profiles.people
    sentence = f"{who.unknown} of {counted(who.patients, 'patient')} lack an outcome."
    local = [
        {"patient": patient, "row": str(i)}
        for i, (patient, value) in enumerate(zip(table.patients, table.outcome.tolist(), strict=True))
        if value != value
    ]
    return answer("OUT-052", failed(who.unknown), sentence, facts={"patients": who.unknown, "of": who.patients}, local=local)


def few_patients(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether there are ``rules.least_patients`` patients at all (SIZE-050)."""
    who = profiles.people.patients
    sentence = f"The table has {counted(who, 'patient')}; splitting and resampling need at least {rules.least_patients}."
    return answer("SIZE-050", failed(who < rules.least_patients), sentence, facts={"patients": who, "limit": rules.least_patients})


def many_candidates(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether there is at least one patient of the smaller class per candidate feature (SIZE-051)."""
    who, candidates = profiles.people, len(table.features)
    least = who.telling
    if not candidates:
        return answer("SIZE-051", Verdict.NOT_APPLICABLE, "The table has no features.")
    sentence = f"{counted(candidates, 'candidate feature')} for {least} {who.tellers}: {least / candidates:.2g} for each."
    return answer(
        "SIZE-051", failed(least < candidates), sentence, facts={"candidates": candidates, "least": least, "each": least / candidates}
    )


def many_coefficients(profiles: Profiles, max_features: int | None) -> Finding:
    """Ask whether the signature may hold more than one feature per EVENTS_PER_COEFFICIENT patients of the smaller class (SIZE-052)."""
    if max_features is None:
        return answer("SIZE-052", Verdict.NOT_RUN, "The plan sets no largest number of features.", facts={"needs": "model.max_features"})
    least = profiles.people.telling
    carried = least // EVENTS_PER_COEFFICIENT
    return answer(
        "SIZE-052",
        failed(max_features > carried),
        f"The plan allows {counted(max_features, 'feature')}; {least} {profiles.people.tellers} carry {carried} at "
        f"{EVENTS_PER_COEFFICIENT} for each.",
        facts={"max_features": max_features, "carried": carried, "least": least},
        fix=f"model: {{max_features: {max(carried, 1)}}}",
    )
