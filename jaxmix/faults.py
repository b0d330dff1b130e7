"""The foreseen ends of a command other than success, each with its exit code.

0 done, 1 internal fault, 2 bad input, 3 too many numerical failures, 4 an existing result in the way, 5 cannot write,
130 and 143 interrupted.
"""

import difflib
from collections.abc import Iterable


class Fault(Exception):
    """A foreseen end of a command: its text is for the user, its exit_code for the shell."""

    exit_code = 1


class BadInput(Fault):
    """An argument or a config is outside what is allowed; nothing was written."""

    exit_code = 2


class DamagedData(BadInput, ValueError):
    """A table is missing, altered or not in its format; nothing was written. Python code may catch it as ValueError."""


class NumericalFailures(Fault):
    """More points failed numerically than a result may hold."""

    exit_code = 3


class ExistingResult(Fault):
    """A result that must not be overwritten, or another process, is in the way."""

    exit_code = 4


class CannotWrite(Fault):
    """The disk, or a folder's permissions, refused to write."""

    exit_code = 5


class Terminated(BaseException):
    """SIGTERM, raised where the program stands so that open files are closed and temporary ones removed."""


class Interrupted(Fault):
    """SIGINT or SIGTERM ended the work after every chunk that was begun was finished; exit code 130 or 143."""

    def __init__(self, signum: int, text: str):
        super().__init__(text)
        self.exit_code = 128 + signum


def nearest_name(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Find the known name that is most like a word.

    Parameters
    ----------
    word
        What was given.
    known
        The names that are allowed.
    cutoff
        Least similarity, from 0 to 1, of difflib.get_close_matches.

    Returns
    -------
    str or None
        None if no name is similar enough.
    """
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message that offers the nearest name, empty if none is similar."""
    nearest = nearest_name(word, known)
    return "" if nearest is None else f"; did you mean {nearest!r}?"
