"""Lines for the terminal: at most 80 columns, nothing lost but what is cut with a mark."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from radaudit.findings import Finding, Severity, Verdict
from radaudit.study.lines import WIDTH, claim_lines, columns, counts_line, cut, finding_lines, padded, site_table, table_lines


def finding(
    code: str = "SIZE-002", verdict: Verdict = Verdict.FAILED, severity: Severity = Severity.MAJOR, sentence: str = "PORTO has 14 patients."
) -> Finding:
    return Finding(code=code, verdict=verdict, severity=severity, sentence=sentence)


def test_the_worst_finding_comes_first_with_its_severity_at_the_end() -> None:
    lines = finding_lines([finding(), finding("LEAK-003", severity=Severity.BLOCKING, sentence="Scaling was fitted before the split.")])
    assert lines[0] == " FAIL  LEAK-003  Scaling was fitted before the split.".ljust(72) + "blocking"
    assert lines[1].startswith(" WARN  SIZE-002 ")
    assert lines[1].endswith("major")


def test_a_blocking_finding_says_what_to_do_one_line_for_each_way() -> None:
    stops = Finding(
        code="SIZE-001",
        verdict=Verdict.FAILED,
        severity=Severity.BLOCKING,
        sentence="B has 1 row.",
        fix="harmonise.drop: [B]\nharmonise.keep: [B]",
    )
    assert [line.strip() for line in finding_lines([stops])[1:]] == ["fix  harmonise.drop: [B]", "or   harmonise.keep: [B]"]


def test_what_was_not_asked_is_counted_and_named() -> None:
    lines = counts_line(
        [finding(verdict=Verdict.PASSED), finding("FEAT-001", Verdict.NOT_RUN), finding("TIME-001", Verdict.NOT_APPLICABLE)]
    )
    assert lines == [" 1 passed; 1 not applicable (TIME-001); 1 could not be asked (FEAT-001)"]


def test_an_accepted_finding_stays_visible() -> None:
    assert "accepted" in finding_lines([finding(verdict=Verdict.WAIVED)])[0]


def test_numbers_stand_right_and_texts_left() -> None:
    assert table_lines(["site", "patients"], [["LYON", 122], ["OSLO", 8]]) == ["site  patients", "LYON       122", "OSLO         8"]


def test_a_wide_character_takes_two_columns() -> None:
    assert (columns("東京"), columns("Zu\u0308rich"), padded("東", 4)) == (4, 6, "東  ")


def test_a_claim_shows_verdict_and_reasons() -> None:
    claim = {
        "id": "C1",
        "label": "AUC",
        "on": "test",
        "required_text": "≥ 0.75",
        "verdict": "cannot be determined",
        "post_hoc": False,
        "sentence": "The interval contains the limit.",
        "reasons": [
            {"sentence": "Scaling was fitted before the split.", "finding": "LEAK-003"},
            {"sentence": "The interval contains the limit.", "finding": None},
        ],
        "needed": "about 40 more events",
    }
    lines = claim_lines([claim])
    assert lines[0].startswith("CLAIM C1  AUC on test ≥ 0.75")
    assert lines[0].endswith("CANNOT BE DETERMINED")
    assert lines[1:] == ["  The interval contains the limit.", "  LEAK-003  Scaling was fitted before the split.", "  about 40 more events"]
    assert "(post hoc)" in claim_lines([claim | {"post_hoc": True}])[0]


sentences = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]) | st.just(" "), max_size=300)


@given(st.lists(st.tuples(sentences, st.sampled_from(list(Verdict)), st.sampled_from(list(Severity))), max_size=6))
def test_no_line_of_findings_is_too_wide(parts: list[tuple[str, Verdict, Severity]]) -> None:
    lines = finding_lines([finding(sentence=sentence, verdict=verdict, severity=severity) for sentence, verdict, severity in parts])
    assert all(len(line) <= WIDTH for line in lines)


@given(st.lists(st.lists(sentences, min_size=4, max_size=4), max_size=5))
def test_no_line_of_a_table_is_too_wide(rows: list[list[str]]) -> None:
    assert all(columns(line) <= WIDTH for line in table_lines(["a", "b", "c", "d"], rows))


@given(sentences, st.integers(2, 30))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width


def test_the_table_by_site_says_what_is_known_of_each() -> None:
    lyon = {
        "site": "LYON",
        "patients": 122,
        "events": 48,
        "duplicates": 2,
        "missing_share": 0.001,
        "settings": "",
        "site_effect": 0.31,
        "verdict": "FAIL",
    }
    oslo = lyon | {"site": "OSLO", "settings": "binWidth 10", "site_effect": None, "verdict": "ok"}
    lines = site_table([lyon, oslo])
    assert lines[0].split() == ["site", "patients", "events", "dup", "miss%", "settings", "batch*", "verdict"]
    assert lines[1].split() == ["LYON", "122", "48", "2", "0.1", "ok", "0.31", "FAIL"]
    assert lines[2].split() == ["OSLO", "122", "48", "2", "0.1", "binWidth", "10", "-", "ok"]
    assert max(map(len, lines)) <= WIDTH
