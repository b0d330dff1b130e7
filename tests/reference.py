"""Reference physics at 60 digits, written from the Lagrangian and the papers and sharing no formula with the package.

L = -1/4 phi^T K4 phi + 1/2 phi^T diag(0, M1^2, 0, M2^2) phi over phi = (A1, Z1, A2, Z2), B = cW A1 - sW Z1,
B' = cW' A2 - sW' Z2, so that K4 = 1 + kappa (b b'^T + b' b^T). Masses in GeV; numbers are mpmath's.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import mpmath
import numpy as np
from mpmath import mp, mpf

from jaxmix import constants

mp.dps = 60

Matrix = mpmath.matrix
PHOTON, Z, ZPRIME = 0, 1, 2


class Point(NamedTuple):
    """Lagrangian parameters of the two sectors: mixing, masses (GeV), sine and cosine of the two angles."""

    kappa: mpf
    m1: mpf
    m2: mpf
    sin_w: mpf
    cos_w: mpf
    sin_d: mpf
    cos_d: mpf


def point(
    kappa: float, m2: float, theta_dark: float, m1: float = constants.M1, sin2_theta_w: float = constants.SIN2_THETA_W
) -> Point:
    """Point from the numbers that the package is given, each taken as exact."""
    s2, theta = mpf(sin2_theta_w), mpf(theta_dark)
    return Point(
        mpf(kappa), mpf(m1), mpf(m2), mpmath.sqrt(s2), mpmath.sqrt(1 - s2), mpmath.sin(theta), mpmath.cos(theta)
    )


def kinetic(p: Point) -> Matrix:
    """The 4x4 kinetic matrix."""
    b, dark = [p.cos_w, -p.sin_w, 0, 0], [0, 0, p.cos_d, -p.sin_d]
    return (
        Matrix(4, 4)
        + mpmath.eye(4)
        + p.kappa * Matrix([[b[i] * dark[j] + dark[i] * b[j] for j in range(4)] for i in range(4)])
    )


def mass_squared(p: Point) -> Matrix:
    """The 4x4 mass matrix, GeV^2."""
    return mpmath.diag([0, p.m1**2, 0, p.m2**2])


class State(NamedTuple):
    """Mass (GeV) and the contents (a1, z1, a2, z2)."""

    mass: mpf
    content: list


def states(p: Point) -> tuple[State, State, State]:
    """Photon, Z and Z' by a 4x4 generalised diagonalisation, M^2 v = m^2 K4 v with v^T K4 v = 1.

    The photon is the massless state orthogonal to the one without A1; the Z has the larger |z1|; z.z1, zprime.z2 > 0.
    """
    inverse = mpmath.cholesky(kinetic(p)) ** -1
    squares, rotation = mpmath.eigsy(inverse * mass_squared(p) * inverse.T)
    vectors = inverse.T * rotation
    order = sorted(range(4), key=lambda i: squares[i])
    first, second, low, high = ([vectors[j, i] for j in range(4)] for i in order)
    photon = [first[0] * x + second[0] * y for x, y in zip(first, second)]
    norm = mpmath.sqrt(first[0] ** 2 + second[0] ** 2)
    found = [State(mpmath.sqrt(squares[i]), v) for i, v in zip(order[2:], (low, high))]
    z, zprime = sorted(found, key=lambda state: -abs(state.content[1]))
    return State(mpf(0), [x / norm for x in photon]), _signed(z, 1), _signed(zprime, 3)


def _signed(state: State, positive: int) -> State:
    sign = -1 if state.content[positive] < 0 else 1
    return State(state.mass, [sign * x for x in state.content])


def order_kappa_squared(p: Point) -> dict[str, mpf]:
    """Paper A to second order in kappa, equations (23), (24), (31)-(42), as masses squared and contents of the
    states.
    """
    k, square1, square2 = p.kappa, p.m1**2, p.m2**2
    gap = square1 - square2
    return {
        "A23": square1 * (1 + k**2 * p.sin_w**2 * (square1 - square2 * p.cos_d**2) / gap),
        "A24": square2 * (1 + k**2 * p.sin_d**2 * (square2 - square1 * p.cos_w**2) / -gap),
        "A31 e": 1 + (k * p.cos_w * p.cos_d) ** 2 / 2,
        "A31 e'": -k * p.cos_w * p.cos_d,
        "A33": 1 + k**2 * p.sin_w**2 / 2 * (1 - square2**2 * p.sin_d**2 / gap**2),
        "A34": -(k**2) * p.cos_w * p.sin_w * (square1 - square2 * p.cos_d**2) / gap,
        "A35": k * p.sin_w * p.cos_d,
        "A36": -k * p.sin_w * p.sin_d * square1 / gap,
        "A39": 1 + k**2 * p.sin_d**2 / 2 * (1 - square1**2 * p.sin_w**2 / gap**2),
        "A40": -(k**2) * p.cos_d * p.sin_d * (square1 * p.cos_w**2 - square2) / gap,
        "A41": k * p.cos_w * p.sin_d,
        "A42": k * p.sin_w * p.sin_d * square2 / gap,
    }


class Okun(NamedTuple):
    """Paper B's closed form: rows of (B5), coefficients of (e J_EM, g/cW J_Z, g~ J_A'), and the squared masses."""

    z: list
    zprime: list
    square_z: mpf  # (B8)
    square_zprime_printed: mpf  # (B9) as printed
    square_zprime_corrected: mpf  # (B9) with the sign that the diagonalisation gives


def okun(epsilon: mpf, m_z0: mpf, m_zprime: mpf, m_lagrangian: mpf, sin_w: mpf, cos_w: mpf) -> Okun:
    """Paper B, (B5)-(B9), with physical m_zprime, Lagrangian m_z0 = mW/cW and m_lagrangian = m_A'; kappa =
    sin(epsilon).
    """
    tan = mpmath.tan(epsilon)
    t_xi = -(m_z0**2) * sin_w * tan / (m_zprime**2 - m_z0**2)
    c_xi = 1 / mpmath.sqrt(1 + t_xi**2)
    s_xi, c_eps = t_xi * c_xi, mpmath.cos(epsilon)
    bare, shared = m_lagrangian**2 * c_xi**2 / c_eps**2, m_z0**2 * s_xi**2
    return Okun(
        z=[-cos_w * tan * s_xi, sin_w * tan * s_xi + c_xi, s_xi / c_eps],
        zprime=[-cos_w * tan * c_xi, sin_w * tan * c_xi - s_xi, c_xi / c_eps],
        square_z=(m_z0**2 - m_zprime**2 * s_xi**2) / c_xi**2,
        square_zprime_printed=bare + shared * (1 + sin_w * tan / t_xi) ** 2,
        square_zprime_corrected=bare + shared * (1 - sin_w * tan / t_xi) ** 2,
    )


def lagrangian_mass(p: Point, m_zprime: mpf) -> mpf | None:
    """M2 (GeV) for which m_zprime is an eigenvalue, None in the gap: det(M^2 - lambda K4) is linear in M2^2.

    `p.m2` is not used.
    """
    pole = mpf(m_zprime) ** 2
    massless, far = (mpmath.det(mass_squared(p._replace(m2=m)) - pole * kinetic(p)) for m in (mpf(0), p.m1))
    square = p.m1**2 * massless / (massless - far)
    return mpmath.sqrt(square) if square > 0 else None


def chiral(fermion: constants.Fermion, p: Point, e: mpf) -> tuple[list, list]:
    """Left and right couplings of a fermion to (A1, Z1, A2, Z2)."""
    charge, isospin = _charges(fermion)
    neutral = e / (p.sin_w * p.cos_w)
    right = [e * charge, -neutral * charge * p.sin_w**2, 0, 0]
    return [right[0], right[1] + neutral * isospin, 0, 0], right


def _charges(fermion: constants.Fermion) -> tuple[mpf, mpf]:
    """Charges as fractions: 2/3 of the table is the nearest float."""
    return mpf(round(3 * fermion.charge)) / 3, mpf(round(2 * fermion.isospin)) / 2


def dark_coupling(p: Point, e_dark: float, charge: float, isospin: float) -> list:
    """Vector coupling of the mCP to (A1, Z1, A2, Z2)."""
    to_z = (
        (mpf(isospin) - mpf(charge) * p.sin_d**2) / (p.sin_d * p.cos_d) if isospin else -mpf(charge) * p.sin_d / p.cos_d
    )
    return [0, 0, mpf(e_dark) * mpf(charge), mpf(e_dark) * to_z]


def absorption(
    p: Point, s: mpf, e: mpf, dark: list | None = None, m_mcp: float | None = None, width: float | None = None
) -> Matrix:
    """The 4x4 absorptive matrix A of s K4 - M^2 + i s A: Standard Model currents, and the mCP's or a width on Z2."""
    total = Matrix(4, 4)
    for fermion in constants.FERMIONS:
        mass = mpf(fermion.mass) if fermion.mass >= 1 else mpf(0)
        left, right = chiral(fermion, p, e)
        strength = fermion.colours * (1 + mpf(constants.ALPHA_S) / mpmath.pi if fermion.colours == 3 else 1)
        total += strength * _current(s, mass, left, right)
    if dark is not None and m_mcp is not None:
        total += _current(s, mpf(m_mcp), dark, dark)
    if width is not None:
        total[3, 3] += mpf(width) / p.m2
    return total


def _current(s: mpf, mass: mpf, left: list, right: list) -> Matrix:
    """(g_L g_L^T + g_R g_R^T)/(24 pi) with the velocity factors of the vector and of the axial part."""
    if 4 * mass**2 >= s:
        return Matrix(4, 4)
    beta = mpmath.sqrt(1 - 4 * mass**2 / s)
    vector = [(x + y) / 2 for x, y in zip(left, right)]
    axial = [(x - y) / 2 for x, y in zip(left, right)]
    return Matrix(
        [
            [
                (vector[i] * vector[j] * beta * (3 - beta**2) / 2 + axial[i] * axial[j] * beta**3) / (12 * mpmath.pi)
                for j in range(4)
            ]
            for i in range(4)
        ]
    )


def propagator(p: Point, s: mpf, absorptive: Matrix) -> Matrix:
    """The full 4x4 propagator (s K4 - M^2 + i s A)^-1, GeV^-2."""
    return (s * kinetic(p) - mass_squared(p) + 1j * s * absorptive) ** -1


def bare_propagator(p: Point, s: mpf, absorptive: Matrix) -> Matrix:
    """The Standard Model's own propagator on (A1, Z1), GeV^-2; `absorptive` is the 4x4 matrix."""
    return (s * mpmath.eye(2) - mass_squared(p)[:2, :2] + 1j * s * absorptive[:2, :2]) ** -1


def contract(left: list, matrix: Matrix, right: list) -> mpf:
    """left^T matrix right."""
    return mpmath.fsum(left[i] * matrix[i, j] * right[j] for i in range(matrix.rows) for j in range(matrix.cols))


def pole(p: Point, absorptive: Matrix) -> mpmath.mpc:
    """Complex pole next to M2^2, GeV^2: an eigenvalue of (K4 + i A)^-1 M^2, for A held constant."""
    values = mpmath.eig((kinetic(p) + 1j * absorptive) ** -1 * mass_squared(p), left=False, right=False)
    return min(values, key=lambda s: abs(s - p.m2**2))


def derivative(function: Callable[[mpf], list], at: float, scale: mpf = mpf("1e-20")) -> list:
    """Central difference of a list-valued function at 60 digits; its error is of order the step squared, 1e-40."""
    at = mpf(at)
    step = scale * (abs(at) if at != 0 else 1)
    return [(high - low) / (2 * step) for high, low in zip(function(at + step), function(at - step))]


def observed_information(log_density: Callable, theta):
    """Minus the Hessian of ln L: Fisher's information where the data equal their expectation at theta (Asimov)."""
    return -jax.jacfwd(jax.jacfwd(log_density))(theta)


def mean_and_error(values) -> tuple:
    """Mean over independent scrambles (first axis) of each one's integral, and the standard error of that mean."""
    return np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
