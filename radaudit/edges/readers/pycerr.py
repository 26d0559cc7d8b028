"""pyCERR: features ``original_glcm_energy_3D_avg``; no column names the patient, a few describe the region.

Source: cerr/pyCERR, cerr/radiomics; a table of version 2.5.1. The names of classes differ from PyRadiomics' in spelling (``firstOrder``,
``gtdm``), those of features are camel case.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share

NAME = "pycerr"
ABOUT = ("numVoxelsOrig", "numVoxelsInterpReseg", "meanIntensityInterpReseg", "maxIntensityInterpReseg", "minIntensityInterpReseg")
FEATURE = re.compile(r"[A-Za-z0-9.-]+(?:_[A-Za-z0-9.-]+)*?_(?:shape|firstOrder|glcm|glrlm|glszm|gldm|gtdm|peakValley|ivh)_[A-Za-z0-9_.]+")
OWN = re.compile(r".+_(?:firstOrder|gtdm)_.+|.+_(?:glcm|glrlm|glszm|gldm)_[a-z][A-Za-z0-9]*_[23]D(?:_.+)?")


def recognises(glimpse: Glimpse) -> bool:
    """True if pyCERR's counts stand beside its features, or most names are its own."""
    names = glimpse.names
    own = [name for name in names if OWN.fullmatch(name)]
    return bool(own) and (any(name in ABOUT for name in names) or share(names, own))


def claims(path: Path) -> bool:
    """True if the header is pyCERR's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table; voxel counts and intensities of the whole region are no features. Raises TableError as the formats do."""
    table = read_file(path, options)
    features = [name for name in table.names if FEATURE.fullmatch(name)]
    return set_apart(table, options, reader=NAME, features=features, away={name: DIAGNOSTICS for name in ABOUT if table.has(name)})
