"""The waist against 4x4 propagators inverted at 60 digits: amplitudes, shifts, poles, couplings and the two
theorems.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import reference
from mpmath import mpf

from jaxmix import constants
from jaxmix.currents import mixing, neutral_currents
from jaxmix.models import mixed_phase

HALF_PI = np.pi / 2
E = mpmath.sqrt(4 * mpmath.pi * mpf(constants.ALPHA))
UP, DOWN = (next(f for f in constants.FERMIONS if f.name == name) for name in ("u", "d"))


def _currents(
    kappa: float,
    m2: float,
    theta: float,
    e_dark: float = 0.5,
    m_mcp: float | None = None,
    isospin: float = 0.0,
    width: float | None = None,
) -> neutral_currents.NeutralCurrents:
    return mixed_phase.MixedPhase(
        kappa, m2=m2, theta_dark=theta, e_dark=e_dark, m_mcp=m_mcp, dark_width=width, isospin_dark=isospin
    ).currents()


class Case:
    """One parameter point, built once for the package and once for the reference."""

    def __init__(
        self,
        kappa: float,
        m2: float,
        theta: float,
        e_dark: float,
        m_mcp: float | None,
        isospin: float,
        width: float | None,
    ):
        self.currents = _currents(kappa, m2, theta, e_dark, m_mcp, isospin, width)
        self.point = reference.point(kappa, m2, theta)
        self.dark = reference.dark_coupling(self.point, e_dark, 1.0, isospin)
        self.m_mcp = m_mcp if width is None else None
        self.width = width

    def propagator(self, s: mpf) -> mpmath.matrix:
        """The full 4x4 propagator."""
        return reference.propagator(self.point, s, self.absorption(s))

    def absorption(self, s: mpf) -> mpmath.matrix:
        """Its absorptive matrix."""
        return reference.absorption(self.point, s, E, self.dark, self.m_mcp, self.width)


def _cases(number: int, seed: int) -> list[Case]:
    """Random points of every phase, with and without T3', with the mCP's own width, a given one, and none at all."""
    rng = np.random.default_rng(seed)
    cases = []
    for i in range(number):
        kappa, m2 = np.exp(rng.uniform(np.log(1e-6), np.log(0.5))), np.exp(rng.uniform(np.log(0.5), np.log(3000.0)))
        if i % 5 == 0:
            m2 = constants.M1 * (1 + rng.choice([-1, 1]) * np.exp(rng.uniform(np.log(1e-12), np.log(1e-4))))
        isospin = float(rng.choice([0.0, 0.5, -0.5]))
        # g2' = e'/sW' and g1' = e'/cW' run away at the ends: T3' needs an angle inside
        theta = rng.uniform(0.1, 1.4) if isospin else rng.choice([0.0, HALF_PI, rng.uniform(0.0, HALF_PI)])
        m_mcp, width = (
            (float(np.exp(rng.uniform(-3, 3))), None) if i % 3 == 0 else (1.0, 0.0 if i % 3 == 1 else 0.01 * m2)
        )
        cases.append(Case(kappa, m2, theta, rng.uniform(0.1, 1.0), m_mcp, isospin, width))
    return cases


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return _cases(60, 5)


def _offsets(case: Case) -> np.ndarray:
    """s - M2^2 far off, close by, and on the resonance."""
    square = float(case.point.m2) ** 2
    shift, width = (float(x) for x in resonance(case.currents))
    return square * np.array([-0.7, 3.0, 1e-6, np.expm1(shift) - 0.1 * width, np.expm1(shift) + 0.5 * width])


@eqx.filter_jit
def propagator_shift(currents: neutral_currents.NeutralCurrents, s: jax.Array, offset: jax.Array) -> tuple:
    """P_SM,SM - P0 on (A1, Z1), components (AA, AZ, ZZ), from the sector's Pi: (P0 b)(P0 b)^T Pi/(1 - h Pi)."""
    _, feedback, _, denominator = currents.sector.forms(s).at(s, offset)
    absorption = mixing.absorptive(s, currents.e, currents.weak)
    to_a, to_z, h = mixing.hypercharge_vector(s, currents.m1, currents.weak, absorption)
    pi = currents.strength**2 * s * feedback
    factor = pi / (denominator - h * pi)
    return factor * to_a**2, factor * to_a * to_z, factor * to_z**2


pair_amplitudes = eqx.filter_jit(neutral_currents.pair_amplitudes)
resonance = eqx.filter_jit(neutral_currents.resonance)
meson_coupling = eqx.filter_jit(neutral_currents.meson_coupling)


def test_pair_amplitudes_are_those_of_the_inverted_propagator(cases: list[Case]) -> None:
    """sum_c |g_q^T P g_psi|^2/kappa^2 to 1e-12 (3e-14 measured) at five s each, in the three phases, near M2 = M1, with
    T3', and on resonances of any width.
    """
    for case in cases:
        offset = _offsets(case)
        square = case.point.m2**2
        found = np.array(pair_amplitudes(case.currents, jnp.asarray(float(square) + offset), jnp.asarray(offset)))
        for i, delta in enumerate(offset):
            propagator = case.propagator(square + mpf(delta))
            for row, quark in enumerate((UP, DOWN)):
                exact = sum(
                    abs(reference.contract(g, propagator, case.dark)) ** 2
                    for g in reference.chiral(quark, case.point, E)
                )
                assert abs(found[row, i] / float(exact / case.point.kappa**2) - 1) < 1e-12


def test_propagator_shift_keeps_its_digits_at_any_mixing(cases: list[Case]) -> None:
    """P_SM,SM - P0 against the difference at 60 digits, to 1e-12 of the shift itself, for kappa down to 1e-6; spacelike
    s as well.
    """
    for case in cases:
        square = case.point.m2**2
        offset = np.append(_offsets(case), [-1.5 * float(square), -float(square) - 1e4])
        found = np.stack(propagator_shift(case.currents, jnp.asarray(float(square) + offset), jnp.asarray(offset)))
        for delta, column in zip(offset, found.T):
            s = square + mpf(delta)
            absorptive = case.absorption(s) if s > 0 else mpmath.matrix(4, 4)
            full = reference.propagator(case.point, s, absorptive)
            bare = reference.bare_propagator(case.point, s, absorptive)
            for value, (i, j) in zip(column, ((0, 0), (0, 1), (1, 1))):
                assert abs(value / complex(full[i, j] - bare[i, j]) - 1) < 1e-12


def test_hypercharge_vector_is_the_standard_model_propagator_on_b() -> None:
    """P0 b and h = b^T P0 b from the inverse of the 2x2 block, timelike and spacelike."""
    p = reference.point(0.0, 50.0, 0.5)
    weak = mixing.Angle(cos=jnp.asarray(float(p.cos_w)), sin=jnp.asarray(float(p.sin_w)))
    for s in (4.0, 2500.0, 8315.2, 1e6, -300.0):
        absorptive = reference.absorption(p, mpf(s), E) if s > 0 else mpmath.matrix(4, 4)
        block = reference.bare_propagator(p, mpf(s), absorptive)
        to_a, to_z = (block[i, 0] * p.cos_w - block[i, 1] * p.sin_w for i in (0, 1))
        absorption = mixing.absorptive(jnp.asarray(s), jnp.asarray(float(E)), weak)
        found = mixing.hypercharge_vector(jnp.asarray(s), jnp.asarray(constants.M1), weak, absorption)
        np.testing.assert_allclose(
            found, [complex(to_a), complex(to_z), complex(p.cos_w * to_a - p.sin_w * to_z)], rtol=1e-12
        )
        numerator, denominator = mixing.hypercharge_forms(jnp.asarray(constants.M1), weak, absorption)
        ratio = (numerator[0] * s + numerator[1]) / (denominator[0] * s + denominator[1])
        assert abs(complex(ratio) / (s * complex(found[2])) - 1) < 1e-12


def test_absorptive_part_of_the_propagator_is_positive(cases: list[Case]) -> None:
    """-Im P is positive semi-definite above every threshold (unitarity): the sign of i s A in the package's own
    components.

    The reference's 4x4 has non-negative eigenvalues, and the package's Standard Model block of P0 + shift as well.
    """
    for case in cases[:20]:
        s = case.point.m2**2 * mpf(1.7) + 30
        full = case.propagator(s)
        eigenvalues = mpmath.eigsy(full.apply(lambda z: -mpmath.im(z)), eigvals_only=True)
        assert min(eigenvalues) > -(mpf(10) ** -45)
        bare = reference.bare_propagator(case.point, s, case.absorption(s))
        offset = float(s - case.point.m2**2)
        aa, az, zz = (complex(x) for x in propagator_shift(case.currents, jnp.asarray(float(s)), jnp.asarray(offset)))
        block = -np.array(
            [[complex(bare[0, 0]) + aa, complex(bare[0, 1]) + az], [complex(bare[0, 1]) + az, complex(bare[1, 1]) + zz]]
        ).imag
        assert np.linalg.eigvalsh(block).min() > -1e-14 * np.abs(block).max()


# ---- the two theorems


HATTED = [(0.05, 40.0, 0.5, 0.4), (0.3, 120.0, 1.1, 0.0), (0.4, 91.0, 0.3, 2.0), (1e-3, 8.0, 0.9, 0.08)]


def _standard_model_amplitude(
    currents: neutral_currents.NeutralCurrents, shift: tuple, s: float, fermions: tuple, side: int
) -> complex:
    """g_1^T (P0 + shift) g_2 with the package's shift and the reference's couplings and P0 at the same (e, sW, M1)."""
    e, m1 = (mpf(float(x)) for x in (currents.e, currents.m1))
    p = reference.point(0.0, 1.0, 0.5, m1=float(m1), sin2_theta_w=float(currents.weak.sin) ** 2)
    bare = reference.bare_propagator(p, mpf(s), reference.absorption(p, mpf(s), e))
    total = mpmath.matrix([[bare[i, j] + complex(shift[i + j]) for j in (0, 1)] for i in (0, 1)])
    left, right = (reference.chiral(f, p, e)[side] for f in fermions)
    return complex(reference.contract(left, total, right))


@pytest.mark.parametrize("kappa, m2, theta, width", HATTED)
def test_any_mixed_phase_is_an_okun_phase_to_the_standard_model(
    kappa: float, m2: float, theta: float, width: float
) -> None:
    """SM-SM amplitudes of (kappa, g1, theta_W') equal those of the Okun phase with kappa^ = hatted(kappa, theta_W'),
    the same M2 and Gamma2, and g1^ = g1/sqrt(1 - kappa^2 cW'^2) (so e^, sW^, M1^ at fixed g2 and M_W), to 1e-12.
    """
    mixed = _currents(kappa, m2, theta, width=width)
    okun = _hatted_currents(mixed)
    for s in (30.0, 1.02 * m2**2, 8315.0, 4e4):
        shifts = [propagator_shift(c, jnp.asarray(s), jnp.asarray(s - m2**2)) for c in (mixed, okun)]
        for fermions, side in (((UP, UP), 0), ((UP, DOWN), 0), ((DOWN, UP), 1)):
            one, other = (_standard_model_amplitude(c, x, s, fermions, side) for c, x in zip((mixed, okun), shifts))
            assert abs(one / other - 1) < 1e-12


def _hatted_currents(mixed: neutral_currents.NeutralCurrents) -> neutral_currents.NeutralCurrents:
    sector = mixed.sector
    factor = 1 / (1 - (float(sector.kappa) * float(sector.dark.cos)) ** 2)
    g1, g2 = (float(mixed.e) / float(x) for x in (mixed.weak.cos, mixed.weak.sin))
    g1 = g1 * np.sqrt(factor)
    s2 = g1**2 / (g1**2 + g2**2)
    weak = mixing.Angle(cos=jnp.sqrt(1 - s2), sin=jnp.sqrt(s2))
    return eqx.tree_at(
        lambda c: (c.sector.kappa, c.m1, c.weak, c.sector.dark, c.e),
        mixed,
        (
            mixing.hatted(sector.kappa, sector.dark),
            mixed.m1 * mixed.weak.cos / weak.cos,
            weak,
            mixing.Angle(cos=jnp.asarray(0.0), sin=jnp.asarray(1.0)),
            jnp.asarray(g2 * np.sqrt(s2)),
        ),
    )


@pytest.mark.parametrize("kappa, m2, theta, width", HATTED)
def test_reference_obeys_the_hatted_theorem_and_keeps_its_poles(
    kappa: float, m2: float, theta: float, width: float
) -> None:
    """1/h_eff = 1/h - kappa^2 cW'^2 s - kappa^2 sW'^2 s^2/(s - M2^2 + i s Gamma2/M2), h_eff = b^T P_SM,SM b of the
    inverted 4x4; and the hatted Okun point has the same physical masses in the package.
    """
    case = Case(kappa, m2, theta, 0.5, None, 0.0, width)
    p = case.point
    s = mpf(700)
    full = case.propagator(s)
    bare, b = reference.bare_propagator(p, s, case.absorption(s)), [p.cos_w, -p.sin_w]
    h_eff, h = (reference.contract(b, x, b) for x in (full[:2, :2], bare))
    massive = s**2 / (s - p.m2**2 + 1j * s * mpf(width) / p.m2)
    expected = 1 / h - p.kappa**2 * (p.cos_d**2 * s + p.sin_d**2 * massive)
    assert abs(1 / h_eff / expected - 1) < mpf(10) ** -50
    masses = [
        [float(state.mass) for state in neutral_currents.states(c)[1:]]
        for c in (case.currents, _hatted_currents(case.currents))
    ]
    np.testing.assert_allclose(masses[0], masses[1], rtol=1e-13)


def test_holdom_phase_moves_no_standard_model_amplitude() -> None:
    """theta_W' = 0, no channel open: hatted currents are the Standard Model's, with no shift; e^ = e_phys = e/sqrt(1 -
    kappa_cc^2).
    """
    for kappa in (1e-3, 0.4):
        hatted = _hatted_currents(_currents(kappa, 40.0, 0.0, width=0.4))
        assert float(hatted.sector.kappa) == 0.0
        assert all(complex(x) == 0 for x in propagator_shift(hatted, jnp.asarray(900.0), jnp.asarray(-700.0)))
        photon = neutral_currents.states(_currents(kappa, 40.0, 0.0))[0]
        assert float(hatted.e) == pytest.approx(float(E) * float(photon.a1), rel=1e-14)


# ---- the resonance


def _exact_pole(case: Case) -> mpmath.mpc:
    """Pole of the reference with its absorptive parts at Re s_pole."""
    s = case.point.m2**2
    for _ in range(5):
        s = reference.pole(case.point, case.absorption(mpmath.re(s)))
    return s


@pytest.mark.parametrize("theta", [0.0, 0.5, 1.2])
@pytest.mark.parametrize(
    "m_mcp, width", [(3.0, None), (None, None), (3.0, 0.05)], ids=["mcp", "standard model", "given"]
)
def test_resonance_is_the_pole_of_the_propagator(theta: float, m_mcp: float | None, width: float | None) -> None:
    """Position to 1e-4 of the width (and of rounding), width to 1e-4, for kappa up to 0.3, also where Z and Z'
    overlap.
    """
    for kappa in (1e-6, 1e-3, 0.05, 0.3):
        for m2 in (10.0, 80.0, 90.5, constants.M1, 91.3, 94.0, 400.0):
            case = Case(kappa, m2, theta, float(E), m_mcp, 0.0, width)
            if kappa == 0.3 and abs(m2 - constants.M1) < 1:
                continue  # two poles equally far from M2^2
            pole = _exact_pole(case)
            shift, relative = (float(x) for x in resonance(case.currents))
            exact = max(float(-mpmath.im(pole) / mpmath.re(pole)), 1e-13)
            assert relative == pytest.approx(exact, rel=1e-4)
            assert abs(shift - float(mpmath.log(mpmath.re(pole) / case.point.m2**2))) < 1e-4 * exact + 1e-16


def test_resonance_is_where_the_pair_amplitude_peaks() -> None:
    """A narrow Z' is no larger elsewhere: the maximum of |A|^2 lies within a tenth of the width of the position
    returned.
    """
    currents = _currents(0.02, 40.0, 1.0, m_mcp=15.0)
    shift, width = (float(x) for x in resonance(currents))
    grid = shift + width * np.linspace(-3, 3, 601)
    up, down = pair_amplitudes(currents, jnp.asarray(1600.0 * np.exp(grid)), jnp.asarray(1600.0 * np.expm1(grid)))
    for column in (up, down):
        assert abs(grid[int(np.argmax(column))] - shift) < 0.1 * width


# ---- couplings and charges


def test_chiral_couplings_of_every_state_are_those_of_the_exact_contents(cases: list[Case]) -> None:
    """v^T g_{f,c} and v^T g_psi against 60 digits for every fermion, to 1e-10 of the larger of the terms."""
    for case in cases[::3]:
        exact_states = reference.states(case.point)
        for state, exact in zip(neutral_currents.states(case.currents), exact_states):
            for fermion in (*constants.FERMIONS[:1], constants.FERMIONS[3], UP, DOWN):
                found = neutral_currents.chiral_couplings(case.currents, state, fermion)
                for value, g in zip(found, reference.chiral(fermion, case.point, E)):
                    assert_close(float(value), [v * x for v, x in zip(exact.content, g)])
            if case.point.cos_d > 1e-6:
                assert_close(
                    float(neutral_currents.mcp_coupling(case.currents, state)),
                    [v * x for v, x in zip(exact.content, case.dark)],
                )


def assert_close(value: float, terms: list[mpf]) -> None:
    """A sum of terms, to 1e-10 of the largest: the A1 and A2 contents are good to that where they cancel."""
    assert abs(value - float(mpmath.fsum(terms))) <= 1e-10 * float(max(abs(x) for x in terms)) + 1e-16


def test_millicharge_is_the_photons_coupling_over_the_electrons() -> None:
    """epsilon_gamma = kappa_cc e'/e exactly in kappa, as the photon couples; epsilon_Z = kappa_cs is the Z' coupling to
    kappa^3.
    """
    for kappa in (1e-3, 0.4):
        case = Case(kappa, 30.0, 0.8, 0.7, 1.0, 0.0, None)
        photon, _, zprime = reference.states(case.point)
        ratio = reference.contract(photon.content, mpmath.eye(4), case.dark) / (photon.content[0] * E)
        assert float(case.currents.epsilon_gamma) == pytest.approx(-float(ratio), rel=1e-13)
        assert float(case.currents.epsilon_z) == pytest.approx(float(zprime.content[0]), rel=2 * kappa**2)
        assert float(case.currents.sector.g1_dark) == pytest.approx(0.7 / np.cos(0.8), rel=1e-14)


def test_meson_coupling_limits() -> None:
    """(epsilon_gamma/kappa)^2 for m_V << m_Z', (cW g1'/e)^2 for m_V >> m_Z' (both masses below M1), and a resonance
    between.
    """
    light = _currents(1e-3, 60.0, 0.6, e_dark=0.4, m_mcp=1.0, width=1e-3)
    expected = (float(light.epsilon_gamma) / 1e-3) ** 2
    assert float(meson_coupling(light, jnp.asarray(0.3), jnp.asarray(1e-5))) == pytest.approx(expected, rel=3e-4)
    heavy = _currents(1e-3, 0.02, 0.6, e_dark=0.4, m_mcp=0.001, width=1e-6)
    expected = (np.sqrt(1 - constants.SIN2_THETA_W) * 0.4 / np.cos(0.6) / float(E)) ** 2
    assert float(meson_coupling(heavy, jnp.asarray(3.0), jnp.asarray(1e-5))) == pytest.approx(expected, rel=3e-4)
    on = _currents(1e-3, 3.0, 0.6, e_dark=0.4, m_mcp=1.0, width=1e-3)
    assert float(meson_coupling(on, jnp.asarray(3.0), jnp.asarray(1e-5))) > 1e4 * expected


def test_meson_coupling_is_the_exact_amplitude_at_the_mesons_complex_mass(cases: list[Case]) -> None:
    """|cW s D_psi/(1 - kappa^2 s^2 h d)|^2/e^2 with s D_psi/(..) = -P_A1,psi/(kappa (P0 b)_A1) of the inverted
    propagator at s = m^2 - i m Gamma, to 1e-7 (the package takes h at m^2, where it differs by kappa^2 Gamma/m, 3e-5
    kappa^2).
    """
    mass, width = 3.0969, 9.26e-5
    for case in cases[:30]:
        p, s, absorptive = case.point, mpmath.mpc(mass**2, -mass * width), case.absorption(mpf(mass) ** 2)
        to_a = reference.contract([1, 0], reference.bare_propagator(p, s, absorptive), [p.cos_w, -p.sin_w])
        response = reference.contract([1, 0, 0, 0], reference.propagator(p, s, absorptive), case.dark) / (
            p.kappa * to_a
        )
        found = float(meson_coupling(case.currents, jnp.asarray(mass), jnp.asarray(width)))
        assert found == pytest.approx(float(abs(response * p.cos_w / E) ** 2), rel=1e-7 + 1e-3 * float(p.kappa) ** 2)


# ---- gradients


def _observables(kappa: jax.Array, m2: jax.Array, theta: jax.Array) -> jax.Array:
    point = mixed_phase.MixedPhase(kappa, m2=m2, theta_dark=theta, e_dark=0.4, m_mcp=2.0)
    currents = point.currents()
    s = jnp.asarray(300.0)
    shift = propagator_shift(currents, s, s - m2**2)
    return jnp.stack(
        [*neutral_currents.pair_amplitudes(currents, s, s - m2**2), *resonance(currents), *(jnp.real(x) for x in shift)]
    )


EDGES = [
    np.array(x)
    for x in zip(*[(k, m, t) for k in (0.0, 1e-3) for m in (10.0, constants.M1, 300.0) for t in (0.0, 0.5, HALF_PI)])
]
SLOPES = {mode.__name__: jax.jit(jax.vmap(mode(_observables, argnums=(0, 1, 2)))) for mode in (jax.jacfwd, jax.jacrev)}


@pytest.mark.parametrize("mode", SLOPES)
def test_gradients_are_finite_where_states_meet_and_phases_end(mode: str) -> None:
    """kappa = 0, M2 = M1, theta_W' = 0 in all combinations; the Okun end, where g1' = e'/cW' runs away, is finite as
    well.
    """
    assert all(np.all(np.isfinite(x)) for x in SLOPES[mode](*EDGES))


@pytest.mark.parametrize("mode", SLOPES)
def test_gradients_are_finite_differences_of_the_inverted_propagator(mode: str) -> None:
    """d(sum_c |A|^2/kappa^2, Re(P - P0)_ab)/d(kappa, M2, theta_W') at fixed s, to 1e-7."""
    at, s = (0.1, 16.0, 0.7), 300.0

    def exact(kappa: mpf, m2: mpf, theta: mpf) -> list[mpf]:
        p = reference.point(kappa, m2, theta)
        dark = reference.dark_coupling(p, 0.4, 1.0, 0.0)
        absorptive = reference.absorption(p, mpf(s), E, dark, 2.0)
        full, bare = reference.propagator(p, mpf(s), absorptive), reference.bare_propagator(p, mpf(s), absorptive)
        pairs = [
            sum(abs(reference.contract(g, full, dark)) ** 2 for g in reference.chiral(q, p, E)) / p.kappa**2
            for q in (UP, DOWN)
        ]
        return pairs + [mpmath.re(full[i, j] - bare[i, j]) for i, j in ((0, 0), (0, 1), (1, 1))]

    expected = np.array(
        [reference.derivative(lambda x, i=i: exact(*at[:i], x, *at[i + 1 :]), at[i]) for i in range(3)], dtype=float
    )
    found = np.stack(SLOPES[mode](*(np.full(len(EDGES[0]), x) for x in at)))[:, 0]
    np.testing.assert_allclose(found[:, [0, 1, 4, 5, 6]], expected, rtol=1e-7)


def test_swapping_the_sectors_transposes_the_propagator() -> None:
    """The reference's P for (M1, weak | M2, dark) is that for (M2, dark | M1, weak) with rows and columns exchanged,
    and the package's pair amplitude squared vanishes with kappa^2 alone: |A|^2/kappa^2 at kappa = 0 is the Born term.
    """
    p = reference.point(0.2, 40.0, 0.6)
    swapped = reference.Point(p.kappa, p.m2, p.m1, p.sin_d, p.cos_d, p.sin_w, p.cos_w)
    zero = mpmath.matrix(4, 4)
    one, other = (reference.propagator(x, mpf(500), zero) for x in (p, swapped))
    order = [2, 3, 0, 1]
    assert max(abs(one[i, j] - other[order[i], order[j]]) for i in range(4) for j in range(4)) < mpf(10) ** -55
    tiny, none = (
        pair_amplitudes(_currents(k, 40.0, 0.6, m_mcp=1.0), jnp.asarray(500.0), jnp.asarray(-1100.0))
        for k in (1e-9, 0.0)
    )
    np.testing.assert_allclose(tiny, none, rtol=1e-14)


def test_float32_agrees_with_float64() -> None:
    """All leaves cast: width to 2e-5, ln of the pole to 1e-6 of the width and 2e-5 of itself, and |A|^2 and the shift
    to 2e-5 off resonance, up to g1' = 7 and at the crossing; the same numbers, exactly representable in both, go into
    both.
    """
    for theta in (0.0, 0.6, 1.5):
        for m2 in (10.0, 91.0, 500.0):
            single = jax.tree.map(lambda x: x.astype(jnp.float32), _currents(0.01, m2, theta, m_mcp=1.0))
            double = jax.tree.map(lambda x: x.astype(jnp.float64), single)
            (shift, width), (shift_single, width_single) = resonance(double), resonance(single)
            assert shift_single.dtype == jnp.float32
            assert float(width_single) == pytest.approx(float(width), rel=2e-5)
            assert abs(float(shift_single) - float(shift)) < 2e-5 * abs(float(shift)) + 1e-6 * float(width)
            s = jnp.asarray([0.5, 2.0]) * m2**2
            for function in (pair_amplitudes, propagator_shift):
                narrow = function(single, s.astype(jnp.float32), (s - m2**2).astype(jnp.float32))
                for value, exact in zip(narrow, function(double, s, s - m2**2)):
                    np.testing.assert_allclose(value, exact, rtol=2e-5)
