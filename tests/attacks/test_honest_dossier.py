"""What is not an attack must pass: the honest dossier, in a folder, in an archive, with and without trust."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from radaudit.edges.bundle import archive_dossier, seal, write_dossier
from radaudit.edges.rendering import renders_equal
from radaudit.errors import DossierError
from radaudit.verify import verify, verify_files
from tests.attacks.small_dossier import KEY, STUDY, THIEF, build, codes, good, page_of

LISTED = [name for name in good() if not name.startswith("manifest")]


def written(folder: Path) -> Path:
    return write_dossier(folder / "dossier", {name: good()[name] for name in LISTED}, KEY)


def test_an_honest_dossier_is_valid_and_its_signer_open(tmp_path: Path) -> None:
    report = verify(written(tmp_path))
    assert report.valid
    assert report.exit_code == 0
    assert report.fingerprint == KEY.fingerprint
    assert [finding.code for finding in report.findings if str(finding.verdict) == "not run"] == ["VERIFY-025"]
    assert report.document()["valid"] is True


def test_a_trusted_key_answers_who_signed() -> None:
    report = verify_files(good(), trust=[THIEF.fingerprint, KEY.fingerprint.upper()])
    assert report.exit_code == 0
    assert not [finding for finding in report.findings if str(finding.verdict) == "not run"]
    assert verify_files(good(), trust=KEY.fingerprint).valid


def test_the_same_files_and_key_give_the_same_bytes() -> None:
    assert build() == good()
    assert seal({name: good()[name] for name in reversed(LISTED)}, KEY) == good()


def test_a_study_file_of_windows_or_in_decomposed_letters_is_the_same_text() -> None:
    written = "\ufeff" + STUDY.decode().replace("\n", "\r\n") + "# Zu\u0308rich\r\n"

    def spelt(evidence: dict[str, Any]) -> None:
        evidence["study"]["file"] = STUDY.decode() + "# Zürich\n"

    files = build(change_evidence=spelt, change_files=lambda files: files.update({"study.yaml": written.encode()}))
    assert verify_files(files).valid


def test_a_dossier_is_never_overwritten(tmp_path: Path) -> None:
    first, second = written(tmp_path), written(tmp_path)
    assert (first.name, second.name) == ("0001", "0002")
    assert sorted(path.name for path in (tmp_path / "dossier").iterdir()) == ["0001", "0002"]


def test_sha256sum_reads_the_manifest(tmp_path: Path) -> None:
    folder = written(tmp_path)
    done = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count(b": OK") == len(LISTED)


def test_openssl_verifies_the_envelope(tmp_path: Path) -> None:
    import base64

    from radaudit.verify.envelope import PAYLOAD_TYPE, pre_authentication

    envelope = json.loads(good()["manifest.dsse.json"])
    # SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed head and the 32 bytes
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + KEY.public)
    (tmp_path / "message").write_bytes(pre_authentication(PAYLOAD_TYPE, base64.b64decode(envelope["payload"])))
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.der",
        "-keyform",
        "DER",
        "-rawin",
        "-in",
        "message",
        "-sigfile",
        "sig",
    ]
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert done.returncode == 0, done.stderr


def test_an_archive_is_read_by_others_and_by_us(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = archive_dossier(folder, tmp_path / "a.zip")
    assert verify(path).exit_code == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == good()
    assert archive_dossier(folder, tmp_path / "b.zip").read_bytes() == path.read_bytes()
    with pytest.raises(DossierError) as caught:
        archive_dossier(folder, tmp_path / "a.zip")
    assert caught.value.code == "VERIFY-007"


def test_files_that_are_no_dossier_are_not_sealed() -> None:
    files = {name: good()[name] for name in LISTED}
    extra = [
        {"manifest-sha256.txt": b"x"},
        {"../x": b"x"},
        {"note.txt": b""},
        {"DOSSIER.json": b"x"},
        {"con.txt": b"x"},
        {"study.yaml": b""},
    ]
    for wrong in [*({**files, **more} for more in extra), {name: data for name, data in files.items() if name != "signature.json"}]:
        with pytest.raises(DossierError) as caught:
            seal(wrong, KEY)
        assert caught.value.code == "VERIFY-005"


def test_a_disk_that_refuses_leaves_no_half_dossier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DossierError) as caught:
            written(tmp_path)
    assert caught.value.code == "VERIFY-007"
    assert list((tmp_path / "dossier").iterdir()) == []


def test_the_page_drawn_again_is_compared(tmp_path: Path) -> None:
    def render(document: bytes) -> bytes:
        return page_of(json.loads(document)["evidence"]).replace(b"{SHA256}", hashlib.sha256(document).hexdigest().encode())

    def broken(_: bytes) -> bytes:
        raise DossierError("VERIFY-080", "not a dossier")

    folder = written(tmp_path)
    assert not renders_equal(folder, render).failed
    assert renders_equal(folder, lambda data: render(data) + b" ").failed
    assert renders_equal(folder, lambda data: render(data).replace(b"C1", b"C9")).facts["byte"] > 0
    assert renders_equal(folder, broken).failed


def test_verify_imports_no_numbers_no_tables_and_no_engine() -> None:
    forbidden = (
        "numpy",
        "pandas",
        "cryptography",
        "radaudit.tables",
        "radaudit.signature",
        "radaudit.ledger",
        "radaudit.edges",
        "duckdb",
        "mlflow",
    )
    code = f"import sys, radaudit.verify; bad = sorted(set({forbidden!r}) & set(sys.modules)); sys.exit(', '.join(bad) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_runs_where_only_the_standard_library_is(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    folder = written(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from radaudit.verify import verify; sys.exit(verify({str(folder)!r}).exit_code)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_writes_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path)

    def state() -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    before = state()
    verify(folder)
    assert state() == before
    assert codes(verify(folder)) == set()
