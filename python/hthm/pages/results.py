"""The folder of a run: who may write into it, where its files lie, and what made them."""

from __future__ import annotations

import errno
import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hthm import __version__, _core, checks
from hthm.choices.kinds import COMMANDS, Choices, completed, kind_of
from hthm.files import write_text
from hthm.integrity import with_checksum
from hthm.owner import owned
from hthm.pages.stored import DamagedFileError, damaged, read_json

PRODUCTS: Final = (
    "results.json",
    "tables.json",
    "ablation.json",
    "ablation.md",
    "compare.json",
    "compare.md",
    "tables.md",
    "series.h5",
    "universal.json",
    "universal.md",
    "estimators.json",
    "estimators.md",
    "chaos.json",
    "chaos.md",
    "reversal.json",
    "reversal.md",
    "arrow.json",
    "arrow.md",
    "report.html",
    "config.json",
    "runs.json",
)
"""Files of a run, of whatever command, beside its folders."""
_FOLDERS: Final = {
    "figures": (".png", ".pdf"),
    "models": (".safetensors",),
    "checkpoints": (".safetensors",),
    "history": (".jsonl",),
}


_ABANDONED: Final = 60.0
"""Seconds after which a temporary file, which is written at once, belongs to a run that was killed."""


class OccupiedError(Exception):
    """The folder holds another run."""


@dataclass(frozen=True)
class TrainingFiles:
    """Where a training is kept.

    Attributes
    ----------
    model : Path
        The network, ``.safetensors``; there once the training is finished.
    history : Path
        A line of JSON an epoch.
    checkpoint : Path
        All it takes to go on after an epoch; there until the training is finished.
    """

    model: Path
    history: Path
    checkpoint: Path


@contextmanager
def claimed(path: Path, config: Choices, *, overwrite: bool = False, resume: bool = False) -> Iterator[ResultsFolder]:
    """Give a folder that a run may write into, and keep all others out of it while the block runs.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    config : Choices
        The run; written to config.json at once, which also shows that the folder can be written to.
    overwrite : bool
        Whether another run's files may be replaced; they are removed first, and nothing else is.
    resume : bool
        Whether what the same run left here is taken up again.

    Yields
    ------
    ResultsFolder

    Raises
    ------
    OwnedError
        If another run is at work there.
    OccupiedError
        If another run's results are there and may not be replaced.
    DamagedFileError
        If config.json, which says whose they are, cannot be read.
    OSError
        If the folder cannot be made or written to.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "Results go into a folder, and here is a file", str(path))
    path.mkdir(parents=True, exist_ok=True)
    with owned(path, otherwise="choose another folder with --out"):
        folder = ResultsFolder(path)
        occupied = any((path / name).exists() for name in PRODUCTS)
        if occupied and overwrite:
            folder.clear()
        elif occupied and not resume:
            raise OccupiedError(
                f"{path} holds the results of another run. Choose another folder with --out, replace them with "
                "--overwrite, or go on with a run that was stopped with --resume."
            )
        elif occupied and not _holds(path / "config.json", config):
            raise OccupiedError(
                f"{path} holds a run with other choices, see its config.json. Give --resume and --out alone to go on "
                "with it, or choose another folder with --out."
            )
        folder.remove_abandoned()
        for name in _FOLDERS:
            (path / name).mkdir(exist_ok=True)
        write_text(path / "config.json", _as_text(config.as_json()))  # no checksum: a person may edit it
        yield folder


class ResultsFolder:
    """Where the files of a run lie.

    Parameters
    ----------
    path : Path
        The folder, as `claimed` has made it or as a finished run left it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.path / "figures"

    def model(self, name: str) -> Path:
        """Path of the model of this name."""
        return self.path / "models" / f"{name}.safetensors"

    def training(self, name: str) -> TrainingFiles:
        """Where the training of this name is kept."""
        return TrainingFiles(
            model=self.model(name),
            history=self.path / "history" / f"{name}.jsonl",
            checkpoint=self.path / "checkpoints" / f"{name}.safetensors",
        )

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file with its checksum, whole or not at all."""
        write_text(self.path / name, _as_text(with_checksum(content)))

    def write_table(self, name: str, content: dict[str, Any], markdown: str) -> None:
        """Write NAME.json and NAME.md, each whole or not at all.

        Parameters
        ----------
        name : str
            What both are called.
        content : dict
            What was found.
        markdown : str
            The same for a reader.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        self.write_json(f"{name}.json", content)
        write_text(self.path / f"{name}.md", markdown)

    def rows(
        self, name: str, key: str, columns: tuple[str, ...], config: Choices | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a table that an interrupted command left in a JSON file; none if there is no such file.

        Parameters
        ----------
        name : str
            Of the file.
        key : str
            What its rows are called.
        columns : tuple of str
            What every row has.
        config : Choices, optional
            The choices that the rows must depend on; any unless given.

        Raises
        ------
        DamagedFileError
            If it is anything but such a table, or was made with other choices: a person may have edited config.json.
        """
        path = self.path / name
        if not path.exists():
            return []
        content = read_json(path, key)
        differ = [] if config is None else differing(content.get("config"), config)
        if differ:
            raise DamagedFileError(
                f"{path}: must have been made with the choices in config.json, and differs in {', '.join(differ)}. "
                "Restore config.json, or run again with --overwrite."
            )
        rows = content[key]
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= {*columns} for row in rows):
            raise damaged(path, f"its {key} have not all of {', '.join(columns)}")
        return rows

    def clear(self) -> None:
        """Remove what a run, of whatever command, leaves; nothing else."""
        for name in PRODUCTS:
            (self.path / name).unlink(missing_ok=True)
        for folder, suffixes in _FOLDERS.items():
            for path in (self.path / folder).glob("*"):
                if path.suffix in suffixes:
                    path.unlink()

    def remove_abandoned(self) -> None:
        """Remove temporary files of runs that were killed; young ones may be those of `hthm figures` beside us."""
        for folder in (self.path, *(self.path / name for name in _FOLDERS)):
            for part in folder.glob(".*.part"):
                with suppress(OSError):
                    if time.time() - part.stat().st_mtime > _ABANDONED:
                        part.unlink()


def _as_text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def environment(threads: int | None) -> dict[str, Any]:
    """Versions and machine, as results.json names them."""
    import torch  # noqa: PLC0415 -- slow to import, and only its version is wanted

    return {
        "hthm": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
        "compiler": _core.compiler,
        "cpu": cpu_name(),
        "threads": checks.threads(threads),
    }


def cpu_name() -> str:
    """Name the processor, as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def network_name(width: int, seed: int | None, steps: str = "") -> str:
    """Name of the files of a network.

    Parameters
    ----------
    width : int
        D.
    seed : int or None
        Of its training; None for one that was given.
    steps : str
        What its training put in order, where that was not the paper's.

    Returns
    -------
    str
    """
    return "-".join([f"d{width}", *([steps] if steps else []), "given" if seed is None else f"seed{seed}"])


def differing(written: object, config: Choices) -> list[str]:
    """Names of the choices on which results depend and that a file was made with other values of, as far as it says."""
    made_by = completed(written, config) if written and isinstance(written, dict) else config.decisive()
    return sorted(name for name, value in config.decisive().items() if made_by[name] != value)


def _holds(path: Path, config: Choices) -> bool:
    """Whether the choices in a file are these, as far as results depend on them.

    Raises
    ------
    OccupiedError
        If they are another command's.
    DamagedFileError
        If the file holds no choices.
    """
    written = read_json(path) if path.exists() else {}
    kind = kind_of(written)
    if kind not in {None, config.kind}:
        raise OccupiedError(
            f"{path.parent} holds results of {COMMANDS.get(str(kind), kind)}, and not of {COMMANDS[config.kind]}. "
            "Choose another folder with --out."
        )
    return kind is not None and not differing(written, config)
