"""The traps of real tables, one by one, made from a real table: read to the same content digest, or refused with the right code.

The oracle is the content digest of the example study: a copy of its feature table in another dialect, layout or format must give it
again, to the last bit of every value. What the file truly cannot tell is refused, and the line the message offers gives the digest.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from radaudit.checks.ask import ask
from radaudit.edges.duckdb import Store
from radaudit.edges.intake import read_study
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.study_file import plan_of_text
from radaudit.errors import RadauditError
from radaudit.tables import cells
from radaudit.tables.intake import Intake

ROOT = Path(__file__).parents[2]
EGFR = ROOT / "examples" / "egfr"
SHARED = ROOT.parent / "shared" / "data"
TABLE = "data/Sandy-Captk.csv"
ENTRY = f"""\
    - file: {TABLE}             # CaPTk, one row per patient
      id: SubjectID
      missing: ["#NAME?"]                    # a spreadsheet accident: 8 cells of one row
"""
Rows = list[list[str]]


def shared(name: str) -> Path:
    if not (SHARED / name).exists():
        pytest.skip(f"shared/data/{name} is not beside this repository")
    return SHARED / name


@cache
def rows() -> Rows:
    with (EGFR / TABLE).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


@cache
def original() -> Intake:
    return read_study(plan_of_text((EGFR / "study.yaml").read_text(encoding="utf-8")), EGFR)


@dataclass
class Copy:
    """A copy of the example whose feature table is another file."""

    folder: Path

    def put(self, content: bytes | str, name: str = "table.csv") -> Path:
        for file in ("clinical-demographics.csv", "Sandy-CT-parameters.xlsx"):
            (self.folder / "data").mkdir(exist_ok=True)
            shutil.copyfile(EGFR / "data" / file, self.folder / "data" / file)
        path = self.folder / "data" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def read(self, name: str = "table.csv", *, more: str = "", missing: str = '["#NAME?"]', change: tuple[str, str] = ("", "")) -> Intake:
        text = (EGFR / "study.yaml").read_text(encoding="utf-8")
        line = f"    - {{file: data/{name}, id: SubjectID, missing: {missing}{', ' + more if more else ''}}}\n"
        for old, new in ((ENTRY, line), change):
            assert old in text
            text = text.replace(old, new)
        return read_study(plan_of_text(text), self.folder)

    def refused(self, name: str = "table.csv", **stated: str) -> RadauditError:
        with pytest.raises(RadauditError) as caught:
            self.read(name, **stated)  # type: ignore[arg-type]
        assert str(caught.value)
        return caught.value


@pytest.fixture
def trap(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def text_of(table: Rows, delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    return stream.getvalue()


def changed(change: Callable[[Rows], object]) -> Rows:
    table = [list(row) for row in rows()]
    change(table)
    return table


def same(found: Intake) -> bool:
    return found.table.digest == original().table.digest


def codes(found: Intake) -> set[str]:
    return {finding.code for finding in found.findings if finding.failed}


# decimal comma, delimiters, encodings, line ends


def decimal_commas(table: Rows) -> Rows:
    return [table[0], *([row[0], *(cell.replace(".", ",") for cell in row[1:])] for row in table[1:])]


def test_a_decimal_comma_copy_is_refused_and_reads_alike_with_the_line_it_offers(trap: Copy) -> None:
    trap.put(text_of(decimal_commas(rows()), ";"))
    error = trap.refused()
    assert error.code == "READ-003"
    assert 'delimiter: ";", decimal: ","' in str(error.fix)
    assert same(trap.read(more='delimiter: ";", decimal: ","'))


def test_a_decimal_comma_in_a_comma_separated_file_is_refused(trap: Copy) -> None:
    trap.put("\n".join(",".join(row) for row in decimal_commas(rows())))
    assert trap.refused().code == "READ-034"


def test_commas_with_two_readings_are_refused_and_each_line_gives_its_reading(trap: Copy) -> None:
    at = rows()[0].index("T1_ED_Volumetric_Volume")
    trap.put(text_of(changed(lambda t: [row.__setitem__(at, f"{i + 1},234") for i, row in enumerate(t[1:])]), ";"))
    error = trap.refused()
    assert error.code == "READ-004"
    assert "decimal:" in str(error.fix)
    found = trap.read(more='decimal: "."')
    first = found.table.patients.index(rows()[1][0])
    assert found.table.values[first, found.table.features.index("T1_ED_Volumetric_Volume")] == 1234.0


@pytest.mark.parametrize(
    ("delimiter", "end", "encoding", "quoting"),
    [
        (";", "\n", "utf-8", csv.QUOTE_MINIMAL),
        ("\t", "\r\n", "utf-16", csv.QUOTE_ALL),
        ("|", "\r", "utf-8-sig", csv.QUOTE_NONNUMERIC),
        (",", "\n", "utf-16-le", csv.QUOTE_MINIMAL),
        (" ", "\n", "utf-8", csv.QUOTE_ALL),
    ],
)
def test_other_dialects_read_alike(trap: Copy, delimiter: str, end: str, encoding: str, quoting: int) -> None:
    trap.put(text_of(rows(), delimiter, end, quoting).encode(encoding))
    assert same(trap.read())


def test_a_latin_1_copy_with_a_return_inside_a_quoted_header_reads_alike_and_is_noted(trap: Copy) -> None:
    table = changed(lambda t: [t[0].append("Prüfer\rund Größe"), *(row.append("Zoë") for row in t[1:])])
    trap.put(text_of(table, quoting=csv.QUOTE_ALL).encode("latin-1"))
    found = trap.read()
    assert same(found)
    assert "READ-001" in codes(found)


# missing markers, spreadsheet accidents, minus signs that are values


def test_a_missing_marker_is_refused_with_its_count_and_never_turns_a_column_to_text(trap: Copy) -> None:
    trap.put(text_of(rows()))
    error = trap.refused(missing="[nothing]")
    assert (error.code, error.facts["count"], error.facts["kinds"]) == ("READ-005", 8, {cells.ERROR: 8})
    assert "#NAME?" in str(error.fix)


def marked(mark: str) -> Rows:
    return changed(lambda t: [row.__setitem__(j, mark) for row in t[3:7] for j in range(20, 25)])


@pytest.mark.parametrize("mark", ["N/A", "-", ".", "?", "missing"])
def test_every_marker_has_to_be_declared_and_is_counted(trap: Copy, mark: str) -> None:
    trap.put(text_of(marked(mark)))
    error = trap.refused()
    assert (error.code, error.facts["count"]) == ("READ-005", 20)
    found = trap.read(missing=f'["#NAME?", "{mark}"]')
    counts = Counter(
        {note.what: note.count for note in found.accounting if note.kind == "missing marker" and note.file.endswith("table.csv")}
    )
    assert sum(note.count for note in found.accounting if (note.kind, note.what) == ("missing marker", mark)) == 20
    assert counts[mark]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("<0.01", cells.LIMIT), ("Infinity", cells.INF), ("5-Jan", cells.DATE), ("0001-01-01", cells.DATE), ("1|2|3", cells.VECTOR)],
)
def test_limits_infinities_dates_and_vectors_among_numbers_are_refused_by_kind(trap: Copy, cell: str, kind: str) -> None:
    trap.put(text_of(changed(lambda t: t[5].__setitem__(30, cell))))
    error = trap.refused()
    assert (error.code, error.facts["kinds"]) == ("READ-005", {kind: 1})


def test_a_minus_that_is_a_value_is_an_outcome_and_not_missing(trap: Copy) -> None:
    trap.put(text_of(rows()))
    clinical = trap.folder / "data" / "clinical-demographics.csv"
    with clinical.open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.reader(stream))
    at = table[0].index("egfr-mut")
    for row in table[1:]:
        row[at] = {"0": "-", "1": "+"}.get(row[at], row[at])
    clinical.write_text(text_of(table), encoding="utf-8")
    found = trap.read(change=('event: "1", non_event: "0"', 'event: "+", non_event: "-"'))
    assert found.table.outcome.tobytes() == original().table.outcome.tobytes()


def test_a_minus_that_weka_declared_as_a_value_stays_one() -> None:
    table = read_file(shared("ramella2018/pone.0207455.s001.arff"), ReadOptions())
    assert Counter(table.column("mutazione_EGFR").as_texts()) == {"-": 61, "mutato": 1, "non_mutato": 29}
    assert (table.rows, len(table.columns)) == (91, 252)


def test_numbers_that_lost_their_decimal_mark_become_a_finding(trap: Copy) -> None:
    at = rows()[0].index("T1_ED_Morphologic_Roundness")
    trap.put(text_of(changed(lambda t: [row.__setitem__(at, row[at].replace(".", "").lstrip("0")) for row in t[1:40:3]])))
    found = {finding.code for finding in ask(trap.read().table) if finding.failed}
    assert "FEAT-100" in found
    assert "FEAT-100" not in {finding.code for finding in ask(original().table) if finding.failed}


def test_a_factor_of_a_thousand_at_one_site_becomes_a_finding(trap: Copy) -> None:
    at = rows()[0].index("T1_ED_Morphologic_Roundness")
    amc = [i for i, row in enumerate(rows()) if row[0].startswith("AMC") and row[at]]
    trap.put(text_of(changed(lambda t: [t[i].__setitem__(at, repr(1000 * float(t[i][at]))) for i in amc])))
    (finding,) = [finding for finding in ask(trap.read().table) if finding.code == "FEAT-055"]
    assert finding.failed
    assert "T1_ED_Morphologic_Roundness" in str(finding.facts)


# headers and layouts


def test_row_names_of_r_are_the_ids(trap: Copy) -> None:
    trap.put(text_of(changed(lambda t: t[0].pop(0))))
    found = trap.read(change=("id: SubjectID, missing", "id: unnamed_1, missing"))
    assert same(found)


def test_a_transposed_copy_reads_alike(trap: Copy) -> None:
    trap.put(text_of([list(column) for column in zip(*rows(), strict=True)]))
    assert same(trap.read())


def test_a_long_copy_reads_alike(trap: Copy) -> None:
    names = rows()[0]
    long = [[row[0], names[j], row[j]] for row in rows()[1:] for j in range(1, len(names))]
    trap.put(text_of([["SubjectID", "feature", "value"], *long]))
    assert same(trap.read())
    trap.put(text_of([["SubjectID", "feature", "value"], *long, long[0]]))
    assert trap.refused().code == "READ-103"


def test_a_legend_two_header_rows_and_a_row_of_units_read_alike(trap: Copy) -> None:
    names = rows()[0]
    groups = ["", *(name.rpartition("_")[0] for name in names[1:])]
    tails = [names[0], *(name.rpartition("_")[2] for name in names[1:])]
    units = ["", *("mm3" for _ in names[1:])]
    trap.put("CaPTk, exported for the study\n" + text_of([groups, tails, units, *rows()[1:]]))
    found = trap.read()
    assert same(found)
    assert {note.kind for note in found.accounting} >= {"legend line", "header rows", "units row"}


def test_two_rows_that_could_both_be_the_names_are_refused(trap: Copy) -> None:
    trap.put(text_of([[f"V{i}" for i in range(len(rows()[0]))], *rows()]))
    assert trap.refused().code == "READ-105"
    assert same(trap.read(more="header: 2"))


def test_names_equal_but_for_case_and_names_that_occur_twice_are_refused(trap: Copy) -> None:
    at = rows()[0].index("T1_ED_Volumetric_Volume")
    other = next(j for j, name in enumerate(rows()[0]) if name.startswith("T1_ED_") and j != at)
    trap.put(text_of(changed(lambda t: t[0].__setitem__(other, "T1_ED_Volumetric_VOLUME"))))
    assert trap.refused().code == "FEAT-030"
    trap.put(text_of(changed(lambda t: t[0].__setitem__(other, "T1_ED_Volumetric_Volume"))))
    assert trap.refused().code == "FEAT-008"


def test_trailing_delimiters_section_markers_and_ghost_rows_do_not_matter(trap: Copy) -> None:
    wide = [["FEATURES", *rows()[0], ""], *(["", *row, ""] for row in rows()[1:]), [""] * (len(rows()[0]) + 2)]
    trap.put(text_of(wide))
    found = trap.read()
    assert same(found)
    assert {note.kind for note in found.accounting} >= {"empty column", "ghost row"}


def test_a_failed_case_is_not_missing_data(trap: Copy) -> None:
    trap.put(text_of(changed(lambda t: t[9].__setitem__(slice(1, None), [""] * (len(t[0]) - 1)))))
    found = trap.read()
    assert "FEAT-058" in codes(found)
    assert [step.rows for step in found.flow if step.label == "without features"] == [1]


# ids


def respelt(change: Callable[[str], str]) -> Rows:
    return [rows()[0], *([change(row[0]), *row[1:]] for row in rows()[1:])]


@pytest.mark.parametrize(
    ("change", "rule"),
    [(lambda text: f" {text} ", "strip-space"), (str.lower, "fold-case")],
)
def test_ids_written_otherwise_match_nobody_until_the_study_says_how(trap: Copy, change: Callable[[str], str], rule: str) -> None:
    trap.put(text_of(respelt(change)))
    error = trap.refused()
    assert error.code in {"ID-002", "ID-031"}
    assert rule in str(error)


def test_an_apostrophe_before_an_id_is_part_of_it(trap: Copy) -> None:
    trap.put(text_of(respelt(lambda text: f"'{text}")))
    assert trap.refused().code == "ID-002"
    assert same(trap.read(more='id_pattern: "[A-Z0-9]+-[0-9]+"'))


def test_an_id_column_that_is_last_or_an_index_that_is_always_zero_changes_nothing(trap: Copy) -> None:
    trap.put(text_of([["", *row[1:], row[0]] if i == 0 else ["0", *row[1:], row[0]] for i, row in enumerate(rows())]))
    assert same(trap.read())


def test_a_table_without_its_id_column_is_refused(trap: Copy) -> None:
    trap.put(text_of([row[1:] for row in rows()]))
    assert trap.refused().code == "ID-033"


# width and names


def test_seven_thousand_columns_with_odd_names_survive_through_the_store(trap: Copy) -> None:
    odd = ["3COV", "it's", "two\nlines", "tab\there", 'say "x"', "a;b", "=1+1", "select", "naïve name"]
    odd += [f"{j}_wide" for j in range(7107 - len(rows()[0]) - len(odd))]
    rng = np.random.default_rng(7)
    values = rng.normal(size=(len(rows()) - 1, len(odd)))
    wide = [[*rows()[0], *odd], *([*row, *map(repr, extra)] for row, extra in zip(rows()[1:], values.tolist(), strict=True))]
    trap.put(text_of(wide))
    found = trap.read(change=('include: ["T1_ED_*"]', 'exclude: ["S*"]'))
    assert len(wide[0]) == 7107
    order = [found.table.patients.index(row[0]) for row in rows()[1:] if row[0] in found.table.patients]
    kept = [i for i, row in enumerate(rows()[1:]) if row[0] in found.table.patients]
    columns = [found.table.features.index(name) for name in odd]
    assert found.table.values[np.ix_(order, columns)].tobytes() == values[kept].tobytes()
    store = Store(trap.folder / "out" / "pool.duckdb")
    store.write(found)
    assert store.read().table.digest == found.table.digest


# formats


def as_records() -> bytes:
    names = rows()[0]
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows()[1:]]).encode()


def as_split() -> bytes:
    return json.dumps({"columns": rows()[0], "data": rows()[1:]}).encode()


def as_columns() -> bytes:
    return json.dumps({name: [row[j] for row in rows()[1:]] for j, name in enumerate(rows()[0])}).encode()


def as_arff() -> bytes:
    kinds = ["string"] + ["numeric" if all(row[j] != "#NAME?" for row in rows()[1:]) else "string" for j in range(1, len(rows()[0]))]
    head = [f"@attribute '{name}' {kind}" for name, kind in zip(rows()[0], kinds, strict=True)]
    body = [",".join(cell if cell.replace(".", "").isdigit() else (f"'{cell}'" if cell else "?") for cell in row) for row in rows()[1:]]
    return "\n".join(["@relation captk", *head, "@data", *body]).encode()


def as_arrow(name: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    def column(j: int) -> pa.Array:
        texts = [row[j] for row in rows()[1:]]
        try:
            return pa.array([None if text in ("", "nan") else float(text) for text in texts], pa.float64())
        except ValueError:
            return pa.array(texts)

    table = pa.table({name: column(j) for j, name in enumerate(rows()[0])})
    sink = io.BytesIO()
    pq.write_table(table, sink) if name.endswith("parquet") else feather.write_feather(table, sink)
    return sink.getvalue()


def as_xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("features")
    for row in rows():
        sheet.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("table.json", as_records),
        ("table.json", as_split),
        ("table.json", as_columns),
        ("table.arff", as_arff),
        ("table.parquet", lambda: as_arrow("parquet")),
        ("table.feather", lambda: as_arrow("feather")),
        ("table.xlsx", as_xlsx),
        ("table.csv.gz", lambda: gzip.compress((EGFR / TABLE).read_bytes())),
        ("table.tsv", lambda: text_of(rows(), "\t").encode()),
    ],
    ids=["records", "split", "columns", "arff", "parquet", "feather", "xlsx", "gzip", "tsv"],
)
def test_the_same_table_in_another_format_has_the_same_content(trap: Copy, name: str, write: Callable[[], bytes]) -> None:
    trap.put(write(), name)
    assert same(trap.read(name))


# real files that hold several traps at once


def test_lifex_vectors_dates_infinities_and_section_markers_are_told_apart() -> None:
    table = read_file(shared("lifex_imsure/Texture_ImSure_Absolute.csv"), ReadOptions())
    assert (table.rows, len(table.columns)) == (90, 201)
    assert {note.kind: note.count for note in table.accounting} == {"empty column": 1}
    kinds: Counter[str] = Counter()
    for column in table.columns:
        kinds.update(cells.numbers(column.as_texts()).kinds)
    assert kinds[cells.VECTOR] == 14 * 90
    assert kinds[cells.INF] == 1
    assert all(name.startswith("'") for name in table.column("INFO_NameOfRoi").as_texts())


@pytest.mark.parametrize(
    ("name", "count", "columns"),
    [
        ("qin_prostate/pyRadiomicsFeatures_biasCorrectedT2AX_FullStudySettings_3D_bin10.csv", 102, 1251),
        ("pyradiomics_baseline/baseline_glcm.csv", 40, 47),
        ("phantom/pyradiomics_3.0.1_cli_single.txt", 1, 132),
        ("phantom/pyradiomics_3.0.1_cli_single.json", 1, 131),
        ("radmlbench/Wang2024.csv.gz", 67, 282),
        ("phantom/nyxus/nyxus_0.11.0_3d_all_ibsiTrue.csv", 1, 217),
        ("carvalho2018/Radiomics.PET.features.csv", 262, 119),
        ("fae/numeric_feature.csv", 260, 266),
        ("combat_enigma/combat_example.csv", 1061, 19),
    ],
)
def test_real_tables_are_read_whole_without_a_word(name: str, count: int, columns: int) -> None:
    table = read_file(shared(name), ReadOptions())
    assert (table.rows, len(table.columns)) == (count, columns)
