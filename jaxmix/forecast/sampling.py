"""Samples of a posterior by the No-U-Turn sampler, with what tells whether they may be trusted, and files that others
open.

M. D. Hoffman and A. Gelman, J. Mach. Learn. Res. 15 (2014) 1593; the implementation is blackjax's (extra `bayes`).
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray
import zarr
from jaxtyping import Array, Bool, Float, Key, UInt32

from jaxmix import atomic, engine

Scalar = Float[Array, ""]
Seed = UInt32[Array, " words"] | Key[Array, ""]

_STEP = 0.5  # of the integration, in standard deviations that are expected, before any adaptation
_EDGE = 1e-3  # of the box: where chains that begin outside begin


class Chains(NamedTuple):
    """Samples [chain, draw, parameter] with ln of the posterior at each; names of the parameters and sides of the box.

    r_hat (A. Gelman and D. B. Rubin, Stat. Sci. 7 (1992) 457) should be below 1.01, effective (the number of
    independent samples that are worth as much) some hundreds, and divergent, the share of samples where the integration
    broke down, nothing.
    """

    names: tuple[str, ...]
    samples: Float[np.ndarray, "chain draw p"]
    log_density: Float[np.ndarray, "chain draw"]
    low: Float[np.ndarray, " p"]
    high: Float[np.ndarray, " p"]
    r_hat: Float[np.ndarray, " p"]
    effective: Float[np.ndarray, " p"]
    divergent: float
    steps: float  # of the integration for a sample, on average

    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Of all samples."""
        return np.cov(self.samples.reshape(-1, len(self.names)).T)


class _Walk(eqx.Module):
    """All that a run rests on; the numbers of steps shape its program."""

    log_density: Callable[[Float[Array, " p"]], Scalar]
    low: Float[Array, " p"]
    high: Float[Array, " p"]
    root: Float[Array, "p p"]  # of the covariance that is expected of the unbounded coordinates
    start: Float[Array, "chain p"]
    keys: Array
    warm: int = eqx.field(static=True)
    draws: int = eqx.field(static=True)
    target: float = eqx.field(static=True)

    def place(self, z: Float[Array, " p"]) -> tuple[Float[Array, " p"], Scalar]:
        """The point in the box, and ln of its density where z is uniform: x = low + (high - low)/(1 + exp(-root z))."""
        free = self.root @ z
        jacobian = jnp.sum(jax.nn.log_sigmoid(free) + jax.nn.log_sigmoid(-free))
        return self.low + (self.high - self.low) * jax.nn.sigmoid(free), jacobian

    def density(self, z: Float[Array, " p"]) -> Scalar:
        """ln of the density of z. Its slope is taken by forward mode, which compiles in half the time for a few
        parameters.
        """

        def value(z: Float[Array, " p"]) -> tuple[Scalar, Scalar]:
            place, jacobian = self.place(z)
            found = self.log_density(place) + jacobian
            return found, found

        held = jax.lax.stop_gradient(z)
        slope, found = jax.lax.stop_gradient(jax.jacfwd(value, has_aux=True)(held))
        return found + slope @ (z - held)


def sample(
    log_density: Callable[[Float[Array, " p"]], Scalar],
    start: Float[np.ndarray, "chain p"],
    low: Float[np.ndarray, " p"],
    high: Float[np.ndarray, " p"],
    names: Sequence[str],
    covariance: Float[np.ndarray, "p p"],
    *,
    warm: int = 500,
    draws: int = 1000,
    seed: int = 0,
    target: float = 0.8,
) -> Chains:
    """Chains of a posterior in a box, one from each row of `start`, each with its own step size and mass matrix.

    log_density: a method of an eqx.Module, or a function without arrays of its own. covariance: what is expected, such
    as Fisher's with priors; a poor one costs time alone. warm: steps of adaptation, which are thrown away (none: the
    covariance is taken at its word). target: the acceptance aimed at, nearer to 1 for smaller steps. Same seed, same
    samples. Raises ModuleNotFoundError without blackjax.
    """
    judge = _blackjax().diagnostics
    low, high = np.asarray(low, float), np.asarray(high, float)
    inside = np.clip((np.asarray(start, float) - low) / (high - low), _EDGE, 1 - _EDGE)
    middle = np.mean(inside, axis=0)
    stretch = 1.0 / ((high - low) * middle * (1 - middle))
    root = np.linalg.cholesky(np.asarray(covariance) * np.outer(stretch, stretch))
    begin = np.linalg.solve(root, (np.log(inside) - np.log1p(-inside)).T).T
    keys = jax.random.split(jax.random.PRNGKey(seed), len(inside))
    walk = _Walk(
        log_density=log_density,
        low=jnp.asarray(low),
        high=jnp.asarray(high),
        root=jnp.asarray(root),
        start=jnp.asarray(begin),
        keys=keys,
        warm=warm,
        draws=draws,
        target=target,
    )
    samples, density, divergent, steps = jax.device_get(engine.run_compiled(_walked, walk))
    return Chains(
        names=tuple(names),
        samples=samples,
        log_density=density,
        low=low,
        high=high,
        r_hat=np.asarray(judge.potential_scale_reduction(samples)),
        effective=np.asarray(judge.effective_sample_size(samples)),
        divergent=float(np.mean(divergent)),
        steps=float(np.mean(steps)),
    )


def starts(
    centre: Float[np.ndarray, " p"], covariance: Float[np.ndarray, "p p"], chains: int = 4, seed: int = 0
) -> Float[np.ndarray, "chain p"]:
    """Places to begin, drawn from a Gaussian such as that of Fisher's information with priors."""
    return np.random.default_rng(seed).multivariate_normal(np.asarray(centre), covariance, chains, method="eigh")


def _walked(walk: _Walk) -> tuple[Array, Array, Bool[Array, "chain draw"], Array]:
    """Samples in the box, ln of the density there, and what the sampler says of each step, of all chains."""
    library = _blackjax()
    warmup = library.window_adaptation(
        library.nuts,
        walk.density,
        is_mass_matrix_diagonal=False,
        target_acceptance_rate=walk.target,
        initial_step_size=_STEP,
    )

    def one(start: Float[Array, " p"], key: Seed) -> tuple:
        first, second = jax.random.split(key)
        if walk.warm:
            (state, tuned), _ = warmup.run(first, start, walk.warm)
        else:
            state, tuned = (
                library.nuts.init(start, walk.density),
                {"step_size": _STEP, "inverse_mass_matrix": jnp.eye(len(start))},
            )
        step = library.nuts(walk.density, **tuned).step

        def advance(state: Any, key: Seed) -> tuple:  # a state of blackjax, which has no types
            state, told = step(key, state)
            place, jacobian = walk.place(state.position)
            return state, (place, state.logdensity - jacobian, told.is_divergent, told.num_integration_steps)

        return jax.lax.scan(advance, state, jax.random.split(second, walk.draws))[1]

    return jax.vmap(one)(walk.start, walk.keys)


def write_zarr(path: Path, chains: Chains) -> None:
    """The chains as a folder that xarray and ArviZ open as they are: the group `posterior` with the dimensions chain
    and draw.

    tree = xarray.open_datatree(path, engine="zarr"), and arviz.InferenceData.from_datatree(tree), or the tree itself
    from ArviZ 1 on. Parameters are those of the chains, logarithms where these are. CannotWrite on failure.
    """
    count, draws, _ = chains.samples.shape
    columns = dict(zip(chains.names, np.moveaxis(chains.samples, -1, 0)))
    variables = {name: (("chain", "draw"), values) for name, values in columns.items()}
    groups = {"posterior": variables, "sample_stats": {"lp": (("chain", "draw"), chains.log_density)}}
    places = {"chain": np.arange(count), "draw": np.arange(draws)}
    with atomic.replacing_folder(path) as partial:
        for number, (name, held) in enumerate(groups.items()):
            data = xarray.Dataset(held, coords=places)
            data.to_zarr(partial, group=name, mode="a" if number else "w", zarr_format=2, consolidated=False)
        zarr.consolidate_metadata(str(partial), zarr_format=2)


def write_getdist(folder: Path, stem: str, chains: Chains, labels: Mapping[str, str] | None = None) -> list[str]:
    """The chains as plain text: STEM_1.txt, ... with weight, -ln of the posterior and the parameters, STEM.paramnames
    and STEM.ranges.

    getdist.loadMCSamples("FOLDER/STEM"). labels: formulas of the names, without dollar signs. Names of the files;
    CannotWrite on failure.
    """
    labels = dict(labels or {})
    texts = {f"{stem}.paramnames": [f"{name}\t{labels.get(name, name)}" for name in chains.names]}
    texts[f"{stem}.ranges"] = [
        f"{name} {low:.8g} {high:.8g}" for name, low, high in zip(chains.names, chains.low, chains.high)
    ]
    for number, (density, samples) in enumerate(zip(chains.log_density, chains.samples), 1):
        rows = np.column_stack([np.ones_like(density), -density, samples])
        texts[f"{stem}_{number}.txt"] = [" ".join(f"{value:.10g}" for value in row) for row in rows]
    for name, lines in texts.items():
        atomic.write_bytes(folder / name, ("\n".join(lines) + "\n").encode())
    return [*texts]


def _blackjax() -> ModuleType:
    try:
        importlib.import_module("blackjax.diagnostics")
        return importlib.import_module("blackjax")
    except ModuleNotFoundError as missing:
        text = (
            "sampling needs blackjax, which is not installed; install jaxmix with its extra: "
            "pip install 'jaxmix[bayes]'"
        )
        raise ModuleNotFoundError(text) from missing
