"""What stands around each figure of a report: a heading, what to see in it, and which chart may take its place."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple


class Caption(NamedTuple):
    """The words around a figure.

    Attributes
    ----------
    title : str
        Heading above it; empty for a figure of somebody else's.
    picture : str
        What the picture shows, for those who cannot see it.
    text : str
        What to see.
    chart : str
        The chart that takes its place where there is JavaScript, as `hthm.pages.charts_data.charts` names it.
    use : str
        What can be done with that chart.
    """

    title: str
    picture: str
    text: str
    chart: str = ""
    use: str = ""


_ZOOM: Final = "Drag across the chart to look nearer, double-click to see all of it again."

# In the order in which a reader should come to them.
_CAPTIONS: Final = MappingProxyType(
    {
        "fig5_fits": Caption(
            "H of single runs, and what the networks make of it",
            "Fig. 5. H of single runs, and the affine fits of the models to it.",
            "H falls while every disk collides a few times, and then wavers around its value at equilibrium. A network "
            "that has found H follows the fall; whether it follows a run's own wavering shows in the second half. "
            "Each h is scaled by the a and b that fit this run best.",
            "history",
            f"Choose any run. {_ZOOM}",
        ),
        "fig5_boltzmann": Caption(
            "H of the gas beside its Boltzmann equation",
            "H of the gas and of its Boltzmann equation: means over all runs, in bands of two standard errors.",
            "Dashed is the mean H of a gas from the same starts that has forgotten every collision, as molecular chaos "
            "assumes. Where the bands of two standard errors part, above and in the difference below, the disks differ "
            "from that equation: they are of finite size, meet again, and a fixed step misses some. The grey band "
            "is as wide as a single run wavers.",
        ),
        "fig3_speeds": Caption(
            "Speeds on their way to Maxwell and Boltzmann's distribution",
            "Fig. 3. Distribution of the speeds over all runs at several times, against Maxwell and Boltzmann's.",
            "All disks begin with the speed s₀, a single peak. Collisions spread it, the slow side first, until the "
            "histogram lies on the dashed curve of Maxwell and Boltzmann; the tail beyond 2 s₀, which H leaves out, is "
            "the last to fill.",
            "speeds",
            "Drag the time, or let it play.",
        ),
        "losses": Caption(
            "Losses of the trainings",
            "Mean loss of every epoch. Marks: first epoch of positive loss; the paper's where a training is as long.",
            "The loss falls while the network learns which of two frames comes first, and rises as the weight of a "
            "fall of h is turned down from epoch to epoch. The first epoch above zero is the critical one, marked: "
            "from there on the penalty on steps of h outweighs what order brings.",
            "losses",
            f"Choose the loss, hide trainings. {_ZOOM}",
        ),
        "entropy_losses": Caption(
            "Losses of the trainings",
            "Loss of the runs of each training, and of runs that it did not see, against its updates; seeds lie over "
            "each other.",
            "The loss of a network that cannot tell past from future is ln 2 = 0.693. The loss of runs that it did not "
            "see follows that of its own where it has learned what holds for all runs; where the two part, it has "
            "learned its runs by heart.",
            "losses",
            f"Choose the loss, hide trainings. {_ZOOM}",
        ),
        "fig2_frame_rate": Caption(
            "Collisions that a fixed step misses",
            "Fig. 2. Collisions of a run in the same time, with standard errors. Exact runs start without overlaps.",
            "The more frames a unit of time, the more collisions are found, until the rate of Enskog's theory is "
            "reached; the panel below shows how far from it. At the paper's 60 frames a unit of time, some are missed.",
        ),
    }
)


def in_order(figures: list[Path]) -> list[Path]:
    """Figures as a reader should come to them, what is not known at the end."""
    known = list(_CAPTIONS)
    return sorted(figures, key=lambda path: known.index(path.stem) if path.stem in known else len(known))


def words_around(path: Path) -> Caption:
    """What stands around a figure; below somebody else's, its name."""
    return _CAPTIONS.get(path.stem) or Caption("", path.stem, path.stem)
