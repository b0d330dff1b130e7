"""Acceptances tabulated over the pair's mass and the decay angle: they rest on the geometry and on the protons alone,
on no mass or coupling of the dark sector, so that a scan makes them once.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import jet, parton_luminosity, partons, recoil
from jaxmix.detector import acceptance, geometry, pair, recoiling
from jaxmix.numerics import spline
from jaxmix.numerics.sobol import scrambled

LIGHTEST, HEAVIEST, HIGHEST_FRACTION = 2.0, 4000.0, 0.7  # GeV, GeV, of sqrt_s: masses of pairs
_ONE_KNOTS, _ONE_ANGLES, _ONE_POINTS = 28, 18, 8  # of ln M and the decay angle; log2 of the points
_TWO_KNOTS, _TWO_ANGLES, _TWO_POINTS = 32, 16, 10
_SLOWEST = 0.02  # velocity at which pairs near threshold are taken: they follow the boson all the same
_SMALLEST = 1e-14  # added to an acceptance: beyond any luminosity, and its logarithm falls off no cliff


class AcceptanceTable(eqx.Module):
    """ln A(M, m) of both columns of quarks on uniform knots of ln M and of the decay angle."""

    log_acceptance: spline.UniformSpline  # over ln M and the decay angle, components (up, down)

    def __call__(self, masses: Float[Array, " n"], m_mcp: Scalar) -> Float[Array, "n 2"]:
        """ln A at pair masses (GeV) for an mCP of mass m_mcp, columns (up, down)."""
        return self.log_acceptance(jnp.log(masses), acceptance.decay_angle(m_mcp / masses))


def one(
    luminosity: parton_luminosity.AbstractLuminosity,
    spectrum: recoil.Recoil,
    face: geometry.Face,
    intrinsic: Scalar | float = recoil.INTRINSIC,
    log2_points: int = _ONE_POINTS,
) -> AcceptanceTable:
    """Expected number of mCPs in the face per pair, with recoil (recoiling.recoiling_acceptance)."""
    cube = _cube(recoiling.DIMENSIONS, log2_points, luminosity.sqrt_s)
    density, sqrt_s = luminosity.rapidity_density, luminosity.sqrt_s

    def at(mass: Scalar, beta: Scalar) -> Float[Array, " 2"]:
        return recoiling.recoiling_acceptance(mass, beta, density, spectrum, face, sqrt_s, cube, intrinsic)

    return _tabulate(at, sqrt_s, acceptance.VELOCITY_FLOOR, _ONE_KNOTS, _ONE_ANGLES)


def two(
    luminosity: parton_luminosity.AbstractLuminosity,
    densities: partons.PartonDensities,
    spectrum: recoil.Recoil,
    face: geometry.Face,
    across: Scalar | float = 1.0,
    scale: Scalar | float = 1.0,
    log2_points: int = _TWO_POINTS,
) -> AcceptanceTable:
    """Probability that both mCPs of a pair are in the face, recoiling against a jet: pair.cross_section over the
    Drell-Yan one.

    The Sudakov form factor of `recoil` multiplies it, so that slow bosons are as frequent as there. across: bars along
    a side, above one both cross the same bar.
    """
    sqrt_s = luminosity.sqrt_s
    cube = _cube(pair.DIMENSIONS, log2_points, sqrt_s)

    def at(mass: Scalar, beta: Scalar) -> Float[Array, " 2"]:
        columns = pair.cross_section(
            mass, beta, densities, face, sqrt_s, cube, scale, across, lambda pt: spectrum.below(mass, pt)
        )
        return jnp.stack([jnp.mean(column) / total for column, total in zip(columns, jet.drell_yan(mass, luminosity))])

    return _tabulate(at, sqrt_s, _SLOWEST, _TWO_KNOTS, _TWO_ANGLES)


def _cube(dimensions: int, log2_points: int, like: Scalar) -> Float[Array, "n dimension"]:
    return jnp.asarray(scrambled.points(dimensions, log2_points, 1)[0], like.dtype)


def _tabulate(
    at: Callable[[Scalar, Scalar], Float[Array, " 2"]], sqrt_s: Scalar, slowest: float, knots: int, angles: int
) -> AcceptanceTable:
    """The table of an acceptance that is a function of the pair's mass and the velocity of its products."""
    ends = jnp.log(jnp.asarray(LIGHTEST, sqrt_s.dtype)), jnp.log(jnp.minimum(HEAVIEST, HIGHEST_FRACTION * sqrt_s))
    masses = jnp.exp(jnp.linspace(*ends, knots))
    beta = jnp.clip(jnp.cos(jnp.linspace(0.0, jnp.pi / 2, angles, dtype=sqrt_s.dtype)), slowest, np.sqrt(1 - 1e-8))
    # a loop over masses: memory stays that of one of them, also where it is differentiated
    values = jax.lax.map(jax.checkpoint(lambda mass: jax.vmap(lambda velocity: at(mass, velocity))(beta)), masses)
    return AcceptanceTable(spline.fit(jnp.log(jnp.maximum(values, 0.0) + _SMALLEST), ends, (0.0, np.pi / 2)))
