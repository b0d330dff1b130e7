"""The flags that several commands share. No jax and no config here: --help answers at once."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

from jaxmix import parameters
from jaxmix.models import declarations

_NEGATIVE = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?(,.*)?$")


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse arguments in which negative and exponent numbers are accepted as values (`--kappa -3e-3`)."""
    joined: list[str] = []
    for word in sys.argv[1:] if argv is None else argv:
        if joined and _NEGATIVE.match(word) and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] = f"{joined[-1]}={word}"
        else:
            joined.append(word)
    return parser.parse_args(joined)


class _InOrder(argparse.Action):
    """Collect the flags in `given`, in the order of the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Store one flag; argparse calls this at each."""
        namespace.given = {**namespace.given, self.dest: values}


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add one flag for each parameter of the interface, and --set."""
    parser.set_defaults(given={})
    add_model(parser)
    group = parser.add_argument_group("parameters (GeV, 1/fb, rad; several values as a,b,c)")
    for name, parameter in parameters.PARAMETERS.items():
        default = "" if parameter.default is None else f" (default {parameter.default:.6g})"
        unit = "" if parameter.unit == "1" else f", {parameter.unit}"
        group.add_argument(
            f"--{name.replace('_', '-')}", action=_InOrder, metavar="VALUE", help=f"{parameter.meaning}{unit}{default}"
        )
    add_set(parser)


def add_model(parser: argparse.ArgumentParser) -> None:
    """--model and --phase."""
    parser.add_argument(
        "--model",
        default=declarations.DEFAULT,
        help=f"the dark sector: {', '.join(declarations.DECLARED)} (default {declarations.DEFAULT})",
    )
    words = dict.fromkeys(word for each in declarations.DECLARED.values() for word in each.phases)
    parser.add_argument("--phase", help=f"{', '.join(words)}: theta_dark = 0, pi/2 or in between")


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add the flag --set KEY=VALUE."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, for example precision.cut=hard"
    )


def add_tables(parser: argparse.ArgumentParser) -> None:
    """Add --tables FOLDER."""
    parser.add_argument("--tables", metavar="FOLDER", help="a folder with further limits, a CSV table each")
