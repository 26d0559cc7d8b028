"""A second scorer, written from the published steps and not from the first: it scores the test vectors of a signature again.

It needs the standard library of Python 3.11 only and nothing of radaudit, so the file can be sent along with a signature and run alone:
``python score.py signature.json patients.csv > scores.csv`` (comma separated, decimal points, columns named as in the signature).

ComBat is computed as Johnson et al. 2007 print it, y = (x - m - s gamma) / sqrt(delta) + m; the scorer that ships uses another order of
operations. Two programs that agree to 1e-9 on 15 rows, refusals included, read the file alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

NUMERAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
TOLERANCE = 1e-9
Answer = tuple[str, str, list[str], float | None]  # status, group, codes, risk
Values = list[float]  # a missing value is NaN


def disagreements(signature: Mapping[str, Any]) -> list[str]:
    """Return the ids of the test vectors that this scorer answers differently; a damaged file raises a builtin error."""
    return [str(vector["id"]) for vector in signature["test_vectors"] if not _agrees(signature, vector)]


def score(signature: Mapping[str, Any], row: Mapping[str, Any]) -> Answer:
    """Return status, group, codes and risk (None if refused) of one row: a mapping from column to text, number or None."""
    return _score(signature, row)[:4]


def _agrees(signature: Mapping[str, Any], vector: Mapping[str, Any]) -> bool:
    status, group, codes, risk, trace = _score(signature, vector["row"])
    if (status, group, codes) != (vector["status"], vector["group"], vector["codes"]):
        return False
    if (risk is None) != (vector["risk"] is None) or len(trace) != len(vector["steps"]):
        return False
    steps = zip(trace, vector["steps"], strict=True)
    near = all(op == step["op"] and _near(values, step["values"]) for (op, values), step in steps)
    return near and (risk is None or _near([risk], [vector["risk"]]))


def _near(own: Values, stated: list[float | None]) -> bool:
    if len(own) != len(stated):
        return False
    for a, b in zip(own, stated, strict=True):
        if b is None or math.isnan(a):
            if not (b is None and math.isnan(a)):
                return False
        elif not math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            return False
    return True


def _score(signature: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, str, list[str], float | None, list[tuple[str, Values]]]:
    found: dict[str, list[str]] = {"refuse": [], "flag": []}
    x, words = _features(signature, row, found)
    levels, covariate_codes = _covariates(signature, row)
    batch, batch_codes, batch_flags = _batch(signature, row)
    settings = [item for item in signature["settings"] if _trimmed(row.get(item["column"])) not in ("", item["value"])]
    refusals = ["SCORE-002"] * _column_gone(signature, row) + batch_codes + ["SCORE-004"] * bool(settings) + words + found["refuse"]
    refusals += covariate_codes
    if refusals:
        return "refused", "", list(dict.fromkeys(refusals)), None, []
    trace = _trace(signature, x, batch, levels)
    risk = trace[-1][1][0]
    flags = list(dict.fromkeys(batch_flags + found["flag"]))
    return "flagged" if flags else "scored", "high" if risk >= signature["threshold"]["value"] else "low", flags, risk, trace


def _trace(signature: Mapping[str, Any], x: Values, batch: str, levels: Mapping[str, float]) -> list[tuple[str, Values]]:
    operations: dict[str, Callable[[Mapping[str, Any], Values], Values]] = {
        "combat": lambda step, v: _combat(step, v, batch, levels),
        "impute": lambda step, v: [fill if math.isnan(a) else a for a, fill in zip(v, step["value"], strict=True)],
        "standardise": lambda step, v: [(a - m) / s for a, m, s in zip(v, step["mean"], step["sd"], strict=True)],
        "linear": lambda step, v: [math.fsum([step["intercept"], *(c * a for c, a in zip(step["coef"], v, strict=True))])],
        "logistic": lambda _, v: [0.5 * (1.0 + math.tanh(0.5 * a)) for a in v],
        "cox": lambda step, v: [1.0 - math.exp(-step["cumulative_hazard"][-1] * math.exp(min(a, 700.0))) for a in v],
        "identity": lambda _, v: v,
    }
    trace = []
    for step in signature["steps"]:
        x = operations[step["op"]](step, x)
        trace.append((str(step["op"]), x))
    return trace


def _combat(step: Mapping[str, Any], x: Values, batch: str, levels: Mapping[str, float]) -> Values:
    if batch not in step["sites"] or batch in (step["reference"], *step["keep"]):
        return x
    site = step["sites"][batch]
    known = [levels[column] for column in step["columns"]]
    y = []
    for j, value in enumerate(x):
        centre = math.fsum([step["grand_mean"][j], *(c * row[j] for c, row in zip(known, step["coefficients"], strict=True))])
        y.append((value - centre - step["pooled_sd"][j] * site["gamma"][j]) / math.sqrt(site["delta"][j]) + centre)
    return y


def _spellings(item: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    return [name for name in (item["name"], *item["aliases"]) if name in row]


def _column_gone(signature: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    columns = signature["batch"]["columns"] if signature["batch"] else []
    return any(not _spellings(item, row) for item in signature["inputs"]) or any(column not in row for column in columns)


def _features(signature: Mapping[str, Any], row: Mapping[str, Any], found: dict[str, list[str]]) -> tuple[Values, list[str]]:
    x: Values = []
    absent: list[bool] = []
    beyond = words = False
    items = [item for item in signature["inputs"] if item["kind"] == "feature"]
    for item in items:
        names = _spellings(item, row)
        text = _trimmed(row[names[0]]) if names else ""
        value = float(text) if NUMERAL.fullmatch(text) else math.nan
        words |= bool(text) and not math.isfinite(value)
        x.append(value)
        absent.append(not text)
        beyond |= math.isfinite(value) and not item["min"] <= value <= item["max"]
    strict = any(gone and item["missing"] == "error" for gone, item in zip(absent, items, strict=True))
    if strict or (items and all(absent)):
        found["refuse"].append("SCORE-003")
    elif any(absent):
        found["flag"].append("SCORE-003")
    found["flag"] += ["SCORE-006"] * beyond
    return x, ["SCORE-005"] * words


def _covariates(signature: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[dict[str, float], list[str]]:
    levels: dict[str, float] = {}
    codes: list[str] = []
    for item in signature["inputs"]:
        names = _spellings(item, row)
        if item["kind"] != "covariate" or not names:
            continue
        text = _trimmed(row[names[0]])
        if not text:
            codes.append("SCORE-003")
        elif item["levels"]:
            codes += ["SCORE-007"] * (text not in item["levels"])
            levels.update({f"{item['name']}[{level}]": 1.0 if level == text else 0.0 for level in item["levels"]})
        elif NUMERAL.fullmatch(text) and math.isfinite(float(text)):
            levels[item["name"]] = float(text)
        else:
            codes.append("SCORE-005")
    return levels, codes


def _batch(signature: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, list[str], list[str]]:
    form = signature["batch"]
    if form is None or any(column not in row for column in form["columns"]):
        return "", [], []
    parts = [_trimmed(row[column]) for column in form["columns"]]
    if "" in parts:
        return "", ["SCORE-003"], []
    name = form["separator"].join(parts)
    name = next((new for new, olds in form["merge"].items() if name in olds), name)
    if name in form["known"]:
        return name, [], []
    return (name, ["SCORE-001"], []) if form["unseen"] == "refuse" else (name, [], ["SCORE-001"])


def _trimmed(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    return str(int(cell)) if cell == int(cell) else repr(float(cell))


def _main(words: list[str]) -> int:
    """Check the test vectors of a signature, then score a CSV file to standard output."""
    import csv
    import hashlib
    import json
    import sys

    if len(words) not in (1, 2):
        print("usage: python score.py signature.json [patients.csv]", file=sys.stderr)
        return 2
    with open(words[0], encoding="utf-8") as stream:
        signature = json.load(stream)
    rest = {name: value for name, value in signature.items() if name != "sha256"}
    own = hashlib.sha256(json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    wrong = disagreements(signature)
    vectors = len(signature["test_vectors"])
    print(f"{own}  {signature['name']} {signature['version']}: {vectors - len(wrong)} of {vectors} test vectors", file=sys.stderr)
    if own != signature["sha256"] or wrong:
        print("the signature was altered, or is not reproduced here: nothing is scored", file=sys.stderr)
        return 3
    refused = 0
    if len(words) == 2:
        with open(words[1], encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            out = csv.writer(sys.stdout, lineterminator="\n")
            out.writerow(["subject", "risk", "group", "status", "codes"])
            for row in rows:
                status, group, codes, risk = score(signature, row)
                refused += status == "refused"
                subject = str(row.get(signature["columns"]["subject"], ""))
                subject = "'" + subject if subject.startswith(("=", "+", "-", "@", "\t", "\r")) else subject
                out.writerow([subject, "" if risk is None else repr(risk), group, status, " ".join(codes)])
    return 1 if refused else 0


if __name__ == "__main__":
    import sys

    sys.exit(_main(sys.argv[1:]))
