"""How far up the dark hypercharge stays perturbative."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.constraints.base import closed_form, requirement
from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import neutral_currents


class LandauPole(requirement.Requirement):
    """The dark hypercharge must stay perturbative up to `scale`: one loop of the lightest mCP, a Dirac fermion of
    charge Q' under B'.

    1/alpha1'(mu) = 1/alpha1'(m_mcp) - (2/3 pi) Q'^2 ln(mu/m_mcp), alpha1' = g1'^2/(4 pi), g1' = e'/cW'. Then
        q = (2/3 pi) Q'^2 alpha1' ln(scale/m_mcp)
    is the part of 1/alpha1' that is used up at `scale`: one where the pole lies there. Further dark matter only lowers
    the pole.
    """

    name: ClassVar[str] = "landau_pole"
    title: ClassVar[str] = "Landau pole of the dark hypercharge"
    reference: ClassVar[str] = (
        "one loop, imposed on g1'; after E. Izaguirre, I. Yavin, Phys. Rev. D 92 (2015) 035014, arXiv:1506.04760"
    )
    domain: ClassVar[str] = (
        "any phase, m_mcp given; one Dirac fermion charged under B' alone; theory, no measurement: no confidence level"
    )
    settings: ClassVar[Mapping[str, Setting]] = {
        "scale": Setting(1e4, "below which there must be no pole of g1'; above every energy used here", "GeV", above=0)
    }

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " nothing"]) -> Scalar:
        """1 - alpha1'(m_mcp)/alpha1'(scale)."""
        coupling = currents.sector.hypercharge_dark**2 / (4.0 * jnp.pi)
        return 2.0 / (3.0 * jnp.pi) * coupling * jnp.log(self.values["scale"] / currents.mcp_mass)

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the first reason: it makes a statement wherever the model does."""
        return closed_form.first_reason()
