"""The real page states verdicts in the form that ``verify`` reads: every verdict, and any change of one is found."""

import pytest

from radaudit.edges.html.page import render
from radaudit.verify.page import check_page
from tests.edges.sample_dossier import VERDICT_WORDS, as_bytes, document


@pytest.mark.parametrize("word", VERDICT_WORDS)
def test_the_drawn_page_states_every_verdict(word: str) -> None:
    made = document(verdict=word)
    data = as_bytes(made)
    page = render(data)
    (found,) = check_page(page, data, made["evidence"])
    assert not found.failed
    chips = page.count(b'data-claim="')
    assert chips > len(made["evidence"]["claims"])
    other = b"supported" if word != "supported" else b"not supported"
    parts = page.split(f'<span class="w">{word}</span>'.encode())
    assert len(parts) > 1
    for place in range(1, len(parts)):
        halves = [f'<span class="w">{word}</span>'.encode().join(side) for side in (parts[:place], parts[place:])]
        changed = (b'<span class="w">' + other + b"</span>").join(halves)
        before = halves[0][halves[0].rfind(b"<strong") :]
        if b"data-claim" in before:
            assert any(finding.code == "VERIFY-050" and finding.failed for finding in check_page(changed, data, made["evidence"]))
