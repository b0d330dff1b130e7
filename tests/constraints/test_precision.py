"""The electroweak fit: chi^2 minimised by SciPy, closed forms of limits, both theorems, and the statements of
arXiv:1006.0973 (paper B).
"""

import dataclasses
import functools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from compiling import QUICK

from jaxmix.constraints import precision
from jaxmix.electroweak import measurements, predictions
from jaxmix.models import mixed_phase

HALF_PI = np.pi / 2
M_Z, SIN2 = 91.1875, 0.2315
E = np.sqrt(4 * np.pi / 128.94)
THRESHOLD = scipy.stats.chi2.isf(0.05, 1)  # 3.84
BATCH = 64
NOTHING = jnp.asarray(1e-18)  # e_min of a smooth cut that cuts nothing


def _build(data: str) -> precision.Precision:
    return eqx.filter_jit(lambda fit: fit.prepared(), compiler_options=QUICK)(
        precision.Precision.build({"data": data, "m_w": data}, ("cl", 0.95))
    )


@pytest.fixture(scope="module")
def built() -> precision.Precision:
    return _build("current")


@pytest.fixture(scope="module")
def table() -> measurements.Measurements:
    return measurements.load("current", "current")


def worded(fit: precision.Precision, **words: str) -> precision.Precision:
    """The same fit with other words."""
    return dataclasses.replace(fit, words=tuple((name, words.get(name, word)) for name, word in fit.words))


def narrow(fit: precision.Precision) -> precision.Precision:
    """The same fit with no dark width: what "narrow" stands for, without compiling again."""
    return fit.with_settings({"width_over_mass": jnp.asarray(0.0)})


def _currents(x: jax.Array, m_mcp: jax.Array | None = None):
    return mixed_phase.MixedPhase(x[0], m_zprime=x[1], theta_dark=x[2], e_dark=E, m_mcp=m_mcp).currents()


def _batched(one: Callable) -> Callable:
    """one(fit, row) for many rows in batches of one size; a program for each choice of words."""

    @functools.cache
    def program(words: tuple) -> Callable:
        return eqx.filter_jit(
            lambda fit, rows: jax.vmap(lambda row: one(dataclasses.replace(fit, words=words), row))(rows),
            compiler_options=QUICK,
        )

    def run(fit: precision.Precision, rows) -> tuple[np.ndarray, ...]:
        rows = np.atleast_2d(np.asarray(rows, dtype=float))
        padded = np.concatenate([rows, np.tile(rows[-1], (-len(rows) % BATCH, 1))])
        blank = worded(fit, **dict.fromkeys(dict(fit.words), ""))
        parts = [program(fit.words)(blank, jnp.asarray(padded[i : i + BATCH])) for i in range(0, len(padded), BATCH)]
        return tuple(np.concatenate(part)[: len(rows)] for part in zip(*parts))

    return run


def _profiled(fit: precision.Precision, row: jax.Array) -> tuple:
    """q with no mCP, whether it converged, and its slope in the direction of the row's last three numbers."""
    (q, converged), (slope, _) = jax.jvp(lambda x: fit.fit(_currents(x)), (row[:3],), (row[3:],))
    return q, converged, slope


def _simple(fit: precision.Precision, row: jax.Array) -> tuple:
    """q with an mCP of the mass of the row's last number, and the statistic from its slow part."""
    currents = _currents(row, row[3])
    return fit.fit(currents)[0], fit.test_statistic(currents, fit.slow(currents))


def _rows(fit: precision.Precision, row: jax.Array) -> tuple:
    return (fit._deviations(row[:2], _currents(row[2:])),)


profiled, simple, deviations = map(_batched, (_profiled, _simple, _rows))


def statistic(fit: precision.Precision, points, m_mcp: float = 1e4) -> np.ndarray:
    """q at rows of (kappa, m_Z', theta_W'), NaN where the fit did not converge; profiled fits go through one program,
    which gives slopes as well.
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    if dict(fit.words)["sm_inputs"] != "profiled":
        return simple(fit, np.concatenate([points, np.full((len(points), 1), m_mcp)], axis=1))[0]
    q, converged, _ = profiled(fit, np.concatenate([points, np.zeros_like(points)], axis=1))
    return np.where(converged, q, np.nan)


def limits(fit: precision.Precision, masses, theta=HALF_PI) -> np.ndarray:
    """The smallest kappa with q = 3.84 at each mass: a scan of 16 values, then false position (Illinois) until q is met
    to 1e-10.
    """
    masses, grid = np.asarray(masses, dtype=float), np.geomspace(5e-4, 0.5, 16)
    theta = np.broadcast_to(theta, masses.shape)
    q = (
        statistic(fit, [(kappa, *at) for at in zip(masses, theta) for kappa in grid]).reshape(len(masses), -1)
        - THRESHOLD
    )
    first = np.argmax(~(q <= 0), axis=1)
    assert np.all(first > 0)
    low, high = np.log(grid[first - 1]), np.log(grid[first])
    below, above = (np.take_along_axis(q, place[:, None], axis=1)[:, 0] for place in (first - 1, first))
    for _ in range(40):
        middle = high - above * (high - low) / (above - below)
        value = statistic(fit, np.stack([np.exp(middle), masses, theta], axis=1)) - THRESHOLD
        if np.all(np.abs(value) < 1e-10):
            return np.exp(middle)
        up = value > 0
        low, high, below, above = (
            np.where(up, low, middle),
            np.where(up, middle, high),
            np.where(up, below / 2, value),
            np.where(up, value, above / 2),
        )
    raise AssertionError("no convergence")


@pytest.fixture(scope="module")
def wide_limits(built: precision.Precision) -> dict[tuple[float, float], float]:
    """Limits of the default fit by (m_Z', theta_W')."""
    places = [(mass, HALF_PI) for mass in (1.0, 10.0, 30.0, 60.0, 88.0, 120.0, 150.0)]
    places += [(mass, theta) for theta in (0.3, 1.0) for mass in (10.0, 60.0, 150.0)]
    return dict(zip(places, limits(built, *np.array(places).T)))


def only(fit: precision.Precision, table: measurements.Measurements, observable: str) -> precision.Precision:
    """The same fit with every measurement but one taken out."""
    place, blocks = table.observables.index(observable), []
    for name, block in zip(dict.fromkeys(table.tables), fit.whitening.blocks):
        rows = [i for i, each in enumerate(table.tables) if each == name]
        new = np.zeros(block.shape)
        if place in rows:
            new[(rows.index(place),) * block.ndim] = 1 / table.relative_error[place]
        blocks.append(jnp.asarray(new))
    return dataclasses.replace(fit, whitening=precision.Whitening(tuple(blocks)))


# ---- chi^2 and its minimum


def _scipys_q(fit: precision.Precision, table: measurements.Measurements, point: tuple, e_min: float = 0.5) -> float:
    """min chi^2(point) - min chi^2(0) with the table's covariance, paper B's eq. (17) in decorrelated residuals, by
    SciPy's least squares.
    """
    whiten = np.linalg.inv(np.linalg.cholesky(table.covariance))
    steps = 1e-5 * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])

    @functools.cache
    def pulls(first: float, second: float, point: tuple) -> tuple[np.ndarray, np.ndarray]:
        """Decorrelated deviations and their central differences in theta."""
        values = deviations(fit, [(*np.add((first, second), step), *point) for step in steps])[0] @ whiten.T
        return values[0], np.stack([values[1] - values[2], values[3] - values[4]], axis=1) / 2e-5

    always = np.isin(table.observables, predictions.POLE)
    ratio = (pulls(0.0, 0.0, point)[0] / e_min) ** 4
    root = np.sqrt(np.maximum(ratio / (1 + ratio), always))
    data, found = whiten @ table.residual, []
    for each in (point, (0.0, *point[1:])):

        def residuals(theta: np.ndarray, each: tuple = each) -> np.ndarray:
            return root * (pulls(*theta, each)[0] - data)

        def slopes(theta: np.ndarray, each: tuple = each) -> np.ndarray:
            return root[:, None] * pulls(*theta, each)[1]

        result = scipy.optimize.least_squares(
            residuals, np.zeros(2), slopes, x_scale=1e-3, xtol=1e-13, ftol=1e-13, gtol=1e-13
        )
        found.append(2 * result.cost)
    return found[0] - found[1]


def test_profiled_statistic_is_scipys_minimum(built: precision.Precision, table: measurements.Measurements) -> None:
    """q of the fit, one step beyond the linearised one, to 1e-6 (1e-12 measured below q = 100); the linearised one to
    3% of q.
    """
    points = [
        (0.01, 10.0, HALF_PI),
        (0.05, 10.0, HALF_PI),
        (0.02, 60.0, HALF_PI),
        (0.003, 90.0, HALF_PI),
        (0.02, 150.0, 0.9),
        (0.2, 500.0, HALF_PI),
    ]
    exact = np.array([_scipys_q(built, table, point) for point in points])
    np.testing.assert_allclose(statistic(built, points), exact, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(statistic(worded(built, sm_inputs="linearised"), points), exact, rtol=0.03, atol=2e-3)


def test_statistic_of_fixed_inputs_is_the_quadratic_form(
    built: precision.Precision, table: measurements.Measurements
) -> None:
    """q = d^T V^-1 d - 2 d^T V^-1 r with the whole correlated covariance, all measurements in; positive and equal to
    d^T V^-1 d for data that equal the Standard Model, where q = 0 at kappa = 0.
    """
    fit = worded(built, sm_inputs="fixed").with_settings({"e_min": NOTHING})  # a smooth cut that cuts nothing
    points = [(0.02, 10.0, HALF_PI), (0.03, 60.0, 0.8), (1e-3, 150.0, HALF_PI), (0.0, 20.0, HALF_PI)]
    d = deviations(fit, [(0.0, 0.0, *point) for point in points])[0]
    weighed = np.linalg.solve(table.covariance, d.T)
    np.testing.assert_allclose(
        statistic(fit, points), np.sum(weighed.T * (d - 2 * table.residual), axis=1), rtol=1e-9, atol=1e-9
    )
    asimov = statistic(fit.asimov(), points)
    np.testing.assert_allclose(asimov, np.sum(weighed.T * d, axis=1), rtol=1e-9, atol=1e-12)
    assert np.all(asimov[:3] > 0)


def test_expected_statistic_is_positive_and_grows(built: precision.Precision) -> None:
    """Profiled, with data that equal the Standard Model: zero at kappa = 0 and rising with kappa at every mass."""
    masses, kappas = (2.0, 35.0, 60.3, 88.0, 120.0, 190.0), (0.0, 1e-3, 5e-3, 2e-2)
    q = statistic(built.asimov(), [(kappa, mass, HALF_PI) for mass in masses for kappa in kappas]).reshape(6, 4)
    assert np.max(np.abs(q[:, 0])) < 1e-9
    assert np.all(np.diff(q, axis=1) > 0)


def test_slow_and_fast_parts_make_the_statistic(built: precision.Precision) -> None:
    """test_statistic(slow) = q, and NaN inside the forbidden gap, M1 < m_Z' < M1 sqrt((1 - kappa^2 cW^2)/(1 - kappa^2))
    in the Okun phase.
    """
    fit, kappa = worded(built, sm_inputs="fixed"), 0.05
    edge = M_Z * np.sqrt((1 - kappa**2 * (1 - SIN2)) / (1 - kappa**2))
    masses = [30.0, M_Z * (1 - 1e-7), M_Z * (1 + 1e-7), edge * (1 - 1e-7), edge * (1 + 1e-7), 300.0]
    q, judged = simple(fit, [(kappa, mass, HALF_PI, 1e4) for mass in masses])
    np.testing.assert_array_equal(np.isnan(judged), [False, False, True, True, False, False])
    usual = ~np.isnan(judged)
    np.testing.assert_allclose(judged[usual], q[usual], rtol=1e-12)
    assert float(fit.critical_value()) == pytest.approx(THRESHOLD, rel=1e-12)
    assert float(fit.at_level("sigma", 3.0).critical_value()) == 9.0


STEEP = [
    (0.03, 60.3, 0.7),
    (0.004, 88.0, 1.2),
    (0.05, 203.0, 0.3),
    (0.003, 93.0, 1.0),
    (0.02, 35.02, 1.0),
    (0.02, 12.0, 0.9),
]


def test_slopes_of_the_statistic_are_finite_differences(built: precision.Precision) -> None:
    """dq/d(kappa, m_Z', theta_W') with theta held (envelope theorem) against central differences of the profiled q, to
    1e-5 of itself, or of q over the parameter.
    """
    for axis in range(3):
        direction = np.eye(3)[axis]
        steps = [1e-5 * point[axis] * direction for point in STEEP]
        around = np.array([np.array(point) + n * step for point, step in zip(STEEP, steps) for n in (-2, -1, 1, 2)])
        q = statistic(built, around).reshape(-1, 4)
        size = np.array([step[axis] for step in steps])
        exact = (q[:, 0] - 8 * q[:, 1] + 8 * q[:, 2] - q[:, 3]) / (12 * size)
        at = np.array(STEEP)
        rows = np.concatenate([at, np.tile(direction, (len(at), 1))], axis=1)
        value, _, slope = profiled(built, rows)
        assert np.all(np.abs(slope - exact) < 1e-5 * np.maximum(np.abs(exact), np.abs(value / at[:, axis])))


def test_slopes_are_finite_at_the_ends_of_phases(built: precision.Precision) -> None:
    """kappa = 0, theta_W' = 0 and pi/2, m_Z' beside the Z and on a collider's energy; dq/dkappa = 0 at kappa = 0."""
    points = [(k, m, t) for k in (0.0, 1e-3) for m in (1.0, 35.0, 91.0, 92.0, 200.0) for t in (0.0, 0.7, HALF_PI)]
    for direction in np.eye(3):
        q, converged, slope = profiled(built, [(*point, *direction) for point in points])
        assert np.all(converged)
        assert np.all(np.isfinite(slope))
        assert np.max(np.abs(slope[:15])) < 1e-9
        assert np.max(np.abs(q[:15])) < 1e-9


# ---- limits


def test_limit_from_the_mass_of_the_z_alone_is_its_closed_form(
    built: precision.Precision, table: measurements.Measurements
) -> None:
    """delta m_Z/m_Z = kappa^2 sW^2/(2 |1 - m_Z'^2/m_Z^2|) = 1.96 errors of 2.3e-5: eps = sqrt(9.0e-5 |1 -
    m^2/m_Z^2|)/sW, to 0.5% (paper B, eq. 10, with its full denominator).
    """
    masses = np.array([1.0, 10.0, 30.0, 60.0, 120.0])
    found = limits(only(worded(built, sm_inputs="fixed"), table, "m_z"), masses)
    np.testing.assert_allclose(found, np.sqrt(9.0e-5 * np.abs(1 - masses**2 / M_Z**2) / SIN2), rtol=5e-3)


def test_limits_of_a_wide_dark_boson(built: precision.Precision, wide_limits: dict) -> None:
    """Paper B: eps below about 0.03 under the Z (0.0317 at 1 to 20 GeV), several times stronger beside it; fixed
    Standard Model inputs would make it 0.0187. Linearised inputs give the same to 0.3%.
    """
    masses = [1.0, 10.0, 30.0, 88.0, 120.0]
    found = np.array([wide_limits[mass, HALF_PI] for mass in masses])
    assert np.all((found[:3] > 0.02) & (found[:3] < 0.045))
    assert np.all(found > 1.15 * limits(worded(built, sm_inputs="fixed"), masses))
    assert found[3] < found[0] / 5
    np.testing.assert_allclose(limits(worded(built, sm_inputs="linearised"), masses), found, rtol=3e-3)


def test_limits_of_a_narrow_dark_boson_peak_at_collider_energies(built: precision.Precision) -> None:
    """TASSO 35.0, TRISTAN 52.0 and 60.0, LEP2 188.6 GeV: at least five times stronger than at 33.5, 48, 55.4 and 150
    GeV, where no machine ran; the interference with the Standard Model alone, as in paper B, has no peak of that height
    and is all there is elsewhere.
    """
    fit = worded(built, sm_inputs="linearised")
    peaks, between = [35.0, 52.0, 60.0, 188.6], [33.5, 48.0, 55.4, 150.0]
    found, others = np.split(limits(narrow(fit), peaks + between), 2)
    assert np.all(found * 5 < others)
    assert np.all(limits(fit, peaks) > 3 * found)
    alone = np.split(limits(worded(fit, resonance="interference", dark_width="narrow"), peaks + between), 2)
    assert np.all(alone[0] > 2 * found)
    np.testing.assert_allclose(alone[1], others, rtol=0.03)


def test_mass_of_the_z_is_the_strongest_input(built: precision.Precision, table: measurements.Measurements) -> None:
    """At m_Z' = 10 GeV with fixed inputs, dropping m_Z lowers q = d^T V^-1 d by nine tenths; no other measurement by a
    twentieth.
    """
    d = deviations(built, [(0.0, 0.0, 0.02, 10.0, HALF_PI)])[0][0]
    weight = np.linalg.inv(table.covariance)
    lost = (
        (weight @ d) ** 2 / np.diag(weight) / (d @ weight @ d)
    )  # dropping row i takes (V^-1 d)_i^2/(V^-1)_ii from d^T V^-1 d
    place = table.observables.index("m_z")
    assert lost[place] > 0.9
    assert np.max(np.delete(lost, place)) < 0.05


@pytest.mark.slow
def test_limit_hardly_depends_on_the_cut(built: precision.Precision) -> None:
    """At 10, 60 and 150 GeV: a hard cut moves the limit by less than 1%, half or twice e_min by 4%; no cut at all by
    15%, where 300 measurements that expect nothing come in with their fluctuations, and 8% for data without any.
    """
    masses, fit = [10.0, 60.0, 150.0], worded(built, sm_inputs="linearised")
    smooth = limits(fit, masses)
    np.testing.assert_allclose(limits(worded(fit, cut="hard"), masses), smooth, rtol=0.01)
    for e_min, tolerance in ((jnp.asarray(0.25), 0.04), (jnp.asarray(1.0), 0.04), (NOTHING, 0.15)):
        np.testing.assert_allclose(limits(fit.with_settings({"e_min": e_min}), masses), smooth, rtol=tolerance)
    expected, uncut = limits(fit.asimov(), masses), limits(fit.asimov().with_settings({"e_min": NOTHING}), masses)
    np.testing.assert_allclose(uncut, expected, rtol=0.08)
    assert np.all(uncut < expected)  # more measurements exclude more


def test_words_stand_for_their_limits(built: precision.Precision) -> None:
    """ "none" is a cut at e_min -> 0 and "narrow" a width of zero."""
    fit, points = (
        worded(built, sm_inputs="linearised"),
        [(0.02, 10.0, HALF_PI), (0.01, 60.5, 0.9), (3e-3, 35.0, HALF_PI)],
    )
    free = fit.with_settings({"e_min": NOTHING, "width_over_mass": jnp.asarray(0.0)})
    np.testing.assert_allclose(
        statistic(worded(fit, cut="none", dark_width="narrow"), points), statistic(free, points), rtol=1e-9
    )


@pytest.mark.slow
def test_measurements_of_2010_give_the_limits_of_their_time() -> None:
    """Paper B, figure 1: eps < 0.03 for most of 1 to 200 GeV. Found: 0.031 below 20 GeV, less up to the Z, below 1e-3
    at it, up to 0.055 around 150 GeV.
    """
    fit = worded(_build("2010"), sm_inputs="linearised")
    assert limits(fit, [1.0, 5.0, 20.0]) == pytest.approx(0.0305, rel=0.03)
    assert np.all(limits(fit, [40.0, 60.0, 75.0, 85.0, 110.0]) < 0.031)
    assert np.all(limits(fit, [91.1, 91.3]) < 1e-3)
    assert np.all(limits(fit, [150.0, 200.0]) < 0.055)


# ---- the two theorems


def test_every_phase_has_the_statistic_of_its_okun_phase(built: precision.Precision) -> None:
    """q(kappa, theta_W') = q(kappa sW'/sqrt(1 - kappa^2 cW'^2), pi/2) to 1e-9, wide and narrow."""
    points = np.array(
        [
            (kappa, mass, theta)
            for kappa in (1e-3, 0.03, 0.3)
            for mass in (10.0, 60.0, 200.0)
            for theta in (0.1, 0.6, 1.3)
        ]
    )
    kappa, mass, theta = points.T
    hatted = kappa * np.sin(theta) / np.sqrt(1 - (kappa * np.cos(theta)) ** 2)
    for fit in (built, narrow(worded(built, sm_inputs="fixed"))):
        okun = np.stack([hatted, mass, np.full(len(mass), HALF_PI)], axis=1)
        np.testing.assert_allclose(statistic(fit, points), statistic(fit, okun), rtol=1e-9)


def test_limit_of_any_phase_follows_from_the_okun_limit(wide_limits: dict) -> None:
    """kappa_lim(theta_W') = eps/sqrt(sW'^2 + eps^2 cW'^2) to 1e-8."""
    for (mass, theta), found in wide_limits.items():
        okun = wide_limits[mass, HALF_PI]
        assert found == pytest.approx(okun / np.sqrt(np.sin(theta) ** 2 + (okun * np.cos(theta)) ** 2), rel=1e-8)


@pytest.mark.slow
def test_massless_phase_is_flat_in_kappa(built: precision.Precision) -> None:
    """theta_W' = 0: |q| < 1e-9 for any kappa, wide and narrow, with no mCP and with one above m_Z/2; the same with the
    mCP's own width.
    """
    points = [(kappa, mass, 0.0) for kappa in (1e-3, 0.1, 0.7) for mass in (10.0, 60.0, 200.0)]
    fixed = worded(built, sm_inputs="fixed")
    for fit in (built, narrow(built)):
        assert np.max(np.abs(statistic(fit, points))) < 1e-9
    for fit in (fixed, narrow(fixed)):
        assert np.max(np.abs(statistic(fit, points, m_mcp=60.0))) < 1e-9
    # above every collider's threshold, for e+e- -> mCP itself is seen
    assert np.max(np.abs(statistic(worded(fixed, dark_width="model"), points, m_mcp=150.0))) < 1e-9


def test_light_mcp_widens_the_z_in_the_massless_phase(
    built: precision.Precision, table: measurements.Measurements
) -> None:
    """Gamma_Z by 0.055 kappa^2 (e'/e)^2 GeV (1 + 2 x) sqrt(1 - 4 x), and sigma_had^0 by the inverse square of Gamma_Z:
    q of each alone for m_mcp = 10, the same at any m_Z', and with the mCP's own current instead of a given width.
    """
    fit = worded(built, sm_inputs="fixed")
    points = [(0.1, mass, 0.0) for mass in (7.0, 150.0)]
    x = (10.0 / M_Z) ** 2
    width = 0.1**2 * SIN2 * E**2 * M_Z / (12 * np.pi) * (1 + 2 * x) * np.sqrt(1 - 4 * x)
    assert width == pytest.approx(0.055 * 0.01, rel=0.01)
    for observable, shift in (("gamma_z", width / 2.4769), ("sigma_had_0", (1 + width / 2.4769) ** -2 - 1)):
        place = table.observables.index(observable)
        expected = shift * (shift - 2 * table.residual[place]) / table.relative_error[place] ** 2
        for words, tolerance in (({}, 3e-3), ({"dark_width": "model"}, 0.06)):
            alone = statistic(only(worded(fit, **words), table, observable), points, m_mcp=10.0)
            np.testing.assert_allclose(alone, expected, rtol=tolerance)


# ---- decoupling


def test_heavy_dark_boson_decouples_as_one_operator(
    built: precision.Precision, table: measurements.Measurements
) -> None:
    """M2 = 2, 5, 10 TeV: every deviation is that of Y = kappa^2 m_W^2/M2^2, falls as kappa^2/M2^2 with corrections
    s/M2^2 (1% at 2 TeV), and delta m_Z/m_Z = -kappa^2 sW^2 m_Z^2/(2 m_Z'^2) to 1%.
    """
    kappa = 0.05
    masses = np.array([2e3, 5e3, 1e4])
    scaled = deviations(built, [(0.0, 0.0, kappa, mass, HALF_PI) for mass in masses])[0] * masses[:, None] ** 2
    moved = np.abs(scaled[2]) > 0
    assert set(np.array(table.observables)[~moved]) == {"m_w", "alpha"}
    np.testing.assert_allclose(scaled[0][moved], scaled[2][moved], rtol=0.03)
    np.testing.assert_allclose(scaled[1][moved], scaled[2][moved], rtol=0.005)
    found = scaled[2][table.observables.index("m_z")]
    assert found == pytest.approx(-(kappa**2) * SIN2 * M_Z**2 / 2, rel=0.01)
