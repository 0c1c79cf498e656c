"""The error of a training whose numbers have ceased to be finite."""

from __future__ import annotations


class TrainingDivergedError(ArithmeticError):
    """A loss, or a weight, is not a finite number. The model holds the weights of the last finished epoch.

    Attributes
    ----------
    epoch, step : int
        Where it happened, both counted from 0.
    """

    def __init__(self, message: str, epoch: int, step: int) -> None:
        super().__init__(message, epoch, step)  # all three, so that a process hands the error on to another
        self.epoch = epoch
        self.step = step

    def __str__(self) -> str:
        return str(self.args[0])
