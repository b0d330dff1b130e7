"""`jaxmix merge`: join the shards of a scan."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """Join shards, check that every point is there once, and write contours and figures; the exit code."""
    return entry.run(_parser, argv, "jaxmix.scan.run:merge")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix merge", description="Join the shards of a scan and write its contours and figures."
    )
    parser.add_argument("folder", help="the folder that the shards wrote")
    parser.add_argument("--pdf", metavar="FOLDER", help="the LHAPDF6 set that the shards used, if any")
    flags.add_tables(parser)
    parser.add_argument("--device", choices=("cpu", "gpu"), help="the kind of device that the shards were computed on")
    parser.add_argument(
        "--verify", action="store_true", help="check every contour by bisection across it, from both sides"
    )
    parser.add_argument("--json", action="store_true", help="the manifest on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
