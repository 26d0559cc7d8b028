"""Does an extractor give the reference values of IBSI on a phantom? Every miss is explained, or said not to be.

The rule: a value agrees if it lies within the tolerance of the reference value, or rounds to it at three significant figures
(IBSI 1 reference manual, chapter 5; IBSI 2, table of reference values).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from radaudit.tables.names import Parts, parts_of, quantities
from radaudit.tables.reference_values import VOXELS, Reference, reference_values

RULE = "within the tolerance, or equal at three significant figures"
NOT_IBSI = "not a quantity of IBSI"
UNKNOWN = "name not known"
FILTERED = "of a filtered image"
ORIGINAL = "of an image that was not filtered as asked"
NO_VALUE = "IBSI gives no value for it here"
OTHER_DISTANCE = "at another distance or coarseness than 1 and 0"
COUNTS = (
    "numVoxelsInterpReseg", "int_mask_vox_count_reseg_roi", "int_mask_vox_count_interp_roi", "no_voxels",
    "diagnostics_Mask-interpolated_VoxelNum", "diagnostics_Mask-original_VoxelNum", "general_info_VoxelNum",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One feature beside its reference value; ``value`` is None if the extractor gave none. ``explanation`` belongs to a miss."""

    name: str
    aggregation: str
    value: float | None
    reference: Reference
    within: bool
    explanation: str = ""

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "ibsi": self.reference.code,
            "quantity": quantities()[self.reference.code].name,
            "aggregation": self.aggregation,
            "parameter": self.reference.parameter,
            "value": self.value,
            "reference": self.reference.value,
            "tolerance": self.reference.tolerance,
            "allowed": self.reference.allowed,
            "consensus": self.reference.consensus,
            "within": self.within,
            "explanation": self.explanation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """All comparisons of one extraction with one phantom, and the features that have no reference value, by reason."""

    phantom: str
    extractor: str
    compared: tuple[Comparison, ...]
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def outside(self) -> tuple[Comparison, ...]:
        """The misses."""
        return tuple(one for one in self.compared if not one.within)

    @property
    def unexplained(self) -> tuple[Comparison, ...]:
        """The misses nobody can explain."""
        return tuple(one for one in self.outside if not one.explanation)

    def counts(self) -> dict[str, int]:
        """Return how many were compared, within tolerance, outside, outside and explained, and without a reference value."""
        return {
            "compared": len(self.compared),
            "within": len(self.compared) - len(self.outside),
            "outside": len(self.outside),
            "explained": len(self.outside) - len(self.unexplained),
            "without_reference": sum(map(len, self.without.values())),
        }

    def document(self) -> dict[str, object]:
        """Return the JSON form; misses in full, features within tolerance too."""
        return {
            "phantom": self.phantom,
            "extractor": self.extractor,
            "rule": RULE,
            "counts": self.counts(),
            "compared": [one.document() for one in self.compared],
            "without_reference": {reason: list(names) for reason, names in sorted(self.without.items())},
        }


def conformance(
    values: Mapping[str, float | None],
    *,
    extractor: str,
    phantom: str,
    settings: Mapping[str, str] | None = None,
    filtered: str | None = None,
) -> Conformance:
    """Compare the features of one extraction with the reference values of a phantom.

    ``values`` may hold columns that are no features, such as a count of voxels. ``filtered`` names the filter whose features are
    compared, for a filter configuration of IBSI 2; without it features of the unfiltered image are.
    """
    references = reference_values()[phantom]
    elsewhere = _elsewhere(values, phantom)
    compared: list[Comparison] = []
    without: dict[str, list[str]] = {}
    for name, value in values.items():
        parts = parts_of(name, extractor=extractor, settings=settings)[1]
        found = _reference(parts, references, filtered)
        if isinstance(found, str):
            without.setdefault(found, []).append(name)
            continue
        assert parts is not None
        within = value is not None and found.agrees(value)
        why = "" if within else _explanation(parts, value, found, elsewhere)
        compared.append(Comparison(name=name, aggregation=found.aggregation, value=value, reference=found, within=within, explanation=why))
    return Conformance(
        phantom=phantom,
        extractor=extractor,
        compared=tuple(compared),
        without={reason: tuple(names) for reason, names in without.items()},
    )


def _reference(parts: Parts | None, references: Mapping[tuple[str, str, str], Reference], filtered: str | None) -> Reference | str:
    """Return the reference value of a feature, or why it has none."""
    if parts is None:
        return UNKNOWN
    if not parts.ibsi:
        return NOT_IBSI
    if filtered is None and parts.filtered:
        return FILTERED
    if filtered is not None and parts.filter != filtered:
        return ORIGINAL
    if float(parts.stated.get("distance", 1)) != 1 or float(parts.stated.get("alpha", 0)) != 0:
        return OTHER_DISTANCE
    return references.get((parts.ibsi, parts.aggregation, parts.parameter), NO_VALUE)


def _elsewhere(values: Mapping[str, float | None], phantom: str) -> str:
    """Return why no value is one of the phantom, if the extractor says that its region has another number of voxels."""
    counted = next((value for name in COUNTS if (value := values.get(name)) is not None), None)
    if phantom not in VOXELS or counted is None or int(counted) == VOXELS[phantom]:
        return ""
    return f"the region has {int(counted)} voxels and that of the phantom {VOXELS[phantom]}: it was resampled or is another one"


def _explanation(parts: Parts, value: float | None, reference: Reference, elsewhere: str) -> str:
    if value is None:
        return "; ".join(filter(None, ("the extractor gives no value", parts.deviation)))
    if elsewhere:
        return elsewhere
    if parts.offset and reference.agrees(value + parts.offset):
        return f"{parts.deviation}; with that it agrees"
    return parts.deviation


def filters(names: Iterable[str], *, extractor: str) -> Counter[str]:
    """Return the filters of features that have an IBSI code, with their counts, ``original`` included."""
    return Counter(
        parts.filter for name in names if (parts := parts_of(name, extractor=extractor)[1]) is not None and parts.ibsi and parts.filter
    )


def worst(conformances: Sequence[Conformance]) -> Conformance:
    """Return the one with most unexplained, then most misses."""
    return max(conformances, key=lambda one: (len(one.unexplained), len(one.outside)))
