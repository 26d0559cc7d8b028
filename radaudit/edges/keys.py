"""The study key: 32 random bytes from which salts and the signing key are derived; it never leaves the machine.

``.radaudit/key`` holds it as 64 hex digits and a newline, mode 0600; RADAUDIT_STUDY_KEY overrides the file. One key for each
study, so that nothing links two studies. Derivation: HMAC-SHA-256(key, label), one label per purpose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from radaudit.errors import LedgerError

KEY_FILE = Path(".radaudit") / "key"
VARIABLE = "RADAUDIT_STUDY_KEY"
WRITTEN = re.compile(r"[0-9a-f]{64}", re.ASCII)
SIGNING = b"radaudit/ed25519/v1"


@dataclass(frozen=True, slots=True)
class StudyKey:
    """A study key; its ``repr`` does not show it."""

    secret: bytes = field(repr=False)

    def salt(self, seq: int) -> bytes:
        """Return the 16-byte salt of ledger entry ``seq``: secret to others, the same in every run with this key."""
        return self._derived(b"salt" + str(seq).encode())[:16]

    @property
    def public(self) -> bytes:
        """The 32-byte Ed25519 public key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._derived(SIGNING)).public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key in hex: what a reviewer is given by another way, to know the signer."""
        return hashlib.sha256(self.public).hexdigest()

    def document(self) -> dict[str, str]:
        """Return what may be published: fingerprint and public key (base64)."""
        return {"fingerprint": self.fingerprint, "public": base64.b64encode(self.public).decode()}

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature (deterministic, RFC 8032)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._derived(SIGNING)).sign(message)

    def _derived(self, label: bytes) -> bytes:
        return hmac.new(self.secret, label, hashlib.sha256).digest()


def load_key(folder: Path, *, create: bool = False) -> StudyKey:
    """Return the study key of a folder; ``create`` makes one if there is none.

    Raises LedgerError: LEDGER-015 if there is none, LEDGER-016 if it is no key or others may read it, LEDGER-009 if the disk refuses.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return _parsed(given, VARIABLE)
    path = folder / KEY_FILE
    if not path.exists():
        if not create:
            raise LedgerError("LEDGER-015", "this study has no key", at=KEY_FILE.as_posix(), fix="radaudit run makes one")
        return _made(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise LedgerError(
            "LEDGER-016", "others on this machine may read the study key", at=KEY_FILE.as_posix(), fix=f"chmod 600 {KEY_FILE.as_posix()}"
        )
    return _parsed(path.read_text(encoding="ascii", errors="replace").strip(), KEY_FILE.as_posix())


def _parsed(text: str, at: str) -> StudyKey:
    if WRITTEN.fullmatch(text) is None:
        raise LedgerError(
            "LEDGER-016", "the study key is not 64 hex digits", at=at, fix="restore it from a copy; a new key cannot continue an old record"
        )
    return StudyKey(bytes.fromhex(text))


def _made(path: Path) -> StudyKey:
    key = StudyKey(secrets.token_bytes(32))
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first: its key is the key
        return load_key(path.parent.parent)
    except OSError as error:
        raise LedgerError(
            "LEDGER-009", "the study key cannot be written", at=KEY_FILE.as_posix(), found=error.strerror or str(error)
        ) from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(key.secret.hex().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return key
