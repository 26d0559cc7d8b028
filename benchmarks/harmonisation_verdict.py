"""Error rates of the verdict on harmonisation, by simulation: each design with the share of each word and of wrong ones.

    python benchmarks/harmonisation_verdict.py [--studies 200] [--design NAME ...] [--seed 1]

What is right is found out for every simulated study from 400 new patients per batch, net of the outcome: the fall of the excess distance
that the fit on all training rows brings them. ``helped`` is wrong unless that fall is above nought, ``harmed`` unless it is below,
``no effect`` if it is beyond the margin. In designs planted with an over-correction only ``harmed`` is right of the three, in confounded
designs none of them. ``not identifiable`` says nothing about the harmonisation: it is counted as undecided, never as wrong.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure
from radaudit.measures.groupdistance import contrast, pair_sums
from radaudit.measures.withinslopes import without_slopes
from radaudit.study.harmonisation_numbers import MARGIN, frozen_rows
from radaudit.study.harmonisation_verdict import HarmonisationVerdict, examine_training, judge, judge_training
from radaudit.study.plans import HarmonisePlan
from radaudit.study.unseen import holdout

WORDS = ("helped", "no effect", "harmed", "not identifiable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Patients per batch ``n``, batch shifts and log scales in SD, outcome prevalence per batch and its effect in SD, tails.

    ``way`` is how the rows to judge were made: honest (fold by fold), leaked (fitted on these very rows), outcome removed.
    ``planted`` is the only right answer where the truth is not a matter of estimation.
    """

    name: str
    what: str
    n: tuple[int, ...] = (30, 30, 30, 30)
    shift: float = 0.0
    scale: float = 0.0
    prevalence: tuple[float, ...] = (0.5, 0.5, 0.5, 0.5)
    signal: float = 0.5
    features: int = 60
    latent: int = 8
    heavy: bool = False
    covariate: float = 0.0
    aliased: bool = False
    carriers: float = 0.25
    way: str = "honest"
    planted: str | None = None


DESIGNS = (
    Design(name="no effect", what="no batch effect, 4 x 60", n=(60,) * 4),
    Design(name="no effect, small", what="no batch effect, 4 x 20", n=(20,) * 4),
    Design(name="no effect, tails", what="no batch effect, lognormal features, 40, 40, 20, 20", n=(40, 40, 20, 20), heavy=True),
    Design(name="weak", what="shifts of 0.16 SD, 4 x 30", shift=0.16, scale=0.05),
    Design(name="helped", what="shifts of 0.6 SD, spreads by 20 %, 4 x 30", shift=0.6, scale=0.2),
    Design(name="helped, small", what="the same, 4 x 12", n=(12,) * 4, shift=0.6, scale=0.2),
    Design(name="helped, uneven", what="the same, 60, 30, 12, 8; outcome 30 to 70 %", n=(60, 30, 12, 8), shift=0.6, scale=0.2,
           prevalence=(0.3, 0.5, 0.6, 0.7)),
    Design(name="helped, tails", what="shifts of 0.6 SD, lognormal features, 4 x 30", shift=0.6, scale=0.2, heavy=True),
    Design(name="helped, covariate", what="shifts of 0.6 SD, a preserved covariate of 0.5 SD, 3 x 40", n=(40,) * 3, shift=0.6, scale=0.2,
           prevalence=(0.5,) * 3, covariate=0.5),
    Design(name="middle", what="shifts of 0.3 SD, 4 x 20", n=(20,) * 4, shift=0.3, scale=0.1),
    Design(name="over-corrected: case mix", what="no batch effect; strong outcome, 25 to 75 % per batch, is harmonised away, 4 x 60",
           n=(60,) * 4, prevalence=(0.25, 0.25, 0.75, 0.75), signal=1.2, carriers=0.75),
    Design(name="over-corrected: leaked", what="fitted on the 4 x 15 rows judged", n=(15,) * 4, shift=0.3, way="leaked", planted="harmed"),
    Design(name="over-corrected: leaked, no effect", what="fitted on the 4 x 30 rows judged", way="leaked", planted="harmed"),
    Design(name="over-corrected: outcome removed", what="shifts of 0.6 SD removed, the outcome with them, 4 x 30", shift=0.6, signal=1.0,
           way="outcome removed", planted="harmed"),
    Design(name="confounded: outcome", what="shifts of 0.6 SD, outcome 5, 5, 95, 95 % per batch", shift=0.6,
           prevalence=(0.05, 0.05, 0.95, 0.95), planted="not identifiable"),
    Design(name="confounded: covariate", what="shifts of 0.6 SD, a preserved covariate that is one of the batches", shift=0.6, aliased=True,
           planted="not identifiable"),
)  # fmt: skip


class World:
    """The truth of one simulated study: latent biology, batch shifts and scales, which features follow outcome and covariate."""

    def __init__(self, design: Design, rng: np.random.Generator) -> None:
        self.design, p, batches = design, design.features, len(design.n)
        self.load = rng.normal(size=(design.latent, p)) * (rng.random((design.latent, p)) < 0.4)
        self.sd = np.sqrt((self.load**2).sum(axis=0) + 1.0)
        self.shift = design.shift * rng.normal(size=(batches, p))
        self.scale = np.exp(design.scale * rng.normal(size=(batches, p)))
        self.outcome, self.slope = (rng.random((2, p)) < design.carriers).astype(float) * rng.choice([-1.0, 1.0], size=(2, p))

    def draw(self, rng: np.random.Generator, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return features (n, p), batch codes, outcome and covariate (n,)."""
        own = self.design
        batch = np.repeat(np.arange(len(sizes)), sizes)
        outcome = (rng.random(len(batch)) < np.array(own.prevalence)[batch]).astype(float)
        covariate = (batch == 0).astype(float) if own.aliased else rng.normal(size=len(batch)) + 0.5 * (batch == 1)
        z = (rng.normal(size=(len(batch), own.latent)) @ self.load + rng.normal(size=(len(batch), own.features))) / self.sd
        if own.heavy:
            z = (np.exp(0.8 * z) - math.exp(0.32)) / math.sqrt((math.exp(0.64) - 1) * math.exp(0.64))
        z += own.signal * outcome[:, None] * self.outcome + own.covariate * covariate[:, None] * self.slope
        return z * self.scale[batch] + self.shift[batch], batch, outcome, covariate


def study(design: Design, seed: int, *, permutations: int = 200, truth: bool = True) -> tuple[HarmonisationVerdict, float]:
    """Return the verdict on one simulated study and the true fall of the excess distance."""
    rng = np.random.default_rng([seed, *design.name.encode()])
    world = World(design, rng)
    x, batch, outcome, covariate = world.draw(rng, design.n)
    labels, people = [f"B{code}" for code in batch], [f"P{i:04d}" for i in range(len(x))]
    kept = {"age": covariate.tolist()} if design.covariate or design.aliased else {}
    names = [f"f{j}" for j in range(design.features)]
    if design.way == "honest":
        found = judge_training(x, labels, people, kept, outcome, HarmonisePlan(), rng, permutations=permutations)
    else:
        after = fit_combat(measure(x, labels, features=names)).apply(x, labels)
        if design.way == "outcome removed":
            after = without_slopes(after, outcome[:, None], np.zeros(len(x), dtype=np.int64))
        own = holdout(after)
        findings = examine_training(x, labels, people, kept, outcome, names)
        found = judge(frozen_rows(x, labels, people, outcome=outcome), (own,), (own,), findings, rng, permutations=permutations)
    return found, true_fall(world, x, labels, kept, names, rng) if truth and design.planted is None else math.nan


def true_fall(world: World, x: np.ndarray, labels: list[str], kept: dict, names: list[str], rng: np.random.Generator) -> float:
    """Return the fall for 400 new patients per batch of the fit on all training rows, net of outcome and covariate."""
    effects = fit_combat(measure(x, labels, kept, features=names))
    new, batch, outcome, covariate = world.draw(rng, (400,) * len(world.design.n))
    after = effects.apply(new, [f"B{code}" for code in batch], {"age": covariate.tolist()} if kept else None)
    design = np.column_stack([outcome, *([covariate] if kept else [])])
    part, people, own = np.repeat(np.arange(10), len(new) // 10 + 1)[np.argsort(np.argsort(rng.random(len(new))))], np.arange(len(new)), []
    for table in (new, after):
        own.append(pair_sums(without_slopes(table, design, batch), batch, part, people))
    fall = contrast(*own).fall.value
    return math.nan if fall is None else fall


def wrong(design: Design, word: str, fall: float) -> bool:
    """Return whether a verdict is wrong."""
    if word == "not identifiable":
        return False
    if design.planted is not None:
        return word != design.planted
    return {"helped": fall <= 0, "harmed": fall >= 0, "no effect": abs(fall) > MARGIN}[word]


def table(designs: tuple[Design, ...], studies: int, seed: int, say: Callable[[str], None] = print) -> None:
    """Print one line per design."""
    say(f"{'design':<36}" + "".join(f"{word:>18}" for word in WORDS) + f"{'wrong':>8}{'(95 % interval)':>20}{'true fall':>11}{'s':>6}")
    for design in designs:
        start = time.perf_counter()
        found = [study(design, seed + i) for i in range(studies)]
        words = Counter(verdict.verdict for verdict, _ in found)
        errors = sum(wrong(design, verdict.verdict, fall) for verdict, fall in found)
        falls = [fall for _, fall in found if not math.isnan(fall)]
        low, high = wilson(errors, studies)
        shares = "".join(f"{words[word] / studies:>18.1%}" for word in WORDS)
        fall = f"{np.mean(falls):>+11.3f}" if falls else f"{'':>11}"
        seconds = (time.perf_counter() - start) / studies
        say(f"{design.name:<36}{shares}{errors / studies:>8.1%}{f'({low:.1%} to {high:.1%})':>20}{fall}{seconds:>6.2f}")


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: the Monte Carlo error."""
    z, share = 1.959964, hits / n
    middle, reach = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + z * z / n)), min(1.0, (middle + reach) / (1 + z * z / n))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--design", nargs="*", default=None)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    designs = tuple(own for own in DESIGNS if not asked.design or any(own.name.startswith(name) for name in asked.design))
    print(f"{asked.studies} studies per design, seed {asked.seed}, margin {MARGIN:.0%}")
    table(designs, asked.studies, asked.seed, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
