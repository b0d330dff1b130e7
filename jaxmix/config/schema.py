"""The vocabulary of the configs: one model a table, one field a key, the same names as in the code."""

import math
from typing import Annotated, Any, Literal, TypeGuard

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from jaxmix import parameters

MAX_COUNT = 10_000_000


def _in_domain(value: float, info: Any) -> float:  # pydantic's ValidationInfo, which cannot be checked at run time
    """A parameter's value, by the name of its field or the name in the validation context."""
    name = (info.context or {}).get("parameter", info.field_name) or ""
    parameter = parameters.PARAMETERS[name]
    if not parameter.contains(value):
        unit = f", in {parameter.unit}" if parameter.unit != "1" else ""
        raise PydanticCustomError("domain", "{allowed}", {"allowed": parameter.domain + unit})
    return value


Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
ParameterValue = Annotated[float, AfterValidator(_in_domain)]
ParameterValues = Annotated[tuple[ParameterValue, ...], Field(strict=False, min_length=1)]


class Table(BaseModel):
    """A table of a config: no unknown key, no text for a number, nothing changes after construction."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Tiling(Table):
    """[scan.tiling]: how the engine cuts up the grid; points of a tile and of a chunk, nodes along the last axis."""

    tile_points: Annotated[int, Field(ge=16, le=2**22)] | None = None  # by the kind of device
    chunk_points: Annotated[int, Field(ge=16, le=2**26)] | None = None  # by that and by what is kept
    nodes: Annotated[int, Field(ge=4, le=512)] = 24
    tolerance: Annotated[float, Field(gt=0, lt=1, description="of the interpolation, relative")] = 1e-5
    dtype: Literal["float64", "float32"] = "float64"


class Scan(Table):
    """[scan]: the run's name and what it keeps of every point."""

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="letters, digits, _, - and ., at most 64")
    ]
    description: Annotated[str, Field(max_length=2000)] = ""
    outputs: Literal["full", "summary"] = "full"
    tiling: Tiling = Tiling()


class Model(Table):
    """[model]: the model of the dark sector, and the phase that sets its mixing angle."""

    kind: Literal["mixed_phase", "stueckelberg"] = "mixed_phase"
    phase: str | None = None


class Parameters(Table):
    """[parameters]: the values held; what is absent has the default of `parameters.PARAMETERS`."""

    kappa: ParameterValue | None = None
    epsilon_gamma: ParameterValue | None = None
    m_zprime: ParameterValue | None = None
    m2: ParameterValue | None = None
    m_zprime_over_m_mcp: ParameterValue | None = None
    m2_over_m_mcp: ParameterValue | None = None
    m1: ParameterValue | None = None
    theta_dark: ParameterValue | None = None
    e_dark: ParameterValue | None = None
    m_mcp: ParameterValue | None = None
    sin2_theta_w: ParameterValue | None = None
    alpha: ParameterValue | None = None
    sqrt_s: ParameterValue | None = None
    luminosity: ParameterValue | None = None
    charge_dark: ParameterValue | None = None
    isospin_dark: ParameterValue | None = None
    epsilon: ParameterValue | None = None
    mass_mixing: ParameterValue | None = None
    g_dark: ParameterValue | None = None


class Axis(Table):
    """[axes.NAME]: a range (min, max, count, spacing) or a list of values, in the parameter's unit, both ends
    included.
    """

    min: ParameterValue | None = None
    max: ParameterValue | None = None
    count: Annotated[int, Field(ge=2, le=MAX_COUNT)] | None = None
    spacing: Literal["log", "linear"] | None = None
    values: ParameterValues | None = None

    @property
    def is_range(self) -> bool:
        """Whether the axis is continuous, so that a contour may be traced along it."""
        return self.values is None

    @property
    def is_log(self) -> bool:
        """Whether equal steps are equal ratios."""
        return self.is_range and self.spacing == "log"

    @property
    def size(self) -> int:
        """Number of values."""
        return (self.count or 0) if self.values is None else len(self.values)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends of a range.

        Raises
        ------
        ValueError
            For a list of values.
        """
        if self.min is None or self.max is None:
            raise ValueError(f"Axis: found the values {self.values}; allowed: a range with min and max")
        return self.min, self.max

    def array(self) -> np.ndarray:
        """The values, increasing; float64, both ends of a range exact."""
        if self.values is not None:
            return np.asarray(self.values, dtype=np.float64)
        if self.spacing == "log":
            return np.geomspace(*self.ends, self.size)
        return np.linspace(*self.ends, self.size)


class Contours(Table):
    """[contours]: the plane (two range axes) in which the levels are traced, and the values held besides, as a
    product.
    """

    x: str
    y: str
    at: dict[str, Any] = {}
    cells: Annotated[int, Field(ge=4, le=1024, description="cells of the coarse pass along each axis")] = 24
    depth: Annotated[int, Field(ge=0, le=24, description="halvings, at most, of a cell along either axis")] = 16


class Sampling(Table):
    """[sampling]: points spread over the box that the axes span, each in its own spacing, in place of their grid."""

    points: Annotated[int, Field(ge=1, le=10**12)]
    kind: Annotated[Literal["sobol", "random"], Field(description="a Sobol net, or independent uniform points")] = (
        "sobol"
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class Summary(Table):
    """[summary]: what is reduced while the points are evaluated, in memory that does not grow with their number."""

    axes: Annotated[
        tuple[str, ...],
        Field(strict=False, description="of the maps; over the other axes points are counted and profiled"),
    ] = ()
    histogram: Annotated[bool, Field(description="of each test statistic over its critical value")] = False


class Refinement(Table):
    """[refinement]: points added where a level runs, each cell there divided in two along every range, again
    and again.
    """

    depth: Annotated[int, Field(ge=1, le=8, description="halvings of a cell")] = 3


class Figure(Table):
    """[figure]: how the result is drawn."""

    title: Annotated[str, Field(max_length=200)] = ""


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a raw TOML value is a finite number (a bool is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
