"""Law: what stands in a study file survives the reading as it is, or the file is refused by a StudyError; nothing else is raised."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.edges.study_file import plan_of_text, read_yaml
from radaudit.errors import StudyError
from radaudit.study.plan import Plan
from radaudit.study.terms import steers

HEAD = """\
schema: radaudit/study/1
study: law
tables: {features: data/f.csv}
split: {test: {by: random, fraction: 0.3}}
"""

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(lambda text: text.strip() and not steers(text))


def quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar, everything but letters and digits escaped."""
    return '"' + "".join(char if char.isascii() and char.isalnum() else f"\\U{ord(char):08x}" for char in text) + '"'


@given(texts.filter(lambda text: text not in ("s", "o")))
def test_a_quoted_text_survives(text: str) -> None:
    plan = plan_of_text(f"{HEAD}roles: {{subject: {quoted(text)}, site: s, outcome: {{column: o, event: 1}}}}\n")
    assert plan.columns.subject.column == text
    assert Plan.of(plan.document()) == plan


@given(st.from_regex(r"[A-Za-z0-9.+_-]{1,12}", fullmatch=True).filter(lambda word: word[0] not in "-.+" and word != "s"))
def test_a_plain_word_survives(word: str) -> None:
    plan = plan_of_text(HEAD + f"roles: {{subject: p, site: s, outcome: {{column: {word}x, event: {word}}}}}\n")
    assert plan.columns.outcome.event == word


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(StudyError):
        plan_of_text(text)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_study_file_is_read_or_refused(data: st.DataObject) -> None:
    good = (
        HEAD
        + "roles: {subject: p, site: s, outcome: {column: o, event: 1}}\nclaims: [{id: C1, primary: true, measure: auc, at_least: 0.7}]\n"
    )
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 12)))
    middle = data.draw(st.text(alphabet=": {}[],&*!#'\"\n\t-x0%@`|>?~", max_size=6))
    with suppress(StudyError):
        assert plan_of_text(good[:start] + middle + good[end:]).digest


keys = st.sampled_from(["schema", "study", "tables", "roles", "split", "claims", "harmonise", "file", "id", "by", "x", "[key]"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.dictionaries(keys, values, max_size=6))
def test_any_mapping_is_a_plan_or_refused(document: dict[str, object]) -> None:
    with suppress(StudyError):
        assert Plan.of(document).digest


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=8))
def test_repeated_keys_are_always_seen(names: list[str]) -> None:
    written = read_yaml("".join(f"{name}: 1\n" for name in names))
    assert len([problem for problem in written.problems if problem.code == "STUDY-003"]) == len(names) - len(set(names))
