"""The published neuroCombat package behind one function, for the cross-check.

It prints, so its output is swallowed; it casts data frames to float32, so it gets a float64 array; it casts continuous
covariates to float32 whatever it gets; ``ref_batch`` fails on numpy 2 (``np.int``) and a missing cell turns every cell
into NaN, so neither is offered: the caller passes complete features and no reference.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

from radaudit.harmonise.coding import CovariateCoding, Covariates
from radaudit.harmonise.crosscheck import CrossCheck, crosscheck

if TYPE_CHECKING:
    from radaudit.arrays import Floats

PACKAGE = "neuroCombat"


def neurocombat_version() -> str:
    """Return the installed version, or an empty text."""
    try:
        return installed_version(PACKAGE)
    except PackageNotFoundError:
        return ""


def neurocombat_harmonise(x: Floats, batch: Sequence[str], covariates: Covariates) -> Floats:
    """Return rows ``x`` (n, p) as the package harmonises them, parametric empirical Bayes with both adjustments."""
    import numpy as np
    import pandas as pd
    from neuroCombat import neuroCombat

    coding = CovariateCoding.learn(covariates, len(x))
    frame = pd.DataFrame({"batch": list(batch), **{name: list(covariates[name]) for name in coding.names}})
    kinds = dict(zip(coding.names, coding.kinds, strict=True))
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = neuroCombat(
            dat=np.ascontiguousarray(np.asarray(x, dtype=np.float64).T),
            covars=frame,
            batch_col="batch",
            categorical_cols=[name for name, kind in kinds.items() if kind == "category"],
            continuous_cols=[name for name, kind in kinds.items() if kind == "number"],
        )
    harmonised: Floats = np.ascontiguousarray(np.asarray(done["data"], dtype=np.float64).T)
    return harmonised


def crosscheck_neurocombat(x: Any, batch: Sequence[str], covariates: Covariates | None = None, *, features: Sequence[str]) -> CrossCheck:
    """Return the comparison of our fit with the installed neuroCombat on these rows; NOT_RUN with the reason if it cannot be made."""
    return crosscheck(
        x,
        batch,
        covariates,
        features=features,
        reference_harmonise=neurocombat_harmonise,
        package=PACKAGE,
        version=neurocombat_version() or "(not installed)",
    )
