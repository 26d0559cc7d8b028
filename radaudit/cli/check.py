"""``radaudit check``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def check(call: Call) -> Result:
    """Ask every question about the data; the sites come first."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).check(call.progress)
