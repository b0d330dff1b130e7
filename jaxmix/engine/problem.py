"""What the engine evaluates: a pytree of numbers with a slow and a fast part."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix.engine.compile import options

Point = dict[str, Scalar]


class AbstractProblem(eqx.Module):
    """A function of one parameter point, split in two so that a grid can be evaluated quickly.

    Every number is a leaf (tables too), so that editing one compiles nothing again. A bad point never raises: it
    gives NaN and a status.
    """

    @abc.abstractmethod
    def slow(self, point: Point) -> Float[Array, " k"]:
        """The costly quantities, which vary smoothly along the grid's last axis.

        They should vary by factors, not by many orders of magnitude, along it (divide out a leading power, or give
        logarithms): they are interpolated there to a tolerance relative to each one's largest value on the line.
        Where a component has no value, either a smooth finite continuation is returned, and `fast` says so in its
        status (this costs nothing), or NaN (then every line on which some, but not all, nodes are NaN is evaluated
        point by point).
        """

    @abc.abstractmethod
    def fast(self, point: Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """The outputs of one point: floats (NaN where there is no statement), and an int32 "status" (0: fine)."""


def exact(problem: AbstractProblem, point: Point) -> dict[str, Scalar]:
    """The outputs at one point without interpolation, fast(point, slow(point))."""
    return problem.fast(point, problem.slow(point))


def evaluate_point(problem: AbstractProblem, point: Point) -> dict[str, Scalar]:
    """Evaluate the outputs at one point exactly, by a compiled program unless a transformation traces the call.

    Parameters
    ----------
    problem
        What is evaluated.
    point
        Scalars by parameter name.

    Returns
    -------
    dict
        The outputs by name.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((problem, point))):
        return exact(problem, point)
    return options.fast_compile(exact)(problem, point)


def run_compiled(function: Callable[[PyTree], PyTree], tree: PyTree) -> PyTree:
    """function(tree), compiled: for what is computed a few times, as when a problem is built.

    Parameters
    ----------
    function
        A function of one pytree; the same function object compiles nothing again.
    tree
        Its argument.
    """
    return options.balanced(function)(tree)


def place(tree: PyTree, dtype: str | None = None, device: jax.Device | jax.sharding.Sharding | None = None) -> PyTree:
    """A pytree with its floating leaves cast to a type, and all arrays on a device.

    Python floats become arrays; Python ints, bools and strings stay as they are, as they shape the computation.

    Parameters
    ----------
    tree
        A pytree of numbers.
    dtype
        "float64" or "float32"; None: each leaf keeps its own.
    device
        A device or a sharding over several; None: the default device.
    """

    def put(leaf):
        if eqx.is_inexact_array_like(leaf):
            leaf = jnp.asarray(leaf)
            leaf = leaf.astype(dtype) if dtype and jnp.issubdtype(leaf.dtype, jnp.floating) else leaf
        elif not eqx.is_array_like(leaf) or isinstance(leaf, (int, bool)):
            return leaf
        return jax.device_put(leaf, device)

    return jax.tree.map(put, tree)
