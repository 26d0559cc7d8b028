"""How numbers, statuses and ids are worded: one place, so that one thing is called one name on the whole page."""

from __future__ import annotations

import re

from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.parts import Status
from radaudit.errors import DossierError

ANSWERS = {"supported": ("✓", "good"), "not supported": ("✕", "bad"), "cannot be determined": ("?", "open")}
NO_ANSWER = "not evaluated"
VERDICTS = {
    "passed": ("✓", "good"),
    "failed": ("✕", "bad"),
    "not applicable": ("–", "none"),
    "not run": ("?", "open"),
    "waived": ("○", "warn"),
}
STATES = {
    "proved leak": ("✕", "bad"),
    "suspected": ("!", "warn"),
    "no evidence": ("–", "none"),
    "evidence of clean": ("✓", "good"),
    "proved clean": ("✓", "good"),
    "not testable with what was supplied": ("?", "open"),
}
SEVERITIES = {"blocking": ("✕", "bad"), "major": ("!", "warn"), "minor": ("△", "warn"), "note": ("i", "none")}
SITE_WORDS = {"ok": ("✓", "good"), "warn": ("!", "warn"), "fail": ("✕", "bad")}
MEASURES = {
    "auc": "AUC",
    "calibration_slope": "calibration slope",
    "calibration_intercept": "calibration intercept",
    "brier": "Brier score",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "delta_auc": "gain in AUC",
    "c_index": "C-index",
    "c_index_uno": "C-index (Uno)",
    "auc_at": "AUC at the horizon",
    "brier_at": "Brier score at the horizon",
    "ipa": "index of prediction accuracy",
    "observed_expected": "observed over expected risk",
    "delta_c_index": "gain in C-index",
    "r2": "R²",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "mean_error": "mean error",
    "citl": "calibration in the large",
    "delta_r2": "gain in R²",
}
CHANCE = {"auc": 0.5, "c_index": 0.5, "r2": 0.0}
LEVELS = {"auc": "citl", "c_index": "observed_expected", "r2": "mean_error"}
PLACES = {"test": "test set", "new_site": "new site"}
DASH = "–"
INKS = 8
SHAPES = 7


def measure(node: Node) -> tuple[str, str, float]:
    """Return the discrimination a part is about: its key, its name, and what a model that knows nothing reaches; without one the AUC."""
    key = node.text("measure") or "auc"
    if key not in CHANCE:
        raise DossierError("VERIFY-081", f'{node.path}/measure is "{key[:60]}"', found=" | ".join(CHANCE), fix="radaudit verify DOSSIER")
    return key, MEASURES[key], CHANCE[key]


def number(value: float | None, digits: int = 2) -> str:
    """Return a number rounded to digits, with a real minus sign and no minus before a zero; a dash for none."""
    if value is None:
        return DASH
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if not text.strip("-0.") else text).replace("-", "−")


def significant(value: float | None, digits: int = 4) -> str:
    """Return a number by its significant digits, for coefficients and ranges of any size."""
    return DASH if value is None else f"{value:.{digits}g}".replace("-", "−")


def count(value: int | None) -> str:
    """Return a count with a narrow space between thousands."""
    return DASH if value is None else f"{value:,}".replace(",", "\u202f").replace("-", "−")


def share(value: float | None, digits: int = 0) -> str:
    """Return a share as a percentage; never 0% for what is not 0."""
    if value is None:
        return DASH
    floor = 10.0**-digits
    if 0 < value * 100 < floor / 2:
        return f"<{floor:g}%"
    return f"{value * 100:.{digits}f}%".replace("-", "−")


def probability(value: float | None) -> str:
    """Return ``p = 0.03`` or ``p < 0.001``."""
    if value is None:
        return DASH
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def interval(quantity: Quantity, digits: int = 2) -> str:
    """Return ``0.60 to 0.82``, or empty."""
    return f"{number(quantity.low, digits)} to {number(quantity.high, digits)}" if quantity.bounded else ""


def estimate(quantity: Quantity, digits: int = 2) -> str:
    """Return ``0.71 (0.60 to 0.82)``; without a value ``not estimable``."""
    if not quantity.known:
        return "not estimable"
    inner = interval(quantity, digits)
    return f"{number(quantity.value, digits)} ({inner})" if inner else number(quantity.value, digits)


def estimate_said(quantity: Quantity, digits: int = 2) -> str:
    """Return the estimate as a sentence part: level, people, or the reason why there is none."""
    if not quantity.known:
        return f"not estimable: {quantity.reason}" if quantity.reason else "not estimable"
    inside = [f"{share(quantity.level)} {interval(quantity, digits)}"] if quantity.bounded else []
    tail = people(quantity)
    inside += [tail] if tail else []
    inside += [quantity.reason] if not quantity.bounded and quantity.reason else []
    return f"{number(quantity.value, digits)} ({'; '.join(inside)})" if inside else number(quantity.value, digits)


def people(quantity: Quantity) -> str:
    """Return ``96 patients, 38 events``."""
    parts = [] if quantity.patients is None else [plural(quantity.patients, "patient")]
    parts += [] if quantity.events is None else [plural(quantity.events, "event")]
    return ", ".join(parts)


def plural(value: int | None, noun: str) -> str:
    """Return ``1 patient`` or ``2 patients``."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def sentence(text: str) -> str:
    """Return the text with a capital first letter and a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0].rstrip(",;:.")
    head = text[0].upper() if first.isalpha() and first.islower() else text[0]  # oslo.csv and binWidth keep their spelling
    return together(head + text[1:] + ("" if text[-1] in ".!?" else "."))


def together(text: str) -> str:
    """Return the text with a sign and its number kept on one line."""
    return re.sub(r"([≥≤<>]) (?=[\d−-])", "\\1\u00a0", text)


def unbroken(text: str) -> str:
    """Return a short text that stays on one line."""
    return text.replace(" ", "\u00a0")


def short(digest: str, length: int = 12) -> str:
    """Return the first characters of a digest."""
    return digest if len(digest) <= length else f"{digest[:length]}…"


def answer(node: Node, name: str, claim: str) -> Status:
    """Return the status of a claim in exactly the words of the document; raises DossierError for any other word."""
    word = node.text(name)
    if not word:
        return Status(word=NO_ANSWER, symbol=DASH, tone="none")
    if word not in ANSWERS:
        raise DossierError("VERIFY-082", f'{node.path}/{name} is "{word[:60]}"', found=" | ".join(ANSWERS), fix="radaudit verify DOSSIER")
    symbol, tone = ANSWERS[word]
    return Status(word=word, symbol=symbol, tone=tone, claim=claim)


def verdict(word: str, severity: str = "") -> Status:
    """Return the status of a finding; a failed one is as heavy as its severity."""
    symbol, tone = VERDICTS.get(word, ("?", "open"))
    if word == "failed" and severity in SEVERITIES:
        symbol, tone = SEVERITIES[severity]
    return Status(word=word or "unknown", symbol=symbol, tone=tone)


def state(word: str) -> Status:
    """Return the status of a leak kind in one of the five states, or that it could not be tested."""
    symbol, tone = STATES.get(word, ("?", "open"))
    return Status(word="not testable" if word.startswith("not testable") else word or "unknown", symbol=symbol, tone=tone)


def severity(word: str) -> Status:
    """Return the status of a severity."""
    symbol, tone = SEVERITIES.get(word, ("i", "none"))
    return Status(word=word or "note", symbol=symbol, tone=tone)


def anchor(kind: str, name: str) -> str:
    """Return an id for a name: letters, digits, dot and hyphen stay, all else becomes ``_hex_``; two names never share one."""
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9.-]", lambda m: f"_{ord(m.group()):x}_", name)


def site_ink(index: int) -> str:
    """Return the ink of the i-th site; with ``site_shape`` the first 56 sites differ in one or both."""
    return f"s{index % INKS}"


def site_shape(index: int) -> int:
    """Return the marker shape of the i-th site."""
    return index % SHAPES
