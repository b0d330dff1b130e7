"""How well the opening angle of two millicharged particles and the momentum of the recoiling jet give the mass of their
parent.

The relation E ~ 2 M/theta of the mixed-phase proposal (its section IV.A) holds for light particles that share the
energy evenly. How they share it is not measured: that spreads the estimate, and their mass lowers it. This module is a
library: no command calls it.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import kinematics
from jaxmix.numerics import safe

# bars of 0.1 m in a face of 1 m at 20 m; two bars' centres, each uniform over its width, measure the angle
SMALLEST_ANGLE = 0.1 / 20
LARGEST_ANGLE = 1.0 / 20
ANGLE_RESOLUTION = 0.1 / math.sqrt(12) * math.sqrt(2) / 20
JET_RESOLUTION = 0.1

Real = Float[Array, "..."] | float  # a number, or an array
AngularDensity = Callable[[Array, Scalar], Array]  # W(c; beta), c the cosine to the boost in the parent's rest frame

_HALF = 0.6826894921370859 / 2  # probability within one standard deviation, halved
_REACH = 5.0  # standard deviations of the measured angle that are integrated
_BISECTIONS = 50


class MassResolution(eqx.Module):
    """Distribution of the estimated over the true mass, and the share of decays whose measured angle is accepted.

    Without an accepted decay, and below threshold, there is no distribution: share is 0, median and half_width are NaN.
    """

    median: Scalar
    half_width: Scalar  # of the central 68.3%
    share: Scalar  # of decays


def zprime_mass(
    jet_momentum: Real, opening_angle: Real, eta: Real = 0.0, mass_ratio: Real = 0.0
) -> Float[Array, "..."]:
    """Mass of a boosted boson from its decay's opening angle if both products carry the same energy.

    M^2 = 2 m^2 + 2 (E1 E2 - p1 p2 cos theta) with E1 = E2 and p1 + p2 = P = jet_momentum cosh(eta) gives
        M^2 = P^2 tan^2(theta/2) + 4 m^2,   so that   M = P tan(theta/2)/sqrt(1 - 4 r^2)   at given r = m/M,
    for 0 <= theta < pi, r < 1/2; M << P and r = 0 give the proposal's E = 2 M/theta. For M << P the estimate with r =
    0 is M beta sqrt(1 - c^2)/(1 - beta^2 c^2) at decay cosine c, beta^2 = 1 - 4 r^2: too large for light products, by
    1/sqrt(1 - c^2), and too small for heavy ones, about by beta.

    Parameters
    ----------
    jet_momentum
        Transverse momentum of the jet, which balances the boson's, GeV.
    opening_angle
        theta in the laboratory, rad.
    eta
        Pseudorapidity of the boson.
    mass_ratio
        r, the assumed mass of a product over that of the boson.

    Returns
    -------
    M, GeV.
    """
    return jet_momentum * jnp.cosh(eta) * jnp.tan(opening_angle / 2) / jnp.sqrt(1 - 4 * jnp.asarray(mass_ratio) ** 2)


def opening_angle(m_zprime: Real, m_mcp: Real, momentum: Real, cosine: Real) -> Float[Array, "..."]:
    """Angle between the two products of a boson of momentum P in the laboratory.

    With p_t = p* sqrt(1 - c^2) and p_l = P/2 +- E c p*/M, p* = beta M/2:
        theta = atan2[p_t P, p_l1 p_l2 - p_t^2],   2 atan(beta M/P) at c = 0.

    Parameters
    ----------
    m_zprime, m_mcp
        Masses of the boson and of each product, GeV.
    momentum
        P, GeV.
    cosine
        Cosine c of the decay to the boost, in the boson's rest frame.

    Returns
    -------
    theta, rad, from 0 to pi; zero at and below threshold.
    """
    rest_momentum = m_zprime / 2 * safe.velocity(jnp.asarray((m_mcp / m_zprime) ** 2))
    across = rest_momentum * safe.sqrt(jnp.asarray((1 - cosine) * (1 + cosine)))
    along = jnp.sqrt(1 + (momentum / m_zprime) ** 2) * rest_momentum * cosine
    return jnp.arctan2(across * momentum, momentum**2 / 4 - along**2 - across**2)


def mass_resolution(
    m_zprime: Scalar | float,
    m_mcp: Scalar | float,
    jet_momentum: Scalar | float,
    smallest_angle: Scalar | float = SMALLEST_ANGLE,
    largest_angle: Scalar | float = LARGEST_ANGLE,
    jet_resolution: Scalar | float = JET_RESOLUTION,
    angle_resolution: Scalar | float = ANGLE_RESOLUTION,
    *,
    mass_ratio: Scalar | float = 0.0,
    angular_density: AngularDensity = kinematics.vector_angular_density,
    nodes: int = 96,
) -> MassResolution:
    """Distribution of `zprime_mass` over the true mass, for decays at eta = 0 whose measured angle lies in a window.

    Deterministic: F(r), the probability of M_est < r M, is a sum over nodes in the decay's cosine and in the measured
    angle, and F(r) = p is solved by bisection, with the slopes of the implicit function. Good to 0.5% of the median and
    1% of the width against sampled decays; with both resolutions below 1e-3, to 7% of the width.

    With the default bars and P = 100 GeV, m_zprime = 3 and m_mcp = 1: median 0.716, half-width 0.108 (0.960 and 0.145
    with mass_ratio 1/3). Light products of that boson open by 0.06 rad or more, wider than the face; at P = 200 GeV:
    1.146, 0.227.

    Parameters
    ----------
    m_zprime, m_mcp
        True masses of the boson and of each product, GeV.
    jet_momentum
        Momentum P of the boson and of the jet, GeV.
    smallest_angle, largest_angle
        Window of the measured angle, rad.
    jet_resolution
        Relative Gaussian error of the jet's momentum, > 0.
    angle_resolution
        Gaussian error of the measured angle, rad, > 0.
    mass_ratio
        Ratio of masses that the estimate assumes.
    angular_density
        Density of the decay's cosine to the boost. The default is that of a transversely polarised boson, for a
        conserved current radiates few longitudinal ones at high momentum; another is
        kinematics.isotropic_angular_density.
    nodes
        Quadrature nodes in the decay's cosine.
    """
    cosine, weight = (jnp.asarray(each) for each in _nodes(nodes))
    beta = safe.velocity(jnp.asarray((m_mcp / m_zprime) ** 2))
    angle = opening_angle(m_zprime, m_mcp, jet_momentum, cosine)[:, None]
    low, high = (jnp.clip(angle + side * _REACH * angle_resolution, smallest_angle, largest_angle) for side in (-1, 1))
    inner, inner_weight = np.polynomial.legendre.leggauss(12)
    measured = (low + high) / 2 + (high - low) / 2 * jnp.asarray(inner)[None, :]
    error = (measured - angle) / angle_resolution
    chance = (
        (high - low)
        / 2
        * inner_weight[None, :]
        * jnp.exp(-(error**2) / 2)
        / (math.sqrt(2 * math.pi) * angle_resolution)
    )
    chance = (chance * (2 * weight * angular_density(cosine, beta))[:, None]).ravel()
    share = jnp.where(beta > 0, jnp.sum(chance), 0.0)
    ratio = (zprime_mass(jet_momentum, measured, mass_ratio=mass_ratio) / m_zprime).ravel()
    spread = jnp.asarray(jet_resolution)
    quantiles = [_quantile(ratio, safe.ratio(chance, share), spread, 0.5 + side * _HALF) for side in (-1, 0, 1)]
    lower, median, upper = (jnp.where(share > 0, value, jnp.nan) for value in quantiles)
    return MassResolution(median, (upper - lower) / 2, share)


def _nodes(nodes: int) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Nodes and weights in the cosine c from 0 to 1, the other half being the same: c = sin(x), dense where light
    products open wide.
    """
    t, weight = np.polynomial.legendre.leggauss(nodes)
    x = math.pi / 4 * (t + 1)
    return np.sin(x), math.pi / 4 * weight * np.cos(x)


def _quantile(
    ratio: Float[Array, " decays"], chance: Float[Array, " decays"], spread: Scalar, probability: float
) -> Scalar:
    """Solve sum_i chance_i Phi[(r/ratio_i - 1)/spread] = probability for r: bisection, then one Newton step that
    carries the slopes.
    """

    def cumulative(r: Scalar, ratio: Array, chance: Array, spread: Scalar) -> Scalar:
        return jnp.sum(chance * ndtr((r / ratio - 1) / spread)) - probability

    fixed = jax.lax.stop_gradient((ratio, chance, spread))

    def halve(_: Scalar, ends: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        middle = (ends[0] + ends[1]) / 2
        below = cumulative(middle, *fixed) < 0
        return jnp.where(below, middle, ends[0]), jnp.where(below, ends[1], middle)

    top = jnp.max(fixed[0]) * (1 + 4 * fixed[2])
    low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, (jnp.zeros_like(top), top))
    root = (low + high) / 2
    slope = jax.lax.stop_gradient(jax.grad(cumulative)(root, *fixed))
    return root - safe.ratio(cumulative(root, ratio, chance, spread), slope)
