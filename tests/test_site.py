"""The site: what its pages are made of, without Sphinx, which `.ci/run docs` has build it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import hthm
from codebase import ROOT, module_names, report

DOCS = ROOT / "docs"


def loaded(path: Path) -> Any:  # noqa: ANN401 -- a module that no type checker finds
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


API = loaded(DOCS / "extensions" / "api_text.py")
LINKS = loaded(DOCS / "check_links.py")


def test_every_public_name_is_on_the_index_of_the_api() -> None:
    index = API.index()
    names = [f"hthm.{name}" for name in hthm.__all__]
    for module in module_names():
        if module == "hthm.checks":
            continue
        names += [
            f"{module}.{name}"
            for name, value in vars(importlib.import_module(module)).items()
            if (inspect.isclass(value) or inspect.isfunction(value))
            and value.__module__ == module
            and not name.startswith("_")
        ]
    assert len(names) > 300, "this rule looks at next to nothing"
    missing = [name for name in names if not re.search(rf"`{re.escape(name)}[` ]", index)]
    report(missing, "Whoever looks for a public name looks here, and these are not on it:")


def test_every_module_has_a_section_and_every_room_a_page(tmp_path: Path) -> None:
    API.write(tmp_path / "api")
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "api").iterdir()}
    text = "\n".join(pages.values())
    for module in set(module_names()) - {"hthm.checks"}:
        assert f".. automodule:: {module}\n" in text
    assert set(re.findall(r"^   (\w+)$", pages["index"], re.MULTILINE)) == set(pages) - {"index"}
    (tmp_path / "api" / "gone.rst").write_text("of a room that there was", encoding="utf-8")
    API.write(tmp_path / "api")
    assert not (tmp_path / "api" / "gone.rst").exists()


def test_first_lines_are_no_markup() -> None:
    def example() -> None:
        """A*b and |c| of ``d_`` in *Title Words*, e_."""

    assert API.first_line(example) == r"A\*b and \|c\| of ``d\_`` in *Title Words*, e\_."


def test_every_notebook_has_a_place_in_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    notebooks = {f"notebooks/{path.stem}" for path in (DOCS / "notebooks").glob("*.md")}
    assert set(re.findall(r"^(notebooks/\w+)$", index, re.MULTILINE)) == notebooks
    for name in notebooks:
        assert "\n```{code-cell}\n" in (DOCS / f"{name}.md").read_text(encoding="utf-8"), "its cells are run"


def test_wrong_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<a href="other.html#there">a</a><img src="p.png"><a href="https://x.y">', "utf-8"
    )
    (tmp_path / "other.html").write_text(
        '<p id="here"><a href="#nowhere"><a href="index.html"><a href="#here">', "utf-8"
    )
    assert LINKS.wrong_links(tmp_path) == [
        "index.html: other.html#there is no place in that page",
        "index.html: p.png is not there",
        "other.html: #nowhere is no place in that page",
    ]
    assert LINKS.wrong_links(tmp_path / "empty") == [f"{tmp_path / 'empty'}: has no pages"]


def test_ci_builds_the_site_as_the_page_says_and_its_packages_are_pinned() -> None:
    command = "python -m sphinx -W --keep-going"
    assert command in (DOCS / "development.md").read_text(encoding="utf-8")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for wanted in project["optional-dependencies"]["docs"]:
        assert f"\n{re.split('[<>=]', wanted)[0]}==" in pins
    test = " ".join(project["optional-dependencies"]["test"])
    assert not re.search("sphinx|furo|myst", test), "the tests do not need what builds the site"
    assert "\nsite/\n" in (ROOT / ".gitignore").read_text(encoding="utf-8")
