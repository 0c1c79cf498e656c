"""Has Sphinx write the pages of the API: docs/extensions/api_text.py says what is in them."""

import inspect
from pathlib import Path

from api_text import modules, write
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config, NumpyDocstring
from sphinx.util.docfields import TypedField

import hthm


def as_rst(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Write a docstring of NumPy's style as reStructuredText.

    Napoleon by itself takes what stands before a colon in a property's first line for its type, and leaves the
    sections below as they are; here properties are read as functions are. Bars are absolute values, and no markup.
    """
    what = "function" if what in {"attribute", "data", "property"} else what
    settings = Config(napoleon_use_ivar=True, napoleon_use_rtype=False)
    bars = [line if line.lstrip().startswith((">>>", "...")) else line.replace("|", "\\|") for line in lines]
    lines[:] = NumpyDocstring(bars, settings, app, what, name, obj, options).lines()


def add_other_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Have links find what is described in one module and offered by others, the front door first of all."""
    described = env.domains.python_domain.objects
    for module in (hthm, *modules()):
        for name, value in vars(module).items():
            if inspect.isclass(value) or inspect.isfunction(value):
                found = described.get(f"{value.__module__}.{value.__name__}")
                if found is not None:
                    described.setdefault(f"{module.__name__}.{name}", found._replace(aliased=True))


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks which there are, and know every name of what they describe."""
    app.connect("builder-inited", lambda of: write(Path(of.srcdir) / "api"))
    app.connect("env-check-consistency", add_other_names)
    app.connect("autodoc-process-docstring", as_rst)
    for field in PyObject.doc_field_types:  # neither attributes nor shapes are links: any class may have an n or runs
        if isinstance(field, TypedField):
            field.rolename = field.typerolename = ""
    return {"parallel_read_safe": True, "parallel_write_safe": True}
