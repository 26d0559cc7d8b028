"""The parameter file of PyRadiomics (``params.yaml``): what was meant to be extracted, to be compared with what the table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from radaudit.errors import StudyError, listed
from radaudit.tables.shown import inert

SECTIONS = ("setting", "imageType", "featureClass", "voxelSetting")
LARGEST = 1 << 20
NOTHING = ("", "null", "none", "~")
TRUTH = {"true": "True", "false": "False"}


def read_params(path: Path) -> dict[str, str]:
    """Return the settings of the file, as the diagnostics of PyRadiomics write them. Raises StudyError FEAT-126, STUDY-033."""
    import yaml

    if not path.is_file():
        raise StudyError("STUDY-033", f"there is no file {inert(path.name)}", fix="--params params.yaml")
    try:
        text = path.read_bytes()[:LARGEST].decode("utf-8")
        # BaseLoader leaves every scalar a text: nothing is built, and 1e-3 stays as it is written
        document = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise _not_one(path, str(problem).splitlines()[0] if str(problem) else "not YAML") from None
    if not isinstance(document, dict) or not set(document) & set(SECTIONS):
        found = listed(document) if isinstance(document, dict) else type(document).__name__
        raise _not_one(path, found)
    stated = document.get("setting") or {}
    if not isinstance(stated, dict):
        raise _not_one(path, "setting is no mapping")
    return {str(name): flat for name, value in sorted(stated.items()) if not isinstance(value, dict) and (flat := _flat(value))}


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) or "None" for item in value) + "]"
    text = str(value).strip()
    if text.casefold() in NOTHING:
        return ""
    return TRUTH.get(text.casefold(), text)


def _not_one(path: Path, found: str) -> StudyError:
    return StudyError(
        "FEAT-126",
        f"{inert(path.name)} is no parameter file of PyRadiomics",
        found=inert(found, longest=120),
        fix="a YAML file with setting, imageType and featureClass, as PyRadiomics was run with",
    )
