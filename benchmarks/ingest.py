"""Ingest of a CSV table against the readers of pandas, pyarrow, polars and DuckDB: wall time, CPU time, memory, and what each does.

    python benchmarks/ingest.py [--large] [--repeats 3]

Every contestant runs in a fresh process on the same file (written once into a temporary folder); the best of the repeats counts.
``read_table`` is our reader: encoding, dialect, every record measured, every cell accounted for. ``+ account`` also makes the account
of every feature column as a study does, ``+ digest`` also takes the SHA-256 of the file. ``read_study`` goes on to the joined FeatureTable
with its content digest; ``+ store`` also writes the DuckDB file and the Parquet copy. The others only parse. The ratio is to the fastest
of pandas with the pyarrow engine, polars and DuckDB; memory is what the process took above its imports, as a multiple of the matrix.
polars runs in its own environment (``python benchmarks/peers.py polars``). Figures, not a test.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = ((500, 2000), (5000, 2000))
LARGE = ((50000, 2000), (5000, 20000))
PEERS = ("pandas pyarrow", "polars", "duckdb")
CONTESTANTS = (
    *PEERS,
    "pandas C",
    "pyarrow",
    "read_table",
    "read_table + account",
    "read_table + account + digest",
    "read_study",
    "read_study + store",
)
QUICK = (*PEERS, "read_table", "read_table + account", "read_table + account + digest")
MOST_SECONDS = 300
DIFFERENT_ROWS = 400
TEXT = {"patient", "site", "outcome"}
STUDY = """\
schema: radaudit/study/1
study: bench
tables: {features: features.csv}
roles: {subject: patient, site: site, outcome: {column: outcome, event: "1"}}
split: {test: {by: random, fraction: 0.3}}
"""


def write_csv(path: Path, rows: int, columns: int, digits: int = 17) -> None:
    """Write a table of numbers with an id, a site and an outcome; fewer digits than 17 are drawn from 400 different rows."""
    draw = random.Random(rows * columns)
    names = [f"original_glcm_Feature{j:05d}" for j in range(columns)]

    def cells() -> str:
        values = [draw.gauss(0, 100) for _ in range(columns)]
        return ",".join(map(repr, values) if digits == 17 else [f"{value:.{digits}g}" for value in values])

    different = None if digits == 17 else [cells() for _ in range(min(rows, DIFFERENT_ROWS))]
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(["patient", "site", "outcome", *names]) + "\n")
        for i in range(rows):
            line = different[draw.randrange(len(different))] if different else cells()
            stream.write(f"P{i:06d},S{i % 5},{i % 2},{line}\n")


def parse(name: str, path: Path) -> dict[str, float]:
    """Run one contestant and return seconds, CPU seconds and MB above its imports, which are not counted."""
    work = _peer(name, path) or _ours(name, path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, cpu = time.perf_counter(), time.process_time()
    kept = work()
    found = {"s": time.perf_counter() - begin, "cpu": time.process_time() - cpu}
    del kept
    return found | {"mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}


def _peer(name: str, path: Path):  # type: ignore[no-untyped-def]
    if name in ("pandas C", "pandas pyarrow"):
        import pandas as pd
        import pyarrow.csv  # noqa: F401

        return lambda: pd.read_csv(path, engine="c" if name == "pandas C" else "pyarrow")
    if name == "pyarrow":
        from pyarrow import csv

        return lambda: csv.read_csv(path)
    if name == "polars":
        import polars as pl

        return lambda: pl.read_csv(path)
    if name == "duckdb":
        import duckdb

        connection = duckdb.connect()
        return lambda: connection.execute(f"create table t as select * from read_csv('{path}')")
    return None


def _ours(name: str, path: Path):  # type: ignore[no-untyped-def]
    import pyarrow.compute  # noqa: F401

    from radaudit.digests import file_digest
    from radaudit.edges.readers.formats.raw import ReadOptions
    from radaudit.edges.readers.registry import read_table
    from radaudit.tables.cells import stored

    if name.startswith("read_table"):

        def work():  # type: ignore[no-untyped-def]
            table = read_table(path, ReadOptions(text=TEXT.__contains__))
            account = [stored(column.numbers) for column in table.columns if column.values is not None] if "account" in name else []
            return table, account, file_digest(path) if "digest" in name else ""

        return work
    from radaudit.edges.duckdb import Store
    from radaudit.edges.intake import read_study
    from radaudit.edges.study_file import load_study

    plan = load_study(path.parent / "study.yaml").plan
    if name == "read_study":
        return lambda: read_study(plan, path.parent)
    return lambda: Store(path.parent / "pool.duckdb").write(read_study(plan, path.parent))


def contest(name: str, path: Path, repeats: int) -> dict[str, float] | str:
    """Return seconds, CPU seconds and MB of the best run in fresh processes, or why there is none."""
    from peers import interpreter

    python, reason = interpreter("polars") if name == "polars" else (Path(sys.executable), "")
    if python is None:
        return reason
    best: dict[str, float] | None = None
    for _ in range(repeats):
        words = [str(python), __file__, "--one", name, str(path)]
        try:
            run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            return f"more than {MOST_SECONDS} s"
        if run.returncode:
            return (run.stderr.strip().splitlines() or ["killed"])[-1][:90]
        found = json.loads(run.stdout.splitlines()[-1])
        best = found if best is None or found["s"] < best["s"] else best
    return best or "no run"


def table(path: Path, contestants: tuple[str, ...], matrix: float, repeats: int) -> None:
    """Print one line per contestant."""
    print(f"  {'':<30}{'wall s':>8}{'CPU s':>8}{'/ fastest':>11}{'MB':>8}{'/ matrix':>10}")
    fastest: float | None = None
    for name in contestants:
        found = contest(name, path, repeats)
        if isinstance(found, str):
            print(f"  {name:<30} not run: {found}", flush=True)
            continue
        if name in PEERS:
            fastest = min(fastest or found["s"], found["s"])
        ratio = f"{found['s'] / fastest:11.2f}" if fastest and name not in PEERS else f"{'':>11}"
        print(f"  {name:<30}{found['s']:8.2f}{found['cpu']:8.2f}{ratio}{found['mb']:8.0f}{found['mb'] / matrix:10.2f}", flush=True)


def main() -> None:
    """Print one table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=None)
    parser.add_argument("--one", nargs=2)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(parse(asked.one[0], Path(asked.one[1]))))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    for rows, columns in LARGE if asked.large else SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "features.csv"
            write_csv(path, rows, columns, digits=6 if asked.large else 17)
            (Path(folder) / "study.yaml").write_text(STUDY, encoding="utf-8")
            matrix = rows * columns * 8 / 1e6
            print(f"\n{rows} x {columns}  ({path.stat().st_size / 1e6:.0f} MB, matrix {matrix:.0f} MB)")
            table(path, tuple(asked.only or (QUICK if asked.large else CONTESTANTS)), matrix, 1 if asked.large else asked.repeats)


if __name__ == "__main__":
    main()
