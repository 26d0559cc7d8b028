"""The design doctor: what a harmonisation would founder on, asked before any fit and answered from moments.

Every answer is a Finding of the catalogue; what is asked for all the same raises the DesignError of the same code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.codes import answer
from radaudit.errors import DesignError, listed
from radaudit.findings import Fact, Finding, Severity, Verdict
from radaudit.harmonise.alike import alikeness
from radaudit.harmonise.association import chi_square_tail, cramers_v
from radaudit.harmonise.coding import Covariates
from radaudit.harmonise.moments import SiteMoments, as_labels, measure
from radaudit.harmonise.priors import FEWEST_FEATURES
from radaudit.harmonise.regression import CONSTANT, INFLATION_REFUSED, between, overlaps

if TYPE_CHECKING:
    from radaudit.arrays import Floats

INFLATION_REPORTED = 10.0
OVERLAP_REPORTED = 0.05
ASSOCIATION_REPORTED = 0.2
EQUAL_MEANS = 1e-6  # batch means closer than this many pooled SDs are not chance
ALIKE = 1e-3  # probability below which batches are more alike than sampling allows

Alikeness = Callable[[], tuple[float, float]]


def examine(
    moments: SiteMoments,
    *,
    batch: Sequence[str] | None = None,
    outcome: Sequence[str] | None = None,
    patients: Sequence[str] | None = None,
    patients_per_site: int = 20,
    mean_only: bool = False,
    likeness: Alikeness | None = None,
) -> list[Finding]:
    """Return the answers about these moments; with ``batch`` and ``outcome`` (n,) also those about the outcome.

    ``outcome`` holds the classes as text (rows without one are left out by the caller), ``patients`` (n,) the patient of each
    row if rows are not patients. ``likeness`` gives mean F and probability from the rows (``alikeness``); moments alone do not tell
    how features are correlated, and then the median F is taken for that of one feature. Raises DesignError HARM-014 if the
    lengths differ.
    """
    found = [*_batches(moments, batch, patients, patients_per_site, mean_only), *_covariates(moments), *_features(moments)]
    found.append(_already(moments, found, likeness))
    found += _outcome(batch, outcome, patients)
    return found


def examine_rows(
    x: Any,
    batch: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    outcome: Sequence[str] | None = None,
    patients: Sequence[str] | None = None,
    patients_per_site: int = 20,
    mean_only: bool = False,
) -> list[Finding]:
    """Return the answers about rows: what ``measure`` refuses becomes a blocking finding, the rest as ``examine``."""
    try:
        moments = measure(x, batch, covariates, features=features)
    except DesignError as error:
        return [
            answer(error.code, Verdict.FAILED, f"{error.what}.", severity=Severity.BLOCKING, fix=error.fix or "", facts=_plain(error.facts))
        ]
    finite = answer("HARM-006", Verdict.PASSED, "No cell is infinite.")
    own = examine(
        moments,
        batch=batch,
        outcome=outcome,
        patients=patients,
        patients_per_site=patients_per_site,
        mean_only=mean_only,
        likeness=lambda: alikeness(x, batch, covariates, features=features),
    )
    return [finite, *own]


def _plain(facts: Mapping[str, object]) -> dict[str, Fact]:
    return {name: value for name, value in facts.items() if isinstance(value, str | int | float)}


def _batches(
    moments: SiteMoments, batch: Sequence[str] | None, patients: Sequence[str] | None, rule: int, mean_only: bool
) -> Iterable[Finding]:
    rows = moments.counts
    if len(rows) < 2:
        fix = "harmonise.method: none"
        yield answer("HARM-009", Verdict.FAILED, f"There is {len(rows)} batch; harmonisation compares at least two.", fix=fix)
    else:
        yield answer("HARM-009", Verdict.PASSED, f"There are {len(rows)} batches.", facts={"batches": len(rows)})
    people = dict(rows) if batch is None or patients is None else _patients(batch, patients)
    single = [name for name, n in rows.items() if n < 2]
    for name in single:
        verdict = Verdict.WAIVED if mean_only else Verdict.FAILED
        yield answer("SIZE-001", verdict, f"{name} has 1 row; a variance needs 2.", fix=_choices(name, rows), scope=name, concerns=(name,))
    if not single:
        yield answer("SIZE-001", Verdict.PASSED, "Every batch has at least 2 rows.", facts={"fewest": min(rows.values(), default=0)})
    small = {name: n for name, n in people.items() if n < rule}
    for name, n in small.items():
        facts: dict[str, Fact] = {"patients": n, "rule": rule}
        sentence = f"{name} has {n} patient{'s' * (n != 1)}; the study asks for {rule}."
        yield answer("SIZE-002", Verdict.FAILED, sentence, facts=facts, scope=name, concerns=(name,), fix=_choices(name, rows))
    if not small:
        yield answer(
            "SIZE-002", Verdict.PASSED, f"Every batch has at least {rule} patients.", facts={"fewest": min(people.values(), default=0)}
        )


def _patients(batch: Sequence[str], patients: Sequence[str]) -> dict[str, int]:
    labels = as_labels(batch, len(patients))
    return dict(sorted(Counter(label for label, _ in set(zip(labels, map(str, patients), strict=True))).items()))


def _choices(name: str, batches: Iterable[str]) -> str:
    other = next((b for b in batches if b != name), "OTHER")
    return f"harmonise.drop: [{name}]\nharmonise.merge: {{{other}+{name}: [{other}, {name}]}}\nharmonise.keep: [{name}]"


def _covariates(moments: SiteMoments) -> Iterable[Finding]:
    if not moments.coding.names:
        for code in ("HARM-001", "HARM-002", "HARM-003"):
            yield answer(code, Verdict.NOT_APPLICABLE, "No covariate is preserved.")
        return
    found = overlaps(moments)
    aliased = [o for o in found if o.aliased]
    near = [o for o in found if not o.aliased and o.inflation >= INFLATION_REPORTED]
    for o in aliased:
        sentence = f"{o.column} cannot be told apart from {listed(o.along_with)}: nothing of it is left beside them."
        yield answer("HARM-001", Verdict.FAILED, sentence, scope=o.column, facts={"column": o.column, "along_with": o.along_with})
    if not aliased:
        yield answer("HARM-001", Verdict.PASSED, "Batches and covariates can be told apart.", facts={"columns": len(found)})
    for o in near:
        sentence = f"{o.column} can hardly be told apart from {listed(o.along_with)}: variance inflation {o.inflation:.3g}."
        severity = Severity.BLOCKING if o.inflation >= INFLATION_REFUSED else None
        yield answer(
            "HARM-002", Verdict.FAILED, sentence, severity=severity, scope=o.column, facts={"column": o.column, "inflation": o.inflation}
        )
    if not near:
        most = max((o.inflation for o in found if not o.aliased), default=1.0)
        yield answer("HARM-002", Verdict.PASSED, f"The largest variance inflation of a covariate is {most:.3g}.", facts={"inflation": most})
    yield from _overlap(moments)


def _overlap(moments: SiteMoments) -> Iterable[Finding]:
    apart = []
    for block in moments.coding.blocks:
        if block.knots:
            continue  # the columns of a spline have no distribution worth comparing
        columns, numeric, name = list(range(block.start, block.start + len(block.columns))), block.kind == "number", block.name
        for b, own in enumerate(moments.per_batch):
            others = [_affinity(own, other, columns, numeric) for i, other in enumerate(moments.per_batch) if i != b]
            if others and max(others) < OVERLAP_REPORTED:
                apart.append((name, moments.batches[b], max(others)))
    for name, site, share in apart:
        sentence = (
            f"{name} at {site} does not overlap with {name} at any other batch (affinity {share:.2g}): its effect there is extrapolated."
        )
        yield answer(
            "HARM-003", Verdict.FAILED, sentence, scope=f"{site} {name}", concerns=(site,), facts={"covariate": name, "affinity": share}
        )
    if not apart:
        yield answer("HARM-003", Verdict.PASSED, "Every covariate overlaps between batches.")


def _affinity(a: Any, b: Any, columns: list[int], numeric: bool) -> float:
    """Return the Bhattacharyya coefficient of a covariate at two batches: 0 apart, 1 alike; normal for numbers."""
    if not numeric:
        return float(np.sqrt(np.clip(a.c_mean[columns], 0, 1) * np.clip(b.c_mean[columns], 0, 1)).sum())
    k = columns[0]
    va, vb = (float(m.c_cross[k, k]) / max(m.rows - 1, 1) for m in (a, b))
    if va + vb <= 0:
        return 1.0 if a.c_mean[k] == b.c_mean[k] else 0.0
    gap = float(a.c_mean[k] - b.c_mean[k])
    spread = 2 * math.sqrt(va * vb) / (va + vb) if va > 0 and vb > 0 else 1.0
    return math.sqrt(spread) * math.exp(-0.25 * gap * gap / (va + vb))


def _features(moments: SiteMoments) -> Iterable[Finding]:
    n = np.array([own.n for own in moments.per_batch])
    ss = np.array([own.ss for own in moments.per_batch])
    mean = np.array([own.mean for own in moments.per_batch])
    flat = np.sqrt(ss) <= np.sqrt(n) * CONSTANT * np.abs(mean)
    absent = n == 0
    everywhere = flat.all(axis=0)
    somewhere = (flat | (n < 2)).any(axis=0) & ~everywhere
    yield _named("HARM-004", moments.features, everywhere, "constant within every batch", "Every feature varies within a batch.")
    yield _named(
        "HARM-005",
        moments.features,
        somewhere & ~absent.any(axis=0),
        "constant within one batch",
        "No feature is constant within one batch.",
    )
    yield _named(
        "HARM-015", moments.features, absent.any(axis=0), "never measured in one batch", "Every feature was measured in every batch."
    )
    left = int((~everywhere & ~somewhere).sum())
    facts: dict[str, Fact] = {"features": left, "needed": FEWEST_FEATURES}
    if left < FEWEST_FEATURES:
        yield answer("HARM-007", Verdict.FAILED, f"{left} feature(s) inform the prior; {FEWEST_FEATURES} are needed.", facts=facts)
    else:
        yield answer("HARM-007", Verdict.PASSED, f"{left} features inform the prior.", facts=facts)


def _named(code: str, features: tuple[str, ...], bad: Any, what: str, fine: str) -> Finding:
    names = [name for name, is_bad in zip(features, bad.tolist(), strict=True) if is_bad]
    if not names:
        return answer(code, Verdict.PASSED, fine)
    sentence = f"{len(names)} of {len(features)} features are {what}: {listed(names)}."
    return answer(code, Verdict.FAILED, sentence, facts={"features": tuple(names), "of": len(features)})


def _already(moments: SiteMoments, found: Sequence[Finding], likeness: Alikeness | None) -> Finding:
    """Answer whether batches are more alike than sampling allows: equal means, or an F statistic that chance does not give."""
    if any(f.blocking and f.code in ("HARM-001", "HARM-002", "HARM-009", "HARM-006") for f in found):
        return answer("HARM-008", Verdict.NOT_RUN, "The design does not allow a look at the batch means.")
    try:
        gaps, f = between(moments)
    except DesignError as error:
        return answer("HARM-008", Verdict.NOT_RUN, f"The design does not allow a look at the batch means: {error.what}.")
    if not len(gaps):
        return answer("HARM-008", Verdict.NOT_APPLICABLE, "No feature varies.")
    equal = float((gaps < EQUAL_MEANS).mean())
    name, typical, chance = _typical(f, len(moments.batches) - 1, likeness)
    facts: dict[str, Fact] = {"share_equal": equal, f"{name}_f": typical, "p": chance}
    if equal >= 0.5:
        sentence = f"{equal:.0%} of the features have the same mean in every batch to {EQUAL_MEANS:g} SD: the table was harmonised before."
        return answer("HARM-008", Verdict.FAILED, sentence, facts=facts)
    if chance < ALIKE:
        sentence = f"Batches are more alike than one population gives ({name} F {typical:.2g}, p = {chance:.1g}): harmonised before?"
        return answer("HARM-008", Verdict.FAILED, sentence, facts=facts)
    return answer("HARM-008", Verdict.PASSED, f"Batch means differ as sampling lets them, or more ({name} F {typical:.2g}).", facts=facts)


def _typical(f: Floats, free: int, likeness: Alikeness | None) -> tuple[str, float, float]:
    """Return which average of F over features, its value, and how probable one as small is."""
    if likeness is not None:
        return ("mean", *likeness())
    middle = float(np.median(f))
    return "median", middle, 1.0 - chi_square_tail(free * middle, free)


def _outcome(batch: Sequence[str] | None, outcome: Sequence[str] | None, patients: Sequence[str] | None) -> list[Finding]:
    if batch is None or outcome is None:
        return [answer(code, Verdict.NOT_RUN, "No outcome was given.") for code in ("CONF-001", "CONF-002")]
    labels, classes = as_labels(batch, len(outcome)), list(map(str, outcome))
    who = list(map(str, patients)) if patients is not None else list(map(str, range(len(classes))))
    if len(who) != len(classes):
        raise DesignError("HARM-014", f"{len(who)} patients for {len(classes)} rows", fix="give one patient per row")
    counts = Counter((label, level) for label, level, _ in set(zip(labels, classes, who, strict=True)))
    sites, levels = sorted(set(labels)), sorted(set(classes))
    table = np.array([[counts[site, level] for level in levels] for site in sites], dtype=np.float64)
    return [_association(sites, levels, table), *_empty_cells(sites, levels, table)]


def _association(sites: list[str], levels: list[str], table: Floats) -> Finding:
    if len(sites) < 2 or len(levels) < 2:
        return answer("CONF-001", Verdict.NOT_APPLICABLE, "One batch or one outcome class: nothing to associate.")
    raw, corrected, p = cramers_v(table)
    shares = {site: _share(row) for site, row in zip(sites, table.tolist(), strict=True)}
    facts: dict[str, Fact] = {"v": raw, "v_corrected": corrected, "p": p, "level": levels[-1], "share": shares}
    failed = corrected >= ASSOCIATION_REPORTED
    word = "are associated" if failed else "are not markedly associated"
    sentence = f"Batch and outcome {word} (V = {raw:.2f}, {corrected:.2f} corrected for chance, p = {p:.2g})."
    return answer("CONF-001", Verdict.FAILED if failed else Verdict.PASSED, sentence, facts=facts)


def _share(row: list[float]) -> float:
    return row[-1] / sum(row)


def _empty_cells(sites: list[str], levels: list[str], table: Floats) -> Iterable[Finding]:
    empty = [
        (site, [level for level, n in zip(levels, row, strict=True) if n == 0]) for site, row in zip(sites, table.tolist(), strict=True)
    ]
    bad = [(site, none) for site, none in empty if none] if len(levels) > 1 else []
    for site, none in bad:
        sentence = f"{site} has no patient with outcome {listed(none)}: batch effect and outcome cannot be separated there."
        yield answer(
            "CONF-002", Verdict.FAILED, sentence, severity=Severity.BLOCKING, scope=site, concerns=(site,), fix=_choices(site, sites),
            facts={"batch": site, "empty": tuple(none), "choices": ("drop", "merge", "keep")},
        )  # fmt: skip
    if not bad:
        yield answer("CONF-002", Verdict.PASSED, "Every batch has patients of every outcome class.")
