"""A table read in record batches gives the moments, the fit and the harmonised rows of the table in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from radaudit.edges.record_batches import Layout
from radaudit.edges.streaming import apply_parquet, moments_of_parquet, moments_of_query, total
from radaudit.errors import DesignError, RadauditError, TableError, UnseenBatchError, UnseenLevelError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import SiteMoments, measure
from tests.laws.combat_tables import Sites, build

FIELDS = ("gamma_hat", "delta_hat", "gamma", "delta", "grand_mean", "pooled_sd", "coefficients")


def stored(table: Sites, path: Path, *, kind=None, group: int = 90, vector: bool = False, nulls: bool = True) -> Layout:
    """Write a table and return where everything is in it."""
    kind = kind or pa.float64()
    columns = {"site": pa.array(table.batch.tolist()), **{name: pa.array(values.tolist()) for name, values in table.covariates.items()}}
    if vector:
        columns["v"] = pa.array([row.tolist() for row in table.x], pa.list_(kind))
    else:
        columns |= {name: pa.array(table.x[:, j], from_pandas=nulls).cast(kind) for j, name in enumerate(table.features)}
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return Layout(batch=("site",), covariates=tuple(table.covariates), features=tuple(table.features), vector="v" if vector else None)


def assert_close(found: SiteMoments, expected: SiteMoments, tolerance: float = 1e-12) -> None:
    assert (found.batches, found.features, found.coding) == (expected.batches, expected.features, expected.coding)
    for one, other in zip(found.per_batch, expected.per_batch, strict=True):
        assert one.rows == other.rows
        size = np.sqrt(np.outer(np.diag(other.c_cross), other.ss)) + 1e-300  # Cauchy-Schwarz: the scale of a cross-product
        assert np.abs((one.cx - other.cx) / np.maximum(size, 1e-300)).max(initial=0) <= tolerance
        for name in ("n", "mean", "ss", "c_mean", "c_cross", "partial", "partial_c_mean", "partial_c_cross"):
            a, b = getattr(one, name), getattr(other, name)
            assert a.shape == b.shape, name
            assert np.abs(a - b).max(initial=0) <= tolerance * np.abs(b).max(initial=1.0), name


def assert_same_fit(found: SiteMoments, expected: SiteMoments) -> None:
    one, other = fit_combat(found), fit_combat(expected)
    unit = np.where(other.pooled_sd > 0, other.pooled_sd, 1.0)
    for name in FIELDS:
        gap = np.abs(getattr(one, name) - getattr(other, name)) / (unit if name in ("grand_mean", "pooled_sd", "coefficients") else 1.0)
        assert gap.max(initial=0) <= 1e-12, name


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("rows", [37, 10_000])
def test_streamed_moments_and_fit_are_those_in_memory(tmp_path: Path, vector: bool, missing: float, rows: int) -> None:
    table = build(11, [150, 90, 260], 45, missing=missing)
    layout = stored(table, tmp_path / "t.parquet", vector=vector)
    found = moments_of_parquet(tmp_path / "t.parquet", layout, rows=rows)
    assert_close(found, table.moments())
    assert_same_fit(found, table.moments())


def test_single_precision_is_computed_in_double(tmp_path: Path) -> None:
    table = build(12, [200, 200], 40)
    table.x[...] = (table.x + 1000 * table.sd).astype(np.float32)
    layout = stored(table, tmp_path / "t.parquet", kind=pa.float32())
    assert_close(
        moments_of_parquet(tmp_path / "t.parquet", layout, rows=64),
        measure(table.x.astype(np.float32), table.batch, table.covariates, features=table.features),
    )


def test_nan_and_null_are_the_same_missing_cell(tmp_path: Path) -> None:
    table = build(13, [80, 70], 8, missing=0.1)
    one = moments_of_parquet(tmp_path / "a.parquet", stored(table, tmp_path / "a.parquet"), rows=50)
    two = moments_of_parquet(tmp_path / "b.parquet", stored(table, tmp_path / "b.parquet", nulls=False), rows=50)
    for a, b in zip(one.per_batch, two.per_batch, strict=True):
        assert all(np.array_equal(left, right) for left, right in zip(a.arrays().values(), b.arrays().values(), strict=True))


def test_the_same_file_gives_the_same_bits_and_several_files_add_up(tmp_path: Path) -> None:
    table = build(14, [120, 140, 100], 40, missing=0.03)
    layout = stored(table, tmp_path / "t.parquet")
    once, again = (moments_of_parquet(tmp_path / "t.parquet", layout, rows=41) for _ in range(2))
    for a, b in zip(once.per_batch, again.per_batch, strict=True):
        assert all(np.array_equal(left, right) for left, right in zip(a.arrays().values(), b.arrays().values(), strict=True))
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path, rows in zip(paths, (slice(0, 170), slice(170, None)), strict=True):
        stored(table.take(rows), path)
    assert_close(moments_of_parquet(paths, layout, rows=64), table.moments())


def test_batches_of_several_columns_and_of_numbers_are_joined_as_text(tmp_path: Path) -> None:
    table = build(15, [60, 60], 6, adjusted=False)
    field = [1.5 if i % 2 else 3.0 for i in range(120)]
    columns = {"site": table.batch.tolist(), "tesla": field} | {name: table.x[:, j] for j, name in enumerate(table.features)}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    layout = Layout(batch=("site", "tesla"), features=tuple(table.features))
    found = moments_of_parquet(tmp_path / "t.parquet", layout)
    assert found.batches == ("site0 | 1.5", "site0 | 3", "site1 | 1.5", "site1 | 3")


def test_a_query_on_a_duckdb_file_is_streamed_as_a_file(tmp_path: Path) -> None:
    import duckdb

    table = build(16, [150, 120], 12, missing=0.02)
    layout = stored(table, tmp_path / "t.parquet", vector=True)
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute(f"create table t as select row_number() over () as i, * from read_parquet('{tmp_path}/t.parquet')")
    found = moments_of_query(tmp_path / "t.duckdb", "select * from t order by i", layout, rows=64)
    assert_close(found, table.moments())
    for query in ("select * from nowhere", "select site from t", "drop table t"):
        with pytest.raises(TableError) as caught:
            moments_of_query(tmp_path / "t.duckdb", query, layout)
        assert caught.value.code in ("READ-045", "READ-021")


@pytest.mark.parametrize("vector", [False, True])
def test_rows_applied_in_record_batches_are_those_in_memory_bit_for_bit(tmp_path: Path, vector: bool) -> None:
    table = build(17, [90, 80], 40, missing=0.04)
    layout = stored(table, tmp_path / "t.parquet", vector=vector)
    effects = fit_combat(table.moments())
    assert apply_parquet(effects, tmp_path / "t.parquet", tmp_path / "h.parquet", layout, rows=33) == 170
    expected = effects.apply(table.x, table.batch, table.covariates)
    read = pq.read_table(tmp_path / "h.parquet")
    assert read.column_names == pq.read_table(tmp_path / "t.parquet").column_names
    assert read["age"].to_pylist() == table.covariates["age"].tolist()
    if vector:
        found = np.array([[np.nan if cell is None else cell for cell in row] for row in read["v"].to_pylist()])
    else:
        found = np.column_stack([read[name].to_numpy() for name in table.features])
    assert np.array_equal(found, expected, equal_nan=True)


def test_columns_in_another_order_are_bound_by_name(tmp_path: Path) -> None:
    table = build(18, [50, 50], 6)
    layout = stored(table, tmp_path / "t.parquet")
    turned = Layout(batch=layout.batch, covariates=layout.covariates, features=layout.features[::-1])
    effects = fit_combat(moments_of_parquet(tmp_path / "t.parquet", turned))
    apply_parquet(effects, tmp_path / "t.parquet", tmp_path / "h.parquet", layout)
    read = pq.read_table(tmp_path / "h.parquet")
    expected = fit_combat(table.moments()).apply(table.x, table.batch, table.covariates)
    np.testing.assert_allclose(np.column_stack([read[name].to_numpy() for name in table.features]), expected, rtol=1e-10)


def test_a_refused_row_leaves_no_file(tmp_path: Path) -> None:
    table = build(19, [40, 40], 6)
    layout = stored(table, tmp_path / "t.parquet")
    effects = fit_combat(table.moments())
    strange = Sites(table.x, np.where(np.arange(80) == 79, "elsewhere", table.batch), table.covariates, table.features)
    stored(strange, tmp_path / "s.parquet")
    with pytest.raises(UnseenBatchError):
        apply_parquet(effects, tmp_path / "s.parquet", tmp_path / "h.parquet", layout, rows=10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.parquet", "t.parquet"]


def break_cell(table: Sites) -> Sites:
    table.x[30, 2] = np.inf
    return table


def break_batch(table: Sites) -> Sites:
    batch = table.batch.astype(object)
    batch[7] = None
    return Sites(table.x, batch, table.covariates, table.features)


def break_covariate(table: Sites) -> Sites:
    table.covariates["age"][9] = np.nan
    return table


@pytest.mark.parametrize(("damage", "code"), [(break_cell, "HARM-006"), (break_batch, "HARM-014"), (break_covariate, "HARM-012")])
def test_what_measure_refuses_is_refused_in_record_batches(tmp_path: Path, damage, code: str) -> None:
    layout = stored(damage(build(20, [40, 40], 6)), tmp_path / "t.parquet")
    with pytest.raises(DesignError) as caught:
        moments_of_parquet(tmp_path / "t.parquet", layout, rows=16)
    assert caught.value.code == code


def test_levels_that_the_coding_does_not_know_are_refused(tmp_path: Path) -> None:
    table = build(21, [40, 40], 6)
    coding = table.moments().coding
    table.covariates["sex"] = np.where(np.arange(80) == 50, "X", table.covariates["sex"])
    layout = stored(table, tmp_path / "t.parquet")
    with pytest.raises(UnseenLevelError):
        moments_of_parquet(tmp_path / "t.parquet", layout, coding=coding, rows=16)


@pytest.mark.parametrize(
    ("layout", "code"),
    [
        (Layout(batch=("sites",), features=("f0",)), "READ-021"),
        (Layout(batch=("site",), features=("f0", "site")), "HARM-070"),
        (Layout(batch=("site",), features=("f0",), vector="f0"), "HARM-070"),
    ],
)
def test_columns_of_the_wrong_kind_are_refused(tmp_path: Path, layout: Layout, code: str) -> None:
    stored(build(22, [20, 20], 6), tmp_path / "t.parquet")
    with pytest.raises(TableError) as caught:
        moments_of_parquet(tmp_path / "t.parquet", layout)
    assert caught.value.code == code


def test_lists_of_different_lengths_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"site": ["a", "b"], "v": [[1.0, 2.0], [1.0]]}), tmp_path / "t.parquet")
    with pytest.raises(TableError) as caught:
        moments_of_parquet(tmp_path / "t.parquet", Layout(batch=("site",), features=("x", "y"), vector="v"))
    assert caught.value.code == "HARM-070"


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    for path in (tmp_path / "t.parquet", tmp_path / "absent.parquet"):
        with pytest.raises(RadauditError) as caught:
            moments_of_parquet(path, Layout(batch=("site",), features=("x",)))
        assert caught.value.code == "READ-030"
    with pytest.raises(TableError) as caught:
        total([])
    assert caught.value.code == "READ-044"
