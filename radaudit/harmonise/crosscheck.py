"""Our fit against a published package on the same rows: the largest difference, or NOT_RUN and why.

The package comes in as a function, so that this stage knows no package (``edges/neurocombat.py`` has the one for neuroCombat).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError
from radaudit.findings import Fact, Verdict
from radaudit.harmonise.coding import Covariates
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import SiteMoments, as_labels, as_table, measure
from radaudit.harmonise.regression import CONSTANT

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats

ReferenceHarmonise = Callable[["Floats", Sequence[str], Covariates], "Floats"]
AGREED = 1e-8
MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """Result of a comparison: differences in units of each feature's SD over the rows compared; ``reason`` if it did not run.

    ``rounding`` is what the package's single-precision covariates change in our own result (both sides use them in the
    comparison itself).
    """

    package: str
    version: str
    verdict: Verdict
    max_difference: float | None
    rms_difference: float | None
    rounding: float | None
    rows: int
    features: int
    left_out: int
    sentence: str
    reason: str = ""

    def document(self) -> Mapping[str, Fact]:
        """Return a JSON-able description."""
        return {
            "package": self.package,
            "version": self.version,
            "status": str(self.verdict),
            "max_difference": self.max_difference,
            "rms_difference": self.rms_difference,
            "rounding": self.rounding,
            "rows": self.rows,
            "features": self.features,
            "left_out": self.left_out,
            "sentence": self.sentence,
            "reason": self.reason,
        }


def crosscheck(
    x: Any,
    batch: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    reference_harmonise: ReferenceHarmonise,
    package: str,
    version: str,
    limit: float = AGREED,
) -> CrossCheck:
    """Return how far our published-rule fit and the package differ on these rows, over complete features that vary in every batch.

    Continuous covariates are rounded to single precision on both sides, as neuroCombat does. An exception of the package
    becomes NOT_RUN with its text, never a silent pass.
    """
    table, labels = as_table(x, features), as_labels(batch, len(x))
    given = dict(covariates or {})
    try:
        moments = measure(table, labels, given, features=features)
    except DesignError as error:
        return _not_run(package, version, f"the rows cannot be measured: {error.what}")
    usable = _usable(moments)
    names = tuple(name for name, ok in zip(features, usable.tolist(), strict=True) if ok)
    reason = _reason(len(names), len(table), moments)
    if reason:
        return _not_run(package, version, reason)
    rows = np.ascontiguousarray(table[:, usable], dtype=np.float64)
    rounded = _rounded(given, moments)
    try:
        ours = _harmonised(rows, labels, rounded, names)
        exact = _harmonised(rows, labels, given, names)
    except DesignError as error:
        return _not_run(package, version, f"our own fit refuses these rows: {error.what}")
    try:
        theirs = np.asarray(reference_harmonise(rows.copy(), labels, rounded), dtype=np.float64)
    except Exception as error:  # whatever a foreign package throws is the answer
        return _not_run(package, version, f"{package} failed: {type(error).__name__}: {error}")
    if theirs.shape != rows.shape or not np.isfinite(theirs).all():
        return _not_run(package, version, f"{package} returned a table that is not finite or has another shape")
    spread = rows.std(axis=0, ddof=1)
    gap = np.abs(ours - theirs) / spread
    largest, rms = float(gap.max()), float(np.sqrt(np.mean(gap * gap)))
    agreed = largest <= limit
    left_out = len(features) - len(names)
    sentence = f"{package} {version} and radaudit differ by at most {largest:.1e} SD over {len(rows)} rows and {len(names)} features" + (
        f"; {left_out} features with missing cells or without variation in a batch were left out." if left_out else "."
    )
    return CrossCheck(
        package=package,
        version=version,
        verdict=Verdict.PASSED if agreed else Verdict.FAILED,
        max_difference=largest,
        rms_difference=rms,
        rounding=float((np.abs(ours - exact) / spread).max()),
        rows=len(rows),
        features=len(names),
        left_out=left_out,
        sentence=sentence,
    )


def _harmonised(rows: Floats, labels: Sequence[str], covariates: Covariates, names: Sequence[str]) -> Floats:
    return fit_combat(measure(rows, labels, covariates, features=names), stop="golden").apply(rows, labels, covariates)


def _usable(moments: SiteMoments) -> Bools:
    """Return which features are complete and vary within every batch: neuroCombat gives NaN or a shifted prior otherwise."""
    good = np.ones(len(moments.features), dtype=bool)
    for own in moments.per_batch:
        good &= (own.n == own.rows) & (np.sqrt(own.ss) > np.sqrt(own.n) * CONSTANT * np.abs(own.mean))
    return good


def _reason(features: int, rows: int, moments: SiteMoments) -> str:
    if len(moments.batches) < 2:
        return "there is one batch"
    if min(moments.counts.values()) < 2:
        return "a batch has one row"
    if features < 5:
        return f"only {features} features are complete and vary in every batch"
    if rows * features > MOST_CELLS:
        return f"{rows * features} cells are more than the {MOST_CELLS} that the package is given"
    return ""


def _rounded(covariates: Covariates, moments: SiteMoments) -> dict[str, Sequence[str | float]]:
    number = {name for name, kind in zip(moments.coding.names, moments.coding.kinds, strict=True) if kind == "number"}
    return {
        name: np.asarray(values, dtype=np.float32).astype(np.float64).tolist() if name in number else values
        for name, values in covariates.items()
    }


def _not_run(package: str, version: str, reason: str) -> CrossCheck:
    return CrossCheck(
        package=package,
        version=version,
        verdict=Verdict.NOT_RUN,
        max_difference=None,
        rms_difference=None,
        rounding=None,
        rows=0,
        features=0,
        left_out=0,
        sentence=f"The comparison with {package} did not run: {reason}.",
        reason=reason,
    )
