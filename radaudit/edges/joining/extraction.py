"""How the features were extracted: settings and versions per row, compared across sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from radaudit.checks import extraction
from radaudit.edges.joining.opened import Opened
from radaudit.edges.joining.pool import Pool

if TYPE_CHECKING:
    from radaudit.findings import Finding


def about_settings(pool: Pool, sites: Sequence[str | None]) -> Iterator[Finding]:
    """Yield what there is to say about settings and versions, by site or, where it is not known, by file."""
    where = [site or opened.label for site, opened in zip(sites, pool.files, strict=True)]
    return extraction.about_settings(pool.settings, where, sites)


def common(settings: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the settings all rows share."""
    stated = [row for row in settings if row]
    if not stated or len(stated) < len(settings):
        return {}
    return {key: value for key, value in stated[0].items() if all(row.get(key) == value for row in stated)}


def extractor(features: Sequence[Opened]) -> str:
    """Return the extractor of all feature tables, empty if they come from several."""
    readers = {one.raw.reader for one in features}
    return readers.pop() if len(readers) == 1 else ""


def in_words(settings: Mapping[str, str]) -> str:
    """Return settings as one text, in the order of their names."""
    return "; ".join(f"{key}={value}" for key, value in sorted(settings.items()))
