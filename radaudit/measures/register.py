"""The error-margin register: how far each feature moves when nothing changed, for thousands of features at once.

One row per feature: ICC with its interval, within-subject SD, repeatability coefficient, limits of agreement. The formulas are those of
``reliability``, ``repeatability`` and ``agreement``; here they run over all features together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.measures.normal import two_sided
from radaudit.measures.reliability import Form, icc_table, mean_squares, readings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Bools, Floats

REPEATABILITY = math.sqrt(2)  # two readings differ by sqrt(2) times the spread of one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Register:
    """Per feature (p,): ``icc`` with ``low`` and ``high``; ``wsd``, ``rc`` with ``rc_low`` and ``rc_high``, ``rdc`` in its unit;
    ``wcv`` (NaN where a mean is not positive); ``bias`` of the last reading against the first and its limits of agreement.

    ``targets`` read ``readings`` times each. NaN where a feature does not vary.
    """

    form: Form
    level: float
    targets: int
    readings: int
    icc: Floats
    low: Floats
    high: Floats
    wsd: Floats
    wcv: Floats
    rc: Floats
    rc_low: Floats
    rc_high: Floats
    rdc: Floats
    bias: Floats
    loa_low: Floats
    loa_high: Floats

    def reach(self, least: float, bound: str = "value") -> Bools:
        """Return which features (p,) have an ICC of ``least``, or its lower end (``bound`` low); an unknown one has not."""
        own = self.icc if bound == "value" else self.low
        return np.asarray(np.nan_to_num(own, nan=-np.inf) >= least)


def register(ratings: ArrayLike, form: Form = "ICC(2,1)", level: float = 0.95) -> Register:
    """Return the register of readings (n, k, p): n targets, k readings each, p features.

    RC = 1.96 sqrt(2) wSD with its chi-squared interval (Raunig et al. 2015); RDC adds the variance between readings; limits of agreement
    as Bland and Altman 1999. Raises PERF-001, PERF-002, PERF-006, PERF-008.
    """
    from scipy.special import chdtri

    cube = readings(ratings)
    n, k, _ = cube.shape
    table, squares = icc_table(cube, form, level), mean_squares(cube)
    wsd, degrees, tail = np.sqrt(squares.within), n * (k - 1), (1 - level) / 2
    factor = two_sided(0.95) * REPEATABILITY
    means = cube.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt((cube.var(axis=1, ddof=1) / means**2).mean(axis=0))
    between = np.where(squares.readings < squares.residual, squares.within, squares.residual + (squares.readings - squares.residual) / n)
    gap = cube[:, -1] - cube[:, 0]
    bias, sd = gap.mean(axis=0), gap.std(axis=0, ddof=1)
    reach = two_sided(0.95) * sd
    return Register(
        form=form,
        level=level,
        targets=n,
        readings=k,
        icc=table.value,
        low=table.low,
        high=table.high,
        wsd=frozen(wsd),
        wcv=frozen(np.where((means <= 0).any(axis=0), np.nan, relative)),
        rc=frozen(factor * wsd),
        rc_low=frozen(factor * wsd * math.sqrt(degrees / float(chdtri(degrees, tail)))),
        rc_high=frozen(factor * wsd * math.sqrt(degrees / float(chdtri(degrees, 1 - tail)))),
        rdc=frozen(factor * np.sqrt(between)),
        bias=frozen(bias),
        loa_low=frozen(bias - reach),
        loa_high=frozen(bias + reach),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """Per feature (p,) of two extractions of the same readings: ``same`` to the digits of the table, Lin's ``ccc``, Spearman's ``rank``.

    NaN where a feature does not vary; ``ratio`` is the median of second over first.
    """

    same: Bools
    ccc: Floats
    rank: Floats
    ratio: Floats


SAME = 1e-9  # relative difference below which two values are one value written twice


def agreement(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Return how far two tables (n, p) of the same rows and features agree, column by column.

    CCC of Lin (Biometrics 1989) with moments over n. Raises PERF-001 for tables of different shape, PERF-002 for missing cells, PERF-008
    below three rows.
    """
    a, b = (np.asarray(part, dtype=np.float64) for part in (first, second))
    if a.shape != b.shape or a.ndim != 2:
        raise DesignError("PERF-001", "the two tables have different shapes", found=f"{a.shape}, {b.shape}", at="second")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise DesignError("PERF-002", "a value is missing or infinite", at="first, second", fix="leave these rows or features out")
    if len(a) < 3:
        raise DesignError("PERF-008", "agreement takes at least 3 pairs", found=str(len(a)))
    scale = np.maximum(np.abs(a), np.abs(b))
    same: Bools = np.logical_and.reduce(np.abs(a - b) <= SAME * scale, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = a - a.mean(axis=0), b - b.mean(axis=0)
        spread = (u * u).mean(axis=0) + (v * v).mean(axis=0) + (a.mean(axis=0) - b.mean(axis=0)) ** 2
        ccc = np.where(spread > 0, 2 * (u * v).mean(axis=0) / spread, np.nan)
        ratio = np.median(b / a, axis=0)
    return Agreement(same=same, ccc=frozen(ccc), rank=frozen(_rank_correlation(a, b)), ratio=frozen(ratio))


def _rank_correlation(a: Floats, b: Floats) -> Floats:
    from scipy.stats import rankdata

    u, v = (rankdata(part, axis=0) for part in (a, b))
    u, v = u - u.mean(axis=0), v - v.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((u * v).sum(axis=0) / np.sqrt((u * u).sum(axis=0) * (v * v).sum(axis=0)))
