"""What is on the shelf of constraints, as the command `constraints` reports it."""

import argparse

from jaxmix import config, flags
from jaxmix.constraints import shelf


def run(arguments: argparse.Namespace) -> int:
    """The command's work: print one object a constraint."""
    documents = [describe(name) for name in shelf.SHELF]
    flags.show(documents, False, arguments.json)
    return 0


def describe(name: str) -> dict:
    """Title, reference, kind, default confidence level, domain and settings (default and meaning) of a constraint."""
    kind, schema = shelf.SHELF[name], config.CONSTRAINTS[name]
    return {
        "name": name,
        "title": kind.title,
        "reference": kind.reference,
        "cl": 0.95,
        "kind": kind.kind,
        "domain": kind.domain,
        "settings": config.described(schema),
    }
