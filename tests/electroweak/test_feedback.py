"""The dark sector's feedback F on Standard Model amplitudes against 4x4 propagators inverted at 60 digits from true
Lagrangian parameters.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import reference
from compiling import QUICK
from mpmath import mpf

from jaxmix.currents import mixing
from jaxmix.electroweak import feedback
from jaxmix.electroweak import standard_model as sm
from jaxmix.models import mixed_phase

HALF_PI = np.pi / 2
E, SIN2, M1 = 0.31, 0.23, 91.0  # of the Lagrangian, before the massless part of d renormalises g1

# kappa, M2, theta_W', Gamma2/M2, or None: the width that the mCP's own current gives
WIDE = [
    (0.05, 40.0, 0.5, 0.01),
    (0.3, 120.0, 1.1, 0.0),
    (0.4, 91.0, 0.3, 2e-2),
    (1e-3, 8.0, 0.9, 0.01),
    (0.02, 35.0, HALF_PI, 0.3),
    (0.6, 200.0, 0.0, 0.01),
]
MODEL = [
    (0.05, 40.0, 0.5, None),
    (0.3, 120.0, 1.1, None),
    (1e-3, 8.0, 1.4, None),
    (0.4, 91.0, 0.0, None),
    (0.02, 91.2, 0.9, None),
]
E_DARK, M_MCP = 0.4, 3.0
MOMENTA = np.array([0.2, 0.999, 1.0, 1.0001, 3.0, 700.0, -1e-3, -0.3, -20.0])  # squared, over M2^2


class Case:
    """One phase, built for the package in hatted couplings and for the reference from its Lagrangian."""

    def __init__(self, kappa: float, m2: float, theta: float, width: float | None, isospin: float = 0.0):
        self.true = reference.point(kappa, m2, theta, m1=M1, sin2_theta_w=SIN2)
        self.width, p = width, self.true
        self.dark = reference.dark_coupling(p, E_DARK, 1.0, isospin)
        # g1^ = g1/sqrt(1 - kappa^2 cW'^2); g2 and v, so M1 cW, are what they were
        self.stretch = 1 / mpmath.sqrt(1 - (p.kappa * p.cos_d) ** 2)
        g1, g2 = mpf(E) / p.cos_w * self.stretch, mpf(E) / p.sin_w
        sin, cos = (g / mpmath.sqrt(g1**2 + g2**2) for g in (g1, g2))
        self.hatted = p._replace(kappa=mpf(0), m1=p.m1 * p.cos_w / cos, sin_w=sin, cos_w=cos)
        self.e_hatted = g2 * sin
        self.currents = mixed_phase.MixedPhase(
            kappa, m2=m2, theta_dark=theta, e_dark=E_DARK, m_mcp=M_MCP, isospin_dark=isospin
        ).currents()
        self.model = sm.StandardModel(
            *(jnp.asarray(float(x)) for x in (self.e_hatted,)), _angle(cos, sin), jnp.asarray(float(self.hatted.m1))
        )

    def exact(self, s: mpf) -> tuple[mpmath.matrix, mpmath.matrix]:
        """P_SM,SM of the full 4x4 and the hatted P0 on (B, W3), in units where the field B couples with g1^."""
        none = mpmath.matrix(4, 4)
        width = None if self.width is None else mpf(self.width) * self.true.m2
        m_mcp = M_MCP if self.width is None else None
        full = reference.propagator(
            self.true, s, reference.absorption(self.true, s, mpf(E), self.dark, m_mcp, width) if s > 0 else none
        )
        bare = reference.bare_propagator(
            self.hatted, s, reference.absorption(self.hatted, s, self.e_hatted) if s > 0 else none
        )
        scale = mpmath.diag([1 / self.stretch, 1])
        turn, turn_hatted = (mpmath.matrix([[p.cos_w, -p.sin_w], [p.sin_w, p.cos_w]]) for p in (self.true, self.hatted))
        return scale * turn * full[:2, :2] * turn.T * scale, turn_hatted * bare * turn_hatted.T


def _angle(cos: mpf, sin: mpf) -> mixing.Angle:
    return mixing.Angle(cos=jnp.asarray(float(cos)), sin=jnp.asarray(float(sin)))


def _feedback(currents, model: sm.StandardModel, width: float | None) -> feedback.Feedback:
    return feedback.feedback(currents, model.m1, model.weak, None if width is None else jnp.asarray(width))


def _both_kinds(currents, model: sm.StandardModel, width: jax.Array | None, s: jax.Array, distance: jax.Array) -> tuple:
    p = sm.propagators(model, s)
    dark = feedback.feedback(currents, model.m1, model.weak, width)
    away = feedback.spacelike(dark, -jnp.abs(s), jnp.real(sm.propagators(model, -jnp.abs(s)).h))
    return jnp.where(s > 0, feedback.timelike(dark, s, distance, p.h), away), p


both_kinds = eqx.filter_jit(_both_kinds, compiler_options=QUICK)


@pytest.mark.parametrize("kappa, m2, theta, width", WIDE + MODEL)
def test_amplitudes_of_any_phase_are_the_hatted_standard_model_and_one_function(
    kappa: float, m2: float, theta: float, width: float | None
) -> None:
    """P_SM,SM = P0^ + F v^ v^T on (B, W3), timelike, spacelike and on the resonance: F to 1e-12 of itself (2e-15
    measured, 3e-13 at the smallest t), all components to 1e-12.
    """
    for isospin in (0.0,) if width is not None or theta == 0.0 else (0.0, 0.5):
        case = Case(kappa, m2, theta, width, isospin)
        distance = m2**2 * (MOMENTA - 1.0)
        s = m2**2 + distance
        found, p = both_kinds(
            case.currents,
            case.model,
            None if width is None else jnp.asarray(width),
            jnp.asarray(s),
            jnp.asarray(distance),
        )
        # where the Z2 couples to nothing its own mass is a pole of the 4x4
        for i in np.flatnonzero(distance != 0.0 if theta == 0.0 else s):
            full, bare = case.exact(case.true.m2**2 + mpf(distance[i]))
            vector = [bare[0, 0], bare[1, 0]]  # P0 b with b = (1, 0) on (B, W3)
            exact = complex((full[1, 1] - bare[1, 1]) / vector[1] ** 2)
            assert abs(complex(found[i]) - exact) <= 1e-12 * abs(exact) + 1e-45
            cos, sin = float(case.model.weak.cos), float(case.model.weak.sin)
            turn = np.array([[cos, -sin], [sin, cos]])
            v = turn @ np.array([p.va[i], p.vz[i]])
            whole = turn @ np.array([[p.aa[i], p.az[i]], [p.az[i], p.zz[i]]]) @ turn.T + found[i] * np.outer(v, v)
            expected = np.array(full.tolist(), dtype=complex)
            # of the Standard Model's: P_BB vanishes on a Z2 of no width
            scale = np.abs(np.diag(np.array(bare.tolist(), dtype=complex)))
            assert np.max(np.abs(whole - expected) / np.sqrt(np.outer(scale, scale))) < 1e-12


def test_nothing_of_the_massless_phase_is_left() -> None:
    """theta_W' = 0: F = 0 exactly at every s, timelike and spacelike, where the dark width is given."""
    case = Case(0.6, 200.0, 0.0, 0.01)
    s = jnp.asarray([1.0, 4e4, 9e5, -1.0, -4e4, 25.0, 8315.0, 100.0, 3e4])
    found, _ = both_kinds(case.currents, case.model, jnp.asarray(0.01), s, s - 4e4)
    assert np.all(np.asarray(found) == 0)


# ---- the physical mass that is held


def _held(kappa: float, mass: float, theta: float) -> tuple[feedback.Feedback, Case]:
    case = Case(kappa, 50.0, theta, 0.01)
    point = mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=theta, e_dark=E_DARK, m1=M1, sin2_theta_w=SIN2)
    return _feedback(point.currents(), case.model, 0.01), case


@pytest.mark.parametrize(
    "kappa, mass, theta",
    [(0.3, 20.0, 0.7), (0.05, 91.5, HALF_PI), (0.05, 89.9, 0.4), (1e-4, 150.0, 1.0), (0.5, 900.0, 1.3)],
)
def test_held_physical_mass_is_a_pole_of_the_lagrangian(kappa: float, mass: float, theta: float) -> None:
    """M2^2 = square + shift/scale against det(M^2 - m_Z'^2 K4) = 0 of the true Lagrangian, to 1e-12 of M2^2, and
    against the hatted pole equation (s - M1^2)(s - M2^2) = kappa^^2 (s - cW^2 M1^2) s.
    """
    dark, case = _held(kappa, mass, theta)
    found = float(dark.square) + float(dark.shift) / float(dark.scale)
    exact = reference.lagrangian_mass(case.true, mpf(mass)) ** 2
    assert found == pytest.approx(float(exact), rel=1e-12)
    h, s = case.hatted, mpf(mass) ** 2
    strength = (case.true.kappa * case.true.sin_d * case.stretch) ** 2
    assert abs((s - h.m1**2) * (s - exact) - strength * (s - (h.cos_w * h.m1) ** 2) * s) < mpf(10) ** -45 * s**2
    # the width given over m_Z' is Gamma2/M2 in the propagator
    assert float(dark.width) == pytest.approx(0.01 * mass / float(mpmath.sqrt(exact)), rel=1e-12)


@pytest.mark.parametrize("kappa, theta", [(0.3, 0.7), (0.05, HALF_PI), (1e-3, 1.1)])
def test_forbidden_gap_is_where_no_lagrangian_mass_exists(kappa: float, theta: float) -> None:
    """`exists` fails exactly on M1^2/K11 < m_Z'^2 < M1^2 K22/det K of the true Lagrangian, found to 1e-9 on
    both sides.
    """
    p = Case(kappa, 50.0, theta, 0.01).true
    cc, cs, sc = (p.kappa * a * b for a, b in ((p.cos_w, p.cos_d), (p.cos_w, p.sin_d), (p.sin_w, p.cos_d)))
    d = 1 - cc**2
    lower, upper = p.m1 / mpmath.sqrt(1 - sc**2 / d), p.m1 * mpmath.sqrt((1 - cs**2 / d) * d / (1 - p.kappa**2))
    assert upper - lower > 0
    for mass, exists in (
        (lower * (1 - mpf("1e-9")), True),
        (lower * (1 + mpf("1e-9")), False),
        ((lower + upper) / 2, False),
        (upper * (1 - mpf("1e-9")), False),
        (upper * (1 + mpf("1e-9")), True),
    ):
        dark, _ = _held(kappa, float(mass), theta)
        assert bool(dark.exists) is exists
        assert (reference.lagrangian_mass(p, mpf(float(mass))) is not None) is exists


def test_far_heavier_a_dark_boson_is_an_operator() -> None:
    """F(s) -> -kappa^^2 s^2/M2^2 (1 + O(s/M2^2)), timelike and spacelike, for a narrow Z2: the inverse hypercharge
    propagator gains Y s^2/m_W^2 with Y = kappa^^2 m_W^2/M2^2, and nothing else moves, S = T = U = W = 0.
    """
    s = np.array([4e4, 1e3, -1e3, -4e4, 25.0, 8e3, -7.0, -2e3, 100.0])
    for m2 in (2e3, 2e4):
        case = Case(1e-3, m2, 1.1, 0.0)
        found, p = both_kinds(case.currents, case.model, jnp.asarray(0.0), jnp.asarray(s), jnp.asarray(s - m2**2))
        operator = -((1e-3 * np.sin(1.1)) ** 2) * s**2 / m2**2
        assert np.max(np.abs(np.asarray(found) / operator - 1)) < 1.1 * 4e4 / m2**2 + 3e-6  # kappa^2
        m_w, s_exact = 80.4, s[3]
        h, f = complex(p.h[3]), complex(found[3])
        y = (1 / (h + f * h**2) - 1 / h) * m_w**2 / s_exact**2
        assert y.real == pytest.approx((1e-3 * np.sin(1.1) * m_w / m2) ** 2, rel=0.011)


# ---- the Z's width into mCPs


def test_width_of_the_z_into_mcps() -> None:
    """0.055 kappa^2 GeV for e' = e in the massless phase; the A2 content of the exact Z, threshold factor and charge in
    any phase.
    """
    model = sm.standard_model(jnp.zeros(2))

    def width(kappa: float, theta: float, m_mcp: float | None, e_dark: float) -> float:
        point = mixed_phase.MixedPhase(kappa, m_zprime=20.0, theta_dark=theta, e_dark=e_dark, m_mcp=m_mcp)
        return float(feedback.z_width_to_mcp(point.currents(), model.m1, model.weak))

    assert width(1e-2, 0.0, 1e-3, float(model.e)) == pytest.approx(0.055e-4, rel=0.01)
    assert width(1e-2, 0.0, None, 0.5) == 0.0
    assert width(1e-2, 0.4, 45.6, 0.5) == 0.0
    theta, m_mcp, e_dark = 0.9, 30.0, 0.5
    p = reference.point(1e-3, 20.0, theta, m1=float(model.m1), sin2_theta_w=float(model.weak.sin) ** 2)
    _, z, _ = reference.states(p)
    x = (m_mcp / float(z.mass)) ** 2
    expected = float(z.content[2] * e_dark) ** 2 * float(z.mass) / (12 * np.pi) * (1 + 2 * x) * np.sqrt(1 - 4 * x)
    assert width(1e-3, theta, m_mcp, e_dark) == pytest.approx(expected, rel=1e-5)


# ---- gradients


def _sample(kappa: jax.Array, mass: jax.Array, theta: jax.Array, width: jax.Array | None) -> jax.Array:
    model = sm.standard_model(jnp.zeros(2))
    currents = mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=theta, e_dark=E_DARK, m_mcp=M_MCP).currents()
    s = jnp.asarray([101.0, 8315.0, 4e4, -3.0, -4e4])
    found, _ = _both_kinds(currents, model, width, s, s - mass**2)
    return jnp.concatenate([jnp.real(found), jnp.imag(found)])


SLOPES = {
    kind: jax.jit(
        jax.vmap(jax.jacfwd(lambda k, m, t, width=width: _sample(k, m, t, width), argnums=(0, 1, 2))),
        compiler_options=QUICK,
    )
    for kind, width in (("given", jnp.asarray(0.01)), ("model", None))
}


@pytest.mark.parametrize("kind", SLOPES)
def test_gradients_are_finite_where_phases_end_and_masses_cross(kind: str) -> None:
    """d F/d(kappa, m_Z', theta_W') at kappa = 0, theta_W' = 0 and pi/2, with m_Z' through M1 (beside and inside the
    gap).
    """
    masses = (10.0, sm.M1_REF * (1 - 1e-9), sm.M1_REF, sm.M1_REF * (1 + 1e-4), 300.0)
    points = [
        (k, m, t) for k in (0.0, 1e-3, 0.3) for m in masses for t in (0.0, 0.5, HALF_PI) if k * t > 0 or m != sm.M1_REF
    ]
    for slope in SLOPES[kind](*map(jnp.asarray, zip(*points))):
        assert np.all(np.isfinite(slope))


def test_gradients_are_finite_differences_of_the_inverted_propagator() -> None:
    """d Re F/d(kappa, M_Z', theta_W') through the held physical mass against central differences of the 4x4 at 60
    digits, to 1e-8.

    Hatted quantities are held, so the reference's Lagrangian moves with kappa and theta_W'.
    """
    at, s_values = (0.1, 40.0, 0.7), (101.0, 8315.0, 4e4, -3.0, -4e4)
    e, sin2, m1 = (mpf(x) for x in (float(sm.standard_model(jnp.zeros(2)).e), sm.SIN2_REF, sm.M1_REF))

    def exact(kappa: mpf, mass: mpf, theta: mpf) -> list:
        stretch = 1 / mpmath.sqrt(1 - (kappa * mpmath.cos(theta)) ** 2)
        # from hatted back to the Lagrangian: g1 = g1^/stretch at fixed g2 and M1 cW
        g1, g2 = e / mpmath.sqrt(1 - sin2) / stretch, e / mpmath.sqrt(sin2)
        sin, cos = (g / mpmath.sqrt(g1**2 + g2**2) for g in (g1, g2))
        p = reference.Point(
            kappa, m1 * mpmath.sqrt(1 - sin2) / cos, mpf(1), sin, cos, mpmath.sin(theta), mpmath.cos(theta)
        )
        p = p._replace(m2=reference.lagrangian_mass(p, mass))
        plain = reference.point(0.0, 1.0, 0.5, m1=float(m1), sin2_theta_w=sm.SIN2_REF)
        found = []
        for s in map(mpf, s_values):
            wide = reference.absorption(p, s, g2 * sin, width=mpf("0.01") * mass) if s > 0 else mpmath.matrix(4, 4)
            bare = reference.bare_propagator(
                plain, s, reference.absorption(plain, s, e) if s > 0 else mpmath.matrix(4, 4)
            )
            row = [sin, cos]  # W3 on (A1, Z1)
            full = reference.contract(row, reference.propagator(p, s, wide)[:2, :2], row)
            row = [mpmath.sqrt(sin2), mpmath.sqrt(1 - sin2)]
            v = reference.contract(row, bare, [mpmath.sqrt(1 - sin2), -mpmath.sqrt(sin2)])
            found.append(mpmath.re((full - reference.contract(row, bare, row)) / v**2))
        return found

    expected = np.array(
        [
            reference.derivative(
                lambda x, i=i: exact(*(mpf(y) for y in at[:i]), x, *(mpf(y) for y in at[i + 1 :])), at[i]
            )
            for i in range(3)
        ],
        dtype=float,
    )
    points = 3 * 4 * 3 + 2 * 2  # the number of points above: nothing compiles again
    found = np.stack(SLOPES["given"](*(jnp.full(points, x) for x in at)))[:, 0, :5]
    np.testing.assert_allclose(found, expected, rtol=1e-8)
