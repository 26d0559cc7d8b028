"""Look at every file that was received: tables become looks, claim files are read, the rest is named and left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from radaudit.edges.proposals import look_at
from radaudit.edges.readers.formats import dialect as dialects
from radaudit.edges.readers.formats.files import file_format
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.study_file import read_yaml
from radaudit.errors import RadauditError
from radaudit.study.audit.told import Told, merged, told_in_words, told_in_yaml
from radaudit.study.guesses import Look

WORDS = (".txt", ".md", ".rst")
YAML = (".yaml", ".yml")
TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".feather", ".arrow", ".tab", ".dat")
MOST_WORDS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Tables by look, what the sender states, the decimal mark of each text table, and what became of every other file."""

    looks: tuple[Look, ...]
    told: Told
    decimals: Mapping[str, str]
    unread: Mapping[str, str]


def look_at_all(folder: Path, names: tuple[str, ...], prefix: str) -> Looked:
    """Return a look at each of ``names`` below ``folder``, labelled ``prefix/name``; a file that cannot be read is named with its code."""
    looks: list[Look] = []
    told, decimals, unread = Told(), {}, {}
    for name in names:
        path = folder.joinpath(*PurePosixPath(name).parts)
        suffix = path.suffix.lower()
        if suffix in YAML:
            document = read_yaml(path.read_text(encoding="utf-8-sig", errors="replace"), name).document
            told = merged(told, told_in_yaml(document, name))
            continue
        if suffix in WORDS and not _tabular(path):
            told = merged(told, told_in_words(path.read_bytes()[:MOST_WORDS].decode("utf-8-sig", "replace")))
            continue
        if suffix not in (*TABLES, *WORDS, ".json"):
            unread[name] = f"{suffix or 'no suffix'}: not read"
            continue
        label = f"{prefix}/{name}"
        try:
            looks.append(look_at(path, label))
            if file_format(path, ReadOptions()) == "text":
                decimals[label] = dialects.look(path).decimal
        except RadauditError as error:
            unread[name] = f"{error.code}: {error.what}"
    return Looked(looks=tuple(looks), told=told, decimals=decimals, unread=unread)


def _tabular(path: Path) -> bool:
    """Return True if a .txt file is a table: its first lines have the same number of tabs, semicolons or commas, at least one."""
    with path.open("rb") as stream:
        lines = [line for line in stream.read(1 << 14).decode("utf-8-sig", "replace").splitlines() if line.strip()][:5]
    return len(lines) > 2 and any(len({line.count(mark) for line in lines}) == 1 and lines[0].count(mark) for mark in "\t;,")
