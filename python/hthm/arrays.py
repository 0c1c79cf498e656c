"""The two kinds of array that nearly everything here is made of, and how their content is known again."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


def sha256(*values: FloatArray) -> str:
    """Hash arrays one after the other, as little-endian float64 in C order."""
    import hashlib  # noqa: PLC0415 -- import hthm is quick

    digest = hashlib.sha256()
    for array in values:
        digest.update(array.astype("<f8", copy=False).data)
    return digest.hexdigest()
