"""How long the audit of someone else's claim takes: files in, signed dossier out, in a process of its own.

python benchmarks/audit.py [--patients 1000] [--features 2000] [--sites 4] [--runs 1]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd


def write_claim(folder: Path, patients: int, features: int, sites: int) -> None:
    """Write a claim: correlated features with site effects, z-scored on all rows, ten of them chosen on all rows."""
    rng = np.random.default_rng(1)
    latent = rng.normal(size=(patients, 40))
    x = latent @ rng.normal(size=(40, features)) / 6 + rng.normal(size=(patients, features))
    y = (latent[:, 0] + rng.normal(size=patients) > 0.5).astype(int)
    site = rng.integers(sites, size=patients)
    x += rng.normal(0, 0.3, size=(sites, features))[site]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    train = rng.random(patients) < 0.7
    ids = [f"PAT-{i:05d}" for i in range(patients)]
    strength = np.abs(x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0))
    best = np.argsort(-strength)[:10]
    z = x[:, best] @ np.sign(x[y == 1][:, best].mean(axis=0) - x[y == 0][:, best].mean(axis=0))
    risk = 1 / (1 + np.exp(-(z - z.mean()) / z.std()))
    names = [f"original_glcm_Feature{j}" if j % 2 else f"wavelet-LLH_firstorder_Feature{j}" for j in range(features)]
    frame = pd.DataFrame(x, columns=names).assign(patient_id=ids).set_index("patient_id")
    frame.to_csv(folder / "features.csv", float_format="%.8g")
    labels = [f"SITE{s}" for s in site]
    pd.DataFrame({"patient_id": ids, "hospital": labels, "relapse": y}).to_csv(folder / "clinical.csv", index=False)
    part = np.where(train, "training", "test")
    pd.DataFrame({"patient_id": ids, "set": part, "prob": risk}).to_csv(folder / "predictions.csv", index=False)
    pd.DataFrame({"feature": [names[j] for j in best]}).to_csv(folder / "signature.csv", index=False)
    (folder / "claim.txt").write_text("We claim an AUC of at least 0.70 in the test set. At the cut-off 0.5 the accuracy was 0.731.\n")


def main() -> None:
    """Print seconds, processor seconds and memory of each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("patients", 1000), ("features", 2000), ("sites", 4), ("runs", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        claim = Path(top) / "claim"
        claim.mkdir()
        write_claim(claim, given.patients, given.features, given.sites)
        size = sum(path.stat().st_size for path in claim.iterdir()) / 1e6
        print(f"{given.patients} patients x {given.features} features, {given.sites} sites, {size:.0f} MB")
        for run in range(given.runs):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            command = [sys.executable, "-m", "radaudit", "audit", str(claim), "--yes", "-C", str(Path(top) / f"audit{run}"), "-v"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            spent, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            verdict = next((line for line in done.stdout.splitlines() if line.startswith("VERDICT")), done.stderr[-600:])
            page = next((Path(top) / f"audit{run}" / "dossier").glob("*/dossier.html"), None)
            print(
                f"  {spent:6.1f} s wall  {cpu:6.1f} s processor  {after.ru_maxrss / 1e3:6.0f} MB  exit {done.returncode}  {verdict}"
                + (f"  page {page.stat().st_size / 1e6:.2f} MB" if page else "")
            )


if __name__ == "__main__":
    main()
