"""Which columns are features: those the reader knows; without one, measured numbers that no clinical word names, if there are many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from radaudit.edges.loose.people import could_be_ids
from radaudit.edges.readers.formats.raw import Column, RawTable
from radaudit.study.guesses import PLAIN, words

if TYPE_CHECKING:
    from radaudit.study.columns import TableFile

LEAST = 10
MEASURED, CODES = "measured", "codes"
WORDS = (
    "age sex gender race ethnicity stage grade ecog psa bmi weight height smoking smoker packyears histology tnm kps "
    "gleason her2 er pr ki67 os pfs dfs efs rfs ttp survival time times days months years status event events censor "
    "censored censoring cnsr death dead deceased alive recurrence relapse progression response follow followup up treatment "
    "arm target label class outcome endpoint group cohort date dob anni eta sesso stadio fumo alter geschlecht edad sexo "
    "sexe idade index row to last of the at in kvp exposure manufacturer instancenumber focalspots tube current "
    "xraytubecurrent reconstructiondiameter slicethickness rows columns overall free disease specific local distant "
    "metastasis"
)
CLINICAL = frozenset(WORDS.split())
ONLY_BESIDE = frozenset(
    ("to", "of", "the", "at", "in", "up", "current", "group", "local", "index", "free", "specific", "row", "last", "tube", "er", "pr")
)


def feature_columns(raw: RawTable, entry: TableFile, taken: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names of the features; none for a table that holds something else. ``taken`` have a role in a study."""
    if raw.features is not None:
        return frozenset(raw.features) - taken
    spoken_for = {*taken, entry.id, entry.unit, raw.patient, *raw.regions, *(column.name for column in raw.columns if could_be_ids(column))}
    kinds = ["" if column.name in spoken_for or clinical(column.name) else kind(column) for column in raw.columns]
    found = [column.name for i, column in enumerate(raw.columns) if kinds[i] == MEASURED or (kinds[i] == CODES and _between(kinds, i))]
    return frozenset(found) if len(found) >= LEAST and 2 * len(found) >= len(raw.columns) else frozenset()


def _between(kinds: Sequence[str], i: int) -> bool:
    """Return True if the nearest columns that are no codes are measured on both sides: an outcome stands at an end."""
    before = next((kind for kind in reversed(kinds[:i]) if kind != CODES), "")
    after = next((kind for kind in kinds[i + 1 :] if kind != CODES), "")
    return before == after == MEASURED


WHEN = "(?:tp|t|visit|week|day|cycle|fx|scan)[ _.-]?[0-9]{1,3}|(?:rel)?delta|pre|post|baseline|followup|fu[0-9]?"
TIME = re.compile(rf"(?P<before>{WHEN})[ _.-](?P<rest>.+)|(?P<name>.+?)[ _.-](?P<after>{WHEN})", re.IGNORECASE)


def times_in_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the times that names carry where the same feature stands under several of them (a dynamic table), and ``delta``."""
    found: dict[str, set[str]] = {}
    for name in names:
        if match := TIME.fullmatch(name):
            found.setdefault((match["before"] or match["after"]).lower(), set()).add(match["rest"] or match["name"])
    several = {rest for one in found for other in found if one != other for rest in found[one] & found[other]}
    whole = "delta" in "".join(found) and sum(map(len, found.values())) * 2 >= len(names) > 0
    return tuple(time for time, rests in found.items() if 2 * len(rests & several) >= len(rests) > 0 or ("delta" in time and whole))


def clinical(name: str) -> bool:
    """True if every word of a name is one of ids, endpoints, treatment or scanners, and one of them is so by itself."""
    found = {word for word in words(name) if not word.isdigit()}
    return bool(found) and found <= CLINICAL and not found <= ONLY_BESIDE


def kind(column: Column) -> str:
    """Return whether a column is MEASURED, CODES (two whole numbers, such as 0 and 1), or neither; texts in it may be missing markers."""
    if column.values is not None:
        import numpy as np

        known = column.numbers[~np.isnan(column.numbers)]
        distinct = np.unique(known)
        codes = len(distinct) == 2 and bool((distinct == np.round(distinct)).all())
        return CODES if codes else MEASURED if len(known) else ""
    texts = [text.strip() for text in column.as_texts() if text.strip()]
    plain = [text for text in texts if PLAIN.fullmatch(text)]
    codes = len(set(plain)) == 2 and all(re.fullmatch(r"[+-]?\d+(?:\.0*)?", text) for text in set(plain))
    if not plain or 2 * len(plain) < len(texts):
        return ""
    return CODES if codes else MEASURED
