"""Electroweak predictions against an independent NumPy inversion of (A1, Z1, Z2), closed forms, SciPy and published
numbers.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
import scipy.optimize
import scipy.special
from compiling import QUICK

from jaxmix import constants, engine
from jaxmix.electroweak import bhabha, feedback, helicity, line_shape, predictions, response
from jaxmix.electroweak import standard_model as sm
from jaxmix.models import mixed_phase
from jaxmix.numerics import expansion, least_squares
from jaxmix.numerics.faddeeva import faddeeva

ALPHA, SIN2, M1 = 1 / 128.94, 0.2315, 91.1875
HALF_PI = np.pi / 2
HADRONS = ("u", "d", "s", "c", "b")
FERMIONS = {f.name: f for f in constants.FERMIONS}
QCD = 1 + constants.ALPHA_S / np.pi


class World:
    """e+e- -> f fbar in the Okun phase: the propagator of (A1, Z1, Z2) inverted at each s, B' = -Z2, absorptive parts
    from open channels.

    theta: ln alpha/alpha_ref and ln sin^2/sin^2_ref. m_z, stretch, scale: another Z mass, factors on the Z's absorptive
    part and on its exchange, for fits with photon held.
    """

    def __init__(
        self,
        kappa: float = 0.0,
        m2: float = 1e3,
        width: float = 0.0,
        theta=(0.0, 0.0),
        m_z: float | None = None,
        stretch: float = 1.0,
        scale: float = 1.0,
    ):
        alpha, sin2 = ALPHA * np.exp(theta[0]), SIN2 * np.exp(theta[1])
        self.e, self.sin, self.cos = np.sqrt(4 * np.pi * alpha), np.sqrt(sin2), np.sqrt(1 - sin2)
        # G_F held: M1^2 ~ alpha/(sin^2 cos^2)
        self.m1 = m_z or M1 * np.sqrt(alpha / ALPHA * SIN2 * (1 - SIN2) / (sin2 * (1 - sin2)))
        self.kappa, self.m2, self.width, self.stretch, self.scale = kappa, m2, width, stretch, scale

    def coupling(self, name: str) -> np.ndarray:
        """[left/right, A1/Z1]."""
        f, g = FERMIONS[name], self.e / (self.sin * self.cos)
        right = np.array([self.e * f.charge, -g * f.charge * self.sin**2])
        return np.array([right + [0, g * f.isospin], right])

    def absorption(self, s: np.ndarray) -> np.ndarray:
        """The 2x2 absorptive matrix [n, 2, 2]: vector parts with beta (3 - beta^2)/2, axial ones with beta^3."""
        total = np.zeros((len(s), 2, 2))
        for name, f in FERMIONS.items():
            mass = f.mass if f.mass > 1 else 0.0
            beta = np.sqrt(np.maximum(1 - 4 * mass**2 / np.abs(s), 0)) * (s > 0)
            left, right = self.coupling(name)
            vector, axial = (left + right) / 2, (left - right) / 2
            norm = f.colours * (QCD if f.colours == 3 else 1) / (12 * np.pi)
            total += norm * np.multiply.outer(beta * (3 - beta**2) / 2, np.outer(vector, vector))
            total += norm * np.multiply.outer(beta**3, np.outer(axial, axial))
        total[:, 1, 1] *= self.stretch
        return total

    def propagator(self, s: np.ndarray) -> np.ndarray:
        """P_SM,SM [n, 2, 2], GeV^-2."""
        kinetic = np.eye(3)
        kinetic[0, 2] = kinetic[2, 0] = -self.kappa * self.cos
        kinetic[1, 2] = kinetic[2, 1] = self.kappa * self.sin
        inverse = s[:, None, None] * kinetic - np.diag([0, self.m1**2, self.m2**2]) + 0j
        inverse[:, :2, :2] += 1j * s[:, None, None] * self.absorption(s)
        inverse[:, 2, 2] += 1j * np.maximum(s, 0) * self.width / self.m2
        found = np.linalg.inv(inverse)[:, :2, :2]
        found[:, 1, 1] *= self.scale
        return found

    def hypercharge(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """v = P b [n, 2] and h = b^T P b [n], GeV^-2."""
        b = np.array([self.cos, -self.sin])
        v = self.propagator(s) @ b
        return v, v @ b

    def amplitudes(self, s: np.ndarray, names) -> np.ndarray:
        """g_i^T P g_c [state, electron's helicity, fermion's helicity, n], GeV^-2."""
        final = np.array([self.coupling(name) for name in names])
        return np.einsum("ia,nab,fcb->ficn", self.coupling("e"), self.propagator(s), final)

    def sigma(self, s: np.ndarray, names, weight=((1, 1), (1, 1))) -> np.ndarray:
        """N_c s/(48 pi) sum |A_ic|^2 (GeV^-2), or another sum over helicities."""
        colours = np.array([FERMIONS[name].colours for name in names])
        return (
            s
            / (48 * np.pi)
            * np.einsum("f,ic,ficn->n", colours, np.array(weight), np.abs(self.amplitudes(s, names)) ** 2)
        )

    def forward_backward(self, s: np.ndarray, names) -> np.ndarray:
        """A_FB from d sigma/d cos = N_c s/(128 pi) [(1 + c)^2 (LL + RR) + (1 - c)^2 (LR + RL)], integrated over both
        hemispheres.
        """
        square = np.abs(self.amplitudes(s, names)) ** 2
        same, other = square[:, 0, 0] + square[:, 1, 1], square[:, 0, 1] + square[:, 1, 0]
        c, w = np.polynomial.legendre.leggauss(4)
        c = (c + 1) / 2
        half = [np.sum(w * (1 + sign * c) ** 2) / 2 for sign in (1, -1)]
        forward, backward = same * half[0] + other * half[1], same * half[1] + other * half[0]
        return np.sum(forward - backward, axis=0) / np.sum(forward + backward, axis=0)

    def bhabha(self, s: float, low: float, high: float) -> float:
        """int d sigma/d cos over a bin (GeV^-2)."""
        x, w = np.polynomial.legendre.leggauss(30)
        c = (low + high) / 2 + (high - low) / 2 * x
        t, u = -s * (1 - c) / 2, -s * (1 + c) / 2
        a, b = (self.amplitudes(x, ("e",))[0] for x in (np.array([s]), t))
        density = u**2 * sum(np.abs(a[i, i] + b[i, i]) ** 2 for i in (0, 1)) + t**2 * (
            np.abs(a[0, 1]) ** 2 + np.abs(a[1, 0]) ** 2
        )
        density += s**2 * (np.abs(b[0, 1]) ** 2 + np.abs(b[1, 0]) ** 2)
        return (high - low) / 2 * np.sum(w * density) / (32 * np.pi * s)

    def weak_charge(self, t: float, numbers: dict[str, int]) -> float:
        """Electron axial times a sum of vector couplings, exchanged at t."""
        left, right = self.coupling("e")
        vector = sum(number * self.coupling(name).sum(axis=0) for name, number in numbers.items())
        return ((left - right) @ self.propagator(np.array([t]))[0] @ vector).real


@pytest.fixture(scope="module")
def model() -> sm.StandardModel:
    return sm.standard_model(jnp.zeros(2))


@pytest.fixture(scope="module")
def line_at() -> Callable:
    return jax.jit(lambda theta: line_shape.line_shape(sm.standard_model(theta)), compiler_options=QUICK)


@pytest.fixture(scope="module")
def line(line_at: Callable) -> line_shape.LineShape:
    return line_at(jnp.zeros(2))


@jax.jit
def _squares(model: sm.StandardModel, s: jax.Array, z_scale: jax.Array) -> helicity.Squares:
    return helicity.squares(model, sm.propagators(model, s), z_scale)


def squares(model: sm.StandardModel, s: list[float], z_scale: float = 1.0) -> helicity.Squares:
    """Squared amplitudes at up to five s."""
    found = _squares(model, jnp.asarray(s + s[-1:] * (5 - len(s))), jnp.asarray(z_scale))
    return jax.tree.map(lambda x: x[..., : len(s)], found)


def _okun(kappa: float, m2: float) -> mixed_phase.MixedPhase:
    return mixed_phase.MixedPhase(kappa, m2=m2, theta_dark=HALF_PI).currents()


def _averaged(
    dark: feedback.Feedback, model: sm.StandardModel, energy: jax.Array, spread: jax.Array
) -> response.Response:
    """<Re F>, <Im F>, <|F|^2> at some energies."""
    return response.response(dark, model, energy, spread, sm.propagators(model, energy**2).h)


def _at(dark: feedback.Feedback, model: sm.StandardModel, s: jax.Array, distance: jax.Array) -> response.Response:
    """Re F, Im F, |F|^2 at exact energies."""
    f = feedback.timelike(dark, s, distance, sm.propagators(model, s).h)
    return response.Response(jnp.real(f), jnp.imag(f), jnp.abs(f) ** 2)


def _feedback(kappa, m2, width_over_mass, model: sm.StandardModel) -> feedback.Feedback:
    return feedback.feedback(_okun(kappa, m2), model.m1, model.weak, width_over_mass)


# ---- numerics


def test_faddeeva_is_scipys_wofz() -> None:
    """w(z) to 2e-8 in the upper half-plane from |z| = 1e-3 to 1e6, on the real axis too; w' = -2 z w + 2 i/sqrt(pi) to
    4e-7 of itself.
    """
    rng = np.random.default_rng(0)
    x, y = rng.choice([-1, 1], 2000) * 10 ** rng.uniform(-3, 6, 2000), 10 ** rng.uniform(-12, 6, 2000)
    y[:200] = 0.0
    x[:1000] = rng.uniform(-6, 6, 1000)
    z = x + 1j * y

    def both(x: jax.Array, y: jax.Array) -> tuple:
        value, slope = jax.jvp(lambda x: faddeeva(jax.lax.complex(x, y)), (x,), (jnp.ones_like(x),))
        return value, slope, jax.jvp(lambda y: faddeeva(jax.lax.complex(x, y)), (y,), (jnp.ones_like(y),))[1]

    found, slope, other = jax.jit(both, compiler_options=QUICK)(jnp.asarray(x), jnp.asarray(y))
    exact = scipy.special.wofz(z)
    assert np.max(np.abs(found / exact - 1)) < 2e-8
    near = np.abs(z) < 30  # w' is a difference of two numbers near 1 beyond
    derivative = -2 * z * exact + 2j / np.sqrt(np.pi)
    assert np.max(np.abs(slope / derivative - 1)[near]) < 4e-7
    np.testing.assert_allclose(other, 1j * slope, rtol=1e-12)  # an analytic function


def test_expansion_is_exact_for_quadratics_and_drops_the_next_order() -> None:
    """Coefficients of a quadratic of two displacements are found to rounding, cut to first order where that is asked
    for.
    """
    bend = np.array([[3.0, -1.0], [-1.0, 0.5]])

    def function(x: jax.Array) -> tuple:
        whole = 2.0 + 7.0 * x[0] - 5.0 * x[1] + x @ jnp.asarray(bend) @ x
        return {"a": whole, "b": jnp.stack([whole, -whole])}, (whole + 1.0,)

    quadratic, linear = expansion.expand(function, 2, 1e-3, (2, 1))
    for x in ((0.3, -0.2), (0.0, 0.0), (-1.0, 4.0)):
        straight = 2 + 7 * x[0] - 5 * x[1]
        exact = straight + np.array(x) @ bend @ np.array(x)
        found = quadratic(jnp.asarray(x))
        np.testing.assert_allclose([found["a"], *found["b"]], [exact, exact, -exact], rtol=1e-9, atol=1e-8)
        assert float(linear(jnp.asarray(x))[0]) == pytest.approx(straight + 1, rel=1e-9, abs=1e-8)


def test_gauss_newton_finds_scipys_minimum() -> None:
    """A weighted nonlinear fit of three parameters: the place of the minimum to 1e-8 in 8 steps; unconverged after one
    from afar.
    """
    t = np.linspace(0, 3, 25)
    data = 1.3 * np.exp(-0.7 * t) + 0.2 * t + 0.05 * np.sin(9 * t)
    weights = 1 + t

    def curve(x, library):
        return x[0] * library.exp(-x[1] * t) + x[2] * t - data

    start = np.array([1.0, 0.4, 0.0])
    exact = scipy.optimize.least_squares(
        lambda x: np.sqrt(weights) * curve(x, np), start, xtol=1e-15, ftol=1e-15, gtol=1e-15
    ).x
    for steps, converged in ((8, True), (1, False)):
        found = least_squares.gauss_newton(
            lambda x: curve(x, jnp), jnp.asarray(weights), jnp.asarray(start), steps=steps, tolerance=1e-6
        )
        assert bool(found.converged) is converged
    found = least_squares.gauss_newton(
        lambda x: curve(x, jnp), jnp.asarray(weights), jnp.asarray(start), steps=8, tolerance=1e-6
    )
    np.testing.assert_allclose(found.place, exact, rtol=1e-8)


def test_small_positive_definite_systems_are_solved() -> None:
    """As numpy.linalg.solve, for one to four unknowns; a linear step lowers the sum by what it says."""
    rng = np.random.default_rng(1)
    for n in (1, 2, 3, 4):
        root, right = rng.normal(size=(n, n)), rng.normal(size=n)
        matrix = root @ root.T + 0.01 * np.eye(n)
        np.testing.assert_allclose(
            least_squares.solve(jnp.asarray(matrix), jnp.asarray(right)), np.linalg.solve(matrix, right), rtol=1e-9
        )
    tangents, value, weights = rng.normal(size=(2, 9)), rng.normal(size=9), rng.uniform(0.1, 2, 9)
    step, lowered = least_squares.linear_step(jnp.asarray(value), jnp.asarray(tangents), jnp.asarray(weights))
    expected = np.linalg.lstsq(np.sqrt(weights)[:, None] * tangents.T, -np.sqrt(weights) * value, rcond=None)
    np.testing.assert_allclose(step, expected[0], rtol=1e-10)
    assert float(lowered) == pytest.approx(np.sum(weights * value**2) - expected[1][0], rel=1e-10)


# ---- the average over the beams' spread


def _average(energy: float, spread: float, kappa: float, m2: float, width: float) -> tuple[complex, float]:
    """<F> and <|F|^2> over a Gaussian of the energy by quadrature that resolves the pole: E - E_pole = w sinh y."""
    world, sigma = World(), energy * spread

    def f(distance: np.ndarray, s: np.ndarray) -> np.ndarray:
        x = kappa**2 * s**2
        return x / (distance + 1j * s * width - world.hypercharge(s)[1] * x)

    # the pole with absorptive parts held, to start the map from
    held, s = world.absorption(np.array([m2**2]))[0], m2**2 + 0j
    b = np.array([world.cos, -world.sin])

    def whole(s: complex) -> complex:
        h = b @ np.linalg.inv(s * (np.eye(2) + 1j * held) - np.diag([0, world.m1**2])) @ b
        return s - m2**2 + 1j * s * width - h * kappa**2 * s**2

    for _ in range(20):
        s -= whole(s) * 2e-7 * s / (whole(s * (1 + 1e-7)) - whole(s * (1 - 1e-7)))
    centre, core = np.sqrt(s).real, max(abs(np.sqrt(s).imag), 1e-14 * m2)
    edges = np.linspace(*(np.arcsinh((energy + side * 9 * sigma - centre) / core) for side in (-1, 1)), 301)
    x, w = np.polynomial.legendre.leggauss(12)
    y = (edges[:-1, None] + edges[1:, None] + np.diff(edges)[:, None] * x).ravel() / 2
    offset = core * np.sinh(y)
    place = centre + offset
    weight = (np.diff(edges)[:, None] / 2 * w).ravel() * core * np.cosh(y)
    weight = weight * np.exp(-(((place - energy) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    assert np.sum(weight) == pytest.approx(1, rel=1e-10)
    value = f((centre - m2 + offset) * (place + m2), place**2)
    return np.sum(weight * value), np.sum(weight * np.abs(value) ** 2)


@pytest.fixture(scope="module")
def averaged(model: sm.StandardModel) -> Callable:
    def one(kappa, m2, width, energy, spread):
        return _averaged(_feedback(kappa, m2, width, model), model, energy[None], spread[None]).at(0)

    return jax.jit(jax.vmap(one), compiler_options=QUICK)


# energy, its spread, the largest kappa, and how far the square may be off
SPREADS = [(35.0, 1e-3, 0.1, 0.02), (200.0, 1e-3, 0.1, 0.02), (91.2, 6e-4, 3e-3, 0.002), (89.2, 6e-4, 0.01, 0.03)]


@pytest.mark.parametrize("energy, spread, largest, tolerance", SPREADS)
def test_average_over_the_energy_spread_is_the_integral(
    energy: float, spread: float, largest: float, tolerance: float, averaged: Callable
) -> None:
    """Each term of the hadronic cross section's change a Re F + b Im F + c |F|^2, averaged, against numerical
    quadrature of the exact F.

    Pole on the energy and 0.3 to 300 spreads beside it, no dark width to 1% of the mass, kappa from 1e-4. Of the larger
    of |<F>| and |F|^2 with their coefficients: interference to 3e-3, the variation of s^2 over the spread; the square
    to 7e-3 within one spread, 2e-2 at three of them, 3e-2 on the flank of the Z, whose h is taken at the energy and not
    at the pole. Without any spread: the value at the energy itself, to 1e-6.
    """
    world = World()
    s = np.array([energy**2])
    amplitude, v = world.amplitudes(s, HADRONS)[..., 0], world.hypercharge(s)[0][0]
    slope = np.einsum("i,fc->fic", world.coupling("e") @ v, np.array([world.coupling(name) for name in HADRONS]) @ v)
    terms = np.array(
        [
            2 * np.sum(np.conj(amplitude) * slope).real,
            -2 * np.sum(np.conj(amplitude) * slope).imag,
            np.sum(np.abs(slope) ** 2),
        ]
    )
    points = [
        (kappa, energy * (1 + offset * spread), width)
        for kappa in (1e-4, 3e-3, 0.03, 0.1)
        for offset in (0, 0.3, -1, 3, -5, 20, -100, 300)
        for width in (0.0, 1e-4, 1e-2)
        if kappa <= largest
    ]
    points += [points[0]] * (96 - len(points))
    columns = list(map(jnp.asarray, zip(*points)))
    found, sharp = (np.stack(averaged(*columns, jnp.full(96, energy), jnp.full(96, x)), axis=1) for x in (spread, 0.0))
    for (kappa, m2, width), value, at in zip(points, found, sharp):
        mean, square = _average(energy, spread, kappa, m2, width)
        exact = terms * np.array([mean.real, mean.imag, square])
        largest_term = max(np.hypot(*terms[:2]) * abs(mean), exact[2])
        error = np.abs(terms * value - exact) / largest_term
        assert np.max(error[:2]) < 3e-3, (kappa, m2, width)
        assert error[2] < (tolerance if m2 != energy else 7e-3), (kappa, m2, width)
        h = world.hypercharge(s)[1][0]
        f = kappa**2 * energy**4 / ((energy - m2) * (energy + m2) + 1j * energy**2 * width - h * kappa**2 * energy**4)
        if m2 != energy:
            sizes = terms * [f.real, f.imag, abs(f) ** 2]
            np.testing.assert_allclose(terms * at, sizes, rtol=1e-6, atol=1e-6 * np.max(np.abs(sizes)))


@pytest.mark.parametrize("theta", [0.5, 1.2])
def test_average_with_the_width_of_the_mcp_is_the_integral(theta: float, model: sm.StandardModel) -> None:
    """dark width "model", 20 to 60 GeV against 35 GeV, mCP of 10 GeV: with d = 1/(1/d0 + i s g1'^2 beta (3 -
    beta^2)/(24 pi)) and the massless part taken into g1, interference to 3e-3 and the square to 2e-2 of itself.
    """
    energy, spread, kappa, m_mcp, e_dark = 35.0, 1e-3, 0.03, 10.0, 0.31
    masses = np.array([20.0, 34.9, 34.97, 34.999, 35.01, 35.05, 60.0])

    def one(m2):
        currents = mixed_phase.MixedPhase(kappa, m2=m2, theta_dark=theta, m_mcp=m_mcp, e_dark=e_dark).currents()
        dark = feedback.feedback(currents, model.m1, model.weak, None)
        return _averaged(dark, model, jnp.asarray([energy]), jnp.asarray([spread])).at(0)

    found = np.stack(jax.jit(jax.vmap(one), compiler_options=QUICK)(jnp.asarray(masses)), axis=1)
    x = np.linspace(-8, 8, 20001)
    s = (energy * (1 + spread * x)) ** 2
    weight = np.exp(-(x**2) / 2)
    weight /= np.sum(weight)
    beta, h = np.sqrt(1 - 4 * m_mcp**2 / s), World().hypercharge(s)[1]
    for m2, value in zip(masses, found):
        bare = np.cos(theta) ** 2 / s + np.sin(theta) ** 2 / (s - m2**2)
        d = 1 / (1 / bare + 1j * s * (e_dark / np.cos(theta)) ** 2 * beta * (3 - beta**2) / (24 * np.pi))
        shift = s * (s * d - np.cos(theta) ** 2) * kappa**2 / (1 - (kappa * np.cos(theta)) ** 2)
        f = shift / (1 - h * shift)
        mean, square = np.sum(weight * f), np.sum(weight * np.abs(f) ** 2)
        assert abs(value[0] + 1j * value[1] - mean) < 3e-3 * abs(mean)
        assert value[2] == pytest.approx(square, rel=0.02)


# ---- helicity sums


def test_point_cross_section_of_quantum_electrodynamics() -> None:
    """sigma(e+e- -> mu+mu-) = 4 pi alpha^2/(3 s), R = N_c sum Q^2, no asymmetry, with the Z decoupled; 1/(1 + A^2) from
    the photon's absorptive part.
    """
    model = eqx.tree_at(lambda m: m.m1, sm.standard_model(jnp.zeros(2)), jnp.asarray(1e6))
    s = 100.0
    weights = [
        helicity.weights(states, sums)
        for states in (helicity.LEPTON, helicity.HADRONS)
        for sums in (helicity.TOTAL, helicity.FORWARD)
    ]
    muons, forward, hadrons, _ = np.asarray(squares(model, [s]).sums(np.stack(weights))[0])[:, 0]
    absorption = World().absorption(np.array([s]))[0, 0, 0]
    assert s / (48 * np.pi) * muons == pytest.approx(4 * np.pi * ALPHA**2 / (3 * s) / (1 + absorption**2), rel=1e-8)
    assert abs(forward / muons) < 1e-10
    assert 3 * hadrons / muons == pytest.approx(11 / 3, rel=1e-9)


def test_z_exchange_alone_has_the_asymmetries_of_its_couplings(model: sm.StandardModel) -> None:
    """A_FB = 3/4 A_e A_f, A_LR = A_e, polarisation A_f, and A_LR,FB = 3/4 A_f, with A_f = 2 x/(1 + x^2), x = 1 - 4 |Q|
    sin^2.
    """
    alone = squares(model, [M1**2], 1e9)
    a = {
        name: 2 * x / (1 + x**2) for name, x in (("mu", 1 - 4 * SIN2), ("c", 1 - 8 / 3 * SIN2), ("b", 1 - 4 / 3 * SIN2))
    }
    for name, af in a.items():
        sums = [
            helicity.weights((name,), w)
            for w in (helicity.TOTAL, helicity.FORWARD, helicity.POLARISED, helicity.FINAL, helicity.POLARISED_FORWARD)
        ]
        total, *others = np.asarray(alone.sums(np.stack(sums))[0])[:, 0]
        np.testing.assert_allclose(np.array(others) / total, [0.75 * a["mu"] * af, a["mu"], af, af], rtol=1e-8)


def test_sums_and_their_changes_are_those_of_the_inverted_propagator(model: sm.StandardModel) -> None:
    """|A_ic|^2 of all states and helicities to 1e-12, T0 + a Re F + b Im F + c |F|^2 with the exact F to 1e-11, and the
    angular distribution of physics integrates to the total and to FORWARD.
    """
    s, kappa, m2 = np.array([25.0, 1600.0, 88.2**2, M1**2, 4e4]), 0.2, 60.0
    found = squares(model, list(s))
    bare, mixed = (
        np.abs(w.amplitudes(s, helicity.STATES)).reshape(6, 4, -1) ** 2 for w in (World(), World(kappa, m2, 0.6))
    )
    np.testing.assert_allclose(found.standard, bare, rtol=1e-12)
    h = World().hypercharge(s)[1]
    f = 1 / ((s - m2**2 + 1j * s * 0.01) / (kappa * s) ** 2 - h)
    change = np.einsum("k...n,kn->...n", np.asarray(found.change), np.array([f.real, f.imag, np.abs(f) ** 2]))
    np.testing.assert_allclose(bare + change, mixed, rtol=1e-11)
    weights = np.stack([helicity.weights(helicity.HADRONS, w) for w in (helicity.TOTAL, helicity.FORWARD)])
    total, forward = np.asarray(found.sums(weights)[0])
    np.testing.assert_allclose(forward / total, World().forward_backward(s, HADRONS), rtol=1e-11)
    np.testing.assert_allclose(3 * s / (48 * np.pi) * total, World().sigma(s, HADRONS), rtol=1e-12)


# ---- Bhabha scattering


def test_bhabha_bins_are_the_integrals_of_the_exact_cross_section(model: sm.StandardModel) -> None:
    """X/X_SM - 1 of bins against 30 nodes and propagators with the dark boson: 1e-8 of the change in a backward bin; in
    the most forward one, where 1/t^2 is steep, three nodes leave 2e-4.
    """
    energy = np.array([189.0, 200.0, 207.0] * 2)
    low, high = np.repeat([0.81, -0.9], 3), np.repeat([0.9, -0.72], 3)
    table = bhabha.bins(energy, low, high)
    integrate = jax.jit(bhabha.bhabha, compiler_options=QUICK)
    coefficients, total = integrate(model, table)

    @jax.jit
    def changes(kappa, m2, width):
        dark = _feedback(kappa, m2, width, model)
        s = jnp.asarray(energy**2)
        here = _at(dark, model, s, s - m2**2)
        there = feedback.spacelike(dark, jnp.asarray(table.t), jnp.real(sm.propagators(model, jnp.asarray(table.t)).h))
        return bhabha.changes(coefficients, here, there)

    for kappa, m2, width in ((0.03, 10.0, 0.1), (0.1, 150.0, 1.5), (0.1, 195.0, 1.95), (0.01, 300.0, 3.0)):
        found = changes(kappa, m2, width / m2)
        exact = [World(kappa, m2, width).bhabha(*row) / World().bhabha(*row) - 1 for row in zip(energy**2, low, high)]
        np.testing.assert_allclose(found[:3], exact[:3], rtol=2.5e-4)
        np.testing.assert_allclose(found[3:], exact[3:], rtol=1e-7)
    standard = np.array([World().bhabha(*row) * 32 * np.pi * row[0] for row in zip(energy**2, low, high)])
    np.testing.assert_allclose(total, standard, rtol=2.5e-4)
    # five nodes do what three do not
    finer = integrate(model, bhabha.bins(energy, low, high, 5))[1]
    np.testing.assert_allclose(finer, standard, rtol=3e-7)


# ---- the Z pole


def test_pole_observables_of_the_standard_model(model: sm.StandardModel) -> None:
    """Published fit values within what tree level with a QCD factor leaves, and closed forms: ALEPH et al., Phys. Rept.
    427 (2006) 257, table 8.4.
    """
    found = {name: float(value) for name, value in sm.pole_observables(model).items()}
    assert found["m_z"] == 91.1875
    assert found["sigma_had_0"] * constants.PICOBARN / 1e3 == pytest.approx(41.48, rel=0.002)
    assert found["r_l_0"] == pytest.approx(20.74, rel=0.003)
    assert found["gamma_z"] == pytest.approx(2.4957, rel=0.01)
    assert found["r_b_0"] == pytest.approx(0.21582, rel=0.015)
    assert found["r_c_0"] == pytest.approx(0.1722, rel=0.012)
    x = 1 - 4 * 0.2315
    assert found["a_l"] == pytest.approx(2 * x / (1 + x**2), rel=1e-12)
    assert found["afb_l_0"] == pytest.approx(0.75 * found["a_l"] ** 2, rel=1e-12)
    assert found["afb_b_0"] == pytest.approx(0.1032, rel=0.003)
    assert found["a_b"] == pytest.approx(0.935, rel=0.002)
    assert found["a_c"] == pytest.approx(0.668, rel=0.002)
    # Gamma_Z from the absorptive part of the independent propagator, sigma0 = 12 pi Gamma_ee Gamma_had/(m Gamma)^2 from
    # its Z exchange
    world = World(scale=1.0)
    assert found["gamma_z"] == pytest.approx(M1 * world.absorption(np.array([M1**2]))[0, 1, 1], rel=2e-3)
    peak = World(scale=1e6).sigma(np.array([M1**2]), HADRONS)[0] / 1e12 * QCD
    assert found["sigma_had_0"] == pytest.approx(peak, rel=3e-3)


def test_standard_model_inputs_move_masses_at_fixed_fermi_constant() -> None:
    """m_W^2 = pi alpha/(sqrt2 G_F sW^2) and m_Z^2 = m_W^2/cW^2, relative to the reference point; alpha and sin^2 are
    what they are called.
    """
    theta = np.array([0.02, -0.03])
    alpha, sin2 = ALPHA * np.exp(theta[0]), SIN2 * np.exp(theta[1])
    moved, start = (sm.pole_observables(sm.standard_model(jnp.asarray(x))) for x in (theta, np.zeros(2)))
    ratio = {name: float(moved[name] / start[name]) for name in ("m_w", "m_z", "alpha", "sin2_lept")}
    assert ratio["m_w"] == pytest.approx(np.sqrt(alpha / ALPHA * SIN2 / sin2), rel=1e-13)
    assert ratio["m_z"] == pytest.approx(ratio["m_w"] * np.sqrt((1 - SIN2) / (1 - sin2)), rel=1e-13)
    assert (ratio["alpha"], ratio["sin2_lept"]) == pytest.approx((alpha / ALPHA, sin2 / SIN2), rel=1e-13)
    assert float(start["alpha"]) == pytest.approx(1 / 128.94, rel=1e-15)


# ---- the line shape


@pytest.fixture(scope="module")
def projected(model: sm.StandardModel, line: line_shape.LineShape) -> Callable:
    """Relative changes of the pole observables for columns of (kappa, M2, Gamma2/M2), no beam spread."""
    energy = jnp.asarray(line_shape.ENERGIES)

    def one(kappa, m2, width):
        return line_shape.shifts(line, _averaged(_feedback(kappa, m2, width, model), model, energy, jnp.zeros(8)))

    batch = jax.jit(jax.vmap(one), compiler_options=QUICK)

    def run(points: list[tuple]) -> dict[str, np.ndarray]:
        padded = points + points[-1:] * (16 - len(points))
        return {
            name: np.asarray(value)[: len(points)] for name, value in batch(*map(jnp.asarray, zip(*padded))).items()
        }

    return run


def _eigenstate(kappa: float, m2: float) -> dict[str, float]:
    """Observables of the exact Z of the Lagrangian: its mass, and widths and asymmetries of its couplings (quarks
    massless).
    """
    z = reference.states(reference.point(kappa, m2, HALF_PI, m1=M1, sin2_theta_w=SIN2))[1]
    world = World()
    content = np.array([float(x) for x in z.content[:2]])
    g = {name: world.coupling(name) @ content for name in FERMIONS if name != "t"}
    width = {
        name: np.sum(pair**2) * FERMIONS[name].colours * (QCD if FERMIONS[name].colours == 3 else 1)
        for name, pair in g.items()
    }
    a = {name: (left**2 - right**2) / (left**2 + right**2) for name, (left, right) in g.items()}
    hadrons, total = sum(width[name] for name in HADRONS), sum(width.values())
    mass = float(z.mass)
    return {
        "m_z": mass,
        "gamma_z": mass * total,
        "sigma_had_0": width["mu"] * hadrons / (mass * total) ** 2,
        "r_l_0": hadrons / width["mu"],
        "r_b_0": width["b"] / hadrons,
        "r_c_0": width["c"] / hadrons,
        "afb_l_0": a["mu"] ** 2,
        "a_l": a["mu"],
        "a_l_tau": a["mu"],
        "afb_b_0": a["mu"] * a["b"],
        "afb_c_0": a["mu"] * a["c"],
        "a_b": a["b"],
        "a_c": a["c"],
    }


def test_projection_is_the_eigenvalue_far_from_the_pole(projected: Callable) -> None:
    """m_Z' = 10, 60, 150, 500 GeV against the exact mass, widths and couplings of the Z.

    m_Z to 0.3%: the projection holds the photon, whose interference with the Z the dark sector moves as well. R_l, with
    12% and what is small beside it, moves by that interference too; Gamma_Z to 5%, asymmetries to 4% of themselves.
    """
    masses = (10.0, 60.0, 150.0, 500.0)
    found = projected([(0.02, m2, 1e-6) for m2 in masses])
    tolerance = {"m_z": 0.003, "gamma_z": 0.05, "sigma_had_0": 0.05, "r_l_0": 0.13, "r_b_0": 0.06, "r_c_0": 0.06}
    exact = {
        name: np.array([_eigenstate(0.02, m2)[name] / _eigenstate(1e-30, m2)[name] - 1 for m2 in masses])
        for name in _eigenstate(0.02, 10.0)
    }
    for name in line_shape.NAMES:
        smallest = 4e-6 if name == "gamma_z" else 0.0  # it changes sign near 60 GeV
        np.testing.assert_allclose(
            found[name], exact[name], rtol=tolerance.get(name, 0.04), atol=smallest, err_msg=name
        )


def test_line_shape_passes_smoothly_through_the_pole(projected: Callable) -> None:
    """kappa = 0.005, Gamma2 = 1% of M2: m_Z by -/+ 7 to 12 MeV at M2 - m_Z = +/-1 GeV, nothing within 2 MeV where they
    cross, and there Gamma_Z by +50 to +76 MeV; no step between neighbours 0.25 GeV apart.
    """
    offset = np.array([-2, -1.5, -1.25, -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2])
    found = projected([(0.005, M1 + x, 0.01) for x in offset])
    mass, width = found["m_z"] * M1 * 1e3, found["gamma_z"] * 2476.9
    assert -12 < mass[offset == 1][0] < -7
    assert 7 < mass[offset == -1][0] < 12.5
    assert abs(mass[offset == 0][0]) < 2
    assert 50 < width[offset == 0][0] < 76
    assert np.max(np.abs(np.diff(mass))) < 7
    assert np.max(np.abs(np.diff(width))) < 26


def _fitted(kappa: float, m2: float, width: float) -> tuple[float, float, float]:
    """(m, Gamma, sigma0) that reproduce the exact hadronic cross sections at the seven energies, relative to the
    Standard Model: weights of equal luminosity, the photon held, a Breit-Wigner whose peak is sigma0.
    """
    s = line_shape.ENERGIES[:7] ** 2
    data, base = World(kappa, m2, width).sigma(s, HADRONS), World().sigma(s, HADRONS)

    def residuals(x: np.ndarray) -> np.ndarray:
        mass, gamma, peak = np.exp(x)
        # sigma0 ~ scale^2/(m Gamma/m)^2 at s = m^2
        fit = World(m_z=M1 * mass, stretch=gamma / mass, scale=np.sqrt(peak) * mass * gamma / mass)
        return (fit.sigma(s, HADRONS) - data) / np.sqrt(base) * 1e9

    found = scipy.optimize.least_squares(residuals, np.zeros(3), x_scale=1e-3, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return tuple(np.expm1(found.x))


def test_projection_is_the_fit_of_a_line_shape_to_the_exact_cross_sections(projected: Callable) -> None:
    """m_Z, Gamma_Z and sigma0 of a least-squares fit of all three, to 2% (Gamma_Z 5%) at kappa = 0.005 through the
    crossing; m_Z to 10% at kappa = 0.02, 1 GeV beside the Z, where m_Z moves by 160 MeV.
    """
    points = [(0.005, M1 + x, 0.01) for x in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 10.0)]
    found = projected(points + [(0.02, M1 - 1.0, 0.01), (0.02, M1 + 1.0, 0.01)])
    for i, (kappa, m2, width) in enumerate(points):
        exact = np.array(_fitted(kappa, m2, width * m2))
        value = np.array([found[name][i] for name in ("m_z", "gamma_z", "sigma_had_0")])
        assert np.all(np.abs(value - exact) < [0.02, 0.05, 0.02] * np.abs(exact) + 5e-7)
    for i, m2 in ((8, M1 - 1.0), (9, M1 + 1.0)):
        assert found["m_z"][i] == pytest.approx(_fitted(0.02, m2, 0.01 * m2)[0], rel=0.1)


def test_float32_keeps_the_digits_of_the_mass(model: sm.StandardModel, line: line_shape.LineShape) -> None:
    """delta m_Z of the projection with every leaf in float32: within 1e-5 of m_Z's error (2.3e-5 relative) or 1e-5 of
    itself (5e-7 measured).
    """

    def shift(line: line_shape.LineShape, model: sm.StandardModel, currents, width) -> jax.Array:
        energy = jnp.asarray(line_shape.ENERGIES).astype(model.e.dtype)
        dark = feedback.feedback(currents, model.m1, model.weak, width)
        return line_shape.shifts(line, _averaged(dark, model, energy, jnp.full(8, 6e-4, model.e.dtype)))["m_z"]

    def currents(kappa, mass):
        return mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=HALF_PI).currents()

    run = jax.jit(jax.vmap(shift, in_axes=(None, None, 0, None)), compiler_options=QUICK)
    pairs = np.array([(kappa, mass) for kappa in (1e-3, 0.01, 0.03) for mass in (1.0, 10.0, 60.0, 85.0, 150.0, 1000.0)])
    single = engine.place((line, model, jax.vmap(currents)(*jnp.asarray(pairs).T), jnp.asarray(0.01)), "float32")
    double = jax.tree.map(lambda x: jnp.asarray(x).astype(jnp.float64), single)  # the same numbers in both
    found, exact = run(*single), np.asarray(run(*double))
    assert found.dtype == jnp.float32
    error = np.abs(np.asarray(found, dtype=float) - exact)
    assert np.all(error < np.maximum(1e-5 * np.abs(exact), 1e-5 * 2.3e-5))


# ---- all of it: predictions

# observable, energy, bin
ROWS = [
    *((name, 91.1876, np.nan, np.nan) for name in predictions.POLE),
    ("sigma_had", 35.0, np.nan, np.nan),
    ("sigma_had", 57.77, np.nan, np.nan),
    ("sigma_had", 206.6, np.nan, np.nan),
    ("sigma_l", 189.0, np.nan, np.nan),
    ("afb_l", 189.0, np.nan, np.nan),
    ("afb_l", 136.3, np.nan, np.nan),
    ("r_b", 189.0, np.nan, np.nan),
    ("r_c", 189.0, np.nan, np.nan),
    ("afb_b", 189.0, np.nan, np.nan),
    ("afb_c", 206.6, np.nan, np.nan),
    ("bhabha", 189.0, -0.54, -0.36),
    ("bhabha", 206.6, 0.27, 0.36),
    ("q_weak_cs", 0.0024, np.nan, np.nan),
    ("q_weak_p", 0.1574802, np.nan, np.nan),
    ("a_pv_e", 0.1612452, np.nan, np.nan),
    ("sigma_had", 35.0, np.nan, np.nan),
]
WEAK = {"q_weak_cs": {"u": 188, "d": 211}, "q_weak_p": {"u": 2, "d": 1}, "a_pv_e": {"e": 1}}


@pytest.fixture(scope="module")
def known() -> predictions.Predictions:
    _, energy, low, high = map(np.array, zip(*ROWS))
    built = predictions.predictions(
        [row[0] for row in ROWS], energy.astype(float), low.astype(float), high.astype(float)
    )
    return eqx.filter_jit(lambda p: p.tabulated(), compiler_options=QUICK)(built)


@pytest.fixture(scope="module")
def deviations(known: predictions.Predictions) -> Callable:
    def one(theta, kappa, m2, width):
        return known.deviations(
            theta, _okun(kappa, m2), predictions.Conditions(width, jnp.zeros(len(known.energy)), 1.0)
        )

    batch = jax.jit(jax.vmap(one), compiler_options=QUICK)
    return lambda points: np.asarray(
        batch(
            *(jnp.asarray(np.array(column, dtype=float)) for column in zip(*(points + points[-1:] * (8 - len(points)))))
        )
    )[: len(points)]


def _direct(row: tuple, world: World) -> float:
    """An off-pole observable of a World."""
    name, energy, low, high = row
    s = np.array([energy**2])
    if name in WEAK:
        return world.weak_charge(-(energy**2), WEAK[name])
    if name == "bhabha":
        return world.bhabha(energy**2, low, high)
    if name in ("sigma_had", "sigma_l"):
        return world.sigma(s, HADRONS if name == "sigma_had" else ("mu",))[0]
    flavour = name[-1] if name != "afb_l" else "mu"
    return (
        world.forward_backward(s, (flavour,))[0]
        if name.startswith("afb")
        else world.sigma(s, (flavour,))[0] / world.sigma(s, HADRONS)[0]
    )


OFF_POLE = [(i, row) for i, row in enumerate(ROWS) if i >= len(predictions.POLE)]


def test_off_pole_deviations_are_those_of_the_inverted_propagator(deviations: Callable) -> None:
    """X(kappa, M2)/X_SM - 1 of rates, ratios, asymmetries, Bhabha bins and weak charges at the reference point, to 1e-5
    of the change.
    """
    points = [(0.03, 10.0, 0.01), (0.1, 60.0, 0.01), (0.01, 188.0, 0.01), (0.3, 2000.0, 0.0)]
    found = deviations([((0.0, 0.0), *point) for point in points])
    for (kappa, m2, width), row in zip(points, found):
        for i, what in OFF_POLE:
            exact = _direct(what, World(kappa, m2, width * m2)) / _direct(what, World()) - 1
            assert row[i] == pytest.approx(exact, rel=1e-5, abs=1e-11), what


def test_deviations_move_with_the_standard_models_inputs(deviations: Callable) -> None:
    """At |theta| = 1e-3, off the pole: X(theta, kappa, M2)/X_SM(0) - 1 of the inverted propagator with another alpha,
    sin^2 and M1, to 1e-7 of the observable without mixing and to 3e-4 of the mixing's part with it; pole observables
    without mixing to 1e-7 of the closed forms.
    """
    for theta in ((1e-3, 1e-3), (-7e-4, 1e-3), (0.0, -1e-3)):
        alone, mixed = deviations([(theta, 0.0, 60.0, 0.01), (theta, 0.03, 60.0, 0.01)])
        moved, start = (sm.pole_observables(sm.standard_model(jnp.asarray(x))) for x in (theta, (0.0, 0.0)))
        for i, name in enumerate(predictions.POLE):
            assert alone[i] == pytest.approx(float(moved[name] / start[name]) - 1, abs=1e-7 + 3e-5 * abs(alone[i])), (
                name
            )
        for i, what in OFF_POLE:
            base = _direct(what, World())
            standard, exact = (
                _direct(what, World(*point, theta=theta)) / base - 1 for point in ((), (0.03, 60.0, 0.6))
            )
            assert alone[i] == pytest.approx(standard, abs=1e-7 + 3e-5 * abs(standard)), what
            assert mixed[i] - alone[i] == pytest.approx(exact - standard, rel=3e-4), what


def test_tables_are_the_functions_they_expand(known: predictions.Predictions, line_at: Callable) -> None:
    """At |theta| = 1e-3 the expanded line shape and responses equal direct evaluations there: the projection's m_Z for
    given F to 1e-5, h to first order, which near the pole, where theta moves M1 by a tenth of its half-width, is good
    to 4e-3.
    """
    theta = jnp.asarray([8e-4, -1e-3])

    @jax.jit
    def both(theta: jax.Array, direct: line_shape.LineShape) -> tuple:
        moved, energy = sm.standard_model(theta), jnp.asarray(line_shape.ENERGIES)
        found = _averaged(_feedback(0.01, 60.0, 0.01, moved), moved, energy, jnp.zeros(8))
        tables = known.responses(theta)
        h = sm.propagators(moved, jnp.asarray(known.energy) ** 2).h
        return [line_shape.shifts(each, found) for each in (direct, known.pole(theta).line)], (
            tables.h_real + 1j * tables.h_imaginary
        ) / h

    (expected, value), ratio = both(theta, line_at(theta))
    for name in line_shape.NAMES:
        assert float(value[name]) == pytest.approx(float(expected[name]), rel=3e-4, abs=1e-7), name
    assert float(value["m_z"]) == pytest.approx(float(expected["m_z"]), rel=1e-5)
    assert np.max(np.abs(ratio - 1)) < 4e-3
    assert np.max(np.abs(ratio - 1)[8:]) < 1e-5


def test_weak_charges_of_a_light_and_a_heavy_dark_boson(deviations: Callable) -> None:
    """|t| << M2^2, M1^2: delta Q/Q = F(t) (v_Z/P_ZZ)(v . g)/g_Z with F = kappa^2 t^2/(t - M2^2), v = (cW/t, sW/M1^2):
    -kappa^2 sW cW M1^2/M2^2 sum of electric charges over the weak ones, to 1%.
    """
    kappa, m2 = 0.01, 300.0
    (row,) = deviations([((0.0, 0.0), kappa, m2, 0.0)])
    world = World()
    for i, (name, energy, *_) in OFF_POLE:
        if name in WEAK:
            t = -(energy**2)
            electric, neutral = sum(n * world.coupling(f).sum(axis=0) for f, n in WEAK[name].items())
            f = kappa**2 * t**2 / (t - m2**2)
            expected = (
                f * (world.sin / M1**2) * (world.cos / t * electric + world.sin / M1**2 * neutral) / (-neutral / M1**2)
            )
            assert row[i] == pytest.approx(expected, rel=0.01), name
            coherent = kappa**2 * world.sin * world.cos * electric / neutral * t / m2**2
            assert row[i] == pytest.approx(coherent, rel=0.01), name


def test_inputs_that_are_not_propagators_do_not_move(deviations: Callable) -> None:
    """alpha and m_W, functions of theta alone; sin^2 of the charge asymmetry moves as A_e does, d ln A/d ln sin^2 of 2
    x/(1 + x^2).
    """
    rows = deviations([((0.0, 0.0), 0.03, m2, 0.01) for m2 in (10.0, 85.0, 150.0)])
    at = {name: i for i, name in enumerate(predictions.POLE)}
    assert np.all(rows[:, [at["alpha"], at["m_w"]]] == 0.0)
    step = 1e-6
    a = [2 * (1 - 4 * x) / (1 + (1 - 4 * x) ** 2) for x in (SIN2 * (1 - step), SIN2 * (1 + step))]
    slope = (np.log(a[1]) - np.log(a[0])) / (2 * step)
    np.testing.assert_allclose(rows[:, at["sin2_lept"]], rows[:, at["a_l_tau"]] / slope, rtol=1e-6)


def test_unknown_observables_are_refused() -> None:
    with pytest.raises(ValueError, match="sigma_w"):
        predictions.predictions(["m_z", "sigma_w"], np.array([91.2, 200.0]), np.full(2, np.nan), np.full(2, np.nan))
