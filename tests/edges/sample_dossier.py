"""Dossier documents for tests of the page: invented studies, drawn from a fixed seed; no patient stands behind them."""

from __future__ import annotations

import hashlib
import math
import random
from typing import Any

from radaudit.digests import canonical, digest

SITES = (
    "LYON",
    "GHENT",
    "OSLO",
    "TURIN",
    "PORTO",
    "Zürich",
    "St. Olav",
    "NO",
    "012",
    "1e3",
    "Kraków",
    "Universitätsklinikum Hamburg-Eppendorf",
    "BERGEN",
    "LEIDEN",
    "GRAZ",
    "BASEL",
    "MALMÖ",
    "NANTES",
    "GDAŃSK",
    "Centro Hospitalar e Universitário de Coimbra",
)
FAMILIES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
FILTERS = ("", "wavelet-LLH", "wavelet-HHL", "log-sigma-3-0-mm")
NAMES = ("Energy", "Entropy", "Contrast", "JointEnergy", "Busyness", "ZonePercentage", "RunLengthNonUniformityNormalized", "Sphericity")
IBSI = ("3NCY", "N8CA", "TLU2", "TDIC", "ACUI", "NQ30", "P30P", "QCFX")
HOSTILE = (
    "<script>alert(1)</script>",
    '"onmouseover="alert(1)',
    "javascript:alert(1)",
    "</style><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "{{7*7}}",
    "{% for x in y %}",
    "&amp;lt;b&gt;",
    "a\u202eb\u2066c",
    "\u200bzero",
    "nul\u0001",
    "'; drop",
    "http://evil.example/x",
    "x" * 400,
    "@import url(//evil.example)",
)
VERDICT_WORDS = ("supported", "not supported", "cannot be determined")


def est(
    value: float | None, low: float | None = None, high: float | None = None, n: int | None = None, e: int | None = None, **more: Any
) -> dict[str, Any]:
    """Return an estimate as the document holds it."""
    made = {
        "value": value,
        "low": low,
        "high": high,
        "level": 0.95,
        "patients": n,
        "events": e,
        "method": "DeLong, logit scale",
        "reason": None,
    }
    return {**made, **more}


def sha(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def claims(verdict: str, n: int, e: int) -> list[dict[str, Any]]:
    """Return four claims; the first, primary one has the wanted verdict."""
    first = {
        "supported": est(0.82, 0.76, 0.87, n, e),
        "not supported": est(0.58, 0.49, 0.67, n, e),
        "cannot be determined": est(0.71, 0.60, 0.80, n, e),
    }[verdict]
    does = {"supported": "keeps", "not supported": "breaks", "cannot be determined": "contains the limit of"}[verdict]
    said = f"The 95% interval of the AUC in the test set, {first['low']:.2f} to {first['high']:.2f}, {does} the required ≥ 0.7 "
    said += f"(point estimate {first['value']:.2f}; {n} patients, {e} events)."
    reasons = [
        {"sentence": said, "finding": None, "anchor": "FIG-07-1"},
        {
            "sentence": "TURIN has 22 events and no non-event: its effect cannot be told from the outcome.",
            "finding": "CONF-002",
            "anchor": None,
        },
        {"sentence": "Two sites have fewer than 20 patients.", "finding": "SIZE-002", "anchor": None},
    ]
    text = "The signature discriminates EGFR-mutant from wild-type tumours with an AUC of at least 0.70 in patients not used to build it."

    def claim(
        name: str,
        measure: str,
        on: str,
        limit: float,
        required: str,
        observed: dict[str, Any] | None,
        word: str,
        figures: list[str],
        **more: Any,
    ) -> dict[str, Any]:
        base = {
            "id": name,
            "text": f"{measure} {required}",
            "primary": False,
            "measure": measure,
            "on": on,
            "required_text": required,
            "limit": limit,
        }
        rest = {"observed": observed, "verdict": word, "post_hoc": False, "sentence": "", "reasons": [], "evidence": figures, "needed": ""}
        return {**base, **rest, **more}

    needed = "about 61 more events would be needed if the estimate stayed where it is" if verdict == "cannot be determined" else ""
    return [
        claim(
            "C1",
            "auc",
            "test",
            0.7,
            "≥ 0.7",
            first,
            verdict,
            ["FIG-07-1", "FIG-07-5"],
            primary=True,
            text=text,
            sentence=said,
            reasons=reasons,
            needed=needed,
        ),
        claim("C2", "calibration_slope", "test", 0.8, "0.8 to 1.2", est(0.61, 0.22, 0.78, n, e), "not supported", ["FIG-07-2"]),
        claim("C3", "auc", "new_site", 0.6, "≥ 0.6", est(0.72, 0.55, 0.84), "cannot be determined", ["FIG-08-1"], post_hoc=True),
        claim("C4", "delta_auc", "test", 0.0, "> 0", est(0.09, 0.01, 0.17, n, e), "supported", ["FIG-07-6"], against="clinical"),
        claim("C5", "brier", "test", 0.2, "≤ 0.2", None, "cannot be determined", ["FIG-07-2"], observed_reason="fewer than 10 events"),
    ]


def finding(code: str, verdict: str, severity: str, title: str, sentence: str, name: str = "", **more: Any) -> dict[str, Any]:
    """Return a finding as ``Finding.public()`` writes it, with its id."""
    base = {"id": name or code, "code": code, "verdict": verdict, "severity": severity, "title": title, "sentence": sentence, "facts": {}}
    return {**base, "why": "", "fix": "", "scope": "", "concerns": [], **more}


def findings() -> list[dict[str, Any]]:
    """Return findings of every verdict and severity."""
    return [
        finding(
            "CONF-002",
            "failed",
            "blocking",
            "A batch holds only one outcome",
            "TURIN has 22 events and 0 non-events",
            why="ComBat cannot tell the site from the disease where all patients have the event; it may remove the signal",
            fix="drop: harmonise.drop: [TURIN]\npool: harmonise.merge: {SOUTH: [TURIN, PORTO]}\nkeep: harmonise.keep: [TURIN]",
            facts={
                "events": 22,
                "non_events": 0,
                "site": "TURIN",
                "size": "without TURIN the AUC is 0.69 instead of 0.71 (paired, 200 seeds)",
            },
            scope="site TURIN",
            concerns=["C1", "C3"],
        ),
        finding(
            "SIZE-002",
            "failed",
            "major",
            "Small sites",
            "PORTO has 14 patients, 5 events; the study asks for 20 and 10",
            facts={"patients": 14},
        ),
        finding(
            "FEAT-004", "failed", "major", "Mixed discretisation", "binWidth is 25 at 4 sites and 10 at OSLO", facts={"binWidth": [25, 10]}
        ),
        finding(
            "ID-004",
            "waived",
            "minor",
            "Ids that differ by case",
            "2 ids differ only by case",
            facts={"decision": "kept apart: two people, checked by mdevries"},
        ),
        finding(
            "FEAT-010", "failed", "minor", "Constant features", "3 features do not vary at OSLO; left unharmonised there", "FEAT-010.2"
        ),
        finding("READ-001", "failed", "note", "Encoding", "oslo.csv read as windows-1252"),
        finding("LEAK-001", "passed", "blocking", "No patient in both parts", "no patient stands in both parts"),
        finding("LEAK-003", "passed", "blocking", "Scaling saw training rows only", "mean and SD were estimated on training rows"),
        finding("OUT-002", "passed", "blocking", "Outcome coding", "the outcome holds 0 and 1"),
        finding("PERF-003", "passed", "minor", "Calibration groups", "every group has an event"),
        finding("LEAK-010", "not run", "major", "Same image under two ids", "no image hashes were supplied", facts={"needs": "images"}),
        finding("OUT-006", "not applicable", "major", "Units of time", "the outcome is binary"),
    ]


def curves(rng: random.Random, n: int, e: int) -> dict[str, Any]:
    """Return ROC, calibration, decision and permutation curves."""
    fpr = [i / 60 for i in range(61)]
    tpr = [1 - (1 - f) ** 2.3 for f in fpr]
    x = [0.04 + 0.88 * i / 40 for i in range(41)]
    y = [min(max(0.12 + 0.62 * v, 0), 1) for v in x]
    edges = [i / 20 for i in range(21)]
    yes = [max(0, round(e / 9 * math.exp(-(((a - 0.55) / 0.22) ** 2)))) for a in edges[:-1]]
    no = [max(0, round((n - e) / 7 * math.exp(-(((a - 0.25) / 0.2) ** 2)))) for a in edges[:-1]]
    threshold = [0.01 + 0.98 * i / 98 for i in range(99)]
    rate = e / n
    everyone = [rate - (1 - rate) * t / (1 - t) for t in threshold]
    model = [max(a, rate * (1 - t) ** 1.6 * 0.9) - 0.01 * math.sin(9 * t) for t, a in zip(threshold, everyone, strict=True)]
    counts = [0] * 24
    for _ in range(1000):
        counts[min(max(int((rng.gauss(0.5, 0.055) - 0.3) / 0.4 * 24), 0), 23)] += 1
    groups = [
        {
            "predicted": p,
            "observed": 0.1 + 0.65 * p,
            "low": max(0, 0.1 + 0.65 * p - 0.17),
            "high": min(1, 0.1 + 0.65 * p + 0.19),
            "patients": n // 6,
        }
        for p in (0.08, 0.17, 0.26, 0.38, 0.52, 0.74)
    ]
    return {
        "roc": {
            "fpr": fpr,
            "tpr": tpr,
            "low": [max(0, t - 0.11 * math.sin(math.pi * f) - 0.02) for f, t in zip(fpr, tpr, strict=True)],
            "high": [min(1, t + 0.1 * math.sin(math.pi * f) + 0.02) for f, t in zip(fpr, tpr, strict=True)],
            "operating": {"fpr": 0.31, "tpr": 0.68},
        },
        "calibration": {
            "smooth": {"x": x, "y": y, "low": [max(0, v - 0.13) for v in y], "high": [min(1, v + 0.14) for v in y]},
            "groups": groups,
            "histogram": {"edges": edges, "events": yes, "non_events": no},
        },
        "decision": {
            "threshold": threshold,
            "model": model,
            "low": [m - 0.04 for m in model],
            "high": [m + 0.04 for m in model],
            "all": everyone,
        },
        "permutation": {"edges": [0.3 + 0.4 * i / 24 for i in range(25)], "counts": counts, "observed": 0.71, "p": 0.002, "repeats": 1000},
    }


def harmonisation(rng: random.Random, batches: list[str], features: list[str]) -> dict[str, Any]:
    """Return the harmonisation section."""
    before, after, index = [], [], []
    for k, _ in enumerate(batches):
        cx, cy = 6 * math.cos(k * 2.4) * (1 + k % 3) / 2, 5 * math.sin(k * 2.4)
        for _ in range(max(6, 200 // len(batches))):
            before.append([cx + rng.gauss(0, 2.2), cy + rng.gauss(0, 1.6)])
            after.append([rng.gauss(0, 2.6), rng.gauss(0, 2.0)])
            index.append(k)
    effects = []
    for f in features:
        eta = min(rng.betavariate(1.4, 5), 0.9)
        left = eta * rng.uniform(0.02, 0.25)
        effects.append({"feature": f, "eta2_before": eta, "eta2_after": left, "p_before": 10 ** (-eta * 40), "p_after": 10 ** (-left * 8)})
    association = []
    for f in features:
        base = min(max(rng.gauss(0.55, 0.06), 0.2), 0.85)
        association.append({"feature": f, "before": base, "after": min(max(base + rng.gauss(-0.004, 0.012), 0.1), 0.9)})
    rows = []
    for k, b in enumerate(batches):
        shift = rng.gauss(0, 0.5)
        rows.append(
            {
                "batch": b,
                "patients": 90 // (k + 1) + 12,
                "events": 20 // (k + 1) + 3,
                "shift": shift,
                "shift_low": shift - 0.25,
                "shift_high": shift + 0.3,
                "scale": rng.uniform(0.7, 1.4),
            }
        )
    return {
        "method": "ComBat, parametric empirical Bayes",
        "preserve": ["sex", "smoking"],
        "batches": rows,
        "merged": {"OTHER": ["Philips", "0", "TOSHIBA"]},
        "unseen": {"evaluation": "refuse", "scoring": "refuse"},
        "crosscheck": {
            "package": "neuroCombat",
            "version": "0.2.12",
            "status": "equal",
            "max_difference": 3.1e-13,
            "rows": 111,
            "features": len(features),
            "sentence": "Largest difference to neuroCombat 0.2.12 on the training rows: 3.1e-13 SD.",
        },
        "site_effect": effects,
        "outcome_association": association,
        "probe": {
            "before": est(0.93, 0.89, 0.96),
            "after": est(0.55, 0.47, 0.63),
            "chance": 0.5,
            "null_low": 0.42,
            "null_high": 0.58,
            "sentence": "",
        },
        "pca": {
            "before": before,
            "after": after,
            "batch": index,
            "batches": batches,
            "explained_before": [0.34, 0.17],
            "explained_after": [0.27, 0.19],
        },
        "sentence": "The batch explained a fifth of the typical feature and explains almost nothing after it; no association appeared.",
    }


def provenance() -> dict[str, Any]:
    """Return a graph of the kind that a run makes."""
    nodes = [
        ("f1", "Sandy-Captk.csv", "file"),
        ("f2", "clinical-demographics.csv", "file"),
        ("f3", "Sandy-CT-parameters.xlsx", "file"),
        ("plan", "study.yaml", "file"),
        ("table", "feature table", "table"),
        ("check", "checks", "step"),
        ("split", "split", "guard"),
        ("harm", "harmonise.fit", "step"),
        ("fit", "model.fit", "step"),
        ("thr", "threshold.fit", "step"),
        ("lock", "signature.json", "lock"),
        ("open", "opening 1", "guard"),
        ("eval", "evaluate", "step"),
        ("dossier", "dossier.json", "dossier"),
    ]
    edges = [
        ("f1", "table"),
        ("f2", "table"),
        ("f3", "table"),
        ("table", "check"),
        ("plan", "split"),
        ("table", "split"),
        ("split", "harm"),
        ("harm", "fit"),
        ("fit", "thr"),
        ("thr", "lock"),
        ("harm", "lock"),
        ("fit", "lock"),
        ("lock", "open"),
        ("split", "open"),
        ("open", "eval"),
        ("lock", "eval"),
        ("eval", "dossier"),
        ("check", "dossier"),
    ]
    made = [{"id": i, "label": name, "kind": kind, "digest": sha(name)} for i, name, kind in nodes]
    return {"nodes": made, "edges": [list(e) for e in edges], "versions": {"radaudit": "0.1.0", "evidence schema": "1"}}


def signature(chosen: list[str]) -> dict[str, Any]:
    """Return the signature section."""
    terms = [
        {
            "feature": f,
            "family": FAMILIES[k % 7],
            "ibsi": IBSI[k % 8],
            "raw": (-1) ** k * 0.0123 / (k + 1),
            "standardised": (-1) ** k * 0.81 / (k + 1),
        }
        for k, f in enumerate(chosen)
    ]
    return {
        "name": "egfr",
        "version": "1.0.0",
        "sha256": sha("signature"),
        "bytes": 18231,
        "features": len(chosen),
        "registration": f"radaudit:egfr@1.0.0#{sha('signature')}",
        "threshold": {"value": 0.2814, "rule": "youden"},
        "coefficients": terms,
        "intercept": -1.0831,
        "harmonisation": "ComBat for 3 batches, refuses any other",
        "test_vectors": 15,
    }


def transport(batches: list[str]) -> dict[str, Any]:
    """Return per-site results; one site can have no AUC."""
    rows, holdout, bare = [], [], []
    for k, b in enumerate(batches):
        value = 0.74 - 0.05 * math.sin(k * 1.7)
        half = 0.08 + 0.012 * k
        rows.append(
            {
                "site": b,
                "patients": 120 // (k + 1) + 8,
                "events": 40 // (k + 1) + 3,
                "auc": est(value, value - half, min(value + half, 0.98)),
            }
        )
        bare.append({"site": b, "auc": est(value - 0.03 * math.cos(k), value - half, min(value + half, 0.98))})
        auc = (
            est(None, reason="3 of 3 are events")
            if k == 2
            else est(value - 0.02, max(value - 0.02 - 1.6 * half, 0.2), min(value + 1.4 * half, 0.99))
        )
        holdout.append(
            {
                "site": b,
                "patients": 40 // (k + 1) + 3,
                "events": 14 // (k + 1) + 1,
                "auc": auc,
                "citl": est(0.2 - 0.1 * k, -0.4 - 0.1 * k, 0.8),
            }
        )
    few = len(batches) < 3
    return {
        "holdout": holdout,
        "rows": rows,
        "pooled": None if few else est(0.72, 0.66, 0.78),
        "prediction": None if few else {"low": 0.55, "high": 0.84},
        "tau2": None if few else 0.041,
        "i2": None if few else 0.32,
        "reason": "fewer than 3 sites" if few else "",
        "limit": 0.6,
        "unharmonised": bare,
        "pooled_reason": "fewer than 3 sites",
        "prediction_reason": "fewer than 3 sites",
    }


def cohort(rng: random.Random, batches: list[str]) -> dict[str, Any]:
    """Return the cohort section."""
    sizes = [max(9, round(130 / (k + 1) ** 0.9)) for k in range(len(batches))]
    rate = [0.24 + 0.2 * math.sin(k * 1.3) for k in range(len(batches))]
    events = [max(1, round(s * r)) for s, r in zip(sizes, rate, strict=True)]
    n, e = sum(sizes), sum(events)
    held = round(n * 0.36)
    return {
        "flow": [
            {"label": "supplied", "patients": n + 40, "rows": n + 40, "events": None, "reason": ""},
            {"label": "without clinical row", "patients": 5, "rows": 5, "events": None, "reason": "no row in clinical-demographics.csv"},
            {
                "label": "without outcome",
                "patients": 35,
                "rows": 35,
                "events": None,
                "reason": "egfr-mut is Unknown, Not collected or empty",
            },
            {"label": "analysed", "patients": n, "rows": n, "events": e, "reason": ""},
            {"label": "training", "patients": n - held, "rows": n - held, "events": e - round(e * 0.36), "reason": ""},
            {"label": "holdout (test set)", "patients": held, "rows": held, "events": round(e * 0.36), "reason": ""},
        ],
        "sources": [
            {
                "file": "data/Sandy-Captk.csv",
                "role": "features",
                "sha256": sha("a"),
                "bytes": 231442,
                "rows": 206,
                "columns": 103,
                "reader": "captk",
                "dialect": {"delimiter": ",", "decimal": ".", "encoding": "utf-8-sig"},
            }
        ],
        "accounting": [
            {"file": "data/Sandy-Captk.csv", "column": "T1_ED_GLCM_Contrast", "kind": "missing marker", "what": "#NAME?", "count": 8}
        ],
        "table": {"rows": n, "patients": n, "features": 98, "digest": sha("table")},
        "table1": [
            {"variable": "outcome", "level": "event", "training": "27 (24%)", "holdout": "15 (25%)", "smd": 0.02},
            {"variable": "sex", "level": "Male", "training": "70 (63%)", "holdout": "34 (57%)", "smd": -0.13},
            {"variable": "sex", "level": "Female", "training": "41 (37%)", "holdout": "26 (43%)", "smd": 0.13},
            {
                "variable": "T1_ED_Volumetric_Volume",
                "level": None,
                "training": "5321 (1899 to 16040)",
                "holdout": "6120 (2003 to 14020)",
                "smd": None,
            },
        ],
        "sites": [
            {
                "site": b,
                "patients": s,
                "events": v,
                "training": s - s // 3,
                "holdout": s // 3,
                "duplicates": 0,
                "missing_share": rng.random() * 0.02,
                "settings": "ok" if k % 4 else "binWidth",
                "site_effect": rng.random() * 0.5,
                "verdict": ("ok", "warn", "FAIL")[k % 3],
            }
            for k, (b, s, v) in enumerate(zip(batches, sizes, events, strict=True))
        ],
        "site_outcome": [{"site": b, "events": v, "non_events": s - v} for b, s, v in zip(batches, sizes, events, strict=True)],
        "missingness": {
            "sites": batches,
            "families": list(FAMILIES),
            "share": [[0.0 if rng.random() < 0.6 else rng.random() ** 4 * 0.3 for _ in FAMILIES] for _ in batches],
        },
        "acquisition": [
            {
                "column": "Manufacturer",
                "levels": [
                    {"level": "SIEMENS", "patients": 88},
                    {"level": "GE MEDICAL SYSTEMS", "patients": 71},
                    {"level": "(missing)", "patients": 2},
                ],
            }
        ],
    }


def document(sites: int = 5, features: int = 98, verdict: str = "cannot be determined", seed: int = 7) -> dict[str, Any]:
    """Return a whole dossier document."""
    rng = random.Random(seed)
    batches = [SITES[k % len(SITES)] + ("" if k < len(SITES) else f" {k}") for k in range(sites)]
    names = [f"{FILTERS[k % 4] or 'original'}_{FAMILIES[k % 7]}_{NAMES[k % 8]}{k}" for k in range(features)]
    chosen = names[: min(7, features)]
    who = cohort(rng, batches)
    n = sum(s["holdout"] for s in who["sites"])
    e = max(2, round(n * 0.3))
    base = [
        {"name": name, "auc": est(v, v - 0.09, v + 0.09)}
        for name, v in (("prevalence", 0.5), ("site", 0.56), ("volume", 0.59), ("clinical", 0.66))
    ]
    evidence: dict[str, Any] = {
        "study": {
            "name": "egfr",
            "title": "EGFR mutation from CT features, NSCLC-Radiogenomics, two institutions",
            "question": "Does a CT signature tell EGFR-mutant from wild-type lung tumours in patients not used to build it?",
            "plan_sha256": sha("plan"),
            "file": "# study.yaml\nschema: radaudit/study/1\nstudy: egfr\nmodel: {kind: elastic-net, max_features: 8}\n",
            "seed": 20261123,
        },
        "signature": signature(chosen),
        "verdict": {"overall": verdict, "claim": "C1", "sentence": "", "post_hoc": False},
        "claims": claims(verdict, n, e),
        "decision_rule": [
            "1. A blocking finding that concerns the evidence of the claim: cannot be determined.",
            "2. A claim registered, or a plan changed, after the test set was opened: decided as below and marked post hoc.",
            "3. The whole 95% interval keeps the required limit: supported.",
            "4. The whole 95% interval breaks it: not supported.",
            "5. The interval contains the limit, or cannot be computed: cannot be determined.",
            "Overall: the worst verdict among the primary claims.",
        ],
        "tiles": [
            {"value": "0.71 (0.60 to 0.80)", "label": "AUC in the test set, required ≥ 0.7"},
            {"value": "0.61 (0.22 to 0.78)", "label": "calibration slope, required 0.8 to 1.2"},
            {"value": f"{n} / {sites}", "label": f"test patients / sites ({e} events)"},
            {"value": "1 of 1", "label": "openings of the test set used"},
        ],
        "coverage": {
            "possible": 41,
            "total": 58,
            "missing": [
                {"input": "images", "checks": 3, "codes": ["LEAK-010", "ID-005", "FEAT-020"]},
                {"input": "scan dates", "checks": 6, "codes": []},
            ],
        },
        "findings": findings(),
        "cohort": who,
        "features": {
            "extractor": "CaPTk 1.7.6",
            "settings": [{"site": b, "text": "binWidth 25" if k != 2 else "binWidth 10"} for k, b in enumerate(batches)],
            "dictionary": [
                {
                    "name": f,
                    "family": FAMILIES[k % 7],
                    "filter": FILTERS[k % 4],
                    "ibsi": IBSI[k % 8] if k % 3 else "",
                    "missing_share": 0.0 if k % 9 else 0.012,
                    "selected": f in chosen,
                }
                for k, f in enumerate(names)
            ],
            "families": [{"family": f, "features": sum(1 for k in range(features) if k % 7 == i)} for i, f in enumerate(FAMILIES)],
        },
        "harmonisation": harmonisation(rng, batches, names),
        "leaks": {
            "checks": [
                {
                    "code": "LEAK-001",
                    "question": "Does a patient stand in both parts?",
                    "verdict": "passed",
                    "number": 0,
                    "sentence": "no patient stands in both parts",
                },
                {
                    "code": "LEAK-003",
                    "question": "Did scaling see test rows?",
                    "verdict": "passed",
                    "number": 0,
                    "sentence": "estimated on 111 training rows",
                },
                {
                    "code": "LEAK-010",
                    "question": "Is an image there under two ids?",
                    "verdict": "not run",
                    "number": None,
                    "sentence": "no image hashes were supplied",
                },
            ],
            "optimism": {
                "naive": est(0.78, 0.7, 0.85),
                "guarded": est(0.69, 0.6, 0.77),
                "pairs": [[0.77 + rng.gauss(0, 0.015), 0.69 + rng.gauss(0, 0.02)] for _ in range(25)],
            },
        },
        "performance": {
            "patients": n,
            "events": e,
            "auc": est(0.71, 0.60, 0.80, n, e),
            "auc_bootstrap": est(0.71, 0.6, 0.81, n, e, method="bootstrap, 2000 stratified"),
            "brier": est(0.176, 0.14, 0.21, n, e),
            "scaled_brier": est(0.07, -0.05, 0.19, n, e),
            "calibration_intercept": est(-0.21, -0.81, 0.4, n, e),
            "calibration_slope": est(0.61, 0.22, 0.78, n, e),
            "citl": est(-0.1, -0.62, 0.41, n, e),
            "sensitivity": est(0.68, 0.46, 0.85, n, e),
            "specificity": est(0.69, 0.57, 0.79, n, e),
            "ppv": est(0.4, 0.25, 0.57),
            "npv": est(None, reason="no low risk was said"),
            "confusion": {"tp": 13, "fp": 21, "fn": 6, "tn": 46},
            **curves(rng, n, e),
            "comparisons": [
                {"against": "prevalence", "auc": est(0.5, reason="constant"), "delta": est(0.21, 0.1, 0.3)},
                {"against": "site", "auc": est(0.55, 0.44, 0.66), "delta": est(0.16, 0.03, 0.29)},
                {"against": "volume", "auc": est(0.6, 0.48, 0.71), "delta": est(0.11, -0.02, 0.24)},
                {"against": "clinical", "auc": est(0.66, 0.55, 0.76), "delta": est(0.05, -0.06, 0.16)},
            ],
        },
        "development": {
            "text": "5 times 5-fold, stratified by event, patients never divided; inside each fold 5-fold for tuning",
            "auc": est(0.69, 0.6, 0.77),
            "repeats": [0.68, 0.7, 0.67, 0.71, 0.69],
            "inner_best": 0.75,
            "outer": 0.69,
            "gap": 0.06,
            "baselines": base,
            "stability": [{"feature": f, "share": max(0.02, 0.98 - 0.07 * k)} for k, f in enumerate(names[:40])],
            "configurations": 36,
        },
        "transport": transport(batches),
        "provenance": provenance(),
    }
    record = {
        "created": "2026-11-23T12:00:00Z",
        "actor": "a.rossi",
        "evidence_sha256": digest(evidence),
        "ledger": {"entries": 23, "head": sha("head"), "root": sha("root")},
        "openings": [
            {
                "n": 1,
                "at": "2026-11-23T11:58:02Z",
                "who": "a.rossi",
                "why": "primary analysis, SAP 4.2",
                "lock": sha("signature"),
                "hash": sha("entry"),
            }
        ],
        "allowed": 1,
        "amended": False,
        "key": {"fingerprint": sha("key")[:16], "public": sha("pub")},
        "environment": {
            "python": "3.11.7",
            "platform": "Linux x86_64",
            "packages": {"numpy": "2.4.6", "scikit-learn": "1.9.1", "duckdb": "2.0.1"},
        },
        "mlflow": {"experiment": "egfr", "runs": ["2b0c07c5", "91aa02be"]},
        "commands": [
            "radaudit run",
            "radaudit lock --version 1.0.0",
            "radaudit evaluate --reason 'primary analysis, SAP 4.2'",
            "radaudit report",
        ],
    }
    return {"schema": "radaudit/dossier/1", "evidence": evidence, "record": record}


def as_bytes(made: dict[str, Any]) -> bytes:
    """Return the canonical bytes of a document."""
    return canonical(made) + b"\n"


def sealed(sites: int = 2) -> dict[str, Any]:
    """Return a document made before the test set was opened: members null, with reasons."""
    made = document(sites)
    evidence, record = made["evidence"], made["record"]
    for name in ("performance", "transport", "leaks", "harmonisation"):
        evidence[name] = None
        evidence[f"{name}_reason"] = f"{name}: the test set is sealed"
    evidence["verdict"] = None
    evidence["verdict_reason"] = "The test set is sealed; nothing was decided."
    for claim in evidence["claims"]:
        claim.update(verdict=None, observed=None, observed_reason="sealed", reasons=[])
    record["openings"] = []
    return made


def hostile() -> dict[str, Any]:
    """Return a document with an attack in every place where text may stand."""
    made = document(5)
    turn = iter(range(10**9))

    def poisoned(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: poisoned(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [poisoned(v, key) for v in value]
        keep = key in ("overall", "verdict", "schema", "evidence_sha256") and value in (
            *VERDICT_WORDS,
            "passed",
            "failed",
            "waived",
            "not run",
            "not applicable",
        )
        if not isinstance(value, str) or keep:
            return value
        return f"{HOSTILE[next(turn) % len(HOSTILE)]} {value}"

    return {"schema": made["schema"], "evidence": poisoned(made["evidence"], ""), "record": poisoned(made["record"], "")}
