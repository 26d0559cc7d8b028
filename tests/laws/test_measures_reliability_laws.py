"""Laws of reliability.

Units, zero points and the order of targets change no coefficient of reliability, and scale those with a unit. A reader who always
adds the same spoils agreement and leaves consistency. Concordance is never larger than correlation. Intervals cover at their
level. Sizes grow with what is asked.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.measures.agreement import concordance, limits_of_agreement
from radaudit.measures.reliability import FORMS, Form, icc, mean_squares, variance_components
from radaudit.measures.repeatability import (
    changed,
    reclassified,
    reproducibility_coefficient,
    score_within_sd,
    within_covariance,
    within_cv,
    within_sd,
)
from radaudit.measures.samplesize import development_binary, validation_binary

SEEDS = st.integers(0, 2**32 - 1)


def table(seed: int, n: int = 12, k: int = 3) -> tuple[np.random.Generator, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng, 20 + 3 * rng.normal(size=(n, 1)) + rng.normal(size=(1, k)) + rng.normal(size=(n, k))


@settings(deadline=None)
@given(SEEDS, st.sampled_from(FORMS), st.floats(0.1, 100), st.floats(-100, 100))
def test_units_and_order_change_no_icc(seed: int, form: Form, unit: float, zero: float) -> None:
    rng, ratings = table(seed)
    one, two = icc(ratings, form), icc(zero + unit * ratings[rng.permutation(12)], form)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=1e-7)
    assert one.low is not None
    assert one.high is not None
    assert one.low <= (one.value or 0) <= one.high <= 1 + 1e-12


@settings(deadline=None)
@given(SEEDS, st.floats(5, 50))
def test_a_constant_shift_of_one_reader_spoils_agreement_not_consistency(seed: int, shift: float) -> None:
    _, ratings = table(seed)
    shifted = ratings + np.array([0, 0, shift])
    assert icc(shifted, "ICC(3,1)").value == pytest.approx(icc(ratings, "ICC(3,1)").value, abs=1e-9)
    agreement, consistency = icc(shifted, "ICC(2,1)").value, icc(shifted, "ICC(3,1)").value
    assert agreement is not None
    assert consistency is not None
    if consistency > 0.05:
        assert agreement < consistency
        assert icc(shifted, "ICC(2,k)").value == pytest.approx(3 * agreement / (1 + 2 * agreement), abs=1e-9)


@settings(deadline=None)
@given(SEEDS)
def test_the_mean_squares_add_up(seed: int) -> None:
    _, ratings = table(seed)
    s = mean_squares(ratings)
    total = ((ratings - ratings.mean()) ** 2).sum()
    assert s.targets[0] * 11 + s.readings[0] * 2 + s.residual[0] * 22 == pytest.approx(total)
    assert s.targets[0] * 11 + s.within[0] * 24 == pytest.approx(total)
    shares = variance_components(ratings).shares()
    assert shares.sum() == pytest.approx(1)


@settings(deadline=None)
@given(SEEDS, st.floats(0.1, 100), st.floats(-100, 100))
def test_concordance_is_at_most_correlation_and_symmetric(seed: int, unit: float, zero: float) -> None:
    _, ratings = table(seed)
    a, b = ratings[:, 0], ratings[:, 1]
    one, two = concordance(a, b), concordance(b, a)
    assert one.ccc.value == pytest.approx(two.ccc.value)
    assert abs(one.ccc.value or 0) <= abs(one.correlation or 0) + 1e-12
    assert 0 < (one.cb or 1) <= 1 + 1e-12
    both = concordance(zero + unit * a, zero + unit * b)
    assert both.ccc.value == pytest.approx(one.ccc.value, abs=1e-8)


@settings(deadline=None)
@given(SEEDS, st.floats(0.1, 100))
def test_spreads_carry_the_unit_and_limits_turn_round(seed: int, unit: float) -> None:
    _, ratings = table(seed)
    assert within_sd(unit * ratings).value == pytest.approx(unit * (within_sd(ratings).value or 0))
    assert within_cv(unit * ratings).value == pytest.approx(within_cv(ratings).value)
    one, two = limits_of_agreement(ratings[:, 0], ratings[:, 1]), limits_of_agreement(ratings[:, 1], ratings[:, 0])
    assert one.upper.value == pytest.approx(-(two.lower.value or 0))
    assert (one.lower.value or 0) <= (one.bias.value or 0) <= (one.upper.value or 0)


@settings(deadline=None)
@given(SEEDS)
def test_the_spread_of_a_score_is_that_of_the_scored_readings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cube, weights = rng.normal(size=(10, 3, 4)), rng.normal(size=4)
    assert score_within_sd(cube, weights) == pytest.approx(within_sd(cube @ weights).value)
    assert np.linalg.eigvalsh(within_covariance(cube)).min() > -1e-12


def test_reproducibility_equals_repeatability_of_all_readings_in_value() -> None:
    _, ratings = table(3)
    factor = 1.959963984540054 * 2**0.5
    assert reproducibility_coefficient(ratings).value == pytest.approx(factor * (within_sd(ratings).value or 0))


def test_reclassification_is_what_repeated_readings_do() -> None:
    rng = np.random.default_rng(2)
    truth, within = rng.normal(size=4000), 0.4
    first, second = (truth + within * rng.normal(size=4000) for _ in range(2))
    # given one reading, the other differs from it by sqrt(2) wSD around it only if nothing is known of the spread of patients: a flat truth
    flat = rng.uniform(-3, 3, 400_000)
    one, two = (flat + within * rng.normal(size=flat.size) for _ in range(2))
    near = np.abs(one - 0.3) < 0.02
    assert reclassified([0.3], 0.0, within)[0] == pytest.approx(np.mean(two[near] < 0), abs=0.03)
    assert changed(first, second, 1.96 * 2**0.5 * within).mean() == pytest.approx(0.05, abs=0.01)
    assert (reclassified([0.1, -0.1], 0.0, 0.0) == 0).all()
    assert reclassified([0.0], 0.0, 1.0)[0] == 0.5


def test_intervals_of_icc_and_spread_cover() -> None:
    rng = np.random.default_rng(7)
    truth = 4 / (4 + 0.5 + 1)
    covered = {"icc": 0, "wsd": 0, "ccc": 0}
    for _ in range(400):
        target = 2 * rng.normal(size=(40, 1))
        ratings = target + np.sqrt(0.5) * rng.normal(size=(1, 20)) + rng.normal(size=(40, 20))
        found = icc(ratings)
        covered["icc"] += (found.low or 0) <= truth <= (found.high or 0)
        pair = target + rng.normal(size=(40, 2))
        spread, agreement = within_sd(pair), concordance(*pair.T).ccc
        covered["wsd"] += (spread.low or 0) <= 1 <= (spread.high or 0)
        covered["ccc"] += (agreement.low or 0) <= 0.8 <= (agreement.high or 0)
    assert {name: hits / 400 for name, hits in covered.items()} == pytest.approx(dict.fromkeys(covered, 0.95), abs=0.035)


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0.05, 0.5), st.floats(0.6, 0.9))
def test_more_parameters_and_weaker_models_need_more_patients(parameters: int, prevalence: float, c: float) -> None:
    base = development_binary(parameters, prevalence, c=c)
    assert development_binary(parameters + 1, prevalence, c=c).patients >= base.patients
    assert development_binary(parameters, prevalence, c=c - 0.05).patients >= base.patients
    assert base.criteria[base.binding] == base.patients
    assert base.events is not None
    assert base.events >= base.patients * prevalence - 1


@settings(deadline=None)
@given(st.floats(0.05, 0.5), st.floats(0.6, 0.9), st.floats(0.05, 0.3))
def test_narrower_intervals_need_more_patients(prevalence: float, c: float, width: float) -> None:
    wide = validation_binary(prevalence, c, -1, 1, width_oe=width, width_slope=width, width_c=width)
    narrow = validation_binary(prevalence, c, -1, 1, width_oe=width / 2, width_slope=width / 2, width_c=width / 2)
    for name, size in wide.criteria.items():
        assert narrow.criteria[name] >= 3 * size
