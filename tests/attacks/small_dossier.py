"""A small dossier made by the project's own writers, and ways to forge one: with or without the key that signed it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from radaudit.digests import canonical, sha256
from radaudit.dossier.document import dossier_bytes
from radaudit.edges.bundle import seal
from radaudit.edges.keys import StudyKey
from radaudit.edges.ledger_file import LedgerFile
from radaudit.ledger import Exposure, Step, merkle_root, openings
from radaudit.signature import registration, signature_bytes
from radaudit.tables import Rows
from radaudit.verify import Report, verify_files
from tests.unit.signature.signature_build import PLAN, locked

KEY = StudyKey(bytes(range(32)))
THIEF = StudyKey(bytes(32))
STUDY = b"schema: radaudit/study/1\nstudy: relapse-2y\n"
Document = dict[str, Any]
TIMES = [f"2026-11-23T08:00:{second:02d}Z" for second in range(60)]


def steps(signature: Document) -> list[Step]:
    saw = Exposure(rows=Rows.of("2" * 64, range(60)), roles=("features", "batch", "covariates"))
    return [
        Step(name="intake", made={"table": "2" * 64}),
        Step(name="split", used={"plan": PLAN}, facts={"training": 60, "holdout": 30}),
        Step(name="harmonise.fit", saw=saw),
        Step(name="lock", used={"plan": PLAN}, made={"signature": signature["sha256"]}),
        Step(name="open", used={"plan": PLAN, "lock": signature["sha256"]}, facts={"reason": "primary analysis"}),
        Step(name="evaluate", used={"lock": signature["sha256"]}),
    ]


def evidence_of(signature: Document, words: tuple[str, str] = ("supported", "cannot be determined")) -> Document:
    claims = [
        {"id": "C1", "primary": True, "verdict": words[0], "text": "AUC of at least 0.70"},
        {"id": "C2", "primary": False, "verdict": words[1], "text": "slope between 0.8 and 1.2"},
    ]
    return {
        "study": {"name": "relapse-2y", "plan_sha256": PLAN, "file": STUDY.decode()},
        "signature": {
            "name": signature["name"],
            "version": signature["version"],
            "sha256": signature["sha256"],
            "bytes": len(signature_bytes(signature)),
            "registration": registration(signature),
            "threshold": {"value": signature["threshold"]["value"]},
        },
        "verdict": {"overall": words[0], "claim": "C1"},
        "claims": claims,
    }


def page_of(evidence: Document) -> bytes:
    chips = "".join(f'<td><span class="s" data-claim="{c["id"]}">✓ {c["verdict"]}</span></td>' for c in evidence["claims"])
    meta = '<meta name="radaudit-dossier-sha256" content="{SHA256}">'
    return f'<!doctype html>{meta}<p class="v" data-claim="overall"><b>✓</b> {evidence["verdict"]["overall"]}</p>{chips}\n'.encode()


def record_of(file: LedgerFile, key: StudyKey) -> Document:
    _, entries = file.load()
    return {
        "created": "2026-11-23T08:01:00Z",
        "ledger": {"entries": len(entries), "head": entries[-1].digest, "root": merkle_root([item.line() for item in entries])},
        "openings": openings(entries, file.payloads()),
        "key": key.document(),
    }


def build(
    *,
    signature: Document | None = None,
    recorded: list[Step] | None = None,
    change_evidence: Callable[[Document], None] = lambda _: None,
    change_record: Callable[[Document], None] = lambda _: None,
    page: Callable[[Document], bytes] = page_of,
    change_files: Callable[[dict[str, bytes]], None] = lambda _: None,
    key: StudyKey = KEY,
    clock: list[str] | None = None,
) -> dict[str, bytes]:
    """Return the files of a dossier; every argument is a place where its owner can cheat before signing."""
    signature = signature or locked()
    with tempfile.TemporaryDirectory() as folder:
        times = iter(clock or TIMES)
        file = LedgerFile(Path(folder), key, lambda: next(times))
        for step in steps(signature) if recorded is None else recorded:
            file.append(step, f"key:{key.fingerprint[:16]}")
        evidence, record = evidence_of(signature), record_of(file, key)
        change_evidence(evidence)
        files = {
            "signature.json": signature_bytes(signature),
            "study.yaml": STUDY,
            "ledger.jsonl": (Path(folder) / "ledger.jsonl").read_bytes(),
            "payloads.jsonl": (Path(folder) / "payloads.jsonl").read_bytes(),
        }
        change_record(record)
        change_files(files)
        document = dossier_bytes(evidence, record)
        drawn = page(evidence).replace(b"{SHA256}", sha256(document).encode())
        return seal({**files, "dossier.json": document, "dossier.html": drawn}, key)


@cache
def _good() -> dict[str, bytes]:
    return build()


def good() -> dict[str, bytes]:
    """Return a fresh mapping of an honest dossier's files."""
    return dict(_good())


def reseal(files: dict[str, bytes], key: StudyKey = KEY) -> dict[str, bytes]:
    """Return altered files with a new manifest and envelope, as the holder of a key can make them, whatever the files hold.

    The page is made to name the document it stands beside.
    """
    import base64
    import hashlib

    from radaudit.verify.envelope import PAYLOAD_TYPE, pre_authentication

    rest = {name: data for name, data in files.items() if not name.startswith("manifest")}
    source = b'dossier-sha256" content="' + sha256(rest.get("dossier.json", b"")).encode()
    rest["dossier.html"] = re.sub(rb'dossier-sha256" content="[0-9a-f]{64}', source, rest["dossier.html"])
    manifest = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(rest.items())).encode()
    payload = json.loads(base64.b64decode(json.loads(files["manifest.dsse.json"])["payload"]))
    payload["subject"][0]["digest"]["sha256"] = hashlib.sha256(manifest).hexdigest()
    body = canonical(payload)
    signature = {"keyid": key.fingerprint, "sig": base64.b64encode(key.sign(pre_authentication(PAYLOAD_TYPE, body))).decode()}
    envelope = {"payload": base64.b64encode(body).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}
    return {**rest, "manifest-sha256.txt": manifest, "manifest.dsse.json": canonical(envelope) + b"\n"}


def codes(report: Report) -> set[str]:
    """Return the codes that failed."""
    return {finding.code for finding in report.findings if finding.failed}


def named(report: Report) -> set[str]:
    """Return the files that failed findings name."""
    return {str(finding.facts["file"]) for finding in report.findings if finding.failed}


def refused(files: dict[str, bytes], code: str, file: str | None = None, **more: Any) -> None:
    """Assert that verification fails with this code, naming this file."""
    report = verify_files(files, **more)
    assert not report.valid
    assert report.exit_code == 1
    assert code in codes(report), codes(report)
    assert file is None or file in named(report), named(report)
