"""The whole default suite beside the same questions asked of every column: plain Great Expectations, and pandera.

    python benchmarks/checks.py [--grid small large] [--peer gx pandera]

Ours: the profiles of a table, then every shipped suite (columns, sites, ranges by definition, drift, charts) judged by Great Expectations.
Plain: four expectations per column (no missing value, range, two values at least, a standard deviation above nought) in Great Expectations,
and the same four in pandera, lazily, so that every column is judged. They ask less: neither sites, nor patients, nor copies, nor drift.
A peer that would take longer than ``--budget`` seconds is run on a part of the columns and scaled up; its row says so.
Every runner has a process of its own; the seconds leave out imports and the making of the table, the ratio is that of CPU seconds. Figures,
not a test.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GRIDS = {"small": (1_000, 2_000), "middle": (5_000, 2_000), "large": (50_000, 2_000)}
SITES = 10
PEERS = {"gx": "Great Expectations, plain", "pandera": "pandera"}
EACH = 0.006  # seconds a plain expectation of a column takes, for choosing the part


def names(p: int) -> list[str]:
    """Return ``p`` names of PyRadiomics: its features of the original and of filtered images."""
    import csv

    path = Path(__file__).parents[1] / "radaudit/tables/ibsi/features.csv"
    with path.open(encoding="utf-8") as stream:
        known = [(row["class"], row["name"]) for row in csv.DictReader(stream) if row["extractor"] == "pyradiomics"]
    filters = [
        "original",
        *(f"wavelet-{a}{b}{c}" for a in "LH" for b in "LH" for c in "LH"),
        *(f"log-sigma-{i}-0-mm-3D" for i in range(1, 40)),
    ]
    made = [f"{image}_{klass}_{name}" for image in filters for klass, name in known if klass != "shape2D"]
    return made[:p]


def values(n: int, features: list[str]) -> np.ndarray:
    """Return ``(n, p)`` values inside the ranges of their definitions."""
    rng = np.random.default_rng(1)
    x = rng.uniform(0.05, 0.95, size=(n, len(features)))
    x[:, [j for j, name in enumerate(features) if "Emphasis" in name or "Kurtosis" in name or "Disproportion" in name]] += 1.0
    x[:, [j for j, name in enumerate(features) if name.endswith("Imc1")]] *= -1.0
    x[:, [j for j, name in enumerate(features) if name.endswith("Compactness1")]] *= 0.05
    small = [j for j, name in enumerate(features) if "LowGray" in name or "Small" in name or "Short" in name]
    x[:, small] = rng.uniform(0.05, 0.95, size=(n, len(small)))
    return x


def ours(n: int, p: int) -> dict[str, float]:
    """Profile a table and judge it by every shipped suite."""
    from radaudit.checks.profile import profile
    from radaudit.checks.rules import CheckRules
    from radaudit.edges.expectations import run_suites, warm_up
    from radaudit.tables import FeatureTable, Roles
    from radaudit.tables.names import identities

    warm_up().join()
    features = names(p)
    table = FeatureTable.of(
        roles=Roles(patient="id", site="site"),
        patients=[f"P{i:06d}" for i in range(n)],
        features=features,
        values=values(n, features),
        outcome=(np.arange(n) % 3 == 0).astype(float),
        sites=[f"S{i % SITES}" for i in range(n)],
    )
    dictionary = identities(features, extractor="pyradiomics")
    started, busy = time.perf_counter(), time.process_time()
    profiles = profile(table, dictionary=dictionary)
    between = time.perf_counter()
    findings = run_suites(profiles, CheckRules())
    return {
        "wall": time.perf_counter() - started,
        "cpu": time.process_time() - busy,
        "profile": between - started,
        "answers": len(findings),
        "part": 1.0,
    }


def gx(n: int, p: int) -> dict[str, float]:
    """Judge every column by four column expectations of Great Expectations."""
    import os
    import warnings

    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    warnings.simplefilter("ignore")
    import great_expectations
    import great_expectations.expectations as gxe
    import pandas as pd

    features = names(p)
    frame = pd.DataFrame(values(n, features), columns=features)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    started, busy = time.perf_counter(), time.process_time()
    batch = (
        context.data_sources.add_pandas("p")
        .add_dataframe_asset("f")
        .add_batch_definition_whole_dataframe("w")
        .get_batch({"dataframe": frame})
    )
    asked = []
    for name in features:
        asked += [
            gxe.ExpectColumnValuesToNotBeNull(column=name),
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=-1, max_value=2),
            gxe.ExpectColumnUniqueValueCountToBeBetween(column=name, min_value=2),
            gxe.ExpectColumnStdevToBeBetween(column=name, min_value=1e-9),
        ]
    result = batch.validate(great_expectations.ExpectationSuite(name="plain", expectations=asked))
    if not result.success:
        raise SystemExit("the plain suite failed: the table is not what it should be")
    return {"wall": time.perf_counter() - started, "cpu": time.process_time() - busy, "answers": len(asked)}


def pandera(n: int, p: int) -> dict[str, float]:
    """Judge every column by the same four questions in pandera; runs in its own environment."""
    import pandas as pd
    import pandera.pandas as pa

    features = names(p)
    frame = pd.DataFrame(values(n, features), columns=features)
    started, busy = time.perf_counter(), time.process_time()
    checks = [pa.Check.in_range(-1, 2), pa.Check(lambda s: s.nunique() >= 2), pa.Check(lambda s: s.std() > 1e-9)]
    schema = pa.DataFrameSchema({name: pa.Column(float, checks, nullable=False) for name in features})
    schema.validate(frame, lazy=True)
    return {"wall": time.perf_counter() - started, "cpu": time.process_time() - busy, "answers": 4 * len(features)}


RUNNERS = {"ours": ours, "gx": gx, "pandera": pandera}


def measured(name: str, python: str, n: int, p: int) -> dict[str, float] | str:
    """Run one runner in a fresh process; return what it measured, or why it did not."""
    with tempfile.TemporaryDirectory() as place:
        words = [python, __file__, "--child", name, str(n), str(p), f"{place}/out.json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            return said[-1] if said else f"ended with {done.returncode}"
        return dict(json.loads(Path(place, "out.json").read_text()))


def main() -> None:
    """Print one table per grid."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--grid", nargs="*", default=["small", "large"], choices=list(GRIDS))
    parser.add_argument("--peer", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--budget", type=float, default=300.0, help="seconds a peer may take before it is run on a part")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        name, n, p, out = asked.child
        Path(out).write_text(json.dumps(RUNNERS[name](int(n), int(p))))
        return
    for grid in asked.grid:
        n, p = GRIDS[grid]
        print(f"\n{f'{n} rows, {p} features, {SITES} sites':<44}{'wall s':>9}{'CPU s':>9}{'/ ours':>8}", flush=True)
        base = measured("ours", sys.executable, n, p)
        if isinstance(base, str):
            raise SystemExit(base)
        print(f"{'radaudit, every shipped suite':<44}{base['wall']:>9.2f}{base['cpu']:>9.2f}{1.0:>8.1f}")
        print(f"{'  of which profiles':<44}{base['profile']:>9.2f}")
        for peer in asked.peer:
            print(row(peer, base, n, p, asked.budget), flush=True)


def row(peer: str, base: dict[str, float], n: int, p: int, budget: float) -> str:
    """Return the line of one peer."""
    from peers import interpreter

    python, reason = (Path(sys.executable), "") if peer == "gx" else interpreter(peer)
    if python is None:
        return f"{PEERS[peer]:<44}not run: {reason}"
    part = min(p, max(50, int(budget / (4 * EACH * max(1.0, n / 20_000)) // 50 * 50)))
    found = measured(peer, str(python), n, part)
    if isinstance(found, str):
        return f"{PEERS[peer]:<44}not run: {found}"
    scale = p / part
    label = PEERS[peer] + ("" if part == p else f" ({part} features x {scale:g})")
    return f"{label:<44}{found['wall'] * scale:>9.2f}{found['cpu'] * scale:>9.2f}{found['cpu'] * scale / base['cpu']:>8.1f}"


if __name__ == "__main__":
    main()
