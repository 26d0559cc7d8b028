"""Damaged tables of every program: cut, spliced, other bytes, other cells; a reader refuses with a code or reads, and never fails."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from radaudit.edges.loose.ingested import ingest_files, lines
from radaudit.edges.readers.formats.raw import ReadOptions
from radaudit.edges.readers.registry import BUILT_IN
from radaudit.errors import RadauditError
from tests.extractor_tables import samples

CELLS = (
    b"", b"nan", b"-inf", b"1e999", b"=cmd|' /C calc'!A0", b"\xff\xfe", b"\x00", b"1.234,5", b'"', b"\xe2\x80\xae", b"{'a': 1",
    b"9" * 400, b"|||", b"\r",
)  # fmt: skip
FORMS = (
    "pyradiomics", "pyradiomics json", "pyradiomics txt", "pyradiomics 1", "slicer", "slicer wide", "mirp", "mirp 1", "zrad", "pysera",
    "medimage", "ibsi_template", "lifex", "lifex older", "nyxus", "captk", "pycerr", "cerr", "racat", "radiomicsj", "oncoradiomics",
    "mazda", "mazda long", "mazda q", "deep",
)  # fmt: skip
TIMES = 24
LONGEST = 10.0


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one damage: a cut, a repeated or missing piece, another byte, another cell, a line twice."""
    at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    match rng.randrange(7):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[to:]
        case 2:
            return data[:to] + data[at:]
        case 3:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 4:
            return data[:at] + rng.choice(CELLS) + data[at:]
        case 5:
            rows = data.split(b"\n")
            return b"\n".join([*rows, rng.choice(rows)])
        case _:
            cells = data.split(b",")
            cells[rng.randrange(len(cells))] = rng.choice(CELLS)
            return b",".join(cells)


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_table_is_read_or_refused_with_a_code(form: str, tmp_path: Path) -> None:
    sample = samples(tmp_path / "whole")[form].path
    whole, rng = sample.read_bytes(), random.Random(form)
    path = tmp_path / sample.name
    started, refusals = time.monotonic(), []
    for _ in range(TIMES):
        path.write_bytes(damaged(damaged(whole, rng), rng))
        for read in (lambda: lines(ingest_files([str(path)])), lambda: BUILT_IN[form.split()[0]].read(path, ReadOptions())):
            try:
                read()
            except RadauditError as error:
                refusals.append(error)
    assert all(error.code and str(error) for error in refusals)
    assert time.monotonic() - started < LONGEST * TIMES
