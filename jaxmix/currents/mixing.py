"""Kinetic mixing of hypercharge with a dark sector, to all orders in kappa.

Only B and B' mix, so everything follows from two numbers at each s: the Standard Model's hypercharge
propagator h(s) and the dark one d(s). Fields are ordered (A1, Z1 | A2, Z2) with B = cW A1 - sW Z1 and
B' = cW' A2 - sW' Z2. Angles enter as (cos, sin) pairs. Masses in GeV, propagators in GeV^-2.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact, Scalar

from jaxmix import constants
from jaxmix.numerics import safe

_LIGHT = tuple(f for f in constants.FERMIONS if f.mass < 1.0)
_HEAVY = tuple(f for f in constants.FERMIONS if f.mass >= 1.0)
_HEAVY_SQUARES = [f.mass**2 for f in _HEAVY]


class Angle(eqx.Module):
    """A mixing angle carried as its cosine and sine."""

    cos: Scalar
    sin: Scalar


class KineticMatrix(eqx.Module):
    """The 2x2 kinetic matrix K of (Z1, Z2) once A1 and A2 are integrated out.

    K = [[1 - kappa_sc^2/D, kappa_ss + kappa_sc kappa_cs kappa_cc/D], [., 1 - kappa_cs^2/D]],
    D = 1 - kappa_cc^2, det K = (1 - kappa^2)/D. The diagonal is kept as its distance from one.
    """

    cc: Scalar
    cs: Scalar
    sc: Scalar
    shift1: Scalar  # 1 - K11
    shift2: Scalar  # 1 - K22
    off_diagonal: Scalar  # K12
    massless: Scalar  # D
    determinant: Scalar
    determinant_shift: Scalar  # 1 - det K


def kinetic_matrix(kappa: Scalar, weak: Angle, dark: Angle) -> KineticMatrix:
    """Kinetic matrix of the massive pair for mixing kappa (physics: class docstring)."""
    cc, cs = kappa * weak.cos * dark.cos, kappa * weak.cos * dark.sin
    sc, ss = kappa * weak.sin * dark.cos, kappa * weak.sin * dark.sin
    massless = 1.0 - cc**2
    return KineticMatrix(
        cc=cc,
        cs=cs,
        sc=sc,
        shift1=sc**2 / massless,
        shift2=cs**2 / massless,
        off_diagonal=ss + sc * cs * cc / massless,
        massless=massless,
        determinant=(1.0 - kappa**2) / massless,
        determinant_shift=(kappa**2 - cc**2) / massless,
    )


class Eigenstate(eqx.Module):
    """A physical neutral boson: its mass (GeV) and its content of the Lagrangian fields.

    The content is the exact coefficient of each current: e J_EM (a1), g2/cW J_Z (z1), e' J_EM' (a2)
    and g2'/cW' J_Z' (z2).
    """

    mass: Scalar
    a1: Scalar
    z1: Scalar
    a2: Scalar
    z2: Scalar


def photon(kappa: Scalar, weak: Angle, dark: Angle) -> Eigenstate:
    """The massless photon: A [e J_EM - kappa_cc e' J_EM']/sqrt(1 - kappa_cc^2); the other massless
    state is chosen to decouple from the Standard Model. Exact form of paper A, eq. (31)."""
    matrix = kinetic_matrix(kappa, weak, dark)
    residue = 1.0 / jnp.sqrt(matrix.massless)
    zero = jnp.zeros_like(residue)
    return Eigenstate(mass=zero, a1=residue, z1=zero, a2=-matrix.cc * residue, z2=zero)


def massive_states(kappa: Scalar, m1: Scalar, m2: Scalar, weak: Angle, dark: Angle) -> tuple[Eigenstate, Eigenstate]:
    """The physical Z and Z', exactly in kappa, from diag(M1^2, M2^2) v = m^2 K v with v^T K v = 1.

    Z is the state with the larger |Z1| content; signs are those of paper A, eqs. (32) and (38): the Z1 content
    of the Z and the Z2 content of the Z' are positive. Half-angle formulas keep full precision through M2 = M1.

    Args:
        kappa: kinetic mixing, dimensionless.
        m1, m2: Lagrangian masses of Z1 and Z2, GeV.
        weak, dark: theta_W and theta_W'.
    """
    matrix = kinetic_matrix(kappa, weak, dark)
    square1, square2 = m1**2, m2**2
    # D M1^2 M2^2 times M^-1 K M^-1: symmetric; D K11 = 1 - (kappa cW')^2, D K22 = 1 - (kappa cW)^2, D K12 = kappa sW
    # sW'
    shift1, shift2 = (kappa * dark.cos) ** 2 * square2, (kappa * weak.cos) ** 2 * square1
    half_gap = 0.5 * ((m2 - m1) * (m2 + m1) - shift1 + shift2)
    off = kappa * weak.sin * dark.sin * (m1 * m2)
    radius = safe.sqrt(half_gap**2 + off**2)
    larger = 0.5 * ((square2 - shift1) + (square1 - shift2)) + radius
    # products with reciprocals: a compiler shares these between loops, quotients it does not
    light, heavy = square1 * square2 * matrix.massless * (1.0 / larger), larger * (1.0 / (1.0 - kappa**2))
    mixed = radius > 0.0
    inverse = 1.0 / jnp.where(mixed, radius, 1.0)
    cosine = jnp.where(mixed, half_gap * inverse, 1.0)  # of twice the angle
    z_is_light = (half_gap >= 0.0) & ((radius + half_gap) ** 2 * light >= off**2 * heavy)
    mass_z, mass_zprime = jnp.sqrt(jnp.where(z_is_light, light, heavy)), jnp.sqrt(jnp.where(z_is_light, heavy, light))
    cos = jnp.sqrt(0.5 + 0.5 * jnp.where(z_is_light, cosine, -cosine))
    sin = 0.5 * jnp.where(z_is_light, off, -off) * inverse * (1.0 / cos)
    inverse1, inverse2 = 1.0 / m1, 1.0 / m2
    z = mass_z, cos * mass_z * inverse1, sin * mass_z * inverse2
    zprime = mass_zprime, -sin * mass_zprime * inverse1, cos * mass_zprime * inverse2
    return _with_photons(matrix, *z), _with_photons(matrix, *zprime)


def _with_photons(matrix: KineticMatrix, mass: Scalar, z1: Scalar, z2: Scalar) -> Eigenstate:
    """Add the A1 and A2 contents that a massive state carries once its massive contents are known."""
    inverse = 1.0 / matrix.massless
    a1 = (matrix.cs * z2 - matrix.cc * matrix.sc * z1) * inverse
    a2 = (matrix.sc * z1 - matrix.cc * matrix.cs * z2) * inverse
    return Eigenstate(mass=mass, a1=a1, z1=z1, a2=a2, z2=z2)


def forbidden_gap(kappa: Scalar, m1: Scalar, weak: Angle, dark: Angle) -> tuple[Scalar, Scalar]:
    """Ends (GeV) of the interval of physical masses for which no Lagrangian M2 exists:
    M1^2/K11 < m_Z'^2 < M1^2 K22/det K."""
    matrix = kinetic_matrix(kappa, weak, dark)
    lower = m1 / jnp.sqrt(1.0 - matrix.shift1)
    upper = m1 * jnp.sqrt((1.0 - matrix.shift2) / matrix.determinant)
    return lower, upper


def lagrangian_mass(kappa: Scalar, m1: Scalar, m_zprime: Scalar, weak: Angle, dark: Angle) -> Scalar:
    """Lagrangian mass M2 (GeV) of the Z2 whose physical Z' has the pole m_zprime; NaN inside the forbidden gap.

    M2^2 = lambda K22 + lambda^2 K12^2/(M1^2 - lambda K11) = lambda (M1^2 K22 - lambda det K)/(M1^2 - lambda K11),
    lambda = m_Z'^2, with both brackets formed from their small differences.
    """
    matrix = kinetic_matrix(kappa, weak, dark)
    pole = m_zprime**2
    gap = (m1 - m_zprime) * (m1 + m_zprime)
    numerator = gap - matrix.shift2 * m1**2 + matrix.determinant_shift * pole
    denominator = gap + matrix.shift1 * pole
    # with no mixing of the massive pair the two brackets cancel, at every mass
    free = matrix.off_diagonal == 0.0
    quotient = jnp.where(free, 1.0, safe.ratio(numerator, denominator))
    exists = quotient > 0.0
    return jnp.where(exists, m_zprime * jnp.sqrt(jnp.where(exists, quotient, 1.0)), jnp.nan)


def hatted(kappa: Scalar, dark: Angle) -> Scalar:
    """Mixing of the Okun phase with the same Standard Model amplitudes: kappa^ = kappa sW'/sqrt(1 - kappa^2 cW'^2),
    taken with g1^ = g1/sqrt(1 - kappa^2 cW'^2) and the same M2 (the hatted theorem)."""
    return kappa * dark.sin / jnp.sqrt(1.0 - (kappa * dark.cos) ** 2)


def absorptive(
    s: Float[Array, "*n"], e: Scalar, weak: Angle
) -> tuple[Float[Array, "*n"], Float[Array, "*n"], Float[Array, "*n"]]:
    """Absorptive matrix A of (A1, Z1) from the Standard Model's neutral currents: components (AA, AZ, ZZ),
    dimensionless.

    A_ab = sum_f N_c (g_L g_L^T + g_R g_R^T)_ab/(24 pi) for open massless fermions, quarks times 1 + alpha_s/pi; a heavy
    fermion's vector part carries beta (3 - beta^2)/2 and its axial part beta^3. Light flavours count as massless.
    Zero for spacelike s < 0.
    """
    rank = (1,) * jnp.ndim(s)
    beta = safe.velocity(jnp.asarray(_HEAVY_SQUARES, s.dtype).reshape(-1, *rank) / s[None])
    vector, axial = 0.5 * beta * (3.0 - beta**2), beta**3

    def moment(light: float, heavy: list[float], weight: Float[Array, " k *n"]) -> Float[Array, "*n"]:
        return light + jnp.sum(jnp.asarray(heavy, s.dtype).reshape(-1, *rank) * weight, axis=0)

    charge2, mixed, vector2, axial2 = (
        moment(*_MOMENTS[name], weight) for name, weight in zip(_MOMENTS, (vector, vector, vector, axial))
    )
    s2, sc = weak.sin**2, weak.sin * weak.cos
    norm = jnp.where(s > 0.0, e**2 / (12.0 * jnp.pi), 0.0)
    az = (mixed - s2 * charge2) / sc
    zz = (vector2 + axial2 - 2.0 * s2 * mixed + s2**2 * charge2) / sc**2
    return norm * charge2, norm * az, norm * zz


def _moments(weigh: Callable[[constants.Fermion], float]) -> tuple[float, list[float]]:
    """N_c (1 + alpha_s/pi for quarks) times a weight: summed over light fermions, and for each heavy one."""

    def strength(fermion: constants.Fermion) -> float:
        return fermion.colours * (1.0 + constants.ALPHA_S / math.pi if fermion.colours == 3 else 1.0) * weigh(fermion)

    return sum(map(strength, _LIGHT)), [strength(fermion) for fermion in _HEAVY]


_MOMENTS = {
    "charge2": _moments(lambda f: f.charge**2),
    "mixed": _moments(lambda f: f.charge * f.isospin / 2),
    "vector2": _moments(lambda f: f.isospin**2 / 4),
    "axial2": _moments(lambda f: f.isospin**2 / 4),
}


def hypercharge_numerators(
    s: Inexact[Array, "*n"], m1: Scalar, weak: Angle, absorption: tuple
) -> tuple[Complex[Array, "*n"], Complex[Array, "*n"], Complex[Array, "*n"], Complex[Array, "*n"]]:
    """(P0 b)_A1, (P0 b)_Z1 and h = b^T P0 b, each times det P0^-1, and that determinant (GeV^4): no pole, no division.

    P0 = [s 1 - diag(0, M1^2) + i s A]^-1,  b = (cW, -sW).
    """
    aa, az, zz = absorption
    photon_part = s * (1.0 + 1j * aa)
    z_part = s - m1**2 + 1j * s * zz
    mixed = 1j * s * az
    to_a = z_part * weak.cos + mixed * weak.sin
    to_z = -(photon_part * weak.sin + mixed * weak.cos)
    return to_a, to_z, weak.cos * to_a - weak.sin * to_z, photon_part * z_part - mixed**2


def hypercharge_vector(
    s: Inexact[Array, "*n"], m1: Scalar, weak: Angle, absorption: tuple
) -> tuple[Complex[Array, "*n"], Complex[Array, "*n"], Complex[Array, "*n"]]:
    """P0 b and h = b^T P0 b, GeV^-2: how a hypercharge source feeds A1 and Z1, and back.

    P0 = [s 1 - diag(0, M1^2) + i s A]^-1,  b = (cW, -sW). Returns (P0 b)_A1, (P0 b)_Z1, h.
    """
    to_a, to_z, h, determinant = hypercharge_numerators(s, m1, weak, absorption)
    return to_a / determinant, to_z / determinant, h / determinant


def hypercharge_forms(m1: Scalar, weak: Angle, absorption: tuple) -> tuple[tuple, tuple]:
    """s h(s) as a ratio of two linear forms in s: ((slope, value at 0) of the numerator, the same of the
    denominator).
    """
    aa, az, zz = absorption
    spread = weak.cos**2 * zz + 2.0 * weak.cos * weak.sin * az + weak.sin**2 * aa
    numerator = (1.0 + 1j * spread, -((weak.cos * m1) ** 2))
    return numerator, ((1.0 + 1j * aa) * (1.0 + 1j * zz) + az**2, -(m1**2) * (1.0 + 1j * aa))
