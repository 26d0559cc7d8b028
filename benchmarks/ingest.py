"""Ingest of a CSV table against the readers of pandas, pyarrow, polars and DuckDB: wall time, peak memory, and what each does.

    python benchmarks/ingest.py [--large] [--repeats 3]

Every contestant runs in a fresh process on the same file (written once into a temporary folder); the best of the repeats counts.
``read_table`` is our reader: encoding, dialect, every record measured, every cell accounted for. ``read_study`` goes on to the joined
FeatureTable with its content digest and source digest; ``+ store`` also writes the DuckDB file and the Parquet copy. The others only
parse. Figures, not a test.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIZES = ((500, 2000), (5000, 2000))
LARGE = ((20000, 2000), (2000, 20000))
CONTESTANTS = ("pandas C", "pandas pyarrow", "pyarrow", "polars", "duckdb", "read_table", "read_study", "read_study + store")
STUDY = """\
schema: radaudit/study/1
study: bench
tables: {features: features.csv}
roles: {subject: patient, site: site, outcome: {column: outcome, event: "1"}}
split: {test: {by: random, fraction: 0.3}}
"""


def write_csv(path: Path, rows: int, columns: int) -> None:
    """Write a table of float64 values with 17 digits, an id, a site and an outcome."""
    rng = np.random.default_rng([rows, columns])
    names = [f"original_glcm_Feature{j:05d}" for j in range(columns)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(["patient", "site", "outcome", *names]) + "\n")
        for i in range(rows):
            cells = ",".join(map(repr, (rng.standard_normal(columns) * 100).tolist()))
            stream.write(f"P{i:06d},S{i % 5},{i % 2},{cells}\n")


def parse(name: str, path: Path) -> object:
    """Run one contestant; imports are not counted."""
    started = time.perf_counter

    def timed(work):  # type: ignore[no-untyped-def]
        begin = started()
        kept = work()
        return started() - begin, kept

    if name in ("pandas C", "pandas pyarrow"):
        import pandas as pd

        return timed(lambda: pd.read_csv(path, engine="c" if name == "pandas C" else "pyarrow"))
    if name == "pyarrow":
        from pyarrow import csv

        return timed(lambda: csv.read_csv(path))
    if name == "polars":
        import polars as pl

        return timed(lambda: pl.read_csv(path))
    if name == "duckdb":
        import duckdb

        return timed(lambda: duckdb.sql(f"create table t as select * from read_csv('{path}')"))
    return timed(_ours(name, path))


def _ours(name: str, path: Path):  # type: ignore[no-untyped-def]
    import pandas  # noqa: F401

    from radaudit.edges.duckdb import Store
    from radaudit.edges.intake import read_study
    from radaudit.edges.readers.formats.raw import ReadOptions
    from radaudit.edges.readers.registry import read_table
    from radaudit.edges.study_file import load_study

    if name == "read_table":
        text = {"patient", "site", "outcome"}
        return lambda: read_table(path, ReadOptions(text=text.__contains__))
    plan = load_study(path.parent / "study.yaml").plan
    if name == "read_study":
        return lambda: read_study(plan, path.parent)
    return lambda: Store(path.parent / "pool.duckdb").write(read_study(plan, path.parent))


def contest(name: str, path: Path, repeats: int) -> tuple[float, float] | None:
    """Return seconds and MB of the best run in fresh processes, None if the contestant is not installed."""
    best: tuple[float, float] | None = None
    for _ in range(repeats):
        run = subprocess.run([sys.executable, __file__, "--one", name, str(path)], capture_output=True, text=True, check=False)
        if run.returncode:
            if "ModuleNotFoundError" not in run.stderr:
                print(run.stderr[-400:], file=sys.stderr)
            return best
        found = json.loads(run.stdout.splitlines()[-1])
        best = min(best, (found["s"], found["mb"])) if best else (found["s"], found["mb"])
    return best


def main() -> None:
    """Print one table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=2)
    asked = parser.parse_args()
    if asked.one:
        seconds, _kept = parse(asked.one[0], Path(asked.one[1]))  # type: ignore[misc]
        print(json.dumps({"s": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    for rows, columns in SIZES + (LARGE if asked.large else ()):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "features.csv"
            write_csv(path, rows, columns)
            (Path(folder) / "study.yaml").write_text(STUDY, encoding="utf-8")
            print(f"\n{rows} x {columns}  ({path.stat().st_size / 1e6:.0f} MB, matrix {rows * columns * 8 / 1e6:.0f} MB)")
            fastest = None
            for name in CONTESTANTS:
                found = contest(name, path, asked.repeats)
                if found is None:
                    print(f"  {name:<20} not installed")
                    continue
                fastest = min(fastest, found[0]) if fastest else found[0]
                print(f"  {name:<20} {found[0]:7.2f} s  {found[1]:7.0f} MB  {found[0] / fastest:5.2f} x the fastest so far", flush=True)


if __name__ == "__main__":
    main()
