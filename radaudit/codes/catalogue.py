"""The catalogue of codes: one TOML file per part, one table per code, no code twice; standard library only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from radaudit.errors import PluginError, StudyError, listed, nearest
from radaudit.findings import Fact, Finding, Severity, Verdict

CODE = re.compile(r"[A-Z]{2,8}-\d{3}")
ERROR = "error"
REQUIRED = ("title", "why", "fix", "severity")
ALLOWED = (*REQUIRED, "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What one code means, why it matters, what to do; ``severity`` is that of the finding, or ``error`` for a refusal.

    ``part`` names the file the words come from.
    """

    code: str
    title: str
    why: str
    fix: str
    severity: str
    reference: str = ""
    part: str = ""


@cache
def all_codes() -> Mapping[str, Explained]:
    """Return every code of the shipped files in order of the codes; see ``read_codes`` for what is raised."""
    return read_codes(sorted(Path(__file__).parent.glob("*.toml")))


def read_codes(files: Iterable[Path]) -> Mapping[str, Explained]:
    """Read these TOML files; raises PluginError (STUDY-051) if one is not a catalogue and (STUDY-052) if a code stands twice."""
    found: dict[str, Explained] = {}
    for file in files:
        for entry in _entries(file):
            if entry.code in found:
                parts = f"{found[entry.code].part}.toml and {entry.part}.toml"
                raise PluginError("STUDY-052", f"code {entry.code} is explained twice", found=parts, fix="keep one of the two")
            found[entry.code] = entry
    return MappingProxyType(dict(sorted(found.items())))


def _entries(file: Path) -> list[Explained]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise PluginError("STUDY-051", f"{file.name} is not TOML: {problem}") from None
    return [_entry(file, code, words) for code, words in document.items()]


def _entry(file: Path, code: str, words: object) -> Explained:
    at = f"{file.name} [{code}]"
    if not CODE.fullmatch(code) or not isinstance(words, dict):
        raise PluginError("STUDY-051", f'"{code}" is not a code', at=at, fix='["SITE-001"] as the head of a table')
    odd = sorted(set(words) - set(ALLOWED)) or sorted(name for name in REQUIRED if not str(words.get(name, "")).strip())
    if odd:
        raise PluginError("STUDY-051", f"keys unknown or empty: {listed(odd)}", at=at, found=listed(words), fix=listed(ALLOWED))
    severity = str(words["severity"])
    if severity not in (ERROR, *Severity):
        raise PluginError("STUDY-051", f'unknown severity "{severity}"', at=at, near=nearest(severity, [ERROR, *Severity]))
    texts = {name: " ".join(str(words.get(name, "")).split()) for name in ("title", "why", "reference")}
    return Explained(code=code, fix=str(words["fix"]).strip(), severity=severity, part=file.stem, **texts)


def explained(code: str) -> Explained:
    """Return what a code means; raises StudyError (STUDY-050) with the nearest code if there is none."""
    codes = all_codes()
    wanted = code.strip().upper()
    if wanted not in codes:
        stem, _, number = wanted.partition("-")
        padded = f"{stem}-{number.rjust(3, '0')}"
        near = padded if padded in codes else nearest(wanted, codes)
        raise StudyError("STUDY-050", f'there is no code "{code}"', near=near, fix=near and f"radaudit explain {near}")
    return codes[wanted]


def answer(
    code: str,
    verdict: Verdict,
    sentence: str,
    *,
    facts: Mapping[str, Fact] | None = None,
    severity: Severity | None = None,
    fix: str = "",
    scope: str = "",
    concerns: Iterable[str] = (),
    local: Iterable[Mapping[str, str]] = (),
) -> Finding:
    """Return a Finding whose title, why and (unless given) fix and severity are those of the catalogue."""
    words = explained(code)
    return Finding(
        code=code,
        verdict=verdict,
        severity=severity or Severity(words.severity),
        sentence=sentence,
        facts=facts or {},
        title=words.title,
        why=words.why,
        fix=fix or words.fix,
        scope=scope,
        concerns=tuple(concerns),
        local=tuple(local),
    )
