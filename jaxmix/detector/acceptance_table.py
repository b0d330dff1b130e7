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
    """Logarithm of an acceptance A(M, m) on uniform knots of ln M and of the decay angle, by type of the quarks."""

    log_acceptance: spline.UniformSpline  # over ln M and the decay angle, components (up, down)

    def __call__(self, masses: Float[Array, " n"], m_mcp: Scalar) -> Float[Array, "n quarks=2"]:
        """Values of ln A at pair masses (GeV) for an mCP of mass m_mcp, columns (up, down)."""
        return self.log_acceptance(jnp.log(masses), acceptance.decay_angle(m_mcp / masses))


def one(
    luminosity: parton_luminosity.AbstractLuminosity,
    spectrum: recoil.Recoil,
    face: geometry.Face,
    intrinsic: Scalar | float = recoil.INTRINSIC,
    log2_points: int = _ONE_POINTS,
) -> AcceptanceTable:
    """Tabulate the expected number of mCPs in the face per pair, `recoiling.recoiling_acceptance`.

    Parameters
    ----------
    luminosity, spectrum
        Parton luminosities, and the recoil of pairs that they make.
    face
        Front face of the detector.
    intrinsic
        Root mean square of the pair's transverse momentum from the partons' own motion, GeV.
    log2_points
        Binary logarithm of the number of quadrature points.
    """
    cube = _cube(recoiling.DIMENSIONS, log2_points, luminosity.sqrt_s)
    source = recoiling.Source(luminosity, spectrum, intrinsic)

    def at(mass: Scalar, beta: Scalar) -> Float[Array, " quarks=2"]:
        return recoiling.recoiling_acceptance(mass, beta, source, face, cube)

    return _tabulate(at, luminosity.sqrt_s, acceptance.VELOCITY_FLOOR, _ONE_KNOTS, _ONE_ANGLES)


def two(
    luminosity: parton_luminosity.AbstractLuminosity,
    densities: partons.PartonDensities,
    spectrum: recoil.Recoil,
    face: geometry.Face,
    across: Scalar | float = 1.0,
    scale: Scalar | float = 1.0,
    log2_points: int = _TWO_POINTS,
) -> AcceptanceTable:
    """Tabulate the probability that both mCPs of a pair that recoils against a jet are in the face.

    `pair.cross_section` over the Drell-Yan one, times the Sudakov form factor of `recoil`, so that slow bosons are as
    frequent as there.

    Parameters
    ----------
    luminosity, densities, spectrum
        Parton luminosities and distributions of one set, and the recoil of pairs that they make.
    face
        Front face of the detector.
    across
        Number of bars along a side; above one, both mCPs cross the same bar.
    scale
        Renormalisation and factorisation scale over the transverse mass of the boson.
    log2_points
        Binary logarithm of the number of quadrature points.
    """
    sqrt_s = luminosity.sqrt_s
    cube = _cube(pair.DIMENSIONS, log2_points, sqrt_s)

    def at(mass: Scalar, beta: Scalar) -> Float[Array, " quarks=2"]:
        source = pair.Source(densities, sqrt_s, scale, lambda pt: spectrum.below(mass, pt))
        columns = pair.cross_section(mass, beta, source, face, cube, across)
        return jnp.stack([jnp.mean(column) / total for column, total in zip(columns, jet.drell_yan(mass, luminosity))])

    return _tabulate(at, sqrt_s, _SLOWEST, _TWO_KNOTS, _TWO_ANGLES)


def _cube(dimensions: int, log2_points: int, like: Scalar) -> Float[Array, "points dimensions"]:
    """The first scrambled Sobol points of the unit cube, in the precision of `like`."""
    return jnp.asarray(scrambled.points(dimensions, log2_points, 1)[0], like.dtype)


def _tabulate(
    at: Callable[[Scalar, Scalar], Float[Array, " quarks=2"]], sqrt_s: Scalar, slowest: float, knots: int, angles: int
) -> AcceptanceTable:
    """The table of an acceptance that is a function of the pair's mass and the velocity of its products."""
    ends = jnp.log(jnp.asarray(LIGHTEST, sqrt_s.dtype)), jnp.log(jnp.minimum(HEAVIEST, HIGHEST_FRACTION * sqrt_s))
    masses = jnp.exp(jnp.linspace(*ends, knots))
    beta = jnp.clip(jnp.cos(jnp.linspace(0.0, jnp.pi / 2, angles, dtype=sqrt_s.dtype)), slowest, np.sqrt(1 - 1e-8))
    # a loop over masses: memory stays that of one of them, also where it is differentiated
    values = jax.lax.map(jax.checkpoint(lambda mass: jax.vmap(lambda velocity: at(mass, velocity))(beta)), masses)
    return AcceptanceTable(spline.fit(jnp.log(jnp.maximum(values, 0.0) + _SMALLEST), ends, (0.0, np.pi / 2)))
