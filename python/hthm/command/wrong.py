"""What is wrong, in one line: with the arguments, or with anything else."""

from __future__ import annotations

import os


class UsageError(Exception):
    """Arguments that cannot be; the message says which, and what they must be."""


def wrong_option(error: Exception) -> UsageError:
    """The same message with the option's name in place of the argument's."""
    name, colon, rest = str(error).partition(":")
    return UsageError(f"--{name.replace('_', '-')}{colon}{rest}")


def said(error: BaseException) -> str:
    """One line on an error, with the path of whatever file it is about."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror or type(error).__name__}: {os.fsdecode(error.filename)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())
    if isinstance(error, KeyError | IndexError | AttributeError | RecursionError):  # they say what, and not what of
        return f"{type(error).__name__}: {text}. This is a fault of hthm; --debug shows where."
    return text or type(error).__name__
