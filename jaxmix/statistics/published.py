"""Published upper limits: a curve of the largest signal that an experiment allows, against one abscissa."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real, Scalar, ScalarLike

from jaxmix.statistics import counts
from jaxmix.statistics.judges import AbstractJudge

Points = Real[ArrayLike, "_"] | Sequence[int | float]

_FAR = 1e3  # in ln(abscissa): beyond every mass


class Curve(eqx.Module):
    """ln(limit) as a monotone cubic in ln(abscissa): through the points, no overshoot.

    Its slope is continuous within a segment; between two segments there is a gap. F. N. Fritsch and J. Butland, SIAM J.
    Sci. Stat. Comput. 5 (1984) 300, with the three-point ends of SciPy's PCHIP.
    """

    x: Float[Array, "*curves k"]
    y: Float[Array, "*curves k"]
    slope: Float[Array, "*curves k"]
    gap: Bool[Array, "*curves cells"]

    def __call__(self, at: ScalarLike) -> tuple[Scalar, Bool[Array, ""]]:
        """Return the value at a scalar, held at the ends, and whether a segment covers it (its ends included)."""
        at = jnp.asarray(at)
        point = jnp.clip(at, self.x[0], self.x[-1])
        cell = jnp.clip(jnp.searchsorted(self.x, point, side="right") - 1, 0, len(self.gap) - 1)
        low, width = self.x[cell], self.x[cell + 1] - self.x[cell]
        t = (point - low) / jnp.where(width > 0.0, width, 1.0)
        ends = self.y[cell] * (1 + 2 * t) * (1 - t) ** 2 + self.y[cell + 1] * t**2 * (3 - 2 * t)
        tangents = width * t * (1 - t) * (self.slope[cell] * (1 - t) - self.slope[cell + 1] * t)
        inside = (at >= self.x[0]) & (at <= self.x[-1])
        return ends + tangents, inside & (~self.gap[cell] | (point == low))


def stacked(curves: Sequence[Curve]) -> Curve:
    """Stack curves along a leading axis.

    Gaps continue the shorter ones, so that a map over the stack gives what each curve gives alone.
    """
    longest = max(len(curve.x) for curve in curves)

    def padded(leaf: Array, beyond: np.ndarray) -> np.ndarray:
        return np.concatenate([leaf, beyond[len(leaf) - longest :] if len(leaf) < longest else beyond[:0]])

    far, nothing, gaps = _FAR * (1.0 + np.arange(longest)), np.zeros(longest), np.ones(longest, bool)
    rows = [
        (padded(c.x, far), padded(c.y, nothing), padded(c.slope, nothing), padded(c.gap, gaps)[: longest - 1])
        for c in curves
    ]
    return Curve(*(jnp.asarray(np.stack(column)) for column in zip(*rows)))


class PublishedLimit(AbstractJudge):
    """Upper limit on a signal quantity against one abscissa; the prediction is (abscissa, signal), both scalars.

    q/critical = (signal/limit(abscissa))^power, so that the published curve is the exclusion contour; `power` sets how
    fast q grows (2: a Gaussian measurement of the signal; 1: a count without background). ln(limit) is interpolated in
    ln(abscissa) by monotone cubics, separately in each segment. q is NaN outside the published range and between
    segments."""

    curve: Curve
    expected_curve: Curve | None  # of the expected limit, if one is published
    power: float = eqx.field(static=True)  # not a number of a point: small whole powers are products then
    critical: Scalar  # Delta chi^2 of one parameter at the published confidence level

    def __init__(
        self,
        abscissa: Points,
        limit: Points,
        expected_limit: Points | None = None,
        power: float = 2.0,
        cl: float = 0.95,
        segment: Points | None = None,
    ):
        """Build the limit from its points.

        Parameters
        ----------
        abscissa, limit
            Points of the curve, positive, the abscissa rising within a segment.
        expected_limit
            The expected limit at the same abscissae, if one is published.
        power
            Of signal/limit in q.
        cl
            Confidence level of the publication, a fraction.
        segment
            Number of the piece that each point belongs to, not falling; one piece by default.

        Raises
        ------
        ValueError
            A number is not positive and finite, or a segment does not rise.
        """
        x = _logarithm("abscissa", abscissa)
        pieces = np.zeros(len(x)) if segment is None else np.asarray(segment)
        self.curve = _curve(x, _logarithm("limit", limit), pieces)
        self.expected_curve = (
            None if expected_limit is None else _curve(x, _logarithm("expected_limit", expected_limit), pieces)
        )
        self.power = float(power)
        self.critical = counts.critical_chi2(float(cl))

    def limit(self, abscissa: ScalarLike) -> Scalar:
        """Return the published upper limit; NaN outside the published range."""
        value, covered = self.curve(jnp.log(abscissa))
        return jnp.where(covered, jnp.exp(value), jnp.nan)

    def covers(self, abscissa: ScalarLike) -> Bool[Array, ""]:
        """Tell whether a limit is published at an abscissa."""
        return self.curve(jnp.log(abscissa))[1]

    def test_statistic(self, prediction: tuple[ScalarLike, ScalarLike]) -> Scalar:
        """Return critical (signal/limit)^power at (abscissa, signal >= 0)."""
        return self._scaled(self.curve, prediction)

    def expected(self, prediction: tuple[ScalarLike, ScalarLike]) -> Scalar:
        """Return the test statistic against the expected limit; NaN where none is published."""
        return jnp.asarray(jnp.nan) if self.expected_curve is None else self._scaled(self.expected_curve, prediction)

    def critical_value(self) -> Scalar:
        """Return Delta chi^2 of one parameter at the published level.

        It is a convention: only q/critical has a meaning here.
        """
        return self.critical

    def _scaled(self, curve: Curve, prediction: tuple[ScalarLike, ScalarLike]) -> Scalar:
        abscissa, signal = prediction
        value, covered = curve(jnp.log(abscissa))
        return self.scaled(value, covered, signal)

    def scaled(self, log_limit: Scalar, covered: Bool[Array, ""], signal: ScalarLike) -> Scalar:
        """Return critical (signal/limit)^power from a curve's value, NaN where the curve does not cover the point."""
        return jnp.where(covered, self.critical_value() * (signal * jnp.exp(-log_limit)) ** self.power, jnp.nan)


def _curve(
    x: Float[np.ndarray, " points"], y: Float[np.ndarray, " limits"], pieces: Real[np.ndarray, " segments"]
) -> Curve:
    """Build a curve from its points; one limit and one segment a point, or ValueError."""
    if not len(x) == len(y) == len(pieces):
        raise ValueError(
            f"PublishedLimit: {len(x)} abscissas, {len(y)} limits and {len(pieces)} segments; give one each."
        )
    step, jump = np.diff(x), np.diff(pieces)
    if (
        np.any(jump < 0)
        or np.any(step < 0)
        or np.any(step[jump == 0] == 0)
        or min(np.unique(pieces, return_counts=True)[1]) < 2
    ):
        raise ValueError(
            "PublishedLimit: needs two abscissas or more in each segment, strictly rising; split the curve at a jump."
        )
    slope = np.concatenate([_slopes(x[pieces == piece], y[pieces == piece]) for piece in np.unique(pieces)])
    return Curve(jnp.asarray(x), jnp.asarray(y), jnp.asarray(slope), jnp.asarray(jump > 0))


def _logarithm(name: str, values: Points) -> Float[np.ndarray, " k"]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array > 0)):
        raise ValueError(f"PublishedLimit: {name} must be a list of positive finite numbers, got {values}.")
    return np.log(array)


def _slopes(x: Float[np.ndarray, " k"], y: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    step, secant = np.diff(x), np.diff(y) / np.diff(x)
    if len(secant) == 1:
        return np.repeat(secant, 2)
    left, right = secant[:-1], secant[1:]
    same = left * right > 0
    weight, other = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    mean = (weight + other) * left * right / np.where(same, weight * right + other * left, 1.0)
    ends = [_end_slope(*step[i], *secant[i]) for i in ([0, 1], [-1, -2])]
    return np.concatenate([ends[:1], np.where(same, mean, 0.0), ends[1:]])


def _end_slope(step: float, next_step: float, secant: float, next_secant: float) -> float:
    slope = ((2 * step + next_step) * secant - step * next_secant) / (step + next_step)
    if slope * secant <= 0:
        return 0.0
    return 3 * secant if secant * next_secant < 0 and abs(slope) > 3 * abs(secant) else slope
