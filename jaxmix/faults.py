"""The ways in which a command ends other than well, each with its exit code.

0 done, 1 internal fault, 2 bad input, 3 too many numerical failures, 4 an existing result in the way, 5 cannot write,
130 and 143 interrupted.
"""

import os
import signal
import sys
from collections.abc import Callable


class Fault(Exception):
    """A foreseen end of a command: its text is for the user, its exit_code for the shell."""

    exit_code = 1


class BadInput(Fault):
    """An argument or a config outside what is allowed; nothing was written."""

    exit_code = 2


class DamagedData(BadInput, ValueError):
    """A table of the package that is missing, altered or not what it should be; a ValueError for who reads it from Python."""


class NumericalFailures(Fault):
    """More points failed numerically than a result may hold."""

    exit_code = 3


class ExistingResult(Fault):
    """Something that must not be overwritten, or another process, is in the way."""

    exit_code = 4


class CannotWrite(Fault):
    """The disk, or a folder's permissions, refused."""

    exit_code = 5


class Terminated(BaseException):
    """SIGTERM, raised where the program stands so that open files are closed and temporary ones removed."""


class Interrupted(Fault):
    """SIGINT or SIGTERM, answered where everything that was begun is finished; exit code 130 or 143."""

    def __init__(self, signum: int, text: str):
        super().__init__(text)
        self.exit_code = 128 + signum


class Deferred:
    """While it is entered and `armed`, a first SIGINT or SIGTERM is noted in `asked` and told; a second one, or one while not armed, ends the
    work at once."""

    def __init__(self, tell: Callable[[str], None]):
        self.tell, self.asked, self.armed = tell, None, False

    def __enter__(self) -> "Deferred":
        self._previous = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, signum: int, frame: object) -> None:
        if self.asked is not None or not self.armed:
            raise KeyboardInterrupt if signum == signal.SIGINT else Terminated
        self.asked = signum
        self.tell("finishing the chunk in hand; once more stops at once")


def _terminate(signum: int, frame: object) -> None:
    raise Terminated


def guarded(work: Callable[[], int], command: str) -> int:
    """Run the body of a command and turn a Fault or an interruption into its message on stderr and its exit code."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return work()
    except Fault as fault:
        print(f"{command}: {fault}", file=sys.stderr)
        return fault.exit_code
    except BrokenPipeError:
        # whoever read the output has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"{command}: interrupted; what was committed stays", file=sys.stderr)
        return 130
    except Terminated:
        print(f"{command}: terminated; what was committed stays", file=sys.stderr)
        return 143
    finally:
        signal.signal(signal.SIGTERM, previous)
