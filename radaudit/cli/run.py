"""``radaudit run``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def run(call: Call) -> Result:
    """Check, split, harmonise and fit on training rows; the test set stays shut."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).run(call.progress)
