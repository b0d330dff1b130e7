"""Exact outputs at listed points, and how far interpolated outputs on a grid are from them."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.engine.compile import options as compiling
from jaxmix.engine.compile.options import CompileLevel
from jaxmix.engine.grid import interpolant as interpolants
from jaxmix.engine.grid.layout import Tiling, layout
from jaxmix.engine.grid.tiles import evaluate_tile, placed
from jaxmix.engine.points import Grid
from jaxmix.engine.problem import AbstractProblem, exact, place


def evaluate_points(
    problem: AbstractProblem,
    points: Mapping[str, Any],
    *,
    batch: int = 1024,
    dtype: str = "float64",
    compile_level: CompileLevel = "fast_run",
) -> dict[str, np.ndarray]:
    """Exact outputs at a list of points, in batches of one size.

    Parameters
    ----------
    problem
        What is evaluated.
    points
        By parameter the values [n] at all points.
    batch
        Points evaluated together.
    dtype
        "float64" or "float32".
    compile_level
        "fast_compile" for a few points.

    Returns
    -------
    dict
        By output the values [n].
    """
    size = len(next(iter(points.values())))
    padded = -(-size // batch) * batch
    arrays = {name: np.pad(np.asarray(value, dtype), (0, padded - size), mode="edge") for name, value in points.items()}
    ready = place(problem, dtype)
    evaluated = compiling.at_level(_exact_batch, compile_level)
    parts = [
        jax.device_get(evaluated(ready, {name: value[at : at + batch] for name, value in arrays.items()}))
        for at in range(0, padded, batch)
    ]
    return {name: np.concatenate([part[name] for part in parts])[:size] for name in parts[0]}


def interpolation_error(
    problem: AbstractProblem,
    grid: Grid,
    tiling: Tiling = Tiling(),
    *,
    samples: int = 1000,
    seed: int = 0,
    floor: float = 0.0,
) -> dict[str, float]:
    """The largest abs(interpolated/exact - 1) of each float output over random points of a grid.

    Parameters
    ----------
    problem, grid, tiling
        As for `evaluate`.
    samples, seed
        The number of points, and the seed of their choice.
    floor
        Deviations of smaller outputs are relative to this.

    Returns
    -------
    dict
        By output the largest deviation; "status": the number of points whose status differs, or that are defined in
        one case only.
    """
    random = np.random.default_rng(seed)
    places = np.stack([random.integers(0, size, samples) for size in grid.shape], axis=1)
    ready, on_device, interpolant = placed(problem, grid, tiling, None)
    assert isinstance(on_device, Grid) and interpolant is not None
    found = jax.device_get(_at_places(ready, on_device, interpolant, jnp.asarray(places), tiling))
    values = {axis.name: np.asarray(axis.value(jnp.asarray(places[:, i]))) for i, axis in enumerate(grid.axes)}
    truth = evaluate_points(problem, values, batch=min(samples, 1024), dtype=tiling.dtype)
    floats = [name for name in truth if np.issubdtype(truth[name].dtype, np.floating)]
    differs = np.zeros(samples, bool) if "status" not in truth else truth["status"] != found["status"]
    for name in floats:
        differs |= np.isnan(truth[name]) != np.isnan(found[name])
    return {name: _largest_deviation(found[name], truth[name], floor) for name in floats} | {
        "status": float(differs.sum())
    }


def _largest_deviation(found: np.ndarray, truth: np.ndarray, floor: float) -> float:
    usable = np.isfinite(truth) & np.isfinite(found) & (truth != 0)
    return float(np.max(np.abs(found[usable] - truth[usable]) / np.maximum(np.abs(truth[usable]), floor), initial=0.0))


@eqx.filter_jit
def _at_places(
    problem: AbstractProblem,
    grid: Grid,
    interpolant: interpolants.Interpolant,
    places: Int[Array, "n axes"],
    tiling: Tiling,
) -> dict[str, Array]:
    whole = layout(grid, tiling).tile[-1] == grid.shape[-1]  # then the last axis is cut into pieces as a whole
    shape = (*(1,) * (len(grid.shape) - 1), grid.shape[-1] if whole else 1)

    def at(place: Int[Array, " axes"]) -> dict[str, Scalar]:
        outputs, _, _ = evaluate_tile(
            problem, grid, interpolant, place.at[-1].multiply(0 if whole else 1), shape, tiling
        )
        return {name: value.ravel()[place[-1] if whole else 0] for name, value in outputs.items()}

    return jax.lax.map(at, places)


def _exact_batch(problem: AbstractProblem, points: dict[str, Float[Array, " n"]]) -> dict[str, Array]:
    return jax.vmap(lambda point: exact(problem, point))(points)
