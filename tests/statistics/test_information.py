"""Fisher's information against closed forms of exponential families, fits to thrown data, and the Hessian of the
likelihood.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as some
from scipy import optimize, stats

from jaxmix.statistics import information

NAMES = ("kappa", "e_dark", "m_zprime")
DESIGN = np.array(
    [[2.0, 0.0, 0.3], [2.0, 1.0, -1.5], [0.0, 1.0, 0.2], [1.0, -2.0, 0.0]]
)  # powers of the parameters in each count
SIZES = np.array([40.0, 3.0, 900.0, 0.2])


def powers(theta):
    """Counts that are products of powers, and no Gaussian measurement: an exponential family."""
    return information.Expectation(jnp.log(jnp.asarray(SIZES)) + jnp.asarray(DESIGN) @ theta, jnp.zeros(0))


def bent(theta):
    """Counts over a background, and Gaussian measurements that are not linear."""
    signal = powers(theta).log_counts
    counts = jnp.logaddexp(signal, jnp.log(jnp.array([5.0, 0.1, 30.0, 2.0])))
    return information.Expectation(
        counts, jnp.stack([4.0 * jnp.sin(theta[0]) + theta[1] ** 2, 2.0 * jnp.exp(theta[2])])
    )


def asimov_density(predict, at):
    observed = predict(jnp.asarray(at))
    return lambda theta: information.log_likelihood(observed, predict(theta))


def test_powers_of_the_parameters_give_the_closed_form():
    expected, _, found = information.fisher(powers, jnp.array([0.1, -0.2, 0.3]))
    mean = SIZES * np.exp(DESIGN @ [0.1, -0.2, 0.3])
    np.testing.assert_allclose(jnp.exp(expected.log_counts), mean, rtol=1e-13)
    np.testing.assert_allclose(found, DESIGN.T @ np.diag(mean) @ DESIGN, rtol=1e-13)


def test_linear_measurements_give_the_inverse_covariance_of_least_squares():
    slopes = np.random.default_rng(1).normal(size=(6, 3))
    _, _, found = information.fisher(
        lambda theta: information.Expectation(jnp.zeros(0), jnp.asarray(slopes) @ theta), jnp.zeros(3)
    )
    np.testing.assert_allclose(found, slopes.T @ slopes, rtol=1e-13)


@pytest.mark.parametrize("predict", [powers, bent])
def test_the_hessian_of_asimov_data_is_fishers_information(predict):
    at = jnp.array([0.2, -0.1, 0.4])
    _, _, found = information.fisher(predict, at)
    density = asimov_density(predict, at)
    np.testing.assert_allclose(reference.observed_information(density, at), found, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(-jax.hessian(density)(at), found, rtol=1e-10, atol=1e-10)
    assert float(density(at)) == 0.0


def test_the_likelihood_is_that_of_scipy():
    counts, at = np.array([0.0, 2.0, 41.0, 1.0]), jnp.array([0.3, 0.1, -0.2])
    expected = powers(at)
    truth = stats.poisson.logpmf(counts, np.exp(expected.log_counts)).sum() - stats.poisson.logpmf(counts, counts).sum()
    assert float(information.log_poisson(jnp.asarray(counts), expected.log_counts)) == pytest.approx(truth, rel=1e-12)
    expected = bent(at)
    observed = information.Expectation(jnp.log(jnp.asarray(counts)), jnp.array([1.0, 2.5]))
    truth = stats.poisson.logpmf(counts, np.exp(expected.log_counts)).sum() - stats.poisson.logpmf(counts, counts).sum()
    truth += stats.norm.logpdf(expected.pulls, observed.pulls).sum() - 2 * stats.norm.logpdf(0)
    assert float(information.log_likelihood(observed, expected)) == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("log_mean", [-700.0, -40.0, 3.0, 20.0])
def test_slopes_of_the_likelihood_are_finite_where_a_count_has_no_chance(log_mean):
    counts = jnp.array([0.0, 3.0])
    slope = jax.grad(lambda x: information.log_poisson(counts, x))(jnp.full(2, log_mean))
    np.testing.assert_allclose(slope, counts - np.exp(log_mean), rtol=1e-12)


def test_fits_to_thrown_data_scatter_as_the_information_says():
    """300 maximum-likelihood fits by SciPy: standard deviations to 4%, so four of these are asked for."""
    at, rng = np.array([0.0, 0.1, 0.0]), np.random.default_rng(5)
    mean = 30 * SIZES * np.exp(DESIGN @ at)
    truth = np.sqrt(np.diag(np.linalg.inv(DESIGN.T @ np.diag(mean) @ DESIGN)))
    fits = []
    for counts in rng.poisson(mean, (300, 4)):
        worse = lambda theta, n=counts: np.sum(30 * SIZES * np.exp(DESIGN @ theta)) - n @ DESIGN @ theta
        fits.append(optimize.minimize(worse, at, method="BFGS").x)
    _, _, found = information.fisher(
        lambda theta: information.Expectation(powers(theta).log_counts + np.log(30.0), jnp.zeros(0)), jnp.asarray(at)
    )
    np.testing.assert_allclose(information.deviations(np.asarray(found)), truth, rtol=1e-10)
    np.testing.assert_allclose(np.std(fits, axis=0), truth, rtol=0.16)


def test_one_count_measures_one_combination():
    """N = kappa^2 e_dark: ln(kappa e_dark^0.5) is known to 1/(2 sqrt(N)), and nothing else is."""
    matrix = 400.0 * np.outer([2.0, 1.0, 0.0], [2.0, 1.0, 0.0])
    best, *rest = information.directions(matrix, NAMES)
    assert best.name == "kappa^1 e_dark^0.5"
    # d ln N along the unit vector is sqrt(5); the named combination is sqrt(5)/2 of it
    assert best.deviation == pytest.approx(1 / (2 * np.sqrt(400.0)) * 2 / np.sqrt(5) * np.sqrt(5) / 2, rel=1e-12)
    assert not best.degenerate
    assert all(each.degenerate and np.isinf(each.deviation) for each in rest)
    assert "nothing is known" in rest[0].sentence()
    for each in rest:
        assert each.powers @ [2.0, 1.0, 0.0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.isinf(information.deviations(matrix)))
    np.testing.assert_allclose(information.conditional_deviations(matrix), [1 / 40, 1 / 20, np.inf])
    assert np.all(np.isnan(information.correlations(matrix)))
    with pytest.raises(ValueError, match="nothing limits the parameters 0 and 1 together"):
        information.ellipse(matrix, 0, 1, 0.68)


def test_a_prior_limits_what_the_measurements_leave_open_and_says_so():
    matrix = 400.0 * np.outer([2.0, 1.0, 0.0], [2.0, 1.0, 0.0])
    widths = np.array([3.0, 3.0, 0.5])
    found = information.directions(matrix, NAMES, widths)
    assert [each.degenerate for each in found] == [False, True, True]
    assert found[0].from_prior < 1e-4
    assert found[1].name == "m_zprime^1"
    assert found[1].deviation == pytest.approx(0.5)
    assert found[1].from_prior == pytest.approx(1.0)
    assert "100% of it from the prior, degenerate" in found[1].sentence()
    total = matrix + information.from_priors(widths)
    np.testing.assert_allclose(information.covariance(total), np.linalg.inv(total), rtol=1e-9)
    np.testing.assert_array_equal(information.from_priors(np.array([2.0, np.inf])), [[0.25, 0], [0, 0]])


def test_degenerate_means_less_known_than_the_threshold():
    matrix = np.diag([100.0, 4.0, 0.25])
    assert [each.degenerate for each in information.directions(matrix, NAMES)] == [False, False, True]
    assert [each.degenerate for each in information.directions(matrix, NAMES, threshold=0.2)] == [False, True, True]
    assert [each.deviation for each in information.directions(matrix, NAMES)] == pytest.approx([0.1, 0.5, 2.0])


@given(some.integers(0, 10**6))
def test_any_information_has_the_inverse_of_numpy(seed):
    slopes = np.random.default_rng(seed).normal(size=(9, 4))
    matrix = slopes.T @ slopes
    truth = np.linalg.inv(matrix)
    np.testing.assert_allclose(information.covariance(matrix), truth, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(np.diag(information.correlations(matrix)), 1.0)
    assert np.all(information.conditional_deviations(matrix) <= information.deviations(matrix) * (1 + 1e-12))


@pytest.mark.parametrize("cl", [0.68, 0.95])
def test_an_ellipse_holds_its_share_of_a_gaussian(cl):
    slopes = np.random.default_rng(2).normal(size=(9, 3))
    matrix = slopes.T @ slopes
    drawn = np.random.default_rng(3).multivariate_normal(np.zeros(3), np.linalg.inv(matrix), 200000)
    found = information.ellipse(matrix, 0, 2, cl)
    radius = -2 * np.log(1 - cl)
    for curve, inverse in (
        (found.marginal, np.linalg.inv(np.linalg.inv(matrix)[np.ix_((0, 2), (0, 2))])),
        (found.conditional, matrix[np.ix_((0, 2), (0, 2))]),
    ):
        np.testing.assert_allclose(np.einsum("ni,ij,nj->n", curve, inverse, curve), radius, rtol=1e-10)
    inside = (
        np.einsum(
            "ni,ij,nj->n", drawn[:, ::2], np.linalg.inv(np.linalg.inv(matrix)[np.ix_((0, 2), (0, 2))]), drawn[:, ::2]
        )
        < radius
    )
    assert inside.mean() == pytest.approx(cl, abs=0.004)
    x, y = found.marginal.T
    area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    assert area == pytest.approx(
        np.pi * radius * np.sqrt(np.linalg.det(np.linalg.inv(matrix)[np.ix_((0, 2), (0, 2))])), rel=1e-3
    )
