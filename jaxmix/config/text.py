"""The guard before the TOML parser: size, encoding, dotted keys, nesting and integers, in one pass over the text.

The parser's time grows with the square of a dotted key's parts and its stack with the nesting, hence the limits.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from jaxmix.config.problems import ConfigError, Problem, joined

MAX_BYTES = 64_000
MAX_KEY_PARTS = 8
MAX_NESTING = 16
MAX_DIGITS = 18

# Every alternative consumes what it begins, also where its end is missing: the pass is linear in the length.
_TOKEN = re.compile(
    r'(?P<string>"""(?:[^\\"]|\\[\s\S]|"(?!""))*(?:"{3,5}|\\?\Z)'
    r"|'''(?:[^']|'(?!''))*(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\[^\n])*(?:"|\\?(?=\n)|\\?\Z)'
    r"|'[^'\n]*(?:'|(?=\n)|\Z))"
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<bare>[A-Za-z0-9_+-]+)"
    r"|(?P<blank>[ \t]+)"
    r"|(?P<other>[\s\S])"
)
_INTEGER = re.compile(r"[+-]?(?:0[xob][0-9A-Fa-f_]+|[0-9_]+)")


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ConfigError if it is missing, unreadable, over a limit or no TOML."""
    name = str(path)
    try:
        if not path.is_file():
            found = (
                "a directory"
                if path.is_dir()
                else "no such file"
                if not path.exists()
                else "something that is no regular file"
            )
            raise ConfigError([Problem(name, found, "a readable TOML file")])
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise ConfigError([Problem(name, f"a file that cannot be read ({fault})", "a readable TOML file")]) from fault
    return parse(content, name)


def parse(content: bytes, name: str) -> dict[str, Any]:
    """The tables of TOML bytes; `name` stands in the messages."""
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem(name, f"more than {MAX_BYTES} bytes", "at most 64 kB")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise ConfigError([Problem(name, f"bytes that are not UTF-8 at byte {fault.start}", "UTF-8 text")]) from fault
    problems = guard(text, name)
    if problems:
        raise ConfigError(problems)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as fault:
        raise ConfigError([Problem(name, f"text that is not TOML: {fault}", "TOML 1.0")]) from fault


def guard(text: str, name: str) -> list[Problem]:
    """The first excess of each kind: key parts, nesting, digits of an integer; strings and comments are
    stepped over.
    """
    excess: dict[str, Problem] = {}
    parts, after_dot, depth, line = 0, False, 0, 1

    def report(kind: str, found: str, allowed: str) -> None:
        excess.setdefault(kind, Problem(f"{name}, line {line}", found, allowed))

    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind in ("bare", "string"):
            parts = parts + 1 if after_dot else 1
            if parts > MAX_KEY_PARTS:
                report("key", "a key of more than 8 parts", f"at most {MAX_KEY_PARTS} parts")
            if (
                kind == "bare"
                and not after_dot
                and text[token.end() : token.end() + 1] != "."
                and _digits(value) > MAX_DIGITS
            ):
                report("integer", "an integer of more than 18 digits", f"at most {MAX_DIGITS} digits")
            after_dot = False
        elif kind == "other":
            after_dot = value == "."
            depth = max(0, depth + (value in "[{") - (value in "]}"))
            if depth > MAX_NESTING:
                report("nesting", "nesting of more than 16 levels", f"at most {MAX_NESTING} levels")
        line += value.count("\n")
    return list(excess.values())


def check(tables: Any) -> None:
    """ConfigError for the first of nested values, such as those of a manifest, that is over the guard's limits."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(tables, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > MAX_NESTING:
            raise ConfigError(
                [Problem(joined("", *path), "nesting of more than 16 levels", f"at most {MAX_NESTING} levels")]
            )
        if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
            raise ConfigError(
                [Problem(joined("", *path), "an integer of more than 18 digits", f"at most {MAX_DIGITS} digits")]
            )
        if isinstance(value, dict | list):
            waiting += [
                (inner, (*path, key)) for key, inner in (value.items() if isinstance(value, dict) else enumerate(value))
            ]


def _digits(token: str) -> int:
    """How many digits an integer has; 0 if the token is none."""
    if not _INTEGER.fullmatch(token):
        return 0
    return len(token.lstrip("+-").replace("_", "").removeprefix("0x").removeprefix("0o").removeprefix("0b"))
