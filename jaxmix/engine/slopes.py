"""An objective and the excess over a budget at one point, with their slopes by the parameters."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree, Scalar

from jaxmix.engine.compile import kept_programs, options

Objective = Callable[[dict[str, Scalar], PyTree], tuple[Scalar, PyTree]]  # (parameters, memory) -> (value, memory)
Excess = Callable[[dict[str, Scalar]], Scalar]  # ln(used/allowed): allowed where it is not positive


@dataclasses.dataclass(frozen=True)
class Range:
    """Where a parameter may move: between low and high (equal: it is held), in its logarithm or linearly."""

    low: float
    high: float
    logarithmic: bool = True


class Sample(NamedTuple):
    """A point x with value, slope, excess and its slope (slopes by ln x, or by x where it moves linearly), and the
    memory left there.
    """

    x: dict[str, float]
    value: float
    slope: dict[str, float]
    excess: float
    excess_slope: dict[str, float]
    memory: PyTree


def sample(
    objective: Objective, excess: Excess, x: Mapping[str, float], ranges: Mapping[str, Range], memory: PyTree
) -> Sample:
    """Value and excess at one point with their slopes, in one reverse pass; the same program for every point."""
    logarithmic = tuple(name for name in x if ranges[name].logarithmic)
    point = {name: np.asarray(value, float) for name, value in x.items()}
    *found, memory = _program()(objective, excess, logarithmic, point, memory)
    value, slope, over, over_slope = jax.device_get(found)
    return Sample(dict(x), float(value), _floats(slope), float(over), _floats(over_slope), memory)


def _floats(numbers: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in numbers.items()}


def _options() -> dict:
    """Of a program that runs some hundred times: as fast as with every care, compiled in two thirds of the time."""
    return {name: 1 if "level" in name else value for name, value in options.fast_compile_options().items()}


def _slopes(
    objective: Objective, excess: Excess, logarithmic: tuple[str, ...], x: dict[str, Scalar], memory: PyTree
) -> tuple:
    value, pull, memory = jax.vjp(lambda x: objective(x, memory), x, has_aux=True)
    over, pull_over = jax.vjp(excess, x)
    slopes = [pull(jnp.ones_like(value))[0], pull_over(jnp.ones_like(over))[0]]
    by_log = [
        {name: each * x[name] if name in logarithmic else each for name, each in slope.items()} for slope in slopes
    ]
    return value, by_log[0], over, by_log[1], memory


@functools.cache
def _program() -> Callable:
    return kept_programs.jit(_slopes, _options())
