"""CLs of a signal in Poisson bins by the profile likelihood, in its asymptotic form.

The likelihood is prod_i Poisson(n_i | x f_i K(theta) + b_i) x (auxiliary measurements of the b_i) x Gauss(theta_0 |
theta, 1): x >= 0 is the total expected signal in events, f_i its share in bin i (sum 1), K the factor of its log-normal
uncertainty. Every function takes one hypothesis, is built of closed forms and bracketed roots (no step can diverge),
and may be vmapped. By the envelope theorem the first derivatives of the test statistic are exact while the fitted
values are held.

CCGV stands for G. Cowan, K. Cranmer, E. Gross and O. Vitells, Eur. Phys. J. C 71 (2011) 1554 [arXiv:1007.1727]; CLs is
of A. L. Read, J. Phys. G 28 (2002) 2693. The asymptotic forms hold for several expected events and more: without any
background and any event they give CLs = erfc(sqrt(x)), 95% at 1.9 events, where the exact result (which toys find) is
exp(-x), 95% at 3.0.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Real, Scalar, ScalarLike

from jaxmix.numerics import roots, safe
from jaxmix.statistics import counts
from jaxmix.statistics.backgrounds import AbstractBackground, Bins

BANDS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # standard deviations of the background's fluctuation
_FLOOR = 1e-3  # of the factor for a signal that may be lower by its whole size
_SMALLEST, _LARGEST = 1e-12, 1e30  # expected signal events between which a limit is sought
_TINY = 1e-300


class PoissonBins(eqx.Module):
    """Observed counts over a background, and the signal's uncertainty.

    The signal's factor is K = exp(up theta) for theta > 0, exp(down theta) below.
    """

    observed: Bins
    background: AbstractBackground
    up: Scalar  # ln of the signal's factor at theta = +1
    down: Scalar  # -ln of its factor at theta = -1
    central: Scalar  # theta_0, the auxiliary measurement of theta

    def factor(self, theta: Scalar) -> Scalar:
        """Return the signal's factor K(theta)."""
        return jnp.exp(jnp.where(theta > 0, self.up, self.down) * theta)

    def asimov(self, signal: Bins) -> "PoissonBins":
        """Return data that equal their expectation for a signal, over the background that fits these data without one.

        `signal` is in events in each bin; CCGV, section 3.2.
        """
        nuisance = self.background.fit(self.observed, jnp.zeros_like(self.observed))
        expected = signal + self.background.mean(nuisance)
        return PoissonBins(expected, self.background.asimov(nuisance), self.up, self.down, jnp.zeros_like(self.central))

    def seen_by(self, share: Bins) -> "PoissonBins":
        """Return the data without the counts of bins that no signal reaches: they say nothing about it."""
        return eqx.tree_at(lambda bins: bins.observed, self, jnp.where(share > 0, self.observed, 0.0))


def poisson_bins(
    observed: Real[ArrayLike, " bins"], background: AbstractBackground, up: float = 0.0, down: float | None = None
) -> PoissonBins:
    """Build bins whose signal is uncertain by the factors 1 + up and 1 - down.

    Parameters
    ----------
    observed
        Counts, one a bin.
    background
        Of the same bins.
    up, down
        Relative uncertainties; 1 - down is at least 1e-3, and 1/(1 + up) without `down`.

    Returns
    -------
    PoissonBins
        With theta_0 = 0.
    """
    lower = math.log1p(up) if down is None else -math.log(max(1.0 - down, _FLOOR))
    return PoissonBins(
        jnp.asarray(observed, float), background, jnp.asarray(math.log1p(up)), jnp.asarray(lower), jnp.zeros(())
    )


class Asymptotic(NamedTuple):
    """CLs, limits and significance of one signal in the asymptotic forms.

    Limits are signal strengths, NaN where there is none; expected values are ordered as BANDS.
    """

    cls_observed: Scalar
    cls_expected: Float[Array, " bands"]
    limit_observed: Scalar
    limit_expected: Float[Array, " bands"]
    significance_expected: Scalar


def asymptotic(bins: PoissonBins, signal: Bins, cl: ScalarLike) -> Asymptotic:
    """Compute CLs of a signal, its upper limits and its expected significance in the asymptotic forms.

    Parameters
    ----------
    bins
        The data.
    signal
        Expected events in each bin at strength 1.
    cl
        Confidence level of the limits, a fraction.

    Returns
    -------
    Asymptotic
        Observed and expected values.
    """
    total, share = split(signal)
    data = bins.seen_by(share)
    expectation, best = data.asimov(jnp.zeros_like(signal)), best_signal(data, share)
    both = jax.tree.map(lambda *pair: jnp.stack(pair), (data, best), (expectation, jnp.zeros_like(best)))

    def levels(total: Scalar) -> Float[Array, " observed_and_bands"]:
        q, q_asimov = jax.vmap(lambda bins, best: test_statistic(bins, share, total, best))(*both)
        return jnp.concatenate(
            [log_cls(q, q_asimov)[None], log_cls_expected(q_asimov, jnp.asarray(BANDS, total.dtype))]
        )

    log_levels, limits = levels(total), strengths(total, _limits(levels, jnp.log1p(-jnp.asarray(cl, total.dtype))))
    significance = jnp.where(total > 0, safe.sqrt(discovery_test_statistic(bins, signal)), 0.0)
    return Asymptotic(jnp.exp(log_levels[0]), jnp.exp(log_levels[1:]), limits[0], limits[1:], significance)


def strengths(total: Scalar, limits: Float[Array, "..."]) -> Float[Array, "..."]:
    """Convert limits on the total signal to signal strengths; NaN without a signal."""
    return jnp.where(total > 0, limits / jnp.where(total > 0, total, 1.0), jnp.nan)


def split(signal: Bins) -> tuple[Scalar, Bins]:
    """Split a signal into its total and its share in each bin."""
    total = jnp.sum(signal)
    return total, safe.ratio(signal, total)


def test_statistic(bins: PoissonBins, share: Bins, total: Scalar, best: Scalar | None = None) -> Scalar:
    """Compute q~, -2 ln of the profile likelihood ratio to the best fit with a signal >= 0.

    It is 0 where the best fit has the larger signal. The signal of the best fit needs no theta, which only rescales it.

    Parameters
    ----------
    bins
        The data.
    share, total
        The signal's share in each bin, and its total in events.
    best
        best_signal(bins, share), where the caller has it already.

    Returns
    -------
    Scalar
        q~ >= 0.

    References
    ----------
    CCGV, eq. (16).
    """
    held = jax.lax.stop_gradient((bins, share, total))
    best = best_signal(*held[:2]) if best is None else jax.lax.stop_gradient(best)
    theta = best_theta(*held, best)
    places = jnp.stack([share * (total * bins.factor(theta)), share * best]), jnp.stack([theta, bins.central])
    worse, least = jax.vmap(deviance, (None, 0, 0))(bins, *places)
    return jnp.where(total * bins.factor(bins.central) > best, jnp.maximum(worse - least, 0.0), 0.0)


def discovery_test_statistic(bins: PoissonBins, signal: Bins) -> Scalar:
    """Compute the median q_0 if a signal (events in each bin) is there.

    It is that of the Asimov data, whose fit with the signal is perfect; +inf if without the signal nothing could be
    seen. CCGV, eq. (12)."""
    data = bins.asimov(signal)
    return deviance(data, jnp.zeros_like(signal), data.central)


def deviance(bins: PoissonBins, signal: Bins, theta: Scalar) -> Scalar:
    """Compute -2 ln likelihood relative to its largest possible value, at the best nuisances for a signal.

    `signal` is in events in each bin, after its factor; `theta` is that of the factor.
    """
    nuisance = jax.lax.stop_gradient(bins.background).fit(*jax.lax.stop_gradient((bins.observed, signal)))
    expected = signal + bins.background.mean(nuisance)
    main = counts.exclusion_asimov(expected - bins.observed, bins.observed)
    return jnp.sum(main + bins.background.deviance(nuisance)) + (theta - bins.central) ** 2


def best_signal(bins: PoissonBins, share: Bins) -> Scalar:
    """Find the total signal >= 0 of the best fit.

    It is the root of sum_i f_i (1 - n_i/t_i), which rises from zero to all observed events.
    """
    outset, _ = _slope(bins, share, jnp.zeros((), share.dtype))
    most = jnp.where(outset < 0, jnp.sum(bins.observed), 0.0)
    found = roots.safeguarded_newton(lambda total: _slope(bins, share, total), jnp.zeros_like(most), most)
    return jnp.where(outset < 0, found.position, 0.0)


def best_theta(bins: PoissonBins, share: Bins, total: Scalar, best: Scalar) -> Scalar:
    """Find theta of the best fit at a total signal (before its factor).

    It lies between theta_0 and where the factor turns the signal into the best one. Each side of theta = 0, where the
    factor has a kink, is searched, and the better fit is taken.
    """
    low, high = _sides(bins, share, total, best)

    def candidate(log_factor: Scalar, low: Scalar, high: Scalar) -> tuple[Scalar, Scalar]:
        def slope(theta: Scalar) -> tuple[Scalar, Scalar]:
            signal = total * jnp.exp(log_factor * theta)
            first, second = _slope(bins, share, signal)
            return theta - bins.central + log_factor * signal * first, 1 + log_factor**2 * (
                signal * first + signal**2 * second
            )

        theta = roots.safeguarded_newton(slope, high, low).position
        return theta, deviance(bins, share * (total * jnp.exp(log_factor * theta)), theta)

    theta, height = jax.vmap(candidate)(jnp.stack([bins.down, bins.up]), low, high)
    return theta[jnp.argmin(height)]


def log_cls(q: Scalar, q_asimov: Scalar) -> Scalar:
    """ln CLs of an observed q~, q_asimov that of the Asimov data without a signal. CCGV, section 3.7."""
    root, median = safe.sqrt(q), safe.sqrt(q_asimov)
    beyond, divisor = q > q_asimov, 2 * jnp.where(median > 0, median, 1.0)
    with_signal = jnp.where(beyond, (q + q_asimov) / divisor, root)
    without = jnp.where(beyond, (q - q_asimov) / divisor, root - median)
    return log_ndtr(-with_signal) - log_ndtr(-without)


def log_cls_expected(q_asimov: Float[Array, "..."], band: Float[Array, "..."]) -> Float[Array, "..."]:
    """ln CLs where the background fluctuates by `band` standard deviations (upwards: larger CLs): sqrt(q~) =
    sqrt(q~_Asimov) - band.
    """
    return log_ndtr(band - safe.sqrt(q_asimov)) - log_ndtr(band)


def _limits(levels: Callable[[Scalar], Float[Array, " k"]], goal: Scalar) -> Float[Array, " k"]:
    """Find the total signal at which each ln CLs is at its goal; NaN where it never is."""

    def limit(k: Int[Array, ""]) -> Scalar:
        def excess(log_total: Scalar) -> tuple[Scalar, Scalar]:
            return jax.jvp(lambda place: levels(jnp.exp(place))[k] - goal, (log_total,), (jnp.ones_like(log_total),))

        found = roots.safeguarded_newton(excess, jnp.log(_SMALLEST), jnp.log(_LARGEST))
        return jnp.where(jnp.abs(found.value) < 1e-6, jnp.exp(found.position), jnp.nan)

    return jax.vmap(limit)(jnp.arange(1 + len(BANDS)))


def _slope(bins: PoissonBins, share: Bins, total: Scalar) -> tuple[Scalar, Scalar]:
    """Return half the profiled deviance's first and second derivative in the total signal.

    They are sum f (1 - n/t) and sum f^2 n/(t^2 + n v).
    """
    signal = share * total
    nuisance = bins.background.fit(bins.observed, signal)
    expected = signal + bins.background.mean(nuisance)
    first = jnp.where(bins.observed > 0, 1 - bins.observed / expected, 1.0)
    second = safe.ratio(bins.observed, expected**2 + bins.observed * bins.background.variance(nuisance))
    return jnp.sum(jnp.where(share > 0, share * first, 0.0)), jnp.sum(share**2 * second)


def _sides(
    bins: PoissonBins, share: Bins, total: Scalar, best: Scalar
) -> tuple[Float[Array, " 2"], Float[Array, " 2"]]:
    """Return lower and upper ends of theta below and above zero.

    They are equal on a side where the likelihood falls away from zero. theta deviates from theta_0 by ln(factor) x
    signal x slope, the slope in the total signal being at most 1, and not so far that the factor would turn the signal
    into more than the best one, or less."""
    total, centre = jnp.maximum(total, _TINY), bins.central
    start = total * bins.factor(centre)
    at_start, at_zero = jax.vmap(_slope, (None, None, 0))(bins, share, jnp.stack([start, total]))[0]
    wanted = jnp.log(jnp.maximum(best, _TINY)) - jnp.log(total)
    to_best = wanted / jnp.maximum(jnp.where(wanted > 0, bins.up, bins.down), _TINY)
    highest = jnp.minimum(to_best, centre + jnp.maximum(bins.up, bins.down) * best * jnp.maximum(-at_start, 0.0))
    by_logarithm = (
        -jnp.maximum(jnp.log(total), 0.0) / jnp.maximum(bins.down, _TINY) - bins.down - jnp.maximum(-centre, 0.0)
    )
    by_size = jnp.minimum(centre, 0.0) - bins.down * total
    lowest = jnp.maximum(jnp.maximum(by_logarithm, by_size), to_best)
    low = jnp.where(start > best, jnp.minimum(lowest, centre), centre)
    high = jnp.where(start > best, centre, jnp.maximum(highest, centre))
    below, above = jnp.minimum(jnp.stack([low, high]), 0.0), jnp.maximum(jnp.stack([low, high]), 0.0)
    falls_below = (high >= 0) & (bins.down * total * at_zero <= centre)
    falls_above = (low <= 0) & (bins.up * total * at_zero >= centre)
    lower_ends = jnp.stack([jnp.where(falls_below, below[1], below[0]), above[0]])
    return lower_ends, jnp.stack([below[1], jnp.where(falls_above, above[0], above[1])])
