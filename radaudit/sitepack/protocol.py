"""The declared protocol, as far as one table tells: which rules have rows that deviate, and which are not stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from radaudit.sitepack.reading import NUMBER


def judged(
    protocol: dict[str, Any], columns: Mapping[str, Sequence[str]], settings: Sequence[dict[str, str]], rows: Sequence[int]
) -> tuple[list[str], list[str]]:
    """Return the labels of rules from which rows deviate, and of those that rows do not state."""
    off, silent = [], []
    for rule in protocol["rules"]:
        empty = deviating = False
        for i in rows:
            text = (settings[i].get(rule["setting"], "") if rule["setting"] else columns.get(rule["column"], ("",) * (i + 1))[i]).strip()
            empty = empty or not text
            deviating = deviating or bool(text and not kept(rule_for(rule, protocol["amendments"], columns, i), text))
        off += [rule["label"]] if deviating else []
        silent += [rule["label"]] if empty else []
    return off, silent


def rule_for(rule: dict[str, Any], amendments: Sequence[dict[str, Any]], columns: Mapping[str, Sequence[str]], i: int) -> dict[str, Any]:
    """Return the rule that holds for row ``i``: that of the last amendment that applies to it."""
    for amendment in reversed(amendments):
        if all(fnmatchcase(columns[name][i].strip() if name in columns else "", pattern) for name, pattern in amendment["when"].items()):
            for other in amendment["rules"]:
                if (other["column"], other["setting"]) == (rule["column"], rule["setting"]):
                    return dict(other)
    return rule


def kept(rule: dict[str, Any], text: str) -> bool:
    """Return whether a text keeps to a rule."""
    number = _number(text)
    if rule["between"]:
        return number is not None and rule["between"][0] <= number <= rule["between"][1]
    if not rule["one_of"] or text in rule["one_of"]:
        return True
    return number is not None and any(_number(other) == number for other in rule["one_of"])


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None
