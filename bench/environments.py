"""The other build that this one is set beside: what is installed in another virtual environment."""

from __future__ import annotations

import argparse
from pathlib import Path


def python_of(environment: Path, parser: argparse.ArgumentParser) -> Path:
    """Return its Python; end with the parser's error where there is none."""
    python = environment.absolute() / "bin" / "python"
    if not python.exists():
        parser.error(f"environment: must hold bin/python, got {environment}. Make it with python -m venv.")
    return python
