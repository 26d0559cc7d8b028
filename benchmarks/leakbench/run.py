"""LeakBench: planted leaks and their honest twins on real tables, judged from the finished table alone.

    python benchmarks/leakbench/run.py [--tables DIR] [--json FILE] [--half judging|development|all] [--names NAME ...] [--kinds KIND ...]
                                       [--repeats 1] [--quick] [--no-rivals]

Real tables (or any folder of CSV(.gz) files with Target and optional ID and site) x kinds of leak x precision of the export (full, 6 and
4 significant digits) x {all columns, ten released}; half of the cases are clean. Thresholds were set on the development half of the
tables; the judging half is reported (halves.py). With --tables every table is judged. Rates come with Wilson 95 % intervals. No row and
no patient is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import planting
import rivals
from halves import half
from planting import Case, split_of
from selecting import FAMILIES, selection
from tables import Raw, from_folder, rng_of, shipped, simulated

from radaudit import leakage_report
from radaudit.measures.proportions import wilson

PLANTS = {
    "scaling": planting.scaling,
    "ranks": planting.ranks,
    "imputation": planting.imputation,
    "pca": planting.pca,
    "harmonisation": planting.harmonisation,
    "self_normalisation": planting.self_normalisation,
    "oversampling": planting.oversampling,
    "duplicates": planting.duplicates,
    "patients": planting.patients,
    "proxy": planting.proxy,
    "site": planting.site,
    "volume": planting.volume,
    "prevalence": planting.prevalence,
    "threshold": planting.threshold,
    "selection": selection,
    "lottery": planting.lottery,
}
REPORTED_AS = {"ranks": "scaling"}  # the kind of the report that answers for a plant of another name
PRECISIONS = {  # significant digits of the export, 0 for full; the others get all three
    **dict.fromkeys(("patients", "proxy", "site", "volume", "prevalence", "lottery"), (0,)),
    "selection": (0, 4),
}
RELEASED = ("scaling", "imputation", "harmonisation", "self_normalisation", "oversampling", "duplicates")
CERTIFIED = ("scaling", "ranks", "imputation", "pca", "harmonisation", "oversampling", "duplicates", "patients", "threshold", "selection")
NO_STEP = {("harmonisation", "ComBat with outcome"), ("oversampling", "none")}  # honest twins in which the step does not exist
FOLLOWS = {  # leaks that another leak brings with it, or that a case is known to have: not counted against the suite
    "combat_enigma": {"site"},  # its own eight sites and the disorder: Cramér's V 0.77
}
LEAK = ("proved leak", "suspected")
CLEAN = ("proved clean", "evidence of clean")
SLOW = {"lottery"}
COLUMNS = 10


def cases(raw: Raw, kind: str, repeat: int) -> Iterator[Case]:
    """Yield the cases of one table and kind at full precision with all columns."""
    rng = rng_of(raw.name, kind, repeat)
    training = split_of(raw, rng)
    if min(len(np.unique(raw.outcome[training])), len(np.unique(raw.outcome[~training]))) < 2:
        return
    names = list(raw.features.columns)
    for variant, leaky, values, extra in PLANTS[kind](raw, training, rng):
        given = {"outcome": raw.outcome, **extra}
        part = given.pop("training", training)
        named = names if values.shape[1] == len(names) else [f"c{j}" for j in range(values.shape[1])]
        if given.pop("names", ""):
            named = [*named[:-1], str(extra["names"])]
        if raw.patient is not None and "patient" not in given and len(values) == len(raw.patient):
            given["patient"] = raw.patient
        frame = pd.DataFrame(values, columns=named)
        yield Case(table=raw.name, kind=kind, variant=variant, leaky=leaky, features=frame, training=part, given=given, repeat=repeat)


def exports(case: Case) -> Iterator[Case]:
    """Yield the case as it is, rounded to six and to four digits, and the same with ten columns."""
    rng = rng_of(case.table, case.kind, case.variant, case.repeat, "columns")
    kept = np.sort(rng.permutation(case.features.shape[1])[:COLUMNS])
    for digits in PRECISIONS.get(case.kind, (0, 6, 4)):
        for released in (0, COLUMNS) if case.kind in RELEASED and case.features.shape[1] > COLUMNS else (0,):
            frame = case.features.iloc[:, kept] if released else case.features
            given = dict(case.given)
            if digits:
                frame = pd.DataFrame(rounded(frame.to_numpy(), digits), columns=frame.columns)
                if "predictions" in given:
                    given["predictions"] = rounded(np.asarray(given["predictions"]), digits)
                    if "threshold" in given:
                        given["threshold"] = float(rounded(np.array([given["threshold"]]), digits)[0])
            yield replace(case, features=frame, given=given, digits=digits, released=released)


def rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Return what a program reads that was written with ``digits`` significant digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.floor(np.log10(np.abs(values)))
        scale = 10.0 ** (digits - 1 - power)
        out = np.round(values * scale) / scale
    plain = np.where(np.isfinite(out), out, values)
    return np.array([float(f"{v:.{digits}g}") for v in plain.ravel()]).reshape(plain.shape)


def judged(case: Case, others: bool) -> dict[str, object]:
    """Return what the report, and for full tables the rival checks, say about one case."""
    started = time.process_time()
    part = np.where(case.training, "training", "holdout")
    report = leakage_report(case.features, part, **case.given)
    row: dict[str, object] = {name: getattr(case, name) for name in ("table", "kind", "variant", "leaky", "repeat", "digits", "released")}
    row |= {"rows": len(part), "columns": case.features.shape[1], "states": dict(report.states), "seconds": time.process_time() - started}
    if case.kind == "lottery":
        row["p"] = next((f.facts.get("p") for f in report.findings if f.facts["kind"] == "lottery"), None)
    if others and not case.digits and not case.released:
        x, y = case.features.to_numpy(), np.asarray(case.given["outcome"], dtype=float)
        rng = rng_of(case.table, case.kind, case.variant, case.repeat, "rivals")
        row["rivals"] = {
            "bioLeak-style permutation gap": bool(rivals.permutation_gap(x, y, rng)),
            "deepchecks-style sample mix or single feature": bool(
                rivals.sample_mix(x, case.training) or rivals.predictive_feature(x, y, case.training)
            ),
            "skore-style golden feature": bool(rivals.golden_feature(x, y)),
        }
    return row


def rate(hits: int, size: int) -> str:
    """Return ``hits/size percentage (Wilson interval)``."""
    if not size:
        return "-"
    low, high = wilson(hits, size)
    return f"{hits}/{size} {hits / size:6.1%} ({low:.1%} to {high:.1%})"


def answer(row: dict[str, object]) -> str:
    """Return the state of the kind that was planted."""
    kind = str(row["kind"])
    return str(row["states"][REPORTED_AS.get(kind, kind)])  # type: ignore[index]


def alarms(row: dict[str, object]) -> list[str]:
    """Return the kinds a clean case is accused of."""
    return [k for k, state in row["states"].items() if state in LEAK and k not in FOLLOWS.get(str(row["table"]), set())]  # type: ignore[attr-defined]


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Print and return the rates per kind and variant, per export, of the whole suite, and of the rival checks."""
    out: dict[str, object] = {}
    print(f"\n{'kind':<20} {'variant':<34} {'export':<12} {'sensitivity':<30} {'false alarm':<30} certificate (proved, or evidence)")
    groups: dict[tuple[str, str, str], list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        export = f"{row['digits'] or 'full'}" + (f", {row['released']} col" if row["released"] else "")
        groups[str(row["kind"]), str(row["variant"]), export].append(row)
        groups[str(row["kind"]), "ALL", "ALL"].append(row)
    for (kind, variant, export), some in sorted(
        groups.items(), key=lambda item: (list(PLANTS).index(item[0][0]), item[0][1] == "ALL", item[0][1:])
    ):
        leaky, honest = [r for r in some if r["leaky"]], [r for r in some if not r["leaky"]]
        caught, false = sum(answer(r) in LEAK for r in leaky), sum(answer(r) in LEAK for r in honest)
        steps = [r for r in honest if kind in CERTIFIED and (kind, r["variant"]) not in NO_STEP]
        proved, clean = sum(answer(r) == "proved clean" for r in steps), sum(answer(r) in CLEAN for r in steps)
        told = f"{rate(proved, len(steps))}, {clean}" if steps else "-"
        print(f"{kind:<20} {variant:<34} {export:<12} {rate(caught, len(leaky)):<30} {rate(false, len(honest)):<30} {told}")
        out[f"{kind} | {variant} | {export}"] = {
            "caught": caught, "leaky": len(leaky), "false": false, "honest": len(honest), "proved": proved, "clean": clean,
            "steps": len(steps), "called_clean": sum(answer(r) in CLEAN for r in leaky),
        }  # fmt: skip
    lots = {leaky: [r for r in rows if r["kind"] == "lottery" and r["leaky"] == leaky] for leaky in (True, False)}
    if lots[True]:
        caught, false = (sum(r["p"] is not None and r["p"] <= 0.02 for r in lots[leaky]) for leaky in (True, False))  # type: ignore[operator]
        print(f"lottery at p <= 0.02: caught {rate(caught, len(lots[True]))}, false alarm {rate(false, len(lots[False]))}")
        out["lottery at 0.02"] = {"caught": caught, "leaky": len(lots[True]), "false": false, "honest": len(lots[False])}
    honest = [r for r in rows if not r["leaky"]]
    accused = [r for r in honest if alarms(r)]
    print(f"\nwhole suite, clean cases with any alarm: {rate(len(accused), len(honest))}")
    full = [r for r in honest if not r["digits"] and not r["released"]]
    print(f"the same, full tables at full precision: {rate(sum(bool(alarms(r)) for r in full), len(full))}")
    by_kind: dict[str, int] = defaultdict(int)
    for row in accused:
        for name in alarms(row):
            by_kind[f"{name} in a clean case of {row['kind']} ({row['variant']}) on {row['table']}"] += 1
    for name, count in sorted(by_kind.items(), key=lambda item: -item[1])[:25]:
        print(f"  {count:>3}  {name}")
    wrong = [r for r in rows if r["leaky"] and answer(r) == "proved clean"]
    print(f"leaks called proved clean: {rate(len(wrong), sum(bool(r['leaky']) for r in rows))}")
    out["suite"] = {
        "accused": len(accused),
        "clean": len(honest),
        "accused_full": sum(bool(alarms(r)) for r in full),
        "clean_full": len(full),
    }
    _rivals(rows, out)
    return out


def _rivals(rows: list[dict[str, object]], out: dict[str, object]) -> None:
    compared = [r for r in rows if "rivals" in r]
    if not compared:
        return
    print(f"\non the same {len(compared)} full tables: {'alarm in leaky cases':<34} alarm in clean cases")
    names = list(compared[0]["rivals"])  # type: ignore[call-overload]
    told = {"radaudit, any kind": lambda r: bool([k for k, s in r["states"].items() if s in LEAK])}
    told |= {name: (lambda r, name=name: r["rivals"][name]) for name in names}
    for name, alarm in told.items():
        leaky, honest = [r for r in compared if r["leaky"]], [r for r in compared if not r["leaky"]]
        a, b = sum(map(alarm, leaky)), sum(map(alarm, honest))
        print(f"  {name:<50} {rate(a, len(leaky)):<34} {rate(b, len(honest))}")
        out[f"rival | {name}"] = {"leaky": a, "of": len(leaky), "clean": b, "of_clean": len(honest)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--half", choices=("judging", "development", "all"), default="judging")
    parser.add_argument("--names", nargs="*", help="only these tables")
    parser.add_argument("--digits", nargs="*", type=int, default=[0, 6, 4], help="precisions of the export, 0 for full")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", choices=list(PLANTS), default=list(PLANTS))
    parser.add_argument("--quick", action="store_true", help="at most six tables, no lottery, no rival checks")
    parser.add_argument("--no-rivals", action="store_true", help="without the rival checks")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")

    def wanted(name: str) -> bool:
        return (not asked.names or name in asked.names) and (bool(asked.tables) or asked.half in ("all", half(name)))

    tables = from_folder(asked.tables, wanted) if asked.tables else [*shipped(wanted), *(t for t in simulated() if wanted(t.name))]
    kinds = [kind for kind in asked.kinds if not (asked.quick and kind in SLOW)]
    tables = tables[:6] if asked.quick else tables
    print(f"{len(tables)} tables ({asked.half if not asked.tables else 'all of the folder'}): " + ", ".join(t.name for t in tables))
    others = not (asked.quick or asked.no_rivals)
    started, rows = time.process_time(), []
    for raw in tables:
        for kind in kinds:
            for repeat in range(asked.repeats):
                for case in cases(raw, kind, repeat):
                    rows += [judged(export, others) for export in exports(case) if export.digits in asked.digits]
            print(f"  {raw.name}: {kind}, {len(rows)} cases, {time.process_time() - started:.0f} s", file=sys.stderr, flush=True)
            if asked.json:
                asked.json.write_text(json.dumps({"cases": rows}))
    found = summary(rows)
    spent = time.process_time() - started
    clean = sum(not r["leaky"] for r in rows)
    print(f"\n{len(rows)} cases, {clean} of them clean, {spent:.0f} s of processor time; {len(FAMILIES)} selector families in the battery")
    if asked.json:
        asked.json.write_text(json.dumps({"rates": found, "seconds": spent, "tables": [t.name for t in tables], "cases": rows}, indent=1))


if __name__ == "__main__":
    main()
