import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from radaudit.edges import keys as keys_module
from radaudit.edges.clock import utc_now
from radaudit.edges.keys import StudyKey, load_key
from radaudit.edges.ledger_file import ENTRIES, PAYLOADS, TORN, LedgerFile
from radaudit.errors import LedgerError
from radaudit.ledger import Step, check_chain, read_entries, read_payloads

KEY = StudyKey(bytes(range(32)))


def record(folder: Path) -> LedgerFile:
    return LedgerFile(folder, KEY, lambda: "2026-11-23T08:00:00Z")


def filled(folder: Path, n: int = 4) -> LedgerFile:
    file = record(folder)
    for i in range(n):
        file.append(Step(name="model.fit", facts={"i": i}), "rossi")
    return file


def whole(folder: Path) -> bool:
    return check_chain(read_entries((folder / ENTRIES).read_bytes()), read_payloads((folder / PAYLOADS).read_bytes())) == []


def test_the_same_key_and_clock_give_the_same_bytes(tmp_path: Path) -> None:
    filled(tmp_path / "a")
    filled(tmp_path / "b")
    for name in (ENTRIES, PAYLOADS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_was_appended_is_loaded(tmp_path: Path) -> None:
    ledger, entries = filled(tmp_path).load()
    assert [step.facts["i"] for step in ledger] == [0, 1, 2, 3]
    assert [item.seq for item in entries] == [0, 1, 2, 3]
    assert whole(tmp_path)


def test_a_torn_entry_is_moved_and_said(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with (tmp_path / ENTRIES).open("ab") as stream:
        stream.write(b'{"actor":"ros')
    ledger, _ = file.load()
    assert [step.name for step in ledger][-1] == "recovered"
    assert (tmp_path / TORN).read_bytes() == b'{"actor":"ros\n'
    assert whole(tmp_path)


def test_a_payload_without_its_entry_is_moved_and_said(tmp_path: Path) -> None:
    file = filled(tmp_path)
    lines = (tmp_path / ENTRIES).read_bytes().splitlines(keepends=True)
    (tmp_path / ENTRIES).write_bytes(b"".join(lines[:-1]))
    ledger, entries = file.load()
    assert [step.name for step in ledger][-1] == "recovered"
    assert len(entries) == 4
    assert b'"i":3' in (tmp_path / TORN).read_bytes()


def test_every_cut_of_the_files_is_repaired_or_refused(tmp_path: Path) -> None:
    filled(tmp_path / "whole", 3)
    entries, payloads = ((tmp_path / "whole" / name).read_bytes() for name in (ENTRIES, PAYLOADS))
    last = len(entries.splitlines(keepends=True)[-1])
    for cut in range(1, last + 1, 7):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / ENTRIES).write_bytes(entries[:-cut])
        (folder / PAYLOADS).write_bytes(payloads)
        ledger, _ = record(folder).load()
        assert [step.name for step in ledger] == ["model.fit", "model.fit", "recovered"]
        assert whole(folder)


def test_an_edited_record_is_not_continued(tmp_path: Path) -> None:
    file = filled(tmp_path)
    path = tmp_path / PAYLOADS
    path.write_bytes(path.read_bytes().replace(b'"i":1', b'"i":9'))
    with pytest.raises(LedgerError) as caught:
        file.append(Step(name="lock"), "rossi")
    assert caught.value.code == "LEDGER-004"


def test_a_milestone_without_payload_is_not_taken_for_a_torn_tail(tmp_path: Path) -> None:
    file = filled(tmp_path)
    file.append(Step(name="open", used={"lock": "l"}, facts={"reason": "first look"}), "rossi")
    lines = (tmp_path / PAYLOADS).read_bytes().splitlines(keepends=True)
    (tmp_path / PAYLOADS).write_bytes(b"".join(lines[:-1]))
    with pytest.raises(LedgerError) as caught:
        file.load()
    assert caught.value.code == "LEDGER-005"


def test_a_redaction_leaves_a_hole_that_is_said(tmp_path: Path) -> None:
    file = filled(tmp_path)
    file.redact((1,), reason="a birth date in the facts", actor="rossi")
    ledger, entries = file.load()
    assert [step.name for step in ledger] == ["model.fit", "model.fit", "model.fit", "redact"]
    assert len(entries) == 5
    assert b'"i":1' not in (tmp_path / PAYLOADS).read_bytes()
    assert whole(tmp_path)
    for wrong in [((1,), ""), ((), "why"), ((9,), "why"), ((4,), "why")]:
        with pytest.raises(LedgerError) as caught:
            file.redact(wrong[0], reason=wrong[1], actor="rossi")
        assert caught.value.code == "LEDGER-012"


def _writer(folder: str, n: int) -> None:
    for i in range(n):
        record(Path(folder)).append(Step(name="tune", facts={"i": i}), str(os.getpid()))


def test_writers_of_several_processes_do_not_break_the_chain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_writer, args=(str(tmp_path), 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    _, entries = record(tmp_path).load()
    assert len(entries) == 60
    assert whole(tmp_path)


LOOP = """
import sys
from pathlib import Path
from radaudit.edges.keys import StudyKey
from radaudit.edges.ledger_file import LedgerFile
from radaudit.ledger import Step
file = LedgerFile(Path(sys.argv[1]), StudyKey(bytes(range(32))), lambda: "2026-11-23T08:00:00Z")
i = 0
while True:
    entry = file.append(Step(name="split", facts={"i": i, "pad": "x" * 20000}), "rossi")
    print(entry.seq, flush=True)
    i += 1
"""


def test_killed_writers_lose_nothing_they_acknowledged(tmp_path: Path) -> None:
    acknowledged = -1
    for wanted in range(6):
        process = subprocess.Popen([sys.executable, "-c", LOOP, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(wanted + 1):
            line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        acknowledged = int(rest[-1]) if rest else int(line)
        ledger, entries = record(tmp_path).load()
        assert len(entries) > acknowledged
        assert whole(tmp_path)
        assert [step.facts["i"] for step in ledger.named("split")].count(0) == wanted + 1


def test_a_disk_that_refuses_is_an_error_with_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = filled(tmp_path)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(LedgerError) as caught:
            file.append(Step(name="lock"), "rossi")
    assert caught.value.code == "LEDGER-009"
    file.append(Step(name="lock"), "rossi")
    assert whole(tmp_path)


def test_a_folder_that_is_a_file_is_an_error_with_a_code(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(LedgerError) as caught:
        record(tmp_path / "out").load()
    assert caught.value.code == "LEDGER-009"


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(keys_module.VARIABLE, raising=False)
    with pytest.raises(LedgerError) as caught:
        load_key(tmp_path)
    assert caught.value.code == "LEDGER-015"
    key = load_key(tmp_path, create=True)
    assert load_key(tmp_path, create=True) == key
    path = tmp_path / ".radaudit" / "key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert key.secret.hex() not in repr(key)
    path.chmod(0o644)
    with pytest.raises(LedgerError) as caught:
        load_key(tmp_path)
    assert caught.value.code == "LEDGER-016"


def test_the_environment_overrides_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys_module.VARIABLE, KEY.secret.hex())
    assert load_key(tmp_path) == KEY
    monkeypatch.setenv(keys_module.VARIABLE, "secret")
    with pytest.raises(LedgerError) as caught:
        load_key(tmp_path)
    assert caught.value.code == "LEDGER-016"


def test_salts_depend_on_key_and_entry() -> None:
    salts = {KEY.salt(0), KEY.salt(1), StudyKey(bytes(32)).salt(0)}
    assert len(salts) == 3
    assert {len(salt) for salt in salts} == {16}
    assert KEY.document()["fingerprint"] == KEY.fingerprint
    assert KEY.secret.hex() not in json.dumps(KEY.document())


def test_source_date_epoch_stops_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763884800")
    assert utc_now() == "2025-11-23T08:00:00Z"
    for wrong in ("yesterday", "-1", "1e9", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(LedgerError) as caught:
            utc_now()
        assert caught.value.code == "LEDGER-013"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert utc_now().endswith("Z")
