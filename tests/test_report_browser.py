"""The report in a browser: charts take the place of pictures, obey keys and controls, and complain of nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import hthm
from hthm.experiments.speeds import speeds_by_frame
from hthm.pages.charts_data import charts
from hthm.pages.report import Report, report_html
from hthm.pages.story import study_story
from hthm.pages.tables import tables_markdown
from hthm.pages.viewer_page import played
from series_example import series, training
from test_story import results

FRAMES = 60
TRAJ = hthm.simulate(hthm.DiskGas(n=100, diameter=0.01).sample(4, seed=1), FRAMES, record="log")
SHOWN = replace(
    series(
        training(16, 0, runs=4, frames=FRAMES),
        replace(training(32, 0, runs=4, frames=FRAMES), critical_epoch=None),
        gas=TRAJ.gas,
        runs=4,
        frames=FRAMES,
    ),
    speeds_by_frame=speeds_by_frame(TRAJ),
)
RESULTS = results(n=100, diameter=0.01) | {"stages": {"seconds": {"Simulate": 3.0, "Measure H": 0.1}}}
NAMES = ("fig2_frame_rate", "fig3_speeds", "fig5_fits", "losses")
DRAWN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, k) => k % 4 === 3 && value > 0).length;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report as a run writes it; its pictures are plain, for to draw them takes most of the time."""
    folder: Path = tmp_path_factory.mktemp("report")
    pictures = [folder / f"{name}.png" for name in NAMES]
    content = io.BytesIO()
    Image.new("RGB", (2100, 900), "white").save(content, "png")
    for path in pictures:
        path.write_bytes(content.getvalue())
    page = report_html(
        Report(
            facts={"Gas": "100 disks", "Start, SHA-256": "0123456789abcdef" * 4},
            tables=tables_markdown(SHOWN.trainings, SHOWN.H),
            figures=pictures,
            notes=["Not the paper's gas."],
            story=study_story(SHOWN, RESULTS),
            charts=charts(SHOWN, RESULTS),
            viewer=played(SHOWN, TRAJ, 1),
            results=RESULTS,
        )
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Iterator[Any]:  # noqa: ANN401 -- playwright may be missing
    """The page in a window of a telephone's width and in the dark."""
    opened = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme="dark")
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    wanted: list[str] = []
    opened.on("request", lambda request: wanted.append(request.url))
    opened.goto(address)
    opened.wait_for_selector("html[data-charts]")
    opened.wait_for_selector("#run-0[data-ready]", state="attached")
    yield opened
    assert not complaints
    assert [url for url in wanted if not url.startswith("data:")] == [address], "it needs no other file"
    opened.close()


def readout(page: Any, chart: str, words: str) -> str:  # noqa: ANN401 -- likewise
    """What a chart says below it, once it has these words."""
    place = f"figure[data-chart={chart}] .readout"
    page.wait_for_function(
        "([place, words]) => document.querySelector(place).textContent.includes(words)", arg=[place, words]
    )
    told: str = page.inner_text(place)
    return told


def test_charts_take_the_place_of_pictures(page: Any) -> None:  # noqa: ANN401 -- likewise
    for chart in ("history", "speeds", "losses"):
        figure = f"figure[data-chart={chart}]"
        assert page.is_hidden(f"{figure} img")
        page.wait_for_function("place => document.querySelector(place).width > 300", arg=f"{figure} .canvas canvas")
        assert page.eval_on_selector(f"{figure} .canvas canvas", DRAWN) > 1000, chart
    assert page.locator("figure img:visible").count() == 1, "Fig. 2 has no chart"
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_any_run_is_shown_and_read_by_keys(page: Any) -> None:  # noqa: ANN401 -- likewise
    page.fill("#run-number", "3")
    page.keyboard.press("Enter")
    told = readout(page, "history", "Run 3,")
    assert f"D = 16, seed 0: {SHOWN.trainings[0].mse[3]:.3g}" in told
    page.focus("figure[data-chart=history] .canvas")
    page.keyboard.press("PageDown")
    readout(page, "history", "Run 2,")
    page.keyboard.press("Home")
    readout(page, "history", f"At time {SHOWN.times[0]:.3f}")
    page.keyboard.press("Shift+ArrowRight")
    readout(page, "history", f"At time {SHOWN.times[10]:.3f}")
    page.wait_for_function(
        "value => document.querySelector('figure[data-chart=history] .key output').textContent === value",
        arg=f"{SHOWN.H[2, 10]:.3f}",
    )
    before = page.evaluate("document.querySelector('figure[data-chart=history] canvas').toDataURL()")
    page.keyboard.press("+")
    page.wait_for_function(
        "before => document.querySelector('figure[data-chart=history] canvas').toDataURL() !== before", arg=before
    )
    page.keyboard.press("0")
    page.wait_for_function(
        "before => document.querySelector('figure[data-chart=history] canvas').toDataURL() === before", arg=before
    )
    page.fill("#run-number", "99")
    page.keyboard.press("Enter")
    assert page.input_value("#run-number") == "3", "the last there is"


def test_time_is_dragged_and_played(page: Any) -> None:  # noqa: ANN401 -- likewise
    figure = "figure[data-chart=speeds]"
    counted = SHOWN.speeds_by_frame
    assert counted is not None
    page.focus(f"{figure} input[type=range]")
    page.keyboard.press("End")
    beyond = 100 * (1 - counted.counts[-1].sum() / counted.total)
    assert f"At t = 1.00, {beyond:.2f} % are faster than 2 s₀" in readout(page, "speeds", "t = 1.00")
    page.focus(f"{figure} .canvas")
    page.keyboard.press("Home")
    readout(page, "speeds", "Between 0.00 and 0.04 s₀")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    readout(page, "speeds", f"Between 0.44 and 0.48 s₀: {counted.counts[-1, 11]} of {counted.total} disks")
    page.click(f"{figure} button")
    readout(page, "speeds", "t = 0.5")
    page.click(f"{figure} button")
    assert page.inner_text(f"{figure} button") == "Play"
    page.click(f"{figure} .tick input")
    assert page.eval_on_selector(f"{figure} .canvas canvas", DRAWN) > 1000, "not logarithmic"


def test_losses_are_chosen_and_read(page: Any) -> None:  # noqa: ANN401 -- likewise
    assert "D = 16, seed 0: 6; D = 32, seed 0: none." in readout(page, "losses", "ringed")
    page.focus("figure[data-chart=losses] .canvas")
    page.keyboard.press("End")
    readout(page, "losses", "Epoch 6.")
    page.select_option("#loss-measure", "slope")
    page.wait_for_function("document.querySelector('figure[data-chart=losses] .key output').textContent === '0.2'")


def test_a_run_plays_in_it(page: Any) -> None:  # noqa: ANN401 -- likewise
    page.click("#run-0 #play")
    page.wait_for_function("Number(document.querySelector('#run-0').shadowRoot.getElementById('time').value) > 2")
    page.click("#run-0 #play")
    assert "a·h + b, D = 16, seed 0" in page.inner_text("#run-0 #h-legend")


def test_without_javascript_and_on_paper_there_are_pictures(browser: Any, page: Any, address: str) -> None:  # noqa: ANN401 -- likewise
    page.emulate_media(media="print")
    assert page.locator("figure img:visible").count() == 4
    assert page.locator(".canvas:visible").count() == 0
    page.emulate_media(media="screen")
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(address)
    assert still.locator("figure img:visible").count() == 4
    assert still.locator(".use:visible").count() == 0, "nothing is to be dragged"
    context.close()
