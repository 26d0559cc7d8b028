"""A frozen fit as a header anyone can read and arrays, bound together by digests; no pickle, no patient.

The header is the fit's document with every block of numbers replaced by its shape and the SHA-256 of its little-endian
float64 bytes in row order; the fit's digest is that of the header's canonical JSON. It depends on no file format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np  # noqa: TID253

from radaudit.digests import canonical, sha256
from radaudit.errors import DesignError
from radaudit.harmonise import covbat, effects, longitudinal, nested

if TYPE_CHECKING:
    from radaudit.arrays import Floats

ARRAYS = frozenset(
    (
        "grand_mean",
        "pooled_sd",
        "gamma_hat",
        "delta_hat",
        "gamma",
        "delta",
        "gamma_sd",
        "coefficients",
        "centre",
        "scale",
        "rotation",
        "offset",
        "ratio",
    )
)
MARK = "sha256_of_float64"


class Frozen(Protocol):
    """Any frozen fit of this package."""

    def document(self) -> dict[str, Any]: ...


READERS: Mapping[str, Any] = {
    effects.FORMAT: effects.SiteEffects.from_document,
    covbat.FORMAT: covbat.CovBatEffects.from_document,
    nested.FORMAT: nested.NestedEffects.from_document,
    longitudinal.FORMAT: longitudinal.LongitudinalEffects.from_document,
}


def fit_from_document(document: Mapping[str, Any]) -> Any:
    """Return the frozen fit of a document, whatever its method. Raises DesignError HARM-018."""
    reader = READERS.get(str(document.get("format")))
    if reader is None:
        raise DesignError("HARM-018", "not a document of a frozen fit", found=f"format {document.get('format')!r}", fix=", ".join(READERS))
    return reader(document)


def taken_apart(fit: Frozen, *, parent: str | None = None) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Return header and arrays of a fit; ``parent`` is the digest of the fit it was made from."""
    arrays: dict[str, Floats] = {}
    header = _split(fit.document(), "", arrays)
    return {**header, "parent": parent}, arrays


def _split(value: Any, path: str, arrays: dict[str, Floats]) -> Any:
    if isinstance(value, Mapping):
        return {key: _split(own, f"{path}/{key}" if path else key, arrays) for key, own in value.items()}
    name = path.rpartition("/")[2]
    if name in ARRAYS and isinstance(value, list):
        array = np.array(value, dtype="<f8")
        arrays[path] = array
        return {"shape": list(array.shape), MARK: sha256(array.tobytes())}
    if isinstance(value, list):
        return [_split(own, f"{path}/{i}", arrays) for i, own in enumerate(value)]
    return value


def header_bytes(header: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a header, as they are written."""
    return canonical(header) + b"\n"


def fit_digest(fit: Frozen, *, parent: str | None = None) -> str:
    """Return the digest of a frozen fit: that of its header's canonical JSON, which holds those of all arrays."""
    return sha256(canonical(taken_apart(fit, parent=parent)[0]))


def put_together(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Any:
    """Return the frozen fit of header and arrays. Raises DesignError HARM-018 if an array is missing, altered or left over."""
    used: set[str] = set()
    document = _join(header, "", arrays, used)
    left = sorted(set(arrays) - used)
    if left:
        raise DesignError("HARM-018", "arrays that the header does not know", found=", ".join(left))
    return fit_from_document(document)


def _join(value: Any, path: str, arrays: Mapping[str, Floats], used: set[str]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"shape", MARK}:
            used.add(path)
            return _verified(value, path, arrays)
        return {key: _join(own, f"{path}/{key}" if path else key, arrays, used) for key, own in value.items()}
    if isinstance(value, list):
        return [_join(own, f"{path}/{i}", arrays, used) for i, own in enumerate(value)]
    return value


def _verified(claim: Mapping[str, Any], path: str, arrays: Mapping[str, Floats]) -> Any:
    if path not in arrays:
        raise DesignError("HARM-018", f'array "{path}" is missing', fix="copy header and arrays together")
    array = np.ascontiguousarray(arrays[path], dtype="<f8")
    if array.size != int(np.prod(claim["shape"], dtype=np.int64)) or sha256(array.tobytes()) != claim[MARK]:
        raise DesignError("HARM-018", f'array "{path}" is not the one the header describes', fix="restore the file from a copy")
    return array.reshape(claim["shape"]).tolist()
