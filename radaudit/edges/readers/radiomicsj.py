"""RadiomicsJ: an ImageJ results table with ``ID``, ``OperationalInfo_*``, ``Diagnostics_*`` and features ``GLCM_JointMaximum``.

Source: tatsunidas/RadiomicsJ, RadiomicsJ.java and the feature type enumerations; GamezConZ/RadiomicsJ-Lite for the names of its export.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, row_settings, set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share

NAME = "radiomicsj"
FEATURE = re.compile(
    r"(?:[A-Za-z0-9]+_)?(?:Morphological|LocalIntensity|IntensityBasedStatistical|IntensityStats|IntensityHistogram|IntensityVolumeHistogram"
    r"|VolumeHistogram|GLCM|GLRLM|GLSZM|GLDZM|NGTDM|NGLDM|Fractal|Shape2D)_[A-Za-z0-9_]+"
)
OWN = ("Morphological_", "LocalIntensity_", "IntensityBasedStatistical_", "IntensityStats_", "IntensityVolumeHistogram_")
ABOUT = ("OperationalInfo_", "Diagnostics_")
VERSION = re.compile(r"OperationalInfo_.*(?:RadiomicsJ|JRadiomics).*", re.IGNORECASE)


def recognises(glimpse: Glimpse) -> bool:
    """True if its information columns, or most names, are RadiomicsJ's."""
    names = glimpse.names
    known = [name for name in names if FEATURE.fullmatch(name)]
    told = [name for name in names if any(about in name for about in ABOUT)]
    return bool(known) if told else share(names, [name for name in known if not name.isupper()]) and _own(known)


def _own(known: list[str]) -> bool:
    """True if a family of features is there that only RadiomicsJ spells so."""
    return any(
        re.match(r"(?:Morphological|LocalIntensity|IntensityBasedStatistical|IntensityStats|IntensityVolumeHistogram)_", name)
        for name in known
    )


def claims(path: Path) -> bool:
    """True if the header is RadiomicsJ's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table without what describes the run and the image; raises TableError as the formats do."""
    table = read_file(path, options)
    features = [name for name in table.names if FEATURE.fullmatch(name) and not any(about in name for about in ABOUT)]
    away = {name: DIAGNOSTICS for name in table.names if any(about in name for about in ABOUT)}
    away |= {name: IGNORED for name in (" ", "Label") if table.has(name) and table.column(name).empty}
    settings = row_settings(table, {name: "version" for name in table.names if VERSION.fullmatch(name)})
    patient = "ID" if table.has("ID") else None
    return set_apart(table, options, reader=NAME, features=features, away=away, settings=settings, patient=patient)
