"""The way to the detector against the Lorentz force and the stopping power integrated by scipy, and against published
numbers.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, optimize

from jaxmix.detector import transport

PATH = transport.Path()
MUON = 0.1056583755
LIGHT = 0.299792458


def crossing(charge, momentum, distance):
    """Azimuths of position and direction of a track at a radius: from the origin along x, F = q v x B in 3 m of 3.8 T
    along z.
    """

    def force(_, state):
        x, y, px, py = state
        field = 3.8 * (np.hypot(x, y) < 3.0)
        return [
            px / momentum,
            py / momentum,
            LIGHT * charge * field * py / momentum,
            -LIGHT * charge * field * px / momentum,
        ]

    def arrived(_, state):
        return np.hypot(state[0], state[1]) - distance

    arrived.terminal = True
    done = integrate.solve_ivp(
        force, (0, 60), [0, 0, momentum, 0], events=arrived, rtol=1e-9, atol=1e-12, max_step=0.05
    )
    if not len(done.t_events[0]):
        return None
    x, y, px, py = done.y_events[0][0]
    return np.arctan2(y, x), np.arctan2(py, px)


def angle_of_incidence(charge, transverse_momentum, path, distance):
    """Angle between a track and the line from the interaction point, at a distance (m) outside the field, rad:
    -asin[a^2/(2 R distance)], a the field's radius and R the track's.
    """
    curvature = transport.BENDING * charge * path.field / transverse_momentum
    return -np.arcsin(path.field_radius**2 * curvature / (2 * distance))


def scattering_angle(charge, momentum, mass, path):
    """Width of the projected angle by which the rock scatters a particle, rad; Highland, PDG 2024, eq. (34.16).

    (13.6 MeV/(beta p)) |charge| sqrt(x/X0) [1 + 0.038 ln(x charge^2/(X0 beta^2))], the logarithm's argument above 1e-3.
    """
    beta_squared = momentum**2 / (momentum**2 + mass**2)
    thickness = 100 * path.rock * path.density / path.radiation_length
    logarithm = np.log(np.maximum(thickness * charge**2 / beta_squared, 1e-3))
    return 13.6e-3 * np.abs(charge) * np.sqrt(thickness / beta_squared) / momentum * (1 + 0.038 * logarithm)


@pytest.mark.parametrize(
    ("charge", "momentum", "distance"), [(1.0, 3.0, 20.0), (-0.3, 1.0, 33.0), (0.03, 1.0, 20.0), (1.0, 3.0, 2.0)]
)
def test_track_in_the_field_obeys_the_lorentz_force(charge, momentum, distance):
    position, direction = crossing(charge, momentum, distance)
    assert transport.reaches(charge, momentum, PATH)
    assert transport.azimuth_of_exit(charge, momentum, PATH, distance) == pytest.approx(position, rel=2e-3)
    if distance > 3:
        assert angle_of_incidence(charge, momentum, PATH, distance) == pytest.approx(direction - position, rel=2e-3)
    small = -0.3 * charge * 3.8 / momentum * min(distance, 3.0) * (1 - min(distance, 3.0) / (2 * distance))
    assert position == pytest.approx(small, rel=0.002 + position**2)


def test_a_particle_that_curls_up_does_not_reach_the_detector():
    """2 R = 3 m at pT = 0.3 * 3.8 * 1.5 GeV."""
    assert [crossing(1.0, momentum, 20.0) is not None for momentum in (1.70, 1.72)] == [False, True]
    assert list(transport.reaches(1.0, jnp.array([1.70, 1.72]), PATH)) == [False, True]
    for momentum in (1e-3, 1.70, 0.5 * LIGHT * 3.8 * 3.0, 1.72):
        value, slopes = jax.value_and_grad(transport.azimuth_of_exit, argnums=(0, 1, 3))(1.0, momentum, PATH, 20.0)
        assert np.all(np.isfinite([value, *slopes]))


def bethe(charge, boost, mass):
    """The PDG's formula in MeV cm^2/g for standard rock, with Sternheimer's delta; W from the kinematics of m + e at
    rest.
    """
    electron, excitation = 0.51099895, 136.4e-6
    gamma = np.hypot(1, boost)
    energy, momentum = 1e3 * mass * gamma, 1e3 * mass * boost
    largest = 2 * electron * momentum**2 / ((1e3 * mass) ** 2 + electron**2 + 2 * electron * energy)
    x = np.log10(boost)
    delta = 4.6052 * x - 3.7738 + (0.08301 * (3.0549 - x) ** 3.412 if x < 3.0549 else 0) if x > 0.0492 else 0
    bracket = 0.5 * np.log(2 * electron * boost**2 * largest / excitation**2) - (boost / gamma) ** 2 - delta / 2
    return 0.307075 * charge**2 * 0.5 * (gamma / boost) ** 2 * bracket


def test_smallest_loss_of_muons_in_standard_rock():
    """1.688 MeV cm^2/g: Groom, Mokhov, Striganov, ADNDT 78 (2001) 183; they add 0.1% of radiation on electrons."""
    least = optimize.minimize_scalar(
        lambda p: float(transport.stopping_power(1.0, p, MUON, PATH)), bounds=(0.1, 1.0), method="bounded"
    )
    assert least.fun / 2.65 / 0.1 == pytest.approx(1.688, rel=2e-3)


def test_stopping_power_is_bethes_with_finite_slopes():
    for boost in (0.05, 0.3, 1.1, 1.2, 30.0, 1e3, 1.2e3, 1e5):
        for mass in (MUON, 1.0, 50.0):
            value, slopes = jax.value_and_grad(transport.stopping_power, argnums=(0, 1, 2))(
                0.03, boost * mass, mass, PATH
            )
            assert value == pytest.approx(0.1 * 2.65 * bethe(0.03, boost, mass), rel=1e-4)
            assert np.all(np.isfinite(slopes))
    difference = 0.265 * (bethe(1.0, 2.0 + 1e-5, 1.0) - bethe(1.0, 2.0 - 1e-5, 1.0)) / 2e-5
    assert jax.grad(transport.stopping_power, argnums=1)(1.0, 2.0, 1.0, PATH) == pytest.approx(difference, rel=1e-4)
    for momentum in (0.0, 1e-9):  # at rest
        assert np.all(np.isfinite(jax.grad(transport.stopping_power, argnums=(0, 1, 2))(0.0, momentum, 1.0, PATH)))


@pytest.mark.parametrize(
    ("charge", "kinetic", "mass"), [(0.1, 5.0, 1.0), (0.3, 1.07, 1.0), (0.3, 1.04, 1.0), (1.0, 40.0, MUON)]
)
def test_energy_behind_the_rock_is_the_integral_of_the_loss(charge, kinetic, mass):
    def loss(_, energy):
        ratio = max(energy[0] / mass, 0.00125)
        return [-0.265 * bethe(charge, np.sqrt(ratio * (ratio + 2)), mass)]

    def stopped(_, energy):
        return energy[0] - 0.00125 * mass  # beta gamma = 0.05

    stopped.terminal = True
    done = integrate.solve_ivp(loss, (0, 17), [kinetic], events=stopped, rtol=1e-9, atol=1e-12)
    after, stops = transport.energy_after(charge, mass + kinetic, mass, PATH)
    assert bool(stops) == bool(len(done.t_events[0]))
    assert after - mass == pytest.approx(0.0 if stops else done.y[0, -1], rel=3e-4)
    slopes = jax.grad(lambda *x: transport.energy_after(*x, PATH)[0], argnums=(0, 1, 2))(charge, mass + kinetic, mass)
    if stops:
        assert slopes == (0.0, 0.0, 1.0)
    else:  # dE_out/dE_in = S(E_out)/S(E_in)
        boosts = [np.sqrt(t * (t + 2 * mass)) / mass for t in (done.y[0, -1], kinetic)]
        assert slopes[1] == pytest.approx(bethe(1, boosts[0], mass) / bethe(1, boosts[1], mass), rel=2e-3)


def test_energy_behind_the_rock_at_the_edges():
    energies = jnp.array([0.9, 1.0, 1.001, 1.4, 1e4])
    after, stops = transport.energy_after(0.3, energies, 1.0, PATH)
    assert list(stops) == [True, True, True, True, False]
    np.testing.assert_array_equal(after[:4], 1.0)
    assert transport.energy_after(0.0, 3.0, 1.0, PATH)[0] == pytest.approx(3.0, rel=1e-14)
    slopes = jax.vmap(jax.grad(lambda q, e: transport.energy_after(q, e, 1.0, PATH)[0], argnums=(0, 1)), (None, 0))(
        0.3, energies
    )
    assert np.all(np.isfinite(slopes))


def test_scattering_of_a_muon():
    """13.6/(beta p) sqrt(x/X0) (1 + 0.038 ln(x/(X0 beta^2))) with x/X0 = 1: 1.36 mrad for a muon of 10 GeV."""
    thin = transport.Path(rock=26.54 / 2.65 / 100)
    assert scattering_angle(-1.0, 10.0, MUON, thin) == pytest.approx(1.36e-3, rel=3e-4)


def test_straight_tracks_are_enough_for_small_charges():
    """Charge to 0.01 and 5 GeV or more: moved by less than 0.13 m in 20 m, but tilted by far less than a bar of 0.1 m
    in 4 m is wide.
    """
    charge, momentum = jnp.array([1e-3, 3e-3, 1e-2])[:, None], jnp.array([5.0, 10.0, 60.0])[None, :]
    assert np.all(np.abs(20 * transport.azimuth_of_exit(charge, momentum, PATH, 20.0)) < 0.13)
    tilt = np.abs(angle_of_incidence(charge, momentum, PATH, 20.0)) + scattering_angle(charge, momentum, 1.0, PATH)
    assert np.all(tilt < 0.1 * 0.1 / 4.2)
    after, stops = transport.energy_after(charge, jnp.hypot(momentum, 1.0), 1.0, PATH)
    assert not np.any(stops)
    assert np.all(jnp.hypot(momentum, 1.0) - after < 1e-3)


def test_the_table_of_the_file_is_what_the_functions_give():
    rows = [line.split() for line in transport.__doc__.splitlines() if line.strip().startswith(("3e-", "0.3 "))]
    written = {(row[0], row[1]): row[2:] for row in rows if row[4] != "stops"}
    assert len(written) == 8
    for (charge, momentum), columns in written.items():
        q, p = float(charge), float(momentum)
        lost = np.hypot(p, 1.0) - transport.energy_after(q, np.hypot(p, 1.0), 1.0, PATH)[0]
        bent = -20 * transport.azimuth_of_exit(q, p, PATH, 20.0), -1e3 * angle_of_incidence(q, p, PATH, 20.0)
        values = [*bent, lost, 1e3 * scattering_angle(q, p, 1.0, PATH)]
        np.testing.assert_allclose(values, [float(column) for column in columns], rtol=0.05)
