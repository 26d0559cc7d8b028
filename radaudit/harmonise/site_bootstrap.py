"""Bootstrap over sites from moments alone: how much the common scale depends on which sites happened to take part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.arrays import frozen
from radaudit.errors import DesignError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import SiteMoments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteBootstrap:
    """Percentile bounds (p,) of grand mean and pooled SD over ``draws`` resamples of sites; ``left_out`` draws had one distinct site."""

    draws: int
    left_out: int
    level: float
    grand_mean_low: Floats
    grand_mean_high: Floats
    pooled_sd_low: Floats
    pooled_sd_high: Floats


def drawn(moments: SiteMoments, batches: Sequence[str]) -> SiteMoments:
    """Return the moments of these batches, repeats allowed: the second ``A`` is called ``A (2)``. Rows are not touched.

    Raises DesignError HARM-013 for a name that is not here.
    """
    moments.only(batches)
    seen: dict[str, int] = {}
    named = []
    for batch in batches:
        seen[batch] = seen.get(batch, 0) + 1
        named.append((batch if seen[batch] == 1 else f"{batch} ({seen[batch]})", moments[batch]))
    named.sort(key=lambda pair: pair[0])
    return SiteMoments(
        features=moments.features,
        coding=moments.coding,
        batches=tuple(name for name, _ in named),
        per_batch=tuple(own for _, own in named),
    )


def bootstrap_sites(moments: SiteMoments, *, draws: int, rng: np.random.Generator, level: float = 0.95, **fit: Any) -> SiteBootstrap:
    """Return how grand mean and pooled SD vary when the sites are drawn with replacement; ``fit`` goes to ``fit_combat``.

    Draws of one distinct site, and draws whose covariates are aliased, are left out and counted (B-ComBat: Da-Ano et al.,
    Sci Rep 2020, draws rows; sites are what a new consortium would change). Raises DesignError HARM-026 for fewer than three sites.
    """
    names = moments.batches
    if len(names) < 3:
        raise DesignError("HARM-026", "a bootstrap over sites takes at least three sites", found=f"{len(names)} site(s)")
    means, spreads, left_out = [], [], 0
    for _ in range(draws):
        chosen = [names[i] for i in rng.integers(len(names), size=len(names))]
        if len(set(chosen)) < 2:
            left_out += 1
            continue
        try:
            effects = fit_combat(drawn(moments, chosen), **fit)
        except DesignError:
            left_out += 1
            continue
        means.append(effects.grand_mean)
        spreads.append(effects.pooled_sd)
    if not means:
        raise DesignError("HARM-026", "no draw of sites could be fitted", found=f"{draws} draws")
    tails = [(1 - level) / 2, (1 + level) / 2]
    low_mean, high_mean = np.quantile(np.stack(means), tails, axis=0)
    low_sd, high_sd = np.quantile(np.stack(spreads), tails, axis=0)
    return SiteBootstrap(
        draws=draws,
        left_out=left_out,
        level=level,
        grand_mean_low=frozen(low_mean),
        grand_mean_high=frozen(high_mean),
        pooled_sd_low=frozen(low_sd),
        pooled_sd_high=frozen(high_sd),
    )
