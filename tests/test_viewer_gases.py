"""The viewer's page of disks that are not smooth: it shows how they turn, and goes back by no rule of theirs."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hthm
from codebase import ROOT
from hthm.pages.viewer_data import tending
from hthm.pages.viewer_page import viewer_html
from hthm.recording.paths import wrapped
from hthm.run import main
from hthm.starts.spins import Spins
from test_viewer import payload

SOURCES = ROOT / "python" / "hthm" / "pages" / "viewer"
FRAMES, DT, N = 30, 1 / 20, 60
GAS = hthm.DiskGas.from_area_fraction(N, 0.3)
RULES: dict[str, hthm.RoughDisks | hthm.ChiralDisks] = {
    "rough": hthm.RoughDisks(),
    "chiral": hthm.ChiralDisks(GAS.diameter / 10),
}

KINDS = (hthm.Kind(n=20, diameter=GAS.diameter, mass=4.0), hthm.Kind(n=40, diameter=GAS.diameter / 2))


@cache
def run(name: str, engine: str) -> hthm.Trajectories:
    alike = {"n": N, "diameter": GAS.diameter, "rule": RULES.get(name)}
    gas = hthm.DiskGas(kinds=KINDS) if name == "mixture" else hthm.DiskGas(**alike)  # type: ignore[arg-type]  # as named
    spins: Spins | None = "equilibrium" if name == "rough" else None
    start = gas.sample(1, seed=4, overlaps="reject", speeds="maxwell", spins=spins)
    return hthm.simulate(start, FRAMES, DT, engine=engine, record="log")


def numbers(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.frombuffer(base64.b64decode(text), "<f8")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """What the modules make of a run, and which disks clicks at these pixels of 600 pick."""
    node = shutil.which("node")
    if node is None:
        pytest.skip(reason="node is not installed, which runs the viewer's modules without a browser")
    folder = tmp_path_factory.mktemp("modules")
    for path in [*SOURCES.glob("*.js"), ROOT / "tests" / "viewer.mjs"]:
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')

    def make(traj: hthm.Trajectories, clicks: list[tuple[float, float]] | None = None) -> dict[str, Any]:
        page = folder / "page.json"
        page.write_text(json.dumps(payload(viewer_html(traj, title="A run")) | {"clicks": clicks or []}))
        told = subprocess.run([node, "viewer.mjs", page], cwd=folder, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(told.stdout)
        return found

    return make


@pytest.fixture(scope="module")
def made(modules: Callable[..., dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What the modules make of both rules, both kinds of engine and a mixture."""
    chosen = (("rough", "all_pairs"), ("rough", "event"), ("chiral", "event"), ("mixture", "event"))
    return {(name, engine): modules(run(name, engine)) for name, engine in chosen}


def test_disks_are_where_they_are_by_any_rule(made: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (name, engine), found in made.items():
        traj = run(name, engine)
        places = wrapped(traj.unwrapped_positions(0), traj.gas.box)
        off = numbers(found["positions"]).reshape(FRAMES + 1, N, 2) - places
        np.testing.assert_allclose(off - np.round(off), 0, atol=1e-11, err_msg=f"{name}, {engine}")


@pytest.mark.parametrize("engine", ["all_pairs", "event"])
def test_marks_turn_with_the_spins(engine: str, made: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Angles of the page and of `turned`, from the spins that the log has, a collision after the other."""
    traj = run("rough", engine)
    log, start = traj.log, traj.initial
    assert start.spins is not None
    assert log.spins is not None
    angle, spin = np.zeros(N), start.spins[0].copy()
    for frame in range(FRAMES):
        now = frame * DT
        for row in range(*log.frame_offsets[0, frame : frame + 2]):
            time = (frame + 1) * DT if log.times is None else log.times[row]
            angle, now = angle + spin * (time - now), time
            spin[log.pairs[row]] = log.spins[row]
        angle = angle + spin * ((frame + 1) * DT - now)
        np.testing.assert_allclose(numbers(made["rough", engine]["angles"][frame + 1]), angle, atol=1e-10)
        np.testing.assert_allclose(traj.turned(0)[frame + 1], angle, atol=1e-10)
    assert np.abs(angle).max() > 1


@pytest.mark.parametrize("engine", ["all_pairs", "event"])
def test_spins_are_turned_round_on_the_way_back(engine: str, modules: Callable[..., dict[str, Any]]) -> None:
    """Spins 5 and 1 of two disks that meet head-on become 1 and -3: the sum of both over 1 + inertia goes from each."""
    x, v = np.array([[[0.4, 0.5], [0.6, 0.5]]]), np.array([[[1.0, 0.0], [-1.0, 0.0]]])
    start = hthm.State(x, v, diameter=0.1, speed=1.0, rule=hthm.RoughDisks(), spins=np.array([[5.0, 1.0]]))
    found = modules(hthm.simulate(start, 4, 0.03, engine=engine, record="log"))
    forth, back = found["told"]
    assert [text.split(", ")[1] for text in forth] == ["spin 5.000", "spin 1.000"]
    assert [text.split(", ")[1] for text in back] == ["spin -1.000", "spin -5.000"]
    np.testing.assert_allclose(numbers(found["ways"][0]["spins"]), [-1, 3], rtol=1e-12)
    np.testing.assert_allclose(numbers(found["ways"][0]["spun"]), [-5, -1], rtol=1e-12)


@pytest.mark.parametrize("engine", ["all_pairs", "event"])
def test_every_spin_of_the_way_back_is_one_of_the_way_there(
    engine: str, made: dict[tuple[str, str], dict[str, Any]]
) -> None:
    log, start = run("rough", engine).log, run("rough", engine).initial
    assert start.spins is not None
    assert log.spins is not None
    spin, before = start.spins[0].copy(), []
    for pair, after in zip(log.pairs, log.spins, strict=True):
        before.append(spin[pair])
        spin[pair] = after
    (way,) = made["rough", engine]["ways"]
    np.testing.assert_array_equal(numbers(way["spins"]), -spin)
    np.testing.assert_array_equal(numbers(way["spun"]).reshape(-1, 2), -np.array(before)[::-1])


def test_clicks_and_lines_go_by_the_size_of_each_disk(modules: Callable[..., dict[str, Any]]) -> None:
    x = np.array([[[0.5, 0.5], [0.73, 0.5], [0.99, 0.95], [0.2, 0.9]]])
    kinds = [hthm.Kind(1, 0.4), hthm.Kind(2, 0.05), hthm.Kind(1, 0.002)]
    of = {"speed": 1.0, "kinds": kinds, "rule": hthm.RoughDisks(), "spins": np.zeros((1, 4))}
    start = hthm.State(x, np.full((1, 4, 2), 1e-9), **of)  # type: ignore[arg-type]  # as named
    places = {
        (0.68, 0.5): 0,  # nearer to the middle of the small disk beside it
        (0.5, 0.32): 0,
        (0.74, 0.5): 1,
        (0.005, 0.95): 2,  # across the border
        (0.9, 0.95): -1,  # a radius of the large one from a small one, in empty space
        (0.5, 0.75): -1,
        (0.2, 0.91): 3,  # six pixels from a dot
        (0.2, 0.925): -1,
    }
    traj = hthm.simulate(start, 1, 1e-3, engine="event", record="log")
    found = modules(traj, [(600 * at_x, 600 * (1 - at_y)) for at_x, at_y in places])
    assert found["picked"] == list(places.values())
    widths = {float(radius): width for radius, width in found["marks"].items()}
    assert widths == pytest.approx({0.2: 0.04, 0.025: 0.005})


def test_the_page_goes_back_by_no_other_rule(made: dict[tuple[str, str], dict[str, Any]]) -> None:
    for found in made.values():
        assert not found["reversible"]
        assert [way["name"] for way in found["ways"]] == ["the recording, backwards"]
    assert made["chiral", "event"]["angles"] is None
    page = viewer_html(run("mixture", "event"), title="A run")
    assert f"Disks, 20 of diameter {GAS.diameter:g} and mass 4, 40 of diameter {GAS.diameter / 2:g} and mass 1," in page
    radii = zlib.decompress(base64.b64decode(payload(page)["arrays"]["radii"]["base64"]))
    np.testing.assert_array_equal(np.frombuffer(radii), np.repeat([GAS.diameter / 2, GAS.diameter / 4], [20, 40]))


def test_the_page_says_the_rule_and_what_a_line_means(tmp_path: Path) -> None:
    for name, says in (("rough", "rough disks, inertia 0.5, restitution 1.0"), ("chiral", "chiral disks, delta 0.0")):
        run(name, "event").save(tmp_path / name)
        out = tmp_path / f"{name}.html"
        assert main(["view", str(tmp_path / name), "--out", str(out)]) == 0
        page = out.read_text(encoding="utf-8")
        assert says in page
        assert "This page goes on by the rule of smooth, equal disks alone" in page
        assert ("The line on every disk turns with it" in page) == (name == "rough")
        assert "Loschmidt" not in page


def test_speeds_tend_to_what_theory_has() -> None:
    """Rough ones share a third with their spins, kinds have one temperature, and what loses energy has none."""
    gas = hthm.DiskGas(n=50, speed=2.0, rule=hthm.RoughDisks())
    sliding = hthm.DiskGas(n=50, speed=2.0, rule=hthm.RoughDisks(roughness=-1.0))
    lossy = hthm.DiskGas(n=50, rule=hthm.RoughDisks(restitution=0.9))
    plain = hthm.DiskGas(n=50, speed=2.0)
    np.testing.assert_allclose(tending(gas.sample(2)), [(1, 4 / 3)])
    assert tending(gas.sample(2, spins="equilibrium"))[0][1] > 1.5
    np.testing.assert_allclose(tending(sliding.sample(2, spins="equilibrium")), [(1, 2)])
    np.testing.assert_allclose(tending(plain.sample(1)), [(1, 2)])
    assert tending(lossy.sample(1)) == []
    mixture = hthm.DiskGas(kinds=KINDS, speed=2.0)  # T = 2 ⟨m⟩ = 4
    np.testing.assert_allclose(tending(mixture.sample(1)), [(1 / 3, 1), (2 / 3, 4)])


def test_granular_disks_have_no_curve_to_tend_to(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401 -- playwright may be missing
    gas = hthm.DiskGas(n=20, diameter=0.05, rule=hthm.RoughDisks(roughness=0.5))
    path = tmp_path / "view.html"
    traj = hthm.simulate(gas.sample(1, seed=1), 4, record="log")
    path.write_text(viewer_html(traj, title="Run 0"), encoding="utf-8")
    page = browser.new_page(reduced_motion="reduce")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#maxwell").is_hidden()
    page.close()


def test_a_browser_draws_the_marks(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401 -- playwright may be missing
    path = tmp_path / "view.html"
    path.write_text(viewer_html(run("rough", "event"), title="Run 0"), encoding="utf-8")
    page = browser.new_page(reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("End")
    page.wait_for_function("document.getElementById('clock').textContent.includes('frame 30 of 30')")
    marked = """() => {
      const canvas = document.getElementById("disks");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const white = (k) => data.subarray(k, k + 4).every((value) => value === 255);
      return Array.from({ length: data.length / 4 }, (_, k) => 4 * k).filter(white).length;
    }"""
    assert page.evaluate(marked) > 10 * N
    page.fill("#disk", "3")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('followed').textContent.includes(', spin ')")
    page.click("#reverse")
    page.wait_for_selector("#ways:not([hidden])")
    assert page.locator("#ways-list label").count() == 1
    assert not complaints
    page.close()
