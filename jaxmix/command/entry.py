"""How any command begins: its arguments are parsed before anything heavy is imported."""

import argparse
import importlib
from collections.abc import Callable, Sequence

from jaxmix.command import flags, guard


def run(parser: Callable[[], argparse.ArgumentParser], argv: Sequence[str] | None, work: str) -> int:
    """Parse the arguments of a command, import its work and call it.

    `--help` and wrong arguments end inside the parser, so that they need neither jax nor the config's schema.

    Parameters
    ----------
    parser
        Makes the command's parser.
    argv
        The arguments; None for the command line.
    work
        "module:function" of what is called with the arguments.

    Returns
    -------
    int
        The exit code.
    """
    known = parser()

    def body() -> int:
        arguments = flags.parse(known, argv)
        if getattr(arguments, "tables", None):
            importlib.import_module("jaxmix.constraints.shelf").load_tables(arguments.tables)
        module, _, function = work.partition(":")
        return getattr(importlib.import_module(module), function)(arguments)

    return guard.guarded(body, known.prog)
