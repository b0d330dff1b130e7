"""Expected number of particles of a pair that cross the face, by deterministic quadrature.

A boost along the beam leaves pT alone and shifts rapidity. So for a particle seen at pseudorapidity eta
and made with decay cosine c, the pair's rapidity follows without a choice of roots,
    y_pair = asinh[(pT/m_T) sinh eta] - y*(c),
and the density in eta at fixed c is (dy/deta) rho(y_pair), rho being the pair's rapidity density.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import kinematics
from jaxmix.detector import geometry
from jaxmix.numerics import quadrature, safe, spline

# (mass in GeV, rapidities) -> normalised densities of pairs made by (up-type, down-type) quarks
RapidityDensity = Callable[[Scalar, Float[Array, " n"]], tuple[Float[Array, " n"], Float[Array, " n"]]]

VELOCITY_FLOOR = 1e-4  # A/beta is even in beta: its floor costs 1e-8
_VELOCITY_CUT = math.tanh(6.0)  # decay products of larger rapidity in the rest frame are 2e-5 of all
_CLASSES = 12  # of transverse velocity in a PlateauTable
_CONCENTRATION = 2.5  # of the nodes at y* = 0, where sech^2(y*) sits when the pair is light


def _rest_rapidity_nodes(
    lower: Scalar, upper: Scalar, nodes: int
) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Nodes and weights in y* on [lower, upper], through y = mid + half sinh(a g)/sinh(a), g = t (3 - t^2)/2.

    The cubic g is flat at its ends and so cures the square root that pT has there; the sinh brings nodes
    back to the centre. At eta = 0 with a smooth density, 20 nodes reach 1e-5 for m/M from 1e-5 to 1/2 (16 nodes: 3e-4);
    with the package's tabulated density 1e-4 for M below 1 TeV at 14 TeV, 4e-3 at 4 TeV.
    """
    t, weight = np.polynomial.legendre.leggauss(nodes)
    g, slope = t * (3 - t**2) / 2, 1.5 * (1 - t**2)
    shape = np.sinh(_CONCENTRATION * g) / np.sinh(_CONCENTRATION)
    shape_slope = _CONCENTRATION * np.cosh(_CONCENTRATION * g) / np.sinh(_CONCENTRATION) * slope
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    return middle + half * shape, half * (weight * shape_slope)


def _density_at(
    eta: Scalar, mass: Scalar, beta: Scalar, density: RapidityDensity, sqrt_s: Scalar | float, nodes: int
) -> Float[Array, " quarks=2"]:
    """Density (dN/deta)/beta of one of the pair's particles at pseudorapidity eta, for up-type and down-type quarks.

    int dy* (dc/dy*) W(c) (dy/deta) rho(y - y*), c = tanh(y*)/beta, pT/m_T = beta sqrt(1 - c^2) cosh(y*).
    """
    edge = jnp.log(sqrt_s / mass)  # the pair's largest rapidity
    largest = kinematics.largest_rapidity(jnp.minimum(beta, _VELOCITY_CUT))
    lower = jnp.maximum(-largest, jnp.minimum(eta, 0.0) - edge)
    upper = jnp.minimum(largest, jnp.maximum(eta, 0.0) + edge)
    y_star, weight = _rest_rapidity_nodes(lower, upper, nodes)
    cosine = jnp.tanh(y_star) / beta
    transverse_velocity = beta * safe.sqrt((1 - cosine) * (1 + cosine)) * jnp.cosh(y_star)
    slope = kinematics.rapidity_slope(eta, transverse_velocity) / beta
    decay = kinematics.vector_angular_density(cosine, beta) / (beta * jnp.cosh(y_star) ** 2)
    pair_rapidity = kinematics.rapidity(eta, transverse_velocity) - y_star
    columns = jnp.stack(density(mass, pair_rapidity))
    return columns @ (weight * decay * slope)


def _reduced_acceptance(
    mass: Scalar, beta: Scalar, density: RapidityDensity, face: geometry.Face, sqrt_s: Scalar | float, nodes: int
) -> Float[Array, " quarks=2"]:
    """Acceptance A/beta for up-type and down-type quarks: finite and smooth at threshold, frozen below it."""
    eta, weight = geometry.pseudorapidity_nodes(face)
    per_eta = jax.vmap(lambda value: _density_at(value, mass, beta, density, sqrt_s, nodes))(eta)
    return 2 * weight @ per_eta


def pair_acceptance(
    mass: Scalar,
    m_mcp: Scalar,
    rapidity_density: RapidityDensity,
    face: geometry.Face,
    sqrt_s: Scalar | float,
    nodes: int = 20,
) -> tuple[Scalar, Scalar]:
    """Expected number of mCPs (psi and psibar) in the face per pair from q qbar, at lowest order (pair pT = 0).

    A(M, m) = 2 int_face deta dphi/(2 pi) int dc W(c) (dy/deta) rho(y(eta, c) - y*(c) | M); above threshold A rises as
    beta. Recoil, left out here, adds 2 to 20%: `recoiling`.

    Parameters
    ----------
    mass, m_mcp
        Mass M of the pair and m of the mCP, GeV.
    rapidity_density
        Density rho of the pair's rapidity.
    face
        Front face of the detector.
    sqrt_s
        Collision energy, GeV.
    nodes
        Quadrature nodes in the decay angle.

    Returns
    -------
    A of pairs made by up-type and by down-type quarks; zero below threshold.
    """
    beta = kinematics.velocity_above((m_mcp / mass) ** 2, VELOCITY_FLOOR)
    reduced = _reduced_acceptance(mass, beta, rapidity_density, face, sqrt_s, nodes)
    both = safe.velocity((m_mcp / mass) ** 2) * reduced
    return both[0], both[1]


def pair_acceptance_at(
    mass: Scalar,
    beta: Scalar,
    rapidity_density: RapidityDensity,
    face: geometry.Face,
    sqrt_s: Scalar | float,
    nodes: int = 20,
) -> Float[Array, " quarks=2"]:
    """`pair_acceptance` of particles with a given velocity beta > 0 in the pair's rest frame, as one array."""
    return beta * _reduced_acceptance(mass, beta, rapidity_density, face, sqrt_s, nodes)


def plateau_acceptance(
    meson_mass: Scalar, m_mcp: Scalar, momentum_scale: Scalar, power: Scalar, face: geometry.Face, nodes: int = 16
) -> Scalar:
    """Expected number of mCPs in the face per unit dsigma/dy of mesons V -> psi psibar on a flat rapidity plateau.

    A = 2 int_face deta dphi/(2 pi) <|p|/E>, the mean being over the mesons' dN/dpT^2 ~ (1 + (pT/p0)^2)^-n and a decay
    isotropic in the rest frame: on a plateau dN/dy is flat for the mCPs too, so that dN/deta = dy/deta = |p|/E.
    Error: the plateau's slope within one unit of rapidity; quadrature 1e-4 with 16 nodes. At threshold the
    mCP keeps half of the meson's pT and A stays finite; the branching fraction is what vanishes.

    Parameters
    ----------
    meson_mass, m_mcp
        Masses, GeV.
    momentum_scale, power
        p0 (GeV) and n > 1 of the mesons' transverse momenta.
    face
        Front face of the detector.
    nodes
        Quadrature nodes in momentum, decay angle and azimuth each.

    Returns
    -------
    A; multiplied by dsigma/dy (pb) at the detector's rapidity it gives a cross section in pb.
    """
    velocity, share = _plateau_velocities(
        meson_mass, safe.velocity((m_mcp / meson_mass) ** 2), m_mcp, momentum_scale, power, nodes
    )
    return _on_plateau(velocity, share, face)


def _on_plateau(velocity: Float[Array, " k"], share: Float[Array, " k"], face: geometry.Face) -> Scalar:
    """Acceptance 2 int_face deta dphi/(2 pi) <|p|/E> for a distribution of transverse velocities pT/m_T."""
    eta, face_weight = geometry.pseudorapidity_nodes(face)
    slope = jax.vmap(lambda value: jnp.sum(share * kinematics.rapidity_slope(value, velocity)))(eta)
    return 2 * face_weight @ slope


def _plateau_velocities(
    meson_mass: Scalar, beta: Scalar, m_mcp: Scalar, momentum_scale: Scalar, power: Scalar, nodes: int
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Transverse velocities pT/m_T of the decay products at quadrature nodes, and their shares."""
    abscissa, weight = (jnp.asarray(array) for array in quadrature.gauss_legendre(nodes))
    survival = abscissa**2 * (3 - 2 * abscissa)  # share of the mesons above pT, its ends resolved
    momentum = momentum_scale * safe.sqrt(survival ** (-1 / (power - 1)) - 1)
    momentum_weight = weight * 6 * abscissa * (1 - abscissa)
    azimuth = (jnp.arange(nodes) + 0.5) * (jnp.pi / 2 / nodes)  # by symmetry one quadrant
    transverse = kinematics.boosted_transverse_momentum(
        meson_mass, beta, momentum[:, None, None], (2 * abscissa - 1)[None, :, None], azimuth[None, None, :]
    )
    share = jnp.broadcast_to((momentum_weight[:, None] * weight[None, :] / nodes)[:, :, None], transverse.shape)
    return (transverse / kinematics.transverse_mass(m_mcp, transverse)).ravel(), share.ravel()


class PlateauTable(eqx.Module):
    """The transverse velocities of the decay products of one meson, tabulated over the decay angle (see decay_angle).

    The distribution is represented by the means of twelve classes of equal share; it depends on the meson alone, not
    on the geometry.
    """

    meson_mass: Scalar  # GeV
    velocities: spline.UniformSpline  # pT/m_T over the decay angle, twelve components

    def __call__(self, m_mcp: Scalar, face: geometry.Face) -> Scalar:
        """`plateau_acceptance` of this meson for an mCP mass (GeV)."""
        velocity = self.velocities(decay_angle(m_mcp / self.meson_mass))
        return _on_plateau(velocity, jnp.full_like(velocity, 1 / _CLASSES), face)


def tabulate_plateau(
    meson_mass: Scalar, momentum_scale: Scalar, power: Scalar, knots: int = 40, nodes: int = 16
) -> PlateauTable:
    """Tabulate one meson, to 1e-3 of `plateau_acceptance` at eta = 0 and 4e-3 at eta = 2.

    Parameters
    ----------
    meson_mass
        GeV.
    momentum_scale, power, nodes
        As in `plateau_acceptance`.
    knots
        Of the table, in the decay angle.
    """

    def classes(angle: Scalar) -> Float[Array, " classes"]:
        beta, m_mcp = jnp.cos(angle), meson_mass / 2 * jnp.sin(angle)
        velocity, share = _plateau_velocities(meson_mass, beta, m_mcp, momentum_scale, power, nodes)
        order = jnp.argsort(velocity)
        velocity, share = velocity[order], share[order]
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(share)])
        integral = jnp.concatenate([jnp.zeros(1), jnp.cumsum(share * velocity)])
        at = jnp.interp(jnp.linspace(0.0, total[-1], _CLASSES + 1), total, integral)
        return jnp.diff(at) * _CLASSES / total[-1]

    angles = jnp.linspace(0.0, jnp.pi / 2, knots)
    return PlateauTable(jnp.asarray(meson_mass), spline.fit(jax.vmap(classes)(angles), (0.0, np.pi / 2)))


def decay_angle(x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Angle with sine 2 x and cosine beta, x the product's mass over the parent's, rad; pi/2 below threshold.

    Functions of the masses are smooth in it, for light products and at threshold.
    """
    return jnp.arctan2(2 * x, safe.velocity(x**2))
