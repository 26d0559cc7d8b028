"""How often ``site add`` applies a correction, and whether that was right: weak and strong site effects, 3 to 100 patients.

    python benchmarks/onboarding.py [--sites 200] [--seed 1]

Six training sites of 50 patients, 100 correlated features. Weak: shifts of 0.16 SD, spreads by 5 %; strong: 0.85 SD and 30 %, as in the
table of the design document; then each of them after training sites of the other kind. The error is the rms over features of the
harmonised value of a future patient of that site against the value without any site effect, in SD: without correction, with the
correction always, and with the gate.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import measure
from radaudit.harmonise.onboarding import Onboarding, onboard

WEAK, STRONG = (0.16, 0.05), (0.85, 0.3)
KINDS = {  # training sites, new site
    "weak": (WEAK, WEAK),
    "strong": (STRONG, STRONG),
    "weak after strong": (STRONG, WEAK),
    "strong after weak": (WEAK, STRONG),
}
FEATURES, LATENT, TRAINING_SITES, TRAINING_PATIENTS = 100, 8, 6, 50
NAMES = [f"f{j}" for j in range(FEATURES)]


class World:
    """Training sites and their fit; new sites drawn like them."""

    def __init__(self, kind: str, rng: np.random.Generator) -> None:
        self.kind, self.rng = kind, rng
        load = rng.normal(size=(LATENT, FEATURES)) * (rng.random((LATENT, FEATURES)) < 0.4)
        self.load = load / np.sqrt((load**2).sum(axis=0) + 1)
        self.noise = 1 / np.sqrt((load**2).sum(axis=0) + 1)
        tables, labels = [], []
        for site in range(TRAINING_SITES):
            theta, spread = self.site(0)
            tables.append(self.clean(TRAINING_PATIENTS) * spread + theta)
            labels += [f"S{site}"] * TRAINING_PATIENTS
        self.effects: SiteEffects = fit_combat(measure(np.vstack(tables), labels, features=NAMES))

    def site(self, which: int) -> tuple[np.ndarray, np.ndarray]:
        shift, scale = KINDS[self.kind][which]
        return shift * self.rng.normal(size=FEATURES), np.exp(scale * self.rng.normal(size=FEATURES))

    def clean(self, n: int) -> np.ndarray:
        return self.rng.normal(size=(n, LATENT)) @ self.load + self.rng.normal(size=(n, FEATURES)) * self.noise

    def trial(self, n: int) -> tuple[Onboarding, float, float]:
        """Return what was decided about a new site of n patients, and the error of future patients without and with the correction."""
        theta, spread = self.site(1)
        found = onboard(self.effects, self.clean(n) * spread + theta, [f"P{i}" for i in range(n)], name="NEW", features=NAMES, minimum=2)
        clean = self.clean(200)
        future = clean * spread + theta
        target = clean * self.effects.pooled_sd + self.effects.grand_mean
        after = found.effects.apply(future, ["NEW"] * len(future))
        errors = [math.sqrt(float((((table - target) / self.effects.pooled_sd) ** 2).mean())) for table in (future, after)]
        return found, errors[0], errors[1]


def applied(kind: str, n: int, sites: int, seed: int) -> tuple[float, float, float, float]:
    """Return the share applied and mean errors: none, always, gated."""
    found = []
    for world in range(max(1, sites // 10)):
        own = World(kind, np.random.default_rng([seed, n, world, *kind.encode()]))
        found += [own.trial(n) for _ in range(10)]
    share = float(np.mean([answer.applied for answer, _, _ in found]))
    none, always = (float(np.mean([errors[i] for errors in found])) for i in (1, 2))
    return share, none, always, float(np.mean([after if answer.applied else before for answer, before, after in found]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{asked.sites} new sites each; Monte Carlo error of a share at most {100 * 0.5 / math.sqrt(asked.sites):.1f} points")
    print(f"{'effect':<20}{'n':>5}{'applied':>10}{'no correction':>16}{'always':>9}{'gated':>8}")
    for kind in KINDS:
        for n in (3, 5, 10, 20, 30, 50, 100):
            share, none, always, gated = applied(kind, n, asked.sites, asked.seed)
            print(f"{kind:<20}{n:>5}{share:>10.1%}{none:>16.3f}{always:>9.3f}{gated:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
