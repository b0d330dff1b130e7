"""The settings of an experiment, declared once: defaults, units, domains and meanings. Config tables, `--set`,
`jaxmix constraints` and the parameters of a design are made from these declarations. No jax here.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class DesignRange:
    """Where `jaxmix design` may move a setting, both ends included.

    Parameters
    ----------
    low, high
        Ends of the range, in the setting's unit.
    symbol
        The setting in figures.
    linear
        True if the search moves the setting itself, False if it moves its logarithm.
    both_sides
        For a setting in whole numbers: whether the design is tried with the whole numbers on either side of the
        optimum, and not with the nearest one alone.
    """

    low: float
    high: float
    symbol: str
    linear: bool = False
    both_sides: bool = False

    def domain(self, unit: str) -> str:
        """Return the range in words, as it stands in messages."""
        return f"a number in [{self.low:g}, {self.high:g}]" + (f", in {unit}" if unit != "1" else "")


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting of an experiment: a number with a unit and a domain, or one of several words.

    Parameters
    ----------
    default
        Value where none is given: an int for a whole number, a text for a word.
    meaning
        What the setting is, without its unit.
    unit
        Unit of a number, "1" for none.
    above, least, most
        Domain of a number: > above, >= least, <= most; None for no bound.
    choices
        The words allowed; empty for a number.
    table
        The TOML sub-table that holds the setting, such as "background"; empty for the experiment's own table.
    required
        Whether the sub-table, where it is given, must give the setting.
    needs
        Another setting where this one has no effect while the other is zero; empty for none.
    design
        Where `jaxmix design` may move the setting; None for a setting that is not part of a design.
    """

    default: float | str
    meaning: str
    unit: str = "1"
    above: float | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    table: str = ""
    required: bool = False
    needs: str = ""
    design: DesignRange | None = None

    def __post_init__(self) -> None:
        if isinstance(self.default, str) != bool(self.choices):
            raise ValueError(f"a setting with the default {self.default!r}: give choices for a word, none for a number")
        if not self.contains(self.default):
            raise ValueError(f"a setting with the default {self.default!r}: allowed: {self.domain}")

    @property
    def is_word(self) -> bool:
        """True for a word, False for a number."""
        return bool(self.choices)

    @property
    def is_whole(self) -> bool:
        """True for a number that configs give as a whole number."""
        return isinstance(self.default, int) and not isinstance(self.default, bool)

    @property
    def description(self) -> str:
        """The meaning with its unit."""
        return self.meaning if self.unit == "1" else f"{self.meaning}, {self.unit}".removeprefix(", ")

    @property
    def domain(self) -> str:
        """What is allowed, in words."""
        if self.is_word:
            return ", ".join(self.choices)
        bounds = ((">", self.above), (">=", self.least), ("<=", self.most))
        told = [f"{sign} {bound:g}" for sign, bound in bounds if bound is not None]
        return ("a whole number " if self.is_whole else "a number ") + " and ".join(told) if told else "a finite number"

    def contains(self, value: float | str) -> bool:
        """Return True if a value is one of the words, or a finite number in the domain."""
        if isinstance(value, str) or self.is_word:
            return value in self.choices
        above = -math.inf if self.above is None else self.above
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        return math.isfinite(value) and above < value and least <= value <= most

    def described(self) -> dict[str, Any]:
        """Return the declaration as JSON types, without what does not apply."""
        found: dict[str, Any] = {"default": self.default, "unit": self.unit, "domain": self.domain}
        found["meaning"] = self.meaning
        if self.is_word:
            found["allowed"] = list(self.choices)
        if self.design is not None:
            found["design"] = {"min": self.design.low, "max": self.design.high}
        return found


def values(declared: Mapping[str, Setting], given: Mapping[str, float | str]) -> dict[str, float]:
    """Return every declared number by name: the given value, or the default."""
    return {name: float(given.get(name, each.default)) for name, each in declared.items() if not each.is_word}


def words(owner: str, declared: Mapping[str, Setting], given: Mapping[str, float | str]) -> dict[str, str]:
    """Return every declared word by name: the given one, or the default.

    Raises
    ------
    ValueError
        For a word that is not among the choices; the message names the owner and the setting.
    """
    found = {name: str(given.get(name, each.default)) for name, each in declared.items() if each.is_word}
    for name, word in found.items():
        if word not in declared[name].choices:
            raise ValueError(f"{owner}.{name}: found {word!r}; allowed: {declared[name].domain}")
    return found


def defaults(declared: Mapping[str, Setting]) -> dict[str, float | str]:
    """Return the default of every setting, whole numbers as floats."""
    return {name: each.default if each.is_word else float(each.default) for name, each in declared.items()}


def idle(declared: Mapping[str, Setting], values: Mapping[str, Any]) -> set[str]:
    """Return the settings without effect: those that need another one that is zero, and that one itself."""
    switched_off = {each.needs for each in declared.values() if each.needs and values[each.needs] == 0}
    return switched_off | {name for name, each in declared.items() if each.needs in switched_off}


def movable(declared: Mapping[str, Setting], values: Mapping[str, Any], fixed: Iterable[str] = ()) -> dict[str, Any]:
    """Return the values of the declared numbers that have an effect, without those named in `fixed`."""
    without = idle(declared, values) | set(fixed)
    return {name: value for name, value in values.items() if name in declared and name not in without}
