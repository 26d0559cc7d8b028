"""Fit and apply: CPU seconds, wall seconds and peak extra memory of radaudit and its peers, next to ``X.copy() + X.mean(0)``.

    python benchmarks/harmonise.py [--grid small|middle|large ...] [--peer NAME ...]

Every measurement runs in a fresh process on one thread, on the same table with the same two covariates, and takes the best of some
repetitions; memory is the peak of the first one. A peer that cannot share this environment runs in ``.peers/<name>`` (peers.py makes it).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

GRIDS = {"small": (500, 1000, 5), "middle": (2000, 2000, 10), "large": (20000, 2000, 20)}
REPEATS = {"small": 20, "middle": 7, "large": 3}
OURS = ("floor", "radaudit", "radaudit in place", "radaudit kernel", "radaudit kernel in place")
PEERS = ("neuroCombat", "neuroHarmonize", "combatlearn", "inmoose", "pycombat")


def table(n, p, batches):
    import numpy as np

    rng = np.random.default_rng(0)
    x = np.empty((n, p))
    for start in range(0, n, 500):
        x[start : start + 500] = rng.standard_normal((len(x[start : start + 500]), p))
    code = rng.permutation(np.arange(n) % batches)
    for start in range(0, n, 500):
        x[start : start + 500] += 0.1 * code[start : start + 500, None]
    return x, np.array([f"site{c:02d}" for c in code]), rng.normal(60, 10, n), rng.choice(["F", "M"], n)


def floor(x, batch, age, sex):
    return lambda: (x.copy(), x.mean(0))


def _radaudit(x, batch, age, sex, in_place, kernel):
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    options = {}
    if kernel:
        from radaudit.harmonise.kernel import load

        options = {"kernel": load()}
    features, covariates, labels = [f"f{j}" for j in range(x.shape[1])], {"age": age, "sex": sex}, batch.tolist()

    def run():
        effects = fit_combat(measure(x, labels, covariates, features=features, **options))
        return effects.apply(x, labels, covariates, out=x if in_place else None, **options)

    return run


def neurocombat(x, batch, age, sex):
    import pandas as pd
    from neuroCombat import neuroCombat

    frame = pd.DataFrame({"batch": batch, "age": age, "sex": sex})
    return lambda: neuroCombat(dat=x.T, covars=frame, batch_col="batch", categorical_cols=["sex"], continuous_cols=["age"])


def neuroharmonize(x, batch, age, sex):
    import pandas as pd
    from neuroHarmonize import harmonizationLearn

    frame = pd.DataFrame({"SITE": batch, "age": age, "sex": (sex == "M").astype(float)})
    return lambda: harmonizationLearn(x, frame)


def combatlearn(x, batch, age, sex):
    import pandas as pd
    from combatlearn import ComBat

    data = pd.DataFrame(x, columns=[f"f{j}" for j in range(x.shape[1])])
    sites = pd.Series(batch)
    cat, cont = pd.DataFrame({"sex": sex}), pd.DataFrame({"age": age})
    return lambda: ComBat(batch=sites, discrete_covariates=cat, continuous_covariates=cont, method="fortin").fit_transform(data)


def inmoose(x, batch, age, sex):
    import pandas as pd
    from inmoose.pycombat import pycombat_norm

    counts = pd.DataFrame(x.T)
    frame = pd.DataFrame({"batch": batch, "sex": sex, "age": age})
    return lambda: pycombat_norm(counts, batch.tolist(), covar_mod=frame[["sex"]].assign(age=age))


def pycombat(x, batch, age, sex):
    import numpy as np
    from pycombat import Combat

    covariates = np.column_stack([age, (sex == "M").astype(float)])
    code = np.unique(batch, return_inverse=True)[1]
    return lambda: Combat().fit_transform(Y=x, b=code, C=covariates)


RUNNERS: dict[str, Callable] = {
    "floor": floor,
    "radaudit": lambda *a: _radaudit(*a, in_place=False, kernel=False),
    "radaudit in place": lambda *a: _radaudit(*a, in_place=True, kernel=False),
    "radaudit kernel": lambda *a: _radaudit(*a, in_place=False, kernel=True),
    "radaudit kernel in place": lambda *a: _radaudit(*a, in_place=True, kernel=True),
    "neuroCombat": neurocombat,
    "neuroHarmonize": neuroharmonize,
    "combatlearn": combatlearn,
    "inmoose": inmoose,
    "pycombat": pycombat,
}


def version(name: str) -> str:
    """Return the version of a peer's distribution, nothing for a runner of ours."""
    import importlib.metadata

    return importlib.metadata.version(name) if name in PEERS else ""


def memory(field: str) -> int:
    """Return VmRSS or VmHWM of this process in bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0


def child(name: str, grid: str) -> None:
    """Measure one runner and print JSON: best CPU and wall seconds, peak extra memory of the first call after a warm-up on few rows."""
    import contextlib
    import io

    x, batch, age, sex = table(*GRIDS[grid])
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet):
        warm = min(len(x), 500)
        RUNNERS[name](x[:warm, :50].copy(), batch[:warm], age[:warm], sex[:warm])()
        run = RUNNERS[name](x, batch, age, sex)
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        best_cpu = best_wall = float("inf")
        extra = None
        for _ in range(REPEATS[grid]):
            cpu, wall = time.process_time(), time.perf_counter()
            result = run()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if extra is None:
                extra = memory("VmHWM") - before
            del result
            best_cpu, best_wall = min(best_cpu, cpu), min(best_wall, wall)
            if cpu > 2:
                break
    print(json.dumps({"cpu": best_cpu, "wall": best_wall, "extra": extra / x.nbytes, "version": version(name)}))


def measure(name: str, grid: str, python: str) -> dict[str, float] | str:
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    root = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [python, __file__, "--child", name, grid],
        capture_output=True,
        text=True,
        env={**os.environ, **threads, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, found: dict | str, base: dict, ours: dict) -> str:
    """Return one line of the table."""
    if isinstance(found, str):
        return f"  {name:<26} not run: {found}"
    label = f"{name} {found['version']}".strip()
    seconds = f"{found['cpu']:10.4f}{found['cpu'] / base['cpu']:9.1f}{found['wall']:10.4f}{found['wall'] / base['wall']:9.1f}"
    return f"  {label:<26}{seconds}{found['extra']:11.2f}{found['cpu'] / ours['cpu']:13.1f}"


def interpreters(peers: list[str]) -> dict[str, tuple[object, str]]:
    """Return for every runner its interpreter, or None and why."""
    from peers import NAMES, interpreter

    return dict.fromkeys(OURS, (sys.executable, "")) | {
        name: interpreter(name) if name in NAMES else (sys.executable, "") for name in peers
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", nargs="*", default=list(GRIDS), choices=list(GRIDS))
    parser.add_argument("--peer", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    runners = interpreters(given.peer)
    for grid in given.grid:
        n, p, batches = GRIDS[grid]
        head = f"{n} x {p} x {batches}, two covariates"
        print(f"\n{head:<28}{'CPU s':>10}{'/ floor':>9}{'wall s':>10}{'/ floor':>9}{'extra / X':>11}{'CPU / ours':>13}", flush=True)
        base = ours = None
        for name, (python, reason) in runners.items():
            found = measure(name, grid, str(python)) if python else reason
            if name in OURS[:2] and isinstance(found, str):
                raise SystemExit(f"{name}: {found}")
            base, ours = base or found, found if name in OURS[:2] else ours
            print(row(name, found, base, ours), flush=True)
    print("\nfloor: X.copy() and X.mean(0), the least that reads and writes every cell; ours: radaudit in numpy, as users get it")


if __name__ == "__main__":
    main()
