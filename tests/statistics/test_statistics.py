"""Test statistics against scipy.stats, published Poisson limits and brute-force likelihood ratios."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import interpolate, optimize, stats

from jaxmix import statistics

FORWARD_AND_REVERSE = [jax.jacfwd, jax.jacrev]
signals = some.floats(0, 1e3)
backgrounds = some.floats(0, 1e3)


def slope(function, at, step=1e-6):
    """Central difference with a relative step."""
    size = step * max(abs(at), 1e-3)
    return (float(function(at + size)) - float(function(at - size))) / (2 * size)


def likelihood_ratio(n, s, b):
    """One-sided q~ by minimising over a signal strength >= 0, with scipy's Poisson."""
    best = optimize.minimize_scalar(
        lambda mu: -stats.poisson.logpmf(n, mu * s + b), bounds=(0, 100), options={"xatol": 1e-10}
    )
    strength = best.x if best.fun < -stats.poisson.logpmf(n, b) else 0.0
    if strength > 1:
        return 0.0
    return -2 * (stats.poisson.logpmf(n, s + b) - max(-best.fun, stats.poisson.logpmf(n, b)))


@pytest.mark.parametrize("n", [0, 1, 4, 9, 12])
@pytest.mark.parametrize(("s", "b"), [(2.0, 1.5), (6.0, 0.3), (8.0, 6.0)])
def test_observed_exclusion_is_the_one_sided_likelihood_ratio(n, s, b):
    assert statistics.exclusion_observed(float(n), s, b) == pytest.approx(likelihood_ratio(n, s, b), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("s", "b"), [(3.0, 1.0), (1e-6, 2.0), (50.0, 1e-3), (0.02, 2.0), (0.0199, 2.0)])
def test_asimov_values_against_forty_digits(s, b):
    with mpmath.workdps(40):
        s_, b_ = mpmath.mpf(s), mpmath.mpf(b)
        exclusion = float(2 * (s_ - b_ * mpmath.log(1 + s_ / b_)))
        discovery = float(2 * ((s_ + b_) * mpmath.log(1 + s_ / b_) - s_))
    assert statistics.exclusion_asimov(s, b) == pytest.approx(exclusion, rel=1e-12)
    assert statistics.discovery_asimov(s, b) == pytest.approx(discovery, rel=1e-12)


def test_discovery_asimov_is_the_median_significance_of_toys():
    """CCGV, figure 7: the median of the exact significance; here s = 10, b = 20, 1e5 toys, +-0.05 from n being
    whole.
    """
    counts = np.random.default_rng(3).poisson(30, 100000)
    median = np.median(stats.norm.isf(stats.poisson.sf(counts - 1, 20)))
    assert np.sqrt(statistics.discovery_asimov(10.0, 20.0)) == pytest.approx(median, abs=0.1)


@pytest.mark.parametrize("derivative", FORWARD_AND_REVERSE)
def test_without_background_exclusion_is_twice_the_signal(derivative):
    for s in (0.0, 1e-9, 2.0, 1e6):
        assert float(statistics.exclusion_asimov(s, 0.0)) == 2 * s
        assert derivative(statistics.exclusion_asimov, argnums=(0, 1))(s, 0.0) == (2.0, 0.0)
    assert float(statistics.exclusion_asimov(2.0, 1e-200)) == 4.0


def test_without_background_discovery_is_infinite_with_a_finite_slope():
    assert statistics.discovery_asimov(1.0, 0.0) == np.inf
    assert statistics.discovery_asimov(0.0, 0.0) == 0
    assert jax.grad(statistics.discovery_asimov, argnums=(0, 1))(1.0, 0.0) == (0.0, 0.0)


@given(signals, some.floats(1.001, 3), backgrounds, some.integers(0, 1000))
def test_more_signal_never_lowers_a_test_statistic(s, factor, b, n):
    for q in (
        lambda s: statistics.exclusion_asimov(s, b),
        lambda s: statistics.discovery_asimov(s, b + 1e-3),
        lambda s: statistics.exclusion_observed(float(n), s, b),
        lambda s: statistics.cls_test_statistic(float(n), s, b),
    ):
        low, high = float(q(s)), float(q(s * factor))
        assert high >= low - 1e-9 * abs(low) - 1e-9
        assert float(q(0.0)) == pytest.approx(0, abs=1e-12)


SLOPES = [
    jax.jit(jax.grad(f, argnums=(0, 1, 2))) for f in (statistics.exclusion_observed, statistics.cls_test_statistic)
]


@given(signals, backgrounds, some.integers(0, 1000))
def test_slopes_are_finite_everywhere(s, b, n):
    for slopes in SLOPES:
        assert np.all(np.isfinite(slopes(float(n), s, b))), slopes(float(n), s, b)
    assert np.all(np.isfinite(jax.grad(statistics.exclusion_asimov, argnums=(0, 1))(s, b)))


@pytest.mark.parametrize(
    ("n", "s", "b"), [(3.0, 5.0, 4.0), (3.0, 0.4, 4.0), (4.0, 9.0, 1.2), (0.7, 2.0, 0.7), (2.0, 900.0, 5.0)]
)
def test_slopes_are_finite_differences(n, s, b):
    for function in (statistics.exclusion_observed, statistics.cls_test_statistic):
        slopes = jax.grad(function, argnums=(1, 2))(n, s, b)
        assert slopes[0] == pytest.approx(slope(lambda x, function=function: function(n, x, b), s), rel=1e-6, abs=1e-8)
        assert slopes[1] == pytest.approx(slope(lambda x, function=function: function(n, s, x), b), rel=1e-6, abs=1e-8)
    n_slope = jax.grad(statistics.cls_test_statistic)(n, s, b)
    assert n_slope == pytest.approx(slope(lambda x: statistics.cls_test_statistic(x, s, b), n, 1e-5), rel=1e-4)


@pytest.mark.parametrize("n", [0.0, 1.0, 7.0, 120.0])
@pytest.mark.parametrize("factor", [0.3, 1.0, 2.0, 5.0])
def test_log_poisson_cdf_against_scipy(n, factor):
    mean = (n + 1) * factor
    assert statistics.log_poisson_cdf(n, mean) == pytest.approx(stats.poisson.logcdf(n, mean), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("n", "mean"), [(0.4, 70.0), (5.0, 2e4), (1e4, 1.2e4), (50.0, 172.0), (50.0, 173.0)])
def test_log_poisson_cdf_far_in_the_tail_against_forty_digits(n, mean):
    with mpmath.workdps(40):
        exact = float(mpmath.log(mpmath.gammainc(n + 1, mean, regularized=True)))
    assert statistics.log_poisson_cdf(n, mean) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize(
    ("n", "cl", "limit"), [(0, 0.90, 2.30), (0, 0.95, 3.00), (1, 0.95, 4.74), (2, 0.95, 6.30), (10, 0.95, 16.96)]
)
def test_limits_without_background_are_those_of_the_particle_data_group(n, cl, limit):
    """PDG 2024 (Phys. Rev. D 110, 030001), statistics review, table of Poisson upper limits."""
    judge = statistics.Counting(background=0.0, observed=n, level=cl, mode="cl")
    assert judge.test_statistic(limit) == pytest.approx(float(judge.critical_value()), abs=0.012)
    assert statistics.cls_poisson(float(n), limit, 0.0) == pytest.approx(1 - cl, abs=1e-3)


def test_no_events_exclude_three_at_any_background():
    for b in (0.0, 0.1, 30.0):
        assert statistics.cls_test_statistic(0.0, 3.0, b) == pytest.approx(6.0, rel=1e-14)


def test_cls_is_the_ratio_of_scipy_tails():
    expected = stats.poisson.cdf(4, 9.5) / stats.poisson.cdf(4, 3.5)
    assert statistics.cls_poisson(4.0, 6.0, 3.5) == pytest.approx(expected, rel=1e-12)


def test_critical_values():
    assert statistics.critical_sigma(2.0) == 4
    assert statistics.critical_cls(0.95) == pytest.approx(-2 * np.log(0.05), rel=1e-14)
    assert statistics.critical_chi2(0.95) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-12)


def test_projected_counting_takes_the_background_as_observation():
    two_sigma = statistics.Counting(background=0.0)
    assert two_sigma.test_statistic(2.0) == two_sigma.expected(2.0) == two_sigma.critical_value() == 4
    with_data = statistics.Counting(background=2.5, observed=6)
    assert with_data.expected(4.0) == pytest.approx(likelihood_ratio_at_background(4.0, 2.5), rel=1e-12)
    assert with_data.test_statistic(4.0) < with_data.expected(4.0)


def likelihood_ratio_at_background(s, b):
    """2 ln L(b)/L(s + b) at n = b, from the Poisson density."""
    return 2 * (b * np.log(b) - b) - 2 * (b * np.log(s + b) - s - b)


def test_counting_bins_add():
    judge = statistics.Counting(background=[0.099, 0.875], observed=[0, 2])
    parts = [statistics.exclusion_observed(n, s, b) for n, s, b in ((0.0, 1.2, 0.099), (2.0, 3.4, 0.875))]
    assert judge.test_statistic(jnp.array([1.2, 3.4])) == pytest.approx(float(sum(parts)), rel=1e-14)


def test_counting_maps_and_jits():
    backgrounds, signal = jnp.array([0.0, 0.5, 3.0]), jnp.array([0.0, 1.0, 8.0])
    for mode, level in (("sigma", 2.0), ("cl", 0.95)):

        def q(b, s, mode=mode, level=level):
            return statistics.Counting(background=b, level=level, mode=mode).test_statistic(s)

        mapped = jax.jit(jax.vmap(q))(backgrounds, signal)
        np.testing.assert_allclose(mapped, [q(b, s) for b, s in zip(backgrounds, signal, strict=True)], rtol=1e-12)
        assert np.all(np.isfinite(jax.vmap(jax.grad(q, argnums=(0, 1)))(backgrounds, signal)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"background": -1.0}, "background must be finite and not negative"),
        ({"background": 1.0, "observed": np.nan}, "observed must be finite"),
        ({"background": 1.0, "mode": "cls"}, "mode must be one of"),
        ({"background": [1.0, 2.0], "mode": "cl", "level": 0.9}, "judges one bin"),
        ({"background": 1.0, "observed": [1, 2]}, "one count a bin"),
        ({"background": 1.0, "mode": "cl", "level": 95.0}, "level must lie between"),
    ],
)
def test_counting_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        statistics.Counting(**arguments)


ABSCISSA = np.array([1.0, 2.0, 2.5, 6.0, 10.0, 30.0])
LIMIT = np.array([1e-3, 4e-4, 4.4e-4, 2e-4, 2e-4, 5e-3])


def test_published_limit_is_scipys_monotone_interpolant():
    judge = statistics.PublishedLimit(ABSCISSA, LIMIT)
    reference = interpolate.PchipInterpolator(np.log(ABSCISSA), np.log(LIMIT))
    for x in (1.0, 1.3, 2.0, 2.2, 5.0, 8.0, 29.0, 30.0):
        assert judge.limit(x) == pytest.approx(np.exp(reference(np.log(x))), rel=1e-12)
        gradient = jax.grad(lambda t: jnp.log(judge.limit(jnp.exp(t))))(np.log(x))
        if 1.0 < x < 30.0:
            assert gradient == pytest.approx(float(reference.derivative()(np.log(x))), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_published_limit_is_the_contour(power):
    judge = statistics.PublishedLimit(ABSCISSA, LIMIT, expected_limit=2 * LIMIT, power=power)
    for x, limit in zip(ABSCISSA, LIMIT, strict=True):
        assert judge.test_statistic((x, limit)) == pytest.approx(float(judge.critical_value()), rel=1e-12)
        assert judge.expected((x, 2 * limit)) == pytest.approx(float(judge.critical_value()), rel=1e-12)
    assert judge.test_statistic((2.0, 3 * LIMIT[1])) == pytest.approx(
        3**power * float(judge.critical_value()), rel=1e-12
    )


def test_published_limit_makes_no_statement_outside():
    judge = statistics.PublishedLimit(ABSCISSA, LIMIT)
    outside = jax.jit(jax.vmap(lambda x: judge.test_statistic((x, 1.0))))(jnp.array([0.5, 31.0]))
    assert np.all(np.isnan(outside))
    assert np.isnan(judge.expected((2.0, 1e-3)))
    assert jax.grad(judge.test_statistic)((2.2, 0.0)) == (0.0, 0.0)


def test_published_limit_in_pieces():
    """Each piece is its own monotone interpolant, ends included; nothing between; two that touch meet in the later
    one's value.
    """
    places, limits = np.array([1.0, 2.0, 4.0, 6.0, 9.0, 9.0, 20.0]), np.array([3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 7.0])
    judge = statistics.PublishedLimit(places, limits, segment=[0, 0, 0, 1, 1, 2, 2])
    first = interpolate.PchipInterpolator(np.log(places[:3]), np.log(limits[:3]))
    for x in (1.0, 1.2, 2.0, 3.9, 4.0):
        assert judge.limit(x) == pytest.approx(np.exp(first(np.log(x))), rel=1e-12) and judge.covers(x)
    assert judge.limit(np.sqrt(54.0)) == pytest.approx(np.sqrt(20.0), rel=1e-12)  # a power law through two points
    assert judge.limit(9.0 * (1 - 1e-12)) == pytest.approx(4.0, rel=1e-9) and judge.limit(9.0) == pytest.approx(
        7.0, rel=1e-12
    )
    for x in (0.99, 4.01, 5.0, 5.99, 20.1):
        assert np.isnan(judge.limit(x)) and np.isnan(judge.test_statistic((x, 1.0))) and not judge.covers(x)
    others = [judge.curve, statistics.PublishedLimit(ABSCISSA, LIMIT).curve]
    for x in np.log([0.5, 1.0, 3.0, 5.0, 9.0, 15.0, 25.0, 1e4]):
        values, covered = jax.vmap(lambda curve, x=x: curve(jnp.asarray(x)))(statistics.stacked(others))
        for i, curve in enumerate(others):
            value, inside = curve(jnp.asarray(x))
            assert covered[i] == inside and (not inside or values[i] == value)


def test_published_limit_refuses():
    with pytest.raises(ValueError, match="two abscissas or more in each segment"):
        statistics.PublishedLimit([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], segment=[0, 0, 1])
    with pytest.raises(ValueError, match="strictly rising"):
        statistics.PublishedLimit([1.0, 2.0, 3.0, 4.0], [1.0] * 4, segment=[1, 1, 0, 0])
    with pytest.raises(ValueError, match="strictly rising"):
        statistics.PublishedLimit([1.0, 1.0, 2.0], [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="positive finite"):
        statistics.PublishedLimit([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="give one each"):
        statistics.PublishedLimit([1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0])
