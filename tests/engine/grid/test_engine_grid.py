"""Grids and tiles: every point once, the same bits however it is cut up, close to the exact values, summaries."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmix import engine
from jaxmix.engine.grid import interpolant, summary, tiles


class Toy(engine.AbstractProblem):
    """A softplus step along x whose place depends on m, NaN (if not continued) beyond x m > edge."""

    table: np.ndarray
    edge: float = np.inf
    continued: bool = eqx.field(static=True, default=True)

    def slow(self, point):
        level = jnp.sum(self.table * jnp.exp(-self.table / point["m"]))
        step = jnp.log(level) + jnp.log1p(point["x"] * point["m"] * 10.0)
        return jnp.stack(
            [jnp.where(self.continued | (point["x"] * point["m"] <= self.edge), step, jnp.nan), jnp.cos(point["m"])]
        )

    def fast(self, point, slow):
        valid = point["x"] * point["m"] <= self.edge
        q = point["x"] ** 2 * point["a"] * jnp.exp(slow[0])
        return {
            "q": jnp.where(valid, q, jnp.nan),
            "c": slow[1] * point["a"],
            "status": jnp.where(valid, 0, 3).astype(jnp.int32),
        }


TOY = Toy(np.linspace(0.5, 20.0, 50))
GRID = engine.Grid(
    [
        engine.Axis.log("m", 0.5, 50.0, 7),
        engine.Axis.explicit("a", [0.3, 1.0, 4.0, 5.0, 5.5]),
        engine.Axis.log("x", 1e-3, 1.0, 90),
    ]
)
SMALL = engine.Tiling(tile_points=400, chunk_points=1000, nodes=24)


def whole(problem, grid, tiling, **options):
    """The grid's outputs from its chunks, each point of which must come exactly once."""
    arrays, seen = {}, np.zeros(grid.shape, int)
    for chunk in engine.evaluate(problem, grid, tiling, **options):
        seen[chunk.slices] += 1
        for name, value in chunk.outputs.items():
            arrays.setdefault(name, np.zeros(grid.shape, value.dtype))[chunk.slices] = value
    assert np.all(seen == 1)
    return arrays


def direct(problem, grid):
    """The formula, point by point."""
    points = {
        name: value.ravel()
        for name, value in zip(grid.names, np.meshgrid(*(axis.values() for axis in grid.axes), indexing="ij"))
    }
    return {
        name: np.asarray(value).reshape(grid.shape)
        for name, value in jax.vmap(lambda point: engine.exact(problem, point))(
            {name: jnp.asarray(value) for name, value in points.items()}
        ).items()
    }


@pytest.mark.parametrize(
    "axis",
    [
        engine.Axis.linear("x", -1.5, 0.7, 11),
        engine.Axis.log("x", 3e-4, 0.7, 11),
        engine.Axis.explicit("x", [1.0, 5.0, 2.0]),
    ],
)
def test_axis_values(axis):
    reference = {"linear": np.linspace, "log": np.geomspace}.get(axis.kind, lambda *_: axis.knots)(
        axis.knots[0], axis.knots[-1], axis.size
    )
    np.testing.assert_allclose(axis.values(), reference, rtol=1e-14, atol=1e-15)
    assert axis.values()[0] == axis.knots[0] and axis.values()[-1] == axis.knots[-1]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**11 - 1))
def test_points_of_a_huge_grid_come_from_their_index(index):
    grid = engine.Grid(
        [
            engine.Axis.log("m", 1.0, 100.0, 10**4),
            engine.Axis.linear("a", 0.0, 1.0, 10**3),
            engine.Axis.log("x", 1e-4, 1.0, 10**4),
        ]
    )
    expected = np.unravel_index(index, grid.shape)
    assert tuple(int(i) for i in grid.unravel(jnp.asarray(index)).values()) == expected
    assert float(grid.point(jnp.asarray(index))["a"]) == pytest.approx(expected[1] / 999, rel=1e-15, abs=1e-300)


def test_wrong_axes_are_named():
    with pytest.raises(ValueError, match="Axis x: a log axis needs positive ends"):
        engine.Axis.log("x", 0.0, 1.0, 5)
    with pytest.raises(ValueError, match="at least one value"):
        engine.Axis.explicit("x", [])
    with pytest.raises(ValueError, match="distinct names"):
        engine.Grid([engine.Axis.linear("x", 0.0, 1.0, 2)] * 2)


@pytest.mark.parametrize("nodes", [24, 100])
def test_grid_agrees_with_the_formula(nodes):
    found, truth = whole(TOY, GRID, engine.Tiling(400, 1000, nodes)), direct(TOY, GRID)
    for name in ("q", "c"):
        np.testing.assert_allclose(found[name], truth[name], rtol=2e-6 if nodes == 24 else 1e-13)
    np.testing.assert_array_equal(found["status"], 0)


@settings(deadline=None, max_examples=4)
@given(st.sampled_from([1, 500, 1000, 2500, 10**6]), st.integers(1, 3))
def test_bits_do_not_depend_on_chunks(chunk_points, step):
    tiling = engine.Tiling(400, chunk_points)
    count = engine.layout(GRID, tiling).chunks
    order = [index for first in range(step) for index in range(first, count, step)]
    found, reference = whole(TOY, GRID, tiling, chunks=order), whole(TOY, GRID, SMALL)
    assert engine.layout(GRID, tiling).tile == engine.layout(GRID, SMALL).tile
    for name in found:
        np.testing.assert_array_equal(found[name], reference[name])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 500), st.integers(1, 5000))
def test_layout_covers_every_point_once(shape, tile_points, chunk_points):
    grid = engine.Grid([engine.Axis.explicit(f"p{i}", np.arange(1.0, size + 1)) for i, size in enumerate(shape)])
    shapes = engine.layout(grid, engine.Tiling(tile_points, chunk_points))
    seen = np.zeros(shape, int)
    for chunk in range(shapes.chunks):
        assert len(shapes.tile_starts(chunk)) <= shapes.tiles_in_chunk
        for start in shapes.tile_starts(chunk):
            seen[tuple(slice(at, at + size) for at, size in zip(start, shapes.tile))] += 1
    assert np.all(seen == 1)
    assert np.prod(shapes.tile) <= max(tile_points, 1)


@pytest.mark.parametrize("continued", [True, False])
def test_undefined_points_leave_their_neighbours_exact(continued):
    problem = Toy(TOY.table, 2.0, continued)
    found, truth = whole(problem, GRID, SMALL), direct(problem, GRID)
    np.testing.assert_array_equal(found["status"], truth["status"])
    assert 0 < np.isnan(truth["q"]).mean() < 1
    np.testing.assert_allclose(found["q"], truth["q"], rtol=2e-6)
    np.testing.assert_allclose(found["c"], truth["c"], rtol=1e-13)
    direct_points = int(engine.summarise(problem, GRID, SMALL).direct)
    assert direct_points == 0 if continued else 0 < direct_points < GRID.size


class Kink(engine.AbstractProblem):
    """Slow has a kink along x, which no polynomial describes."""

    def slow(self, point):
        return jnp.abs(point["x"] - 0.1 * point["m"])[None] + 1.0

    def fast(self, point, slow):
        return {"q": slow[0]}


def test_lines_that_the_nodes_do_not_resolve_are_evaluated_exactly():
    grid = engine.Grid([engine.Axis.linear("m", 1.0, 9.0, 5), engine.Axis.linear("x", 0.0, 1.0, 200)])
    np.testing.assert_allclose(whole(Kink(), grid, SMALL)["q"], direct(Kink(), grid)["q"], rtol=1e-14)
    rough = whole(Kink(), grid, engine.Tiling(400, 1000, 24, np.inf))["q"]
    assert np.max(np.abs(rough - direct(Kink(), grid)["q"])) > 1e-3


@pytest.mark.parametrize(("size", "lines"), [(3000, 1), (3000, 2), (5999, 1)])
def test_a_long_line_is_exact_only_beside_what_no_piece_describes(size, lines):
    """|x - 0.1 m| + 1 is two straight lines: polynomials everywhere but in the piece that holds the kink, and NaN
    beyond x m = 4 likewise.
    """
    grid = engine.Grid([engine.Axis.linear("m", 1.0, 9.0, 5), engine.Axis.linear("x", 0.0, 1.0, size)])
    tiling = engine.Tiling(lines * size, 2 * lines * size, 24)
    fine = dataclasses.replace(tiling, tolerance=1e-7)
    np.testing.assert_allclose(whole(Kink(), grid, fine)["q"], direct(Kink(), grid)["q"], rtol=1e-13)
    assert 0 < int(engine.summarise(Kink(), grid, fine).direct) < 0.07 * lines * grid.size
    edge = Toy(TOY.table, 4.0, False)
    toy = engine.Grid([engine.Axis.explicit("a", [1.0]), *grid.axes])
    found, truth = whole(edge, toy, tiling), direct(edge, toy)
    np.testing.assert_array_equal(np.isnan(found["q"]), np.isnan(truth["q"]))
    np.testing.assert_allclose(found["q"], truth["q"], rtol=1e-4)  # 1e-5 of the largest ln q of the line
    assert 0 < int(engine.summarise(edge, toy, tiling).direct) < 0.1 * lines * toy.size


@pytest.mark.parametrize("folds", [6.0, 8.0])
def test_interpolation_of_a_step_over_some_e_folds(folds):
    axis = engine.Axis.log("x", np.exp(-folds / 2), np.exp(folds / 2), 500)
    rule = interpolant.along(axis, 24)
    for power, bound in ((1.0, 1e-6), (2.0, 1e-4)):
        values = np.log1p(rule.nodes**power)
        np.testing.assert_allclose(values @ rule.weights, np.log1p(axis.values() ** power), atol=bound)
    np.testing.assert_allclose(np.log(rule.nodes) ** 5 @ rule.weights, np.log(axis.values()) ** 5, atol=1e-9)


def test_interpolation_error_is_the_deviation_seen_on_the_grid():
    found, truth = whole(TOY, GRID, SMALL), direct(TOY, GRID)
    error = engine.interpolation_error(TOY, GRID, SMALL, samples=400)
    assert 0 < error["q"] <= np.max(np.abs(found["q"] / truth["q"] - 1)) * (1 + 1e-6)
    assert error["status"] == 0


def test_float32_agrees_with_float64():
    single, double = whole(TOY, GRID, engine.Tiling(400, 1000, 24, 1e-4, "float32")), whole(TOY, GRID, SMALL)
    assert single["q"].dtype == np.float32 and double["q"].dtype == np.float64
    np.testing.assert_allclose(single["q"], double["q"], rtol=1e-4)


def test_summary_agrees_with_the_arrays_however_it_is_cut():
    problem = Toy(TOY.table, 2.0, False)
    arrays = whole(problem, GRID, SMALL)
    for tiling in (SMALL, engine.Tiling(400, 10**6)):
        found = engine.summarise(problem, GRID, tiling)
        assert int(found.points) == GRID.size
        np.testing.assert_array_equal(found.by_status, np.bincount(arrays["status"].ravel(), minlength=summary.CODES))
        assert int(found.excluded["q"]) == np.sum(arrays["q"] > 1)
        assert int(found.undefined["q"]) == np.sum(np.isnan(arrays["q"]))
        for name in ("q", "c"):
            assert found.minimum[name] == np.nanmin(arrays[name]) and found.maximum[name] == np.nanmax(arrays[name])
            assert int(found.argmin[name]) == np.nanargmin(arrays[name]) and int(found.argmax[name]) == np.nanargmax(
                arrays[name]
            )


def test_merging_is_commutative_and_empty_is_neutral():
    parts = [chunk.summary for chunk in engine.evaluate(TOY, GRID, SMALL, keep=False)]
    forwards, backwards = parts[0], parts[-1]
    for left, right in zip(parts[1:], reversed(parts[:-1])):
        forwards, backwards = summary.merge(forwards, left), summary.merge(right, backwards)
    assert all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(np.all(a == b)), forwards, backwards)))
    none = summary.empty_of({"q": jnp.zeros(()), "c": jnp.zeros(()), "status": jnp.zeros((), int)})
    same = summary.merge(none, forwards)
    assert all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(np.all(a == b)), same, forwards)))


def test_summaries_survive_a_file():
    parts = [chunk.summary for chunk in engine.evaluate(TOY, GRID, SMALL, keep=False)]
    stored = summary.from_arrays(summary.merge_arrays(summary.as_arrays(part) for part in parts))
    whole_grid = engine.summarise(TOY, GRID, SMALL)
    assert jax.tree.structure(stored) == jax.tree.structure(whole_grid)
    assert all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(np.all(a == b)), stored, whole_grid)))


def test_progress_and_chosen_chunks():
    told = []
    count = engine.layout(GRID, SMALL).chunks
    chosen = list(
        engine.evaluate(TOY, GRID, SMALL, chunks=[1, count - 1], progress=lambda *numbers: told.append(numbers))
    )
    assert [chunk.index for chunk in chosen] == [1, count - 1]
    assert told[-1][0] == told[-1][1] == sum(chunk.outputs["q"].size for chunk in chosen)
    with pytest.raises(ValueError, match="chunks must be among"):
        list(engine.evaluate(TOY, GRID, SMALL, chunks=[count]))


def test_list_of_points_agrees_with_the_grid():
    points = {name: np.random.default_rng(1).uniform(0.5, 1.0, 77) for name in GRID.names}
    found = engine.evaluate_points(TOY, points, batch=32)
    single = [
        engine.exact(TOY, {name: jnp.asarray(value[i]) for name, value in points.items()})["q"] for i in range(77)
    ]
    np.testing.assert_allclose(found["q"], single, rtol=1e-13)


def test_place_casts_once_and_keeps_what_shapes_the_computation():
    placed = engine.place(Toy(np.ones(3), 2.0), "float32")
    assert placed.table.dtype == jnp.float32 and placed.edge.dtype == jnp.float32 and placed.continued is True


def test_editing_a_table_does_not_trace_again():
    class Counted(engine.AbstractProblem):
        table: np.ndarray

        def slow(self, point):
            traced.append(1)
            return self.table * point["x"]

        def fast(self, point, slow):
            return {"q": slow[0]}

    traced, grid = [], engine.Grid([engine.Axis.linear("x", 0.0, 1.0, 50)])
    first = whole(Counted(np.ones(2)), grid, SMALL)["q"]
    before = len(traced)
    second = whole(Counted(np.full(2, 3.0)), grid, SMALL)["q"]
    assert len(traced) == before > 0
    np.testing.assert_allclose(second, 3 * first, rtol=1e-14)


def test_what_one_axis_decides_is_computed_once_for_it():
    """On a tile the sum over the table, which m alone decides, is formed for the values of m, not for every point."""
    grid = engine.Grid([engine.Axis.log("m", 0.5, 50.0, 4), engine.Axis.log("x", 1e-3, 1.0, 30)])
    problem = engine.place(TOY, "float64")
    values = {axis.name: jnp.asarray(axis.values()) for axis in grid.axes}
    program = jax.make_jaxpr(lambda problem: tiles._over_product(problem.slow, grid.names, values))(problem)
    assert [eqn.outvars[0].aval.shape for eqn in program.eqns if eqn.primitive.name == "exp"] == [(4, 50)]
