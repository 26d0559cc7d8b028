"""Many tests at once: adjusted p-values and the effective number of tests. NaN p-values are left out and stay NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats


def _asked(p: ArrayLike) -> tuple[Floats, Floats]:
    """Return all p-values and the known ones; PERF-002 if one lies outside 0 to 1."""
    values = np.asarray(p, dtype=np.float64)
    known = values[~np.isnan(values)]
    if values.ndim != 1:
        raise DesignError("PERF-001", f"p-values have shape {values.shape}, not one dimension", at="p")
    if known.size and (known.min() < 0 or known.max() > 1):
        raise DesignError("PERF-002", "a p-value lies outside 0 to 1", at="p")
    return values, known


def _step_up(p: ArrayLike, factor: float | None) -> Floats:
    values, known = _asked(p)
    adjusted = values.copy()
    if known.size:
        inflation = float((1 / np.arange(1, known.size + 1)).sum()) if factor is None else factor
        order = np.argsort(-known, kind="stable")
        scaled = inflation * known.size / np.arange(known.size, 0, -1) * known[order]
        settled = np.empty(known.size)
        settled[order] = np.minimum(1, np.minimum.accumulate(scaled))
        adjusted[~np.isnan(values)] = settled
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return p-values adjusted to the false discovery rate, (m,), valid under positive dependence (JRSS B 1995).

    Raises PERF-001, PERF-002.
    """
    return _step_up(p, 1.0)


def benjamini_yekutieli(p: ArrayLike) -> Floats:
    """Return p-values adjusted to the false discovery rate under any dependence, (m,) (Ann. Statist. 2001). Raises PERF-001, PERF-002."""
    return _step_up(p, None)


def holm(p: ArrayLike) -> Floats:
    """Return p-values adjusted to the family-wise error rate under any dependence, (m,) (Scand. J. Statist. 1979).

    Raises PERF-001, PERF-002.
    """
    values, known = _asked(p)
    adjusted = values.copy()
    if known.size:
        order = np.argsort(known, kind="stable")
        settled = np.empty(known.size)
        settled[order] = np.minimum(1, np.maximum.accumulate(np.arange(known.size, 0, -1) * known[order]))
        adjusted[~np.isnan(values)] = settled
    return adjusted


def effective_tests(x: ArrayLike) -> float:
    """Return the effective number of tests of correlated columns x (n, p) by Li and Ji (Heredity 2005).

    The sum over eigenvalues l of the correlation matrix of [l >= 1] + (l - floor(l)); constant columns count as none. Found from the
    singular values of the standardised columns, so p may be far above n. Raises PERF-001, PERF-002.
    """
    table = np.asarray(x, dtype=np.float64)
    if table.ndim != 2:
        raise DesignError("PERF-001", f"x has shape {table.shape}, not (rows, columns)", at="x")
    if not np.isfinite(table).all():
        raise DesignError("PERF-002", "x holds missing or infinite values", at="x")
    centred = table - table.mean(axis=0) if table.shape[0] else table
    size = np.sqrt((centred**2).sum(axis=0))
    live = size > 1e-12 * np.maximum(1.0, np.abs(table).max(axis=0, initial=0.0))
    if not live.any():
        return 0.0
    eigenvalues = np.linalg.svd(centred[:, live] / size[live], compute_uv=False) ** 2
    # an eigenvalue that is a whole number up to rounding must not count its fraction as nearly one
    whole = np.round(eigenvalues)
    eigenvalues = np.where(np.abs(eigenvalues - whole) < 1e-9, whole, eigenvalues)
    return float((eigenvalues >= 1).sum() + (eigenvalues - np.floor(eigenvalues)).sum())
