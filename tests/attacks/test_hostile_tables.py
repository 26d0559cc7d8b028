"""Hostile names, ids and cells stay inert: no SQL, no formula, no steering of the terminal, no code, no traceback."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radaudit.edges.duckdb import Store
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import RadauditError
from radaudit.tables.shown import inert
from tests.edges.small_studies import IDS, clinical_csv, codes, read, refusal, study, write

HOSTILE = (
    'a") from t; drop table sample; select ("a',
    "'; drop table block; --",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "line\nbreak",
    "tab\tin name",
    "/etc/passwd",
    "https://example.org/x.csv",
    "x" * 5000,
    "sample_id",
    "patient",
    "count(*)",
    "{{7*7}}",
    "__class__",
    "Ünï çødé 名前",
)

SUFFIXES = (
    ".csv", ".csv.gz", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".feather", ".arrow", ".json", ".jsonl", ".arff",
    ".sav", ".por", ".dta", ".xpt", ".sas7bdat",
)  # fmt: skip


def table_csv(names: tuple[str, ...], ids: tuple[str, ...] = IDS) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["patient_id", *names])
    writer.writerows([patient, *(str(10 * i + j + 0.5) for j in range(len(names)))] for i, patient in enumerate(ids))
    return stream.getvalue()


def test_hostile_feature_names_survive_untouched_through_the_store(tmp_path: Path) -> None:
    names = (*HOSTILE, "red\u202egnp.exe", "zero\u200bwidth")
    write(tmp_path, features=table_csv(names), clinical=clinical_csv())
    intake = read(tmp_path)
    assert intake.table.features == names
    assert "FEAT-031" in codes(intake)
    store = Store(tmp_path / "out" / "pool.duckdb")
    store.write(intake)
    again = store.read()
    assert again.table.features == names
    assert again.table.digest == intake.table.digest
    import pyarrow.parquet as pq

    assert set(names) <= set(pq.read_schema(tmp_path / "out" / "features.parquet").names)


def test_hostile_ids_sites_and_facts_survive_untouched(tmp_path: Path) -> None:
    ids = HOSTILE[:4] + HOSTILE[6:10]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["patient_id", "hospital", "x'); drop table fact; --", "relapse"])
    writer.writerows([patient, HOSTILE[i % 3], HOSTILE[i], str(i % 2)] for i, patient in enumerate(ids))
    write(tmp_path, features=table_csv(("a", "b"), ids), clinical=stream.getvalue())
    intake = read(tmp_path)
    store = Store(tmp_path / "pool.duckdb")
    store.write(intake)
    table = store.read().table
    assert set(table.patients) == set(ids)
    assert set(table.sites) == set(HOSTILE[:3])
    assert dict(table.facts) == dict(intake.table.facts)


def test_messages_show_what_steers_a_terminal_as_escapes(tmp_path: Path) -> None:
    evil = "\x1b[31mred\x07 \u202egnp"
    write(tmp_path, features=table_csv(("a", evil)).replace("10.5", f"{evil}9"), clinical=clinical_csv())
    error = refusal(tmp_path)
    assert error.code == "READ-005"
    text = str(error)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b" in text
    assert inert(evil).isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_in_the_study_is_answered_and_not_run(tmp_path: Path, name: str) -> None:
    write(tmp_path, features=table_csv(("a", "b")), clinical=clinical_csv())
    text = study(site="PLACE").replace("PLACE", "'" + name.replace("'", "''").replace("\n", " ").replace("\t", " ")[:300] + "'")
    assert refusal(tmp_path, text).code in {"SITE-001", "STUDY-010", "STUDY-011", "STUDY-028", "STUDY-008"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore"))))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_bytes_are_read_or_refused_and_never_a_traceback(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"table{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == ".csv.gz" else content)
    try:
        table = read_table(path, ReadOptions())
    except RadauditError as error:
        refused = error.code
    else:
        refused = "READ-"
        assert all(len(column.as_texts()) == table.rows for column in table.columns)
    assert refused.startswith(("READ-", "FEAT-008"))
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.text(alphabet=st.sampled_from(list("ab1.,;\t|\"\n\r '-e#<∞é")), max_size=120),
    decimal=st.sampled_from([None, ".", ","]),
)
def test_any_table_like_text_is_read_alike_both_ways_or_refused(tmp_path: Path, content: str, decimal: str | None) -> None:
    from radaudit.edges.readers.formats.delimited import read_delimited
    from radaudit.tables.cells import numbers, stored

    path = tmp_path / "table.csv"
    path.write_bytes(content.encode())
    found = []
    for large in (0, 1 << 40):
        try:
            table = read_delimited(path, ReadOptions(decimal=decimal, text=lambda name: name.startswith("a")), large=large)
            cells = []
            for column in table.columns:
                read_ = stored(column.numbers) if column.values is not None else numbers(column.as_texts(), decimal=decimal)
                cells.append((read_.values.tobytes(), read_.plain, read_.empty, dict(read_.refused)))
            accounts = sorted((note.kind, note.column, note.count) for note in table.accounting)
            found.append((table.names, list(table.numbers), cells, accounts))
        except RadauditError as error:
            found.append(error.code)
    assert found[0] == found[1]
