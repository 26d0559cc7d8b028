"""The declared protocol of a study, with amendments by vendor, and how far the rows of each site keep to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from radaudit.tables.cells import PLAIN

if TYPE_CHECKING:
    from radaudit.tables import FeatureTable

SETTINGS = "extraction settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolRule:
    """What one column, or one extraction setting, has to be: between two numbers, one of some texts, or only stated."""

    column: str
    setting: bool = False
    between: tuple[float, float] | None = None
    one_of: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The rule in words."""
        if self.between is not None:
            return f"{self.column} between {self.between[0]:g} and {self.between[1]:g}"
        return f"{self.column} is {' or '.join(self.one_of)}" if self.one_of else f"{self.column} is stated"

    def kept(self, text: str) -> bool:
        """Return whether a text that is not empty keeps to the rule; texts that are equal numbers are equal."""
        number = _number(text)
        if self.between is not None:
            return number is not None and self.between[0] <= number <= self.between[1]
        if not self.one_of or text in self.one_of:
            return True
        return number is not None and any(_number(other) == number for other in self.one_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Rules that replace those of the same column in rows where every column of ``when`` matches its pattern."""

    when: Mapping[str, str]
    rules: tuple[ProtocolRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredProtocol:
    """The rules all sites agreed to, and what was agreed for some vendors."""

    rules: tuple[ProtocolRule, ...] = ()
    amendments: tuple[Amendment, ...] = field(default=())

    def rule_for(self, rule: ProtocolRule, row: Mapping[str, str | None]) -> ProtocolRule:
        """Return the rule that holds for a row: that of the last amendment that applies and speaks of the same column."""
        for amendment in reversed(self.amendments):
            fits = all(fnmatchcase((row.get(name) or "").strip(), pattern) for name, pattern in amendment.when.items())
            for other in amendment.rules if fits else ():
                if (other.column, other.setting) == (rule.column, rule.setting):
                    return other
        return rule

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the protocol reads."""
        rules = [*self.rules, *(rule for amendment in self.amendments for rule in amendment.rules)]
        named = [rule.column for rule in rules if not rule.setting] + [name for one in self.amendments for name in one.when]
        return tuple(dict.fromkeys(named))


def protocol_lines(table: FeatureTable, protocol: DeclaredProtocol) -> list[dict[str, object]]:
    """Return one line per site and rule: rows, how many do not state it and how many deviate (by the rule that holds for each row)."""
    columns = {name: table.facts[name] for name in protocol.columns if name in table.facts}
    settings = [settings_of(text) for text in table.facts.get(SETTINGS, (None,) * len(table))]
    lines = []
    for site in sorted(set(table.sites)):
        rows = [i for i, name in enumerate(table.sites) if name == site]
        for rule in protocol.rules:
            texts = [(i, settings[i].get(rule.column) if rule.setting else columns.get(rule.column, (None,) * len(table))[i]) for i in rows]
            stated = [(i, text.strip()) for i, text in texts if text is not None and text.strip()]
            off = [i for i, text in stated if not protocol.rule_for(rule, {name: cells[i] for name, cells in columns.items()}).kept(text)]
            counts = {"rows": len(rows), "unstated": len(rows) - len(stated), "deviating": len(off)}
            lines.append({"site": site, "rule": rule.label, **counts, "deviating_share": len(off) / len(rows)})
    return lines


def settings_of(text: str | None) -> dict[str, str]:
    """Return the settings that intake wrote as ``name=value; name=value``."""
    return {name: value for part in (text or "").split("; ") for name, mark, value in [part.partition("=")] if mark}


def unread(protocol: DeclaredProtocol, known: Sequence[str]) -> list[str]:
    """Return the columns the protocol reads and nobody has."""
    return [name for name in protocol.columns if name not in known]


def _number(text: str) -> float | None:
    return float(text) if PLAIN.fullmatch(text) else None
