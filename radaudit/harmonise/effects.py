"""SiteEffects: frozen site effects, removed from any rows one at a time.

y = x - (x - m)(1 - 1/sqrt(delta)) - sigma gamma / sqrt(delta), with m = grand mean + c beta from the row's own covariates:
Johnson's y = (x - m - sigma gamma) / sqrt(delta) + m, written as a correction so that rows of the reference batch and
constant features come back bit for bit. Every operation is elementwise: a row's result depends on no other row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen, frozen_ints
from radaudit.errors import DesignError, UnseenBatchError, listed, nearest
from radaudit.harmonise.coding import CovariateCoding, Covariates, LevelPolicy, MissingPolicy
from radaudit.harmonise.moments import as_labels, as_table
from radaudit.harmonise.priors import Prior, Stop
from radaudit.harmonise.removal import Correction, infinite_cells, remove

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints
    from radaudit.harmonise.kernel import Kernel

UnseenPolicy = Literal["refuse", "reference", "pass"]
FORMAT = "radaudit-site-effects/1"
R_NAMES = {
    "gamma_hat": "gamma.hat",
    "delta_hat": "delta.hat",
    "gamma": "gamma.star",
    "delta": "delta.star",
    "grand_mean": "stand.mean",
    "pooled_variance": "var.pooled",
    "coefficients": "beta.hat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How the effects were estimated."""

    parametric: bool = True
    eb: bool = True
    mean_only: bool = False
    stop: Stop = "converged"
    transductive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEffects:
    """Site effects of B batches on p features after q covariate columns; no value of any patient.

    ``grand_mean``, ``pooled_sd`` (p,) in the feature's unit; ``gamma_hat``, ``gamma``, ``gamma_sd`` (B, p) in pooled SDs
    (raw, shrunk, posterior SD); ``delta_hat``, ``delta`` (B, p) as ratios of variances; ``coefficients`` (q, p);
    ``column_means`` the training means of the coding's full columns; ``groups`` (p,) the prior group of each feature;
    ``priors`` the frozen priors by (batch, group), absent where empirical Bayes is off.
    """

    features: tuple[str, ...]
    batches: tuple[str, ...]
    counts: Ints
    grand_mean: Floats
    pooled_sd: Floats
    gamma_hat: Floats
    delta_hat: Floats
    gamma: Floats
    delta: Floats
    gamma_sd: Floats
    coefficients: Floats
    coding: CovariateCoding
    column_means: tuple[float, ...] = ()
    reference: str | None = None
    method: Method = Method()
    groups: tuple[str, ...] = ()
    priors: tuple[tuple[str, str, Prior], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", frozen_ints(self.counts))
        for name in ("grand_mean", "pooled_sd", "gamma_hat", "delta_hat", "gamma", "delta", "gamma_sd", "coefficients"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (tuple(getattr(self, name) for name in self.__slots__),)

    @property
    def untouched(self) -> tuple[str, ...]:
        """Features that every batch gets back unchanged: constant, or without residual variation."""
        return tuple(name for name, sd in zip(self.features, self.pooled_sd.tolist(), strict=True) if sd == 0.0)

    @property
    def means(self) -> dict[str, float]:
        """Training means of the coding's columns, for the policy ``mean``."""
        return dict(zip(self.coding.full_columns, self.column_means, strict=True))

    @property
    def aliases(self) -> dict[str, Floats]:
        """The arrays under the names of neuroCombat for R (``stand.mean`` is the grand mean, without covariates)."""
        own = {name: getattr(self, name) for name in R_NAMES if name != "pooled_variance"}
        own["pooled_variance"] = self.pooled_sd**2
        return {R_NAMES[name]: array for name, array in own.items()}

    def apply(
        self,
        x: Any,
        batch: Sequence[str],
        covariates: Covariates | None = None,
        *,
        features: Sequence[str] | None = None,
        unseen: UnseenPolicy = "refuse",
        levels: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
        out: Floats | None = None,
        kernel: Kernel | None = None,
    ) -> Floats:
        """Return rows ``x`` (n, p) with the effects of their batches removed; NaN cells stay NaN; ``out`` may be ``x`` itself.

        ``features`` names the columns of ``x`` (the fit's order if left out); the result has the same columns. Policies for
        what training did not know: ``unseen`` batch (``reference`` and ``pass`` return the row as it is: under ``reference``
        the batch is taken to measure like the harmonised scale), ``levels`` and ``missing`` covariates as CovariateCoding.code.
        If it raises half-way, ``out`` is undefined.
        Raises UnseenBatchError HARM-010, UnseenLevelError HARM-011, DesignError HARM-006, -012, -013, -014.
        """
        order = None if features is None else self._order(features)
        table = as_table(x, self.features if features is None else features)
        labels = as_labels(batch, len(table))
        strangers = tuple(sorted(set(labels) - set(self.batches)))
        if strangers and unseen == "refuse":
            raise UnseenBatchError(strangers, self.batches)
        design = self.coding.code(covariates, len(table), unseen=levels, missing=missing, means=self.means if self.column_means else None)
        result = np.empty(table.shape) if out is None else out
        if result.shape != table.shape or result.dtype != np.float64:
            raise DesignError(
                "HARM-014",
                "out has not the shape and type of the result",
                found=f"{result.shape} {result.dtype}",
                fix="a float64 array like x",
            )
        place = {name: b for b, name in enumerate(self.batches) if name != self.reference}
        code = np.array([place.get(label, -1) for label in labels], dtype=np.int64)
        own = self._correction(order)
        if kernel is None or not kernel.suits(table) or not result.flags.c_contiguous:
            remove(table, code, design, own, result)
        elif kernel.remove(table, code, design, own.mean, own.beta, own.scale, own.shift, result):
            raise infinite_cells()
        return result

    def _order(self, features: Sequence[str]) -> Ints | None:
        if tuple(features) == self.features:
            return None
        given = set(features)
        absent = [name for name in self.features if name not in given]
        extra = sorted(given - set(self.features))
        if absent or extra:
            wrong = [f"{len(absent)} missing: {listed(absent)}"] * bool(absent) + [f"{len(extra)} unknown: {listed(extra)}"] * bool(extra)
            raise DesignError(
                "HARM-013",
                "the columns are not the features of the fit",
                found="; ".join(wrong),
                near=nearest(extra[0], absent) if extra and absent else None,
                fix="give exactly the features of the fit, in any order; SiteEffects.only(features) makes a smaller fit",
            )
        place = {name: i for i, name in enumerate(self.features)}
        return np.array([place[name] for name in features], dtype=np.int64)

    def _correction(self, order: Ints | None) -> Correction:
        at = slice(None) if order is None else order
        shrink = 1.0 / np.sqrt(self.delta)
        scale, shift = (1.0 - shrink)[:, at], (self.pooled_sd * self.gamma * shrink)[:, at]
        beta = self.coefficients[:, at]
        return Correction(mean=self.grand_mean[at], beta=np.ascontiguousarray(beta), scale=scale, shift=shift)

    def only(self, features: Sequence[str]) -> SiteEffects:
        """Return the same effects for some features, in this order. Raises DesignError HARM-013."""
        place = {name: i for i, name in enumerate(self.features)}
        absent = [name for name in features if name not in place]
        if absent:
            raise DesignError("HARM-013", f"the fit does not know feature(s) {listed(absent)}", near=nearest(absent[0], self.features))
        at = np.array([place[name] for name in features], dtype=np.int64)
        cut = {
            name: getattr(self, name)[..., at]
            for name in ("grand_mean", "pooled_sd", "gamma_hat", "delta_hat", "gamma", "delta", "gamma_sd", "coefficients")
        }
        return replace(self, features=tuple(features), groups=tuple(self.groups[i] for i in at) if self.groups else (), **cut)

    def document(self) -> dict[str, Any]:
        """Return a JSON-able description, complete: ``from_document`` gives the same bits back."""
        arrays = ("grand_mean", "pooled_sd", "gamma_hat", "delta_hat", "gamma", "delta", "gamma_sd", "coefficients")
        return {
            "format": FORMAT,
            "features": list(self.features),
            "batches": list(self.batches),
            "counts": self.counts.tolist(),
            **{name: getattr(self, name).tolist() for name in arrays},
            "covariates": self.coding.document(),
            "column_means": list(self.column_means),
            "reference": self.reference,
            "method": {
                "parametric": self.method.parametric,
                "eb": self.method.eb,
                "mean_only": self.method.mean_only,
                "stop": self.method.stop,
                "transductive": list(self.method.transductive),
            },
            "groups": list(self.groups),
            "priors": [[b, g, [p.gamma_bar, p.tau2, p.delta_bar, p.delta_s2]] for b, g, p in self.priors],
            "notes": list(self.notes),
            "r_names": {name: alias for name, alias in R_NAMES.items() if name != "pooled_variance"},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SiteEffects:
        """Return the effects written by ``document``. Raises DesignError HARM-018 for anything else."""
        if document.get("format") != FORMAT:
            raise DesignError(
                "HARM-018",
                "not a document of site effects",
                found=f"format {document.get('format')!r}",
                fix=f"a document of format {FORMAT}",
            )
        try:
            return _read(document)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DesignError("HARM-018", "the document of site effects is damaged", found=f"{type(error).__name__}: {error}") from error


def _rebuilt(values: tuple[Any, ...]) -> SiteEffects:
    return SiteEffects(**dict(zip(SiteEffects.__slots__, values, strict=True)))


def _read(document: Mapping[str, Any]) -> SiteEffects:
    features, batches = tuple(map(str, document["features"])), tuple(map(str, document["batches"]))
    coding = CovariateCoding.from_document(document["covariates"])
    method = document["method"]
    arrays = {name: np.array(document[name], dtype=np.float64) for name in ("gamma_hat", "delta_hat", "gamma", "delta", "gamma_sd")}
    if any(array.shape != (len(batches), len(features)) for array in arrays.values()):
        raise ValueError("arrays of another shape than batches x features")
    return SiteEffects(
        features=features,
        batches=batches,
        counts=np.array(document["counts"], dtype=np.int64),
        grand_mean=np.array(document["grand_mean"], dtype=np.float64),
        pooled_sd=np.array(document["pooled_sd"], dtype=np.float64),
        coefficients=np.array(document["coefficients"], dtype=np.float64).reshape(len(coding.columns), len(features)),
        coding=coding,
        column_means=tuple(map(float, document["column_means"])),
        reference=document["reference"],
        method=Method(
            parametric=bool(method["parametric"]),
            eb=bool(method["eb"]),
            mean_only=bool(method["mean_only"]),
            stop=cast("Stop", method["stop"]),
            transductive=tuple(map(str, method["transductive"])),
        ),
        groups=tuple(map(str, document["groups"])),
        priors=tuple((str(b), str(g), Prior(gamma_bar=v[0], tau2=v[1], delta_bar=v[2], delta_s2=v[3])) for b, g, v in document["priors"]),
        notes=tuple(map(str, document["notes"])),
        **arrays,
    )
