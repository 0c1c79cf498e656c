"""hthm animate: what was written is read again, by Pillow and by ffmpeg."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import hthm
from hthm.pages.animation import palette, pictures
from hthm.pages.films import checked_rate, checked_size, write_film
from hthm.pages.moving_disks import DARK, LIGHT
from hthm.pages.viewer_data import Fit
from hthm.run import main
from run_results import complaint

imageio_ffmpeg: Any = import_module("imageio_ffmpeg")  # it has no types

FRAMES = 12
SIZE = (322, 246)  # multiples of 2, and of nothing else that a writer could round to
GAS = hthm.DiskGas.from_area_fraction(30, 0.2)
TRAJ = hthm.simulate(GAS.sample(2, seed=4, overlaps="reject"), FRAMES, 1 / 20, engine="event", record="log")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("store") / "kept"
    TRAJ.save(folder)
    return folder


def drawn(frames: range = range(FRAMES + 1), size: tuple[int, int] = SIZE, **how: Any) -> list[np.ndarray[Any, Any]]:  # noqa: ANN401 -- as pictures takes it
    return list(pictures(TRAJ[1:], frames, size, **how))


def durations(path: Path) -> list[int]:
    """Milliseconds of every picture of a GIF."""
    with Image.open(path) as image:
        found: list[int] = []
        for number in count():
            try:
                image.seek(number)
            except EOFError:
                return found
            found.append(int(image.info["duration"]))
    return []


@pytest.mark.parametrize(("fps", "delay"), [(60, 20), (120, 20), (25, 40), (30, 30), (1, 1000)])
def test_a_gif_has_every_picture_and_the_delay_that_is_said(fps: float, delay: int, tmp_path: Path) -> None:
    rate = checked_rate(fps, ".gif")
    assert rate.taken == pytest.approx(1000 / delay)
    assert ("whole hundredths" in str(rate)) == (rate.taken != fps)
    path = tmp_path / "run.gif"
    shown = drawn(range(0, 9, 2))
    write_film(path, shown, SIZE, rate, palette("speed"))
    assert durations(path) == [delay] * 5
    with Image.open(path) as image:
        assert image.size == SIZE
        assert image.info["loop"] == 0
        image.seek(3)
        apart = np.abs(np.asarray(image.convert("RGB"), np.int16) - shown[3])
    assert np.quantile(apart, 0.99) <= 24, "its 256 colours are those of the pictures"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fps", [60, 12.5])
def test_an_mp4_has_every_picture_its_rate_and_its_size(fps: float, tmp_path: Path) -> None:
    path = tmp_path / "run.mp4"
    shown = drawn()
    write_film(path, shown, SIZE, checked_rate(fps, ".mp4"), palette("speed"))
    written, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert written == FRAMES + 1
    assert seconds == pytest.approx((FRAMES + 1) / fps, abs=0.011)
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    assert about["size"] == SIZE, "it has been resized"
    assert about["fps"] == fps
    first = np.frombuffer(next(reader), np.uint8).reshape(SIZE[1], SIZE[0], 3)
    reader.close()
    assert np.abs(first.astype(np.int16) - shown[0]).mean() < 4, "colours have moved"
    assert list(tmp_path.iterdir()) == [path]


def test_no_two_pictures_are_equal_even_where_nothing_moves() -> None:
    rest = hthm.State(np.array([[[0.2, 0.2], [0.7, 0.7]]]), np.full((1, 2, 2), 1e-9), diameter=0.1, speed=1.0)
    still = hthm.simulate(rest, 4, 1e-3, engine="event", record="log")
    shown = [picture.tobytes() for picture in pictures(still, range(5), (480, 270))]
    assert len(set(shown)) == 5


def test_disks_are_where_they_are_and_across_the_border_on_both_sides() -> None:
    """Colours at their centres, in a picture drawn large; one stands across a corner."""
    x = np.array([[[0.0, 0.0], [0.3, 0.6], [0.75, 0.25]]])
    v = np.array([[[1.0, 0.0], [0.0, 1e-9], [2.0, 0.0]]])
    traj = hthm.simulate(hthm.State(x, v, diameter=0.1, speed=1.0), 1, 1e-3, engine="event", record="log")
    width, height = 800, 450
    (picture,) = pictures(traj, [0], (width, height))
    side, left, below = 0.86 * height, 0.05 * height, 0.04 * height

    def colour(at_x: float, at_y: float) -> tuple[int, ...]:
        row, column = height - below - side * at_y, left + side * at_x
        return tuple(picture[int(row), int(column)])

    def rgb(text: str) -> tuple[int, ...]:
        return tuple(bytes.fromhex(text[1:]))

    assert colour(0.3, 0.6) == rgb(LIGHT.slow)
    assert colour(0.75, 0.25) == rgb(LIGHT.fast)
    assert colour(0.5, 0.5) == rgb(LIGHT.paper)
    for corner in ((0.02, 0.02), (0.02, 0.98), (0.98, 0.02), (0.98, 0.98)):
        np.testing.assert_allclose(colour(*corner), rgb(LIGHT.middle), atol=3)


def test_a_line_turns_with_a_spin() -> None:
    """A quarter of a turn: it leads to the right at first, and up then; across the border, too."""
    x, v = np.array([[[0.3, 0.5], [0.0, 0.2]]]), np.full((1, 2, 2), 1e-9)
    rough = hthm.State(x, v, diameter=0.2, speed=1.0, rule=hthm.RoughDisks(), spins=np.array([[np.pi / 2, -np.pi / 2]]))
    traj = hthm.simulate(rough, 2, 0.5, engine="event", record="log")
    width, height = 800, 450
    first, last = pictures(traj, [0, 2], (width, height))
    side, left, below = 0.86 * height, 0.05 * height, 0.04 * height

    def is_line(picture: np.ndarray[Any, Any], at_x: float, at_y: float) -> bool:
        found = picture[int(height - below - side * at_y), int(left + side * at_x)]
        return bool(np.abs(found.astype(int) - np.array(tuple(bytes.fromhex(LIGHT.paper[1:])))).max() < 30)

    assert is_line(first, 0.35, 0.5)
    assert not is_line(first, 0.3, 0.55)
    assert is_line(last, 0.3, 0.55)
    assert not is_line(last, 0.35, 0.5)
    assert is_line(first, 0.05, 0.2)
    assert not is_line(first, 0.95, 0.2)
    assert is_line(last, 0.998, 0.15)


def test_lines_leave_small_disks_to_be_seen() -> None:
    """Beside the line to the right, a fifth of the radius wide, a small disk is as it is; so is one of few pixels."""
    x, v = np.array([[[0.3, 0.5], [0.75, 0.5], [0.75, 0.8]]]), np.full((1, 3, 2), 1e-9)
    kinds = [hthm.Kind(1, 0.4), hthm.Kind(1, 0.04), hthm.Kind(1, 0.004)]
    rough = hthm.State(x, v, speed=1.0, kinds=kinds, rule=hthm.RoughDisks(), spins=np.zeros((1, 3)))
    traj = hthm.simulate(rough, 1, 1e-3, engine="event", record="log")
    ((picture,), height) = (list(pictures(traj, [0], (800, 450))), 450)
    side, left, below = 0.86 * height, 0.05 * height, 0.04 * height

    def darkness(at_x: float, at_y: float) -> int:
        found = picture[int(height - below - side * at_y), int(left + side * at_x)]
        return 255 - int(found.min())

    assert darkness(0.4, 0.5) < 30  # the line of the large one
    assert darkness(0.4, 0.53) > 200
    assert darkness(0.76, 0.5) < 150  # of the small one, a pixel and a half
    assert min(darkness(0.76, 0.51), darkness(0.76, 0.49), darkness(0.74, 0.5)) > 200
    row, column = int(height - below - side * 0.8), int(left + side * 0.75)
    dot = 255 - picture[row - 2 : row + 3, column - 2 : column + 3].min(axis=-1).astype(int)
    assert dot.sum() > 0.75 * np.pi * 1.2**2 * 255


def test_disks_of_a_mixture_have_their_sizes() -> None:
    x, v = np.array([[[0.0, 0.5], [0.5, 0.5]]]), np.full((1, 2, 2), 1e-9)
    kinds = [hthm.Kind(1, 0.3), hthm.Kind(1, 0.1, mass=2.0)]
    traj = hthm.simulate(hthm.State(x, v, speed=1.0, kinds=kinds), 1, 1e-3, engine="event", record="log")
    (picture,) = pictures(traj, [0], (800, 450))
    paper = tuple(bytes.fromhex(LIGHT.paper[1:]))

    def is_disk(at_x: float) -> bool:
        return tuple(picture[int(450 * (0.96 - 0.86 * 0.5)), int(450 * (0.05 + 0.86 * at_x))]) != paper

    assert [is_disk(at) for at in (0.12, 0.18, 0.43, 0.47, 0.53, 0.57, 0.88)] == [
        True, False, False, True, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("rule", [hthm.ChiralDisks(0.01), hthm.RoughDisks()], ids=["chiral", "rough"])
def test_disks_of_any_rule_become_a_gif(rule: hthm.ChiralDisks | hthm.RoughDisks, tmp_path: Path) -> None:
    gas = hthm.DiskGas(n=30, diameter=GAS.diameter, rule=rule)
    traj = hthm.simulate(gas.sample(1, seed=4, overlaps="reject"), 4, 1 / 20, engine="event", record="log")
    traj.save(tmp_path / "kept")
    out = tmp_path / "run.gif"
    assert main(["animate", str(tmp_path / "kept"), "--out", str(out), "--size=322x246", "--frames=:"]) == 0
    assert len(durations(out)) == 5
    shown = [picture.tobytes() for picture in pictures(traj, range(5), SIZE)]
    assert len(set(shown)) == 5


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (400, 400), (1201, 675)])
def test_pictures_have_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    (picture,) = drawn(range(1), size, dark=True, fits=[Fit("a·h + b", np.linspace(5, 1, FRAMES))], colours="viridis")
    assert picture.shape == (size[1], size[0], 3)
    assert tuple(picture[1, 1]) == tuple(bytes.fromhex(DARK.paper[1:]))


@pytest.mark.parametrize("kind", [".gif", ".mp4"])
def test_a_film_that_fails_leaves_what_was_there(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"run{kind}"
    path.write_bytes(b"before")

    def stopped() -> Any:  # noqa: ANN401 -- pictures
        yield from drawn(range(3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(path, stopped(), SIZE, checked_rate(25, kind), palette("speed"))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_ffmpeg_that_stops_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nhead -c 1000 >/dev/null\necho No such codec. >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(broken))
    out = tmp_path / "run.mp4"
    with pytest.raises(OSError, match=r"ffmpeg could not write it\. No such codec\.") as raised:
        write_film(out, drawn(range(3)), SIZE, checked_rate(25, ".mp4"), palette("speed"))
    assert raised.value.filename == str(out)
    assert list(tmp_path.iterdir()) == [broken]


# ---- The command ----------------------------------------------------------------------------------------------------


def test_a_dataset_becomes_a_gif_and_nothing_is_overwritten(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.gif"
    arguments = ["animate", str(kept), "--run=1", "--frames=2:9:3", "--fps=60", f"--out={out}", "--size=320x240"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "0.06 s at 50 pictures a second, the nearest to 60 that a GIF can say" in " ".join(told.split())
    assert durations(out) == [20, 20, 20]
    before = out.read_bytes()
    assert complaint([*arguments], capsys) == f"This file is there already, and --overwrite not given: {out}"
    assert out.read_bytes() == before
    assert main([*arguments, "--overwrite", "--dark"]) == 0
    assert out.read_bytes() != before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--out=run.avi"], "--out: must end in .gif or .mp4, got run.avi."),
        (["--fps=0"], "--fps: must be from 1 to 120 pictures a second, got 0.0."),
        (["--size=big"], "--size: must be width and height in pixels, such as 960x540, got 'big'."),
        (["--size=100x540"], "--size: must be from 240 to 4096 pixels each way, got 100x540."),
        (["--size=641x360", "--out=run.mp4"], "--size: must be even both ways in an MP4, got 641x360. Take 642x360."),
        (["--colours=none"], "--colours: must be speed, or a colour map of matplotlib such as viridis, got 'none'."),
        (["--frames=3"], "--frames: must be a range, of which pictures move, got 3."),
        (["--frames=600:"], "--frames: must hold at least one of the 501 from 0 to 500, got '600:'."),
        (["--run=500"], "--run: must be"),
        (["--engine=dsmc"], "--engine: must have disks with places, got engine 'dsmc'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    options: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint(["animate", *options], capsys, 2).startswith(says)
    assert not list(tmp_path.iterdir())


def test_an_mp4_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    told = complaint(["animate", f"--out={tmp_path / 'run.mp4'}"], capsys)
    assert told == (
        "--out: must end in .gif where imageio-ffmpeg is not installed, which writes MP4. Install it: "
        "pip install 'hthm[video]'."
    )
    assert not list(tmp_path.iterdir())


def test_odd_sizes_are_for_gifs() -> None:
    assert checked_size("321x241", ".gif") == (321, 241)
    with pytest.raises(ValueError, match="even both ways"):
        checked_size("321x241", ".mp4")


def test_a_player_reads_the_mp4(kept: Path, tmp_path: Path) -> None:
    """Decoded by ffmpeg without a complaint, after its index has been put first, for the web."""
    out = tmp_path / "run.mp4"
    assert main(["animate", str(kept), f"--out={out}", "--size=320x240", "--frames=:5"]) == 0
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-i", str(out), "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not done.stderr
    content = out.read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")
