"""Bootstrap and permutation of the AUC by ranks and counts: one sort for all resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.measures.discrimination import placements
from radaudit.measures.estimate import Estimate, unknown
from radaudit.measures.permutation import Permuted, Side, permuted, unpermuted
from radaudit.measures.resampling import Interval, blocks, bootstrap_estimate, draw_counts, leave_one_out_counts
from radaudit.measures.rows import Scored, at_least, codes_of, fraction, same_length, scored

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats, Ints


def auc_by_counts(outcome: ArrayLike, risk: ArrayLike, counts: ArrayLike) -> Floats:
    """Return the AUC (B,) of each resample given by ``counts`` (B, n), exact with ties; NaN where a resample has one class.

    Counts of ones give the AUC itself. The same counts for two risks give paired differences. Raises PERF-001 to PERF-003.
    """
    rows = scored(outcome, risk)
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] != rows.rows:
        raise DesignError("PERF-001", f"counts have shape {table.shape}, not (resamples, {rows.rows})", at="counts")
    found = np.full(table.shape[0], np.nan)
    if rows.rows == 0:
        return found
    order = np.argsort(rows.risk, kind="stable")
    ordered, event = rows.risk[order], rows.event[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    for start, stop in blocks(table.shape[0], rows.rows):
        found[start:stop] = _block(table[start:stop, order].astype(np.float64), event, starts)
    return found


def _block(weights: Floats, event: Bools, starts: Ints) -> Floats:
    hits = np.add.reduceat(weights * event, starts, axis=1)
    misses = np.add.reduceat(weights, starts, axis=1) - hits
    pairs = (hits * (np.cumsum(misses, axis=1) - 0.5 * misses)).sum(axis=1)
    total = hits.sum(axis=1) * misses.sum(axis=1)
    return np.asarray(np.divide(pairs, total, out=np.full(pairs.shape, np.nan), where=total > 0))


def auc_left_out(rows: Scored) -> Floats:
    """Return the AUC with each patient left out (patients,); in closed form from the placements if every row is a patient."""
    if rows.clustered:
        return auc_by_counts(rows.event, rows.risk, leave_one_out_counts(rows.patient))
    value, shares = placements(rows.event, rows.risk)
    size = np.where(rows.event, rows.event.sum(), (~rows.event).sum()).astype(np.float64)
    return np.asarray(np.divide(size * value - shares, size - 1, out=np.full(shares.shape, np.nan), where=size > 1))


def auc_bootstrap(
    outcome: ArrayLike,
    risk: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    level: float = 0.95,
    interval: Interval = "percentile",
    stratified: bool = True,
    patients: ArrayLike | None = None,
) -> Estimate:
    """Return the AUC with a bootstrap interval over patients, within outcomes if ``stratified``.

    One class only, or no rows, gives an Estimate without value and the reason. Raises PERF-001 to PERF-003, PERF-006, PERF-007.
    """
    fraction(level, "level")
    at_least(resamples, 1, "resamples")
    rows = scored(outcome, risk, patients)
    if rows.one_sided:
        return unknown(rows.one_sided, patients=rows.patients, events=rows.events, level=level, method="AUC by midranks")
    counts = counts_for(rows, resamples, rng, stratified=stratified)
    return bootstrap_estimate(
        placements(rows.event, rows.risk)[0],
        auc_by_counts(rows.event, rows.risk, counts),
        level=level,
        patients=rows.patients,
        events=rows.events,
        what="patients, by outcome" if stratified else "patients",
        interval=interval,
        jackknife=lambda: auc_left_out(rows),
    )


def counts_for(rows: Scored, resamples: int, rng: Generator, *, stratified: bool) -> Ints:
    """Return resamples of these rows as counts (resamples, n): patients drawn whole, within outcomes if ``stratified``."""
    strata = rows.event.astype(np.int64) if stratified else None
    return draw_counts(rows.rows, resamples, rng, patients=rows.patient if rows.clustered else None, strata=strata)


def auc_difference_bootstrap(
    outcome: ArrayLike,
    risk: ArrayLike,
    other: ArrayLike,
    *,
    resamples: int,
    rng: Generator,
    level: float = 0.95,
    stratified: bool = True,
    patients: ArrayLike | None = None,
) -> Estimate:
    """Return AUC(risk) - AUC(other) with a percentile interval over the same resamples for both.

    Raises PERF-001 to PERF-003, PERF-006, PERF-007.
    """
    one, two = scored(outcome, risk, patients), scored(outcome, other, patients)
    if one.one_sided:
        return unknown(one.one_sided, patients=one.patients, events=one.events, level=level, method="AUC by midranks")
    counts = counts_for(one, resamples, rng, stratified=stratified)
    replicates = auc_by_counts(one.event, one.risk, counts) - auc_by_counts(two.event, two.risk, counts)
    value = placements(one.event, one.risk)[0] - placements(two.event, two.risk)[0]
    what = "patients, paired, by outcome" if stratified else "patients, paired"
    return bootstrap_estimate(value, replicates, level=level, patients=one.patients, events=one.events, what=what)


def auc_permutation(
    outcome: ArrayLike,
    risk: ArrayLike,
    *,
    permutations: int,
    rng: Generator,
    patients: ArrayLike | None = None,
    within: ArrayLike | None = None,
    side: Side = "greater",
) -> Permuted:
    """Return the AUC against its null: outcomes shuffled among patients, within the levels of ``within`` (n,) if given.

    With several rows per patient the outcome must be the same in all of them and moves as a whole. It tells whether ranks and outcomes
    are associated; it is not a test for leakage. Raises PERF-001 to PERF-003, PERF-006, PERF-007.
    """
    at_least(permutations, 1, "permutations")
    rows = scored(outcome, risk, patients)
    if rows.one_sided:
        return unpermuted(rows.one_sided, "AUC by midranks")
    event, stratum = _per_patient(rows, within)
    null = np.empty(permutations)
    for start, stop in blocks(permutations, rows.rows):
        shuffled = np.broadcast_to(event, (stop - start, event.size)).copy()
        for level in np.unique(stratum):
            members = np.flatnonzero(stratum == level)
            shuffled[:, members] = rng.permuted(shuffled[:, members], axis=1)
        null[start:stop] = _auc_of_labels(shuffled[:, rows.patient] if rows.clustered else shuffled, rows.risk)
    method = "AUC, outcomes shuffled among patients" + ("" if within is None else " within strata")
    return permuted(placements(rows.event, rows.risk)[0], null, method, side=side, centre=0.5)


def _per_patient(rows: Scored, within: ArrayLike | None) -> tuple[Bools, Ints]:
    """Return outcome and stratum per patient; PERF-007 if either differs between rows of one patient."""
    codes = np.zeros(rows.rows, dtype=np.int64) if within is None else codes_of(within, "within")[1]
    same_length(rows=rows.event, within=codes)
    first = np.unique(rows.patient, return_index=True)[1]
    event, stratum = rows.event[first], codes[first]
    for name, per_row, per_patient in (("outcome", rows.event, event), ("within", codes, stratum)):
        mixed = int(np.unique(rows.patient[per_row != per_patient[rows.patient]]).size)
        if mixed:
            raise DesignError(
                "PERF-007", f"{mixed} patient(s) differ in {name} between rows; it cannot be shuffled among patients", at=name
            )
    return event, stratum


def _auc_of_labels(events: Bools, risk: Floats) -> Floats:
    """Return the AUC (B,) of one risk under many outcome vectors (B, n) by midranks; NaN where one class is absent."""
    _, inverse, sizes = np.unique(risk, return_inverse=True, return_counts=True)
    midrank = (np.cumsum(sizes) - 0.5 * (sizes - 1))[inverse.reshape(-1)]
    hits = events.sum(axis=1).astype(np.float64)
    pairs = hits * (risk.size - hits)
    above = events @ midrank - hits * (hits + 1) / 2
    return np.asarray(np.divide(above, pairs, out=np.full(hits.shape, np.nan), where=pairs > 0))
