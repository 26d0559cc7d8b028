"""Switches set before anything heavy is imported: no telemetry of any part, no bars and prompts of others, one thread per library."""

from __future__ import annotations

import os

SILENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_CONFIGURE_LOGGING": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "TQDM_DISABLE": "1",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def quieten() -> None:
    """Set the switches; telemetry is off whatever the environment says, threads are left as they are if the user set them.

    One thread, because sums that libraries split over threads differ in their last bits with the number of threads.
    """
    os.environ.update(SILENT)
    for name in THREADS:
        os.environ.setdefault(name, "1")
