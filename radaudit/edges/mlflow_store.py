"""Where the MLflow mirror lives, and how its SQLite file is kept free of the paths of this machine.

MLflow makes every place of artifacts absolute. Such a store cannot be moved (the copy silently reads the old place) and tells where it was
made. Here they are written relative to the folder of the study, ``mlruns/artifacts/...``: MLflow reads them when started in that
folder, ``mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db``. SQLite keeps old bytes in free pages, so these are overwritten too.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from radaudit.codes import answer
from radaudit.errors import StudyError
from radaudit.findings import Finding, Verdict

ARTIFACTS = "mlruns/artifacts"
DATABASE = "mlruns/mlflow.db"
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
ABSOLUTE = re.compile(r"(file:|/|[A-Za-z]:[\\/])")
BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The tracking address, and the database if it is a file of this study; ``database`` is None for a store that others keep."""

    folder: Path
    uri: str
    database: Path | None


def store(folder: Path, tracking: str | None = None) -> Store:
    """Return the store of a study: by default ``mlruns/mlflow.db``; ``sqlite:///a/relative/path`` is relative to the study as well.

    Raises StudyError (STUDY-058) for a folder of files: MLflow no longer keeps such stores.
    """
    root = folder.resolve()
    address = (tracking or "").strip() or f"sqlite:///{DATABASE}"
    relative = re.fullmatch(r"sqlite:///(?!/|[A-Za-z]:[\\/])([^?]+)", address)
    if relative:
        database = root / relative[1]
        return Store(folder=root, uri=f"sqlite:///{database.as_posix()}", database=database)
    if "://" not in address or address.startswith("file:"):
        raise StudyError(
            "STUDY-058",
            "the tracking store is a folder; MLflow keeps its records in a database or on a server",
            at="tracking: mlflow",
            found=address,
            fix=f"tracking: {{mlflow: sqlite:///{DATABASE}}}",
        )
    return Store(folder=root, uri=address, database=None)


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, timeout=BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        with connection:
            yield connection


def make_relative(database: Path) -> int:
    """Rewrite absolute places of artifacts to places relative to the study, return how many, and leave no old byte in the file."""
    with _opened(database) as connection:
        present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        changed = sum(_rewrite(connection, table, column) for table, column in PLACES if table in present)
    if changed:
        with closing(sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("VACUUM")
    return changed


def _rewrite(connection: sqlite3.Connection, table: str, column: str) -> int:
    names = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if column not in names:
        return 0
    rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    moved = [(relative_place(place), rowid) for rowid, place in rows if place and ABSOLUTE.match(place)]
    connection.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", moved)
    return len(moved)


def relative_place(place: str) -> str:
    """Return the part of an absolute place from ``mlruns`` on; a place without it keeps its last two names below ARTIFACTS."""
    parts = [part for part in re.split(r"[\\/]+", re.sub(r"^file:", "", place)) if part]
    if "mlruns" in parts:
        at = len(parts) - 1 - parts[::-1].index("mlruns")
        tail = parts[at + 1 :]
        return "/".join([ARTIFACTS, *(tail[1:] if tail[:1] == ["artifacts"] else tail)])
    return "/".join([ARTIFACTS, *parts[-2:]])


def relocate(folder: Path) -> Finding | None:
    """Make a store that holds absolute places work where it stands now; return a finding (LEDGER-051) if something was rewritten."""
    database = folder / DATABASE
    if not database.is_file():
        return None
    changed = make_relative(database)
    if not changed:
        return None
    sentence = f"{changed} places of artifacts in mlruns/mlflow.db were absolute and are relative to the study now."
    return answer("LEDGER-051", Verdict.FAILED, sentence, facts={"places": changed}, scope="mlflow")
