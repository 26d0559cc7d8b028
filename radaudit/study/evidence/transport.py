"""Section 8, transportability: the test set by site, each site left out in turn, and what a new site may expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.measures.calibration import calibration_in_the_large
from radaudit.measures.discrimination import auc_estimate
from radaudit.measures.estimate import unknown
from radaudit.measures.pooling import pool_aucs

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.development import Development

LEAST = 3
FEW = 10


def left_out(development: Development) -> dict[str, Any]:
    """Return leave-one-site-out rows and their random-effects summary (logit scale, REML, Hartung-Knapp).

    The prediction interval for a new site borrows the spread between sites of other published models while there are fewer than ten
    sites: with so few the usual one covers far less than it says (VALIDATION.md section 4). Fewer than three sites: none.
    """
    rows = development.sites
    found: dict[str, Any] = {
        "rows": [row.document() for row in rows],
        "unharmonised": [{"site": row.name, "auc": row.auc.document()} for row in development.sites_unharmonised],
        "pooled": None,
        "prediction": None,
        "tau2": None,
        "i2": None,
        "reason": "",
    }
    pooled = pool_aucs([row.auc for row in rows])
    if pooled.sites < LEAST:
        return found | {
            "reason": f"{pooled.sites} of {len(rows)} site(s) have an AUC with an interval; at least {LEAST} are needed",
            "pooled_reason": f"{pooled.sites} site(s): pooling takes at least {LEAST}",
        }
    found |= {"pooled": pooled.auc.document(), "tau2": pooled.tau2, "i2": pooled.i2}
    prediction = pooled.prediction_with_prior if pooled.sites < FEW else pooled.prediction
    if prediction.low is None:
        return found | {"reason": prediction.reason or "no prediction interval"}
    usual = {"low": pooled.prediction.low, "high": pooled.prediction.high}
    return found | {"prediction": {"low": prediction.low, "high": prediction.high, "method": prediction.method, "without_prior": usual}}


def by_site(
    outcome: Floats, risk: Floats, sites: Sequence[str], patients: Sequence[str], *, probabilities: bool = True
) -> list[dict[str, Any]]:
    """Return the AUC of the predictions and, of ``probabilities``, their calibration in the large, in each site of the test set."""
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
                "citl": (
                    calibration_in_the_large(outcome[at], risk[at], patients=own) if probabilities else unknown("scores, not probabilities")
                ).document(),
            }
        )
    return rows
