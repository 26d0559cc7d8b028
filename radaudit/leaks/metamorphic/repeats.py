"""Pipelines that draw lots: are the outputs on a variant distributed as on the table itself?"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from radaudit.arrays import Floats, Ints

MOST = 2000


def energy_p(first: Sequence[Floats], second: Sequence[Floats], rng: Generator) -> float:
    """Return the permutation p of the energy distance (Szekely and Rizzo 2004) between two samples of output vectors (d,).

    All divisions of the runs into two groups of these sizes are tried if there are at most 2,000, else 2,000 by chance.
    """
    runs = np.stack([*first, *second])
    gap = np.sqrt(((runs[:, None, :] - runs[None, :, :]) ** 2).sum(axis=2))
    size, total = len(first), len(runs)
    observed = _energy(gap, np.arange(size))
    if comb(total, size) <= MOST:
        draws = [np.array(chosen) for chosen in combinations(range(total), size)]
        return float(np.mean([_energy(gap, chosen) >= observed - 1e-12 for chosen in draws]))
    draws = [rng.permutation(total)[:size] for _ in range(MOST)]
    return (1 + sum(_energy(gap, chosen) >= observed - 1e-12 for chosen in draws)) / (1 + MOST)


def _energy(gap: Floats, chosen: Ints) -> float:
    inside = np.zeros(len(gap), dtype=bool)
    inside[chosen] = True
    return float(2 * gap[np.ix_(inside, ~inside)].mean() - gap[np.ix_(inside, inside)].mean() - gap[np.ix_(~inside, ~inside)].mean())
