"""Guesses about tables for a first study file: each with the evidence it rests on, none taken silently.

Evidence is made of column names, counts and group labels only: the study file goes into the dossier, so that no id of a patient and
no date may stand in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from radaudit.study.synonyms import World, words_for, world_of

PATIENT = words_for("subject")
SITE = words_for("site")
SCANNER = words_for("scanner")
BATCH = words_for("batch")
OUTCOME = words_for("outcome")
AFTER = words_for("after")
CLINICAL = words_for("clinical")
BIOLOGY = words_for("biology")
UNIT = words_for("unit")
VOLUME = re.compile(r"meshvolume$|voxelvolume$|volumetric_volume$|^morph_volume|(^|[_.\- ])volume$", re.IGNORECASE)
MARKERS = (
    "#NAME?",
    "#N/A",
    "#VALUE!",
    "#DIV/0!",
    "#NUM!",
    "#REF!",
    "nan",
    "NaN",
    "NA",
    "N/A",
    "n/a",
    "null",
    "NULL",
    "None",
    "none",
    "no data",
    "missing",
    "-",
    ".",
    "?",
)
EVENTS = words_for("event_text")
ALIVE = words_for("alive")
DEATHS = frozenset({"dead", "deceased", "died", "event"})
DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
MOST_GROUPS = 50
WIDE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A table as it was looked at: the texts of columns that are no features, the names of features and the missing markers in them."""

    file: str
    rows: int
    columns: Mapping[str, tuple[str, ...]]
    features: tuple[str, ...] = ()
    marked: Mapping[str, int] = field(default_factory=dict)
    reader: str = "generic"
    sheet: str | None = None

    def values(self, name: str) -> list[str]:
        """Return the values of a column that are not missing."""
        return [text.strip() for text in self.columns[name] if text.strip() and text.strip() not in MARKERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One guess: the column, the table it stands in, what speaks for it, and what else it could be."""

    column: str
    file: str
    evidence: str
    others: tuple[str, ...] = ()


def world(look: Look) -> tuple[World, tuple[str, ...]] | None:
    """Return the world a table comes from, such as REDCap, and the columns that show it."""
    return world_of(look.columns)


def words(name: str) -> list[str]:
    """Return the lower-case words of a column name."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]


def rank(name: str, synonyms: Sequence[str]) -> int:
    """Return how early a column name matches a list of synonyms; the length of the list if it matches none."""
    flat, parts = "".join(words(name)), words(name)
    for place, word in enumerate(synonyms):
        if flat == word.replace("_", "") or word in parts:
            return place
    return len(synonyms)


def groups(look: Look, name: str) -> Counter[str]:
    """Return the values of a column with their counts."""
    return Counter(look.values(name))


def shown(tally: Mapping[str, int], *, most: int = 4) -> str:
    """Return ``GE 140, Siemens 55, ...``."""
    from radaudit.tables.shown import inert

    items = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{inert(value, longest=20)} {count}" for value, count in items[:most])
    return text + (f", ... ({len(items)} values)" if len(items) > most else "")


def looks_dated(values: Sequence[str]) -> bool:
    """Return True if nearly all values look like days."""
    return len(values) > 0 and sum(bool(DAY.match(value)) for value in values) >= 0.9 * len(values)


def looks_numeric(values: Sequence[str]) -> bool:
    """Return True if nearly all values are numbers with a fraction or many different ones."""
    numeric = sum(bool(PLAIN.fullmatch(value)) for value in values)
    return len(values) > 0 and numeric >= 0.9 * len(values)


def shared(first: Iterable[str], second: Iterable[str]) -> int:
    """Return how many different values two columns share."""
    return len(set(first) & set(second))


def patient_columns(look: Look) -> list[str]:
    """Return the columns that could hold ids, the likeliest first: nearly unique, no dates, called like one or standing first."""
    found: list[tuple[int, int, str]] = []
    home = world(look)
    stated = home[0].column("subject", look.columns) if home else None
    for place, name in enumerate(look.columns):
        values = look.values(name)
        distinct = len(set(values))
        if name == stated and values:
            found.append((-1, place, name))
            continue
        named = rank(name, PATIENT)
        unique = distinct >= 0.9 * max(look.rows, 1) and not (looks_numeric(values) and any("." in value for value in values))
        repeated = distinct >= max(3, 0.1 * look.rows) and named < len(PATIENT) - 2
        if values and (unique or repeated) and not looks_dated(values):
            found.append((named if unique or named < 4 else named + 3, place, name))
    return [name for _, _, name in sorted(found)]


def linked(home: Look, column: str, other: Look) -> tuple[str, int] | None:
    """Return the column of another table that shares most ids with this one, and how many; None if none shares any."""
    ids = home.values(column)
    best = max(((shared(ids, other.values(name)), -place, name) for place, name in enumerate(other.columns)), default=None)
    return (best[2], best[0]) if best is not None and best[0] > 0 else None


def subject(looks: Sequence[Look]) -> Guess | None:
    """Guess the patient column: of the first feature table, the one whose ids are found in most other tables."""
    home = next((look for look in looks if look.features), looks[0])
    scored: list[tuple[int, int, str]] = []
    for place, name in enumerate(patient_columns(home)):
        links = [linked(home, name, look) for look in looks if look is not home]
        scored.append((sum(link[1] for link in links if link is not None), -place, name))
    if not scored:
        return None
    best = max(scored)[2]
    distinct = len(set(home.values(best)))
    others = tuple(name for _, _, name in sorted(scored, reverse=True) if name != best)
    return Guess(column=best, file=home.file, evidence=f"{distinct} different in {home.rows} rows of {home.file}", others=others)


def normalisation(ids: Sequence[str], others: Sequence[str]) -> tuple[str, int] | None:
    """Return the rule that makes ids of two tables meet which do not meet as they are, and how many then do."""
    rules = {"strip-zeros": lambda text: text.lstrip("0"), "strip-space": lambda text: "".join(text.split()), "fold-case": str.casefold}
    now = shared(ids, others)
    gains = [(shared(map(rule, ids), map(rule, others)), name) for name, rule in rules.items()]
    best = max(gains)
    return (best[1], best[0]) if best[0] > now else None


def categorical(looks: Sequence[Look], synonyms: Sequence[str], *, role: str = "", least: int = 2, most: int = MOST_GROUPS) -> list[Guess]:
    """Return columns with a few values whose names match, the one a known world gives the role first, then the best match."""
    found: list[tuple[int, int, Guess]] = []
    for look in looks:
        home = world(look)
        stated = home[0].column(role, look.columns) if home and role else None
        for place, name in enumerate(look.columns):
            tally = groups(look, name)
            match = -1 if name == stated else rank(name, synonyms)
            if match < len(synonyms) and least <= len(tally) <= min(most, max(2, look.rows // 2)):
                because = f"{home[0].name}; " if home and name == stated else ""
                found.append((match, place, Guess(column=name, file=look.file, evidence=f"{because}{look.file}: {shown(tally)}")))
    return [guess for _, _, guess in sorted(found, key=lambda item: item[:2])]


PREFIXES = ("^[A-Z0-9]+(?=[-_])", "^[A-Za-z0-9]+(?=[-_])", "^[A-Za-z]+(?=[0-9])")


def site_in_ids(ids: Sequence[str]) -> tuple[str, Counter[str]] | None:
    """Return a pattern whose match in the ids falls into a few groups of several patients each, and these groups."""
    for pattern in PREFIXES:
        found = [match[0] for text in set(ids) if (match := re.search(pattern, text))]
        tally = Counter(found)
        if len(found) >= 0.95 * len(set(ids)) and 2 <= len(tally) <= 30 and min(tally.values()) >= 3:
            return pattern, tally
    return None


def outcomes(looks: Sequence[Look], used: Iterable[str]) -> list[Guess]:
    """Return columns with exactly two values that are no site, scanner or biology, the likeliest outcome first."""
    taken = set(used)
    found: list[tuple[int, float, int, Guess]] = []
    for look in looks:
        for place, name in enumerate(look.columns):
            tally = groups(look, name)
            biology = rank(name, (*CLINICAL, *SCANNER)) < len(CLINICAL) + len(SCANNER)
            if len(tally) != 2 or name in taken or biology or min(tally.values()) < 3:
                continue
            known = sum(tally.values())
            evidence = f"{look.file}: {shown(tally)}" + (f", {look.rows - known} missing" if known < look.rows else "")
            found.append((rank(name, OUTCOME), 1 - known / look.rows, place, Guess(column=name, file=look.file, evidence=evidence)))
    return [guess for *_, guess in sorted(found, key=lambda item: item[:3])]


def event_of(tally: Mapping[str, int], column: str) -> tuple[str, str]:
    """Return the text that means an event and one that does not.

    A CDISC censoring flag and a column that says who is alive are turned round; ``1:DECEASED`` is read by its word.
    """
    values = sorted(tally)
    named = [value for value in values if value.casefold() in EVENTS or value.partition(":")[2].strip().casefold() in EVENTS]
    event = named[0] if len(named) == 1 else min(values, key=lambda value: (tally[value], value))
    told = {value.partition(":")[2].strip().casefold() or value.casefold() for value in values}
    plain = not told & DEATHS
    if plain and set(words(column)) & {"cnsr", "censor", "censored", *ALIVE}:
        event = "0" if "0" in values else next(value for value in values if value != event)
    return event, next(value for value in values if value != event)


def markers(look: Look) -> Counter[str]:
    """Return the texts of a table that stand for a missing value, with their counts."""
    tally: Counter[str] = Counter(look.marked)
    for name in look.columns:
        texts = Counter(text.strip() for text in look.columns[name])
        rest = [text for text in texts if text and text not in MARKERS]
        for marker in MARKERS:
            # a dash or dot beside words may be a value (a negative test), so that only beside numbers it is taken for missing
            if texts[marker] and (marker not in ("-", ".", "?", "none", "None") or (rest and looks_numeric(rest))):
                tally[marker] += texts[marker]
    return tally
