"""The peer of the event chain in interpax: the same table, read by Interpolator2D at every point, and all else as it
is.
"""

from collections.abc import Callable

import interpax
import jax
import jax.numpy as jnp
import kernels
import numpy as np
from jaxtyping import Array, Int

from jaxmix import engine, study


def tabulated_rates(
    whole: study.Study, ends: dict[str, tuple[float, float]], held: dict[str, float], method: str
) -> kernels.TabulatedRates:
    """The study of kernels.tabulated_rates with the same table in interpax's hands; method: "cubic" (C1) or "cubic2"
    (C2).
    """
    sides, values = kernels.chain_table(whole, ends, held)
    # built outside of jit, where it sees that the knots are even and keeps its derivatives; beyond the last knot by
    # rounding alone
    return kernels.TabulatedRates(whole, interpax.Interpolator2D(*sides, values, method=method, extrap=True))


def summarise(chain: engine.AbstractProblem, grid: engine.Grid, block: int) -> Callable[[], engine.Summary]:
    """A call without arguments that sums a grid up as the engine does, from single points under vmap and jit, a block
    at a time.
    """
    devices = len(jax.local_devices())
    blocks = np.arange(-(-grid.size // (block * devices)) * devices)
    parts = kernels.on_all_devices(engine.fast_run(_blocks), (chain, grid, block), (blocks,))
    return lambda: engine.summary.merge_all(jax.device_get(parts()))


def _blocks(
    whole: tuple[engine.AbstractProblem, engine.Grid, int], blocks: tuple[Int[Array, " blocks"]]
) -> engine.Summary:
    chain, grid, block = whole

    def at(number: Int[Array, ""]) -> tuple[dict[str, Array], Int[Array, " block"]]:
        index = number * block + jnp.arange(block)
        point = grid.point(jnp.minimum(index, grid.size - 1))
        return jax.vmap(lambda each: engine.exact(chain, each))(point), index

    def step(i: Int[Array, ""], total: engine.Summary) -> engine.Summary:
        outputs, index = at(blocks[0][i])
        inside = index < grid.size
        return engine.summary.absorb(total, outputs, index, inside, inside)

    like, _ = jax.eval_shape(at, blocks[0][0])
    return jax.lax.fori_loop(0, len(blocks[0]), step, engine.summary.empty_of(like))
