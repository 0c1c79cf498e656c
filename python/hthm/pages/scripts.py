"""Programs of pages: modules of JavaScript in the package, joined to one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)


def joined(folder: str, modules: Iterable[str]) -> str:
    """Return modules as one program, in which what one exports is known to the rest.

    Parameters
    ----------
    folder : str
        Beside this module.
    modules : iterable of str
        Their names, each after those that it imports.
    """
    texts = (_IMPORT.sub("", source(folder, f"{name}.js")) for name in modules)
    return "\n\n".join(re.sub(r"^export ", "", text, flags=re.MULTILINE).strip() for text in texts)


def source(folder: str, name: str) -> str:
    """Return the text of a file of the package."""
    return files("hthm.pages").joinpath(folder, name).read_text(encoding="utf-8")
