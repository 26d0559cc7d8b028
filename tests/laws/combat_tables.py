"""Tables of sites for the laws of harmonisation: small, unbalanced, with real site effects and covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from radaudit.harmonise.moments import SiteMoments, measure


@dataclass
class Sites:
    x: np.ndarray
    batch: np.ndarray
    covariates: dict[str, np.ndarray]
    features: list[str]

    def take(self, rows) -> Sites:
        return Sites(self.x[rows], self.batch[rows], {name: values[rows] for name, values in self.covariates.items()}, self.features)

    def with_x(self, x: np.ndarray, features: list[str] | None = None) -> Sites:
        return Sites(x, self.batch, self.covariates, features or self.features)

    def moments(self, **options) -> SiteMoments:
        return measure(self.x, self.batch, self.covariates, features=self.features, **options)

    @property
    def sd(self) -> np.ndarray:
        return np.nanstd(self.x, axis=0, ddof=1)


def build(seed: int, sizes: list[int], p: int, adjusted: bool = True, missing: float = 0.0) -> Sites:
    rng = np.random.default_rng(seed)
    names = [f"site{i}" for i in range(len(sizes))]
    batch = rng.permutation(np.repeat(names, sizes))
    code = np.array([names.index(b) for b in batch])
    n = len(batch)
    age, sex = rng.normal(60, 10, n), rng.choice(["F", "M"], n)
    shift, scale = rng.normal(0, 1, (len(sizes), p)) + rng.normal(0, 1, (len(sizes), 1)), rng.uniform(0.6, 1.6, (len(sizes), p))
    unit = 10.0 ** rng.uniform(-2, 2, p)
    x = (
        0.05 * rng.normal(size=p) * age[:, None]
        + (sex == "M")[:, None] * rng.normal(size=p)
        + shift[code]
        + scale[code] * rng.normal(size=(n, p))
    ) * unit
    if missing:
        x[rng.random(x.shape) < missing] = np.nan
    return Sites(x, batch, {"age": age, "sex": sex} if adjusted else {}, [f"f{j}" for j in range(p)])


@st.composite
def sites(draw, adjusted: bool | None = None, missing: float = 0.0, smallest: int = 6) -> Sites:
    sizes = draw(st.lists(st.integers(smallest, 40), min_size=2, max_size=5))
    p = draw(st.integers(6, 14))
    with_covariates = draw(st.booleans()) if adjusted is None else adjusted
    return build(draw(st.integers(0, 2**32 - 1)), sizes, p, with_covariates, missing)
