"""Decision curves for the risk of an event by a horizon, where some rows are censored before it.

Net benefit at threshold t is R(t) q - (1 - R(t)) q t/(1-t): q the share called positive (risk >= t), R the product-limit risk by the
horizon among them (Vickers et al., BMC Med Inform Decis Mak 2008; as the R and Python packages dcurves have it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.measures.horizon import observed_of_counts, positive, risks_of
from radaudit.measures.resampling import draw_counts
from radaudit.measures.rows import at_least, fraction
from radaudit.measures.utility import DecisionCurve, thresholds_of

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats
    from radaudit.followup import Followed


def net_benefit_of_counts(rows: Followed, risk: ArrayLike, horizon: float, thresholds: Floats, counts: Floats | None = None) -> Floats:
    """Return the net benefit (B, k) of each resample at each threshold; NaN where nobody called positive is followed up to the horizon.

    Where nobody is called positive it is 0. Raises PERF-001, PERF-002, PERF-005, PERF-122.
    """
    values, when = risks_of(rows, risk), positive(horizon)
    drawn = np.ones((1, len(rows))) if counts is None else counts
    total = drawn.sum(axis=1)
    made = np.zeros((len(drawn), thresholds.size))
    known: dict[bytes, Floats] = {}
    for k, t in enumerate(thresholds.tolist()):
        called = values >= t
        key = called.tobytes()
        if key not in known:
            known[key] = np.stack([observed_of_counts(rows, when, drawn * called), drawn @ called / total])
        rate, share = known[key]
        made[:, k] = np.where(share > 0, rate * share - (1 - rate) * share * t / (1 - t), 0.0)
    return made


def survival_decision_curve(
    rows: Followed,
    risk: ArrayLike,
    horizon: float,
    *,
    thresholds: ArrayLike | None = None,
    resamples: int = 0,
    rng: Generator | None = None,
    level: float = 0.95,
) -> DecisionCurve:
    """Return the decision curve at the horizon, with a pointwise percentile band over resamples of patients if asked for.

    Thresholds at which those called positive are all censored before the horizon are left out. Raises PERF-001, PERF-002, PERF-005,
    PERF-006, PERF-122.
    """
    fraction(level, "level")
    at_least(resamples, 0, "resamples")
    at = thresholds_of(thresholds)
    what = "net benefit by the horizon, product-limit among those called positive"
    model = net_benefit_of_counts(rows, risk, horizon, at)[0]
    everyone = net_benefit_of_counts(rows, np.ones(len(rows)), horizon, at)[0]
    kept = np.isfinite(model) & np.isfinite(everyone)
    if not kept.any():
        empty = frozen([])
        return DecisionCurve(
            threshold=empty, model=empty, low=empty, high=empty, all=empty, level=level, patients=rows.patients, events=rows.events,
            method=what, reason="nobody is followed up to the horizon",
        )  # fmt: skip
    low = high = np.full(int(kept.sum()), np.nan)
    method = f"{what}; no band was asked for"
    if resamples and rng is not None:
        counts = draw_counts(len(rows), resamples, rng, patients=rows.patient).astype(np.float64)
        replicates = net_benefit_of_counts(rows, risk, horizon, at[kept], counts)
        # a resample without follow-up among the called says nothing at that threshold
        enough = np.isfinite(replicates).mean(axis=0) >= 0.5
        bounds = np.full((2, int(kept.sum())), np.nan)
        if enough.any():
            bounds[:, enough] = np.nanquantile(replicates[:, enough], [(1 - level) / 2, (1 + level) / 2], axis=0)
        low, high = bounds
        method = f"{what}; pointwise percentile bootstrap, {resamples} resamples of patients"
    return DecisionCurve(
        threshold=frozen(at[kept]),
        model=frozen(model[kept]),
        low=frozen(low),
        high=frozen(high),
        all=frozen(everyone[kept]),
        level=level,
        patients=rows.patients,
        events=rows.events,
        method=method,
    )
