"""How a command ends: foreseen faults become a message and an exit code, signals an orderly end."""

import os
import signal
import sys
from collections.abc import Callable

from jaxmix import faults


class Deferred:
    """A context in which a first SIGINT or SIGTERM waits for the work in hand.

    While the context is entered and `armed`, the first signal is noted in `asked` and told to the user. A second one,
    or one while not armed, ends the work at once."""

    def __init__(self, tell: Callable[[str], None]):
        self.tell, self.armed = tell, False
        self.asked: int | None = None  # the signal's number

    def __enter__(self) -> "Deferred":
        self._previous = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, signum: int, frame: object) -> None:
        if self.asked is not None or not self.armed:
            raise KeyboardInterrupt if signum == signal.SIGINT else faults.Terminated
        self.asked = signum
        self.tell("finishing the chunk in hand; once more stops at once")


def _terminate(signum: int, frame: object) -> None:
    raise faults.Terminated


def guarded(work: Callable[[], int], command: str) -> int:
    """Run the body of a command; turn a Fault or an interruption into its message on stderr and its exit code."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return work()
    except faults.Fault as fault:
        print(f"{command}: {fault}", file=sys.stderr)
        return fault.exit_code
    except BrokenPipeError:
        # whoever read the output has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"{command}: interrupted; what was committed stays", file=sys.stderr)
        return 130
    except faults.Terminated:
        print(f"{command}: terminated; what was committed stays", file=sys.stderr)
        return 143
    finally:
        signal.signal(signal.SIGTERM, previous)
