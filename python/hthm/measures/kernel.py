"""H from a kernel density, of one sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.measures.nearest import COINCIDING

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray

_CELLS: Final = 4  # within one bandwidth
_MARGIN: Final = 8  # bandwidths between both ends of the samples, around the torus that Fourier makes of the line
_MOST_CELLS: Final = 2**22
_ALONE: Final = 1e-7  # share of its own kernel below which what a sample sees of all others may be rounding
_FEW: Final = 128  # samples up to which all pairs are looked at one by one
_FARTHEST: Final = 1e100  # cells up to which squares are finite
_DIRECT: Final = 2**27  # pairs that are looked at one by one, a second
# Cells move two samples nearer or further by this variance, in bandwidths²: the kernel is narrower by as much.
_ROUNDED: Final = 1 / (6 * _CELLS**2)


def own_bandwidth(samples: FloatArray, name: str) -> float:
    """Silverman's bandwidth of samples (n, d).

    Raises
    ------
    ValueError
        If all samples coincide.
    """
    n, d = samples.shape
    deviation = math.sqrt(float(samples.var(axis=0).mean()))
    if deviation <= COINCIDING:
        raise ValueError(
            f"{name}: must not all coincide where a bandwidth is to be found, as equal speeds do. Give "
            "Kernel(bandwidth=…) to say how finely to look, or count."
        )
    return deviation * float((4 / ((d + 2) * n)) ** (1 / (d + 4)))


def kernel_h(samples: FloatArray, bandwidth: float, name: str) -> float:
    """H of one sample, from the density at each of all others.

    Parameters
    ----------
    samples : (n, d) float64
        Finite, d 1 or 2, the largest component between 1/2 and 1 or all 0.
    bandwidth : float
        In the unit of the samples.
    name : str
        What the samples are called, for a message.

    Returns
    -------
    float
        Nats: the mean of ln f.

    Raises
    ------
    ValueError
        If there is one sample, or the bandwidth is too narrow.

    Notes
    -----
    The leave-one-out estimate of Silverman, Density estimation (1986), sec. 3.4, over cells of a quarter of a
    bandwidth, by Fourier's transform; up to 128 samples, and those with no other within five bandwidths, pair by pair.
    """
    from scipy import fft  # noqa: PLC0415 -- import hthm is quick

    n, d = samples.shape
    if n < 2:  # noqa: PLR2004 -- itself and another
        raise ValueError(f"{name}: must have at least 2 samples, for a density from all others, got {n}.")
    cell = bandwidth / _CELLS
    low = samples.min(axis=0)
    lengths = np.ptp(samples, axis=0) / cell + (1 + _MARGIN * _CELLS)  # (d,)
    if not math.prod(lengths.tolist()) <= (_FARTHEST if n <= _FEW else _MOST_CELLS):
        raise ValueError(
            f"bandwidth: must be wider for {name} that reach over {lengths.max() / _CELLS:.3g} of it. Take a larger "
            "one, or neighbours."
        )
    if n <= _FEW:
        return float(_directly(samples, np.arange(n, dtype=np.int64), bandwidth).mean())
    shape = tuple(fft.next_fast_len(math.ceil(length), real=True) for length in lengths.tolist())
    cells = ((samples - low) / cell).astype(np.int64)  # (n, d)
    where = np.ravel_multi_index(tuple(cells.T), shape)  # (n,)
    spectra = [
        np.exp(-np.square(2 * np.pi * bandwidth * fft.fftfreq(length, cell)) * (1 - _ROUNDED) / 2) for length in shape
    ]
    own = math.prod(float(spectrum.mean()) / cell for spectrum in spectra)  # a kernel at its middle
    product = np.multiply.outer(*spectra) if d > 1 else spectra[0]
    counts = np.bincount(where, minlength=math.prod(shape)).reshape(shape)
    transformed = fft.rfftn(counts) * product[..., : shape[-1] // 2 + 1]
    others = fft.irfftn(transformed, shape).ravel()[where] / cell**d - own  # (n,)
    alone = others < _ALONE * own
    logs = np.log(np.where(alone, 1.0, others) / (n - 1))
    lonely = np.flatnonzero(alone)
    if len(lonely) * n > _DIRECT:
        raise ValueError(
            f"bandwidth: must be wider, for {len(lonely)} of {n} {name} have no other within five. Take a larger one, "
            "or neighbours."
        )
    logs[alone] = _directly(samples, lonely, bandwidth)
    return float(logs.mean())


def _directly(samples: FloatArray, numbers: IntArray, bandwidth: float) -> FloatArray:
    """Ln of the density of all others at some samples, one after the other."""
    n, d = samples.shape
    logs = np.empty(len(numbers))
    for k, number in enumerate(numbers):
        exponent = np.square((samples - samples[number]) / bandwidth).sum(axis=-1) / 2
        exponent[number] = np.inf
        nearest = exponent.min()
        logs[k] = np.log(np.exp(nearest - exponent).sum()) - nearest
    found: FloatArray = logs - math.log(n - 1) - d * math.log(math.sqrt(2 * math.pi) * bandwidth)
    return found


def kernel_ceiling(d: int, bandwidth: float) -> float:
    """The largest H that samples can have: of samples that all coincide."""
    return -d * math.log(math.sqrt(2 * math.pi * (1 - _ROUNDED)) * bandwidth)
