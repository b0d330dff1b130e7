"""What is on the shelf of constraints, as the command `constraints` and the documentation tell it."""

from collections.abc import Iterable
from typing import Any

from jaxmix.constraints import shelf
from jaxmix.constraints.base.kind import THEORY, Kind
from jaxmix.constraints.base.setting import Setting

_CL = 0.95  # of the commands, for a constraint whose own levels are in standard deviations


def documents() -> list[dict[str, Any]]:
    """Return what is known of every constraint of the shelf, in its order."""
    return [describe(name) for name in shelf.SHELF]


def describe(name: str) -> dict[str, Any]:
    """Return what is known of a constraint in short.

    The keys are title, reference, confidence level unless another is asked for, levels of a scan, kind, domain, and the
    settings with default and meaning; settings of a sub-table stand under dotted names.
    """
    kind = shelf.SHELF[name]
    return _head(kind) | {"settings": {_dotted(key, each): _short(each) for key, each in kind.settings.items()}}


def details(name: str) -> dict[str, Any]:
    """Return all that is known of a constraint.

    Beside the keys of `describe`: publications of its data, parameters that it needs and that it reads, and of each
    setting its unit, domain, the words allowed and where `jaxmix design` may move it.

    Raises
    ------
    BadInput
        For a name that is not on the shelf.
    """
    kind = shelf.SHELF.of(name)
    return _head(kind) | {
        "data_reference": kind.data_reference or None,
        "needs": list(kind.needs),
        "parameters": list(kind.parameters),
        "settings": {_dotted(key, each): each.described() for key, each in kind.settings.items()},
    }


def markdown(names: Iterable[str] | None = None) -> str:
    """Return the constraints (default: all) as tables of Markdown: one of them all, and one of settings each."""
    chosen = {name: shelf.SHELF.of(name) for name in (shelf.SHELF if names is None else names)}
    head = ("name", "title", "kind", "levels", "needs", "reference")
    rows = [
        (f"`{name}`", each.title, each.kind, ", ".join(_levels(each)), ", ".join(each.needs), each.reference)
        for name, each in chosen.items()
    ]
    parts = [_table(head, rows)]
    columns = ("setting", "default", "unit", "allowed", "meaning")
    for name, each in chosen.items():
        if each.settings:
            table = _table(columns, [_row(key, declared) for key, declared in each.settings.items()])
            parts.append(f"### `{name}`\n\n{each.title}. {each.domain}.\n\n{table}")
    return "\n\n".join(parts) + "\n"


def _head(kind: Kind) -> dict[str, Any]:
    own = next((value for mode, value in kind.levels if mode == "cl"), _CL)
    return {
        "name": kind.name,
        "title": kind.title,
        "reference": kind.reference,
        "cl": None if kind.kind == THEORY else own,
        "levels": _levels(kind),
        "kind": kind.kind,
        "domain": kind.domain,
    }


def _levels(kind: Kind) -> list[str]:
    return [f"{mode}={value:g}" for mode, value in kind.levels]


def _dotted(name: str, declared: Setting) -> str:
    return f"{declared.table}.{name}" if declared.table else name


def _short(declared: Setting) -> dict[str, Any]:
    """Default (null for what a sub-table must give), meaning with its unit, and the words allowed."""
    default = None if declared.required else declared.default
    words = {"allowed": list(declared.choices)} if declared.is_word else {}
    return {"default": default, "meaning": declared.description} | words


def _row(name: str, declared: Setting) -> tuple[str, ...]:
    return f"`{_dotted(name, declared)}`", f"{declared.default}", declared.unit, declared.domain, declared.meaning


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown; a bar inside a cell is escaped."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    text = [f"| {' | '.join(line)} |" for line in cells]
    return "\n".join([text[0], "|" + "---|" * len(cells[0]), *text[1:]])
