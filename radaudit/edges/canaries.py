"""The last look before anything leaves: does a patient's id, plain or thinly disguised, stand in a file?

An unsalted hash of an id is the id: all ids of a hospital are hashed in a second. So ids are looked for as they are, in other case,
reversed to base64 and hex, and as MD5, SHA-1 and SHA-256 of the id.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from radaudit.errors import PrivacyError, listed

WORD = re.compile(r"[\w.+/=@-]+")
SHORTEST, SHORTEST_NUMBER = 4, 7  # shorter ids stand in any text by chance (V01 is a test vector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was looked for: ``ids`` many, ``too_short`` to be told from other words; ``hits`` are (file, way of writing, how many ids)."""

    ids: int
    too_short: int
    hits: tuple[tuple[str, str, int], ...]


def look_for(patients: Iterable[str], files: Mapping[str, bytes]) -> Looked:
    """Return in which files ids of these patients stand, and how they are written."""
    ids = sorted({patient.strip() for patient in patients if patient.strip()})
    telling = [patient for patient in ids if len(patient) >= (SHORTEST_NUMBER if _number(patient) else SHORTEST)]
    ways = _ways(telling)
    spaced = [patient.casefold() for patient in telling if WORD.fullmatch(patient) is None]
    hits = []
    for name, data in sorted(files.items()):
        text = data.decode("utf-8", errors="replace").casefold()
        words = _words(text)
        found = {way: len(words & spellings) for way, spellings in ways.items()}
        found["as it is"] += sum(patient in text for patient in spaced)
        hits += [(name, way, count) for way, count in found.items() if count]
    return Looked(ids=len(telling), too_short=len(ids) - len(telling), hits=tuple(hits))


def refuse_patients(patients: Iterable[str], files: Mapping[str, bytes]) -> Looked:
    """Return what was looked for if no id was found; else raise PrivacyError (PRIV-001), which names files and never an id."""
    looked = look_for(patients, files)
    if looked.hits:
        shown = [f"{name}: {count} id(s), {way}" for name, way, count in looked.hits]
        raise PrivacyError(
            "PRIV-001",
            "patients' ids are about to leave this machine",
            found=listed(shown),
            fix="take them out of study.yaml (title, texts of claims, comments); nothing was written",
        )
    return looked


def _ways(ids: Iterable[str]) -> dict[str, set[str]]:
    ways: dict[str, set[str]] = {"as it is": set(), "base64": set(), "hex": set(), "hashed": set()}
    for patient in ids:
        data = patient.encode()
        ways["as it is"].add(patient.casefold())
        if len(data) > 3:
            ways["base64"].add(base64.b64encode(data).decode().casefold())
            ways["hex"].add(data.hex())
        for spelling in {patient, patient.upper(), patient.lower()}:
            ways["hashed"] |= {
                hashlib.new(kind, spelling.encode(), usedforsecurity=False).hexdigest() for kind in ("md5", "sha1", "sha256")
            }
    return ways


def _words(text: str) -> set[str]:
    """Return the words of a text, and the parts of those that are joined by a slash, a point, an at or an equals sign."""
    words = set(WORD.findall(text))
    parts = {part for word in words for part in re.split(r"[./@=+]", word)}
    stripped = {word.strip(".-+/=@") for word in words}
    return words | parts | stripped


def _number(text: str) -> bool:
    return text.replace(".", "").replace("-", "").isdigit()
