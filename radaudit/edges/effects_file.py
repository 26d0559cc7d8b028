"""Frozen fits on disk: ``NAME.json``, a header to be read by people, and ``NAME.arrow``, its arrays.

The Arrow file has one row per array: name, shape, and values in row order. In R:

    library(jsonlite); library(arrow)
    h <- fromJSON("combat.json"); a <- read_ipc_file("combat.arrow")
    get <- function(n) { i <- match(n, a$name); array(a$values[[i]], rev(a$shape[[i]])) }   # features first
    grand <- get("grand_mean"); sigma <- get("pooled_sd"); beta <- get("coefficients")      # p, p, p x q
    gamma <- get("gamma"); delta <- get("delta")                                            # p x batches
    harmonise <- function(x, batch, C) {                     # x: p features of one patient; C: the q coded covariates
      b <- match(batch, h$batches); stopifnot(!is.na(b))
      m <- as.vector(grand) + if (length(C)) as.vector(beta %*% C) else 0
      (x - m - as.vector(sigma) * gamma[, b]) / sqrt(delta[, b]) + m
    }
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import sha256, strict_json
from radaudit.errors import DesignError
from radaudit.harmonise.artefact import Frozen, header_bytes, put_together, taken_apart

if TYPE_CHECKING:
    from radaudit.arrays import Floats


def write_fit(fit: Frozen, path: Path, *, parent: str | None = None) -> str:
    """Write a frozen fit to ``path`` (.json) and its arrays beside it (.arrow); return its digest, the SHA-256 of the header.

    ``parent`` is the digest of the fit it was made from. An existing file is replaced only after both are written.
    """
    header, arrays = taken_apart(fit, parent=parent)
    data = header_bytes(header)
    drafts = [(path.with_suffix(".arrow"), _arrow_bytes(arrays)), (path.with_suffix(".json"), data)]
    for target, content in drafts:
        target.with_name(target.name + ".draft").write_bytes(content)
    for target, _ in drafts:
        target.with_name(target.name + ".draft").replace(target)
    return sha256(data[:-1])


def read_fit(path: Path, *, digest: str | None = None) -> Any:
    """Return the frozen fit written at ``path`` (.json), with its bits.

    Raises DesignError HARM-018 if a file is missing, not one of ours, altered, or not the one ``digest`` names.
    """
    try:
        data = path.with_suffix(".json").read_bytes()
        header = strict_json(data)
        arrays = _arrays(path.with_suffix(".arrow"))
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise DesignError("HARM-018", f"{path.name} cannot be read as a frozen fit", found=f"{type(error).__name__}: {error}") from error
    if digest is not None and sha256(data.rstrip(b"\n")) != digest:
        raise DesignError(
            "HARM-018", f"{path.name} is another fit than the one asked for", found=sha256(data.rstrip(b"\n")), fix=f"the fit {digest}"
        )
    if not isinstance(header, dict) or header_bytes(header) != data:
        raise DesignError("HARM-018", f"{path.name} is not in canonical form: it was edited", fix="restore the file from a copy")
    header.pop("parent", None)
    return put_together(header, arrays)


def _arrow_bytes(arrays: dict[str, Floats]) -> bytes:
    import pyarrow as pa

    names = sorted(arrays)
    table = pa.table(
        {
            "name": pa.array(names, pa.string()),
            "shape": pa.array([list(arrays[name].shape) for name in names], pa.list_(pa.int64())),
            "values": pa.array([arrays[name].ravel() for name in names], pa.list_(pa.float64())),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _arrays(path: Path) -> dict[str, Floats]:
    import pyarrow as pa

    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as reader:
        table = reader.read_all()
    found: dict[str, Floats] = {}
    for name, shape, values in zip(table["name"].to_pylist(), table["shape"].to_pylist(), table["values"], strict=True):
        found[name] = values.values.to_numpy().reshape(shape)
    return found
