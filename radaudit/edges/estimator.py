"""``radaudit.ComBat``: the harmoniser as a scikit-learn transformer, refitted in every fold of a Pipeline or GridSearchCV.

Sites and covariates are metadata: with routing enabled, ``ComBat().set_fit_request(site=True, covariates=True)
.set_transform_request(site=True, covariates=True)`` gets its own rows of both in each fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin  # noqa: TID253
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: TID253

from radaudit.errors import DesignError, nearest
from radaudit.harmonise.combat import adapt, fit_combat
from radaudit.harmonise.covbat import fit_covbat
from radaudit.harmonise.moments import as_labels, measure

if TYPE_CHECKING:
    from radaudit.arrays import Floats

METHODS = ("combat", "covbat")
UNSEEN = ("refuse", "reference", "pass", "adapt")


class ComBat(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Removes site effects that were estimated on the rows of ``fit`` from any rows, one row at a time.

    ``method`` combat or covbat; ``parametric``, ``eb``, ``mean_only``, ``reference``, ``stop`` as ``fit_combat``; ``unseen``
    is the policy for sites that ``fit`` did not see: refuse, reference, pass, or adapt (transductive: their effect is estimated
    from the very rows that are transformed). After fitting: ``effects_``, ``n_features_in_``, ``feature_names_in_``.
    """

    def __init__(
        self,
        method: str = "combat",
        parametric: bool = True,
        eb: bool = True,
        mean_only: bool = False,
        reference: str | None = None,
        stop: str = "converged",
        unseen: str = "refuse",
    ) -> None:
        self.method = method
        self.parametric = parametric
        self.eb = eb
        self.mean_only = mean_only
        self.reference = reference
        self.stop = stop
        self.unseen = unseen

    def fit(self, X: Any, y: Any = None, *, site: Sequence[str], covariates: Any = None) -> ComBat:
        """Estimate site effects; ``site`` (n,) names each row's site, ``covariates`` is a data frame (text columns are categories).

        Raises DesignError (a ValueError) as ``fit_combat`` does, HARM-024 for an unknown parameter value.
        """
        self._check_parameters()
        table = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", ensure_min_samples=2)
        options: dict[str, Any] = {name: getattr(self, name) for name in ("parametric", "eb", "mean_only", "reference", "stop")}
        given, names = columns_of(covariates, len(table)), self._names()
        if self.method == "covbat":
            self.effects_: Any = fit_covbat(table, site, given, features=names, **options)
        else:
            self.effects_ = fit_combat(measure(table, site, given, features=names), **options)
        return self

    def transform(self, X: Any, *, site: Sequence[str], covariates: Any = None) -> Floats:
        """Return the rows with the effects of their sites removed, as float64. Raises DesignError as SiteEffects.apply does."""
        check_is_fitted(self)
        table = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", reset=False)
        given = columns_of(covariates, len(table))
        if self.unseen != "adapt":
            harmonised: Floats = self.effects_.apply(table, site, given, unseen=self.unseen)
            return harmonised
        labels = np.array(as_labels(site, len(table)))
        new = ~np.isin(labels, self.effects_.batches)
        effects = self.effects_
        if new.any():
            own = {name: [v for v, is_new in zip(values, new.tolist(), strict=True) if is_new] for name, values in given.items()}
            effects = adapt(effects, measure(table[new], labels[new].tolist(), own, features=self._names(), coding=effects.coding))
        adapted: Floats = effects.apply(table, labels.tolist(), given)
        return adapted

    def fit_transform(self, X: Any, y: Any = None, *, site: Sequence[str], covariates: Any = None) -> Any:
        """Fit on these rows and return them harmonised."""
        return self.fit(X, y, site=site, covariates=covariates).transform(X, site=site, covariates=covariates)

    def _names(self) -> list[str]:
        return [str(name) for name in self.get_feature_names_out()]

    def _check_parameters(self) -> None:
        for name, allowed in (("method", METHODS), ("unseen", UNSEEN), ("stop", ("converged", "golden"))):
            value = getattr(self, name)
            if value not in allowed:
                near = nearest(str(value), allowed)
                raise DesignError(
                    "HARM-024", f"{name}={value!r} is not one of {', '.join(allowed)}", near=near, fix=f"{name}={near or allowed[0]!r}"
                )
        if self.unseen == "adapt" and self.method != "combat":
            raise DesignError("HARM-024", "unseen='adapt' needs method='combat'", fix="method='combat'")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.method == "combat"
        return tags


def columns_of(covariates: Any, rows: int) -> dict[str, list[Any]]:
    """Return a data frame (or mapping) of covariates as named columns. Raises DesignError HARM-014 for anything else."""
    if covariates is None:
        return {}
    if isinstance(covariates, Mapping) or (hasattr(covariates, "columns") and hasattr(covariates, "__getitem__")):
        names = list(covariates) if isinstance(covariates, Mapping) else list(covariates.columns)
        return {str(name): list(covariates[name]) for name in names}
    raise DesignError(
        "HARM-014",
        "covariates must be a data frame with one column per covariate",
        found=type(covariates).__name__,
        fix="pandas.DataFrame(...)",
    )
