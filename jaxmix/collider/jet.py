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

Real = Float[Array, "..."] | float  # a number, or an array; those of one call broadcast
Momentum = tuple[Array, Array, Array, Array]  # E, px, py, pz in GeV


class Event(NamedTuple):
    """V with a transverse momentum, along azimuth 0, against a jet; the fields broadcast."""

    mass: Float[Array, "..."]  # GeV, M
    transverse_momentum: Float[Array, "..."]  # GeV, pT
    rapidity: Float[Array, "..."]  # y of V
    jet_rapidity: Float[Array, "..."]  # y_jet
    sqrt_s: Scalar  # GeV

    @property
    def transverse_mass(self) -> Float[Array, "..."]:
        """sqrt(M^2 + pT^2)."""
        return kinematics.transverse_mass(self.mass, self.transverse_momentum)

    @property
    def fractions(self) -> tuple[Array, Array]:
        """Momentum fractions x1, x2 of the partons: (m_T e^{+-y} + pT e^{+-y_jet})/sqrt_s."""
        transverse, pt = self.transverse_mass, self.transverse_momentum
        x1, x2 = (
            (transverse * jnp.exp(sign * self.rapidity) + pt * jnp.exp(sign * self.jet_rapidity)) / self.sqrt_s
            for sign in (1, -1)
        )
        return x1, x2


class Decay(NamedTuple):
    """The direction in which V decays to two particles of equal mass."""

    difference: Momentum  # p(psi) - p(psibar), GeV
    beta: Array  # velocity of either particle in the rest frame of V


def annihilation_kernel(s: Real, t: Real, u: Real, square: Real) -> Real:
    """Squared amplitude of q qbar -> V g, (8/9) (t^2 + u^2 + 2 M^2 s)/(t u), in units of pi alpha alpha_s c_q^2/s^2.

    Parameters
    ----------
    s, t, u
        Mandelstam variables of the partons, GeV^2.
    square
        M^2, GeV^2.

    References
    ----------
    R. K. Ellis, W. J. Stirling and B. R. Webber, QCD and Collider Physics (1996), eq. (9.21).
    """
    return 8 / 9 * (t**2 + u**2 + 2 * square * s) / (t * u)


def compton_kernel(s: Real, t_quark: Real, t_gluon: Real, square: Real) -> Real:
    """Squared amplitude of q g -> V q, (1/3) (t_q^2 + s^2 + 2 M^2 t_g)/(-s t_q); `annihilation_kernel` by crossing.

    Parameters
    ----------
    s
        Squared energy of the partons, GeV^2.
    t_quark, t_gluon
        (p_q - p_V)^2 and (p_g - p_V)^2 of the incoming quark and gluon, GeV^2.
    square
        M^2, GeV^2.
    """
    return (t_quark**2 + s**2 + 2 * square * t_gluon) / (-3 * s * t_quark)


def density(
    event: Event, densities: partons.PartonDensities, mu: Array, decay: Decay | None = None
) -> tuple[Array, Array]:
    """Cross section d sigma/(dpT^2 dy dy_jet) of V with a jet for c_q^2 = 1, zero outside the kinematic limits.

    sum x1 f(x1) x2 f(x2) pi alpha alpha_s K/s^2, K the kernels.

    Parameters
    ----------
    event
        Kinematics of V and the jet.
    densities
        Parton distributions.
    mu
        Renormalisation and factorisation scale, GeV.
    decay
        Direction of the pair to which V decays: each subprocess then has the factor 4 pi dN/dOmega* of its own spin
        correlations, see `decay_density`. None sums over directions.

    Returns
    -------
    Contributions of up-type and of down-type quarks, pb/GeV^2.
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
    # p.V of each quark leg: (M^2 - t)/2, (M^2 - u)/2 for the incoming, (s - M^2)/2 for the outgoing
    legs = (square - t) / 2, (square - u) / 2, (s - square) / 2
    correlations = (1.0, 1.0, 1.0) if decay is None else _correlations(event, legs, decay)
    parts = (
        (pairs.annihilation, annihilation_kernel(s, t, u, square), correlations[0]),
        (pairs.from_first, compton_kernel(s, t, u, square), correlations[1]),
        (pairs.from_second, compton_kernel(s, u, t, square), correlations[2]),
    )
    weighted = [
        [prefactor * kernel * correlation * column for column in columns] for columns, kernel, correlation in parts
    ]
    up, down = (jnp.asarray(sum(each)) for each in zip(*weighted))
    return up, down


def _correlations(event: Event, legs: tuple[Array, Array, Array], decay: Decay) -> tuple[Real, Real, Real]:
    """Spin correlations of q qbar, of q g and of g q: `decay_density` by the two legs that are quarks.

    legs: p.V of a leg incoming along +z, along -z and outgoing, GeV^2.
    """
    x1, x2 = event.fractions
    e, x, _, z = decay.difference
    pt, y = event.transverse_momentum, event.jet_rapidity
    first, second = event.sqrt_s * x1 / 2 * (e - z), event.sqrt_s * x2 / 2 * (e + z)
    out = pt * (jnp.cosh(y) * e + x - jnp.sinh(y) * z)  # the jet moves along -x
    from_first, from_second, from_out = legs
    return (
        decay_density(decay.beta, (from_first, from_second), (first, second)),
        decay_density(decay.beta, (from_first, from_out), (first, out)),
        decay_density(decay.beta, (from_second, from_out), (second, out)),
    )


def decay_density(beta: Real, along: tuple[Real, Real], across: tuple[Real, Real]) -> Real:
    """Angular density 4 pi dN/dOmega* of V -> psi psibar, given the two massless quark legs p_i of its production.

    [(2 - beta^2) S + sum_i (p_i.D)^2]/[(2/3)(3 - beta^2) S],  S = sum_i (p_i.q)^2,  D = p(psi) - p(psibar), q = p(V).
    For massless products S + sum (p_i.D)^2 is the known sum of squares (p_i.l)^2 + (p_i.lbar)^2; a mass enters through
    L = -2 (D D + g M^2) alone.

    Parameters
    ----------
    beta
        Velocity of the products in the rest frame of V.
    along
        p_i.q of the two legs, incoming or outgoing, GeV^2.
    across
        p_i.D of the same legs, GeV^2.

    Returns
    -------
    The density, with mean one over directions.

    References
    ----------
    R. K. Ellis, W. J. Stirling and B. R. Webber, QCD and Collider Physics (1996), eq. (9.20), crossed.
    """
    total = along[0] ** 2 + along[1] ** 2
    return ((2 - beta**2) * total + across[0] ** 2 + across[1] ** 2) / (2 / 3 * (3 - beta**2) * total)


def drell_yan(mass: Array, luminosity: AbstractLuminosity) -> tuple[Array, Array]:
    """Drell-Yan cross section for c_q^2 = 1, (4 pi^2 alpha/3) L_q/S in pb: the denominator of ratios to `density`.

    mass is that of the pair in GeV; the result is (up, down), from up-type and down-type quarks.
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
