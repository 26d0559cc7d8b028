"""``radaudit report``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def report(call: Call) -> Result:
    """Write a new dossier: page, data, record and signature, signed."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).report(call.progress)
