"""The store reads back bit for bit, hands out training rows alone, opens for one writer, and writes what DuckDB 1.x reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from radaudit.edges.duckdb import STORAGE_VERSION, Store
from radaudit.edges.intake import read_study
from radaudit.edges.study_file import load_study
from radaudit.errors import LedgerError, TableError
from radaudit.tables import FeatureTable, Roles, Rows
from radaudit.tables.intake import Intake

EXAMPLE = Path(__file__).parents[2] / "examples" / "egfr"


@pytest.fixture(scope="module")
def intake() -> Intake:
    return read_study(load_study(EXAMPLE / "study.yaml").plan, EXAMPLE)


@pytest.fixture(scope="module")
def store(intake: Intake, tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("store") / "out" / "pool.duckdb")
    made.write(intake)
    return made


def bare(values: list[list[float]], names: tuple[str, ...]) -> Intake:
    n = len(values)
    table = FeatureTable.of(
        roles=Roles(patient="id"),
        patients=[f"p{i}" for i in range(n)],
        features=names,
        values=np.array(values, dtype=float).reshape(n, len(names)),
        outcome=np.full(n, np.nan),
        facts={"note": [None if i % 2 else f"x\0{i}" for i in range(n)]},
    )
    return Intake(table=table, sources=(), accounting=(), flow=(), findings=(), dictionary=())


def test_everything_reads_back_and_values_are_bit_equal(intake: Intake, store: Store) -> None:
    again = store.read()
    assert again.table.values.tobytes() == intake.table.values.tobytes()
    assert again.table.outcome.tobytes() == intake.table.outcome.tobytes()
    assert again.table.digest == intake.table.digest
    assert again.table.roles == intake.table.roles
    assert dict(again.table.facts) == dict(intake.table.facts)
    for name in ("sources", "accounting", "flow", "findings", "dictionary"):
        assert getattr(again, name) == getattr(intake, name), name


def test_training_rows_come_out_alone(intake: Intake, store: Store) -> None:
    rows = Rows.of(intake.table.digest, range(0, len(intake.table), 3))
    part = store.read(rows)
    assert part.table.digest == intake.table.take(rows).digest
    assert len(store.training(rows)) == len(rows)
    hidden = set(intake.table.patients) - set(part.table.patients)
    assert not hidden & set(str(part.findings).replace("'", " ").split())
    assert all(finding.local == () for finding in part.findings)


def test_rows_of_another_table_are_refused(store: Store) -> None:
    with pytest.raises(TableError) as caught:
        store.training(Rows.of("0" * 64, [1]))
    assert caught.value.code == "READ-046"


def test_keys_and_digest_need_no_values(intake: Intake, store: Store) -> None:
    table = intake.table
    assert store.keys() == list(zip(table.patients, table.units, table.sites, table.batches, strict=True))
    assert store.digest() == table.digest


def test_special_doubles_and_nulls_survive(tmp_path: Path) -> None:
    nan, tiny = float("nan"), 5e-324
    made = bare([[0.1, nan, tiny], [1e308, -1.0, nan], [nan, nan, nan]], ("a", "A", 'b"'))
    store = Store(tmp_path / "pool.duckdb")
    store.write(made)
    again = store.read().table
    assert again.values.tobytes() == made.table.values.tobytes()
    assert again.facts["note"] == ("x\x000", None, "x\x002")
    assert again.digest == made.table.digest


def test_a_table_without_rows_or_facts_survives(tmp_path: Path) -> None:
    table = FeatureTable.of(roles=Roles(patient="id"), patients=[], features=["a"], values=np.zeros((0, 1)), outcome=[])
    store = Store(tmp_path / "pool.duckdb")
    store.write(Intake(table=table, sources=(), accounting=(), flow=(), findings=(), dictionary=()))
    assert store.read().table.digest == table.digest


def test_more_samples_than_one_batch_survive(tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_normal((9000, 2)).tolist()
    made = bare(values, ("a", "b"))
    store = Store(tmp_path / "pool.duckdb")
    store.write(made)
    assert store.read().table.digest == made.table.digest


def test_the_storage_version_is_one_that_older_programs_read(store: Store) -> None:
    connection = duckdb.connect(str(store.path), read_only=True)
    tags = connection.sql("select tags from duckdb_databases() where database_name = 'pool'").fetchall()[0][0]
    connection.close()
    assert str(tags["storage_version"]).startswith(STORAGE_VERSION)


def test_features_lie_beside_it_as_parquet(intake: Intake, store: Store) -> None:
    import pyarrow.parquet as pq

    found = pq.read_table(store.path.with_name("features.parquet"))
    assert found.column_names[:5] == ["patient", "unit", "site", "batch", "outcome"]
    features = list(intake.table.features)
    assert found.column_names[5 : 5 + len(features)] == features
    taken = {*features, "patient", "unit", "site", "batch", "outcome"}
    assert found.column_names[5 + len(features) :] == [name for name in intake.table.facts if name not in taken]
    column = found.column(5).to_numpy()
    assert column.tobytes() == np.ascontiguousarray(intake.table.values[:, 0]).tobytes()


def test_a_cell_is_found_by_name_and_site_in_sql(intake: Intake, store: Store) -> None:
    connection = duckdb.connect(str(store.path), read_only=True)
    query = "select count(*), count(distinct name), count(distinct patient) from cell_named"
    counts = connection.sql(query).fetchall()[0]
    connection.close()
    assert counts == (intake.table.values.size, len(intake.table.features), len(intake.table))


def test_a_second_program_is_told_who_is_writing(store: Store) -> None:
    script = (
        "import duckdb, sys, time\n"
        f"c = duckdb.connect({str(store.path)!r})\n"
        "c.execute('begin'); c.execute('create temp table t(x int)')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(LedgerError) as caught:
            store.read()
        assert caught.value.code == "LEDGER-040"
        assert str(holder.pid) in caught.value.what
    finally:
        holder.communicate("")
    assert store.read().table.digest == store.digest()


@pytest.mark.parametrize("content", [b"", b"not a database", b"\0" * 20000])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pool.duckdb"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        Store(path).read()
    assert caught.value.code == "READ-045"


def test_another_database_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pool.duckdb"
    with pytest.raises(TableError) as caught:
        Store(path).read()
    assert caught.value.code == "READ-045"
    connection = duckdb.connect(str(path))
    connection.execute("create view study_table as select * from read_text('/etc/hostname')")
    connection.close()
    with pytest.raises(TableError) as caught:
        Store(path).read()
    assert caught.value.code == "READ-045"


def test_changed_content_is_noticed(intake: Intake, tmp_path: Path) -> None:
    store = Store(tmp_path / "pool.duckdb")
    store.write(intake)
    connection = duckdb.connect(str(store.path))
    connection.execute("update sample set outcome = 1 - outcome where sample_id = 3")
    connection.close()
    with pytest.raises(TableError) as caught:
        store.read()
    assert caught.value.code == "READ-046"


def test_writing_again_replaces_and_leaves_no_other_file(intake: Intake, tmp_path: Path) -> None:
    store = Store(tmp_path / "pool.duckdb")
    store.write(bare([[1.0]], ("a",)))
    store.write(intake)
    assert store.digest() == intake.table.digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.parquet", "pool.duckdb"]


def test_no_absolute_path_is_inside(store: Store) -> None:
    assert str(EXAMPLE.resolve()).encode() not in store.path.read_bytes()
    assert str(store.path.parent.resolve()).encode() not in store.path.read_bytes()
