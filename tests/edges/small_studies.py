"""Small studies on disk for the tests of intake: two hospitals, eight patients, three features; each test changes one thing."""

from __future__ import annotations

from pathlib import Path

from radaudit.edges.intake import read_study
from radaudit.edges.study_file import plan_of_text
from radaudit.errors import RadauditError
from radaudit.tables.intake import Intake

NAMES = ("original_shape_MeshVolume", "original_firstorder_Mean", "original_glcm_Contrast")
IDS = ("LYO-0001", "LYO-0002", "LYO-0003", "LYO-0004", "GHE-0001", "GHE-0002", "GHE-0003", "GHE-0004")
STUDY = """\
schema: radaudit/study/1
study: small
tables:
  features: {features}
  clinical: {clinical}
roles:
  subject: {subject}
  site: {site}
  outcome: {outcome}
{more}
split: {{test: {{by: random, fraction: 0.5}}}}
"""


def features_csv(
    ids: tuple[str, ...] = IDS, *, delimiter: str = ",", end: str = "\n", cells: dict[tuple[int, int], str] | None = None
) -> str:
    """Return a feature table; ``cells`` replaces the text at (row, column) of the features."""
    lines = [delimiter.join(("patient_id", *NAMES))]
    for i, patient in enumerate(ids):
        row = [(cells or {}).get((i, j), f"{100 + 10 * i + j}.{i}5") for j in range(len(NAMES))]
        lines.append(delimiter.join((patient, *row)))
    return end.join(lines) + end


def clinical_csv(ids: tuple[str, ...] = IDS, *, outcomes: tuple[str, ...] | None = None, sites: tuple[str, ...] | None = None) -> str:
    """Return a clinical table with hospital, age and relapse."""
    outcomes = outcomes or tuple(str(i % 2) for i in range(len(ids)))
    sites = sites or tuple("LYON" if patient.startswith("LYO") else "GHENT" for patient in ids)
    lines = ["patient_id,hospital,age,relapse"]
    lines += [f"{patient},{site},{50 + i},{outcome}" for i, (patient, site, outcome) in enumerate(zip(ids, sites, outcomes, strict=True))]
    return "\n".join(lines) + "\n"


def write(folder: Path, **files: str | bytes) -> None:
    """Write files by name, ``features`` as features.csv."""
    for name, content in files.items():
        path = folder / (name if "." in name else f"{name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def study(
    *,
    features: str = "features.csv",
    clinical: str = "clinical.csv",
    subject: str = "patient_id",
    site: str = "hospital",
    outcome: str = '{column: relapse, event: "1"}',
    more: str = "harmonise: none",
) -> str:
    """Return the text of a study file."""
    more = "harmonise: {method: none}" if more == "harmonise: none" else more
    return STUDY.format(features=features, clinical=clinical, subject=subject, site=site, outcome=outcome, more=more)


def read(folder: Path, text: str | None = None) -> Intake:
    """Read the study in a folder."""
    return read_study(plan_of_text(text or study()), folder)


def refusal(folder: Path, text: str | None = None) -> RadauditError:
    """Return the error reading a study raises; an AssertionError if it raises none."""
    try:
        read(folder, text)
    except RadauditError as error:
        str(error)
        return error
    raise AssertionError("nothing was refused")


def codes(intake: Intake) -> list[str]:
    """Return the codes of the failed findings."""
    return [finding.code for finding in intake.findings if finding.failed]
