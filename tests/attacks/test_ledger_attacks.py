"""RECORD 9, group D, and the table of 3.1: a record changed by someone with the key, who can sign the dossier again."""

import json
from collections.abc import Callable

import pytest

from radaudit.digests import canonical
from radaudit.ledger import Step, entry, read_entries, read_payloads
from radaudit.verify import verify_files
from tests.attacks.small_dossier import KEY, PLAN, TIMES, build, codes, good, locked, refused, reseal, steps

LEDGER, PAYLOADS = "ledger.jsonl", "payloads.jsonl"
Lines = list[bytes]


def lines(name: str) -> Lines:
    return good()[name].splitlines(keepends=True)


def joined(ledger: Lines | None = None, payloads: Lines | None = None) -> dict[str, bytes]:
    changed = {LEDGER: b"".join(ledger or lines(LEDGER)), PAYLOADS: b"".join(payloads or lines(PAYLOADS))}
    return reseal({**good(), **changed})


def rechained(change: Callable[[list[dict[str, object]]], None]) -> dict[str, bytes]:
    """Return a dossier whose whole record was written again, with right links, after a change: what the key's owner can do."""
    payloads = [json.loads(line)["payload"] for line in lines(PAYLOADS)]
    change(payloads)
    made, before = [], "0" * 64
    for seq, payload in enumerate(payloads):
        item, kept = entry(seq=seq, prev=before, ts=TIMES[seq], actor="a", payload=payload, salt=KEY.salt(seq))
        made.append((item.line() + b"\n", kept.line() + b"\n"))
        before = item.digest
    return joined([a for a, _ in made], [b for _, b in made])


def edited(ledger: Lines, place: int, old: bytes, new: bytes) -> Lines:
    assert old in ledger[place]
    return [line.replace(old, new) if i == place else line for i, line in enumerate(ledger)]


def test_an_entry_edited_deleted_moved_or_put_in_breaks_the_chain() -> None:
    ledger = lines(LEDGER)
    refused(joined(edited(ledger, 2, b"08:00:02", b"08:00:01")), "VERIFY-040", LEDGER)
    refused(joined(ledger[:2] + ledger[3:]), "VERIFY-040", LEDGER)
    refused(joined([ledger[0], ledger[2], ledger[1], *ledger[3:]]), "VERIFY-040", LEDGER)
    refused(joined([*ledger[:3], ledger[2], *ledger[3:]]), "VERIFY-040", LEDGER)


def test_the_last_entry_edited_is_found_by_head_and_root() -> None:
    ledger = lines(LEDGER)
    refused(joined(edited(ledger, 5, b"08:00:05", b"08:00:06")), "VERIFY-042", LEDGER)


def test_a_cut_tail_is_found_by_head_and_root() -> None:
    refused(joined(lines(LEDGER)[:4], lines(PAYLOADS)[:4]), "VERIFY-042", LEDGER)


def test_a_record_written_again_is_found_by_head_and_root() -> None:
    def another_reason(payloads: list[dict[str, object]]) -> None:
        payloads[4]["facts"] = {"reason": "a better one"}

    refused(rechained(another_reason), "VERIFY-042", LEDGER)


def test_an_opening_left_out_of_the_dossier_is_found() -> None:
    twice = [*steps(locked()), Step(name="open", used={"plan": PLAN, "lock": locked()["sha256"]}, facts={"reason": "again"})]
    assert verify_files(build(recorded=twice)).valid
    refused(build(recorded=twice, change_record=lambda r: r.update(openings=r["openings"][:1])), "VERIFY-043", "dossier.json")
    refused(build(change_record=lambda r: r.update(openings=[])), "VERIFY-043")
    refused(build(change_record=lambda r: r["openings"][0].update(why="pre-registered")), "VERIFY-043")


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b'"v":1', b'"v": 1'),
        lambda line: line.replace(b'"v":1', b'"v":true'),
        lambda line: line.replace(b'"v":1', b'"v":2'),
        lambda line: line.replace(b'"seq":2', b'"seq":2.0'),
        lambda line: line.replace(b'"seq":2', b'"seq":900000000'),
        lambda line: line.replace(b"Z", b"+02:00"),
        lambda line: line.replace(b'"v":1', b'"v":1,"x":1'),
        lambda line: b"\n" + line,
        lambda line: line.rstrip(b"\n"),
        lambda line: b"null\n",
        lambda line: b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_of_the_ledger_has_one_spelling(change: Callable[[bytes], bytes]) -> None:
    ledger = lines(LEDGER)
    assert change(ledger[2]) != ledger[2]
    refused(joined([*ledger[:2], change(ledger[2]), *ledger[3:]]), "VERIFY-040", LEDGER)


def test_a_torn_tail_is_found() -> None:
    refused(reseal({**good(), LEDGER: good()[LEDGER][:-1]}), "VERIFY-040", LEDGER)
    refused(reseal({**good(), PAYLOADS: good()[PAYLOADS] + b"{"}), "VERIFY-040", PAYLOADS)


def test_a_payload_exchanged_added_or_salted_anew_is_found() -> None:
    payloads = lines(PAYLOADS)
    row = json.loads(payloads[4])
    for change in ({"payload": {**row["payload"], "facts": {"reason": "planned"}}}, {"salt": "0" * 32}, {"salt": "0"}, {"salt": "ZZ" * 16}):
        refused(joined(payloads=[*payloads[:4], canonical({**row, **change}) + b"\n", *payloads[5:]]), "VERIFY-041", PAYLOADS)
    refused(joined(payloads=[*payloads, payloads[4]]), "VERIFY-041", PAYLOADS)
    refused(joined(payloads=[*payloads, payloads[4].replace(b'"seq":4', b'"seq":40')]), "VERIFY-041", PAYLOADS)


def test_a_payload_gone_without_a_recorded_redaction_is_found() -> None:
    payloads = lines(PAYLOADS)
    refused(joined(payloads=payloads[:2] + payloads[3:]), "VERIFY-041", PAYLOADS)


def test_a_recorded_redaction_is_a_gap_that_is_said() -> None:
    recorded = [*steps(locked()), Step(name="redact", facts={"entries": [2], "reason": "a birth date"})]

    def without(files: dict[str, bytes]) -> None:
        rows = files[PAYLOADS].splitlines(keepends=True)
        files[PAYLOADS] = b"".join(rows[:2] + rows[3:])

    report = verify_files(build(recorded=recorded, change_files=without))
    assert report.valid
    assert report.exit_code == 5
    silent = [*steps(locked()), Step(name="redact", facts={"entries": [2], "reason": ""})]
    refused(build(recorded=silent, change_files=without), "VERIFY-041", PAYLOADS)


def test_a_clock_that_runs_backwards_is_said_and_does_not_condemn() -> None:
    report = verify_files(build(clock=["2026-11-23T08:00:00Z", "2026-11-22T08:00:00Z", *TIMES[2:]]))
    assert report.exit_code == 0
    assert codes(report) == {"VERIFY-044"}


def test_a_test_set_opened_before_the_lock_is_found() -> None:
    signature = locked()
    in_order = steps(signature)
    refused(build(recorded=[*in_order[:3], in_order[4], in_order[3], in_order[5]]), "VERIFY-046", LEDGER)
    refused(build(recorded=[*in_order[:3], *in_order[4:]]), "VERIFY-046", LEDGER)
    other = Step(name="lock", used={"plan": "9" * 64}, made={"signature": signature["sha256"]})
    refused(build(recorded=[*in_order[:3], other, *in_order[4:]]), "VERIFY-046", LEDGER)


def test_a_ledger_that_reported_other_evidence_is_found() -> None:
    def with_report(sha256: str) -> list[Step]:
        return [*steps(locked()), Step(name="report", made={"evidence": "8" * 64}), Step(name="report", made={"evidence": sha256})]

    own = json.loads(good()["dossier.json"])["record"]["evidence_sha256"]
    assert verify_files(build(recorded=with_report(own))).valid
    refused(build(recorded=with_report("9" * 64)), "VERIFY-042", LEDGER)


def test_the_two_readers_of_a_record_agree() -> None:
    from radaudit.ledger import check_chain, merkle_root
    from radaudit.verify.record import read_chain

    entries, payloads = read_entries(good()[LEDGER]), read_payloads(good()[PAYLOADS])
    chain, _ = read_chain(good())
    assert chain is not None
    assert check_chain(entries, payloads) == []
    assert chain.digests == [item.digest for item in entries]
    assert chain.root == merkle_root([item.line() for item in entries])
