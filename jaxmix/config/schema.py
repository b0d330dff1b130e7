"""The vocabulary of the configs: one model a table, one field a key, the same names as in the code."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, create_model
from pydantic_core import PydanticCustomError

from jaxmix import parameters
from jaxmix.data import searches
from jaxmix.models import declarations

MAX_COUNT = 10_000_000
MAX_LEVELS = 32


def _in_domain(value: float, info: ValidationInfo) -> float:
    """A parameter's value, by the name of its field or the name in the validation context."""
    name = (info.context or {}).get("parameter", info.field_name)
    parameter = parameters.PARAMETERS[name]
    if not parameter.contains(value):
        unit = f", in {parameter.unit}" if parameter.unit != "1" else ""
        raise PydanticCustomError("domain", "{allowed}", {"allowed": parameter.domain + unit})
    return value


def _year_as_word(value: Any) -> Any:
    """A whole number as a word: the name of a set of data may be a year, which TOML reads as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


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

    kind: Literal["mixed_phase", "stueckelberg"] = declarations.DEFAULT
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
        return self.count if self.values is None else len(self.values)

    def array(self) -> np.ndarray:
        """The values, increasing; float64, both ends of a range exact."""
        if self.values is not None:
            return np.asarray(self.values, dtype=np.float64)
        if self.spacing == "log":
            return np.geomspace(self.min, self.max, self.count)
        return np.linspace(self.min, self.max, self.count)


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
        return self.cl if self.sigma is None else self.sigma

    @property
    def label(self) -> str:
        """The level as text, for files and figures: sigma=2 or cl=0.95."""
        return f"{self.mode}={self.value:g}"


Levels = Annotated[tuple[Level, ...], Field(strict=False, min_length=1, max_length=MAX_LEVELS)]


class ConstraintTable(Table):
    """[constraints.NAME]: an experiment's settings, and the levels on which its contours are traced."""

    levels: Levels = (Level(cl=0.95),)


class Background(Table):
    """[constraints.mcp_lhc.background]: dark counts; without the table there are none."""

    rate: Annotated[float, Field(ge=0, allow_inf_nan=False, description="of one layer of one bar, Hz")]
    window: Annotated[float, Field(gt=0, allow_inf_nan=False, description="of the coincidence, s")] = 15e-9
    bars: Annotated[int, Field(ge=1, description="number of bars that may fake a signal")] = 1
    live_time: Annotated[float, Field(gt=0, allow_inf_nan=False, description="s")] = 1.5e7


class McpLhc(ConstraintTable):
    """[constraints.mcp_lhc]: the millicharge detector at the LHC. Defaults: 20 m away, pointing, three layers, no dark
    counts.
    """

    particles: Annotated[
        Literal["one", "two", "same_bar"],
        Field(description="mCPs that make an event; two: in different bars, same_bar: both in one"),
    ] = "one"
    distance: Annotated[
        float, Field(gt=0, allow_inf_nan=False, description="from the interaction point to the face, m")
    ] = 20.0
    side: Annotated[float, Field(gt=0, allow_inf_nan=False, description="of the square face, m")] = 1.0
    eta: Annotated[float, Field(ge=-10, le=10, description="pseudorapidity of the face's centre")] = 0.0
    bars_across: Annotated[
        int, Field(ge=2, le=1000, description="bars along a side of the face, which tell two mCPs apart")
    ] = 20
    layers: Annotated[int, Field(ge=1, le=16, description="in coincidence")] = 3
    charge_one_photoelectron: Annotated[
        float,
        Field(gt=0, le=10, description="epsilon_gamma of one photoelectron a layer, at 1.4 m, 1e4 photons/MeV and 10%"),
    ] = 2e-3
    thickness: Annotated[Positive, Field(description="of a layer, m")] = 1.4
    light_yield: Annotated[Positive, Field(description="photons/MeV")] = 1e4
    efficiency: Annotated[float, Field(gt=0, le=1, description="photoelectrons per photon")] = 0.1
    intrinsic_momentum: Annotated[
        float, Field(ge=0, le=10, description="of a pair from the partons' own motion, root mean square, GeV")
    ] = 0.87
    k_factor: Annotated[Positive, Field(description="on the Drell-Yan cross section")] = 1.0
    scale: Annotated[float, Field(ge=0.5, le=2, description="factorisation scale over the pair's mass")] = 1.0
    pdf_shift: Annotated[
        Finite, Field(description="of the luminosities, in standard deviations between sets of distributions")
    ] = 0.0
    quarkonium_scale: Annotated[Finite, Field(description="ln of the factor on quarkonium cross sections")] = 0.0
    light_meson_scale: Annotated[Finite, Field(description="ln of the factor on light-meson cross sections")] = 0.0
    background: Background | None = None
    levels: Levels = (Level(sigma=2.0), Level(sigma=3.0))


Year = BeforeValidator(_year_as_word)
Vintage = Annotated[Literal["current", "2010"], Year]
Spread = Annotated[float, Field(ge=0, le=0.05)]


class Precision(ConstraintTable):
    """[constraints.precision]: electroweak precision measurements on and off the Z pole and at low energy."""

    data: Annotated[
        Vintage, Field(description="the measurements: those of today, or those that were known in 2010")
    ] = "current"
    m_w: Annotated[Vintage, Field(description="the W mass among them, of today or as it was known in 2010")] = "current"
    dark_width: Annotated[
        Literal["wide", "narrow", "model"],
        Field(description="of the Z2: width_over_mass times m_zprime, none, or that into mCPs"),
    ] = "wide"
    width_over_mass: Annotated[
        float, Field(ge=0, allow_inf_nan=False, description="dark width over m_zprime, where it is wide")
    ] = 0.01
    cut: Annotated[
        Literal["smooth", "hard", "none"],
        Field(description="how measurements that a point moves by less than e_min are left out"),
    ] = "smooth"
    e_min: Annotated[Positive, Field(description="shift in standard deviations from which a measurement enters")] = 0.5
    sm_inputs: Annotated[
        Literal["profiled", "linearised", "fixed"],
        Field(description="alpha(m_Z) and sin^2 theta_W: fitted, fitted to first order, or held"),
    ] = "profiled"
    resonance: Annotated[
        Literal["full", "interference"],
        Field(description="what of a Z' at the beams' energy: everything, or its interference alone"),
    ] = "full"
    spread_lep1: Annotated[Spread, Field(description="beam-energy spread over sqrt(s) at the Z pole")] = 6e-4
    spread_lep2: Annotated[Spread, Field(description="beam-energy spread over sqrt(s) above the Z pole")] = 1e-3
    spread_low: Annotated[Spread, Field(description="beam-energy spread over sqrt(s) below the Z pole")] = 1e-3


class GMinus2Mu(ConstraintTable):
    """[constraints.g_minus_2_mu]: the muon's anomalous magnetic moment."""

    vintage: Annotated[
        Literal["2025", "2021", "2010"], Year, Field(description="of the measurement and its Standard Model value")
    ] = "2025"


class GMinus2E(ConstraintTable):
    """[constraints.g_minus_2_e]: the electron's anomalous magnetic moment."""

    vintage: Annotated[
        Literal["rb", "cs", "2008"], Year, Field(description="the atom, or the year, of the alpha it is compared at")
    ] = "rb"


class Combined(Precision):
    """[constraints.combined]: electroweak precision and anomalous magnetic moments in one likelihood."""

    moments: Annotated[
        Literal["mu", "e", "both"], Field(description="whose magnetic moments join electroweak precision")
    ] = "mu"


class ZInvisibleWidth(ConstraintTable):
    """[constraints.z_invisible_width]: the invisible width of the Z."""


class LandauPole(ConstraintTable):
    """[constraints.landau_pole]: how far up the dark hypercharge stays perturbative; its level has no meaning."""

    scale: Annotated[
        Positive, Field(description="below which there must be no pole of g1', GeV; above every energy used here")
    ] = 1e4


class RelicDensity(ConstraintTable):
    """[constraints.relic_density]: the mCPs' part of dark matter in a thermal history; its level has no meaning."""

    fraction: Annotated[float, Field(gt=0, le=1, description="of dark matter that mCPs may be")] = 0.006


class EffectiveNeutrinos(ConstraintTable):
    """[constraints.n_eff]: the dark photon as dark radiation in a thermal history; its level has no meaning."""

    allowed: Annotated[Positive, Field(description="largest Delta N_eff")] = 0.28
    decoupling: Annotated[
        Positive, Field(description="m_mcp over the temperature at which the dark sector leaves equilibrium")
    ] = 1.0


def _published(search: searches.Search) -> type[ConstraintTable]:
    """[constraints.NAME] of a published search: no settings, and its published level alone."""
    own = Level(cl=search.cl)

    def only(levels: tuple[Level, ...]) -> tuple[Level, ...]:
        if any(level != own for level in levels):
            raise PydanticCustomError(
                "domain", "{allowed}", {"allowed": f"[{{ cl = {search.cl:g} }}], at which it was published"}
            )
        return levels

    kind = Annotated[tuple[Level, ...], Field(strict=False, min_length=1), AfterValidator(only)]
    return create_model(search.name, __base__=ConstraintTable, __doc__=search.title, levels=(kind, (own,)))


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


_SEARCHES = searches.known()
CONSTRAINTS: dict[str, type[ConstraintTable]] = {
    "mcp_lhc": McpLhc,
    "precision": Precision,
    "g_minus_2_mu": GMinus2Mu,
    "g_minus_2_e": GMinus2E,
    "combined": Combined,
    "z_invisible_width": ZInvisibleWidth,
    "landau_pole": LandauPole,
    "relic_density": RelicDensity,
    "n_eff": EffectiveNeutrinos,
    **{name: _published(search) for name, search in _SEARCHES.items()},
}
_MILLICHARGES = [name for name, search in _SEARCHES.items() if search.is_millicharge]
# parameters without which a constraint makes no statement
NEEDS = dict.fromkeys(
    ("mcp_lhc", "z_invisible_width", "landau_pole", "relic_density", "n_eff", *_MILLICHARGES), ("m_mcp",)
)
SHARED = {"mcp_lhc": ("sqrt_s", "luminosity")}  # parameters that are settings of a constraint too


def is_number(value: Any) -> bool:
    """Whether a raw TOML value is a finite number (a bool is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
