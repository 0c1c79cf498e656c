"""What every test can count on."""

from __future__ import annotations

import base64
import shutil
import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A shell without job control starts background jobs with SIGINT ignored, and children inherit that: tests of Ctrl-C
# would wait for what never comes.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A test never asserts a time: hypothesis would fail an example that takes longer than 200 ms, as on a busy machine.
settings.register_profile("hthm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hthm")

WHITE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
"""A PNG of one white pixel."""


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at no figure: all are drawn, and none made into pixels and pages, which takes seconds."""
    monkeypatch.setattr("hthm.pages.print_style._rendered", lambda *_: WHITE)


BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a module: it takes seconds to start, and its loop of events is in asyncio's way."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(reason=f"no browser is installed, as one of {', '.join(BROWSERS)}: apt-get install chromium")
    try:
        playwright: Any = import_module("playwright.sync_api")
    except ModuleNotFoundError as error:
        pytest.skip(reason=f"playwright, which drives the browser, cannot be imported: {error}")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()
