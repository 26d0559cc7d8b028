"""A parameter file of PyRadiomics beside a table: what it states, compared with what the table says of its extraction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.codes import answer
from radaudit.edges.readers.diagnostics import MATTERS, flat
from radaudit.errors import TableError
from radaudit.findings import Verdict
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from radaudit.edges.readers.formats.raw import RawTable
    from radaudit.findings import Fact, Finding

SUFFIXES = (".yaml", ".yml")
SECTIONS = ("setting", "imageType", "featureClass", "voxelSetting")
LARGEST = 1 << 18
READERS = ("pyradiomics", "slicer")


def read_parameters(path: Path) -> Mapping[str, str]:
    """Return the settings a parameter file states, those that change values only.

    Raises TableError READ-053 for YAML that is not one of PyRadiomics' parameter files, or that refers to itself.
    """
    import yaml

    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1).decode("utf-8-sig")
        if len(text) > LARGEST or any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ValueError("too large, or with aliases")
        stated: Any = yaml.safe_load(text)
        if not isinstance(stated, dict) or not set(SECTIONS) & set(stated):
            raise ValueError("none of the sections setting, imageType, featureClass")
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        said = str(problem).splitlines()[0][:80] if str(problem) else type(problem).__name__
        raise TableError(
            "READ-053",
            f"{inert(path.name)} is no parameter file of PyRadiomics",
            found=inert(said),
            fix="name tables, and the file given to --param",
        ) from None
    settings, images = stated.get("setting"), stated.get("imageType")
    stated_here: dict[str, str] = {}
    if isinstance(settings, dict):
        stated_here = {name: flat(settings[name]) for name in MATTERS if settings.get(name) is not None}
    if isinstance(images, dict) and images:
        stated_here["imageTypes"] = flat(images)
    return stated_here


def with_parameters(raw: RawTable, stated: Mapping[str, str], name: str) -> RawTable:
    """Return the table with the settings of a parameter file where it says nothing itself."""
    if raw.settings or raw.reader not in READERS:
        return raw
    note = Accounted(file=raw.label, column="", kind="settings", what=f"from {inert(name)}", count=raw.rows)
    return replace(raw, settings=(dict(stated),) * raw.rows).noting(note)


def about_parameters(raw: RawTable, stated: Mapping[str, str], name: str) -> Iterator[Finding]:
    """Yield READ-084: whether the rows were extracted as the parameter file says; NOT_RUN for another program's table."""
    if raw.reader not in READERS or not raw.settings:
        sentence = f"{inert(raw.label)} says nothing that could be compared with {inert(name)}."
        yield answer("READ-084", Verdict.NOT_RUN, sentence, facts={"needs": "extraction settings"}, scope=raw.label)
        return
    odd: dict[str, set[str]] = {}
    for row in raw.settings:
        for key, text in stated.items():
            if row and row.get(key, text) != text:
                odd.setdefault(key, set()).add(row[key])
    told = few((f"{key} is {', '.join(sorted(texts))}, not {quoted(stated[key])}" for key, texts in sorted(odd.items())), most=4)
    sentence = (
        f"{inert(raw.label)} was not extracted as {inert(name)} says: {told}." if odd else f"{inert(raw.label)} agrees with {inert(name)}."
    )
    facts: dict[str, Fact] = {"settings": [*sorted(odd)], "compared": len(stated)}
    yield answer("READ-084", Verdict.FAILED if odd else Verdict.PASSED, sentence, facts=facts, scope=raw.label)
