"""The folder of a run: one owner at a time, what a file's damage is called, and whose run it is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hthm.choices.config_file import read_config
from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.kinds import kind_of
from hthm.choices.run import GasChoices, RunConfig
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.owner import LOCK, OwnedError, owned
from hthm.pages.results import claimed
from hthm.run import main

GAS = ["--n", "60", "--diameter", "0.03", "--runs", "5", "--threads", "1"]
TINY = [
    *(*GAS, "--frames", "12", "--rate-runs", "2", "--frame-rates", "20", "--widths", "4"),
    *("--epochs", "2", "--batch", "16"),
]
KINDS = (RunConfig, EntropyConfig, TablesConfig, CompareConfig, AblationConfig, UniversalConfig)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; it may not be changed."""
    out = tmp_path_factory.mktemp("folder") / "results"
    assert main([*TINY, "--out", str(out)]) == 0
    return out


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the time of a tiny run goes into its figures, and none of these tests looks at them."""
    monkeypatch.setattr("hthm.pages.products.save_figures", lambda *_, **__: [])


def folder_content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- One owner at a time --------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from hthm.owner import owned
with owned(Path(sys.argv[1])):
    print("owned", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that owns the folder."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "owned\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("options", [[], ["--resume"], ["--overwrite"]])
def test_a_folder_in_use_is_refused_with_its_owner_named(
    options: list[str],
    finished: Path,
    tmp_path: Path,
    holder: subprocess.Popen[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    before = folder_content(tmp_path)
    assert main([*([] if options == ["--resume"] else TINY), *options, "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"process {holder.pid} on {os.uname().nodename}, since 20" in said
    assert said.count("\n") == 1
    assert folder_content(tmp_path) == before


def test_a_kill_releases_the_folder(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(OwnedError), owned(tmp_path):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / LOCK).exists()
    with owned(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


def test_what_a_finished_run_shows_may_be_drawn_beside(
    finished: Path, tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    assert main(["figures", "--out", str(tmp_path)]) == 0
    assert holder.poll() is None


def test_of_runs_that_start_together_one_is_accepted(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from hthm.choices.run import RunConfig
        from hthm.owner import OwnedError
        from hthm.pages.results import claimed
        seed, at = map(float, sys.argv[2:])
        time.sleep(max(0.0, at - time.time()))
        try:
            with claimed(Path(sys.argv[1]), RunConfig(seed=int(seed))):
                time.sleep(3)
                print(int(seed))
        except OwnedError as error:
            assert "is at work in it" in str(error)
    """)
    at = str(time.time() + 5)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "out"), str(seed), at],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(4)
    ]
    outputs = [process.communicate(timeout=120) for process in started]
    winners = [output for output, _ in outputs if output]
    # A process that is only begun when another is through finds a finished folder, and is refused for that.
    assert [errors for _, errors in outputs if errors and "OccupiedError" not in errors] == []
    assert len(winners) == 1
    assert json.loads((tmp_path / "out" / "config.json").read_text())["seed"] == int(winners[0])


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(37, "No locks available")  # ENOLCK

    monkeypatch.setattr("fcntl.flock", refused)
    with claimed(tmp_path / "out", RunConfig()) as folder:
        assert (folder.path / "config.json").exists()


def test_a_file_where_the_folder_ought_to_be_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main([*TINY, "--out", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err == f"hthm: Results go into a folder, and here is a file: {tmp_path / 'file'}\n"


def test_what_a_kill_left_half_written_is_removed(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    old, young = tmp_path / "models" / ".d4.safetensors.0a1b2c3d.part", tmp_path / ".results.json.0a1b2c3d.part"
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    with claimed(tmp_path, read_config(tmp_path / "config.json", RunConfig), resume=True):
        assert not old.exists()
        assert young.exists()  # of `hthm figures` beside us


# ---- Damage ---------------------------------------------------------------------------------------------------------

FILES = (
    *("config.json", "results.json", "series.h5", "tables.md", "report.html"),
    *("models/d4-seed0.safetensors", "history/d4-seed0.jsonl"),
)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "foreign": lambda _: b'{"something": "else"}\n',
    "a list": lambda _: b"[1, 2]",
    "binary": lambda _: b"\x89PNG\r\n\x1a\n\xff\xfe\x00",
    "deep": lambda _: b"[" * 100_000,
}


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "binary"])
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["figures", "--resume"])
def test_a_damaged_file_is_named_in_a_line_or_made_anew(
    command: str, name: str, damage: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    path = tmp_path / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    code = main([command, "--out", str(tmp_path)])
    said = capsys.readouterr().err
    if code == 0:
        assert not said
        assert {"tables.md", "report.html"} <= folder_content(tmp_path).keys()
        assert (tmp_path / "tables.md").read_bytes() == (finished / "tables.md").read_bytes()
    else:
        assert code == 1
        assert said.count("\n") == 1
        assert str(path) in said
        assert said.rstrip().endswith(".")
        assert any(advice in said for advice in ("Restore it", "Run again", "--overwrite", "remove it"))
    needed = {"figures": {"results.json", "series.h5"}, "--resume": {"config.json"}}[command]
    assert (code != 0) == (name in needed)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_config_blames_the_option_that_named_it(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(DAMAGES[damage](json.dumps(RunConfig().as_json()).encode()))
    assert main(["--config", str(path), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"hthm: --config: {path}: must ")
    assert main(["--resume", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert str(path) in said
    assert "--config" not in said


@pytest.mark.parametrize("content", [b"", b"[]", b'{"trainings": 3}', b'{"trainings": [{"seed": 0}]}'])
def test_rows_that_are_none_are_said(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with claimed(tmp_path, AblationConfig()) as folder:
        (tmp_path / "ablation.json").write_bytes(content)
        with pytest.raises(ValueError, match=r"ablation\.json: must be a whole file that hthm wrote"):
            folder.rows("ablation.json", "trainings", ("seed", "steps"))
        assert folder.rows("missing.json", "trainings", ("seed",)) == []
    assert not capsys.readouterr().err


# ---- Whose run it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_config_json_says_whose_choices_it_holds(kind: type[GasChoices], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    written = kind().as_json()
    path.write_text(json.dumps(written))
    assert read_config(path, *KINDS) == kind()
    assert kind_of(written) == kind.kind
    del written["kind"]
    assert kind_of(written) == kind.kind  # files of version 0.1.0 do not say it
    path.write_text(json.dumps(written))
    assert type(read_config(path, *KINDS)) is kind


@pytest.mark.parametrize("kind", KINDS)
def test_choices_of_another_command_are_said_to_be_that(
    kind: type[GasChoices], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(kind().as_json()))
    for command, takes in (("tables", {"tables"}), ("compare", {"compare"}), ("", {"run", "improved"})):
        if kind.kind in takes:
            continue
        assert main([*filter(None, [command]), "--resume", "--out", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert str(tmp_path / "config.json") in said
        assert {"run": "hthm. ", "improved": "hthm --preset improved"}.get(kind.kind, f"hthm {kind.kind}") in said


def test_a_newer_versions_choices_are_said_to_be_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"kind": "a later kind", "n": 3}))
    assert main(["--config", str(path)]) == 2
    assert "another version's 'a later kind'" in capsys.readouterr().err
    path.write_text(json.dumps(RunConfig().as_json() | {"spin": 1}))
    assert main(["--config", str(path)]) == 2
    assert f"{path}: must be a configuration of hthm, and is not" in capsys.readouterr().err


def test_the_improved_preset_need_not_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[object] = []
    monkeypatch.setattr("hthm.run.carry_out", lambda _, options: seen.append(options.choices))
    config = EntropyConfig(n=60, diameter=0.03, updates=7)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config.as_json()))
    assert main(["--config", str(path)]) == 0
    assert main(["--resume", "--out", str(tmp_path)]) == 0
    assert main(["--preset", "improved", "--config", str(path)]) == 0
    assert seen == [config] * 3
    assert main(["--preset", "quick", "--config", str(path)]) == 2
    assert f"--preset: must be that of {path}" in capsys.readouterr().err
