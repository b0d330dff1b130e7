"""The Landau pole, the relic density and the invisible width of the Z against their closed forms."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
import scipy.integrate

from jaxmix import constants, engine, faults, parameters, study
from jaxmix.constraints import landau_pole, n_eff, shelf
from jaxmix.data import tables

HELD = {name: p.default for name, p in parameters.PARAMETERS.items() if p.default is not None}
NAMES = ("landau_pole", "relic_density", "n_eff", "z_invisible_width")
BASE = {"kappa": 1e-3, "m_zprime": 30.0, "m_mcp": 10.0, "theta_dark": 0.5, "e_dark": 0.3}


def judged(*changes: dict[str, float], **settings: dict[str, float]) -> dict[str, np.ndarray]:
    """q/critical by constraint at points given as changes of one point."""
    rows = [BASE | change for change in changes]
    points = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    whole = study.Study(HELD, {name: shelf.build(name, settings.get(name, {}), ("cl", 0.95)) for name in NAMES})
    return engine.evaluate_points(whole, points, batch=16)


def test_the_pole_of_nine_charges() -> None:
    """One loop, 1/alpha' = (2/3 pi) ln(Lambda/m): e' = 9 e, e^2/(4 pi) = 1/137.04, has its pole at 2.9e3 m."""
    e_dark = 9 * math.sqrt(4 * math.pi * constants.ALPHA_0)
    pole = math.exp(3 * math.pi / (2 * 81 * constants.ALPHA_0))
    assert pole == pytest.approx(2.9e3, rel=0.01)
    masses = (1e4 / pole, 1e4 / 2.9e3, 1e4 / (pole * 0.9), 1e4 / (pole * 1.1), 2e4)
    rows = ({"theta_dark": 0.0, "e_dark": e_dark, "m_mcp": m} for m in masses)
    at, near, above, below, heavy = judged(*rows)["landau_pole"]
    assert at == pytest.approx(1.0, rel=1e-12) and near == pytest.approx(1.0, rel=2e-3)
    assert above < 1 < below and heavy < 0  # the pole is above the scale; below it; no running up to the scale


def test_the_pole_is_that_of_the_hypercharge() -> None:
    """g1' = e'/cW': the same q at every angle with g1' held; d alpha/d ln mu = 2 alpha^2/(3 pi) integrated numerically;
    scale is set.
    """
    angles = (0.0, 0.7, 1.4)
    q = judged(
        *({"theta_dark": theta, "e_dark": 2.0 * math.cos(theta)} for theta in angles), landau_pole={"scale": 3e3}
    )["landau_pole"]
    np.testing.assert_allclose(q, q[0], rtol=1e-12)
    logs = np.linspace(math.log(10.0), math.log(3e3), 200001)
    alpha = 4.0 / (4 * math.pi)
    for step in np.diff(logs):
        middle = alpha + alpha**2 * step / (3 * math.pi)
        alpha += 2 * middle**2 * step / (3 * math.pi)
    assert 1 - 4.0 / (4 * math.pi) / alpha == pytest.approx(q[0], rel=1e-6)
    built = shelf.build("landau_pole", {}, ("cl", 0.95))
    assert (
        built.values["scale"] == 1e4
        and built.at_level("sigma", 5.0) is built
        and isinstance(built, landau_pole.LandauPole)
    )


def test_the_relic_density_of_footnote_five() -> None:
    """Omega h^2 = 1e-5 (m/GeV)^2 (1e-2/alpha')^2 against 0.120 times the fraction."""
    e_dark = math.sqrt(4 * math.pi * 1e-2)
    rows = [{"e_dark": e_dark, "m_mcp": 1.0}, {"e_dark": e_dark, "m_mcp": 10.0}, {"e_dark": 2 * e_dark, "m_mcp": 10.0}]
    np.testing.assert_allclose(judged(*rows)["relic_density"] * 0.120 * 0.006, [1e-5, 1e-3, 1e-3 / 16], rtol=1e-12)
    whole = judged(*rows, relic_density={"fraction": 1.0})["relic_density"]
    np.testing.assert_allclose(whole * 0.120, [1e-5, 1e-3, 1e-3 / 16], rtol=1e-12)


def test_dark_radiation_of_a_decoupled_photon() -> None:
    """0.0537 for two states that decouple above the top's mass (the textbooks' 0.027 a state), 8/7 for neutrinos' own
    temperature; none where epsilon is too small for equilibrium; excluded below the QCD crossover alone.
    """
    rows = [
        {"m_mcp": mass, "kappa": kappa}
        for mass, kappa in ((3e3, 1e-3), (3e-3, 1e-3), (1.0, 1e-12), (0.1, 1e-3), (0.3, 1e-3))
    ]
    heavy, light, cold, below, above = 0.28 * judged(*rows)["n_eff"]
    assert heavy == pytest.approx(8 / 7 * (10.75 / 106.75) ** (4 / 3), rel=0.02) == pytest.approx(0.0537, rel=0.02)
    assert light == pytest.approx(8 / 7, rel=0.03)
    assert cold < 1e-6 and below > 0.28 > above


def test_entropy_of_the_standard_model() -> None:
    """Free particles, counted: 106.75 at 3 TeV, 86.25 between b and W, 75.75 between c and b to what their masses take,
    10.75 at 3 MeV.
    """
    found = [float(n_eff.entropy_states(jnp.asarray(t))) for t in (3e3, 15.0, 1.0, 3e-3)]
    assert found == pytest.approx([106.75, 86.25, 75.0, 10.75], rel=0.02)
    x = 2.0  # one boson of mass 2 T, by adaptive quadrature
    exact = scipy.integrate.quad(
        lambda y: y**2 * (np.hypot(y, x) + y**2 / 3 / np.hypot(y, x)) / np.expm1(np.hypot(y, x)), 0, 60
    )[0]
    assert float(n_eff._share(jnp.asarray(x), -1.0)) == pytest.approx(45 / (4 * np.pi**4) * exact, rel=1e-4)


def q_of_width(width: float) -> float:
    """q = delta (delta - 2 pull) over 3.84, with the measured 499.0 +- 1.5 MeV and 501.66 +- 0.05 MeV of the Standard
    Model.
    """
    error = math.hypot(1.5, 0.05)
    delta, pull = 1e3 * width / error, (499.0 - 501.66) / error
    return delta * (delta - 2 * pull) / 3.841458820694124


def test_the_invisible_width_in_the_holdom_phase() -> None:
    """Gamma = kappa^2 sW^2 e'^2 m_Z/(12 pi) (1 + 2x) sqrt(1 - 4x): 0.055 kappa^2 GeV for e' = e and a light mCP; none
    above threshold.
    """
    kappa, s2 = 0.02, constants.SIN2_THETA_W
    x = (20.0 / constants.M1) ** 2
    light = kappa**2 * s2 * constants.E_CHARGE**2 * constants.M1 / (12 * math.pi)
    assert light / kappa**2 == pytest.approx(0.055, rel=0.01)
    common = {"theta_dark": 0.0, "kappa": kappa, "e_dark": constants.E_CHARGE}
    q = judged(*(common | {"m_mcp": m} for m in (0.01, 20.0, 46.0)))["z_invisible_width"]
    # the Z is heavier by kappa^2 sW^2/2, and its contents change by as much
    assert q[0] == pytest.approx(q_of_width(light), rel=1e-2) and q[2] == 0.0
    assert q[1] == pytest.approx(q_of_width(light * (1 + 2 * x) * math.sqrt(1 - 4 * x)), rel=1e-2)


@pytest.mark.parametrize("m_zprime", [1.0, 60.0, 300.0])
def test_the_invisible_width_in_the_mixed_phase(m_zprime: float) -> None:
    """The exact contents (a2, z2) of the Z at 60 digits, and to order kappa^2 cW' + sW'^2/cW' M1^2/(M1^2 - M2^2) in
    place of cW'.
    """
    theta, kappa, e_dark, m = 0.9, 1e-3, 0.5, 5.0
    start = reference.point(kappa, 1.0, theta)
    _, z, _ = reference.states(start._replace(m2=reference.lagrangian_mass(start, m_zprime)))
    coupling = e_dark * float(z.content[2] - z.content[3] * reference.mpmath.tan(theta))
    x = (m / float(z.mass)) ** 2
    shape = float(z.mass) / (12 * math.pi) * (1 + 2 * x) * math.sqrt(1 - 4 * x)
    q = judged({"m_zprime": m_zprime, "theta_dark": theta, "kappa": kappa, "e_dark": e_dark, "m_mcp": m})[
        "z_invisible_width"
    ][0]
    assert q == pytest.approx(q_of_width(coupling**2 * shape), rel=1e-9)
    bracket = math.cos(theta) + math.sin(theta) ** 2 / math.cos(theta) * constants.M1**2 / (
        constants.M1**2 - m_zprime**2
    )
    leading = (kappa * math.sqrt(constants.SIN2_THETA_W) * e_dark * bracket) ** 2
    assert q == pytest.approx(q_of_width(leading * shape), rel=1e-3)


def test_the_limit_on_the_invisible_width() -> None:
    """With the deficit of 1.8 standard deviations q = 3.84 at 1.3 MeV, and at 2.9 MeV for data on the Standard Model;
    the publication gives 2.0 MeV at 95% for a width that cannot be negative, which is between the two.
    """
    built = shelf.build("z_invisible_width", {}, ("cl", 0.95))
    assert float(built.pull) == pytest.approx(-1.77, abs=0.01)
    delta = float(built.pull) + math.hypot(float(built.pull), 1.959964)
    assert 1e3 * delta * float(built.error) == pytest.approx(1.30, abs=0.01)
    assert q_of_width(delta * float(built.error)) == pytest.approx(1.0, rel=1e-6)
    assert (
        1e3 * 1.959964 * float(built.asimov().error) == pytest.approx(2.94, abs=0.01)
        and float(built.asimov().pull) == 0.0
    )
    assert float(built.at_level("sigma", 2.0).critical_value()) == 4.0
    with pytest.raises(faults.BadInput, match="mode must be one of"):
        shelf.build("z_invisible_width", {}, ("p", 0.5))
    header = tables.read_csv("z_invisible_width.csv").header
    assert "hep-ex/0509008" in header["source"] and "2.0 MeV" in header["note"]


def test_a_zprime_on_the_z_is_no_statement() -> None:
    """Within Gamma_Z the mass eigenstates are not what was measured; in the Holdom phase nothing mixes."""
    places = ((90.0, 0.5), (88.5, 0.5), (93.9, 0.5), (90.0, 0.0))
    found = judged(*({"m_zprime": m, "theta_dark": theta} for m, theta in places))["z_invisible_width"]
    np.testing.assert_array_equal(np.isnan(found), [True, False, False, False])


def test_theory_moves_smoothly() -> None:
    """d q/d ln(scale) = (2/3 pi) alpha1' and slopes in e' and m_mcp, by automatic differentiation."""

    def q(e_dark: jax.Array, m_mcp: jax.Array, scale: jax.Array) -> jax.Array:
        built = shelf.build("landau_pole", {}, ("cl", 0.95)).with_settings({"scale": scale})
        currents, _ = study.currents_and_status(HELD | BASE | {"e_dark": e_dark, "m_mcp": m_mcp})
        return built.test_statistic(currents, built.slow(currents))

    by_charge, by_mass, by_scale = jax.grad(q, argnums=(0, 1, 2))(*(jnp.asarray(x) for x in (0.3, 10.0, 1e4)))
    slope = 2 / (3 * math.pi) * (0.3 / math.cos(0.5)) ** 2 / (4 * math.pi)
    assert (by_scale * 1e4, by_mass * 10.0) == pytest.approx((slope, -slope), rel=1e-12)
    assert by_charge * 0.3 == pytest.approx(2 * slope * math.log(1e3), rel=1e-12)
