"""`jaxmix design`: the detector of the largest reach that a budget allows, found by gradient."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """Improve a detector's design within a budget; the exit code."""
    return entry.run(_parser, argv, "jaxmix.design.search:run")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix design", description="The detector of the largest reach that a budget allows, found by gradient."
    )
    parser.add_argument("config", help="the ranges, the budget and the masses, a TOML file")
    parser.add_argument("--out", metavar="FOLDER", help="where the results go (default scans/NAME)")
    flags.add_set(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
