"""What is wrong with a config: every problem with its key path, what was found and what is allowed."""

import json
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

from jaxmix import faults

_LONGEST_PART, _LONGEST = 1_000, 16_000  # characters of a part of a line, and of a message


class Problem(NamedTuple):
    """One fault of a config: the key path (or the file), what was found there, what is allowed."""

    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        key, found, allowed = map(_on_one_line, self)
        return f"{key}: found {found}; allowed: {allowed}"


class ConfigError(faults.BadInput):
    """A config that cannot be used, with all of its problems; the message tells as many as a reader can take."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        count, lines = len(self.problems), [f"  {problem}" for problem in self.problems]
        told = [line for line, length in zip(lines, accumulate(map(len, lines))) if length <= _LONGEST]
        rest = [f"  and {count - len(told)} more"] if len(told) < count else []
        super().__init__("\n".join([f"{count} problem{'s' * (count > 1)} in the config", *told, *rest]))


def _on_one_line(text: str) -> str:
    """A text without control characters, which would steer a terminal, and shortened."""
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    return text if len(text) <= _LONGEST_PART else text[: _LONGEST_PART - 3] + "..."


def shown(value: Any) -> str:
    """A value as it would stand in TOML, shortened to one line of a message."""
    if isinstance(value, bool | str):
        text = json.dumps(value, ensure_ascii=True)
    elif isinstance(value, dict):
        text = f"a table with {', '.join(map(shown_key, value)) or 'no keys'}"
    elif isinstance(value, list):
        text = f"a list of {len(value)}" if len(value) > 4 else "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def shown_key(key: str) -> str:
    """A key part as it would stand in TOML: bare, or quoted where it must be."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    text = key if bare else json.dumps(key, ensure_ascii=True)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """Return " (did you mean ...?)" with the nearest known word, or nothing."""
    found = faults.nearest_name(word[:60], known, cutoff=cutoff)
    return "" if found is None else f" (did you mean {found!r}?)"


def unknown(path: str, key: str, known: Iterable[str]) -> Problem:
    """Return the problem of a key that is not in the vocabulary, with the nearest key that is."""
    known = list(known)
    return Problem(joined(path, key), f"an unknown key{nearest(key, known)}", ", ".join(known))


def joined(path: str, *parts: str | int) -> str:
    """A key path continued: parts by dots, positions in a list in brackets."""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else ("." if path else "") + shown_key(part)
    return path
