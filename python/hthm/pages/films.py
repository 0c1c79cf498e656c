"""Moving pictures as files: GIF by Pillow, MP4 by ffmpeg."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterable, Iterator
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hthm.files import written_whole

FORMATS: Final = (".gif", ".mp4")
"""Ends of the names of files that can be made."""
_HUNDREDTHS: Final = 100
_LEAST_DELAY: Final = 2  # hundredths; of less, browsers make ten
_SLOWEST, _FASTEST = 1.0, 120.0
_LEAST_SIDE, _MOST_SIDE = 240, 4096

Pictures = Iterable[NDArray[np.uint8]]


class Rate(NamedTuple):
    """Pictures a second.

    Attributes
    ----------
    asked, taken : float
        What was asked for, and the nearest that the format can say.
    """

    asked: float
    taken: float

    def __str__(self) -> str:
        taken = f"{self.taken:.4g} pictures a second"
        if self.taken == self.asked:
            return taken
        return f"{taken}, the nearest to {self.asked:.4g} that a GIF can say, whose delays are whole hundredths"


def checked_format(path: Path) -> str:
    """Return the format of a file, ".gif" or ".mp4", as its name says.

    Raises
    ------
    ValueError
        If it says neither.
    ModuleNotFoundError
        If it is an MP4, and imageio-ffmpeg is not installed.
    OSError
        If it is, and there is no ffmpeg.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"out: must end in {' or '.join(FORMATS)}, got {path}.")
    if kind == ".mp4":
        _ffmpeg()
    return kind


def checked_size(text: str, kind: str) -> tuple[int, int]:
    """Return width and height, in pixels, of a text such as 960x540.

    Raises
    ------
    ValueError
        If it is none, too small or large to be of use, or odd in an MP4, whose colours belong to two by two pixels.
    """
    width, cross, height = text.partition("x")
    if not (cross and width.isascii() and height.isascii() and width.isdigit() and height.isdigit()):
        raise ValueError(f"size: must be width and height in pixels, such as 960x540, got {text!r}.")
    size = (int(width), int(height))
    if not all(_LEAST_SIDE <= side <= _MOST_SIDE for side in size):
        raise ValueError(f"size: must be from {_LEAST_SIDE} to {_MOST_SIDE} pixels each way, got {text}.")
    if kind == ".mp4" and any(side % 2 for side in size):
        even = "x".join(str(side + side % 2) for side in size)
        raise ValueError(f"size: must be even both ways in an MP4, got {text}. Take {even}.")
    return size


def checked_rate(fps: float, kind: str) -> Rate:
    """Return the rate that a format takes.

    Raises
    ------
    ValueError
        If it is out of range.
    """
    if not _SLOWEST <= fps <= _FASTEST:
        raise ValueError(f"fps: must be from {_SLOWEST:.0f} to {_FASTEST:.0f} pictures a second, got {fps}.")
    if kind == ".mp4":
        return Rate(fps, fps)
    return Rate(fps, _HUNDREDTHS / max(_LEAST_DELAY, round(_HUNDREDTHS / fps)))


def write_film(path: Path, pictures: Pictures, size: tuple[int, int], rate: Rate, palette: NDArray[np.uint8]) -> None:
    """Write pictures as a GIF or an MP4, as the name says, whole or not at all.

    Parameters
    ----------
    path : path
        The file to make or to replace.
    pictures : iterable of (height, width, 3) uint8
        No two equal that follow each other: writers of GIF make one of them.
    size : (int, int)
        Width and height.
    rate : Rate
        As `checked_rate` returns it.
    palette : (at most 256, 3) uint8
        Colours of a GIF, the same for all pictures, or what does not move would flicker.

    Raises
    ------
    OSError
        If the file cannot be written, or ffmpeg fails.
    """
    with written_whole(path) as part:
        if path.suffix.lower() == ".gif":
            _write_gif(part, pictures, rate, palette)
        else:
            _write_mp4(part, pictures, size, rate)


def _write_gif(part: Path, pictures: Pictures, rate: Rate, palette: NDArray[np.uint8]) -> None:
    """By Pillow, which keeps of each picture the part that differs from the one before."""
    from PIL import Image  # noqa: PLC0415 -- import hthm.pages is quick

    def indexed() -> Iterator[Any]:
        known = Image.new("P", (1, 1))
        known.putpalette(palette.tobytes())
        for picture in pictures:
            yield Image.fromarray(picture).quantize(palette=known, dither=Image.Dither.NONE)

    images = indexed()
    first = next(images)
    with part.open("wb") as file:
        first.save(
            file, format="GIF", save_all=True, append_images=images, loop=0, optimize=False,
            duration=round(1000 / rate.taken),
        )  # fmt: skip


def _write_mp4(part: Path, pictures: Pictures, size: tuple[int, int], rate: Rate) -> None:
    """By ffmpeg: H.264, which everything plays, its colours those of a television of today."""
    arguments = [
        _ffmpeg(), "-y", "-nostdin", "-v", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{}x{}".format(*size),
        "-r", str(Fraction(rate.taken).limit_denominator(1001)), "-i", "pipe:",
        "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p", "-color_range", "tv",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-c:v", "libx264", "-crf", "18", "-movflags", "+faststart", "-f", "mp4", str(part),
    ]  # fmt: skip
    with (
        TemporaryFile() as told,  # no pipe, which a talkative ffmpeg would fill and wait at
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=told, bufsize=0) as process,  # noqa: S603 -- no shell
    ):
        try:
            _pour(pictures, process)
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            told.seek(0)
            words = " ".join(told.read().decode(errors="replace").split())
            raise OSError(errno.EIO, f"ffmpeg could not write it. {words}".rstrip())


def _pour(pictures: Pictures, process: subprocess.Popen[bytes]) -> None:
    """Give all pictures to a process, unless it ends before."""
    pipe = process.stdin
    if pipe is None:
        return
    try:
        for picture in pictures:
            left = memoryview(picture.tobytes())
            while left:
                left = left[pipe.write(left) :]
        pipe.close()
    except BrokenPipeError:  # what it died of is told by whoever waits for it
        return


def _ffmpeg() -> str:
    """Where ffmpeg is, which imageio-ffmpeg brings or finds.

    Raises
    ------
    ModuleNotFoundError, OSError
        If that is not installed, or finds none.
    """
    try:
        package = import_module("imageio_ffmpeg")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "--out: must end in .gif where imageio-ffmpeg is not installed, which writes MP4. Install it: "
            "pip install 'hthm[video]'."
        ) from error
    try:
        return str(package.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FileNotFoundError(
            errno.ENOENT, "imageio-ffmpeg has no ffmpeg. Set IMAGEIO_FFMPEG_EXE to one, or write a .gif", "ffmpeg"
        ) from error
