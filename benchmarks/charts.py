"""How often the control charts of ``radaudit check`` find a step, and how often they cry without one.

    python benchmarks/charts.py [--series 20000]

Normal series, a baseline of 50 scans, CUSUM with k = 0.5 and h = 4.77. The Monte Carlo error of a share of 20,000 series is at most 0.7
points. Below: sites of 60 features that share 10 factors, as ``radaudit check`` judges them (half of the features within 20 scans).
Figures, not a test.
"""

from __future__ import annotations

import argparse

import numpy as np

from radaudit.checks.charts import BASELINE, chart, chart_lines
from radaudit.checks.rules import CheckRules

STEPS = (0.5, 1.0, 1.5, 2.0)
WITHIN = (10, 20, 40)
LONG = (50, 100, 200)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--sites", type=int, default=300)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    print(f"{'one feature, step in SD':<36}" + "".join(f"{f'within {n}':>12}" for n in WITHIN))
    for step in STEPS:
        x = rng.normal(size=(BASELINE + max(WITHIN), asked.series))
        x[BASELINE:] += step
        first = chart(x).first
        shares = [float(((first >= 0) & (first < BASELINE + n)).mean()) for n in WITHIN]
        print(f"{step:<36}" + "".join(f"{share:>12.1%}" for share in shares))
    first = chart(rng.normal(size=(BASELINE + max(LONG), asked.series))).first
    print(f"{'no step: alarm within':<36}" + "".join(f"{n:>12}" for n in LONG))
    print(f"{'':<36}" + "".join(f"{float(((first >= 0) & (first < BASELINE + n)).mean()):>12.1%}" for n in LONG))
    limit = CheckRules().chart_share
    print(f"\n{'a site of 60 features, told':<36}{'share':>12}")
    for label, moved, step in (
        ("in control, 200 scans", 0, 0.0),
        ("40 features by 1 SD", 40, 1.0),
        ("60 features by 1 SD", 60, 1.0),
        ("40 by 1.5 SD", 40, 1.5),
    ):
        told = 0
        for _ in range(asked.sites):
            values = rng.normal(size=(200, 10)) @ rng.normal(size=(10, 60)) / np.sqrt(10) + rng.normal(size=(200, 60))
            values /= values[:120].std(axis=0)
            values[120:, :moved] += step * rng.choice([-1, 1], size=moved)
            told += float(chart_lines(values, ["A"] * 200, list(range(200)))[0]["share"]) > limit  # type: ignore[arg-type]
        print(f"{label:<36}{told / asked.sites:>12.1%}")


if __name__ == "__main__":
    main()
