"""Whose rows these are: the column of ids, of regions and visits, and of sites, each with the evidence it was taken on.

A column is taken because the study or the reader says so, because of its name, or because its cells can be nothing else (an id followed by
the date of a visit). Where nothing names a patient, rows get their number as a surrogate id, and a finding says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from radaudit.edges.joining.patients import stem
from radaudit.edges.readers.formats.raw import Column, RawTable
from radaudit.errors import TableError
from radaudit.study.columns import TableFile
from radaudit.study.guesses import PATIENT, SITE, words
from radaudit.tables.shown import few, quoted

STATED, READER, NAMED, ROW_NAMES, CUT, FILE, SURROGATE = "stated", "reader", "name", "row names", "cut", "file name", "surrogate"
HEADER, SHAPE, LEAST = "header", "shape", 5
VISIT = re.compile(r"(.+?)[_\-. ](\d{8})(?:[_\-. T]\d{4,6})?")
VISIT_PATTERN = r"^(.+?)[_\-. ]\d{8}(?:[_\-. T]\d{4,6})?$"
ID_NAMES = (
    "patientid", "patient", "subjectid", "subject", "usubjid", "subjid", "participantid", "participant", "recordid", "pid",
    "patid", "ptid", "caseid", "case", "mrn", "studyid", "id", "samplename", "sampleid", "sample", "subjectname", "patientname",
    "name", "anonid", "identifier", "bcrpatientbarcode", "tciapatientid", "casesubmitterid", "index", "rowname", "featurename",
    "filename", "image", "scanid", "scan",
)  # fmt: skip
TIMES = (
    "timepoint",
    "time_point",
    "tp",
    "visit",
    "session",
    "study",
    "week",
    "day",
    "cycle",
    "fraction",
    "scan",
    "phase",
    "timeposition",
    "exam",
)
REGIONS = (
    "roi", "lesion", "label", "region", "tumor", "tumour", "side", "mask", "segment", "structure", "segmentation", "contour", "location",
    "laterality", "rater", "reader", "observer", "sequence", "modality", "series", "slice", "annotation", "organ", "site", "canonical",
)  # fmt: skip
MOST_SITES = 60
FRACTION = "numbers with a fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Ids of the rows (n,), the columns they rest on and how that is known; ``pattern`` cuts the id from its column if it is not whole."""

    ids: tuple[str, ...]
    column: str
    how: str
    evidence: str
    pattern: str = ""
    units: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    timepoint: str = ""
    site: str = ""
    sites: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """True unless the rows have surrogate ids."""
        return self.how != SURROGATE


def flat(name: str) -> str:
    """Return the letters and digits of a name in lower case."""
    return "".join(words(name))


def may_have_a_role(name: str) -> bool:
    """True for a column that may hold ids, regions, visits or sites: its cells stay text, so that ``007`` keeps its zeros."""
    low = flat(name)
    return (
        name.startswith("unnamed_")
        or low in ID_NAMES
        or low in {flat(word) for word in SITE}
        or bool(set(words(name)) & {*TIMES, *REGIONS, *PATIENT})
        or any(word in low for word in ("lesion", "timepoint", "patient", "subject"))
    )


def could_be_ids(column: Column) -> bool:
    """True for a column that is called like an id and holds no measured numbers (``Id`` is also a feature of GLCM)."""
    return _rank(column.name) < len(ID_NAMES) and _no_id(column, len(column.as_texts())) != FRACTION


def people(raw: RawTable, entry: TableFile, features: frozenset[str]) -> People:
    """Return whose rows these are; ``features`` are the columns that are taken for features and so for nothing else."""
    others = [column for column in raw.columns if column.name not in features]
    found, odd = _ids(raw, entry, others)
    column, pattern, how, evidence, ids = found
    rest = [other for other in others if other.name != column]
    first = (column,) if how == CUT else ()
    units, timepoint = _units(raw, entry, rest, ids, first)
    timepoint = column if how == CUT else timepoint
    site, sites = _sites(raw, entry, [other for other in rest if other.name not in units])
    return People(
        ids=ids,
        column=column,
        how=how,
        evidence=evidence,
        pattern=pattern,
        units=units,
        regions=_keys(raw, units),
        timepoint=timepoint,
        site=site,
        sites=sites,
        odd=tuple(odd),
    )


Found = tuple[str, str, str, str, tuple[str, ...]]


def _ids(raw: RawTable, entry: TableFile, others: Sequence[Column]) -> tuple[Found, list[str]]:
    """Return the ids on the best evidence there is, and why columns that are called like ids were passed over."""
    odd: list[str] = []
    found = (
        _said(raw, entry, odd)
        or _named(raw, others, odd)
        or _dated(others)
        or _row_names(raw, others, odd)
        or _written(others)
        or _filed(raw)
    )
    return found or ("", "", SURROGATE, "no column names a patient", row_ids(raw)), odd


def _said(raw: RawTable, entry: TableFile, odd: list[str]) -> Found | None:
    """What the study or the reader says."""
    if entry.id_from == "file name":
        return "", entry.id_pattern or "", STATED, "the study takes it from the file name", _cut(entry, file_names(raw))
    if entry.id_from == "row":
        return "", "", STATED, "the study gives each row an id of its own", row_ids(raw)
    if entry.id and raw.has(entry.id):
        texts = _cut(entry, raw.column(entry.id).as_texts())
        return entry.id, entry.id_pattern or "", STATED, "the study names the column", texts
    if raw.dialect.get("layout", "").startswith("transposed"):
        first = raw.columns[0]
        return first.name, "", HEADER, "the table stood transposed: the cases of its header", first.as_texts()
    if raw.patient is not None:
        texts = raw.column(raw.patient).as_texts()
        empty = sum(not text.strip() for text in texts)
        if not empty:
            return raw.patient, "", READER, f"{raw.reader} writes the patient there", texts
        odd.append(f"{raw.patient}: {empty} cells are empty")
    return None


def _named(raw: RawTable, others: Sequence[Column], odd: list[str]) -> Found | None:
    """A column that is called like an id and can be one."""
    for column in sorted((column for column in others if column.name != raw.patient), key=lambda column: _rank(column.name)):
        if _rank(column.name) == len(ID_NAMES):
            break
        why = _no_id(column, raw.rows)
        if not why:
            return _dated((column,)) or (column.name, "", NAMED, f"the column is called {column.name}", column.as_texts())
        if why != FRACTION:
            odd.append(f"{column.name}: {why}")
    return None


def _dated(others: Sequence[Column]) -> Found | None:
    """A column of ids with the date of a visit behind each."""
    for column in others:
        if column.texts is not None and (cut := _visits(column.texts)) and (len(set(cut)) > 1 or len(cut) == 1):
            return column.name, VISIT_PATTERN, CUT, "an id and the date of a visit in one cell", cut
    return None


def _row_names(raw: RawTable, others: Sequence[Column], odd: list[str]) -> Found | None:
    """The first column without a name, if it is no index."""
    column = next((column for column in others if column.name.startswith("unnamed_")), None)
    if column is None:
        return None
    texts = column.as_texts()
    why = _no_id(column, raw.rows) or _row_numbers(texts) or ("" if len(set(texts)) == raw.rows else "texts repeat")
    if why:
        odd.append(f"{column.name}: {why}")
        return None
    return column.name, "", ROW_NAMES, "row names: a column without a name, each text once", texts


def _written(others: Sequence[Column]) -> Found | None:
    """A column of texts that are written as ids are."""
    column = next((column for column in others if not column.name.startswith("unnamed_") and _shaped(column)), None)
    if column is None:
        return None
    return column.name, "", SHAPE, "its texts are written alike, with letters and digits, and each occurs once", column.as_texts()


def _filed(raw: RawTable) -> Found | None:
    """One file per patient: of one row, or of rows that are regions."""
    count = len(set(raw.files))
    if count == raw.rows > 1:
        return "", "", FILE, f"{raw.rows} files of one row each", file_names(raw)
    if count > 1 and raw.regions and _unique(raw.files, _keys(raw, raw.regions)):
        return "", "", FILE, f"{count} files whose rows are regions", file_names(raw)
    return None


def _rank(name: str) -> int:
    low = flat(name)
    return ID_NAMES.index(low) if low in ID_NAMES else len(ID_NAMES)


def _no_id(column: Column, rows: int) -> str:
    """Return why a column cannot hold ids: empty cells, one text for all rows, measured numbers; empty if it can."""
    texts = [text.strip() for text in column.as_texts()]
    if any(not text for text in texts):
        return f"{sum(not text for text in texts)} cells are empty"
    if rows > 1 and len(set(texts)) == 1:
        return "one text for all rows"
    if all(re.fullmatch(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", text) for text in texts) and any(not text.endswith(".0") for text in texts):
        return FRACTION
    return ""


def _shaped(column: Column) -> bool:
    """Return True for texts such as ``AMC-001``: each once, letters and digits in few patterns."""
    texts = [text.strip() for text in column.texts or ()]
    if (
        len(texts) < LEAST
        or len(set(texts)) < len(texts)
        or not all(re.search(r"\d", text) and re.search(r"[^\W\d_]", text) for text in texts)
    ):
        return False
    shapes = {re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text)) for text in texts}
    return len(shapes) <= min(5, max(1, len(texts) // 5))


def _row_numbers(texts: Sequence[str]) -> str:
    for start in (0, 1):
        if list(texts) == [str(i) for i in range(start, start + len(texts))]:
            return f"row numbers {start} to {start + len(texts) - 1}"
    return ""


def _visits(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the ids in cells such as ``P-001_20040701_0927``; none unless every cell is one and each date exists."""
    found = [VISIT.fullmatch(text.strip()) for text in texts]
    if not found or any(match is None or not _day(match[2]) for match in found):
        return ()
    return tuple(match[1] for match in found if match is not None)


def _day(text: str) -> bool:
    try:
        return 1900 <= dt.datetime.strptime(text, "%Y%m%d").year <= 2100
    except ValueError:
        return False


def _cut(entry: TableFile, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what the study's pattern matches in each text; raises TableError ID-037 where it does not match."""
    if not entry.id_pattern:
        return tuple(texts)
    found = [re.search(entry.id_pattern, text) for text in texts]
    odd = [text for text, match in zip(texts, found, strict=True) if match is None]
    if odd:
        raise TableError(
            "ID-037",
            f"{len(odd)} ids of {entry.file} do not match id_pattern",
            found=few(map(quoted, odd), most=3),
            fix="id_pattern: a regular expression that matches every id",
            ids=len(odd),
        )
    return tuple(match.group(match.re.groups and 1) for match in found if match is not None)


def file_names(raw: RawTable) -> tuple[str, ...]:
    """Return the name of each row's file without folders and suffix."""
    files = raw.files or (raw.label,) * raw.rows
    return tuple(stem(file) for file in files)


def row_ids(raw: RawTable) -> tuple[str, ...]:
    """Return a surrogate id per row: its place."""
    return raw.places


def _units(
    raw: RawTable, entry: TableFile, rest: Sequence[Column], ids: Sequence[str], first: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """Return the columns that tell rows of one patient apart, ``first`` before others, and the one that tells visits."""
    named = [name for name in ((entry.unit,) if entry.unit else raw.regions) if raw.has(name)]
    times = [column.name for column in rest if set(words(column.name)) & set(TIMES) and _levels(column) > 1]
    chosen = [*first, *(name for name in named if _levels(raw.column(name)) > 1)]
    texts = [column for column in rest if column.name not in chosen and (column.texts is not None or may_have_a_role(column.name))]
    by_name = [column.name for column in texts if _told(column.name) and _levels(column) > 1]
    for name in by_name:
        if _unique(ids, _keys(raw, chosen)):
            break
        more = (*chosen, name)
        if len(set(zip(ids, _keys(raw, more), strict=True))) > len(set(zip(ids, _keys(raw, chosen), strict=True))):
            chosen = [*more]
    if not _unique(ids, _keys(raw, chosen)):
        alone = next((column.name for column in texts if column.texts and _unique(ids, _keys(raw, (*chosen, column.name)))), None)
        chosen += [alone] if alone else []
    return tuple(chosen), next((name for name in chosen if name in times), "")


def _told(name: str) -> bool:
    return bool(set(words(name)) & {*TIMES, *REGIONS}) or any(word in flat(name) for word in ("lesion", "timepoint", "segment"))


def _levels(column: Column) -> int:
    return len(set(column.as_texts()))


def _keys(raw: RawTable, names: Sequence[str]) -> tuple[str, ...]:
    columns = [raw.column(name).as_texts() for name in names]
    return tuple(" | ".join(parts) for parts in zip(*columns, strict=True)) if columns else ("",) * raw.rows


def _unique(ids: Sequence[str], regions: Sequence[str]) -> bool:
    return len(set(zip(ids, regions, strict=True))) == len(ids)


def _sites(raw: RawTable, entry: TableFile, rest: Sequence[Column]) -> tuple[str, tuple[str, ...]]:
    """Return the column of sites and the site of each row; without one, the file if each holds several rows."""
    if entry.site:
        return "", (entry.site,) * raw.rows
    names = [flat(word) for word in SITE]
    found = [column for column in rest if flat(column.name) in names and 2 <= _levels(column) <= min(MOST_SITES, max(2, raw.rows // 2))]
    if found:
        best = min(found, key=lambda column: names.index(flat(column.name)))
        return best.name, best.as_texts()
    per_file = Counter(raw.files)
    return ("", raw.files) if len(per_file) > 1 and min(per_file.values()) > 2 else ("", ("",) * raw.rows)
