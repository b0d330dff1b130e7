"""The package's own work as functions of arrays, for the benchmarks on the processor and on an accelerator alike."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix import constants, mixing, study
from jaxmix.engine import problem
from jaxmix.numerics import spline

CHAIN_KNOTS = (120, 40)  # of (ln m_mcp, ln epsilon_gamma)


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


@functools.partial(jax.jit, static_argnames="chunk")
def mixed_in_chunks(arrays: tuple[Array, ...], weak: tuple[Array, ...], chunk: int) -> tuple[Float[Array, " chunk"], ...]:
    """mixed_states of one chunk after another; the twelve arrays of a chunk are written whole, over those of the last one."""
    parts = [array.reshape(-1, chunk) for array in arrays]
    start = tuple(jnp.zeros(each.shape, each.dtype) for each in jax.eval_shape(mixed_states, *(part[0] for part in parts), *weak))
    return jax.lax.fori_loop(0, len(parts[0]), lambda i, _: mixed_states(*(part[i] for part in parts), *weak), start)


def _numbers(state: mixing.Eigenstate) -> tuple[Scalar, ...]:
    return state.mass, state.a1, state.z1, state.a2, state.z2


class TabulatedRates(problem.AbstractProblem):
    """A study whose slow part is read from a table over (ln m_mcp, ln epsilon_gamma): the event chain without production.

    What is left per point: interpolation along the last axis, couplings, photoelectrons, expected events, test statistic.
    """

    whole: study.Study
    table: spline.UniformSpline

    def slow(self, point: problem.Point) -> Float[Array, " k"]:
        """From the table."""
        return self.table(jnp.log(point["m_mcp"]), jnp.log(point["epsilon_gamma"]))

    def fast(self, point: problem.Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """The study's own."""
        return self.whole.fast(point, slow)


def tabulated_rates(whole: study.Study, ends: dict[str, tuple[float, float]], held: dict[str, float]) -> TabulatedRates:
    """The study with its slow part tabulated between the ends of m_mcp (GeV) and epsilon_gamma, other parameters held."""
    sides = [np.linspace(*np.log(ends[name]), knots) for name, knots in zip(("m_mcp", "epsilon_gamma"), CHAIN_KNOTS)]
    mass, charge = (np.exp(grid.ravel()) for grid in np.meshgrid(*sides, indexing="ij"))
    values = jax.jit(_slow_of_many)(whole, mass.reshape(-1, 120), charge.reshape(-1, 120), held)
    return TabulatedRates(whole, spline.fit(values.reshape(*CHAIN_KNOTS, -1), *[(side[0], side[-1]) for side in sides]))


def _slow_of_many(whole: study.Study, mass: Float[Array, "b n"], charge: Float[Array, "b n"], held: dict[str, float]) -> Array:
    one = jax.vmap(lambda m, epsilon: whole.slow({**held, "m_mcp": m, "epsilon_gamma": epsilon}))
    return jax.lax.map(lambda pair: one(*pair), (mass, charge))


@jax.jit
def value_and_gradient(whole: problem.AbstractProblem, mass: Float[Array, " n"], charge: Float[Array, " n"],
                       held: dict[str, float]) -> tuple[Array, Array]:
    """q/q_crit exactly, and its derivatives by m_mcp and epsilon_gamma [2, n], at points with all else held."""

    def one(m: Scalar, epsilon: Scalar) -> tuple[Scalar, Scalar]:
        q = problem.exact(whole, {**held, "m_mcp": m, "epsilon_gamma": epsilon})["mcp_lhc"]
        return q, q

    slopes, value = jax.vmap(jax.jacfwd(one, argnums=(0, 1), has_aux=True))(mass, charge)
    return value, jnp.stack(slopes)


@jax.jit
def value(whole: problem.AbstractProblem, mass: Float[Array, " n"], charge: Float[Array, " n"], held: dict[str, float]) -> Array:
    """q/q_crit exactly at points with all else held."""
    return jax.vmap(lambda m, epsilon: problem.exact(whole, {**held, "m_mcp": m, "epsilon_gamma": epsilon})["mcp_lhc"])(mass, charge)
