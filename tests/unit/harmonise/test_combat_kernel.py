"""The compiled kernel gives numpy's moments to 1e-12 and numpy's corrections bit for bit; without numba it says so."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from radaudit.errors import DesignError, PluginError
from radaudit.harmonise import kernel
from radaudit.harmonise.combat import fit_combat
from tests.laws.combat_tables import build


@pytest.fixture(scope="module")
def compiled() -> kernel.Kernel:
    pytest.importorskip("numba", reason="the compiled kernel is the optional extra [kernel]")
    return kernel.load()


@pytest.fixture(scope="module")
def interpreted() -> kernel.Kernel:
    """The same loops without compilation: slow, but they are the code that numba compiles."""
    return kernel.Kernel(name="interpreted", sweep=kernel._sweep, remove=kernel._remove)


def compare(used: kernel.Kernel, single: bool) -> None:
    table = build(61, [3, 40, 65], 12)
    table.x[5, 3] = np.nan
    table.x[:, 4] = 2.5
    if single:
        table.x = table.x.astype(np.float32)
    plain, fast = table.moments(), table.moments(kernel=used)
    for one, other in zip(plain.per_batch, fast.per_batch, strict=True):
        for (name, a), b in zip(one.arrays().items(), other.arrays().values(), strict=True):
            assert np.abs(a - b).max(initial=0.0) <= 1e-12 * np.abs(a).max(initial=1e-300), name
    for options in ({}, {"reference": "site1"}, {"mean_only": True}):
        effects = fit_combat(plain, **options)
        y = effects.apply(table.x, table.batch, table.covariates)
        z = effects.apply(table.x, table.batch, table.covariates, kernel=used)
        assert np.array_equal(y, z, equal_nan=True)
        strange = np.where(table.batch == "site2", "elsewhere", table.batch)
        passed = effects.apply(table.x, strange, table.covariates, unseen="pass", kernel=used)
        assert np.array_equal(passed[table.batch == "site2"], table.x[table.batch == "site2"].astype(np.float64), equal_nan=True)
    order = np.random.default_rng(0).permutation(12)
    names = [table.features[j] for j in order]
    turned = np.ascontiguousarray(table.x[:, order])
    effects = fit_combat(plain)
    y = effects.apply(table.x, table.batch, table.covariates)
    assert np.array_equal(effects.apply(turned, table.batch, table.covariates, features=names, kernel=used), y[:, order], equal_nan=True)
    table.x[0, 0] = np.inf
    with pytest.raises(DesignError) as caught:
        effects.apply(table.x, table.batch, table.covariates, kernel=used)
    assert caught.value.code == "HARM-006"


@pytest.mark.parametrize("single", [False, True])
def test_the_compiled_loops_agree_with_numpy(compiled, single):
    compare(compiled, single)


@pytest.mark.parametrize("single", [False, True])
def test_the_loops_as_they_are_written_agree_with_numpy(interpreted, single):
    compare(interpreted, single)


def test_without_numba_the_kernel_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    kernel.load.cache_clear()
    with pytest.raises(PluginError) as caught:
        kernel.load()
    assert caught.value.code == "HARM-025"
    kernel.load.cache_clear()
