"""The package's bibliography: BibTeX entries by key, of data/references.bib."""

import functools
import re
from collections.abc import Iterable

from jaxmix.data import tables

FILE = "references.bib"


@functools.cache
def known() -> dict[str, str]:
    """Return every entry of the file, by key."""
    text = tables.read_bytes(FILE).decode("ascii")
    return {
        match[1]: match[0]
        for match in re.finditer(r"^@\w+\{([^,]+),.*?\}$(?=\n\n|\n?\Z)", text, flags=re.MULTILINE | re.DOTALL)
    }


def named_in(text: str) -> list[str]:
    """List the keys of the publications that a text cites, by arXiv number or as "volume (year) page"."""
    return [
        key
        for key, entry in known().items()
        if any(re.search(rf"(?<!\d){re.escape(mark)}(?!\d)", text) for mark in _marks(entry))
    ]


def file_of(texts: Iterable[str]) -> str:
    """Compose the BibTeX file of what some texts cite, each entry once, in the order of the texts."""
    keys = dict.fromkeys(key for text in texts for key in named_in(text))
    return "\n\n".join(known()[key] for key in keys) + "\n"


def _marks(entry: str) -> list[str]:
    fields = dict(re.findall(r"(\w+) = \{([^}]*)\}", entry))
    eprint = fields.get("eprint", "")
    marks = [eprint if "/" in eprint else f"arXiv:{eprint}"] if eprint else []  # old numbers name their archive
    if "volume" in fields:
        marks.append(f"{fields['volume']} ({fields['year']}) {fields['pages'].partition('--')[0]}")
    return marks
