"""Two-body widths of a neutral vector boson: pure functions of masses and couplings, in GeV."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix import constants
from jaxmix.numerics import safe

_MASSES = np.array([fermion.mass for fermion in constants.FERMIONS])
_COLOURS = np.array(
    [
        fermion.colours * (1.0 + constants.ALPHA_S / np.pi if fermion.colours == 3 else 1.0)
        for fermion in constants.FERMIONS
    ]
)


def partial_width(
    mass: Scalar,
    product_mass: Float[Array, "*fermions"],
    left: Float[Array, "*fermions"],
    right: Float[Array, "*fermions"],
    colours: Float[Array, "*fermions"] | float,
) -> Float[Array, "*fermions"]:
    """Width (GeV) of V -> f fbar at tree level.

    Gamma = N_c m/(24 pi) sqrt(1 - 4 x) [(gL^2 + gR^2)(1 - x) + 6 x gL gR],  x = m_f^2/m^2; zero below threshold,
    where the slope is also zero.

    Parameters
    ----------
    mass, product_mass : of the boson and of the fermion, GeV.
    left, right : chiral couplings.
    colours : N_c.

    References
    ----------
    Paper B, below its eq. (B11), with masses.
    """
    x = jnp.minimum((product_mass / mass) ** 2, 0.25)
    coupling = (left**2 + right**2) * (1.0 - x) + 6.0 * x * left * right
    return colours * mass / (24.0 * jnp.pi) * safe.velocity(x) * coupling


def fermion_width(mass: Scalar, fermion: constants.Fermion, left: Scalar, right: Scalar) -> Scalar:
    """Width (GeV) into a Standard Model pair; quarks carry the QCD factor 1 + alpha_s/pi."""
    qcd = 1.0 + constants.ALPHA_S / jnp.pi if fermion.colours == 3 else 1.0
    return qcd * partial_width(mass, jnp.asarray(fermion.mass, dtype=mass.dtype), left, right, fermion.colours)


def fermion_widths(
    mass: Scalar, left: Float[Array, " fermions"], right: Float[Array, " fermions"]
) -> Float[Array, " fermions"]:
    """The same (GeV) into every Standard Model pair at once, in the order of constants.FERMIONS."""
    return partial_width(mass, jnp.asarray(_MASSES, mass.dtype), left, right, jnp.asarray(_COLOURS, mass.dtype))
