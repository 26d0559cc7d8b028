"""A fuzzer over every format and reader: whatever the bytes, a table comes out or a RadauditError, in time, in memory, in place.

    python tests/attacks/fuzz_readers.py [--seconds 60] [--only .csv .xlsx] [--keep FOLDER]

Atheris (libFuzzer) mutates small valid tables of each format; half of the inputs are wrapped first (zipped into a workbook, gzipped), so
that they reach what lies behind the wrapping. It stops at a traceback that is not ours, at ten seconds for one input, at a gibibyte of
memory, and at any file beside the one that was read. ``test_fuzzed_readers.py`` runs it for a few seconds.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["radaudit.edges.readers", "radaudit.tables"], enable_loader_override=False):
    from radaudit.edges.readers import registry
    from radaudit.edges.readers.formats import delimited
    from radaudit.edges.readers.formats.raw import ReadOptions
    from radaudit.tables import cells

from radaudit.errors import RadauditError  # noqa: E402
from tests.attacks.workbook_parts import SHEET, workbook  # noqa: E402

GIBIBYTE = 1 << 30
LAYOUTS = (None, None, None, "wide", "long", "transposed")
CSV = (
    b"patient,original_shape_Sphericity,original_firstorder_Mean,original_glcm_Contrast\n"
    b'P1,0.5,1.5,2\nP2,0.25,nan,3e-4\n"P,3",,<0.1,#NAME?\n'
)
SEMICOLON = "\ufeff# made by\r\nid;größe;x\r\n;mm3;HU\r\nÄ1;1,5;2\r\nB2;2,5;3\r\n".encode()
LONG = b"patient\tfeature\tvalue\nP1\tVolume\t1.5\nP1\tArea\t2\nP2\tVolume\t3\n"
TURNED = b"name,P1,P2\noriginal_shape_Sphericity,1,2\noriginal_shape_MeshVolume,3,4\noriginal_glcm_Contrast,5,6\n"
ARFF = b"@relation r\n@attribute 'a b' string\n@attribute c {-, x, 'y z'}\n@attribute d numeric\n@data\n'P 1', -, 1.5\n{0 P2, 2 3}\n"
KEYED = b"Case-1_Image: a.nii\nCase-1_original_shape_Sphericity: 0.5\nCase-2_Image: b.nii\n"
JSON = json.dumps([{"id": "P1", "original_shape_Sphericity": 0.5, "diagnostics_Configuration_Settings": {"binWidth": 25}}]).encode()
SPLIT = b'{"columns": ["id", "x"], "index": [0, 1], "data": [["a", 1.5], ["b", null]]}'
NESTED = b'{"P1": {"original_shape_Sphericity": 0.5, "original_glcm_Contrast": 1}, "P2": {"original_shape_Sphericity": 0.25}}'


def as_is(data: bytes) -> bytes:
    """Return the bytes."""
    return data


def arrow(name: str) -> bytes:
    """Return a small Parquet or Arrow file."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import feather

    table = pa.table({"id": ["P1", "P2"], "x": [1.5, None], "n": [7, 8], "c": pa.array(["a", "b"]).dictionary_encode()})
    sink = io.BytesIO()
    if name == ".parquet":
        pq.write_table(table, sink)
    elif name == ".feather":
        feather.write_feather(table, sink, compression="uncompressed")
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    return sink.getvalue()


def statistics(suffix: str) -> bytes:
    """Return a small table of a statistics program."""
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame({"id": ["P1", "P2"], "x": [1.5, None], "s": [1.0, 2.0]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta, ".xpt": pyreadstat.write_xport}[suffix](frame, str(path))
        return path.read_bytes()


# suffix of the file -> how fuzzed bytes become a file, and what they start from
KINDS: dict[str, tuple[Callable[[bytes], bytes], tuple[Callable[[], bytes], ...]]] = {
    ".csv": (as_is, (lambda: CSV, lambda: SEMICOLON, lambda: LONG, lambda: TURNED, lambda: CSV.decode().encode("utf-16"))),
    ".tsv": (as_is, (lambda: LONG,)),
    ".csv.gz": (gzip.compress, (lambda: CSV,)),
    ".gz": (as_is, (lambda: gzip.compress(CSV), lambda: gzip.compress(JSON))),
    ".txt": (as_is, (lambda: KEYED,)),
    ".arff": (as_is, (lambda: ARFF,)),
    ".json": (as_is, (lambda: JSON, lambda: SPLIT, lambda: NESTED)),
    ".jsonl": (as_is, (lambda: JSON[1:-1],)),
    ".xlsx": (workbook, (lambda: SHEET,)),
    ".zip.xlsx": (as_is, (lambda: workbook(SHEET),)),
    ".xls": (as_is, ((ROOT / "tests" / "edges" / "workbooks" / "errors.xls").read_bytes,)),
    ".ods": (as_is, (lambda: workbook(SHEET),)),
    ".parquet": (as_is, (lambda: arrow(".parquet"),)),
    ".feather": (as_is, (lambda: arrow(".feather"),)),
    ".arrows": (as_is, (lambda: arrow(".arrows"),)),
    ".sav": (as_is, (lambda: statistics(".sav"),)),
    ".dta": (as_is, (lambda: statistics(".dta"),)),
    ".xpt": (as_is, (lambda: statistics(".xpt"),)),
    ".sas7bdat": (as_is, (lambda: b"\0" * 12 + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011") + b"\0" * 512,)),
}


class Target:
    """Reads what the fuzzer makes; counts what came out."""

    def __init__(self, folder: Path, suffixes: tuple[str, ...], seconds: float) -> None:
        self.folder, self.suffixes, self.until = folder, suffixes, time.monotonic() + seconds
        self.read = self.refused = 0

    def __call__(self, data: bytes) -> None:
        """Read one input: the first two bytes choose format and options, the rest is the content."""
        if time.monotonic() > self.until:
            # libFuzzer's own end leaves its alarm behind, which kills the interpreter while it shuts down
            print(f"read {self.read}, refused {self.refused}", file=sys.stderr, flush=True)
            shutil.rmtree(self.folder.parent, ignore_errors=True)
            os._exit(0)
        if len(data) < 2:
            return
        suffix = self.suffixes[data[0] % len(self.suffixes)]
        path = self.folder / f"table{suffix}"
        path.write_bytes(KINDS[suffix][0](data[2:]))
        knobs = data[1]
        options = ReadOptions(
            layout=LAYOUTS[knobs % len(LAYOUTS)],
            decimal=(None, ".", ",")[knobs // 8 % 3],
            header=((), (1,), (2,), (1, 2))[knobs // 32 % 4],
            text=(lambda name: name.startswith(("p", "i"))) if knobs % 2 else (lambda name: True),
        )
        refused = ""
        try:
            if suffix in (".csv", ".tsv"):
                delimited.read_delimited(path, options, large=0)
            table = registry.read_table(path, options)
            for column in table.columns:
                assert len(column.as_texts()) == table.rows == len(table.numbers)
                if column.texts is not None:
                    cells.numbers(column.texts, decimal=options.decimal)
            self.read += 1
        except RadauditError as error:
            refused = str(error)
            self.refused += 1
        finally:
            path.unlink()
        unseen = [char for char in refused if not char.isprintable() and char != "\n"]
        assert not unseen, f"a message holds {unseen}"
        beside = [item.name for item in self.folder.iterdir()]
        assert not beside, f"left behind: {beside}"


def corpus(folder: Path, suffixes: tuple[str, ...]) -> None:
    """Write what the fuzzer starts from."""
    for i, suffix in enumerate(suffixes):
        for j, make in enumerate(KINDS[suffix][1]):
            for knobs in (0, 1):
                (folder / f"{i}-{j}-{knobs}").write_bytes(bytes([i, knobs]) + make())


def main() -> None:
    """Fuzz until the time is over; ends with a traceback at the first finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--keep", type=Path, help="folder for inputs that crash")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTE, GIBIBYTE))
    suffixes = tuple(asked.only)
    with tempfile.TemporaryDirectory() as scratch:
        seeds, place = Path(scratch) / "seeds", Path(scratch) / "place"
        seeds.mkdir()
        place.mkdir()
        os.chdir(place)
        corpus(seeds, suffixes)
        target = Target(place, suffixes, asked.seconds)
        keep = f"-artifact_prefix={asked.keep.resolve() if asked.keep else Path(scratch)}/"
        limits = [
            "-timeout=10",
            "-rss_limit_mb=1024",
            f"-max_total_time={asked.seconds + 60}",
            f"-seed={asked.seed}",
            "-max_len=8192",
            "-verbosity=0",
            keep,
        ]
        atheris.Setup([sys.argv[0], *limits, str(seeds)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
