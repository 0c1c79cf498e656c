"""A program ends with its own exit code, and without a word, whatever a daemon thread of it computes at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

EXIT_CODE = 3
PROGRAM = """
import sys, threading, time
import numpy as np
import hthm
{prepared}
begun = threading.Event()

def work():
    while True:
        {work}
        begun.set()

threading.Thread(target=work, daemon=True).start()
assert begun.wait(60)
time.sleep({rest})
sys.exit({code})
"""
GAS = "gas = hthm.DiskGas(n=1000, diameter={diameter}); state = gas.sample(runs=4, seed=1, overlaps='reject')"
NETWORK = """
from hthm.deepsets import evaluate, new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.recipes import ArrowConfig, TrainConfig, entropic
from hthm.train import train
velocities = np.random.default_rng(0).normal(size=(4, 100, 200, 2))
"""
TASKS = {
    "fixed step": (GAS.format(diameter=0.006), "hthm.simulate(state, frames=90, record='counts', threads=2)"),
    "exact": (GAS.format(diameter=0.006), "hthm.simulate(state, frames=90, engine='event', threads=2)"),
    "overlaps": (GAS.format(diameter=0.006), "state.overlaps()"),
    "reject": (GAS.format(diameter=0.024), "gas.sample(runs=3, seed=1, overlaps='reject')"),
    "H": (
        "velocities = np.random.default_rng(0).normal(size=(50, 20, 1000, 2))",
        "hthm.speed_h(velocities, speed=4.0, threads=2)",
    ),
    "train, fused": (NETWORK, "train(new_model(16, 0), velocities, TrainConfig(epochs=1, batch=64))"),
    "train, torch": (NETWORK, "train(new_model(16, 0), velocities, TrainConfig(epochs=1, batch=64, backend='torch'))"),
    "arrow": (
        NETWORK,
        "train_arrow(new_model(16, 0, entropic(1.0)), velocities, ArrowConfig(steps='frames', updates=4, looks=1))",
    ),
    "evaluate": (NETWORK, "evaluate(new_model(16, 0), velocities)"),
    "networks made and dropped": (NETWORK, "new_model(16, 0)"),
    "torch alone": (NETWORK + "import torch\n", "torch.ones(100_000).sum()"),
}


def check_exit(program: str) -> None:
    """Run a program in a process of its own, with a time limit: what hangs fails."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (EXIT_CODE, ""), program


@pytest.mark.parametrize("rest", [0.0, 0.05])
@pytest.mark.parametrize("task", TASKS)
def test_a_daemon_thread_at_work_changes_no_exit_code(task: str, rest: float) -> None:
    prepared, work = TASKS[task]
    check_exit(PROGRAM.format(prepared=prepared, work=work, rest=rest, code=EXIT_CODE))


def test_the_end_does_not_wait_for_ever_for_a_callback() -> None:
    prepared = f"{NETWORK}\ndef stay(done, total):\n    begun.set()\n    time.sleep(1000)\n"
    work = "train(new_model(16, 0), velocities, TrainConfig(epochs=1, batch=64), progress=stay)"
    check_exit(PROGRAM.format(prepared=prepared, work=work, rest=0.0, code=EXIT_CODE))


@pytest.mark.skipif(sys.platform != "linux", reason="calls std::terminate by the name that it has in libstdc++")
def test_what_terminates_a_process_before_its_end_still_does() -> None:
    program = "import ctypes; import hthm._core; ctypes.CDLL('libstdc++.so.6')._ZSt9terminatev()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGABRT, "terminate called without an active exception\n")


@pytest.mark.skipif(sys.platform != "linux", reason="calls std::terminate by the name that it has in libstdc++")
def test_what_terminates_the_last_thread_ends_the_process_and_puts_nobody_to_sleep() -> None:
    """As the destructor of a library's own thread does that nobody has joined, when Python is gone already."""
    program = """
import ctypes, hthm._core
terminate = ctypes.cast(ctypes.CDLL("libstdc++.so.6")._ZSt9terminatev, ctypes.c_void_p)
ctypes.CDLL("libc.so.6").on_exit(terminate, None)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGABRT, "terminate called without an active exception\n")
