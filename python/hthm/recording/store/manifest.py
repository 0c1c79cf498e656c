"""The manifest of a dataset: which runs it holds, of which gas, and in which files, each with its checksum."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

from hthm import files, integrity, rules
from hthm.checks import integer
from hthm.recording.store.description import Description

FORMAT: Final = "hthm dataset 1"
"""What a manifest says it is; the number goes up when an older program could misread a dataset."""
NAME: Final = "manifest.json"

_MARK: Final = b'"checksum": "'
_HEX: Final = frozenset("0123456789abcdef")


class DatasetError(ValueError):
    """A dataset, or a file of it, is not what it must be; the message begins with its path."""


class VersionError(DatasetError):
    """A dataset is that of another version of hthm."""


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file of a dataset that was published.

    Attributes
    ----------
    name : str
        In the folder.
    nbytes : int
        Its size.
    sha256 : str
        Of the whole file.
    content : str
        SHA-256 of the numbers in it, which do not depend on how they were compressed.
    versions : str
        What wrote it.
    """

    name: str
    nbytes: int
    sha256: str
    content: str
    versions: str

    def __post_init__(self) -> None:
        if Path(self.name).name != self.name:
            raise ValueError(f"name: must be that of a file in the folder, got {self.name!r}.")
        integer("nbytes", self.nbytes, least=1)
        for name in ("sha256", "content"):
            value = getattr(self, name)
            if not (isinstance(value, str) and len(value) == integrity.DIGITS and _HEX.issuperset(value)):
                raise ValueError(f"{name}: must be a SHA-256 in hexadecimal, got {value!r}.")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A range of runs: the file of where they start, and that of what was recorded, None where there is none yet."""

    first: int
    end: int
    start: StoredFile | None = None
    recording: StoredFile | None = None

    @property
    def runs(self) -> int:
        """How many."""
        return self.end - self.first

    @property
    def where(self) -> str:
        """Its runs, for a message."""
        return f"runs {self.first} to {self.end - 1}"

    def names(self) -> tuple[str, str]:
        """Return the names of both files, whether they are there or not."""
        numbers = f"{self.first:08}-{self.end - 1:08}"
        return f"start-{numbers}.h5", f"runs-{numbers}.h5"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that a dataset says of itself; files that it does not name are no part of it.

    Attributes
    ----------
    description : Description
        Of the whole, of which this may be a part: datasets that machines simulate each by itself.
    shards : tuple of Shard
        Side by side.
    """

    description: Description
    shards: tuple[Shard, ...]

    @classmethod
    def planned(cls, description: Description, chosen: slice = slice(None)) -> Self:
        """Return the manifest of a dataset of which nothing is there yet, with all of its shards or some of them."""
        shards = tuple(Shard(first=first, end=end) for first, end in description.ranges()[chosen])
        return cls(description=description, shards=shards)

    @property
    def finished(self) -> int:
        """Number of shards that are complete."""
        return sum(all(stored is not None for stored, _ in self.files(shard)) for shard in self.shards)

    @property
    def runs(self) -> range:
        """Numbers of the runs that it has, or is to have when it is finished."""
        return range(self.shards[0].first, self.shards[-1].end)

    @property
    def numbers(self) -> slice:
        """Which of the shards of the whole it has."""
        first = self.shards[0].first // self.description.shard_runs
        return slice(first, first + len(self.shards))

    @property
    def nbytes(self) -> int:
        """Bytes of its files."""
        parts = (part for shard in self.shards for part in (shard.start, shard.recording))
        return sum(part.nbytes for part in parts if part is not None)

    @property
    def is_whole(self) -> bool:
        """Whether these are all runs, and not a part of them."""
        return len(self.runs) == self.description.runs

    @property
    def where(self) -> str:
        """Its runs, for a message."""
        return f"runs {self.runs[0]} to {self.runs[-1]} of {self.description.runs}"

    def files(self, shard: Shard) -> list[tuple[StoredFile | None, str]]:
        """Return what a shard consists of, with the names of the files; None for what is not there yet."""
        both = list(zip((shard.start, shard.recording), shard.names(), strict=True))
        return both if self.description.has_starts else both[1:]

    def having(self, number: int, shard: Shard) -> Self:
        """Return the manifest with another shard in place of that with this number."""
        return replace(self, shards=(*self.shards[:number], shard, *self.shards[number + 1 :]))

    def write(self, folder: Path) -> None:
        """Write it into the folder, whole or not at all; a checksum guards it.

        Raises
        ------
        OSError
            If the folder is read-only, the disk is full, and so on.
        """
        content = {
            "format": FORMAT,
            "checksum": integrity.BLANK,
            "description": self.description.content(),
            "shards": [asdict(shard) for shard in self.shards],
        }
        text = json.dumps(content, indent=1) + "\n"
        files.write_bytes(folder / NAME, integrity.sealed(text.encode(), _MARK))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a folder.

        Raises
        ------
        DatasetError
            If the folder is no dataset, or another version's, or the manifest is damaged.
        OSError
            If it cannot be read.
        """
        path = folder / NAME
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            what = "a dataset of hthm, and has no manifest.json" if folder.is_dir() else "the folder of a dataset"
            raise DatasetError(
                f"{folder}: must be {what}{'' if folder.is_dir() else ', and is none'}. traj.save and "
                "simulate(..., store=...) make one."
            ) from None
        try:
            if not integrity.is_whole(raw, _MARK):
                raise ValueError("its checksum is not that of its content")  # noqa: TRY301 -- worded below
            content = json.loads(raw)
            if content["format"] != FORMAT:
                raise VersionError(
                    f"{path}: must be of the format {FORMAT!r}, got {content['format']!r}. Use the version of hthm "
                    "that wrote it."
                )
            shards = tuple(_shard(shard) for shard in content["shards"])
            manifest = cls(description=Description(**content["description"]), shards=shards)
            _check(path, manifest)
        except DatasetError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DatasetError(
                f"{path}: must be a whole manifest that hthm wrote, and is damaged ({error}). hthm repair makes it "
                "anew from the shards."
            ) from error
        else:
            return manifest


def _shard(entry: dict[str, Any]) -> Shard:
    parts = {name: entry[name] and StoredFile(**entry[name]) for name in ("start", "recording")}
    return Shard(first=integer("first", entry["first"], least=0), end=integer("end", entry["end"], least=1), **parts)


def _check(path: Path, manifest: Manifest) -> None:
    """Refuse an unknown rule, and shards that are not side by side, or cut elsewhere than those of the whole."""
    shards, description = manifest.shards, manifest.description
    try:
        rules.of_text(description.rule)
    except ValueError as error:
        raise VersionError(f"{path}: {error}") from None
    for before, after in pairwise(shards):
        if after.first < before.end:
            raise DatasetError(
                f"{path}: must name shards one after the other, and runs {after.first} to {before.end - 1} are in "
                f"{before.names()[1]} and in {after.names()[1]}. Take one of them out of the folder, then hthm repair."
            )
    covered = [(shard.first, shard.end) for shard in shards]
    first = covered[0][0] // description.shard_runs if covered else 0
    if not covered or covered != description.ranges()[first : first + len(covered)]:
        raise DatasetError(
            f"{path}: must name shards of {description.shard_runs} runs each that follow each other, and does not. "
            "hthm repair makes it anew from the shards."
        )
