"""Samples against Gaussians and boxes in closed form, and the files against the programs that open them."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest
import reference
import xarray
from scipy import stats

from jaxmix import engine, faults
from jaxmix.forecast import likelihood, sampling
from jaxmix.statistics import information

NAMES = ("a", "b")
COVARIANCE = np.array([[1.0, 0.9], [0.9, 1.0]]) * 1e-4
INVERSE = jnp.asarray(np.linalg.inv(COVARIANCE))
LOW, HIGH = np.array([-1.0, -0.5]), np.array([1.0, 0.005])


def narrow(x):
    """A narrow Gaussian, which the box cuts at b = 0.005, half a standard deviation above its centre."""
    return -x @ INVERSE @ x / 2


@pytest.fixture(scope="module")
def chains():
    pytest.importorskip("blackjax")
    return sampling.sample(
        narrow, sampling.starts(np.zeros(2), COVARIANCE), LOW, HIGH, NAMES, COVARIANCE, warm=200, draws=600
    )


def test_a_gaussian_cut_by_the_box(chains):
    """b alone is a normal number cut at 0.5 standard deviations, and a follows it as b's regression says."""
    a, b = chains.samples.reshape(-1, 2).T
    assert np.all((b < HIGH[1]) & (a > LOW[0]))
    cut = stats.truncnorm(-50, 0.5, scale=1e-2)
    error = cut.std() / np.sqrt(chains.effective[1])
    assert b.mean() == pytest.approx(cut.mean(), abs=4 * error)
    assert b.std() == pytest.approx(cut.std(), rel=0.1)
    assert (a - 0.9 * b).std() == pytest.approx(1e-2 * np.sqrt(1 - 0.9**2), rel=0.1)
    assert np.corrcoef(a - 0.9 * b, b)[0, 1] == pytest.approx(0.0, abs=0.1)


def test_the_chains_agree_and_are_worth_hundreds_of_samples(chains):
    assert np.all(chains.r_hat < 1.02)
    assert np.all(chains.effective > 400)
    assert chains.divergent < 0.01
    assert 1 <= chains.steps < 10
    assert chains.samples.shape == (4, 600, 2)


def test_the_density_at_the_samples_is_that_of_the_posterior(chains):
    point = chains.samples[1, 17]
    assert chains.log_density[1, 17] == pytest.approx(float(narrow(jnp.asarray(point))), abs=1e-9)


def test_samples_are_the_same_for_the_same_seed(chains):
    start = sampling.starts(np.zeros(2), COVARIANCE)
    again = sampling.sample(narrow, start, LOW, HIGH, NAMES, COVARIANCE, warm=200, draws=600)
    other = sampling.sample(narrow, start, LOW, HIGH, NAMES, COVARIANCE, warm=200, draws=600, seed=1)
    np.testing.assert_array_equal(again.samples, chains.samples)
    assert not np.any(other.samples[0, 0] == chains.samples[0, 0])


def plain():
    """Chains without a sampler."""
    samples = np.random.default_rng(1).normal(size=(3, 7, 2))
    return sampling.Chains(
        NAMES, samples, -np.sum(samples**2, axis=-1) / 2, LOW, HIGH, np.ones(2), np.ones(2), 0.0, 1.0
    )


def test_xarray_opens_the_folder(tmp_path):
    written = plain()
    sampling.write_zarr(tmp_path / "chains.zarr", written)
    with xarray.open_zarr(tmp_path / "chains.zarr", group="posterior") as found:
        assert set(found.dims) == {"chain", "draw"}
        assert dict(found.sizes) == {"chain": 3, "draw": 7}
        np.testing.assert_array_equal(found["b"].transpose("chain", "draw"), written.samples[:, :, 1])
    with xarray.open_datatree(tmp_path / "chains.zarr", engine="zarr") as tree:
        np.testing.assert_array_equal(tree["sample_stats"]["lp"], written.log_density)


def test_getdist_texts_hold_weight_density_and_parameters(tmp_path):
    written = plain()
    names = sampling.write_getdist(tmp_path, "point", written, {"a": r"\ln\kappa"})
    assert sorted(names) == ["point.paramnames", "point.ranges", "point_1.txt", "point_2.txt", "point_3.txt"]
    assert (tmp_path / "point.paramnames").read_text(encoding="ascii") == "a\t\\ln\\kappa\nb\tb\n"
    assert (tmp_path / "point.ranges").read_text(encoding="ascii") == "a -1 1\nb -0.5 0.005\n"
    table = np.loadtxt(tmp_path / "point_2.txt")
    np.testing.assert_array_equal(table[:, 0], 1.0)
    np.testing.assert_allclose(table[:, 1], -written.log_density[1], rtol=1e-9)
    np.testing.assert_allclose(table[:, 2:], written.samples[1], rtol=1e-9)
    with pytest.raises(faults.CannotWrite, match="cannot write"):
        sampling.write_getdist(tmp_path / "absent", "point", written)


def test_starts_are_drawn_from_the_covariance():
    found = sampling.starts(np.array([1.0, 2.0]), COVARIANCE, 4000)
    np.testing.assert_allclose(np.cov(found.T), COVARIANCE, rtol=0.1)
    np.testing.assert_allclose(found.mean(axis=0), [1.0, 2.0], atol=1e-3)


def test_without_blackjax_the_message_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "blackjax"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "blackjax", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'jaxmix\[bayes\]'"):
        sampling.sample(narrow, np.zeros((1, 2)), LOW, HIGH, NAMES, COVARIANCE)


def scatter(measurements, free, **numbers):
    """Fisher's covariance of a benchmark with many events, and that of samples; the wide box says nothing."""
    pytest.importorskip("blackjax")
    benchmark = {**likelihood.BENCHMARK, "kappa": 1e-2}
    bright = likelihood.Forecast.build(benchmark, measurements, held={"luminosity": 3000.0}, free=free)
    report = likelihood.fisher(bright)
    assert sum(counts.sum() for counts in report.counts.values()) > 1e4
    covariance = information.covariance(report.matrix)
    begin = sampling.starts(bright.prediction.start(), covariance)
    found = sampling.sample(bright.log_posterior, begin, bright.low, bright.high, free, covariance, **numbers)
    assert np.all(found.r_hat < 1.02)
    assert found.divergent == 0.0
    return covariance, found


def same(covariance, found):
    """Standard deviations of some 500 samples' worth are good to 3%, variances to 6%."""
    spread, truth = (np.sqrt(np.diag(each)) for each in (found.covariance(), covariance))
    np.testing.assert_allclose(spread, truth, rtol=0.1)
    np.testing.assert_allclose(
        found.covariance() / np.outer(spread, spread), covariance / np.outer(truth, truth), atol=0.05
    )


def test_many_events_scatter_as_fishers_information_says():
    """Mixing and dark angle from the light and the number of events of one detector; no adaptation is needed."""
    same(*scatter(likelihood.MEASUREMENTS[1:2], ("kappa", "tan_theta_dark"), warm=0, draws=150))


@pytest.mark.slow
def test_many_events_at_two_sites_scatter_as_fishers_information_says():
    """All three combinations that the default measurements know: the mass of the mCP from the ratio of the sites."""
    same(*scatter(likelihood.MEASUREMENTS[:2], ("kappa", "tan_theta_dark", "m_mcp"), warm=300, draws=500))


@pytest.mark.slow
def test_the_hessian_of_a_forecast_is_its_information():
    default = likelihood.Forecast.build(measurements=likelihood.MEASUREMENTS[:2], held={"luminosity": 3000.0})
    matrix = likelihood.fisher(default).matrix
    found = engine.fast_compile(_hessian)(default)
    np.testing.assert_allclose(found, matrix, rtol=1e-6, atol=1e-6 * np.max(matrix))


def _hessian(each):
    return reference.observed_information(each.log_likelihood, each.prediction.start())
