"""FeatureTable: one row per region of interest, its features as numbers, everything else as text."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from radaudit.arrays import frozen
from radaudit.digests import canonical, sha256
from radaudit.errors import TableError, listed, nearest
from radaudit.tables.roles import Roles
from radaudit.tables.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from radaudit.arrays import Floats

Texts = tuple[str, ...]
Facts = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTable:
    """Rows sorted by patient and unit; ``values (n, p)`` float64 with NaN for missing; ``facts`` are text columns (None: missing).

    ``outcome (n,)`` holds 1.0 for an event, 0.0 for none, NaN for unknown; of a continuous outcome its value. ``digest`` is the content
    digest: it depends on the cells, names and roles, not on the order of rows, the file or its format. Build it with ``FeatureTable.of``.
    """

    roles: Roles
    patients: Texts
    units: Texts
    sites: Texts
    batches: Texts
    features: Texts
    values: Floats
    outcome: Floats
    facts: Mapping[str, Facts] = field(repr=False)
    digest: str = ""

    @staticmethod
    def of(
        *,
        roles: Roles,
        patients: Sequence[str],
        features: Sequence[str],
        values: ArrayLike,
        outcome: ArrayLike,
        units: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
        batches: Sequence[str] | None = None,
        facts: Mapping[str, Sequence[str | None]] | None = None,
    ) -> FeatureTable:
        """Build a table: rows are sorted by patient and unit, arrays copied and made read-only, the digest computed.

        Raises TableError if lengths differ (READ-020) or two columns have one name (FEAT-008).
        """
        import numpy as np

        n = len(patients)
        units = list(units) if units is not None else [""] * n
        sites = list(sites) if sites is not None else [""] * n
        batches = list(batches) if batches is not None else list(sites)
        matrix = np.asarray(values, dtype=np.float64).reshape(n, len(features))
        result = np.asarray(outcome, dtype=np.float64)
        columns = {name: list(column) for name, column in (facts or {}).items()}
        lengths = {len(units), len(sites), len(batches), len(result), n, *map(len, columns.values())}
        if lengths != {n}:
            raise TableError("READ-020", "columns of one table have different lengths", found=listed(sorted(lengths)))
        if len(set(features)) != len(features):
            twice = sorted({name for name in features if list(features).count(name) > 1})
            raise TableError("FEAT-008", f"{len(twice)} feature name(s) occur twice", found=listed(twice))
        order = sorted(range(n), key=lambda i: (patients[i], units[i], i))
        table = FeatureTable(
            roles=roles,
            patients=tuple(patients[i] for i in order),
            units=tuple(units[i] for i in order),
            sites=tuple(sites[i] for i in order),
            batches=tuple(batches[i] for i in order),
            features=tuple(features),
            values=frozen(matrix[order]),
            outcome=frozen(result[order]),
            facts=MappingProxyType({name: tuple(column[i] for i in order) for name, column in columns.items()}),
        )
        object.__setattr__(table, "digest", content_digest(table))
        return table

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def rows(self) -> Rows:
        """All rows."""
        return Rows.of(self.digest, range(len(self)))

    def take(self, rows: Rows) -> FeatureTable:
        """Return a new table of these rows only, with its own digest; rows of another table raise DesignError."""
        chosen = list(rows & self.rows)
        return FeatureTable.of(
            roles=self.roles,
            patients=[self.patients[i] for i in chosen],
            units=[self.units[i] for i in chosen],
            sites=[self.sites[i] for i in chosen],
            batches=[self.batches[i] for i in chosen],
            features=self.features,
            values=self.values[chosen],
            outcome=self.outcome[chosen],
            facts={name: [column[i] for i in chosen] for name, column in self.facts.items()},
        )

    def where(self, keep: Sequence[bool]) -> Rows:
        """Return the rows for which ``keep`` (n,) is true."""
        return Rows.of(self.digest, (i for i, yes in enumerate(keep) if yes))

    def fact(self, name: str) -> Facts:
        """Return a text column; raises TableError (READ-021) with the nearest name if there is none."""
        if name not in self.facts:
            near = nearest(name, self.facts)
            raise TableError("READ-021", f'there is no column "{name}"', found=listed(self.facts, most=20), near=near, fix=near)
        return self.facts[name]

    @property
    def time(self) -> Floats | None:
        """The follow-up (n,) of a survival outcome, NaN for missing; None for another. Raises TableError READ-021."""
        end = self.roles.outcome
        return None if end is None or end.time is None else self.numbers(end.time)

    def numbers(self, name: str) -> Floats | None:
        """Return a text column as numbers (NaN for missing), or None if some value is not a number."""
        import numpy as np

        try:
            return frozen([np.nan if value is None else float(value) for value in self.fact(name)])
        except ValueError:
            return None

    def covariates(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return the named text columns for a harmoniser: numbers if every value is one, else text; None stays None."""
        columns: dict[str, list[Any]] = {}
        for name in names:
            texts = self.fact(name)
            numeric = self.numbers(name)
            columns[name] = list(texts) if numeric is None else [None if text is None else float(text) for text in texts]
        return columns


def row_digests(table: FeatureTable) -> list[bytes]:
    """Return one SHA-256 per row, content digest version 1.

    A row is: the length-prefixed UTF-8 (NFC) of patient, unit, site, batch and each fact in name order (missing: length 2**32 - 1),
    then the outcome and the features as little-endian float64, NaN as 0x7ff8000000000000, -0.0 as 0.0.
    """
    import hashlib
    import unicodedata

    import numpy as np

    def text(value: str | None) -> bytes:
        if value is None:
            return b"\xff\xff\xff\xff"
        data = unicodedata.normalize("NFC", value).encode()
        return struct.pack("<I", len(data)) + data

    numbers = np.column_stack([table.outcome, table.values]) + 0.0
    numbers[np.isnan(numbers)] = np.nan
    names = sorted(table.facts)
    digests = []
    for i in range(len(table)):
        state = hashlib.sha256()
        for value in (table.patients[i], table.units[i], table.sites[i], table.batches[i], *(table.facts[name][i] for name in names)):
            state.update(text(value))
        state.update(numbers[i].astype("<f8").tobytes())
        digests.append(state.digest())
    return digests


def content_digest(table: FeatureTable) -> str:
    """Return the SHA-256 over the header (roles, feature and fact names) and the sorted row digests."""
    header = canonical({"v": 1, "roles": table.roles.document(), "features": list(table.features), "facts": sorted(table.facts)})
    return sha256(header + b"\n" + b"".join(sorted(row_digests(table))))
