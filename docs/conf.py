"""The documentation as a site: docs/development.md says how it is built. Warnings are errors there."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

import hthm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "extensions"))

project = "hthm"
author = "the authors of hthm"
version = release = hthm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "myst_nb",  # brings myst_parser
    "api_pages",
    "mathml",
]
exclude_patterns = ["extensions", "tables/*.json"]

# ---- Pages -----------------------------------------------------------------------------------------------------------
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_block"]
myst_heading_anchors = 4  # as GitHub has them: links into a page work there and here

# ---- Notebooks: each is run anew, and one that fails fails the build -------------------------------------------------
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180
nb_merge_streams = True

# ---- API: what docstrings say ----------------------------------------------------------------------------------------
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings have types with shapes
autodoc_preserve_defaults = True
default_role = "py:obj"
add_module_names = False
toc_object_entries_show_parents = "hide"

# ---- Looks -----------------------------------------------------------------------------------------------------------
html_theme = "furo"  # light and dark, narrow windows, no fonts or scripts from elsewhere
html_title = f"hthm {version}"
html_static_path = ["extensions/static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_dark_style = "github-dark"

_NAMED = re.compile(r"\[[\w./-]+\.md\]\((?=[\w./-]+\.md[)#])")
_PLACE = re.compile(r"^([\w-]+\*)\n", re.MULTILINE)


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make a page fit for the site.

    Of links to files outside docs/ the words are kept; linked pages are called by their titles; a kept table without a
    title gets its name; in the index, places for pages that are not there are left out, of which Sphinx would warn, and
    pages without a place come last.
    """
    above = re.escape("../" * (1 + docname.count("/")))
    source[0] = _NAMED.sub("[](", re.sub(rf"\[([^\]]+)\]\({above}[^)]*\)", r"\1", source[0]))
    if docname.startswith("tables/") and not source[0].startswith("# "):
        source[0] = f"# {docname.removeprefix('tables/').capitalize()}\n\n{source[0]}"
    if docname == "index":
        source[0] = _PLACE.sub(lambda found: found[0] if any(HERE.glob(f"{found[1]}.md")) else "", source[0])
        listed = {
            path for place in re.findall(r"^[\w/*-]+$", source[0], re.MULTILINE) for path in HERE.glob(f"{place}.md")
        }
        others = sorted(path.stem for path in set(HERE.glob("*.md")) - listed - {HERE / "index.md"})
        if others:
            source[0] += "\n".join(["", "```{toctree}", ":hidden:", ":caption: More", "", *others, "```", ""])


def setup(app: Sphinx) -> None:
    """Connect what is done to every page."""
    app.connect("source-read", prepare)
