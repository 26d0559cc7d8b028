"""Time of ``radaudit verify`` on dossiers of growing size, in a fresh interpreter: nothing but the standard library is imported.

    python benchmarks/verify.py

Each dossier is made by the project's own writers; page and evidence are filled up to the stated size, the ledger to the stated
number of entries. Wall time of the whole process, best of five. Figures, not a test.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from radaudit.edges.bundle import write_dossier  # noqa: E402
from radaudit.ledger import Step  # noqa: E402
from tests.attacks.small_dossier import KEY, build, locked, page_of, steps  # noqa: E402

SIZES = ((20, 5, 6), (500, 500, 50), (2_000, 2_000, 500))
CODE = "import sys; from radaudit.verify import verify; sys.exit(verify(sys.argv[1]).exit_code)"


def dossier(folder: Path, document_kb: int, page_kb: int, entries: int) -> Path:
    """Write a dossier of about this size and return its folder."""
    extra = [Step(name="resample", facts={"fold": i}) for i in range(entries - 6)]
    recorded = [*extra, *steps(locked())]
    files = build(
        recorded=recorded,
        change_evidence=lambda evidence: evidence.update(filler=[i / 7 for i in range(document_kb * 50)]),
        page=lambda evidence: page_of(evidence) + b"<p>text</p>\n" * (page_kb * 85),
        clock=[f"2026-11-23T08:{i // 60 % 60:02d}:{i % 60:02d}Z" for i in range(entries)],
    )
    return write_dossier(folder, {name: data for name, data in files.items() if not name.startswith("manifest")}, KEY)


def main() -> None:
    """Print one line per size."""
    print(f"{'dossier.json':>14} {'dossier.html':>14} {'entries':>8} {'verify, cold':>14}")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = dossier(Path(folder), *size)
            times = []
            for _ in range(5):
                start = time.perf_counter()
                done = subprocess.run([sys.executable, "-c", CODE, str(path)], cwd=ROOT, check=False)
                times.append(time.perf_counter() - start)
                assert done.returncode == 0
            kb = [(path / name).stat().st_size / 1024 for name in ("dossier.json", "dossier.html")]
            print(f"{kb[0]:>11.0f} KB {kb[1]:>11.0f} KB {size[2]:>8} {min(times):>12.3f} s")


if __name__ == "__main__":
    main()
