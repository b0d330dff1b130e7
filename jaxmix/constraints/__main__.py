"""`jaxmix constraints`: what is on the shelf."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import answers, entry


def main(argv: Sequence[str] | None = None) -> int:
    """List every constraint with reference, confidence level, kind, domain and settings; the exit code."""
    return entry.run(_parser, argv, "jaxmix.constraints.__main__:show")


def show(arguments: argparse.Namespace) -> int:
    """Print one object a constraint; the exit code."""
    from jaxmix.config import listing

    answers.show(listing.documents(), False, arguments.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jaxmix constraints", description="List the constraints.")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
