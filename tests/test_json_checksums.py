"""Files of JSON that people can read have a checksum too: a changed bit is noticed, or changes nothing that is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hthm.choices.entropy import AblationConfig
from hthm.learning.history import Epoch, read_history
from hthm.pages.results import ResultsFolder, claimed
from hthm.pages.stored import DamagedFileError, read_json

EPOCH = Epoch(epoch=0, loss=-0.1, loss0=-0.2, mean_change=0.3, negative_slope=1.0, seconds=2.0)
CONTENT = {"rows": [{"loss": -0.1, "seed": 3}, {"loss": 1e-17, "seed": None}], "text": 'ä "quoted" \udcff', "n": 1000}


def flipped(content: bytes) -> Iterator[bytes]:
    """Yield a copy for every bit of a content."""
    for place, byte in enumerate(content):
        for bit in range(8):
            yield content[:place] + bytes([byte ^ (1 << bit)]) + content[place + 1 :]


def refusal(read: Callable[[], object]) -> str | None:
    """Return what is said against a file; None where it is read."""
    try:
        read()
    except ValueError as error:  # DamagedFileError is one
        return str(error)
    return None


def test_a_changed_bit_of_a_json_file_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    """Whatever is read is what was written: a spoilt name of the checksum, or 1E-17 for 1e-17, leaves it as it was."""
    folder, path = ResultsFolder(tmp_path), tmp_path / "results.json"
    folder.write_json("results.json", CONTENT)
    assert read_json(path) == CONTENT
    refused = 0
    for content in flipped(path.read_bytes()):
        path.write_bytes(content)
        said = refusal(lambda: read_json(path, "rows"))
        if said is None:
            assert {name: read_json(path)[name] for name in CONTENT} == CONTENT, content
        else:
            refused += 1
            assert said.startswith(f"{path}: must be a whole file that hthm wrote")
            assert "\n" not in said
    assert refused > 0.9 * 8 * (len(content) - 40)  # all but the name of the checksum


def test_a_json_file_may_be_laid_out_anew_and_may_have_no_checksum(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    ResultsFolder(tmp_path).write_json("results.json", CONTENT)
    written = json.loads(path.read_bytes())
    assert list(written) == [*CONTENT, "checksum"]
    for text in (json.dumps(written), json.dumps(written, indent=7, sort_keys=True), json.dumps(CONTENT)):
        path.write_text(text)
        assert read_json(path) == CONTENT
    path.write_text(json.dumps(written | {"n": 999}))
    with pytest.raises(DamagedFileError, match="its checksum is not that of its content, which was changed"):
        read_json(path)


def test_a_changed_bit_of_a_history_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path, epochs = tmp_path / "history.jsonl", [EPOCH, replace(EPOCH, epoch=1, loss=-0.123456789012345)]
    whole = "".join(epoch.line() for epoch in epochs).encode()
    for content in flipped(whole):
        path.write_bytes(content)
        said = refusal(lambda: read_history(path))
        if said is None:
            assert read_history(path).epochs in (epochs, epochs[:1])  # the last line has lost its end, as after a kill
        else:
            assert said.startswith(f"{path}: line ")
            assert "\n" not in said


def test_a_history_of_an_older_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(asdict(EPOCH)) + "\n")
    assert read_history(path).epochs == [EPOCH]


def test_config_json_has_no_checksum_and_rows_of_other_choices_are_refused(tmp_path: Path) -> None:
    """A person may edit it; what was made before with other choices does not pass for theirs."""
    config = AblationConfig(updates=7)
    with claimed(tmp_path, config) as folder:
        assert "checksum" not in json.loads((tmp_path / "config.json").read_bytes())
        folder.write_json("ablation.json", {"trainings": [{"seed": 0}], "config": config.as_json()})
    for later in (config, replace(config, trainings=9, threads=3)):
        assert ResultsFolder(tmp_path).rows("ablation.json", "trainings", ("seed",), later) == [{"seed": 0}]
    with pytest.raises(DamagedFileError, match=r"ablation\.json: must .* differs in seed, updates\. Restore config"):
        ResultsFolder(tmp_path).rows("ablation.json", "trainings", ("seed",), replace(config, updates=8, seed=5))
