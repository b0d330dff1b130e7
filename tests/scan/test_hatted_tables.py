"""One table for every theta_W': the grid with it against point-by-point evaluation."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest

from jaxmix import engine, parameters, study
from jaxmix.constraints import shelf
from jaxmix.scan import hatted_tables

MASSES, ANGLES = [5.0, 60.0, 88.0, 150.0], [0.0, 0.2, 0.9, 1.5]


def problem_and_grid(
    extra: Mapping[str, float] = MappingProxyType({}), **settings: str
) -> tuple[study.Study, engine.Grid]:
    held = {name: value for name, value in parameters.defaults().items() if name != "theta_dark"} | dict(extra)
    problem = study.Study(held, {"precision": shelf.build("precision", settings, ("cl", 0.95))})
    axes = [
        engine.Axis.explicit("theta_dark", ANGLES),
        engine.Axis.explicit("m_zprime", MASSES),
        engine.Axis.log("kappa", 1e-4, 0.3, 400),
    ]
    return problem, engine.Grid(axes)


@pytest.fixture(scope="module")
def on_grid() -> tuple[study.Study, study.Study, engine.Grid]:
    problem, grid = problem_and_grid()
    return problem, hatted_tables.with_tables(problem, grid), grid


def test_the_table_is_the_exact_evaluation(on_grid) -> None:
    """q/critical value at random points of the grid, in four phases: to 1e-4 where a decision falls, to 2e-3 up to 25
    times the critical value and as far from it beyond, and zero in the Holdom phase.
    """
    problem, tabulated, grid = on_grid
    assert tabulated.constraints["precision"].table is not None
    found = np.full(grid.shape, np.nan)
    for chunk in engine.evaluate(tabulated, grid):
        found[chunk.slices] = chunk.outputs["precision"]
    index = np.random.default_rng(1).integers(0, grid.size, 1024)
    place = np.unravel_index(index, grid.shape)
    exact = engine.evaluate_points(
        problem, {axis.name: axis.values()[at] for axis, at in zip(grid.axes, place)}, batch=256
    )["precision"]
    difference = np.abs(found[place] - exact)
    near = np.abs(exact - 1.0) < 0.5
    assert near.sum() > 10 and np.max(difference[near]) < 1e-4
    moderate = np.abs(exact) < 25.0
    assert np.max((difference / np.maximum(np.abs(exact), 1e-2))[moderate]) < 2e-3 and np.all(
        found[place][~moderate] > 10.0
    )
    assert np.max(np.abs(found[0])) < 1e-12


@pytest.mark.parametrize(
    "extra, settings", [({"m_mcp": 10.0}, {}), ({}, {"dark_width": "model"}), ({}, {"cut": "hard"})]
)
def test_no_table_where_the_theorem_does_not_hold(extra: dict[str, float], settings: dict[str, str]) -> None:
    """An mCP that the Z decays to, or the dark width from the mCP: q needs more than kappa^. A hard cut makes
    it jump.
    """
    problem, grid = problem_and_grid(extra, **settings)
    assert hatted_tables.with_tables(problem, grid).constraints["precision"].table is None
