"""``radaudit.guard``: any scikit-learn estimator, or any callable (table, split) -> predictions, on a data frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radaudit.errors import DesignError, listed
from radaudit.leaks.metamorphic.compare import Outputs

if TYPE_CHECKING:
    from radaudit.arrays import Bools, Floats
    from radaudit.leaks.metamorphic.guard import GuardReport
    from radaudit.leaks.metamorphic.variants import Variant

TRAINING, HOLDOUT = "training", "holdout"
THRESHOLDS = ("best_threshold_", "threshold_")


def guard(
    pipeline: Any,
    table: Any,
    split: Any,
    *,
    outcome: Any,
    site: Any = None,
    seed: int = 0,
    repeats: int = 0,
) -> GuardReport:
    """Return whether anything of a pipeline looks at the holdout: garbage, flipped outcomes, absent and new patients must change nothing.

    ``table`` is a data frame with one row per region of interest and a unique index; ``split`` (n,) holds ``training`` or ``holdout``;
    ``outcome`` and ``site`` are columns of the table by name, or (n,). ``pipeline`` is either

    - a scikit-learn estimator: a clone is fitted on the training rows (numeric columns only; ``site=`` is handed to ``fit`` and to the
      prediction if it is given), and predicts training and holdout rows; any ``random_state`` that is None is set to ``seed``; or
    - a callable ``f(table, split)`` that gets a copy of the table, its outcome (and site) columns among it, and the split as a series,
      and returns predictions: a series by index, an array for all rows or for the holdout rows in their order, or a mapping with these
      as ``predictions`` and any further numbers (``threshold``, coefficients). NumPy's and Python's global generators are seeded.

    At most five fits; with ``repeats`` of six or more, a pipeline that is random all the same is compared by distribution
    (``repeats`` x 5 fits). The report has ``verdict``, ``perturbations``, ``findings``, ``fits`` and ``reading``.
    Raises DesignError: GUARD-110 (too few rows), -111 (repeats), -112 (the input), -113 (what the pipeline returned).
    """
    from radaudit.leaks.metamorphic.guard import examine

    frame = Frame.of(table, split, outcome, site)
    run = _Estimated(frame, pipeline, seed) if hasattr(pipeline, "fit") and hasattr(pipeline, "predict") else _Called(frame, pipeline, seed)
    return examine(run, frame.values, frame.holdout, seed=seed, repeats=repeats)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The table of one examination: numeric features as an array, and the frame, outcome and site to make variants of it."""

    table: Any  # features only, in their order
    numeric: tuple[str, ...]
    values: Floats
    holdout: Bools
    outcome: Any
    site: Any

    @classmethod
    def of(cls, table: Any, split: Any, outcome: Any, site: Any) -> Frame:
        """Return the frame; raises DesignError (GUARD-112) for what cannot be used."""
        import pandas as pd

        if not isinstance(table, pd.DataFrame):
            raise _unusable("the table must be a pandas data frame", type(table).__name__)
        if not table.index.is_unique:
            raise _unusable("the index of the table must be unique", "table.reset_index(drop=True) numbers the rows")
        part, end = _series(table, split, "split"), _series(table, outcome, "outcome")
        where = None if site is None else _series(table, site, "site")
        odd = sorted({str(value) for value in part.tolist()} - {TRAINING, HOLDOUT})
        if odd:
            raise _unusable('the split holds "training" or "holdout"', listed(odd))
        named = {name for name in (split, outcome, site) if isinstance(name, str)}
        features = table.drop(columns=sorted(named))
        numeric = tuple(name for name in features.columns if pd.api.types.is_numeric_dtype(features[name].dtype))
        if not numeric:
            raise _unusable("the table has no numeric feature", f"{features.shape[1]} columns")
        return cls(
            table=features,
            numeric=numeric,
            values=features[list(numeric)].to_numpy(dtype=float, na_value=float("nan")),
            holdout=(part == HOLDOUT).to_numpy(),
            outcome=end,
            site=where,
        )

    def made(self, variant: Variant) -> tuple[Any, Any, Any, Any]:
        """Return features, split, outcome and site of a variant; new rows get new names."""
        import pandas as pd

        index = _names(self.table.index, variant)
        features = self.table.iloc[variant.source].set_axis(index)
        changed = variant.new | variant.garbage
        if changed.any():
            drawn = pd.DataFrame(variant.values, columns=list(self.numeric), index=index)
            rest = {name: features[name] for name in self.table.columns if name not in self.numeric}
            features = pd.DataFrame({name: rest.get(name, drawn.get(name)) for name in self.table.columns}, index=index)
        part = pd.Series([HOLDOUT if self.holdout[i] else TRAINING for i in variant.source], index=index, name="split")
        end = self.outcome.iloc[variant.source].set_axis(index)
        if variant.flipped.any():
            end = end.where(~variant.flipped, flip(end, self.outcome))
        where = None if self.site is None else self.site.iloc[variant.source].set_axis(index)
        return features, part, end, where


def flip(values: Any, all_values: Any) -> Any:
    """Return outcomes turned round: two classes change places, several move on by one, numbers are mirrored in their range."""
    import pandas as pd

    levels = sorted(all_values.dropna().unique().tolist(), key=str)
    if len(levels) <= 10 or not pd.api.types.is_numeric_dtype(all_values.dtype):
        onward = dict(zip(levels, [*levels[1:], *levels[:1]], strict=True))
        return values.map(onward).astype(all_values.dtype)
    return all_values.min() + all_values.max() - values


def _names(index: Any, variant: Variant) -> Any:
    """Return the index of a variant: that of the rows, and one for each new row that no row has."""
    import pandas as pd

    names = index[variant.source].tolist()
    known = set(index.tolist())
    number = max((name for name in known if isinstance(name, int)), default=0)
    for place in range(len(names)):
        if variant.new[place]:
            number += 1
            made: Any = number if all(isinstance(name, int) for name in known) else f"new-patient-{number}"
            names[place] = made
    return pd.Index(names, name=index.name)


def _series(table: Any, given: Any, what: str) -> Any:
    import pandas as pd

    if isinstance(given, str):
        if given not in table.columns:
            raise _unusable(f'the table has no column "{given}" for the {what}', listed(map(str, table.columns), most=12))
        return table[given].rename(given)
    if isinstance(given, pd.Series):
        if set(given.index) != set(table.index) or not given.index.is_unique:
            raise _unusable(f"the {what} does not have the index of the table", f"{len(given)} values for {len(table)} rows")
        return given.reindex(table.index).rename(given.name or what)
    values = list(given)
    if len(values) != len(table):
        raise _unusable(f"the {what} does not have one value per row", f"{len(values)} values for {len(table)} rows")
    return pd.Series(values, index=table.index, name=what)


def _unusable(what: str, found: str) -> DesignError:
    return DesignError("GUARD-112", what, found=found, fix="radaudit.guard(pipeline, table, split, outcome='relapse', site='hospital')")


class _Estimated:
    """A scikit-learn estimator as a pipeline: fitted on training rows, asked about training and holdout rows in one call each."""

    def __init__(self, frame: Frame, estimator: Any, seed: int) -> None:
        self.frame, self.estimator, self.seed = frame, estimator, seed

    def __call__(self, variant: Variant) -> Outputs:
        import numpy as np

        features, part, end, where = self.frame.made(variant)
        features = features[list(self.frame.numeric)]
        held = (part == HOLDOUT).to_numpy()
        model = _seeded(self.estimator, self.seed)
        _seed_everything(self.seed)
        model.fit(features[~held], end[~held], **({} if where is None else {"site": where[~held].tolist()}))
        risk = None
        for side in (~held, held):
            told = {} if where is None else {"site": where[side].tolist()}
            given = np.asarray(_predicted(model, features[side], told), dtype=float).reshape(int(side.sum()), -1)
            risk = np.full((len(held), given.shape[1]), np.nan) if risk is None else risk
            risk[side] = given
        assert risk is not None
        others = {name: np.atleast_1d(np.asarray(getattr(model, name), dtype=float)) for name in THRESHOLDS if hasattr(model, name)}
        return Outputs(risk=risk, others=others)


def _predicted(model: Any, rows: Any, told: dict[str, Any]) -> Any:
    if hasattr(model, "predict_proba"):
        return model.predict_proba(rows, **told)
    if hasattr(model, "decision_function"):
        return model.decision_function(rows, **told)
    made = model.predict(rows, **told)
    if getattr(made, "dtype", None) is not None and made.dtype.kind not in "fiub":
        classes = {value: i for i, value in enumerate(model.classes_)}
        return [classes[value] for value in made]
    return made


def _seeded(estimator: Any, seed: int) -> Any:
    """Return a clone in which every ``random_state`` that is None is the seed."""
    from sklearn.base import clone

    model = clone(estimator)
    unset = {name: seed for name, value in model.get_params(deep=True).items() if name.split("__")[-1] == "random_state" and value is None}
    return model.set_params(**unset)


def _seed_everything(seed: int) -> None:
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  careless code draws from the global generator


class _Called:
    """A callable as a pipeline."""

    def __init__(self, frame: Frame, function: Any, seed: int) -> None:
        if not callable(function):
            raise _unusable("the pipeline is neither an estimator nor a callable", type(function).__name__)
        self.frame, self.function, self.seed = frame, function, seed

    def __call__(self, variant: Variant) -> Outputs:
        features, part, end, where = self.frame.made(variant)
        table = features.assign(**{end.name: end}) if where is None else features.assign(**{end.name: end, where.name: where})
        _seed_everything(self.seed)
        made = self.function(table.copy(), part.copy())
        others = {}
        if isinstance(made, Mapping):
            others = {str(name): _numbers(value) for name, value in made.items() if name != "predictions" and value is not None}
            if "predictions" not in made:
                raise _returned("a mapping without predictions", listed(map(str, made)))
            made = made["predictions"]
        return Outputs(risk=_by_row(made, table.index, (part == HOLDOUT).to_numpy()), others=others)


def _by_row(made: Any, index: Any, held: Bools) -> Floats:
    """Return predictions (n, k), NaN where there is none."""
    import numpy as np
    import pandas as pd

    if isinstance(made, pd.Series | pd.DataFrame):
        frame = made.to_frame() if isinstance(made, pd.Series) else made
        lost = [str(name) for name in frame.index if name not in index]
        if lost or not frame.index.is_unique:
            raise _returned("predictions of rows that the table does not have, or twice", f"{len(lost)} unknown rows")
        return np.asarray(frame.reindex(index).to_numpy(dtype=float))
    values = _numbers(made)
    values = values.reshape(len(values), -1)
    if len(values) == len(index):
        return values
    if len(values) != int(held.sum()):
        raise _returned(
            "predictions for neither all rows nor the holdout", f"{len(values)} values, {len(index)} rows, {int(held.sum())} held out"
        )
    risk = np.full((len(index), values.shape[1]), np.nan)
    risk[held] = values
    return risk


def _numbers(value: Any) -> Floats:
    import numpy as np

    try:
        return np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        raise _returned("something that is no number", type(value).__name__) from None


def _returned(what: str, found: str) -> DesignError:
    return DesignError(
        "GUARD-113", f"the pipeline returned {what}", found=found, fix="return a pandas Series of predictions with the index of the table"
    )
