"""``radaudit doctor``: what of this machine and this folder a study needs, each asked by trying it."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PARTS = (
    "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "duckdb", "great-expectations", "mlflow", "neuroCombat", "pydantic",
    "PyYAML", "python-calamine", "jinja2", "cryptography", "typer", "rich",
)  # fmt: skip
LEAST_PYTHON = (3, 11)
LEAST_FREE = 1 << 30
SWITCHES = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "GX_ANALYTICS_ENABLED")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was tried: whether it is as a study needs it, what was found and what to do."""

    name: str
    ok: bool
    text: str
    fix: str = ""

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"name": self.name, "ok": self.ok, "text": self.text, "fix": self.fix}


def examine(folder: Path) -> list[Examined]:
    """Return what was found; nothing is left behind in the folder and no network is used."""
    asked = (_python, _parts, _text, _writing, _disk, _study, _store, _tracking, _telemetry, _threads, _clock)
    return [question(folder) for question in asked]


def _python(_: Path) -> Examined:
    import radaudit

    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] >= LEAST_PYTHON
    return Examined(
        name="radaudit", ok=ok, text=f"{radaudit.__version__} on Python {version}, {sys.platform}", fix="" if ok else "Python 3.11 or newer"
    )


def _parts(_: Path) -> Examined:
    from importlib.metadata import PackageNotFoundError, version

    found, absent = [], []
    for part in PARTS:
        try:
            found.append(f"{part} {version(part)}")
        except PackageNotFoundError:
            absent.append(part)
    text = f"missing: {', '.join(absent)}" if absent else ", ".join(found)
    return Examined(name="parts", ok=not absent, text=text, fix="install radaudit again" if absent else "")


def _text(_: Path) -> Examined:
    encoding = sys.getfilesystemencoding().lower()
    point = locale.localeconv()["decimal_point"]
    ok = encoding in ("utf-8", "utf8")
    text = f"files {encoding}, terminal {getattr(sys.stdout, 'encoding', None) or 'none'}, decimal point {point}"
    return Examined(name="locale", ok=ok, text=text, fix="" if ok else "set PYTHONUTF8=1")


def _writing(folder: Path) -> Examined:
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".radaudit-doctor-") as stream:
            stream.write(b"x")
        return Examined(name="write access", ok=True, text="the folder can be written")
    except OSError as error:
        return Examined(name="write access", ok=False, text=error.strerror or type(error).__name__, fix="work in a folder of your own")


def _disk(folder: Path) -> Examined:
    free = shutil.disk_usage(folder).free
    ok = free >= LEAST_FREE
    return Examined(name="disk", ok=ok, text=f"{free / (1 << 30):.1f} GiB free", fix="" if ok else "free a gibibyte")


def _study(folder: Path) -> Examined:
    from radaudit.edges.study_file import load_study
    from radaudit.errors import RadauditError

    if not (folder / "study.yaml").is_file():
        return Examined(name="study", ok=True, text="no study.yaml in this folder")
    try:
        plan = load_study(folder).plan
    except RadauditError as error:
        return Examined(
            name="study", ok=False, text=f"{len(error.problems)} problem(s), {error.code} first", fix="radaudit check tells each"
        )
    return Examined(name="study", ok=True, text=f"{plan.study}, plan {plan.digest[:12]}")


def _store(folder: Path) -> Examined:
    path = folder / "out" / "pool.duckdb"
    if not path.is_file():
        return Examined(name="store", ok=True, text="out/pool.duckdb is not there yet")
    import duckdb

    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.IOException as error:
        locked = "lock" in str(error).lower()
        text = "out/pool.duckdb is held by another program" if locked else "out/pool.duckdb cannot be opened"
        return Examined(name="store", ok=False, text=text, fix="close it there" if locked else "delete it; radaudit ingest makes it again")
    except duckdb.Error:
        return Examined(name="store", ok=False, text="out/pool.duckdb is damaged", fix="delete it; radaudit ingest makes it again")
    return Examined(name="store", ok=True, text=f"out/pool.duckdb opens (DuckDB {duckdb.__version__})")


def _tracking(folder: Path) -> Examined:
    import sqlite3

    stated = os.environ.get("MLFLOW_TRACKING_URI", "")
    if stated and not stated.startswith("sqlite:"):
        return Examined(name="tracking", ok=True, text="a server is stated by MLFLOW_TRACKING_URI; it was not called")
    path = folder / "mlruns" / "mlflow.db"
    if not path.is_file():
        return Examined(name="tracking", ok=True, text="mlruns/mlflow.db is not there yet")
    try:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            runs = base.execute("select count(*) from runs").fetchone()[0]
        finally:
            base.close()
    except sqlite3.Error as error:
        return Examined(name="tracking", ok=False, text=f"mlruns/mlflow.db: {error}", fix="move it away; the record is in out/ledger.jsonl")
    return Examined(name="tracking", ok=True, text=f"mlruns/mlflow.db opens, {runs} runs")


def _telemetry(_: Path) -> Examined:
    wanted = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GX_ANALYTICS_ENABLED": "false"}
    loud = [name for name, value in wanted.items() if os.environ.get(name, "").lower() != value]
    text = (
        f"not switched off: {', '.join(loud)}" if loud else "off: radaudit has none, that of MLflow and Great Expectations is switched off"
    )
    return Examined(name="telemetry", ok=not loud, text=text, fix="start it as radaudit doctor" if loud else "")


def _threads(_: Path) -> Examined:
    stated = ", ".join(f"{name.split('_')[0]} {os.environ.get(name, 'not set')}" for name in THREADS)
    return Examined(name="threads", ok=True, text=f"{os.cpu_count() or 1} processors; per library: {stated}")


def _clock(_: Path) -> Examined:
    from radaudit.edges.clock import utc_now
    from radaudit.errors import RadauditError

    try:
        fixed = " (fixed by SOURCE_DATE_EPOCH)" if os.environ.get("SOURCE_DATE_EPOCH") else ""
        return Examined(name="clock", ok=True, text=f"{utc_now()}{fixed}")
    except RadauditError as error:
        return Examined(name="clock", ok=False, text=error.what, fix=error.fix or "")
