"""The publications that a result rests on, as BibTeX."""

from collections.abc import Iterable
from pathlib import Path

from jaxmix import atomic
from jaxmix.data import citations

NAME = "references.bib"


def write_references(folder: Path, texts: Iterable[str]) -> str:
    """Write the entries of the publications that texts cite in a file of the folder; return its name.

    Raises CannotWrite on failure.
    """
    atomic.write_bytes(folder / NAME, citations.file_of(texts).encode("ascii"))
    return NAME
