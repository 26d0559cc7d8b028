"""Write the folders that hospitals check their tables with before they send them."""

from __future__ import annotations

from collections.abc import Sequence

from radaudit.edges.sitepack.folder import write_packs
from radaudit.edges.workspace import Progress, StageResult, Workspace


def sitepack(ws: Workspace, sites: Sequence[str], progress: Progress) -> StageResult:
    """Write the packs of these sites, of all if none is named, into ``sitepack/`` beside study.yaml."""
    progress("writing site packs")
    made = write_packs(ws.plan, ws.folder, sites)
    lines = []
    for place, rules in made.items():
        counts = f"{len(rules['features'])} features, {len(rules['asked'])} checks, rules {rules['digest'][:8]}"
        lines.append(f"{place}/   {counts}")
    lines += ["Send each folder to its hospital: check.html and check.pyz say what to mend", "before a table is sent."]
    details = {"packs": [{"site": rules["site"], "folder": place, "rules": rules["digest"]} for place, rules in made.items()]}
    return StageResult(
        command="sitepack", outputs={rules["site"]: place for place, rules in made.items()}, text=tuple(lines), details=details
    )
