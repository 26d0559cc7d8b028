"""Speed of the measures next to the loops people write, and the coverage of their intervals by simulation.

    python benchmarks/measures.py [speed] [coverage] [--studies 2000]

Prints tables; nothing is asserted and nothing is timed in the test suite.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from radaudit.measures.auc_resampling import auc_bootstrap, auc_permutation
from radaudit.measures.calibration import calibration_bootstrap, calibration_slope
from radaudit.measures.discrimination import auc_estimate, delong
from radaudit.measures.pooling import expit_estimate, logit_of_auc, pool, predict_auc_with_prior
from radaudit.measures.reliability import icc, icc_table
from radaudit.measures.roc import roc_band
from radaudit.measures.siteeffect import site_effect, site_only_auc, within_site_auc
from radaudit.measures.siteprobe import site_probe


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of some wall times in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def sklearn_bootstrap(y: np.ndarray, s: np.ndarray, resamples: int) -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    for _ in range(resamples):
        picked = rng.integers(0, y.size, y.size)
        roc_auc_score(y[picked], s[picked])


def speed() -> None:
    """Print seconds of each measure, and of scikit-learn in a loop where there is one."""
    rng = np.random.default_rng(0)
    y = rng.random(1000) < 0.3
    s = rng.normal(size=1000) + y
    risk = 1 / (1 + np.exp(-s))
    many = rng.random(100_000) < 0.3
    two = [rng.normal(size=many.size) + many for _ in range(2)]
    x, site = rng.normal(size=(200, 1000)), rng.integers(0, 5, 200)
    loop = best(lambda: sklearn_bootstrap(y, s, 100), 2) * 20
    rows = [
        ("2,000 bootstraps of the AUC, n = 1,000: scikit-learn loop (from 100)", loop),
        ("2,000 bootstraps of the AUC, n = 1,000", best(lambda: auc_bootstrap(y, s, resamples=2000, rng=rng))),
        ("the same, BCa", best(lambda: auc_bootstrap(y, s, resamples=2000, rng=rng, interval="bca"))),
        ("ROC band, 2,000 resamples, n = 1,000", best(lambda: roc_band(y, s, resamples=2000, rng=rng))),
        ("2,000 permutations of the AUC, n = 1,000", best(lambda: auc_permutation(y, s, permutations=2000, rng=rng))),
        (
            "calibration, 2,000 bootstraps of five measures, n = 1,000",
            best(lambda: calibration_bootstrap(y, risk, resamples=2000, rng=rng), 2),
        ),
        ("DeLong of two models with covariance, n = 100,000", best(lambda: delong(many, two))),
        ("site effect of 1,000 features, n = 200", best(lambda: site_effect(x, site))),
        ("site effect by ranks of 1,000 features, n = 200", best(lambda: site_effect(x, site, scale="ranks"))),
        ("site probe, 1,000 features, n = 200, 200 permutations", best(lambda: site_probe(x, site, rng=rng))),
        ("ICC(2,1) with intervals of 1,000 features, 40 by 2", best(lambda: icc_table(rng.normal(size=(40, 2, 1000))))),
    ]
    print("| what | seconds |\n|---|---|")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.4f} |")
    print(f"| bootstrap against the loop | {loop / rows[1][1]:.0f} x |")


def coverage(studies: int) -> None:
    """Print how often nominal 95 % intervals hold the truth."""
    from scipy.special import ndtr

    rng = np.random.default_rng(0)
    held: dict[str, list[bool]] = {}

    def note(name: str, low: float | None, high: float | None, truth: float) -> None:
        held.setdefault(name, []).append(low is not None and high is not None and low <= truth <= high)

    for n, share, gap in ((50, 0.3, 0.8), (100, 0.3, 0.8), (200, 0.2, 1.5)):
        truth = float(ndtr(gap / 2**0.5))
        for _ in range(studies):
            y = np.arange(n) < share * n
            s = rng.normal(size=n) + gap * y
            for scale in ("logit", "plain", "newcombe"):
                found = auc_estimate(y, s, scale=scale)
                note(f"AUC {truth:.2f}, n = {n}, {scale}", found.low, found.high, truth)
    for n in (100, 300):
        for _ in range(studies):
            score = rng.normal(-0.5, 1.2, n)
            y = rng.random(n) < 1 / (1 + np.exp(-score))
            for bounds in ("wald", "profile") if n == 100 else ("wald",):
                found = calibration_slope(y, 1 / (1 + np.exp(-score)), bounds=bounds)
                note(f"calibration slope, n = {n}, {bounds}", found.low, found.high, 1.0)
    for n in (20, 40):
        for _ in range(studies):
            found = icc(3**0.5 * rng.normal(size=(n, 1)) + rng.normal(size=(n, 2)), "ICC(1,1)")
            note(f"ICC(1,1) = 0.75, {n} by 2", found.low, found.high, 0.75)
    _sites(studies, rng, note)
    print("| interval | covers |\n|---|---|")
    for name, hits in held.items():
        print(f"| {name} | {np.mean(hits):.3f} |")


def _sites(studies: int, rng: np.random.Generator, note: Callable[[str, float | None, float | None, float], None]) -> None:
    from scipy.special import ndtr

    for kinds in (4, 6):
        for _ in range(studies):
            tau, size = 0.055, rng.integers(40, 200, kinds)
            truths = np.clip(0.75 + tau * rng.normal(size=kinds + 1), 0.55, 0.95)
            variances = truths[:-1] * (1 - truths[:-1]) / (size * 0.35)
            found = np.clip(truths[:-1] + np.sqrt(variances) * rng.normal(size=kinds), 0.52, 0.98)
            logits = [logit_of_auc(a, v) for a, v in zip(found, variances, strict=True)]
            pooled = pool(*np.array(logits).T, within="hksj-floor")
            predicted, prior = expit_estimate(pooled.prediction), predict_auc_with_prior(found, variances)
            mean = expit_estimate(pooled.mean)
            note(f"mean of {kinds} sites, REML and HKSJ", mean.low, mean.high, 0.75)
            note(f"AUC of a new site after {kinds}, REML and HKSJ", predicted.low, predicted.high, truths[-1])
            note(f"AUC of a new site after {kinds}, with the prior", prior.low, prior.high, truths[-1])
    for _ in range(studies):
        site = rng.integers(0, 4, 120)
        y = rng.random(120) < np.array([0.1, 0.3, 0.5, 0.7])[site]
        s = site + rng.normal(size=120) + 0.8 * y
        found = within_site_auc(y, s, site)
        note("AUC within sites 0.71, n = 120", found.low, found.high, float(ndtr(0.8 / 2**0.5)))
        none = site_only_auc(rng.random(120) < 0.3, site)
        note("site alone, nothing there, n = 120", none.low, none.high, 0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", nargs="*", choices=["speed", "coverage", []], default=[])
    parser.add_argument("--studies", type=int, default=1000)
    chosen = parser.parse_args()
    if not chosen.what or "speed" in chosen.what:
        speed()
    if not chosen.what or "coverage" in chosen.what:
        coverage(chosen.studies)
