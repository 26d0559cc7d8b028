"""Record batches of Arrow as blocks of rows: batch labels, coded covariates and features, each column looked at once.

A table is wide (one column per feature) or holds one list of numbers per row. Nothing here depends on where the batches come
from: a Parquet file, several, or a query.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, TableError, listed, nearest
from radaudit.harmonise.coding import CovariateCoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints

JOINT = " | "
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns mean what: ``batch`` (several are joined), ``covariates``, and the features.

    ``features`` names the columns of features; with ``vector``, a column of lists, it names the places in the list.
    """

    batch: tuple[str, ...]
    features: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    vector: str | None = None

    @property
    def columns(self) -> list[str]:
        """All columns that are read."""
        return [*dict.fromkeys((*self.batch, *self.covariates, *((self.vector,) if self.vector else self.features)))]

    def refuse(self, schema: Any, at: str) -> None:
        """Raise TableError READ-021 if a column is absent, HARM-070 if one is of another kind than its meaning asks for."""
        absent = [name for name in self.columns if name not in schema.names]
        if absent:
            near = nearest(absent[0], schema.names)
            raise TableError("READ-021", f"there is no column {listed(absent)}", at=at, found=listed(schema.names, most=20), near=near)
        import pyarrow.types as t

        for name in () if self.vector else self.features:
            kind = schema.field(name).type
            if not (t.is_floating(kind) or t.is_integer(kind)):
                raise TableError("HARM-070", f'feature column "{name}" holds {kind}, not numbers', at=at, fix="store features as floats")
        if self.vector:
            kind = schema.field(self.vector).type
            if not any(check(kind) for check in (t.is_list, t.is_large_list, t.is_fixed_size_list)):
                raise TableError("HARM-070", f'column "{self.vector}" holds {kind}, not lists of numbers', at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The rows of one record batch in the order of their batches: batch ``b`` takes ``order[starts[b]:ends[b]]``."""

    names: tuple[str, ...]
    order: Ints
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def labels(batch: Any, layout: Layout) -> Any:
    """Return the batch label of every row as an Arrow array of text. Raises DesignError HARM-014 for a missing one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [as_text(batch.column(name)) for name in layout.batch]
    joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, pa.scalar(JOINT))
    missing = joined.null_count + (pc.sum(pc.equal(pc.utf8_trim_whitespace(joined), "")).as_py() or 0)
    if missing:
        raise DesignError("HARM-014", f"the batch is missing in {missing} row(s)", fix="name the batch of every row")
    return joined


def sorted_by_batch(batch: Any, layout: Layout) -> Sorted:
    """Return the rows of a record batch ordered by batch, rows of one batch in their own order."""
    coded = labels(batch, layout).dictionary_encode()
    names = coded.dictionary.to_pylist()
    rank = np.argsort(np.argsort(np.array(names)))
    codes = rank[coded.indices.to_numpy()].astype(np.int32)
    counts = np.bincount(codes, minlength=len(names))
    ends = np.cumsum(counts)
    order = np.argsort(codes, kind="stable")
    return Sorted(names=tuple(sorted(names)), order=order, starts=tuple((ends - counts).tolist()), ends=tuple(ends.tolist()))


def as_text(column: Any) -> Any:
    """Return a column as plain text: a number 7.0 is ``7``, empty text stays empty, null stays null."""
    import pyarrow as pa
    import pyarrow.types as t

    from radaudit.tables.cells import number_text

    kind = column.type
    if t.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if t.is_string(kind):
        return column
    if t.is_floating(kind):
        return pa.array([None if cell is None or cell != cell else number_text(cell) for cell in column.to_pylist()], pa.string())
    if t.is_boolean(kind):
        return pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def design(batch: Any, layout: Layout, coding: CovariateCoding) -> Floats:
    """Return all columns of the coding (n, q) for a record batch. Raises as ``CovariateCoding.indicate``."""
    out = np.zeros((batch.num_rows, len(coding.full_columns)))
    for own in coding.blocks:
        column = batch.column(own.name)
        if own.kind == "category":
            coded = as_text(column).dictionary_encode()
            place = {level: i for i, level in enumerate(own.levels)}
            at = np.array([place.get(text, -1) for text in coded.dictionary.to_pylist()], dtype=np.int64)
            if coded.null_count or (at < 0).any():
                return _told(batch, coding)
            out[np.arange(len(out)), own.start + at[coded.indices.to_numpy()]] = 1.0
            continue
        values = floats(column)
        if not np.isfinite(values).all() or own.knots:
            return _told(batch, coding)
        out[:, own.start] = values
    return out


def _told(batch: Any, coding: CovariateCoding) -> Floats:
    """Code cell by cell: splines, and the error that says what is wrong with a cell."""
    return coding.indicate(covariates(batch, coding), batch.num_rows)


def covariates(batch: Any, coding: CovariateCoding) -> dict[str, list[Any]]:
    """Return the covariates of a record batch as a harmoniser takes them."""
    return {
        own.name: as_text(batch.column(own.name)).to_pylist() if own.kind == "category" else floats(batch.column(own.name)).tolist()
        for own in coding.blocks
    }


def floats(column: Any) -> Floats:
    """Return a column of numbers as float64, null as NaN. Raises TableError HARM-070 for text."""
    import pyarrow as pa
    import pyarrow.types as t

    if not (t.is_floating(column.type) or t.is_integer(column.type) or t.is_null(column.type)):
        raise TableError("HARM-070", f"a column of numbers holds {column.type}", fix="one type per column, the same in every file")
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def cells(column: Any) -> NDArray[Any]:
    """Return a feature column (n,) as float32 or float64, not copied if it has no nulls; null is NaN."""
    import pyarrow as pa

    if column.type not in (pa.float32(), pa.float64()):
        column = column.cast(pa.float64(), safe=False)
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values


def rows_of_vector(batch: Any, layout: Layout) -> NDArray[Any]:
    """Return the lists of a record batch as (n, p). Raises TableError HARM-070 for a list of another length."""
    import pyarrow.types as t

    column = batch.column(layout.vector)
    values = cells(column.flatten())
    p = len(layout.features)
    even = column.type.list_size == p if t.is_fixed_size_list(column.type) else bool((np.diff(column.offsets.to_numpy()) == p).all())
    if column.null_count or not even or len(values) != batch.num_rows * p:
        raise TableError(
            "HARM-070", f'the lists of column "{layout.vector}" are not all of {p} numbers', fix="one list of features per row"
        )
    return values.reshape(batch.num_rows, p)


def table_of(batch: Any, layout: Layout) -> NDArray[Any]:
    """Return the features of a record batch as (n, p)."""
    if layout.vector:
        return rows_of_vector(batch, layout)
    return np.column_stack([cells(batch.column(name)) for name in layout.features])


def learn_coding(batches: Iterable[Any], layout: Layout, levels: Sequence[str] = ()) -> CovariateCoding:
    """Return the coding of the covariates of all record batches: text is a category, numbers are numbers, ``levels`` says otherwise.

    ``levels`` names covariates that are categories though they are stored as numbers. Raises TableError HARM-070 if types differ.
    """
    import pyarrow.types as t

    kinds: dict[str, str] = {}
    found: dict[str, set[str]] = {name: set() for name in layout.covariates}
    for batch in batches:
        for name in layout.covariates:
            column = batch.column(name)
            number = (t.is_floating(column.type) or t.is_integer(column.type)) and name not in levels
            if kinds.setdefault(name, "number" if number else "category") != ("number" if number else "category"):
                raise TableError(
                    "HARM-070", f'covariate "{name}" is text in one file and a number in another', fix="store it alike everywhere"
                )
            if not number:
                found[name].update(text for text in as_text(column).unique().to_pylist() if text is not None and text.strip())
    names = tuple(sorted(layout.covariates))
    return CovariateCoding(
        names=names,
        kinds=tuple("number" if kinds.get(name) == "number" else "category" for name in names),
        levels=tuple(tuple(sorted(found[name])) for name in names),
    )


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items, the next one being read while the caller works on the last."""
    end = object()
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(next, items, end)
        while (item := waiting.result()) is not end:
            waiting = reader.submit(next, items, end)
            yield item  # type: ignore[misc]


def in_threads(fn: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yield ``fn`` of every item in the order of the items, at most ``threads`` at work and as many waiting."""
    with ThreadPoolExecutor(threads) as workers:
        window: deque[Future[Made]] = deque()
        for item in items:
            window.append(workers.submit(fn, item))
            if len(window) > threads:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()
