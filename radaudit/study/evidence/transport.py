"""Section 8, transportability: the test set by site, each site left out in turn, and what a new site may expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.measures.pooling import pool_aucs
from radaudit.study.repeated import people

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.development import Development
    from radaudit.study.frame import Frame

LEAST = 3
ON_LOGITS = ("auc", "c_index")
NAMES = {"auc": "AUC", "c_index": "C-index"}
FEW = 10


def left_out(development: Development) -> dict[str, Any]:
    """Return leave-one-site-out rows and their random-effects summary (logit scale, REML, Hartung-Knapp).

    The prediction interval for a new site borrows the spread between sites of other published models while there are fewer than ten
    sites: with so few the usual one covers far less than it says (VALIDATION.md section 4). Fewer than three sites: none.
    """
    rows = development.sites
    measure = development.end.discrimination
    found: dict[str, Any] = {
        "measure": measure,
        "rows": [row.document() for row in rows],
        "unharmonised": [{"site": row.name, measure: row.discrimination.document()} for row in development.sites_unharmonised],
        "pooled": None,
        "prediction": None,
        "tau2": None,
        "i2": None,
        "reason": "",
    }
    if measure not in ON_LOGITS:
        return found | {"reason": f"the {measure} is not pooled over sites", "pooled_reason": "not a share between 0 and 1"}
    # a concordance is pooled as an AUC is: on the logit scale
    pooled = pool_aucs([row.discrimination for row in rows])
    if pooled.sites < LEAST:
        return found | {
            "reason": f"{pooled.sites} of {len(rows)} site(s) have an interval of the {NAMES[measure]}; at least {LEAST} are needed",
            "pooled_reason": f"{pooled.sites} site(s): pooling takes at least {LEAST}",
        }
    found |= {"pooled": pooled.auc.document(), "tau2": pooled.tau2, "i2": pooled.i2}
    prediction = pooled.prediction_with_prior if pooled.sites < FEW else pooled.prediction
    if prediction.low is None:
        return found | {"reason": prediction.reason or "no prediction interval"}
    usual = {"low": pooled.prediction.low, "high": pooled.prediction.high}
    return found | {"prediction": {"low": prediction.low, "high": prediction.high, "method": prediction.method, "without_prior": usual}}


def by_site(frame: Frame, prediction: Floats) -> list[dict[str, Any]]:
    """Return the locked signature's discrimination and level in each site of the test set."""
    end, labels = frame.end, frame.sites.astype(str)
    rows = []
    for site in sorted(set(labels.tolist())):
        at = np.flatnonzero(labels == site)
        own = frame.take(at)
        patients, events = people(own.outcome, own.patients)
        rows.append(
            {
                "site": site,
                "patients": patients,
                "events": events,
                end.discrimination: end.discriminated(own, prediction[at]).document(),
                end.level: end.level_of(own, prediction[at]).document(),
            }
        )
    return rows
