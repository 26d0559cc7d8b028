"""Every kind of forensics: a leaky table as a tired person makes it, its honest twin, and a case where the question cannot be asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from radaudit.leaks.forensics.kinds import KINDS
from tests.unit.leaks.forensics.workshop import Bench, bench, written

LEAK = {"proved leak", "suspected"}
CLEAN = {"proved clean", "evidence of clean"}
GAP = "not testable with what was supplied"
Scale = Callable[[np.ndarray, np.ndarray], np.ndarray]


def z(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return (x - x[rows].mean(axis=0)) / x[rows].std(axis=0)


def z_sample(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return (x - x[rows].mean(axis=0)) / x[rows].std(axis=0, ddof=1)


def min_max(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return (x - x[rows].min(axis=0)) / np.ptp(x[rows], axis=0)


def robust(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    low, middle, high = np.percentile(x[rows], [25, 50, 75], axis=0)
    return (x - middle) / (high - low)


@pytest.fixture(scope="module")
def b() -> Bench:
    return bench()


EVERY = np.ones(120, dtype=bool)


@pytest.mark.parametrize("scale", [z, z_sample, min_max, robust])
@pytest.mark.parametrize("digits", [17, 6, 4])
def test_scaling_before_the_split_is_proved_and_scaling_after_it_is_certified(b: Bench, scale: Scale, digits: int) -> None:
    assert b.report(written(scale(b.x, EVERY), digits)).states["scaling"] == "proved leak"
    assert b.report(written(scale(b.x, b.training), digits)).states["scaling"] == "proved clean"


@pytest.mark.parametrize("columns", [1, 3, 10])
def test_a_few_released_columns_are_enough_to_prove_a_pooled_z_score(b: Bench, columns: int) -> None:
    assert b.report(z(b.x, EVERY)[:, :columns]).states["scaling"] == "proved leak"


def test_single_precision_hides_no_pooled_z_score(b: Bench) -> None:
    assert b.report(z(b.x, EVERY).astype(np.float32).astype(float)).states["scaling"] == "proved leak"


def test_ranks_of_all_rows_are_told_from_ranks_of_training_rows(b: Bench) -> None:
    from sklearn.preprocessing import QuantileTransformer

    def ranked(rows: np.ndarray) -> np.ndarray:
        return np.asarray(QuantileTransformer(n_quantiles=int(rows.sum())).fit(b.x[rows]).transform(b.x))

    assert b.report(ranked(EVERY)).states["scaling"] == "proved leak"
    assert b.report(ranked(b.training)).states["scaling"] == "proved clean"


def test_a_raw_table_has_no_evidence_of_scaling_and_one_row_cannot_be_asked(b: Bench) -> None:
    assert b.report(b.x).states["scaling"] == "no evidence"
    lonely = np.where(np.arange(120) < 1, "holdout", "training")
    assert b.report(b.x, part=lonely).states["scaling"] == GAP


@pytest.mark.parametrize("centre", [np.nanmean, np.nanmedian])
@pytest.mark.parametrize("digits", [17, 6, 4])
def test_filling_with_all_rows_is_proved_and_with_training_rows_certified(b: Bench, centre: Callable[..., np.ndarray], digits: int) -> None:
    gappy = np.where(np.random.default_rng(5).random(b.x.shape) < 0.07, np.nan, b.x)

    def filled(rows: np.ndarray) -> np.ndarray:
        return written(np.where(np.isnan(gappy), centre(gappy[rows], axis=0), gappy), digits)

    assert b.report(filled(EVERY)).states["imputation"] == "proved leak"
    assert b.report(filled(b.training)).states["imputation"] == "proved clean"
    assert b.report(b.x).states["imputation"] == "no evidence"


@pytest.mark.parametrize("digits", [17, 6, 4])
def test_components_of_all_rows_are_proved_and_of_training_rows_certified(b: Bench, digits: int) -> None:
    from sklearn.decomposition import PCA

    def components(rows: np.ndarray) -> np.ndarray:
        scaled = z(b.x, rows)
        return written(PCA(8, random_state=0).fit(scaled[rows]).transform(scaled), digits)

    assert b.report(components(EVERY)).states["pca"] == "proved leak"
    assert b.report(components(b.training)).states["pca"] == "proved clean"
    assert b.report(b.x).states["pca"] == "no evidence"
    assert b.report(b.x[:, :1]).states["pca"] == GAP


@pytest.mark.parametrize("scale", [z, z_sample, min_max, robust])
def test_test_rows_scaled_by_themselves_are_proved(b: Bench, scale: Scale) -> None:
    alone = np.where(b.training[:, None], scale(b.x, b.training), scale(b.x, ~b.training))
    assert b.report(alone).states["self_normalisation"] == "proved leak"
    assert b.report(scale(b.x, b.training)).states["self_normalisation"] == "evidence of clean"
    lonely = np.where(np.arange(120) < 2, "holdout", "training")
    assert b.report(b.x, part=lonely).states["self_normalisation"] == GAP


def multisite(b: Bench) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    site = rng.integers(0, 3, len(b.x))
    shift, factor = 0.5 * rng.normal(size=(3, b.x.shape[1])), np.exp(rng.normal(0, 0.2, (3, b.x.shape[1])))
    centre, spread = b.x.mean(axis=0), b.x.std(axis=0)
    return centre + spread * ((b.x - centre) / spread * factor[site] + shift[site]), site.astype(str)


def combat(x: np.ndarray, site: np.ndarray, rows: np.ndarray, outcome: np.ndarray | None = None, eb: bool = True) -> np.ndarray:
    from radaudit.harmonise.combat import fit_combat
    from radaudit.harmonise.moments import measure

    given = None if outcome is None else {"outcome": outcome}
    names = [f"f{j}" for j in range(x.shape[1])]
    seen = None if outcome is None else {"outcome": outcome[rows]}
    return np.asarray(fit_combat(measure(x[rows], site[rows].tolist(), seen, features=names), eb=eb).apply(x, site.tolist(), given))


@pytest.mark.parametrize("eb", [True, False])
@pytest.mark.parametrize("digits", [17, 4])
def test_combat_on_all_rows_is_caught_and_on_training_rows_certified(b: Bench, eb: bool, digits: int) -> None:
    x, site = multisite(b)
    assert b.report(written(combat(x, site, EVERY, eb=eb), digits), site=site).states["harmonisation"] == "proved leak"
    assert b.report(written(combat(x, site, b.training, eb=eb), digits), site=site).states["harmonisation"] == "proved clean"
    assert b.report(x, site=site).states["harmonisation"] not in LEAK
    assert b.report(x).states["harmonisation"] == GAP


def test_combat_without_empirical_bayes_that_keeps_the_outcome_is_told_apart(b: Bench) -> None:
    x, site = multisite(b)
    report = b.report(combat(x, site, EVERY, outcome=b.y, eb=False), site=site)
    assert report.states["harmonisation"] == "proved leak"
    assert {f.code for f in report.findings if f.facts["kind"] == "harmonisation"} == {"LEAK-005"}


def test_a_table_without_site_effects_is_not_taken_for_a_harmonised_one() -> None:
    for seed in range(12):
        b = bench(seed + 50)
        assert b.report(b.x, site=np.random.default_rng(seed).integers(0, 3, 120)).states["harmonisation"] not in LEAK


@pytest.mark.parametrize("digits", [17, 6, 4])
def test_smote_before_the_split_is_proved_and_in_training_rows_certified(b: Bench, digits: int) -> None:
    from imblearn.over_sampling import SMOTE

    few = np.r_[np.flatnonzero(b.y == 1)[:20], np.flatnonzero(b.y == 0)]
    x, y = b.x[few], b.y[few]
    whole, labels = SMOTE(random_state=0).fit_resample(x, y)
    part = np.where(np.random.default_rng(3).random(len(labels)) < 0.3, "holdout", "training")
    assert b.report(written(whole, digits), outcome=labels, part=part).states["oversampling"] == "proved leak"
    training = b.training[few]
    made, more = SMOTE(random_state=0).fit_resample(x[training], y[training])
    rows = np.vstack([made, x[~training]])
    part = np.array(["training"] * len(made) + ["holdout"] * int((~training).sum()))
    report = b.report(written(rows, digits), outcome=np.r_[more, y[~training]], part=part)
    assert report.states["oversampling"] == "proved clean"
    assert b.report(x[:, :2], outcome=y, part=np.where(training, "training", "holdout")).states["oversampling"] == GAP


def test_copies_of_the_smaller_class_across_the_split_are_oversampling_and_duplicates(b: Bench) -> None:
    few = np.r_[np.flatnonzero(b.y == 1)[:20], np.flatnonzero(b.y == 0)]
    again = np.random.default_rng(4).choice(np.flatnonzero(b.y[few] == 1), 30)
    rows = np.r_[few, few[again]]
    part = np.where(np.random.default_rng(3).random(len(rows)) < 0.3, "holdout", "training")
    report = b.report(b.x[rows], outcome=b.y[rows], part=part)
    assert report.states["oversampling"] == "proved leak"
    assert report.states["duplicates"] == "proved leak"


def f_test(x: np.ndarray, y: np.ndarray) -> list[int]:
    from sklearn.feature_selection import SelectKBest, f_classif

    return [int(j) for j in SelectKBest(f_classif, k=6).fit(x, y).get_support(indices=True)]


def relief(x: np.ndarray, y: np.ndarray) -> list[int]:
    s = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    w = np.zeros(x.shape[1])
    for i in range(len(s)):
        d = np.abs(s - s[i]).sum(axis=1)
        d[i] = np.inf
        for same in (True, False):
            near = [j for j in np.argsort(d) if (y[j] == y[i]) == same and j != i][:10]
            w += (-1 if same else 1) * np.abs(s[near] - s[i]).mean(axis=0)
    return [int(j) for j in np.argsort(-w)[:6]]


@pytest.mark.parametrize("select", [f_test, relief])
def test_selection_on_all_rows_is_proved_and_on_training_rows_certified(select: Callable[..., list[int]]) -> None:
    b = bench(7, columns=60)
    pooled, trained = select(b.x, b.y), select(b.x[b.training], b.y[b.training])
    assert set(pooled) != set(trained)
    assert b.report(b.x, selected=pooled).states["selection"] == "proved leak"
    assert b.report(b.x, selected=trained).states["selection"] == "proved clean"
    assert b.report(b.x).states["selection"] == GAP
    assert b.report(b.x[:, trained], selected=list(range(6))).states["selection"] == GAP


def test_selected_columns_may_be_named() -> None:
    b = bench(7, columns=60)
    names = [f"original_glcm_{j}" for j in f_test(b.x, b.y)]
    assert b.report(b.x, selected=names).states["selection"] == "proved leak"


def youden(y: np.ndarray, risk: np.ndarray) -> float:
    from sklearn.metrics import roc_curve

    fpr, tpr, cuts = roc_curve(y, risk)
    return float(cuts[np.argmax(tpr - fpr)])


@pytest.mark.parametrize("digits", [17, 6, 4])
def test_a_cut_off_tuned_on_the_test_set_is_proved_and_one_tuned_on_training_rows_certified(b: Bench, digits: int) -> None:
    risk = written(1 / (1 + np.exp(-(b.y - 0.5 + np.random.default_rng(2).normal(size=120)))), digits)
    leaky, honest = youden(b.y[~b.training], risk[~b.training]), youden(b.y[b.training], risk[b.training])
    assert b.report(b.x, predictions=risk, threshold=leaky).states["threshold"] == "proved leak"
    assert b.report(b.x, predictions=risk, threshold=honest).states["threshold"] == "proved clean"
    assert b.report(b.x, predictions=risk, threshold=0.5).states["threshold"] not in LEAK
    assert b.report(b.x, predictions=risk).states["threshold"] == GAP


def ridge(x: np.ndarray, y: np.ndarray, training: np.ndarray) -> tuple[float, np.ndarray]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    scaled = z(x, training)
    risk = LogisticRegression(C=0.1).fit(scaled[training], y[training]).predict_proba(scaled)[:, 1]
    return float(roc_auc_score(y[~training], risk[~training])), np.where(training, np.nan, risk)


def test_the_best_of_two_hundred_splits_is_suspected_and_an_ordinary_one_is_not(b: Bench) -> None:
    rng = np.random.default_rng(8)
    tried = []
    for _ in range(200):
        part = np.ones(120, dtype=bool)
        for c in (0.0, 1.0):
            here = rng.permutation(np.flatnonzero(b.y == c))
            part[here[: round(0.3 * len(here))]] = False
        tried.append((*ridge(b.x, b.y, part), part))
    tried.sort(key=lambda one: one[0])
    _, risk, part = tried[-1]
    assert b.report(b.x, part=np.where(part, "training", "holdout"), predictions=risk).states["lottery"] == "suspected"
    _, risk, part = tried[100]
    assert b.report(b.x, part=np.where(part, "training", "holdout"), predictions=risk).states["lottery"] == "evidence of clean"
    assert b.report(b.x).states["lottery"] == GAP


def test_a_copied_row_is_proved_and_rows_without_values_are_ghosts_not_twins(b: Bench) -> None:
    twin = b.x.copy()
    twin[np.flatnonzero(~b.training)[0]] = twin[np.flatnonzero(b.training)[0]]
    assert b.report(twin).states["duplicates"] == "proved leak"
    assert b.report(b.x).states["duplicates"] == "proved clean"
    ghosts = b.x.copy()
    ghosts[[np.flatnonzero(~b.training)[0], np.flatnonzero(b.training)[0]]] = np.nan
    report = b.report(ghosts)
    assert report.states["duplicates"] == "evidence of clean"
    assert {f.facts["ghost_rows"] for f in report.findings if f.facts["kind"] == "duplicates"} == {2}
    assert b.report(b.x[:, :2]).states["duplicates"] == GAP


def test_rows_filled_in_almost_everywhere_are_ghosts_not_twins(b: Bench) -> None:
    filled = b.x.copy()
    rows = [np.flatnonzero(~b.training)[0], np.flatnonzero(b.training)[0]]
    filled[rows, 1:] = np.delete(b.x, rows, axis=0)[:, 1:].mean(axis=0)
    assert b.report(filled).states["duplicates"] == "evidence of clean"


@pytest.mark.parametrize("twin", ["PAT-007", " pat-007", "PAT-7", "Pat_0007"])
def test_a_patient_on_both_sides_is_proved_however_the_id_is_written(b: Bench, twin: str) -> None:
    ids = [f"PAT-{i + 100}" for i in range(120)]
    ids[int(np.flatnonzero(b.training)[0])] = "PAT-007"
    assert b.report(b.x, patient=ids).states["patients"] == "proved clean"
    ids[int(np.flatnonzero(~b.training)[0])] = twin
    report = b.report(b.x, patient=ids)
    assert report.states["patients"] == "proved leak"
    assert b.report(b.x).states["patients"] == GAP
    public = str([f.public() for f in report.findings]) + str(report) + report._repr_html_()
    assert not any(one.strip() in public for one in ids)


def test_an_id_that_is_used_at_two_sites_is_only_suspected(b: Bench) -> None:
    ids = [f"{i + 1000}" for i in range(120)]
    first, second = int(np.flatnonzero(b.training)[0]), int(np.flatnonzero(~b.training)[0])
    ids[first] = ids[second] = "1"
    site = np.array(["A", "B"])[np.arange(120) % 2]
    site[[first, second]] = ["A", "B"]
    assert b.report(b.x, patient=ids, site=site).states["patients"] == "suspected"


def test_a_column_made_from_the_outcome_is_found(b: Bench) -> None:
    group = b.y * 2 + np.random.default_rng(1).normal(0, 0.3, 120)
    assert b.report(np.column_stack([b.x, group])).states["proxy"] == "suspected"
    assert b.report(np.column_stack([b.x, 3 - b.y])).states["proxy"] == "proved leak"
    late = np.where(b.y == 1, np.random.default_rng(1).normal(size=120), np.nan)
    assert b.report(np.column_stack([b.x, late])).states["proxy"] == "suspected"
    assert b.report(b.x).states["proxy"] not in LEAK
    assert b.report(b.x, outcome=None).states["proxy"] == GAP
    wide = bench(3, columns=60)
    score = wide.y * 2.2 + np.random.default_rng(1).normal(size=120)
    assert wide.report(np.column_stack([wide.x, score])).states["proxy"] == "suspected"
    assert wide.report(np.column_stack([wide.x[:, :5], score])).states["proxy"] not in LEAK


def test_a_site_that_decides_the_outcome_is_suspected_and_proved_if_predictions_follow_it(b: Bench) -> None:
    site = np.where(np.random.default_rng(1).random(120) < 0.85, b.y, 1 - b.y)
    assert b.report(b.x, site=site).states["site"] == "suspected"
    follows = site + np.random.default_rng(2).normal(0, 0.1, 120)
    assert b.report(b.x, site=site, predictions=follows).states["site"] == "proved leak"
    assert b.report(b.x, site=np.arange(120) % 3).states["site"] not in LEAK
    assert b.report(b.x).states["site"] == GAP


def test_predictions_that_follow_volume_are_suspected(b: Bench) -> None:
    size = np.random.default_rng(6).lognormal(8, 1, 120)
    frame = pd.DataFrame(np.column_stack([b.x, size]), columns=[*[f"f{j}" for j in range(24)], "original_shape_MeshVolume"])
    part = np.where(b.training, "training", "holdout")

    def state(predictions: np.ndarray, table: pd.DataFrame = frame) -> str:
        from radaudit import leakage_report

        return leakage_report(table, part, outcome=b.y, predictions=predictions).states["volume"]

    assert state(np.log(size)) == "suspected"
    assert state(np.random.default_rng(1).normal(size=120)) not in LEAK
    assert state(np.log(size), frame.iloc[:, :24]) == GAP


def test_an_enriched_test_set_is_suspected(b: Bench) -> None:
    enriched = np.ones(120, dtype=bool)
    enriched[np.flatnonzero(b.y == 1)[:28]] = False
    enriched[np.flatnonzero(b.y == 0)[:4]] = False
    assert b.report(b.x, part=np.where(enriched, "training", "holdout")).states["prevalence"] == "suspected"
    assert b.report(b.x).states["prevalence"] == "evidence of clean"
    assert b.report(b.x, outcome=None).states["prevalence"] == GAP


def test_dates_say_whether_the_test_set_is_later(b: Bench) -> None:
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(120), unit="D")
    frame = pd.DataFrame(b.x).assign(scanned=days)
    late = np.where(np.arange(120) >= 90, "holdout", "training")
    early = np.where(np.arange(120) < 30, "holdout", "training")

    def state(part: np.ndarray, table: pd.DataFrame = frame) -> str:
        from radaudit import leakage_report

        return leakage_report(table, part).states["time_order"]

    assert state(late) == "proved clean"
    assert state(early) == "suspected"
    assert state(np.where(b.training, "training", "holdout")) == "no evidence"
    assert state(late, frame.drop(columns="scanned")) == GAP


def test_noisy_copies_of_training_rows_in_the_test_set_are_suspected(b: Bench) -> None:
    copied = b.x.copy()
    rows, sources = np.flatnonzero(~b.training)[:12], np.flatnonzero(b.training)[:12]
    copied[rows] = b.x[sources] + np.random.default_rng(1).normal(0, 0.005, (12, 24)) * b.x.std(axis=0)
    assert b.report(copied).states["augmentation"] == "suspected"
    assert b.report(b.x).states["augmentation"] == "no evidence"
    assert b.report(b.x[:, :2]).states["augmentation"] == GAP


def test_every_kind_has_a_state_in_words_and_a_finding_with_its_classes(b: Bench) -> None:
    report = b.report(b.x)
    assert set(report.states) == set(KINDS)
    words = LEAK | CLEAN | {"no evidence", GAP}
    assert set(report.states.values()) <= words
    assert {f.facts["kind"] for f in report.findings} == set(KINDS)
    assert all(f.facts["kapoor"] and f.facts["roth"] for f in report.findings)
    assert all(str(f.verdict) == "not run" for f in report.findings if f.facts["state"] == GAP)
