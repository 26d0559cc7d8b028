"""Stated: a figure as it is printed, with the last digit it was rounded to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from radaudit.errors import StudyError, nearest

MEASURES = {
    "auc": ("auroc", "c-index", "c-statistic", "roc auc", "area under the curve"),
    "sensitivity": ("recall", "true positive rate", "tpr"),
    "specificity": ("true negative rate", "tnr"),
    "accuracy": ("acc",),
    "balanced_accuracy": ("balanced accuracy",),
    "ppv": ("precision", "positive predictive value"),
    "npv": ("negative predictive value",),
    "f1": ("f1-score", "f1 score"),
    "prevalence": (),
    "brier": ("brier score",),
    "calibration_slope": ("calibration slope", "slope"),
    "calibration_intercept": ("calibration intercept",),
}
SHARES = ("auc", "sensitivity", "specificity", "accuracy", "balanced_accuracy", "ppv", "npv", "f1", "prevalence", "brier")
FIGURE = re.compile(r"([+-]?\d*[.,]?\d+)\s*(%?)")
INTERVAL = re.compile(r"([+-]?\d*[.,]?\d+)\s*%?\s*(?:to|-|–|—|;|,\s)\s*([+-]?\d*[.,]?\d+)\s*(%?)")
SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One figure as printed: ``value``, the ``unit`` of its last digit (0.873: 0.001), ``low`` and ``high`` of its interval if stated."""

    measure: str
    text: str
    value: float
    unit: float
    low: float | None = None
    high: float | None = None
    interval_unit: float = 0.0

    def rounds_from(self, value: float) -> bool:
        """Return True if ``value`` is printed like this when it is rounded, half up or half to even."""
        return abs(value - self.value) <= self.unit / 2 + SLACK

    def cut_from(self, value: float) -> bool:
        """Return True if ``value`` is printed like this when its further digits are cut off."""
        return self.value - SLACK <= value < self.value + self.unit + SLACK


def measure_of(name: str) -> str:
    """Return the measure a name means; raises StudyError (STUDY-120) with the nearest one."""
    plain = " ".join(name.strip().lower().replace("_", " ").split())
    for measure, others in MEASURES.items():
        if plain == measure.replace("_", " ") or plain in others:
            return measure
    known = [*MEASURES, *(other for others in MEASURES.values() for other in others)]
    near = nearest(plain, known)
    raise StudyError("STUDY-120", f'no measure is called "{name}"', found=", ".join(MEASURES), near=near, fix=f"{near or 'auc'}: 0.81")


def stated(measure: str, text: str, interval: str = "") -> Stated:
    """Return a figure from its text, such as ``0.873``, ``87.3%`` or ``0,87``; ``interval`` is text such as ``0.80 to 0.93``.

    Raises StudyError (STUDY-121) for a text that is no number, or no share where one is meant.
    """
    name = measure_of(measure)
    match = FIGURE.fullmatch(text.strip())
    if match is None:
        raise _no_number(name, text)
    value, unit = _number(match[1], match[2])
    if name in SHARES and not 0.0 <= value <= 1.0:
        raise _no_number(name, text)
    low = high = None
    width = unit
    if interval.strip():
        ends = INTERVAL.search(interval)
        if ends is None:
            raise _no_number(name, interval)
        percent = ends[3] or ("%" if "%" in interval or "%" in match[2] else "")
        low, width = _number(ends[1], percent)
        high, other = _number(ends[2], percent)
        width = max(width, other)
    return Stated(measure=name, text=text.strip(), value=value, unit=unit, low=low, high=high, interval_unit=width)


def _number(digits: str, percent: str) -> tuple[float, float]:
    """Return a value and the unit of its last digit, both as shares if it is a percentage."""
    plain = digits.replace(",", ".")
    places = len(plain.partition(".")[2])
    scale = 100.0 if percent else 1.0
    return float(plain) / scale, 10.0**-places / scale


def _no_number(measure: str, text: str) -> StudyError:
    return StudyError(
        "STUDY-121", f'the {measure} "{text[:40]}" is no figure', fix=f'{measure}: 0.81   # or {measure}: "0.81 (0.74 to 0.88)"'
    )
