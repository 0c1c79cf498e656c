"""What made a result, for the end of its report: choices, versions, machine, hashes, and how long each stage took."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, Final

from hthm.pages.console import IN_ALL, duration
from hthm.pages.html_tables import row_html

PAPER: Final = "https://arxiv.org/abs/2508.14003"
_DOCUMENTATION: Final = ("Documentation", "Repository", "Source", "Homepage")


def machine_facts(environment: Mapping[str, object]) -> dict[str, str]:
    """Rows that say what a run was made with, from `hthm.pages.results.environment`."""
    return {
        "Versions": ", ".join(f"{name} {environment[name]}" for name in ("hthm", "python", "numpy", "torch")),
        "Machine": f"{environment['cpu']}, {environment['threads']} threads, {environment['compiler']}",
    }


def facts_html(facts: Mapping[str, object]) -> str:
    """A table of what was run, a row a fact."""
    rows = "\n".join(row_html(name, escape(str(fact))) for name, fact in facts.items())
    return (
        '<div class="wide" role="region" aria-label="What was run" tabindex="0">\n<table class="facts">\n<tbody>\n'
        f"{rows}\n</tbody>\n</table>\n</div>"
    )


def stages_html(results: Mapping[str, Any]) -> str:
    """A table of the stages and their seconds, with bars; empty for results of older versions."""
    seconds: dict[str, float] = dict(results.get("stages", {}).get("seconds", {}))
    if not seconds:
        return ""
    total = seconds.pop(IN_ALL, sum(seconds.values()))
    longest = max(seconds.values(), default=0.0)
    rows = "\n".join(
        row_html(
            name,
            duration(value),
            f'<span class="bar" style="width: {100 * value / longest if longest else 0:.1f}%"></span>',
        )
        for name, value in seconds.items()
    )
    return (
        "<h3>Duration by stage</h3>\n"
        f"<p>{duration(total)} in all, until this page was begun, of the process that finished the run. Trainings go "
        "on at the same time where there are threads for them.</p>\n"
        '<div class="wide" role="region" aria-label="Duration by stage" tabindex="0">\n<table class="stages">\n<thead>'
        '<tr><th scope="col">stage</th><th scope="col">took</th><td></td></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def choices_html(config: Mapping[str, Any]) -> str:
    """Every choice of a run, with the command that repeats it."""
    entries = "\n".join(
        f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(_said(value))}</dd></div>"
        for name, value in config.items()
    )
    return (
        "<h3>Configuration</h3>\n<p>The same is in <code>config.json</code>, beside this page; "
        "<code>hthm --config config.json --out again</code> repeats the run.</p>\n"
        f'<dl class="choices">\n{entries}\n</dl>'
    )


def documentation() -> str:
    """Where the documentation of this version is in the web; empty where the package names no place."""
    try:
        urls = dict(line.split(", ", 1) for line in metadata("hthm").get_all("Project-URL") or ())
    except PackageNotFoundError:  # not installed, as in a folder of sources
        return ""
    return next((urls[name] for name in _DOCUMENTATION if urls.get(name, "").startswith("https://")), "")


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "by default" if value is None else str(value)
