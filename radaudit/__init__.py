"""radaudit: harmonisation, validation and audit of imaging biomarkers, with provenance."""

__version__ = "0.1.0"
