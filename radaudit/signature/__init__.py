"""The locked signature: a file of numbers, its scorer, its refusals."""

from radaudit.signature.contract import Columns, Covariate, Feature, Grouping, Purpose, Training
from radaudit.signature.lock import SCHEMA, lock, registration, renamed, sealed, signature_bytes
from radaudit.signature.reading import read_signature
from radaudit.signature.scorer import Scored, Scorer

__all__ = [
    "SCHEMA",
    "Columns",
    "Covariate",
    "Feature",
    "Grouping",
    "Purpose",
    "Scored",
    "Scorer",
    "Training",
    "lock",
    "read_signature",
    "registration",
    "renamed",
    "sealed",
    "signature_bytes",
]
