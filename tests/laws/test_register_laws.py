"""Laws: the register of many features is each feature's own; units and row order do not matter; agreement is symmetric."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.measures.agreement import concordance, limits_of_agreement
from radaudit.measures.register import agreement, register
from radaudit.measures.reliability import icc
from radaudit.measures.repeatability import repeatability_coefficient, reproducibility_coefficient, within_cv, within_sd

SIZES = st.tuples(st.integers(4, 12), st.integers(2, 4), st.integers(1, 5), st.integers(0, 10_000))


def cube(sizes: tuple[int, int, int, int]) -> np.ndarray:
    n, k, p, seed = sizes
    rng = np.random.default_rng(seed)
    return 5 + rng.normal(size=(n, 1, p)) + 0.5 * rng.normal(size=(n, k, p)) + 0.2 * rng.normal(size=(1, k, p))


@settings(max_examples=30, deadline=None)
@given(SIZES)
def test_every_feature_has_the_numbers_it_would_have_alone(sizes: tuple[int, int, int, int]) -> None:
    x = cube(sizes)
    many = register(x)
    for j in range(x.shape[2]):
        one = x[:, :, j]
        found, rc, limits = icc(one), repeatability_coefficient(one), limits_of_agreement(one[:, 0], one[:, -1])
        pairs = [
            (many.icc[j], found.value),
            (many.wsd[j], within_sd(one).value),
            (many.wcv[j], within_cv(one).value),
            (many.rc[j], rc.value),
            (many.rc_low[j], rc.low),
            (many.rc_high[j], rc.high),
            (many.rdc[j], reproducibility_coefficient(one).value),
            (many.bias[j], limits.bias.value),
            (many.loa_low[j], limits.lower.value),
            (many.loa_high[j], limits.upper.value),
        ]
        for ours, theirs in pairs:
            assert theirs is not None
            assert abs(ours - theirs) <= 1e-10 * max(1.0, abs(theirs))


@settings(max_examples=30, deadline=None)
@given(SIZES, st.floats(0.01, 100), st.floats(-5, 5))
def test_another_unit_changes_margins_by_its_factor_and_the_icc_not_at_all(
    sizes: tuple[int, int, int, int], factor: float, shift: float
) -> None:
    x = cube(sizes)
    a, b = register(x), register(factor * x + shift)
    np.testing.assert_allclose(b.icc, a.icc, rtol=1e-7, atol=1e-9)
    for name in ("wsd", "rc", "rdc", "bias"):
        np.testing.assert_allclose(getattr(b, name), factor * getattr(a, name), rtol=1e-7, atol=1e-9 * factor)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.randoms(use_true_random=False))
def test_the_order_of_targets_does_not_matter(sizes: tuple[int, int, int, int], random: object) -> None:
    x = cube(sizes)
    order = np.random.default_rng(sizes[3]).permutation(len(x))
    np.testing.assert_allclose(register(x[order]).icc, register(x).icc, rtol=1e-9, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(SIZES)
def test_agreement_is_lins_and_symmetric(sizes: tuple[int, int, int, int]) -> None:
    x = cube(sizes)
    there, back = agreement(x[:, 0], x[:, 1]), agreement(x[:, 1], x[:, 0])
    np.testing.assert_allclose(there.ccc, back.ccc, rtol=1e-12, atol=1e-12)
    for j in range(x.shape[2]):
        assert abs(there.ccc[j] - (concordance(x[:, 0, j], x[:, 1, j]).ccc.value or 0.0)) < 1e-12
    assert not there.same.any()
    assert agreement(x[:, 0], x[:, 0]).same.all()
