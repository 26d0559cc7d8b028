"""The store of a study: one DuckDB file with sources, features, samples, values and facts, and a Parquet copy of the features.

Names of features, sites and columns are values in rows, never identifiers, so that no name can become SQL. A matrix is kept as one list of
doubles per sample, which reads back bit for bit. The file is written whole into a temporary file and moved into place; every read is
read-only and, for a part of the table, fetches the rows of that part and no other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges import pool_tables
from radaudit.errors import LedgerError, TableError
from radaudit.tables.intake import Intake

if TYPE_CHECKING:
    from radaudit.tables.rows import Rows
    from radaudit.tables.table import FeatureTable

STORAGE_VERSION = "v1.0.0"
MOST_CELLS = 100_000_000
SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "threads": 1,
}


class Store:
    """The DuckDB file of one study; ``write`` replaces its content, everything else only reads.

    Raises TableError: READ-045 (no such file, or not ours), READ-046 (the content does not have its digest), READ-047 (too many cells);
    LedgerError LEDGER-040 if another process holds the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, intake: Intake) -> Path:
        """Write everything, replacing what was there, and ``features.parquet`` beside it; returns the path of the store."""
        table = intake.table
        if table.values.size > MOST_CELLS:
            raise TableError(
                "READ-047", f"{len(table)} x {len(table.features)} cells do not fit this store", fix="features: {include: [...]}"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            with self._reading():
                pass
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        fresh.unlink(missing_ok=True)
        try:
            _write(fresh, intake)
            os.replace(fresh, self.path)
        finally:
            fresh.unlink(missing_ok=True)
        write_parquet(table, self.path.with_name("features.parquet"))
        return self.path

    def read(self, rows: Rows | None = None) -> Intake:
        """Return the intake, its table of ``rows`` only if they are given; values are bit-equal and the digest is checked.

        With ``rows`` no other row's values, facts or outcome leave the file, and findings keep no patients.
        """
        with self._reading() as connection:
            header = self._header(connection)
            if rows is not None and rows.table != header["digest"]:
                raise TableError("READ-046", "these rows belong to another table", found=f"{rows.table[:12]}, not {header['digest'][:12]}")
            table = pool_tables.read_table(connection, header, rows)
            if rows is None and table.digest != header["digest"]:
                raise TableError("READ-046", "the content of the store does not have its digest", fix="radaudit ingest")
            return Intake(
                table=table,
                sources=pool_tables.read_sources(connection),
                accounting=pool_tables.read_accounting(connection),
                flow=pool_tables.read_flow(connection),
                findings=pool_tables.read_findings(connection, with_local=rows is None),
                dictionary=pool_tables.read_dictionary(connection),
            )

    def training(self, rows: Rows) -> FeatureTable:
        """Return the table of these rows; the others stay in the file. Equal to ``read().table.take(rows)``."""
        return self.read(rows).table

    def digest(self) -> str:
        """Return the content digest of the whole table without reading a value."""
        with self._reading() as connection:
            return str(self._header(connection)["digest"])

    def keys(self) -> list[tuple[str, str, str, str]]:
        """Return patient, unit, site and batch of every row in order, for a split that needs neither values nor outcomes."""
        with self._reading() as connection:
            self._header(connection)
            return list(connection.sql("select patient, region, site, batch from sample order by sample_id").fetchall())

    def _header(self, connection: Any) -> dict[str, Any]:
        import duckdb

        try:
            rows = connection.sql("select schema_name, digest, roles, samples, features from study_table").fetchall()
        except duckdb.Error:
            rows = []
        if len(rows) != 1 or rows[0][0] != pool_tables.SCHEMA:
            raise TableError("READ-045", f"{self.path.name} is not a store of radaudit", fix="delete it and run: radaudit ingest")
        return dict(zip(("schema", "digest", "roles", "samples", "features"), rows[0], strict=True))

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        import duckdb

        if not self.path.is_file():
            raise TableError("READ-045", f"there is no {self.path.name}", fix="radaudit ingest")
        try:
            connection = duckdb.connect(
                str(self.path), read_only=True, config={**SETTINGS, "enable_external_access": "false", "lock_configuration": "true"}
            )
        except duckdb.IOException as problem:
            raise _held(self.path, str(problem)) from None
        except duckdb.Error:
            raise TableError("READ-045", f"{self.path.name} cannot be opened", fix="delete it and run: radaudit ingest") from None
        try:
            yield connection
        finally:
            connection.close()


def _held(path: Path, problem: str) -> Exception:
    found = re.search(r"PID (\d+)", problem)
    if "lock" not in problem.lower():
        return TableError(
            "READ-045", f"{path.name} cannot be opened", found=problem.splitlines()[0][:200], fix="delete it and run: radaudit ingest"
        )
    who = f" (PID {found[1]})" if found else ""
    return LedgerError("LEDGER-040", f"another program{who} is writing {path.name}", fix="wait for it to end, then try again")


def _write(path: Path, intake: Intake) -> None:
    import duckdb

    connection = duckdb.connect(":memory:", config=SETTINGS)
    try:
        connection.execute(f"attach {_literal(str(path))} as pool (storage_version {_literal(STORAGE_VERSION)})")
        connection.execute("use pool")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        connection.execute("begin")
        connection.execute(pool_tables.TABLES)
        pool_tables.write_table(connection, intake.table, _extractor(intake))
        pool_tables.write_about(connection, intake)
        connection.execute("commit")
        connection.execute("checkpoint pool")
    finally:
        connection.close()


def _extractor(intake: Intake) -> str:
    found = {source.reader for source in intake.sources if source.role == "features"}
    return found.pop() if len(found) == 1 else ""


def _literal(text: str) -> str:
    """Return an SQL string literal: for the path of the file only, everything else goes in as a value."""
    return "'" + text.replace("'", "''") + "'"


def write_parquet(table: FeatureTable, path: Path) -> Path:
    """Write patient, unit, site, batch, outcome, features and text columns as one wide Parquet file (zstd), for readers without DuckDB.

    A key whose name a feature bears is written with ``key.`` before it. The text columns make the file all that ``score`` needs.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = {"patient": table.patients, "unit": table.units, "site": table.sites, "batch": table.batches}
    taken = set(table.features)
    columns: list[Any] = [pa.array(values, pa.string()) for values in keys.values()] + [pa.array(table.outcome)]
    names = [f"key.{name}" if name in taken else name for name in (*keys, "outcome")]
    columns += [pa.array(table.values[:, j]) for j in range(len(table.features))]
    names += table.features
    facts = [name for name in table.facts if name not in set(names)]
    columns += [pa.array(table.facts[name], pa.string()) for name in facts]
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    pq.write_table(pa.Table.from_arrays(columns, names=[*names, *facts]), fresh, compression="zstd")
    os.replace(fresh, path)
    return path
