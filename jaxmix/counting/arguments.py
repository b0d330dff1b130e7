"""The arguments of the command `counting` as numbers; BadInput says where, what was found and what is allowed."""

import argparse
import csv
from pathlib import Path

from jaxmix import faults
from jaxmix.command import inputs

_LARGEST = 1e15  # events; beyond it differences of counts are lost to rounding
_MOST_TOYS = 10**7


def names(bins: int) -> list[str]:
    """Return bin1, bin2, ...: the columns of a signal table."""
    return [f"bin{k}" for k in range(1, bins + 1)]


def numbers(text: str, where: str, bins: int | None = None, largest: float = _LARGEST) -> list[float]:
    """Read the numbers in `a,b,c`: finite, not negative and one a bin. Raises BadInput otherwise."""
    values = [_number(word.strip(), where, largest) for word in text.split(",")]
    if bins is not None and len(values) != bins:
        raise faults.BadInput(f"{where}: found {len(values)} numbers; allowed: {bins}, one for each bin of --observed")
    return values


def read_table(path: str, bins: int) -> list[list[float]]:
    """Read the rows of a CSV file with the columns bin1, bin2, ...

    Lines that begin with # are comments. Raises BadInput, which names the line and the column.
    """
    where = f"--signal-table {path}"
    try:
        if not Path(path).is_file():
            raise faults.BadInput(f"{where}: found no file that can be read; allowed: a CSV file")
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        kept = [
            (number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")
        ]
        rows = [(number, [entry.strip() for entry in next(csv.reader([line]))]) for number, line in kept]
    except csv.Error as fault:
        raise faults.BadInput(
            f"{where}: found a line that is no CSV ({fault}); allowed: a number for each bin"
        ) from fault
    except OSError as fault:
        raise faults.BadInput(
            f"{where}: found no file that can be read ({fault.strerror}); allowed: a CSV file"
        ) from fault
    except UnicodeDecodeError as fault:
        raise faults.BadInput(f"{where}: found bytes that are no UTF-8 text; allowed: a CSV file") from fault
    allowed = names(bins)
    header = rows[0][1] if rows else []
    if sorted(header) != sorted(allowed):
        found, wanted = ",".join(header)[:60] or "(none)", ",".join(allowed)
        raise faults.BadInput(f"{where}: found the columns {found}; allowed: {wanted}, one for each bin of --observed")
    if len(rows) == 1:
        raise faults.BadInput(f"{where}: found no row below the column names; allowed: one or more, each a hypothesis")
    return [_row(header, entries, f"{where} line {number}") for number, entries in rows[1:]]


def _row(header: list[str], entries: list[str], where: str) -> list[float]:
    if len(entries) != len(header):
        raise faults.BadInput(f"{where}: found {len(entries)} entries; allowed: {len(header)} ({','.join(header)})")
    found = {name: _number(entry, f"{where}, column {name}") for name, entry in zip(header, entries)}
    return [found[name] for name in names(len(header))]


def _number(word: str, where: str, largest: float = _LARGEST) -> float:
    return inputs.number(word, where, lambda value: 0 <= value <= largest, f"numbers in [0, {largest:g}]")


def background(arguments: argparse.Namespace, bins: int) -> dict[str, list[float]]:
    """Return the background's numbers by their names in `judge`; exactly one of its forms must be given."""
    controlled = [arguments.control, arguments.transfer]
    given = [arguments.background, arguments.background_uncertainty]
    if all(text is not None for text in controlled) and not any(text is not None for text in given):
        return {
            "count": numbers(arguments.control, "--control", bins),
            "transfer": numbers(arguments.transfer, "--transfer", bins),
        }
    if arguments.background is not None and not any(text is not None for text in controlled):
        width = arguments.background_uncertainty
        known = [0.0] * bins if width is None else numbers(width, "--background-uncertainty", bins)
        return {"central": numbers(arguments.background, "--background", bins), "width": known}
    words = ("control", "transfer", "background", "background_uncertainty")
    found = [f"--{word.replace('_', '-')}" for word in words if getattr(arguments, word) is not None]
    allowed = "--control with --transfer, or --background with or without --background-uncertainty"
    raise faults.BadInput(f"the background: found {' and '.join(found) or 'nothing'}; allowed: {allowed}")


def signal_uncertainty(text: str | None) -> tuple[float, float | None]:
    """Read the signal's relative uncertainty (up, down); (0, None) where none is given."""
    if text is None:
        return 0.0, None
    values = numbers(text, "--signal-uncertainty", largest=1000.0)
    if len(values) > 2:
        allowed = "one (up), or two (up,down), as fractions of the signal"
        raise faults.BadInput(f"--signal-uncertainty: found {len(values)} numbers; allowed: {allowed}")
    return values[0], values[1] if len(values) == 2 else None


def toys(number: str | None, seed: str | None) -> tuple[int, int]:
    """Read the number of toys (0: asymptotic forms) and the seed."""
    if number is None:
        if seed is not None:
            raise faults.BadInput(
                "--seed: found no --toys; the asymptotic forms throw no numbers; allowed: --toys N --seed K"
            )
        return 0, 0
    return _integer(number, "--toys", 100, _MOST_TOYS), _integer("0" if seed is None else seed, "--seed", 0, 2**31 - 1)


def _integer(text: str, where: str, low: int, high: int) -> int:
    return int(inputs.number(text, where, lambda value: low <= value <= high, f"an integer in [{low}, {high}]", int))
