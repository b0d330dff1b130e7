"""`jaxmix constraints`: what is on the shelf."""

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """List every constraint with reference, confidence level, kind, domain and settings; the exit code."""
    from jaxmix import faults

    def work() -> int:
        from jaxmix import flags

        parser = argparse.ArgumentParser(prog="jaxmix constraints", description="List the constraints.")
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        arguments = flags.parse(parser, argv)
        from jaxmix import listing

        return listing.run(arguments)

    return faults.guarded(work, "jaxmix constraints")


if __name__ == "__main__":
    sys.exit(main())
