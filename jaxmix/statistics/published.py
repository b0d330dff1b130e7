"""Published upper limits: a curve of the largest signal that an experiment allows, against one abscissa."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Scalar

from jaxmix.numerics import safe
from jaxmix.statistics import counts
from jaxmix.statistics.judges import AbstractJudge


class PublishedLimit(AbstractJudge):
    """Upper limit on a signal quantity against one abscissa; the prediction is (abscissa, signal), both scalars.

    q/critical = (signal/limit(abscissa))^power, so that the published curve is the exclusion contour; `power` sets how
    fast q grows (2: a Gaussian measurement of the signal; 1: a count without background). ln(limit) is interpolated in
    ln(abscissa) by monotone cubics: through the published points, no overshoot, continuous slope. NaN outside their range.
    """

    log_abscissa: Float[Array, " k"]
    log_limit: Float[Array, " k"]
    log_expected: Float[Array, " k"] | None  # of the expected limit, if one is published
    power: Scalar
    cl: Scalar

    def __init__(
        self,
        abscissa: Float[Array, " k"],
        limit: Float[Array, " k"],
        expected_limit: Float[Array, " k"] | None = None,
        power: float = 2.0,
        cl: float = 0.95,
    ):
        self.log_abscissa = _logarithm("abscissa", abscissa)
        self.log_limit = _logarithm("limit", limit)
        self.log_expected = None if expected_limit is None else _logarithm("expected_limit", expected_limit)
        self.power = jnp.asarray(power, dtype=float)
        self.cl = jnp.asarray(cl, dtype=float)
        curves = [curve for curve in (self.log_limit, self.log_expected) if curve is not None]
        if any(curve.shape != self.log_abscissa.shape for curve in curves):
            raise ValueError(f"PublishedLimit: {len(self.log_abscissa)} abscissas and {[len(c) for c in curves]} limits; give one each.")
        if len(self.log_abscissa) < 3 or not np.all(np.diff(self.log_abscissa) > 0):
            raise ValueError("PublishedLimit: needs at least three abscissas, strictly rising; split the curve at a jump.")

    def limit(self, abscissa: Scalar) -> Scalar:
        """The published upper limit; NaN outside the published range."""
        value = jnp.exp(_monotone(self.log_abscissa, self.log_limit, jnp.log(abscissa)))
        return jnp.where(self._covers(abscissa), value, jnp.nan)

    def test_statistic(self, prediction: tuple[Scalar, Scalar]) -> Scalar:
        """critical (signal/limit)^power at (abscissa, signal >= 0)."""
        return self._scaled(self.log_limit, prediction)

    def expected(self, prediction: tuple[Scalar, Scalar]) -> Scalar:
        """The same against the expected limit; NaN where none is published."""
        return jnp.asarray(jnp.nan) if self.log_expected is None else self._scaled(self.log_expected, prediction)

    def critical_value(self) -> Scalar:
        """Delta chi^2 of one parameter at `cl`, a convention: only q/critical has a meaning here."""
        return counts.critical_chi2(self.cl)

    def _scaled(self, log_limit: Float[Array, " k"], prediction: tuple[Scalar, Scalar]) -> Scalar:
        abscissa, signal = prediction
        relative = signal * jnp.exp(-_monotone(self.log_abscissa, log_limit, jnp.log(abscissa)))
        return jnp.where(self._covers(abscissa), self.critical_value() * relative**self.power, jnp.nan)

    def _covers(self, abscissa: Scalar) -> Bool[Array, ""]:
        position = jnp.log(abscissa)
        return (position >= self.log_abscissa[0]) & (position <= self.log_abscissa[-1])


def _logarithm(name: str, values: Float[Array, " k"]) -> Float[Array, " k"]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array > 0)):
        raise ValueError(f"PublishedLimit: {name} must be a list of positive finite numbers, got {values}.")
    return jnp.asarray(np.log(array))


def _monotone(x: Float[Array, " k"], y: Float[Array, " k"], at: Scalar) -> Scalar:
    """Monotone cubic Hermite interpolation at a scalar, held at the ends.

    F. N. Fritsch and J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300, with the three-point ends of SciPy's PCHIP.
    """
    point = jnp.clip(at, x[0], x[-1])
    cell = jnp.clip(jnp.searchsorted(x, point, side="right") - 1, 0, len(x) - 2)
    slopes = _slopes(jnp.diff(x), jnp.diff(y) / jnp.diff(x))
    width = x[cell + 1] - x[cell]
    t = (point - x[cell]) / width
    ends = y[cell] * (1 + 2 * t) * (1 - t) ** 2 + y[cell + 1] * t**2 * (3 - 2 * t)
    tangents = width * t * (1 - t) * (slopes[cell] * (1 - t) - slopes[cell + 1] * t)
    return ends + tangents


def _slopes(step: Float[Array, " k"], secant: Float[Array, " k"]) -> Float[Array, " n"]:
    left, right = secant[:-1], secant[1:]
    weight, other = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    harmonic = safe.ratio((weight + other) * left * right, weight * right + other * left)
    inner = jnp.where(left * right > 0, harmonic, 0.0)
    first = _end_slope(step[0], step[1], secant[0], secant[1])
    last = _end_slope(step[-1], step[-2], secant[-1], secant[-2])
    return jnp.concatenate([first[None], inner, last[None]])


def _end_slope(step: Scalar, next_step: Scalar, secant: Scalar, next_secant: Scalar) -> Scalar:
    slope = ((2 * step + next_step) * secant - step * next_secant) / (step + next_step)
    limited = jnp.where((secant * next_secant < 0) & (jnp.abs(slope) > 3 * jnp.abs(secant)), 3 * secant, slope)
    return jnp.where(slope * secant > 0, limited, 0.0)
