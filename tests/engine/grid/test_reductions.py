"""What is reduced on the device against the same from every point: maps, profiles, histograms; samples; refinement;
several devices.
"""

import json
import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix import engine
from jaxmix.engine.grid import maps, summary


class Bowl(engine.AbstractProblem):
    """q with its least value at x = a, y = 0.3, the same for two values of z; NaN where y > edge."""

    edge: float = 10.0
    floor: float = eqx.field(static=True, default=0.0)

    def slow(self, point):
        return jnp.stack([(point["x"] - point["a"]) ** 2])

    def fast(self, point, slow):
        q = slow[0] + (point["y"] - 0.3) ** 2 + jnp.abs(jnp.round(point["z"]) - 1.0) + self.floor
        valid = point["y"] <= self.edge
        return {
            "q": jnp.where(valid, q, jnp.nan),
            "w": 3.1 * point["y"],
            "status": jnp.where(valid, 0, 2).astype(jnp.int32),
        }


GRID = engine.Grid(
    [
        engine.Axis.explicit("a", [0.2, 0.7, 0.9]),
        engine.Axis.linear("z", 0.0, 2.0, 4),
        engine.Axis.linear("y", 0.0, 1.0, 11),
        engine.Axis.linear("x", 0.0, 1.0, 31),
    ]
)
TILING = engine.Tiling(tile_points=100, chunk_points=700, nodes=8)
PROBLEM = Bowl(0.75, 0.00123)  # so that no value lies on an edge of the histogram


def every_point(problem, grid):
    arrays = {}
    for chunk in engine.evaluate(problem, grid, TILING):
        for name, value in chunk.outputs.items():
            arrays.setdefault(name, np.zeros(grid.shape, value.dtype))[chunk.slices] = value
    return arrays


def reduced_by_the_engine(kept, tiling=TILING, order=1, **options):
    chunks = list(range(engine.layout(GRID, tiling).chunks))[::order]
    found = list(
        engine.evaluate(
            PROBLEM, GRID, tiling, chunks=chunks, keep=False, reduction=engine.Reduction(kept, True), **options
        )
    )
    reduced = [i for i, name in enumerate(GRID.names) if name not in kept]
    place = [tuple(slice(0, 1) if i in reduced else part for i, part in enumerate(chunk.slices)) for chunk in found]
    shape = tuple(1 if i in reduced else size for i, size in enumerate(GRID.shape))
    return (
        maps.join(zip(place, (chunk.maps for chunk in found)), shape),
        summary.merge_all(chunk.summary for chunk in found),
        tuple(reduced),
    )


@pytest.mark.parametrize("kept", [("y", "x"), ("a", "x"), ("z",), GRID.names])
def test_maps_are_those_of_every_point(kept):
    found, _, reduced = reduced_by_the_engine(kept)
    whole = every_point(PROBLEM, GRID)
    number = np.sum(np.ones(GRID.shape, int), axis=reduced, keepdims=True)
    np.testing.assert_array_equal(found["points"], number)
    np.testing.assert_array_equal(
        found["excluded_by_any"], np.sum((whole["q"] > 1) | (whole["w"] > 1), axis=reduced, keepdims=True)
    )
    for name in ("q", "w"):
        filled = np.where(np.isnan(whole[name]), np.inf, whole[name])
        least = np.min(filled, axis=reduced, keepdims=True)
        np.testing.assert_array_equal(found[f"excluded.{name}"], np.sum(whole[name] > 1, axis=reduced, keepdims=True))
        np.testing.assert_array_equal(
            found[f"undefined.{name}"], np.sum(np.isnan(whole[name]), axis=reduced, keepdims=True)
        )
        np.testing.assert_array_equal(found[f"minimum.{name}"], least)
        flat = np.where(filled == least, np.arange(GRID.size).reshape(GRID.shape), GRID.size).min(
            axis=reduced, keepdims=True
        )
        np.testing.assert_array_equal(found[f"argmin.{name}"], np.where(np.isfinite(least), flat, -1))


@pytest.mark.parametrize(
    "variant", [{"tiling": engine.Tiling(100, 10**6, 8)}, {"tiling": engine.Tiling(100, 100, 8)}, {"order": -1}]
)
def test_reductions_do_not_depend_on_chunks_or_their_order(variant):
    first, total, _ = reduced_by_the_engine(("z", "x"))
    other, other_total, _ = reduced_by_the_engine(("z", "x"), **variant)
    assert first.keys() == other.keys() and all(np.array_equal(first[name], other[name]) for name in first)
    assert jax.tree.all(jax.tree.map(lambda a, b: bool(np.all(a == b)), total, other_total))


def test_a_histogram_counts_every_point():
    _, total, _ = reduced_by_the_engine(("x",))
    whole = every_point(PROBLEM, GRID)
    for name in ("q", "w"):
        values = whole[name][~np.isnan(whole[name])]
        logarithm = np.clip(np.log10(np.maximum(values, 1e-300)), -6 + 1e-9, 6 - 1e-9)
        expected, _ = np.histogram(logarithm, summary.EDGES)
        assert np.sum(np.asarray(total.histogram[name])) == values.size
        assert np.array_equal(total.histogram[name], expected)
    assert int(total.excluded_by_any) == np.sum((whole["q"] > 1) | (whole["w"] > 1))


def test_maps_need_a_grid():
    sample = engine.Sample(GRID.axes, 10)
    with pytest.raises(ValueError, match="a sample of points has none"):
        next(engine.evaluate(PROBLEM, sample, TILING, reduction=engine.Reduction(("x",))))


@pytest.mark.parametrize("kind", ["sobol", "random"])
def test_a_sample_fills_the_box_in_each_axis_spacing(kind):
    axes = [
        engine.Axis.log("m", 0.1, 1000.0, 2),
        engine.Axis.linear("x", -3.0, 1.0, 2),
        engine.Axis.explicit("a", [1.0, 4.0]),
    ]
    found = {
        name: np.asarray(value) for name, value in engine.Sample(axes, 4096, kind, 5).point(jnp.arange(4096)).items()
    }
    assert all(
        axis.knots.min() <= found[axis.name].min() and found[axis.name].max() <= axis.knots.max() for axis in axes
    )
    bound = 0.002 if kind == "sobol" else 0.03
    for name, place in (("m", np.log(found["m"] / 0.1) / np.log(1e4)), ("x", (found["x"] + 3.0) / 4.0)):
        np.testing.assert_allclose(np.quantile(place, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=bound, err_msg=name)
    assert np.mean(found["a"] == 4.0) == pytest.approx(0.5, abs=bound)
    more = engine.Sample(axes, 10**9, kind, 5).point(jnp.arange(4096))
    assert all(np.array_equal(more[name], found[name]) for name in found)


def test_a_sample_is_evaluated_exactly_and_its_excluded_part_is_an_integral():
    """The part of the unit square inside a circle of radius 1/2 is pi/16 for each of two centres."""

    class Disc(engine.AbstractProblem):
        def slow(self, point):
            return jnp.stack([point["x"] ** 2 + point["y"] ** 2])

        def fast(self, point, slow):
            return {"q": 0.25 / slow[0]}

    sample = engine.Sample([engine.Axis.linear("x", 0.0, 1.0, 2), engine.Axis.linear("y", 0.0, 1.0, 2)], 2**14)
    total = engine.summarise(Disc(), sample, engine.Tiling(tile_points=256, chunk_points=3000))
    assert int(total.points) == 2**14 == int(total.direct)
    assert int(total.excluded["q"]) / 2**14 == pytest.approx(np.pi / 16, abs=1e-3)
    best = {name: float(value) for name, value in sample.point(total.argmax["q"]).items()}
    assert float(total.maximum["q"]) == pytest.approx(0.25 / (best["x"] ** 2 + best["y"] ** 2), rel=1e-12)


def test_wrong_samples_are_refused():
    with pytest.raises(ValueError, match="allowed: sobol, random"):
        engine.Sample(GRID.axes, 10, "halton")
    with pytest.raises(ValueError, match="at least one point"):
        engine.Sample(GRID.axes, 0)


def test_refinement_finds_the_level_of_a_grid_as_fine_at_a_fraction_of_its_points():
    """Every cell of the fine grid that a sphere crosses, from coarse cells that it crosses."""

    class Sphere(engine.AbstractProblem):
        def slow(self, point):
            return jnp.zeros(1)

        def fast(self, point, slow):
            return {
                "q": point["a"] * (point["x"] ** 2 + point["y"] ** 2) / jnp.exp(point["z"]),
                "status": jnp.zeros((), jnp.int32),
            }

    def box(number):
        ranges = [
            engine.Axis.linear("x", -1.3, 1.3, number),
            engine.Axis.linear("y", -1.3, 1.3, number),
            engine.Axis.linear("z", -0.5, 0.5, number),
        ]
        return engine.Grid([engine.Axis.explicit("a", [1.0, 2.0]), *ranges])

    depth, coarse, fine = 3, box(9), box(8 * 8 + 1)
    above = {"q": every_point(Sphere(), coarse)["q"] > 1}
    told = []
    found = engine.refine(Sphere(), coarse, above, depth, progress=lambda *numbers: told.append(numbers))
    assert [halving for halving, _ in told] == [1, 2, 3] and told[-1][1] == found["q"].size < fine.size / 3
    np.testing.assert_allclose(
        found["q"], found["a"] * (found["x"] ** 2 + found["y"] ** 2) / np.exp(found["z"]), rtol=1e-12
    )
    assert np.unique(np.stack([found[name] for name in ("a", "x", "y", "z")]), axis=1).shape[1] == found["q"].size
    flags = every_point(Sphere(), fine)["q"] > 1
    crossed = np.zeros(fine.shape, bool)
    for axis in (1, 2, 3):  # both ends of every edge that the level crosses
        low, high = (
            tuple(part if i == axis else slice(None) for i in range(4)) for part in (slice(None, -1), slice(1, None))
        )
        crossed[low] |= flags[low] != flags[high]
        crossed[high] |= flags[low] != flags[high]
    index = {axis.name: np.abs(axis.values()[:, None] - found[axis.name][None, :]).argmin(axis=0) for axis in fine.axes}
    have = np.zeros(fine.shape, bool)
    have[tuple(index[axis.name] for axis in fine.axes)] = True
    have[:, ::8, ::8, ::8] = True
    assert np.mean(have[crossed]) > 0.999


def test_nothing_is_refined_where_no_level_runs():
    assert engine.refine(PROBLEM, GRID, {"q": np.zeros(GRID.shape, bool)}, 2) == {}


_ON_DEVICES = """
import json, sys
import jax
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", int(sys.argv[1]))
sys.path.insert(0, sys.argv[2])
import numpy as np
import test_reductions as t
from jaxmix import engine
digest = []
for chunk in engine.evaluate(t.PROBLEM, t.GRID, t.TILING, reduction=engine.Reduction(("z", "x"), True)):
    arrays = {**chunk.outputs, **chunk.maps, **t.summary.as_arrays(chunk.summary)}
    digest.append({name: np.asarray(value).tobytes().hex() for name, value in arrays.items()})
print(json.dumps([jax.local_device_count(), digest]))
"""


def test_any_number_of_devices_gives_the_same_bits():
    """Two, three and five devices of a processor share the tiles of every chunk."""
    here = os.path.dirname(__file__)
    runs = [
        subprocess.run(
            [sys.executable, "-c", _ON_DEVICES, str(number), here], capture_output=True, text=True, check=False
        )
        for number in (2, 3, 5)
    ]
    assert all(run.returncode == 0 for run in runs), [run.stderr[-2000:] for run in runs]
    found = [json.loads(run.stdout) for run in runs]
    assert [number for number, _ in found] == [2, 3, 5]
    assert found[0][1] == found[1][1] == found[2][1]
