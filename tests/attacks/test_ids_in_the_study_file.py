"""A patient's id in a comment of study.yaml would travel with the dossier: it is refused, and the message does not repeat it."""

from __future__ import annotations

import pytest

from radaudit.edges.privacy import refuse_patients, scannable
from radaudit.errors import PrivacyError


def test_an_id_in_a_file_is_refused_without_being_quoted() -> None:
    with pytest.raises(PrivacyError) as caught:
        refuse_patients({"study.yaml": b"# LYO-0004 was odd\n", "dossier.json": b"{}"}, ["LYO-0004", "LYO-0005"])
    assert caught.value.code == "PRIV-080"
    assert "LYO" not in str(caught.value)
    assert caught.value.found == "study.yaml (1)"


@pytest.mark.parametrize("text", [b"LYO-00041", b"XLYO-0004", b"a LYO-0004-b", b"nothing"])
def test_a_longer_word_is_not_the_id(text: bytes) -> None:
    refuse_patients({"a": text}, ["LYO-0004"])


def test_plain_short_numbers_are_not_searched_for() -> None:
    assert not scannable("12")
    assert not scannable("0042")
    assert scannable("R01-013")
    assert scannable("19450501")
