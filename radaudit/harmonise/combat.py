"""ComBat from moments: fit once on sums, apply to any row.

Model y_ij = alpha_j + c_i beta_j + sigma_j (gamma_bj + sqrt(delta_bj) e_ij), Johnson et al. 2007; grand mean weighted by rows
per batch, pooled variance over n (as sva and neuroCombat for R), or both from the reference batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, listed, nearest
from radaudit.harmonise import priors
from radaudit.harmonise.effects import Method, SiteEffects
from radaudit.harmonise.moments import SiteMoments
from radaudit.harmonise.priors import Posterior, Prior, Stop
from radaudit.harmonise.regression import CONSTANT, Regression, regress

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats, Ints

__all__ = ["SiteEffects", "adapt", "fit_combat"]

PriorGroups = Mapping[str, str] | Sequence[str]


def fit_combat(
    moments: SiteMoments,
    *,
    parametric: bool = True,
    eb: bool = True,
    mean_only: bool = False,
    reference: str | None = None,
    stop: Stop = "converged",
    prior_groups: PriorGroups | None = None,
) -> SiteEffects:
    """Return the site effects estimated from the moments of the training rows.

    ``prior_groups`` (by feature name, or one per feature) shares a prior only within a group; a group of fewer than 5
    informative features gets no empirical Bayes and a note. Constant features are untouched; a feature constant in, or
    measured fewer than twice in, one batch is corrected in its mean only there; neither informs a prior.
    Raises DesignError: HARM-001, -002 (aliased covariates), -009 (one batch), -013 (reference), -015, -016, SIZE-001.
    """
    method = Method(parametric=parametric, eb=eb, mean_only=mean_only, stop=stop)
    _refuse(moments, method, reference)
    fit = regress(moments)
    ref = None if reference is None else moments.batches.index(reference)
    grand, sigma = _standard(fit, ref)
    frame = _standardised(fit, grand, sigma, ref)
    groups = prior_group_names(moments.features, prior_groups)
    gamma, delta, sd, found, notes = estimates(moments, frame, groups, method, ref)
    return SiteEffects(
        features=moments.features,
        batches=moments.batches,
        counts=fit.rows,
        grand_mean=grand,
        pooled_sd=sigma,
        gamma_hat=frame.gamma_hat,
        delta_hat=frame.delta_hat,
        gamma=gamma,
        delta=delta,
        gamma_sd=sd,
        coefficients=fit.beta,
        coding=fit.coding,
        column_means=fit.column_means,
        reference=reference,
        method=method,
        groups=groups,
        priors=found,
        notes=notes,
    )


def adapt(effects: SiteEffects, moments_of_new_batch: SiteMoments) -> SiteEffects:
    """Return the effects with further batches, estimated from their moments against everything frozen: priors, coefficients, scale.

    The prior of a new batch is that of a new draw from the frozen batches: means and variances averaged over batches, plus
    the variance of the batches' own means. Transductive if the moments are of the very rows to be transformed: the result
    says so in ``method.transductive``. The fit's own batches keep their bits.
    Raises DesignError HARM-013 (features, covariates, known batch), SIZE-001.
    """
    new = moments_of_new_batch.of_features(effects.features)
    known = sorted(set(new.batches) & set(effects.batches))
    if known:
        raise DesignError("HARM-013", f"batch(es) {listed(known)} are already in the fit", fix="apply the fit to them as it is")
    _refuse_small(new, effects.method)
    coding = effects.coding.merged(new.coding)
    if coding != effects.coding:
        strange = sorted(set(coding.full_columns) - set(effects.coding.full_columns))
        raise DesignError(
            "HARM-011", f"the new batch holds level(s) the fit does not know: {listed(strange)}", fix="code the covariates as in training"
        )
    frame = _frozen_frame(effects, new.with_coding(coding))
    groups = effects.groups or ("",) * len(effects.features)
    prior = _new_batch_priors(effects)
    gamma, delta, sd = np.zeros(frame.gamma_hat.shape), np.ones(frame.gamma_hat.shape), np.zeros(frame.gamma_hat.shape)
    for b in range(len(new.batches)):
        for group, member in _members(groups):
            at = np.flatnonzero(member & frame.touched)
            own = _posterior(frame, b, at, prior.get(group), effects.method, new.features)
            gamma[b, at], delta[b, at], sd[b, at] = own.gamma, own.delta, own.gamma_sd
    rows = np.concatenate([effects.counts, np.array([own.rows for own in new.per_batch], dtype=np.int64)])
    method = replace(effects.method, transductive=(*effects.method.transductive, *new.batches))
    return replace(
        effects,
        batches=(*effects.batches, *new.batches),
        counts=rows,
        gamma_hat=np.vstack([effects.gamma_hat, frame.gamma_hat]),
        delta_hat=np.vstack([effects.delta_hat, frame.delta_hat]),
        gamma=np.vstack([effects.gamma, gamma]),
        delta=np.vstack([effects.delta, delta]),
        gamma_sd=np.vstack([effects.gamma_sd, sd]),
        method=method,
        notes=(
            *effects.notes,
            f"batch(es) {listed(new.batches)} adapted from their own rows against the frozen normal and inverse gamma priors",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Standardised estimates: ``gamma_hat``, ``delta_hat``, ``n`` (B, p); ``touched`` (p,) features.

    ``simple`` (B, p) marks the cells that are corrected in the mean only.
    """

    gamma_hat: Floats
    delta_hat: Floats
    n: Ints
    touched: Bools
    simple: Bools


def _refuse(moments: SiteMoments, method: Method, reference: str | None) -> None:
    if not moments.features:
        raise DesignError("HARM-014", "there is no feature to harmonise", fix="name at least one feature")
    if len(moments.batches) < 2:
        raise DesignError(
            "HARM-009",
            f"harmonisation needs two batches, not {len(moments.batches)}",
            found=listed(moments.batches),
            fix="harmonise.method: none",
        )
    if reference is not None and reference not in moments.batches:
        raise DesignError(
            "HARM-013",
            f'reference batch "{reference}" is not among the training rows',
            found=f"batches {listed(moments.batches, most=20)}",
            near=nearest(reference, moments.batches),
            fix="harmonise.reference: <a batch with training rows>",
        )
    _refuse_small(moments, method)


def _refuse_small(moments: SiteMoments, method: Method) -> None:
    single = [batch for batch, rows in moments.counts.items() if rows < 2]
    if single and not method.mean_only:
        raise DesignError(
            "SIZE-001",
            f"batch(es) {listed(single)} have one row: a variance needs two",
            fix="leave the batch out, merge it with another, or harmonise.mean_only: true",
            batches=tuple(single),
        )


def _standard(fit: Regression, ref: int | None) -> tuple[Floats, Floats]:
    """Return grand mean and pooled SD (p,); a feature without residual variation has SD 0."""
    weights = fit.rows[:, None] * (fit.n > 0) if ref is None else np.zeros(fit.n.shape)
    if ref is not None:
        weights[ref] = fit.n[ref] > 0
    total = np.add.reduce(weights, axis=0)
    share = weights / np.where(total > 0, total, 1.0)
    grand = np.add.reduce(share * fit.alpha, axis=0)
    if ref is None:
        rss, n = np.add.reduce(fit.rss, axis=0), np.add.reduce(fit.n, axis=0)
    else:
        rss, n = fit.rss[ref], fit.n[ref]
    sigma = np.sqrt(rss / np.maximum(n, 1))
    flat = fit.constant.all(axis=0) if ref is None else fit.constant[ref]
    sigma[flat | (sigma <= CONSTANT * np.abs(grand))] = 0.0
    return grand, sigma


def _standardised(fit: Regression, grand: Floats, sigma: Floats, ref: int | None) -> Frame:
    touched = sigma > 0
    unit = np.where(touched, sigma, 1.0)
    gamma_hat = np.where(touched & (fit.n > 0), (fit.alpha - grand) / unit, 0.0)
    delta_hat = np.where(touched, fit.rss / np.maximum(fit.n - 1, 1) / unit**2, 1.0)
    simple = fit.constant | (fit.n < 2) | (delta_hat <= 0.0)
    if ref is not None:
        gamma_hat[ref] = 0.0
        simple[ref] = False
    return Frame(gamma_hat=gamma_hat, delta_hat=delta_hat, n=fit.n, touched=touched, simple=simple)


def _frozen_frame(effects: SiteEffects, new: SiteMoments) -> Frame:
    from radaudit.harmonise.regression import residual_moments

    mean, rss, n, constant = residual_moments(new, effects.coding, effects.coefficients)
    touched = effects.pooled_sd > 0
    unit = np.where(touched, effects.pooled_sd, 1.0)
    gamma_hat = np.where(touched & (n > 0), (mean - effects.grand_mean) / unit, 0.0)
    delta_hat = np.where(touched, rss / np.maximum(n - 1, 1) / unit**2, 1.0)
    simple = constant | (n < 2) | (delta_hat <= 0.0)
    return Frame(gamma_hat=gamma_hat, delta_hat=delta_hat, n=n, touched=touched, simple=simple)


def _new_batch_priors(effects: SiteEffects) -> dict[str, Prior]:
    """Return one prior per group for a batch not seen yet: pooled over the frozen batches' priors."""
    out: dict[str, Prior] = {}
    for group in sorted({g for _, g, _ in effects.priors}):
        own = [p for _, g, p in effects.priors if g == group]
        bars, deltas = np.array([p.gamma_bar for p in own]), np.array([p.delta_bar for p in own])
        spread = (float(bars.var(ddof=1)), float(deltas.var(ddof=1))) if len(own) > 1 else (0.0, 0.0)
        out[group] = Prior(
            gamma_bar=float(bars.mean()),
            tau2=float(np.mean([p.tau2 for p in own])) + spread[0],
            delta_bar=float(deltas.mean()),
            delta_s2=float(np.mean([p.delta_s2 for p in own])) + spread[1],
        )
    return out


def prior_group_names(features: tuple[str, ...], given: PriorGroups | None) -> tuple[str, ...]:
    """Return the prior group of each feature. Raises DesignError HARM-013, HARM-014."""
    if given is None:
        return ("",) * len(features)
    if isinstance(given, Mapping):
        absent = [name for name in features if name not in given]
        if absent:
            raise DesignError("HARM-013", f"no prior group for feature(s) {listed(absent)}", fix="name a group for every feature")
        return tuple(str(given[name]) for name in features)
    if len(given) != len(features):
        raise DesignError("HARM-014", f"{len(given)} prior groups for {len(features)} features", fix="give one group per feature")
    return tuple(map(str, given))


def _members(groups: tuple[str, ...]) -> list[tuple[str, Bools]]:
    names = sorted(set(groups))
    if len(names) == 1:
        return [(names[0], np.ones(len(groups), dtype=bool))]
    labels = np.array(groups)
    return [(name, labels == name) for name in names]


def estimates(
    moments: SiteMoments, frame: Frame, groups: tuple[str, ...], method: Method, ref: int | None
) -> tuple[Floats, Floats, Floats, tuple[tuple[str, str, Prior], ...], tuple[str, ...]]:
    """Return gamma, delta and posterior SDs (B, p), the priors and the notes, for standardised estimates."""
    shape = frame.gamma_hat.shape
    gamma, delta, sd = np.zeros(shape), np.ones(shape), np.zeros(shape)
    found: list[tuple[str, str, Prior]] = []
    notes = _notes_on_cells(moments, frame)
    informative = frame.touched & ~frame.simple.any(axis=0)
    if method.mean_only:
        informative = frame.touched & (frame.n > 0).all(axis=0)
    together = method.parametric and not method.mean_only and method.stop == "converged"
    for group, member in _members(groups):
        at, teachers = np.flatnonzero(member & frame.touched), np.flatnonzero(member & informative)
        shared = method.eb and len(teachers) >= priors.FEWEST_FEATURES
        if method.eb and not shared and len(at):
            where = f'prior group "{group}"' if group else "the table"
            notes.append(
                f"empirical Bayes is off: {where} has {len(teachers)} informative feature(s), a prior needs {priors.FEWEST_FEATURES}"
            )
        others = [b for b in range(len(moments.batches)) if b != ref]
        own = {b: Prior.estimate(frame.gamma_hat[b, teachers], frame.delta_hat[b, teachers]) for b in others} if shared else {}
        found += [(moments.batches[b], group, prior) for b, prior in own.items()]
        donors = informative[at] if shared and not method.parametric else None
        solved = _solved_together(frame, own, at) if together and own else {}
        for b in others:
            one = _posterior(frame, b, at, own.get(b), method, moments.features, donors, solved.get(b))
            gamma[b, at], delta[b, at], sd[b, at] = one.gamma, one.delta, one.gamma_sd
    return gamma, delta, sd, tuple(found), tuple(notes)


def _solved_together(frame: Frame, own: Mapping[int, Prior], at: Ints) -> dict[int, Posterior]:
    """Return the parametric estimates of the batches with a prior for the features ``at``, one loop for all."""
    cells = np.ix_(np.array([*own], dtype=np.int64), at)
    usable = np.where(frame.simple[cells], 1.0, frame.delta_hat[cells])
    solved = priors.parametric_all(frame.gamma_hat[cells], usable, frame.n[cells].astype(np.float64), tuple(own.values()))
    return dict(zip(own, solved, strict=True))


def _posterior(
    frame: Frame,
    b: int,
    at: Ints,
    prior: Prior | None,
    method: Method,
    features: tuple[str, ...],
    donors: Bools | None = None,
    solved: Posterior | None = None,
) -> Posterior:
    """Return the estimates of batch ``b`` for the features ``at``; without a prior the raw ones; ``solved``: known but for thin cells."""
    raw, n, simple = frame.gamma_hat[b, at], frame.n[b, at].astype(np.float64), frame.simple[b, at]
    one = np.ones(len(at))
    usable = np.where(simple, 1.0, frame.delta_hat[b, at])
    if prior is None:
        if bool((n == 0).any()):
            absent = [features[j] for j in at[n == 0]]
            raise DesignError(
                "HARM-015", f"feature(s) {listed(absent)} were never measured in one batch", fix="leave them out, or eb: true"
            )
        delta = one if method.mean_only else usable
        return Posterior(gamma=raw, delta=delta, gamma_sd=np.sqrt(delta / n))
    if solved is not None:
        own = solved
    elif donors is not None:
        own = priors.nonparametric(raw, usable, n, donors, scale=not method.mean_only)
    elif method.mean_only:
        own = priors.mean_only(raw, prior)
    else:
        own = priors.parametric(raw, usable, n, prior, method.stop)
    in_mean = simple if not method.mean_only else n == 0
    if not in_mean.any():
        return own
    return Posterior(
        gamma=np.where(in_mean, priors.shrink_mean(raw, prior, n, one), own.gamma),
        delta=np.where(in_mean, 1.0, own.delta),
        gamma_sd=np.where(in_mean, np.sqrt(prior.tau2 / (prior.tau2 * n + 1.0)), own.gamma_sd),
    )


def _notes_on_cells(moments: SiteMoments, frame: Frame) -> list[str]:
    notes = []
    still = [moments.features[j] for j in np.flatnonzero(~frame.touched)]
    if still:
        notes.append(f"{len(still)} feature(s) without variation are returned unchanged: {listed(still)}")
    flat = [moments.features[j] for j in np.flatnonzero(frame.touched & frame.simple.any(axis=0))]
    if flat:
        notes.append(
            f"{len(flat)} feature(s) are constant or hardly measured in a batch and corrected in the mean only there: {listed(flat)}"
        )
    return notes
