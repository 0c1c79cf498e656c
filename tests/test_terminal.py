"""The command where standard output, the terminal or the encoding is not what one hopes for."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import tyro
from rich.console import Console

from hthm.choices.run import RunConfig
from hthm.command import terminal
from hthm.command.commands import COMMANDS
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
    done = shell("$HTHM --help-all", PYTHONIOENCODING=encoding, COLUMNS="100")
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


@pytest.mark.parametrize(
    ("said_so", "bars"), [({}, False), ({"FORCE_COLOR": "1"}, False), ({"TTY_COMPATIBLE": "1"}, True)]
)
def test_what_is_piped_has_lines_unless_a_terminal_is_asked_for(
    said_so: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, bars: bool
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said_so.items():
        monkeypatch.setenv(name, value)
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    with Stages().stage("Train") as stage:
        stage.report(1, 2)
    assert ("elapsed" in output.getvalue()) == bars
    assert bars or re.fullmatch(r"Train \(.*\)\n", output.getvalue())


@pytest.mark.parametrize("name", ["Train", "Simulate 500 runs of 500 frames, 1000000 disks, into a dataset on a disk"])
def test_a_bar_keeps_its_words_and_both_times_at_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = io.StringIO()
    with Stages(Console(file=output, force_terminal=True, width=80)).stage(name) as stage:
        stage.report(1, 2)
    shown = re.split(r"[\r\n]+", re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output.getvalue()))
    assert all(len(line) <= 80 for line in shown)
    assert any(re.search(r"\d% \d:\d\d:\d\d elapsed, [-\d:]{7} left", line) for line in shown), shown
    assert set(name.split()) <= {word for line in shown for word in line.split()}, shown


def test_bars_say_which_time_is_elapsed_and_which_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = io.StringIO()
    with Stages(Console(file=output, force_terminal=True, width=200)).stage("Train") as stage:
        stage.report(1, 2)
    said = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output.getvalue())
    assert re.search(r"\d:\d\d:\d\d elapsed, [-\d:]+ left", said), said


# ---- Help and version -----------------------------------------------------------------------------------------------


def helped(*arguments: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command prints for help on so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    assert main(arguments) == 0
    return output.getvalue()


def test_help_names_every_subcommand_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is whole: another subcommand, a heading or the end of the list follows."""
    lines = helped("--help", columns=80, monkeypatch=monkeypatch).splitlines()
    last = lines.index("  Each has a --help of its own.")
    listed = [line.split(maxsplit=2) for line in lines[:last] if line.startswith("    hthm ")]
    assert [(name, line) for _, name, line in listed] == [(known.name, known.line) for known in COMMANDS if known.name]
    assert all(line.startswith("    hthm ") or line.endswith(":") for line in lines[last - len(listed) : last])


@pytest.mark.parametrize("command", ["estimators", "chaos", "reversal", "arrow"])
def test_help_of_a_measurement_speaks_of_options_that_it_has(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = helped(command, "--help", columns=100, monkeypatch=monkeypatch)
    offered = set(re.findall(r"^\W{0,4}(?:-h, )?(--[a-z][a-z-]+)", said, re.MULTILINE))
    assert set(re.findall(r"(?<!\S)--[a-z][a-z-]+", said)) <= offered


def test_help_is_short_and_help_all_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    short, whole = (helped(word, columns=80, monkeypatch=monkeypatch) for word in ("--help", "--help-all"))
    in_short, in_whole = (set(re.findall(r"^[│| ] ?(--[a-z][a-z-]*)", text, re.MULTILINE)) for text in (short, whole))
    of_choices = {"--" + choice.name.replace("_", "-") for choice in fields(RunConfig)}
    assert in_short < in_whole
    assert {"--preset", "--out", "--resume", "--help-all"} <= in_short
    assert len(in_short) <= 10
    assert of_choices - {"--speeds"} <= in_whole  # which is listed behind its other name
    assert "--learning-rate" in helped("tables", "--help-all", columns=80, monkeypatch=monkeypatch)
    assert "--updates" not in helped("--preset", "improved", "--help", columns=80, monkeypatch=monkeypatch)
    assert "--updates" in helped("--preset", "improved", "--help-all", columns=80, monkeypatch=monkeypatch)


@pytest.mark.parametrize("name", [known.name for known in COMMANDS[1:]])
def test_help_breaks_no_word_at_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word is one of the same help on wider lines."""
    asked = [*([name] if name else []), "--help-all"]
    narrow, wide = (
        set(re.sub(r"[│╭╮╰╯─|+]|-{9,}", " ", helped(*asked, columns=columns, monkeypatch=monkeypatch)).split())
        for columns in (80, 120)
    )
    assert not narrow - wide


def test_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"hthm \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
