"""Measurements that judge a prediction: each holds its data and returns a test statistic and a critical value."""

import abc
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix.statistics import counts

MODES = ("sigma", "cl")


def _floats(value: ArrayLike | Sequence[int | float] | None) -> Array | None:
    """Convert numbers to floats of their own precision."""
    if value is None:
        return None
    array = jnp.asarray(value)
    return array.astype(jnp.result_type(array, float))


class AbstractJudge(eqx.Module):
    """A measurement: a prediction is excluded where the test statistic exceeds the critical value."""

    @abc.abstractmethod
    def test_statistic(self, prediction: PyTree) -> Scalar:
        """Return q of a prediction given the data that were taken."""

    @abc.abstractmethod
    def expected(self, prediction: PyTree) -> Scalar:
        """Return q of a prediction given data that equal their expectation without a signal (Asimov)."""

    @abc.abstractmethod
    def critical_value(self) -> Scalar:
        """Return the value that q must exceed for an exclusion at this judge's level."""


class Counting(AbstractJudge):
    """Poisson counts over a known background; the prediction is the expected signal, one number a bin.

    mode "sigma": q of the likelihood ratio, critical value level^2 (level: standard deviations); bins add.
    mode "cl": q = -2 ln CLs of one bin, critical value -2 ln(1 - level) (level: confidence level).

    Parameters
    ----------
    background
        Expected events, a number or one a bin.
    observed
        Counts of the same shape; without them the experiment is projected: the background's expectation is taken as the
        observation.
    level
        Standard deviations or confidence level, by mode.
    mode
        "sigma" or "cl".

    Raises
    ------
    ValueError
        A count is negative or not finite, the shapes differ, or mode and level do not fit.
    """

    background: Float[Array, "..."] = eqx.field(converter=_floats)
    observed: Float[Array, "..."] | None = eqx.field(converter=_floats, default=None)
    level: Scalar = eqx.field(converter=_floats, default=2.0)
    mode: str = eqx.field(static=True, default="sigma")

    def __check_init__(self):
        if self.mode not in MODES:
            raise ValueError(f"Counting: mode must be one of {MODES}, got {self.mode!r}.")
        if self.mode == "cl" and self.background.ndim > 0:
            raise ValueError(
                f"Counting: mode 'cl' judges one bin, got {self.background.shape}; use mode 'sigma' for several bins."
            )
        if self.observed is not None and self.observed.shape != self.background.shape:
            shapes = f"{self.observed.shape}, background {self.background.shape}"
            raise ValueError(f"Counting: observed has shape {shapes}; give one count a bin.")
        self._check_values()

    def _check_values(self) -> None:
        for name, value in (("background", self.background), ("observed", self.observed)):
            if isinstance(value, jax.core.Tracer) or value is None:
                continue
            if not np.all(np.isfinite(value) & (np.asarray(value) >= 0)):
                raise ValueError(f"Counting: {name} must be finite and not negative, got {value}.")
        top = np.inf if self.mode == "sigma" else 1.0
        if not isinstance(self.level, jax.core.Tracer) and not 0 < float(self.level) < top:
            raise ValueError(f"Counting: level must lie between 0 and {top} in mode {self.mode!r}, got {self.level}.")

    def test_statistic(self, prediction: counts.Numbers) -> Scalar:
        """Return q of an expected signal given the observed counts; 0 for an excess in mode "sigma"."""
        return self._judge(self.background if self.observed is None else self.observed, prediction)

    def expected(self, prediction: counts.Numbers) -> Scalar:
        """Return q of an expected signal if the background's expectation is observed."""
        return self._judge(self.background, prediction)

    def critical_value(self) -> Scalar:
        """Return level^2 or -2 ln(1 - level), by mode."""
        return counts.critical_sigma(self.level) if self.mode == "sigma" else counts.critical_cls(self.level)

    def _judge(self, observed: Float[Array, "..."], signal: counts.Numbers) -> Scalar:
        statistic = counts.exclusion_observed if self.mode == "sigma" else counts.cls_test_statistic
        return jnp.sum(statistic(observed, signal, self.background))
