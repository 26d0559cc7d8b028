"""One row per feature, and one row per feature and site: counts, spread, zeros, scale and copies, in blocks of features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253  (numeric module; checks/__init__ does not import it)

from radaudit.arrays import frozen
from radaudit.checks.drift import beyond_chance, distances, sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.arrays import Bools, Floats, Ints

CELLS = 200_000  # cells in a block: its arrays stay in the processor's cache
STANDARD = 1e-3  # a table written with three decimals is still recognised
LEAST_FEATURES = 3  # with fewer features, or fewer rows than the next, a scaling could be a coincidence
LEAST_ROWS = 10
LARGE = 1e100  # squares of larger values overflow float64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureProfile:
    """Columns ``(p,)`` of one row per feature; ``n`` counts rows, statistics are over finite values, NaN where there are none.

    ``eta2`` is the share of variance explained by the site, ``decades`` how many powers of ten the sites lie apart (largest difference of
    the mean log10 magnitude of one site from the median of the others), ``tail`` the largest jump in powers of ten inside the outermost
    ``tail_share`` of the values, ``copy_of`` the position of an earlier identical column or -1.
    """

    features: tuple[str, ...]
    n: Ints
    missing: Ints
    missing_share: Floats
    infinite: Ints
    minimum: Floats
    maximum: Floats
    mean: Floats
    sd: Floats
    distinct: Ints
    constant: Ints
    zero_share: Floats
    eta2: Floats
    decades: Floats
    tail: Floats
    copy_of: Ints
    standardised: Ints

    def columns(self) -> dict[str, object]:
        """Return the profile as columns of equal length, the first naming the feature; the share of zeros is that of varying features."""
        names = ("n", "missing", "missing_share", "infinite", "minimum", "maximum", "mean", "sd", "distinct", "constant")
        more = ("zero_share", "eta2", "decades", "tail", "standardised")
        varying = {"copied": (self.copy_of >= 0).astype(np.int64), "zero_share": np.where(self.constant > 0, np.nan, self.zero_share)}
        return {"feature": list(self.features), **{name: getattr(self, name) for name in (*names, *more)}, **varying}

    def scaled(self) -> tuple[str, float, int] | None:
        """Return which scaling most varying features show, its share and their number, or None if too few rows or features to tell."""
        varying = self.distinct > 2
        count = int(varying.sum())
        if count < LEAST_FEATURES or int(self.n.max(initial=0)) < LEAST_ROWS:
            return None
        unit = (self.minimum[varying] == 0) & (self.maximum[varying] == 1)
        shares = {"z-score": int((self.standardised[varying] > 0).sum()) / count, "min-max": int(unit.sum()) / count}
        how = max(shares, key=lambda name: shares[name])
        return how, shares[how], count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteFeatureProfile:
    """Tables ``(s, p)`` of one row per site and one column per feature, over the finite values there.

    ``constant`` is 1 if a feature that varies elsewhere does not at the site, NaN below two values; ``decades`` is the difference of the
    mean log10 magnitude (zeros left out) from the median of the other sites; ``eta2`` is the share of the feature's variance explained by
    being at this site or not; ``ks`` and ``psi`` are the distances of ``checks.drift``, 0 where chance makes as much.
    """

    sites: tuple[str, ...]
    features: tuple[str, ...]
    n: Floats
    rows: Floats
    missing_share: Floats
    mean: Floats
    sd: Floats
    constant: Floats
    decades: Floats
    eta2: Floats
    ks: Floats
    psi: Floats

    def columns(self) -> dict[str, object]:
        """Return the profile in long form, one row per site and feature, sites outermost.

        ``missing_share`` is NaN for features that are known nowhere, ``missing_some`` for those known nowhere at the site too, ``constant``
        for those that vary nowhere.
        """
        s, p = len(self.sites), len(self.features)
        known = np.where(self.n.sum(axis=0) > 0, self.missing_share, np.nan)
        some = np.where(self.n > 0, self.missing_share, np.nan)
        tables = ("n", "missing_share", "mean", "sd", "constant", "decades", "eta2", "ks", "psi")
        named = {"site": [site for site in self.sites for _ in range(p)], "feature": list(self.features) * s}
        return {
            **named,
            **{name: getattr(self, name).ravel() for name in tables},
            "missing_share": known.ravel(),
            "missing_some": some.ravel(),
        }


def profile_features(
    values: Floats, features: Sequence[str], sites: Sequence[str], *, tail_share: float = 0.05, level: float = 0.05
) -> tuple[FeatureProfile, SiteFeatureProfile]:
    """Profile ``values (n, p)`` by feature and by site, drift at family-wise ``level``; memory bounded by blocks of CELLS."""
    names = tuple(sorted(set(sites)))
    position = {site: i for i, site in enumerate(names)}
    codes = np.array([position[site] for site in sites], dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(names)))
    width = max(8, CELLS // max(len(values), 1))
    picks = sampled(np.diff(np.append(starts, len(values)))) if len(names) > 1 else np.zeros(0, dtype=np.int64)
    drawn = codes[order][picks]
    blocks = [_block(values[:, a : a + width], order, starts, tail_share, picks, drawn) for a in range(0, values.shape[1], width)]
    whole = {name: _joined([block[0][name] for block in blocks]) for name in _FEATURE}
    by_site = {name: _joined([block[1][name] for block in blocks], (len(names), 0)) for name in _SITE}
    d, index, here, elsewhere = (by_site.pop(name) for name in ("d", "index", "here", "elsewhere"))
    by_site["ks"], by_site["psi"] = beyond_chance(d, index, here, elsewhere, level)
    by_site["constant"] = np.where(whole["distinct"] > 1, by_site["constant"], np.nan)
    digests = [digest for block in blocks for digest in block[2]]
    columns: dict[str, Any] = {name: (_whole_numbers if name in _COUNTS else frozen)(whole[name]) for name in _FEATURE}
    profile = FeatureProfile(features=tuple(features), **columns, copy_of=_whole_numbers(_copies(digests, whole["distinct"])))
    return profile, SiteFeatureProfile(sites=names, features=tuple(features), **{k: frozen(v) for k, v in by_site.items()})


_FEATURE = (
    *("n", "missing", "missing_share", "infinite", "minimum", "maximum", "mean", "sd", "distinct", "constant", "zero_share"),
    *("eta2", "decades", "tail", "standardised"),
)
_COUNTS = ("n", "missing", "infinite", "distinct", "constant", "standardised")
_SITE = ("n", "rows", "missing_share", "mean", "sd", "constant", "decades", "eta2", "d", "index", "here", "elsewhere")


def _joined(parts: list[Floats], empty: tuple[int, ...] = (0,)) -> Floats:
    return np.concatenate(parts, axis=-1) if parts else np.zeros(empty)


def _whole_numbers(values: Floats) -> Ints:
    whole: Ints = np.asarray(values).astype(np.int64)
    whole.flags.writeable = False
    return whole


def _block(
    values: Floats, order: Ints, starts: Ints, tail_share: float, picks: Ints, drawn: Ints
) -> tuple[dict[str, Floats], dict[str, Floats], list[bytes]]:
    """Profile a block ``(n, b)``; features become rows so that every reduction runs along contiguous memory.

    ``picks`` are the rows, sorted by site, whose distributions are compared, ``drawn`` their sites.
    """
    x = np.ascontiguousarray(values.T)[:, order]
    digests = [hashlib.sha256(row.tobytes()).digest() for row in np.where(np.isnan(x), np.nan, x) + 0.0]
    infinite = np.isinf(x)
    missing = np.isnan(x).sum(axis=1)
    x[infinite] = np.nan
    finite = np.isfinite(x)
    ranked = np.sort(x, axis=1)
    n = finite.sum(axis=1)
    last = np.maximum(n - 1, 0)[:, None]
    minimum = ranked[:, 0] if x.shape[1] else np.full(len(x), np.nan)
    maximum = np.take_along_axis(ranked, last, axis=1)[:, 0] if x.shape[1] else minimum
    distinct = (ranked[:, 1:] > ranked[:, :-1]).sum(axis=1) + (n > 0)
    peak = np.fmax(np.abs(minimum), np.abs(maximum))
    scale = np.where(peak > LARGE, peak, 1.0)
    parts, mean, total = _by_site(x, finite, starts, n, scale)
    part = np.ascontiguousarray(x[:, picks])
    parts["decades"] = _from_others(_log_magnitude(part, drawn, len(starts)))
    sd = np.sqrt(_ratio(total, n - 1)) * scale
    rows = float(max(x.shape[1], 1))
    unit = np.minimum(np.abs(sd - 1), np.abs(sd * np.sqrt(_ratio(n - 1, n)) - 1))  # sample or population standard deviation
    whole = {
        "n": np.full(len(x), x.shape[1]),
        "missing": missing,
        "missing_share": missing / rows,
        "infinite": infinite.sum(axis=1),
        "minimum": minimum,
        "maximum": maximum,
        "mean": mean * scale,
        "sd": sd,
        "distinct": distinct,
        "constant": distinct == 1,
        "zero_share": _ratio((x == 0).sum(axis=1), n),
        "eta2": parts.pop("between"),
        "decades": _largest(np.abs(parts["decades"])),
        "tail": _tail(ranked, n, tail_share),
        "standardised": (np.abs(mean * scale) < STANDARD) & (unit < STANDARD),
    }
    parts |= dict(zip(("d", "index", "here", "elsewhere"), distances(part, drawn, len(starts)), strict=True))
    return whole, parts, digests


def _by_site(x: Floats, finite: Bools, starts: Ints, n: Ints, scale: Floats) -> tuple[dict[str, Floats], Floats, Floats]:
    """Return the tables by site, the means of the scaled features and their total sums of squares."""

    def summed(cells: Floats) -> Floats:
        return np.add.reduceat(cells, starts, axis=1).T if cells.shape[1] else np.zeros((0, len(cells)))

    scaled = np.where(finite, x, 0.0) / scale[:, None]
    count = summed(finite.astype(np.float64))
    rows = np.diff(np.append(starts, x.shape[1])).astype(np.float64)[:, None] * np.ones(len(x))
    mean = _ratio(scaled.sum(axis=1), n)
    deviation = np.where(finite, scaled - np.where(n > 0, mean, 0.0)[:, None], 0.0)
    total = (deviation * deviation).sum(axis=1)
    centre = _ratio(summed(deviation), count)
    between = count * np.where(count > 0, centre, 0.0) ** 2
    within = np.maximum(summed(deviation * deviation) - between, 0.0)
    low, high = _extremes(x, starts)
    share = _ratio(between * _ratio(n * np.ones_like(count), n - count), total * np.ones_like(count))
    some = len(starts) > 1
    tables = {
        "n": count,
        "rows": rows,
        "missing_share": _ratio(rows - count, rows),
        "mean": (centre + mean) * scale,
        "sd": np.sqrt(_ratio(within, count - 1)) * scale,
        "constant": np.where(count > 1, (low == high).astype(np.float64), np.nan),
        "eta2": np.minimum(share, 1.0) if some else np.full(count.shape, np.nan),
        "between": np.minimum(_ratio(between.sum(axis=0), total), 1.0) if some else np.full(len(x), np.nan),
    }
    return tables, mean, total


def _extremes(x: Floats, starts: Ints) -> tuple[Floats, Floats]:
    if not x.shape[1]:
        return np.zeros((0, len(x))), np.zeros((0, len(x)))
    return np.fmin.reduceat(x, starts, axis=1).T, np.fmax.reduceat(x, starts, axis=1).T


def _log_magnitude(x: Floats, codes: Ints, sites: int) -> Floats:
    """Return the mean log10 magnitude by site ``(s, b)``, zeros left out, NaN below three values: a unit shifts it by its power of ten.

    ``x (b, m)`` is the part of the rows that stands for all, ``codes (m,)`` their sites in ascending order.
    """
    if not x.shape[1]:
        return np.full((sites, len(x)), np.nan)
    starts = np.searchsorted(codes, np.arange(sites))
    some = np.isfinite(x) & (x != 0)
    logs = np.log10(np.abs(np.where(some, x, 1.0)))
    count = np.add.reduceat(some.astype(np.float64), starts, axis=1).T
    return np.where(count >= 3, _ratio(np.add.reduceat(logs, starts, axis=1).T, count), np.nan)


def _from_others(magnitude: Floats) -> Floats:
    """Return each site's magnitude minus the median of the other sites' ``(s, b)``; NaN where there is no other."""
    s = len(magnitude)
    apart = np.full(magnitude.shape, np.nan)
    for i in range(s):
        others = np.sort(np.delete(magnitude, i, axis=0), axis=0)
        known = np.isfinite(others).sum(axis=0)
        some = np.flatnonzero(known > 0)
        low, high = others[(known[some] - 1) // 2, some], others[known[some] // 2, some]
        apart[i, some] = magnitude[i, some] - (low + high) / 2
    return apart


def _tail(ranked: Floats, n: Ints, share: float) -> Floats:
    """Return the largest jump in powers of ten between neighbours among the largest ``share`` of the magnitudes of ``ranked (b, n)``.

    The largest magnitudes stand at the two ends of the sorted values, so only these are sorted again.
    """
    most = int(ranked.shape[1] * share)
    enough = n > 2 * (most + 1)
    if most < 1 or not enough.any():
        return np.zeros(len(ranked))
    top = np.take_along_axis(ranked, np.maximum(n[:, None] - 1 - np.arange(most + 1), 0), axis=1)
    ends = np.abs(np.hstack([top, ranked[:, : most + 1]]))
    largest = np.sort(np.where(enough[:, None], ends, 0.0), axis=1)[:, -most - 1 :]
    real = largest[:, :-1] > 0
    ratio = np.log10(np.where(real, largest[:, 1:], 1.0)) - np.log10(np.where(real, largest[:, :-1], 1.0))
    return np.asarray(ratio.max(axis=1))


def _copies(digests: list[bytes], distinct: Floats) -> Floats:
    """Return for each column the position of the first identical one before it, or -1; columns without variation are no copies."""
    first: dict[bytes, int] = {}
    found = np.full(len(digests), -1.0)
    for i, digest in enumerate(digests):
        if distinct[i] > 1:
            at = first.setdefault(digest, i)
            found[i] = at if at < i else -1
    return found


def _largest(table: Floats) -> Floats:
    known = np.isfinite(table)
    return np.where(known.any(axis=0), np.where(known, table, 0.0).max(axis=0, initial=0.0), np.nan)


def _ratio(top: Floats | Ints, bottom: Floats | Ints) -> Floats:
    """Divide, giving NaN where the divisor is not positive."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))
