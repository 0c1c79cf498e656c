"""Which part of a dataset a job simulates: the i-th of n."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hthm.recording.store.description import Description


@dataclass(frozen=True)
class Share:
    """The i-th of n parts, i from 1 to n, as ``--shard 3/10`` has it."""

    number: int
    count: int

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Return what ``i/n`` says.

        Raises
        ------
        ValueError
            If it is not that, or i is not from 1 to n.
        """
        numbers = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if numbers is None or not 1 <= int(numbers[1]) <= int(numbers[2]):
            raise ValueError(f"shard: must be i/n with i from 1 to n, such as 3/10, got {text!r}.")
        return cls(int(numbers[1]), int(numbers[2]))

    def of_shards(self, description: Description) -> slice:
        """Return which of a dataset's shards these are: n parts of equal size, up to one shard.

        Raises
        ------
        ValueError
            If there are fewer shards than parts.
        """
        shards = len(description.ranges())
        if self.count > shards:
            raise ValueError(
                f"shard: must be one of {shards} parts at most, for files hold {description.shard_runs} of the "
                f"{description.runs} runs each, got {self.number}/{self.count}. Take fewer parts, or more runs."
            )
        return slice((self.number - 1) * shards // self.count, self.number * shards // self.count)
