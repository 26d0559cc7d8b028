import pytest

from radaudit.errors import LedgerError
from radaudit.ledger import as_numbers, as_ranges


def test_runs_are_joined_and_repeats_vanish() -> None:
    assert as_ranges([7, 0, 1, 2, 4, 3, 7]) == "0-4,7"


def test_no_row_is_the_empty_text() -> None:
    assert as_ranges([]) == ""
    assert as_numbers("") == ()


@pytest.mark.parametrize("text", ["4-0", "1,0", "0,1", "0-1,2", "00", "0-", "-1", "1;2", " 1", "1,1", "0-4,4", "0-99999999999", "٣"])
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(LedgerError) as caught:
        as_numbers(text)
    assert caught.value.code == "LEDGER-012"
