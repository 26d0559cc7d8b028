"""Moments measured by several processes or by Dask workers are those of one process, in every bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from radaudit.edges.cluster import dask, moments_of_files, parts_of, processes
from radaudit.errors import PluginError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import SiteMoments
from tests.edges.test_streaming import assert_close, stored
from tests.laws.combat_tables import build

FIELDS = ("gamma_hat", "delta_hat", "gamma", "delta", "grand_mean", "pooled_sd", "coefficients")


def files(folder: Path):
    table = build(31, [150, 130, 170], 20, missing=0.02)
    layout = stored(table.take(slice(0, 200)), folder / "a.parquet", group=60)
    stored(table.take(slice(200, None)), folder / "b.parquet", group=60)
    return table, layout, [folder / "a.parquet", folder / "b.parquet"]


def same_bits(one: SiteMoments, other: SiteMoments) -> bool:
    pairs = zip(one.per_batch, other.per_batch, strict=True)
    return all(np.array_equal(a.arrays()[name], b.arrays()[name]) for a, b in pairs for name in a.arrays())


def test_parts_in_this_process_are_the_table_in_memory(tmp_path: Path) -> None:
    table, layout, paths = files(tmp_path)
    coding = table.moments().coding
    assert [part.groups for part in parts_of(paths, layout, coding, groups=3)] == [(0, 1, 2), (3,), (0, 1, 2), (3, 4)]
    assert_close(moments_of_files(paths, layout, groups=2), table.moments())


def test_two_dask_workers_give_the_parameters_of_the_table_in_memory(tmp_path: Path) -> None:
    table, layout, paths = files(tmp_path)
    with dask(workers=2, threads=True) as executor:
        found = moments_of_files(paths, layout, executor, groups=1)
    assert same_bits(found, moments_of_files(paths, layout, groups=1))
    one, other = fit_combat(found), fit_combat(table.moments())
    for name in FIELDS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-10)


def test_two_dask_processes_found_by_their_address_give_the_same_bits(tmp_path: Path) -> None:
    from distributed import LocalCluster

    table, layout, paths = files(tmp_path)
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(silence_logs=50, **settings) as cluster, dask(cluster.scheduler_address) as executor:
        found = moments_of_files(paths, layout, executor, coding=table.moments().coding, groups=2)
    assert same_bits(found, moments_of_files(paths, layout, groups=2))


def test_two_processes_give_the_same_bits(tmp_path: Path) -> None:
    _, layout, paths = files(tmp_path)
    with processes(2) as executor:
        found = moments_of_files(paths, layout, executor, groups=2)
    assert same_bits(found, moments_of_files(paths, layout, groups=2))


def test_a_scheduler_address_that_is_none_is_refused() -> None:
    with pytest.raises(PluginError) as caught, dask("nonsense://nowhere:1"):
        raise AssertionError("nobody answers there")
    assert caught.value.code == "HARM-072"
