"""``radaudit ibsi``: an extractor's output on a phantom beside the reference values of IBSI, and the conformance record.

The record is canonical JSON: the same input gives the same bytes. It holds digests of input and reference table, no path and no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.checks.conformance import COUNTS, Conformance, conformance, filters, worst
from radaudit.checks.extraction import VERSION
from radaudit.codes import answer
from radaudit.digests import canonical, sha256
from radaudit.edges.feature_files import FeatureFile, TableOptions, numbers_of, open_files
from radaudit.edges.readers import generic
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.errors import StudyError, TableError, listed
from radaudit.findings import Fact, Finding, Verdict
from radaudit.study.lines import cut, padded, wrapped
from radaudit.tables.reference_values import phantom_named, reference_digest
from radaudit.tables.shown import inert

if TYPE_CHECKING:
    from radaudit.arrays import Floats

SCHEMA = "radaudit/ibsi-conformance/1"
SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table: its number in the file, and how it conforms."""

    row: int
    conformance: Conformance


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found: one case per row that holds feature values; rows without any are counted as failed extractions."""

    file: FeatureFile
    phantom: str
    filtered: str | None
    cases: tuple[Case, ...]
    empty: int

    @property
    def worst(self) -> Conformance:
        """The case with most misses."""
        return worst([case.conformance for case in self.cases])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """FEAT-133 for misses nobody can explain, FEAT-134 for those that are known."""
        one = self.worst
        counts = one.counts()
        explained = [miss for miss in one.outside if miss.explanation]
        found = []
        for code, misses, what in (("FEAT-133", one.unexplained, "for no known reason"), ("FEAT-134", explained, "for known reasons")):
            names = listed(inert(miss.name) for miss in misses)
            sentence = (
                f"{len(misses)} of {counts['compared']} features differ from the IBSI reference {what}: {names}."
                if misses
                else f"No feature of {counts['compared']} differs from the IBSI reference {what}."
            )
            facts: dict[str, Fact] = {"phantom": one.phantom, "compared": counts["compared"], "misses": len(misses)}
            found.append(answer(code, Verdict.FAILED if misses else Verdict.PASSED, sentence, facts=facts))
        return tuple(found)

    def record(self) -> dict[str, Any]:
        """Return the conformance record."""
        settings = self.file.settings
        return {
            "schema": SCHEMA,
            "phantom": self.phantom,
            "filter": self.filtered,
            "extractor": self.file.extractor,
            "version": settings.get(VERSION, ""),
            "settings": {key: text for key, text in settings.items() if key != VERSION},
            "input": {"file": self.file.label, "sha256": self.file.sha256, "rows": self.file.raw.rows, "rows_without_features": self.empty},
            "reference": {"sha256": reference_digest(self.phantom)},
            "cases": [{"row": case.row, **case.conformance.document()} for case in self.cases],
        }

    def lines(self) -> tuple[str, ...]:
        """Return the counts, each miss with its explanation, and what has no reference value."""
        version = self.file.settings.get(VERSION, "")
        lines = [f"{inert(self.file.label)}  {self.file.extractor}{' ' + version if version else ''} on the IBSI {_title(self.phantom)}"]
        if len(self.cases) > 1:
            lines += [f"  row {case.row:<6} {_counts(case.conformance)}" for case in self.cases]
            lines.append("  below: the row with most misses")
        else:
            lines.append(f"  {_counts(self.cases[0].conformance)}")
        if self.empty:
            lines.append(f"  {self.empty} row(s) without any feature value: the extraction failed there")
        one = self.worst
        lines += _misses(one)
        lines += wrapped(
            "; ".join(f"{len(names)} {reason}" for reason, names in sorted(one.without.items())) or "none", first="  not compared  "
        )
        return tuple(lines)


def _misses(one: Conformance) -> Iterator[str]:
    """Yield the misses below their explanation, those without one first."""
    reasons = sorted(dict.fromkeys(miss.explanation for miss in one.outside), key=bool)
    for reason in reasons:
        misses = [miss for miss in one.outside if miss.explanation == reason]
        yield from wrapped(f"{len(misses)} outside: {reason or 'no known reason'}", first="  ", rest="    ")
        for miss in misses[:SHOWN]:
            value = "none" if miss.value is None else f"{miss.value:.4g}"
            reference = f"{miss.reference.value:.4g} +- {miss.reference.allowed:.2g}"
            yield f"    {padded(cut(inert(miss.name), 36), 36)} {miss.reference.code} {value:>9}  IBSI {reference}"
        if len(misses) > SHOWN:
            yield f"    ... and {len(misses) - SHOWN} more: in the record"


def check_phantom(file: Path, *, phantom: str, filtered: str | None, options: TableOptions) -> Checked:
    """Compare one file with a phantom. Raises StudyError FEAT-130 (no such phantom), FEAT-132 (several filters), TableError FEAT-131."""
    wanted = phantom_named(phantom)
    opened, *more = open_files([file], options)
    if more:
        shown = listed(inert(one.label) for one in (opened, *more))
        raise StudyError("STUDY-033", f"{inert(file.name)} holds {len(more) + 1} files", found=shown, fix="name one of them")
    counts = _voxels(file, options, opened.raw.rows)
    chosen = _filter(opened, wanted, filtered)
    cases, empty = [], 0
    columns = counts | opened.values()
    for row in range(opened.raw.rows):
        values = {name: None if column[row] != column[row] else float(column[row]) for name, column in columns.items()}
        if all(values[name] is None for name in opened.names if name in values):
            empty += 1
            continue
        settings = opened.raw.settings[row] if opened.raw.settings else {}
        found = conformance(_asked(opened, values), extractor=opened.extractor, phantom=wanted, settings=settings, filtered=chosen)
        if found.compared:
            cases.append(Case(row=opened.raw.numbers[row], conformance=found))
    if not cases:
        raise TableError(
            "FEAT-131",
            f"no feature of {inert(opened.label)} has a reference value of the IBSI {_title(wanted)}",
            found=f"{len(opened.names)} features of {opened.extractor or 'no known extractor'}: {listed(map(inert, opened.names), most=3)}",
            fix="--extractor NAME, or --phantom NAME if the table is of another one",
        )
    return Checked(file=opened, phantom=wanted, filtered=chosen, cases=tuple(cases), empty=empty)


def write_record(checked: Checked, path: Path) -> str:
    """Write the record as canonical JSON and return its SHA-256."""
    data = canonical(checked.record()) + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return sha256(data)


def _voxels(file: Path, options: TableOptions, rows: int) -> dict[str, Floats]:
    """Return the columns that count the voxels of the region: readers set them apart as diagnostics, so that the file is read as it is."""
    if not file.is_file():
        return {}
    stated = {name: getattr(options, name) for name in ("sheet", "delimiter", "decimal", "encoding")}
    try:
        raw = generic.read(file, ReadOptions(label=file.name, **stated))
    except TableError:
        return {}
    found = {column.name: numbers_of(column, options.decimal) for column in raw.columns if column.name in COUNTS}
    return found if raw.rows == rows else {}


def _asked(opened: FeatureFile, values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return the features, and the columns that count voxels; ids and paths are no features that lack a value."""
    kept = set(opened.names) | set(COUNTS)
    return {name: value for name, value in values.items() if name in kept}


def _filter(opened: FeatureFile, phantom: str, filtered: str | None) -> str | None:
    """Return the filter whose features are compared: none for IBSI 1, the only one there is for IBSI 2."""
    if not phantom.startswith("filter"):
        return None
    found = filters(opened.names, extractor=opened.extractor)
    if filtered in found:
        return filtered
    others = sorted(set(found) - {"original"})
    shown = listed(map(inert, others or found), most=20)
    fix = f"--filter {inert(next(iter(others), 'NAME'))}"
    if filtered is not None:
        raise StudyError("FEAT-132", f'no feature is of a filter "{inert(filtered)}"', found=shown, fix=fix)
    if len(others) > 1:
        raise StudyError("FEAT-132", f"{inert(opened.label)} holds features of {len(others)} filters", found=shown, fix=fix)
    return others[0] if others else "original"


def _counts(one: Conformance) -> str:
    counts = one.counts()
    text = f"{counts['within']} of {counts['compared']} within tolerance"
    return text + (f", {counts['outside']} outside ({counts['explained']} explained)" if counts["outside"] else "")


def _title(phantom: str) -> str:
    if phantom == "digital":
        return "digital phantom"
    return f"{phantom} (IBSI 2)" if phantom.startswith("filter") else f"configuration {phantom}"


def default_record(file: Path, phantom: str) -> Path:
    """Return where the record goes: ``<name>.ibsi-<phantom>.json`` in the working folder."""
    return Path(f"{file.stem or 'table'}.ibsi-{phantom.replace('filter ', '').lower()}.json")
