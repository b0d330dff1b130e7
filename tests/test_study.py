"""Points through the study: which exist, and in which forms they may be given."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from jaxmix import constants, parameters, study
from jaxmix.constraints import shelf
from jaxmix.engine import evaluate, problem

HELD = {name: p.default for name, p in parameters.PARAMETERS.items() if p.default is not None}


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
    """kappa beyond one (through the millicharge), the gap, swapped labels: NaN and the status; everything else is a number."""
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
    found = evaluate.evaluate_points(small_study(), points, batch=len(rows))
    assert [study.STATUS[code] for code in found["status"]] == list(rows.values())
    assert found["status"].dtype == np.int32
    np.testing.assert_array_equal(np.isnan(found["mcp_lhc"]), [status != "ok" for status in rows.values()])


def test_statuses_are_those_of_an_exact_diagonalisation() -> None:
    """At 60 digits: no Lagrangian mass in the gap; labels are swapped where the state asked for has the larger |Z1| content."""
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
    """The currents, which are all that an experiment sees."""
    base = HELD | {"kappa": 3e-3, "m_zprime": 30.0, "m_mcp": 10.0, "theta_dark": 0.5, "e_dark": 0.3}
    replaced = "kappa" if "epsilon_gamma" in change else "m_zprime"
    other = {name: value for name, value in base.items() if name != replaced} | change
    expected, found = (study.currents_and_status(jax.tree.map(jnp.asarray, point))[0] for point in (base, other))
    for here, there in zip(jax.tree.leaves(expected), jax.tree.leaves(found), strict=True):
        assert float(there) == pytest.approx(float(here), rel=1e-13)
    mass = reference.lagrangian_mass(reference.point(3e-3, 1.0, 0.5), 30.0)
    assert float(expected.m2) == pytest.approx(float(mass), rel=1e-14)


@pytest.mark.slow
def test_the_same_point_through_the_tables_of_other_settings() -> None:
    """A study built at 33 m sees 0.367 of the pairs of one at 20 m (physics of the solid angle), as one that is given 33 m does."""
    far = study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {"distance": 33.0}, ("sigma", 2.0))})
    near = study.Study(HELD, {"mcp_lhc": shelf.build("mcp_lhc", {}, ("sigma", 2.0))})
    point = {name: jnp.asarray(value) for name, value in {"kappa": 2e-3, "m_zprime": 30.0, "m_mcp": 10.0}.items()}
    q = jax.jit(lambda whole, point: problem.exact(whole, point)["mcp_lhc"])
    assert float(q(far, point) / q(near, point)) == pytest.approx(0.367, rel=2e-3)
    given = q(near, point | {"mcp_lhc.distance": jnp.asarray(33.0)})
    assert float(given) == pytest.approx(float(q(far, point)), rel=1e-11)
