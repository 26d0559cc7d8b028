"""Lock a fitted pipeline: a document of numbers that depends on the training rows and the plan only, sealed by its digest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Protocol

from radaudit.digests import canonical, digest
from radaudit.errors import SignatureError, listed
from radaudit.signature.contract import Columns, Covariate, Feature, Grouping, Purpose, Training
from radaudit.signature.vectors import draw

SCHEMA = "radaudit/signature/1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}", re.ASCII)
GROUP_RULE = "risk >= value -> high, else low"


class Effects(Protocol):
    """Fitted site effects: ``harmonise.SiteEffects`` is one."""

    def only(self, features: Sequence[str]) -> Effects:
        """Return the same effects for some features, in this order."""

    def document(self) -> dict[str, Any]:
        """Return their JSON form."""


class Link(Protocol):
    """From the score to the prediction: ``models.link`` has those there are."""

    def step(self) -> dict[str, Any]:
        """Return the last step of the signature."""


class Pipeline(Protocol):
    """A fitted pipeline: harmonise, impute, standardise, linear, link; p features in one order, ``ranges`` (p, 2) raw."""

    @property
    def features(self) -> Sequence[str]: ...
    @property
    def effects(self) -> Effects | None: ...
    @property
    def median(self) -> Iterable[float]: ...
    @property
    def mean(self) -> Iterable[float]: ...
    @property
    def sd(self) -> Iterable[float]: ...
    @property
    def coefficients(self) -> Iterable[float]: ...
    @property
    def intercept(self) -> float: ...
    @property
    def threshold(self) -> float: ...
    @property
    def ranges(self) -> Iterable[Iterable[float]]: ...
    @property
    def link(self) -> Link: ...


class Identity(Protocol):
    """What is known about a feature: ``tables.intake.FeatureIdentity`` is one."""

    @property
    def ibsi(self) -> str: ...
    @property
    def unit(self) -> str: ...


def lock(
    pipeline: Pipeline,
    *,
    name: str,
    version: str,
    endpoint: Mapping[str, Any],
    plan_sha256: str,
    training: Training,
    threshold_rule: str,
    columns: Columns,
    grouping: Grouping | None = None,
    covariate_ranges: Mapping[str, tuple[float, float]] | None = None,
    identities: Mapping[str, Identity] | None = None,
    aliases: Mapping[str, Sequence[str]] | None = None,
    settings: Mapping[str, str] | None = None,
    purpose: Purpose | None = None,
    parent_sha256: str | None = None,
) -> dict[str, Any]:
    """Return the sealed signature document; only features with a coefficient other than zero remain, and what they need.

    ``covariate_ranges`` gives the training range of every covariate that is a number, ``settings`` the value a column must hold.
    Raises SignatureError (SCORE-010) for names, numbers or shapes that cannot be locked.
    """
    _refuse_name(name, version)
    kept = _kept(pipeline)
    inputs = [_input(row, identities or {}, aliases or {}) for row in kept]
    effects = None if pipeline.effects is None or not kept else pipeline.effects.only([row.name for row in kept]).document()
    covariates = _covariates(effects, covariate_ranges or {})
    purpose = purpose or Purpose()
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "name": name,
        "version": version,
        "endpoint": dict(endpoint),
        "plan_sha256": plan_sha256,
        "parent_sha256": parent_sha256,
        "training": training.document(),
        "inputs": [item.document() for item in inputs] + [item.document() for item in covariates],
        "columns": columns.document(),
        "batch": None if effects is None else _batch(effects, grouping),
        "settings": [{"column": column, "value": value} for column, value in sorted((settings or {}).items())],
        "steps": ([] if effects is None else [_combat(effects, grouping)]) + _model(kept, float(pipeline.intercept), pipeline.link.step()),
        "threshold": {"value": float(pipeline.threshold), "rule": GROUP_RULE, "chosen": threshold_rule},
        "intended_use": purpose.intended_use,
        "limits": list(purpose.limits),
    }
    return sealed({**document, "test_vectors": draw(document)})


def renamed(document: Mapping[str, Any], name: str, version: str) -> dict[str, Any]:
    """Return the same numbers under another name and version, sealed; raises SignatureError (SCORE-010) for what is no name."""
    _refuse_name(name, version)
    return sealed({**document, "name": name, "version": version})


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with ``sha256``: the digest of its canonical JSON without that key."""
    plain = {key: value for key, value in document.items() if key != "sha256"}
    return {**plain, "sha256": digest(plain)}


def signature_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of ``signature.json``: canonical JSON and a newline."""
    return canonical(document) + b"\n"


def registration(document: Mapping[str, Any]) -> str:
    """Return the string to register in the protocol: ``radaudit:relapse-2y@1.0.0#<sha256>``."""
    return f"radaudit:{document['name']}@{document['version']}#{document['sha256']}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """One feature of the pipeline as plain numbers."""

    name: str
    median: float
    mean: float
    sd: float
    coefficient: float
    low: float
    high: float


def _kept(pipeline: Pipeline) -> list[_Kept]:
    """Return the features with a coefficient other than zero; raises SignatureError (SCORE-010) for numbers that cannot be locked."""
    columns = (pipeline.median, pipeline.mean, pipeline.sd, pipeline.coefficients)
    numbers = zip(*(map(float, column) for column in columns), strict=True)
    kept = []
    for name, (median, mean, sd, coefficient), pair in zip(pipeline.features, numbers, pipeline.ranges, strict=True):
        low, high = map(float, pair)
        if coefficient != 0.0:
            kept.append(_Kept(name, median, mean, sd, coefficient, low, high))
    bad = [row.name for row in kept if not (row.sd > 0.0 and row.low <= row.high and all(map(math.isfinite, astuple(row)[1:])))]
    probable = pipeline.link.step()["op"] == "identity" or 0.0 <= pipeline.threshold <= 1.0
    if bad or not math.isfinite(pipeline.intercept) or not math.isfinite(pipeline.threshold) or not probable:
        raise SignatureError("SCORE-010", f"numbers that cannot be locked: {listed(bad) or 'intercept or threshold'}")
    return kept


def _model(kept: Sequence[_Kept], intercept: float, link: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"op": "impute", "value": [row.median for row in kept]},
        {"op": "standardise", "mean": [row.mean for row in kept], "sd": [row.sd for row in kept]},
        {"op": "linear", "coef": [row.coefficient for row in kept], "intercept": intercept},
        link,
    ]


def _input(row: _Kept, identities: Mapping[str, Identity], aliases: Mapping[str, Sequence[str]]) -> Feature:
    known = identities.get(row.name)
    return Feature(
        name=row.name,
        low=row.low,
        high=row.high,
        ibsi="" if known is None else known.ibsi,
        unit="" if known is None else known.unit,
        aliases=tuple(aliases.get(row.name, ())),
    )


def _covariates(effects: Mapping[str, Any] | None, ranges: Mapping[str, tuple[float, float]]) -> list[Covariate]:
    found = []
    for item in [] if effects is None else effects["covariates"]:
        if item["kind"] == "category":
            found.append(Covariate(name=item["name"], levels=tuple(item["levels"])))
        elif item["name"] in ranges:
            low, high = ranges[item["name"]]
            found.append(Covariate(name=item["name"], low=float(low), high=float(high)))
        else:
            raise SignatureError("SCORE-010", f'the training range of covariate "{item["name"]}" is not given', fix="covariate_ranges")
    return found


def _refuse_name(name: str, version: str) -> None:
    if NAME.fullmatch(name) is None or VERSION.fullmatch(version) is None:
        raise SignatureError(
            "SCORE-010", f'"{name}" version "{version}" is no name of a signature', fix="--name relapse-2y --version 1.0.0"
        )


def _batch(effects: Mapping[str, Any], grouping: Grouping | None) -> dict[str, Any]:
    if grouping is None or not grouping.columns:
        raise SignatureError(
            "SCORE-010", "a harmonised signature must say which columns name the batch", fix="grouping=Grouping(columns=...)"
        )
    known = sorted({*effects["batches"], *grouping.keep})
    return {
        "columns": list(grouping.columns),
        "separator": grouping.separator,
        "merge": {new: sorted(olds) for new, olds in grouping.merge.items()},
        "known": known,
        "unseen": grouping.unseen,
    }


def _combat(effects: Mapping[str, Any], grouping: Grouping | None) -> dict[str, Any]:
    columns = [
        column
        for item in effects["covariates"]
        for column in ([item["name"]] if item["kind"] == "number" else [f"{item['name']}[{level}]" for level in item["levels"][1:]])
    ]
    sites = {
        batch: {"gamma": gamma, "delta": delta, "n": n}
        for batch, gamma, delta, n in zip(effects["batches"], effects["gamma"], effects["delta"], effects["counts"], strict=True)
    }
    return {
        "op": "combat",
        "grand_mean": effects["grand_mean"],
        "pooled_sd": effects["pooled_sd"],
        "columns": columns,
        "coefficients": effects["coefficients"],
        "sites": sites,
        "reference": effects["reference"],
        "keep": sorted(grouping.keep) if grouping else [],
    }
