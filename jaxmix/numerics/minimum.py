"""A minimum of a smooth function in a few parameters between bounds, for use inside a batch.

Damped Newton steps with the exact second derivatives find it. The value's derivative follows from the envelope theorem,
the minimiser's from the implicit function theorem.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Scalar, ScalarLike

from jaxmix.numerics.least_squares import solve

TAKEN, FAIR, GOOD = (
    0.05,
    0.25,
    0.75,
)  # of the expected decrease: a step counts above the first, damping grows below the second, shrinks above the third
ROUNDING = 1e4  # in units of eps: a pivot below it is zero
LIFT = 0.01  # a tenth and one need half as many steps again where f bends downwards


class Bounds(NamedTuple):
    """Bounds low <= x <= high of the parameters.

    -inf and inf stand for no bound, low = high for a parameter that stays.
    """

    low: Float[Array, " n"]
    high: Float[Array, " n"]


class Minimum(NamedTuple):
    """Where a search ended, the function there, whether it is a minimum to the tolerance, and the steps tried."""

    place: Float[Array, " n"]
    value: Scalar
    converged: Bool[Array, ""]
    steps: Int[Array, ""]


class Profile(NamedTuple):
    """g(x) = min_t f(x, t): its value, dg/dx, the minimiser t*, dt*/dx, and whether the minimum was found."""

    value: Scalar
    gradient: Float[Array, " k"]
    minimiser: Float[Array, " n"]
    slopes: Float[Array, "n k"]
    converged: Bool[Array, ""]


class _Model(NamedTuple):
    """The function to second order about a place."""

    place: Float[Array, " n"]
    value: Scalar
    gradient: Float[Array, " n"]
    hessian: Float[Array, "n n"]


class _Search(NamedTuple):
    """A search in progress.

    It holds the best place so far, the decrease that Newton's step expects from it, the damping, and the next trial.
    """

    model: _Model
    decrease: Scalar
    damping: Scalar
    trial: Float[Array, " n"]
    steps: Int[Array, ""]


def minimise(
    function: Callable[[Float[Array, " n"]], Scalar],
    start: Float[Array, " n"],
    bounds: Bounds,
    *,
    steps: Int[ArrayLike, ""],
    tolerance: ScalarLike,
) -> Minimum:
    """Find a local minimum of f between bounds by damped Newton steps.

    The step is -B^-1 g along the parameters that no bound holds; B is H, lifted to be positive definite and then grown
    by the damping. It is taken where f falls by a fair part of what was expected (never to a NaN); the damping grows
    where it does not.

    Parameters
    ----------
    function
        f of parameters [n].
    start
        Where the search starts, which decides which minimum it finds. A NaN there is returned.
    bounds
        Lowest and highest value of each parameter.
    steps
        Largest number of steps, each one evaluation of f with its derivatives.
    tolerance
        In f: converged where g^T H^-1 g / 2 is below it and H has no negative direction, so never at a saddle.

    Returns
    -------
    Minimum
        Where the search ended.

    References
    ----------
    J. Nocedal and S. J. Wright, Numerical Optimization (2006), sections 3.4, 4.1 and 16.7.
    """

    def unfinished(search: _Search) -> Bool[Array, ""]:
        moving = jnp.any(search.trial != search.model.place) | (search.steps < 0)
        return moving & (search.steps < steps) & ~(search.decrease <= tolerance)

    def advance(search: _Search) -> _Search:
        derivatives = _derivatives(lambda _, place: function(place), jnp.zeros(0, start.dtype), search.trial)
        return _advance(search, _Model(search.trial, *derivatives), bounds)

    end = jax.lax.while_loop(unfinished, advance, _begin(start, bounds))
    return Minimum(end.model.place, end.model.value, end.decrease <= tolerance, end.steps)


def profiled(
    function: Callable[[Float[Array, " k"], Float[Array, " n"]], Scalar],
    place: Float[Array, " k"],
    start: Float[Array, " n"],
    bounds: Bounds,
    *,
    steps: Int[ArrayLike, ""],
    tolerance: ScalarLike,
) -> Profile:
    """Minimise f(x, t) over t at given x, with derivatives that need none of the search.

    dg/dx = df/dx at the minimiser (envelope theorem) and dt*/dx = -(d2f/dt dt)^-1 d2f/dt dx (implicit function
    theorem). A minimiser that is found only to the tolerance leaves df/dx wrong by the tolerance's root. The term df/dt
    dt*/dx, zero at the minimum, removes this error.

    Parameters
    ----------
    function
        f(x, t) of x [k] and t [n].
    place
        x.
    start
        t before the first step.
    bounds
        Lowest and highest value of each t.
    steps, tolerance
        As in `minimise`.

    Returns
    -------
    Profile
        dt*/dx is zero for parameters that a bound holds, and for all where the matrix is singular: it is meant to
        predict the next start.
    """
    fixed = jax.lax.stop_gradient(place)
    found = minimise(partial(function, fixed), start, bounds, steps=steps, tolerance=tolerance)
    minimiser, size = jax.lax.stop_gradient(found.place), place.shape[0]
    value, gradient, second = _derivatives(function, place, minimiser)
    model = _Model(minimiser, value, gradient[size:], second[:, size:])
    slopes = _slopes(model, second[:, :size], bounds)
    remainder = jnp.where(found.converged, model.gradient @ slopes, 0.0)
    return Profile(value, gradient[:size] + remainder, minimiser, slopes, found.converged)


def _derivatives(
    function: Callable[[Float[Array, " k"], Float[Array, " n"]], Scalar],
    place: Float[Array, " k"],
    parameters: Float[Array, " n"],
) -> tuple[Scalar, Float[Array, " kn"], Float[Array, "n kn"]]:
    """Return f(x, t), df/d(x, t) and d2f/dt d(x, t) from one evaluation, forward over forward.

    f is a sum over many observables of a few parameters, whose trace reverse mode would have to keep, and may hold
    loops that reverse mode cannot pass."""
    size = place.shape[0]

    def along_parameters(joint: Float[Array, " kn"]) -> tuple:
        def twice(parameters: Float[Array, " n"]) -> tuple[Scalar, Scalar]:
            value = function(joint[:size], parameters)
            return value, value

        slope, value = jax.jacfwd(twice, has_aux=True)(joint[size:])
        return (slope, value), value

    (second, gradient), value = jax.jacfwd(along_parameters, has_aux=True)(jnp.concatenate([place, parameters]))
    return value, gradient, second


def _begin(start: Float[Array, " n"], bounds: Bounds) -> _Search:
    """Return the search before the start is evaluated: the loop does that, so that the function is compiled once."""
    place, endless = jnp.clip(start, bounds.low, bounds.high), jnp.full((), jnp.inf, start.dtype)
    model = _Model(place, endless, jnp.zeros_like(place), jnp.zeros(2 * place.shape, place.dtype))
    return _Search(model, endless, jnp.zeros_like(endless), place, jnp.asarray(-1))


def _advance(search: _Search, tried: _Model, bounds: Bounds) -> _Search:
    """Return the search one evaluation later."""
    decrease = _decrease(tried, bounds)
    gain = _gain(search, tried, decrease)
    taken = (gain > TAKEN) | (search.steps < 0)
    model, decrease = jax.tree.map(partial(jnp.where, taken), (tried, decrease), (search.model, search.decrease))
    grown = jnp.maximum(4.0 * search.damping, 1.0)
    damping = jnp.where(gain > GOOD, 0.1 * search.damping, jnp.where(gain > FAIR, search.damping, grown))
    return _Search(model, decrease, damping, _trial(model, damping, bounds), search.steps + 1)


def _gain(search: _Search, tried: _Model, decrease: Scalar) -> Scalar:
    """Return the decrease of f in units of what its second order expected, -(g s + s H s / 2).

    Where the decrease is lost in the rounding of f the derivatives decide: 1 if they expect less than before.
    """
    model, step = search.model, tried.place - search.model.place
    expected = -(model.gradient @ step + 0.5 * step @ model.hessian @ step)
    lowered = model.value - tried.value
    lost = jnp.abs(lowered) <= 16.0 * jnp.finfo(step.dtype).eps * jnp.abs(model.value)
    gain = jnp.where(lost & (decrease < search.decrease), 1.0, lowered / jnp.where(expected > 0.0, expected, jnp.inf))
    usable = jnp.isfinite(tried.value) & jnp.all(jnp.isfinite(tried.gradient)) & jnp.all(jnp.isfinite(tried.hessian))
    return jnp.where(usable, gain, 0.0)


def _decrease(model: _Model, bounds: Bounds) -> Scalar:
    """Return g^T H^-1 g / 2 of the free parameters; infinite where H has a negative direction."""
    gradient, lifted, _, least = _free_part(model, bounds)
    return jnp.where(least > -_rounding(gradient), 0.5 * gradient @ solve(lifted, gradient), jnp.inf)


def _trial(model: _Model, damping: Scalar, bounds: Bounds) -> Float[Array, " n"]:
    """Return where the damped step leads.

    A parameter that it takes across a bound is put there, and the step of the others found again. Damping shortens the
    step and keeps its direction, along a curved valley; where f bends too little to tell a length, to some 10 (1 +
    |x|)."""
    gradient, lifted, slope, _ = _free_part(model, bounds)
    matrix = (1.0 + damping) * lifted + 0.1 * damping * jnp.diag(slope)

    def settle(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        target, stopped, _ = state
        moved = jnp.where(stopped, target - model.place, 0.0)
        right = jnp.where(stopped, moved, -(gradient + matrix @ moved))
        reached = jnp.where(stopped, target, model.place + solve(_without(matrix, stopped), right))
        inside = jnp.clip(reached, bounds.low, bounds.high)
        crossed = ~stopped & (inside != reached)  # once each, so that this ends whatever the numbers
        return inside, stopped | crossed, jnp.any(crossed)

    target, _, _ = jax.lax.while_loop(
        lambda state: state[2], settle, (model.place, _held(model, bounds), jnp.asarray(True))
    )
    return jnp.where(jnp.isfinite(target), target, model.place)


def _slopes(model: _Model, cross: Float[Array, "n k"], bounds: Bounds) -> Float[Array, "n k"]:
    """Return -H^-1 d2f/dt dx of the free parameters, zero where H is singular."""
    _, lifted, _, least = _free_part(model, bounds)
    free = ~_held(model, bounds)[:, None]
    slopes = -jax.vmap(partial(solve, lifted), 1, 1)(jnp.where(free, cross, 0.0))
    return jnp.where(free & (least > _rounding(cross)) & jnp.all(jnp.isfinite(slopes)), slopes, 0.0)


def _held(model: _Model, bounds: Bounds) -> Bool[Array, " n"]:
    """Tell which parameters are at a bound and would leave it outwards."""
    low, high = (
        (model.place <= bounds.low) & (model.gradient > 0.0),
        (model.place >= bounds.high) & (model.gradient < 0.0),
    )
    return low | high | (bounds.low >= bounds.high)


def _free_part(
    model: _Model, bounds: Bounds
) -> tuple[Float[Array, " n"], Float[Array, "n n"], Float[Array, " n"], Scalar]:
    """Return, without the held parameters, g, H lifted, |g| / (1 + |x|), and the least pivot of H in units of D.

    D is the diagonal that makes H + D positive, D_i = u_i sum_j |H_ij| / u_j + |g_i| / (1 + |x_i|) with u_i^2 about
    |H_ii|, which changes as H does with the parameters' units."""
    held = _held(model, bounds)
    gradient, hessian = jnp.where(held, 0.0, model.gradient), _without(model.hessian, held)
    slope, size = (
        jnp.abs(gradient) / (1.0 + jnp.abs(model.place)) + float(jnp.finfo(gradient.dtype).tiny) ** 0.5,
        jnp.abs(hessian),
    )
    unit = jnp.sqrt(jnp.diag(size) + 1e-6 * jnp.sum(size, axis=1) + slope)
    lifted, least = _lift(hessian, unit * (size @ (1.0 / unit)) + slope)
    return gradient, lifted, slope, least


def _without(matrix: Float[Array, "n n"], left_out: Bool[Array, " n"]) -> Float[Array, "n n"]:
    """Return the matrix with rows and columns replaced by those of the unit matrix."""
    return jnp.where(left_out[:, None] | left_out[None], jnp.eye(matrix.shape[0], dtype=matrix.dtype), matrix)


def _lift(matrix: Float[Array, "n n"], scale: Float[Array, " n"]) -> tuple[Float[Array, "n n"], Scalar]:
    """Return a positive definite matrix close to `matrix`, and the least pivot in units of the diagonal D.

    They differ on the diagonal only. It changes where elimination meets a pivot that is not positive: its absolute
    value is taken, or a part of D's. Nocedal and Wright, section 3.4 (modified Cholesky)."""
    rest, pivots, used = matrix, [], []
    for k in range(scale.shape[0]):
        pivots.append(rest[k, k])
        used.append(
            jnp.where(
                pivots[k] > _rounding(scale) * scale[k], pivots[k], jnp.maximum(jnp.abs(pivots[k]), LIFT * scale[k])
            )
        )
        rest = rest - jnp.outer(rest[:, k], rest[k]) / used[k]
    found = jnp.stack(pivots)
    return matrix + jnp.diag(jnp.stack(used) - found), jnp.min(found / scale)


def _rounding(array: Array) -> float:
    return ROUNDING * float(jnp.finfo(array.dtype).eps)
