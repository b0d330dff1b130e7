"""`jaxmix NAME ...` and `python -m jaxmix NAME ...`: the same as `python -m jaxmix.NAME ...`."""

import importlib
import sys
from collections.abc import Sequence

import jaxmix
from jaxmix import faults

COMMANDS = {
    "scan": ("jaxmix.scan.__main__", "evaluate a study on its grid, trace and draw its contours"),
    "merge": ("jaxmix.merge", "join the shards of a scan"),
    "point": ("jaxmix.point.__main__", "everything about one parameter point"),
    "limit": ("jaxmix.limit.__main__", "the limit of one constraint, and how it moves"),
    "counting": ("jaxmix.counting.__main__", "CLs and upper limits of any counting experiment"),
    "design": ("jaxmix.design.__main__", "the detector of the largest reach that a budget allows"),
    "constraints": ("jaxmix.constraints.__main__", "list the constraints"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named first with the arguments after it; its exit code (2 for a name that is no command)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in COMMANDS:
        return importlib.import_module(COMMANDS[arguments[0]][0]).main(arguments[1:])
    if arguments and arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0
    if arguments and arguments[0] == "--version":
        print(f"jaxmix {jaxmix.__version__}")
        return 0
    print(f"{_complaint(arguments)}\n{_usage()}", file=sys.stderr)
    return 2


def _usage() -> str:
    lines = [f"  {name:<12} {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(["usage: jaxmix COMMAND [arguments]", "", "commands (each answers --help):", *lines])


def _complaint(arguments: Sequence[str]) -> str:
    if not arguments:
        return "jaxmix: a command is required"
    return f"jaxmix: {arguments[0][:60]!r} is no command" + faults.did_you_mean(arguments[0], COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
