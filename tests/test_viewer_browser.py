"""The viewer's page in a browser: it draws, obeys keys, follows a disk, reverses time, and complains of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hthm
from hthm.pages.viewer_data import Fit, Way
from hthm.pages.viewer_page import viewer_fragment, viewer_html

FRAMES = 90
GAS = hthm.DiskGas(n=200, diameter=0.01)
TRAJ = hthm.simulate(GAS.sample(1, seed=2, overlaps="reject"), FRAMES, engine="event", record="log")
BACK = hthm.simulate(TRAJ.final.reversed(), FRAMES, engine="event", record="log")

# Of the pixels of a canvas, how many are not empty.
DRAWN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, k) => k % 4 === 3 && value > 0).length;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("page") / "view.html"
    fit = Fit("a·h + b, D = 16, seed 0", np.linspace(5, 1, FRAMES))
    way = Way("extended precision, 237 bits", 237, BACK, returned=True)
    path.write_text(viewer_html(TRAJ, title="Run 0", fits=[fit], ways=[way]), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Iterator[Any]:  # noqa: ANN401 -- playwright may be missing
    """The page, which has just begun to play, in a window of a telephone's width and in the dark."""
    opened = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme="dark")
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(address)
    opened.wait_for_selector("html[data-ready]")
    yield opened
    assert not complaints
    opened.close()


def clock(page: Any, words: str) -> str:  # noqa: ANN401 -- playwright may be missing
    """What the page says of its time, once it has these words."""
    page.wait_for_function("words => document.getElementById('clock').textContent.includes(words)", arg=words)
    told: str = page.inner_text("#clock")
    return told


def test_it_plays_and_obeys_the_keys(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    page.wait_for_function("Number(document.getElementById('time').value) > 2")
    assert page.inner_text("#play") == "Pause"
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Play"
    page.keyboard.press("Home")
    assert clock(page, "frame 0 of 90") == "Time 0.00, frame 0 of 90"
    assert page.is_disabled("#reverse"), "there is no way back from the start"
    page.keyboard.press("ArrowRight")
    clock(page, "frame 1 of 90")
    page.keyboard.press("Shift+ArrowRight")
    clock(page, "frame 11 of 90")
    page.keyboard.press("ArrowLeft")
    clock(page, "frame 10 of 90")
    page.keyboard.press("ArrowUp")
    assert page.input_value("#speed") == "2"
    page.keyboard.press("End")
    assert clock(page, "frame 90 of 90") == "Time 1.50, frame 90 of 90"


def test_everything_is_drawn_in_a_narrow_window(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    for name in ("disks", "h", "speeds"):
        assert page.eval_on_selector(f"#{name}", DRAWN) > 1000, name
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.inner_text("#h-legend .key:nth-child(2)") == "a·h + b, D = 16, seed 0"
    assert page.inner_text("#checked").startswith("Checked just now: after the last frame no disk is further than")


def test_a_disk_is_followed_by_number_and_by_a_click(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    counts = np.bincount(TRAJ.log.pairs.ravel())
    disk = int(counts.argmax())
    page.fill("#disk", str(disk))
    page.keyboard.press("Enter")
    assert page.locator("#collisions tbody tr").count() == counts[disk] > 1
    speed = np.hypot(*TRAJ.final.velocities[0, disk])
    page.wait_for_function("document.getElementById('followed').textContent.startsWith('Disk')")
    assert page.inner_text("#followed").startswith(
        f"Disk {disk}: speed {speed:#.4g}, {counts[disk]} of {counts[disk]} "
    )
    side = page.eval_on_selector("#disks", "canvas => canvas.clientWidth")
    x, y = TRAJ.final.positions[0, 42]
    page.click("#disks", position={"x": 1 + side * x, "y": 1 + side * (1 - y)})
    page.wait_for_function("document.getElementById('followed').textContent.startsWith('Disk 42:')")


def test_time_is_reversed_and_the_ways_back_are_compared(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    page.keyboard.press("Home")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("End")
    clock(page, "frame 90 of 90")
    page.keyboard.press("r")
    page.wait_for_selector("#separation-figure:not([hidden])")
    assert "on the way back from 1.50" in clock(page, "way back")
    page.keyboard.press("Home")
    clock(page, "frame 0 of 90, on the way back")
    assert page.eval_on_selector("#separation", DRAWN) > 1000
    ways = page.locator("#ways-list label")
    assert [text.split("\n")[0] for text in ways.all_inner_texts()] == [
        "double precision, 53 bits",
        "extended precision, 237 bits",
        "the recording, backwards",
    ]
    assert ways.locator("output").nth(1).inner_text().startswith("H 5.")
    assert page.inner_text("#verdict").startswith("In double precision, 53 bits, it is back: every disk is within ")
    ways.nth(2).click()
    assert "frame 0 of 90, on the way back" in clock(page, "way back")
    page.keyboard.press("End")
    clock(page, "frame 90 of 90, on the way back")
    assert page.is_checked("#ways-list label:nth-child(3) input"), "only the arrows are the choice's own keys"
    page.click("#reverse")
    assert "way back" not in clock(page, "frame 90 of 90")
    assert page.is_hidden("#separation-figure")
    assert page.is_hidden("#ways")


def test_a_way_back_that_is_stored_for_another_time_is_spoken_of(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    page.keyboard.press("ArrowLeft")
    clock(page, "frame 89 of 90")
    page.click("#reverse")
    page.wait_for_selector("#ways:not([hidden])")
    assert page.locator("#ways-list label").count() == 2
    assert page.inner_text("#ways-note") == "extended precision, 237 bits: stored for time turned at 1.50."
    page.click("#reverse")


def test_without_motion_it_waits_and_without_javascript_there_is_a_picture(browser: Any, address: str) -> None:  # noqa: ANN401 -- playwright may be missing
    calm = browser.new_page(reduced_motion="reduce")
    calm.goto(address)
    calm.wait_for_selector("html[data-ready]")
    assert calm.inner_text("#play") == "Play"
    calm.close()
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(address)
    assert "with JavaScript, which is switched off" in still.inner_text("body")
    assert still.eval_on_selector("img", "image => image.naturalWidth") > 500
    assert still.is_hidden("#viewer")
    context.close()


def test_paper_has_light_colours_whatever_the_screen_has(page: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    assert page.evaluate(ink) == "#e9eaec", "the screen is dark"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(ink) == "#1a1a1a"
    pixel = """canvas => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return Math.min(...data.filter((value, k) => k % 4 < 3 && data[k - (k % 4) + 3] === 255));
    }"""
    assert page.eval_on_selector("#h", pixel) < 0x40, "the chart has not been drawn again in ink"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ink) == "#e9eaec"
    page.emulate_media(media="print")
    assert page.is_hidden("#play")
    page.emulate_media(media="screen")


@pytest.mark.parametrize("n", [1000, 10_000])
def test_there_is_a_picture_for_every_frame_of_the_screen(
    browser: Any,  # noqa: ANN401 -- playwright may be missing
    n: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted, and not timed: docs/viewer.md has what a picture takes."""
    monkeypatch.setattr("hthm.pages.viewer_page.still", lambda *_: "")
    gas = hthm.DiskGas.from_area_fraction(n, 0.028)
    traj = hthm.simulate(gas.sample(1, seed=2), 30, engine="cell_list", record="log")
    path = tmp_path / "view.html"
    path.write_text(viewer_html(traj, title="Run 0"), encoding="utf-8")
    opened = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    opened.add_init_script("""
      window.drawn = 0;
      const put = CanvasRenderingContext2D.prototype.putImageData;
      CanvasRenderingContext2D.prototype.putImageData = function (...all) { window.drawn += 1; put.apply(this, all); };
    """)
    opened.goto(path.as_uri())
    opened.wait_for_selector("html[data-ready]")
    opened.select_option("#speed", "0.125")  # it plays for eight seconds
    opened.click("#play")
    drawn, asked = opened.evaluate("""() => new Promise((resolve) => {
      const begun = window.drawn;
      let asked = 0;
      const next = () => {
        asked += 1;
        if (asked < 20) requestAnimationFrame(next);
        else resolve([window.drawn - begun, asked]);
      };
      requestAnimationFrame(next);
    })""")
    assert abs(drawn - asked) <= 1
    opened.close()


@pytest.fixture(scope="module")
def report(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:  # noqa: ANN401 -- playwright may be missing
    """A page of somebody else, with a style of its own, names that the viewer has too, and two viewers."""
    short = hthm.simulate(TRAJ.initial, 20, engine="all_pairs", record="log")
    viewers = viewer_fragment(TRAJ, name="exact") + viewer_fragment(short, name="fixed")
    style = "button, h3, canvas, table, p { color: rgb(1, 2, 3); border: 9px solid; height: 11px }"
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><title>R</title><style>{style}</style><h1 id="h">Report</h1>'
        f'<h2>Runs</h2><button id="play">Mine</button>{viewers}',
        encoding="utf-8",
    )
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(path.as_uri())
    for name in ("exact", "fixed"):
        opened.wait_for_selector(f"#{name}[data-ready]")
    yield opened
    assert not complaints
    opened.close()


def test_two_viewers_stand_in_another_page_without_a_clash(report: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    assert report.evaluate("document.getElementById('disks')") is None, "names are in the shadow trees"
    assert report.inner_text("#exact #clock").endswith("frame 0 of 90")
    assert report.inner_text("#fixed #clock").endswith("frame 0 of 20")
    report.keyboard.press("End")
    report.focus("#fixed #play")
    report.keyboard.press("End")
    report.wait_for_function(
        "document.getElementById('fixed').shadowRoot.getElementById('clock').textContent.includes('frame 20 of 20')"
    )
    assert report.inner_text("#exact #clock").endswith("frame 0 of 90"), "keys are for the one that has the focus"
    for name in ("disks", "h", "speeds"):
        assert report.eval_on_selector(f"#exact #{name}", DRAWN) > 1000, name


def test_no_style_leaks_into_a_viewer_or_out_of_it(report: Any) -> None:  # noqa: ANN401 -- playwright may be missing
    looks = "(element, name) => getComputedStyle(element)[name]"
    assert report.eval_on_selector("body > #play", looks, "borderTopWidth") == "9px"
    assert report.eval_on_selector("body > #play", looks, "minHeight") == "0px"
    assert report.eval_on_selector("#exact #play", looks, "borderTopWidth") == "1px"
    assert report.eval_on_selector("#exact .title", looks, "color") != "rgb(1, 2, 3)"
    assert report.eval_on_selector("#exact .title", "element => element.tagName") == "H3"
