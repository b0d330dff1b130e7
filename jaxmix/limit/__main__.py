"""`jaxmix limit`: the limit of one constraint on one parameter, and how it moves with every other."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """Print limits with their branches and logarithmic derivatives; the exit code."""
    return entry.run(_parser, argv, "jaxmix.limit.answer:run")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix limit", description="The limit of one constraint on one parameter, and how it moves."
    )
    parser.add_argument("constraint", help="its name, as `jaxmix constraints` lists it")
    parser.add_argument("--on", required=True, metavar="PARAMETER", help="the parameter to be limited")
    parser.add_argument(
        "--at", action="append", default=[], metavar="NAME=VALUE", help="a held parameter; several values as a,b,c"
    )
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--cl", help="confidence level, a fraction (default 0.95, or the only one of a published limit)")
    level.add_argument("--sigma", help="standard deviations instead: q_Asimov = sigma^2")
    parser.add_argument(
        "--expected", action="store_true", help="the Asimov limit: without the data's pull (a projection's only one)"
    )
    flags.add_model(parser)
    flags.add_set(parser)
    parser.add_argument("--pdf", metavar="FOLDER", help="an LHAPDF6 set in place of the package's parton luminosities")
    flags.add_tables(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
