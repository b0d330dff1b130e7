"""What every constraint of the shelf must keep, and the physics of each through the whole chain."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix import constants, engine, faults, parameters, study
from jaxmix.config import listing
from jaxmix.constraints import combined, shelf
from jaxmix.constraints.base import abstract
from jaxmix.constraints.mcp_lhc import detector as mcp_lhc
from jaxmix.constraints.published import members

Points = dict[str, np.ndarray]

HELD = {name: p.default for name, p in parameters.PARAMETERS.items() if p.default is not None}
BASE = {"kappa": 3e-3, "m_zprime": 31.0, "theta_dark": 0.5, "e_dark": 0.3, "m_mcp": 10.0}
VECTORS = {
    "rho": 0.77526,
    "phi": 1.019461,
    "jpsi": 3.0969,
    "psi2s": 3.6861,
    "upsilon1s": 9.4604,
    "upsilon3s": 10.3551,
}  # PDG 2024, GeV
SOME_BACKGROUND = {"mcp_lhc": {"rate": 500.0}}  # so that the statistic depends on every setting
EACH = pytest.mark.parametrize("name", list(shelf.SHELF))
# one published search of each kind stands for all, which are one code each
# and the combination is the sum of its members
OTHERS = [
    name
    for name, kind in shelf.SHELF.items()
    if not isinstance(kind, members.PublishedLimitKind) and kind is not combined.Combined
]
REPRESENTED = ["colliders_mcp", "lep_monophoton", *OTHERS]


class Chain(NamedTuple):
    """A study of one constraint; forward(points, directions) -> (q, slopes); reverse(points) -> gradients."""

    name: str
    study: study.Study
    defaults: dict[str, float]
    forward: Callable[[Points, Points], tuple[np.ndarray, np.ndarray]]
    reverse: Callable[[Points], Points]

    def points(self, *changed: dict[str, float]) -> Points:
        """The base point with every setting beside the parameters, once for each set of changes."""
        rows = [BASE | self.defaults | change for change in changed]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def slopes(self, points: Points, name: str) -> np.ndarray:
        """dq/d(name) in forward mode."""
        return self.forward(points, {key: np.full_like(value, key == name) for key, value in points.items()})[1]


@pytest.fixture(scope="module", params=REPRESENTED)
def chain(request: pytest.FixtureRequest) -> Chain:
    """Each constraint at two standard deviations or its only level, with everything compiled once."""
    name = request.param
    built = shelf.build(name, SOME_BACKGROUND.get(name, {}), level_of(name))
    whole = study.Study(HELD, {name: built})

    def q(point: engine.Point) -> jax.Array:
        return engine.exact(whole, point)[name]

    forward = jax.jit(lambda points, along: jax.lax.map(lambda pair: jax.jvp(q, pair[:1], pair[1:]), (points, along)))
    reverse = jax.jit(lambda points: jax.lax.map(jax.grad(q), points))
    kept = mcp_lhc.TABULATED if name == "mcp_lhc" else ()  # costly at each point: test_slopes_with_what_is_tabulated
    defaults = {f"{name}.{setting}": float(value) for setting, value in built.values.items() if setting not in kept}
    return Chain(name, whole, defaults, forward, reverse)


def level_of(name: str) -> tuple[str, float]:
    """Two standard deviations, or the only level of a published limit."""
    return ("sigma", 2.0) if shelf.SHELF[name].only_cl is None else shelf.level(name, 0.95)


def speaks(chain: Chain, points: Points) -> np.ndarray:
    """Whether a constraint has a statement to make where it is asked."""

    def one(point: engine.Point) -> jax.Array:
        return chain.study.constraints[chain.name].reason(study.currents_and_status({**HELD, **point})[0])

    return np.asarray(jax.jit(jax.vmap(one))(points)) == 0


def random_points(number: int, seed: int) -> Points:
    """Points of the box in all phases, among them one that does not exist and two that are Z-like."""
    random = np.random.default_rng(seed)
    masses = {"m_zprime": (0.3, 500.0), "m_mcp": (0.02, 300.0), "e_dark": (0.01, 3.0)}
    found = {name: np.exp(random.uniform(*np.log(ends), number)) for name, ends in masses.items()}
    found["kappa"] = random.choice([-1, 1], number) * 10 ** random.uniform(-6, -0.4, number)
    found["theta_dark"] = random.choice([0.0, 0.01, 0.3, 0.8, 1.2, 1.5], number)
    for name, values in {"kappa": 0.3, "theta_dark": 1.0, "m_zprime": [91.0, 92.0, 95.0]}.items():
        found[name][-3:] = values  # labels swapped, in the gap, labels swapped: test_study
    return found


@EACH
def test_a_shelf_member_describes_itself(name: str) -> None:
    """The words of `jaxmix constraints`; the Module's numbers are the settings and the parameters that it reads."""
    kind, described = shelf.SHELF[name], listing.describe(name)
    assert kind.name == name and kind.kind in ("measured", "projected", "published", "theory")
    assert all(described[key] for key in ("title", "reference", "domain", "levels"))
    assert described["cl"] is None if kind.kind == "theory" else 0 < described["cl"] < 1
    built = shelf.build(name, {}, shelf.level(name, 0.95))
    assert isinstance(built, abstract.AbstractConstraint) and all(built.sources()[:1])
    numbers = {word for word, each in kind.settings.items() if not each.is_word}
    assert set(built.values) == numbers | set(kind.parameters)
    assert set(kind.parameters) | set(kind.needs) <= set(parameters.PARAMETERS)


@EACH
def test_words_are_kept_and_others_refused(name: str) -> None:
    """Each word that the config allows makes another experiment; any other is bad input that names those allowed."""
    for choice, allowed in ((word, each.choices) for word, each in shelf.SHELF[name].settings.items() if each.is_word):
        built = [shelf.build(name, {choice: word}, ("cl", 0.95)) for word in allowed]
        assert len({jax.tree.structure(each) for each in built}) == len(allowed) > 1
        with pytest.raises(faults.BadInput, match=allowed[0]):
            shelf.build(name, {choice: "something else"}, ("cl", 0.95))


def test_finite_on_the_box_and_mapped_is_looped(chain: Chain) -> None:
    """q is a number at every point that the constraint judges and NaN at every other, and not negative where the data
    are the expectation; points one by one, with all settings given, are the same as mapped ones with tables made
    before.
    """
    points = random_points(256, 1)
    found = engine.evaluate_points(chain.study, points, batch=256)
    assert np.mean(found["status"] == study.OK) > 0.9
    assert {study.FORBIDDEN_GAP, study.LABELS_SWAPPED} <= set(found["status"].tolist())
    judged = study.is_judged(shelf.SHELF[chain.name], found["status"]) & speaks(chain, points)
    assert judged.sum() > 20
    np.testing.assert_array_equal(np.isnan(found[chain.name]), ~judged)
    if shelf.SHELF[chain.name].kind in ("measured", "projected"):
        expected = study.Study(HELD, {chain.name: chain.study.constraints[chain.name].asimov()})
        without_pull = engine.evaluate_points(expected, points, batch=256)[chain.name]
        assert np.all(without_pull[judged] >= -1e-30)  # rounding where nothing is coupled
        if shelf.SHELF[chain.name].kind == "projected":
            np.testing.assert_array_equal(without_pull, found[chain.name])
    some = {name: value[:16] for name, value in points.items()} | {
        name: np.full(16, value) for name, value in chain.defaults.items()
    }
    looped, _ = chain.forward(some, {name: np.zeros(16) for name in some})
    # a difference of two chi^2 of some 300 keeps 1e-15 of them
    floor = 1e-14 if shelf.SHELF[chain.name].kind == "measured" else 1e-300
    np.testing.assert_allclose(looped, found[chain.name][:16], rtol=1e-11, atol=floor)


def test_nothing_is_seen_without_a_coupling(chain: Chain) -> None:
    """q vanishes with kappa, at least as its square, in every phase, and is zero at kappa = 0; theory of the dark
    sector knows no kappa.
    """
    if shelf.SHELF[chain.name].kind == "theory":
        return
    for theta in (0.0, 0.5, 1.5):
        points = chain.points(*({"kappa": kappa, "theta_dark": theta} for kappa in (1e-3, 1e-4, 1e-5, 0.0)), *[{}] * 12)
        if not speaks(chain, points)[:4].all():
            assert theta == 1.5  # a Z' that is too wide
            continue
        q, _ = chain.forward(points, {name: np.zeros(16) for name in points})
        assert abs(q[2]) <= 1.001e-2 * abs(q[1]) and abs(q[2]) < 1e-4 and abs(q[3]) < 1e-14, (theta, q[:4])
        assert theta == 0.0 or abs(q[0]) > 0.0


def test_limits_move_with_numbers_that_are_no_parameters(chain: Chain) -> None:
    """What `movable` gives is among the settings."""
    movable = chain.study.constraints[chain.name].movable()
    assert set(movable) <= set(shelf.SHELF[chain.name].settings) - set(parameters.PARAMETERS)


def test_forward_reverse_and_finite_differences_agree(chain: Chain) -> None:
    """In every parameter and every setting, in three phases, on and off the resonance, a meson open or not."""
    changes = [
        {},
        {"theta_dark": 0.01, "m_mcp": 4.0},
        {"theta_dark": 1.3, "m_zprime": 12.0, "kappa": 0.02},
        {"kappa": -0.01, "m_mcp": 0.3},
    ]
    points = chain.points(*changes, *[{}] * 12)
    reverse = chain.reverse(points)
    sized = {name: np.abs(value[:4]) + (np.array([1.0]) if not value[0] else 0.0) for name, value in points.items()}
    for name in points:
        slopes = chain.slopes(points, name)[:4]
        np.testing.assert_allclose(reverse[name][:4], slopes, rtol=1e-9, atol=1e-12, err_msg=name)
        step = 1e-4 * sized[name]
        moved = {key: np.tile(value[:4], 4) for key, value in points.items()}
        moved[name] = moved[name] + np.concatenate([-2 * step, -step, step, 2 * step])
        far_below, below, above, far_above = chain.forward(moved, {key: np.zeros(16) for key in moved})[0].reshape(4, 4)
        difference = (far_below - 8 * below + 8 * above - far_above) / (12 * step)
        q = chain.forward(points, {key: np.zeros(16) for key in points})[0][:4]
        # by the envelope theorem the slope of a profiled chi^2 is as good as the fit's minimum
        floor = (1e-7 if chain.name == "precision" else 1e-9) * np.max(np.abs(q))
        np.testing.assert_allclose(slopes * sized[name], difference * sized[name], rtol=2e-6, atol=floor, err_msg=name)


def threshold_points() -> dict[str, dict[str, float]]:
    """Where a square root vanishes, a mass is crossed or a coupling is zero."""
    on = {f"m_mcp at half the {name}": {"m_mcp": mass / 2, "m_zprime": 3 * mass} for name, mass in VECTORS.items()}
    return on | {
        "Z' threshold": {"m_mcp": 15.5},
        "Z threshold": {"m_mcp": constants.M1 / 2},
        "Z' on the J/psi": {"m_zprime": VECTORS["jpsi"], "m_mcp": 1.0},
        "kappa = 0": {"kappa": 0.0},
        "theta = 0": {"theta_dark": 0.0},
        "kappa = theta = 0": {"kappa": 0.0, "theta_dark": 0.0},
        "m_zprime = m1, kappa = 0": {"kappa": 0.0, "m_zprime": constants.M1},
        "no dark counts": {"mcp_lhc.rate": 0.0},
        "light mCP": {"m_mcp": 1e-3},
        "heavy mCP": {"m_mcp": 6900.0},
    }


def test_no_gradient_is_nan_at_a_threshold(chain: Chain) -> None:
    """Both modes, every parameter and setting."""
    places = threshold_points()
    points = chain.points(*(change if set(change) <= set(BASE | chain.defaults) else {} for change in places.values()))
    reverse = chain.reverse(points)
    for name in points:
        for found in (reverse[name], chain.slopes(points, name)):
            bad = [place for place, value in zip(places, found) if not np.isfinite(value)]
            assert not bad, f"d/d{name} at {bad}"


def test_the_crossing_of_the_lagrangian_masses_is_regular(chain: Chain) -> None:
    """M2 = M1, where the two bosons mix fully, with the millicharge and the Lagrangian mass given: finite, and smooth
    across.
    """
    held = {name: value for name, value in HELD.items() if name != "theta_dark"}
    crossing = study.Study(held, {chain.name: shelf.build(chain.name, {}, level_of(chain.name))})
    slope = jax.jit(jax.vmap(jax.jacfwd(lambda point: engine.exact(crossing, point)[chain.name])))
    shifts = np.array([-1e-8, -1e-10, 0.0, 1e-10, 1e-8])
    points = {"epsilon_gamma": np.full(5, 5e-3), "theta_dark": np.full(5, 0.6), "m_mcp": np.full(5, 20.0)}
    points["m2"] = constants.M1 * (1 + shifts)
    for name, found in slope(points).items():
        assert np.all(np.isfinite(found)), name
        np.testing.assert_allclose(found, found[2], rtol=1e-4, err_msg=name)


def test_single_precision_is_good_to_two_percent(chain: Chain) -> None:
    """q in float32 against float64 wherever it matters, for Z' above the eta' (a narrower one inside a Dalitz spectrum
    is not resolved): 2% at worst, where the mCP is much heavier than the Z', and 2e-5 in the median. All of it is
    single precision.
    """
    points = random_points(256, 2)
    points["m_zprime"] = np.maximum(points["m_zprime"], 1.0)
    double, single = (
        engine.evaluate_points(chain.study, points, batch=256, dtype=dtype) for dtype in ("float64", "float32")
    )
    assert single[chain.name].dtype == np.float32
    assert np.mean(single["status"] == double["status"]) > 0.98
    usable = (single["status"] == double["status"]) & (np.abs(double[chain.name]) > 1e-6)
    assert usable.sum() > 20
    # where q changes sign, against one standard deviation
    size = np.maximum(np.abs(double[chain.name][usable]), 1.0 if chain.name == "precision" else 0.0)
    error = np.abs(single[chain.name][usable] - double[chain.name][usable]) / size
    assert np.max(error) < 0.02 and np.median(error) < 2e-5, (np.max(error), np.median(error))


def test_a_study_is_a_pytree_of_numbers(chain: Chain) -> None:
    """Its leaves are arrays that survive a round trip through the tree and through a file, and give the same q."""
    leaves, shape = jax.tree.flatten(chain.study)
    assert all(eqx.is_array(leaf) for leaf in leaves)
    file = io.BytesIO()
    eqx.tree_serialise_leaves(file, chain.study)
    file.seek(0)
    blank = jax.tree.map(jnp.zeros_like, chain.study)
    points = random_points(256, 3)
    before = engine.evaluate_points(chain.study, points, batch=256)[chain.name]
    for again in (jax.tree.unflatten(shape, leaves), eqx.tree_deserialise_leaves(file, blank)):
        np.testing.assert_array_equal(engine.evaluate_points(again, points, batch=256)[chain.name], before)


@pytest.mark.slow
def test_compiled_is_eager(chain: Chain) -> None:
    """The same operations one at a time, at two points."""
    points = random_points(256, 1)
    found = engine.evaluate_points(chain.study, points, batch=256)[chain.name]
    for i in np.flatnonzero(np.isfinite(found))[:2]:
        alone = engine.exact(chain.study, {name: jnp.asarray(value[i]) for name, value in points.items()})[chain.name]
        assert float(alone) == pytest.approx(found[i], rel=1e-11)


# ---- the millicharge detector ----


class Lhc(NamedTuple):
    """Function of points: expected events, cross section and cross section times acceptance (pb) by channel."""

    detector: Any
    evaluate: Callable[[Points], tuple[np.ndarray, dict]]

    def __call__(self, *changed: dict[str, float]) -> tuple[np.ndarray, dict]:
        held = {"m2": 1e3, "kappa": 1e-3, "theta_dark": 0.0, "e_dark": constants.E_CHARGE, "m_mcp": 10.0}
        settings = {"luminosity": 300.0, "charge_one_photoelectron": 2e-3, "layers": 3.0}
        rows = [held | settings | change for change in (*changed, *[{}] * (8 - len(changed)))]
        events, channels = self.evaluate({name: np.array([row[name] for row in rows]) for name in rows[0]})
        return np.asarray(events)[: len(changed)], jax.tree.map(lambda x: np.asarray(x)[: len(changed)], channels)


@pytest.fixture(scope="module")
def lhc() -> Lhc:
    """The detector of the proposal."""
    detector = engine.run_compiled(study.prepared, shelf.build("mcp_lhc", {}, ("sigma", 2.0)))

    def one(point: engine.Point) -> tuple[jax.Array, dict]:
        currents, _ = study.currents_and_status({**HELD, **point})
        moved = detector.with_settings(
            {name: point[name] for name in ("luminosity", "charge_one_photoelectron", "layers")}
        )
        return moved.expected_events(currents, moved.slow(currents)), moved.channels(currents)

    return Lhc(detector, jax.jit(jax.vmap(one)))


ALL_TABULATED = tuple(sorted(mcp_lhc.TABULATED - {"bars_across"}))


@pytest.mark.parametrize(
    ("particles", "settings"),
    [
        pytest.param("one", ("distance", "scale"), marks=pytest.mark.slow),
        pytest.param("one", ALL_TABULATED, marks=pytest.mark.slow),
        pytest.param("two", ALL_TABULATED, marks=pytest.mark.slow),
    ],
)
def test_slopes_with_what_is_tabulated(particles: str, settings: tuple[str, ...]) -> None:
    """dq/d(setting) of the collider and the geometry, whose tables are made anew at each value, against central
    differences.
    """
    whole = study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {"particles": particles}, ("sigma", 2.0))})
    held = BASE | {"kappa": 0.03, "m_zprime": 3.3, "m_mcp": 1.0}

    @jax.jit
    def log_q(*values: jax.Array) -> jax.Array:
        point = {f"mcp_lhc.{name}": value for name, value in zip(settings, values, strict=True)}
        return jnp.log(
            engine.exact(whole, {name: jnp.asarray(value) for name, value in held.items()} | point)["mcp_lhc"]
        )

    start = [float(whole.constraints["mcp_lhc"].values[name]) + 0.1 * (name == "eta") for name in settings]
    slopes = jax.jit(jax.grad(log_q, argnums=tuple(range(len(settings)))))(*start)
    for k, name in enumerate(settings):
        step = 1e-4 * start[k]
        above, below = (log_q(*start[:k], start[k] + sign * step, *start[k + 1 :]) for sign in (1, -1))
        assert float(slopes[k]) * start[k] == pytest.approx(float(above - below) / 2e-4, rel=1e-4, abs=1e-6), name


@pytest.mark.slow
def test_both_mcps_are_seen_more_rarely(lhc: Lhc) -> None:
    """In different bars with P^2, in one bar with P of twice the light; both ways together are all pairs in
    the face.
    """
    held = {**HELD, **BASE, "kappa": 0.01, "m_zprime": 3.3, "m_mcp": 1.0}
    currents, _ = study.currents_and_status({name: jnp.asarray(value) for name, value in held.items()})
    light, accepted, events = float((currents.epsilon_gamma / 2e-3) ** 2), {}, {}
    for particles, across, probability in (
        ("two", 2.0, -np.expm1(-light)),
        ("two", 1000.0, -np.expm1(-light)),
        ("same_bar", 2.0, np.sqrt(-np.expm1(-2 * light))),
    ):
        built = shelf.build("mcp_lhc", {"particles": particles, "bars_across": across}, ("sigma", 2.0))
        detector = engine.run_compiled(study.prepared, built)
        slow = detector.slow(currents)
        accepted[particles, across], events[particles, across] = (
            float(jnp.exp(slow[0])),
            float(detector.expected_events(currents, slow)),
        )
        assert events[particles, across] == pytest.approx(
            300e3 * 0.01**2 * accepted[particles, across] * probability**6, rel=1e-9
        )
    assert accepted["two", 2.0] + accepted["same_bar", 2.0] == pytest.approx(accepted["two", 1000.0], rel=0.01)
    one = float(lhc.detector.expected_events(currents, lhc.detector.slow(currents)))
    assert 0 < events["two", 2.0] < events["two", 1000.0] < 1e-2 * one


def test_holdom_cross_sections(lhc: Lhc) -> None:
    """gamma*/Z -> psi psi at 14 TeV over epsilon^2: 9.21e4, 2.37e3 and 24.0 pb at m = 1, 10 and 50 GeV, from a separate
    program and confirmed to 1% with Pythia 8; kappa of the Holdom phase is epsilon/cos(theta_W)."""
    _, channels = lhc({"m_mcp": 1.0}, {"m_mcp": 10.0}, {"m_mcp": 50.0})
    over_epsilon = np.asarray(channels["drell_yan"][0]) / (1 - constants.SIN2_THETA_W)
    np.testing.assert_allclose(over_epsilon, [9.21e4, 2.37e3, 24.0], rtol=0.02)


def test_quarkonia_decay_with_the_millicharge(lhc: Lhc) -> None:
    """Upsilon(1S), 1.06e6 pb and BR(ee) = 2.38%: BR(psi psi) = epsilon^2 BR(ee) (1 + 2x) sqrt(1 - 4x), x = m^2/M^2."""
    _, channels = lhc({"m_mcp": 0.5}, {"m_mcp": 4.0}, {"m_mcp": 4.8})
    found = np.asarray(channels["upsilon1s"][0]) / (1 - constants.SIN2_THETA_W)
    x = np.array([0.5, 4.0]) ** 2 / 9.4604**2
    np.testing.assert_allclose(found[:2], 1.06e6 * 0.0238 * (1 + 2 * x) * np.sqrt(1 - 4 * x), rtol=0.02)
    assert found[2] == 0.0


@pytest.mark.parametrize("theta", [0.0, 0.5, 1.2])
def test_rates_scale_as_the_mixing_squared(lhc: Lhc, theta: float) -> None:
    """Paper A: sigma and N go as kappa^2 where every mCP is seen (a resonance of fixed dark width included)."""
    kappas = np.array([1e-6, 1e-5, 1e-4, 1e-3])
    events, _ = lhc(*({"kappa": k, "theta_dark": theta, "m2": 30.0, "charge_one_photoelectron": 1e-9} for k in kappas))
    np.testing.assert_allclose(np.diff(np.log(events)) / np.diff(np.log(kappas)), 2.0, rtol=1e-5)


def test_small_charges_are_seen_as_the_eighth_power(lhc: Lhc) -> None:
    """P of three layers goes as epsilon^6 where there is less than one photoelectron, on top of sigma's kappa^2."""
    kappas = np.array([1e-6, 1e-5, 3e-5])
    events, _ = lhc(*({"kappa": k} for k in kappas))
    np.testing.assert_allclose(np.diff(np.log(events)) / np.diff(np.log(kappas)), 8.0, rtol=1e-3)
    seen = lhc({"kappa": 1e-6, "layers": 1.0}, {"kappa": 1e-6, "layers": 2.0})[0]
    photoelectrons = (1e-6 * np.sqrt(1 - constants.SIN2_THETA_W) / 2e-3) ** 2
    assert seen[1] / seen[0] == pytest.approx(photoelectrons, rel=1e-6)


def test_events_are_luminosity_cross_section_acceptance_and_probability(lhc: Lhc) -> None:
    """N = L sum(sigma A) P with P = 0.253 at epsilon = 2e-3 (1 - 1/e, cubed), and N is linear in L."""
    kappa = 2e-3 / np.sqrt(1 - constants.SIN2_THETA_W)
    events, channels = lhc({"kappa": kappa, "m_mcp": 2.0}, {"kappa": kappa, "m_mcp": 2.0, "luminosity": 3000.0})
    accepted = kappa**2 * sum(np.asarray(pair[1])[0] for pair in channels.values())
    assert events[0] == pytest.approx(300 * 1e3 * accepted * (1 - np.exp(-1)) ** 3, rel=1e-10)
    assert events[1] == pytest.approx(10 * events[0], rel=1e-13)


@pytest.mark.parametrize(
    ("level", "events"), [(("sigma", 2.0), 2.0), (("sigma", 3.0), 4.5), (("cl", 0.95), -np.log(0.05))]
)
def test_events_that_exclude_without_a_background(lhc: Lhc, level: tuple[str, float], events: float) -> None:
    """q_Asimov = 2 s: 2 events for 2 sigma, 4.5 for 3 sigma; 3.0 at 95% CLs. Dark counts ask for more."""
    detector = lhc.detector.at_level(*level)
    critical = float(detector.critical_value())
    assert float(detector.judge().expected(jnp.asarray(events))) == pytest.approx(critical, rel=1e-12)
    noisy = detector.with_settings({"rate": jnp.asarray(500.0)})
    assert float(noisy.judge().expected(jnp.asarray(events))) < 0.9 * critical
