"""Section 3, cohort and sites: who was supplied, who is analysed, how the parts compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from radaudit.tables import FeatureTable

if TYPE_CHECKING:
    from radaudit.splits import Split
    from radaudit.tables.intake import Intake

MOST_LEVELS = 12


def cohort(intake: Intake, split: Split, sites: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the cohort section; ``sites`` is the per-site table of the check, to which the parts are added."""
    table = intake.table
    training, holdout = table.take(split.training), table.take(split.holdout)
    parts = {"training": Counter(_per_patient(training, training.sites)), "holdout": Counter(_per_patient(holdout, holdout.sites))}
    kind = "binary" if table.roles.outcome is None else table.roles.outcome.kind
    rows = [{**row, **{part: counts.get(str(row["site"]), 0) for part, counts in parts.items()}} for row in sites]
    return {
        "flow": _flow(intake, training, holdout),
        "sources": [source.document() for source in intake.sources],
        "accounting": [item.document() for item in intake.accounting],
        "table": {"rows": len(table), "patients": len(set(table.patients)), "features": len(table.features), "digest": table.digest},
        "table1": table_one(table, split),
        "sites": rows,
        "site_outcome": [] if kind == "continuous" else site_outcome(table),
        **({"site_outcome_reason": "a continuous outcome has no events"} if kind == "continuous" else {}),
        "missingness": missingness(intake),
        "acquisition": acquisition(table),
    }


def _per_patient(table: FeatureTable, labels: Sequence[str]) -> list[str]:
    """Return one label per patient: that of the patient's first row."""
    first: dict[str, str] = {}
    for patient, label in zip(table.patients, labels, strict=True):
        first.setdefault(patient, label)
    return list(first.values())


def _events(table: FeatureTable) -> int | None:
    if table.roles.outcome is not None and table.roles.outcome.kind == "continuous":
        return None
    return len({p for p, y in zip(table.patients, table.outcome.tolist(), strict=True) if y == 1.0})


def _flow(intake: Intake, training: FeatureTable, holdout: FeatureTable) -> list[dict[str, object]]:
    steps: list[dict[str, object]] = [
        {**step.document(), "events": _events(intake.table) if step.label == "analysed" else None} for step in intake.flow
    ]
    for label, part in (("training", training), ("holdout (test set)", holdout)):
        steps.append({"label": label, "patients": len(set(part.patients)), "rows": len(part), "events": _events(part), "reason": ""})
    return steps


def site_outcome(table: FeatureTable) -> list[dict[str, object]]:
    """Return patients with and without the event per site."""
    counts: dict[str, Counter[float]] = {}
    seen: set[str] = set()
    for patient, site, outcome in zip(table.patients, table.sites, table.outcome.tolist(), strict=True):
        if patient not in seen:
            seen.add(patient)
            counts.setdefault(site, Counter())[outcome] += 1
    return [{"site": site, "events": counts[site][1.0], "non_events": counts[site][0.0]} for site in sorted(counts)]


def missingness(intake: Intake) -> dict[str, object]:
    """Return the share of missing cells per site and feature family."""
    import numpy as np

    table = intake.table
    family = {identity.name: identity.family or "other" for identity in intake.dictionary}
    families = sorted({family.get(name, "other") for name in table.features})
    sites = sorted(set(table.sites))
    missing = np.isnan(table.values)
    share = []
    for site in sites:
        rows = np.array([s == site for s in table.sites])
        share.append(
            [float(missing[np.ix_(rows, np.array([family.get(n, "other") == name for n in table.features]))].mean()) for name in families]
        )
    return {"sites": sites, "families": families, "share": share}


def acquisition(table: FeatureTable) -> list[dict[str, object]]:
    """Return the levels of each batch column as read, before merging."""
    found: list[dict[str, object]] = []
    for column in table.roles.batch:
        if column in table.facts:
            counts = Counter(_per_patient(table, [value or "(missing)" for value in table.facts[column]]))
            levels = [{"level": level, "patients": n} for level, n in counts.most_common(MOST_LEVELS)]
            found.append({"column": column, "levels": levels})
    return found


def table_one(table: FeatureTable, split: Split) -> list[dict[str, object]]:
    """Return table 1: outcome, site, batch, clinical variables and volume per part, with the standardised mean difference.

    SMD (Austin 2009): difference of means or shares over the root mean of the two variances; per level for categories.
    """
    rows: list[dict[str, object]] = []
    columns: list[tuple[str, Sequence[str | None]]] = [("site", table.sites), ("batch", table.batches)]
    columns += [
        (name, table.facts[name]) for name in dict.fromkeys((*table.roles.clinical, *table.roles.covariates)) if name in table.facts
    ]
    end = table.roles.outcome
    if end is not None and end.kind == "continuous":
        rows.append(_number(split, "outcome", table.outcome.tolist()))
    else:
        rows.append(_level(table, split, "outcome", "event", [y == 1.0 for y in table.outcome.tolist()]))
    if table.time is not None and end is not None:
        rows.append(_number(split, str(end.time), table.time.tolist()))
    for name, values in columns:
        numbers = table.numbers(name) if name in table.facts else None
        if numbers is not None and len(set(values)) > MOST_LEVELS // 2:
            rows.append(_number(split, name, numbers.tolist()))
            continue
        for level in sorted({value for value in values if value is not None})[:MOST_LEVELS]:
            rows.append(_level(table, split, name, level, [value == level for value in values]))
        if any(value is None for value in values):
            rows.append(_level(table, split, name, "(missing)", [value is None for value in values]))
    if table.roles.volume in table.features:
        column = table.values[:, table.features.index(table.roles.volume)]
        rows.append(_number(split, str(table.roles.volume), column.tolist()))
    return rows


def _level(table: FeatureTable, split: Split, variable: str, level: str, holds: list[bool]) -> dict[str, object]:
    texts, shares = [], []
    for part in (split.training, split.holdout):
        yes = [holds[i] for i in part]
        share = sum(yes) / len(yes) if yes else 0.0
        texts.append(f"{sum(yes)} ({share:.0%})")
        shares.append(share)
    spread = ((shares[0] * (1 - shares[0]) + shares[1] * (1 - shares[1])) / 2) ** 0.5
    smd = (shares[1] - shares[0]) / spread if spread > 0 else None
    return {"variable": variable, "level": level, "training": texts[0], "holdout": texts[1], "smd": smd}


def _plain(value: float) -> str:
    """Return a number with four figures and no exponent: 14750, 0.2031."""
    size = abs(value)
    if size >= 1000:
        return f"{value:.0f}"
    return f"{value:.4g}" if size >= 1e-4 or size == 0.0 else f"{value:.2e}"


def _number(split: Split, variable: str, values: list[float]) -> dict[str, object]:
    import numpy as np

    texts, means, variances = [], [], []
    for part in (split.training, split.holdout):
        known = np.array([values[i] for i in part])
        known = known[~np.isnan(known)]
        if len(known) < 2:
            texts.append(f"{len(known)} known")
            continue
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        texts.append(f"{_plain(middle)} ({_plain(low)} to {_plain(high)})")
        means.append(float(known.mean()))
        variances.append(float(known.var(ddof=1)))
    smd = None
    if len(means) == 2 and sum(variances) > 0:
        smd = (means[1] - means[0]) / (sum(variances) / 2) ** 0.5
    return {"variable": variable, "level": None, "training": texts[0], "holdout": texts[1], "smd": smd}
