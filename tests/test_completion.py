"""The script by which a shell completes the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hthm.command.commands import COMMANDS
from hthm.command.completing import script

NAMES = {command.name for command in COMMANDS if command.name}


@pytest.fixture(scope="module")
def sourced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What bash sources, and a function that asks it."""
    done = subprocess.run(
        [sys.executable, "-m", "hthm", "completion", "bash"], capture_output=True, text=True, timeout=60, check=True
    )
    path = tmp_path_factory.mktemp("completion") / "completion.bash"
    asks = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); $(complete -p hthm | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
    path.write_text(done.stdout + asks + 'printf "%s\\n" "${COMPREPLY[@]}"\n', encoding="utf-8")
    return path


def completed(script: Path, *words: str) -> list[str]:
    """What the last word may become."""
    done = subprocess.run(["/bin/bash", script, "hthm", *words], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split("\n")[:-1]


def test_bash_lists_the_subcommands_and_options(sourced: Path) -> None:
    answers = completed(sourced, "")
    assert set(answers) >= NAMES
    assert {"--preset", "--resume", "--weights"} <= set(answers)
    assert not [answer for answer in answers if " " in answer]


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("tab",), {"tables"}),
        (("--preset", ""), {"paper", "quick", "improved"}),
        (("tables", "--training-"), {"--training-seed"}),
        (("export", "--format", ""), {"h5md", "gsd", "extxyz"}),
    ],
)
def test_bash_completes(words: tuple[str, ...], answers: set[str], sourced: Path) -> None:
    assert answers <= set(completed(sourced, *words))


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_every_subcommand(shell: str) -> None:
    written = script(shell)
    assert all(f"'{name}'" in written for name in NAMES)


def test_a_shell_that_is_not_known_is_a_wrong_argument() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hthm", "completion", "ksh"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "ksh" in done.stderr
