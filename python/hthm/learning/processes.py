"""One training in several processes: each computes its share of every batch, and what they find is added up.

They find each other by torch.distributed, which ``torchrun`` sets up for a command and
``torch.distributed.init_process_group`` for a program of one's own. In a program without, nothing here does anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import distributed

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.frame_pairs import BatchLoss

_PATIENCE: Final = timedelta(seconds=10)
"""How long a process that stops waits to tell the others why."""
_MESSAGE: Final = 2**14
"""Bytes of what each of them says of itself."""
_STOPPED: Final = 0
"""Where in the numbers that are added up stands how many have stopped."""


class OtherProcessError(RuntimeError):
    """Another process of this training has stopped, so that this one cannot go on; the message says which and why."""


class Processes:
    """All processes of one training, as one of them sees them.

    Parameters
    ----------
    rank, count : int
        The number of this one, from 0, and how many there are. The first alone writes files and reports.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count
        self._device = torch.device("cpu")
        self._size = 0  # of the numbers that are added up; 0 until all have agreed
        self._over = count == 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and reports."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """Return the name of this process's own device: of the GPUs of a machine, ``torchrun`` gives each one."""
        if self.count > 1 and name == "cuda":
            return f"cuda:{os.environ.get('LOCAL_RANK', self.rank)}"
        return name

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell the others where the block ends with an error, so that they end too, and wait for theirs at its end.

        Raises
        ------
        OtherProcessError
            If another one has stopped.
        """
        try:
            yield
            if self._size and not self._over:
                self.add(torch.zeros(self._size, dtype=torch.float64, device=self._device))
                self._over = True
        except OtherProcessError:
            self._over = True
            raise
        except BaseException as error:
            if not self._over:
                self._over = True
                self._give_up(error)
            raise

    def agree(self, facts: Mapping[str, Any], device: torch.device, size: int) -> None:
        """Wait until all are ready for the same training.

        Parameters
        ----------
        facts : mapping
            What must be the same for all, of whatever JSON can hold.
        device : torch.device
            On which `size` numbers will be added up.

        Raises
        ------
        OtherProcessError
            If another one has stopped.
        ValueError
            If they were given different trainings.
        """
        self._device = device
        said = self._gathered({"facts": dict(facts)})
        self._raise_others(said)
        for rank, other in enumerate(said):
            names = sorted({name for name in facts if other["facts"].get(name) != said[0]["facts"].get(name)})
            if names:
                self._over = True  # all of them find the same
                raise ValueError(
                    f"{', '.join(names)}: must be the same in all processes of a training, and differs between those "
                    f"numbered 0 and {rank}. Give all of them the same model, velocities and configuration."
                )
        self._size = size

    def add(self, numbers: torch.Tensor) -> torch.Tensor:
        """Replace numbers, (size,) float64, by their sum over all processes, and return them.

        Raises
        ------
        OtherProcessError
            If another one has stopped.
        """
        with _lost():
            distributed.all_reduce(numbers)
            stopped = numbers[_STOPPED].item()
        if stopped:
            self._raise_others(self._gathered({}))
        return numbers

    def from_first(self, content: bytes | None) -> bytes | None:
        """Return what the first process has."""
        if self.count == 1:
            return content
        with _lost():
            length = torch.tensor(-1 if content is None else len(content), dtype=torch.int64, device=self._device)
            distributed.broadcast(length, 0)
            if length < 0:
                return None
            sent = torch.zeros(int(length), dtype=torch.uint8)
            if self.is_first and content:
                sent = torch.frombuffer(bytearray(content), dtype=torch.uint8)
            sent = sent.to(self._device)
            distributed.broadcast(sent, 0)
        return sent.cpu().numpy().tobytes()

    def _gathered(self, mine: Mapping[str, Any], patience: timedelta | None = None) -> list[dict[str, Any]]:
        """What each process says of itself."""
        text = json.dumps(mine).encode()[:_MESSAGE]
        sent = torch.zeros(_MESSAGE, dtype=torch.uint8)
        sent[: len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        sent = sent.to(self._device)
        received = [torch.zeros_like(sent) for _ in range(self.count)]
        with _lost():
            work = distributed.all_gather(received, sent, async_op=True)
            work.wait() if patience is None else work.wait(patience)
        return [json.loads(one.cpu().numpy().tobytes().rstrip(b"\0")) for one in received]

    def _raise_others(self, said: list[dict[str, Any]]) -> None:
        stopped = [(rank, one["stopped"]) for rank, one in enumerate(said) if "stopped" in one]
        if stopped:
            self._over = True
            rank, why = stopped[0]
            raise OtherProcessError(f"Process {rank + 1} of the {self.count} of this training stopped: {why}")

    def _give_up(self, error: BaseException) -> None:
        """Take part in what the others wait for, once, to say that this one has stopped."""
        why = " ".join(str(error).split())[: _MESSAGE // 8]
        mine = {"stopped": "Ctrl-C" if isinstance(error, KeyboardInterrupt) else why or type(error).__name__}
        try:
            with _lost():
                if self._size:
                    numbers = torch.zeros(self._size, dtype=torch.float64, device=self._device)
                    numbers[_STOPPED] = 1
                    distributed.all_reduce(numbers, async_op=True).wait(_PATIENCE)
            self._gathered(mine, _PATIENCE)
        except (OtherProcessError, KeyboardInterrupt):
            return  # they have gone already; what went wrong here is to be told


class SharedBatchLoss:
    """The loss of a batch of which every process computes a share; see `hthm.learning.frame_pairs.BatchLoss`.

    Loss, Δh and gradients are the same numbers in all processes, and those of one process to rounding: they are added
    in float64, each with its share of the pairs.

    Parameters
    ----------
    own : BatchLoss
        Of this process, whose gradients nothing else adds to.
    model : nn.Module
        The one that the loss is of.
    batch : int
        Pairs a batch.
    processes : Processes
        That have not agreed yet.
    facts : mapping
        What they must agree on.
    """

    def __init__(
        self, own: BatchLoss, model: nn.Module, batch: int, processes: Processes, facts: Mapping[str, Any]
    ) -> None:
        self.pairs = own.pairs
        self._own, self._processes = own, processes
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._device = self._parameters[0].device
        flags = len(self._parameters)
        self._change = slice(2 + flags, 2 + flags + batch)  # after how many stopped, who has a gradient, and the loss
        self._size = self._change.stop + sum(parameter.numel() for parameter in self._parameters)
        weights = hashlib.sha256(
            repr([(name, one.shape, one.dtype) for name, one in model.state_dict().items()]).encode()
        )
        processes.agree({**facts, "model": weights.hexdigest()}, self._device, self._size)
        with _lost():
            for tensor in model.state_dict().values():
                distributed.broadcast(tensor.detach(), 0)

    def __call__(
        self, pairs: torch.Tensor, *, negative_slope: float, penalty: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and Δh of all pairs, both in float64, and put the gradient of all in the model."""
        numbers = torch.zeros(self._size, dtype=torch.float64, device=self._device)
        count, rank = self._processes.count, self._processes.rank
        first, end = rank * len(pairs) // count, (rank + 1) * len(pairs) // count
        if first < end:
            loss, change = self._own(pairs[first:end], negative_slope=negative_slope, penalty=penalty)
            share = (end - first) / len(pairs)
            numbers[self._change.start - 1] = loss.detach().double() * share
            numbers[self._change][first:end] = change.detach()
            for k, (parameter, place) in enumerate(self._places()):
                if parameter.grad is not None:
                    numbers[1 + k] = 1
                    numbers[place] = parameter.grad.reshape(-1)
                    numbers[place] *= share
        self._processes.add(numbers)
        has_gradient = numbers[1 : self._change.start - 1].tolist()
        for (parameter, place), has in zip(self._places(), has_gradient, strict=True):
            parameter.grad = numbers[place].to(parameter.dtype).view_as(parameter) if has else None
        return numbers[self._change.start - 1], numbers[self._change][: len(pairs)]

    def _places(self) -> Iterator[tuple[nn.Parameter, slice]]:
        """Every weight, and where among the numbers its gradient stands."""
        at = self._change.stop
        for parameter in self._parameters:
            yield parameter, slice(at, at + parameter.numel())
            at += parameter.numel()


def processes_of_group() -> Processes:
    """Return those of torch.distributed, for a training; this one alone where a program has set up none."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return Processes()
    return Processes(distributed.get_rank(), distributed.get_world_size())


@contextmanager
def _lost() -> Iterator[None]:
    """Say in words that the others do not answer."""
    try:
        yield
    except RuntimeError as error:
        raise OtherProcessError(
            f"Another process of this training has ended, or does not answer ({' '.join(str(error).split())[:200]}). "
            "The training goes on from its checkpoint when all are started again."
        ) from error
