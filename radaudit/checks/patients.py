"""Questions about rows and patients: repeated people, ids that look alike, images delivered twice, rows without any value."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from radaudit.checks.wording import counted, failed, some
from radaudit.codes import answer
from radaudit.errors import listed
from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.checks.profile import Profiles
    from radaudit.checks.rules import CheckRules
    from radaudit.tables import FeatureTable


def duplicated_patients(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether a patient (with units: a patient and unit) stands in the table more than once (ID-001)."""
    import numpy as np

    again = np.flatnonzero(profiles.rows.repeats_patient).tolist()
    key = list(zip(table.patients, table.units if table.roles.unit else table.patients, strict=True))
    first = {who: i for i, who in reversed(list(enumerate(key)))}
    pairs = [(first[key[i]], i, _differing(table.values[first[key[i]]], table.values[i])) for i in again]
    who = sorted({key[i] for i in again})
    identical = sum(different == 0 for *_, different in pairs)
    what = "patient" if not table.roles.unit else f"pair of patient and {table.roles.unit}"
    sites = sorted({table.sites[i] for i in again})
    several = (
        "" if not pairs else f": {counted(identical, 'repeated row is', 'repeated rows are')} identical, {len(pairs) - identical} differ"
    )
    return answer(
        "ID-001",
        failed(again),
        f"{counted(len(who), what, what + 's')} of {len(first)} occur{'s' if len(who) == 1 else ''} more than once{several}.",
        facts={"patients": len(who), "rows": len(again), "identical": identical, "differing": len(pairs) - identical, "sites": some(sites)},
        concerns=() if identical < len(pairs) else tuple(sites),
        local=[
            {"patient": table.patients[i], "unit": table.units[i], "site": table.sites[i], "row": str(i), "first": str(a), "differ": str(d)}
            for a, i, d in pairs
        ],
    )


def _differing(a: Floats, b: Floats) -> int:
    import numpy as np

    return int((~((a == b) | (np.isnan(a) & np.isnan(b)))).sum())


def similar_ids(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether two ids differ only by spaces or case (ID-004)."""
    groups = alike(table.patients, lambda text: "".join(text.split()).casefold())
    spellings = [name for group in groups for name in group]
    return answer(
        "ID-004",
        failed(groups),
        f"{counted(len(spellings), 'id differs', 'ids differ')} only by spaces or case; {len(set(table.patients))} ids in all.",
        facts={"ids": len(spellings), "people": len(groups)},
        local=[{"patient": name, "like": listed(other for other in group if other != name)} for group in groups for name in group],
    )


def alike(names: Iterable[str], fold: Callable[[str], str]) -> list[list[str]]:
    """Return the groups of different names that ``fold`` to one text, sorted."""
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(fold(unicodedata.normalize("NFKC", name)), set()).add(name)
    return [sorted(group) for folded, group in sorted(groups.items()) if len(group) > 1 and folded]


def copied_images(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether two patients have identical feature rows (ID-050); missing values count as missing, rows without values as none."""
    from radaudit.checks.row_profile import LEAST_INFORMATIVE

    if int((profiles.features.distinct > 1).sum()) < LEAST_INFORMATIVE:
        sentence = f"Fewer than {LEAST_INFORMATIVE} features vary, so equal rows would prove nothing."
        return answer("ID-050", Verdict.NOT_APPLICABLE, sentence)
    pairs = [(int(profiles.rows.copy_of[i]), i) for i, copy in enumerate(profiles.rows.copies_patient.tolist()) if copy]
    people = {table.patients[i] for pair in pairs for i in pair}
    across = sum(table.sites[a] != table.sites[b] for a, b in pairs)
    discordant = sum(bool(table.outcome[a] != table.outcome[b]) for a, b in pairs)
    return answer(
        "ID-050",
        failed(pairs),
        f"{counted(len(pairs), 'row repeats', 'rows repeat')} every feature value of another patient ({len(people)} ids, {across} across "
        f"sites, {discordant} with another outcome)."
        if pairs
        else f"No two patients share all feature values in {len(table)} rows.",
        facts={"rows": len(pairs), "ids": len(people), "across_sites": across, "other_outcome": discordant},
        local=[{"patient": table.patients[b], "same_as": table.patients[a], "site": table.sites[b], "row": str(b)} for a, b in pairs],
    )


def ghost_rows(table: FeatureTable, profiles: Profiles, rules: CheckRules) -> Finding:
    """Ask whether rows have no feature value at all (FEAT-058)."""
    if not table.features:
        return answer("FEAT-058", Verdict.NOT_APPLICABLE, "The table has no features.")
    ghosts = [i for i, share in enumerate(profiles.rows.missing_share) if share >= 1]
    sites = sorted({table.sites[i] for i in ghosts})
    return answer(
        "FEAT-058",
        failed(ghosts),
        f"{counted(len(ghosts), 'row has', 'rows have')} no value in any of {len(table.features)} features"
        f"{' (' + listed(sites) + ')' if ghosts else ''}; {len(table)} rows in all.",
        facts={"rows": len(ghosts), "sites": some(sites)},
        concerns=tuple(sites),
        local=[{"patient": table.patients[i], "unit": table.units[i], "site": table.sites[i], "row": str(i)} for i in ghosts],
    )
