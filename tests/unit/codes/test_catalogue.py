"""The catalogue of codes: complete, unique, and helpful when asked for a code that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from radaudit.codes import all_codes, answer, explained
from radaudit.codes.catalogue import CODE, read_codes
from radaudit.errors import PluginError, StudyError
from radaudit.findings import Severity, Verdict

WORDS = 'title = "T"\nwhy = "W"\nfix = "F"\nseverity = "minor"\n'


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_files_hold_no_code_twice_and_no_empty_word() -> None:
    codes = all_codes()
    assert {"ID-001", "FEAT-003", "LEAK-001", "LEAK-014"} <= set(codes)
    assert list(codes) == sorted(codes)
    for code, words in codes.items():
        assert CODE.fullmatch(code)
        assert words.title
        assert words.why
        assert words.fix
        assert words.severity in (*Severity, "error")


def test_a_title_is_a_title_and_not_a_sentence() -> None:
    for words in all_codes().values():
        assert len(words.title) <= 100, words.code
        assert not words.title.endswith("."), words.code


def test_a_code_is_found_in_any_case() -> None:
    assert explained(" leak-002 ").code == "LEAK-002"
    assert explained("LEAK-002").part == "leaks"


def test_an_unknown_code_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(StudyError) as caught:
        explained("LEAK-0002")
    assert caught.value.code == "STUDY-050"
    assert caught.value.near in all_codes()
    assert str(caught.value.near).startswith("LEAK-00")


def test_one_code_in_two_files_is_refused(tmp_path: Path) -> None:
    files = [written(tmp_path, name, f'["SITE-900"]\n{WORDS}') for name in ("a.toml", "b.toml")]
    with pytest.raises(PluginError) as caught:
        read_codes(files)
    assert caught.value.code == "STUDY-052"
    assert "a.toml" in str(caught.value.found)
    assert "b.toml" in str(caught.value.found)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        f'["site-1"]\n{WORDS}',
        'code = "SITE-900"',
        f'["SITE-900"]\n{WORDS}colour = "red"',
        '["SITE-900"]\ntitle = "T"\nwhy = ""\nfix = "F"\nseverity = "minor"',
        f'["SITE-900"]\n{WORDS.replace("minor", "awful")}',
        f'["SITE-900"]\n{WORDS}["SITE-900"]\n{WORDS}',
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PluginError) as caught:
        read_codes([written(tmp_path, "broken.toml", text)])
    assert caught.value.code == "STUDY-051"


def test_a_finding_takes_its_words_from_the_catalogue() -> None:
    finding = answer("FEAT-003", Verdict.FAILED, "One.", facts={"share": 0.4}, concerns=["OSLO"])
    words = explained("FEAT-003")
    assert (finding.title, finding.why, finding.fix, finding.severity) == (words.title, words.why, words.fix, Severity(words.severity))
    assert finding.concerns == ("OSLO",)
    assert answer("FEAT-003", Verdict.FAILED, "One.", fix="do this", severity=Severity.NOTE).fix == "do this"
