"""A smooth function of a few small displacements as a polynomial of first or second order."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import PyTreeDef
from jaxtyping import Array, Float, PyTree


class Expansion(eqx.Module):
    """Coefficients [components, monomials] of 1, x_a and, at second order, x_a x_b (a <= b), for all leaves of a pytree one after another."""

    coefficients: Float[Array, "components monomials"]
    structure: PyTreeDef = eqx.field(static=True)
    shapes: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    order: int = eqx.field(static=True)

    def __call__(self, x: Float[Array, " n"]) -> PyTree:
        """The pytree at x; its error is of the next order in x."""
        flat = self.coefficients @ monomials(x, self.order)
        ends = np.cumsum([math.prod(shape) for shape in self.shapes])
        leaves = [part.reshape(shape) for part, shape in zip(jnp.split(flat, ends[:-1]), self.shapes)]
        return jax.tree.unflatten(self.structure, leaves)


def expand(function: Callable[[Float[Array, " n"]], tuple[PyTree, ...]], number: int, step: float, orders: tuple[int, ...]) -> tuple[Expansion, ...]:
    """Expansions about zero, one for each pytree that a function of `number` displacements returns, each to its own order.

    They are the polynomials through values at distances `step`: nested derivatives of a function of some size would take minutes to compile.
    """
    nodes = _nodes(number) * step
    values = jax.vmap(function)(jnp.asarray(nodes))
    # in units of the step, where the matrix of monomials is small whole numbers
    matrix = jnp.linalg.inv(jax.vmap(lambda x: monomials(x, 2))(jnp.asarray(nodes / step)))
    scale = monomials(jnp.full(number, step), 2)
    found = []
    for part, order in zip(values, orders):
        leaves, structure = jax.tree.flatten(part)
        flat = jnp.concatenate([leaf.reshape(len(nodes), -1) for leaf in leaves], axis=1)
        coefficients = (matrix @ flat / scale[:, None]).T
        kept = coefficients if order == 2 else coefficients[:, : number + 1]
        found.append(Expansion(kept, structure, tuple(leaf.shape[1:] for leaf in leaves), order))
    return tuple(found)


def monomials(x: Float[Array, " n"], order: int) -> Float[Array, " m"]:
    """1, x_a and, at second order, x_a x_b for a <= b."""
    rows, columns = np.triu_indices(len(x))
    powers = [jnp.ones(1, x.dtype), x, x[rows] * x[columns]]
    return jnp.concatenate(powers[: order + 1])


def _nodes(number: int) -> np.ndarray:
    """As many nodes as monomials: the origin, both directions of each axis, and one diagonal for each pair of axes."""
    axes = np.eye(number)
    pairs = [axes[a] + axes[b] for a in range(number) for b in range(a + 1, number)]
    return np.stack([np.zeros(number), *axes, *(-axes), *pairs])
