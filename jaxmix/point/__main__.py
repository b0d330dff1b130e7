"""`jaxmix point`: everything about one parameter point."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """Print a point's masses, couplings, widths, LHC rates and verdicts; the exit code."""
    return entry.run(_parser, argv, "jaxmix.point.description:run")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix point", description="Everything about one parameter point of the mixed phase."
    )
    flags.add_parameters(parser)
    parser.add_argument(
        "--cl",
        default="0.95",
        help="confidence level of the verdicts, a fraction (default 0.95); published limits keep their own",
    )
    parser.add_argument("--pdf", metavar="FOLDER", help="an LHAPDF6 set in place of the package's parton luminosities")
    flags.add_tables(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
