"""Is the record whole, and is it the one the dossier speaks of? An own reading of ``ledger.jsonl`` and ``payloads.jsonl``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radaudit.digests import canonical, strict_json
from radaudit.findings import Finding
from radaudit.verify.report import failed, not_run, passed

LEDGER, PAYLOADS = "ledger.jsonl", "payloads.jsonl"
ENTRY = {"v": int, "seq": int, "prev": str, "ts": str, "actor": str, "event": str, "commit": str}
PAYLOAD = {"seq": int, "salt": str, "payload": dict}
OPENING = ("n", "at", "who", "why", "lock", "hash")
UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chain:
    """The lines of the ledger, parsed, with the digest of each and the payloads that are there, by number."""

    entries: list[dict[str, Any]]
    digests: list[str]
    root: str
    payloads: dict[int, dict[str, Any]]

    def events(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """Return number and payload of every entry of this event; the payload is empty if it was redacted."""
        return [(i, self.payloads.get(i, {})) for i, entry in enumerate(self.entries) if entry["event"] == name]


def read_chain(files: Mapping[str, bytes]) -> tuple[Chain | None, list[Finding]]:
    """Return the chain and what is wrong: VERIFY-040 a line or link, -041 a payload, -044 a clock that runs backwards, -045 a redaction."""
    entries = _lines(files[LEDGER], ENTRY)
    payloads = _lines(files[PAYLOADS], PAYLOAD)
    if entries is None or payloads is None:
        file = LEDGER if entries is None else PAYLOADS
        return None, [failed("VERIFY-040", "A line of the record is torn or not in its one spelling.", file)]
    found: list[Finding] = []
    digests: list[str] = []
    before, clock = "0" * 64, ""
    for place, (entry, line) in enumerate(entries):
        if entry["v"] != 1 or entry["seq"] != place or entry["prev"] != before or UTC.fullmatch(entry["ts"]) is None:
            found.append(failed("VERIFY-040", f"Entry {place} of the ledger does not follow the one before it.", LEDGER, entry=place))
            return None, found
        if entry["ts"] < clock:
            found.append(failed("VERIFY-044", f"Entry {place} is dated before the entry it follows.", LEDGER, entry=place))
        before, clock = hashlib.sha256(line).hexdigest(), max(clock, entry["ts"])
        digests.append(before)
    known = {payload["seq"]: payload for payload, _ in payloads}
    if len(known) != len(payloads) or set(known) - set(range(len(entries))):
        return None, [*found, failed("VERIFY-041", "A payload belongs to no entry, or comes twice.", PAYLOADS)]
    chain = Chain([entry for entry, _ in entries], digests, _root([line for _, line in entries]), _contents(known))
    wrong = [i for i, entry in enumerate(chain.entries) if i in known and not _committed(entry, known[i])]
    found += [failed("VERIFY-041", f"The payload of entry {i} is not the one recorded.", PAYLOADS, entry=i) for i in wrong]
    found += _holes(chain)
    if not any(finding.blocking for finding in found):
        found.append(passed("VERIFY-040", f"{len(entries)} entries follow one another and hold what they committed to.", LEDGER))
    return chain, found


def check_record(chain: Chain, record: Mapping[str, Any], evidence_sha256: str) -> list[Finding]:
    """Return where the dossier's record differs from the ledger: VERIFY-042 entries, head, root, evidence; VERIFY-043 openings."""
    said = record.get("ledger")
    own = {"entries": len(chain.entries), "head": chain.digests[-1] if chain.digests else None, "root": chain.root}
    found: list[Finding] = []
    if not isinstance(said, dict) or {name: said.get(name) for name in own} != own:
        found.append(
            failed("VERIFY-042", "The ledger is not the one the dossier was made from: entries, head or root differ.", LEDGER, **own)
        )
    reports = [payload["made"].get("evidence") for _, payload in chain.events("report") if payload]
    if reports and reports[-1] not in (None, evidence_sha256):
        found.append(failed("VERIFY-042", "The last report in the ledger is of other evidence.", LEDGER, found=evidence_sha256))
    openings = [_opening(chain, n, place, payload) for n, (place, payload) in enumerate(chain.events("open"), start=1)]
    listed = record.get("openings") or []
    shown = [{name: item.get(name) for name in OPENING} if isinstance(item, dict) else item for item in listed]
    if shown != openings:
        sentence = f"The ledger holds {len(openings)} opening(s) of the test set; the dossier states others."
        found.append(failed("VERIFY-043", sentence, "dossier.json", ledger=len(openings), dossier=len(shown)))
    return found or [
        passed("VERIFY-042", f"The dossier states the ledger's root and its {len(openings)} opening(s) of the test set.", LEDGER)
    ]


def check_lock(chain: Chain, signature_sha256: str, plan_sha256: str) -> list[Finding]:
    """Return whether this signature was locked under this plan, and before the test set was opened for it (VERIFY-046)."""
    locks = [(place, payload) for place, payload in chain.events("lock") if payload.get("made", {}).get("signature") == signature_sha256]
    if not locks:
        return [failed("VERIFY-046", "No entry of the ledger locked this signature.", LEDGER)]
    found: list[Finding] = []
    if all(payload.get("used", {}).get("plan") not in (None, plan_sha256) for _, payload in locks):
        found.append(failed("VERIFY-046", "The signature was locked under another plan.", LEDGER))
    first = locks[0][0]
    early = [place for place, payload in chain.events("open") if place < first and payload.get("used", {}).get("lock") == signature_sha256]
    if early:
        found.append(
            failed("VERIFY-046", f"Entry {early[0]} opened the test set for a signature that was locked later.", LEDGER, entry=early[0])
        )
    return found or [passed("VERIFY-046", "The signature was locked before the test set was opened for it.", LEDGER)]


def _opening(chain: Chain, n: int, place: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    entry = chain.entries[place]
    why, lock = payload.get("facts", {}).get("reason", ""), payload.get("used", {}).get("lock", "")
    return {"n": n, "at": entry["ts"], "who": entry["actor"], "why": why, "lock": lock, "hash": chain.digests[place]}


def _lines(data: bytes, form: Mapping[str, type]) -> list[tuple[dict[str, Any], bytes]] | None:
    if not data.endswith(b"\n"):
        return None
    rows: list[tuple[dict[str, Any], bytes]] = []
    for line in data[:-1].split(b"\n"):
        try:
            row = strict_json(line)
            right = isinstance(row, dict) and set(row) == set(form) and canonical(row) == line
        except (ValueError, TypeError):
            return None
        if not right or any(type(row[name]) is not kind for name, kind in form.items()):
            return None
        rows.append((row, line))
    return rows


def _contents(known: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the payloads whose ``used``, ``made`` and ``facts`` are objects, others as empty ones: a strange payload answers nothing."""
    contents = {}
    for seq, row in known.items():
        payload = row["payload"]
        contents[seq] = payload if all(isinstance(payload.get(name), dict) for name in ("used", "made", "facts")) else {}
    return contents


def _committed(entry: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    try:
        salt = bytes.fromhex(row["salt"])
    except ValueError:
        return False
    commit = hashlib.sha256(salt + b"\x00" + canonical(row["payload"])).hexdigest()
    return len(salt) == 16 and salt.hex() == row["salt"] and commit == entry["commit"] and row["payload"].get("event") == entry["event"]


def _holes(chain: Chain) -> list[Finding]:
    said: set[int] = set()
    for place, payload in chain.events("redact"):
        facts = payload.get("facts", {})
        if facts.get("reason") and isinstance(facts.get("entries"), list):
            said |= {seq for seq in facts["entries"] if type(seq) is int and seq < place}
    gone = [place for place in range(len(chain.entries)) if place not in chain.payloads]
    silent = [place for place in gone if place not in said]
    if silent:
        sentence = f"The payload of entry {silent[0]} is gone and no redaction was recorded."
        return [failed("VERIFY-041", sentence, PAYLOADS, entry=silent[0])]
    return [
        not_run("VERIFY-045", f"{len(gone)} payload(s) were redacted, with a recorded reason; what they held cannot be checked.", PAYLOADS)
    ] * bool(gone)


def _root(leaves: list[bytes]) -> str:
    """Return the Merkle tree hash of RFC 9162 by its recursive definition."""
    if not leaves:
        return hashlib.sha256(b"").hexdigest()

    def tree(low: int, high: int) -> bytes:
        if high - low == 1:
            return hashlib.sha256(b"\x00" + leaves[low]).digest()
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        return hashlib.sha256(b"\x01" + tree(low, split) + tree(split, high)).digest()

    return tree(0, len(leaves)).hex()
