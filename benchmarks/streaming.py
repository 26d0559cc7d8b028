"""Moments of a Parquet table larger than memory: seconds and peak memory next to a plain scan with pyarrow, and the fit's equality.

    python benchmarks/streaming.py [--rows 2000000] [--features 500] [--sites 20] [--folder DIR] [--threads 2]

Writes rows x features float32 with a site and two covariates into a temporary folder (4 GB as it stands, removed afterwards) and
measures each way in a fresh process, with the file out of the page cache (cold) and in it (warm), against the same record batches
read by pyarrow and dropped, with its own settings and with ours (lean: no read-ahead of row groups). A part of the rows is fitted
in memory too, for the difference.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GROUP = 65_536
CHECKED = 100_000
WAYS = ("scan", "lean scan", "radaudit")


def write(path: Path, rows: int, features: int, sites: int) -> None:
    """Write the table in row groups; one block of noise is reused, shifted, so that writing takes seconds."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    noise = rng.standard_normal((features, GROUP + 4096), dtype=np.float32)
    names = [f"f{j}" for j in range(features)]
    labels = np.array([f"site{s:02d}" for s in range(sites)])
    writer = None
    for number, start in enumerate(range(0, rows, GROUP)):
        n = min(GROUP, rows - start)
        code, shift = rng.integers(0, sites, n), number * 131 % 4096
        effect = 0.05 * code.astype(np.float32)
        table = pa.table(
            {
                "site": labels[code],
                "age": rng.normal(60, 10, n),
                "sex": rng.choice(["F", "M"], n),
                **{name: 10 + effect + noise[j, shift : shift + n] for j, name in enumerate(names)},
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="NONE", use_dictionary=["site", "sex"])
        writer.write_table(table, row_group_size=GROUP)
    if writer is not None:
        writer.close()


def layout(features: int):
    from radaudit.edges.record_batches import Layout

    return Layout(batch=("site",), covariates=("age", "sex"), features=tuple(f"f{j}" for j in range(features)))


def child(way: str, path: Path, features: int, rows: int) -> None:
    """Run one way and print its seconds and peak memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from radaudit.edges.streaming import BUFFER, moments_of_parquet
    from radaudit.harmonise.combat import fit_combat

    pa.set_cpu_count(int(os.environ["RADAUDIT_BENCHMARK_THREADS"]))
    wall, cpu, cells = time.perf_counter(), time.process_time(), 0
    if way != "radaudit":
        settings = {"buffer_size": BUFFER, "pre_buffer": False} if way == "lean scan" else {}
        for batch in pq.ParquetFile(path, **settings).iter_batches(batch_size=rows):
            cells += batch.num_rows * features
    else:
        moments = moments_of_parquet(path, layout(features), rows=rows)
        fit_combat(moments)
        cells = moments.rows * features
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak / 1024, "cells": cells}))


def measured(way: str, path: Path, features: int, rows: int, threads: int) -> dict[str, float]:
    own = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RADAUDIT_BENCHMARK_THREADS": str(threads)}
    root = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = [sys.executable, __file__, "--child", way, str(path), str(features), str(rows)]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **own, "PYTHONPATH": root}, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def forget(path: Path) -> None:
    """Take the file out of the page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def difference(path: Path, features: int) -> float:
    """Return the largest difference of any parameter between the streamed and the in-memory fit of the first row groups."""
    import numpy as np
    import pyarrow.parquet as pq

    from radaudit.edges.record_batches import learn_coding
    from radaudit.edges.streaming import moments_of_batches, scan
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    own, file = layout(features), pq.ParquetFile(path)
    groups = list(range(min(file.metadata.num_row_groups, -(-CHECKED // GROUP))))
    coding = learn_coding(scan(path, own, groups=groups), own)
    streamed = fit_combat(moments_of_batches(scan(path, own, groups=groups), own, coding))
    table = file.read_row_groups(groups)
    x = np.column_stack([table[name].to_numpy() for name in own.features])
    held = measure(x, table["site"].to_pylist(), {c: table[c].to_pylist() for c in own.covariates}, features=own.features)
    fit = fit_combat(held)
    names = ("gamma", "delta", "grand_mean", "pooled_sd", "coefficients")
    return max(float(np.abs(getattr(streamed, name) - getattr(fit, name)).max()) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16_384, help="rows of a record batch")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        way, path, features, rows = given.child
        child(way, Path(path), int(features), int(rows))
        return
    need = given.rows * given.features * 4
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if shutil.disk_usage(folder).free < 1.5 * need:
            raise SystemExit(f"{need / 1e9:.1f} GB do not fit: --rows fewer, or --folder elsewhere")
        path = Path(folder) / "table.parquet"
        started = time.perf_counter()
        write(path, given.rows, given.features, given.sites)
        seconds = time.perf_counter() - started
        print(
            f"\n{given.rows:,} x {given.features} float32, {given.sites} sites, two covariates: {path.stat().st_size / 1e9:.2f} GB", end=""
        )
        print(f" written in {seconds:.0f} s; {given.threads} thread(s) decode, two record batches are measured at a time")
        print(f"{'':14}{'wall s':>10}{'/ best':>8}{'CPU s':>8}{'peak MiB':>10}")
        for cache in ("cold", "warm"):
            scans = []
            for way in WAYS:
                if cache == "cold":
                    forget(path)
                found = measured(way, path, given.features, given.batch, given.threads)
                scans += [found["wall"]] if way != "radaudit" else []
                times = found["wall"] / min(scans)
                print(f"{cache} {way:<10}{found['wall']:9.1f}{times:8.2f}{found['cpu']:8.1f}{found['peak_mib']:10.0f}", flush=True)
        print(f"largest difference of a parameter to the fit in memory, the first row groups: {difference(path, given.features):.1e}")


if __name__ == "__main__":
    main()
