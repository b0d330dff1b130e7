"""The tables of a search for a design, made from what an experiment says of its designs."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, create_model

from jaxmix.config import constraint_tables, schema
from jaxmix.config.problems import ConfigError, Problem, joined
from jaxmix.constraints import shelf
from jaxmix.constraints.base.abilities import Budget as Costs
from jaxmix.constraints.base.abilities import Designable
from jaxmix.constraints.base.kind import Kind
from jaxmix.constraints.base.setting import DesignRange


class Target(NamedTuple):
    """The experiment of a search: its name in the config, its kind, what it says of its designs, and the settings
    that may move.
    """

    name: str
    kind: Kind
    designs: Designable
    movable: dict[str, DesignRange]

    @property
    def costs(self) -> Costs:
        """What its designs cost."""
        return self.designs.budget

    @property
    def path(self) -> str:
        """The key path of its table."""
        return joined("constraints", self.name)


def target(name: str | None = None, table: Any = None) -> Target:
    """Return the experiment of [constraints.NAME], by default the first on the shelf that can be designed.

    Raises
    ------
    ConfigError
        For an experiment that cannot.
    """
    known = {word: kind for word, kind in shelf.SHELF.items() if isinstance(kind, Designable)}
    name = next(iter(known)) if name is None else name
    kind = constraint_tables.kind_of(name, table)
    if kind is None or not isinstance(kind, Designable):
        allowed = ", ".join(known)
        raise ConfigError([Problem(joined("constraints", name), "an experiment that has no designs", allowed)])
    ranges = {word: each.design for word, each in kind.settings.items() if each.design is not None}
    return Target(name, kind, kind, ranges)


class Range(schema.Table):
    """[design.NAME]: where a design parameter may move, ends included, and from where (default: its setting's
    value).
    """

    min: schema.Finite
    max: schema.Finite
    start: schema.Finite | None = None


class Budget(schema.Table):
    """[budget]: at most this volume (m^3), or at most this cost at [budget.prices]."""

    volume: schema.Positive | None = None
    cost: schema.Positive | None = None
    prices: schema.Table | None = None


class Design(schema.Table):
    """[design]: the run's name, what is to be largest, and a range for each parameter that may move."""

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="letters, digits, _, - and ., at most 64")
    ]
    description: Annotated[str, Field(max_length=2000)] = ""
    objective: Literal["reach", "limit"] = "reach"
    cl: Annotated[float, Field(gt=0, lt=1, description="confidence level of the limits")] = 0.95


def design_model(target: Target) -> type[Design]:
    """[design] of an experiment: a range for each setting that may move."""
    fields: dict[str, Any] = dict.fromkeys(target.movable, (Range | None, None))
    return create_model("Design", __base__=Design, **fields)


def budget_model(target: Target) -> type[Budget]:
    """[budget] of an experiment, with its prices."""
    prices: dict[str, Any] = {
        name: (Annotated[float, Field(ge=0, allow_inf_nan=False, description=meaning)], 0.0)
        for name, meaning in target.costs.prices.items()
    }
    fields: dict[str, Any] = {"prices": (create_model("Prices", __base__=schema.Table, **prices) | None, None)}
    return create_model("Budget", __base__=Budget, **fields)
