"""One particle of a pair in the face when the pair has transverse momentum: what recoil adds to
`acceptance.pair_acceptance`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import kinematics, recoil
from jaxmix.detector import acceptance, geometry

DIMENSIONS = 5


def recoiling_acceptance(
    mass: Scalar,
    beta: Scalar,
    rapidity_density: acceptance.RapidityDensity,
    spectrum: recoil.Recoil,
    face: geometry.Face,
    sqrt_s: Scalar,
    cube: Float[Array, "n five"],
    intrinsic: Scalar | float = recoil.INTRINSIC,
) -> Float[Array, " 2"]:
    """Expected number of mCPs (psi and psibar) in the face per pair of mass M, with the pair's transverse momentum:
    (up, down).

    A = A(pT = 0) + mean over the cube of the difference that pT makes, decay by decay: radiation, intrinsic motion and
    the decay's direction are columns of the cube. The rapidity density of a boson with pT is that of a Drell-Yan pair
    of the least mass that its partons make with a jet of that pT, m_T + pT (see the tests: 2% of the leading-order
    one). beta: velocity in the rest frame. Positive at threshold, where both particles follow the boson.
    """
    radiated, momenta = recoil.transverse_momenta(spectrum, mass, recoil.Plane(*cube.T[:3]), intrinsic)
    cosine, azimuth = 2 * cube[:, 3] - 1, 2 * jnp.pi * cube[:, 4]
    eta, weight = geometry.pseudorapidity_nodes(face)

    def of_column(momentum: Float[Array, " n"], partonic: Float[Array, " n"], column: int) -> Float[Array, " n"]:
        decay = kinematics.recoiling_angular_density(cosine, azimuth, beta, momentum / mass)
        transverse, along = kinematics.recoiling_product(mass, beta, momentum, cosine, azimuth)
        velocity = transverse / kinematics.transverse_mass(mass * jnp.sqrt(1 - beta**2) / 2, transverse)
        rapidity = jax.vmap(kinematics.rapidity, (0, None))(eta, velocity) - along[None, :]
        slope = jax.vmap(kinematics.rapidity_slope, (0, None))(eta, velocity)
        found = jax.vmap(lambda at, y: rapidity_density(at, y)[column], (0, 1))(partonic, rapidity)
        return 2 * decay * jnp.einsum("e,ne,en->n", weight, found, slope)

    def at(momenta: Float[Array, "n 2"], radiated: Float[Array, "n 2"]) -> Float[Array, "n 2"]:
        partonic = kinematics.transverse_mass(mass, radiated) + radiated
        return jnp.stack([of_column(momenta[:, k], partonic[:, k], k) for k in (0, 1)], axis=-1)

    none = jnp.zeros_like(momenta)
    still = acceptance.pair_acceptance_at(mass, beta, rapidity_density, face, sqrt_s)
    return still + jnp.mean(at(momenta, radiated) - at(none, none), axis=0)
