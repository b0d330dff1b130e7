"""The package's own tables as NumPy arrays with their headers; every file is compared with its checksum.

This is the only place that opens package data; it is called in constructors, never inside a kernel. A file whose SHA256
differs from data/SHA256SUMS stops the run: a limit must not rest on a table that nobody published.
"""

import csv
import dataclasses
import functools
import hashlib
import importlib.resources
import io
import json
import re
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from jaxmix import faults
from jaxmix.data import parton_grids

SUMS = "SHA256SUMS"
PARTON_LUMINOSITY = "parton_luminosity.npz"
PARTON_DENSITIES = "parton_densities.npz"
# what numpy and zipfile raise for a file that is damaged
_DAMAGED = (
    ValueError, TypeError, KeyError, EOFError, OSError, RuntimeError, MemoryError, SyntaxError, SystemError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
LONGEST_ENTRY = 2_000  # characters; an array of texts gives each as much room as the longest
REMEDY = "reinstall the package, or, after a wanted change, run python -m jaxmix.data.write_checksums"


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of named columns (text where not every entry is a number) with its header {word: text}."""

    name: str
    header: dict[str, str]
    columns: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Rows:
    """A table as text.

    `header` is {word: text}, `names` those of the columns, `entries` those of the rows; `lines` holds the line number
    of the names, then of each row."""

    name: str
    header: dict[str, str]
    names: tuple[str, ...]
    lines: tuple[int, ...]
    entries: tuple[tuple[str, ...], ...]


def checksums() -> dict[str, str]:
    """Return the SHA256 of every listed data file, each verified now; for a scan's manifest."""
    return {name: hashlib.sha256(read_bytes(name)).hexdigest() for name in _listed()}


def names(prefix: str) -> list[str]:
    """List the data files whose names begin with a prefix, in alphabetical order."""
    return sorted(name for name in _listed() if name.startswith(prefix))


def read_bytes(name: str) -> bytes:
    """Read a file of the package's data folder.

    Raises DamagedData if it is missing, unlisted or altered.
    """
    listed = _listed()
    if name not in listed:
        raise faults.DamagedData(
            f"package data: {name} is not listed in data/{SUMS}; known files: {', '.join(sorted(listed))[:4000]}."
        )
    try:
        content = importlib.resources.files("jaxmix.data").joinpath(name).read_bytes()
    except OSError as error:
        raise faults.DamagedData(
            f"package data: {name} is missing, expected a file with SHA256 {listed[name]}; {REMEDY}."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != listed[name]:
        raise faults.DamagedData(f"package data: {name} has SHA256 {found}, expected {listed[name]}; {REMEDY}.")
    return content


def read_csv(name: str) -> Table:
    """Read a CSV table: header lines '# word: text', one line of column names, then rows."""
    return with_columns(read_rows(name))


def with_columns(rows: Rows) -> Table:
    """Return the table of these rows, column by column."""
    columns = {column: _column([entries[k] for entries in rows.entries]) for k, column in enumerate(rows.names)}
    return Table(rows.name, rows.header, columns)


def read_rows(name: str) -> Rows:
    """Read the text of a CSV table, row by row, each with the number of its line."""
    return parse_rows(read_bytes(name), name)


def parse_rows(content: bytes, name: str) -> Rows:
    """Split the content of a CSV table into rows of text.

    Header lines of one word are joined. Raises DamagedData for a row that is too short or too long; `name` is for the
    message.
    """
    header: dict[str, str] = {}
    kept = []
    for number, line in enumerate(_decoded(content, name).splitlines(), 1):
        if line.startswith("#"):
            word, _, text = (part.strip() for part in line[1:].partition(":"))
            header[word] = f"{header[word]} {text}" if word in header else text
        elif line.strip():
            kept.append((number, line))
    if not kept:
        raise faults.DamagedData(f"package data: {name} is empty, expected a line of column names and rows.")
    reader = csv.reader(line for _, line in kept)
    # an entry in quotes may run over lines: a row stands at the last line that it took
    try:
        (first, names), *rows = ((kept[reader.line_num - 1][0], tuple(row)) for row in reader)
    except csv.Error as error:
        raise faults.DamagedData(
            f"package data: {name} is no CSV table at line {kept[reader.line_num - 1][0]}: {error}."
        ) from error
    for number, row in rows:
        if len(row) != len(names):
            expected = f"{len(names)} ({', '.join(names)[:400]})"
            raise faults.DamagedData(
                f"package data: {name} has a row of {len(row)} entries, expected {expected}, line "
                f"{number}: {str(list(row))[:400]}."
            )
        if max(map(len, row)) > LONGEST_ENTRY:
            raise faults.DamagedData(
                f"package data: {name} has an entry of more than {LONGEST_ENTRY} characters, line {number}."
            )
    return Rows(name, header, names, (first, *(number for number, _ in rows)), tuple(row for _, row in rows))


def read_npz(name: str) -> Table:
    """Read a table of arrays: an .npz file without pickles, whose array `header` is a JSON object of texts."""
    return _opened(read_bytes(name), name)


def parton_luminosity(folder: str | Path | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of the quark-antiquark luminosity (parton_grids.make_luminosity_table).

    They are the package's own, or made now (about a second) from the LHAPDF6 set in a folder that holds NAME_0000.dat.
    """
    if folder is None:
        return read_npz(PARTON_LUMINOSITY).columns
    return parton_grids.make_luminosity_table(parton_grids.read_grid(folder))


def parton_densities(folder: str | Path | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of the parton densities (parton_grids.make_density_table).

    They are the package's own, or made from the LHAPDF6 set in a folder.
    """
    if folder is None:
        return read_npz(PARTON_DENSITIES).columns
    return parton_grids.make_density_table(parton_grids.read_grid(folder))


def pdf_identity(folder: str | Path | None) -> dict[str, str] | None:
    """Return name and SHA256 of the LHAPDF6 grid in a folder, None for the package's own luminosities.

    Raises ValueError as parton_grids.read_grid does.
    """
    if folder is None:
        return None
    grid = parton_grids.read_grid(folder)
    return {"set": grid.name, "sha256": grid.sha256}


def _opened(content: bytes, name: str) -> Table:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            columns = {key: arrays[key] for key in arrays.files}
        header = json.loads(str(columns.pop("header")))
    except _DAMAGED as error:
        raise faults.DamagedData(
            f"package data: {name} is not an .npz file without pickles, with a header: {error!r:.400}."
        ) from error
    return Table(name, header, columns)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise faults.DamagedData(f"package data: {name} is no UTF-8 text at byte {error.start}.") from error


def _column(entries: list[str]) -> np.ndarray:
    try:
        return np.array(entries, dtype=float)
    except ValueError:
        return np.array([entry.strip() for entry in entries])


@functools.cache
def _listed() -> dict[str, str]:
    """Return {file: SHA256} of data/SHA256SUMS, in the format of the program sha256sum."""
    try:
        text = importlib.resources.files("jaxmix.data").joinpath(SUMS).read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise faults.DamagedData(f"package data: data/{SUMS} is missing; {REMEDY}.") from error
    except (OSError, ValueError) as error:
        raise faults.DamagedData(f"package data: data/{SUMS} cannot be read ({error}); {REMEDY}.") from error
    listed = {}
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](\S{1,200})\s*", line)
        if match is None:
            raise faults.DamagedData(f"package data: data/{SUMS} is no list of checksums at line {number}; {REMEDY}.")
        listed[match[2]] = match[1]
    return listed
