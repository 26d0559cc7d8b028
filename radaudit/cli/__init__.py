"""The command line: one module per command; each parses, calls, prints and exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``radaudit`` and ``python -m radaudit`` end the process with it.

    ``--version`` is answered before anything is imported; every other import waits until a command needs it.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        from radaudit import __version__

        sys.stdout.write(f"radaudit {__version__}\n")
        return 0
    from radaudit.cli.environment import quieten

    quieten()
    from radaudit.cli.app import run

    return run(words)
