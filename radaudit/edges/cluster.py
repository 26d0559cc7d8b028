"""Moments of many files on several processes or machines: each part is measured where it is read, sums are added in a fixed order.

What is summed does not depend on who sums it: parts are cut before they are handed out and added in their order, so one process,
several, and a Dask cluster give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from radaudit.errors import PluginError

if TYPE_CHECKING:
    from radaudit.edges.record_batches import Layout
    from radaudit.harmonise.coding import CovariateCoding
    from radaudit.harmonise.moments import SiteMoments

Given = TypeVar("Given")
Made = TypeVar("Made")


class Executor(Protocol):
    """Something that calls a function of this package (importable by name) on every item; results come in the order of the items."""

    def map(self, fn: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]: ...


class Here:
    """Calls in this process, one after the other."""

    def map(self, fn: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
        """Return what ``fn`` gives for every item."""
        return [fn(item) for item in items]


class _Pool:
    def __init__(self, pool: Any) -> None:
        self.pool = pool

    def map(self, fn: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
        return list(self.pool.map(fn, items))


class _Dask:
    def __init__(self, client: Any) -> None:
        self.client = client

    def map(self, fn: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
        futures = self.client.map(fn, list(items), pure=False)
        return list(self.client.gather(futures))


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Give an executor of fresh processes on this machine."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield _Pool(pool)


@contextmanager
def dask(address: str | None = None, *, workers: int = 2, threads: bool = False) -> Iterator[Executor]:
    """Give an executor on the Dask scheduler at ``address`` (``tcp://host:8786``), or on ``workers`` of this machine.

    ``threads`` keeps local workers in this process. Raises PluginError HARM-071 if Dask is not installed, HARM-072 if no scheduler
    answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise PluginError("HARM-071", "Dask is not installed", fix="pip install 'radaudit[dask]'") from error
    if address is not None:
        try:
            client = Client(address, timeout=10)
        except (OSError, ValueError) as error:
            raise PluginError("HARM-072", f"no Dask scheduler answers at {address}", fix="dask scheduler, then its address") from error
        with client:
            yield _Dask(client)
        return
    host = None if threads else "127.0.0.1"  # threads talk in memory, processes over the loopback interface only
    settings = {"n_workers": workers, "threads_per_worker": 1, "processes": not threads, "host": host, "dashboard_address": None}
    with LocalCluster(silence_logs=50, **settings) as cluster, Client(cluster) as client:
        yield _Dask(client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some row groups of one Parquet file, as all workers see it; ``rows`` of a record batch."""

    path: Path
    groups: tuple[int, ...]
    layout: Layout
    coding: CovariateCoding
    rows: int


def parts_of(paths: Sequence[Path], layout: Layout, coding: CovariateCoding, *, groups: int = 16, rows: int | None = None) -> list[Part]:
    """Return parts of at most ``groups`` row groups each, in the order of the files. Raises TableError READ-030."""
    from radaudit.edges.streaming import ROWS, row_groups

    found = []
    for path in paths:
        number = row_groups(path)
        for start in range(0, number, groups):
            own = tuple(range(start, min(start + groups, number)))
            found.append(Part(path=path, groups=own, layout=layout, coding=coding, rows=rows or ROWS))
    return found


def measure_part(part: Part) -> SiteMoments:
    """Return the moments of one part: what a worker does."""
    from radaudit.edges.streaming import moments_of_batches, scan

    return moments_of_batches(scan(part.path, part.layout, groups=part.groups, rows=part.rows), part.layout, part.coding)


def moments_of_files(
    paths: Sequence[Path],
    layout: Layout,
    executor: Executor | None = None,
    *,
    coding: CovariateCoding | None = None,
    groups: int = 16,
    rows: int | None = None,
) -> SiteMoments:
    """Return the moments of all rows of Parquet files, measured part by part by ``executor`` (this process if left out).

    Every worker reads the files under the same paths (a shared disk). Raises as ``moments_of_parquet``.
    """
    from radaudit.edges.streaming import coding_of_parquet, total

    known = coding if coding is not None else coding_of_parquet(paths, layout)
    return total((executor or Here()).map(measure_part, parts_of(paths, layout, known, groups=groups, rows=rows)))
