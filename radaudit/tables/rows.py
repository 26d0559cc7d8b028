"""Rows of one named table: a set that refuses rows of any other table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from radaudit.errors import DesignError


@dataclass(frozen=True, slots=True)
class Rows:
    """Row numbers of the table with this content digest, sorted, without repeats.

    ``a | b``, ``a & b``, ``a - b`` and ``a <= b`` are set algebra; rows of different tables raise DesignError (LEDGER-001).
    """

    table: str
    numbers: tuple[int, ...]

    @staticmethod
    def of(table: str, numbers: Iterable[int]) -> Rows:
        """Return the rows with these numbers, sorted and without repeats."""
        return Rows(table, tuple(sorted({int(number) for number in numbers})))

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __or__(self, other: Rows) -> Rows:
        return Rows.of(self.table, set(self.numbers) | self._same(other))

    def __and__(self, other: Rows) -> Rows:
        return Rows.of(self.table, set(self.numbers) & self._same(other))

    def __sub__(self, other: Rows) -> Rows:
        return Rows.of(self.table, set(self.numbers) - self._same(other))

    def __le__(self, other: Rows) -> bool:
        return set(self.numbers) <= self._same(other)

    def _same(self, other: Rows) -> set[int]:
        if other.table != self.table:
            raise DesignError("LEDGER-001", "rows of two different tables were compared", found=f"{self.table[:12]} and {other.table[:12]}")
        return set(other.numbers)
