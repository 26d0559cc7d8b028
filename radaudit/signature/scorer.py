"""Scorer: a locked signature applied to rows, one at a time, in plain Python numbers; rows in = rows out, and no way to fit.

Steps are a closed list, each elementwise over the inputs of kind ``feature``, in order:

combat       y = x - (x - m)(1 - 1/sqrt(delta)) - s gamma / sqrt(delta), m = grand_mean + sum_k design_k coefficient_k, s = pooled_sd
             (Johnson et al. 2007, as a correction); a row of the reference, a kept or an admitted unseen batch is left as it is
impute       a missing x becomes value
standardise  (x - mean) / sd
linear       intercept + coef_1 x_1 + coef_2 x_2 + ..., summed in that order
logistic     1 / (1 + exp(-x)), the probability of the event
cox          1 - exp(-H exp(x)), the risk of the event by the horizon; H is the last cumulative hazard, and the risk is 1 for x above 700
identity     x, the predicted value
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radaudit.errors import listed

Cell = str | float | None
Row = Mapping[str, Cell]
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
SCORED, FLAGGED, REFUSED = "scored", "flagged", "refused"
HIGH, LOW = "high", "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The answer for one row: a risk and group, or a refusal; ``code`` is the first of ``codes``, ``reason`` says all of them."""

    risk: float | None
    group: str
    status: str
    codes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def code(self) -> str:
        """The code that decides the status; empty for a row without remark."""
        return self.codes[0] if self.codes else ""


@dataclass(frozen=True, slots=True)
class _Remark:
    code: str
    text: str


class Scorer:
    """Applies one signature document (already read with ``read_signature``)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.features = [item for item in document["inputs"] if item["kind"] == "feature"]
        self.covariates = [item for item in document["inputs"] if item["kind"] == "covariate"]
        self.batch = document["batch"]
        self.settings = document["settings"]
        merged = {} if self.batch is None else self.batch["merge"]
        self._merged = {old: new for new, olds in merged.items() for old in olds}

    def score(self, rows: Sequence[Row]) -> list[Scored]:
        """Return one answer per row, in order; a row's answer depends on no other row."""
        return [self.score_row(row) for row in rows]

    def score_row(self, row: Row) -> Scored:
        """Return the answer for one row: refused for the first reason in the order of ``_refusals``, else a risk, flagged if remarkable."""
        batch, refused, flags = self._batch(row)
        values, more, noted = self._values(row)
        design, levels = self._design(row)
        refused = self._absent(row) + refused + self._settings(row) + more + levels
        if refused:
            return _answer(None, "", REFUSED, refused)
        risk = self._through(values, batch, design)[-1]["values"][0]
        group = HIGH if risk >= self.document["threshold"]["value"] else LOW
        remarks = flags + noted
        return _answer(risk, group, FLAGGED if remarks else SCORED, remarks)

    def trace(self, row: Row) -> list[dict[str, Any]]:
        """Return the values after every step for a row that is not refused; a missing value is None."""
        batch, _, _ = self._batch(row)
        values, _, _ = self._values(row)
        design, _ = self._design(row)
        return self._through(values, batch, design)

    def _through(self, values: list[float | None], batch: str, design: dict[str, float]) -> list[dict[str, Any]]:
        done = []
        for step in self.document["steps"]:
            if step["op"] == "combat":
                values = _combat(step, values, batch, design)
            elif step["op"] == "impute":
                values = [fill if value is None else value for value, fill in zip(values, step["value"], strict=True)]
            elif step["op"] == "standardise":
                numbers = zip(values, step["mean"], step["sd"], strict=True)
                values = [None if value is None else (value - mean) / sd for value, mean, sd in numbers]
            elif step["op"] == "linear":
                total = float(step["intercept"])
                for value, coefficient in zip(values, step["coef"], strict=True):
                    total += coefficient * (math.nan if value is None else value)
                values = [total]
            elif step["op"] == "cox":
                values = [None if value is None else _hazard_risk(value, float(step["cumulative_hazard"][-1])) for value in values]
            elif step["op"] == "logistic":
                values = [None if value is None else _logistic(value) for value in values]
            done.append({"op": step["op"], "values": list(values)})
        return done

    def _absent(self, row: Row) -> list[_Remark]:
        wanted = [*self.features, *self.covariates]
        gone = [item["name"] for item in wanted if not any(name in row for name in (item["name"], *item["aliases"]))]
        gone += [name for name in ([] if self.batch is None else self.batch["columns"]) if name not in row]
        return [_Remark("SCORE-002", f"no column {listed(gone)}")] if gone else []

    def _batch(self, row: Row) -> tuple[str, list[_Remark], list[_Remark]]:
        if self.batch is None or any(name not in row for name in self.batch["columns"]):
            return "", [], []
        parts = [_text(row[name]) for name in self.batch["columns"]]
        if any(part is None for part in parts):
            empty = [name for name, part in zip(self.batch["columns"], parts, strict=True) if part is None]
            return "", [_Remark("SCORE-003", f"{listed(empty)} is missing")], []
        joined = self.batch["separator"].join(str(part) for part in parts)
        name = self._merged.get(joined, joined)
        if name in self.batch["known"]:
            return name, [], []
        if self.batch["unseen"] == "refuse":
            return name, [_Remark("SCORE-001", f"{name} not in signature")], []
        return name, [], [_Remark("SCORE-001", f"{name} not in signature, not harmonised ({self.batch['unseen']})")]

    def _settings(self, row: Row) -> list[_Remark]:
        other = [item for item in self.settings if _text(row.get(item["column"])) not in (None, item["value"])]
        return [_Remark("SCORE-004", f"{item['column']} {_text(row[item['column']])}, needs {item['value']}") for item in other]

    def _values(self, row: Row) -> tuple[list[float | None], list[_Remark], list[_Remark]]:
        values: list[float | None] = []
        words: list[str] = []
        gone: list[str] = []
        filled: list[str] = []
        outside: list[str] = []
        for item in self.features:
            value, bad = _number(_cell(row, item))
            values.append(value)
            if bad:
                words.append(f'{item["name"]} is "{bad}"')
            elif value is None:
                (filled if item["missing"] == "value" else gone).append(item["name"])
            elif not item["min"] <= value <= item["max"]:
                outside.append(item["name"])
        if self.features and len(filled) == len(self.features):
            gone, filled = filled, []
        refused = [_Remark("SCORE-005", f"not a number: {listed(words)}")] if words else []
        refused += [_Remark("SCORE-003", f"{listed(gone)} is missing")] if gone else []
        flags = [_Remark("SCORE-003", f"{listed(filled)} missing, replaced by the training value")] if filled else []
        flags += [_Remark("SCORE-006", f"{listed(outside)} outside training range")] if outside else []
        return values, refused, flags

    def _design(self, row: Row) -> tuple[dict[str, float], list[_Remark]]:
        """Return the indicator or number of every covariate column by its name, as ``sex[male]`` or ``age``."""
        design: dict[str, float] = {}
        refused: list[_Remark] = []
        for item in self.covariates:
            name, cell = item["name"], _cell(row, item)
            level = _text(cell)
            if level is None:
                if any(spelling in row for spelling in (name, *item["aliases"])):
                    refused.append(_Remark("SCORE-003", f"{name} is missing"))
            elif item["levels"]:
                if level not in item["levels"]:
                    refused.append(_Remark("SCORE-007", f'{name} is "{level}", the signature knows {listed(item["levels"], most=9)}'))
                design |= {f"{name}[{known}]": float(known == level) for known in item["levels"]}
            else:
                value, bad = _number(cell)
                if value is None:
                    refused.append(_Remark("SCORE-005", f'not a number: {name} is "{bad}"'))
                else:
                    design[name] = value
        return design, refused


def _combat(step: Mapping[str, Any], values: list[float | None], batch: str, design: Mapping[str, float]) -> list[float | None]:
    site = step["sites"].get(batch)
    if site is None or batch == step["reference"] or batch in step["keep"]:
        return values
    harmonised: list[float | None] = []
    for j, x in enumerate(values):
        if x is None:
            harmonised.append(None)
            continue
        rest = x - step["grand_mean"][j]
        for column, coefficients in zip(step["columns"], step["coefficients"], strict=True):
            rest -= design[column] * coefficients[j]
        shrink = 1.0 / math.sqrt(site["delta"][j])
        harmonised.append(x - (rest * (1.0 - shrink) + step["pooled_sd"][j] * site["gamma"][j] * shrink))
    return harmonised


def _logistic(score: float) -> float:
    """Return 1 / (1 + exp(-score)), written so that exp never overflows."""
    if score >= 0.0:
        return 1.0 / (1.0 + math.exp(-score))
    tail = math.exp(score)
    return tail / (1.0 + tail)


def _hazard_risk(score: float, hazard: float) -> float:
    """Return 1 - exp(-hazard exp(score))."""
    if score > 700.0:
        return 1.0 if hazard > 0.0 else 0.0
    return -math.expm1(-hazard * math.exp(score))


def _cell(row: Row, item: Mapping[str, Any]) -> Cell:
    return next((row[name] for name in (item["name"], *item["aliases"]) if name in row), None)


def _text(cell: Cell) -> str | None:
    """Return a cell as text without outer blanks: None if nothing is left; a whole number without its point."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return str(int(cell)) if math.isfinite(cell) and cell == int(cell) else repr(float(cell))
    return str(cell).strip() or None


def _number(cell: Cell) -> tuple[float | None, str]:
    """Return (number, "") or (None, "") for an empty cell or (None, what stands there) if it is no finite number."""
    text = _text(cell)
    if text is None:
        return None, ""
    if not isinstance(cell, str):
        value = float(cell) if cell is not None else math.nan
        return (value, "") if math.isfinite(value) else (None, text)
    if NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        return None, text[:40]
    return float(text), ""


def _answer(risk: float | None, group: str, status: str, remarks: list[_Remark]) -> Scored:
    codes = tuple(dict.fromkeys(remark.code for remark in remarks))
    return Scored(risk=risk, group=group, status=status, codes=codes, reason="; ".join(f"{r.text} ({r.code})" for r in remarks))
