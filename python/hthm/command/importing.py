"""``hthm import-author``: what the author's program wrote, as a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm import checks
from hthm.command.wrong import UsageError, wrong_option
from hthm.gas import DiskGas
from hthm.pages.console import Stages
from hthm.recording.author import NoFilesError, files_of, import_author
from hthm.recording.store.dataset import Dataset

if TYPE_CHECKING:
    from hthm.command.dataset_options import ImportAuthor


def bring(options: ImportAuthor) -> None:
    """Make a dataset of a folder of pickled velocities.

    Raises
    ------
    UsageError
        If an option cannot be, or there are no such files.
    ForeignPickleError, ValueError
        If a file is not what the author's program writes, or one before another is missing.
    DatasetError, OwnedError, OSError
        If the store holds anything else, is in use, or cannot be written to.
    """
    try:
        DiskGas(n=1, diameter=options.diameter, speed=options.speed, box=options.box)
        checks.positive("frame_rate", options.frame_rate)
    except ValueError as error:
        raise wrong_option(error) from error
    stages = Stages()
    try:
        files_of(options.folder)
    except NoFilesError as error:
        raise UsageError(f"FOLDER{str(error).removeprefix('folder')}") from error
    with stages.stage(f"Import {options.folder}, every file twice") as stage:
        import_author(
            options.folder,
            options.store,
            diameter=options.diameter,
            speed=options.speed,
            box=options.box,
            dt=1 / options.frame_rate,
            progress=stage.report,
        )
        stage.found = str(Dataset(options.store))
    stages.say("hthm verify compares files with their checksums.")
