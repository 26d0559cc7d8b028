"""Every code that radaudit can print is explained, and every explanation is of a code that radaudit can print."""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.codes import all_codes, explained

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\b(READ|ID|SITE|FEAT|OUT|CONF|SIZE|HARM|LEAK|PERF|GUARD|SCORE|STUDY|LEDGER|VERIFY|PRIV|FIND|PLUG)-\d{3}\b")


def printed() -> set[str]:
    """Return the codes that stand in program text and in the suites (comments and docstrings too: they must not name what is not there)."""
    files = [*ROOT.glob("radaudit/**/*.py"), *ROOT.glob("radaudit/checklists/**/*.toml"), *ROOT.glob("expectations/**/*.json")]
    return {match.group(0) for path in files for match in CODE.finditer(path.read_text(encoding="utf-8"))}


def known() -> set[str]:
    return set(all_codes())


def test_every_code_in_the_program_is_explained() -> None:
    assert sorted(printed() - known()) == []


def test_every_explained_code_can_be_printed() -> None:
    assert sorted(known() - printed()) == []


def test_every_explanation_says_what_why_and_what_to_do() -> None:
    for code in sorted(known()):
        about = explained(code)
        assert all((about.title, about.why, about.fix)), code
