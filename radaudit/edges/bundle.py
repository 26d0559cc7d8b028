"""Write a dossier: its files, their manifest, and the signature over the manifest; never over another dossier.

``manifest-sha256.txt`` is what ``sha256sum -c`` reads. ``manifest.dsse.json`` is an in-toto statement about it in a DSSE envelope, signed
with the study key (Ed25519, deterministic): the same files and key give the same bytes.
"""

from __future__ import annotations

import base64
import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from radaudit.digests import canonical, sha256
from radaudit.dossier.document import read_document
from radaudit.edges.keys import StudyKey
from radaudit.errors import DossierError
from radaudit.verify.archive import pack
from radaudit.verify.envelope import PAYLOAD_TYPE, PREDICATE, STATEMENT, pre_authentication
from radaudit.verify.manifest import ENVELOPE, MANIFEST, REQUIRED
from radaudit.verify.names import problem_of
from radaudit.verify.reading import read_files

MOST_DOSSIERS = 9999


def write_dossier(folder: Path, files: Mapping[str, bytes], key: StudyKey) -> Path:
    """Write the files, manifest and envelope to ``folder/NNNN``, the next free number, and return it.

    Everything is written beside and moved in one step, so that a numbered folder is always whole. Raises DossierError: VERIFY-005 if a
    file is missing, empty or has a name no dossier may hold, VERIFY-007 if the disk refuses; VERIFY-030, -031 for the document.
    """
    sealed = seal(files, key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".writing-{os.getpid()}"
        beside.mkdir()
        try:
            for name, data in sorted(sealed.items()):
                with (beside / name).open("xb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
            return _moved(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise DossierError("VERIFY-007", "the dossier cannot be written", at=folder.name, found=error.strerror or str(error)) from error


def seal(files: Mapping[str, bytes], key: StudyKey) -> dict[str, bytes]:
    """Return the files with their manifest and envelope."""
    missing = [name for name in REQUIRED if not files.get(name)]
    odd = [name for name in files if name in (MANIFEST, ENVELOPE) or not files[name] or problem_of(name, set(files) - {name})]
    if missing or odd:
        found = f"missing or empty: {', '.join(missing) or 'none'}; not allowed: {', '.join(odd) or 'none'}"
        raise DossierError("VERIFY-005", "these files are no dossier", found=found)
    document = read_document(files["dossier.json"])
    if document["evidence"].get("signature") is not None and not files.get("signature.json"):
        raise DossierError("VERIFY-005", "these files are no dossier", found="missing or empty: signature.json")
    chain = document["record"].get("ledger") or {}
    manifest = "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode("ascii")
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": MANIFEST, "digest": {"sha256": sha256(manifest)}}],
        "predicateType": PREDICATE,
        "predicate": {"evidence_sha256": document["record"]["evidence_sha256"], "ledger_root": chain.get("root"), "role": "author"},
    }
    return {**files, MANIFEST: manifest, ENVELOPE: _envelope(canonical(statement), key)}


def archive_dossier(folder: Path, to: Path) -> Path:
    """Write the files of a dossier folder as one archive (stored, deterministic) and return its path; never overwrites.

    Raises DossierError: VERIFY-003 if the folder holds what is no plain file, VERIFY-007 if the disk refuses or the file exists.
    """
    files, odd = read_files(folder)
    if odd:
        raise DossierError(odd[0].code, odd[0].sentence, at=folder.name)
    try:
        with to.open("xb") as stream:
            stream.write(pack(files))
    except OSError as error:
        raise DossierError("VERIFY-007", "the archive cannot be written", at=to.name, found=error.strerror or str(error)) from error
    return to


def _envelope(payload: bytes, key: StudyKey) -> bytes:
    signature = key.sign(pre_authentication(PAYLOAD_TYPE, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.fingerprint, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical(envelope) + b"\n"


def _moved(beside: Path, folder: Path) -> Path:
    taken = [int(path.name) for path in folder.iterdir() if path.name.isdigit() and len(path.name) == 4]
    for number in range(max(taken, default=0) + 1, MOST_DOSSIERS + 1):
        target = folder / f"{number:04d}"
        if not target.exists():
            try:
                beside.rename(target)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
                continue  # another process took the number
            return target
    raise DossierError("VERIFY-007", f"the folder holds {MOST_DOSSIERS} dossiers", fix="keep old ones elsewhere")
