"""The package's own work as functions of arrays, for the benchmarks on the processor and on an accelerator alike."""

import dataclasses
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from unittest import mock

import equinox as eqx
import jax
import jax.numpy as jnp
import measuring
import numpy as np
import one_loop
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix import constants, engine, study
from jaxmix.constraints import precision, shelf
from jaxmix.currents import mixing
from jaxmix.engine.grid import interpolant, tiles
from jaxmix.models import mixed_phase
from jaxmix.numerics import spline

CHAIN_KNOTS = (120, 40)  # of (ln m_mcp, ln epsilon_gamma)


def start() -> None:
    """Float64, and a device for each core of a CPU, as the commands have it."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", measuring.cores())


def accelerated() -> bool:
    """Whether jax found something else than a CPU."""
    return jax.default_backend() != "cpu"


def on_all_devices(function: Callable, whole: PyTree, arrays: tuple[np.ndarray, ...]) -> Callable[[], list]:
    """A call without arguments of function(whole, arrays), a share of the arrays' first axis on each device (on fewer,
    where it cannot be parted evenly), each from a thread of its own: a CPU works on what it is sent before it answers.
    """
    homes, rows = jax.local_devices(), len(arrays[0])
    homes = homes[: max(number for number in range(1, len(homes) + 1) if rows % number == 0)]
    shares = zip(homes, zip(*(np.split(array, len(homes)) for array in arrays)))
    placed = [(engine.place(whole, None, home), jax.device_put(share, home)) for home, share in shares]
    pool = ThreadPoolExecutor(len(placed))
    return lambda: list(pool.map(lambda each: jax.block_until_ready(function(*each)), placed))


class Work(NamedTuple):
    """What one point costs by XLA's own count: floating-point operations as they are written, as they are compiled (a
    value that several loops need is computed in each), and bytes that these loops read and write. An operation on
    complex numbers counts as one.
    """

    written: float
    compiled: float
    accessed: float


def work(function: Callable, *arguments: PyTree, points: int) -> Work:
    """The cost of one of the points that function(*arguments) evaluates.

    XLA counts the body of a loop once. The passes that are missing are counted before it optimises, where the same
    program with its loops written out is compared with itself. (A loop that may end early is taken to run once.)
    """
    arrays, static = eqx.partition(arguments, eqx.is_array)

    def lowered() -> jax.stages.Lowered:
        return jax.jit(lambda arrays: function(*eqx.combine(arrays, static))).lower(arrays)

    program = lowered()
    with mock.patch.object(jax.lax, "fori_loop", _written_out):
        written = lowered().cost_analysis()["flops"]
    compiled = program.compile().cost_analysis()
    missing = written - program.cost_analysis()["flops"]
    return Work(written / points, (compiled["flops"] + missing) / points, compiled["bytes accessed"] / points)


def _written_out(lower: int, upper: int, body: Callable, state: PyTree) -> PyTree:
    for i in range(lower, upper):
        state = body(i, state)
    return state


def matrix_product(size: int, dtype: str = "float64") -> Callable[[], Array]:
    """A call without arguments that multiplies two square matrices, 2 size^3 operations."""
    random = np.random.default_rng(4)
    left, right = (jnp.asarray(random.standard_normal((size, size)), dtype) for _ in range(2))
    product = jax.jit(functools.partial(jnp.matmul, precision="highest"))
    return lambda: jax.block_until_ready(product(left, right))


def mixing_points(number: int, dtype: str = "float64", seed: int = 1) -> tuple[np.ndarray, ...]:
    """Seeded kappa (1e-6 to 0.5), M2 (10 GeV to 1 TeV), and cos and sin of theta_W' (0.05 to 1.5)."""
    random = np.random.default_rng(seed)
    kappa, m2 = (np.exp(random.uniform(np.log(low), np.log(high), number)) for low, high in ((1e-6, 0.5), (10.0, 1e3)))
    angle = random.uniform(0.05, 1.5, number)
    return tuple(array.astype(dtype) for array in (kappa, m2, np.cos(angle), np.sin(angle)))


def weak_inputs(dtype: str = "float64") -> tuple[np.ndarray, ...]:
    """M1 (GeV), cos and sin of theta_W."""
    sin2 = constants.SIN2_THETA_W
    return tuple(np.asarray(value, dtype) for value in (constants.M1, np.sqrt(1 - sin2), np.sqrt(sin2)))


@jax.jit
def mixed_states(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w) -> tuple[Float[Array, " n"], ...]:
    """Masses and contents of Z, Z' and photon: the twelve arrays of numpy_mixing."""

    def one(kappa: Scalar, m2: Scalar, dark_cos: Scalar, dark_sin: Scalar) -> tuple[Scalar, ...]:
        weak, dark = mixing.Angle(cos_w, sin_w), mixing.Angle(dark_cos, dark_sin)
        z, zprime = mixing.massive_states(kappa, m1, m2, weak, dark)
        photon = mixing.photon(kappa, weak, dark)
        return *_numbers(z), *_numbers(zprime), photon.a1, photon.a2

    return jax.vmap(one)(kappa, m2, dark_cos, dark_sin)


def _in_chunks(weak: tuple[Array, ...], parts: tuple[Array, ...]) -> tuple[Float[Array, " chunk"], ...]:
    start = tuple(
        jnp.zeros(each.shape, each.dtype) for each in jax.eval_shape(mixed_states, *(part[0] for part in parts), *weak)
    )

    def of_chunk(i: Array, _: tuple[Array, ...]) -> tuple[Array, ...]:
        return one_loop.in_one_loop(mixed_states(*(part[i] for part in parts), *weak))

    return jax.lax.fori_loop(0, len(parts[0]), of_chunk, start)


def mixed_in_chunks(
    weak: tuple[Array, ...], parts: tuple[Float[Array, "chunks chunk"], ...]
) -> tuple[Float[Array, " chunk"], ...]:
    """mixed_states of one chunk after another; the twelve arrays of a chunk are written whole, over those of the last
    one.
    """
    return engine.fast_run(_in_chunks)(weak, parts)


def _numbers(state: mixing.Eigenstate) -> tuple[Scalar, ...]:
    return state.mass, state.a1, state.z1, state.a2, state.z2


class TabulatedRates(engine.AbstractProblem):
    """A study whose slow part is read from a table over (ln m_mcp, ln epsilon_gamma): the event chain without
    production.

    What is left per point: interpolation along the last axis, couplings, photoelectrons, expected events, test
    statistic.
    """

    whole: study.Study
    table: Callable[..., Float[Array, " k"]]

    def slow(self, point: engine.Point) -> Float[Array, " k"]:
        """From the table."""
        return self.table(jnp.log(point["m_mcp"]), jnp.log(point["epsilon_gamma"]))

    def fast(self, point: engine.Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """The study's own."""
        return self.whole.fast(point, slow)


def tabulated_rates(whole: study.Study, ends: dict[str, tuple[float, float]], held: dict[str, float]) -> TabulatedRates:
    """The study with its slow part tabulated between the ends of m_mcp (GeV) and epsilon_gamma, other
    parameters held.
    """
    sides, values = chain_table(whole, ends, held)
    return TabulatedRates(whole, spline.fit(values, *[(side[0], side[-1]) for side in sides]))


def chain_table(
    whole: study.Study, ends: dict[str, tuple[float, float]], held: dict[str, float]
) -> tuple[list[np.ndarray], Array]:
    """Knots of ln m_mcp and ln epsilon_gamma, and the study's slow part there [masses, charges, k]."""
    sides = [np.linspace(*np.log(ends[name]), knots) for name, knots in zip(("m_mcp", "epsilon_gamma"), CHAIN_KNOTS)]
    mass, charge = (np.exp(grid.ravel()) for grid in np.meshgrid(*sides, indexing="ij"))
    values = jax.jit(_slow_of_many)(whole, mass.reshape(-1, 120), charge.reshape(-1, 120), held)
    return sides, values.reshape(*CHAIN_KNOTS, -1)


def _slow_of_many(
    whole: study.Study, mass: Float[Array, "b n"], charge: Float[Array, "b n"], held: dict[str, float]
) -> Array:
    one = jax.vmap(lambda m, epsilon: whole.slow({**held, "m_mcp": m, "epsilon_gamma": epsilon}))
    return jax.lax.map(lambda pair: one(*pair), (mass, charge))


@jax.jit
def value_and_gradient(
    whole: engine.AbstractProblem, mass: Float[Array, " n"], charge: Float[Array, " n"], held: dict[str, float]
) -> tuple[Array, Array]:
    """q/q_crit exactly, and its derivatives by m_mcp and epsilon_gamma [2, n], at points with all else held."""

    def one(m: Scalar, epsilon: Scalar) -> tuple[Scalar, Scalar]:
        q = engine.exact(whole, {**held, "m_mcp": m, "epsilon_gamma": epsilon})["mcp_lhc"]
        return q, q

    slopes, value = jax.vmap(jax.jacfwd(one, argnums=(0, 1), has_aux=True))(mass, charge)
    return value, jnp.stack(slopes)


@jax.jit
def value(
    whole: engine.AbstractProblem, mass: Float[Array, " n"], charge: Float[Array, " n"], held: dict[str, float]
) -> Array:
    """q/q_crit exactly at points with all else held."""
    return jax.vmap(lambda m, epsilon: engine.exact(whole, {**held, "m_mcp": m, "epsilon_gamma": epsilon})["mcp_lhc"])(
        mass, charge
    )


def tile(
    chain: engine.AbstractProblem,
    grid: engine.Grid,
    nodes: interpolant.Interpolant,
    shape: tuple[int, ...],
    tiling: engine.Tiling,
) -> engine.Summary:
    """The first tile of a grid, reduced: what the engine repeats."""
    first = jnp.zeros(len(shape), int)
    outputs, inside, direct = tiles.evaluate_tile(chain, grid, nodes, first, shape, tiling)
    return engine.summary.summarise(outputs, tiles.flat_index(grid, first, shape), inside, direct)


def work_of_tile(chain: engine.AbstractProblem, grid: engine.Grid, tiling: engine.Tiling) -> Work:
    """The cost of a point of the grid."""
    shape = engine.layout(grid, tiling).tile
    placed = (engine.place(each) for each in (chain, grid, interpolant.along(grid.axes[-1], tiling.nodes)))
    return work(functools.partial(tile, shape=shape, tiling=tiling), *placed, points=int(np.prod(shape)))


def fit(sm_inputs: str = "profiled") -> precision.Precision:
    """The electroweak chi^2 with its tables."""
    made = engine.run_compiled(study.prepared, shelf.build("precision", {}, ("cl", 0.95)))
    return dataclasses.replace(
        made, words=tuple((name, sm_inputs if name == "sm_inputs" else word) for name, word in made.words)
    )


def fit_points(number: int, batch: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Seeded points about the limit [batches, points]: kappa 0.002 to 0.05, m_Z' 1 to 500 GeV."""
    random = np.random.default_rng(seed)
    ends = ((2e-3, 0.05), (1.0, 500.0))
    return tuple(np.exp(random.uniform(np.log(low), np.log(high), number)).reshape(-1, batch) for low, high in ends)


def okun(kappa: Scalar, mass: Scalar):
    """Currents of the Okun phase: by the theorem every other follows from it."""
    return mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=np.pi / 2).currents()


def chi2(of: precision.Precision, kappa: Float[Array, " n"], mass: Float[Array, " n"]) -> Float[Array, " n"]:
    """q of some points."""
    return jax.vmap(functools.partial(_statistic, of))(kappa, mass)


def chi2_and_gradient(
    of: precision.Precision, kappa: Float[Array, " n"], mass: Float[Array, " n"]
) -> tuple[Array, tuple[Array, Array]]:
    """q and its derivatives with kappa and m_Z'."""
    return jax.vmap(jax.value_and_grad(functools.partial(_statistic, of), argnums=(0, 1)))(kappa, mass)


@functools.cache
def in_batches(function: Callable) -> Callable:
    """function(of, kappa, mass) compiled for points [batches, points], one batch after another."""
    return engine.fast_run(lambda of, arrays: jax.lax.map(lambda each: function(of, *each), arrays))


def _statistic(of: precision.Precision, kappa: Scalar, mass: Scalar) -> Scalar:
    return of.fit(okun(kappa, mass))[0]
