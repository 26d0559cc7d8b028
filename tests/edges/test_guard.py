"""The metamorphic guard on pipelines a tired person could have written: leaky ones are caught, honest ones are not, gaps are said."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import radaudit
from radaudit.cli.app import run
from radaudit.errors import DesignError, StudyError

LEAK, CLEAN, UNKNOWN = "proved leak", "evidence of clean", "not testable with what was supplied"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    outcome = (rng.random(60) < 0.4).astype(int)
    features = rng.normal(size=(60, 12)) * rng.uniform(0.5, 40, 12) + rng.normal(size=12) * 10
    features[:, 0] += 15 * outcome
    frame = pd.DataFrame(features, columns=[f"f{j}" for j in range(12)], index=[f"P{i:03d}" for i in range(60)])
    return frame.assign(relapse=outcome, part=np.where(np.arange(60) % 3 == 0, "holdout", "training"))


def mean_difference(table: pd.DataFrame, split: pd.Series, *, scale_on: str = "training", choose_on: str = "training") -> pd.Series:
    """Return the score of a nearest-mean rule on scaled features: three chosen by the difference of means."""
    x, y = table.drop(columns="relapse").to_numpy(), table["relapse"].to_numpy()
    train = (split == "training").to_numpy()
    on = {"training": train, "all": np.ones(len(x), bool), "own": train}
    at = on[scale_on]
    z = (x - x[at].mean(axis=0)) / x[at].std(axis=0)
    if scale_on == "own":
        z = np.where(train[:, None], z, (x - x[~train].mean(axis=0)) / x[~train].std(axis=0))
    seen = on[choose_on]
    gap = z[seen & (y == 1)].mean(axis=0) - z[seen & (y == 0)].mean(axis=0)
    best = np.argsort(-np.abs(gap))[:3]
    weight = z[train & (y == 1)].mean(axis=0) - z[train & (y == 0)].mean(axis=0)
    return pd.Series(z[:, best] @ weight[best], index=table.index)


def test_an_honest_callable_gets_evidence_of_clean_in_five_fits(table: pd.DataFrame) -> None:
    found = radaudit.guard(mean_difference, table, "part", outcome="relapse")
    assert (found.verdict, found.fits, found.caught) == (CLEAN, 5, ())
    assert [f.code for f in found.findings] == ["GUARD-100", "GUARD-101", "GUARD-102", "GUARD-103"]
    assert not any(f.failed for f in found.findings)


@pytest.mark.parametrize(
    ("how", "caught"),
    [
        ({"scale_on": "all"}, ("features", "company")),
        ({"choose_on": "all"}, ("features", "outcomes", "company")),
        ({"scale_on": "own"}, ("features", "company")),
    ],
)
def test_leaky_callables_are_proved(table: pd.DataFrame, how: dict[str, str], caught: tuple[str, ...]) -> None:
    found = radaudit.guard(lambda t, s: mean_difference(t, s, **how), table, "part", outcome="relapse")
    assert (found.verdict, found.deterministic) == (LEAK, True)
    assert found.fits <= 5
    assert set(found.caught) <= set(caught)
    assert found.caught


def test_a_threshold_from_test_outcomes_is_named(table: pd.DataFrame) -> None:
    def pipeline(t: pd.DataFrame, s: pd.Series) -> dict[str, object]:
        risk = mean_difference(t, s)
        held, event = s == "holdout", t["relapse"] == 1
        cuts = np.sort(risk[held])
        gain = [(risk[held & event] >= cut).mean() - (risk[held & ~event] >= cut).mean() for cut in cuts]
        return {"predictions": risk, "threshold": cuts[int(np.argmax(gain))]}

    found = radaudit.guard(pipeline, table, "part", outcome="relapse")
    outcomes = next(item for item in found.perturbations if item.name == "outcomes")
    assert found.verdict == LEAK
    assert outcomes.moved is not None
    assert (outcomes.moved.others, outcomes.moved.training, outcomes.moved.holdout) == (("threshold",), 0, 0)


def test_scikit_learn_pipelines_are_clean_and_unset_seeds_are_set(table: pd.DataFrame) -> None:
    features, part, outcome = table.drop(columns=["relapse", "part"]), table["part"], table["relapse"].map({0: "no", 1: "yes"})
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    assert radaudit.guard(linear, features, part, outcome=outcome).verdict == CLEAN
    assert radaudit.guard(RandomForestClassifier(10), features, part, outcome=outcome).verdict == CLEAN


class Batchwise(TransformerMixin, BaseEstimator):
    """Scales whatever rows it is shown by their own moments."""

    def fit(self, X: pd.DataFrame, y: object = None) -> Batchwise:
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return ((X - X.mean()) / X.std()).to_numpy()


def test_a_transformer_that_scales_the_test_set_by_itself_is_caught(table: pd.DataFrame) -> None:
    model = make_pipeline(Batchwise(), LogisticRegression())
    found = radaudit.guard(model, table, "part", outcome="relapse")
    assert found.verdict == LEAK
    company = next(item for item in found.perturbations if item.name == "company")
    assert company.moved is not None
    assert (company.moved.training, company.moved.holdout) == (0, company.moved.holdout_of)


def test_combat_is_given_its_sites(table: pd.DataFrame) -> None:
    import sklearn

    site = pd.Series(np.where(np.arange(len(table)) % 2 == 0, "A", "B"), index=table.index)
    with sklearn.config_context(enable_metadata_routing=True):
        combat = radaudit.ComBat().set_fit_request(site=True).set_transform_request(site=True)
        model = make_pipeline(combat, LogisticRegression(max_iter=1000))
        assert radaudit.guard(model, table, "part", outcome="relapse", site=site).verdict == CLEAN


def test_a_pipeline_that_draws_lots_proves_nothing_without_repeats(table: pd.DataFrame) -> None:
    rng = np.random.default_rng()
    found = radaudit.guard(lambda t, s: mean_difference(t, s) + rng.normal(size=len(t)), table, "part", outcome="relapse")
    assert (found.verdict, found.deterministic, found.fits) == (UNKNOWN, False, 5)
    assert [f.code for f in found.findings] == ["GUARD-104"]


def test_lots_are_compared_by_distribution(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)

    def noisy(how: dict[str, str]) -> radaudit.leaks.metamorphic.guard.GuardReport:  # type: ignore[name-defined]
        def pipeline(t: pd.DataFrame, s: pd.Series) -> pd.Series:
            return mean_difference(t, s, **how) * (1 + 0.02 * rng.normal(size=len(t)))

        return radaudit.guard(pipeline, table, "part", outcome="relapse", repeats=8)

    assert noisy({}).verdict == CLEAN
    leaky = noisy({"scale_on": "all"})
    assert leaky.verdict == "suspected"
    assert "features" in leaky.caught


def test_a_pipeline_that_ignores_its_table_gets_no_certificate(table: pd.DataFrame) -> None:
    fixed = mean_difference(table.drop(columns="part"), table["part"])
    found = radaudit.guard(lambda t, s: fixed.reindex(t.index).fillna(0.0), table, "part", outcome="relapse")
    assert found.verdict == UNKNOWN


def test_input_that_cannot_be_used_is_refused_with_its_code(table: pd.DataFrame) -> None:
    for call, code in (
        (lambda: radaudit.guard(mean_difference, table, "part", outcome="relapsed"), "GUARD-112"),
        (lambda: radaudit.guard(mean_difference, table, table["part"].replace("holdout", "test"), outcome="relapse"), "GUARD-112"),
        (lambda: radaudit.guard(mean_difference, table.iloc[:6], "part", outcome="relapse"), "GUARD-110"),
        (lambda: radaudit.guard(mean_difference, table, "part", outcome="relapse", repeats=3), "GUARD-111"),
        (lambda: radaudit.guard(lambda t, s: [1.0, 2.0], table, "part", outcome="relapse"), "GUARD-113"),
    ):
        with pytest.raises(DesignError) as caught:
            call()
        assert caught.value.code == code


SCRIPT = """
import csv, sys
table, split, out, pooled = sys.argv[1:5]
rows = list(csv.DictReader(open(table), delimiter=";"))
part = {r["id"]: r["split"] for r in csv.DictReader(open(split))}
number = lambda text: float(text.replace(",", "."))
use = [r for r in rows if pooled == "all" or part[r["id"]] == "training"]
mean = sum(number(r["f0"]) for r in use) / len(use)
with open(out, "w") as f:
    f.write("id,risk\\n")
    for r in rows:
        if part[r["id"]] == "holdout":
            f.write(f'{r["id"]},{number(r["f0"]) - mean}\\n')
"""


@pytest.fixture
def files(table: pd.DataFrame, tmp_path: Path) -> Path:
    frame = table.rename_axis("id").reset_index().drop(columns="part")
    frame.to_csv(tmp_path / "features.csv", sep=";", decimal=",", index=False)
    table["part"].rename_axis("id").to_csv(tmp_path / "split.csv")
    (tmp_path / "fit.py").write_text(textwrap.dedent(SCRIPT))
    return tmp_path


def guarded(files: Path, pooled: str) -> int:
    line = f"{sys.executable} {files / 'fit.py'} {{table}} {{split}} {{predictions}} {pooled}"
    where = ["--table", str(files / "features.csv"), "--split", str(files / "split.csv"), "--id", "id", "--outcome", "relapse"]
    return run(["guard", line, *where, "-q"])


def test_a_command_is_examined_on_its_own_dialect(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(files, "training") == 0
    assert "EVIDENCE OF CLEAN" in capsys.readouterr().out
    assert guarded(files, "all") == 1
    assert "GUARD-100" in capsys.readouterr().out


def test_a_command_that_cannot_be_run_is_refused(files: Path) -> None:
    from radaudit.edges.guarding.commands import Files, guard_command

    told = Files(table=files / "features.csv", split=str(files / "split.csv"), id="id", outcome="relapse")
    python = f"{sys.executable} {{table}} {{split}} {{predictions}}"
    for line, told_, code in (
        ("python fit.py {table}", told, "GUARD-115"),
        (python, told, "GUARD-116"),
        (python, Files(table=files / "lost.csv", split="x", id="id", outcome="relapse"), "GUARD-114"),
        (python, Files(table=files / "features.csv", split=str(files / "split.csv"), id="ID", outcome="relapse"), "GUARD-114"),
    ):
        with pytest.raises(StudyError) as caught:
            guard_command(line, told_)
        assert caught.value.code == code
