"""Published searches: one table of data/limits each, which names the experiment and holds its curve.

Tables of a user's folder are read in the same way. No jax here.
"""

import dataclasses
import functools
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxmix import faults
from jaxmix.data import tables

FOLDER = "limits/"
MILLICHARGE, INVISIBLE, VISIBLE = "mcp", "invisible", "visible"
LEPTONS = ("e e", "mu mu")  # final states of a visible channel that are told apart
_QUARKS = " of protons at "
_LARGEST = 1_000_000  # bytes of a user's table


@dataclasses.dataclass(frozen=True)
class Search:
    """What a table's header says of a search.

    Parameters
    ----------
    file, folder, sha256
        The table: its name, and a user's folder with the file's checksum (both empty for the package's own).
    name, label, title
        The word in commands, the one in figures, and one line for a reader.
    reference, read_off
        The publication, and where the numbers are from.
    cl
        Confidence level of the curve, the only one at which it can be judged.
    kind
        "published" or "projected".
    channel
        "mcp", "invisible", or "visible" with its final states.
    assumption
        What the publication assumes.
    group
        Searches of one group are drawn as one region.
    reach
        Largest mass of a pair that the experiment makes, GeV; of millicharges alone.
    produced_by
        What makes the Z'; None for millicharges.
    """

    file: str
    folder: str
    sha256: str
    name: str
    label: str
    title: str
    reference: str
    cl: float
    kind: str
    channel: str
    assumption: str
    read_off: str
    group: str
    reach: float | None
    produced_by: str | None

    @property
    def is_millicharge(self) -> bool:
        """True if the curve is a charge against the mCP's mass, False if it is a kinetic mixing against the Z' mass."""
        return self.channel == MILLICHARGE

    @property
    def collision_energy(self) -> float | None:
        """Energy of the protons whose quarks make the Z', GeV; None if something else makes it."""
        _, quarks, energy = (self.produced_by or "").partition(_QUARKS)
        return float(energy.split()[0]) if quarks else None


@functools.cache
def known() -> dict[str, Search]:
    """Return every search of the package, by name: millicharges first, then Z', each in the order of their files."""
    found = [_search(tables.read_rows(name)) for name in tables.names(FOLDER)]
    return {search.name: search for search in found}


def of_folder(folder: str | Path) -> list[Search]:
    """Return the searches of a user's folder, one of each CSV file in it, in alphabetical order.

    Raises
    ------
    DamagedData
        For a folder without tables, a file that cannot be read, and a table whose header or columns are not those of a
        limit; the message tells every wrong word of the file.
    """
    place = Path(folder)
    files = sorted(place.glob("*.csv")) if place.is_dir() else []
    if not files:
        raise faults.DamagedData(f"{folder}: found no table; expected a folder with CSV files of limits")
    found = []
    for path in files:
        content = _content(path)
        rows = tables.parse_rows(content, str(path))
        found.append(_search(rows, path.name, str(place.resolve()), hashlib.sha256(content).hexdigest()))
    return found


@functools.cache
def curve(search: Search) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mass (GeV), smallest excluded value and the number of the segment, row by row."""
    if search.folder:
        path = Path(search.folder) / search.file
        content = _content(path)
        if hashlib.sha256(content).hexdigest() != search.sha256:
            raise faults.DamagedData(f"{path}: the table has changed since it was loaded")
        columns = tables.with_columns(tables.parse_rows(content, str(path))).columns
    else:
        columns = tables.read_csv(search.file).columns
    mass = columns["m_mcp" if search.is_millicharge else "m_zprime"]
    return mass, columns["lower"], columns.get("segment", np.zeros_like(mass))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as fault:
        raise faults.DamagedData(f"{path}: found a file that cannot be read ({fault}); expected a table") from fault
    if len(content) > _LARGEST:
        raise faults.DamagedData(f"{path}: found more than {_LARGEST} bytes; expected the table of one limit")
    return content


def _number(text: str) -> float | None:
    """The number before the first comma, None if there is none."""
    try:
        return float(text.partition(",")[0])
    except ValueError:
        return None


def _is_positive(text: str) -> bool:
    value = _number(text)
    return value is not None and 0 < value < np.inf


def _is_fraction(text: str) -> bool:
    value = _number(text)
    return value is not None and 0 < value < 1


def _is_channel(text: str) -> bool:
    return text in (MILLICHARGE, INVISIBLE) or (
        text.startswith(f"{VISIBLE} ") and any(pair in text for pair in LEPTONS)
    )


def _is_maker(text: str) -> bool:
    return text in ("electrons", "muons", "pi0") or bool(re.fullmatch(rf"quarks{_QUARKS}\d+(\.\d+)? GeV", text))


# what a word of the header must be: whether a text is allowed, and what is, in words
_WORDS: dict[str, tuple[Callable[[str], object], str]] = {
    "name": (re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}").fullmatch, "letters, digits and underscores, at most 40"),
    "label": (bool, "a few words, for figures"),
    "title": (bool, "one line of text"),
    "source": (bool, "the publication"),
    "confidence": (_is_fraction, "a number in (0, 1)"),
    "kind": (("published", "projected").__contains__, "published or projected"),
    "channel": (_is_channel, f"{MILLICHARGE}, {INVISIBLE}, or {VISIBLE} with {' or '.join(LEPTONS)}"),
    "assumption": (bool, "what the publication assumes"),
    "read_off": (bool, "where the numbers are from"),
    "group": (bool, "the region of figures that it belongs to"),
}
_OF_MILLICHARGES = {"reach": (_is_positive, "a number > 0, the largest mass of a pair in GeV")}
_OF_ZPRIME = {"produced_by": (_is_maker, f"electrons, muons, pi0, or quarks{_QUARKS}NUMBER GeV")}


def _search(rows: tables.Rows, file: str = "", folder: str = "", sha256: str = "") -> Search:
    header = rows.header
    _check(rows)
    return Search(
        file=file or rows.name,
        folder=folder,
        sha256=sha256,
        name=header["name"],
        label=header["label"],
        title=header["title"],
        reference=header["source"],
        cl=float(header["confidence"]),
        kind=header["kind"],
        channel=header["channel"],
        assumption=header["assumption"],
        read_off=header["read_off"],
        group=header["group"],
        reach=_number(header["reach"]) if "reach" in header else None,
        produced_by=header.get("produced_by"),
    )


def _check(rows: tables.Rows) -> None:
    """DamagedData with every word of the header and every column that is missing or wrong."""
    header, millicharge = rows.header, rows.header.get("channel") == MILLICHARGE
    wanted = _WORDS | (_OF_MILLICHARGES if millicharge else _OF_ZPRIME)
    problems = []
    for word, (is_allowed, allowed) in wanted.items():
        if word not in header:
            problems.append(f"header word {word}: found nothing; allowed: {allowed}")
        elif not is_allowed(header[word]):
            problems.append(f"header word {word}: found {header[word][:60]!r}; allowed: {allowed}")
    for column in ("m_mcp" if millicharge else "m_zprime", "lower"):
        if column not in rows.names:
            problems.append(f"column {column}: found {', '.join(rows.names)[:200]}; allowed: a column of that name")
        else:
            problems += _wrong_numbers(rows, column)
    if problems:
        raise faults.DamagedData(f"{rows.name}: no table of a limit\n" + "\n".join(f"  {each}" for each in problems))


def _wrong_numbers(rows: tables.Rows, column: str) -> list[str]:
    """The first entry of a column that is no positive number."""
    place = rows.names.index(column)
    for line, row in zip(rows.lines[1:], rows.entries, strict=True):
        if "," in row[place] or not _is_positive(row[place]):
            return [f"column {column}, line {line}: found {row[place][:60]!r}; allowed: a number > 0"]
    return []
