"""``radaudit.leakage_report``: what a finished table says about leaks, from data frames or arrays on one index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from radaudit.errors import DesignError, listed, nearest
from radaudit.leaks.forensics.evidence import Evidence, evidence
from radaudit.leaks.forensics.examine import Examined, examine
from radaudit.leaks.forensics.kinds import KINDS
from radaudit.leaks.forensics.state import Standing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from radaudit.findings import Finding

PARTS = ("training", "holdout")
MARKS = {
    Standing.PROVED_LEAK: "#8f1d1d",
    Standing.SUSPECTED: "#8a5a00",
    Standing.NO_EVIDENCE: "#555",
    Standing.EVIDENCE_OF_CLEAN: "#2d6a4f",
    Standing.PROVED_CLEAN: "#1b5e20",
    Standing.NOT_TESTABLE: "#777",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageReport:
    """``states`` maps each kind of leak to its state in words; ``findings`` are the same answers as a dossier takes them.

    ``examined`` holds the sentences and numbers. Nothing but ``findings[i].local`` names patients, and neither ``str`` nor HTML shows that.
    """

    states: Mapping[str, str]
    findings: tuple[Finding, ...]
    examined: Examined
    rows: int
    columns: int

    @property
    def leaks(self) -> tuple[str, ...]:
        """The kinds of leak that are proved or suspected, proved first."""
        order = (Standing.PROVED_LEAK, Standing.SUSPECTED)
        return tuple(kind for standing in order for kind, state in self.states.items() if state == standing)

    def __str__(self) -> str:
        width = max(len(kind) for kind in self.states)
        lines = [f"leakage report: {self.rows} rows, {self.columns} columns"]
        for standing in Standing:
            for kind, state in self.examined.by_kind.items():
                if state.standing is standing:
                    lines.append(f"  {kind:<{width}}  {standing:<18}  {state.sentence}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td>{escape(KINDS[kind].question)}</td><td style="color:{MARKS[standing]};font-weight:600">{escape(str(standing))}</td>'
            f"<td>{escape(state.sentence)}</td><td>{escape(state.code or KINDS[kind].code)}</td></tr>"
            for standing in Standing
            for kind, state in self.examined.by_kind.items()
            if state.standing is standing
        )
        head = "<tr><th>question</th><th>state</th><th>why</th><th>code</th></tr>"
        return f"<table><caption>Leakage report: {self.rows} rows, {self.columns} columns</caption>{head}{rows}</table>"


def leakage_report(
    features: Any,
    part: Any,
    *,
    outcome: Any = None,
    site: Any = None,
    patient: Any = None,
    predictions: Any = None,
    selected: Iterable[Any] | None = None,
    threshold: float | None = None,
) -> LeakageReport:
    """Return what a finished table and its split say about leaks: one state per kind, from proved leak to proved clean.

    ``features (n, p)`` is a data frame or an array, NaN where missing; columns of dates are read as dates, other columns that are no
    numbers are refused. ``part (n,)`` holds ``training`` or ``holdout``. ``outcome`` is 0 or 1, ``site`` and ``patient`` are labels,
    ``predictions`` the claimed risks (NaN, or rows absent from the series, where there are none), ``selected`` the signature's columns
    by name or position, ``threshold`` the claimed cut-off. Series are matched by index with a data frame, arrays by position.
    Raises DesignError LEAK-110 (part), LEAK-111 (outcome), LEAK-112 (rows that do not match), LEAK-113 (selected), LEAK-114 (columns).
    """
    import numpy as np
    import pandas as pd

    frame = features if isinstance(features, pd.DataFrame) else pd.DataFrame(np.atleast_2d(np.asarray(features)))
    frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
    if frame.index.has_duplicates:
        frame = frame if not _indexed((part, outcome, site, patient, predictions)) else _refuse_repeats(frame)
    values, names, dates = _numbers(frame)
    training = _training(_on(part, frame, "part"))
    who = _on(patient, frame, "patient")
    given: Evidence = evidence(
        values,
        training,
        names=names,
        outcome=None if outcome is None else _outcome(_on(outcome, frame, "outcome")),
        site=None if site is None else np.asarray(_on(site, frame, "site")).tolist(),
        patients=None if who is None else ["" if pd.isna(one) else str(one) for one in who.tolist()],
        predictions=None if predictions is None else _risks(_on(predictions, frame, "predictions", absent=True)),
        selected=None if selected is None else _positions(selected, names),
        threshold=None if threshold is None else float(threshold),
        dates=dates,
    )
    found = examine(given)
    states = MappingProxyType({kind: str(state.standing) for kind, state in found.by_kind.items()})
    return LeakageReport(states=states, findings=found.findings, examined=found, rows=len(frame), columns=len(names))


def _indexed(given: Iterable[Any]) -> bool:
    return any(hasattr(one, "index") and hasattr(one, "loc") for one in given)


def _refuse_repeats(frame: pd.DataFrame) -> pd.DataFrame:
    repeats = int(frame.index.duplicated().sum())
    fix = "features.reset_index(drop=True), and the same for each series"
    raise DesignError("LEAK-112", "the index of features repeats, so rows of series cannot be matched", found=f"{repeats} repeats", fix=fix)


def _numbers(frame: pd.DataFrame) -> tuple[np.ndarray[Any, Any], tuple[str, ...], np.ndarray[Any, Any] | None]:
    """Return the columns of numbers, their names, and the first column of dates in days."""
    import numpy as np
    import pandas as pd

    if all(isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in frame.dtypes):
        if not frame.shape[1]:
            raise DesignError("LEAK-114", "features has no numeric column", found="no column")
        return frame.to_numpy(dtype=np.float64), tuple(f"column {n}" if isinstance(n, int) else str(n) for n in frame.columns), None
    kept: list[Any] = []
    names: list[str] = []
    dates = None
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if pd.api.types.is_datetime64_any_dtype(column):
            if dates is None:
                plain = column.dt.tz_localize(None) if getattr(column.dtype, "tz", None) is not None else column
                dates = ((plain - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
            continue
        numbers = pd.to_numeric(column, errors="coerce")
        lost = int((numbers.isna() & column.notna()).sum())
        if lost:
            odd = str(column[numbers.isna() & column.notna()].iloc[0])[:40]
            raise DesignError(
                "LEAK-114", f'column "{name}" is not numeric', found=f'{lost} cells such as "{odd}"', fix="drop or convert it"
            )
        kept.append(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
        names.append(f"column {name}" if isinstance(name, int) else str(name))
    if not kept:
        raise DesignError("LEAK-114", "features has no numeric column", found=listed(map(str, frame.columns)))
    return np.column_stack(kept), tuple(names), dates


def _on(given: Any, frame: pd.DataFrame, what: str, *, absent: bool = False) -> np.ndarray[Any, Any] | None:
    """Return the values of a series in the order of the frame; an array must have one entry per row."""
    import numpy as np
    import pandas as pd

    if given is None:
        return None
    if isinstance(given, pd.DataFrame) and given.shape[1] == 1:
        given = given.iloc[:, 0]
    if isinstance(given, pd.Series):
        if given.index.has_duplicates and not given.index.equals(frame.index):
            raise DesignError("LEAK-112", f"the index of {what} repeats", found=f"{int(given.index.duplicated().sum())} repeats")
        if given.index.equals(frame.index):
            return np.asarray(given.to_numpy())
        unknown, lacking = given.index.difference(frame.index), frame.index.difference(given.index)
        if len(unknown) or (len(lacking) and not absent):
            told = f"{len(lacking)} rows of features have none, {len(unknown)} entries have no row"
            raise DesignError(
                "LEAK-112", f"{what} and features do not have the same rows", found=told, fix=f"{what}.reindex(features.index)"
            )
        return np.asarray(given.reindex(frame.index).to_numpy())
    values = np.asarray(given)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (len(frame),):
        raise DesignError("LEAK-112", f"{what} does not have one entry per row", found=f"shape {values.shape}, {len(frame)} rows")
    return values


def _training(part: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    import numpy as np

    labels = [] if part is None else [str(label).strip().casefold() for label in part.tolist()]
    odd = sorted(set(labels) - set(PARTS))
    if odd or not labels:
        near = nearest(odd[0], PARTS) if odd else ""
        raise DesignError("LEAK-110", "part must hold training or holdout for every row", found=listed(odd), near=near)
    training = np.array([label == "training" for label in labels])
    if training.all() or not training.any():
        raise DesignError("LEAK-110", "part must hold both training and holdout rows", found=listed(set(labels)))
    return training


def _outcome(values: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    odd = sorted(
        {str(v) for v in pd.Series(values)[numbers.isna() & pd.Series(values).notna()]} | {str(v) for v in set(numbers.dropna()) - {0, 1}}
    )
    if odd:
        raise DesignError("LEAK-111", "outcome must be 0 or 1", found=listed(odd[:5]), fix='outcome=(column == "relapse").astype(int)')
    return np.asarray(numbers.to_numpy(dtype=np.float64))


def _risks(values: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    import numpy as np
    import pandas as pd

    return pd.to_numeric(pd.Series(values)).to_numpy(dtype=np.float64)  # type: ignore[no-any-return]


def _positions(selected: Iterable[Any], names: tuple[str, ...]) -> list[int]:
    """Return the positions of these columns, given by name, by position, or as a mask of all columns."""
    import numpy as np

    chosen = list(selected.tolist() if hasattr(selected, "tolist") else selected)
    if len(chosen) == len(names) and all(isinstance(one, bool | np.bool_) for one in chosen):
        return [j for j, one in enumerate(chosen) if one]
    places = {name: j for j, name in enumerate(names)}
    found: list[int] = []
    for one in chosen:
        if isinstance(one, int | np.integer) and not isinstance(one, bool) and f"column {one}" not in places and 0 <= one < len(names):
            found.append(int(one))
        elif (f"column {one}" if isinstance(one, int | np.integer) else str(one)) in places:
            found.append(places[f"column {one}" if isinstance(one, int | np.integer) else str(one)])
        else:
            raise DesignError("LEAK-113", f'selected names "{one}", which is no column of features', near=nearest(str(one), names))
    return sorted(set(found))
