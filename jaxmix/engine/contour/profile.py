"""f profiled over some of what it holds, g(x, y) = min f over these, as a sampler: contours of g are traced as those of
f.
"""

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, Scalar

from jaxmix.engine.contour import box
from jaxmix.numerics import minimum

_STEPS = 60
_DECREASE = 1e-11  # of f, expected of one more step, at which a search ends


class ProfileSampler:
    """g and its gradient in box coordinates, by the envelope theorem, with a search from where the nearest point known
    predicts the minimum.

    profile: by name in what f holds, (start, low, high) of each parameter that is minimised over; bounds may be
    infinite. Points at which no minimum is found, from there nor from the start, are as outside f's domain.
    """

    def __init__(
        self,
        function: Callable[..., Scalar],
        sides: tuple[box.Side, box.Side],
        helds: Sequence[dict],
        levels: Sequence[float],
        batch: int,
        profile: Mapping[str, tuple[float, float, float]],
    ):
        self.names = tuple(profile)
        rest = [{name: value for name, value in (held or {}).items() if name not in profile} for held in helds]
        self._inner = box.FunctionSampler(
            _Nuisances(function, self.names), sides, [rest[0]] * len(rest) if len(rest) == 1 else rest, levels, batch
        )
        self.start, self.low, self.high = np.array(list(profile.values()), float).T
        size = len(profile)
        self._plane, self._where = np.zeros(0, int), np.zeros((0, 2))
        self._minimiser, self._slopes = np.zeros((0, size)), np.zeros((0, size, 2))

    @property
    def calls(self) -> int:
        """Points at which a minimum was sought."""
        return self._inner.calls

    @property
    def levels(self) -> Float[np.ndarray, " planes"]:
        """What is subtracted from g in each plane."""
        return self._inner.levels

    def __call__(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """(g - level, dg/du, dg/dv) of points in their planes; NaN where no minimum was found."""
        if not len(where):
            return np.zeros((0, 3))
        found = self._searched(plane, where, self._predicted(plane, where))
        again = found[:, -1] == 0
        if again.any():
            found[again] = self._searched(plane[again], where[again], np.tile(self.start, (again.sum(), 1)))
        self._remember(plane, where, found)
        value = np.where(found[:, -1] == 1, found[:, 0] - self.levels[plane], np.nan)
        return np.column_stack([value, np.where(np.isfinite(found[:, 1:3]), found[:, 1:3], 0.0)])

    def values(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
        """g - level."""
        return self(plane, where)[:, 0]

    def by_held(
        self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"], around: dict[str, float]
    ) -> dict[str, Float[np.ndarray, " n"]]:
        """dg/dp of each number held that is not profiled, and of those around (the envelope theorem: df/dp at the
        minimum).
        """
        more = {name: np.full(len(where), float(value)) for name, value in around.items()}
        given = self.minimiser(plane, where), more
        return self._inner.batches(_by_held, plane, where, *given, batch=1 if around else None) if len(where) else {}

    def minimiser(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n k"]:
        """The profiled parameters at points that were evaluated."""
        return self._minimiser[self._nearest(plane, where)]

    def _searched(self, plane: np.ndarray, where: np.ndarray, start: np.ndarray) -> np.ndarray:
        self._inner.calls += len(where)
        ends = [np.tile(end, (len(where), 1)) for end in (self.low, self.high)]
        return self._inner.batches(_profiled, plane, where, start, *ends)

    def _predicted(self, plane: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Minimisers by the slopes at the nearest point of the same plane; the start where none is known."""
        if not len(self._plane):
            return np.tile(self.start, (len(where), 1))
        near = self._nearest(plane, where)
        ahead = self._minimiser[near] + np.einsum("nkd,nd->nk", self._slopes[near], where - self._where[near])
        return np.where((self._plane[near] == plane)[:, None], np.clip(ahead, self.low, self.high), self.start)

    def _nearest(self, plane: np.ndarray, where: np.ndarray) -> np.ndarray:
        near = np.zeros(len(where), int)
        for k, (number, at) in enumerate(zip(plane, where)):
            near[k] = np.argmin(np.sum((self._where - at) ** 2, axis=1) + 4.0 * (self._plane != number))
        return near

    def _remember(self, plane: np.ndarray, where: np.ndarray, found: np.ndarray) -> None:
        good, size = found[:, -1] == 1, len(self.names)
        self._plane, self._where = (
            np.concatenate([self._plane, plane[good]]),
            np.concatenate([self._where, where[good]]),
        )
        self._minimiser = np.concatenate([self._minimiser, found[good, 3 : 3 + size]])
        self._slopes = np.concatenate([self._slopes, found[good, 3 + size : 3 + 3 * size].reshape(-1, size, 2)])


class _Nuisances(eqx.Module):
    """f(x, y, held, theta) with the parameters theta [k] put, by name, into what f holds."""

    function: Callable[..., Scalar]
    names: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, x: Scalar, y: Scalar, held: dict[str, Scalar], theta: Float[Array, " k"]) -> Scalar:
        return self.function(x, y, {**held, **dict(zip(self.names, theta))})


def _profiled(
    function: _Nuisances,
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    where: Float[Array, "n 2"],
    start: Float[Array, "n k"],
    low: Float[Array, "n k"],
    high: Float[Array, "n k"],
) -> Float[Array, "n m"]:
    """Of each point g, its gradient, the minimiser, its slopes, and whether the search converged, in one row."""

    def one(at, held, start, low, high):
        def f(place, theta):
            return box.in_box(lambda x, y, held: function(x, y, held, theta), ends, logarithmic, *place, held)

        found = minimum.profiled(f, at, start, minimum.Bounds(low, high), steps=_STEPS, tolerance=_DECREASE)
        return jnp.concatenate(
            [
                found.value[None],
                found.gradient,
                found.minimiser,
                found.slopes.ravel(),
                found.converged[None].astype(at.dtype),
            ]
        )

    return jax.vmap(one, in_axes=(0, None if alone else 0, 0, 0, 0))(where, held, start, low, high)


def _by_held(
    function: _Nuisances,
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    where: Float[Array, "n 2"],
    theta: Float[Array, "n k"],
    around: dict[str, Float[Array, " n"]],
) -> PyTree:
    """df/dp at places and minimisers for each number p held and around [n]."""

    def value(held, at, theta):
        return box.in_box(lambda x, y, held: function(x, y, held, theta), ends, logarithmic, *at, held)

    def slopes(held, at, theta, around):
        return jax.grad(value)({**held, **around}, at, theta)

    return jax.vmap(slopes, in_axes=(None if alone else 0, 0, 0, 0))(held, where, theta, around)
