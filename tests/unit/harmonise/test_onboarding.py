"""A new batch is corrected by its own patients against what was frozen, and only if that is expected to help."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from radaudit.errors import DesignError
from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.moments import measure
from radaudit.harmonise.onboarding import new_batch_priors, onboard, t_quantile
from radaudit.harmonise.priors import shrink_mean

FEATURES = [f"f{j}" for j in range(12)]


def benchmark() -> Any:
    """Return the benchmark that simulates new sites."""
    spec = importlib.util.spec_from_file_location("onboarding_benchmark", Path(__file__).parents[3] / "benchmarks" / "onboarding.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def frozen(seed: int = 0, **method: Any) -> tuple[SiteEffects, np.random.Generator]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(90, 12)) + np.repeat(rng.normal(size=(3, 12)), 30, axis=0)
    return fit_combat(measure(x, ["A"] * 30 + ["B"] * 30 + ["C"] * 30, features=FEATURES), **method), rng


def new(rng: np.random.Generator, n: int, shift: float = 2.0) -> tuple[np.ndarray, list[str]]:
    return rng.normal(size=(n, 12)) + shift, [f"P{i}" for i in range(n)]


@pytest.mark.parametrize("n", [5, 10, 20])
def test_a_weak_site_effect_is_left_alone(n: int) -> None:
    share, *_ = benchmark().applied("weak", n, 50, 3)
    assert share <= 0.1


@pytest.mark.parametrize("n", [20, 50])
def test_a_strong_site_effect_is_removed_and_the_error_falls(n: int) -> None:
    share, none, _, gated = benchmark().applied("strong", n, 30, 4)
    assert share >= 0.9
    assert gated < none / 2


def test_gating_is_never_worse_than_leaving_things_alone_on_average() -> None:
    for kind in ("weak", "weak after strong", "strong after weak"):
        _, none, _, gated = benchmark().applied(kind, 10, 20, 5)
        assert gated <= none + 0.01


def test_the_batches_of_the_fit_keep_their_bits() -> None:
    effects, rng = frozen()
    x, people = new(rng, 24)
    found = onboard(effects, x, people, name="NEW", features=FEATURES)
    assert found.effects.batches == ("A", "B", "C", "NEW")
    assert found.effects.gamma[:3].tobytes() == effects.gamma.tobytes()
    assert found.effects.delta[:3].tobytes() == effects.delta.tobytes()
    assert found.effects.counts.tolist() == [30, 30, 30, 24]
    assert found.effects.priors == effects.priors


def test_below_five_patients_the_mean_is_the_posterior_mean_and_the_spread_is_left() -> None:
    effects, rng = frozen()
    x, people = new(rng, 4)
    found = onboard(effects, x, people, name="NEW", features=FEATURES)
    raw = (x.mean(axis=0) - effects.grand_mean) / effects.pooled_sd
    prior = new_batch_priors(effects)[""]
    assert found.method == "mean only"
    assert found.effects.delta[-1].tolist() == [1.0] * 12
    assert found.effects.gamma[-1] == pytest.approx(shrink_mean(raw, prior, np.full(12, 4.0), np.ones(12)), abs=1e-12)
    assert found.effects.gamma_sd[-1] == pytest.approx(np.sqrt(prior.tau2 / (4 * prior.tau2 + 1)), abs=1e-12)


def test_without_empirical_bayes_no_spread_is_corrected_below_ten() -> None:
    effects, rng = frozen(eb=False)
    methods = [onboard(effects, *new(rng, n), name="NEW", features=FEATURES).method for n in (9, 10)]
    assert methods == ["mean only", "mean and spread"]
    assert onboard(frozen(mean_only=True)[0], *new(rng, 40), name="NEW", features=FEATURES).method == "mean only"


def test_the_noise_of_the_frozen_batches_is_not_taken_for_spread_between_sites() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(200, 400))
    effects = fit_combat(measure(x, ["A"] * 100 + ["B"] * 100, features=[f"f{j}" for j in range(400)]))
    assert new_batch_priors(effects)[""].tau2 < 0.002 < effects.priors[0][2].tau2


def test_a_site_far_beyond_the_frozen_ones_is_not_shrunk_to_them() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(120, 12)) + np.repeat(0.05 * rng.normal(size=(3, 12)), 40, axis=0)
    effects = fit_combat(measure(x, ["A"] * 40 + ["B"] * 40 + ["C"] * 40, features=FEATURES))
    found = onboard(effects, *new(rng, 20, shift=2.0), name="NEW", features=FEATURES)
    assert found.widened
    assert found.effects.gamma[-1].mean() == pytest.approx(2.0 / effects.pooled_sd.mean(), rel=0.1)
    assert not onboard(effects, *new(rng, 20, shift=0.1), name="NEW", features=FEATURES).widened


def test_several_rows_of_a_patient_are_one_patient() -> None:
    effects, rng = frozen()
    x, people = new(rng, 12)
    once = onboard(effects, x, people, name="NEW", features=FEATURES)
    twice = onboard(effects, np.vstack([x, x]), people * 2, name="NEW", features=FEATURES)
    assert twice.patients == once.patients == 12
    assert twice.rms_effect == pytest.approx(once.rms_effect, abs=1e-12)


def test_order_of_rows_and_features_is_irrelevant_and_missing_cells_are_left_out() -> None:
    effects, rng = frozen()
    x, people = new(rng, 15)
    x[0, 0] = np.nan
    first = onboard(effects, x, people, name="NEW", features=FEATURES)
    mixed = onboard(effects, x[::-1, ::-1], people[::-1], name="NEW", features=FEATURES[::-1])
    assert mixed.effects.gamma[-1] == pytest.approx(first.effects.gamma[-1], abs=1e-12)
    assert mixed.gain_low == pytest.approx(first.gain_low, abs=1e-10)


def test_features_that_the_table_lacks_are_left_alone() -> None:
    effects, rng = frozen()
    x, people = new(rng, 20)
    found = onboard(effects, x[:, :8], people, name="NEW", features=FEATURES[:8])
    assert found.judged == 8
    assert found.effects.gamma[-1, 8:].tolist() == [0.0] * 4
    assert found.effects.delta[-1, 8:].tolist() == [1.0] * 4


@pytest.mark.parametrize(("n", "minimum", "name", "code"), [(1, 2, "NEW", "SITE-080"), (8, 20, "NEW", "SITE-081"), (8, 2, "A", "SITE-084")])
def test_what_cannot_be_onboarded_is_refused(n: int, minimum: int, name: str, code: str) -> None:
    effects, rng = frozen()
    with pytest.raises(DesignError) as refused:
        onboard(effects, *new(rng, n), name=name, features=FEATURES, minimum=minimum)
    assert refused.value.code == code


def test_two_patients_are_never_enough_to_apply_anything() -> None:
    effects, rng = frozen()
    found = onboard(effects, *new(rng, 2, shift=50.0), name="NEW", features=FEATURES)
    assert not found.applied
    assert found.reason.startswith("declined")


@pytest.mark.parametrize("degrees", [4, 9, 19, 99])
def test_the_quantile_of_t_is_that_of_scipy(degrees: int) -> None:
    assert t_quantile(0.99, degrees) == pytest.approx(stats.t.ppf(0.99, degrees), rel=0.01)
