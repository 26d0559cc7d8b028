"""A compiled kernel for moments and for their use, optional (``pip install radaudit[kernel]``); numpy stays the reference.

It is chosen by the caller, never by what happens to be installed: its moments agree with numpy's to about 1e-13, not in every
bit, and a federation compares bits. Its corrections use the same operations in the same order and agree bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np  # noqa: TID253

from radaudit.errors import PluginError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints


class _Sweep(Protocol):
    def __call__(self, table: NDArray[Any], rows: Ints, cc: Floats, mean: Floats, ss: Floats, cx: Floats) -> None: ...


class _Remove(Protocol):
    def __call__(
        self, table: NDArray[Any], code: Ints, design: Floats, mean: Floats, beta: Floats, scale: Floats, shift: Floats, out: Floats
    ) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """The two compiled loops: ``sweep`` fills mean, ss (p,) and cx (q, p) of some rows; ``remove`` writes corrected rows.

    ``remove`` returns whether it met an infinite cell; ``code`` (n,) is the row's position among the batches, -1 to copy it.
    """

    name: str
    sweep: _Sweep
    remove: _Remove

    def moments(self, table: NDArray[Any], rows: Ints, cc: Floats) -> tuple[Floats, Floats, Floats]:
        """Return mean (p,), centred sum of squares (p,) and covariate cross-products (q, p) of some rows."""
        p = table.shape[1]
        mean, ss, cx = np.zeros(p), np.zeros(p), np.zeros((len(cc), p))
        self.sweep(table, rows, cc, mean, ss, cx)
        return mean, ss, cx

    def suits(self, table: NDArray[Any]) -> bool:
        """Return whether the compiled loops take this table; numpy does the rest."""
        return bool(table.flags.c_contiguous) and table.dtype in (np.float64, np.float32)


@cache
def load() -> Kernel:
    """Return the numba kernel. Raises PluginError HARM-025 if numba is not installed."""
    try:
        from numba import njit
    except ImportError as error:
        raise PluginError("HARM-025", "the compiled kernel needs numba", fix="pip install 'radaudit[kernel]'") from error
    compiled = njit(cache=True, nogil=True)
    return Kernel(name="numba", sweep=compiled(_sweep), remove=compiled(_remove))


def _sweep(table: Any, rows: Any, cc: Any, mean: Any, ss: Any, cx: Any) -> None:
    """Fill the moments of ``rows`` chunk by chunk, merged as Chan et al. do; arrays come in filled with zeros."""
    p, q, n = table.shape[1], cc.shape[0], len(rows)
    first, mu = np.zeros(p), np.empty(p)
    done = 0
    while done < n:
        m = min(32, n - done)
        mu[:] = 0.0
        for i in range(m):
            row = table[rows[done + i]]
            for j in range(p):
                mu[j] += row[j]
        share, both = m / (done + m), done * m / (done + m)
        for j in range(p):
            mu[j] /= m
            step = mu[j] - mean[j]
            mean[j] += step * share
            ss[j] += step * step * both
        if done == 0:
            first[:] = mu
        for i in range(m):
            row = table[rows[done + i]]
            for j in range(p):
                z = row[j] - mu[j]
                ss[j] += z * z
            for k in range(q):
                c = cc[k, done + i]
                if c != 0.0:
                    out = cx[k]
                    for j in range(p):
                        out[j] += c * (row[j] - mu[j])
        for k in range(q):
            total = 0.0
            for i in range(m):
                total += cc[k, done + i]
            if total != 0.0:
                for j in range(p):
                    cx[k, j] += total * (mu[j] - first[j])
        done += m


def _remove(table: Any, code: Any, design: Any, mean: Any, beta: Any, scale: Any, shift: Any, out: Any) -> bool:
    """Write every row without the effect of its batch; the operations and their order are those of numpy's way."""
    n, p = table.shape
    q = beta.shape[0]
    rest = np.empty(p)
    for i in range(n):
        row, target, b = table[i], out[i], code[i]
        strange = 0
        for j in range(p):
            strange += np.isinf(row[j])
        if strange > 0:
            return True
        if b < 0:
            for j in range(p):
                target[j] = row[j]
            continue
        for j in range(p):
            rest[j] = row[j] - mean[j]
        for k in range(q):
            c = design[i, k]
            for j in range(p):
                rest[j] -= c * beta[k, j]
        factor, move = scale[b], shift[b]
        for j in range(p):
            target[j] = row[j] - (rest[j] * factor[j] + move[j])
    return False
