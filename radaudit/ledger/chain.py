"""Is the chain whole? Pure checks over entries and payloads; what is wrong comes back as findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from radaudit.codes import answer
from radaudit.findings import Fact, Finding, Verdict
from radaudit.ledger.entries import FIRST, Entry, Payload


def check_chain(entries: Sequence[Entry], payloads: Sequence[Payload]) -> list[Finding]:
    """Return what is wrong with a record, worst kinds first in the order of the entries; an empty list for a whole chain.

    LEDGER-002 numbering, LEDGER-003 link, LEDGER-004 commitment, LEDGER-005 payload deleted without a ``redact`` event,
    LEDGER-006 clock runs backwards (minor), LEDGER-010 payload of no entry or twice, LEDGER-014 event name differs from the payload's.
    A chain proves order and integrity, not completeness: its owner can write a new one (RECORD 3.1).
    """
    found: list[Finding] = []
    by_seq, strays = payload_index(entries, payloads)
    redacted = redactions(by_seq)
    before, clock = FIRST, ""
    for place, item in enumerate(entries):
        if item.seq != place:
            found.append(_wrong("LEDGER-002", f"entry {place} carries the number {item.seq}", {"entry": place, "number": item.seq}))
        if item.prev != before:
            found.append(_wrong("LEDGER-003", f"entry {place} does not follow the one before it", {"entry": place}))
        if item.ts < clock:
            sentence = f"entry {place} is dated {item.ts}, before the entry it follows"
            found.append(_wrong("LEDGER-006", sentence, {"entry": place}))
        payload = by_seq.get(item.seq)
        if payload is None and item.seq not in redacted:
            found.append(_wrong("LEDGER-005", f"the payload of entry {place} is gone and no redaction was recorded", {"entry": place}))
        elif payload is not None and payload.commit != item.commit:
            found.append(_wrong("LEDGER-004", f"the payload of entry {place} is not the one recorded", {"entry": place}))
        elif payload is not None and payload.payload.get("event") != item.event:
            found.append(_wrong("LEDGER-014", f'entry {place} is called "{item.event}" but its payload is another event', {"entry": place}))
        before, clock = item.digest, max(clock, item.ts)
    found += [_wrong("LEDGER-010", f"payload {seq} belongs to no entry, or comes twice", {"payload": seq}) for seq in strays]
    return found


def payload_index(entries: Sequence[Entry], payloads: Sequence[Payload]) -> tuple[dict[int, Payload], list[int]]:
    """Return the payloads by number, and the numbers of payloads that belong to no entry or come twice."""
    known = {item.seq for item in entries}
    by_seq: dict[int, Payload] = {}
    strays: list[int] = []
    for payload in payloads:
        if payload.seq not in known or payload.seq in by_seq:
            strays.append(payload.seq)
        else:
            by_seq[payload.seq] = payload
    return by_seq, strays


def redactions(by_seq: Mapping[int, Payload]) -> set[int]:
    """Return the numbers of entries whose payload a recorded ``redact`` event, with a reason, took away."""
    gone: set[int] = set()
    for payload in by_seq.values():
        facts = payload.payload.get("facts")
        if payload.payload.get("event") == "redact" and isinstance(facts, Mapping) and facts.get("reason"):
            gone |= {seq for seq in facts.get("entries", []) if isinstance(seq, int) and seq < payload.seq}
    return gone


def openings(entries: Sequence[Entry], payloads: Sequence[Payload]) -> list[dict[str, Fact]]:
    """Return every opening of the holdout, in order: n, at, who, why, lock and hash, as the dossier's ``record.openings`` holds them.

    An ``open`` step keeps its reason in ``facts["reason"]`` and the digest of the locked signature in ``used["lock"]``.
    """
    by_seq, _ = payload_index(entries, payloads)
    found: list[dict[str, Fact]] = []
    for item in (item for item in entries if item.event == "open"):
        payload = by_seq[item.seq].payload if item.seq in by_seq else {}
        why = (payload.get("facts") or {}).get("reason", "")
        lock = (payload.get("used") or {}).get("lock", "")
        found.append({"n": len(found) + 1, "at": item.ts, "who": item.actor, "why": why, "lock": lock, "hash": item.digest})
    return found


def _wrong(code: str, sentence: str, facts: Mapping[str, Fact]) -> Finding:
    return answer(code, Verdict.FAILED, sentence, facts=facts, scope="ledger")
