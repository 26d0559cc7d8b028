"""Draw the page of a dossier again and compare: the page is a pure function of ``dossier.json``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from radaudit.errors import RadauditError
from radaudit.findings import Finding
from radaudit.verify.page import PAGE
from radaudit.verify.reading import MARK, read_files
from radaudit.verify.report import failed, passed


def renders_equal(folder: Path, render: Callable[[bytes], bytes]) -> Finding:
    """Return whether ``render`` of the bytes of ``dossier.json`` gives the bytes of ``dossier.html`` (VERIFY-061).

    ``folder`` is a dossier folder or archive. Raises DossierError as ``verify`` does.
    """
    files, _ = read_files(folder)
    if MARK not in files or PAGE not in files:
        return failed("VERIFY-061", "The document or its page is not there.", PAGE)
    try:
        drawn = render(files[MARK])
    except RadauditError as error:
        return failed("VERIFY-061", f"The document cannot be drawn: {error.what}.", MARK, cause=error.code)
    if drawn != files[PAGE]:
        at = next((i for i, (a, b) in enumerate(zip(drawn, files[PAGE], strict=False)) if a != b), min(len(drawn), len(files[PAGE])))
        return failed("VERIFY-061", f"The page differs from the document drawn again, from byte {at} on.", PAGE, byte=at)
    return passed("VERIFY-061", "Drawn again, the page has the same bytes.", PAGE)
