"""OncoRadiomics (RadiomiX): ``Stats_energy``, ``Shape_volume``, ``GLCM_autocorr``, ``Wavelet_LLH_GLRLM_SRE``, one row per region.

Source: the names of the MAASTRO features that RadiomiX continues, as in the table of Carvalho et al. 2018, PLoS ONE 13:e0192859; no file
of the program was at hand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share

NAME = "oncoradiomics"
FEATURE = re.compile(
    r"(?:(?:Wavelet_[LH]{3}|LoG_[A-Za-z0-9.]+|[Ll]aplacian_[A-Za-z0-9.]+)_)?"
    r"(?:Stats|Shape|GLCM|GLRLM|RLGL|GLSZM|GLDZM|NGTDM|NGLDM|IH|IVH|LocInt|Fractal|Morph)_[A-Za-z0-9_.]+"
)
OWN = re.compile(r"(?:.+_)?(?:Stats|IH|LocInt|RLGL)_[a-zA-Z0-9]+")
PATIENT = ("PatientID", "patientID", "patient_id", "Patient ID")
REGION = ("ROI", "ROIname", "roi", "Structure")


def recognises(glimpse: Glimpse) -> bool:
    """True if most names are RadiomiX', and some of them only its own."""
    known = [name for name in glimpse.names if FEATURE.fullmatch(name)]
    return share(glimpse.names, known) and any(OWN.fullmatch(name) for name in known)


def claims(path: Path) -> bool:
    """True if the header is RadiomiX'."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table with its features marked; raises TableError as the formats do."""
    table = read_file(path, options)
    return replace(
        table,
        reader=NAME,
        features=tuple(name for name in table.names if FEATURE.fullmatch(name)),
        patient=next((name for name in PATIENT if table.has(name)), None),
        regions=tuple(name for name in REGION if table.has(name)),
    )
