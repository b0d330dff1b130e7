"""[constraints.NAME]: the tables of the configs, made from the settings that each experiment declares."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, create_model
from pydantic_core import PydanticCustomError

from jaxmix.config.problems import Problem, joined, nearest, shown, unknown
from jaxmix.config.schema import Table
from jaxmix.config.translate import table as validated
from jaxmix.constraints import shelf
from jaxmix.constraints.base.kind import OBSERVED, Kind
from jaxmix.constraints.base.setting import Setting

MAX_LEVELS = 32
ALL = "all"
SELECTIONS = (*OBSERVED, "projected", ALL)  # words for [constraints] that add every member of a sort


class Level(Table):
    """A level on which contours are traced: `sigma` (q = sigma^2) or `cl` (a confidence level as a fraction)."""

    sigma: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = None
    cl: Annotated[float, Field(gt=0, lt=1)] | None = None

    @property
    def mode(self) -> str:
        """Which of the two is given: "sigma" or "cl"."""
        return "cl" if self.sigma is None else "sigma"

    @property
    def value(self) -> float:
        """The number of standard deviations, or the confidence level."""
        value = self.cl if self.sigma is None else self.sigma
        if value is None:
            raise ValueError("Level: found neither sigma nor cl; allowed: exactly one of them")
        return value

    @property
    def label(self) -> str:
        """The level as text, for files and figures: sigma=2 or cl=0.95."""
        return f"{self.mode}={self.value:g}"


Levels = Annotated[tuple[Level, ...], Field(strict=False, min_length=1, max_length=MAX_LEVELS)]


class ConstraintTable(Table):
    """[constraints.NAME]: the kind of experiment, its settings, and the levels on which its contours are traced."""

    kind: str
    levels: Levels


def about(table: ConstraintTable) -> Kind:
    """Return what the shelf knows of the kind that a table asks for."""
    return shelf.SHELF[table.kind]


def flat(table: ConstraintTable) -> dict[str, float | str]:
    """Return every number and word by its name, those of sub-tables among them; what is absent is left out."""
    found: dict[str, float | str] = {}
    for name, each in about(table).settings.items():
        owner = getattr(table, each.table) if each.table else table
        if owner is not None:
            value = getattr(owner, name)
            found[name] = value if isinstance(value, str) else float(value)
    return found


def model(kind: Kind) -> type[ConstraintTable]:
    """Return the table of a kind: one field for each of its settings, sub-tables among them, and `levels`."""
    return _made(kind)  # type: ignore[arg-type]  # a kind is a class or a frozen dataclass, and so has a hash


@functools.cache
def _made(kind: Kind) -> type[ConstraintTable]:
    fields: dict[str, Any] = {name: _field(each) for name, each in kind.settings.items() if not each.table}
    for inner in dict.fromkeys(each.table for each in kind.settings.values() if each.table):
        held: dict[str, Any] = {name: _field(each) for name, each in kind.settings.items() if each.table == inner}
        title = "".join(word.capitalize() for word in inner.split("_"))
        fields[inner] = (create_model(title, __base__=Table, **held) | None, None)
    fields["kind"] = (str, kind.name)
    fields["levels"] = _levels(kind)
    return create_model(kind.name, __base__=ConstraintTable, __doc__=f"{kind.title}.", **fields)


def _field(declared: Setting) -> tuple[Any, Any]:
    """Type and default of a setting, as pydantic takes them."""
    default = ... if declared.required else declared.default
    about = declared.description
    if declared.is_word:
        word = Annotated[Literal[declared.choices], Field(description=about)]
        is_year = any(choice.isdigit() for choice in declared.choices)
        return Annotated[word, BeforeValidator(_year_as_word)] if is_year else word, default
    finite = None if declared.is_whole else False
    field = Field(gt=declared.above, ge=declared.least, le=declared.most, description=about, allow_inf_nan=finite)
    return Annotated[int if declared.is_whole else float, field], default


def _year_as_word(value: Any) -> Any:
    """A whole number as a word: the name of a set of data may be a year, which TOML reads as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _levels(kind: Kind) -> tuple[Any, tuple[Level, ...]]:
    """The levels of a kind; of a published limit its own alone."""
    default = tuple(Level.model_validate({mode: value}) for mode, value in kind.levels)
    if kind.only_cl is None:
        return Levels, default

    def only(levels: tuple[Level, ...]) -> tuple[Level, ...]:
        if any(level != default[0] for level in levels):
            allowed = f"[{{ cl = {kind.only_cl:g} }}], at which it was published"
            raise PydanticCustomError("domain", "{allowed}", {"allowed": allowed})
        return levels

    return Annotated[Levels, AfterValidator(only)], default


def kind_name(name: str, table: Any) -> Any:
    """Return the kind that a raw table [constraints.NAME] asks for: its own word, or the name."""
    return table.get("kind", name) if isinstance(table, dict) else name


def kind_of(name: str, table: Any) -> Kind | None:
    """Return the kind of a raw table, None where the shelf has none of that name."""
    word = kind_name(name, table)
    return shelf.SHELF.get(word) if isinstance(word, str) else None


def read(name: str, table: Any, problems: list[Problem]) -> ConstraintTable | None:
    """Return [constraints.NAME] as its settings, or None with the problems added."""
    path, word = joined("constraints", name), kind_name(name, table)
    if isinstance(table, dict) and "kind" in table:
        if not isinstance(word, str):
            problems.append(Problem(joined(path, "kind"), shown(word), "the name of a kind of experiment, in quotes"))
            return None
        if not shelf.NAME.fullmatch(name):
            problems.append(Problem(path, shown(name), "letters, digits and underscores, at most 40"))
            return None
        if word not in shelf.SHELF:
            found = f"an unknown kind {shown(word)}{nearest(word, shelf.SHELF)}"
            problems.append(Problem(joined(path, "kind"), found, ", ".join(shelf.SHELF)))
            return None
    elif name not in shelf.SHELF:
        problems.append(unknown("constraints", name, shelf.SHELF))
        return None
    if name in shelf.SHELF and word != name:
        problems.append(Problem(joined(path, "kind"), shown(word), f"{name}, or another name for the table"))
        return None
    return validated(
        model(shelf.SHELF[word]), {**table, "kind": word} if isinstance(table, dict) else table, path, problems
    )


def expanded(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return raw tables in which a word for [constraints] stands for its members, each with its defaults."""
    word = raw.get("constraints")
    if not isinstance(word, str) or word not in SELECTIONS:
        return dict(raw)
    return {**raw, "constraints": {name: {} for name, kind in shelf.SHELF.items() if word in (ALL, kind.kind)}}
