"""radaudit.ComBat follows the estimator API of scikit-learn and is refitted in every fold."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import radaudit
from radaudit.errors import DesignError, UnseenBatchError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.covbat import fit_covbat
from tests.laws.combat_tables import Sites, build


@pytest.fixture
def table() -> Sites:
    return build(41, [30, 36, 42], 10)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def routed(**options) -> radaudit.ComBat:
    return radaudit.ComBat(**options).set_fit_request(site=True, covariates=True).set_transform_request(site=True, covariates=True)


def test_it_gives_what_the_functions_give(table):
    covariates = pd.DataFrame(table.covariates)
    estimator = radaudit.ComBat().fit(table.x, site=table.batch, covariates=covariates)
    effects = fit_combat(table.moments())
    assert np.array_equal(estimator.effects_.gamma, effects.gamma)
    y = estimator.transform(table.x, site=table.batch, covariates=covariates)
    assert np.array_equal(y, effects.apply(table.x, table.batch, table.covariates))
    assert np.array_equal(estimator.fit_transform(table.x, site=table.batch, covariates=covariates), y)
    bat = radaudit.ComBat(method="covbat").fit_transform(table.x, site=table.batch, covariates=covariates)
    expected = fit_covbat(table.x, table.batch, table.covariates, features=[f"x{j}" for j in range(10)])
    assert np.array_equal(bat, expected.apply(table.x, table.batch, table.covariates))


def test_data_frames_keep_their_names_and_set_output_gives_them_back(table):
    frame = pd.DataFrame(table.x, columns=table.features, index=range(100, 100 + len(table.x)))
    estimator = radaudit.ComBat().set_output(transform="pandas").fit(frame, site=table.batch)
    y = estimator.transform(frame, site=table.batch)
    assert list(y.columns) == table.features == list(estimator.get_feature_names_out())
    assert list(y.index) == list(frame.index)
    with pytest.raises(ValueError, match="feature names"):
        estimator.transform(frame[table.features[::-1]], site=table.batch)


def test_clones_and_pickles_work(table):
    estimator = radaudit.ComBat(eb=False, reference="site1").fit(table.x, site=table.batch)
    assert clone(estimator).get_params() == estimator.get_params()
    assert not hasattr(clone(estimator), "effects_")
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(again.transform(table.x, site=table.batch), estimator.transform(table.x, site=table.batch))


def test_every_fold_of_a_pipeline_fits_on_its_own_training_rows(table, routing):
    y = (np.random.default_rng(0).random(len(table.x)) < 0.5).astype(int)
    covariates = pd.DataFrame(table.covariates)
    pipeline = make_pipeline(routed(), StandardScaler(), LogisticRegression())
    folds = KFold(4, shuffle=True, random_state=0)
    done = cross_validate(pipeline, table.x, y, cv=folds, params={"site": table.batch, "covariates": covariates}, return_estimator=True)
    for (train, _), fitted in zip(folds.split(table.x), done["estimator"], strict=True):
        own = table.take(train)
        assert np.array_equal(fitted[0].effects_.gamma, fit_combat(own.moments()).gamma)


def test_a_grid_search_over_its_parameters_works(table, routing):
    y = (np.random.default_rng(1).random(len(table.x)) < 0.5).astype(int)
    search = GridSearchCV(
        make_pipeline(routed(), StandardScaler(), LogisticRegression()),
        {"combat__eb": [True, False], "combat__mean_only": [True, False]},
        cv=3,
    )
    search.fit(table.x, y, site=table.batch, covariates=pd.DataFrame(table.covariates))
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_unseen_sites_follow_the_policy(table):
    seen = table.batch != "site2"
    for policy in ("pass", "reference"):
        y = radaudit.ComBat(unseen=policy).fit(table.x[seen], site=table.batch[seen]).transform(table.x, site=table.batch)
        assert np.array_equal(y[~seen], table.x[~seen])
    with pytest.raises(UnseenBatchError):
        radaudit.ComBat().fit(table.x[seen], site=table.batch[seen]).transform(table.x, site=table.batch)
    covariates = pd.DataFrame(table.covariates)
    adapted = radaudit.ComBat(unseen="adapt").fit(table.x[seen], site=table.batch[seen], covariates=covariates[seen])
    y = adapted.transform(table.x, site=table.batch, covariates=covariates)
    plain = radaudit.ComBat().fit(table.x[seen], site=table.batch[seen], covariates=covariates[seen])
    assert np.array_equal(y[seen], plain.transform(table.x[seen], site=table.batch[seen], covariates=covariates[seen]))
    shift = np.abs(table.x[~seen].mean(axis=0) - y[seen].mean(axis=0)) / table.sd
    assert np.abs(y[~seen].mean(axis=0) - y[seen].mean(axis=0)).sum() < (shift * table.sd).sum()


@pytest.mark.parametrize("options", [{"method": "combatt"}, {"unseen": "guess"}, {"stop": "sva"}, {"method": "covbat", "unseen": "adapt"}])
def test_unknown_parameter_values_are_refused(table, options):
    with pytest.raises(DesignError) as caught:
        radaudit.ComBat(**options).fit(table.x, site=table.batch)
    assert caught.value.code == "HARM-024"


def test_covariates_that_are_no_frame_are_refused(table):
    with pytest.raises(DesignError) as caught:
        radaudit.ComBat().fit(table.x, site=table.batch, covariates=np.zeros((len(table.x), 1)))
    assert caught.value.code == "HARM-014"


def test_importing_radaudit_does_not_import_scikit_learn():
    light = "assert not {'sklearn', 'numpy'} & set(sys.modules)"
    script = f"import sys, radaudit; {light}; radaudit.ComBat; assert 'sklearn' in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def site_by_content(x) -> list[str]:
    """Return a site for every row that depends on the row alone, as the checks of scikit-learn know no sites."""
    return ["odd" if zlib.crc32(row.tobytes()) % 2 else "even" for row in np.asarray(x, dtype=np.float64)]


class SiteFromRow(radaudit.ComBat):
    """ComBat that makes up a site from the content of each row where none is given, so that the checks can call fit(X, y)."""

    def fit(self, X, y=None, *, site=None, covariates=None):
        return super().fit(X, y, site=self._site(X, site), covariates=covariates)

    def transform(self, X, *, site=None, covariates=None):
        return super().transform(X, site=self._site(X, site), covariates=covariates)

    def fit_transform(self, X, y=None, *, site=None, covariates=None):
        return self.fit(X, y, site=site, covariates=covariates).transform(X, site=site, covariates=covariates)

    def _site(self, X, site):
        if site is not None:
            return site
        try:
            rows = np.asarray(X)
            return ["even"] * len(rows) if np.iscomplexobj(rows) else site_by_content(rows)
        except (TypeError, ValueError, AttributeError):
            return ["even"] * (len(X) if hasattr(X, "__len__") else 0)  # the estimator refuses such X by itself


@parametrize_with_checks([SiteFromRow(unseen="pass")])  # no check is expected to fail
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)
