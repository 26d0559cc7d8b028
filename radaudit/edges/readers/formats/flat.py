"""Large regular text tables, all cells at once: separators found as array positions, every plain number converted in one call.

A block of whole records is cut into cells with numpy (RFC 4180: a separator inside quotes is none), the separators are squeezed out, and
Arrow converts the rest to float64, correctly rounded. A cell Arrow does not take, an infinite one and a ``nan`` make their column one of
text, which is read as it stands. Anything irregular (ragged or blank records, mixed line ends, odd quotes) sends the file the plain way.
"""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats

STEP = 4 << 20
LONGEST = 256 << 20
NEWLINE, RETURN, QUOTE, COMMA = 10, 13, 34, 44
NUMERIC = b"0123456789+-.eE"
PLAIN = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
DECIMAL_COMMA = bytes.maketrans(b",.", b".x")


class Irregular(Exception):
    """The table is not regular enough for this way of reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How records are written: they end with a line feed, before which stands a carriage return if ``returns``."""

    delimiter: int
    returns: bool
    width: int
    decimal_comma: bool
    texts: frozenset[int]
    numbers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One block: ``values`` (width, rows), NaN where empty, ``texts`` of the columns asked for, and the columns that are not numbers."""

    rows: int
    values: Floats | None
    texts: dict[int, list[str]]
    odd: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flat:
    """The cells of a table: ``values`` (width, rows) for columns of numbers, ``texts`` for all others."""

    rows: int
    values: Floats
    texts: dict[int, list[str]]


def read_flat(source: Path | bytes, start: int, form: Form) -> Flat:
    """Return every cell of the records from byte ``start`` on; raises Irregular if the plain way has to be taken."""
    stream = blocks(source, start, form)
    first = next(stream, b"")
    if not first:
        raise Irregular
    part = parse(first, form)
    if part.odd:
        form = replace(form, texts=form.texts | part.odd)
        part = parse(first, form)
    size = (source.stat().st_size if isinstance(source, Path) else len(source)) - start
    values, parts, odd = _numbers(part, stream, form, size / len(first))
    texts = _joined(parts)
    if odd:
        again = replace(form, texts=frozenset(odd), numbers=False)
        texts |= _joined([parse(block, again) for block in blocks(source, start, form)])
    return Flat(rows=sum(part.rows for part in parts), values=values, texts=texts)


def _numbers(first: Part, stream: Iterator[bytes], form: Form, share: float) -> tuple[Floats, list[Part], set[int]]:
    """Return the matrix, the parts without their values, and columns that turned out to hold other things than numbers.

    ``share`` is the size of the whole in blocks as large as the first: room for all rows is taken at once.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    import numpy as np

    runs = _runs(form)
    workers = min(4, os.cpu_count() or 1)
    done: list[Part] = []
    odd: set[int] = set()
    values = np.empty((form.width, int(1.02 * share * first.rows) + first.rows + 1))
    at = 0

    def take(part: Part) -> None:
        nonlocal values, at
        stop = at + part.rows
        if stop > values.shape[1]:
            grown = np.empty((form.width, stop * 3 // 2))
            grown[:, :at] = values[:, :at]
            values = grown
        assert part.values is not None
        for a, b in runs:
            values[a:b, at:stop] = part.values[a:b]
        at = stop
        odd.update(part.odd)
        done.append(replace(part, values=None))

    take(first)
    waiting: deque[Future[Part]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for block in stream:
            waiting.append(pool.submit(parse, block, form))
            if len(waiting) > workers:
                take(waiting.popleft().result())
        while waiting:
            take(waiting.popleft().result())
    return values[:, :at], done, odd


def _runs(form: Form) -> list[tuple[int, int]]:
    """Return the stretches of neighbouring columns that are numbers."""
    found: list[tuple[int, int]] = []
    for j in range(form.width):
        if j not in form.texts:
            if found and found[-1][1] == j:
                found[-1] = (found[-1][0], j + 1)
            else:
                found.append((j, j + 1))
    return found


def _joined(parts: list[Part]) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    for part in parts:
        for j, cells in part.texts.items():
            texts.setdefault(j, []).extend(cells)
    return texts


def blocks(source: Path | bytes, start: int, form: Form) -> Iterator[bytes]:
    """Yield blocks of whole records, each ending with a line end; raises Irregular for a record longer than 256 MiB."""
    end = b"\r\n" if form.returns else b"\n"
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as stream:
        stream.seek(start)
        while block := stream.read(STEP):
            # a block ends where a line ends and every quote before it is closed
            rest: list[bytes] = []
            whole, size, quotes = block.endswith(b"\n"), len(block), block.count(b'"')
            while not whole or quotes % 2:
                more = stream.readline(LONGEST)
                rest.append(more)
                whole, size, quotes = more.endswith(b"\n"), size + len(more), quotes + more.count(b'"')
                if size > LONGEST:
                    raise Irregular
                if not more:
                    break
            block = b"".join((block, *rest))
            if not block.endswith(b"\n"):
                block += end[1:] if form.returns and block.endswith(b"\r") else end
            yield block


def parse(block: bytes, form: Form) -> Part:
    """Return the cells of a block of whole records; raises Irregular."""
    import numpy as np

    if b"\0" in block or (not block.isascii() and not _is_utf8(block)):
        raise Irregular
    data = np.frombuffer(block, dtype=np.uint8)
    cells, ranks, inner = _cells(data, form)
    rows = len(cells) // form.width
    texts = {j: _texts(block, cells, j, form) for j in sorted(form.texts)}
    if not form.numbers:
        return Part(rows=rows, values=None, texts=texts, odd=frozenset())
    squeezed = block.translate(DECIMAL_COMMA if form.decimal_comma else None, bytes({form.delimiter, NEWLINE, RETURN, QUOTE}))
    offsets = np.zeros(len(cells) + 1, dtype=np.int32)
    np.subtract(cells, ranks, out=offsets[1:], casting="unsafe")
    valid = (offsets[1:] > offsets[:-1]).reshape(rows, form.width)
    valid[:, list(form.texts)] = False
    odd = {int(j) for j in np.unique(inner % form.width)} - form.texts
    valid[:, list(odd)] = False
    values, more = _converted(squeezed, offsets, valid)
    turned = np.ascontiguousarray(values.T)
    turned += 0.0  # no negative zero
    return Part(rows=rows, values=turned, texts=texts, odd=frozenset(odd | more))


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cells(data: NDArray[Any], form: Form) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return where each cell ends, how many bytes are squeezed out before that, and cells in which something is squeezed out."""
    import numpy as np

    low = np.flatnonzero(data <= COMMA if form.delimiter <= COMMA else (data <= QUOTE) | (data == form.delimiter))
    char = data[low]
    ends = char == NEWLINE
    parted = (char == form.delimiter) | ends
    inner = np.empty(0, dtype=np.int64)
    if not parted.all():
        out = parted | (char == QUOTE) | (char == RETURN)
        low, char, parted = low[out], char[out], parted[out]
    if (char == QUOTE).any():
        quotes = low[char == QUOTE]
        inside = np.cumsum(char == QUOTE) % 2 == 1
        _expect_quotes(data, quotes, form)
        hidden = low[inside & (char != QUOTE)]
        double = quotes[1:-1:2][quotes[2::2] == quotes[1:-1:2] + 1]
        parted &= ~inside
        inner = np.searchsorted(low[parted], np.concatenate([hidden, double]))
    ranks = np.flatnonzero(parted)
    cells, ends = low[parted], char[parted] == NEWLINE
    if not len(cells) or len(cells) % form.width or not ends[form.width - 1 :: form.width].all():
        raise Irregular
    rows = len(cells) // form.width
    if np.count_nonzero(ends) != rows:
        raise Irregular
    if np.count_nonzero(char == RETURN) != (rows if form.returns else 0):
        raise Irregular
    if form.returns and not (data[cells[form.width - 1 :: form.width] - 1] == RETURN).all():
        raise Irregular
    return cells, ranks, inner


def _expect_quotes(data: NDArray[Any], quotes: NDArray[Any], form: Form) -> None:
    """Raise Irregular unless quotes open at the start of a cell, close at its end, or stand doubled inside."""
    import numpy as np

    if len(quotes) % 2:
        raise Irregular
    opened, closed = quotes[::2], quotes[1::2]
    edge = np.array([form.delimiter, NEWLINE, QUOTE], dtype=np.uint8)
    before = data[opened[opened > 0] - 1]
    after = data[closed[closed < len(data) - 1] + 1]
    if not np.isin(before, edge).all() or not (np.isin(after, edge) | ((after == RETURN) & form.returns)).all():
        raise Irregular


def _texts(block: bytes, cells: NDArray[Any], j: int, form: Form) -> list[str]:
    """Return the texts of one column, quotes taken off."""
    stops = cells[j :: form.width].tolist()
    starts = (cells[j - 1 :: form.width] + 1).tolist() if j else [0, *(cells[form.width - 1 : -1 : form.width] + 1).tolist()]
    less = 1 if form.returns and j == form.width - 1 else 0
    found = [block[a : b - less].decode("utf-8") for a, b in zip(starts, stops, strict=True)]
    return [text[1:-1].replace('""', '"') if text.startswith('"') else text for text in found] if b'"' in block else found


def _converted(squeezed: bytes, offsets: NDArray[Any], valid: NDArray[Any]) -> tuple[Floats, set[int]]:
    """Return the values (rows, width), NaN where not valid, and the columns that hold something else than finite numbers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    odd: set[int] = set()
    buffers = pa.py_buffer(offsets), pa.py_buffer(squeezed)
    for find in (_letters, _unplain, None):
        bitmap = pa.py_buffer(np.packbits(valid.ravel(), bitorder="little"))
        texts = pa.StringArray.from_buffers(valid.size, *buffers, bitmap)
        try:
            numbers = pc.cast(texts, pa.float64())
            break
        except pa.ArrowInvalid:
            if find is None:
                raise Irregular from None
            places = find(squeezed, offsets, texts)
            found = {int(j) for j in np.unique(places % valid.shape[1])}
            odd |= found
            valid[:, list(found)] = False
    values = np.frombuffer(numbers.buffers()[1], dtype=np.float64)[: valid.size].reshape(valid.shape)
    finite = np.isfinite(values)
    if not finite.all():
        odd |= {int(j) for j in np.flatnonzero((~finite & valid).any(axis=0))}
    if not valid.all():
        values = np.where(valid, values, np.nan)
    return values, odd


def _letters(squeezed: bytes, offsets: NDArray[Any], texts: Any) -> NDArray[Any]:
    """Return the cells that hold a byte no plain number holds."""
    import numpy as np

    odd = np.ones(256, dtype=bool)
    odd[list(NUMERIC)] = False
    at = np.flatnonzero(odd[np.frombuffer(squeezed, dtype=np.uint8)])
    return np.unique(np.searchsorted(offsets, at, side="right") - 1)


def _unplain(squeezed: bytes, offsets: NDArray[Any], texts: Any) -> NDArray[Any]:
    """Return the cells that are not plain numbers or start with a plus sign, which Arrow does not take."""
    import numpy as np
    import pyarrow.compute as pc

    plain = pc.and_(pc.match_substring_regex(texts, PLAIN), pc.invert(pc.starts_with(texts, "+")))
    return np.flatnonzero(~plain.fill_null(True).to_numpy(zero_copy_only=False))
