"""What a table is for, if it is neither features, clinical data nor acquisition: repeatability, readers, overlap of segmentations.

Each kind is recognised by the words of its columns and by its structure, and proposed with that evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from radaudit.study.guesses import Look, groups, looks_numeric, patient_columns, rank, shown, words, world
from radaudit.study.synonyms import words_for
from radaudit.tables.shown import few

OVERLAP = words_for("overlap")
VISIT = words_for("visit")
VISIT_TEXT = frozenset(words_for("visit_text"))
READER = words_for("reader")
DICTIONARY = "REDCap data dictionary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A recognised kind: its name, what it is in words, the column it rests on if there is one, and the evidence."""

    name: str
    title: str
    column: str
    evidence: str


def kind_of(look: Look) -> Kind | None:
    """Return the kind of a table, None for an ordinary one."""
    found = world(look)
    if found and found[0].name == DICTIONARY:
        return Kind(name="dictionary", title="data dictionary", column="", evidence=f"columns {few(found[1], most=3)}")
    return _overlap(look) or _repeated(look)


def _overlap(look: Look) -> Kind | None:
    """At least two measures of overlap or distance, or one beside a reader: a table on how well segmentations agree."""
    measured = [name for name in look.columns if _measures(name) and looks_numeric(look.values(name))]
    beside = [name for name in look.columns if rank(name, READER) < len(READER)]
    if look.features or not (len(measured) >= 2 or (measured and beside)):
        return None
    return Kind(
        name="segmentation",
        title="reproducibility of segmentations",
        column=measured[0],
        evidence=f"{few(measured, most=4)}, {look.rows} pairs" + (f", by {beside[0]}" if beside else ""),
    )


def _measures(name: str) -> bool:
    flat = "_".join(words(name))
    return rank(name, OVERLAP) < len(OVERLAP) or any(flat.startswith(word) for word in ("dice", "hd95", "hausdorff"))


def _repeated(look: Look) -> Kind | None:
    """A column of visits or readers whose values repeat over most patients: test-retest or several readers."""
    patients = patient_columns(look)
    if not look.features or not patients:
        return None
    for name, title, synonyms in (("readers", "several readers", READER), ("retest", "test-retest", VISIT)):
        for column in look.columns:
            tally = groups(look, column)
            texts = {text.casefold() for text in tally}
            named = rank(column, synonyms) < len(synonyms) or (name == "retest" and len(texts & VISIT_TEXT) >= 2)
            if not named or not 2 <= len(tally) <= 10:
                continue
            for patient in patients:
                if patient != column and (share := _crossed(look, patient, column)) is not None:
                    evidence = f"{column} is {shown(tally)}; {share} patients have more than one of them"
                    return Kind(name=name, title=title, column=column, evidence=evidence)
    return None


def _crossed(look: Look, patient: str, column: str) -> str | None:
    """Return ``14 of 15`` if at least half of the patients have rows with different values of the column."""
    seen: dict[str, set[str]] = {}
    for one, value in zip(look.columns[patient], look.columns[column], strict=True):
        if one.strip() and value.strip():
            seen.setdefault(one.strip(), set()).add(value.strip())
    several = sum(len(values) > 1 for values in seen.values())
    return f"{several} of {len(seen)}" if seen and 2 * several >= len(seen) and several >= 3 else None
