"""Score a table of new patients with a locked signature: every row comes back, with a risk or with the reason why not."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges.clock import Clock, utc_now
from radaudit.edges.inert import inert
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import SignatureError, TableError, listed, nearest
from radaudit.signature import Scored, Scorer, read_signature
from radaudit.signature.scorer import REFUSED, Cell
from radaudit.signature.vectors import reproduced
from radaudit.tables.shown import inert as shown

if TYPE_CHECKING:
    from radaudit.signature.scorer import Row

HEADER = ("subject", "site", "risk", "group", "status", "reason", "signature_sha256", "scored_at")
BLOCKING, DONE = 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How the table is written, where it cannot tell itself: plumbing; ``missing`` are texts that mean no value."""

    subject: str | None = None
    site: str | None = None
    sheet: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    reader: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """What became of the rows: ``reasons`` count every (status, reason), most frequent first."""

    name: str
    version: str
    sha256: str
    vectors: int
    rows: int
    statuses: Mapping[str, int]
    codes: Mapping[str, int]
    reasons: tuple[tuple[str, str, int], ...]

    @property
    def exit_code(self) -> int:
        """1 if rows were refused, else 0."""
        return BLOCKING if self.statuses.get(REFUSED) else DONE

    def lines(self) -> tuple[str, ...]:
        """Return the summary for a terminal."""
        head = f"signature {self.name} {self.version}  {self.sha256[:8]}   verified, {self.vectors}/{self.vectors} test vectors"
        counts = [f"  {status:<8} {count:>6}" for status, count in self.statuses.items() if count]
        shown = [f"  {status:<8} {count:>6}   {reason}" for status, reason, count in self.reasons[:10]]
        rest = len(self.reasons) - 10
        more = [f"  ... {rest} other reasons in the file"] if rest > 0 else []
        return (head, f"{self.rows} rows in, {self.rows} rows out", *counts, *(["why"] if shown else []), *shown, *more)

    def document(self) -> dict[str, Any]:
        """Return the JSON form; reasons are left out, as they may quote cells."""
        return {
            "signature": {"name": self.name, "version": self.version, "sha256": self.sha256, "test_vectors": self.vectors},
            "rows": self.rows,
            "statuses": dict(self.statuses),
            "codes": dict(self.codes),
        }


def score_file(signature: Path, table: Path, out: Path, *, options: TableOptions | None = None, clock: Clock = utc_now) -> ScoreSummary:
    """Score ``table`` with ``signature``, write ``out`` (CSV, one row per row in, safe to open in a spreadsheet) and return the summary.

    Raises SignatureError SCORE-010, -011 (the file), -012 (its test vectors are not reproduced here), -013 (no column of patients, or the
    output would replace an input); TableError as the readers do.
    """
    options = options or TableOptions()
    document = load_signature(signature)
    vectors = len(document["test_vectors"])
    good = reproduced(document)
    if good != vectors:
        raise SignatureError("SCORE-012", f"{good} of {vectors} test vectors are reproduced", at=signature.name, fix="radaudit doctor")
    if out.exists() and any(out.samefile(given) for given in (signature, table) if given.exists()):
        raise SignatureError("SCORE-013", "the scores would replace what they were made from", at=out.name, fix="-o scores.csv")
    raw = _read(table, options)
    _expect_features(document, raw)
    answers = Scorer(document).score(rows_of(document, raw, options))
    subjects = _subjects(document, raw, options)
    sites = _sites(document, raw, options)
    _write(out, _lines(subjects, sites, answers, document["sha256"], clock()))
    return _summary(document, answers)


def load_signature(path: Path) -> dict[str, Any]:
    """Return the document of a signature file; raises SignatureError (SCORE-010, SCORE-011)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        fix = "give the signature.json that lock wrote"
        raise SignatureError("SCORE-010", "there is no signature here", at=path.name, found=error.strerror, fix=fix) from error
    return read_signature(data, path.name)


def rows_of(document: Mapping[str, Any], raw: RawTable, options: TableOptions) -> list[Row]:
    """Return the rows of a table with the cells the signature asks for: features as numbers by the rules of intake, all else as text."""
    rows: list[dict[str, Cell]] = [{} for _ in range(raw.rows)]
    features = [item for item in document["inputs"] if item["kind"] == "feature"]
    for item in document["inputs"]:
        for name in (name for name in (item["name"], *item["aliases"]) if raw.has(name)):
            numeric = item in features or not item["levels"]
            texts = raw.column(name).as_texts()
            _put(rows, name, _numbers(texts, options) if numeric else _texts(texts, options))
    others = [] if document["batch"] is None else document["batch"]["columns"]
    for name in (*others, *(item["column"] for item in document["settings"])):
        if raw.has(name):
            _put(rows, name, _texts(raw.column(name).as_texts(), options))
    for row, told in zip(rows, raw.settings or (), strict=False):
        row.update({item["column"]: told[item["column"]] for item in document["settings"] if item["column"] in told})
    return list(rows)


def _read(table: Path, options: TableOptions) -> RawTable:
    if not table.is_file():
        raise TableError("READ-036", f"there is no file {table.name}", fix="name the table of new patients")
    asked = ReadOptions(
        label=table.name, sheet=options.sheet, delimiter=options.delimiter, decimal=options.decimal, encoding=options.encoding
    )
    return read_table(table, asked, reader=options.reader)


def _expect_features(document: Mapping[str, Any], raw: RawTable) -> None:
    """Raise TableError FEAT-002 if the table lacks feature columns of the signature: every row would be refused for the same reason.

    FEAT-001 if most are lacking because another extractor named them: a name that IBSI links is not a value that is comparable.
    """
    features = [item for item in document["inputs"] if item["kind"] == "feature"]
    lost = [str(item["name"]) for item in features if not any(raw.has(name) for name in (item["name"], *item["aliases"]))]
    if not lost:
        return
    if 2 * len(lost) > len(features):
        _refuse_other_extractor(features, raw)
    plain = {_as_r_writes(name): name for name in raw.names}
    written = [plain[_as_r_writes(name)] for name in lost if _as_r_writes(name) in plain]
    near = nearest(lost[0], raw.names)
    fix = f"name the column {shown(lost[0])}" if near else "extract the features with the extractor and settings of the signature"
    if written:
        near, fix = f"{written[0]}  (same name written by R)", "write the table again with check.names = FALSE"
    raise TableError(
        "FEAT-002",
        f"{len(lost)} of {len(features)} features are not in {raw.label}: {listed(map(shown, lost))}",
        found=listed(map(shown, raw.names), most=12),
        near=near and shown(near, longest=200),
        fix=fix,
    )


def _refuse_other_extractor(features: Sequence[Mapping[str, Any]], raw: RawTable) -> None:
    from radaudit.tables.names import identity
    from radaudit.tables.namespaces import namespace

    theirs, example = namespace(raw.names)
    known = {name: scheme for name in [str(item["name"]) for item in features] if (scheme := namespace([name] * 3)[0])}
    ours = next(iter(known.values()), "")
    if not theirs or not ours or theirs == ours:
        return
    there = {code for name in raw.names if (code := identity(name, extractor=raw.reader).ibsi)}
    linked = sum(identity(name).ibsi in there for name in known)
    raise TableError(
        "FEAT-001",
        f"the names of {raw.label} look like {theirs}; the signature was built with {ours}",
        found=shown(example),
        near=f"IBSI links {linked} of {len(features)} features, but settings and definitions differ: a name is not a value",
        fix="extract with the program and settings of the signature; without a bridging study the values are not comparable",
        theirs=theirs,
        ours=ours,
    )


def _as_r_writes(name: str) -> str:
    return re.sub(r"[^\w]", ".", name)


def _put(rows: Sequence[dict[str, Cell]], name: str, cells: Iterable[Cell]) -> None:
    for row, cell in zip(rows, cells, strict=True):
        row[name] = cell


def _numbers(texts: Sequence[str], options: TableOptions) -> list[Cell]:
    """Return numbers and None for missing; a cell that is neither stays text, for the scorer to refuse."""
    from radaudit.tables.cells import numbers

    found = numbers(texts, decimal=options.decimal, missing=options.missing)
    wrong = set(found.places)
    values = found.values.tolist()
    return [texts[i] if i in wrong else None if value != value else value for i, value in enumerate(values)]


def _texts(texts: Sequence[str], options: TableOptions) -> list[Cell]:
    return [None if not text.strip() or text.strip() in options.missing else text.strip() for text in texts]


def _subjects(document: Mapping[str, Any], raw: RawTable, options: TableOptions) -> tuple[str, ...]:
    name = options.subject or str(document["columns"]["subject"])
    if not raw.has(name):
        near = nearest(name, raw.names)
        raise SignatureError(
            "SCORE-013",
            f'the table has no column "{name}" that names the patients',
            at=raw.label,
            found=listed(raw.names, most=20),
            near=near,
            fix=f"--subject {near or 'COLUMN'}",
        )
    return raw.column(name).as_texts()


def _sites(document: Mapping[str, Any], raw: RawTable, options: TableOptions) -> tuple[str, ...]:
    """Return the site of every row, empty if no column names it: a scanner is not a site."""
    name = options.site or document["columns"]["site"]
    return raw.column(name).as_texts() if name and raw.has(name) else ("",) * raw.rows


def _lines(subjects: Sequence[str], sites: Sequence[str], answers: Sequence[Scored], sha256: str, at: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for subject, site, answer in zip(subjects, sites, answers, strict=True):
        risk = "" if answer.risk is None else repr(answer.risk)
        writer.writerow([inert(subject), inert(site), risk, answer.group, answer.status, inert(answer.reason), sha256, at])
    return stream.getvalue().encode("utf-8")


def _write(out: Path, data: bytes) -> None:
    beside = out.with_name(out.name + ".new")
    try:
        beside.write_bytes(data)
        beside.replace(out)
    except OSError as error:
        raise SignatureError("SCORE-013", "the scores cannot be written", at=out.name, found=error.strerror or str(error)) from error


def _summary(document: Mapping[str, Any], answers: Sequence[Scored]) -> ScoreSummary:
    statuses = Counter(answer.status for answer in answers)
    codes = Counter(code for answer in answers for code in answer.codes)
    reasons = Counter((answer.status, answer.reason) for answer in answers if answer.reason)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ScoreSummary(
        name=document["name"],
        version=document["version"],
        sha256=document["sha256"],
        vectors=len(document["test_vectors"]),
        rows=len(answers),
        statuses={status: statuses.get(status, 0) for status in ("scored", "flagged", "refused")},
        codes=dict(sorted(codes.items())),
        reasons=tuple((status, reason, count) for (status, reason), count in ordered),
    )
