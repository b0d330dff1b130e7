"""CLs of a signal in Poisson bins by pseudo-experiments (toys), for counts too low for the asymptotic forms.

A toy throws the counts and every auxiliary measurement (control counts, Gaussian measurements) around what fits the
data best at the hypothesis: CLs = P(q~ >= q~_data | signal)/P(q~ >= q~_data | no signal). A. L. Read, J. Phys. G 28
(2002) 2693.

Toys without any event and toys with at least one are thrown apart, and weighted by the Poisson probability of either:
where few events are expected this removes most of the statistical error. Without background and without events CLs is
exactly exp(-signal).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Scalar, ScalarLike

from jaxmix.numerics import safe
from jaxmix.statistics import cls
from jaxmix.statistics.backgrounds import Bins, Seed
from jaxmix.statistics.cls import PoissonBins

_SAME = 1e-9  # rounding between toys whose counts are those of the data
_AT_ONCE = 16384  # toys that are fitted together
_POSITIONS = 32  # signals between which a limit is interpolated


class Thrown(NamedTuple):
    """q~ of toys without and with events, and the probability of either."""

    empty: Float[Array, " toys"]
    filled: Float[Array, " toys"]
    weights: Float[Array, " 2"]


class ToyLevels(NamedTuple):
    """CLs of one signal with its statistical standard deviation; NaN where no toy without a signal reaches the data.

    Expected values are ordered as cls.BANDS.
    """

    observed: Scalar
    error: Scalar
    expected: Float[Array, " bands"]


class ToyAnswer(NamedTuple):
    """CLs and limits of one signal from toys.

    Limits are signal strengths, NaN where there is none between the signals that were tried.
    """

    levels: ToyLevels
    limit_observed: Scalar
    limit_expected: Float[Array, " bands"]


def by_toys(
    bins: PoissonBins, signal: Bins, cl: ScalarLike, guess: cls.Asymptotic, key: Seed, number: int
) -> ToyAnswer:
    """Compute CLs of a signal and its upper limits by toys.

    The same random numbers serve all signals, so that CLs varies with the signal as smoothly as it can. A limit is
    interpolated linearly in ln CLs between 32 signals from a quarter of the smallest to four times the largest
    asymptotic limit of the band.

    Parameters
    ----------
    bins
        The data.
    signal
        Expected events in each bin at strength 1.
    cl
        Confidence level of the limits, a fraction.
    guess
        The asymptotic answer, around which the limits are sought.
    key
        Of the random numbers.
    number
        Toys of each kind.

    Returns
    -------
    ToyAnswer
        CLs and limits.
    """
    total, share = cls.split(signal)
    bins = bins.seen_by(share)
    limits = total * jnp.append(guess.limit_expected, guess.limit_observed)
    limits = jnp.where(jnp.isfinite(limits), limits, 1.0)
    low, high = jnp.log(jnp.min(limits) / 4), jnp.log(jnp.max(limits) * 4)
    tried = jnp.exp(jnp.linspace(low, high, _POSITIONS))
    found = jax.lax.map(lambda trial: levels(bins, share, trial, key, number), jnp.concatenate([total[None], tried]))
    here, there = (jax.tree.map(lambda leaf, part=part: leaf[part], found) for part in (0, slice(1, None)))
    curves = jnp.concatenate([there.observed[:, None], there.expected], axis=1)
    crossings = jax.vmap(_crossing, (None, 1, None, None))(
        tried, curves, 1 - jnp.asarray(cl, total.dtype), 0.1 / number
    )
    strengths = cls.strengths(total, crossings)
    return ToyAnswer(here, strengths[0], strengths[1:])


def levels(bins: PoissonBins, share: Bins, total: Scalar, key: Seed, number: int) -> ToyLevels:
    """Compute CLs at a total signal, from 2 x `number` toys with it and as many without it."""
    best = cls.best_signal(bins, share)
    theta = cls.best_theta(bins, share, total, best)
    present, thetas = jnp.stack([total * bins.factor(theta), jnp.zeros_like(total)]), jnp.stack([theta, bins.central])
    both = jax.vmap(lambda present, theta, key: _thrown(bins, share, total, present, theta, key, number))(
        present, thetas, jax.random.split(key)
    )
    with_signal, without = (jax.tree.map(lambda leaf, k=k: leaf[k], both) for k in (0, 1))
    q = cls.test_statistic(bins, share, total, best)
    medians = _quantiles(without, ndtr(-jnp.asarray(cls.BANDS, total.dtype)))
    numerator, error = _tail(with_signal, q)
    denominator, error_without = _tail(without, q)
    observed = jnp.where(denominator > 0, safe.ratio(numerator, denominator), jnp.nan)
    spread = jnp.hypot(safe.ratio(error, denominator), observed * safe.ratio(error_without, denominator))
    expected = jax.vmap(lambda place: safe.ratio(_tail(with_signal, place)[0], _tail(without, place)[0]))(medians)
    return ToyLevels(jnp.minimum(observed, 1.0), spread, jnp.minimum(expected, 1.0))


def _thrown(
    bins: PoissonBins, share: Bins, total: Scalar, present: Scalar, theta: Scalar, key: Seed, number: int
) -> Thrown:
    """Return q~ for `total` of toys in which a signal `present` (after its factor, 0 for none) is there."""
    nuisance = bins.background.fit(bins.observed, share * present)
    mean = jnp.where(share > 0, share * present + bins.background.mean(nuisance), 0.0)

    def one(key: Seed) -> Float[Array, " 2"]:
        main, auxiliary, direction = jax.random.split(key, 3)
        background = bins.background.thrown(nuisance, auxiliary)
        central = theta + jax.random.normal(direction, theta.shape, theta.dtype)

        def q(observed: Bins) -> Scalar:
            return cls.test_statistic(PoissonBins(observed, background, bins.up, bins.down, central), share, total)

        return jax.vmap(q)(jnp.stack([jnp.zeros_like(mean), _events(mean, main)]))

    found = jax.lax.map(one, jax.random.split(key, number), batch_size=min(number, _AT_ONCE))
    expected = jnp.sum(mean)
    return Thrown(found[:, 0], found[:, 1], jnp.stack([jnp.exp(-expected), -jnp.expm1(-expected)]))


def _events(mean: Bins, key: Seed) -> Bins:
    """Throw Poisson counts of which at least one is not zero.

    Events come in turn: of those in the unit interval the first arrives at u, whose distribution is a truncated
    exponential, in a bin drawn by its share; the others follow in the rest of the interval.
    """
    arrival, place, others = jax.random.split(key, 3)
    expected = jnp.maximum(jnp.sum(mean), 1e-300)
    first = -jnp.log1p(jax.random.uniform(arrival, dtype=mean.dtype) * jnp.expm1(-expected)) / expected
    chosen = jax.random.categorical(place, jnp.log(mean))
    rest = jax.random.poisson(others, mean * jnp.clip(1 - first, 0.0, 1.0)).astype(mean.dtype)
    return rest + (jnp.arange(len(mean)) == chosen)


def _tail(thrown: Thrown, q: Scalar) -> tuple[Scalar, Scalar]:
    """Return P(q~ >= q) and its standard deviation.

    A fraction of none or all of the toys counts as known to 1/number.
    """
    number = len(thrown.empty)
    reached = jnp.stack([thrown.empty, thrown.filled]) >= q - _SAME * (1 + q)
    fraction = jnp.mean(reached, axis=1, dtype=q.dtype)
    variance = (fraction * (1 - fraction) + 1 / number) / number
    return jnp.sum(thrown.weights * fraction), jnp.sqrt(jnp.sum(thrown.weights**2 * variance))


def _quantiles(thrown: Thrown, probabilities: Float[Array, " k"]) -> Float[Array, " k"]:
    """Return the smallest q~ of a toy that a given part of the toys do not exceed."""
    number = len(thrown.empty)
    values = jnp.concatenate([thrown.empty, thrown.filled])
    order = jnp.argsort(values)
    below = jnp.cumsum(jnp.repeat(thrown.weights / number, number)[order])
    return values[order][jnp.clip(jnp.searchsorted(below, probabilities - _SAME), 0, 2 * number - 1)]


def _crossing(tried: Float[Array, " k"], curve: Float[Array, " k"], goal: Scalar, floor: float) -> Scalar:
    """Return the largest signal at which CLs falls through its goal."""
    above = curve >= goal
    last = len(tried) - 1 - jnp.argmax(above[::-1])
    inside = jnp.any(above) & (last < len(tried) - 1)
    near = jnp.minimum(last, len(tried) - 2)
    high, low = (jnp.log(jnp.maximum(curve[k], floor)) for k in (near, near + 1))
    place = tried[near] + (tried[near + 1] - tried[near]) * safe.ratio(high - jnp.log(goal), high - low)
    return jnp.where(inside, place, jnp.nan)
