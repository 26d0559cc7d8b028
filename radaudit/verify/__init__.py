"""All that a reviewer runs; standard library only, no numpy, nothing shared with what wrote the dossier but digests and findings."""

from radaudit.verify.dossier import verify, verify_files
from radaudit.verify.report import Report

__all__ = ["Report", "verify", "verify_files"]
