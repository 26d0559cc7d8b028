"""The record on disk: ``ledger.jsonl`` and ``payloads.jsonl``, appended under a lock and synced at milestones.

A crash may leave a torn tail: an unterminated line, or a line whose partner in the other file was never written. The tail is
moved to ``ledger.torn`` and a ``recovered`` event is appended: nothing is dropped silently. A payload is written before its
entry, so an entry that was acknowledged has one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from radaudit.edges.clock import Clock, utc_now
from radaudit.edges.keys import StudyKey
from radaudit.errors import LedgerError
from radaudit.ledger.chain import check_chain, payload_index
from radaudit.ledger.entries import FIRST, Entry, Payload, entry, read_entries, read_payloads
from radaudit.ledger.steps import Ledger, Step

ENTRIES, PAYLOADS, TORN, LOCK = "ledger.jsonl", "payloads.jsonl", "ledger.torn", "ledger.lock"
MILESTONES = frozenset({"intake", "split", "lock", "open", "amend", "evaluate", "report", "redact", "recovered"})


@dataclass(frozen=True, slots=True)
class State:
    """What the two files hold: whole lines only, and the length up to which each is whole."""

    entries: tuple[Entry, ...]
    payloads: tuple[Payload, ...]

    @property
    def head(self) -> str:
        """The digest the next entry's ``prev`` must be."""
        return self.entries[-1].digest if self.entries else FIRST


class LedgerFile:
    """The record in one folder; safe for several processes. Every method raises LedgerError (LEDGER-009) if the disk refuses."""

    def __init__(self, folder: Path, key: StudyKey, clock: Clock = utc_now) -> None:
        self.folder = folder
        self.key = key
        self.clock = clock

    def append(self, step: Step, actor: str) -> Entry:
        """Record a step and return its entry; milestones are on the disk when this returns.

        Raises LedgerError if the record on disk is broken (the code of ``check_chain``).
        """
        with self._alone():
            state = self._recovered()
            return self._write(state, step, actor)

    def load(self) -> tuple[Ledger, tuple[Entry, ...]]:
        """Return the steps and the entries; a torn tail is repaired first. A redacted step is left out of the ledger.

        Raises LedgerError with the code of the first thing wrong with the chain.
        """
        with self._alone():
            state = self._recovered()
        by_seq, _ = payload_index(state.entries, state.payloads)
        steps = tuple(Step.from_document(by_seq[item.seq].payload) for item in state.entries if item.seq in by_seq)
        return Ledger(steps), state.entries

    def payloads(self) -> tuple[Payload, ...]:
        """Return the payloads as they stand on disk."""
        return read_payloads(_bytes(self.folder / PAYLOADS))

    def redact(self, numbers: tuple[int, ...], *, reason: str, actor: str) -> Entry:
        """Delete the payloads of these entries and record it with its reason: the chain stays verifiable, the hole is said.

        Raises LedgerError (LEDGER-012) without a reason, for an entry that is not there and for a redaction.
        """
        with self._alone():
            state = self._recovered()
            events = {item.seq: item.event for item in state.entries}
            if not reason.strip() or not numbers or any(events.get(seq, "redact") == "redact" for seq in numbers):
                raise LedgerError("LEDGER-012", "a redaction needs entries of the record, other than redactions, and a reason")
            kept = tuple(payload for payload in state.payloads if payload.seq not in numbers)
            # the event goes first: after a crash the record says more than was done, never less
            made = self._write(state, Step(name="redact", facts={"entries": sorted(numbers), "reason": reason}), actor)
            newest = read_payloads(_bytes(self.folder / PAYLOADS))[-1]
            self._replace(PAYLOADS, b"".join(payload.line() + b"\n" for payload in (*kept, newest)))
            return made

    def _write(self, state: State, step: Step, actor: str) -> Entry:
        seq = len(state.entries)
        made, payload = entry(seq=seq, prev=state.head, ts=self.clock(), actor=actor, payload=step.document(), salt=self.key.salt(seq))
        sync = step.name in MILESTONES
        self._append(PAYLOADS, payload.line(), sync)
        self._append(ENTRIES, made.line(), sync)
        return made

    def _recovered(self) -> State:
        entries, torn = _whole(self.folder / ENTRIES)
        payloads, torn_payload = _whole(self.folder / PAYLOADS)
        state = State(read_entries(entries), read_payloads(payloads))
        extra = [payload for payload in state.payloads if payload.seq >= len(state.entries)]
        kept = tuple(payload for payload in state.payloads if payload.seq < len(state.entries))
        lost = len(state.entries)
        have = {payload.seq for payload in kept}
        while lost and state.entries[lost - 1].seq not in have and state.entries[lost - 1].event not in MILESTONES:
            lost -= 1
        tail = state.entries[lost:] if lost or not state.entries else ()
        state = State(state.entries[: len(state.entries) - len(tail)], kept)
        broken = [finding for finding in check_chain(state.entries, state.payloads) if finding.blocking]
        if broken:
            raise LedgerError(broken[0].code, broken[0].sentence, at=ENTRIES, fix=broken[0].fix)
        lines = [torn, torn_payload, *(payload.line() for payload in extra), *(item.line() for item in tail)]
        pieces = [line for line in lines if line]
        return self._repair(state, pieces) if pieces else state

    def _repair(self, state: State, pieces: list[bytes]) -> State:
        """Move the tail to ``ledger.torn``, cut both files, and record it."""
        for piece in pieces:
            self._append(TORN, piece, True)
        self._replace(ENTRIES, b"".join(item.line() + b"\n" for item in state.entries))
        self._replace(PAYLOADS, b"".join(payload.line() + b"\n" for payload in state.payloads))
        facts = {"lines": len(pieces), "bytes": sum(map(len, pieces)), "moved_to": TORN}
        self._write(state, Step(name="recovered", facts=facts), "radaudit")
        return State(read_entries(_bytes(self.folder / ENTRIES)), read_payloads(_bytes(self.folder / PAYLOADS)))

    def _append(self, name: str, line: bytes, sync: bool) -> None:
        try:
            # one write of a whole line to a file opened for appending: a reader sees all of it or an unterminated tail
            handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                _written(handle, line + b"\n")
                if sync:
                    os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise _unwritable(name, error) from error

    def _replace(self, name: str, data: bytes) -> None:
        path = self.folder / name
        beside = path.with_name(name + ".new")
        try:
            with beside.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(path)
        except OSError as error:
            raise _unwritable(name, error) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock: without it two writers break the chain."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / LOCK).open("ab")
        except OSError as error:
            raise _unwritable(LOCK, error) from error
        with stream:
            _lock(stream)
            yield


def _whole(path: Path) -> tuple[bytes, bytes]:
    """Return the terminated lines of a file, and the unterminated rest."""
    data = _bytes(path)
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unwritable(path.name, error) from error


def _written(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _lock(stream: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)


def _unwritable(name: str, error: OSError) -> LedgerError:
    fix = "free space or make the folder writable, then run again: nothing recorded is lost"
    return LedgerError("LEDGER-009", f"the record cannot be read or written: {name}", found=error.strerror or str(error), fix=fix)
