"""Are these the files that were written, all of them, and none besides? ``manifest-sha256.txt`` answers, in both directions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from radaudit.findings import Finding
from radaudit.verify.names import problem_of
from radaudit.verify.report import failed, passed

MANIFEST = "manifest-sha256.txt"
ENVELOPE = "manifest.dsse.json"
REQUIRED = ("dossier.html", "dossier.json", "ledger.jsonl", "payloads.jsonl", "study.yaml")  # signature.json too, unless it is an audit
LINE = re.compile(rb"([0-9a-f]{64})  ([!-~]+)")


def check_manifest(files: Mapping[str, bytes]) -> list[Finding]:
    """Return what is wrong with the files: VERIFY-010 manifest, -011 changed, -012 missing, -013 added, -014 empty, -015 not covered."""
    if MANIFEST not in files:
        return [failed("VERIFY-010", "The manifest is not there: nothing says which files belong to the dossier.", MANIFEST)]
    listed = _parsed(files[MANIFEST])
    if listed is None:
        return [failed("VERIFY-010", "The manifest is not a sorted list of digests and plain names, one spelling each.", MANIFEST)]
    found: list[Finding] = []
    for name, wanted in listed.items():
        if name not in files:
            found.append(failed("VERIFY-012", f"{name} is listed but not there.", name))
            continue
        own = hashlib.sha256(files[name]).hexdigest()
        if own != wanted:
            found.append(failed("VERIFY-011", f"{name} is not the file that was written.", name, expected=wanted, found=own))
        elif not files[name]:
            found.append(failed("VERIFY-014", f"{name} is empty.", name))
    extra = sorted(set(files) - set(listed) - {MANIFEST, ENVELOPE})
    found += [failed("VERIFY-013", f"{name} is in the dossier but not listed: it proves nothing.", name) for name in extra]
    found += [failed("VERIFY-015", f"The manifest does not cover {name}.", name) for name in REQUIRED if name not in listed]
    return found or [
        passed("VERIFY-011", f"{len(listed)} files are as they were written, none is missing, none was added.", files=len(listed))
    ]


def _parsed(data: bytes) -> dict[str, str] | None:
    if not data.endswith(b"\n"):
        return None
    listed: dict[str, str] = {}
    for line in data[:-1].split(b"\n"):
        match = LINE.fullmatch(line)
        name = match[2].decode("ascii") if match else ""
        if match is None or problem_of(name, listed) or name in (MANIFEST, ENVELOPE):
            return None
        listed[name] = match[1].decode("ascii")
    return listed if list(listed) == sorted(listed) else None
