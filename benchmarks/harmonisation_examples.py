"""The verdict on two real tables, in the words a reader gets.

    python benchmarks/harmonisation_examples.py [--data ../shared/data]

sts_pet: the same 51 lesions through PyRadiomics, MIRP, Nyxus and Z-Rad, the extractor as batch. Features are those that have one IBSI code
and one name in each of the four; names match, values need not (definitions, resampling and units differ).
egfr: the example study, its training rows and its own plan.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np

from radaudit.study.harmonisation_verdict import HarmonisationVerdict, judge_training
from radaudit.study.plans import HarmonisePlan

# IBSI code: PyRadiomics, MIRP and Z-Rad (the same short name), Nyxus
FEATURES = {
    "Q4LE": ("firstorder_Mean", "stat_mean", "3MEAN"),
    "ECT3": ("firstorder_Variance", "stat_var", "3VARIANCE_BIASED"),
    "KE2A": ("firstorder_Skewness", "stat_skew", "3SKEWNESS"),
    "IPH6": ("firstorder_Kurtosis", "stat_kurt", "3KURTOSIS"),
    "Y12H": ("firstorder_Median", "stat_median", "3MEDIAN"),
    "1GSF": ("firstorder_Minimum", "stat_min", "3MIN"),
    "QG58": ("firstorder_10Percentile", "stat_p10", "3P10"),
    "8DWT": ("firstorder_90Percentile", "stat_p90", "3P90"),
    "84IY": ("firstorder_Maximum", "stat_max", "3MAX"),
    "SALO": ("firstorder_InterquartileRange", "stat_iqr", "3INTERQUARTILE_RANGE"),
    "2OJQ": ("firstorder_Range", "stat_range", "3RANGE"),
    "4FUA": ("firstorder_MeanAbsoluteDeviation", "stat_mad", "3MEAN_ABSOLUTE_DEVIATION"),
    "1128": ("firstorder_RobustMeanAbsoluteDeviation", "stat_rmad", "3ROBUST_MEAN_ABSOLUTE_DEVIATION"),
    "N8CA": ("firstorder_Energy", "stat_energy", "3ENERGY"),
    "5ZWQ": ("firstorder_RootMeanSquared", "stat_rms", "3ROOT_MEAN_SQUARED"),
    "ACUI": ("glcm_Contrast", "cm_contrast", "3GLCM_CONTRAST_AVE"),
    "NI2N": ("glcm_Correlation", "cm_corr", "3GLCM_CORRELATION_AVE"),
    "8ZQL": ("glcm_JointEnergy", "cm_energy", "3GLCM_ASM_AVE"),
    "WF0Z": ("glcm_Idm", "cm_inv_diff_mom", "3GLCM_IDM_AVE"),
    "IB1Z": ("glcm_Id", "cm_inv_diff", "3GLCM_ID_AVE"),
    "TF7R": ("glcm_DifferenceAverage", "cm_diff_avg", "3GLCM_DIFAVE_AVE"),
}


def sts_pet(folder: Path) -> tuple[np.ndarray, list[str], list[str], list[str]]:
    """Return the features of four extractors, stacked: values, extractor, lesion, IBSI codes."""
    tables = {"MIRP": {}, "Nyxus": {}, "PyRadiomics": {}, "Z-Rad": {}}
    for row in _rows(folder / "pyradiomics_3.0.1_sts_pet.csv"):
        tables["PyRadiomics"][row["ID"]] = {code: row.get(f"original_{names[0]}") for code, names in FEATURES.items()}
    for path in sorted((folder / "mirp").glob("*.csv")):
        row = next(iter(_rows(path, ";")))
        tables["MIRP"][path.name[:7]] = {code: _short(row, names[1]) for code, names in FEATURES.items()}
    for row in _rows(folder / "nyxus" / "nyxus_0.11.0_sts_pet.csv"):
        tables["Nyxus"][_lesion(row["intensity_image"])] = {code: row.get(names[2]) for code, names in FEATURES.items()}
    for row in _rows(folder / "zrad" / "zrad_26.9.0_sts_pet.csv"):
        tables["Z-Rad"][_lesion(row["pat_id"])] = {code: _short(row, names[1]) for code, names in FEATURES.items()}
    return _stacked(tables)


def _rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def _lesion(text: str) -> str:
    at = text.find("STS_")
    return text[at : at + 7]


def _short(row: dict[str, str], name: str) -> str | None:
    """Return the cell of a MIRP-like name: plain, or with how matrices were averaged and intensities discretised behind it."""
    spelt = [key for key in row if key == name or (key.startswith(f"{name}_") and ("3D_avg" in key or "_3d_" in key))]
    return row[spelt[0]] if spelt else None


def _stacked(tables: dict[str, dict[str, dict[str, str | None]]]) -> tuple[np.ndarray, list[str], list[str], list[str]]:
    shared = sorted(set.intersection(*(set(own) for own in tables.values())))
    codes = [code for code in FEATURES if all(tables[name][who].get(code) not in (None, "") for name in tables for who in shared)]
    x = np.array([[float(tables[name][who][code]) for code in codes] for name in tables for who in shared])
    return x, [name for name in tables for _ in shared], shared * len(tables), codes


def egfr(example: Path) -> HarmonisationVerdict:
    """Return the verdict on the training rows of the example study."""
    from radaudit.edges.intake import read_study
    from radaudit.edges.study_file import load_study
    from radaudit.models.scaling import usable_features
    from radaudit.splits import hold_out
    from radaudit.study.frame import training_frame

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "egfr"
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns("out", "dossier", "mlruns", ".radaudit"))
        plan = load_study(folder / "study.yaml").plan
        table = read_study(plan, folder).table
        frame = training_frame(table.take(hold_out(table, plan.holdout()).training), plan.pipeline().preserve)
    fit = np.flatnonzero(usable_features(frame.x, plan.pipeline().missing_share))
    return judge_training(
        np.ascontiguousarray(frame.x[:, fit]),
        frame.batches.astype(str).tolist(),
        frame.patients.astype(str).tolist(),
        frame.preserved(),
        frame.outcome,
        plan.harmoniser() or HarmonisePlan(),
        plan.rng("harmonisation-verdict"),
        features=[frame.features[j] for j in fit],
    )


def tell(name: str, found: HarmonisationVerdict) -> None:
    """Print a verdict with its reasons."""
    print(f"\n{name}: {found.verdict}")
    for reason in found.reasons:
        print(f"- {reason}")


def main() -> None:
    """Print both verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[1]
    parser.add_argument("--data", type=Path, default=root.parent / "shared" / "data")
    asked = parser.parse_args()
    if (asked.data / "sts_pet").is_dir():
        x, batch, people, codes = sts_pet(asked.data / "sts_pet")
        print(f"sts_pet: {len(set(people))} lesions, {len(codes)} features in all four: {', '.join(codes)}")
        tell("sts_pet, raw units", judge_training(x, batch, people, {}, None, HarmonisePlan(), np.random.default_rng(1), features=codes))
        two = [i for i, name in enumerate(batch) if name in ("PyRadiomics", "MIRP")]
        pair = judge_training(
            x[two], [batch[i] for i in two], [people[i] for i in two], {}, None, HarmonisePlan(), np.random.default_rng(1), features=codes
        )
        tell("sts_pet, PyRadiomics and MIRP only", pair)
    tell("egfr", egfr(root / "examples" / "egfr"))


if __name__ == "__main__":
    main()
