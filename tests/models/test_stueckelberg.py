"""Stueckelberg mixing against 3x3 propagators inverted at 60 digits, and the theorem that maps it to the Okun phase."""

import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import reference
from mpmath import mpf

from jaxmix import constants, engine, study
from jaxmix.constraints import shelf as constraints
from jaxmix.currents import mixing, neutral_currents
from jaxmix.electroweak import feedback
from jaxmix.electroweak import standard_model as sm
from jaxmix.models import declarations, mixed_phase, shelf, stueckelberg

KAPPA, R, M, G, CHARGE, M_MCP = 0.05, 0.02, 30.0, 0.6, 0.7, 3.0
POINTS = [(KAPPA, R, M), (0.3, -0.2, 120.0), (-0.01, 0.4, 8.0), (0.02, 0.0, 91.0), (0.0, 0.05, 40.0)]
E = mpmath.sqrt(4 * mpmath.pi * mpf(constants.ALPHA))
UP, DOWN, ELECTRON = (next(f for f in constants.FERMIONS if f.name == name) for name in ("u", "d", "e"))


def currents(kappa: float, r: float, m: float, **more: float) -> neutral_currents.NeutralCurrents:
    return stueckelberg.Stueckelberg(kappa, r, m2=m, g_dark=G, charge_dark=CHARGE, **more).currents()


class Exact:
    """The Lagrangian over (A1, Z1, X) and its inverse propagator, written from the field definitions."""

    def __init__(self, kappa: float, r: float, m: float, width: float | None = None, m_mcp: float | None = None):
        self.kappa, self.r, self.m, self.width, self.m_mcp = mpf(kappa), mpf(r), mpf(m), width, m_mcp
        self.standard = reference.point(0.0, 1.0, 0.5)
        b, mu = mpmath.matrix([self.standard.cos_w, -self.standard.sin_w, 0]), self.r * self.m
        x = mpmath.matrix([0, 0, 1])
        self.kinetic = mpmath.eye(3) + self.kappa * (b * x.T + x * b.T)
        mass = self.m * x + mu * b
        self.mass_squared = mass * mass.T + mpmath.diag([0, self.standard.m1**2, 0])
        self.massive = x + self.r * b
        self.current = mpf(G) * mpf(CHARGE) * x

    def propagator(self, s: mpf) -> mpmath.matrix:
        absorptive = mpmath.matrix(3, 3)
        if s > 0:
            absorptive[:2, :2] = reference.absorption(self.standard, s, E)[:2, :2]
            if self.width is not None:
                absorptive += mpf(self.width) / self.m * self.massive * self.massive.T
            elif self.m_mcp is not None and s > 4 * mpf(self.m_mcp) ** 2:
                beta = mpmath.sqrt(1 - 4 * mpf(self.m_mcp) ** 2 / s)
                absorptive += beta * (3 - beta**2) / (24 * mpmath.pi) * self.current * self.current.T
        return (s * self.kinetic - self.mass_squared + 1j * s * absorptive) ** -1

    def bare(self, s: mpf) -> mpmath.matrix:
        absorptive = reference.absorption(self.standard, s, E)[:2, :2] if s > 0 else mpmath.matrix(2, 2)
        return (s * mpmath.eye(2) - mpmath.diag([0, self.standard.m1**2]) + 1j * s * absorptive) ** -1

    def states(self) -> list[tuple[mpf, list]]:
        """Masses and contents, the photon first."""
        inverse = mpmath.cholesky(self.kinetic) ** -1
        squares, rotation = mpmath.eigsy(inverse * self.mass_squared * inverse.T)
        vectors = inverse.T * rotation
        found = [(mpmath.sqrt(abs(squares[i])), [vectors[j, i] for j in range(3)]) for i in range(3)]
        return sorted(found, key=lambda state: state[0])


KINDS = [{"dark_width": 0.4}, {"dark_width": 0.0}, {"m_mcp": M_MCP}]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind))
def test_amplitudes_are_those_of_the_inverted_propagator(kind: dict[str, float]) -> None:
    """P_SM,SM - P0 and sum |A|^2 of quark pairs to mCPs, to 1e-11, timelike and spacelike, on the resonance, with a
    width that is given (which stands on X' = X + r B) and with the mCP's own (which stands on the current of X).
    """
    for kappa, r, m in POINTS:
        exact = Exact(kappa, r, m, kind.get("dark_width"), kind.get("m_mcp"))
        point = currents(kappa, r, m, **kind)
        for offset in np.array([-0.7, 1e-4, 3.0, -1.5, -40.0]) * m**2:
            s = mpf(m) ** 2 + mpf(offset)
            full, bare = exact.propagator(s), exact.bare(s)
            there = jnp.asarray(float(s))
            _, pi, _, denominator = point.sector.forms(there).at(there, jnp.asarray(offset))
            absorption = mixing.absorptive(there, point.e, point.weak)
            to_a, to_z, h = (complex(x) for x in mixing.hypercharge_vector(there, point.m1, point.weak, absorption))
            pi = complex(point.strength**2 * there * pi)
            factor = pi / (complex(denominator) - h * pi)
            for value, (i, j) in zip((to_a * to_a, to_a * to_z, to_z * to_z), ((0, 0), (0, 1), (1, 1))):
                assert abs(factor * value / complex(full[i, j] - bare[i, j]) - 1) < 1e-11
            if s > 0:
                found = neutral_currents.pair_amplitudes(point, there, jnp.asarray(offset))
                for value, quark in zip(found, (UP, DOWN)):
                    chiral = [mpmath.matrix([*g[:2], 0]) for g in reference.chiral(quark, exact.standard, E)]
                    amplitudes = [(g.T * full * exact.current)[0] for g in chiral]
                    expected = sum(abs(each) ** 2 for each in amplitudes)
                    assert float(value * point.strength**2) == pytest.approx(float(expected), rel=1e-11)


@pytest.mark.parametrize(("kappa", "r", "m"), POINTS)
def test_states_are_those_of_an_exact_diagonalisation(kappa: float, r: float, m: float) -> None:
    """Masses to 1e-13, every content up to the sign of the state; the millicharge is the photon's coupling."""
    point = currents(kappa, r, m)
    found = neutral_currents.states(point)
    exact = Exact(kappa, r, m).states()
    photon = found[0]
    for (mass, content), state in zip(exact, sorted(found, key=lambda state: float(state.mass))):
        assert float(state.mass) == pytest.approx(float(mass), rel=1e-13, abs=1e-20)
        contents = np.array([float(x) for x in (state.a1, state.z1, state.z2)])
        expected = np.array([float(x) for x in content])
        np.testing.assert_allclose(contents * np.sign(contents @ expected), expected, atol=1e-13)
    charge = float(photon.z2) * G * CHARGE / (float(photon.a1) * float(E))
    assert float(point.epsilon_gamma) == pytest.approx(charge, rel=1e-13, abs=1e-18)


def test_check_values() -> None:
    """kappa = 0.05, r = 0.02, m = 30: the specification's masses, kappa_eff, photon content and electron amplitude."""
    point = currents(KAPPA, R, M)
    photon, z, zprime = neutral_currents.states(point)
    assert float(zprime.mass) == pytest.approx(30.010016567401, rel=1e-13)
    assert float(z.mass) == pytest.approx(91.215171699218, rel=1e-13)
    assert float(point.sector.hatted) == pytest.approx(0.0300240288385, rel=1e-12)
    assert float(photon.z2 / photon.a1) == pytest.approx(-0.0175362481734, rel=1e-11)
    exact, s = Exact(KAPPA, R, M, 0.0), mpf(100)
    plain = mpmath.diag([0, -1j * s * mpf("2.5") / exact.standard.m1, 0])  # i s Gamma1/M1 on Z1 alone
    full = (s * exact.kinetic - exact.mass_squared - plain) ** -1
    left = mpmath.matrix([*reference.chiral(ELECTRON, exact.standard, E)[0][:2], 0])
    assert abs(complex((left.T * full * left)[0]).real) == pytest.approx(9.78788161213773e-4, rel=1e-6)


def test_the_standard_model_sees_the_okun_phase_at_kappa_eff() -> None:
    """F(s) equals that of the Okun phase at (kappa - r)/N and the same m; kappa = r moves nothing at any energy."""
    model = sm.standard_model(jnp.zeros(2))
    s = jnp.asarray([4.0, 890.0, 8315.0, 4e4])
    h = sm.propagators(model, s).h
    for kappa, r, m in POINTS:
        point = currents(kappa, r, m, dark_width=0.01 * m)
        okun = mixed_phase.MixedPhase(float(point.sector.hatted), m2=m, theta_dark=np.pi / 2).currents()
        one, other = (feedback.feedback(each, model.m1, model.weak, jnp.asarray(0.01)) for each in (point, okun))
        found, expected = (feedback.timelike(each, s, s - m**2, h) for each in (one, other))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    unseen = feedback.feedback(currents(0.1, 0.1, 50.0), model.m1, model.weak, jnp.asarray(0.01))
    assert np.all(np.asarray(feedback.timelike(unseen, s, s - 2500.0, h)) == 0.0)
    assert bool(currents(0.1, 0.1, 50.0).sector.decoupled)


def test_all_mixings_flip_together() -> None:
    """(kappa, r) -> (-kappa, -r): the same masses and rates, the opposite millicharge."""
    one, other = currents(KAPPA, R, M, m_mcp=M_MCP), currents(-KAPPA, -R, M, m_mcp=M_MCP)
    s = jnp.asarray([100.0, 950.0, 9000.0])
    for here, there in zip(*(neutral_currents.pair_amplitudes(each, s, s - M**2) for each in (one, other))):
        np.testing.assert_allclose(here, there, rtol=1e-14)
    for here, there in zip(neutral_currents.states(one), neutral_currents.states(other)):
        assert float(here.mass) == pytest.approx(float(there.mass), rel=1e-14)
    assert float(one.epsilon_gamma) == -float(other.epsilon_gamma) != 0.0


@pytest.mark.parametrize(("kappa", "r", "m"), POINTS)
def test_a_physical_mass_comes_back(kappa: float, r: float, m: float) -> None:
    """The Z' of the point built from m_zprime has that mass, or there is none in the gap."""
    point = stueckelberg.Stueckelberg(kappa, r, m_zprime=m).currents()
    low, high = (float(x) for x in point.sector.forbidden_gap(point.m1, point.weak))
    assert np.isfinite(float(point.m2)) == (not low < m < high)
    if np.isfinite(float(point.m2)):
        masses = [float(mass) for mass, _ in Exact(kappa, r, float(point.m2)).states()]
        assert min(abs(mass / m - 1) for mass in masses) < 1e-12


def observables(kappa: jax.Array, r: jax.Array, m: jax.Array) -> jax.Array:
    point = stueckelberg.Stueckelberg(kappa, r, m_zprime=m, g_dark=G, m_mcp=M_MCP).currents()
    s = jnp.asarray(300.0)
    _, z, zprime = neutral_currents.states(point)
    amplitudes = [each * point.strength**2 for each in neutral_currents.pair_amplitudes(point, s, s - point.m2**2)]
    return jnp.stack([*amplitudes, z.mass, zprime.a1, point.epsilon_gamma])


def test_gradients_are_finite_differences() -> None:
    """By kappa, r and m_Z', to 1e-6; finite where both mixings vanish and where kappa = r."""
    slopes, values = jax.jit(jax.jacfwd(observables, argnums=(0, 1, 2))), jax.jit(observables)
    at, steps = np.array([KAPPA, R, M]), np.array([1e-6, 1e-6, 1e-3])
    for i, step in enumerate(steps):
        up, down = (values(*(at + sign * step * (np.arange(3) == i))) for sign in (1, -1))
        np.testing.assert_allclose(slopes(*at)[i], (up - down) / (2 * step), rtol=1e-6, atol=1e-12)
    for edge in ((0.0, 0.0), (0.1, 0.1), (0.0, 0.1), (0.1, 0.0)):
        assert all(np.all(np.isfinite(slope)) for slope in slopes(*edge, M))


@functools.cache
def whole(*names: str, model: str) -> study.Study:
    held = declarations.DECLARED[model].defaults()
    built = {name: constraints.build(name, {}, constraints.level(name, 0.95)) for name in names}
    return study.Study(held | {"m_mcp": 60.0}, built, model=model)


def test_precision_is_that_of_the_okun_phase_at_kappa_eff() -> None:
    """q/critical value of a Stueckelberg point equals that of the Okun phase, to 1e-9; none for kappa = r."""
    pairs = [(0.05, 0.02), (0.01, -0.02), (0.03, 0.0)]
    masses = np.array([10.0, 30.0, 150.0])
    kappas, rs = (np.array(column) for column in zip(*pairs))
    found = engine.evaluate_points(
        whole("precision", model="stueckelberg"),
        {"kappa": kappas, "mass_mixing": rs, "m_zprime": masses},
        batch=3,
    )
    effective = (kappas - rs) / np.sqrt(1 - 2 * kappas * rs + rs**2)
    okun = engine.evaluate_points(
        whole("precision", model="mixed_phase"),
        {"kappa": effective, "theta_dark": np.full(3, np.pi / 2), "m_zprime": masses, "e_dark": np.zeros(3)},
        batch=3,
    )
    np.testing.assert_allclose(found["precision"], okun["precision"], rtol=1e-9)
    assert np.all(found["status"] == study.OK)


def test_what_rests_on_a_dark_photon_makes_no_statement() -> None:
    """Dark radiation and the relic density need a massless dark photon; a point without it has none, and no number."""
    names = ("n_eff", "relic_density", "landau_pole")
    point = {"kappa": np.array([1e-3]), "mass_mixing": np.array([1e-3]), "m_zprime": np.array([30.0])}
    found = engine.evaluate_points(whole(*names, model="stueckelberg"), point, batch=1)
    assert np.isnan(found["n_eff"][0]) and np.isnan(found["relic_density"][0]) and found["landau_pole"][0] > 0
    assert found["status"][0] == study.OK


def test_the_shelf_names_every_model() -> None:
    """What is declared has a class, and a study of an unknown model or of another model's parameter is refused."""
    assert set(shelf.MODELS) == set(declarations.DECLARED)
    assert all(kind.declaration is declarations.DECLARED[name] for name, kind in shelf.MODELS.items())
    with pytest.raises(ValueError, match="model: found 'mixed'; allowed: mixed_phase, stueckelberg"):
        study.Study({}, {}, model="mixed")
    with pytest.raises(ValueError, match=r"unknown parameters \['theta_dark'\]; known to stueckelberg"):
        study.Study({"theta_dark": 0.3}, {}, model="stueckelberg")
