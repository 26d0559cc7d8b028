"""``radaudit features``: every feature of some tables with its identity, and what there is to say about comparing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radaudit.checks.extraction import VERSION, about_declared, about_extractions
from radaudit.edges.feature_files import FeatureFile, TableOptions, open_files, study_files
from radaudit.findings import Finding, ranked
from radaudit.study.lines import cut, padded, wrapped
from radaudit.tables.names import FeatureIdentity
from radaudit.tables.shown import inert

WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the tables hold, and the findings about comparing them."""

    files: tuple[FeatureFile, ...]
    features: tuple[tuple[FeatureIdentity, ...], ...]
    findings: tuple[Finding, ...]

    def lines(self) -> tuple[str, ...]:
        """Return one line per feature below a head per table."""
        return tuple(line for file, features in zip(self.files, self.features, strict=True) for line in _lines(file, features))

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "tables": [
                {
                    "file": file.label,
                    "sha256": file.sha256,
                    "extractor": file.extractor,
                    "version": file.settings.get(VERSION, ""),
                    "settings": {key: text for key, text in file.settings.items() if key != VERSION},
                    "rows": file.raw.rows,
                    "features": [one.document() for one in features],
                    "families": dict(Counter(one.family or "unknown" for one in features)),
                    "with_ibsi_code": sum(bool(one.ibsi) for one in features),
                }
                for file, features in zip(self.files, self.features, strict=True)
            ]
        }


def list_features(files: Sequence[Path], folder: Path, options: TableOptions) -> Listing:
    """Return the features of these files, or of the study in the folder if none is named; raises as the readers and the study do."""
    if files:
        opened = open_files(files, options)
    else:
        from radaudit.edges.workspace import Workspace

        opened = study_files(Workspace.at(folder).plan, folder, options)
    extractions = [one.extraction() for one in opened]
    findings = about_extractions(extractions)
    if options.declared:
        findings.append(about_declared(options.declared, extractions))
    return Listing(files=opened, features=tuple(one.features for one in extractions), findings=tuple(ranked(findings)))


def _lines(file: FeatureFile, features: Sequence[FeatureIdentity]) -> list[str]:
    version = file.settings.get(VERSION, "")
    who = f"{file.extractor or 'unknown extractor'}{' ' + version if version else ''}"
    coded = sum(bool(one.ibsi) for one in features)
    families = ", ".join(f"{family} {count}" for family, count in Counter(one.family or "unknown" for one in features).most_common())
    lines = [f"{inert(file.label)}  {who}, {file.raw.rows} rows, {len(features)} features, {coded} with an IBSI code"]
    lines += wrapped(families, first="  families  ")
    settings = "; ".join(f"{key}={text}" for key, text in sorted(file.settings.items()) if key != VERSION)
    lines += wrapped(inert(settings, longest=2000), first="  settings  ") if settings else ["  settings  not stated"]
    marks = {why: f"({place})" for place, why in enumerate(dict.fromkeys(one.deviation for one in features if one.deviation), start=1)}
    width = min(50, max((len(one.name) for one in features), default=0))
    lines.append(f"  {'feature':<{width}} IBSI {'family':<16} aggregation; discretisation")
    for one in features:
        about = "; ".join(filter(None, (one.aggregation, one.discretisation)))
        mark = marks.get(one.deviation, "")
        lines.append(
            f"  {padded(cut(inert(one.name, longest=200), width), width)} {one.ibsi or '-':<4} "
            f"{cut(one.family or '-', 16):<16} {about}{' ' if mark and about else ''}{mark}".rstrip()
        )
    for why, mark in marks.items():
        lines += wrapped(why, first=f"  {mark:<5} ", width=WIDTH)
    return [*lines, ""]
