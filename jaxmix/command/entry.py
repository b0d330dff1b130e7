"""How any command begins: its arguments are parsed before anything heavy is imported, then its work is found, run and
guarded.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence

from jaxmix.command import flags, guard


def run(parser: Callable[[], argparse.ArgumentParser], argv: Sequence[str] | None, work: str) -> int:
    """Parse `argv` (default: the command line), import `work` ("module:function") and call it with the arguments; the
    exit code.

    `--help` and wrong arguments end inside the parser, so that they need neither jax nor the config's schema.
    """
    known = parser()

    def body() -> int:
        arguments = flags.parse(known, argv)
        if getattr(arguments, "tables", None):
            importlib.import_module("jaxmix.constraints.shelf").load_tables(arguments.tables)
        module, _, function = work.partition(":")
        return getattr(importlib.import_module(module), function)(arguments)

    return guard.guarded(body, known.prog)
