"""Laws of the record: row ranges read back, a chain is whole, any change of any entry or payload is found."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from radaudit.ledger import FIRST, Entry, Payload, Step, as_numbers, as_ranges, check_chain, entry, merkle_root, read_entries, read_payloads


@given(st.sets(st.integers(0, 5000)))
def test_ranges_read_back(numbers: set[int]) -> None:
    assert as_numbers(as_ranges(numbers)) == tuple(sorted(numbers))


def chain(names: list[str]) -> tuple[list[Entry], list[Payload]]:
    entries, payloads, before = [], [], FIRST
    for seq, name in enumerate(names):
        step = Step(name=name, facts={"seq": seq})
        made, payload = entry(
            seq=seq, prev=before, ts="2026-11-23T08:00:00Z", actor="a", payload=step.document(), salt=bytes([seq % 256]) * 16
        )
        entries.append(made)
        payloads.append(payload)
        before = made.digest
    return entries, payloads


names = st.lists(st.sampled_from(["intake", "model.fit", "open"]), min_size=2, max_size=8)


@given(names)
def test_a_chain_is_whole_and_its_lines_read_back(given_names: list[str]) -> None:
    entries, payloads = chain(given_names)
    assert check_chain(entries, payloads) == []
    assert list(read_entries(b"".join(item.line() + b"\n" for item in entries))) == entries
    assert [p.commit for p in read_payloads(b"".join(p.line() + b"\n" for p in payloads))] == [e.commit for e in entries]


@given(names, st.data())
def test_any_edit_deletion_insertion_or_swap_is_found(given_names: list[str], data: st.DataObject) -> None:
    entries, payloads = chain(given_names)
    at = data.draw(st.integers(0, len(entries) - 1))
    attack = data.draw(st.sampled_from(["edit", "delete", "insert", "swap", "payload", "drop payload", "salt"]))
    if attack == "edit":
        entries[at] = replace(entries[at], actor="b")
        found = check_chain(entries, payloads)
        assert at == len(entries) - 1 or any(f.code == "LEDGER-003" for f in found)
        return
    if attack == "delete":
        if at == len(entries) - 1:
            return  # a cut tail is what a chain alone cannot see: the root in the dossier does
        del entries[at]
    elif attack == "insert":
        entries.insert(at, entries[at])
    elif attack == "swap":
        other = (at + 1) % len(entries)
        entries[at], entries[other] = entries[other], entries[at]
    elif attack == "payload":
        payloads[at] = replace(payloads[at], payload={**payloads[at].payload, "facts": {"seq": -1}})
    elif attack == "drop payload":
        del payloads[at]
    else:
        payloads[at] = replace(payloads[at], salt="f" * 32)
    assert check_chain(entries, payloads)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=12))
def test_the_merkle_root_splits_at_the_largest_power_of_two(leaves: list[bytes]) -> None:
    import hashlib

    def root(part: list[bytes]) -> bytes:  # the definition of RFC 9162, 2.1.1, word for word
        if len(part) == 1:
            return hashlib.sha256(b"\x00" + part[0]).digest()
        k = 1
        while k * 2 < len(part):
            k *= 2
        return hashlib.sha256(b"\x01" + root(part[:k]) + root(part[k:])).digest()

    assert merkle_root(leaves) == root(leaves).hex()
