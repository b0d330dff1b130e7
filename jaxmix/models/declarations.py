"""What each model of the dark sector is called and which parameters it has; no jax: flags and configs ask here.

Names, meanings and domains of the parameters are those of `jaxmix.parameters`, one vocabulary for all models.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jaxmix import constants, parameters

_SHARED = ("m1", "sin2_theta_w", "alpha", "m_mcp", "sqrt_s", "luminosity")
_MASS_FORMS = ("m_zprime", "m2", "m_zprime_over_m_mcp", "m2_over_m_mcp")


class Declaration(NamedTuple):
    """A model: its name, its parameters and the forms in which two of them may be given.

    Parameters
    ----------
    kind : name in flags and configs.
    title : the model in words.
    own : names of its own parameters, beside those that all models share.
    mixing_forms, mass_forms : exactly one of each is given.
    preset : defaults of its own parameters where the vocabulary has none, as numbers or words.
    phases : words that set a parameter, which each sets and to what; None leaves the value to the point.
    coupling : name of the dark gauge coupling that should stay below 4 pi.
    photon : the currents that the photon couples to.
    """

    kind: str
    title: str
    own: tuple[str, ...]
    mixing_forms: tuple[str, ...]
    mass_forms: tuple[str, ...] = _MASS_FORMS
    preset: Mapping[str, float | str] = {}
    phases: Mapping[str, tuple[str, float | None]] = {}
    coupling: str = "g1_dark"
    photon: tuple[str, ...] = ("em", "em_dark")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all its parameters, forms and collider among them, in the order of the interface."""
        known = {*self.own, *self.mixing_forms, *self.mass_forms, *_SHARED}
        return tuple(name for name in parameters.PARAMETERS if name in known)

    def defaults(
        self, sin2_theta_w: float = constants.SIN2_THETA_W, alpha: float = constants.ALPHA
    ) -> dict[str, float]:
        """The value of every parameter that has a default, at these Standard Model inputs."""
        words = parameters.named_values(sin2_theta_w, alpha)
        preset = {name: words[value] if isinstance(value, str) else value for name, value in self.preset.items()}
        found = parameters.defaults(sin2_theta_w, alpha) | preset
        return {name: found[name] for name in self.names if name in found}

    def wrong_forms(self, given: Iterable[str]) -> list[tuple[str, list[str], tuple[str, ...]]]:
        """Quantities of which not exactly one form is given: what it is, the forms found, and those allowed."""
        names = set(given)
        quantities = (("the mixing", self.mixing_forms), ("the Z' mass", self.mass_forms))
        found = [(what, [name for name in forms if name in names], forms) for what, forms in quantities]
        return [each for each in found if len(each[1]) != 1]

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are no parameter of the model."""
        return [name for name in names if name not in self.names]


# values at which the millicharge epsilon_gamma is zero whatever the mixing, so that none follows from it
_NO_CHARGE = {"theta_dark": math.pi / 2, "e_dark": 0.0, "charge_dark": 0.0}
CHARGE_RESTS_ON = tuple(_NO_CHARGE)
_AT_RIGHT_ANGLE = 1e-9  # rad


def is_without_charge(name: str, value: float) -> bool:
    """True if a parameter's value makes the millicharge zero, so that no mixing follows from epsilon_gamma."""
    return abs(value - _NO_CHARGE[name]) < (_AT_RIGHT_ANGLE if name == "theta_dark" else math.ulp(0.0))


MIXED_PHASE = Declaration(
    kind="mixed_phase",
    title="kinetic mixing with a boson that is part massless, part massive",
    own=("theta_dark", "e_dark", "charge_dark", "isospin_dark"),
    mixing_forms=("kappa", "epsilon_gamma", "epsilon"),
    phases={
        "holdom": ("theta_dark", 0.0),
        "okun": ("theta_dark", math.pi / 2),
        "mixed": ("theta_dark", None),
    },
)
STUECKELBERG = Declaration(
    kind="stueckelberg",
    title="kinetic and Stueckelberg mass mixing with a massive boson, without a massless one",
    own=("mass_mixing", "g_dark", "charge_dark"),
    mixing_forms=("kappa", "epsilon"),
    preset={"mass_mixing": 0.0, "g_dark": "e"},
    coupling="g_dark",
    photon=("em", "z_dark"),
)

DECLARED = {each.kind: each for each in (MIXED_PHASE, STUECKELBERG)}
DEFAULT = MIXED_PHASE.kind
