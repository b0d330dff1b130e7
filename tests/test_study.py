"""Points through the study: which exist, and in which forms they may be given."""

import dataclasses
import functools
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from jaxmix import constants, engine, parameters, study
from jaxmix.constraints import shelf
from jaxmix.constraints.base import abstract, setting

HELD = {name: p.default for name, p in parameters.PARAMETERS.items() if p.default is not None}


class Toy(abstract.AbstractConstraint):
    """slow = strength, q = kappa/strength, as a word and the labels allow; never built from the shelf."""

    values: dict[str, jax.Array]
    word: str = eqx.field(static=True, default="both")

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "A toy"
    reference: ClassVar[str] = "none"
    kind: ClassVar[str] = "projected"
    domain: ClassVar[str] = "kappa > 0"
    settings: ClassVar[dict[str, setting.Setting]] = {
        "strength": setting.Setting(1.0, "of the coupling"),
        "word": setting.Setting("both", "which signs", choices=("both", "positive")),
    }
    size: ClassVar[int] = 1

    @classmethod
    def build(cls, settings, level, pdf=None):
        return cls({"strength": jnp.asarray(settings.get("strength", 1.0))}, settings.get("word", "both"))

    def prepared(self):
        return self

    def at_level(self, mode, value):
        return self

    def asimov(self):
        return self

    def with_settings(self, values):
        return dataclasses.replace(self, values={**self.values, **values})

    def movable(self):
        return self.values

    def features(self, axis, held):
        return ()

    def sources(self):
        return (self.reference,)

    def reason(self, currents):
        return jnp.zeros((), int)

    def slow(self, currents):
        return self.values["strength"][None]

    def test_statistic(self, currents, slow):
        q = currents.strength / slow[0]
        return jnp.where(currents.strength < 0.0, jnp.nan, q) if self.word == "positive" else q

    def critical_value(self):
        return jnp.asarray(2.0)


class Holding(Toy):
    """A toy that judges the pole asked for where labels are swapped too."""

    holds_swapped_labels: ClassVar[bool] = True


@functools.cache
def small_study() -> study.Study:
    """The millicharge detector at 95% CL."""
    return study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {}, ("cl", 0.95))})


def statuses(points: dict[str, np.ndarray]) -> np.ndarray:
    """The status alone, which costs no chain."""
    return np.asarray(jax.jit(jax.vmap(lambda point: study.currents_and_status({**HELD, **point})[1]))(points))


def test_unknown_parameters_are_refused() -> None:
    """The message names them."""
    with pytest.raises(ValueError, match=r"unknown parameters \['m_zprme'\]"):
        study.Study({"m_zprme": 1.0}, {})


def test_q_is_nan_exactly_where_there_is_no_point() -> None:
    """kappa beyond one (through the millicharge), the gap, swapped labels: NaN and the status; everything else is a
    number.
    """
    names = ("epsilon_gamma", "m_zprime", "m_mcp", "theta_dark")
    rows = {
        (2e-3, 30.0, 10.0, 0.5): "ok",
        (1.5, 30.0, 10.0, 0.5): "kappa_outside_domain",
        (-1.5, 30.0, 10.0, 0.5): "kappa_outside_domain",
        (1e-3, 30.0, 10.0, 1.5707): "kappa_outside_domain",
        (0.1422, 92.0, 10.0, 1.0): "forbidden_gap",
        (0.1422, 91.0, 10.0, 1.0): "labels_swapped",
        (0.1422, 95.0, 10.0, 1.0): "labels_swapped",
        (0.1422, 80.0, 10.0, 1.0): "ok",
        (0.1422, 100.0, 10.0, 1.0): "ok",
        (0.0, 30.0, 10.0, 0.5): "ok",
        (0.0, constants.M1, 10.0, 0.5): "ok",
        (2e-3, 30.0, 6900.0, 0.0): "ok",
    }
    points = {name: np.array([row[i] for row in rows]) for i, name in enumerate(names)}
    found = engine.evaluate_points(small_study(), points, batch=len(rows))
    assert [study.STATUS[code] for code in found["status"]] == list(rows.values())
    assert found["status"].dtype == np.int32
    np.testing.assert_array_equal(np.isnan(found["mcp_lhc"]), [status != "ok" for status in rows.values()])


def judged(constraints: dict[str, abstract.AbstractConstraint], **changed: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of toys at theta_W' = 1, where 92 GeV lies in the gap and 91 and 95 GeV are the Z at kappa = 0.3."""
    size = len(next(iter(changed.values())))
    points = {"kappa": np.full(size, 0.3), "m_zprime": np.full(size, 80.0), "theta_dark": np.ones(size)} | changed
    return engine.evaluate_points(study.Study(HELD, constraints), points, batch=size)


def test_each_constraint_says_whether_it_holds_swapped_labels() -> None:
    """One judges the pole asked for, the other makes no statement; the status is the point's. In the gap none does."""
    toys = {"plain": Toy.build({}, ("cl", 0.95)), "holding": Holding.build({}, ("cl", 0.95))}
    found = judged(toys, m_zprime=np.array([80.0, 91.0, 92.0, 95.0]))
    assert [study.STATUS[code] for code in found["status"]] == [
        "ok",
        "labels_swapped",
        "forbidden_gap",
        "labels_swapped",
    ]
    np.testing.assert_allclose(found["plain"], [0.15, np.nan, np.nan, np.nan], rtol=1e-14)
    np.testing.assert_allclose(found["holding"], [0.15, 0.15, np.nan, 0.15], rtol=1e-14)


def test_no_statement_is_no_failure() -> None:
    """NaN with a finite slow part leaves the status ok; a slow part that is not finite is a failure, of whom it is
    asked alone.
    """
    kappas = np.array([0.3, -0.3, 0.3])
    silent = judged({"toy": Toy.build({"word": "positive"}, ("cl", 0.95))}, kappa=kappas)
    assert np.all(silent["status"] == study.OK)
    np.testing.assert_allclose(silent["toy"], [0.15, np.nan, 0.15], rtol=1e-14)
    strengths = {
        "toy.strength": np.array([1.0, np.nan, np.inf, np.nan]),
        "m_zprime": np.array([80.0, 80.0, 80.0, 91.0]),
    }
    for kind, last in ((Toy, study.LABELS_SWAPPED), (Holding, study.NUMERICAL_FAILURE)):
        failing = judged({"toy": kind.build({}, ("cl", 0.95))}, **strengths)["status"]
        np.testing.assert_array_equal(failing, [study.OK, study.NUMERICAL_FAILURE, study.NUMERICAL_FAILURE, last])


def test_several_constraints_keep_to_their_own_settings() -> None:
    """A setting is reached through its constraint's name; a word is none of the point's."""
    toys = {"first": Toy.build({"strength": 2.0}, ("cl", 0.95)), "second": Toy.build({}, ("cl", 0.95))}
    found = judged(toys, **{"second.strength": np.array([1.0, 3.0])})
    np.testing.assert_allclose(found["first"], [0.075, 0.075], rtol=1e-14)
    np.testing.assert_allclose(found["second"], [0.15, 0.05], rtol=1e-14)


def test_statuses_are_those_of_an_exact_diagonalisation() -> None:
    """At 60 digits: no Lagrangian mass in the gap; labels are swapped where the state asked for has the larger |Z1|
    content.
    """
    random = np.random.default_rng(4)
    box = {"kappa": (-0.5, 0.5), "m_zprime": (80, 105), "theta_dark": (0.1, 1.5)}
    points = {name: random.uniform(*ends, 150) for name, ends in box.items()}
    expected = []
    for kappa, m_zprime, theta in zip(*points.values()):
        start = reference.point(kappa, 1.0, theta)
        mass = reference.lagrangian_mass(start, m_zprime)
        if mass is None:
            expected.append(study.FORBIDDEN_GAP)
            continue
        _, z, zprime = reference.states(start._replace(m2=mass))
        expected.append(study.LABELS_SWAPPED if abs(z.mass - m_zprime) < abs(zprime.mass - m_zprime) else study.OK)
    np.testing.assert_array_equal(statuses(points), expected)
    assert len(set(expected)) == 3


def test_a_lagrangian_mass_has_no_gap_and_no_swap() -> None:
    """m2 is the unambiguous axis."""
    masses = np.linspace(80, 110, 301)
    assert np.all(statuses({"kappa": np.full(301, 0.3), "m2": masses, "theta_dark": np.full(301, 1.0)}) == study.OK)


@pytest.mark.parametrize(
    "change",
    [
        {"m_zprime_over_m_mcp": 3.0},
        {"m2": 29.9999770150537},  # by the exact diagonalisation of tests/reference.py
        {"epsilon_gamma": 3e-3 * np.sqrt(1 - 0.2312) * np.cos(0.5) * 0.3 / np.sqrt(4 * np.pi / 127.9)},  # paper A, (44)
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_form_of_a_point_is_the_same_point(change: dict[str, float]) -> None:
    """The currents, which are all that an experiment sees; with them the physical mass, where it was asked for."""
    base = HELD | {"kappa": 3e-3, "m_zprime": 30.0, "m_mcp": 10.0, "theta_dark": 0.5, "e_dark": 0.3}
    replaced = "kappa" if "epsilon_gamma" in change else "m_zprime"
    other = {name: value for name, value in base.items() if name != replaced} | change
    expected, found = (study.currents_and_status(jax.tree.map(jnp.asarray, point))[0] for point in (base, other))
    asked = [None if currents.m_zprime is None else float(currents.m_zprime) for currents in (expected, found)]
    assert asked == [30.0, None if "m2" in change else 30.0]
    leaves = [jax.tree.leaves(dataclasses.replace(currents, m_zprime=None)) for currents in (expected, found)]
    for here, there in zip(*leaves, strict=True):
        assert float(there) == pytest.approx(float(here), rel=1e-13)
    mass = reference.lagrangian_mass(reference.point(3e-3, 1.0, 0.5), 30.0)
    assert float(expected.m2) == pytest.approx(float(mass), rel=1e-14)


@pytest.mark.slow
def test_the_same_point_through_the_tables_of_other_settings() -> None:
    """A study built at 33 m sees 0.367 of the pairs of one at 20 m (physics of the solid angle), as one that is given
    33 m does.
    """
    far = study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {"distance": 33.0}, ("sigma", 2.0))})
    near = study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {}, ("sigma", 2.0))})
    point = {name: jnp.asarray(value) for name, value in {"kappa": 2e-3, "m_zprime": 30.0, "m_mcp": 10.0}.items()}
    q = jax.jit(lambda whole, point: engine.exact(whole, point)["mcp_lhc"])
    assert float(q(far, point) / q(near, point)) == pytest.approx(0.367, rel=2e-3)
    given = q(near, point | {"mcp_lhc.distance": jnp.asarray(33.0)})
    assert float(given) == pytest.approx(float(q(far, point)), rel=1e-11)


def invisible_width() -> study.Study:
    """The width of the Z into mCPs, a closed form."""
    constraint = shelf.build("z_invisible_width", {}, ("cl", 0.95))
    return study.Study(parameters.defaults(), {"z_invisible_width": constraint})


def test_a_study_is_called_like_a_function():
    """q/critical value and status, alike by a plain call, under jit and under vmap; slopes are differences."""
    measured = invisible_width()

    def ratio(kappa: jax.Array) -> jax.Array:
        return measured({"kappa": kappa, "m_zprime": 30.0, "m_mcp": 10.0})["z_invisible_width"]

    plain = measured({"kappa": 0.03, "m_zprime": 30.0, "m_mcp": 10.0})
    assert set(plain) == {"z_invisible_width", "status"} and study.STATUS[int(plain["status"])] == "ok"
    assert float(jax.jit(ratio)(0.03)) == pytest.approx(float(plain["z_invisible_width"]), rel=1e-12)
    many = jax.vmap(ratio)(jnp.array([0.01, 0.03]))
    assert float(many[1]) == pytest.approx(float(plain["z_invisible_width"]), rel=1e-12)
    step = 1e-5
    difference = (float(ratio(jnp.asarray(0.03 + step))) - float(ratio(jnp.asarray(0.03 - step)))) / (2 * step)
    assert float(jax.grad(ratio)(0.03)) == pytest.approx(difference, rel=1e-6)


def test_a_study_refuses_names_and_arrays():
    measured = invisible_width()
    with pytest.raises(ValueError, match="found the name 'm_zprme'.*did you mean 'm_zprime'"):
        measured({"kappa": 0.01, "m_zprme": 30.0})
    with pytest.raises(ValueError, match="found arrays for kappa; allowed: one number a parameter"):
        measured({"kappa": np.array([0.01, 0.02]), "m_zprime": 30.0, "m_mcp": 1.0})
