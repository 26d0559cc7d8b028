"""Laws of ComBat that hold for every table (HARMONISATION 7b): what is equalised, kept, shrunk and left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.moments import measure
from tests.laws.combat_tables import Sites, build, sites

LAW = settings(max_examples=25, deadline=None)


def harmonised(table: Sites, **options) -> np.ndarray:
    return fit_combat(table.moments(), **options).apply(table.x, table.batch, table.covariates)


def residuals(effects: SiteEffects, table: Sites, y: np.ndarray) -> np.ndarray:
    return y - effects.coding.code(table.covariates, len(y)) @ effects.coefficients


@LAW
@given(sites())
def test_without_shrinkage_every_batch_gets_the_grand_mean_and_the_pooled_variance(table):
    effects = fit_combat(table.moments(), eb=False)
    rest = residuals(effects, table, effects.apply(table.x, table.batch, table.covariates))
    for name in effects.batches:
        own = rest[table.batch == name]
        np.testing.assert_allclose((own.mean(axis=0) - effects.grand_mean) / effects.pooled_sd, 0, atol=1e-11)
        np.testing.assert_allclose(own.std(axis=0, ddof=1) / effects.pooled_sd, 1, rtol=1e-11)


@LAW
@given(sites())
def test_estimates_are_shrunk_between_the_raw_ones_and_the_prior(table):
    effects = fit_combat(table.moments())
    prior = {batch: p for batch, _, p in effects.priors}
    for b, name in enumerate(effects.batches):
        raw, star, bar = effects.gamma_hat[b], effects.gamma[b], prior[name].gamma_bar
        assert (np.minimum(raw, bar) - 1e-12 <= star).all()
        assert (star <= np.maximum(raw, bar) + 1e-12).all()
        n = effects.counts[b]
        v = ((n - 1) * effects.delta_hat[b] + n * (raw - star) ** 2) / n
        m = prior[name].delta_bar
        assert (np.minimum(v, m) * (1 - 1e-9) <= effects.delta[b]).all()
        assert (effects.delta[b] <= np.maximum(v, m) * (1 + 1e-9)).all()


@LAW
@given(sites(), st.sampled_from([{}, {"mean_only": True}, {"eb": False}, {"parametric": False}]))
def test_rows_of_the_reference_come_back_bit_for_bit(table, options):
    effects = fit_combat(table.moments(), reference="site0", **options)
    y = effects.apply(table.x, table.batch, table.covariates)
    at = table.batch == "site0"
    assert np.array_equal(y[at], table.x[at])
    rest = residuals(effects, table, table.x)[at]
    np.testing.assert_allclose((rest.mean(axis=0) - effects.grand_mean) / effects.pooled_sd, 0, atol=1e-10)
    # the coefficients come from all rows, so the reference residuals have a variance of their own around their mean
    np.testing.assert_allclose(rest.std(axis=0), effects.pooled_sd, rtol=1e-9)


@LAW
@given(sites(), st.floats(-9, 9), st.floats(-1e6, 1e6), st.booleans())
def test_units_and_offsets_do_not_matter(table, power, offset, down):
    unit, move = (-1 if down else 1) * 10.0**power, offset * table.sd
    moved = table.with_x(unit * (table.x + move))
    gap = harmonised(moved) / unit - move - harmonised(table)
    assert np.abs(gap / table.sd).max() < 1e-10 * max(1.0, abs(offset) / 1e4)


@LAW
@given(sites(), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_features_and_sites_does_not_matter(table, seed):
    rng = np.random.default_rng(seed)
    y = harmonised(table)
    rows, columns = rng.permutation(len(table.x)), rng.permutation(table.x.shape[1])
    renamed = dict(zip(sorted(set(table.batch)), rng.permutation([f"renamed{i}" for i in range(9)]), strict=False))
    other = Sites(
        table.x[rows][:, columns],
        np.array([renamed[b] for b in table.batch[rows]]),
        {name: values[rows] for name, values in table.covariates.items()},
        [table.features[j] for j in columns],
    )
    assert np.abs((harmonised(other) - y[rows][:, columns]) / table.sd[columns]).max() < 1e-11


@LAW
@given(sites())
def test_mean_only_leaves_the_covariates_effects_as_they_were(table):
    y = harmonised(table, mean_only=True)
    if not table.covariates:
        return
    age = table.covariates["age"].copy()
    for name in set(table.batch):
        at = table.batch == name
        age[at] -= age[at].mean()
    before, after = (age @ t / (age @ age) for t in (table.x, y))
    assert np.abs((after - before) * age.std() / table.sd).max() < 1e-12


@LAW
@given(sites(adjusted=False))
def test_a_second_pass_is_no_idle_one_but_shrinks_by_a_known_factor(table):
    n, b = len(table.x), len(set(table.batch))
    first = fit_combat(table.moments(), eb=False)
    y = first.apply(table.x, table.batch)
    once = table.with_x(y)
    second = fit_combat(once.moments(), eb=False)
    z = second.apply(once.x, once.batch)
    np.testing.assert_allclose(
        (z - second.grand_mean) / first.pooled_sd, (y - second.grand_mean) / first.pooled_sd * np.sqrt((n - b) / n), atol=1e-11
    )


@LAW
@given(sites(), st.integers(0, 5), st.sampled_from([0.0, 7.3, -1e9]), st.sampled_from([{}, {"parametric": False}, {"eb": False}]))
def test_a_constant_feature_is_left_alone_and_changes_no_other(table, at, value, options):
    y = harmonised(table, **options)
    more = table.with_x(np.insert(table.x, at, value, axis=1), [*table.features[:at], "still", *table.features[at:]])
    z = harmonised(more, **options)
    assert (z[:, at] == value).all()
    assert np.array_equal(np.delete(z, at, axis=1), y)


@LAW
@given(sites(), st.integers(0, 5))
def test_a_feature_constant_at_one_site_changes_no_other_and_gets_its_mean_only_there(table, at):
    y = harmonised(table)
    column = np.where(table.batch == "site0", 4.2, table.x[:, 0])
    more = table.with_x(np.insert(table.x, at, column, axis=1), [*table.features[:at], "flat", *table.features[at:]])
    effects = fit_combat(more.moments())
    z = effects.apply(more.x, more.batch, more.covariates)
    assert np.array_equal(np.delete(z, at, axis=1), y)
    assert effects.delta[0, at] == 1.0
    assert np.isfinite(z).all()
    gap = (z - more.x)[more.batch == "site0", at]
    assert np.ptp(gap) <= 1e-12 * np.abs(more.x[:, at]).max()


@LAW
@given(sites(smallest=12), st.integers(0, 2**32 - 1))
def test_missing_cells_stay_missing_and_other_features_keep_their_parameters(table, seed):
    rng = np.random.default_rng(seed)
    holes = rng.random(len(table.x)) < 0.1
    x = table.x.copy()
    x[holes, 0] = np.nan
    whole, partial = table.moments(), table.with_x(x).moments()
    for a, b in zip(whole.per_batch, partial.per_batch, strict=True):
        assert np.array_equal(a.mean[1:], b.mean[1:])
        assert np.array_equal(a.ss[1:], b.ss[1:])
        assert np.array_equal(a.cx[:, 1:], b.cx[:, 1:])
    groups = ["own", *["rest"] * (len(table.features) - 1)]
    y = fit_combat(whole, prior_groups=groups).apply(table.x, table.batch, table.covariates)
    z = fit_combat(partial, prior_groups=groups).apply(x, table.batch, table.covariates)
    assert np.array_equal(np.isnan(z[:, 0]), holes)
    assert np.array_equal(z[:, 1:], y[:, 1:])


@LAW
@given(sites())
def test_a_new_feature_reaches_the_others_only_through_its_prior_group(table):
    p = len(table.features)
    if p < 11:
        return
    first = fit_combat(table.moments(), prior_groups=["a"] * 5 + ["b"] * (p - 5))
    some = table.with_x(table.x[:, 5:], table.features[5:])
    alone = fit_combat(some.moments())
    y = first.apply(table.x, table.batch, table.covariates)
    assert np.array_equal(y[:, 5:], alone.apply(some.x, some.batch, some.covariates))


@LAW
@given(sites())
def test_single_precision_input_is_computed_in_double(table):
    single = table.with_x(table.x.astype(np.float32))
    double = table.with_x(single.x.astype(np.float64))
    assert harmonised(single).dtype == np.float64
    assert np.array_equal(harmonised(single), harmonised(double))


@LAW
@given(sites(), st.booleans())
def test_the_layout_of_the_array_does_not_matter(table, fortran):
    other = table.with_x(np.asfortranarray(table.x) if fortran else np.repeat(table.x, 2, axis=0)[::2])
    assert np.array_equal(harmonised(other), harmonised(table))


def test_the_model_has_the_same_bytes_on_one_thread_and_on_two():
    script = (
        "import json; from tests.laws.combat_tables import build; from radaudit.harmonise.combat import fit_combat;"
        "print(json.dumps(fit_combat(build(1, [90, 70, 40], 300).moments()).document()))"
    )
    outputs = []
    for threads in ("1", "2"):
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        outputs.append(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment).stdout)
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])["batches"] == ["site0", "site1", "site2"]


def test_numbers_of_rows_and_columns_do_not_change_the_bits_of_a_feature():
    table = build(2, [40, 50], 30)
    whole = table.moments()
    for p in (1, 2, 3, 7, 29):
        few = measure(table.x[:, :p], table.batch, table.covariates, features=table.features[:p])
        for a, b in zip(whole.per_batch, few.per_batch, strict=True):
            assert np.array_equal(a.mean[:p], b.mean)
            assert np.array_equal(a.ss[:p], b.ss)
            assert np.array_equal(a.cx[:, :p], b.cx)
