"""Published searches: one table of data/limits each, which names the experiment and holds its curve.

No jax here: the vocabulary of the configs needs the names.
"""

import functools
from typing import NamedTuple

import numpy as np

from jaxmix.data import tables

FOLDER = "limits/"


class Search(NamedTuple):
    """The header of a search's table.

    Attributes
    ----------
    file, name, label, title
        The table, and the names that commands use and figures show.
    reference, read_off
        The publication, and where in it the numbers are from.
    cl, kind
        Confidence level (fraction); "published" or "projected".
    channel, assumption
        What is searched for, and what the limit assumes.
    reach
        Largest pair mass (GeV) that a search for millicharges can make.
    produced_by
        What makes the Z' of the other searches.
    """

    file: str
    name: str
    label: str
    title: str
    reference: str
    cl: float
    kind: str
    channel: str
    assumption: str
    read_off: str
    reach: float | None
    produced_by: str | None

    @property
    def is_millicharge(self) -> bool:
        """True if the curve is a charge against the mCP's mass, not a mixing against the Z' mass."""
        return self.channel == "mcp"


@functools.cache
def known() -> dict[str, Search]:
    """Return every search of the package, by name: millicharges first, then Z', each in the order of their files."""
    found = [_search(name) for name in tables.names(FOLDER)]
    return {search.name: search for search in found}


@functools.cache
def curve(search: Search) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mass (GeV), smallest excluded value and number of the segment, row by row."""
    columns = tables.read_csv(search.file).columns
    mass = columns["m_mcp" if search.is_millicharge else "m_zprime"]
    return mass, columns["lower"], columns.get("segment", np.zeros_like(mass))


def _search(file: str) -> Search:
    header = tables.read_rows(file).header
    reach = header.get("reach")
    return Search(
        file=file,
        name=header["name"],
        label=header["label"],
        title=header["title"],
        reference=header["source"],
        cl=float(header["confidence"]),
        kind=header["kind"],
        channel=header["channel"],
        assumption=header["assumption"],
        read_off=header["read_off"],
        reach=None if reach is None else float(reach.partition(",")[0]),
        produced_by=header.get("produced_by"),
    )
