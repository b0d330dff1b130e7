"""`jaxmix counting`: CLs and upper limits of any counting experiment."""

import argparse
import sys
from collections.abc import Sequence

from jaxmix.command import entry


def main(argv: Sequence[str] | None = None) -> int:
    """Print confidence levels, limits on the signal strength and the expected significance; the exit code."""
    return entry.run(_parser, argv, "jaxmix.counting.answer:run")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxmix counting",
        description="CLs and upper limits of a signal in Poisson bins; lists have one number a bin, as a,b,c.",
    )
    parser.add_argument("--observed", required=True, metavar="COUNTS", help="observed counts")
    background = parser.add_argument_group("background: from control regions, or given")
    background.add_argument(
        "--control", metavar="COUNTS", help="observed counts of control regions; background = transfer x their mean"
    )
    background.add_argument("--transfer", metavar="FACTORS", help="expected background for each expected control event")
    background.add_argument("--background", metavar="EVENTS", help="expected background")
    background.add_argument(
        "--background-uncertainty", metavar="EVENTS", help="its standard deviation (Gaussian), in events (default 0)"
    )
    signal = parser.add_argument_group("signal")
    hypotheses = signal.add_mutually_exclusive_group(required=True)
    hypotheses.add_argument("--signal", metavar="EVENTS", help="expected signal at strength 1")
    hypotheses.add_argument(
        "--signal-table", metavar="FILE.csv", help="columns bin1,bin2,...; a row a hypothesis; answers a list"
    )
    signal.add_argument(
        "--signal-uncertainty",
        metavar="UP[,DOWN]",
        help=(
            "log-normal, common to all bins: factors 1+UP and 1-DOWN at one standard deviation (without DOWN: 1/(1+UP))"
        ),
    )
    parser.add_argument("--cl", default="0.95", help="confidence level, a fraction (default 0.95)")
    parser.add_argument(
        "--toys", metavar="N", help="N pseudo-experiments in place of the asymptotic forms; 10000 serve the outer band"
    )
    parser.add_argument("--seed", metavar="K", help="of the toys, an integer (default 0)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
