"""What is on the shelf of constraints, as the command `constraints` reports it."""

import argparse

from jaxmix import config, flags
from jaxmix.constraints import shelf

_CL = 0.95  # of the commands, for a constraint whose own levels are in standard deviations


def run(arguments: argparse.Namespace) -> int:
    """The command's work: print one object a constraint."""
    documents = [describe(name) for name in shelf.SHELF]
    flags.show(documents, False, arguments.json)
    return 0


def describe(name: str) -> dict:
    """Title, reference, confidence level unless another is asked for, levels of a scan, kind, domain, and the settings with
    default and meaning, of a constraint."""
    kind, schema = shelf.SHELF[name], config.CONSTRAINTS[name]
    levels = schema.model_fields["levels"].default
    return {
        "name": name,
        "title": kind.title,
        "reference": kind.reference,
        "cl": None if kind.kind == "theory" else next((level.cl for level in levels if level.mode == "cl"), _CL),
        "levels": [level.label for level in levels],
        "kind": kind.kind,
        "domain": kind.domain,
        "settings": config.described(schema),
    }
