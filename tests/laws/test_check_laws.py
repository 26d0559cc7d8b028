"""Law: what a check says depends on the people and the numbers, not on order, names or units of a whole column.

Rows and features may stand in any order, and a feature may be given in any unit (a power of two, so that no bit is lost), without a
verdict changing.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from radaudit.checks.ask import ask
from radaudit.checks.association import association, separation
from radaudit.findings import Finding
from tests.unit.checks.planted import CASES, Draft, honest

heaps = st.lists(st.sampled_from([damage for code, damage in CASES if code not in ("FEAT-061", "SIZE-050")]), max_size=4)


def drafted(damages: list[object], seed: int) -> Draft:
    draft = honest(n=60, seed=seed, p=9)
    with np.errstate(all="ignore"):
        for damage in damages:
            damage(draft)  # type: ignore[operator]
    return draft


def verdicts(draft: Draft) -> dict[str, tuple[str, str]]:
    return {finding.code: (str(finding.verdict), counted(finding)) for finding in ask(draft.table())}


def counted(finding: Finding) -> str:
    return str(finding.facts.get("count", finding.facts.get("rows", "")))


@settings(max_examples=40, deadline=None)
@given(heaps, st.integers(0, 99), st.randoms(use_true_random=False))
def test_no_verdict_depends_on_the_order_of_rows_and_features(damages: list[object], seed: int, random: object) -> None:
    draft = drafted(damages, seed)
    before = verdicts(draft)
    rows, columns = list(range(len(draft.patients))), list(range(len(draft.features)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(columns)  # type: ignore[attr-defined]
    draft.values, draft.outcome = draft.values[rows][:, columns], draft.outcome[rows]
    draft.patients, draft.sites = [draft.patients[i] for i in rows], [draft.sites[i] for i in rows]
    draft.features = [draft.features[j] for j in columns]
    draft.facts = {name: [column[i] for i in rows] for name, column in draft.facts.items()}
    assert verdicts(draft) == before


@settings(max_examples=40, deadline=None)
@given(heaps, st.integers(0, 99), st.lists(st.integers(-20, 20), min_size=9, max_size=9))
def test_no_verdict_depends_on_the_unit_of_a_whole_feature(damages: list[object], seed: int, powers: list[int]) -> None:
    draft = drafted(damages, seed)
    before = verdicts(draft)
    draft.values = draft.values * 2.0 ** np.resize(powers, draft.values.shape[1])
    after = verdicts(draft)
    # columns that were copies of each other may now differ by their unit
    for code in set(before) - {"LEAK-050", "FEAT-053"}:
        assert after[code] == before[code], code


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_association_does_not_depend_on_the_order_of_sites(counts: list[tuple[int, int]], random: object) -> None:
    before = association(counts)
    shuffled = list(counts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    after = association(shuffled)
    turned = association([(others, events) for events, others in counts])
    if before is None:
        assert after is None
        assert turned is None
        return
    for other in (after, turned):
        assert other is not None
        np.testing.assert_allclose([other.corrected, other.p], [before.corrected, before.p], rtol=1e-9, atol=1e-12)
    assert 0 <= before.corrected <= 1 + 1e-12
    assert 0 <= before.p <= 1


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=40))
def test_the_separation_is_that_of_any_increasing_or_decreasing_copy(cells: list[tuple[int, bool]]) -> None:
    x, event = np.array([float(value) for value, _ in cells]), np.array([known for _, known in cells])
    found = separation(x, event)
    for other in (np.exp(x), -(x**3), 7 - x):
        np.testing.assert_allclose(separation(other, event), found, rtol=1e-12)
