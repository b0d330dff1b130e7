"""The vocabulary of parameter points: every parameter's name, meaning, unit, default and domain.

The same names stand in flags (with dashes), in TOML, JSON and CSV, and mean the same in every model that has them; a
model's declaration says which it has. Two parameters have other forms: kappa follows from epsilon_gamma or epsilon, and
the Z' mass from m2 or from a ratio to the mCP's mass.
"""

import math
from typing import NamedTuple

from jaxmix import constants

KAPPA_FORMS = ("kappa", "epsilon_gamma", "epsilon")
ZPRIME_FORMS = ("m_zprime", "m2", "m_zprime_over_m_mcp", "m2_over_m_mcp")
MCP_RATIOS = ("m_zprime_over_m_mcp", "m2_over_m_mcp")
WORDS = {"theta_dark": "theta_w", "e_dark": "e"}  # the word that stands for a parameter's default
STANDARD_MODEL = ("sin2_theta_w", "alpha")  # which the values of words rest on


class Parameter(NamedTuple):
    """One parameter of a point.

    Parameters
    ----------
    meaning, symbol, unit : in words, in TeX, and in natural units ("1" for none).
    low, high : ends of the domain, an interval.
    closed : whether the ends that are finite belong to the domain.
    default : None where a value must be given.
    """

    meaning: str
    symbol: str
    unit: str
    low: float
    high: float
    closed: bool = False
    default: float | None = None

    @property
    def domain(self) -> str:
        """The interval in words, as it stands in messages."""
        if self.high < math.inf:
            ends = f"{self.low:.6g}, {self.high:.6g}"
            return f"a finite number in [{ends}]" if self.closed else f"a finite number in ({ends})"
        if self.low == 0:
            return "a finite number >= 0" if self.closed else "a finite number > 0"
        return "a finite number"

    def contains(self, value: float) -> bool:
        """Whether a value is finite and in the domain."""
        inside = self.low <= value <= self.high if self.closed else self.low < value < self.high
        return math.isfinite(value) and inside


_INF = math.inf
PARAMETERS = {
    "kappa": Parameter("kinetic mixing", r"$\kappa$", "1", -1, 1),
    "epsilon_gamma": Parameter("millicharge in units of e", r"$\epsilon_\gamma$", "1", -_INF, _INF),
    "m_zprime": Parameter("physical Z' mass", r"$m_{Z'}$", "GeV", 0, _INF),
    "m2": Parameter("Lagrangian Z' mass", r"$M_2$", "GeV", 0, _INF),
    "m_zprime_over_m_mcp": Parameter("physical Z' mass over the mCP's", r"$m_{Z'}/m_\psi$", "1", 0, _INF),
    "m2_over_m_mcp": Parameter("Lagrangian Z' mass over the mCP's", r"$M_2/m_\psi$", "1", 0, _INF),
    "m1": Parameter("Lagrangian Z mass", r"$M_1$", "GeV", 0, _INF, default=constants.M1),
    "theta_dark": Parameter("dark mixing angle", r"$\theta_W'$", "rad", 0, math.pi / 2, True, constants.THETA_W),
    "e_dark": Parameter("dark charge", "$e'$", "1", 0, _INF, True, constants.E_CHARGE),
    "m_mcp": Parameter("mass of the lightest millicharged particle", r"$m_\psi$", "GeV", 0, _INF),
    "sin2_theta_w": Parameter("weak mixing angle", r"$\sin^2\theta_W$", "1", 0, 1, default=constants.SIN2_THETA_W),
    "alpha": Parameter("electromagnetic coupling at m_Z", r"$\alpha$", "1", 0, _INF, default=constants.ALPHA),
    "sqrt_s": Parameter("collider energy", r"$\sqrt{s}$", "GeV", 2e3, 1e5, True, 14000.0),
    "luminosity": Parameter("integrated luminosity", r"$\mathcal{L}$", "1/fb", 0, _INF, default=300.0),
    "charge_dark": Parameter("dark charge number Q' of the mCP", "$Q'$", "1", -_INF, _INF, default=1.0),
    "isospin_dark": Parameter("dark isospin T3' of the mCP", "$T_3'$", "1", -_INF, _INF, default=0.0),
    "epsilon": Parameter("kinetic mixing with electromagnetism, kappa cos(theta_W)", r"$\epsilon$", "1", -1, 1),
    "mass_mixing": Parameter("Stueckelberg mass mixing mu/m", "$r$", "1", -_INF, _INF),
    "g_dark": Parameter("dark gauge coupling of X", "$g_X$", "1", 0, _INF, True),
}


class LimitRange(NamedTuple):
    """Where a limit on a parameter is looked for, in its unit, and in which spacing ("log" or "linear")."""

    low: float
    high: float
    spacing: str = "log"

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, in the parameter's unit."""
        return self.low, self.high


LIMIT_SAMPLES = 128  # values in a range at which a limit's crossings are looked for
LIMIT_RANGES = {
    "kappa": LimitRange(1e-8, 0.999),
    "epsilon_gamma": LimitRange(1e-8, 1.0),
    "m_zprime": LimitRange(0.05, 3000.0),
    "m2": LimitRange(0.05, 3000.0),
    "m_zprime_over_m_mcp": LimitRange(0.1, 1e3),
    "m2_over_m_mcp": LimitRange(0.1, 1e3),
    "theta_dark": LimitRange(1e-4, math.pi / 2 - 1e-4, "linear"),
    "e_dark": LimitRange(1e-4, 4 * math.pi),
    "m_mcp": LimitRange(0.01, 2000.0),
    "luminosity": LimitRange(1e-3, 1e7),
    "sqrt_s": LimitRange(2000.0, 1e5),
    "epsilon": LimitRange(1e-8, 0.876),
    "mass_mixing": LimitRange(1e-8, 10.0),
    "g_dark": LimitRange(1e-4, 4 * math.pi),
    "charge_dark": LimitRange(1e-4, 100.0),
}


def named_values(sin2_theta_w: float, alpha: float) -> dict[str, float]:
    """The values that words stand for: theta_W in rad and e = sqrt(4 pi alpha) at these inputs, and pi/2."""
    return {
        "theta_w": math.asin(math.sqrt(sin2_theta_w)),
        "e": math.sqrt(4 * math.pi * alpha),
        "pi/2": math.pi / 2,
    }


def defaults(sin2_theta_w: float = constants.SIN2_THETA_W, alpha: float = constants.ALPHA) -> dict[str, float]:
    """The value of every parameter that has a default in the vocabulary; a model's declaration may add its own.

    theta_dark = theta_W and e_dark = e hold at these Standard Model inputs.
    """
    named = named_values(sin2_theta_w, alpha)
    plain = {name: parameter.default for name, parameter in PARAMETERS.items() if parameter.default is not None}
    return plain | {"sin2_theta_w": sin2_theta_w, "alpha": alpha} | {name: named[word] for name, word in WORDS.items()}


def complaint(name: str, value: float) -> str | None:
    """Why a value of a parameter is refused: the parameter, what was found and what is allowed; None if it is not."""
    parameter = PARAMETERS[name]
    if parameter.contains(value):
        return None
    return f"{name}: found {value!r}; allowed: {parameter.domain}" + (
        f", in {parameter.unit}" if parameter.unit != "1" else ""
    )
