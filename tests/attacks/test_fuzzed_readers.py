"""The fuzzer of ``fuzz_readers.py``, for a few seconds in a process of its own with one gibibyte of memory."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzz_readers.py")


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed (Linux only)")
def test_no_input_the_fuzzer_makes_gives_a_traceback_hangs_or_leaves_a_file(tmp_path: Path) -> None:
    words = [sys.executable, str(SCRIPT), "--seconds", "6", "--seed", "20261128", "--keep", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = [line for line in done.stderr.splitlines() if line.startswith("read ")]
    assert said, done.stderr[-3000:]
    assert all(int(word) > 0 for word in said[-1].replace(",", "").split() if word.isdigit()), said[-1]
    assert not list(tmp_path.iterdir())
