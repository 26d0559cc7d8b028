"""Laws of survival measures: what must not change when rows move, scores are bent, time is rescaled; what must turn round; what adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.followup import Followed, followed
from radaudit.followup.cox import fit_cox
from radaudit.followup.partial_likelihood import partial_likelihood
from radaudit.measures.concordance import c_of_counts, pairs_of
from radaudit.measures.horizon import (
    auc_of_counts,
    brier_of_counts,
    ipa_of_counts,
    null_brier_of_counts,
    observed_of_counts,
    ratio_of_counts,
    shares_of_counts,
)
from radaudit.measures.kaplan_meier import cumulative_incidence, kaplan_meier, log_rank, restricted_mean
from radaudit.measures.survival_utility import net_benefit_of_counts
from radaudit.models.elastic_net import elastic_net_path, largest_penalty
from radaudit.models.losses import cox_loss

COMMON = settings(max_examples=60, deadline=None)


@st.composite
def cohorts(draw: st.DrawFn, *, tied: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (some shared if ``tied``), events (at least one before a longer follow-up) and scores."""
    n = draw(st.integers(6, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = rng.exponential(10, size=n)
    time = np.ceil(time) if tied else time
    event = (rng.random(n) < draw(st.sampled_from([0.3, 0.7, 1.0]))).astype(float)
    event[int(np.argmin(time))], event[int(np.argmax(time))] = 1.0, 0.0
    time[int(np.argmax(time))] += 1.0
    score = np.round(rng.normal(size=n), draw(st.sampled_from([0, 1, 9])))
    return time, event, score


def risks(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-score))


def measured(rows: Followed, score: np.ndarray, when: float) -> list[float]:
    risk = risks(score)
    at = np.array([0.2, 0.5])
    return [
        pairs_of(rows, score).c,
        pairs_of(rows, score, "uno").c,
        float(auc_of_counts(rows, score, when)[0]),
        float(brier_of_counts(rows, risk, when)[0]),
        float(ratio_of_counts(rows, risk, when)[0]),
        *net_benefit_of_counts(rows, risk, when, at)[0].tolist(),
        *shares_of_counts(rows, risk, when, 0.5)[:, 0].tolist(),
    ]


@COMMON
@given(cohorts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(made: Any, random: Any) -> None:
    time, event, score = made
    order = np.array(random.sample(range(time.size), time.size))
    when = float(np.median(time))
    np.testing.assert_allclose(
        measured(followed(time[order], event[order]), score[order], when), measured(followed(time, event), score, when), atol=1e-11
    )


@COMMON
@given(cohorts(), st.sampled_from([0.01, 7.0, 365.25]))
def test_the_unit_of_time_does_not_matter(made: Any, factor: float) -> None:
    time, event, score = made
    when = float(np.median(time))
    np.testing.assert_allclose(
        measured(followed(time * factor, event), score, when * factor), measured(followed(time, event), score, when), atol=1e-11
    )
    mean, scaled = (restricted_mean(followed(t, event), h).value for t, h in ((time, when), (time * factor, when * factor)))
    assert scaled == pytest.approx(factor * mean)


@COMMON
@given(cohorts())
def test_a_rising_function_of_the_score_orders_patients_alike(made: Any) -> None:
    time, event, score = made
    rows, bent, when = followed(time, event), np.exp(score / 3) + score**3, float(np.median(time))
    for weights in ("harrell", "uno"):
        assert pairs_of(rows, bent, weights).c == pytest.approx(pairs_of(rows, score, weights).c, abs=1e-12)
    np.testing.assert_allclose(auc_of_counts(rows, bent, when), auc_of_counts(rows, score, when), atol=1e-12)


@COMMON
@given(cohorts())
def test_a_score_turned_round_has_one_minus_the_concordance(made: Any) -> None:
    time, event, score = made
    rows, when = followed(time, event), float(np.median(time))
    assert pairs_of(rows, -score).c == pytest.approx(1 - pairs_of(rows, score).c, abs=1e-12)
    np.testing.assert_allclose(auc_of_counts(rows, -score, when), 1 - auc_of_counts(rows, score, when), atol=1e-12)


@COMMON
@given(cohorts())
def test_one_score_for_everybody_does_not_discriminate(made: Any) -> None:
    time, event, _ = made
    rows = followed(time, event)
    assert pairs_of(rows, np.zeros(time.size)).c == 0.5


@COMMON
@given(cohorts())
def test_pairs_counted_by_sorting_are_the_pairs_counted_one_by_one(made: Any) -> None:
    time, event, score = made
    right = every = 0.0
    for i in range(time.size):
        for j in range(time.size):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                every += 1
                right += float(score[i] > score[j]) + 0.5 * float(score[i] == score[j])
    assert pairs_of(followed(time, event), score).c == pytest.approx(right / every, abs=1e-12)


@COMMON
@given(cohorts(), st.integers(0, 2**32 - 1))
def test_counting_a_row_twice_is_the_row_written_twice(made: Any, seed: int) -> None:
    time, event, score = made
    rows, when = followed(time, event), float(np.median(time))
    counts = np.random.default_rng(seed).integers(0, 3, size=time.size)
    counts[[int(np.argmin(time)), int(np.argmax(time))]] = 1
    at = np.repeat(np.arange(time.size), counts)
    twice, drawn = rows.take(at), counts[None, :].astype(float)
    for weights in ("harrell", "uno"):
        own = c_of_counts(rows, score, drawn, weights)[0]
        assert own == pytest.approx(pairs_of(twice, score[at], weights).c, abs=1e-10)
    risk = risks(score)
    for measure in (brier_of_counts, ratio_of_counts, ipa_of_counts):
        np.testing.assert_allclose(measure(rows, risk, when, drawn), measure(twice, risk[at], when), atol=1e-10)
    np.testing.assert_allclose(observed_of_counts(rows, when, drawn), observed_of_counts(twice, when), atol=1e-12)


@COMMON
@given(cohorts())
def test_without_censoring_before_the_horizon_the_measures_are_those_of_a_binary_outcome(made: Any) -> None:
    from radaudit.measures.calibration import brier
    from radaudit.measures.discrimination import auc
    from radaudit.measures.utility import net_benefit

    time, event, score = made
    when = float(np.median(time))
    event = np.where(time <= when, 1.0, event)
    rows, risk, happened = followed(time, event), risks(score), (time <= when).astype(float)
    if not 0 < happened.sum() < happened.size:
        return
    assert float(auc_of_counts(rows, score, when)[0]) == pytest.approx(auc(happened, score), abs=1e-12)
    assert float(brier_of_counts(rows, risk, when)[0]) == pytest.approx(brier(happened, risk).value, abs=1e-12)
    at = np.array([0.1, 0.4, 0.6])
    np.testing.assert_allclose(net_benefit_of_counts(rows, risk, when, at)[0], net_benefit(happened, risk, at), atol=1e-12)


@COMMON
@given(cohorts())
def test_the_null_model_explains_nothing_and_no_model_beats_knowing(made: Any) -> None:
    time, event, _ = made
    rows, when = followed(time, event), float(np.median(time))
    everyone = np.full(time.size, float(observed_of_counts(rows, when)[0]))
    assert float(ipa_of_counts(rows, everyone, when)[0]) == pytest.approx(0.0, abs=1e-12)
    knowing = ((time <= when) & (event == 1)).astype(float)
    if np.isfinite(null_brier_of_counts(rows, when)[0]) and knowing.any():
        assert float(brier_of_counts(rows, knowing, when)[0]) == pytest.approx(0.0, abs=1e-12)


@COMMON
@given(cohorts())
def test_curves_fall_and_causes_add_up(made: Any) -> None:
    time, event, score = made
    curve = kaplan_meier(followed(time, event))
    assert (np.diff(curve.share) <= 1e-15).all()
    known = np.isfinite(curve.low)
    assert ((curve.low <= curve.share + 1e-12) & (curve.share <= curve.high + 1e-12))[known].all()
    shares = cumulative_incidence(followed(time, event), ["a" if s > 0 else "b" for s in score])
    np.testing.assert_allclose(shares.share.sum(axis=0), 1 - curve.share, atol=1e-12)
    assert (shares.variance > -1e-12).all()


@COMMON
@given(cohorts())
def test_two_groups_with_the_same_rows_do_not_differ(made: Any) -> None:
    time, event, _ = made
    doubled = followed(np.tile(time, 2), np.tile(event, 2))
    statistic, degrees, p = log_rank(doubled, ["a"] * time.size + ["b"] * time.size)
    assert (statistic, degrees, p) == (pytest.approx(0.0, abs=1e-12), 1, pytest.approx(1.0))


@COMMON
@given(cohorts(tied=False), st.integers(0, 2**32 - 1))
def test_cox_follows_the_units_of_its_columns_and_its_score_is_stationary(made: Any, seed: int) -> None:
    time, event, _ = made
    rows = followed(time, event)
    x = np.random.default_rng(seed).normal(size=(time.size, 2))
    fit = fit_cox(rows, x)
    if not fit.converged:
        return
    scaled = fit_cox(rows, x * [10.0, 0.1] + [3.0, -5.0])
    np.testing.assert_allclose(scaled.coefficients * [10.0, 0.1], fit.coefficients, atol=1e-6)
    likelihood = partial_likelihood(rows)
    centred = x - x.mean(axis=0)
    assert np.abs(likelihood.slope(centred @ fit.coefficients) @ centred).max() < 1e-6
    assert likelihood.value(centred @ fit.coefficients) >= likelihood.value(np.zeros(time.size)) - 1e-12


@COMMON
@given(cohorts(), st.sampled_from(["efron", "breslow"]), st.integers(0, 2**32 - 1))
def test_slope_and_curvature_are_the_derivatives_of_the_partial_likelihood(made: Any, ties: Any, seed: int) -> None:
    time, event, score = made
    likelihood = partial_likelihood(followed(time, event), ties)
    x = np.random.default_rng(seed).normal(size=(time.size, 1))
    step = 1e-5
    up, here, down = (likelihood.value(score + side * step * x[:, 0]) for side in (1, 0, -1))
    assert float(likelihood.slope(score) @ x[:, 0]) == pytest.approx((up - down) / (2 * step), abs=1e-4)
    assert float(likelihood.curvature(x, score)[0, 0]) == pytest.approx(-(up - 2 * here + down) / step**2, rel=1e-3, abs=2e-3)
    assert likelihood.residuals(x, score).sum() == pytest.approx(float(likelihood.slope(score) @ x[:, 0]), abs=1e-8)
    assert float(likelihood.slope(score).sum()) == pytest.approx(0.0, abs=1e-9)


@COMMON
@given(cohorts(), st.sampled_from([0.5, 1.0]), st.floats(0.05, 0.9), st.integers(0, 2**32 - 1))
def test_a_penalised_cox_fit_keeps_its_optimality_conditions(made: Any, mixing: float, share: float, seed: int) -> None:
    time, event, _ = made
    x = np.random.default_rng(seed).normal(size=(time.size, 5))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    loss = cox_loss(time, event)
    largest = largest_penalty(z, loss, mixing)
    empty, fit = elastic_net_path(z, loss, [largest * 1.0001, largest * share], mixing)
    assert empty.chosen == 0
    slope = z.T @ loss.slope(z @ fit.coefficients) / loss.size
    limit, ridge = fit.penalty * mixing, fit.penalty * (1 - mixing) * fit.coefficients
    inside = fit.coefficients != 0
    assert np.abs(slope + ridge + limit * np.sign(fit.coefficients))[inside].max(initial=0.0) < 1e-8
    assert np.abs(slope)[~inside].max(initial=0.0) <= limit * (1 + 1e-6)
