"""`jaxmix constraints`: what is on the shelf."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import answers, entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """List every constraint with its settings, or all of one; the exit code."""
    return entry.run(_parser, argv, "jaxmix.constraints.__main__:show")


def show(arguments: argparse.Namespace) -> int:
    """Print one object a constraint, or all of the one named; the exit code."""
    from jaxmix.config import listing

    if arguments.name is None:
        answers.show(listing.documents(), False, arguments.json)
    else:
        answers.show([listing.details(arguments.name)], True, arguments.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jaxmix constraints", description="List the constraints, or tell all of one.")
    parser.add_argument("name", nargs="?", help="a constraint, of which all settings are told")
    flags.add_tables(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
