"""The number of photoelectrons in all layers against enumeration with SciPy, Stirling numbers and forty digits."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import special, stats

from jaxmix.detector import light_spectrum, photoelectrons

ONE = photoelectrons.CHARGE_ONE_PHOTOELECTRON


def charge_of(mean):
    """The charge with this mean number of photoelectrons a layer."""
    return ONE * np.sqrt(mean)


def enumerated(mean, layers, largest):
    """P(k, each layer sees one) by going through all counts of all layers."""
    found = np.zeros(largest + 1)
    for counts in itertools.product(range(1, largest + 1), repeat=layers):
        if sum(counts) <= largest:
            found[sum(counts)] += np.prod(stats.poisson.pmf(counts, mean))
    return found


def many_digits(mean, layers, k):
    """The alternating sum, in which hundreds of digits may cancel."""
    with mpmath.workdps(400):
        mean = mpmath.mpf(mean)
        signed = ((-1) ** (layers - j) * mpmath.binomial(layers, j) * (j * mean) ** k for j in range(layers + 1))
        return mpmath.exp(-layers * mean) * sum(signed) / mpmath.factorial(k)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("mean", [0.05, 1.0, 4.0])
def test_each_count_is_that_of_an_enumeration(layers, mean):
    truth = enumerated(mean, layers, 25)[layers:]
    found = np.exp(light_spectrum.log_probability(len(truth), charge_of(mean), layers))
    np.testing.assert_allclose(found, truth, rtol=1e-11)


@pytest.mark.parametrize("layers", [1, 3, 6, 8])
@pytest.mark.parametrize("mean", [1e-12, 1e-3, 0.7, 14.0, 200.0])
def test_each_count_against_the_alternating_sum_with_many_digits(layers, mean):
    """Relative, to what a logarithm of some hundreds keeps; the plain sum loses every digit at N = 1e-12."""
    found = light_spectrum.log_probability(700, charge_of(mean), layers)
    for k in (layers, layers + 1, layers + 9, 100, 600):
        truth = float(mpmath.log(many_digits((charge_of(mean) / ONE) ** 2, layers, k)))
        assert float(found[k - layers]) == pytest.approx(truth, rel=1e-12, abs=1e-11), k


def test_surjections_are_stirling_numbers():
    for layers in (2, 3, 6):
        for k in (layers, 9, 14):
            number = special.stirling2(k, layers, exact=True) * special.factorial(layers) / special.factorial(k)
            assert np.exp(light_spectrum.log_surjections(layers, 20)[k]) == pytest.approx(float(number), rel=1e-13)
    assert np.all(light_spectrum.log_surjections(3, 20)[:3] == -np.inf)


@pytest.mark.parametrize("layers", [1, 3, 6])
@pytest.mark.parametrize("charge", [1e-9, 1e-4, 2e-3, 5e-3, 0.0201, 0.1, 1.0])
def test_bins_add_up_to_the_chance_that_all_layers_see_light(layers, charge):
    detected = float(photoelectrons.log_detection_probability(jnp.asarray(charge), layers))
    for edges in ((6, 7, 20, 300), (6, 9), (6,)):
        edges = (layers, *edges) if layers < 6 else edges
        bins = light_spectrum.log_bins(charge, layers, edges)
        assert special.logsumexp(bins) == pytest.approx(detected, rel=1e-12, abs=1e-12)  # of k ln N, some 1e3


@pytest.mark.parametrize("mean", [0.3, 5.0, 14.0, 28.0, 40.0])
def test_bins_are_sums_of_counts_on_either_side_of_the_last_edge(mean):
    edges, layers = (4, 11, 12, 60), 3
    each = np.array([float(many_digits((charge_of(mean) / ONE) ** 2, layers, k)) for k in range(500)])
    truth = [each[low:high].sum() for low, high in zip(edges, (*edges[1:], None))]
    # the last bin at mean 0.3, which is 1e-42, is a sum of its own and not what is left of one
    np.testing.assert_allclose(np.exp(light_spectrum.log_bins(charge_of(mean), layers, edges)), truth, rtol=1e-10)


@pytest.mark.parametrize("derivative", [jax.jacfwd, jax.jacrev])
@pytest.mark.parametrize("charge", [1e-3, 3.8e-3, 0.02, 0.3])
def test_slopes_are_those_of_differences(derivative, charge):
    step = 1e-5 * charge
    found = derivative(light_spectrum.log_bins)(charge, 3)
    difference = (light_spectrum.log_bins(charge + step, 3) - light_spectrum.log_bins(charge - step, 3)) / (2 * step)
    np.testing.assert_allclose(found, difference, rtol=2e-5, atol=1e-6 / charge)


@pytest.mark.parametrize("charge", [0.0, -2e-3, 1e-300, 1e-12, 3.0])
def test_values_and_slopes_are_finite_everywhere(charge):
    edges = (6, 20, 300)
    for bins in (partial(light_spectrum.log_bins, layers=layers, edges=edges) for layers in (1, 3, 6)):
        assert np.all(np.isfinite(bins(charge)))
        assert np.all(np.isfinite(jax.jacfwd(bins)(charge)))
        assert np.all(np.isfinite(jax.jacrev(bins)(charge)))
        if abs(charge) > 1e-150:  # a second slope of 1/x^2 has no number there
            assert np.all(np.isfinite(jax.jacfwd(jax.jacfwd(bins))(charge)))


def test_the_mean_number_measures_the_charge():
    """The mean of zero-truncated Poisson numbers is n N/(1 - exp(-N)); SciPy knows their distribution too."""
    charge, layers = 3.8e-3, 3
    mean = (charge / ONE) ** 2
    each = np.exp(light_spectrum.log_probability(400, charge, layers))
    k = np.arange(layers, layers + 400)
    assert each.sum() == pytest.approx(float(photoelectrons.detection_probability(charge, layers)), rel=1e-13)
    assert (k * each).sum() / each.sum() == pytest.approx(layers * mean / -np.expm1(-mean), rel=1e-12)
    single = stats.poisson.pmf(np.arange(1, 400), mean) / stats.poisson.sf(0, mean)
    twice = np.convolve(np.convolve(single, single), single)[:398]
    np.testing.assert_allclose(each[:398] / each.sum(), twice, rtol=1e-10, atol=1e-250)


def test_float32_stays_float32():
    found = light_spectrum.log_bins(jnp.asarray(3.8e-3, jnp.float32), 3, charge_one=jnp.asarray(ONE, jnp.float32))
    np.testing.assert_allclose(found, light_spectrum.log_bins(3.8e-3, 3), rtol=2e-4)


def test_edges_that_make_no_bins_are_refused():
    for edges in ((2, 5), (3, 3), (5, 4)):
        with pytest.raises(ValueError, match=r"rising whole numbers from the number of layers, 3, on"):
            light_spectrum.log_bins(1e-3, 3, edges)
