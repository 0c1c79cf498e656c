"""The viewer's page and its program: what a browser makes of a run is what hthm made of it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hthm
from codebase import ROOT
from hthm.choices.run import RunConfig
from hthm.pages import viewer_page
from hthm.pages.results import ResultsFolder
from hthm.pages.viewer_data import Fit, Way
from hthm.pages.viewer_page import program, viewer_fragment, viewer_html
from hthm.recording.paths import wrapped
from hthm.run import main
from run_results import complaint
from series_example import series, training

SOURCES = ROOT / "python" / "hthm" / "pages" / "viewer"
FRAMES, DT = 40, 1 / 20
GAS = hthm.DiskGas.from_area_fraction(60, 0.3)
START = GAS.sample(2, seed=4, overlaps="reject", speeds="maxwell")


@pytest.fixture(autouse=True)
def _no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture for readers without JavaScript takes most of the time; tests/test_viewer_browser.py looks at it."""
    monkeypatch.setattr("hthm.pages.viewer_page.still", lambda *_: "")


@cache
def run(engine: str) -> hthm.Trajectories:
    return hthm.simulate(START, FRAMES, DT, engine=engine, record="log")


def stored(engine: str) -> tuple[Way, ...]:
    """A way back of the second run, from its end and from frame 10, of which the page can only use the first."""
    there = run(engine)[1:]
    back = hthm.simulate(there.final.reversed(), FRAMES, DT, engine=engine, record="log")
    return Way("stored", 53, back, returned=False), Way(
        "early", 53, hthm.simulate(START[1:], 10, DT, record="log"), False
    )


def payload(page: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)
    content: dict[str, Any] = json.loads(found)
    return content


def numbers(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.frombuffer(base64.b64decode(text), "<f8").reshape(-1, GAS.n, 2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the modules make of both kinds of run, the second of two: a process each."""
    node = shutil.which("node")
    if node is None:
        pytest.skip(reason="node is not installed, which runs the viewer's modules without a browser")
    folder = tmp_path_factory.mktemp("modules")
    for path in [*SOURCES.glob("*.js"), ROOT / "tests" / "viewer.mjs"]:
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    found = {}
    for engine in ("all_pairs", "event"):
        page = folder / "page.json"
        page.write_text(json.dumps(payload(viewer_html(run(engine)[1:], title="A run", ways=stored(engine)))))
        told = subprocess.run([node, "viewer.mjs", page], cwd=folder, capture_output=True, text=True, check=True)
        found[engine] = json.loads(told.stdout)
    return found


def test_positions_at_frames_have_the_bits_of_a_fixed_step(made: dict[str, Any]) -> None:
    recorded = hthm.simulate(START, FRAMES, DT, engine="all_pairs", positions=True)
    assert recorded.positions is not None
    ours = numbers(made["all_pairs"]["positions"])
    assert ours[0].tobytes() == START.positions[1].tobytes()
    assert ours[1:].tobytes() == recorded.positions[1].tobytes()


def test_positions_of_the_exact_engine_agree_to_rounding(made: dict[str, Any]) -> None:
    traj = run("event")
    expected = wrapped(traj.unwrapped_positions(1), 1.0)
    apart = numbers(made["event"]["positions"]) - expected
    assert np.abs(apart - np.round(apart)).max() < 1e-13


def test_a_fixed_step_runs_backwards_to_the_bits_of_hthm(made: dict[str, Any]) -> None:
    back = hthm.simulate(run("all_pairs").final.reversed(), FRAMES, DT, engine="cell_list", record="log")
    again = hthm.simulate(run("all_pairs").final.reversed(), FRAMES, DT, engine="cell_list", positions=True)
    assert again.positions is not None
    assert numbers(made["all_pairs"]["back"]["positions"])[1:].tobytes() == again.positions[1].tobytes()
    assert made["all_pairs"]["back"]["pairs"] == back[1:].log.pairs.ravel().tolist()


def test_the_exact_dynamics_comes_back_by_the_collisions_it_went_by(made: dict[str, Any]) -> None:
    log, back = run("event")[1:].log, made["event"]["back"]
    assert made["event"]["reversible"]
    assert log.times is not None
    assert log.rows > 100
    assert np.reshape(back["pairs"], (-1, 2)).tolist() == log.pairs[::-1].tolist()
    np.testing.assert_allclose(back["times"], FRAMES * DT - log.times[::-1], atol=1e-9)
    largest = made["event"]["largest"]
    assert largest[-1] < 1e-11
    assert largest[-1] < largest[0] < 1e-5, "diameters, and growing on the way back"


@pytest.mark.parametrize("engine", ["all_pairs", "event"])
def test_the_recording_backwards_is_each_of_its_pictures(made: dict[str, Any], engine: str) -> None:
    there, (*_, back) = numbers(made[engine]["positions"]), made[engine]["ways"]
    assert back["name"] == "the recording, backwards"
    assert numbers(back["positions"]).tobytes() == there[::-1].tobytes()
    h = payload(viewer_html(run(engine)[1:], title="A run"))["h"]
    assert back["h"][:-1] == h[::-1]
    log = run(engine)[1:].log
    assert np.reshape(back["pairs"], (-1, 2)).tolist() == log.pairs[::-1].tolist()
    assert back["largest"] is None, "there is nothing to compare it with"


@pytest.mark.parametrize("engine", ["all_pairs", "event"])
def test_a_stored_way_back_stands_beside_the_browsers_own(made: dict[str, Any], engine: str) -> None:
    own, other, _ = made[engine]["ways"]
    assert (own["name"], other["name"]) == ("double precision, 53 bits", "stored")
    assert own["pairs"] == other["pairs"], "a way back from another frame has been taken"
    assert other["largest"][-1] < 1e-11
    if engine == "event":
        assert other["largest"][0] < 1e-5
        assert own["h"][-1] == other["h"][-1] == made[engine]["ways"][2]["h"][-1], "H is back where it began"
    else:
        assert own["positions"] == other["positions"]
        assert own["largest"][0] > 1, "a fixed step does not come back"


def test_speeds_are_counted_as_hthm_counts_them(made: dict[str, Any]) -> None:
    speeds = np.hypot(*START.velocities[1].T)
    expected, _ = np.histogram(speeds, bins=np.linspace(0, 2 * GAS.speed, 51))
    assert made["event"]["counts"] == expected.tolist()
    h = hthm.h_functional.speed_h_in_range(START.velocities[1], speed=GAS.speed).h
    assert made["event"]["h"] == pytest.approx(float(h), rel=1e-12)
    assert made["event"]["mode"] == pytest.approx(np.exp(-0.5))


def test_the_page_needs_no_other_file() -> None:
    page = viewer_html(run("event"), title="A <run> & more", fits=[Fit("</script>", np.full(FRAMES, np.nan))])
    assert "<title>A &lt;run&gt; &amp; more</title>" in page
    assert not re.search(r"\{\{\w+\}\}|https?://|\bimport\b.*\bfrom\b|@import", page)
    assert payload(page)["fits"] == [{"label": "</script>", "values": [None] * FRAMES}]
    assert page.count("<script") == page.count("</script>") == 2
    assert "<noscript>" in page


def test_a_part_of_a_page_has_one_name_outside_its_tree() -> None:
    part = viewer_fragment(run("event"), name="run-0", fits=[Fit("</template></script>", np.zeros(FRAMES))], heading=4)
    inside = re.search(r"<template>(.*)</template>", part, re.DOTALL)
    assert inside is not None
    assert re.findall(r' id="([^"]*)"', part.replace(inside[0], "")) == ["run-0"]
    assert "<h4 " in part
    assert not re.search(r"<h[1235]\b|<main|\{\{\w+\}\}|https?://", part)
    assert part.count("<script") == part.count("</script>") == 2
    assert payload(part)["frames"] == FRAMES
    with pytest.raises(ValueError, match="name: must be letters, digits, - and _ after a letter, got 'a b'"):
        viewer_fragment(run("event"), name="a b")


def test_what_the_page_carries_is_the_log() -> None:
    data = payload(viewer_html(run("event"), title="A run", frames=7, plain=True))
    log = run("event")[:1].log
    rows = int(log.frame_offsets[0, 7])
    kinds = {"float64": "<f8", "int32": "<i4"}
    found = {
        name: np.frombuffer(base64.b64decode(array["base64"]), kinds[array["kind"]])
        for name, array in data["arrays"].items()
    }
    assert data["frames"] == len(data["h"]) == 7
    assert "final" not in found, "hthm's positions after the last frame are those of another frame"
    assert found["after"].tobytes() == log.velocities[:rows].tobytes()
    assert found["pairs"].tobytes() == log.pairs[:rows].tobytes()
    packed = payload(viewer_html(run("event"), title="A run"))["arrays"]["final"]
    assert packed["deflated"]
    assert zlib.decompress(base64.b64decode(packed["base64"])) == run("event").final.positions[0].tobytes()


def test_the_program_is_one_without_modules() -> None:
    assert not re.search(r"^(import|export)\b", program(), re.MULTILINE)
    defined = re.findall(r"^(?:async )?(?:const|class|function\*?) (\w+)", program(), re.MULTILINE)
    assert len(defined) == len(set(defined)) > 40, "two modules have the same name for something"
    order = viewer_page._MODULES  # noqa: SLF001 -- all are in it, each after those that it imports
    assert {path.stem for path in SOURCES.glob("*.js")} == set(order)
    for number, name in enumerate(order):
        imported = re.findall(r' from "\./(\w+)\.js";', (SOURCES / f"{name}.js").read_text(encoding="utf-8"))
        assert set(imported) <= set(order[:number]), name


@pytest.mark.parametrize("path", sorted(SOURCES.iterdir()), ids=lambda path: path.name)
def test_sources_are_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 320, "it has two subjects"
    assert not [line for line in lines if len(line) > 140 and path.suffix == ".js"]


# ---- The command ----------------------------------------------------------------------------------------------------


def test_a_page_is_made_of_a_dataset_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("event").save(tmp_path / "kept")
    out = tmp_path / "page.html"
    arguments = ["view", str(tmp_path / "kept"), "--run", "1", "--frames", "9", "--out", str(out)]
    assert main(arguments) == 0
    assert "Open it in a browser." in capsys.readouterr().out
    page = out.read_text(encoding="utf-8")
    assert "<h1>Run 1 of kept</h1>" in page
    assert payload(page)["frames"] == 9
    assert complaint([*arguments], capsys) == f"This file is there already, and --overwrite not given: {out}"
    assert out.read_text(encoding="utf-8") == page
    assert main([*arguments, "--overwrite", "--plain"]) == 0
    assert not payload(out.read_text(encoding="utf-8"))["arrays"]["after"]["deflated"]


def test_another_recording_is_simulated_again(tmp_path: Path) -> None:
    hthm.simulate(START, FRAMES, DT, engine="all_pairs").save(tmp_path / "dense")
    assert main(["view", str(tmp_path / "dense"), "--run=1", "--out", str(tmp_path / "page.html")]) == 0
    data = payload((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert data["arrays"] == payload(viewer_html(run("all_pairs")[1:], title="A run"))["arrays"]


def test_a_way_back_in_more_bits_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    arguments = ["view", "--engine=event", "--precision=extended", "--frames=20", "--seed=1", f"--out={out}"]
    assert main(arguments) == 0
    assert "it comes back in every bit" in capsys.readouterr().out
    page = out.read_text(encoding="utf-8")
    data = payload(page)
    assert data["frames"] == 20
    (way,) = data["ways"]
    assert way["label"] == "extended precision, 237 bits"
    assert "It came back in every bit of every position and velocity." in page


def test_a_results_folder_brings_its_learned_functionals(tmp_path: Path) -> None:
    """Its runs are simulated again, and shown beside what its series has of them."""
    config = RunConfig(n=40, diameter=0.03, runs=6, frames=8, seed=3, batch=8)
    start = config.start()
    traj = hthm.simulate(start, 8, config.dt, engine="all_pairs", record="log")
    of = {"seed": 3, "start_sha256": start.sha256(), "engine": "all_pairs"}
    ResultsFolder(tmp_path).write_json("results.json", {"config": config.as_json(), "simulation": of})
    learned = [training(16, 0), training(16, 1), training(32, 0)]
    series(*learned).save(tmp_path / "series.h5")
    assert main(["view", str(tmp_path), "--run=2", "--out", str(tmp_path / "page.html")]) == 0
    data = payload((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert [fit["label"] for fit in data["fits"]] == ["a·h + b, D = 16, seed 0", "a·h + b, D = 32, seed 0"]
    expected = learned[2].a[2] * learned[2].h[2] + learned[2].b[2]
    np.testing.assert_allclose(data["fits"][1]["values"], expected[:8], rtol=1e-5)
    rows = traj[2:3].log.velocities
    assert zlib.decompress(base64.b64decode(data["arrays"]["after"]["base64"])) == rows.tobytes()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--run=500"], 2, "--run: must be"),
        (["--frames=501"], 2, "--frames: must be"),
        (["--engine=none"], 2, "--engine: must be one of"),
        (["SOURCE", "--seed=1"], 2, "--seed: must be left out where SOURCE names runs, got 1. Leave SOURCE out"),
        (
            ["--precision=quad"],
            2,
            "--precision: must be left out for a fixed step, got quad. Give",
        ),
        (["--engine=event", "--precision=double"], 2, "--precision: must be one of quad, extended, got 'double'."),
        (["SOURCE", "--precision=quad"], 2, "--precision: must be left out where SOURCE names runs, got quad."),
        (["SOURCE"], 2, "SOURCE: must be the folder of a dataset, or of a finished run of hthm, and"),
        (["--out=NONE/page.html"], 1, "There is no such folder to write into: NONE"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    options: list[str], code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = str(tmp_path / "none")
    placed = [option.replace("SOURCE", str(tmp_path)).replace("NONE", none) for option in options]
    if not any(option.startswith("--out") for option in placed):
        placed.append(f"--out={tmp_path / 'page.html'}")
    assert complaint(["view", *placed], capsys, code).startswith(says.replace("NONE", none))
    assert not list(tmp_path.iterdir())


def test_a_page_too_large_says_which_option_helps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("event").save(tmp_path / "kept")
    monkeypatch.setattr("hthm.pages.viewer_page.MOST_BYTES", 8_000)
    out = tmp_path / "page.html"
    told = complaint(["view", tmp_path / "kept", "--out", out], capsys, 2)
    collisions = run("event").collisions[0].sum()
    assert told.startswith("--frames: must be few enough for a page of at most 0 MB, got 40 with " + str(collisions))
    assert main(["view", str(tmp_path / "kept"), *re.findall(r"--frames \d+", told)[0].split(), f"--out={out}"]) == 0
