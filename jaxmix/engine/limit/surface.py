"""Surfaces: the limit on one parameter over a grid of two others, with its derivative by everything that is held."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from jaxmix.engine.limit import find as limit
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem


@dataclasses.dataclass(frozen=True, eq=False)
class Surface:
    """limit [n, m]: the smallest value of a parameter above which the output exceeds one, over the values of two axes;
    NaN where there is none, and status [n, m] says why, as of `find_limit`. d_log_limit: by parameter the derivative of
    its logarithm [n, m], the two axes' among them: d ln(limit)/d(parameter).
    """

    parameter: str
    axes: tuple[Axis, Axis]
    limit: Float[np.ndarray, "n m"]
    status: np.ndarray
    d_log_limit: dict[str, Float[np.ndarray, "n m"]]

    def moved(self, parameter: str, change: float) -> Float[np.ndarray, "n m"]:
        """The limits once a parameter that is held has changed, to first order in their logarithm."""
        return self.limit * np.exp(change * self.d_log_limit[parameter])


def limit_surface(
    problem: AbstractProblem,
    output: str,
    parameter: str,
    axes: tuple[Axis, Axis],
    domain: tuple[float, float],
    held: Mapping[str, float] | None = None,
    **options,
) -> Surface:
    """The limits of `find_limit` at every pair of the axes' values, all in the same batches; options are its."""
    shape = tuple(axis.size for axis in axes)
    grid = np.stack(np.meshgrid(*(np.asarray(axis.values()) for axis in axes), indexing="ij"), axis=-1).reshape(-1, 2)
    points = [{**(held or {}), axes[0].name: float(a), axes[1].name: float(b)} for a, b in grid]
    found = limit.find_limit(problem, output, parameter, points, domain, **options)
    names = sorted({name for each in found for name in each.d_log_limit or {}})
    moves = {
        name: np.array([(each.d_log_limit or {}).get(name, np.nan) for each in found]).reshape(shape) for name in names
    }
    values = np.array([np.nan if each.limit is None else each.limit for each in found])
    return Surface(
        parameter, axes, values.reshape(shape), np.array([each.status for each in found]).reshape(shape), moves
    )
