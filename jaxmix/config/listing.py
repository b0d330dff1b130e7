"""What is on the shelf of constraints, as the command `constraints` reports it."""

from jaxmix.config import schema, settings
from jaxmix.constraints import shelf

_CL = 0.95  # of the commands, for a constraint whose own levels are in standard deviations


def documents() -> list[dict]:
    """What is known of every constraint of the shelf, in its order."""
    return [describe(name) for name in shelf.SHELF]


def describe(name: str) -> dict:
    """Title, reference, confidence level unless another is asked for, levels of a scan, kind, domain, and the settings
    with default and meaning, of a constraint.
    """
    kind, table = shelf.SHELF[name], schema.CONSTRAINTS[name]
    levels = table.model_fields["levels"].default
    return {
        "name": name,
        "title": kind.title,
        "reference": kind.reference,
        "cl": None if kind.kind == "theory" else next((level.cl for level in levels if level.mode == "cl"), _CL),
        "levels": [level.label for level in levels],
        "kind": kind.kind,
        "domain": kind.domain,
        "settings": settings.described(table),
    }
