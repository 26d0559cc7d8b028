"""Does the site stand in for the outcome? Known from labels alone; with predictions also from what is left within sites."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.state import Standing, State, missing
from radaudit.measures.discrimination import auc
from radaudit.measures.normal import chi_squared_p

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "site"
SUSPECT = 1e-4  # p-value of outcome against site
LEAST_V = 0.3
CARRIED = 0.6  # share of the predictions' AUC above one half that is gone within sites
LEAST_LOST = 0.08


def judge(given: Evidence) -> State:
    """Answer from Cramér's V and the AUC of the site label alone; proved if the predictions live on the site as well."""
    if given.site is None or given.outcome is None:
        return missing(KIND, "the site and the outcome")
    known = ~np.isnan(given.outcome) & (given.site >= 0)
    site, y = given.site[known], given.outcome[known]
    if len(np.unique(site)) < 2 or len(np.unique(y)) < 2:
        return missing(KIND, "two sites and both outcomes")
    statistic, degrees, v = association(site, y)
    p = chi_squared_p(statistic, degrees)
    alone = site_auc(site, y, given.training[known])
    facts: dict[str, float | int | None] = {"cramers_v": v, "p": p, "site_auc": alone, "sites": degrees + 1}
    told = f"The site alone has an AUC of {alone:.2f}, Cramér's V {v:.2f} (p = {p:.2g})."
    standing = Standing.SUSPECTED if p < SUSPECT and v >= LEAST_V else Standing.EVIDENCE_OF_CLEAN if p >= 0.2 else Standing.NO_EVIDENCE
    if given.predictions is not None:
        scored = known & ~np.isnan(given.predictions) & given.holdout
        overall, inside = _both(given.outcome, given.predictions, given.site, scored)
        facts |= {"auc": overall, "within_site_auc": inside}
        if overall is not None and inside is not None:
            told += f" The predictions have {overall:.2f} overall and {inside:.2f} within sites."
            gone = overall - inside
            if standing is Standing.SUSPECTED and gone >= LEAST_LOST and gone >= CARRIED * (overall - 0.5):
                standing = Standing.PROVED_LEAK
    return State(kind=KIND, standing=standing, sentence=told, facts=facts)


def association(site: Ints, y: Floats) -> tuple[float, int, float]:
    """Return chi-squared, its degrees of freedom and Cramér's V of outcome against site."""
    table = np.array([[float(((site == s) & (y == o)).sum()) for o in (0, 1)] for s in np.unique(site)])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, len(table) - 1, math.sqrt(statistic / len(y))


def site_auc(site: Ints, y: Floats, training: Bools) -> float:
    """Return the AUC in test rows of the site's share of events among training rows; of all rows if one side lacks an outcome."""
    holdout = ~training
    if len(np.unique(y[holdout])) < 2 or not training.any():
        training = holdout = np.ones(len(y), dtype=bool)
    overall = float(y[training].mean())
    shares = {int(s): float((y[training & (site == s)].sum() + overall) / ((training & (site == s)).sum() + 1)) for s in np.unique(site)}
    return auc(y[holdout], np.array([shares[int(s)] for s in site[holdout]]))


def _both(y: Floats, risk: Floats, site: Ints, rows: Bools) -> tuple[float | None, float | None]:
    """Return the AUC over all pairs and over pairs of the same site."""
    if len(np.unique(y[rows])) < 2:
        return None, None
    pairs = total = 0.0
    for s in np.unique(site[rows]):
        here = rows & (site == s)
        weight = float((y[here] == 1).sum() * (y[here] == 0).sum())
        if weight:
            pairs += weight
            total += weight * auc(y[here], risk[here])
    return auc(y[rows], risk[rows]), total / pairs if pairs else None
