"""CERR (MATLAB): ``Original_firstOrderS_mean``, ``Original_glcmFeatS_AvgS_energy``, one row per scan and structure.

The names are the fields of CERR's nested result, joined as MATLAB joins them. Source: the fields of calcRadiomicsForImgType as listed in
HKU-Chiu/HKURA, cerrFeatures.m; no file of the program was at hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share

NAME = "cerr"
CLASSES = "shape|firstOrder|glcm|glrlm|rlm|glszm|szm|gldm|ngldm|gtdm|ngtdm|peakValley|ivh"
IMAGES = "Original|Wavelets?|LoG|Sobel|Gabor|HaralickCooccurance|LawsConvolution|LawsEnergy|Mean"
FEATURE = re.compile(rf"(?:{IMAGES})[A-Za-z0-9_.-]*?_(?:{CLASSES})(?:Feat(?:ures?)?)?S?_[A-Za-z0-9_.]+")
PATIENT = ("patientID", "PatientID", "fileName", "FileName", "ptId", "MRN", "Row")
REGION = ("structName", "structure", "structureName", "strName", "scanNum", "scanName")


def recognises(glimpse: Glimpse) -> bool:
    """True if at least three names, and half of all, are CERR's."""
    return share(glimpse.names, [name for name in glimpse.names if FEATURE.fullmatch(name)])


def claims(path: Path) -> bool:
    """True if the header is CERR's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table with its features marked; raises TableError as the formats do."""
    table = read_file(path, options)
    away = {name: DIAGNOSTICS for name in table.names if name.startswith(("numVoxels", "imageType", "calcTime"))}
    away |= {name: IGNORED for name in table.names if name in ("fileLocation", "filePath")}
    return set_apart(
        table,
        options,
        reader=NAME,
        features=[name for name in table.names if FEATURE.fullmatch(name)],
        away=away,
        patient=next((name for name in PATIENT if table.has(name)), None),
        regions=[name for name in REGION if table.has(name)],
    )
