"""Was the harmonisation fitted with the test rows? Site effects vanish too well on the rows of the fit, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.leaks.forensics.forms import FLOOR, SIGMAS, mean_error
from radaudit.leaks.forensics.shrinkage import Fits, compare, directions, squares, within
from radaudit.leaks.forensics.state import Standing, State, missing

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints
    from radaudit.leaks.forensics.evidence import Evidence

KIND = "harmonisation"
WITH_OUTCOME = "LEAK-005"
LEAST_ROWS = 2  # of a site in each part
LEAST_PER_SITE = 5
CERTAIN = -6.0
LEAST_SHARE = 0.2
MOST_COLUMNS = 400  # spread over the table; more add hardly any direction
PROOF = 8.0  # nats by which the fit on all rows must explain the table better than any other
HINT = 5.5
RESCUE = 2.0  # nats by which a fit that kept the outcome must be better than one that did not
MOST_LEFT = 0.4  # of chance: empirical Bayes leaves at most a quarter, in expectation
EXPECTED = 0.25  # what a suspicion that is no proof asks for
PERMUTED = 199
RARE = 0.005


def judge(given: Evidence) -> State:
    """Answer from exactly equal site means, and else from the residue that empirical Bayes leaves, calibrated by shuffled sites."""
    rows = _rows(given)
    if rows is None:
        return missing(KIND, f"the site, with two sites of at least {LEAST_PER_SITE} rows on both sides of the split")
    site, training = np.unique(given.site[rows], return_inverse=True)[1], given.training[rows]  # type: ignore[index]
    outcome = None if given.outcome is None else given.outcome[rows]
    if outcome is not None and (np.isnan(outcome).any() or len(np.unique(outcome)) < 2):
        outcome = None
    exact = _exact(given, rows, site, training, outcome)
    return exact if exact is not None else _residue(given.values[rows], site, training, outcome)


def _rows(given: Evidence) -> Bools | None:
    """Return the rows of sites that stand on both sides of the split."""
    if given.site is None:
        return None
    usable = [
        s
        for s in np.unique(given.site[given.site >= 0]).tolist()
        if int(((given.site == s) & given.training).sum()) >= LEAST_ROWS
        and int(((given.site == s) & given.holdout).sum()) >= LEAST_ROWS
        and int((given.site == s).sum()) >= LEAST_PER_SITE
    ]
    return np.isin(given.site, usable) if len(usable) >= 2 else None


def _exact(given: Evidence, rows: Bools, site: Ints, training: Bools, outcome: Floats | None) -> State | None:
    """Location and scale without empirical Bayes leave the same mean at every site of the rows of the fit."""
    x = given.values[rows]
    usable = ~given.binary()
    every = np.ones(len(x), dtype=bool)
    quanta = given.precision.quanta(x)
    for adjusted in (None,) if outcome is None else (None, outcome):
        whole, odds_whole = _equal_means(x, quanta, site, every, adjusted)
        part, odds_part = _equal_means(x, quanta, site, training, adjusted)
        whole, part = whole & usable, part & usable
        columns, of = int(usable.sum()), "" if adjusted is None else " given the outcome"
        facts = {"columns": columns, "pooled": int(whole.sum()), "training": int(part.sum()), "with_outcome": adjusted is not None}
        told = f"Sites have the same mean{of} over all rows in {whole.sum()} of {columns} columns, over training rows in {part.sum()}."
        code = "" if adjusted is None else WITH_OUTCOME
        if _certain(whole & ~part, odds_whole, columns):
            return State(kind=KIND, standing=Standing.PROVED_LEAK, sentence=told, facts=facts, code=code)
        if _certain(part & ~whole, odds_part, columns):
            standing = Standing.PROVED_CLEAN if adjusted is None else Standing.PROVED_LEAK
            return State(kind=KIND, standing=standing, sentence=told, facts=facts, code=code)
    return None


def _certain(hit: Bools, odds: Floats, columns: int) -> bool:
    return int(hit.sum()) >= max(1, LEAST_SHARE * columns) and float(odds[hit].sum()) <= CERTAIN


def _equal_means(x: Floats, quanta: Floats, site: Ints, rows: Bools, outcome: Floats | None) -> tuple[Bools, Floats]:
    """Return which columns have equal site means on these rows (given the outcome), and log10 of the chance of that."""
    labels = np.unique(site[rows])
    means, room, noise = [], [], []
    with np.errstate(invalid="ignore", divide="ignore"):
        for s in labels.tolist():
            here = x[rows & (site == s)]
            known = np.maximum((~np.isnan(here)).sum(axis=0), 1)
            means.append(np.where(np.isnan(here), 0.0, here).sum(axis=0) / known)
            room.append(SIGMAS * mean_error(here, quanta[rows & (site == s)], np.sort(here, axis=0)))
            noise.append(1 / known)
        spread = np.nanstd(x[rows], axis=0)
    design = np.ones((len(labels), 1))
    if outcome is not None:
        design = np.column_stack([design, [outcome[rows & (site == s)].mean() for s in labels.tolist()]])
    left = len(labels) - np.linalg.matrix_rank(design)
    level = np.array(means)
    if left < 1:
        return np.zeros(x.shape[1], dtype=bool), np.zeros(x.shape[1])
    off = level - design @ np.linalg.lstsq(design, level, rcond=None)[0]
    size = np.maximum(np.abs(level).max(axis=0) * 1e-3, spread)
    allowed = np.max(room, axis=0) * 1.5 + FLOOR * size
    chance_sd = spread * np.sqrt(np.mean(noise, axis=0))
    hit = (np.abs(off).max(axis=0) <= allowed) & (allowed < 0.2 * chance_sd)
    odds = left * np.log10(np.clip(allowed / np.maximum(chance_sd, 1e-300), 1e-9, 1.0))
    return hit, odds


def _residue(values: Floats, site: Ints, training: Bools, outcome: Floats | None) -> State:
    x = _complete(values)
    views = [(x, False)] if outcome is None else [(x, False), (_without(x, site, outcome), True)]
    if not x.shape[1]:
        return missing(KIND, "columns that vary")
    fits: list[tuple[Fits, bool, bool]] = []
    for view, adjusted in views:
        means = compare(directions(view, site), site, training)
        both = means + compare(directions(squares(view, site), site), site, training)
        fits += [(means, adjusted, False), (both, adjusted, True)]
    top, adjusted, squared = max(fits, key=lambda fit: fit[0].for_pooled - (RESCUE if fit[1] else 0.0))
    facts = _facts(top, adjusted, squared, x.shape[1], int(site.max()) + 1)
    score = top.for_pooled - (RESCUE if adjusted else 0.0)
    if score >= HINT and top.left_pooled <= (MOST_LEFT if score >= PROOF else EXPECTED):
        p = _shuffled(views[int(adjusted)][0], site, training, squared, top.for_pooled)
        facts["p"] = p
        if p <= RARE:
            standing = Standing.PROVED_LEAK if score >= PROOF else Standing.SUSPECTED
            told = (
                f"Site effects over all rows are {top.left_pooled:.0%} of what chance leaves: removed by a fit on all rows (p = {p:.2g})."
            )
            return State(kind=KIND, standing=standing, sentence=told, facts=facts, code=WITH_OUTCOME if adjusted else "")
    return _not_pooled(fits, facts)


def _not_pooled(fits: list[tuple[Fits, bool, bool]], facts: dict[str, float | int | bool]) -> State:
    plain = [fit for fit, adjusted, _ in fits if not adjusted]
    trained = max(plain, key=lambda fit: fit.for_training)
    if trained.for_training >= HINT and trained.left_training <= MOST_LEFT:
        standing = Standing.PROVED_CLEAN if trained.for_training >= PROOF else Standing.EVIDENCE_OF_CLEAN
        told = f"Site effects over training rows are {trained.left_training:.0%} of chance, over test rows not: fitted on training rows."
        return State(kind=KIND, standing=standing, sentence=told, facts=facts)
    if min(fit.for_raw for fit in plain[:1]) >= HINT:
        told = "Site effects are there and alike in both parts: no harmonisation has removed them."
        return State(kind=KIND, standing=Standing.EVIDENCE_OF_CLEAN, sentence=told, facts=facts)
    told = "Site effects are no smaller than chance leaves them."
    return State(kind=KIND, standing=Standing.NO_EVIDENCE, sentence=told, facts=facts)


def _facts(fit: Fits, adjusted: bool, squared: bool, columns: int, sites: int) -> dict[str, float | int | bool]:
    return {
        "for_pooled": fit.for_pooled,
        "for_training": fit.for_training,
        "left_pooled": fit.left_pooled,
        "left_training": fit.left_training,
        "given_outcome": adjusted,
        "with_variances": squared,
        "columns": columns,
        "sites": sites,
    }


def _complete(values: Floats) -> Floats:
    """Return up to MOST_COLUMNS varying columns, missing cells at the column's mean."""
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, values, mean)
    size = np.maximum(np.abs(filled).max(axis=0, initial=0.0), 1e-300)
    varying = np.flatnonzero((filled.std(axis=0) > 1e-12 * size) & (known.mean(axis=0) > 0.5))
    if len(varying) > MOST_COLUMNS:
        varying = varying[np.linspace(0, len(varying) - 1, MOST_COLUMNS).astype(int)]
    return np.asarray(filled[:, varying])


def _without(x: Floats, site: Ints, outcome: Floats) -> Floats:
    """Return ``x`` without what the outcome explains of it within sites."""
    y = within(outcome[:, None], site)
    slope = (y.T @ within(x, site)) / max(float((y**2).sum()), 1e-12)
    return np.asarray(x - (outcome - outcome.mean())[:, None] * slope)


def _shuffled(x: Floats, site: Ints, training: Bools, squared: bool, seen: float) -> float:
    """Return how often tables with site labels shuffled within each part look as much like a pooled fit.

    The shuffling stops once the answer can no longer be RARE.
    """
    rng = np.random.default_rng(20260101)
    plain = directions(x, site)
    other = directions(squares(x, site), site) if squared else None
    hits = done = 0
    while done < PERMUTED and 1 + hits <= RARE * (PERMUTED + 1):
        done += 1
        label = np.array(site)
        for rows in (np.flatnonzero(training), np.flatnonzero(~training)):
            label[rows] = site[rng.permutation(rows)]
        fit = compare(plain, label, training)
        if other is not None:
            fit = fit + compare(other, label, training)
        hits += fit.for_pooled >= seen
    return (1 + hits) / (done + 1)
