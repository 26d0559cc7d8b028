"""1,000 random bytes changed, one at a time, over all files of a dossier: 1,000 caught, and the file named."""

import random

from radaudit.verify import verify_files
from tests.attacks.small_dossier import codes, good, named


def test_a_thousand_flips_are_a_thousand_findings_that_name_the_file() -> None:
    files = good()
    drawn = random.Random(20261123)
    names = sorted(name for name in files if not name.startswith("manifest"))
    caught = 0
    for _ in range(1000):
        name = drawn.choice(names)
        data = bytearray(files[name])
        data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
        report = verify_files({**files, name: bytes(data)})
        caught += not report.valid and report.exit_code == 1 and named(report) == {name}
    assert caught == 1000


def test_every_byte_of_manifest_and_envelope_counts() -> None:
    files = good()
    for name in ("manifest-sha256.txt", "manifest.dsse.json"):
        for place in range(0, len(files[name]), 3):
            for bit in (1, 32):
                data = bytearray(files[name])
                data[place] ^= bit
                report = verify_files({**files, name: bytes(data)})
                assert not report.valid, (name, place, bit)
                assert name in named(report), (name, place, bit, codes(report))


def test_cut_grown_and_exchanged_files_are_named() -> None:
    files = good()
    for name in (name for name in files if not name.startswith("manifest")):
        for data in (
            files[name][:-1],
            files[name] + b"\n",
            b" " + files[name],
            files["study.yaml" if name != "study.yaml" else "dossier.html"],
        ):
            assert named(verify_files({**files, name: data})) == {name}
