"""SiteSummary: the moments of one party's own rows as a document that may leave it; and their sum, the moments of all.

One round: each party writes its summary, the coordinator adds them (adding whole batches is no arithmetic, so the sum equals
pooled rows bit for bit), fits, and returns the effects. A summary below its minimum cannot be made, written or read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.digests import digest
from radaudit.errors import DesignError, PrivacyError, listed
from radaudit.harmonise.coding import CovariateCoding, Covariates
from radaudit.harmonise.disclosure import LEAST_MINIMUM, LEVERAGE, MINIMUM, Risk, risks_in_moments, risks_in_rows
from radaudit.harmonise.moments import BatchMoments, SiteMoments, as_labels, as_table, measure, positions

if TYPE_CHECKING:
    from radaudit.arrays import Floats

FORMAT = "radaudit/site-summary/1"
ABOUT = "Sums over patients, from which site effects are estimated. No row, id, date or outcome is in this file."
CELLS = (
    "feature",
    "rows measured",
    "mean",
    "sum of squares about the mean",
    "cross-products with the covariate columns",
    "means of the covariate columns over the rows measured, if some are missing",
    "their cross-products",
)
LONGEST_NAME, LONGEST_LEVEL, MOST_LEVELS = 200, 60, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSummary:
    """Moments that may leave: ``patients`` per batch, the ``minimum`` they were held to, features withheld because of it.

    Raises PrivacyError PRIV-060 (a batch, or the minimum itself, is too small), -061 (a feature), -062 (a level), -064 (text).
    """

    moments: SiteMoments
    patients: tuple[int, ...]
    minimum: int = MINIMUM
    withheld: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse_minimum(self.minimum)
        refuse_free_text(self.moments)
        for batch, own, patients in zip(self.moments.batches, self.moments.per_batch, self.patients, strict=True):
            _refuse(batch, risks_in_moments(own, patients, self.moments.coding, self.minimum), self.moments.features, self.minimum)

    @property
    def digest(self) -> str:
        """The SHA-256 of the document's canonical JSON, without the digest itself."""
        return str(self.document()["sha256"])

    def document(self) -> dict[str, Any]:
        """Return the JSON form, complete: ``from_document`` gives the same bits back."""
        own = self.moments
        plain: dict[str, Any] = {
            "schema": FORMAT,
            "about": ABOUT,
            "minimum": self.minimum,
            "covariates": own.coding.document(),
            "columns": list(own.coding.full_columns),
            "features": list(own.features),
            "withheld": list(self.withheld),
            "cells": list(CELLS),
            "batches": [
                _batch_document(batch, patients, one, own.features)
                for batch, patients, one in zip(own.batches, self.patients, own.per_batch, strict=True)
            ],
        }
        return {**plain, "sha256": digest(plain)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SiteSummary:
        """Return the summary written by ``document``.

        Raises DesignError HARM-060 for anything else or an altered one, PrivacyError as ``SiteSummary``.
        """
        if not isinstance(document, Mapping) or document.get("schema") != FORMAT:
            found = document.get("schema") if isinstance(document, Mapping) else type(document).__name__
            raise DesignError("HARM-060", "not a site summary", found=f"schema {str(found)[:60]!r}", fix="the file that summarise wrote")
        try:
            plain = {key: value for key, value in document.items() if key != "sha256"}
            if document["sha256"] != digest(plain):
                raise DesignError("HARM-060", "the summary was altered: its digest is another", fix="ask for the file again")
            return _read(plain)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            if isinstance(error, DesignError | PrivacyError):
                raise
            raise DesignError("HARM-060", "the summary is damaged", found=f"{type(error).__name__}: {str(error)[:120]}") from error


def summarise(
    x: Any,
    batch: Sequence[str],
    covariates: Covariates | None = None,
    *,
    features: Sequence[str],
    patients: Sequence[str] | None = None,
    coding: CovariateCoding | None = None,
    minimum: int = MINIMUM,
    withhold: bool = False,
) -> SiteSummary:
    """Return the summary of rows ``x`` (n, p), or refuse it; arguments as ``measure``.

    ``patients`` (n,) tells whose row it is (each its own if left out); ``withhold`` leaves features out that are measured in, or
    missing from, too few patients. Raises DesignError as ``measure``; PrivacyError PRIV-060 to -064.
    """
    refuse_minimum(minimum)
    table = as_table(x, features)
    labels = as_labels(batch, len(table))
    people = _numbered(patients, len(table))
    known = coding if coding is not None else CovariateCoding.learn(covariates, len(table))
    full = known.indicate(covariates, len(table))
    names = tuple(sorted(set(labels)))
    kept = list(range(len(features)))
    while True:
        missing = np.isnan(table[:, kept])
        bad: set[int] = set()
        for name, rows in zip(names, positions(labels, names), strict=True):
            risks = risks_in_rows(missing[rows], full[rows], people[rows], known, minimum)
            stay = [risk for risk in risks if not (withhold and risk.features)]
            _refuse(name, stay, [features[j] for j in kept], minimum)
            bad.update(j for risk in risks for j in risk.features)
        if not bad:
            break
        kept = [j for i, j in enumerate(kept) if i not in bad]
    own = [features[j] for j in kept]
    if not own:
        raise PrivacyError("PRIV-061", "no feature is measured in enough patients to be summarised", fix="complete the table")
    moments = measure(table[:, kept] if len(kept) < len(features) else table, labels, covariates, features=own, coding=known)
    counts = tuple(len(np.unique(people[rows])) for rows in positions(labels, names))
    return SiteSummary(moments=moments, patients=counts, minimum=minimum, withheld=tuple(sorted(set(features) - set(own))))


def refuse_minimum(minimum: int) -> None:
    """Raise PrivacyError PRIV-060 for a minimum that protects nobody."""
    if minimum < LEAST_MINIMUM:
        raise PrivacyError("PRIV-060", f"a minimum of {minimum} patients protects nobody", fix=f"at least {LEAST_MINIMUM}")


def refuse_free_text(moments: SiteMoments) -> None:
    """Raise PrivacyError PRIV-064 for names and levels that are no names: long, of several lines, or too many."""
    coding = moments.coding
    levels = [level for own in coding.levels for level in own]
    names = [*moments.features, *moments.batches, *coding.names]
    odd = [text for text in names if not _is_name(text, LONGEST_NAME)] + [text for text in levels if not _is_name(text, LONGEST_LEVEL)]
    if odd:
        raise PrivacyError(
            "PRIV-064",
            f"{len(odd)} name(s) or level(s) look like free text",
            found=f"one of {len(odd[0])} characters",
            fix=f"names of at most {LONGEST_NAME} and levels of at most {LONGEST_LEVEL} printable characters",
        )
    many = [name for name, own in zip(coding.names, coding.levels, strict=True) if len(own) > MOST_LEVELS]
    if many:
        raise PrivacyError(
            "PRIV-064",
            f"covariate {listed(many)} has more than {MOST_LEVELS} levels",
            fix="group its levels, or leave it out: a column of many texts is no category",
        )


def _is_name(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isprintable() and bool(text.strip())


def _refuse(batch: str, risks: Sequence[Risk], features: Sequence[str], minimum: int) -> None:
    """Raise PrivacyError for the gravest of these risks."""
    if not risks:
        return
    order = ("batch", "level", "levels together", "feature", "combination")
    worst = min(risks, key=lambda risk: (order.index(risk.kind), risk.what))
    alike = [risk for risk in risks if risk.kind == worst.kind]
    at = f'batch "{batch}"'
    facts: dict[str, Any] = {"batch": batch, "kind": worst.kind, "minimum": minimum}
    if worst.kind == "batch":
        raise PrivacyError(
            "PRIV-060",
            f'batch "{batch}" has {worst.patients} patient(s); a summary needs {minimum}',
            fix="leave the batch out, or merge it with another before summarising",
            **facts,
        )
    if worst.kind in ("level", "levels together"):
        shown = listed(f"{risk.what}: {risk.patients}" for risk in alike)
        raise PrivacyError(
            "PRIV-062",
            "a group of too few patients could be told from the sums over the others",
            at=at,
            found=f"{shown} patient(s)",
            fix="merge levels, or leave the covariate or the batch out",
            **facts,
        )
    if worst.kind == "feature":
        named = list(dict.fromkeys(features[j] for risk in alike for j in risk.features))
        raise PrivacyError(
            "PRIV-061",
            f"{len(named)} feature(s) are measured in, or missing from, fewer than {minimum} patients of a group",
            at=at,
            found=f"{listed(named)}; {worst.what}: {worst.patients} patient(s)",
            fix="--withhold leaves these features out of the file",
            features=tuple(named),
            **facts,
        )
    raise PrivacyError(
        "PRIV-063",
        f"a combination {worst.what} singles out one patient",
        at=at,
        found=f"allowed below {LEVERAGE}",
        fix="--withhold leaves incomplete features out" if worst.features else "fewer covariates, or more patients in the batch",
        **facts,
    )


def _numbered(patients: Sequence[str] | None, rows: int) -> Any:
    if patients is None:
        return np.arange(rows)
    if len(patients) != rows:
        raise DesignError("HARM-014", f"{len(patients)} patients for {rows} rows", fix="name the patient of every row")
    return np.unique(np.array([str(one) for one in patients]), return_inverse=True)[1]


def _batch_document(batch: str, patients: int, own: BatchMoments, features: Sequence[str]) -> dict[str, Any]:
    place = {int(j): i for i, j in enumerate(own.partial)}
    cells: list[list[Any]] = []
    for j, name in enumerate(features):
        cell: list[Any] = [name, int(own.n[j]), float(own.mean[j]), float(own.ss[j]), own.cx[:, j].tolist()]
        if j in place:
            cell += [own.partial_c_mean[place[j]].tolist(), own.partial_c_cross[place[j]].tolist()]
        cells.append(cell)
    return {
        "batch": batch,
        "patients": patients,
        "rows": own.rows,
        "column_means": own.c_mean.tolist(),
        "column_cross_products": own.c_cross.tolist(),
        "cells": cells,
    }


def _read(document: Mapping[str, Any]) -> SiteSummary:
    features = tuple(map(str, document["features"]))
    coding = CovariateCoding.from_document(document["covariates"])
    if list(coding.full_columns) != document["columns"] or len(set(features)) != len(features) or not features:
        raise ValueError("columns or features do not fit together")
    batches = tuple(str(one["batch"]) for one in document["batches"])
    if batches != tuple(sorted(set(batches))) or not batches:
        raise ValueError("batches are not in order")
    moments = SiteMoments(
        features=features,
        coding=coding,
        batches=batches,
        per_batch=tuple(_read_batch(one, features, coding) for one in document["batches"]),
    )
    return SiteSummary(
        moments=moments,
        patients=tuple(int(one["patients"]) for one in document["batches"]),
        minimum=int(document["minimum"]),
        withheld=tuple(map(str, document["withheld"])),
    )


def _read_batch(document: Mapping[str, Any], features: Sequence[str], coding: CovariateCoding) -> BatchMoments:
    q, cells, rows = len(coding.full_columns), document["cells"], document["rows"]
    if [cell[0] for cell in cells] != list(features) or any(len(cell) not in (5, 7) for cell in cells):
        raise ValueError("cells do not name the features")
    partial = [j for j, cell in enumerate(cells) if len(cell) == 7]
    n = np.array([cell[1] for cell in cells])
    if (
        n.dtype.kind != "i"
        or not isinstance(rows, int)
        or n.min() < 0
        or n.max() > rows
        or [j for j, k in enumerate(n) if k < rows] != partial
    ):
        raise ValueError("counts do not fit together")
    own = BatchMoments(
        rows=rows,
        n=n.astype(np.int64),
        mean=_array([cell[2] for cell in cells], (len(features),)),
        ss=_array([cell[3] for cell in cells], (len(features),)),
        c_mean=_array(document["column_means"], (q,)),
        c_cross=_array(document["column_cross_products"], (q, q)),
        cx=np.ascontiguousarray(_array([cell[4] for cell in cells], (len(features), q)).T),
        partial=np.array(partial, dtype=np.int64),
        partial_c_mean=_array([cells[j][5] for j in partial], (len(partial), q)),
        partial_c_cross=_array([cells[j][6] for j in partial], (len(partial), q, q)),
    )
    if bool((own.ss < 0).any()) or bool((np.diag(own.c_cross) < 0).any()):
        raise ValueError("a sum of squares is negative")
    return own


def _array(values: Any, shape: tuple[int, ...]) -> Floats:
    array = np.array(values, dtype=np.float64).reshape(shape) if 0 in shape else np.array(values, dtype=np.float64)
    if array.shape != shape or not bool(np.isfinite(array).all()):
        raise ValueError(f"numbers of shape {array.shape}, not {shape}")
    return array
