"""Test statistics of Poisson counts with known background, and the values that they are compared with.

s, b, n are the expected signal, the expected background and the observed count, all >= 0 events. CCGV stands for
G. Cowan, K. Cranmer, E. Gross and O. Vitells, Eur. Phys. J. C 71 (2011) 1554.
"""

import jax.numpy as jnp
from jax.scipy.special import gammaincc, gammaln, ndtri
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real, Scalar, ScalarLike

Numbers = Real[ArrayLike, "..."]  # of events

_SERIES_BELOW = 1e-2  # of s/b, where the closed forms would cancel
_FRACTION_DEPTH = 40  # of the continued fraction; measured: 1e-11 in ln Q for n up to 1e4


def exclusion_asimov(signal: Numbers, background: Numbers) -> Float[Array, "..."]:
    """Compute the median q for excluding s when the background alone is there.

    q = 2 [s - b ln(1 + s/b)], about s^2/b for s << b. At b = 0 it is exactly 2 s, with dq/ds = 2; dq/db, truly -inf
    there, is given as zero.

    Parameters
    ----------
    signal, background
        Expected events s and b.

    Returns
    -------
    Array
        q, in the shape of both arguments together.

    References
    ----------
    CCGV, eq. (16) at n = b.
    """
    signal, background = jnp.asarray(signal), jnp.asarray(background)
    present, divisor = _divisor(background)
    return jnp.where(present, 2 * divisor * _x_minus_log1p(signal / divisor), 2 * signal)


def discovery_asimov(signal: Numbers, background: Numbers) -> Float[Array, "..."]:
    """Compute the median q for discovering s over the background.

    q = 2 [(s + b) ln(1 + s/b) - s]. It diverges as 2 s ln(s/b) for b -> 0: at b = 0 one event rules the background out,
    and q is +inf for s > 0 (0 for s = 0), with zero derivatives. Give an upper limit of the background instead of zero.

    Parameters
    ----------
    signal, background
        Expected events s and b.

    Returns
    -------
    Array
        q, in the shape of both arguments together.

    References
    ----------
    CCGV, eq. (97) squared.
    """
    signal, background = jnp.asarray(signal), jnp.asarray(background)
    present, divisor = _divisor(background)
    without = jnp.where(signal > 0, jnp.inf, 0.0)
    return jnp.where(present, 2 * divisor * _entropy(signal / divisor), without)


def exclusion_observed(observed: Numbers, signal: Numbers, background: Numbers) -> Float[Array, "..."]:
    """Compute the one-sided q for excluding s after n events, for a signal strength >= 0.

    0 for n >= s + b (an excess never excludes); 2 [s + b - n + n ln(n/(s + b))] for b <= n < s + b;
    2 [s - n ln(1 + s/b)] for n < b, where the best fit has no signal.

    Parameters
    ----------
    observed, signal, background
        n, and the expected events s and b.

    Returns
    -------
    Array
        q~, in the shape of all arguments together.

    References
    ----------
    CCGV, eq. (16).
    """
    observed, signal, background = jnp.asarray(observed), jnp.asarray(signal), jnp.asarray(background)
    missing = jnp.maximum(signal + background - observed, 0.0)
    present, divisor = _divisor(background)
    deficit = jnp.where(present, jnp.maximum(background - observed, 0.0), 0.0)
    below = exclusion_asimov(signal, background) + 2 * deficit * jnp.log1p(signal / divisor)
    return jnp.where(observed < background, below, exclusion_asimov(missing, observed))


def log_poisson_cdf(observed: Numbers, mean: Numbers) -> Float[Array, "..."]:
    """Compute ln of the probability of at most n events, ln Q(n + 1, mean).

    Q is the regularised upper incomplete gamma function. Value and slopes are finite however small the probability: far
    in the tail by Legendre's continued fraction of Gamma(a, x), a = n + 1, elsewhere by Q itself. At n = 0 the value is
    exactly -mean, and the slope in n is given as zero.

    Parameters
    ----------
    observed
        n, any real number >= 0.
    mean
        Expected events.

    Returns
    -------
    Array
        The logarithm, in the shape of both arguments together.

    References
    ----------
    NIST Digital Library of Mathematical Functions, eq. (8.9.2).
    """
    observed, mean = jnp.asarray(observed), jnp.asarray(mean)
    a = observed + 1.0
    x = jnp.maximum(mean, jnp.finfo(jnp.result_type(mean, float)).tiny)
    threshold = a + 10 * jnp.sqrt(a) + 50
    far = x > threshold
    near_value = jnp.log(gammaincc(a, jnp.where(far, a, x)))
    far_value = _log_tail(a, jnp.where(far, x, threshold))
    return jnp.where(observed > 0, jnp.where(far, far_value, near_value), -mean)


def cls_poisson(observed: Numbers, signal: Numbers, background: Numbers) -> Float[Array, "..."]:
    """Compute CLs = P(<= n | s + b)/P(<= n | b) of one Poisson count.

    The arguments are n, s and b; A. L. Read, J. Phys. G 28 (2002) 2693.
    """
    return jnp.exp(-cls_test_statistic(observed, signal, background) / 2)


def cls_test_statistic(observed: Numbers, signal: Numbers, background: Numbers) -> Float[Array, "..."]:
    """Compute -2 ln CLs of one Poisson count, to be compared with critical_cls.

    The arguments are n, s and b; for n = 0 it is 2 s at any background.
    """
    signal, background = jnp.asarray(signal), jnp.asarray(background)
    return 2 * (log_poisson_cdf(observed, background) - log_poisson_cdf(observed, signal + background))


def critical_sigma(n_sigma: ScalarLike) -> Scalar:
    """Return the critical value n^2 of a one-sided profile-likelihood q at n standard deviations; CCGV, eq. (53)."""
    return jnp.asarray(n_sigma, jnp.result_type(n_sigma, float)) ** 2


def critical_cls(cl: ScalarLike) -> Scalar:
    """Return the critical value -2 ln(1 - cl) of -2 ln CLs at confidence level cl.

    It is 5.99 at 95%: 3.0 events of no background.
    """
    return -2 * jnp.log1p(-jnp.asarray(cl, jnp.result_type(cl, float)))


def critical_chi2(cl: ScalarLike) -> Scalar:
    """Return the critical value of Delta chi^2 for one parameter at confidence level cl: 3.84 at 95%."""
    return ndtri((1 + jnp.asarray(cl, jnp.result_type(cl, float))) / 2) ** 2


def _divisor(background: Real[Array, "..."]) -> tuple[Bool[Array, "..."], Float[Array, "..."]]:
    """Tell whether b is so large that s/b^2 cannot overflow, and return a divisor that is never zero."""
    present = background > jnp.finfo(jnp.result_type(background, float)).tiny ** 0.25
    return present, jnp.where(present, background, 1.0)


def _x_minus_log1p(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return x - ln(1 + x) without cancellation at small x."""
    small = jnp.abs(x) < _SERIES_BELOW
    t, far = jnp.where(small, x, 0.0), jnp.where(small, 1.0, x)
    series = t**2 * (1 / 2 - t * (1 / 3 - t * (1 / 4 - t * (1 / 5 - t * (1 / 6 - t * (1 / 7 - t / 8))))))
    return jnp.where(small, series, far - jnp.log1p(far))


def _entropy(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return (1 + x) ln(1 + x) - x without cancellation at small x."""
    small = jnp.abs(x) < _SERIES_BELOW
    t, far = jnp.where(small, x, 0.0), jnp.where(small, 1.0, x)
    series = t**2 * (1 / 2 - t * (1 / 6 - t * (1 / 12 - t * (1 / 20 - t * (1 / 30 - t * (1 / 42 - t / 56))))))
    return jnp.where(small, series, (1 + far) * jnp.log1p(far) - far)


def _log_tail(a: Float[Array, "..."], x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return ln Q(a, x) for x well above a: Gamma(a, x) = exp(-x) x^a/(x + 1 - a - 1 (1 - a)/(x + 3 - a - ...))."""
    fraction = x + 2 * _FRACTION_DEPTH + 1 - a
    for k in range(_FRACTION_DEPTH, 0, -1):
        fraction = x + 2 * k - 1 - a - k * (k - a) / fraction
    return a * jnp.log(x) - x - gammaln(a) - jnp.log(fraction)
