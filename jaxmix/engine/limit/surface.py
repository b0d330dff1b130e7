"""Surfaces: the limit on one parameter over a grid of two others, with its derivative by everything that is held."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxmix.engine.limit import find as limit
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem


@dataclasses.dataclass(frozen=True, eq=False)
class Surface:
    """The limit on one parameter over the values of two others.

    Attributes
    ----------
    parameter
        The parameter that is limited.
    axes
        The two axes, of n and m values.
    limit
        The smallest value above which the output exceeds one; NaN where there is none.
    status
        The status of each limit, see `Limit`.
    d_log_limit
        By parameter, the two axes' among them, the derivative d ln(limit)/d(parameter).
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
    **options: Any,
) -> Surface:
    """The limits of `find_limit` at every pair of two axes' values, all in the same batches.

    Parameters
    ----------
    problem, output, parameter, domain
        As for `find_limit`.
    axes
        The two axes.
    held
        Values of the problem's other parameters.
    **options
        The options of `find_limit`.
    """
    shape = tuple(axis.size for axis in axes)
    grid = np.stack(np.meshgrid(*(np.asarray(axis.values()) for axis in axes), indexing="ij"), axis=-1).reshape(-1, 2)
    points = [{**(held or {}), axes[0].name: float(a), axes[1].name: float(b)} for a, b in grid]
    found = limit.find_limits(problem, output, parameter, points, domain, **options)
    names = sorted({name for each in found for name in each.d_log_limit or {}})
    moves = {
        name: np.array([(each.d_log_limit or {}).get(name, np.nan) for each in found]).reshape(shape) for name in names
    }
    values = np.array([np.nan if each.limit is None else each.limit for each in found])
    return Surface(
        parameter, axes, values.reshape(shape), np.array([each.status for each in found]).reshape(shape), moves
    )
