"""Read a signature strictly: one spelling, one digest, every number in its place; anything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from radaudit.digests import canonical, digest, strict_json
from radaudit.errors import SignatureError
from radaudit.signature.lock import SCHEMA

MOST_BYTES = 16 << 20
MEMBERS = frozenset(
    {
        *(
            "schema",
            "name",
            "version",
            "endpoint",
            "plan_sha256",
            "parent_sha256",
            "training",
            "inputs",
            "columns",
            "batch",
            "settings",
            "steps",
        ),
        *("threshold", "intended_use", "limits", "test_vectors", "sha256"),
    }
)
INPUT = frozenset({"name", "kind", "ibsi", "unit", "min", "max", "levels", "missing", "aliases"})
LINKS = ("logistic", "cox", "identity")
ORDERS = tuple((*first, "impute", "standardise", "linear", link) for first in ((), ("combat",)) for link in LINKS)


def read_signature(data: bytes, at: str = "signature.json") -> dict[str, Any]:
    """Return the document of these bytes.

    Raises SignatureError: SCORE-010 if it is not a signature, SCORE-011 if it was altered (its digest or its spelling differs).
    """
    if len(data) > MOST_BYTES:
        raise SignatureError("SCORE-010", "too large for a signature", at=at, found=f"{len(data):,} bytes")
    try:
        document = strict_json(data)
        same = canonical(document) + b"\n" == data
    except (ValueError, TypeError) as error:
        raise SignatureError(
            "SCORE-010", "not a signature", at=at, found=str(error)[:200], fix="give the signature.json that lock wrote"
        ) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise SignatureError("SCORE-010", f"not a signature of schema {SCHEMA}", at=at, found=str(found)[:80])
    own = digest({key: value for key, value in document.items() if key != "sha256"})
    if document.get("sha256") != own or not same:
        raise SignatureError(
            "SCORE-011",
            "the signature was altered after it was locked",
            at=at,
            found=f"states {str(document.get('sha256'))[:16]}, content gives {own[:16]}",
            fix="use the file with the registered digest",
        )
    try:
        _check(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignatureError("SCORE-010", "the signature is damaged", at=at, found=f"{type(error).__name__}: {error}") from error
    return document


def _check(document: Mapping[str, Any]) -> None:
    """Raise ValueError unless every member has its form: the digest proves who locked it, not that it makes sense."""
    _members(document, MEMBERS, "document")
    inputs = document["inputs"]
    for item in inputs:
        _members(item, INPUT, "input")
        _require(item["kind"] in ("feature", "covariate") and item["missing"] in ("value", "error"), "input kind or missing")
        _require(item["kind"] == "feature" or item["missing"] == "error", "covariates cannot be imputed")
        _require(bool(item["levels"]) or item["min"] <= item["max"], "input range")
    spellings = [name for item in inputs for name in (item["name"], *item["aliases"])]
    _require(len(set(spellings)) == len(spellings), "an input comes twice")
    features = sum(item["kind"] == "feature" for item in inputs)
    steps = document["steps"]
    _require(tuple(step["op"] for step in steps) in ORDERS, "steps")
    for step in steps:
        _step(step, features)
    combat = next((step for step in steps if step["op"] == "combat"), None)
    batch = document["batch"]
    _require((combat is None) == (batch is None), "batch without combat, or combat without batch")
    if combat is not None:
        _require(set(batch["known"]) == {*combat["sites"], *combat["keep"]}, "known batches")
        _require(batch["unseen"] in ("refuse", "reference", "pass") and len(batch["columns"]) > 0, "batch")
        covariates = [item for item in inputs if item["kind"] == "covariate"]
        columns = [c for item in covariates for c in _columns(item)]
        _require(combat["columns"] == columns, "columns of the covariates")
    value = document["threshold"]["value"]
    _numbers([value], 1)
    _require(steps[-1]["op"] == "identity" or 0.0 <= value <= 1.0, "threshold")
    _require(all(isinstance(vector["row"], dict) for vector in document["test_vectors"]), "test vectors")


def _columns(item: Mapping[str, Any]) -> list[str]:
    return [f"{item['name']}[{level}]" for level in item["levels"][1:]] if item["levels"] else [item["name"]]


def _step(step: Mapping[str, Any], features: int) -> None:
    lists = {"impute": ["value"], "standardise": ["mean", "sd"], "linear": ["coef"], "combat": ["grand_mean", "pooled_sd"]}
    for member in lists.get(step["op"], []):
        _numbers(step[member], features)
    if step["op"] == "standardise":
        _require(all(value > 0 for value in step["sd"]), "sd")
    if step["op"] == "linear":
        _numbers([step["intercept"]], 1)
    if step["op"] == "cox":
        _hazard(step)
    if step["op"] == "combat":
        _require(len(step["coefficients"]) == len(step["columns"]), "coefficients")
        for row in step["coefficients"]:
            _numbers(row, features)
        for site in step["sites"].values():
            _numbers(site["gamma"], features)
            _numbers(site["delta"], features)
            _require(all(value > 0 for value in site["delta"]), "delta")


def _hazard(step: Mapping[str, Any]) -> None:
    """Raise ValueError unless the times rise to the horizon and the cumulative hazard does not fall."""
    times, hazard = step["times"], step["cumulative_hazard"]
    _numbers(times, len(times))
    _numbers(hazard, len(times))
    _require(len(times) > 0 and times[0] > 0 and times[-1] == step["horizon"], "horizon")
    _require(all(a < b for a, b in pairwise(times)) and all(0 <= a <= b for a, b in pairwise([0.0, *hazard])), "baseline hazard")


def _numbers(values: Any, length: int) -> None:
    right = isinstance(values, list) and all(isinstance(value, float | int) and not isinstance(value, bool) for value in values)
    _require(right and len(values) == length, "a list of numbers")


def _members(value: Any, members: frozenset[str], what: str) -> None:
    _require(isinstance(value, dict) and set(value) == members, f"members of the {what}")


def _require(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)
