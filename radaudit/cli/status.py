"""``radaudit status``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def status(call: Call) -> Result:
    """Say what is stale and why, what is locked, whether the test set is sealed."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).status()
