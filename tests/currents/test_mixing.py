"""Exact mixing against a 60-digit diagonalisation of the Lagrangian, and against the formulas of both papers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf

from jaxmix import constants
from jaxmix.currents import mixing

RELATIVE = 1e-10  # of each entry, or of the larger of the two terms that make up an A1 or A2 content
HALF_PI = np.pi / 2


def _angle(theta: jax.Array) -> mixing.Angle:
    return mixing.Angle(cos=jnp.cos(theta), sin=jnp.sin(theta))


def _weak(dtype: jnp.dtype = jnp.float64) -> mixing.Angle:
    s2 = jnp.asarray(constants.SIN2_THETA_W, dtype)
    return mixing.Angle(cos=jnp.sqrt(1 - s2), sin=jnp.sqrt(s2))


def _spectrum(kappa: jax.Array, m2: jax.Array, theta: jax.Array) -> jax.Array:
    """Rows photon, Z, Z' of (mass, a1, z1, a2, z2)."""
    weak, dark = _weak(kappa.dtype), _angle(theta)
    m1 = jnp.asarray(constants.M1, kappa.dtype)
    rows = (mixing.photon(kappa, weak, dark), *mixing.massive_states(kappa, m1, m2, weak, dark))
    return jnp.stack([jnp.stack([r.mass, r.a1, r.z1, r.a2, r.z2]) for r in rows])


def _lagrangian(kappa: jax.Array, m_zprime: jax.Array, theta: jax.Array) -> jax.Array:
    return mixing.lagrangian_mass(kappa, jnp.asarray(constants.M1), m_zprime, _weak(), _angle(theta))


spectrum = jax.jit(jax.vmap(_spectrum))
lagrangian = jax.jit(jax.vmap(_lagrangian))


def _exact(kappa: float, m2: float, theta: float) -> list[list[mpf]]:
    return [[s.mass, *s.content] for s in reference.states(reference.point(kappa, m2, theta))]


def _cancelling(kappa: np.ndarray, theta: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Size of the larger term of the A1 and A2 contents: kappa_cs z2 against kappa_cc kappa_sc z1, and their dark
    twins.
    """
    sin_w, cos_w = np.sqrt(constants.SIN2_THETA_W), np.sqrt(1 - constants.SIN2_THETA_W)
    cc, cs, sc = (np.abs(kappa) * x for x in (cos_w * np.cos(theta), cos_w * np.sin(theta), sin_w * np.cos(theta)))
    z1, z2 = np.abs(exact[:, 1:, 2]), np.abs(exact[:, 1:, 4])
    cc, cs, sc = cc[:, None], cs[:, None], sc[:, None]
    return np.stack([np.maximum(cs * z2, cc * sc * z1), np.maximum(sc * z1, cc * cs * z2)], axis=-1)


def _random_points(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    kappa, m2 = (
        np.exp(rng.uniform(np.log(1e-6), np.log(0.5), number)),
        np.exp(rng.uniform(np.log(0.5), np.log(3000.0), number)),
    )
    return kappa, m2, rng.uniform(0.0, HALF_PI, number)


def _crossing_points(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points with M2 within 1e-4 of M1, on both sides, down to a distance of 1e-12."""
    kappa, _, theta = _random_points(number, seed)
    rng = np.random.default_rng(seed + 1)
    side = rng.choice([-1.0, 1.0], number)
    return kappa, constants.M1 * (1 + side * np.exp(rng.uniform(np.log(1e-12), np.log(1e-4), number))), theta


def _gap_points(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points with m_Z' within one width of the forbidden gap, on both sides and inside."""
    rng = np.random.default_rng(seed)
    kappa, theta = rng.uniform(0.02, 0.5, number), rng.uniform(0.3, HALF_PI, number)
    ends = jax.vmap(lambda k, t: mixing.forbidden_gap(k, jnp.asarray(constants.M1), _weak(), _angle(t)))(kappa, theta)
    lower, upper = (np.asarray(x) for x in ends)
    return kappa, lower + rng.uniform(-1.0, 2.0, number) * (upper - lower), theta


def _grid(*axes: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """All combinations of the axes' values."""
    return tuple(x.ravel() for x in np.meshgrid(*axes, indexing="ij"))


def _swap_points(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points within kappa^2 of equal diagonal elements, where the two states exchange labels."""
    rng = np.random.default_rng(seed)
    kappa, theta = rng.uniform(0.01, 0.5, number), rng.uniform(0.1, HALF_PI, number)
    return kappa, constants.M1 * (1 + rng.uniform(-0.5, 0.5, number) * kappa**2), theta


def _either_sign(sets: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same points with every second kappa reversed."""
    kappa, *others = sets
    return np.where(np.arange(len(kappa)) % 2, -kappa, kappa), *others


POINTS = {
    "anywhere": _either_sign(_random_points(400, 7)),
    "at the crossing": _either_sign(_crossing_points(300, 11)),
    "at the label swap": _either_sign(_swap_points(100, 13)),
    "phase ends": _grid((1e-5, 0.3), (3.0, 91.1876, 500.0), (0.0, 1e-7, HALF_PI)),
}


@pytest.fixture(scope="module")
def exact_states() -> dict[str, np.ndarray]:
    """Reference rows (mass, a1, z1, a2, z2) of every point set, rounded once to float64."""
    return {
        name: np.array([[[float(x) for x in row] for row in _exact(*p)] for p in zip(*sets)])
        for name, sets in POINTS.items()
    }


@pytest.mark.parametrize("region", POINTS)
def test_masses_and_contents_are_those_of_the_exact_diagonalisation(region: str, exact_states: dict) -> None:
    """Labels and signs come from the reference, so that a swapped or flipped state fails as well.

    Entries that no subtraction makes are good to 1e-10 each; the A1 and A2 contents of the Z and Z' are differences of
    two terms (xi_ZE of (A34) vanishes at M1 = M2 cW') and are good to 1e-10 of the larger term.
    """
    kappa, m2, theta = POINTS[region]
    exact, found = exact_states[region], np.asarray(spectrum(kappa, m2, theta))
    scale = np.abs(exact)
    scale[:, 1:, 1::2] = np.maximum(scale[:, 1:, 1::2], _cancelling(kappa, theta, exact))
    assert np.all(np.abs(found - exact) <= RELATIVE * scale + 1e-40)  # the reference's zeros are 1e-60


@pytest.mark.parametrize("region", POINTS)
def test_states_are_canonically_normalised(region: str) -> None:
    """v^T K4 v = 1 on the diagonal and 0 off it: the contents are those of three independent canonical fields."""
    kappa, m2, theta = POINTS[region]
    found = np.asarray(spectrum(kappa, m2, theta))[:, :, 1:]
    for k, t, rows in list(zip(kappa, theta, found))[::5]:
        metric = np.array(reference.kinetic(reference.point(k, 1.0, t)).tolist(), dtype=float)
        np.testing.assert_allclose(rows @ metric @ rows.T, np.eye(3), rtol=0, atol=4e-15 / (1 - abs(k)))


def test_small_masses_keep_their_relative_precision() -> None:
    """A light Z' is not the difference of two numbers of the size of the Z mass."""
    m2 = np.array([1e-6, 1e-3])
    found = np.asarray(spectrum(np.full(2, 0.1), m2, np.full(2, 1.0)))[:, 2, 0]
    np.testing.assert_allclose(found, [float(_exact(0.1, m, 1.0)[2][0]) for m in m2], rtol=1e-14)


def test_float32_masses_agree_with_float64() -> None:
    """Masses to 6e-7, five units of float32's last place, and contents to 2e-5 of the state's largest."""
    sets = _random_points(2000, 3)
    single = np.asarray(spectrum(*(jnp.asarray(x, jnp.float32) for x in sets)))
    double = np.asarray(spectrum(*(jnp.asarray(x, jnp.float32).astype(jnp.float64) for x in sets)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single[:, 1:, 0], double[:, 1:, 0], rtol=6e-7)
    assert np.abs(single - double)[:, :, 1:].max() < 2e-5


# ---- the inverse: M2 from a physical mass


def test_lagrangian_mass_inverts_the_exact_spectrum() -> None:
    """One physical state of the M2 found has the mass asked for, and away from the crossing it is the one called Z'."""
    kappa, m_zprime, theta = _random_points(400, 23)
    m2 = lagrangian(kappa, m_zprime, theta)
    usable = np.isfinite(m2)
    masses = np.asarray(spectrum(kappa, m2, theta))[:, 1:, 0]
    distance = np.abs(masses / m_zprime[:, None] - 1)
    away = np.abs(m_zprime / constants.M1 - 1) > kappa
    assert usable.sum() > 350 and away[usable].sum() > 300
    assert np.all(distance.min(axis=1)[usable] < 1e-12)
    assert np.all(distance[usable & away, 1] < 1e-12)


def test_lagrangian_mass_is_that_of_the_linear_equation_for_its_square() -> None:
    """M2 to 1e-12, and the NaN of the gap, against det(M^2 - lambda K4) = 0 at 60 digits."""
    sets = [np.concatenate(x) for x in zip(_random_points(200, 29), _crossing_points(200, 31), _gap_points(100, 37))]
    seen = 0
    for k, m, t, found in zip(*sets, np.asarray(lagrangian(*sets))):
        p = reference.point(k, 1.0, t)
        exact = reference.lagrangian_mass(p, m)
        if exact is None:
            assert np.isnan(found)
            seen += 1
            continue
        assert abs(found / float(exact) - 1) < 1e-12
    assert seen > 20


def test_gap_ends_are_where_the_lagrangian_mass_runs_away_and_vanishes() -> None:
    """M2 -> infinity below M1/sqrt(K11), M2 -> 0 above M1 sqrt(K22/det K); NaN between; checked on both sides of both
    ends.
    """
    for k, t in ((0.3, 0.4), (0.05, 1.0), (1e-3, HALF_PI), (0.5, 1.3)):
        lower, upper = (
            float(x)
            for x in mixing.forbidden_gap(jnp.asarray(k), jnp.asarray(constants.M1), _weak(), _angle(jnp.asarray(t)))
        )
        p = reference.point(k, 1.0, t)
        nudge = 1e-9 * (upper - lower)
        assert reference.lagrangian_mass(p, lower - nudge) > 1e3 * constants.M1 * k
        assert reference.lagrangian_mass(p, upper + nudge) < 1e-3 * constants.M1
        inside = np.array([lower + nudge, 0.5 * (lower + upper), upper - nudge])
        assert all(reference.lagrangian_mass(p, m) is None for m in inside)
        assert np.all(np.isnan(lagrangian(np.full(3, k), inside, np.full(3, t))))
        outside = np.array([lower - nudge, upper + nudge])
        assert np.all(np.isfinite(lagrangian(np.full(2, k), outside, np.full(2, t))))


def test_gap_closes_in_the_holdom_phase() -> None:
    """With a massless dark boson alone there is no second massive pole for the Z to repel."""
    lower, upper = mixing.forbidden_gap(jnp.asarray(0.4), jnp.asarray(constants.M1), _weak(), _angle(jnp.asarray(0.0)))
    assert float(upper) == pytest.approx(float(lower), rel=1e-15)
    np.testing.assert_array_equal(
        lagrangian(np.full(3, 0.4), np.array([5.0, 91.0, 800.0]), np.zeros(3)), [5.0, 91.0, 800.0]
    )


# ---- gradients


MODES = {"forward": jax.jacfwd, "reverse": jax.jacrev}
GRADIENTS = {name: jax.jit(jax.vmap(mode(_spectrum, argnums=(0, 1, 2)))) for name, mode in MODES.items()}
INVERSE_GRADIENTS = {name: jax.jit(jax.vmap(mode(_lagrangian, argnums=(0, 1, 2)))) for name, mode in MODES.items()}


def _exact_slopes(function: Callable, at: tuple) -> np.ndarray:
    """Central differences at 60 digits with respect to each argument."""
    columns = []
    for i, value in enumerate(at):
        columns.append(reference.derivative(lambda x, i=i: function(*at[:i], x, *at[i + 1 :]), value))
    return np.array(columns, dtype=float)


def _flat(kappa: mpf, m2: mpf, theta: mpf) -> list[mpf]:
    return [x for row in _exact(kappa, m2, theta) for x in row]


@pytest.mark.parametrize("mode", GRADIENTS)
def test_gradients_of_the_spectrum_are_those_of_the_exact_diagonalisation(mode: str) -> None:
    """d(masses, contents)/d(kappa, M2, theta_W') to 1e-7 of each, or of the largest slope of the state (cancelling
    contents).
    """
    sets = [np.concatenate(x) for x in zip(_random_points(20, 41), _crossing_points(15, 43))]
    found = np.stack(GRADIENTS[mode](*sets), axis=1)
    for at, slopes in zip(zip(*sets), found):
        exact = _exact_slopes(_flat, at).reshape(3, 3, 5)
        scale = np.maximum(np.abs(exact), 1e-4 * np.abs(exact).max(axis=2, keepdims=True))
        assert np.all(np.abs(slopes - exact) <= 1e-7 * scale + 1e-13)


@pytest.mark.parametrize("mode", INVERSE_GRADIENTS)
def test_gradients_of_the_lagrangian_mass_are_those_of_its_defining_equation(mode: str) -> None:
    """d M2/d(kappa, m_Z', theta_W') to 1e-7, on points outside the gap."""

    def m2(kappa: mpf, m_zprime: mpf, theta: mpf) -> list[mpf]:
        return [reference.lagrangian_mass(reference.point(kappa, 1.0, theta), m_zprime)]

    sets = _random_points(60, 47)
    sets = [x[np.isfinite(lagrangian(*sets))][:40] for x in sets]
    for at, slopes in zip(zip(*sets), np.stack(INVERSE_GRADIENTS[mode](*sets), axis=1)):
        np.testing.assert_allclose(slopes, _exact_slopes(m2, at)[:, 0], rtol=1e-7, atol=1e-12)


EDGES = _grid((0.0, 1e-3), (10.0, constants.M1, 300.0), (0.0, 0.5, HALF_PI))


@pytest.mark.parametrize("mode", GRADIENTS)
def test_gradients_stay_finite_where_states_meet_and_phases_end(mode: str) -> None:
    """kappa = 0, M2 = M1 and theta_W' = 0, pi/2 in all combinations."""
    assert all(np.all(np.isfinite(x)) for x in GRADIENTS[mode](*EDGES))


@pytest.mark.parametrize("mode", INVERSE_GRADIENTS)
def test_gradients_of_the_lagrangian_mass_stay_finite_where_it_exists(mode: str) -> None:
    """The same edges; a physical m_Z' = M1 lies in the gap when the massive states mix, and is NaN there."""
    exists = np.isfinite(lagrangian(*EDGES))
    assert not np.any(~exists & ((EDGES[0] == 0) | (EDGES[1] != constants.M1) | (EDGES[2] == 0)))
    for slope in INVERSE_GRADIENTS[mode](*EDGES):
        assert np.all(np.isfinite(np.asarray(slope)[exists]))


def test_slope_at_zero_mixing_is_that_of_the_order_kappa_terms() -> None:
    """At kappa = 0 the contents start with the slopes of (A31), (A35), (A36), (A41), (A42), and the masses
    with none.
    """
    at = (np.full(len(EDGES[0]), x) for x in (0.0, 30.0, 0.6))
    slope = np.asarray(GRADIENTS["forward"](*at)[0])[0]
    linear = reference.order_kappa_squared(reference.point(1, 30.0, 0.6))
    expected = np.zeros((3, 5))
    for row, column, name in ((0, 3, "A31 e'"), (1, 3, "A35"), (1, 4, "A36"), (2, 1, "A41"), (2, 2, "A42")):
        expected[row, column] = float(linear[name])
    np.testing.assert_allclose(slope, expected, rtol=1e-13, atol=1e-15)


# ---- paper A: order kappa^2


def _paper_a_values(states: np.ndarray) -> dict[str, np.ndarray]:
    photon, z, zprime = states[:, 0], states[:, 1], states[:, 2]
    return {
        "A23": z[:, 0] ** 2, "A24": zprime[:, 0] ** 2, "A31 e": photon[:, 1], "A31 e'": photon[:, 3],
        "A33": z[:, 2], "A34": z[:, 1], "A35": z[:, 3], "A36": z[:, 4],
        "A39": zprime[:, 4], "A40": zprime[:, 3], "A41": zprime[:, 1], "A42": zprime[:, 2],
    }  # fmt: skip


@pytest.mark.parametrize("m2, theta", [(3.0, 0.5), (40.0, 0.9), (300.0, 1.2)])
def test_paper_a_is_the_expansion_of_the_exact_result(m2: float, theta: float) -> None:
    """Every formula (A23)-(A42) differs from the exact value by kappa^3 (those odd in kappa) or kappa^4 (even), in the
    fitted slope.
    """
    kappa = np.array([0.01, 0.02, 0.04])
    exact = _paper_a_values(np.asarray(spectrum(kappa, np.full(3, m2), np.full(3, theta))))
    for name, values in exact.items():
        formula = np.array([float(reference.order_kappa_squared(reference.point(k, m2, theta))[name]) for k in kappa])
        difference = np.abs(values - formula) / max(1.0, abs(formula[0]))
        slope = np.polyfit(np.log(kappa), np.log(difference), 1)[0]
        assert abs(slope - (3 if name in ("A31 e'", "A35", "A36", "A41", "A42") else 4)) < 0.2, (name, slope)


# ---- paper B: the Okun phase in closed form


OKUN = [(3e-3, 5.0), (0.03, 20.0), (0.1, 60.0), (0.3, 150.0), (0.03, 90.0), (0.03, 94.5), (0.2, 800.0), (-0.1, 30.0)]


def _okun_pair(epsilon: float, m_zprime: float) -> tuple[reference.Okun, np.ndarray, float]:
    kappa = float(mpmath.sin(mpf(epsilon)))
    p = reference.point(kappa, 1.0, HALF_PI)
    bare = reference.lagrangian_mass(p, m_zprime)
    closed = reference.okun(mpmath.asin(mpf(kappa)), p.m1, mpf(m_zprime), bare, p.sin_w, p.cos_w)
    m2 = lagrangian(np.array([kappa]), np.array([m_zprime]), np.array([HALF_PI]))
    return closed, np.asarray(spectrum(np.array([kappa]), m2, np.array([HALF_PI])))[0], float(m2[0]) / float(bare)


@pytest.mark.parametrize("epsilon, m_zprime", OKUN)
def test_okun_phase_is_paper_b_in_closed_form(epsilon: float, m_zprime: float) -> None:
    """Rows of (B5) and masses (B8), (B9) to 1e-12, where (B9) carries a minus sign (the printed plus is an erratum).

    A' = -Z2 there: the J_A' column is minus the Z2 content, and the Z' row changes sign as a whole.
    """
    closed, found, ratio = _okun_pair(epsilon, m_zprime)
    expected = np.array([[float(x) for x in closed.z], [float(-x) for x in closed.zprime]])
    assert ratio == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(found[1:, [1, 2, 4]] * [1, 1, -1], expected, rtol=1e-12)
    np.testing.assert_allclose(found[1:, 0], [float(mpmath.sqrt(closed.square_z)), m_zprime], rtol=1e-12)
    assert abs(found[2, 0] ** 2 / float(closed.square_zprime_corrected) - 1) < 1e-12
    assert abs(found[2, 0] ** 2 / float(closed.square_zprime_printed) - 1) > 1e-7


# ---- hypercharge propagator, hatted mixing, invariances


def test_hatted_mixing_is_the_okun_mixing_of_the_massive_part() -> None:
    """kappa^ = kappa in the Okun phase, 0 in the Holdom phase, kappa sW'/sqrt(1 - kappa^2 cW'^2) between."""
    assert float(mixing.hatted(jnp.asarray(0.3), _angle(jnp.asarray(HALF_PI)))) == pytest.approx(0.3, rel=1e-15)
    assert float(mixing.hatted(jnp.asarray(0.3), _angle(jnp.asarray(0.0)))) == 0.0
    expected = mpf(0.3) * mpmath.sin(mpf(0.7)) / mpmath.sqrt(1 - (mpf(0.3) * mpmath.cos(mpf(0.7))) ** 2)
    assert float(mixing.hatted(jnp.asarray(0.3), _angle(jnp.asarray(0.7)))) == pytest.approx(float(expected), rel=1e-14)


def test_absorptive_matrix_is_the_sum_over_currents() -> None:
    """(A1, Z1) absorptive matrix below, between and above the heavy thresholds, to 1e-13 of the explicit sum over
    fermions.
    """
    e = mpmath.sqrt(4 * mpmath.pi * mpf(constants.ALPHA))
    for s in (2.0, 5.0, 11.0, 60.0, 8315.0, 2e5):
        exact = reference.absorption(reference.point(0.1, 50.0, 0.5), mpf(s), e)
        found = mixing.absorptive(jnp.asarray(s), jnp.asarray(float(e)), _weak())
        np.testing.assert_allclose(found, [float(exact[0, 0]), float(exact[0, 1]), float(exact[1, 1])], rtol=1e-13)


def test_spacelike_momenta_have_no_absorptive_part() -> None:
    """t-channel exchange opens no channel: A = 0 for s < 0, with finite slopes."""
    values, slopes = jax.jvp(
        lambda s: mixing.absorptive(s, jnp.asarray(0.31), _weak()), (jnp.asarray(-5e3),), (jnp.asarray(1.0),)
    )
    assert [float(x) for x in values + slopes] == [0.0] * 6


@given(st.floats(1e-4, 0.6), st.floats(1.0, 1000.0), st.floats(0.0, HALF_PI))
def test_reversing_kappa_flips_the_couplings_that_are_odd_in_it(kappa: float, m2: float, theta: float) -> None:
    """Masses, (A33), (A34), (A39), (A40) are even; (A35), (A36), (A41), (A42) and the photon's dark charge are odd."""
    plus, minus = np.asarray(spectrum(np.array([kappa, -kappa]), np.full(2, m2), np.full(2, theta)))
    parity = np.array([[1, 1, 1, -1, -1], [1, 1, 1, -1, -1], [1, -1, -1, 1, 1]])
    # two states of equal |z1| may exchange labels in rounding; nothing else is left to chance
    if abs(abs(plus[1, 2]) - abs(plus[2, 2])) > 1e-12:
        np.testing.assert_allclose(minus, parity * plus, rtol=1e-13, atol=1e-300)


@given(st.floats(1e-4, 0.6), st.floats(1.0, 1000.0), st.floats(0.0, HALF_PI), st.floats(1e-3, 1e3))
def test_masses_scale_together_and_contents_do_not(kappa: float, m2: float, theta: float, factor: float) -> None:
    """Mixing knows only M2/M1."""
    weak, dark = _weak(), _angle(jnp.asarray(theta))
    m1 = constants.M1
    for one, other in zip(_massive(kappa, m1, m2, weak, dark), _massive(kappa, factor * m1, factor * m2, weak, dark)):
        if abs(m2 / m1 - 1) > 1e-6:
            np.testing.assert_allclose(other, one * np.array([factor, 1, 1, 1, 1]), rtol=1e-9, atol=1e-15)


@given(st.floats(1e-4, 0.6), st.floats(1.0, 1000.0), st.floats(0.0, HALF_PI))
def test_the_two_sectors_are_treated_alike(kappa: float, m2: float, theta: float) -> None:
    """Naming the dark sector ours exchanges the Z with the Z' and each content with its dark twin."""
    weak, dark = _weak(), _angle(jnp.asarray(theta))
    ours, theirs = _massive(kappa, constants.M1, m2, weak, dark), _massive(kappa, m2, constants.M1, dark, weak)
    if abs(m2 / constants.M1 - 1) > kappa:
        order = [0, 3, 4, 1, 2]
        np.testing.assert_allclose(theirs[0], ours[1][order], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(theirs[1], ours[0][order], rtol=1e-10, atol=1e-14)


_massive_states = jax.jit(mixing.massive_states)


def _massive(kappa: float, m1: float, m2: float, weak: mixing.Angle, dark: mixing.Angle) -> list[np.ndarray]:
    found = _massive_states(jnp.asarray(kappa), jnp.asarray(m1), jnp.asarray(m2), weak, dark)
    return [np.array([s.mass, s.a1, s.z1, s.a2, s.z2]) for s in found]
