"""The batch script on the page of many machines does what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import hthm
from hthm.run import main

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "scaling.md").read_text(encoding="utf-8")
LARGE = "--n 100000 --box 10 --runs 1000000"
SMALL = "--n 50 --runs 6 --frames 10"


def test_the_batch_script_makes_parts_that_can_be_joined(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert LARGE in script
    assert int(script.partition("--array=1-")[2].partition("%")[0]) == int(script.partition("PARTS=")[2].split()[0])
    script = script.replace(LARGE, SMALL).replace("PARTS=1000", "PARTS=3").replace("srun .venv/bin/hthm", "$HTHM")
    for part in (3, 1, 2, 1):  # once more does nothing
        environment = os.environ | {
            "HTHM": f"{sys.executable} -m hthm",
            "SLURM_CPUS_PER_TASK": "2",
            "SLURM_ARRAY_TASK_ID": f"{part}",
        }
        subprocess.run(["/bin/bash", "-eu", "-c", script], cwd=tmp_path, env=environment, timeout=120, check=True)
    assert main(["merge", str(tmp_path / "kept"), *map(str, sorted((tmp_path / "parts").iterdir()))]) == 0
    assert main(["simulate", *SMALL.split(), "--seed", "1", "--store", str(tmp_path / "once")]) == 0
    joined, once = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("kept", "once"))
    assert joined == once
    assert hthm.open(tmp_path / "kept").runs == 6
