"""Environments of the packages that radaudit is compared with: one per peer in ``.peers/<name>``, from ``benchmarks/peers/<name>.txt``.

    python benchmarks/peers.py [NAME ...]

Peers need versions of numpy and pandas that exclude one another and ours, and some are under the GPL: none is a dependency of radaudit.
An environment is made once and again when its file changes; only hashes that stand in the file are accepted. What cannot be installed
is named with the reason and does not stop the others.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = tuple(sorted(path.stem for path in (ROOT / "benchmarks" / "peers").glob("*.txt")))


def interpreter(name: str) -> tuple[Path | None, str]:
    """Return the interpreter of a peer's environment, made if need be, or None and why there is none."""
    wanted, home = ROOT / "benchmarks" / "peers" / f"{name}.txt", ROOT / ".peers" / name
    python, stamp = home / ("Scripts" if sys.platform == "win32" else "bin") / "python", home / "installed"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return python, ""
    print(f"making .peers/{name} ...", file=sys.stderr, flush=True)
    venv.create(home, clear=True, with_pip=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(wanted)]
    done = subprocess.run([python, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return None, f"cannot be installed: {said[0].removeprefix('ERROR: ') if said else f'pip ended with {done.returncode}'}"
    stamp.write_text(digest)
    return python, ""


def main() -> None:
    """Make the named environments, all if none is named."""
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            raise SystemExit(f"{name} is not one of {', '.join(NAMES)}")
        python, reason = interpreter(name)
        print(f"{name:<16}{python.relative_to(ROOT) if python else reason}")


if __name__ == "__main__":
    main()
