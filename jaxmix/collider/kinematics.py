"""Momenta and angles of one decay: a pair of invariant mass M into two particles of equal mass m.

All functions are pure and act element by element on numbers or arrays that broadcast; x = (m/M)^2 and
beta = sqrt(1 - 4 x). What a detector sees of a decay is `detector`'s business.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix.numerics import safe


def vector_angular_density(cosine: Float[Array, "..."], beta: Float[Array, "..."]) -> Float[Array, "..."]:
    """Polar-angle density of either Dirac fermion from a vector made in q qbar annihilation.

    W(c) = (3/4) [1 + c^2 + (1 - beta^2)(1 - c^2)]/(3 - beta^2), normalised to 1 on -1 <= c <= 1. The coupling to the
    fermion is a vector's and quarks are massless: a forward-backward term cancels in the sum of particle and
    antiparticle.

    Parameters
    ----------
    cosine
        Cosine c to the beam in the pair's rest frame, for a pair with pT = 0.
    beta
        Velocity of the fermion in that frame.

    Returns
    -------
    dN/dc per fermion.

    References
    ----------
    PDG 2024 (S. Navas et al., Phys. Rev. D 110, 030001), review of cross-section formulae, e+e- -> f fbar.
    """
    return 0.75 * (1 + cosine**2 + (1 - beta**2) * (1 - cosine**2)) / (3 - beta**2)


def isotropic_angular_density(cosine: Float[Array, "..."], beta: Float[Array, "..."]) -> Float[Array, "..."]:
    """Polar-angle density of the decay of an unpolarised state: W(c) = 1/2 on -1 <= c <= 1, at any beta."""
    return jnp.full(jnp.broadcast_shapes(jnp.shape(cosine), jnp.shape(beta)), 0.5)


def velocity_above(x: Float[Array, "..."], floor: float) -> Float[Array, "..."]:
    """Velocity beta = sqrt(1 - 4 x) in the pair's rest frame, not less than `floor`.

    For even functions of beta (a rate divided by beta): the floor changes them by a fraction floor^2 and keeps their
    derivatives finite at threshold.
    """
    return jnp.sqrt(jnp.maximum(1 - 4 * x, floor**2))


def largest_rapidity(beta: Float[Array, "..."]) -> Float[Array, "..."]:
    """Largest rapidity of a decay product in the pair's rest frame, atanh(beta), for 0 <= beta < 1."""
    return jnp.arctanh(beta)


def transverse_mass(mass: Float[Array, "..."], transverse_momentum: Float[Array, "..."]) -> Float[Array, "..."]:
    """Transverse mass m_T = sqrt(m^2 + pT^2), GeV."""
    return safe.sqrt(mass**2 + transverse_momentum**2)


def rapidity(eta: Float[Array, "..."], transverse_velocity: Float[Array, "..."]) -> Float[Array, "..."]:
    """Rapidity of a particle seen at pseudorapidity eta: y = asinh[(pT/m_T) sinh(eta)].

    transverse_velocity is pT/m_T, from 0 to 1; longitudinal boosts leave it unchanged.
    """
    return jnp.arcsinh(transverse_velocity * jnp.sinh(eta))


def rapidity_slope(eta: Float[Array, "..."], transverse_velocity: Float[Array, "..."]) -> Float[Array, "..."]:
    """Jacobian dy/deta at fixed pT, which is |p|/E: (pT/m_T) cosh(eta)/sqrt(1 + (pT/m_T)^2 sinh(eta)^2)."""
    return transverse_velocity * jnp.cosh(eta) / jnp.sqrt(1 + (transverse_velocity * jnp.sinh(eta)) ** 2)


def recoiling_angular_density(
    cosine: Float[Array, "..."], azimuth: Float[Array, "..."], beta: Float[Array, "..."], recoil: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Angular density, times 4 pi, of either Dirac fermion from a vector of transverse momentum pT = recoil x M.

    W = [2 - beta^2 + beta^2 (c1^2 + c2^2)/2]/[(2/3)(3 - beta^2)], c1 and c2 the cosines to the two beams in the pair's
    rest frame, which enclose 2 atan(M/pT): A0 = A2 = pT^2/(M^2 + pT^2) of q qbar -> V g at leading order.

    Parameters
    ----------
    cosine
        Cosine to the axis across the recoil that bisects the two beams in the rest frame.
    azimuth
        Angle about that axis from the direction of the recoil, rad.
    beta
        Velocity of the fermion in the rest frame.
    recoil
        pT/M of the pair.

    Returns
    -------
    4 pi dN/dOmega, with mean one over directions.

    References
    ----------
    J.C. Collins and D.E. Soper, Phys. Rev. D 16 (1977) 2219 (the axis).
    """
    tilt = recoil**2 / (1 + recoil**2)
    along = (1 - tilt) * cosine**2 + tilt * (1 - cosine**2) * jnp.cos(azimuth) ** 2  # the mean of c1^2 and c2^2
    return (2 - beta**2 + beta**2 * along) / (2 / 3 * (3 - beta**2))


def recoiling_product(
    mass: Float[Array, "..."],
    beta: Float[Array, "..."],
    recoil: Float[Array, "..."],
    cosine: Float[Array, "..."],
    azimuth: Float[Array, "..."],
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Transverse momentum of a decay product of a boson that moves transversely, and its rapidity less the boson's.

    With p = beta M/2, m_T^2 = M^2 + P^2 and n the direction in the rest frame: p_x = (m_T p n_x + P M/2)/M,
    E = (m_T M/2 + P p n_x)/M, p_y = p n_y, p_z = p n_z, y = atanh(p_z/E).

    Parameters
    ----------
    mass
        Mass M of the boson, GeV.
    beta
        Velocity of the product in the boson's rest frame.
    recoil
        Transverse momentum P of the boson, GeV.
    cosine, azimuth
        Direction in the rest frame, as in `recoiling_angular_density`.

    Returns
    -------
    Transverse momentum (GeV) and rapidity relative to the boson.
    """
    momentum = beta * mass / 2
    sine = safe.sqrt((1 - cosine) * (1 + cosine))
    ahead, aside, along = sine * jnp.cos(azimuth), sine * jnp.sin(azimuth), cosine
    transverse = safe.sqrt(1 + (recoil / mass) ** 2)
    x = transverse * momentum * ahead + recoil / 2
    energy = transverse * mass / 2 + recoil / mass * momentum * ahead
    return safe.sqrt(x**2 + (momentum * aside) ** 2), jnp.arctanh(momentum * along / energy)


def boosted_transverse_momentum(
    mass: Float[Array, "..."],
    beta: Float[Array, "..."],
    parent_momentum: Float[Array, "..."],
    cosine: Float[Array, "..."],
    azimuth: Float[Array, "..."],
) -> Float[Array, "..."]:
    """Transverse momentum of a decay product of a parent that itself moves transversely, GeV.

    With p* = beta M/2, p_x = [sqrt(M^2 + P^2) p* c + P M/2]/M, p_y = p* sqrt(1 - c^2) cos(phi), pT^2 = p_x^2 + p_y^2;
    the parent's rapidity does not matter.

    Parameters
    ----------
    mass
        Mass M of the parent, GeV.
    beta
        Velocity of the product in the parent's rest frame.
    parent_momentum
        Transverse momentum P of the parent, along x, GeV.
    cosine
        Cosine c of the decay to x in the rest frame.
    azimuth
        Angle phi about x, rad; phi = 0 is transverse to the beam too.

    Returns
    -------
    pT of the product, GeV.
    """
    momentum = beta * mass / 2
    along = safe.sqrt(1 + (parent_momentum / mass) ** 2) * momentum * cosine + parent_momentum / 2
    across = momentum * safe.sqrt(1 - cosine**2) * jnp.cos(azimuth)
    return safe.sqrt(along**2 + across**2)
