"""Both particles of a pair in the face, against an independent Monte Carlo of four-vectors, and what invariance demands
of it.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from jaxmix.collider import jet, parton_luminosity, partons, recoil
from jaxmix.detector import acceptance_table, geometry, pair, transport
from jaxmix.numerics.sobol import scrambled

SQRT_S = jnp.asarray(14000.0)
EM = np.array([4 / 9, 1 / 9])  # c_q^2 of J_EM


def solid_angle(face: geometry.Face) -> float:
    """Of a square seen from its axis, sr: 4 asin[h^2/(1 + h^2)], h = side/(2 distance)."""
    squared = float(face.side / (2 * face.distance)) ** 2
    return 4 * np.arcsin(squared / (1 + squared))


@pytest.fixture(scope="module")
def densities() -> partons.PartonDensities:
    return partons.parton_densities()


@pytest.fixture(scope="module")
def spectrum(densities) -> recoil.Recoil:
    return jax.jit(recoil.tabulate)(parton_luminosity.parton_luminosity(), densities)


@functools.partial(jax.jit, static_argnames="lowest")
def samples(mass, beta, densities, face, cube, across=1.0, lowest=0.0, path=None, charge=0.0):
    def veto(pt):
        return (jnp.where(pt > lowest, 1.0, 0.0),) * 2

    source = pair.Source(densities, SQRT_S, weigh=veto)
    tracks = None if path is None else pair.Tracks(path, charge)
    columns = pair.cross_section(mass, beta, source, face, cube, across, tracks)
    return jnp.stack([jnp.mean(column) for column in columns])


def both(mass, m, densities, face, log2_points=12, across=1.0, lowest=0.0, path=None, charge=0.0):
    """sigma(both in the face) of J_EM, pb, and its error from four scrambles."""
    beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
    points = scrambled.points(pair.DIMENSIONS, log2_points, 4)
    found = [
        samples(jnp.asarray(mass), beta, densities, face, jnp.asarray(cube), across, lowest, path, charge) @ EM
        for cube in points
    ]
    return reference.mean_and_error(np.array(found))


def sampled(mass, m, densities, face, lowest, spin, sector, reach, charge=0.0, size=1_000_000, rounds=3):
    """The same from bosons of random momenta that decay isotropically, weighted by jet.density; hits of a square by
    straight lines.
    """
    rng = np.random.default_rng(5)
    theta = 2 * np.arctan(np.exp(-float(face.eta)))
    normal, up = np.array([np.sin(theta), 0, np.cos(theta)]), np.array([np.cos(theta), 0, -np.sin(theta)])
    beta = np.sqrt(1 - 4 * m**2 / mass**2)
    found = []
    for _ in range(rounds):
        pt = lowest / np.sqrt(rng.uniform(size=size))
        allowed = pt < 3000
        pt = np.minimum(pt, 3000.0)
        y, y_jet = float(face.eta) + rng.uniform(-reach, reach, size), rng.uniform(-6, 6, size)
        c, phi, azimuth = rng.uniform(-1, 1, size), rng.uniform(0, 2 * np.pi, size), rng.uniform(-sector, sector, size)
        s, p, transverse = np.sqrt(1 - c**2), beta * mass / 2, np.hypot(mass, pt)
        hit, momenta = allowed, []
        for sign in (1, -1):
            x, across, z = sign * p * s * np.cos(phi), sign * p * s * np.sin(phi), sign * p * c
            energy, x = (transverse * mass / 2 + pt * x) / mass, (pt * mass / 2 + transverse * x) / mass
            energy, z = energy * np.cosh(y) + z * np.sinh(y), z * np.cosh(y) + energy * np.sinh(y)
            momenta.append((energy, x, across, z))
            arrival = azimuth
            if charge:  # the position at the face, for a face at eta = 0
                arrival = azimuth + np.array(
                    transport.azimuth_of_exit(
                        sign * charge, jnp.asarray(np.hypot(x, across)), transport.Path(), face.distance
                    )
                )
            vector = np.array(
                [x * np.cos(arrival) - across * np.sin(arrival), x * np.sin(arrival) + across * np.cos(arrival), z]
            )
            ahead = normal @ vector
            half = float(face.side) / (2 * float(face.distance)) * ahead
            hit = hit & (ahead > 0) & (np.abs(up @ vector) < half) & (np.abs(vector[1]) < half)
        difference = tuple(jnp.asarray((one - two)[hit]) for one, two in zip(*momenta, strict=True))
        decay = jet.Decay(difference, jnp.full(hit.sum(), beta)) if spin else None
        event = jet.Event(jnp.full(hit.sum(), mass), *(jnp.asarray(each[hit]) for each in (pt, y, y_jet)), SQRT_S)
        columns = jet.density(event, densities, event.transverse_mass, decay)
        weight = EM @ np.array(columns) * pt[hit] ** 4 / lowest**2 * 2 * reach * 12
        found.append(weight.sum() / size * sector / np.pi)
    return np.mean(found), np.std(found) / np.sqrt(rounds - 1)


@pytest.mark.parametrize(
    ("mass", "m", "side", "eta", "lowest", "sector", "reach", "spin"),
    [
        pytest.param(3.0, 1.0, 4.0, 0.0, 20.0, 0.5, 1.0, True, marks=pytest.mark.slow),
        pytest.param(30.0, 10.0, 8.0, 0.0, 30.0, 0.5, 1.0, True, marks=pytest.mark.slow),
        pytest.param(9.0, 4.4, 4.0, 0.5, 20.0, 0.3, 0.6, True, marks=pytest.mark.slow),
        pytest.param(5.0, 0.1, 6.0, -1.0, 30.0, 0.5, 0.8, True, marks=pytest.mark.slow),
    ],
)
def test_both_in_the_face_is_the_monte_carlo(densities, mass, m, side, eta, lowest, sector, reach, spin):
    face = geometry.Face(side, 20.0, eta)
    exact, error = sampled(mass, m, densities, face, lowest, spin, sector, reach)
    found, own = both(mass, m, densities, face, lowest=lowest)
    assert error < 0.05 * exact
    assert own < 0.06 * found
    assert found == pytest.approx(exact, abs=3 * np.hypot(error, own))


@pytest.mark.slow
def test_a_field_parts_the_two(densities):
    """Tracks of opposite charges 0.15 in 3.8 T, against the Monte Carlo with each position turned."""
    face = geometry.Face(4.0, 20.0)
    exact, error = sampled(3.0, 1.0, densities, face, 20.0, True, 0.6, 1.0, charge=0.15)
    found, own = both(3.0, 1.0, densities, face, 15, lowest=20.0, path=transport.Path(rock=0.0), charge=0.15)
    assert own < 0.1 * found
    assert found == pytest.approx(exact, abs=3 * np.hypot(error, own))


@pytest.mark.slow
def test_rock_stops_large_charges(densities):
    """All arrive with a charge of 1e-3, as on straight tracks, none with a unit charge behind a kilometre."""
    face = geometry.Face(4.0, 20.0)
    free, none = (
        both(3.0, 1.0, densities, face, 14, path=transport.Path(field=0.0, rock=rock), charge=charge)
        for rock, charge in ((17.0, 1e-3), (1e3, 1.0))
    )
    straight, error = both(3.0, 1.0, densities, face)
    assert free[0] == pytest.approx(straight, abs=3 * np.hypot(free[1], error))
    assert none[0] < 1e-3 * free[0]


@pytest.mark.parametrize(("lowest", "cross_section", "published"), [(20.0, 1.76e5, 3.1e-7), (100.0, 813.0, 2.0e-5)])
def test_acceptance_of_both_at_twenty_metres(densities, lowest, cross_section, published):
    """M = 3, m = 1, 1 m at 20 m: the project's physics notes, section 5, decay isotropically. The decay's polarisation
    adds 14% at pT > 20 GeV (an independent Monte Carlo: 3.51e-7 with it, 3.07e-7 without) and 2% at pT > 100 GeV.
    """
    found, error = both(3.0, 1.0, densities, geometry.Face(), 14, lowest=lowest)
    assert error < 0.05 * found
    polarised = {20.0: 1.14, 100.0: 1.02}[lowest]
    assert found / cross_section == pytest.approx(polarised * published, rel=0.1)


@pytest.mark.parametrize(("mass", "m"), [(2.1, 1.0), (3.0, 1.0), (3.0, 0.1), (9.0, 3.0), (9.0, 4.45), (30.0, 10.0)])
def test_errors_of_independent_scrambles_are_small(densities, spectrum, mass, m):
    """1% with 16,000 points where a Sudakov factor keeps the boson from being slow; what is asked for is 5%
    above 1e-9.
    """
    face = geometry.Face()

    @jax.jit
    def one(cube):
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        source = pair.Source(densities, SQRT_S, weigh=lambda pt: spectrum.below(jnp.asarray(mass), pt))
        columns = pair.cross_section(jnp.asarray(mass), beta, source, face, cube)
        return jnp.mean(columns[0])

    found, error = reference.mean_and_error(
        np.array([float(one(jnp.asarray(cube))) for cube in scrambled.points(6, 12, 4)])
    )
    assert error < 0.02 * found


def test_bars_share_a_face(densities):
    """In a face of one bar both are always in the same; the same bar of many is rarer than any, more so for
    more bars.
    """
    face = geometry.Face(4.0, 20.0)
    whole, two, ten = (both(3.0, 1.0, densities, face, across=across, lowest=5.0)[0] for across in (1.0, 2.0, 10.0))
    assert whole > two > ten > 0
    single = both(3.0, 1.0, densities, geometry.Face(4.0 / 10, 20.0), lowest=5.0)[0]
    assert ten / single == pytest.approx(100.0, rel=0.15)  # each of a hundred bars is as one small face


@pytest.mark.parametrize("across", [1.0, 3.0])
def test_directions_fill_the_face_evenly(across):
    """The volumes of the samples add up to the square of the face's solid angle, and to its fourth moments."""
    face = geometry.Face(8.0, 20.0, 0.3)
    cube = jnp.asarray(scrambled.points(5, 15, 1)[0])
    found = pair.sample(jnp.asarray(3.0), jnp.asarray(0.7), face, SQRT_S, cube, across)
    total = float(jnp.mean(found.volume)) / 2  # t has a range of two
    if across == 1.0:
        assert total == pytest.approx(solid_angle(face) ** 2, rel=0.01)
        opening = float(jnp.mean(found.volume * jnp.sum((found.start - found.end) ** 2, axis=-1))) / 2 / total
        assert opening == pytest.approx(
            4 * 0.2**2 / 3, rel=0.04
        )  # flat square of half side 0.2, less what the sphere bends
    else:
        assert jnp.all(jnp.floor((found.start / 0.2 + 1) / 2 * 3) == jnp.floor((found.end / 0.2 + 1) / 2 * 3))
        assert total == pytest.approx(solid_angle(face) ** 2 / 9, rel=0.02)


@pytest.mark.parametrize(("mass", "m"), [(3.0, 1.0), (9.0, 0.01), (2.002, 1.0)])
def test_pairs_have_the_mass_and_the_directions_asked_for(mass, m):
    face = geometry.Face(1.0, 20.0, 0.7)
    beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
    places = pair.sample(jnp.asarray(mass), beta, face, SQRT_S, jnp.asarray(scrambled.points(5, 8, 1)[0]))
    found = pair.pairs(jnp.asarray(mass), beta, face, places)
    first, second = np.array(found.first), np.array(found.second)
    for one in (first, second):
        np.testing.assert_allclose(one[0], np.sqrt(m**2 + (one[1:] ** 2).sum(axis=0)), rtol=1e-6)
    total = first + second
    np.testing.assert_allclose(total[0] ** 2 - (total[1:] ** 2).sum(axis=0), mass**2, rtol=1e-4)
    eta = np.arcsinh(first[3] / np.hypot(first[1], first[2]))
    assert np.all(np.abs(eta - 0.7) < 0.05)


def test_slopes_of_the_probability(densities):
    """With mass, geometry and scale, against finite differences, through the samples themselves."""
    cube = jnp.asarray(scrambled.points(6, 7, 1)[0])

    @jax.jit
    def total(place):
        mass, m, side, distance, eta, scale = place
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        source, face = pair.Source(densities, SQRT_S, scale), geometry.Face(side, distance, eta)
        columns = pair.cross_section(mass, beta, source, face, cube, 4.0)
        return jnp.log(jnp.mean(columns[0]))

    place = jnp.array([3.0, 0.9, 1.0, 20.0, 0.1, 1.1])
    reverse = jax.jit(jax.grad(total))(place)
    for axis in range(6):
        step = 1e-5 * jnp.eye(6)[axis]
        assert reverse[axis] == pytest.approx(
            float(total(place + step) - total(place - step)) / 2e-5, rel=1e-4, abs=1e-5
        )


def test_tabulated_probability_is_the_direct_one(densities, spectrum):
    """To 5% where it is above 1e-9, with four times the points and another scramble."""
    luminosity = parton_luminosity.parton_luminosity()
    face = geometry.Face()
    tabulated = luminosity.tabulate()
    table = jax.jit(lambda: acceptance_table.two(tabulated, densities, spectrum, face))()
    cube = jnp.asarray(scrambled.points(6, 13, 2)[1])

    @jax.jit
    def direct(mass, m):
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        source = pair.Source(densities, SQRT_S, weigh=lambda pt: spectrum.below(mass, pt))
        columns = pair.cross_section(mass, beta, source, face, cube)
        return jnp.stack(
            [jnp.mean(column) / unit for column, unit in zip(columns, jet.drell_yan(mass, tabulated), strict=True)]
        )

    compared = 0
    for mass, m in ((2.3, 1.0), (3.0, 1.0), (4.0, 1.7), (9.0, 4.0), (9.0, 4.45), (20.0, 9.9)):
        exact = np.asarray(direct(jnp.asarray(mass), jnp.asarray(m)))
        if exact[0] > 1e-9:
            compared += 1
            np.testing.assert_allclose(np.exp(table(jnp.asarray([mass]), jnp.asarray(m))[0]), exact, rtol=0.05)
    assert compared >= 4
