"""One particle of a pair in the face when the pair has transverse momentum: what recoil adds to
`acceptance.pair_acceptance`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import kinematics, parton_luminosity, recoil
from jaxmix.detector import acceptance, geometry

DIMENSIONS = 5


class Source(NamedTuple):
    """Where pairs come from: proton collisions, with the transverse momentum that pairs get in them."""

    luminosity: parton_luminosity.AbstractLuminosity
    spectrum: recoil.Recoil  # transverse momenta from radiation
    intrinsic: Scalar | float = recoil.INTRINSIC  # GeV, root mean square of those from the partons' own motion


def recoiling_acceptance(
    mass: Scalar, beta: Scalar, source: Source, face: geometry.Face, cube: Float[Array, "points dimensions=5"]
) -> Float[Array, " quarks=2"]:
    """Expected number of mCPs (psi and psibar) in the face per pair of mass M, with the pair's transverse momentum.

    A = A(pT = 0) + mean over the cube of the difference that pT makes, decay by decay: radiation, intrinsic motion and
    the decay's direction are columns of the cube. The rapidity density of a boson with pT is taken as that of a
    Drell-Yan pair of the least mass that its partons make with a jet of that pT, m_T + pT; it agrees to 2% with the
    leading-order one.

    Parameters
    ----------
    mass
        Mass M of the pair, GeV.
    beta
        Velocity of the mCPs in the pair's rest frame.
    source
        Rapidities and transverse momenta of pairs.
    face
        Front face of the detector.
    cube
        Points of the unit cube.

    Returns
    -------
    A of pairs made by (up-type, down-type) quarks; positive at threshold, where both particles follow the boson.
    """
    radiated, momenta = recoil.transverse_momenta(source.spectrum, mass, recoil.Plane(*cube.T[:3]), source.intrinsic)
    cosine, azimuth = 2 * cube[:, 3] - 1, 2 * jnp.pi * cube[:, 4]
    eta, weight = geometry.pseudorapidity_nodes(face)

    def of_column(
        momentum: Float[Array, " points"], partonic: Float[Array, " points"], column: int
    ) -> Float[Array, " points"]:
        decay = kinematics.recoiling_angular_density(cosine, azimuth, beta, momentum / mass)
        transverse, along = kinematics.recoiling_product(mass, beta, momentum, cosine, azimuth)
        velocity = transverse / kinematics.transverse_mass(mass * jnp.sqrt(1 - beta**2) / 2, transverse)
        rapidity = jax.vmap(kinematics.rapidity, (0, None))(eta, velocity) - along[None, :]
        slope = jax.vmap(kinematics.rapidity_slope, (0, None))(eta, velocity)
        density = jax.vmap(lambda at, y: source.luminosity.rapidity_density(at, y)[column], (0, 1))(partonic, rapidity)
        # e: pseudorapidity in the face, n: point of the cube
        return 2 * decay * jnp.einsum("e,ne,en->n", weight, density, slope)

    def at(
        momenta: Float[Array, "points quarks=2"], radiated: Float[Array, "points quarks=2"]
    ) -> Float[Array, "points quarks=2"]:
        partonic = kinematics.transverse_mass(mass, radiated) + radiated
        return jnp.stack([of_column(momenta[:, k], partonic[:, k], k) for k in (0, 1)], axis=-1)

    at_rest = jnp.zeros_like(momenta)
    luminosity = source.luminosity
    without_recoil = acceptance.pair_acceptance_at(mass, beta, luminosity.rapidity_density, face, luminosity.sqrt_s)
    return without_recoil + jnp.mean(at(momenta, radiated) - at(at_rest, at_rest), axis=0)
