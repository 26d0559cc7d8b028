"""What every test starts from: one thread for arithmetic, no telemetry, an example study that was run once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
for name, value in {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GX_ANALYTICS_ENABLED": "false"}.items():
    os.environ[name] = value

ROOT = Path(__file__).parents[1]
FIXED = {"SOURCE_DATE_EPOCH": "1790000000", "RADAUDIT_STUDY_KEY": "5a" * 32}


def run_radaudit(*arguments: str, folder: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a fresh process, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "radaudit", *arguments],
        cwd=folder or ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("RADAUDIT_")}, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example study, run through to a dossier once per worker, with clock and key stopped."""
    folder = tmp_path_factory.mktemp("demo") / "study"
    done = run_radaudit("demo", str(folder), env=FIXED)
    assert done.returncode in (0, 1, 5), done.stderr + done.stdout
    (folder.parent / "stdout.txt").write_text(done.stdout, encoding="utf-8")  # the pages of docs/ quote it
    return folder
