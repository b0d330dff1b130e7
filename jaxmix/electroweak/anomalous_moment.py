"""Anomalous magnetic moments a = (g - 2)/2 of charged leptons: what neutral bosons add at one loop.

The formulas are those of J.P. Leveille, Nucl. Phys. B 137 (1978) 63, for a boson that keeps the lepton's flavour,
written with the ratio r = (m_lepton/m_boson)^2 and z, the Feynman parameter of the boson.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxmix import constants
from jaxmix.currents import kinetic_mixing, mixing, neutral_currents
from jaxmix.numerics import quadrature

Scalar = Float[Array, ""]

_NODES = 96  # measured: 2e-10 in both integrals for r from 1e-18 to 1e12
_LOGIT_END = 24.0  # largest |ln z/(1 - z)|
_CORE = 5.0  # |ln z/(1 - z)| up to which the nodes are evenly spaced; measured: fewest nodes


def _rule() -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Values of z/(1 - z) and weights of an integral over its logarithm.

    The zeros of z + r (1 - z)^2 stay at least pi/2 away from the real axis of ln z/(1 - z), at every r, so that a fixed
    number of nodes is enough.
    """
    nodes, weights = quadrature.gauss_legendre(_NODES)
    end = np.arcsinh(_LOGIT_END / _CORE)
    y = end * (2.0 * nodes - 1.0)
    return np.exp(_CORE * np.sinh(y)), weights * 2.0 * end * _CORE * np.cosh(y)


_ODDS, _WEIGHTS = _rule()


def _slopes(ratio: Scalar, other: Scalar | float = 0.0) -> tuple[Scalar, Scalar]:
    """Divided differences (F(r) - F(r'))/(r - r') of the loop functions F_V and F_A.

    They are formed under the integral, so that r may be as close to r' as one likes.

    F_V = r int_0^1 dz z (1 - z)^2/(z + r (1 - z)^2),  F_A = r int_0^1 dz [z (1 - z) (3 + z) + 2 r (1 - z)^3]/(z + r (1
    - z)^2); both vanish at r = 0. With s = z/(1 - z) and p = s (1 + s) the denominator is (p + r)/(1 + s)^2.
    """
    s, weights = (jnp.asarray(array, dtype=jnp.result_type(ratio)) for array in (_ODDS, _WEIGHTS))
    z, rest, p = s / (1.0 + s), 1.0 / (1.0 + s), s * (1.0 + s)
    near, far = 1.0 / (p + ratio), p / (p + other)
    vector = z**2 * rest * near * far
    axial = (
        z
        * rest**2
        * ((s * (3.0 + 4.0 * s) + 2.0 * (ratio + other)) * near * far + 2.0 * (ratio * near) * (other / (p + other)))
    )
    return jnp.sum(weights * vector), jnp.sum(weights * axial)


def vector_boson(mass_lepton: Scalar, mass: Scalar, vector: Scalar, axial: Scalar) -> Scalar:
    """Contribution to a of a neutral boson with L = V_mu psibar gamma^mu (g_V + g_A gamma_5) psi.

    (g_V^2 F_V - g_A^2 F_A)/(4 pi^2): alpha/(2 pi) for g_V^2 = 4 pi alpha and m -> 0, and m_lepton^2/(4 pi^2 m^2)
    (g_V^2/3 - 5 g_A^2/3) for a heavy boson.

    Parameters
    ----------
    mass_lepton, mass
        Of the lepton and of the boson, GeV, both above zero.
    vector, axial
        g_V and g_A.

    References
    ----------
    J.P. Leveille, Nucl. Phys. B 137 (1978) 63.
    """
    ratio = (mass_lepton / mass) ** 2
    by_vector, by_axial = _slopes(ratio)
    return ratio * (vector**2 * by_vector - axial**2 * by_axial) / (4.0 * jnp.pi**2)


def shift(currents: neutral_currents.NeutralCurrents, lepton: constants.Fermion) -> Scalar:
    """Change of a lepton's a against the Standard Model with the same alpha(0), theta_W and M1, exact in the mixing.

    The Z' with its exact couplings, plus the physical Z less the one of the Standard Model. The small differences of
    the Z come from its eigenvector (`_z_shift`), never from a subtraction, so that no digit is lost at any kappa; only
    for M2 within about kappa sW M1 of M1 do the two bosons' parts of the Standard Model's -2e-9 cancel, to an error of
    1e-25. It does not matter which is called Z. All couplings are taken at alpha(0): the Z's contribution is 6% smaller
    than with G_F.

    The point is read in hatted variables (`_hatted`): what a massless dark photon does alone is a change of alpha and
    theta_W and leaves no trace, and the change depends on theta_W' through kappa^ only.
    """
    point = _hatted(currents)
    _, z, zprime = neutral_currents.states(point)
    light = vector_boson(jnp.asarray(lepton.mass, point.m1.dtype), zprime.mass, *_vector_axial(point, zprime, lepton))
    return light + _z_shift(point, z, lepton)


def _hatted(currents: neutral_currents.NeutralCurrents) -> neutral_currents.NeutralCurrents:
    """The point of the Okun phase with the same Standard Model amplitudes, and with the charge of zero momentum.

    A physical Z' mass that was asked for is held; where none fits (in the gap between the two phases' forbidden ones)
    M2 is.
    """
    kappa = currents.sector.hatted
    okun = kinetic_mixing.okun(kappa, currents.m2)
    if currents.m_zprime is not None:
        held = mixing.lagrangian_mass(kappa, currents.m1, currents.m_zprime, currents.weak, okun.dark)
        okun = dataclasses.replace(okun, m2=jnp.where(jnp.isnan(held), currents.m2, held))
    e = jnp.full_like(currents.e, np.sqrt(4.0 * np.pi * constants.ALPHA_0))
    return dataclasses.replace(currents, sector=okun, e=e)


def _vector_axial(
    currents: neutral_currents.NeutralCurrents, state: mixing.Eigenstate, lepton: constants.Fermion
) -> tuple[Scalar, Scalar]:
    """Vector and axial couplings, g_V = (g_L + g_R)/2 and g_A = (g_R - g_L)/2."""
    left, right = neutral_currents.chiral_couplings(currents, state, lepton)
    return 0.5 * (left + right), 0.5 * (right - left)


def _z_shift(point: neutral_currents.NeutralCurrents, z: mixing.Eigenstate, lepton: constants.Fermion) -> Scalar:
    """Contribution of the physical Z less that of the Standard Model's with mass M1.

    With rho = z2/z1 and K the kinetic matrix, M1^2/m_Z^2 - 1 = K11 - 1 + rho K12 and 1/z1^2 - 1 = K11 - 1 + 2 rho K12 +
    rho^2 K22, from the first row of M^2 v = m^2 K v and from v^T K v = 1.
    """
    matrix = mixing.kinetic_matrix(point.sector.hatted, point.weak, kinetic_mixing.okun_angle(point.m1))
    rho = z.z2 / z.z1
    lighter = rho * matrix.off_diagonal - matrix.shift1
    norm = 2.0 * rho * matrix.off_diagonal - matrix.shift1 + rho**2 * (1.0 - matrix.shift2)
    none, one = jnp.zeros_like(z.z1), jnp.ones_like(z.z1)
    vector, axial = _vector_axial(point, mixing.Eigenstate(mass=point.m1, a1=none, z1=one, a2=none, z2=none), lepton)

    change = z.a1 * point.e * lepton.charge - vector * norm * z.z1**2 / (1.0 + z.z1)  # of g_V
    ratio0 = (lepton.mass / point.m1) ** 2
    ratio = ratio0 * (1.0 + lighter)
    by_vector, by_axial = _slopes(ratio)
    couplings = change * (2.0 * vector + change) * by_vector + axial**2 * norm * z.z1**2 * by_axial
    moved_vector, moved_axial = _slopes(ratio, ratio0)
    mass = vector**2 * moved_vector - axial**2 * moved_axial
    return (ratio * couplings + ratio0 * lighter * mass) / (4.0 * jnp.pi**2)
