"""Add the summaries of several parties: the same features, the same covariates, levels that were agreed on, no batch twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from radaudit.errors import DesignError, listed, nearest
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.moments import SiteMoments
from radaudit.harmonise.summary import SiteSummary


def combine(
    summaries: Mapping[str, SiteSummary], *, levels: Mapping[str, Sequence[str]] | None = None, shared: bool = False
) -> SiteMoments:
    """Return the moments of all parties; ``summaries`` by a name to call each (its file), in any order.

    Features that a party withheld are left out everywhere. ``levels`` declares the levels of covariates: without it all parties
    must have the same. ``shared`` allows one batch (a scanner model, say) in several summaries, whose rows are then added.
    Raises DesignError: HARM-061 (features differ), -062 (covariates differ), -063 (levels), -064 (a summary or batch twice).
    """
    parties = sorted(summaries.items(), key=lambda item: (item[1].moments.batches, item[1].digest))
    _refuse_repeats(parties, shared)
    features = _common_features(parties)
    coding = _agreed_coding(parties, levels or {})
    total: SiteMoments | None = None
    for _, own in parties:
        moments = own.moments.of_features(features).with_coding(coding)
        total = moments if total is None else total + moments
    if total is None:
        raise DesignError("HARM-060", "there is no summary to combine", fix="name the files that summarise wrote")
    return total


def declared(coding: CovariateCoding, levels: Mapping[str, Sequence[str]]) -> CovariateCoding:
    """Return the coding with these levels. Raises DesignError HARM-062 (no such category), HARM-063 (a level is not declared)."""
    categories = {name for name, kind in zip(coding.names, coding.kinds, strict=True) if kind == "category"}
    unknown = sorted(set(levels) - categories)
    if unknown:
        near = nearest(unknown[0], categories)
        raise DesignError(
            "HARM-062", f"levels are declared for {listed(unknown)}, which is no category", found=listed(sorted(categories)), near=near
        )
    found = []
    for name, own in zip(coding.names, coding.levels, strict=True):
        stated = tuple(sorted(set(levels.get(name, own))))
        strange = [level for level in own if level not in stated]
        if strange:
            raise DesignError(
                "HARM-063",
                f'covariate "{name}" has level(s) that were not declared: {listed(strange)}',
                found=f"declared {listed(stated, most=20)}",
                near=nearest(strange[0], stated),
                fix=f"--levels {name}={','.join(sorted({*stated, *own}))}",
            )
        found.append(stated)
    return replace(coding, levels=tuple(found))


def _refuse_repeats(parties: Sequence[tuple[str, SiteSummary]], shared: bool) -> None:
    seen: dict[str, str] = {}
    owner: dict[str, str] = {}
    for label, own in parties:
        if own.digest in seen:
            raise DesignError("HARM-064", f"{seen[own.digest]} and {label} are the same summary", fix="give each summary once")
        seen[own.digest] = label
        for batch in own.moments.batches:
            if batch in owner and not shared:
                raise DesignError(
                    "HARM-064",
                    f'batch "{batch}" stands in two summaries',
                    found=f"{owner[batch]} and {label}",
                    fix="other batch names; --shared if it is one batch (the same scanner, say)",
                )
            owner.setdefault(batch, label)


def _common_features(parties: Sequence[tuple[str, SiteSummary]]) -> tuple[str, ...]:
    withheld = {name for _, own in parties for name in own.withheld}
    found = [(label, [name for name in own.moments.features if name not in withheld]) for label, own in parties]
    if not found:
        return ()
    first, features = found[0]
    for label, own in found[1:]:
        less, more = [n for n in features if n not in set(own)], [n for n in own if n not in set(features)]
        if less or more:
            parts = [f"{len(less)} only in {first}: {listed(less)}"] * bool(less) + [f"{len(more)} only in {label}: {listed(more)}"] * bool(
                more
            )
            pairs = [f"{name} / {near}" for name in more[:5] if (near := nearest(name, less))]
            raise DesignError(
                "HARM-061",
                f"{label} and {first} do not have the same features",
                found="; ".join(parts),
                near=", ".join(pairs) or None,
                fix="extract and name the features alike, or summarise those that all have",
            )
    if not features:
        raise DesignError("HARM-061", "no feature is left that every party could give", found=f"{len(withheld)} withheld")
    return tuple(features)


def _agreed_coding(parties: Sequence[tuple[str, SiteSummary]], levels: Mapping[str, Sequence[str]]) -> CovariateCoding:
    if not parties:
        return CovariateCoding.none()
    first, coding = parties[0][0], parties[0][1].moments.coding
    found: dict[str, CovariateCoding] = {}
    for label, own in parties:
        other = own.moments.coding
        same = (other.names, other.kinds, other.splines, other.outside) == (coding.names, coding.kinds, coding.splines, coding.outside)
        if not same:
            raise DesignError(
                "HARM-062",
                f"{label} and {first} do not have the same covariates",
                found=f"{_shown(other)} against {_shown(coding)}",
                near=next((near for name in other.names if name not in coding.names and (near := nearest(name, coding.names))), None),
                fix="summarise with the same covariates, numbers as numbers and categories as text",
            )
        try:
            found[label] = declared(other, levels)
        except DesignError as error:
            error.at = label
            raise
    for label, other in found.items():
        if other.levels != found[first].levels:
            _refuse_levels(first, found[first], label, other)
    return found[first]


def _refuse_levels(first: str, coding: CovariateCoding, label: str, other: CovariateCoding) -> None:
    name, ours, theirs = next((n, a, b) for n, a, b in zip(coding.names, coding.levels, other.levels, strict=True) if a != b)
    strange = [level for level in theirs if level not in ours] or [level for level in ours if level not in theirs]
    near = nearest(strange[0], ours if strange[0] in theirs else theirs)
    raise DesignError(
        "HARM-063",
        f'the levels of covariate "{name}" are not the same everywhere',
        found=f"{listed(ours, most=20)} in {first}; {listed(theirs, most=20)} in {label}",
        near=near,
        fix=f"--levels {name}={','.join(sorted({*ours, *theirs}))}, if each is a level of its own",
    )


def _shown(coding: CovariateCoding) -> str:
    return listed((f"{name} ({kind})" for name, kind in zip(coding.names, coding.kinds, strict=True)), most=20) or "none"
