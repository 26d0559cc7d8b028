"""RECORD 9, group P: planted ids are found however they are written, and an honest dossier holds none."""

import base64
import hashlib

import pytest

from radaudit.edges.canaries import look_for, refuse_patients
from radaudit.errors import PrivacyError
from tests.attacks.small_dossier import good

PATIENTS = ["LYO-0004", "R01-013", "0012345", "Müller Anna", "p@hospital.org", "12", "A1"]
DISGUISES = {
    "plain": b'{"id":"LYO-0004"}',
    "in a page": b"<td>R01-013</td>",
    "leading zeros": b"x,0012345,y",
    "other case": b"lyo-0004",
    "in a path": b"/data/R01-013.nii",
    "with a name": "<p>Patient müller anna,".encode(),
    "mail": b"<p@hospital.org>",
    "base64": base64.b64encode(b"LYO-0004"),
    "hex": b"LYO-0004".hex().encode(),
    "md5": hashlib.md5(b"LYO-0004", usedforsecurity=False).hexdigest().encode(),
    "sha1": hashlib.sha1(b"LYO-0004", usedforsecurity=False).hexdigest().encode(),
    "sha256": b'"' + hashlib.sha256(b"lyo-0004").hexdigest().upper().encode() + b'"',
}


@pytest.mark.parametrize("way", DISGUISES)
def test_a_planted_id_stops_the_dossier_and_is_not_repeated(way: str) -> None:
    with pytest.raises(PrivacyError) as caught:
        refuse_patients(PATIENTS, {**good(), "dossier.html": b"<!doctype html>" + DISGUISES[way]})
    assert caught.value.code == "PRIV-001"
    assert "dossier.html" in str(caught.value)
    assert not any(patient.casefold() in str(caught.value).casefold() for patient in PATIENTS if len(patient) > 2)


def test_an_honest_dossier_holds_no_id() -> None:
    looked = refuse_patients(PATIENTS, good())
    assert (looked.ids, looked.too_short, looked.hits) == (5, 2, ())


def test_numbers_that_look_like_short_ids_are_no_alarm() -> None:
    assert look_for(["1", "42", "007", "1234"], {"a": b'{"n":42,"rows":"0-1234","x":0.007}'}).hits == ()
