"""`jaxmix scan`: evaluate a study on its grid, trace its contours and draw them."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry, flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run a study; the exit code."""
    return entry.run(_parser, argv, "jaxmix.scan.run:run")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix scan", description="Evaluate a study on its grid, trace its contours and draw them."
    )
    parser.add_argument("config", help="the study, a TOML file")
    parser.add_argument("--out", metavar="FOLDER", help="where the results go (default scans/NAME)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be computed, and stop")
    parser.add_argument("--restart", action="store_true", help="discard what a former run of the folder left")
    parser.add_argument(
        "--shard", metavar="i/N", help="compute the part i of N (from 0); join the parts with jaxmix merge"
    )
    parser.add_argument(
        "--distributed",
        nargs="?",
        const="auto",
        metavar="HOST:PORT,i/N",
        help="one run of several processes by jax.distributed, of which this is process i of N (default: from "
        "SLURM or Open MPI)",
    )
    parser.add_argument("--device", choices=("cpu", "gpu"), help="where to compute (default: what jax finds)")
    parser.add_argument("--pdf", metavar="FOLDER", help="an LHAPDF6 set in place of the package's parton luminosities")
    flags.add_tables(parser)
    parser.add_argument(
        "--verify", action="store_true", help="check every contour by bisection across it, from both sides"
    )
    flags.add_set(parser)
    parser.add_argument("--json", action="store_true", help="the manifest on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
