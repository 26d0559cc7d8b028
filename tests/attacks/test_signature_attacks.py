"""RECORD 9, group E: who signed, what was signed, and signatures that hold for more than one message."""

import base64
import json
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from radaudit.digests import canonical
from radaudit.verify import verify_files
from radaudit.verify.ed25519 import L, P, acceptable_key, verify_ed25519
from radaudit.verify.envelope import PAYLOAD_TYPE, pre_authentication
from tests.attacks.small_dossier import KEY, THIEF, build, codes, good, refused, reseal

ENVELOPE = "manifest.dsse.json"


def envelope(**changes: Any) -> dict[str, bytes]:
    """Return the dossier with members of its envelope exchanged."""
    return {**good(), ENVELOPE: canonical(json.loads(good()[ENVELOPE]) | changes) + b"\n"}


def signed(statement: dict[str, Any], kind: str = PAYLOAD_TYPE, *, pae: bool = True) -> dict[str, bytes]:
    """Return the dossier with an envelope over another statement, rightly signed with the dossier's key."""
    payload = canonical(statement)
    message = pre_authentication(kind, payload) if pae else payload
    one = {"keyid": KEY.fingerprint, "sig": base64.b64encode(KEY.sign(message)).decode()}
    return envelope(payload=base64.b64encode(payload).decode(), payloadType=PAYLOAD_TYPE, signatures=[one])


def statement() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(base64.b64decode(json.loads(good()[ENVELOPE])["payload"]))
    return loaded


def one() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(good()[ENVELOPE])["signatures"][0]
    return loaded


def test_an_unknown_key_is_not_trusted() -> None:
    refused(good(), "VERIFY-023", ENVELOPE, trust=[THIEF.fingerprint])
    refused(good(), "VERIFY-023", ENVELOPE, trust=[])


def test_a_thief_who_signs_again_is_another_signer() -> None:
    refused(reseal(good(), THIEF), "VERIFY-022", ENVELOPE)
    stolen = build(key=THIEF)
    assert verify_files(stolen).valid  # of one piece: only who is trusted tells
    refused(stolen, "VERIFY-023", ENVELOPE, trust=KEY.fingerprint)


def test_the_right_key_in_another_role_is_refused() -> None:
    for name, value in {"role": "reviewer", "evidence_sha256": "9" * 64, "ledger_root": None}.items():
        changed = statement()
        changed["predicate"][name] = value
        refused(signed(changed), "VERIFY-024", ENVELOPE)


def test_a_signature_lifted_to_another_dossier_is_refused() -> None:
    def other(evidence: dict[str, Any]) -> None:
        evidence["claims"][0]["text"] = "AUC of at least 0.50"

    lifted = {**build(change_evidence=other), ENVELOPE: good()[ENVELOPE]}
    refused(lifted, "VERIFY-024", "manifest-sha256.txt")


def test_payload_type_and_statement_have_one_form() -> None:
    for changes in ({"payloadType": "text/plain"}, {"payloadType": "application/json"}, {"more": 1}):
        refused(envelope(**changes), "VERIFY-020", ENVELOPE)
    for name, value in {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "urn:radaudit:approval:1", "predicate": []}.items():
        refused(signed({**statement(), name: value}), "VERIFY-020", ENVELOPE)
    two = [*statement()["subject"], *statement()["subject"]]
    refused(signed({**statement(), "subject": two}), "VERIFY-024", "manifest-sha256.txt")


def test_a_signature_over_the_bare_payload_or_another_type_is_refused() -> None:
    refused(signed(statement(), pae=False), "VERIFY-021", ENVELOPE)
    refused(signed(statement(), "text/plain"), "VERIFY-021", ENVELOPE)


@pytest.mark.parametrize(
    "signatures",
    [
        [],
        [one(), one()],
        [one() | {"alg": "none"}],
        [{"keyid": KEY.fingerprint}],
        [{"keyid": KEY.fingerprint, "sig": one()["sig"] + "\n"}],
        [{"keyid": KEY.fingerprint, "sig": one()["sig"][:-3] + "!=="}],
        [None],
        None,
        "none",
        {"0": one()},
    ],
)
def test_there_is_one_signature_in_one_spelling(signatures: Any) -> None:
    refused(envelope(signatures=signatures), "VERIFY-020", ENVELOPE)


def test_an_empty_signature_or_key_id_is_refused() -> None:
    refused(envelope(signatures=[{"keyid": KEY.fingerprint, "sig": ""}]), "VERIFY-021", ENVELOPE)
    refused(envelope(signatures=[one() | {"keyid": ""}]), "VERIFY-022", ENVELOPE)
    refused({**good(), ENVELOPE: b"{}\n"}, "VERIFY-020", ENVELOPE)
    refused({**good(), ENVELOPE: json.dumps(json.loads(good()[ENVELOPE])).encode()}, "VERIFY-020", ENVELOPE)


def test_a_malleated_signature_is_refused() -> None:
    sig = base64.b64decode(one()["sig"])
    higher = sig[:32] + (int.from_bytes(sig[32:], "little") + L).to_bytes(32, "little")
    refused(envelope(signatures=[one() | {"sig": base64.b64encode(higher).decode()}]), "VERIFY-021", ENVELOPE)


SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_keys_under_which_one_signature_fits_many_messages_are_no_keys(point: str) -> None:
    public = bytes.fromhex(point)
    assert not acceptable_key(public)
    assert not verify_ed25519(public, b"any message", public + bytes(32))
    document = json.loads(good()["dossier.json"])
    document["record"]["key"] = {"public": base64.b64encode(public).decode(), "fingerprint": KEY.fingerprint}
    refused(reseal({**good(), "dossier.json": canonical(document) + b"\n"}), "VERIFY-022", ENVELOPE)


def test_points_that_are_not_reduced_or_not_on_the_curve_are_no_keys() -> None:
    assert not acceptable_key((P + 3).to_bytes(32, "little"))
    assert not acceptable_key((2).to_bytes(32, "little"))
    assert not acceptable_key((1 | 1 << 255).to_bytes(32, "little"))
    assert not acceptable_key(b"")
    assert acceptable_key(KEY.public)


def test_verification_agrees_with_cryptography_on_good_and_forged_signatures() -> None:
    drawn = random.Random(8032)
    for _ in range(40):
        secret, message = drawn.randbytes(32), drawn.randbytes(drawn.randrange(200))
        private = Ed25519PrivateKey.from_private_bytes(secret)
        public, sig = private.public_key().public_bytes_raw(), private.sign(message)
        assert verify_ed25519(public, message, sig)
        forged = bytearray(sig)
        forged[drawn.randrange(64)] ^= 1 << drawn.randrange(8)
        assert not verify_ed25519(public, message, bytes(forged))
        assert not verify_ed25519(public, message + b"x", sig)
        assert not verify_ed25519(KEY.public, message, sig)


def test_the_vectors_of_rfc_8032_hold() -> None:
    vectors = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ]
    for public, message, sig in vectors:
        assert verify_ed25519(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(sig))


def test_a_forged_signature_file_is_found_even_if_its_owner_signs() -> None:
    from radaudit.signature import sealed
    from tests.attacks.small_dossier import locked

    document = locked()
    document["threshold"]["value"] = 0.2  # changed after the lock, digest kept
    refused(build(signature=document), "VERIFY-032", "signature.json")
    vectors = [document["test_vectors"][0] | {"risk": 0.99}, *document["test_vectors"][1:]]
    refused(build(signature=sealed({**locked(), "test_vectors": vectors})), "VERIFY-034", "signature.json")
    refused(build(signature=sealed({**locked(), "test_vectors": []})), "VERIFY-034", "signature.json")
    steps = json.loads(json.dumps(locked()["steps"]))
    steps[-2]["coef"][0] *= -1
    refused(build(signature=sealed({**locked(), "steps": steps})), "VERIFY-034", "signature.json")


@pytest.mark.parametrize("member", ["inputs", "steps", "batch", "settings", "threshold", "test_vectors", "schema", "name"])
@pytest.mark.parametrize("value", [None, 3, "x", [1], [[]], {"a": 1}])
def test_a_strange_signature_file_is_a_finding_and_never_a_crash(member: str, value: Any) -> None:
    from radaudit.signature import sealed
    from tests.attacks.small_dossier import evidence_of, locked

    strange = sealed({**locked(), member: value})

    def described(evidence: dict[str, Any]) -> None:
        evidence.clear()
        evidence.update(evidence_of(locked()))
        evidence["signature"] = {"sha256": strange["sha256"]}

    if member in ("threshold", "name"):
        files = reseal({**good(), "signature.json": canonical(strange) + b"\n"})
    else:
        files = build(signature=strange, change_evidence=described)
    report = verify_files(files)
    assert report.exit_code == 1
    assert codes(report) <= {"VERIFY-030", "VERIFY-032", "VERIFY-033", "VERIFY-034", "VERIFY-046"}
