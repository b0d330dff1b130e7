"""What the massless dark photon adds to the radiation of the early universe, where mCPs once brought it into
equilibrium.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Scalar

from jaxmix import constants
from jaxmix.constraints.base import requirement
from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import neutral_currents

_PLANCK_MASS = 1.220890e19  # GeV; PDG 2024, physical constants
_CROSSOVER, _WIDTH = (
    0.1565,
    0.015,
)  # GeV, of QCD: A. Bazavov et al., Phys. Lett. B 795 (2019) 15; the width is a stand-in
_NEUTRINO_DECOUPLING = 10.75  # g*s
# states and mass (GeV) of bosons: photon, W, Z, Higgs; gluons and pions on either side of the crossover
_BOSONS = ((2, 0.0), (6, 80.37), (3, constants.M1), (1, 125.2))
_GLUONS, _PIONS = 16, (3, 0.138)
_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(32)


def entropy_states(temperature: Scalar) -> Scalar:
    """g*s of the Standard Model, s = 2 pi^2/45 g*s T^3, of free particles; quarks and gluons give way to pions at the
    QCD crossover.

    temperature: GeV. Within some 10% of lattice results from 0.1 to 1 GeV.
    """
    confined = jax.nn.sigmoid((_CROSSOVER - temperature) / _WIDTH)
    light = [(2 * (1 if each.charge == 0.0 else 2), each.mass) for each in constants.FERMIONS if each.colours == 1]
    quarks = [(12, each.mass) for each in constants.FERMIONS if each.colours == 3]
    zero = jnp.zeros_like(temperature)
    free = sum((states * _share(mass / temperature, 1.0) for states, mass in light), start=zero)
    free += sum((states * _share(mass / temperature, -1.0) for states, mass in _BOSONS), start=zero)
    coloured = _GLUONS + sum(states * _share(mass / temperature, 1.0) for states, mass in quarks)
    return free + (1.0 - confined) * coloured + confined * _PIONS[0] * _share(_PIONS[1] / temperature, -1.0)


def _share(x: Scalar, sign: float) -> Scalar:
    """Entropy of one state of mass x T over that of a massless boson: 45/(4 pi^4) int y^2 (E + y^2/(3 E))/(e^E + sign),
    E^2 = y^2 + x^2.
    """
    y, weights = (jnp.asarray(each, x.dtype) for each in (_NODES, _WEIGHTS))
    energy = jnp.sqrt(y**2 + x**2)
    occupied = jnp.exp(y - energy) / (1.0 + sign * jnp.exp(-energy))  # times e^y, which the quadrature's weights hold
    whole = jnp.sum(weights * y**2 * (energy + y**2 / (3.0 * energy)) * occupied)
    return 45.0 / (4.0 * math.pi**4) * whole


class EffectiveNeutrinos(requirement.Requirement):
    """A massless dark photon that was in equilibrium until mCPs vanished is dark radiation: an order of magnitude.

    Delta N_eff = (8/7) (10.75/g*s(T))^(4/3) at T = m_mcp/decoupling, from equal entropies; q = Delta N_eff/allowed r/(1
    + r), where r = epsilon_gamma^2 alpha^2 M_P/(1.66 sqrt(g*) m_mcp) is the rate of f fbar -> psi psi over the
    expansion at T = m_mcp: below r = 1 the dark sector never came into equilibrium. `decoupling` = 1 is the earliest
    end of equilibrium, and so the smallest Delta N_eff.
    """

    name: ClassVar[str] = "n_eff"
    title: ClassVar[str] = "Dark radiation, N_eff (model-dependent)"
    reference: ClassVar[str] = "N. Aghanim et al. (Planck), Astron. Astrophys. 641 (2020) A6, arXiv:1807.06209"
    domain: ClassVar[str] = (
        "phases with a massless dark photon, m_mcp given; model-dependent: a universe once hotter than m_mcp, no "
        "entropy made later; an "
        "order of magnitude, no confidence level"
    )
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "no_dark_photon")
    settings: ClassVar[Mapping[str, Setting]] = {
        # N_eff = 2.99 +- 0.17 against 3.044 of the Standard Model, 1.96 errors
        "allowed": Setting(0.28, "largest Delta N_eff", above=0),
        "decoupling": Setting(1.0, "m_mcp over the temperature at which the dark sector leaves equilibrium", above=0),
    }

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " nothing"]) -> Scalar:
        """Delta N_eff over what is allowed."""
        states = entropy_states(currents.mcp_mass / self.values["decoupling"])
        added = 8.0 / 7.0 * (_NEUTRINO_DECOUPLING / states) ** (4.0 / 3.0)
        expansion = 1.66 * jnp.sqrt(entropy_states(currents.mcp_mass)) * currents.mcp_mass
        rate = (currents.epsilon_gamma * constants.ALPHA_0) ** 2 * _PLANCK_MASS / expansion
        coupled = currents.sector.couplings()[0] != 0.0
        return jnp.where(coupled, added / self.values["allowed"] * rate / (1.0 + rate), jnp.nan)

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return 1 where the mCP does not couple to a massless dark photon."""
        return jnp.where(currents.sector.couplings()[0] == 0.0, 1, 0)
