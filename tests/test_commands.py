"""The table of commands: what it names is there, and nothing heavy is imported before it is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hthm.choices.kinds import COMMANDS as NAMES
from hthm.command.beginning import loaded
from hthm.command.commands import COMMANDS, Command, asked
from hthm.command.measurement_options import Measurement
from hthm.command.options import Job


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.options.__name__)
def test_a_command_names_a_function_that_is_there(command: Command) -> None:
    assert callable(loaded(command.function))


def test_choices_say_the_command_that_takes_them() -> None:
    jobs = [(command, command.options()) for command in COMMANDS]
    kinds = {options.choices.kind: command.name for command, options in jobs if isinstance(options, Job | Measurement)}
    assert kinds.keys() == NAMES.keys()
    assert all(NAMES[kind] == f"hthm {name}" for kind, name in kinds.items() if name)


def test_a_name_is_a_command_only_where_it_comes_first() -> None:
    assert asked(["tables", "--runs", "7"])[0].name == "tables"
    assert asked(["--out", "tables"])[0].name == ""


def test_arguments_are_understood_without_torch() -> None:
    program = (
        "import sys\nfrom hthm.command.commands import asked\n"
        "asked(['tables']), asked(['--preset', 'improved'])\n"
        "print(*(name for name in ('torch', 'matplotlib', 'h5py') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert not done.stdout.split(), "--help would wait for what only the work needs"
