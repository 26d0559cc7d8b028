"""The last look before something leaves: no patient's id may stand in any file of a dossier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from radaudit.errors import PrivacyError

LEAST = 4


def scannable(patient: str) -> bool:
    """Return True if an id can be told from other text: four characters and more, with a digit, and not a short plain number."""
    return len(patient) >= LEAST and any(c.isdigit() for c in patient) and not (patient.isdigit() and len(patient) < 2 * LEAST)


def refuse_patients(files: Mapping[str, bytes], patients: Iterable[str]) -> None:
    """Raise PrivacyError (PRIV-080) if an id stands in a file as a word of its own; ids are not quoted in the message.

    Ids that look like any number (``12``, ``0042``) cannot be searched for; they are left out of the search.
    """
    ids = sorted({patient for patient in patients if scannable(patient)}, key=len, reverse=True)
    if not ids:
        return
    words = re.compile(rb"(?<![0-9A-Za-z_.-])(?:" + b"|".join(re.escape(one.encode()) for one in ids) + rb")(?![0-9A-Za-z_-])")
    found = {name: len(set(words.findall(data))) for name, data in files.items()}
    held = [f"{name} ({n})" for name, n in sorted(found.items()) if n]
    if held:
        raise PrivacyError(
            "PRIV-080",
            "ids of patients stand in files of the dossier; nothing was written",
            found=", ".join(held),
            fix="take them out of study.yaml: titles, texts of claims, comments",
        )
