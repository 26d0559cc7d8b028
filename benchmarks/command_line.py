"""Start of the command line: median wall time of a fresh process per command, beside an empty Python.

    python benchmarks/command_line.py [--repeats 11]

The budget is 300 ms for ``radaudit --help``. Figures, not a test.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

COMMANDS = (
    ("python -c pass", ["-c", "pass"]),
    ("radaudit --version", ["-m", "radaudit", "--version"]),
    ("radaudit --help", ["-m", "radaudit", "--help"]),
    ("radaudit check --help", ["-m", "radaudit", "check", "--help"]),
    ("radaudit explain LEAK-003", ["-m", "radaudit", "explain", "LEAK-003"]),
    ("radaudit explain LEAK-003 --json", ["-m", "radaudit", "explain", "LEAK-003", "--json"]),
)


def once(arguments: list[str]) -> float:
    """Return the seconds one fresh process takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=11)
    repeats = parser.parse_args().repeats
    print(f"{'command':<36}{'median ms':>10}{'worst ms':>10}")
    for name, arguments in COMMANDS:
        once(arguments)
        times = [1000 * once(arguments) for _ in range(repeats)]
        print(f"{name:<36}{statistics.median(times):>10.0f}{max(times):>10.0f}")


if __name__ == "__main__":
    main()
