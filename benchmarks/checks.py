"""Check a wide table: seconds for the profiles, the questions and Great Expectations, beside a single pass of numpy over the cells.

    python benchmarks/checks.py [--rows 5000] [--features 1000] [--sites 10]

The budget of ``radaudit check`` for 5,000 rows of 1,000 features is 10 s, importing Great Expectations included. Figures, not a test.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from radaudit.checks.ask import ask
from radaudit.checks.profile import profile
from radaudit.checks.rules import CheckRules
from radaudit.tables import FeatureTable, Roles


def timed(name: str, work: Callable[[], object]) -> object:
    """Run ``work``, print its seconds, return what it returns."""
    started = time.perf_counter()
    result = work()
    print(f"{name:<44}{time.perf_counter() - started:>8.2f} s")
    return result


def made(rows: int, features: int, sites: int) -> FeatureTable:
    """Return a table of log-normal features, one cell in a hundred missing."""
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=(rows, features))
    values[rng.random(values.shape) < 0.01] = np.nan
    return FeatureTable.of(
        roles=Roles(patient="id", site="site"),
        patients=[f"P{i:06d}" for i in range(rows)],
        features=[f"feature_{j}" for j in range(features)],
        values=values,
        outcome=(rng.random(rows) < 0.3).astype(float),
        sites=[f"S{i % sites}" for i in range(rows)],
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("--rows", 5000), ("--features", 1000), ("--sites", 10)):
        parser.add_argument(name, type=int, default=default)
    asked = parser.parse_args()
    table = made(asked.rows, asked.features, asked.sites)
    print(f"{asked.rows} rows, {asked.features} features, {asked.sites} sites")
    timed("numpy: minimum and maximum of every feature", lambda: (np.nanmin(table.values, axis=0), np.nanmax(table.values, axis=0)))
    profiles = timed("profiles", lambda: profile(table))
    timed("questions", lambda: ask(table, profiles=profiles))  # type: ignore[arg-type]

    def judge() -> object:
        from radaudit.edges.expectations import run_suites

        return run_suites(profiles, CheckRules())  # type: ignore[arg-type]

    timed("Great Expectations, first (imports it)", judge)
    timed("Great Expectations, again", judge)


if __name__ == "__main__":
    main()
