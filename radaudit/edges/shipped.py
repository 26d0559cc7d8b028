"""Files that come with radaudit: in a checkout they stand at its root, in a wheel below ``radaudit/data``."""

from __future__ import annotations

from pathlib import Path

import radaudit
from radaudit.errors import StudyError

PACKAGE = Path(radaudit.__file__).parent


def shipped(name: str) -> Path:
    """Return the path of a shipped folder such as ``examples/egfr``. Raises StudyError (STUDY-082) if the installation lacks it."""
    for root in (PACKAGE.parent, PACKAGE / "data"):
        # a checkout is one only with its project file: site-packages may hold other folders of the same name
        if (root / name).exists() and (root != PACKAGE.parent or (root / "pyproject.toml").is_file()):
            return root / name
    raise StudyError("STUDY-082", f'this installation does not hold "{name}"', fix="install radaudit again")
