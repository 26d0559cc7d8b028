"""Section 8, transportability: the test set by site, each site left out in turn, and what a new site may expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.measures.calibration import calibration_in_the_large
from radaudit.measures.discrimination import auc_estimate
from radaudit.measures.pooling import expit_estimate, logit_variance, pool

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.development import Development

LEAST = 2


def left_out(development: Development) -> dict[str, Any]:
    """Return leave-one-site-out rows and their random-effects summary (logit scale, REML, Hartung-Knapp, prediction interval)."""
    rows = development.sites
    known = [(row, pair) for row in rows if (pair := logit_variance(row.auc)) is not None]
    found: dict[str, Any] = {
        "rows": [row.document() for row in rows],
        "unharmonised": [{"site": row.name, "auc": row.auc.document()} for row in development.sites_unharmonised],
        "pooled": None,
        "prediction": None,
        "tau2": None,
        "i2": None,
        "reason": "",
    }
    if len(known) < LEAST:
        return found | {"reason": f"{len(known)} of {len(rows)} sites have an AUC with an interval; pooling takes at least {LEAST}"}
    values, variances = zip(*(pair for _, pair in known), strict=True)
    patients, events = (sum(getattr(row, what) for row, _ in known) for what in ("patients", "events"))
    pooled = pool(values, variances, within="hksj-floor", patients=patients, events=events)
    prediction = expit_estimate(pooled.prediction)
    found |= {"pooled": expit_estimate(pooled.mean).document(), "tau2": pooled.tau2, "i2": pooled.i2}
    if prediction.low is None:
        return found | {"reason": prediction.reason or "no prediction interval"}
    return found | {"prediction": {"low": prediction.low, "high": prediction.high}}


def by_site(outcome: Floats, risk: Floats, sites: Sequence[str], patients: Sequence[str]) -> list[dict[str, Any]]:
    """Return the locked signature's AUC and calibration in the large in each site of the test set."""
    labels, people = np.array(sites), np.array(patients)
    rows = []
    for site in sorted(set(sites)):
        at = labels == site
        own = people[at].tolist()
        rows.append(
            {
                "site": site,
                "patients": len(set(own)),
                "events": len({p for p, y in zip(own, outcome[at].tolist(), strict=True) if y == 1.0}),
                "auc": auc_estimate(outcome[at], risk[at], patients=own).document(),
                "citl": calibration_in_the_large(outcome[at], risk[at], patients=own).document(),
            }
        )
    return rows
