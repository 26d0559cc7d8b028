"""Which columns of a table are features: those the reader knows; without one, measured numbers that no clinical word names, if there are many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radaudit.edges.readers.formats.raw import Column, RawTable
from radaudit.study.guesses import PLAIN, words

if TYPE_CHECKING:
    from radaudit.study.columns import TableFile

LEAST = 10
CLINICAL = frozenset(
    """
    age sex gender race ethnicity stage grade ecog psa bmi weight height smoking smoker packyears histology tnm kps gleason her2 er pr ki67
    os pfs dfs efs rfs ttp survival time times days months years status event events censor censored censoring cnsr death dead deceased alive
    recurrence relapse progression response follow followup up treatment arm target label class outcome endpoint group cohort date dob
    anni eta sesso stadio fumo alter geschlecht edad sexo sexe idade index row id to last of the at in
    kvp exposure manufacturer instancenumber focalspots tube current xraytubecurrent reconstructiondiameter slicethickness rows columns
    overall free disease specific local distant metastasis
    """.split()
)
ONLY_BESIDE = frozenset(("to", "of", "the", "at", "in", "up", "current", "group", "local", "index", "free", "specific", "row", "last", "tube", "er", "pr"))


def feature_columns(raw: RawTable, entry: TableFile) -> frozenset[str]:
    """Return the names of the features; none for a table that holds something else."""
    if raw.features is not None:
        return frozenset(raw.features)
    spoken_for = {entry.id, entry.unit, raw.patient, *raw.units}
    found = [column.name for column in raw.columns if column.name not in spoken_for and not clinical(column.name) and measured(column)]
    return frozenset(found) if len(found) >= LEAST and 2 * len(found) >= len(raw.columns) else frozenset()


def clinical(name: str) -> bool:
    """True if every word of a name is one of ids, endpoints, treatment or scanners, and one of them is so by itself."""
    found = {word for word in words(name) if not word.isdigit()}
    return bool(found) and found <= CLINICAL and not found <= ONLY_BESIDE


def measured(column: Column) -> bool:
    """True for a column of numbers that are not two codes (0 and 1); texts among them may be markers of missing values."""
    if column.values is not None:
        import numpy as np

        known = column.numbers[~np.isnan(column.numbers)]
        return len(known) > 0 and (len(np.unique(known)) != 2 or not float(known[0]).is_integer() or not float(known[-1]).is_integer())
    texts = [text.strip() for text in column.as_texts() if text.strip()]
    plain = [text for text in texts if PLAIN.fullmatch(text)]
    codes = len(set(plain)) == 2 and all(re.fullmatch(r"[+-]?\d+(?:\.0*)?", text) for text in set(plain))
    return len(plain) >= 0.5 * len(texts) > 0 and not codes
