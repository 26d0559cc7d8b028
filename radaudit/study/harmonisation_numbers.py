"""The numbers behind the verdict on a harmonisation: distances, probe, tests, preservation, covariance; on unseen rows only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.measures.estimate import Estimate
from radaudit.measures.groupcovariance import covariance_difference
from radaudit.measures.groupdistance import Contrast, Pairs, contrast, pair_sums
from radaudit.measures.multiplicity import benjamini_hochberg
from radaudit.measures.siteeffect import site_effect
from radaudit.measures.siteprobe import SiteProbe, site_probe
from radaudit.measures.spread import spread_effect
from radaudit.measures.withinslopes import slope_changes, without_slopes

if TYPE_CHECKING:
    from numpy.random import Generator

    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.measures.permutation import Permuted
    from radaudit.study.unseen import Unseen

MARGIN = 0.02  # a change of the excess distance of 2 % is none: two batches 0.28 SD apart in every feature have that excess
LEAST_PATIENTS, LEAST_IN_FOLDS = 5, 10  # a batch needs a pair of patients in each of five folds
MOST_FEATURES = 200
RATE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedRows:
    """Rows to judge: ``before`` (n, p) as measured, labels (n,), ``outcome`` (n,) of 0, 1 or NaN, or None.

    ``design`` (n, q) holds the preserved covariates in numbers, ``columns`` their names.
    """

    before: Floats
    batch: tuple[str, ...]
    patients: tuple[str, ...]
    outcome: Floats | None = None
    design: Floats | None = None
    columns: tuple[str, ...] = ()

    @property
    def crossed(self) -> bool:
        """True if a patient has rows in several batches: the same regions through several extractors."""
        return len(set(zip(self.patients, self.batch, strict=True))) > len(set(self.patients))


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Balanced accuracy of guessing the batch of unseen rows, with the shares of shuffles below and above; ``reason`` if unasked."""

    before: float | None = None
    after: float | None = None
    chance: float | None = None
    p_low: float | None = None
    p_high: float | None = None
    null_low: float | None = None
    null_high: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preservation:
    """What is left of one covariate column's effect within batches; ``retained`` is None if no feature had one."""

    column: str
    of: int
    features: int
    retained: float | None
    low: float | None
    high: float | None
    changed: int
    largest: float
    largest_low: float
    largest_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the rule looks at."""

    distance: Contrast
    probe: Probe
    tests: Mapping[str, float]
    outcome: Contrast | None
    covariates: tuple[Preservation, ...]
    covariance: Permuted | None
    judged: Mapping[str, int]
    left_out: tuple[str, ...]
    folds: int
    repeats: int

    def document(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "margin": MARGIN,
            "folds": self.folds,
            "repeats": self.repeats,
            "judged": dict(self.judged),
            "left_out": list(self.left_out),
            "distance": _contrast_document(self.distance),
            "probe": {name: getattr(self.probe, name) for name in Probe.__slots__},
            "tests": {name: None if math.isnan(value) else value for name, value in self.tests.items()},
            "outcome": None if self.outcome is None else _contrast_document(self.outcome),
            "covariates": [{name: getattr(row, name) for name in Preservation.__slots__} for row in self.covariates],
            "covariance": None if self.covariance is None else _covariance_document(self.covariance),
        }


def _contrast_document(own: Contrast) -> dict[str, Any]:
    return {"before": own.before.document(), "after": own.after.document(), "fall": own.fall.document()}


def _covariance_document(own: Permuted) -> dict[str, Any]:
    null_mean = float(own.null.mean()) if own.permutations else None
    return {"value": own.value, "p": own.p, "null_mean": null_mean, "method": own.method, "reason": own.reason}


def gather(rows: JudgedRows, unseen: Sequence[Unseen], halves: Sequence[Unseen], rng: Generator, *, permutations: int) -> Evidence:
    """Return the evidence; batches of fewer than 5 patients, or 10 if rows were harmonised in folds, are left out.

    Raises what the measures raise.
    """
    least = LEAST_PATIENTS if unseen[0].folds == 1 else LEAST_IN_FOLDS
    labels, people = np.asarray(rows.batch, dtype=str), np.asarray(rows.patients, dtype=str)
    size = {name: len(set(people[labels == name].tolist())) for name in sorted(set(labels.tolist()))}
    small = tuple(name for name, n in size.items() if n < least)
    known = ~np.isin(labels, small)
    batch, patient = (np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64) for values in (labels, people))
    features = _spread_evenly(rows.before.shape[1])
    at = _At(rows=rows, known=known, batch=batch, patient=patient, features=features)
    return Evidence(
        distance=_widened(_distance(at, unseen), unseen[0].folds),
        probe=_probe(at, halves, rng, permutations),
        tests=_tests(at, halves),
        outcome=_outcome(at, halves),
        covariates=_preservation(at, unseen),
        covariance=_covariance(at, halves, rng, permutations),
        judged={name: n for name, n in size.items() if name not in small},
        left_out=small,
        folds=unseen[0].folds,
        repeats=len(unseen),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _At:
    rows: JudgedRows
    known: Bools
    batch: Ints
    patient: Ints
    features: Ints

    def design(self) -> Floats:
        """Return covariates and outcome in numbers; an unknown outcome counts as the mean."""
        own = [] if self.rows.design is None else [self.rows.design]
        if self.rows.outcome is not None and np.isfinite(self.rows.outcome).any():
            filled = np.where(np.isfinite(self.rows.outcome), self.rows.outcome, np.nanmean(self.rows.outcome))
            own.append(filled[:, None])
        return np.column_stack(own) if own else np.empty((len(self.batch), 0))

    def part(self, own: Unseen) -> Ints:
        return np.where(self.known, own.part, -1)


def _spread_evenly(p: int) -> Ints:
    """Return at most ``MOST_FEATURES`` positions, evenly spread: distances cost pairs times features."""
    return np.unique(np.linspace(0, p - 1, min(p, MOST_FEATURES)).round().astype(np.int64))


def _distance(at: _At, unseen: Sequence[Unseen]) -> Contrast:
    design = at.design()
    before, after = at.rows.before[:, at.features], [own.after[:, at.features] for own in unseen]
    total: list[Pairs] = []
    for own, harmonised in zip(unseen, after, strict=True):
        part = at.part(own)
        use = np.flatnonzero(part >= 0)
        found = []
        for table in (before, harmonised):
            net = np.full(table.shape, np.nan)
            net[use] = without_slopes(table[use], design[use], _codes(at.batch[use], part[use]))
            found.append(pair_sums(net, at.batch, part, at.patient))
        total = found if not total else [a + b for a, b in zip(total, found, strict=True)]
    return contrast(total[0], total[1])


def _codes(*labels: Ints) -> Ints:
    return np.unique(np.column_stack(labels), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _widened(own: Contrast, folds: int) -> Contrast:
    """Return the contrast with the interval of the fall widened for fits that share rows (Nadeau and Bengio, Mach Learn 52:239, 2003).

    The jackknife takes the fits as given; K fits of K - 1 folds each vary together, which adds K / (K - 1) of the variance.
    """
    fall = own.fall
    if folds < 2 or fall.value is None or fall.low is None or fall.high is None:
        return own
    factor = math.sqrt(1.0 + folds / (folds - 1.0))
    wide = Estimate(
        value=fall.value,
        low=fall.value - factor * (fall.value - fall.low),
        high=fall.value + factor * (fall.high - fall.value),
        level=fall.level,
        patients=fall.patients,
        method=f"{fall.method}, widened for fits that share rows",
    )
    return Contrast(before=own.before, after=own.after, fall=wide)


def _outcome(at: _At, halves: Sequence[Unseen]) -> Contrast | None:
    """Return the excess between outcome classes of one batch and part; a change of location and scale per batch and part leaves it alone.

    Large parts serve better here: features are scaled in each batch of each part.
    """
    if not halves or at.rows.outcome is None or np.unique(at.rows.outcome[np.isfinite(at.rows.outcome)]).size != 2:
        return None
    cased = np.isfinite(at.rows.outcome)
    group = np.where(cased, at.rows.outcome, 0).astype(np.int64)
    total: list[Pairs] = []
    for own in halves:
        part = np.where(cased, at.part(own), -1)
        cell = _codes(at.batch, part)
        tables = (at.rows.before[:, at.features], own.after[:, at.features])
        found = [pair_sums(table, group, np.where(part >= 0, cell, -1), at.patient, scale=cell) for table in tables]
        total = found if not total else [a + b for a, b in zip(total, found, strict=True)]
    return _widened(contrast(total[0], total[1]), halves[0].folds)


def _probe(at: _At, halves: Sequence[Unseen], rng: Generator, permutations: int) -> Probe:
    """Return the probe trained again within each part, averaged over parts; sorted nulls are averaged, which widens the null."""
    found: list[list[SiteProbe]] = []
    for rows, _, tables in _parts(at, halves):
        labels, people = at.batch[rows], at.patient[rows]
        seeds = rng.integers(2**32, size=2)
        pair = [
            site_probe(table, labels, rng=np.random.default_rng(seed), patients=people, permutations=permutations, crossed=at.rows.crossed)
            for table, seed in zip(tables, seeds, strict=True)
        ]
        if all(own.accuracy.value is not None for own in pair):
            found.append(pair)
    if not found:
        return Probe(reason="too few patients per batch in rows that one fit had not seen")
    before, after = (float(np.mean([pair[i].accuracy.value or 0.0 for pair in found])) for i in (0, 1))
    null = np.mean([pair[1].null.null for pair in found], axis=0)
    low, high = np.quantile(null, [0.025, 0.975])
    return Probe(
        before=before,
        after=after,
        chance=float(np.mean([pair[1].chance or 0.0 for pair in found])),
        p_low=float((1 + np.count_nonzero(null <= after + 1e-12)) / (1 + null.size)),
        p_high=float((1 + np.count_nonzero(null >= after - 1e-12)) / (1 + null.size)),
        null_low=float(low),
        null_high=float(high),
    )


def _parts(at: _At, halves: Sequence[Unseen]) -> list[tuple[Ints, int, tuple[Floats, Floats]]]:
    """Return rows, part and both tables of every part."""
    found = []
    for own in halves:
        part = at.part(own)
        for number in np.unique(part[part >= 0]).tolist():
            rows = np.flatnonzero(part == number)
            found.append((rows, int(number), (at.rows.before[rows], own.after[rows])))
    return found


def _tests(at: _At, halves: Sequence[Unseen]) -> dict[str, float]:
    """Return the shares of features whose means and spreads differ between batches at a false discovery rate of 5 %, over parts."""
    shares: dict[str, list[float]] = {f"{kind}_{when}": [] for kind in ("additive", "multiplicative") for when in ("before", "after")}
    for rows, _, tables in _parts(at, halves):
        if np.unique(at.batch[rows]).size < 2:
            continue
        for when, table in zip(("before", "after"), tables, strict=True):
            shares[f"additive_{when}"].append(_significant(site_effect(table, at.batch[rows], scale="ranks").p))
            shares[f"multiplicative_{when}"].append(_significant(spread_effect(table, at.batch[rows]).p))
    return {name: float(np.mean(values)) if values else math.nan for name, values in shares.items()}


def _significant(p: Floats) -> float:
    adjusted = benjamini_hochberg(p)
    asked = np.isfinite(adjusted)
    return float((adjusted[asked] < RATE).mean()) if asked.any() else math.nan


def _covariance(at: _At, halves: Sequence[Unseen], rng: Generator, permutations: int) -> Permuted | None:
    """Return the covariance test on the largest part."""
    parts = _parts(at, halves)
    if not parts:
        return None
    rows, _, (_, after) = max(parts, key=lambda own: (len(own[0]), -own[1]))
    return covariance_difference(after, at.batch[rows], rng=rng, patients=at.patient[rows], permutations=permutations)


def _preservation(at: _At, unseen: Sequence[Unseen]) -> tuple[Preservation, ...]:
    """Return what is left of each preserved column's effect within batches, over repeats' mean harmonised values."""
    if at.rows.design is None or not at.rows.design.shape[1]:
        return ()
    judged = at.known & np.all([own.part >= 0 for own in unseen], axis=0)
    use = np.flatnonzero(judged)
    stratum = _codes(at.batch[use])
    if len(use) - len(np.unique(stratum)) - at.rows.design.shape[1] < 2:
        return ()
    before, after = at.rows.before[use], np.mean([own.after[use] for own in unseen], axis=0)
    design, people = at.rows.design[use], at.patient[use]
    raw = slope_changes(before, after, design, stratum, people)
    unit = [_standardised(table, stratum) for table in (before, after)]
    own = slope_changes(unit[0], unit[1], design, stratum, people)
    found = []
    for k, column in enumerate(at.rows.columns):
        signed = np.where(benjamini_hochberg(own.p_before[k]) < RATE, np.sign(own.before[k]), 0.0)
        changed = benjamini_hochberg(raw.p[k])
        largest = int(np.nanargmax(np.abs(raw.change[k]))) if np.isfinite(raw.change[k]).any() else 0
        share, low, high = _retained(unit, signed, design, stratum, people, k)
        found.append(
            Preservation(
                column=column,
                of=int(np.isfinite(changed).sum()),
                features=int((signed != 0).sum()),
                retained=share,
                low=low,
                high=high,
                changed=int((changed < RATE).sum()),
                largest=float(np.nan_to_num(raw.change[k, largest])),
                largest_low=float(np.nan_to_num(raw.low[k, largest])),
                largest_high=float(np.nan_to_num(raw.high[k, largest])),
            )
        )
    return tuple(found)


def _retained(
    unit: list[Floats], signed: Floats, design: Floats, stratum: Ints, people: Ints, column: int
) -> tuple[float | None, float | None, float | None]:
    """Return the share of the mean slope left, with its interval: slopes of the sum of the features that follow the column."""
    if not signed.any():
        return None, None, None
    before, after = (np.nan_to_num(table) @ signed for table in unit)
    own = slope_changes(before[:, None], after[:, None], design, stratum, people)
    start = float(own.before[column, 0])
    low, high = sorted((1 + float(own.low[column, 0]) / start, 1 + float(own.high[column, 0]) / start))
    return 1 + float(own.change[column, 0]) / start, low, high


def _standardised(table: Floats, stratum: Ints) -> Floats:
    """Return each feature centred and scaled within each stratum, so that no change of location and scale per batch shows."""
    result = np.full(table.shape, np.nan)
    for code in np.unique(stratum):
        rows = np.flatnonzero(stratum == code)
        own = table[rows]
        measured = np.isfinite(own)
        count = np.maximum(measured.sum(axis=0), 1)
        filled = np.where(measured, own, 0.0)
        centred = np.where(measured, own - filled.sum(axis=0) / count, np.nan)
        sd = np.sqrt(np.nansum(centred**2, axis=0) / count)
        fine = sd > 1e-12 * np.abs(filled).max(axis=0, initial=0.0)
        result[rows] = np.divide(centred, sd, out=np.full_like(centred, np.nan), where=fine & measured)
    return result


def frozen_rows(
    before: Floats,
    batch: Sequence[str],
    patients: Sequence[str],
    *,
    outcome: Floats | None = None,
    design: Floats | None = None,
    columns: Sequence[str] = (),
) -> JudgedRows:
    """Return rows to judge with read-only copies."""
    return JudgedRows(
        before=frozen(before),
        batch=tuple(map(str, batch)),
        patients=tuple(map(str, patients)),
        outcome=None if outcome is None else frozen(outcome),
        design=None if design is None else frozen(design),
        columns=tuple(columns),
    )
