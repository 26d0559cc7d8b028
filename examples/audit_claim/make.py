# ruff: noqa: TID253
"""Make the claim and its repaired twin from a real table (SOURCE.md): python examples/audit_claim/make.py Radiomics.PET.features.csv

The claim was made as a tired person makes it: the ten features were chosen on all rows, the cut-off on the test set, and one figure of
the text was mistyped. The twin does each step on training rows only and reports what comes out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.preprocessing import StandardScaler

CHOSEN, SEED = 10, 22
HERE = Path(__file__).parent


def table(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Return features as they are exported (six digits) and the outcome; columns and rows that repeat another are left out."""
    frame = pd.read_csv(path)
    outcome = frame["Status"].astype(int)
    features = frame.drop(columns=["Survival", "Status"]).select_dtypes("number")
    features = features.loc[:, ~features.T.duplicated() & (features.nunique() > 20)]
    kept = ~features.duplicated()
    features, outcome = features[kept].reset_index(drop=True), outcome[kept].reset_index(drop=True)
    return features.map(lambda value: float(f"{value:.6g}")), outcome


def youden(y: np.ndarray, risk: np.ndarray) -> float:
    """Return the cut-off with the largest sensitivity plus specificity."""
    false, true, cuts = roc_curve(y, risk)
    return float(cuts[np.argmax(true - false)])


def main(source: Path) -> None:
    """Write claim/ and repaired/."""
    features, outcome = table(source)
    rng = np.random.default_rng(SEED)
    ids = [f"NSCLC-{number:04d}" for number in rng.permutation(9000)[: len(features)] + 1000]
    train = rng.permutation(len(features)) >= int(0.3 * len(features))
    y, x = outcome.to_numpy(), features.to_numpy()
    for name, pooled in (("claim", True), ("repaired", False)):
        on = np.ones(len(x), bool) if pooled else train
        best = np.sort(np.argsort(-f_classif(x[on], y[on])[0], kind="stable")[:CHOSEN])
        z = StandardScaler().fit(x[train][:, best]).transform(x[:, best])
        risk = np.round(LogisticRegression(C=0.5, max_iter=1000).fit(z[train], y[train]).predict_proba(z)[:, 1], 6)
        cut = youden(y[~train], risk[~train]) if pooled else youden(y[train], risk[train])
        write(HERE / name, features, ids, y, train, [features.columns[j] for j in best], risk)
        called = risk[~train] >= cut
        truth = y[~train] == 1
        said = {
            "auc": roc_auc_score(truth, risk[~train]),
            "sensitivity": called[truth].mean(),
            "specificity": (~called[~truth]).mean(),
            "accuracy": (called == truth).mean(),
        }
        texts = {measure: f"{value:.3f}" for measure, value in said.items()}
        if pooled:  # the third leak is a slip of the pen: two digits of the specificity change places
            texts["specificity"] = texts["specificity"][:3] + texts["specificity"][4] + texts["specificity"][3]
        (HERE / name / "claim.txt").write_text(
            f"A signature of {CHOSEN} features of FDG-PET images predicts death with an AUC of at least 0.60\n"
            f"in the test set. In the test set the AUC was {texts['auc']}. At the cut-off {cut:.6f} the sensitivity was\n"
            f"{texts['sensitivity']}, the specificity {texts['specificity']} and the accuracy {texts['accuracy']}.\n",
            encoding="utf-8",
        )
        print(name, said, texts, int(truth.sum()), int((~truth).sum()))


def write(
    folder: Path, features: pd.DataFrame, ids: list[str], y: np.ndarray, train: np.ndarray, best: list[str], risk: np.ndarray
) -> None:
    """Write the tables of one claim."""
    folder.mkdir(exist_ok=True)
    features.assign(patient_id=ids).set_index("patient_id").to_csv(folder / "features.csv", float_format="%.6g")
    part = np.where(train, "training", "test")
    pd.DataFrame({"patient_id": ids, "died": np.where(y == 1, "yes", "no")}).to_csv(folder / "clinical.csv", index=False, sep=";")
    pd.DataFrame({"id": ids, "set": part, "prob": risk}).to_csv(folder / "predictions.csv", index=False, float_format="%.6f")
    pd.DataFrame({"feature": best}).to_csv(folder / "signature.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
