"""What the commands that measure row by row share: a folder that is theirs, and rows that a stop has left in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hthm import checks
from hthm.command.wrong import UsageError, wrong_option
from hthm.pages.results import claimed

if TYPE_CHECKING:
    from hthm.command.measurement_options import Measurement
    from hthm.pages.results import ResultsFolder


@contextmanager
def taken_up(options: Measurement, name: str, columns: tuple[str, ...]) -> Iterator[tuple[ResultsFolder, list[Any]]]:
    """Give the folder of a measurement, and the rows that are finished.

    Parameters
    ----------
    options : Measurement
        Say which folder, and whether it is gone on with.
    name : str
        Of the file that has the rows.
    columns : tuple of str
        What every row has.

    Yields
    ------
    folder : ResultsFolder
    rows : list of dict

    Raises
    ------
    UsageError
        If an option cannot be.
    OccupiedError, OwnedError, DamagedFileError, OSError
        If the folder holds another run, or is in use, or cannot be written to.
    """
    try:
        checks.threads(options.threads)
    except ValueError as error:
        raise wrong_option(error) from error
    if options.resume and options.overwrite:
        raise UsageError("--overwrite: must not be given with --resume, which keeps what is there. Leave one out.")
    with claimed(options.out, options.choices, overwrite=options.overwrite, resume=options.resume) as folder:
        yield folder, folder.rows(name, "rows", columns, options.choices) if options.resume else []
