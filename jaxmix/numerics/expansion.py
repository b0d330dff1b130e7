"""Approximates a smooth function of a few small displacements by a polynomial of first or second order."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree


class Expansion(eqx.Module):
    """A pytree of arrays as a polynomial in small displacements x.

    Each leaf of `coefficients` [monomials, ...] holds the factors of 1, x_a and, at second order, x_a x_b for a <= b.
    """

    coefficients: PyTree[Float[Array, "monomials ..."]]
    order: int = eqx.field(static=True)

    def __call__(self, x: Float[Array, " n"]) -> PyTree:
        """Evaluate the polynomial.

        Parameters
        ----------
        x
            The displacements.

        Returns
        -------
        PyTree
            The pytree at x; its error is of the next order in x.
        """
        powers = monomials(x, self.order)
        # sums of products, which a compiler fuses into whatever uses them; a matrix product would write all components
        # of every point
        return jax.tree.map(lambda each: sum(each[k] * powers[k] for k in range(each.shape[0])), self.coefficients)


def expand(
    function: Callable[[Float[Array, " n"]], tuple[PyTree, ...]], number: int, step: float, orders: tuple[int, ...]
) -> tuple[Expansion, ...]:
    """Expand a function about zero by polynomial interpolation.

    The polynomials run through values at distances `step`: nested derivatives of a large function would take minutes to
    compile.

    Parameters
    ----------
    function
        Takes `number` displacements and returns a tuple of pytrees.
    number
        Number of displacements.
    step
        Distance of the nodes from the origin.
    orders
        Order (1 or 2) of the polynomial for each pytree.

    Returns
    -------
    tuple of Expansion
        One for each pytree that the function returns.
    """
    nodes = _nodes(number) * step
    values = jax.vmap(function)(jnp.asarray(nodes))
    # in units of the step, where the matrix of monomials is small whole numbers
    matrix = (
        jnp.linalg.inv(jax.vmap(lambda x: monomials(x, 2))(jnp.asarray(nodes / step)))
        / monomials(jnp.full(number, step), 2)[:, None]
    )
    return tuple(
        Expansion(
            jax.tree.map(
                lambda leaf, order=order: jnp.tensordot(matrix, leaf, axes=1)[: None if order == 2 else number + 1],
                part,
            ),
            order,
        )
        for part, order in zip(values, orders)
    )


def monomials(x: Float[Array, " n"], order: int) -> Float[Array, " m"]:
    """Return 1, x_a and, at second order, x_a x_b for a <= b."""
    rows, columns = np.triu_indices(len(x))
    powers = [jnp.ones(1, x.dtype), x, x[rows] * x[columns]]
    return jnp.concatenate(powers[: order + 1])


def _nodes(number: int) -> np.ndarray:
    """As many nodes as monomials: the origin, both directions of each axis, and one diagonal for each pair of axes."""
    axes = np.eye(number)
    pairs = [axes[a] + axes[b] for a in range(number) for b in range(a + 1, number)]
    return np.stack([np.zeros(number), *axes, *(-axes), *pairs])
