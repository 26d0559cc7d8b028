"""What the name of a feature says: one file per extractor, one table of names and one of IBSI quantities."""

from radaudit.tables.names.captk import captk_name
from radaudit.tables.names.identity import ALIASES, EXTRACTORS, FeatureIdentity, identities, identity, parts_of, written_by
from radaudit.tables.names.known import Known, known_features
from radaudit.tables.names.parts import ANONYMOUS, Parts, anonymous
from radaudit.tables.names.pyradiomics import pyradiomics_name
from radaudit.tables.names.quantities import AGGREGATIONS, Quantity, quantities

__all__ = [
    "AGGREGATIONS",
    "ALIASES",
    "ANONYMOUS",
    "EXTRACTORS",
    "FeatureIdentity",
    "Known",
    "Parts",
    "Quantity",
    "anonymous",
    "captk_name",
    "identities",
    "identity",
    "known_features",
    "parts_of",
    "pyradiomics_name",
    "quantities",
    "written_by",
]
