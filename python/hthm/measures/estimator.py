"""Which estimator of H is meant: its name, or an object with its choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from hthm import checks
from hthm.measures.corrections import CORRECTIONS, Correction

MOST_NEIGHBOURS: Final = 1000
_SIZES: Final = (1e-300, 1e300)  # of a resolution or a bandwidth


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """H from the distance of each sample to its k-th nearest neighbour: Kozachenko and Leonenko's.

    Attributes
    ----------
    k : int
        Which neighbour. More neighbours vary less and see less of what is narrow.
    resolution : float, optional
        Nearer neighbours count as this far away, in the unit of the samples: what coincides, as equal speeds do, then
        has an H of its own, which says how finely one looked and nothing else. Unless given, samples that coincide
        with k others are refused; no noise is ever added to tell them apart.

    Raises
    ------
    TypeError, ValueError
        If a choice is of the wrong kind or out of range.
    """

    k: int = 4
    resolution: float | None = None

    def __post_init__(self) -> None:
        checks.integer("k", self.k, least=1, most=MOST_NEIGHBOURS)
        if self.resolution is not None:
            checks.positive("resolution", self.resolution, least=_SIZES[0], most=_SIZES[1])


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """H from a normal kernel density, at each sample from all others.

    Attributes
    ----------
    bandwidth : float, optional
        Standard deviation of the kernel, in the unit of the samples. Unless given, Silverman's for a normal
        distribution, σ (4 / ((d + 2) N))^(1/(d + 4)), with σ² the mean variance of the d components.

    Raises
    ------
    TypeError, ValueError
        If it is of the wrong kind or out of range.
    """

    bandwidth: float | None = None

    def __post_init__(self) -> None:
        if self.bandwidth is not None:
            checks.positive("bandwidth", self.bandwidth, least=_SIZES[0], most=_SIZES[1])


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """H from equal bins of each component over [low, high].

    Attributes
    ----------
    low, high : float
        Range, the same of each component; samples beyond are left out, as `numpy.histogram` does.
    bins : int
        Bins a component.
    correction : {"plug-in", "miller-madow", "grassberger"}
        What is done about the bias: `hthm.estimators.CORRECTIONS` says it.

    Raises
    ------
    TypeError, ValueError
        If a choice is of the wrong kind or out of range.
    """

    low: float
    high: float
    bins: int = 50
    correction: Correction = "plug-in"

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            checks.positive(name, abs(getattr(self, name)), zero=True, most=_SIZES[1])
        if not self.low < self.high:
            raise ValueError(f"high: must be above low, {self.low}, got {self.high}.")
        checks.integer("bins", self.bins, least=1, most=10_000)
        checks.choice("correction", self.correction, CORRECTIONS)


Named: TypeAlias = Literal["plug-in", "miller-madow", "grassberger", "neighbours", "kernel"]
FrameEstimator: TypeAlias = Named | Neighbours | Kernel
"""Of frames, whose histograms have their bins from elsewhere."""
SampleEstimator: TypeAlias = Literal["neighbours", "kernel"] | Neighbours | Kernel | Histogram
"""Of samples of any kind."""

_BINLESS: Final[dict[str, Neighbours | Kernel]] = {"neighbours": Neighbours(), "kernel": Kernel()}
ESTIMATORS: Final[tuple[str, ...]] = (*CORRECTIONS, *_BINLESS)
"""Names of all estimators of H of frames."""


def of_frames(estimator: object) -> Correction | Neighbours | Kernel:
    """Return what an argument `estimator` of a measure of frames means.

    Raises
    ------
    TypeError, ValueError
        If it is no estimator, or a histogram with bins of its own.
    """
    if isinstance(estimator, Neighbours | Kernel):
        return estimator
    if isinstance(estimator, Histogram):
        raise TypeError(
            f"estimator: must be a name of {', '.join(CORRECTIONS)} where frames are counted, got Histogram. The bins "
            "are those of the function: bins=."
        )
    name = checks.choice("estimator", estimator, ESTIMATORS)
    return _BINLESS.get(name) or name  # type: ignore[return-value]  # one of the corrections


def of_samples(estimator: object) -> Histogram | Neighbours | Kernel:
    """Return what an argument `estimator` of a measure of samples means.

    Raises
    ------
    TypeError, ValueError
        If it is no estimator, or the name of a histogram, which needs a range.
    """
    if isinstance(estimator, Histogram | Neighbours | Kernel):
        return estimator
    if isinstance(estimator, str) and estimator in CORRECTIONS:
        raise ValueError(
            f"estimator: must have a range to bin samples in, got {estimator!r}. Give "
            f"Histogram(low=…, high=…, correction={estimator!r})."
        )
    return _BINLESS[checks.choice("estimator", estimator, _BINLESS)]
