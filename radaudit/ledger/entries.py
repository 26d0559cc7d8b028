"""Entry and Payload: the lines of ``ledger.jsonl`` and ``payloads.jsonl``.

An entry holds no content, only a salted commitment to it, so that personal data found later can be deleted from the payloads
without breaking the chain: ``commit = SHA-256(salt || 0x00 || canonical payload)``. ``prev`` is the SHA-256 of the line before
(without its newline); the first entry has 64 zeros.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radaudit.digests import canonical, sha256, strict_json
from radaudit.errors import LedgerError

VERSION = 1
FIRST = "0" * 64
SALT_BYTES = 16
HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
SALT = re.compile(r"[0-9a-f]{32}", re.ASCII)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger: its number, the digest of the line before, UTC time, who, what, and the commitment."""

    seq: int
    prev: str
    ts: str
    actor: str
    event: str
    commit: str
    v: int = VERSION

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "v": self.v,
            "seq": self.seq,
            "prev": self.prev,
            "ts": self.ts,
            "actor": self.actor,
            "event": self.event,
            "commit": self.commit,
        }

    def line(self) -> bytes:
        """Return the canonical bytes, without the newline."""
        return canonical(self.document())

    @property
    def digest(self) -> str:
        """The SHA-256 of the line: what the next entry's ``prev`` must be."""
        return sha256(self.line())

    @classmethod
    def from_line(cls, line: bytes) -> Entry:
        """Return the entry of a line; raises LedgerError (LEDGER-007) unless these are exactly the bytes ``line`` writes."""
        document = _document(line, {"v", "seq", "prev", "ts", "actor", "event", "commit"})
        if document["v"] != VERSION or isinstance(document["v"], bool):
            raise LedgerError("LEDGER-011", f"entry format {document['v']!r} is unknown", fix="read this record with a newer radaudit")
        texts = all(isinstance(document[name], str) for name in ("prev", "ts", "actor", "event", "commit"))
        if not texts or not isinstance(document["seq"], int) or isinstance(document["seq"], bool):
            raise LedgerError("LEDGER-007", "a member of a ledger entry has the wrong kind", found=line[:80].decode(errors="replace"))
        if (
            HEX.fullmatch(document["prev"]) is None
            or HEX.fullmatch(document["commit"]) is None
            or INSTANT.fullmatch(document["ts"]) is None
        ):
            raise LedgerError(
                "LEDGER-007", "a digest or time of a ledger entry is not written as one", found=line[:80].decode(errors="replace")
            )
        return cls(**document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One line of the payloads: what the entry with this number committed to, and the salt."""

    seq: int
    salt: str
    payload: Mapping[str, Any]

    def line(self) -> bytes:
        """Return the canonical bytes, without the newline."""
        return canonical({"seq": self.seq, "salt": self.salt, "payload": self.payload})

    @property
    def commit(self) -> str:
        """The commitment the entry must hold."""
        return commitment(bytes.fromhex(self.salt), self.payload)

    @classmethod
    def from_line(cls, line: bytes) -> Payload:
        """Return the payload of a line; raises LedgerError (LEDGER-007) unless these are exactly the bytes ``line`` writes."""
        document = _document(line, {"seq", "salt", "payload"})
        seq, salt = document["seq"], document["salt"]
        right = isinstance(seq, int) and not isinstance(seq, bool) and isinstance(salt, str) and isinstance(document["payload"], dict)
        if not right or SALT.fullmatch(salt) is None:
            raise LedgerError("LEDGER-007", "a member of a payload has the wrong kind", found=f"seq {str(seq)[:20]}")
        return cls(**document)


def commitment(salt: bytes, payload: Mapping[str, Any]) -> str:
    """Return SHA-256(salt || 0x00 || canonical payload)."""
    return sha256(salt + b"\x00" + canonical(payload))


def entry(*, seq: int, prev: str, ts: str, actor: str, payload: Mapping[str, Any], salt: bytes) -> tuple[Entry, Payload]:
    """Return the next entry and its payload; the event is the payload's own ``event``. Raises LedgerError (LEDGER-007)."""
    event = payload.get("event")
    if not isinstance(event, str) or len(salt) != SALT_BYTES or HEX.fullmatch(prev) is None or INSTANT.fullmatch(ts) is None or seq < 0:
        raise LedgerError(
            "LEDGER-007", "an entry needs an event, a 16-byte salt, the digest before and a UTC time such as 2026-11-23T08:00:00Z"
        )
    made = Entry(seq=seq, prev=prev, ts=ts, actor=actor, event=event, commit=commitment(salt, payload))
    return made, Payload(seq=seq, salt=salt.hex(), payload=payload)


def read_entries(data: bytes) -> tuple[Entry, ...]:
    """Return the entries of a whole ``ledger.jsonl``; raises LedgerError (LEDGER-007, LEDGER-011)."""
    return tuple(Entry.from_line(line) for line in _lines(data))


def read_payloads(data: bytes) -> tuple[Payload, ...]:
    """Return the payloads of a whole ``payloads.jsonl``; raises LedgerError (LEDGER-007)."""
    return tuple(Payload.from_line(line) for line in _lines(data))


def _lines(data: bytes) -> list[bytes]:
    if data and not data.endswith(b"\n"):
        raise LedgerError(
            "LEDGER-008", "the last line of the record is torn", fix="open the study once with radaudit status: it is repaired and said"
        )
    return data.split(b"\n")[:-1]


def _document(line: bytes, members: set[str]) -> dict[str, Any]:
    try:
        document = strict_json(line)
        same = isinstance(document, dict) and set(document) == members and canonical(document) == line
    except ValueError as error:
        raise LedgerError("LEDGER-007", "a line of the record is not canonical JSON", found=str(error)) from error
    if not same:
        raise LedgerError(
            "LEDGER-007", "a line of the record is not written as radaudit writes it", found=line[:80].decode(errors="replace")
        )
    return dict(document)
