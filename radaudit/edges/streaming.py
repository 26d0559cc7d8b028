"""Moments of tables larger than memory, one record batch at a time, and their use on such tables.

Each record batch is sorted by batch once (labels only), features are gathered and widened to float64 in tiles, centred per batch,
and the moments of record batches are merged pairwise as a binary counter, after Chan, Golub and LeVeque (1983): memory is bounded
by a few record batches whatever the length, and the result depends on the rows and on ``rows`` alone, not on threads or machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.edges.record_batches import (
    Layout,
    Sorted,
    ahead,
    cells,
    covariates,
    design,
    in_threads,
    labels,
    learn_coding,
    rows_of_vector,
    sorted_by_batch,
    table_of,
)
from radaudit.errors import DesignError, TableError, listed
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.moments import BatchMoments, SiteMoments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.harmonise.effects import SiteEffects, UnseenPolicy

ROWS = 16_384  # rows of a record batch: 500 float32 features take 32 MB
THREADS = 2  # record batches measured at the same time; their order, and so every bit, stays
TILE = 32  # features of a tile: 32 x 16,384 x 8 bytes, 4 MB of float64
CLOSED = {"enable_external_access": "false", "lock_configuration": "true"}  # a query reads this file and no other
_NOWHERE = np.zeros(0, dtype=np.int64)
BUFFER = 1 << 16  # bytes read ahead per column of a Parquet file


def moments_of_parquet(
    paths: Path | Sequence[Path], layout: Layout, *, coding: CovariateCoding | None = None, rows: int = ROWS
) -> SiteMoments:
    """Return the moments of all rows of Parquet files with the same columns, read in record batches of ``rows``.

    Without a ``coding`` the covariates are read once before, to know their levels. Raises TableError READ-021, HARM-070 (columns),
    READ-030 (no Parquet file); DesignError as ``measure``.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    known = coding if coding is not None else coding_of_parquet(files, layout)
    return total(moments_of_batches(_scan(file, layout, layout.columns, rows), layout, known) for file in files)


def coding_of_parquet(paths: Sequence[Path], layout: Layout) -> CovariateCoding:
    """Return the coding of the covariates of Parquet files, learned from those columns alone."""
    if not layout.covariates:
        return CovariateCoding.none()
    wanted = list(dict.fromkeys(layout.covariates))
    return learn_coding((batch for file in paths for batch in _scan(file, layout, wanted, 8 * ROWS)), layout)


def moments_of_query(path: Path, query: str, layout: Layout, *, coding: CovariateCoding | None = None, rows: int = ROWS) -> SiteMoments:
    """Return the moments of the rows of a query on a DuckDB file, which is opened read-only.

    For bits that do not change from run to run the query has to order its rows. Raises as ``moments_of_parquet``.
    """
    import duckdb

    from radaudit.edges.duckdb import SETTINGS

    if not path.is_file():
        raise TableError("READ-045", f"there is no {path.name}")
    try:
        with duckdb.connect(str(path), read_only=True, config={**SETTINGS, **CLOSED}) as connection:
            known = coding
            if known is None:
                own = ", ".join(f'"{name}"' for name in layout.covariates)
                known = (
                    learn_coding(connection.sql(f"select {own} from ({query})").to_arrow_reader(rows), layout)
                    if own
                    else CovariateCoding.none()
                )
            reader = connection.sql(query).to_arrow_reader(rows)
            layout.refuse(reader.schema, path.name)
            return moments_of_batches(reader, layout, known)
    except duckdb.Error as problem:
        raise TableError("READ-045", f"{path.name} cannot be queried", found=str(problem).splitlines()[0][:200]) from None


def moments_of_batches(batches: Iterable[Any], layout: Layout, coding: CovariateCoding) -> SiteMoments:
    """Return the moments of Arrow record batches. Raises DesignError HARM-006, -011, -012, -014; TableError HARM-070."""
    some = (batch for batch in ahead(iter(batches)) if batch.num_rows)
    return total(in_threads(lambda batch: _measured(batch, layout, coding), some, THREADS))


def total(parts: Iterable[SiteMoments]) -> SiteMoments:
    """Return the sum, merged pairwise like the carries of a binary counter. Raises TableError READ-044 if there is nothing to add."""
    waiting: list[tuple[int, SiteMoments]] = []
    for part in parts:
        level, own = 0, part
        while waiting and waiting[-1][0] == level:
            own, level = waiting.pop()[1] + own, level + 1
        waiting.append((level, own))
    if not waiting:
        raise TableError("READ-044", "there is no row to measure")
    return reduce(lambda later, earlier: earlier + later, (own for _, own in reversed(waiting)))


def apply_parquet(
    effects: SiteEffects,
    source: Path,
    target: Path,
    layout: Layout,
    *,
    unseen: UnseenPolicy = "refuse",
    rows: int = ROWS,
    single: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write ``source`` to ``target`` with the features harmonised, other columns as they are; return the rows written.

    Features become float64, or float32 with ``single``. The target appears when it is complete. Raises as ``SiteEffects.apply``,
    TableError READ-030, READ-021, HARM-070.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = _opened(source)
    layout.refuse(file.schema_arrow, source.name)
    kind = pa.float32() if single else pa.float64()
    schema = _schema(file.schema_arrow, layout, kind)
    draft = target.with_name(target.name + ".draft")
    done = 0
    try:
        with pq.ParquetWriter(draft, schema) as writer:
            for batch in ahead(file.iter_batches(batch_size=rows)):
                x = table_of(batch, layout)
                result = effects.apply(
                    x, labels(batch, layout).to_pylist(), covariates(batch, effects.coding), features=layout.features, unseen=unseen
                )
                writer.write_batch(_replaced(batch, layout, result, kind, schema), row_group_size=8 * rows)
                done += batch.num_rows
                progress(done)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return done


def _schema(schema: Any, layout: Layout, kind: Any) -> Any:
    import pyarrow as pa

    if layout.vector:
        return schema.set(schema.get_field_index(layout.vector), pa.field(layout.vector, pa.list_(kind)))
    for name in layout.features:
        schema = schema.set(schema.get_field_index(name), pa.field(name, kind))
    return schema


def _replaced(batch: Any, layout: Layout, result: Floats, kind: Any, schema: Any) -> Any:
    import pyarrow as pa

    columns = {name: batch.column(name) for name in schema.names}
    if layout.vector:
        offsets = pa.array(np.arange(len(result) + 1, dtype=np.int32) * result.shape[1])
        columns[layout.vector] = pa.ListArray.from_arrays(offsets, pa.array(result.ravel(), from_pandas=True).cast(kind))
    else:
        for j, name in enumerate(layout.features):
            columns[name] = pa.array(result[:, j], from_pandas=True).cast(kind)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def row_groups(path: Path) -> int:
    """Return how many row groups a Parquet file has: the parts it can be divided into. Raises TableError READ-030."""
    return int(_opened(path).metadata.num_row_groups)


def scan(path: Path, layout: Layout, *, groups: Sequence[int] | None = None, rows: int = ROWS) -> Iterator[Any]:
    """Yield the record batches of a Parquet file, or of some of its row groups."""
    return _scan(path, layout, layout.columns, rows, groups)


def _scan(path: Path, layout: Layout, columns: Sequence[str], rows: int, groups: Sequence[int] | None = None) -> Iterator[Any]:
    file = _opened(path)
    layout.refuse(file.schema_arrow, path.name)
    found: Iterator[Any] = file.iter_batches(batch_size=rows, columns=list(columns), row_groups=None if groups is None else list(groups))
    return found


def _opened(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, memory_map=False, buffer_size=BUFFER, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as problem:
        raise TableError("READ-030", f"{path.name} cannot be opened: {str(problem).splitlines()[0]}", fix="write it as Parquet") from None


def _measured(batch: Any, layout: Layout, coding: CovariateCoding) -> SiteMoments:
    """Return the moments of one record batch."""
    where = sorted_by_batch(batch, layout)
    c = np.ascontiguousarray(design(batch, layout, coding)[where.order].T)
    p, q, sites = len(layout.features), len(c), len(where.names)
    own = _Sums(
        n=np.zeros((sites, p), dtype=np.int64),
        mean=np.empty((sites, p)),
        ss=np.empty((sites, p)),
        cx=np.empty((sites, q, p)),
        c=c,
        c_mean=np.empty((sites, q)),
        partial={},
    )
    for s, (start, end) in enumerate(zip(where.starts, where.ends, strict=True)):
        own.n[s] = end - start
        own.c_mean[s] = np.add.reduce(c[:, start:end], axis=1) / (end - start)
        c[:, start:end] -= own.c_mean[s][:, None]
    for start, tile in _tiles(batch, layout, where):
        for s in range(sites):
            _fill(own, s, slice(start, start + len(tile)), where, tile, layout)
    per_batch = tuple(_batch_moments(own, s, where) for s in range(sites))
    return SiteMoments(features=layout.features, coding=coding, batches=where.names, per_batch=per_batch)


class _Sums:
    """The arrays of one record batch while they are filled: per batch and feature, and per batch and covariate column."""

    __slots__ = ("c", "c_mean", "cx", "mean", "n", "partial", "ss")

    def __init__(
        self,
        *,
        n: Ints,
        mean: Floats,
        ss: Floats,
        cx: Floats,
        c: Floats,
        c_mean: Floats,
        partial: dict[tuple[int, int], tuple[Floats, Floats]],
    ) -> None:
        self.n, self.mean, self.ss, self.cx, self.c, self.c_mean, self.partial = n, mean, ss, cx, c, c_mean, partial


def _tiles(batch: Any, layout: Layout, where: Sorted) -> Iterator[tuple[int, Floats]]:
    """Yield the position of the first feature and the features of a tile (k, n) in float64, rows ordered by batch."""
    n, p = batch.num_rows, len(layout.features)
    single = len(where.names) == 1
    table = rows_of_vector(batch, layout)[where.order] if layout.vector else None
    z = np.empty((min(TILE, p), n))
    raw: dict[Any, NDArray[Any]] = {}
    for start in range(0, p, TILE):
        k = min(TILE, p - start)
        if table is not None:
            np.copyto(z[:k], table[:, start : start + k].T)
        else:
            for j in range(k):
                column = cells(batch.column(layout.features[start + j]))
                if single:
                    z[j] = column
                else:
                    gathered = raw.setdefault(column.dtype, np.empty(n, dtype=column.dtype))
                    np.take(column, where.order, out=gathered, mode="clip")
                    z[j] = gathered
        yield start, z[:k]


def _fill(own: _Sums, s: int, at: slice, where: Sorted, tile: Floats, layout: Layout) -> None:
    """Fill the moments of one batch for the features of one tile; features with missing cells on their own rows."""
    start, end = where.starts[s], where.ends[s]
    v, c = tile[:, start:end], own.c[:, start:end]
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.add.reduce(v, axis=1) / (end - start)
        whole = bool(np.isfinite(mean).all())
        odd = np.flatnonzero(~np.isfinite(mean)) if not whole else _NOWHERE
        kept = v[odd].copy() if not whole else None
        np.subtract(v, mean[:, None], out=v)
        ss = np.einsum("ij,ij->i", v, v)
        own.mean[s, at], own.ss[s, at] = mean, ss
        own.cx[s, :, at] = c @ v.T
    if whole and bool(np.isfinite(ss).all()):
        return
    _refuse_infinite(odd, kept, ss, layout.features[at])
    if kept is not None:
        _fill_available(own, s, at.start + odd, kept, c)


def _refuse_infinite(odd: Ints, kept: Floats | None, ss: Floats, features: Sequence[str]) -> None:
    """Raise DesignError HARM-006 for infinite cells, and for values too large to be squared."""
    wrong = np.setdiff1d(np.flatnonzero(~np.isfinite(ss)), odd)
    if not len(wrong) and kept is not None:
        wrong = odd[np.isinf(kept).any(axis=1)]
    if len(wrong):
        raise DesignError(
            "HARM-006",
            f"infinite cells, or values too large to be squared, in feature(s) {listed(features[int(j)] for j in wrong)}",
            fix="correct them, or leave them empty to treat them as missing",
        )


def _fill_available(own: _Sums, s: int, features: Ints, v: Floats, c: Floats) -> None:
    """Fill the moments of incomplete features (k, n) over their measured rows, and the covariates' over the same rows."""
    here: Bools = ~np.isnan(v)
    weight = here.astype(np.float64)
    n = np.add.reduce(here, axis=1, dtype=np.int64)
    share = np.maximum(n, 1)
    mean = np.add.reduce(np.where(here, v, 0.0), axis=1) / share
    z = np.where(here, v - mean[:, None], 0.0)
    own.n[s, features], own.mean[s, features] = n, mean
    own.ss[s, features] = np.einsum("ij,ij->i", z, z)
    own.cx[s][:, features] = c @ z.T
    shift = (weight @ c.T) / share[:, None]
    q = len(c)
    products = np.array([c[i] * c[j] for i in range(q) for j in range(q)]).reshape(q * q, len(weight[0]))
    cross = (weight @ products.T).reshape(len(n), q, q) - shift[:, :, None] * shift[:, None, :] * n[:, None, None]
    for i, j in enumerate(features.tolist()):
        c_mean = np.where(n[i] > 0, own.c_mean[s] + shift[i], 0.0)
        own.partial[s, j] = c_mean, (cross[i] + cross[i].T) / 2.0


def _batch_moments(own: _Sums, s: int, where: Sorted) -> BatchMoments:
    c = own.c[:, where.starts[s] : where.ends[s]]
    partial = sorted(j for batch, j in own.partial if batch == s)
    q = len(c)
    return BatchMoments(
        rows=where.ends[s] - where.starts[s],
        n=own.n[s].copy(),
        mean=own.mean[s].copy(),
        ss=own.ss[s].copy(),
        c_mean=own.c_mean[s].copy(),
        c_cross=c @ c.T,
        cx=own.cx[s].copy(),
        partial=np.array(partial, dtype=np.int64),
        partial_c_mean=np.array([own.partial[s, j][0] for j in partial]).reshape(len(partial), q),
        partial_c_cross=np.array([own.partial[s, j][1] for j in partial]).reshape(len(partial), q, q),
    )
