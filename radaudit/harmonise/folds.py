"""The fits of all folds from one reading of the rows: moments of each fold once, every analysis side by subtraction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.harmonise.batch_moments import CANCELLED, BatchMoments
from radaudit.harmonise.coding import CovariateCoding, Covariates
from radaudit.harmonise.moments import SiteMoments, measure_parts

if TYPE_CHECKING:
    from radaudit.harmonise.kernel import Kernel


def fold_moments(
    x: Any,
    batch: Sequence[str],
    folds: Sequence[int],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    kernel: Kernel | None = None,
) -> list[SiteMoments]:
    """Return the moments of each fold 0, 1, ..., K - 1 of rows ``x`` (n, p), read once; other arguments as ``measure``.

    All folds have one coding, so that they add and subtract. Raises DesignError HARM-014 for folds that are not numbered so, and as
    ``measure``.
    """
    numbers = [int(number) for number in folds]
    if sorted(set(numbers)) != list(range(max(numbers, default=-1) + 1)):
        raise DesignError("HARM-014", "folds are not numbered 0, 1, ..., one number per row", fix="one fold number per row, none left out")
    return list(measure_parts(x, batch, numbers, covariates, features=features, coding=coding, kernel=kernel).values())


def without_each(folds: Sequence[SiteMoments]) -> list[SiteMoments]:
    """Return for each fold the moments of all rows outside it. Raises DesignError HARM-013 if folds do not fit together."""
    whole = pooled(folds)
    if any(len(own.partial) for own in whole.per_batch) or any(fold.features != whole.features for fold in folds):
        return [whole - fold for fold in folds]
    rest: list[dict[str, BatchMoments]] = [{} for _ in folds]
    for name, own in zip(whole.batches, whole.per_batch, strict=True):
        parts = [(k, fold[name]) for k, fold in enumerate(folds) if name in fold.batches]
        for k in range(len(folds)):
            rest[k][name] = own
        for k, left in _remainders(own, parts):
            if left is None:
                del rest[k][name]
            else:
                rest[k][name] = left
    return [SiteMoments(features=whole.features, coding=whole.coding, batches=tuple(own), per_batch=tuple(own.values())) for own in rest]


def _remainders(whole: BatchMoments, parts: Sequence[tuple[int, BatchMoments]]) -> list[tuple[int, BatchMoments | None]]:
    """Return what is left of a complete batch without each part, None if nothing is; all parts in one step."""
    empty: list[tuple[int, BatchMoments | None]] = [(k, None) for k, own in parts if own.rows == whole.rows]
    some = [(k, own) for k, own in parts if own.rows < whole.rows]
    if not some:
        return empty
    out = np.array([own.rows for _, own in some], dtype=np.float64)[:, None]
    left = whole.rows - out
    mean, c_mean = (np.array([getattr(own, name) for _, own in some]) for name in ("mean", "c_mean"))
    rest, c_rest = whole.mean + (whole.mean - mean) * (out / left), whole.c_mean + (whole.c_mean - c_mean) * (out / left)
    harmonic = left * (out / whole.rows)
    gap, c_gap = rest - mean, c_rest - c_mean
    ss = whole.ss - (np.array([own.ss for _, own in some]) + gap * gap * harmonic)
    ss[ss < CANCELLED * whole.ss] = 0.0
    weighted = c_gap * harmonic
    found = [
        BatchMoments(
            rows=whole.rows - own.rows,
            n=whole.n - own.n,
            mean=rest[i],
            ss=ss[i],
            c_mean=c_rest[i],
            c_cross=whole.c_cross - own.c_cross - np.outer(weighted[i], c_gap[i]),
            cx=whole.cx - own.cx - np.outer(weighted[i], gap[i]),
            partial=whole.partial,
            partial_c_mean=whole.partial_c_mean,
            partial_c_cross=whole.partial_c_cross,
        )
        for i, (_, own) in enumerate(some)
    ]
    return [*empty, *zip((k for k, _ in some), found, strict=True)]


def pooled(parts: Sequence[SiteMoments]) -> SiteMoments:
    """Return the sum of moments with one coding; complete batches are added in one step, the others pair by pair."""
    first = parts[0]
    if any(part.features != first.features or part.coding != first.coding for part in parts):
        return _added(parts)
    names = sorted({batch for part in parts for batch in part.batches})
    per_batch = []
    for name in names:
        own = [part for part in parts if name in part.batches]
        blocks = [part[name] for part in own]
        per_batch.append(_added([part.only([name]) for part in own])[name] if any(len(b.partial) for b in blocks) else _summed(blocks))
    return SiteMoments(features=first.features, coding=first.coding, batches=tuple(names), per_batch=tuple(per_batch))


def _added(parts: Sequence[SiteMoments]) -> SiteMoments:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def _summed(own: Sequence[BatchMoments]) -> BatchMoments:
    """Return the sum of complete moments, about the mean of the first for the digits."""
    if len(own) == 1:
        return own[0]
    rows = np.array([one.rows for one in own], dtype=np.float64)
    total = int(rows.sum())
    gap = np.array([one.mean for one in own]) - own[0].mean
    c_gap = np.array([one.c_mean for one in own]) - own[0].c_mean
    step, c_step = (rows / total) @ gap, (rows / total) @ c_gap
    gap, c_gap = gap - step, c_gap - c_step
    weighted = rows[:, None] * c_gap
    return BatchMoments(
        rows=total,
        n=np.full(len(step), total, dtype=np.int64),
        mean=own[0].mean + step,
        ss=sum((one.ss for one in own[1:]), own[0].ss) + rows @ (gap * gap),
        c_mean=own[0].c_mean + c_step,
        c_cross=sum((one.c_cross for one in own[1:]), own[0].c_cross) + weighted.T @ c_gap,
        cx=sum((one.cx for one in own[1:]), own[0].cx) + weighted.T @ gap,
        partial=own[0].partial,
        partial_c_mean=own[0].partial_c_mean,
        partial_c_cross=own[0].partial_c_cross,
    )
