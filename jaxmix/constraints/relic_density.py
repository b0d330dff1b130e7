"""What a thermal history leaves of mCPs, against the part of dark matter that they may be."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.constraints.base import requirement
from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import neutral_currents


class RelicDensity(requirement.Requirement):
    """mCPs that freeze out by psi psi -> two dark photons must be a small part of dark matter: an order of magnitude.

    sigma v = pi alpha'^2/m^2, Omega h^2 = 1e-5 (m/GeV)^2 (1e-2/alpha')^2, alpha' = e'^2/(4 pi) (paper A, footnote 5);
    q = Omega h^2/(0.120 fraction). The cosmic microwave background allows 0.6% of dark matter to be coupled to the
    baryons at recombination. It holds for a thermal history without an asymmetry or further annihilation.
    """

    name: ClassVar[str] = "relic_density"
    title: ClassVar[str] = "Relic density of mCPs (model-dependent)"
    reference: ClassVar[str] = (
        "R. de Putter et al., Phys. Rev. Lett. 122 (2019) 041301, arXiv:1805.11616 (fraction); N. Aghanim et al. "
        "(Planck), "
        "Astron. Astrophys. 641 (2020) A6, arXiv:1807.06209"
    )
    domain: ClassVar[str] = (
        "phases with a massless dark photon, m_mcp given; model-dependent: thermal history, no asymmetry; an "
        "order of magnitude, no "
        "confidence level"
    )
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "no_dark_photon")
    settings: ClassVar[Mapping[str, Setting]] = {
        # 95% credibility, R. de Putter et al.
        "fraction": Setting(0.006, "of dark matter that mCPs may be", above=0, most=1)
    }

    dark_matter: ClassVar[float] = 0.120  # Omega h^2; Planck, Astron. Astrophys. 641 (2020) A6

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " nothing"]) -> Scalar:
        """Omega h^2 over what is allowed."""
        to_dark_photon, _ = currents.sector.couplings()
        alpha_dark = to_dark_photon**2 / (4.0 * jnp.pi)
        annihilates = alpha_dark > 0.0  # else into Standard Model particles only, which the formula leaves out
        density = 1e-5 * currents.mcp_mass**2 * (1e-2 / jnp.where(annihilates, alpha_dark, 1.0)) ** 2
        density = jnp.where(annihilates, density, jnp.nan)
        return density / (self.dark_matter * self.values["fraction"])

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return 1 where the mCP does not couple to a massless dark photon."""
        return jnp.where(currents.sector.couplings()[0] == 0.0, 1, 0)
