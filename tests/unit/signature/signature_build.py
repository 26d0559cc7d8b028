"""A small fitted pipeline and its signature, as the tests of scorer, verify and bundle use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.moments import measure
from radaudit.models.link import BaselineHazard, Identity, Link, Logistic
from radaudit.signature import Columns, Grouping, Purpose, Training, lock

FEATURES = ("original_shape_Sphericity", "wavelet-LLH_firstorder_Mean", "original_glcm_Contrast", "noise")
COEFFICIENTS = (-0.7, 0.5, 0.25, 0.0)
PLAN = "1" * 64
HAZARD = BaselineHazard(times=(180.0, 365.0, 730.0), hazard=(0.1, 0.25, 0.5))
LINKS = (Logistic(), HAZARD, Identity())


@dataclass(frozen=True)
class Fitted:
    features: tuple[str, ...]
    effects: SiteEffects | None
    median: Sequence[float]
    mean: Sequence[float]
    sd: Sequence[float]
    coefficients: Sequence[float]
    intercept: float
    threshold: float
    ranges: Any
    link: Link = field(default_factory=Logistic)


def cohort(n: int = 90) -> tuple[Any, list[str], dict[str, list[Any]]]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, len(FEATURES))) * [1, 100, 0.01, 5] + [3, -900, 0.5, 0]
    batch = [("GE", "Siemens", "OTHER")[i % 3] for i in range(n)]
    x += np.array([{"GE": 0.5, "Siemens": -0.5, "OTHER": 0.1}[name] for name in batch])[:, None] * [1, 100, 0.01, 5]
    return x, batch, {"sex": [("female", "male")[i % 2] for i in range(n)], "age": [float(40 + i % 37) for i in range(n)]}


def fitted(*, reference: str | None = None, mean_only: bool = False, harmonised: bool = True, link: Link | None = None) -> Fitted:
    x, batch, covariates = cohort()
    effects = None
    y = x
    if harmonised:
        effects = fit_combat(measure(x, batch, covariates, features=FEATURES), reference=reference, mean_only=mean_only)
        y = effects.apply(x, batch, covariates)
    return Fitted(
        features=FEATURES,
        effects=effects,
        median=np.median(y, axis=0),
        mean=y.mean(axis=0),
        sd=y.std(axis=0),
        coefficients=np.array(COEFFICIENTS),
        intercept=-0.36,
        threshold=0.42,
        ranges=np.column_stack([x.min(axis=0), x.max(axis=0)]),
        link=link or Logistic(),
    )


def locked(pipeline: Fitted | None = None, *, unseen: str = "refuse", keep: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return lock(
        pipeline or fitted(),
        name="relapse-2y",
        version="1.0.0",
        endpoint={"kind": "binary", "name": "relapse_2y", "event": "1", "non_event": "0"},
        plan_sha256=PLAN,
        training=Training(digest="2" * 64, patients=90, rows=90, events=40),
        threshold_rule="youden on out-of-fold training risks",
        columns=Columns(subject="PatientID", site="hospital"),
        grouping=Grouping(columns=("Manufacturer",), merge={"OTHER": ("Philips", "0", "TOSHIBA")}, unseen=unseen, keep=keep),
        covariate_ranges={"age": (40.0, 76.0)},
        aliases={"wavelet-LLH_firstorder_Mean": ["wavelet.LLH_firstorder_Mean"]},
        purpose=Purpose(intended_use="research", limits=("not for diagnosis",)),
        **more,
    )
