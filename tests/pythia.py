"""Reference numbers of Pythia 8 (pythia_reference.csv, made by benchmarks/pythia_reference.py), by quantity
and masses.
"""

from pathlib import Path
from typing import NamedTuple

from jaxmix.data import tables


class Row(NamedTuple):
    """One number with its statistical error; masses and pt_min in GeV."""

    m_zprime: float
    m_mcp: float | None
    pt_min: float | None
    value: float
    error: float


def rows(quantity: str) -> list[Row]:
    """All rows of a quantity."""
    path = Path(__file__).with_name("pythia_reference.csv")
    found = [entries for entries in tables.parse_rows(path.read_bytes(), path.name).entries if entries[0] == quantity]
    return [Row(*(float(entry) if entry else None for entry in entries[1:6])) for entries in found]
