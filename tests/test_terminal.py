"""The command where standard output, the terminal or the encoding is not what one hopes for."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tyro
from rich.console import Console

from hthm.command import terminal
from hthm.pages.console import Stages
from hthm.run import main

MODULE = [sys.executable, "-m", "hthm"]
NOTHING_LONG = 120  # seconds after which a command counts as hanging


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $HTHM is the command."""
    return subprocess.run(
        ["/bin/bash", "-c", line.replace("$HTHM", " ".join(MODULE))],
        capture_output=True,
        text=True,
        encoding="latin-1",
        timeout=NOTHING_LONG,
        check=False,
        env=os.environ | environment,
    )


# ---- Encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_help_is_spelled_where_the_output_has_no_greek(encoding: str) -> None:
    done = shell("$HTHM --help", PYTHONIOENCODING=encoding, COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert "lambda of the loss" in done.stdout
    assert not done.stderr


def test_a_stage_is_said_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", output)
    with terminal.usable_streams():
        stages = Stages()
        with stages.stage("Train") as stage:
            stage.found = "5.3 ± 0.1 for λ, 日"
        output.flush()
        said = output.buffer.getvalue().decode("ascii")
    assert "5.3 +- 0.1 for lambda, ?" in said
    assert output.errors == "strict"  # as it was


def test_a_file_name_that_is_no_text_is_printed_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", output)
    with terminal.usable_streams():
        Stages().say(os.fsdecode(b"Written: \xff.md"))
        output.flush()
        assert b"\xff.md" in output.buffer.getvalue()


def test_an_encoding_is_no_wrong_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def failing(*_: object, **__: object) -> None:
        "±".encode("ascii")

    monkeypatch.setattr(tyro, "cli", failing)
    assert main([]) == 1
    assert "--" not in capsys.readouterr().err


# ---- Streams that are closed, full, or that nobody reads ------------------------------------------------------------


@pytest.mark.parametrize("arguments", ["--help", "--preset quick --out nowhere", "figures"])
def test_closed_output_is_one_line_and_2(arguments: str) -> None:
    done = shell(f"$HTHM {arguments} >&-")
    assert done.returncode == 2
    assert done.stderr == "hthm: Standard output: must be open, and is closed. Send it to a file, or to /dev/null.\n"


def test_closed_errors_change_no_exit_code(tmp_path: Path) -> None:
    assert shell("$HTHM --version 2>&- <&-").stdout.startswith("hthm ")
    assert shell("$HTHM --runs 0 2>&-").returncode == 2
    assert shell("$HTHM --version 2>&- >&-").returncode == 2
    assert not list(tmp_path.iterdir())


def test_a_reader_that_leaves_is_no_traceback() -> None:
    done = shell("$HTHM --help | head -1; exit ${PIPESTATUS[0]}")
    assert done.stdout.startswith("usage: hthm")
    assert not done.stderr
    done = shell("$HTHM --help | true; exit ${PIPESTATUS[0]}")
    assert done.returncode in {0, 1}
    assert not done.stderr


def test_a_full_output_is_named() -> None:
    done = shell("$HTHM --version >/dev/full")
    assert done.returncode == 1
    assert done.stderr == "hthm: No space left on device: standard output\n"


# ---- Narrow terminals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "handed"), [(1, terminal.LEAST_COLUMNS), (3, terminal.LEAST_COLUMNS), (80, 80), (9999, 120)]
)
def test_the_parser_is_handed_a_width_it_can_lay_out(monkeypatch: pytest.MonkeyPatch, found: int, handed: int) -> None:
    widths: list[int] = []

    def seen(*_: object, default: object, **options: Any) -> object:  # noqa: ANN401 -- whatever the parser takes
        widths.append(shutil.get_terminal_size().columns)
        return (default, []) if options.get("return_unknown_args") else default

    monkeypatch.setenv("COLUMNS", str(found))
    monkeypatch.setattr(tyro, "cli", seen)
    monkeypatch.setattr("hthm.run.carry_out", lambda *_: None)
    assert main([]) == 0
    assert widths == [handed, handed]
    assert os.environ["COLUMNS"] == str(found)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_help_breaks_lines_between_words(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    for arguments in (["--help"], ["tables", "--help"], ["--preset", "improved", "--help"]):
        assert main(arguments) == 0
    assert max(map(len, output.getvalue().splitlines())) <= columns


def test_lines_on_a_terminal_break_between_words_and_paths_stay_whole() -> None:
    output = io.StringIO()
    path = "/somewhere/" + "x" * 70 + "/a-b-c.html"
    Stages(Console(file=output, force_terminal=True, width=40)).say(f"Write tables, figures and report: {path} at last")
    assert path in output.getvalue()
    assert [len(line) <= 40 for line in output.getvalue().splitlines()] == [True, False, True]


# ---- What is printed is what was meant ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("name", ["n:100:", ":smile:", "[bold]x[/bold]", "[link=a]", "{x}", "a\\[b"])
def test_names_are_printed_as_they_are(name: str, *, is_terminal: bool) -> None:
    output = io.StringIO()
    stages = Stages(Console(file=output, force_terminal=is_terminal, width=200))
    with stages.stage(f"Read {name}") as stage:
        stage.report(1, 2)
        stage.found = f"in {name}"
    stages.say(name)
    said = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output.getvalue())
    assert said.count(name) >= 3
    assert f"Read {name} (" in said


def test_bars_say_which_time_is_elapsed_and_which_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = io.StringIO()
    with Stages(Console(file=output, force_terminal=True, width=200)).stage("Train") as stage:
        stage.report(1, 2)
    said = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output.getvalue())
    assert re.search(r"\d:\d\d:\d\d elapsed, [-\d:]+ left", said), said


# ---- Help and version -----------------------------------------------------------------------------------------------


def test_help_names_every_subcommand_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    assert main(["--help"]) == 0
    for name in ("figures", "tables", "compare", "ablate", "universal"):
        assert re.search(rf"^  hthm {name} +[A-Z]\w+ ", output.getvalue(), re.MULTILINE), name


def test_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"hthm \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
