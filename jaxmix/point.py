"""`jaxmix point`: everything about one parameter point."""

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Print a point's masses, couplings, widths, LHC rates and verdicts; the exit code."""
    from jaxmix import faults

    def work() -> int:
        from jaxmix import flags

        parser = argparse.ArgumentParser(prog="jaxmix point", description="Everything about one parameter point of the mixed phase.")
        flags.add_parameters(parser)
        parser.add_argument("--cl", default="0.95", help="confidence level of the verdicts, a fraction (default 0.95); published limits keep their own")
        parser.add_argument("--pdf", metavar="FOLDER", help="an LHAPDF6 set in place of the package's parton luminosities")
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        arguments = flags.parse(parser, argv)
        from jaxmix import description

        return description.run(arguments)

    return faults.guarded(work, "jaxmix point")


if __name__ == "__main__":
    sys.exit(main())
