"""Evidence in which everything is there: an invented study at four sites, of which one was held out, with a filled reporting form."""

from __future__ import annotations

from typing import Any

from radaudit.codes import explained

FORM: dict[str, Any] = {
    "design": {"nature": "prospective", "kind": "cohort", "sample_size": "Riley et al. 2020: 623 patients for 24 parameters"},
    "eligibility": {
        "inclusion": "adults with a solid nodule",
        "exclusion": "earlier treatment",
        "selection": "consecutive",
        "identification": "the tumour board",
        "represents": "patients referred for surgery; all referrals of two years",
        "setting": "four university hospitals in Norway and Italy",
        "dates": "2019-01 to 2021-12",
    },
    "data": {"source": "private", "link": "on request from the trial office", "overlap": "no earlier publication"},
    "ethics": {"approval": "REC 2018/112", "consent": "written", "data_protection": "pseudonyms, key kept at the hospitals"},
    "acquisition": {
        "modality": "CT",
        "scanners": "GE Revolution, Siemens Force",
        "parameters": "120 kVp, 1.25 mm, kernel Br40 or standard",
        "standard": "QIBA CT volumetry profile 2018",
        "amendments": "kernel and software version by vendor, table S2",
        "single": True,
        "dynamic": "static",
    },
    "segmentation": {
        "method": "semi-automatic",
        "description": "region growing, corrected by hand, lung window",
        "software": "3D Slicer 5.2",
        "readers": 2,
        "experience": "radiologists with 8 and 12 years",
        "blinding": "blind to the outcome",
        "test_set": "single reader",
        "reliability": "Dice 0.91; ICC above 0.85 in 78% of features",
        "core_laboratory": "Oslo",
    },
    "preprocessing": {
        "software": "PyRadiomics 3.1.0",
        "normalisation": "none, HU are quantitative",
        "resampling": "B-spline",
        "voxel_size": "1 mm",
        "discretisation": "fixed bin width 25 HU",
        "images": "original and LoG with sigma 2 and 3 mm",
        "raw_saved": True,
        "predefined": True,
    },
    "extraction": {
        "software": "PyRadiomics",
        "version": "3.1.0",
        "ibsi": True,
        "settings": "params.yaml in the archive",
        "defaults": "all other parameters at their defaults",
    },
    "reference": {
        "definition": "malignant at histology",
        "method": "resection, read by two pathologists",
        "rationale": "standard of care",
        "interval": "median 12 days, at most 40",
        "assessors": "two pathologists with 10 years",
        "blinding": "blind to the images",
        "cutoff": "any invasive component",
    },
    "repeatability": {
        "test_retest": "31 patients scanned twice: RC 0.21 of the score",
        "phantom": "ACR phantom, monthly",
        "error_margins": "table S4",
        "in_trial": "10 patients per site scanned twice",
    },
    "registration": {"protocol": "doi 10.5281/zenodo.1", "registry": "ClinicalTrials.gov", "number": "NCT00000000"},
    "sharing": dict.fromkeys(("images", "segmentations", "features", "settings", "code", "model", "system"), "doi 10.5281/zenodo.2"),
    "trial": {
        "scenario": "exploratory endpoint",
        "endpoint": "secondary endpoint 2",
        "population": "all randomised patients",
        "variable": "score at baseline",
        "intercurrent": "surgery before imaging: treatment policy",
        "summary": "difference of means",
    },
    "ibsi": {"14": "120 kVp", "28": "0.7 mm"},
    "guidelines": ["CLEAR", "METRICS"],
    "intended_use": "second reading of nodules by radiologists",
    "clinical_standard": "the Brock model is what the guideline names",
    "combined": "combined with the Brock model, table 4",
    "biology": "Ki-67, section 3.4",
    "treatments": "none before surgery",
    "followup": "not a prognostic study: no follow-up",
    "limitations": "one country group, one reader in the test set",
    "involvement": "two patients in the steering group",
    "funding": "public grant 1; no role in the analysis",
    "interests": "none declared",
}
PASSED = (
    *(f"LEAK-{n:03d}" for n in (*range(1, 15), 50)),
    *("CONF-001", "CONF-002", "OUT-050", "OUT-051", "SIZE-051", "SIZE-052", "FEAT-004", "FEAT-050", "FEAT-057", "FEAT-058"),
    *("FEAT-061", "FEAT-062", "FEAT-183", "PERF-081", "SCORE-080", "LEAK-001"),
)
SITES = (("OSLO", 160, 0), ("BERGEN", 150, 0), ("TURIN", 140, 0), ("PADUA", 0, 220))


def estimate(value: float, low: float, high: float, patients: int = 220, events: int = 105) -> dict[str, Any]:
    """Return an estimate as the evidence holds it."""
    people = {"patients": patients, "events": events}
    return {"value": value, "low": low, "high": high, "level": 0.95, **people, "method": "DeLong, logit scale", "reason": None}


def finding(code: str, verdict: str = "passed", severity: str = "blocking", **facts: Any) -> dict[str, Any]:
    """Return a finding as the evidence holds it."""
    words = {"title": code, "sentence": f"{code} was asked.", "why": "w", "fix": "f", "scope": ""}
    return {"id": code, "code": code, "verdict": verdict, "severity": severity, "facts": facts, "concerns": [], **words}


def whole_evidence() -> dict[str, Any]:
    """Return evidence in which every rule finds what it needs."""
    found = [finding(code, severity=explained(code).severity) for code in PASSED] + [
        finding("FEAT-007", severity="minor", discretisations=["fixed bin width 25"])
    ]
    return {
        "study": {
            "name": "n",
            "title": "t",
            "question": "Does it tell malignant from benign?",
            "plan_sha256": "a" * 64,
            "file": "schema: x",
            "seed": 3,
        }
        | {"test_by": "date"},
        "reporting": FORM,
        "findings": found,
        "claims": [{"id": "C1", "measure": "auc", "required_text": ">= 0.70"}],
        "verdict": {"overall": "supported", "claim": "C1", "sentence": "kept", "post_hoc": False},
        "cohort": {
            "flow": [
                {"label": "supplied", "patients": 700, "rows": 700, "events": None, "reason": "rows of the tables"},
                {"label": "training", "patients": 450, "rows": 450, "events": 210, "reason": ""},
                {"label": "holdout (test set)", "patients": 220, "rows": 220, "events": 105, "reason": ""},
            ],
            "sources": [{"file": "features.csv", "sha256": "b" * 64, "rows": 670}],
            "table": {"rows": 670, "patients": 670, "features": 3, "digest": "c" * 64},
            "table1": [{"variable": "age", "level": None, "training": "64 (57 to 70)", "holdout": "63 (56 to 70)", "smd": -0.08}],
            "sites": [{"site": s, "patients": a + b, "events": 60, "training": a, "holdout": b} for s, a, b in SITES],
            "site_outcome": [{"site": s, "events": 60, "non_events": 90} for s, _, _ in SITES],
            "missingness": {"sites": [s for s, _, _ in SITES], "families": ["glcm"], "share": [[0.0], [0.0], [0.01], [0.0]]},
            "acquisition": [{"column": "vendor", "levels": [{"level": "GE", "patients": 340}, {"level": "Siemens", "patients": 330}]}],
        },
        "features": {
            "dictionary": [{"name": f"f{i}", "family": "glcm", "filter": "original", "ibsi": "7NFM", "selected": i < 2} for i in range(3)],
            "families": [{"family": "glcm", "features": 3}],
            "reliability": {"register": "e" * 64, "form": "ICC(2,1)", "at_least": 0.75, "kept": 3, "low": 5},
        },
        "harmonisation": {"method": "ComBat (parametric, empirical Bayes)", "batches": [{"batch": "GE"}, {"batch": "Siemens"}]},
        "leaks": {"optimism": {"guarded": estimate(0.74, 0.69, 0.78), "naive": estimate(0.76, 0.71, 0.8)}},
        "performance": {
            "patients": 220,
            "events": 105,
            "auc": estimate(0.8, 0.74, 0.85),
            "auc_bootstrap": estimate(0.8, 0.74, 0.85),
            "brier": estimate(0.17, 0.15, 0.19),
            "calibration_slope": estimate(0.97, 0.7, 1.24),
            "citl": estimate(0.02, -0.2, 0.25),
            "sensitivity": estimate(0.78, 0.69, 0.85),
            "specificity": estimate(0.71, 0.62, 0.79),
            "confusion": {"tp": 82, "fp": 33, "fn": 23, "tn": 82},
            "roc": {"tpr": [0.0, 0.6, 1.0], "fpr": [0.0, 0.2, 1.0]},
            "calibration": {"groups": [{"predicted": 0.2, "observed": 0.19}, {"predicted": 0.7, "observed": 0.72}]},
            "decision": {"threshold": [0.1, 0.5], "model": [0.4, 0.2]},
            "permutation": {"p": 0.0005, "repeats": 2000},
            "comparisons": [{"against": name, "delta": estimate(0.1, 0.02, 0.18)} for name in ("prevalence", "site", "volume", "clinical")],
        },
        "development": {
            "text": "5 times 5 folds, tuned by 5 inner folds",
            "auc": estimate(0.76, 0.71, 0.8, 450, 210),
            "slope": estimate(0.95, 0.8, 1.1, 450, 210),
            "configurations": 32,
            "inner_best": 0.77,
            "outer": 0.76,
            "stability": [{"feature": "f0", "share": 1.0}, {"feature": "f1", "share": 0.8}],
        },
        "transport": {"rows": [{"site": s} for s, a, _ in SITES if a], "holdout": [{"site": "PADUA"}, {"site": "TURIN"}]},
        "signature": {
            "sha256": "d" * 64,
            "registration": "radaudit:n@1.0.0#d",
            "threshold": {"value": 0.31, "rule": "youden"},
            "coefficients": [{"feature": f"f{i}", "family": "glcm", "raw": 0.3, "standardised": 0.5} for i in range(2)],
            "intercept": -1.2,
            "inputs": [{"name": "f0", "missing": "refuse"}],
            "test_vectors": 15,
        },
        "provenance": {
            "nodes": [{"id": name, "digest": "e" * 64} for name in ("file-0", "pool", "split", "fit", "lock", "dossier")],
            "edges": [["file-0", "pool"], ["pool", "split"], ["split", "fit"], ["fit", "lock"], ["lock", "dossier"]],
            "versions": {"radaudit": "0.1.0"},
        },
    }
