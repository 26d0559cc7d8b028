"""SiteMoments: all that harmonisation needs to know about rows, as values that add and subtract.

Per batch: the rows, and per feature the number of measured cells, their mean and centred sum of squares; the mean and
centred cross-products of the covariates; the covariate-feature cross-products. A missing cell counts as absent for its
feature only (available case, as neuroCombat for R defines it), so an incomplete feature carries its own covariate moments.
Merging follows Chan, Golub and LeVeque (1983), their pairwise update; no sum of raw squares is ever formed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, listed
from radaudit.harmonise.batch_moments import BatchMoments, joined, remaining, reordered, spread
from radaudit.harmonise.coding import CovariateCoding, Covariates, listing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints
    from radaudit.harmonise.kernel import Kernel

__all__ = ["BatchMoments", "SiteMoments", "as_labels", "as_table", "chunks", "measure", "measure_parts", "positions"]

CHUNK_ROWS = 32  # 32 rows x 2,000 features x 8 bytes: half a MB, which stays in the second-level cache
COLUMN_BLOCK = 256  # columns of one block when every feature needs its own covariate moments


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMoments:
    """The moments of some batches, bound to feature names and to a covariate coding; ``a + b`` and ``a - b`` are exact.

    Adding moments of different batches involves no arithmetic: a federation of whole sites equals the pooled rows bit for bit.
    """

    features: tuple[str, ...]
    coding: CovariateCoding
    batches: tuple[str, ...]
    per_batch: tuple[BatchMoments, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows per batch."""
        return {batch: own.rows for batch, own in zip(self.batches, self.per_batch, strict=True)}

    @property
    def rows(self) -> int:
        """Rows in all."""
        return sum(own.rows for own in self.per_batch)

    def __getitem__(self, batch: str) -> BatchMoments:
        return self.per_batch[self.batches.index(batch)]

    def only(self, batches: Iterable[str]) -> SiteMoments:
        """Return the moments of the named batches. Raises DesignError HARM-013 for a name that is not here."""
        wanted = set(batches)
        absent = sorted(wanted - set(self.batches))
        if absent:
            raise DesignError("HARM-013", f"no moments of batch(es) {listed(absent)}", found=f"moments of {listed(self.batches, most=20)}")
        kept = [(b, own) for b, own in zip(self.batches, self.per_batch, strict=True) if b in wanted]
        return SiteMoments(
            features=self.features, coding=self.coding, batches=tuple(b for b, _ in kept), per_batch=tuple(m for _, m in kept)
        )

    def without(self, batches: Iterable[str]) -> SiteMoments:
        """Return the moments of all batches but the named ones. Raises DesignError HARM-013 for a name that is not here."""
        left_out = set(batches)
        self.only(left_out)
        return self.only(set(self.batches) - left_out)

    def __add__(self, other: SiteMoments) -> SiteMoments:
        """Return the moments of both sets of rows. Raises DesignError HARM-013 if features or covariates differ."""
        left, right = aligned(self, other)
        pooled = dict(zip(left.batches, left.per_batch, strict=True))
        for batch, own in zip(right.batches, right.per_batch, strict=True):
            pooled[batch] = joined(pooled[batch], own) if batch in pooled else own
        return _assembled(left, pooled)

    def __sub__(self, other: SiteMoments) -> SiteMoments:
        """Return the moments of the rows of ``self`` that are not among those of ``other``; empty batches vanish.

        Raises DesignError HARM-013 if features or covariates differ, HARM-017 if ``other`` holds more rows than ``self``.
        """
        left, right = aligned(self, other)
        rest = dict(zip(left.batches, left.per_batch, strict=True))
        for batch, own in zip(right.batches, right.per_batch, strict=True):
            if batch not in rest or own.rows > rest[batch].rows or bool((own.n > rest[batch].n).any()):
                raise DesignError(
                    "HARM-017", f'batch "{batch}" has fewer rows than are to be taken out', fix="subtract only moments that were added"
                )
            if own.rows == rest[batch].rows:
                del rest[batch]
            else:
                rest[batch] = remaining(rest[batch], own)
        return _assembled(left, rest)

    def of_features(self, features: Sequence[str]) -> SiteMoments:
        """Return the moments of these features in this order. Raises DesignError HARM-013 for a name that is not here."""
        if tuple(features) == self.features:
            return self
        position = {name: i for i, name in enumerate(self.features)}
        absent = [name for name in features if name not in position]
        if absent:
            raise DesignError(
                "HARM-013", f"no moments of {len(absent)} feature(s): {listed(absent)}", fix="use the features that were measured"
            )
        order = np.array([position[name] for name in features], dtype=np.int64)
        return SiteMoments(
            features=tuple(features),
            coding=self.coding,
            batches=self.batches,
            per_batch=tuple(reordered(own, order) for own in self.per_batch),
        )

    def with_coding(self, coding: CovariateCoding) -> SiteMoments:
        """Return the same moments in a coding with further levels, whose columns are zero here."""
        if coding == self.coding:
            return self
        place = {column: i for i, column in enumerate(coding.full_columns)}
        at = np.array([place[column] for column in self.coding.full_columns], dtype=np.int64)
        wide = tuple(spread(own, at, len(place)) for own in self.per_batch)
        return SiteMoments(features=self.features, coding=coding, batches=self.batches, per_batch=wide)


def measure(
    x: Any,
    batch: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    kernel: Kernel | None = None,
) -> SiteMoments:
    """Return the moments of rows ``x`` (n, p), read once in chunks; float32 is accepted and computed in float64.

    ``batch`` (n,) names each row's batch; ``covariates`` maps names to n values (text: category, numbers: continuous).
    With a ``coding`` the levels are fixed, otherwise they are learned here. NaN means "not measured". A compiled ``kernel``
    (``radaudit.harmonise.kernel.load()``) gives the same to about 1e-13.
    Raises DesignError: HARM-006 (infinite cell), HARM-012 (missing covariate), HARM-014 (shape, missing label).
    """
    table = as_table(x, features)
    labels = as_labels(batch, len(table))
    known = coding if coding is not None else CovariateCoding.learn(covariates, len(table))
    columns = np.ascontiguousarray(known.indicate(covariates, len(table)).T)
    categories = known.categories
    names = tuple(sorted(set(labels)))
    where = positions(labels, names)
    per_batch = tuple(_measure_batch(table, rows, columns[:, rows], categories, features, kernel) for rows in where)
    return SiteMoments(features=tuple(features), coding=known, batches=names, per_batch=per_batch)


def measure_parts(
    x: Any,
    batch: Sequence[str],
    part: Sequence[int],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    coding: CovariateCoding | None = None,
    kernel: Kernel | None = None,
) -> dict[int, SiteMoments]:
    """Return the moments of each part of the rows, say of each fold: one read, no copy of rows, one coding for all.

    ``part`` (n,) numbers each row's part. The whole is the sum of the parts, every training side the whole minus one part.
    Raises what ``measure`` raises.
    """
    table = as_table(x, features)
    labels = as_labels(batch, len(table))
    numbers = np.asarray(part, dtype=np.int64)
    if len(numbers) != len(table):
        raise DesignError("HARM-014", f"{len(numbers)} parts for {len(table)} rows", fix="give one part per row")
    known = coding if coding is not None else CovariateCoding.learn(covariates, len(table))
    columns = np.ascontiguousarray(known.indicate(covariates, len(table)).T)
    categories = known.categories
    names = tuple(sorted(set(labels)))
    own: dict[int, dict[str, BatchMoments]] = {number: {} for number in np.unique(numbers).tolist()}
    for name, rows in zip(names, positions(labels, names), strict=True):
        here = numbers[rows]
        order = np.argsort(here, kind="stable")
        ends = np.flatnonzero(np.diff(here[order])) + 1
        for at in np.split(rows[order], ends):
            own[int(numbers[at[0]])][name] = _measure_batch(table, at, columns[:, at], categories, features, kernel)
    return {
        number: SiteMoments(features=tuple(features), coding=known, batches=tuple(found), per_batch=tuple(found.values()))
        for number, found in own.items()
    }


def as_table(x: Any, features: Sequence[str]) -> NDArray[Any]:
    """Return ``x`` as a two-dimensional array of floats, not copied if it is one. Raises DesignError HARM-014."""
    table = np.asarray(x)
    if table.ndim != 2 or table.shape[1] != len(features):
        shape = " x ".join(map(str, table.shape))
        raise DesignError(
            "HARM-014",
            "the table and its feature names do not fit",
            found=f"{shape} values, {len(features)} names",
            fix="rows first, one name per column",
        )
    if len(set(features)) != len(features):
        twice = sorted({name for name in features if list(features).count(name) > 1})
        raise DesignError("HARM-014", f"feature names occur twice: {listed(twice)}", fix="give every feature its own name")
    if table.dtype.kind not in "fiub":
        raise DesignError("HARM-014", f"feature values are not numbers but {table.dtype}", fix="convert the columns to floats")
    return table if table.dtype in (np.float64, np.float32) else table.astype(np.float64)


def as_labels(batch: Sequence[str], rows: int) -> list[str]:
    """Return the batch labels as text. Raises DesignError HARM-014 for a wrong number of labels or a missing one."""
    cells = listing(batch)
    if len(cells) != rows:
        raise DesignError("HARM-014", f"{len(cells)} batch labels for {rows} rows", fix="give one label per row")
    if set(map(type, cells)) <= {str} and all(label.strip() for label in set(map(str, cells))):
        return cast("list[str]", cells)
    missing = [i for i, cell in enumerate(cells) if cell is None or cell != cell or not str(cell).strip()]
    if missing:
        raise DesignError(
            "HARM-014",
            f"the batch is missing in {len(missing)} row(s)",
            found=f"first at row {missing[0] + 1}",
            fix="name the batch of every row",
        )
    return [str(cell) for cell in cells]


def positions(labels: Sequence[str], names: Sequence[str]) -> list[Ints]:
    """Return the row positions of each name, in row order."""
    index = {name: i for i, name in enumerate(names)}
    codes = np.array([index[label] for label in labels], dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    return [order[start:end] for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)]


def chunks(rows: Ints) -> Iterator[Ints]:
    """Yield the row positions in chunks that stay in the cache."""
    for start in range(0, len(rows), CHUNK_ROWS):
        yield rows[start : start + CHUNK_ROWS]


def _measure_batch(
    table: NDArray[Any], rows: Ints, c: Floats, categories: Sequence[slice], features: Sequence[str], kernel: Kernel | None
) -> BatchMoments:
    n, p, q = len(rows), table.shape[1], len(c)
    c_mean = np.add.reduce(c, axis=1) / n
    cc = c - c_mean[:, None]
    cross = _cross(cc)
    swept, derived = _sweeping(c, categories)
    cx = np.zeros((q, p))
    with np.errstate(invalid="ignore", over="ignore"):
        if kernel is not None and kernel.suits(table):
            mean, ss, cx[swept] = kernel.moments(table, rows, cc[swept])
        else:
            mean, ss, cx[swept] = _swept(table, rows, cc[swept])
        for first, others in derived:
            cx[first] = -np.add.reduce(cx[others], axis=0)
    counts = np.full(p, n, dtype=np.int64)
    partial = np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(ss))
    m = len(partial)
    pc_mean, pc_cross = np.zeros((m, q)), np.zeros((m, q, q))
    for start in range(0, m, COLUMN_BLOCK):
        at = slice(start, start + COLUMN_BLOCK)
        block = partial[at]
        cells = table[np.ix_(rows, block)].astype(np.float64)
        if bool(np.isinf(cells).any()):
            bad = [features[j] for j in block[np.isinf(cells).any(axis=0)]]
            raise DesignError(
                "HARM-006", f"infinite cells in feature(s) {listed(bad)}", fix="correct them, or leave them empty to treat them as missing"
            )
        with np.errstate(invalid="ignore", over="ignore"):
            counts[block], mean[block], ss[block], cx[:, block], pc_mean[at], pc_cross[at] = _available(cells, c)
        if not bool(np.isfinite(ss[block]).all() and np.isfinite(cx[:, block]).all()):
            bad = [features[j] for j in block[~np.isfinite(ss[block])]]
            raise DesignError(
                "HARM-006", f"values too large to be squared in feature(s) {listed(bad)}", fix="rescale them or leave them out"
            )
    return BatchMoments(
        rows=n,
        n=counts,
        mean=mean,
        ss=ss,
        c_mean=c_mean,
        c_cross=cross,
        cx=cx,
        partial=partial,
        partial_c_mean=pc_mean,
        partial_c_cross=pc_cross,
    )


def _cross(cc: Floats) -> Floats:
    """Return the cross-products (q, q) of centred columns (q, n), each entry independent of the other columns."""
    return np.array([np.add.reduce(cc * row, axis=1) for row in cc]).reshape(len(cc), len(cc))


def _swept(table: NDArray[Any], rows: Ints, cc: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean (p,), centred sum of squares (p,) and covariate cross-products (q, p) in one sweep over the rows.

    Elementwise sums only, no matrix product: the bits of a feature then depend neither on other columns nor on threads.
    """
    p, q = table.shape[1], len(cc)
    width = max(p, 2)  # numpy sums a single contiguous column pairwise: a second one keeps the order of summation
    buffer = np.zeros((min(CHUNK_ROWS, len(rows)), width))
    mean, ss, cx = np.zeros(width), np.zeros(width), np.zeros((q, width))
    plain = p == width and table.dtype == np.float64 and table.flags.c_contiguous
    first, done = mean, 0
    for at in chunks(rows):
        m = len(at)
        z = buffer[:m]
        if plain:
            np.take(table, at, axis=0, out=z, mode="clip")
        else:
            z[:, :p] = table[at]
        mu = np.add.reduce(z, axis=0)
        mu /= m
        np.subtract(z, mu, out=z)
        weights = cc[:, done : done + m]
        if done == 0:
            mean, first = mu.copy(), mu
            ss = np.einsum("ij,ij->j", z, z)
            cx = np.einsum("ki,ij->kj", weights, z) if q else cx
        else:
            step = mu - mean
            mean += step * (m / (done + m))
            ss += np.einsum("ij,ij->j", z, z)
            step *= step
            ss += step * (done * m / (done + m))
            if q:
                cx += np.einsum("ki,ij->kj", weights, z)
                cx += np.add.reduce(weights, axis=1)[:, None] * (mu - first)
        done += m
    return mean[:p].copy(), ss[:p].copy(), np.ascontiguousarray(cx[:, :p])


def _sweeping(c: Floats, categories: Sequence[slice]) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """Return the covariate columns to sweep, and those that follow: of a category the first level here is minus the sum of the others.

    The first level is that of these rows, not of the coding: a site that codes alone must reach the same bits as in the pool.
    """
    here = [bool(row.any()) for row in c]
    swept, derived = [k for k, is_here in enumerate(here) if is_here], []
    for category in categories:
        present = [k for k in range(category.start, category.stop) if here[k]]
        swept = [k for k in swept if k not in present[:1]]
        derived += [(present[0], present[1:])] if len(present) > 1 else []
    return swept, derived


def _available(cells: Floats, c: Floats) -> tuple[Ints, Floats, Floats, Floats, Floats, Floats]:
    """Return n, mean, ss, cx (q, m), covariate means (m, q) and cross-products (m, q, q) over the measured rows of each column."""
    here = ~np.isnan(cells)
    n = np.add.reduce(here, axis=0, dtype=np.int64)
    share = np.maximum(n, 1)
    z = np.where(here, cells, 0.0)
    mean = np.add.reduce(z, axis=0) / share
    z = np.where(here, z - mean, 0.0)
    ss = np.einsum("ij,ij->j", z, z)
    m, q = cells.shape[1], len(c)
    cx, c_mean, c_cross = np.zeros((q, m)), np.zeros((m, q)), np.zeros((m, q, q))
    for k in range(q):
        c_mean[:, k] = np.add.reduce(np.where(here, c[k][:, None], 0.0), axis=0) / share
        cx[k] = np.add.reduce(z * c[k][:, None], axis=0)
    for k in range(q):
        own = np.where(here, c[k][:, None] - c_mean[:, k], 0.0)
        for j in range(k + 1):
            c_cross[:, k, j] = c_cross[:, j, k] = np.add.reduce(own * (c[j][:, None] - c_mean[:, j]), axis=0)
    return n, mean, ss, cx, c_mean, c_cross


def aligned(a: SiteMoments, b: SiteMoments) -> tuple[SiteMoments, SiteMoments]:
    """Return both with the features of ``a`` and the union of their levels. Raises DesignError HARM-013."""
    if set(a.features) != set(b.features):
        differing = sorted(set(a.features) ^ set(b.features))
        raise DesignError(
            "HARM-013", f"moments of different features: {listed(differing)} on one side only", fix="measure the same features everywhere"
        )
    coding = a.coding.merged(b.coding)
    return a.with_coding(coding), b.of_features(a.features).with_coding(coding)


def _assembled(like: SiteMoments, per_batch: dict[str, BatchMoments]) -> SiteMoments:
    names = tuple(sorted(per_batch))
    return SiteMoments(features=like.features, coding=like.coding, batches=names, per_batch=tuple(per_batch[name] for name in names))
