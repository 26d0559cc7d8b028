"""Told: what the sender states in a claim file, in words or in YAML; a role that is stated is not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from radaudit.errors import StudyError, listed, nearest
from radaudit.leaks.numbers.stated import Stated, stated
from radaudit.study.audit.words import INTERVAL_IN_TEXT, Limit, Said, said

KEYS = (
    "text",
    "claims",
    "figures",
    "threshold",
    "selected",
    "subject",
    "site",
    "outcome",
    "event",
    "predictions",
    "split",
    "test",
    "training",
)
CLAIMABLE = ("auc", "calibration_slope", "calibration_intercept", "brier", "sensitivity", "specificity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was stated: the claim's text, claims (as in study.yaml), figures, threshold, features, and columns by role."""

    text: str = ""
    claims: tuple[Mapping[str, Any], ...] = ()
    figures: Mapping[str, Stated] = field(default_factory=dict)
    threshold: float | None = None
    selected: tuple[str, ...] = ()
    roles: Mapping[str, Any] = field(default_factory=dict)


def told_in_words(text: str) -> Told:
    """Return what a claim in words states."""
    found = said(text)
    return Told(text=found.text, claims=claims_of(found), figures=found.figures, threshold=found.threshold)


def claims_of(found: Said) -> tuple[dict[str, Any], ...]:
    """Return the limits of a claim in words as claims of a study file; the first is the primary one."""
    limits = [limit for limit in found.limits if limit.measure in CLAIMABLE]
    return tuple(claim_of(limit, number) for number, limit in enumerate(limits, start=1))


def claim_of(limit: Limit, number: int) -> dict[str, Any]:
    """Return one limit as a claim of a study file."""
    upper = limit.measure == "brier"
    key = ("below" if upper else "above") if limit.strict else ("at_most" if upper else "at_least")
    return {"id": f"C{number}", "primary": number == 1, "measure": limit.measure, "on": "test", key: limit.value, "text": limit.words}


def told_in_yaml(document: Any, name: str) -> Told:
    """Return what a claim file in YAML states. Raises StudyError (STUDY-125) for keys it cannot hold."""
    if not isinstance(document, dict):
        raise StudyError(
            "STUDY-125",
            f"{name} holds no keys and values",
            fix="claims:\n  - {id: C1, primary: true, measure: auc, on: test, at_least: 0.75}",
        )
    odd = [key for key in document if key not in KEYS]
    if odd:
        near = nearest(odd[0], KEYS)
        raise StudyError("STUDY-125", f'{name}: unknown key "{odd[0]}"', found=listed(document), near=near, fix=listed(KEYS, most=20))
    words = said(str(document.get("text") or ""))
    claims = document.get("claims") or claims_of(words)
    if not isinstance(claims, list | tuple) or not all(isinstance(claim, dict) for claim in claims):
        raise StudyError(
            "STUDY-125", f"{name}: claims is a list", fix="claims:\n  - {id: C1, primary: true, measure: auc, on: test, at_least: 0.75}"
        )
    given = document.get("figures") or {}
    if not isinstance(given, dict):
        raise StudyError("STUDY-125", f"{name}: figures maps measures to figures", fix='figures: {auc: "0.81 (0.74 to 0.88)"}')
    figures = [figure_of(measure, str(text)) for measure, text in given.items()]
    cut = document.get("threshold")
    return Told(
        text=words.text,
        claims=tuple(claims),
        figures={**words.figures, **{figure.measure: figure for figure in figures}},
        threshold=words.threshold if cut is None else _number(cut, name),
        selected=tuple(map(str, document.get("selected") or ())),
        roles={key: document[key] for key in KEYS[5:] if document.get(key)},
    )


def figure_of(measure: str, text: str) -> Stated:
    """Return a figure written with its interval behind it, such as ``0.81 (0.74 to 0.88)``."""
    match = INTERVAL_IN_TEXT.fullmatch(text.strip())
    return stated(measure, match[1], match[2] or "") if match else stated(measure, text)


def merged(first: Told, second: Told) -> Told:
    """Return both; what the second states stands."""
    return Told(
        text=" ".join(text for text in (first.text, second.text) if text),
        claims=second.claims or first.claims,
        figures={**first.figures, **second.figures},
        threshold=first.threshold if second.threshold is None else second.threshold,
        selected=second.selected or first.selected,
        roles={**first.roles, **second.roles},
    )


def _number(text: Any, name: str) -> float:
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        raise StudyError("STUDY-125", f'{name}: the threshold "{text}" is no number', fix="threshold: 0.42") from None
