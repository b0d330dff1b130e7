"""Backgrounds of Poisson bins, each with the auxiliary measurement that constrains it.

n, S, b are a bin's observed count, expected signal and expected background, t = S + b; all arrays have one entry a bin.
A bin's nuisance parameter is what its auxiliary measurement constrains. `fit` gives the best nuisances for a given
signal.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, UInt32

from jaxmix.numerics import safe
from jaxmix.statistics import counts

Bins = Float[Array, " bins"]
Seed = UInt32[Array, " words"] | Key[Array, ""]

_UNCONSTRAINED = 1e200  # a variance that is infinite, and still can be multiplied by a count


class AbstractBackground(eqx.Module):
    """The background of every bin with its auxiliary measurement."""

    @abc.abstractmethod
    def fit(self, observed: Bins, signal: Bins) -> Bins:
        """Return the nuisances that fit n and the auxiliary measurement best at a given signal."""

    @abc.abstractmethod
    def mean(self, nuisance: Bins) -> Bins:
        """Return the expected background b >= 0."""

    @abc.abstractmethod
    def variance(self, nuisance: Bins) -> Bins:
        """Return the variance v of b by the auxiliary measurement alone.

        Along the best fit d(1 - n/t)/dS = n/(t^2 + n v).
        """

    @abc.abstractmethod
    def deviance(self, nuisance: Bins) -> Bins:
        """Return -2 ln of the auxiliary measurement's likelihood, relative to its maximum."""

    @abc.abstractmethod
    def asimov(self, nuisance: Bins) -> "AbstractBackground":
        """Return the background with an auxiliary measurement that equals its expectation."""

    @abc.abstractmethod
    def thrown(self, nuisance: Bins, key: Seed) -> "AbstractBackground":
        """Return the background with a random auxiliary measurement."""


class ControlRegion(AbstractBackground):
    """A background b = transfer x lambda, measured in a control region.

    The nuisance is the control mean lambda >= 0, for which a Poisson count m, `count`, was observed.
    """

    count: Bins
    transfer: Bins

    def fit(self, observed: Bins, signal: Bins) -> Bins:
        """Return the best lambda: the root >= 0 of a quadratic equation.

        tau (1 + tau) lambda^2 + [(1 + tau) S - (n + m) tau] lambda - m S = 0, tau the transfer; lambda = m where tau =
        0."""
        first = self.transfer * (1 + self.transfer)
        half = (1 + self.transfer) * signal - (observed + self.count) * self.transfer
        last = self.count * signal
        root = jnp.hypot(half, 2 * jnp.sqrt(first) * jnp.sqrt(last))
        mean = jnp.where(half > 0, safe.ratio(2 * last, half + root), safe.ratio(root - half, 2 * first))
        return jnp.where(self.transfer > 0, mean, self.count)

    def mean(self, nuisance: Bins) -> Bins:
        """Return b = transfer x lambda."""
        return self.transfer * nuisance

    def variance(self, nuisance: Bins) -> Bins:
        """Return b^2/m, the variance of a scaled count; zero at the boundary lambda = 0."""
        without = jnp.where(nuisance > 0, _UNCONSTRAINED, 0.0)
        return jnp.where(self.count > 0, safe.ratio(self.mean(nuisance) ** 2, self.count), without)

    def deviance(self, nuisance: Bins) -> Bins:
        """Return 2 [lambda - m + m ln(m/lambda)]."""
        return counts.exclusion_asimov(nuisance - self.count, self.count)

    def asimov(self, nuisance: Bins) -> "ControlRegion":
        """Return the background with m = lambda."""
        return ControlRegion(nuisance, self.transfer)

    def thrown(self, nuisance: Bins, key: Seed) -> "ControlRegion":
        """Return the background with m a Poisson number of mean lambda."""
        return ControlRegion(jax.random.poisson(key, nuisance).astype(nuisance.dtype), self.transfer)


class GivenBackground(AbstractBackground):
    """A background b >= 0, the nuisance, known from a Gaussian auxiliary measurement.

    The measurement found `central` with the standard deviation `width`; b is known exactly where the width is zero.
    """

    central: Bins
    width: Bins

    def fit(self, observed: Bins, signal: Bins) -> Bins:
        """Return the best b: the larger root of a quadratic equation, or 0 where it is negative.

        (b - b0)(S + b) + w^2 (S + b - n) = 0, b0 the central value and w the width.
        """
        square = self.width**2
        half = signal - self.central + square
        last = signal * (square - self.central) - observed * square
        root = jnp.hypot(signal + self.central - square, 2 * self.width * jnp.sqrt(observed))
        mean = jnp.where(half > 0, safe.ratio(-2 * last, half + root), 0.5 * (root - half))
        return jnp.where(self.width > 0, jnp.maximum(mean, 0.0), self.central)

    def mean(self, nuisance: Bins) -> Bins:
        """Return the nuisance, which is b."""
        return nuisance

    def variance(self, nuisance: Bins) -> Bins:
        """Return width^2; zero at the boundary b = 0."""
        return jnp.where(nuisance > 0, self.width**2, 0.0)

    def deviance(self, nuisance: Bins) -> Bins:
        """Return [(b - central)/width]^2; zero where b is known."""
        return safe.ratio(nuisance - self.central, self.width) ** 2

    def asimov(self, nuisance: Bins) -> "GivenBackground":
        """Return the background with central = b."""
        return GivenBackground(nuisance, self.width)

    def thrown(self, nuisance: Bins, key: Seed) -> "GivenBackground":
        """Return the background with central a Gaussian number of mean b, which may be negative."""
        return GivenBackground(
            nuisance + self.width * jax.random.normal(key, nuisance.shape, nuisance.dtype), self.width
        )
