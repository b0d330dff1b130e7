"""A boson with a jet at leading order: q qbar -> V g and q g -> V q, and the direction in which the boson's pair
decays.

V stands for photon, Z and Z' together at a pair mass M: quarks are massless and the mCP's coupling is a vector's, so
that both chiralities of a quark have the same kinematics and the exact amplitudes of `neutral_currents` factor out.
Everything here is for couplings c_q^2 = (g_L^2 + g_R^2)/(2 e^2) = 1, and as a ratio to the Drell-Yan cross section it
holds for all couplings.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix import constants
from jaxmix.collider import kinematics, partons
from jaxmix.collider.parton_luminosity import AbstractLuminosity

Momentum = tuple[Array, Array, Array, Array]  # E, px, py, pz in GeV


class Event(NamedTuple):
    """V with transverse momentum pT and rapidity y against a jet of rapidity y_jet; GeV. V moves transversely along
    azimuth 0.
    """

    mass: Float[Array, "..."]
    transverse_momentum: Float[Array, "..."]
    rapidity: Float[Array, "..."]
    jet_rapidity: Float[Array, "..."]
    sqrt_s: Scalar

    @property
    def transverse_mass(self) -> Float[Array, "..."]:
        """sqrt(M^2 + pT^2)."""
        return kinematics.transverse_mass(self.mass, self.transverse_momentum)

    @property
    def fractions(self) -> tuple[Array, Array]:
        """Momentum fractions x1, x2 of the partons: (m_T e^{+-y} + pT e^{+-y_jet})/sqrt_s."""
        transverse, pt = self.transverse_mass, self.transverse_momentum
        return tuple(
            (transverse * jnp.exp(sign * self.rapidity) + pt * jnp.exp(sign * self.jet_rapidity)) / self.sqrt_s
            for sign in (1, -1)
        )


def annihilation_kernel(s: Array, t: Array, u: Array, square: Array) -> Array:
    """q qbar -> V g: (8/9) (t^2 + u^2 + 2 M^2 s)/(t u), in units of pi alpha alpha_s c_q^2/s^2; square = M^2, all in
    GeV^2.

    R. K. Ellis, W. J. Stirling and B. R. Webber, QCD and Collider Physics (1996), eq. (9.21).
    """
    return 8 / 9 * (t**2 + u**2 + 2 * square * s) / (t * u)


def compton_kernel(s: Array, t_quark: Array, t_gluon: Array, square: Array) -> Array:
    """q g -> V q: (1/3) (t_q^2 + s^2 + 2 M^2 t_g)/(-s t_q), in the same units; t_q = (p_q - p_V)^2, t_g = (p_g -
    p_V)^2.

    As annihilation_kernel, by crossing.
    """
    return (t_quark**2 + s**2 + 2 * square * t_gluon) / (-3 * s * t_quark)


def density(
    event: Event,
    densities: partons.PartonDensities,
    mu: Array,
    difference: Momentum | None = None,
    beta: Array | None = None,
) -> tuple[Array, Array]:
    """d sigma/(dpT^2 dy dy_jet) of up-type and down-type quarks for c_q^2 = 1, in pb/GeV^2; zero outside the kinematic
    limits.

    sum x1 f(x1) x2 f(x2) pi alpha alpha_s K/s^2, K the kernels. mu: renormalisation and factorisation scale (GeV).
    difference: p(psi) - p(psibar) where the pair's direction is given, with its velocity beta in the rest frame: then
    each subprocess has the factor 4 pi dN/dOmega* of its own spin correlations; see `decay_density`.
    """
    x1, x2 = event.fractions
    s = x1 * x2 * event.sqrt_s**2
    square = event.mass**2
    t, u = (
        square - event.sqrt_s * x * event.transverse_mass * jnp.exp(sign * event.rapidity)
        for sign, x in ((-1, x1), (1, x2))
    )
    prefactor = constants.PICOBARN * jnp.pi * constants.ALPHA * partons.strong_coupling(mu) / s**2
    pairs = densities.pairs(x1, x2, mu)
    first = second = out = None
    if difference is not None:
        e, x, _, z = difference
        first, second = event.sqrt_s * x1 / 2 * (e - z), event.sqrt_s * x2 / 2 * (e + z)
        pt, y = event.transverse_momentum, event.jet_rapidity
        out = pt * (jnp.cosh(y) * e + x - jnp.sinh(y) * z)  # the jet moves along -x
    # p.V of each quark leg: (M^2 - t)/2, (M^2 - u)/2 for the incoming, (s - M^2)/2 for the outgoing
    from_first, from_second, from_out = (square - t) / 2, (square - u) / 2, (s - square) / 2
    parts = (
        (pairs.annihilation, annihilation_kernel(s, t, u, square), (from_first, from_second), (first, second)),
        (pairs.from_first, compton_kernel(s, t, u, square), (from_first, from_out), (first, out)),
        (pairs.from_second, compton_kernel(s, u, t, square), (from_second, from_out), (second, out)),
    )
    total = [0.0, 0.0]
    for columns, kernel, along, across in parts:
        weight = prefactor * kernel * (1.0 if difference is None else decay_density(beta, along, across))
        total = [value + weight * column for value, column in zip(total, columns)]
    return total[0], total[1]


def decay_density(beta: Array, along: tuple[Array, Array], across: tuple[Array, Array]) -> Array:
    """4 pi dN/dOmega* of V -> psi psibar by the two massless quark legs p_i (incoming or outgoing) of its production.

    [(2 - beta^2) S + sum_i (p_i.D)^2]/[(2/3)(3 - beta^2) S],  S = sum_i (p_i.q)^2,  D = p(psi) - p(psibar); along:
    p_i.q, across: p_i.D, GeV^2. Its mean over directions is one. For massless products S + sum (p_i.D)^2 is the known
    sum of squares (p_i.l)^2 + (p_i.lbar)^2 (R. K. Ellis et al., eq. (9.20) crossed); a mass enters through L = -2 (D D
    + g M^2) alone.
    """
    total = along[0] ** 2 + along[1] ** 2
    return ((2 - beta**2) * total + across[0] ** 2 + across[1] ** 2) / (2 / 3 * (3 - beta**2) * total)


def drell_yan(mass: Array, luminosity: AbstractLuminosity) -> tuple[Array, Array]:
    """The Drell-Yan cross section to which `density` is a ratio: (4 pi^2 alpha/3) L_q/S for c_q^2 = 1, in pb; (up,
    down).
    """
    unit = constants.PICOBARN * 4 * jnp.pi**2 * constants.ALPHA / 3 / luminosity.sqrt_s**2
    up, down = luminosity.columns(mass)
    return unit * up, unit * down


def jet_rapidity_limits(
    mass: Array, transverse_momentum: Array, rapidity: Array, sqrt_s: Scalar
) -> tuple[Array, Array]:
    """Lowest and highest rapidity of the jet for which x1, x2 < 1; both equal where there is no room."""
    transverse = kinematics.transverse_mass(mass, transverse_momentum)
    room = [jnp.maximum(sqrt_s - transverse * jnp.exp(sign * rapidity), transverse_momentum * 1e-3) for sign in (1, -1)]
    high, low = jnp.log(room[0] / transverse_momentum), -jnp.log(room[1] / transverse_momentum)
    return jnp.minimum(low, high), jnp.maximum(low, high)
