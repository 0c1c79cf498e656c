"""Ctrl-C reaches work of every kind that would go on for long: a frame, a start, H, the making of frames.

Each program does one piece of work of minutes, in a process of its own, and is interrupted after a second.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

LONGEST = 10.0
"""Seconds from Ctrl-C to its exception: 0.1 on an idle machine; far from the minutes of the work on any."""

PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import hthm
from hthm import _core

def line(n, size):  # along y, all of them one above the other; at speeds that bring them back to where they were
    positions = np.full((1, n, 2), 0.25)
    positions[0, :, 1] += size * np.random.default_rng(1).random(n)
    return hthm.State(positions, np.ones_like(positions), diameter=1e-9, box=1.0)

def crowd(n):  # all of them in a cell or its neighbours
    positions = 0.25 + 2e-4 * np.random.default_rng(1).random((1, n, 2))
    return hthm.State(positions, np.ones_like(positions), diameter=1e-9, box=1.0)

{prepare}

pressed = 0.0

def press():
    global pressed
    time.sleep(1)
    pressed = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
try:
    {work}
except KeyboardInterrupt:
    print(time.monotonic() - pressed)
else:
    raise SystemExit("was not interrupted")
"""

FRAMES = {
    "all_pairs": "crowd(900_000)",
    "cell_list": "crowd(900_000)",
    "sorted_cells": "crowd(900_000)",
    "neighbor_list": "crowd(900_000)",
    "sweep_and_prune": "line(900_000, 0.5)",
}

MANY = "velocities = np.random.default_rng(1).random((200_000, 1, 2))"

WORK = {
    "lattice_state": ("gas = hthm.DiskGas(n=50_000, diameter=1e-4)", "gas.lattice_state(runs=3000)"),
    "overlaps": ("state = crowd(900_000)", "state.overlaps()"),
    "placement": (
        "candidates, placed = crowd(900_000).positions[0], np.zeros((900_000, 2))",
        "_core.place_disks(candidates, placed, 0, 1.0, 1e-9)",
    ),
    "a start of the exact engine": ("state = crowd(900_000)", "hthm.simulate(state, 1, engine='event')"),
    "a frame in 237 bits": (
        "state = hthm.DiskGas(n=2000, diameter=0.01).sample(1, seed=0, overlaps='reject')",
        "hthm.simulate(state, 1, 1000.0, engine='event', precision='extended')",
    ),
    "speed_h": (MANY, "_core.speed_h(velocities, np.linspace(0, 2, 1_000_001), None, 2)"),
    "velocity_h": (MANY, "hthm.velocity_h(velocities, bins=1000, threads=1)"),
    "evaluation": (
        "from hthm.deepsets import evaluate, new_model; velocities = np.ones((1, 400, 20_000, 2))",
        "evaluate(new_model(512, 0), velocities)",
    ),
    "H of a log": (
        """
        offsets, frames = np.arange(100_001).reshape(1, -1), 100_000
        log = (np.ones((1, 1_000_000, 2)), offsets, np.zeros((frames, 2), dtype=np.int32), np.ones((frames, 2, 2)))
        """,
        "_core.log_velocity_h(*log, None, 50, 4.0, None, 1)",
    ),
}


def interrupt(folder: Path, prepare: str, work: str) -> None:
    script = folder / "program.py"
    script.write_text(PROGRAM.format(prepare=textwrap.dedent(prepare), work=work), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < LONGEST


@pytest.mark.parametrize("engine", FRAMES)
def test_ctrl_c_ends_a_frame_of_every_fixed_step_engine(tmp_path: Path, engine: str) -> None:
    interrupt(
        tmp_path,
        f"state = {FRAMES[engine]}",
        f"hthm.simulate(state, 1, 1.0, engine={engine!r}, record='counts')",
    )


@pytest.mark.parametrize("name", WORK)
def test_ctrl_c_ends_work_in_the_core(tmp_path: Path, name: str) -> None:
    interrupt(tmp_path, *WORK[name])
