"""``radaudit ingest``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def ingest(call: Call) -> Result:
    """Read the tables into out/pool.duckdb; every coerced cell is counted."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).ingest(call.progress)
