"""Deep-feature tables: a stem and a running number (``deep_0``, ``resnet50_1023``, ``embedding_17``), one column per neuron.

There is no program to name; the stem is what the table says of the network. Names such as ``V12`` say nothing and are the generic reader's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse

NAME = "deep"
NETWORKS = (
    "resnet", "vgg", "densenet", "inception", "efficientnet", "alexnet", "mobilenet", "vit", "dino", "swin", "clip", "convnext",
)  # fmt: skip
LAYERS = "deep|embeddings?|emb|latent|cnn|dnn|autoencoder|encoder|ae|vae|bottleneck|fc|pool|neuron|token|foundation"
STEM = rf"(?:{LAYERS}|(?:{'|'.join(NETWORKS)})[A-Za-z]*\d*[a-z]?\d*)(?:[_.\- ]?(?:feature|feat|learning)s?)?(?:[_.\- ][A-Za-z]+)*"
NEURON = re.compile(rf"(?P<stem>(?:.*[_.\- ])?{STEM})[_.\- ]?(?P<number>\d{{1,5}})", re.IGNORECASE)
LEAST = 16


def recognises(glimpse: Glimpse) -> bool:
    """True if at least sixteen names, and half of all, are one stem with running numbers."""
    names = glimpse.names
    found = _stem(names)
    return found is not None and 2 * found[1] >= len(names)


def claims(path: Path) -> bool:
    """True if the header is that of deep features."""
    return recognises(Glimpse(path=path))


def _stem(names: tuple[str, ...]) -> tuple[str, int] | None:
    """Return the commonest stem and how many numbers follow it; None unless they run without gaps."""
    parts = [match for name in names if (match := NEURON.fullmatch(name))]
    if not parts:
        return None
    stem, count = Counter(match["stem"] for match in parts).most_common(1)[0]
    numbers = sorted(int(match["number"]) for match in parts if match["stem"] == stem)
    running = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return (stem, count) if count >= LEAST and running else None


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table with its neurons as features and the stem as a setting of each row; raises TableError as the formats do."""
    table = read_file(path, options)
    features = tuple(name for name in table.names if NEURON.fullmatch(name))
    stems = sorted({match["stem"] for name in features if (match := NEURON.fullmatch(name))})
    settings = ({"network": ", ".join(stems)},) * table.rows if stems else ()
    return replace(table, reader=NAME, features=features, settings=settings)
