"""A forecast against gradients in closed form, a fit by SciPy's rules, and samples of its posterior."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxmix import constants, engine, parameters, study
from jaxmix.constraints.mcp_lhc import detector as mcp_lhc
from jaxmix.detector import photoelectrons
from jaxmix.forecast import likelihood
from jaxmix.statistics import information

BINS = len(likelihood.MEASUREMENTS[0].edges)
SIN2 = constants.SIN2_THETA_W  # theta_dark = theta_W at the benchmark

# d ln/d(ln kappa, ln tan(theta_dark), ln e_dark, ln m_zprime, ln m_mcp): epsilon_gamma = kappa cos(theta_W)
# cos(theta_dark) e_dark/e and epsilon_Z = kappa cos(theta_W) sin(theta_dark)
OF_CHARGE = np.array([1.0, -SIN2, 1.0, 0.0, 0.0])
OF_ZPRIME = np.array([1.0, 1.0 - SIN2, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def default():
    return likelihood.Forecast.build()


@pytest.fixture(scope="module")
def report(default):
    return likelihood.fisher(default)


def cosine(a, b):
    return abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)


def test_expected_events_are_those_of_the_constraint(report):
    """At the interface's own parameters, with theta_dark as an angle and each detector by itself."""
    point = parameters.defaults() | likelihood.BENCHMARK
    currents, _ = study.currents_and_status({name: jnp.asarray(value) for name, value in point.items()})
    for each in (likelihood.MEASUREMENTS[1], likelihood.MEASUREMENTS[3]):
        detector = engine.run_compiled(study.prepared, mcp_lhc.MillichargeDetector.build(each.settings, ("sigma", 2.0)))
        truth = engine.fast_compile(_events)(detector, currents)
        assert report.counts[each.name].sum() == pytest.approx(float(truth), rel=1e-6)
    assert 40 < report.counts["one_central"].sum() < 60
    assert report.counts["two_central"].sum() < 1e-3  # no two-mCP event there


def _events(detector, currents):
    return detector.expected_events(currents, detector.slow(currents))


def test_light_alone_measures_the_charge_as_counted_photoelectrons_do(report):
    """Shapes of the bins know epsilon_gamma alone. Per event the information on ln N is that of three zero-truncated
    Poisson numbers.
    """
    counts = report.counts["one_forward"]
    mean = (5e-3 * (1 - SIN2) / photoelectrons.CHARGE_ONE_PHOTOELECTRON) ** 2
    k = np.arange(1, 200)
    single = stats.poisson.pmf(k, mean) / stats.poisson.sf(0, mean)
    best = 3 * (single @ k**2 - (single @ k) ** 2) * 4 * counts.sum()  # N goes as the charge squared
    shares = lambda log_charge: np.array(_shares(np.exp(log_charge)))
    at = np.log(5e-3 * (1 - SIN2))
    slope = (shares(at + 1e-4) - shares(at - 1e-4)) / 2e-4
    used = shares(at) > 1e-12
    found = np.sum(counts.sum() * slope[used] ** 2 / shares(at)[used])
    assert 0.95 < found / best < 1.0  # what the bins lose


def _shares(charge):
    bins = likelihood.Light(jnp.zeros(BINS), likelihood.MEASUREMENTS[0].edges, 3).log_counts(
        jnp.asarray(0.0), charge, 2e-3
    )
    return jnp.exp(bins)


def test_the_best_measured_direction_is_that_of_the_millicharge(report):
    """Within 12 degrees: the number of events, which is known half as well, turns it."""
    best = report.directions[0]
    assert best.name.startswith("kappa^1")
    assert not best.degenerate
    assert best.deviation < 0.01
    assert cosine(best.powers, OF_CHARGE) > np.cos(np.deg2rad(12))
    deviation = 1 / np.sqrt(OF_CHARGE @ report.matrix @ OF_CHARGE / (OF_CHARGE @ OF_CHARGE))
    assert deviation == pytest.approx(
        1 / np.sqrt(best.powers @ report.matrix @ best.powers / (best.powers @ best.powers)), rel=0.1
    )


def test_the_null_directions_change_neither_charge_nor_production(report):
    """With both charges held, e_dark and tan(theta_dark) rise together; along the other the Z' is produced as often at
    another mass.
    """
    assert [each.degenerate for each in report.directions] == [False, False, False, True, True]
    for each in report.directions[3:]:
        assert abs(each.powers @ OF_CHARGE) < 0.02
        assert each.deviation > 5
    nothing = report.directions[4]
    assert nothing.name.split()[1:] == ["tan_theta_dark^1", "e_dark^0.99"]
    truth = np.cross(OF_CHARGE[:3], OF_ZPRIME[:3])
    assert cosine(nothing.powers[:3], truth) > 0.999
    assert abs(report.directions[3].powers[3]) > 0.9  # m_zprime


def test_sites_at_two_rapidities_measure_a_ratio_of_masses(default, report):
    """The third direction is lost where one site counts: half of the bins leave it without a statement."""
    central = _matrix(report, ("one_central",))
    alone = information.directions(central, default.names)
    assert [each.degenerate for each in alone] == [False, False, True, True, True]
    np.testing.assert_allclose(_matrix(report, report.counts), report.matrix, rtol=1e-9, atol=1e-6)
    third = report.directions[2].powers
    assert third[3] * third[4] < 0  # a ratio


def _matrix(report, names):
    """Fisher's information of some measurements, from the Report's counts and slopes."""
    return sum(report.slopes[name].T @ (report.counts[name][:, None] * report.slopes[name]) for name in names)


def _moved(forecast_, step):
    return eqx.tree_at(lambda each: each.prediction.point, forecast_, forecast_.prediction.point + jnp.asarray(step))


@pytest.mark.slow
def test_slopes_are_those_of_differences(default, report):
    step = 1e-4
    for k in range(5):
        after, before = (likelihood.fisher(_moved(default, sign * step * np.eye(5)[k])) for sign in (1, -1))
        for name, counts in report.counts.items():
            seen = counts > 1e-9
            difference = np.log(after.counts[name][seen] / before.counts[name][seen]) / (2 * step)
            np.testing.assert_allclose(report.slopes[name][seen, k], difference, rtol=1e-3, atol=2e-3)


def test_information_grows_with_the_luminosity(default, report):
    more = eqx.tree_at(_luminosities, default, [10 * each for each in _luminosities(default)])
    np.testing.assert_allclose(likelihood.fisher(more).matrix, 10 * report.matrix, rtol=1e-9)


def _luminosities(each):
    return [detector.values["luminosity"] for detector in each.prediction.study.constraints.values()]


def test_priors_are_named_where_they_decide(default, report):
    found = likelihood.fisher(dataclasses.replace(default, widths=jnp.full(5, 0.5)))
    np.testing.assert_array_equal(found.matrix, report.matrix)
    assert [each.from_prior > 0.9 for each in found.directions] == [False, False, False, True, True]
    assert [each.degenerate for each in found.directions] == [False, False, False, True, True]
    assert "of it from the prior, degenerate" in found.directions[4].sentence()
    np.testing.assert_allclose(
        found.marginal, np.sqrt(np.diag(np.linalg.inv(report.matrix + 4 * np.eye(5)))), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"benchmark": {"kappa": 1e-3}}, "found a benchmark of"),
        ({"benchmark": {**likelihood.BENCHMARK, "theta_dark": 0.0}}, "need logarithms"),
        ({"benchmark": {**likelihood.BENCHMARK, "kappa": 2.0}}, "kappa: found 2.0"),
        ({"free": ("kappa", "theta_dark")}, "'theta_dark'.* are not free parameters; allowed: kappa, tan_theta_dark"),
        ({"free": ("kappa",), "priors": {"e_dark": 1.0}}, "'e_dark'.* are not free"),
        ({"measurements": ()}, "one or more"),
        ({"measurements": (likelihood.Measurement("a", {"layers": 2.5}),)}, "a has 2.5 layers; allowed: whole numbers"),
        (
            {"measurements": (likelihood.Measurement("a", {"particles": "two"}),)},
            "rising whole numbers from the number of layers, 6",
        ),
        (
            {"measurements": (likelihood.Measurement("a", {}), likelihood.Measurement("b", {"sqrt_s": 13e3}))},
            "the same for all",
        ),
    ],
)
def test_what_makes_no_forecast_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        likelihood.Forecast.build(**arguments)
