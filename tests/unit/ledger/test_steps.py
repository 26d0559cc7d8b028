import pytest

from radaudit.errors import DesignError, LedgerError
from radaudit.ledger import Entry, Exposure, Ledger, Payload, Step, check_chain, entry, openings
from radaudit.tables import Rows

TABLE = "a" * 64
SALT = bytes(16)


def step(name: str = "model.fit", **facts: object) -> Step:
    return Step(name=name, saw=Exposure(rows=Rows.of(TABLE, [0, 1, 2, 7]), roles=("outcome", "features")), facts=facts)


def test_a_step_reads_back_from_its_payload() -> None:
    first = Step(name="lock", used={"plan": "p"}, made={"signature": "s"}, facts={"share": (0.5, 1.0)})
    assert Step.from_document(first.document()).document() == first.document()
    assert Step.from_document(step().document()) == step()


def test_roles_have_one_order() -> None:
    assert step().saw is not None
    assert step().saw.roles == ("features", "outcome")  # type: ignore[union-attr]


def test_exposures_of_two_tables_cannot_be_compared() -> None:
    other = Exposure(rows=Rows.of("b" * 64, [0]), roles=("features",))
    with pytest.raises(DesignError) as caught:
        _ = step().saw.rows & other.rows  # type: ignore[union-attr]
    assert caught.value.code == "LEDGER-001"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Exposure(rows=Rows.of(TABLE, [0]), roles=("label",)),
        lambda: Step(name="Model Fit"),
        lambda: Step(name="tune", facts={"auc": float("nan")}),
        lambda: Step(name="tune", facts={"rng": object()}),
        lambda: Step(name="tune", used={"plan": 3}),  # type: ignore[dict-item]
    ],
)
def test_what_cannot_be_recorded_is_refused(make: object) -> None:
    with pytest.raises(LedgerError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == "LEDGER-012"


def test_a_ledger_only_grows() -> None:
    empty = Ledger()
    grown = empty.note(step(n=1)).note(Step(name="lock")).note(step(n=2))
    assert (len(empty), len(grown)) == (0, 3)
    assert [s.facts["n"] for s in grown.named("model.fit")] == [1, 2]
    assert grown.last("model.fit") == step(n=2)
    assert grown.last("open") is None


def test_openings_come_from_the_chain() -> None:
    opened = Step(name="open", used={"lock": "l"}, facts={"reason": "primary analysis"})
    made, payload = entry(seq=0, prev="0" * 64, ts="2026-11-23T08:00:00Z", actor="rossi", payload=opened.document(), salt=SALT)
    expected = {"n": 1, "at": made.ts, "who": "rossi", "why": "primary analysis", "lock": "l", "hash": made.digest}
    assert openings([made], [payload]) == [expected]


def test_a_clock_that_runs_backwards_is_minor() -> None:
    first, a = entry(seq=0, prev="0" * 64, ts="2026-11-23T08:00:00Z", actor="x", payload=step().document(), salt=SALT)
    second, b = entry(seq=1, prev=first.digest, ts="2026-11-22T08:00:00Z", actor="x", payload=step().document(), salt=SALT)
    found = check_chain([first, second], [a, b])
    assert [(f.code, str(f.severity)) for f in found] == [("LEDGER-006", "minor")]


def test_an_entry_renamed_after_the_fact_is_found() -> None:
    made, payload = entry(seq=0, prev="0" * 64, ts="2026-11-23T08:00:00Z", actor="x", payload=step("open").document(), salt=SALT)
    renamed = Entry(**{**{n: getattr(made, n) for n in ("seq", "prev", "ts", "actor", "commit")}, "event": "tune"})
    assert [f.code for f in check_chain([renamed], [payload])] == ["LEDGER-014"]


def test_a_hole_needs_a_recorded_redaction() -> None:
    first, a = entry(seq=0, prev="0" * 64, ts="2026-11-23T08:00:00Z", actor="x", payload=step().document(), salt=SALT)
    assert [f.code for f in check_chain([first], [])] == ["LEDGER-005"]
    said = Step(name="redact", facts={"entries": [0], "reason": "birth date"})
    second, b = entry(seq=1, prev=first.digest, ts="2026-11-23T08:00:00Z", actor="x", payload=said.document(), salt=SALT)
    assert check_chain([first, second], [b]) == []
    silent = Step(name="redact", facts={"entries": [0], "reason": ""})
    third, c = entry(seq=1, prev=first.digest, ts="2026-11-23T08:00:00Z", actor="x", payload=silent.document(), salt=SALT)
    assert [f.code for f in check_chain([first, third], [c])] == ["LEDGER-005"]
    assert [f.code for f in check_chain([first], [a, a])] == ["LEDGER-010"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"nonsense",
        b'{"seq":0,"salt":"00","payload":{}}',
        b'{"payload":{},"salt":"00000000000000000000000000000000","seq":true}',
        b'{"payload": {},"salt":"00000000000000000000000000000000","seq":0}',
        b'{"payload":{"a":1,"a":2},"salt":"00000000000000000000000000000000","seq":0}',
        b'{"payload":{"a":"\\ud800"},"salt":"00000000000000000000000000000000","seq":0}',
    ],
)
def test_a_line_has_one_spelling(line: bytes) -> None:
    for read in (Entry.from_line, Payload.from_line):
        with pytest.raises(LedgerError) as caught:
            read(line)
        assert caught.value.code == "LEDGER-007"
