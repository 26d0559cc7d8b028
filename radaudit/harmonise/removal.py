"""Site effects taken out of rows, in chunks that stay in the cache: elementwise operations only, so that rows stay apart.

Parameters are repeated for every row of a chunk before they are used, and buffers start at different offsets of a page:
numpy broadcasts a row over a chunk at half the speed of two whole arrays, and arrays at the same offset wait for one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints

CHUNK_CELLS = 16_384  # 128 kB a buffer: all of them fit into the second-level cache
PAGE, LINE = 4096, 64  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The model's ``mean`` (p,) and ``beta`` (q, p); per batch the share ``scale`` and the ``shift`` (B, p) to take out."""

    mean: Floats
    beta: Floats
    scale: Floats
    shift: Floats


def remove(table: NDArray[Any], code: Ints, design: Floats, own: Correction, result: Floats) -> None:
    """Write rows (n, p) of batches ``code`` (n,) corrected to ``result``, which may be ``table``; rows of batch -1 as they are.

    y = x - ((x - mean - c beta) scale + shift), term by term in this order; ``design`` (n, q). Rows are taken in their own order:
    reading and writing memory in one direction costs less than collecting the rows of a batch.
    Raises DesignError HARM-006 for an infinite cell.
    """
    n, p = table.shape
    size = max(min(chunk_rows(p), n), 1)
    terms = [_term(column, row) for column, row in zip(design.T, own.beta, strict=True)] if own.scale.any() else []
    converted, model, part, mean, *beta = buffers(4 + len(terms), size, p)
    mean[...] = own.mean
    for tile, term in zip(beta, terms, strict=True):
        tile[...] = term.beta
    plain, scaled = table.dtype == np.float64, bool(own.scale.any())
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        m, t, batch = model[: rows.stop - start], part[: rows.stop - start], code[rows]
        x = table[rows] if plain else _converted(table[rows], converted)
        refuse_infinite(x)
        kept = np.flatnonzero(batch < 0)
        if scaled:
            np.subtract(x, mean[: len(m)], out=m)
            for term, tile in zip(terms, beta, strict=True):
                np.subtract(m, term.times(rows, tile[: len(m)], t), out=m)
            np.multiply(m, np.take(own.scale, batch, axis=0, out=t, mode="clip"), out=m)
            np.add(m, np.take(own.shift, batch, axis=0, out=t, mode="clip"), out=m)
        else:
            np.take(own.shift, batch, axis=0, out=m, mode="clip")
        np.subtract(x, m, out=m)
        if len(kept):
            m[kept] = x[kept]
        result[rows] = m


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """A design column ``values`` (n,) and its coefficients; of an indicator also the ``level`` (n,) and ``either`` product, 0 or beta."""

    values: Floats
    beta: Floats
    level: Ints | None
    either: Floats

    def times(self, rows: slice, tile: Floats, out: Floats) -> Floats:
        """Return the column times its coefficients (rows, p), in ``out`` if anything needs to be computed."""
        if self.level is None:
            out[...] = self.values[rows, None]
            return np.multiply(out, tile, out=out)
        return np.take(self.either, self.level[rows], axis=0, out=out, mode="clip")


def _term(values: Floats, beta: Floats) -> _Term:
    indicator = bool(((values == 0.0) | (values == 1.0)).all())
    either = np.array([np.zeros_like(beta), beta])
    return _Term(values=values, beta=beta, level=values.astype(np.int64) if indicator else None, either=either)


def _converted(cells: NDArray[Any], into: Floats) -> Floats:
    own = into[: len(cells)]
    own[...] = cells
    return own


def refuse_infinite(cells: NDArray[Any]) -> None:
    """Raise DesignError HARM-006 if a cell is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        suspicious = not np.isfinite(np.add.reduce(cells, axis=None))
    if suspicious and bool(np.isinf(cells).any()):
        raise infinite_cells()


def infinite_cells() -> DesignError:
    """Return the error for infinite cells."""
    return DesignError("HARM-006", "infinite cells cannot be harmonised", fix="correct them, or leave them empty to treat them as missing")


def chunk_rows(p: int) -> int:
    """Return the rows of a chunk of p columns."""
    return min(max(CHUNK_CELLS // max(p, 1), 1), 512)


def buffers(count: int, n: int, p: int) -> list[Floats]:
    """Return arrays (n, p) that start at lines spread over a page."""
    size, step = -(-n * p * 8 // PAGE) * PAGE, PAGE // count // LINE * LINE
    memory = np.empty(count * (size + step) + PAGE, dtype=np.uint8)
    first = -memory.ctypes.data % PAGE
    starts = [first + i * (size + step) for i in range(count)]
    return [memory[start : start + n * p * 8].view(np.float64).reshape(n, p) for start in starts]
