"""Array aliases, and the one place where arrays become read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Texts = NDArray[np.str_]


def floats(values: ArrayLike) -> Floats:
    """Return ``values`` as float64; no copy if they already are."""
    import numpy as np

    return np.asarray(values, dtype=np.float64)


def frozen(values: ArrayLike) -> Floats:
    """Return a read-only float64 copy in C order."""
    import numpy as np

    copy = np.array(values, dtype=np.float64, order="C", copy=True)
    copy.flags.writeable = False
    return copy


def frozen_ints(values: ArrayLike) -> Ints:
    """Return a read-only int64 copy."""
    import numpy as np

    copy = np.array(values, dtype=np.int64, order="C", copy=True)
    copy.flags.writeable = False
    return copy
