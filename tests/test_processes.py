"""Life beside others in a process: forks, the OpenMP runtime of torch, several Python threads, limits, Ctrl-C.

Each program runs in a process of its own with a time limit, so that what hangs fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TIMEOUT = 120  # seconds after which a program counts as hanging; all of them take a few

PREAMBLE = """
import hashlib, multiprocessing, os, signal, sys, threading, time
import numpy as np
import hthm

def bits(threads=2, seed=3):
    state = hthm.DiskGas(n=200, diameter=0.02).sample(runs=6, seed=seed)
    traj = hthm.simulate(state, frames=20, threads=threads)
    H = hthm.speed_h(traj, threads=threads)
    return hashlib.sha256(traj.velocities.tobytes() + H.tobytes()).hexdigest()
"""


def run(program: str, folder: Path, *, first: str = "") -> str:
    """Run `first`, the preamble and a program, and return what it prints."""
    script = folder / "program.py"
    script.write_text(first + PREAMBLE + textwrap.dedent(program), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # what hangs is ended with its children
    ) as process:
        try:
            output, errors = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, errors = process.communicate()
            pytest.fail(f"hung for {TIMEOUT} s; it had printed:\n{errors}")
    assert process.returncode == 0, errors
    return output


# ---- Fork -----------------------------------------------------------------------------------------------------------


def test_forked_children_simulate_after_their_parent_did(tmp_path: Path) -> None:
    run(
        """
        expected = bits()
        for _ in range(3):
            child = os.fork()
            if child == 0:
                os._exit(0 if bits() == expected else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert bits() == expected  # and the parent goes on
        """,
        tmp_path,
    )


def test_forked_pool_simulates_after_its_parent_did(tmp_path: Path) -> None:
    run(
        """
        expected = bits()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(bits, [1, 2, 4, 7]) == [expected] * 4
        assert bits() == expected
        """,
        tmp_path,
    )


def test_grandchildren_simulate(tmp_path: Path) -> None:
    run(
        """
        expected = bits()
        child = os.fork()
        if child == 0:
            assert bits() == expected
            grandchild = os.fork()
            if grandchild == 0:
                os._exit(0 if bits() == expected else 1)
            os._exit(0 if os.waitpid(grandchild, 0)[1] == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0
        """,
        tmp_path,
    )


def test_fork_while_another_thread_simulates(tmp_path: Path) -> None:
    run(
        """
        expected = bits()
        stop = threading.Event()
        def keep_busy():
            while not stop.is_set():
                assert bits() == expected
        busy = threading.Thread(target=keep_busy)
        busy.start()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                os._exit(0 if bits() == expected else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        busy.join()
        """,
        tmp_path,
    )


def test_torch_data_loader_workers_simulate(tmp_path: Path) -> None:
    run(
        """
        import torch.utils.data

        class Bits(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, k):
                return bits()

        expected = bits()
        loader = torch.utils.data.DataLoader(Bits(), batch_size=1, num_workers=2, multiprocessing_context="fork")
        assert [batch[0] for batch in loader] == [expected] * 4
        """,
        tmp_path,
    )


# ---- Others in the process ------------------------------------------------------------------------------------------


def test_torch_may_be_imported_before_or_after(tmp_path: Path) -> None:
    torch_works = """
        import torch
        torch.set_num_threads(2)
        product = torch.ones(300, 300) @ torch.ones(300, 300)
        assert float(product.sum()) == 300**3
        print(bits())
        assert float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()) == 300**3
        print(bits())
    """
    alone = run("print(bits())", tmp_path).split()
    before = run(torch_works, tmp_path, first="import torch\n").split()
    after = run("print(bits())\n" + textwrap.dedent(torch_works), tmp_path).split()
    assert set(alone + before + after) == set(alone)


def test_flush_to_zero_of_the_process_changes_no_bit(tmp_path: Path) -> None:
    run(
        """
        import torch

        # Velocities below the smallest normal number: flushed, no disk would move or collide.
        state = hthm.DiskGas(n=50, diameter=0.1).sample(runs=4, seed=1)
        slow = hthm.State(state.positions * 2.0**-300, state.velocities * 2.0**-1022,
                          diameter=0.1 * 2.0**-300, box=2.0**-300, speed=1.0)
        slow.velocities[:, 0] = 2.0**-310  # a step in which nothing at all moves is refused

        def tiny():
            return hthm.simulate(slow, frames=5, dt=0.5, threads=2, positions=True)

        before = tiny()
        assert before.collisions.sum() > 0
        assert torch.set_flush_denormal(True)
        after = tiny()
        assert float(torch.tensor(2.0**-140) / 4) == 0.0  # torch's own setting is left as it was
        assert before.velocities.tobytes() == after.velocities.tobytes()
        assert before.positions.tobytes() == after.positions.tobytes()
        """,
        tmp_path,
    )


def test_several_python_threads_simulate_at_once(tmp_path: Path) -> None:
    run(
        """
        from concurrent.futures import ThreadPoolExecutor
        expected = [bits(seed=seed) for seed in range(4)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda k: bits(threads=k % 3 + 1, seed=k % 4), range(40)))
        assert found == [expected[k % 4] for k in range(40)]
        """,
        tmp_path,
    )


def test_where_the_system_has_no_thread_to_give_the_caller_works_alone(tmp_path: Path) -> None:
    """The bits are the same, and the process lives on. Root has no limit on processes: nobody has."""
    run(
        """
        import resource
        expected = bits(threads=1)
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            pass
        else:
            raise SystemExit("the limit is not in force: this tests nothing")
        assert bits(threads=4) == expected
        resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
        time.sleep(1.1)
        assert bits(threads=4) == expected
        """,
        tmp_path,
    )


# ---- Ctrl-C ---------------------------------------------------------------------------------------------------------

LONG_RUN = """

state = hthm.DiskGas().sample(runs={runs}, seed=1)  # the paper's size, long enough to be interrupted
began = threading.Event()
pressed = 0.0

def press():
    global pressed
    began.wait()
    time.sleep(0.3)
    pressed = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
try:
    hthm.simulate(state, frames=100_000_000 // len(state), record="counts", threads=2,
                  progress=lambda done, total: began.set())
except KeyboardInterrupt:
    waited = time.monotonic() - pressed
else:
    raise SystemExit("was not interrupted")

print(f"{{waited:.3f}} s from Ctrl-C to its exception", file=sys.stderr)
"""


@pytest.mark.parametrize("runs", [1, 500])
def test_ctrl_c_ends_a_simulation_soon_and_the_next_call_works(tmp_path: Path, runs: int) -> None:
    # Whoever waits for a piece of work waits for PIECE = 0.1 s or two; 30 s are far from that and from the hours of
    # the whole. The program's own account of it is in the message.
    run(
        LONG_RUN.format(runs=runs)
        + textwrap.dedent(
            """
            assert waited < 30, waited
            assert len(bits()) == 64
            """
        ),
        tmp_path,
    )


def test_ctrl_c_ends_a_frame_of_the_exact_engine(tmp_path: Path) -> None:
    run(
        """
        state = hthm.DiskGas().sample(runs=3, seed=1, overlaps="reject")
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            hthm.simulate(state, 1, 1e9, engine="event", record="counts")  # a frame of years
        except KeyboardInterrupt:
            assert len(bits()) == 64
        else:
            raise SystemExit("was not interrupted")
        """,
        tmp_path,
    )


def test_no_thread_computes_after_ctrl_c(tmp_path: Path) -> None:
    run(
        LONG_RUN.format(runs=2)
        + textwrap.dedent(
            """
            time.sleep(0.5)  # threads may look round for work for a moment
            before = time.process_time()
            time.sleep(1)
            spent = time.process_time() - before
            assert spent < 0.2, f"{spent} s of processor time in a second of rest"
            """
        ),
        tmp_path,
    )
