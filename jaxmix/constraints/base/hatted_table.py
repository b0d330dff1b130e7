"""q as a function of kappa^ and the Z' mass alone, tabulated for the masses of a grid."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix.currents import neutral_currents
from jaxmix.numerics import spline

Scalar = Float[Array, ""]


class HattedTable(eqx.Module):
    """asinh(q) as a cubic spline in ln kappa^ for each mass (GeV, ascending; physical or Lagrangian as the points give
    it).
    """

    masses: Float[Array, " masses"]
    coefficients: Float[Array, "masses coefficients"]
    first: Scalar
    step: Scalar

    def __call__(self, currents: neutral_currents.NeutralCurrents) -> Scalar:
        """q of a point whose mass is one of the table's; below the table's kappa^ it falls like kappa^^2."""
        mass = currents.m2 if currents.m_zprime is None else currents.m_zprime
        row = jnp.argmin(jnp.abs(jnp.asarray(self.masses) - mass))
        curve = spline.UniformSpline(jnp.asarray(self.coefficients)[row], self.first[None], self.step[None])
        strength = jnp.abs(currents.sector.hatted)
        lowest = jnp.exp(self.first)
        place = jnp.log(jnp.maximum(strength, lowest))
        return jnp.sinh(curve(place)) * jnp.minimum(strength / lowest, 1.0) ** 2
