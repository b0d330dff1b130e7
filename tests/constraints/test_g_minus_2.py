"""Anomalous magnetic moments against mpmath's integrals, an exact diagonalisation, and published numbers."""

import dataclasses

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import reference
from mpmath import mpf

from jaxmix import constants, engine, parameters, study
from jaxmix.constraints import g_minus_2
from jaxmix.currents import mixing, neutral_currents
from jaxmix.data import tables
from jaxmix.electroweak import anomalous_moment
from jaxmix.models import mixed_phase

MUON = g_minus_2.MuonMagneticMoment.lepton
ELECTRON = g_minus_2.ElectronMagneticMoment.lepton
HELD = {name: p.default for name, p in parameters.PARAMETERS.items() if p.default is not None}
G_FERMI = 1.1663788e-5  # GeV^-2, PDG 2024
HALF_PI = np.pi / 2
CLASSES = [g_minus_2.MuonMagneticMoment, g_minus_2.ElectronMagneticMoment]

# the loop functions


def vector_part(z: mpf, r: mpf) -> mpf:
    """Integrand of Delta a 4 pi^2/g_V^2."""
    return r * z * (1 - z) ** 2 / (z + r * (1 - z) ** 2)


def axial_part(z: mpf, r: mpf) -> mpf:
    """The same for g_A^2, from Leveille's Q with x = 1 - z: [x (1 - x) (x - 4) - 2 r x^3]/(1 - x + r x^2)."""
    x = 1 - z
    return r * (x * (1 - x) * (x - 4) - 2 * r * x**3) / (1 - x + r * x**2)


def integral(integrand, r: mpf) -> mpf:
    """int_0^1 dz, with the layers at z = r and 1 - z = r^-1/2 in pieces of their own."""
    with mpmath.workdps(40):
        steps = {mpf(10) ** -k for k in range(1, 24, 2)}
        return mpmath.quad(
            lambda z: integrand(z, r), [0, *sorted(steps | {1 - step for step in steps if step > 1e-12}), 1]
        )


def boson(lepton: constants.Fermion, mass: float, vector: float, axial: float) -> jax.Array:
    return anomalous_moment.vector_boson(*(jnp.asarray(x) for x in (lepton.mass, mass, vector, axial)))


@pytest.mark.parametrize("lepton", [ELECTRON, MUON], ids=lambda f: f.name)
@pytest.mark.parametrize("mass", [1e-4, 5.1e-4, 2e-2, 0.21, 3.0, 91.2, 1e5])
def test_one_loop_is_the_integral(lepton, mass):
    """Vector and axial part, and their slopes in the mass, r = m_lepton^2/mass^2 from 3e-17 to 1e6."""
    r = (mpf(lepton.mass) / mpf(mass)) ** 2
    for couplings, integrand in (((1.0, 0.0), vector_part), ((0.0, 1.0), axial_part)):
        value, slope = jax.value_and_grad(lambda m, c=couplings: boson(lepton, m, *c))(jnp.asarray(mass))
        exact = integral(integrand, r) / (4 * mpmath.pi**2)
        assert float(value) == pytest.approx(float(exact), rel=1e-9, abs=0)
        step = mpf(10) ** -30  # along the imaginary axis, so that nothing is subtracted
        by_log_r = integral(integrand, r * mpmath.mpc(1, step)).imag / step / (4 * mpmath.pi**2)
        assert float(slope) == pytest.approx(float(-2 * by_log_r / mass), rel=1e-9, abs=3e-9 * float(abs(exact)) / mass)


def test_a_massless_photon_gives_schwingers_number():
    """alpha/(2 pi) = 0.00116141 times epsilon^2; J. Schwinger, Phys. Rev. 73 (1948) 416."""
    epsilon, e = 1e-3, np.sqrt(4 * np.pi * constants.ALPHA_0)
    assert float(boson(MUON, 1e-7, epsilon * e, 0.0)) == pytest.approx(0.0011614097 * epsilon**2, rel=1e-5, abs=0)


@pytest.mark.parametrize(("vector", "axial"), [(0.3, 0.0), (0.0, 0.3), (0.1, -0.2)])
def test_a_heavy_boson_gives_a_contact_term(vector, axial):
    """m^2/(4 pi^2 M^2) (g_V^2/3 - 5 g_A^2/3); F. Jegerlehner and A. Nyffeler, Phys. Rept. 477 (2009) 1."""
    limit = (MUON.mass / 3e4) ** 2 / (4 * np.pi**2) * (vector**2 / 3 - 5 * axial**2 / 3)
    assert float(boson(MUON, 3e4, vector, axial)) == pytest.approx(limit, rel=1e-8, abs=0)


def z_boson(sin2: float) -> float:
    """The Standard Model Z's share of a_mu, with e^2/(sW^2 cW^2) = 4 sqrt2 G_F M^2."""
    neutral = np.sqrt(4 * np.sqrt(2) * G_FERMI) * constants.M1
    return float(boson(MUON, constants.M1, neutral * (-0.5 + 2 * sin2) / 2, neutral * 0.5 / 2))


def test_the_standard_model_z_and_w_meet_the_literature():
    """Z: G_F m^2/(8 sqrt2 pi^2) [(1 - 4 sW^2)^2 - 5]/3 = -193.9e-11 at sW^2 = 1 - mW^2/mZ^2 = 0.223; with the W's 10/3
    of the same unit 194.80(1)e-11, C. Gnendiger et al., Phys. Rev. D 88 (2013) 053005.
    """
    unit = G_FERMI * MUON.mass**2 / (8 * np.sqrt(2) * np.pi**2)
    assert z_boson(0.2312) == pytest.approx(unit * ((1 - 4 * 0.2312) ** 2 - 5) / 3, rel=1e-4, abs=0)
    assert z_boson(0.2312) == pytest.approx(-1.94e-9, abs=2e-12)
    assert z_boson(0.22301) == pytest.approx(-193.9e-11, abs=2e-14)
    assert unit * 10 / 3 + z_boson(0.22301) == pytest.approx(194.80e-11, abs=1e-13)


# a point's change of a


def of_states(p: reference.Point, e: mpf, lepton: constants.Fermion) -> mpf:
    """The loop of both massive states of a point, by the 4x4 diagonalisation."""
    return mpmath.fsum(loop(state.mass, state.content, p, e, lepton) for state in reference.states(p)[1:])


def loop(mass: mpf, content: list, p: reference.Point, e: mpf, lepton: constants.Fermion) -> mpf:
    """One boson's share, from its content and the lepton's couplings to the Lagrangian fields."""
    left, right = (mpmath.fsum(g * x for g, x in zip(side, content)) for side in reference.chiral(lepton, p, e))
    r = (mpf(lepton.mass) / mass) ** 2
    vector, axial = ((left + right) / 2) ** 2, ((left - right) / 2) ** 2
    return (vector * integral(vector_part, r) + axial * integral(axial_part, r)) / (4 * mpmath.pi**2)


def exact_shift(kappa: float, m2: float, theta: float, lepton: constants.Fermion) -> float:
    """The change against the Standard Model with the hatted alpha, theta_W and M1 equal to the inputs.

    The Lagrangian's g1, and with it sW, M1 and e, is what the inputs give for g1^ times sqrt(1 - kappa^2 cW'^2).
    """
    hatted = reference.point(0.0, 50.0, theta)
    e_hat = mpmath.sqrt(4 * mpmath.pi * mpf(constants.ALPHA_0))
    g1, g2 = e_hat / hatted.cos_w, e_hat / hatted.sin_w
    bare1 = g1 * mpmath.sqrt(1 - (mpf(kappa) * hatted.cos_d) ** 2)
    total, bare_total = mpmath.sqrt(g1**2 + g2**2), mpmath.sqrt(bare1**2 + g2**2)
    p = hatted._replace(
        kappa=mpf(kappa), m2=mpf(m2), sin_w=bare1 / bare_total, cos_w=g2 / bare_total, m1=hatted.m1 * bare_total / total
    )
    without = loop(hatted.m1, [0, 1, 0, 0], hatted, e_hat, lepton)
    return float(of_states(p, bare1 * g2 / bare_total, lepton) - without)


def shift(kappa: float, theta: float, lepton: constants.Fermion = MUON, **masses: float) -> float:
    return float(anomalous_moment.shift(mixed_phase.MixedPhase(kappa, theta_dark=theta, **masses).currents(), lepton))


@pytest.mark.parametrize(
    ("kappa", "m2", "theta"),
    [
        (1e-7, 0.03, HALF_PI),
        (1e-3, 0.003, 0.4),
        (1e-6, 300.0, 1.0),
        (0.3, 8.0, 0.7),
        (0.6, 1500.0, 1.2),
        (0.05, 60.0, 0.3),
        (-0.2, 120.0, 0.5),
    ],
)
def test_the_change_is_that_of_the_exact_states(kappa, m2, theta):
    """Both massive bosons of the mixed phase by an exact diagonalisation at 60 digits, less the Standard Model's Z: no
    digit is lost at small kappa, where the two Z differ by 1e-14 and less, and the hatted point is the same physics.
    """
    for lepton in (MUON, ELECTRON):
        assert shift(kappa, theta, lepton, m2=m2) == pytest.approx(
            exact_shift(kappa, m2, theta, lepton), rel=2e-9, abs=0
        )


@pytest.mark.parametrize(("kappa", "m2"), [(1e-3, constants.M1), (1e-2, 91.0), (1e-3, 91.25)])
def test_where_the_lines_cross_the_two_bosons_cancel(kappa, m2):
    """Each differs from the Standard Model's Z by up to all of its 2e-9; the sum is right to 1e-24."""
    assert shift(kappa, 0.9, m2=m2) == pytest.approx(exact_shift(kappa, m2, 0.9, MUON), rel=1e-9, abs=1e-24)


@pytest.mark.parametrize("mass", [1e-3, 0.03, 0.5, 5.0])
@pytest.mark.parametrize("theta", [0.3, HALF_PI])
def test_small_mixing_is_the_leading_order_formula(mass, theta):
    """alpha (kappa cW sW')^2/(2 pi) int dz 2 m^2 z (1 - z)^2/(m^2 (1 - z)^2 + m_Z'^2 z), up to (m_Z'/m_Z)^2 and
    kappa^2.
    """
    kappa = 1e-4
    epsilon2 = kappa**2 * (1 - constants.SIN2_THETA_W) * np.sin(theta) ** 2
    for lepton in (MUON, ELECTRON):
        r = (mpf(lepton.mass) / mpf(mass)) ** 2
        leading = constants.ALPHA_0 * epsilon2 / np.pi * float(integral(vector_part, r))
        assert shift(kappa, theta, lepton, m_zprime=mass) == pytest.approx(
            leading, rel=2 * (mass / constants.M1) ** 2 + 1e-7, abs=0
        )


def test_a_dark_photon_with_the_published_parameters_gives_the_published_change():
    """m = 214 MeV and epsilon^2 = 3e-5 give a few times 1e-9; M. Pospelov, Phys. Rev. D 80 (2009) 095002, abstract."""
    kappa = np.sqrt(3e-5 / (1 - constants.SIN2_THETA_W))
    assert 1e-9 < shift(kappa, HALF_PI, m_zprime=0.214) < 6e-9


def test_a_massless_dark_photon_alone_changes_nothing():
    """Holdom phase: the kinetic mixing is a change of alpha and theta_W, whatever M2 is called."""
    for kappa in (1e-3, 0.3, 0.9):
        assert shift(kappa, 0.0, m2=20.0) == 0.0
        assert shift(kappa, 0.0, m_zprime=1e-3) == 0.0


def test_one_limit_serves_every_phase():
    """With the physical mass held the change depends on kappa and theta_W' through kappa^ = kappa sW'/sqrt(1 - kappa^2
    cW'^2).
    """
    for mass in (0.05, 20.0, 90.0, 400.0):
        expected = shift(0.2, HALF_PI, m_zprime=mass)
        for theta in (0.4, 0.9):
            kappa = 0.2 / np.sqrt(np.sin(theta) ** 2 + (0.2 * np.cos(theta)) ** 2)
            assert shift(kappa, theta, m_zprime=mass) == pytest.approx(expected, rel=1e-11, abs=0)


# the measurements


def test_the_tension_of_each_vintage_is_the_published_one():
    """4.2 (Phys. Rev. Lett. 126 (2021) 141801), 3.6 (Eur. Phys. J. C 71 (2011) 1515) and, for 2025, 38(63)e-11
    (arXiv:2505.21476).
    """
    muon = {
        word: g_minus_2.MuonMagneticMoment.build({"vintage": word}, ("cl", 0.95))
        for word in g_minus_2.MuonMagneticMoment.settings["vintage"].choices
    }
    assert list(muon) == ["2025", "2021", "2010"]
    assert float(muon["2025"].error) == pytest.approx(63.7e-11, abs=0.05e-11)
    assert float(muon["2025"].pull * muon["2025"].error) == pytest.approx(38.5e-11, abs=0.05e-11)
    assert float(muon["2021"].pull) == pytest.approx(4.2, abs=0.05)
    assert float(muon["2010"].pull) == pytest.approx(3.6, abs=0.05)
    assert list(g_minus_2.ElectronMagneticMoment.settings["vintage"].choices) == ["rb", "cs", "2008"]


@pytest.mark.parametrize(
    ("vintage", "inverse_alpha", "measured", "from_measured"),
    [
        ("rb", 137.035999206, 1159652180.59, 137.035999166),
        ("cs", 137.035999046, 1159652180.59, 137.035999166),
        ("2008", 137.03599884, 1159652180.73, 137.035999084),
    ],
)
def test_the_electrons_predictions_follow_from_their_alpha(vintage, inverse_alpha, measured, from_measured):
    """d ln a_e/d ln alpha = 1 - 0.0015 (alpha/(2 pi) and the next order), from the alpha that gives the measured a_e:
    the one of X. Fan et al. (2023) and of D. Hanneke et al. (2008). To the last digit printed.
    """
    columns = tables.read_csv("anomalous_moments.csv").columns
    row = list(columns["vintage"]).index(vintage)
    expected = measured * (1 - (1 - 0.0015) * (inverse_alpha - from_measured) / from_measured)
    assert columns["experiment"][row] == measured
    assert columns["standard_model"][row] == pytest.approx(expected, abs=0.011, rel=0)


def q_of(constraint: g_minus_2.MagneticMoment, kappa: float, **numbers: float) -> float:
    currents = mixed_phase.MixedPhase(kappa, **{"theta_dark": HALF_PI, **numbers}).currents()
    return float(constraint.test_statistic(currents, constraint.slow(currents)))


@pytest.mark.parametrize(
    ("kind", "vintage"), [(CLASSES[0], "2025"), (CLASSES[0], "2021"), (CLASSES[1], "cs"), (CLASSES[1], "2008")]
)
def test_q_is_the_difference_of_two_chi_squares(kind, vintage):
    """From the table's numbers, for the data as taken and for data that equal the Standard Model."""
    columns = tables.read_csv("anomalous_moments.csv").columns
    row = next(i for i in range(6) if (columns["lepton"][i], columns["vintage"][i]) == (kind.lepton.name, vintage))
    data, model = columns["experiment"][row], columns["standard_model"][row]
    variance = columns["experiment_error"][row] ** 2 + columns["standard_model_error"][row] ** 2
    built = kind.build({"vintage": vintage}, ("cl", 0.95))
    for kappa in (1e-4, 3e-3):
        change = 1e12 * shift(kappa, HALF_PI, kind.lepton, m_zprime=0.02)
        observed = ((data - model - change) ** 2 - (data - model) ** 2) / variance
        assert q_of(built, kappa, m_zprime=0.02) == pytest.approx(observed, rel=1e-5, abs=0)
        assert q_of(built.asimov(), kappa, m_zprime=0.02) == pytest.approx(change**2 / variance, rel=1e-9, abs=0)


def test_a_dark_photon_of_30_mev_explains_the_anomaly_of_its_time():
    """epsilon of 1.5e-3 to 2e-3 lies in the two-sigma band that searches for dark photons drew with the data of 2010
    and of 2021, and takes all of the published tension away at its centre; since 2025 it is excluded.
    """
    cos = np.sqrt(1 - constants.SIN2_THETA_W)
    for vintage, tension in (("2021", 4.2), ("2010", 3.6)):
        built = g_minus_2.MuonMagneticMoment.build({"vintage": vintage}, ("sigma", 2.0))
        scan = [q_of(built, epsilon / cos, m_zprime=0.03) for epsilon in (1.5e-3, 2.0e-3, 2.1e-3)]
        assert all(q + float(built.pull) ** 2 < 4.0 for q in scan)
        assert min(scan) == pytest.approx(-(tension**2), abs=0.5)
    newest = g_minus_2.MuonMagneticMoment.build({}, ("cl", 0.95))
    assert q_of(newest, 2e-3 / cos, m_zprime=0.03) > float(newest.critical_value())


def test_critical_values():
    """3.841 at 95%, 2.706 at 90%, n^2 at n standard deviations."""
    built = g_minus_2.ElectronMagneticMoment.build({}, ("cl", 0.95))
    assert float(built.critical_value()) == pytest.approx(3.8414588, rel=1e-7, abs=0)
    assert float(built.at_level("cl", 0.9).critical_value()) == pytest.approx(2.7055435, rel=1e-7, abs=0)
    assert float(built.at_level("sigma", 3.0).critical_value()) == pytest.approx(9.0, rel=1e-15, abs=0)


def test_expected_and_observed_limits_differ_by_the_pull():
    """delta = 1.96 for the expected limit, pull + sqrt(pull^2 + 1.96^2) for the observed one, in kappa^2 to leading
    order.
    """
    built = g_minus_2.ElectronMagneticMoment.build({"vintage": "cs"}, ("cl", 0.95))
    pull, z = -1.02 / np.hypot(0.13, 0.23), 1.959964
    per_kappa2 = shift(1e-5, HALF_PI, ELECTRON, m_zprime=0.02) / 1e-10 / (1e-12 * np.hypot(0.13, 0.23))
    for constraint, delta in ((built.asimov(), z), (built, pull + np.hypot(pull, z))):
        q = q_of(constraint, np.sqrt(delta / per_kappa2), m_zprime=0.02)
        assert q == pytest.approx(float(built.critical_value()), rel=1e-5, abs=0)


@pytest.mark.parametrize("kind", CLASSES)
def test_wrong_words_are_refused(kind):
    with pytest.raises(ValueError, match=r"vintage: found '1999'; allowed: \w+, \w+, \w+"):
        kind.build({"vintage": "1999"}, ("cl", 0.95))
    with pytest.raises(ValueError, match="mode must be one of"):
        kind.build({}, ("percent", 95.0))


@pytest.mark.parametrize("kind", CLASSES)
def test_finite_with_finite_slopes_everywhere(kind):
    """Values and both modes' slopes: at kappa = 0, on the crossing, in the gap, at both ends of the masses, in every
    phase.
    """
    built = kind.build({}, ("cl", 0.95))

    def q(numbers):
        currents, _ = study.currents_and_status({**HELD, **numbers})
        return built.test_statistic(currents, built.slow(currents))

    rows = [
        (kappa, mass, theta)
        for kappa in (0.0, 1e-9, 1e-3, 0.1, 0.9, -0.3)
        for mass in (1e-4, 0.1, 91.0, constants.M1, 91.19, 91.6, 1e5)
        for theta in (0.0, 0.4, HALF_PI)
    ]
    batch = dict(zip(("kappa", "m_zprime", "theta_dark"), (jnp.asarray(column) for column in zip(*rows))))
    (values, reverse), forward = jax.jit(
        jax.vmap(lambda numbers: (jax.value_and_grad(q)(numbers), jax.jacfwd(q)(numbers)))
    )(batch)
    assert bool(jnp.all(jnp.isfinite(values)))
    for name in batch:
        assert bool(jnp.all(jnp.isfinite(reverse[name])))
        np.testing.assert_allclose(forward[name], reverse[name], rtol=1e-8, atol=1e-12)
    vanishing = (np.asarray(batch["kappa"]) == 0) | (np.asarray(batch["theta_dark"]) == 0)
    assert np.all(np.asarray(values)[vanishing] == 0.0)


@pytest.mark.parametrize("name", ["kappa", "m_zprime", "theta_dark", "sin2_theta_w"])
def test_slopes_are_the_differences(name):
    point = {"kappa": 0.02, "m_zprime": 3.0, "theta_dark": 0.7, "sin2_theta_w": constants.SIN2_THETA_W}
    built = g_minus_2.MuonMagneticMoment.build({}, ("cl", 0.95))

    def q(value):
        currents, _ = study.currents_and_status({**HELD, **point, name: value})
        return built.test_statistic(currents, built.slow(currents))

    step = 1e-5 * point[name]
    difference = (q(point[name] + step) - q(point[name] - step)) / (2 * step)
    assert float(jax.grad(q)(jnp.asarray(point[name]))) == pytest.approx(float(difference), rel=1e-6, abs=0)


def test_single_precision_agrees():
    built = g_minus_2.MuonMagneticMoment.build({}, ("cl", 0.95))
    for kappa, mass in ((1e-5, 1e-3), (1e-2, 2.0), (0.3, 70.0)):
        double = mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=0.8).currents()
        single, placed = engine.place(double, "float32"), engine.place(built, "float32")
        slow = placed.slow(single)
        assert slow.dtype == jnp.float32
        assert float(slow[0]) == pytest.approx(float(built.slow(double)[0]), rel=2e-5, abs=0)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_grid_over_the_mixing_interpolates_it(kind):
    """What is interpolated keeps its size over four decades of kappa, so that 24 nodes give q to 1e-5 also where it is
    1e-10.
    """
    whole = study.Study(HELD | {"theta_dark": 0.8}, {kind.name: kind.build({}, ("cl", 0.95))})
    grid = engine.Grid((engine.Axis.log("m_zprime", 0.01, 500.0, 20), engine.Axis.log("kappa", 1e-5, 0.3, 1000)))
    found = engine.interpolation_error(whole, grid, samples=500)
    assert found[kind.name] < 1e-5 and found["status"] == 0


def test_the_sum_does_not_ask_which_state_is_the_z():
    """Across the mass at which the labels swap the change is continuous: it is smooth in M2."""
    near, labels = [], []
    for m2 in np.linspace(88.0, 94.0, 61):
        near.append(float(np.log(shift(0.05, 1.0, m2=m2))))
        labels.append(
            float(neutral_currents.states(mixed_phase.MixedPhase(0.05, theta_dark=1.0, m2=m2).currents())[2].mass)
        )
    assert np.max(np.abs(np.diff(labels))) > 1.0  # the label does jump
    assert np.max(np.abs(np.diff(near, 3))) < 1e-5


def test_a_physical_mass_in_the_gap_between_the_phases_forbidden_ones_is_answered():
    """Where the point exists and its hatted twin with the same physical mass does not, M2 is held."""
    currents = mixed_phase.MixedPhase(0.1, m_zprime=constants.M1 * (1 + 5e-4), theta_dark=0.8).currents()
    assert np.isfinite(float(currents.m2))
    kappa = currents.sector.hatted
    okun = mixing.Angle(cos=jnp.asarray(0.0), sin=jnp.asarray(1.0))
    assert np.isnan(float(mixing.lagrangian_mass(kappa, currents.m1, currents.m_zprime, currents.weak, okun)))
    held = dataclasses.replace(currents, m_zprime=None)
    assert float(anomalous_moment.shift(currents, MUON)) == float(anomalous_moment.shift(held, MUON))
