"""The dark sector's feedback F at collider energies, averaged over the spread of the beams' energy.

F is a smooth function over one simple pole, so the average of a resonance of any width is exact in closed form: that of
1/(E - E_pole) over a Gaussian, the Faddeeva function. |F|^2 follows from Im F by unitarity, Im(1/F) = Im(1/X) - Im h.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Inexact, Int

from jaxmix.currents import mixing
from jaxmix.electroweak import feedback
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import safe
from jaxmix.numerics.faddeeva import faddeeva

_SMALLEST_SPREAD = 1e-9  # relative; below it the average is the value at the energy itself


class Response(NamedTuple):
    """Re F, Im F and |F|^2 at some energies.

    They are not one array, as a compiler evaluates stacked arrays element by element, ten times slower.
    """

    real: Float[Array, " n"]
    imaginary: Float[Array, " n"]
    square: Float[Array, " n"]

    def at(self, places: int | slice | Int[Array | np.ndarray, " m"]) -> "Response":
        """The response at some of the energies."""
        return Response(*(each[places] for each in self))

    def change(self, coefficients: Float[Array, "terms=3 n"]) -> Float[Array, " n"]:
        """Sum of coefficients[0] Re F + coefficients[1] Im F + coefficients[2] |F|^2."""
        return coefficients[0] * self.real + coefficients[1] * self.imaginary + coefficients[2] * self.square


def response(
    dark: feedback.Feedback,
    model: sm.StandardModel,
    energy: Float[Array, " n"],
    spread: Float[Array, " n"],
    h: Complex[Array, " n"],
) -> Response:
    """Average Re F, Im F and |F|^2 over the spread of the beams' energy.

    Parameters
    ----------
    dark
        The dark sector's feedback.
    model
        The Standard Model on which it feeds back.
    energy
        Centre-of-mass energies, GeV.
    spread
        Relative Gaussian spreads of the energies.
    h
        Hypercharge propagator at the energies, GeV^-2.
    """
    s, mass = energy**2, jnp.sqrt(dark.square)
    distance = (energy - mass) * (energy + mass)
    numerator, denominator = dark.forms(s, distance, dark.absorption(s))
    whole = denominator - h * numerator
    pole = _pole_distance(dark, model)
    from_pole = distance - pole  # s - s_pole
    on_pole = whole == 0.0
    residue = numerator * jnp.where(on_pole, 1.0, from_pole * safe.inverse(jnp.where(on_pole, 1.0, whole)))
    width = math.sqrt(2.0) * energy * jnp.maximum(spread, _SMALLEST_SPREAD)
    scale = safe.inverse((energy + mass * jnp.sqrt(1.0 + pole / dark.square)) * width)
    place = from_pole * scale  # (E - E_pole)/(sqrt2 sigma), in the upper half-plane
    average = residue * scale * (-1j * math.sqrt(math.pi)) * faddeeva(place)
    size = _squared(numerator)
    square = -jnp.imag(average) * safe.ratio(size, jnp.imag(denominator * jnp.conj(numerator)) - size * jnp.imag(h))
    return Response(jnp.real(average), jnp.imag(average), square)


def _pole_distance(dark: feedback.Feedback, model: sm.StandardModel) -> Complex[Array, ""]:
    """Distance s_pole - m_Z'^2 (GeV^2) by one step of Newton's method from m_Z'^2 with the absorptive parts held: exact
    to the width's relative size.
    """
    absorption = mixing.absorptive(dark.square, model.e, model.weak)
    of_mcp = dark.absorption(dark.square)

    def whole(distance: Complex[Array, ""]) -> Complex[Array, ""]:
        s = dark.square + distance
        numerator, denominator = dark.forms(s, distance, of_mcp)
        *_, h = mixing.hypercharge_vector(s, model.m1, model.weak, absorption)
        return denominator - h * numerator

    here = jnp.zeros((), jnp.result_type(dark.square, 1j))
    value, slope = jax.jvp(whole, (here,), (jnp.ones_like(here),))
    step = -value / slope
    # widths are positive: rounding must not put the pole on the other side
    return jax.lax.complex(jnp.real(step), jnp.minimum(jnp.imag(step), 0.0))


def _squared(z: Inexact[Array, "..."]) -> Float[Array, "..."]:
    """|z|^2."""
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2
