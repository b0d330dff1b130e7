"""Fisher's information on several parameters, and the combinations of them that it measures.

Parameters stand in logarithms, so that a standard deviation is relative and an eigenvector is a product of powers. The
matrices are small and are read on the host; the likelihoods and `fisher` are built for derivatives.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

Matrix = Float[np.ndarray, "p p"]

_NOTHING = 1e-13  # of the largest eigenvalue: information below it is rounding
_UNNAMED = 0.05  # powers below it do not stand in a name


class Expectation(NamedTuple):
    """The prediction of a hypothesis.

    `log_counts` are ln of the expected counts of Poisson bins, `pulls` Gaussian measurements in standard deviations.
    """

    log_counts: Float[Array, " bins"]
    pulls: Float[Array, " m"]


class Direction(NamedTuple):
    """A product of powers of the parameters that is measured independently of the others.

    Attributes
    ----------
    name
        Such as "kappa^1 e_dark^0.7", the largest power 1.
    powers
        The power of each parameter.
    deviation
        Standard deviation of the product's logarithm, infinite without any information.
    degenerate
        True if the measurements alone leave it more uncertain than the threshold.
    from_prior
        Share of the information that a prior gives.
    """

    name: str
    powers: Float[np.ndarray, " p"]
    deviation: float
    degenerate: bool
    from_prior: float

    def sentence(self) -> str:
        """Describe the direction in a sentence."""
        if math.isinf(self.deviation):
            return f"{self.name}: nothing is known of it"
        source = f", {100 * self.from_prior:.0f}% of it from the prior" if self.from_prior > 0.005 else ""
        return f"{self.name}: known to {self.deviation:.3g} in its logarithm{source}" + (
            ", degenerate" if self.degenerate else ""
        )


class Ellipses(NamedTuple):
    """Closed curves [n, 2] around the best fit in two parameters.

    The other parameters are free (marginal), or held there (conditional).
    """

    marginal: Float[np.ndarray, "n 2"]
    conditional: Float[np.ndarray, "n 2"]


def log_poisson(observed: Float[Array, " bins"], log_counts: Float[Array, " bins"]) -> Scalar:
    """Compute ln of the Poisson likelihood over its largest possible value.

    It is the sum of n ln(mu/n) - mu + n; its slopes are finite where ln mu is.
    """
    present = observed > 0
    count = jnp.where(present, observed, 1.0)
    ratio = jnp.where(present, log_counts - jnp.log(count), 0.0)
    return jnp.sum(jnp.where(present, count * (ratio - jnp.expm1(ratio)), -jnp.exp(log_counts)))


def log_likelihood(observed: Expectation, expected: Expectation) -> Scalar:
    """Compute ln of a likelihood over its largest possible value, -q/2.

    The data are counts exp(log_counts) and central values `pulls`.
    """
    gaussian = jnp.sum((expected.pulls - observed.pulls) ** 2)
    return log_poisson(jnp.exp(observed.log_counts), expected.log_counts) - gaussian / 2


def fisher(
    predict: Callable[[Float[Array, " p"]], Expectation], theta: Float[Array, " p"]
) -> tuple[Expectation, Expectation, Float[Array, "p p"]]:
    """Compute Fisher's information by forward mode, as parameters are few and observables many.

    F_ij = sum_bins mu dln(mu)/dtheta_i dln(mu)/dtheta_j + sum dr/dtheta_i dr/dtheta_j, with r the Gaussian
    measurements.

    Parameters
    ----------
    predict
        The expectation of parameters theta [p].
    theta
        Where the information is wanted.

    Returns
    -------
    expected
        The expectation at theta.
    slopes
        Its derivatives [.., p].
    information
        F.

    References
    ----------
    R. A. Fisher, Phil. Trans. R. Soc. A 222 (1922) 309.
    """
    slopes, expected = jax.jacfwd(lambda at: (predict(at),) * 2, has_aux=True)(theta)
    weighted = slopes.log_counts * jnp.exp(expected.log_counts / 2)[:, None]
    return expected, slopes, weighted.T @ weighted + slopes.pulls.T @ slopes.pulls


def from_priors(widths: Float[np.ndarray, " p"]) -> Matrix:
    """Return the information of Gaussian priors of these standard deviations; zero where one is infinite."""
    return np.diag(1.0 / np.asarray(widths, float) ** 2)


def covariance(information: Matrix) -> Matrix:
    """Invert the information.

    The variance of a parameter in a direction without information is infinite, and its covariances are NaN.
    """
    values, vectors = _eigen(information)
    known = values > 0
    # relative to the others' own noise in an eigenvector
    lost = np.any(np.abs(vectors[:, ~known]) > math.sqrt(_NOTHING), axis=1)
    found = (vectors[:, known] / values[known]) @ vectors[:, known].T
    found[lost, :] = found[:, lost] = np.nan
    found[lost, lost] = np.inf
    return found


def deviations(information: Matrix) -> Float[np.ndarray, " p"]:
    """Return the standard deviation of each parameter with the others free; infinite where nothing limits it."""
    return np.sqrt(np.diag(covariance(information)))


def conditional_deviations(information: Matrix) -> Float[np.ndarray, " p"]:
    """Return the standard deviation of each parameter with the others held, 1/sqrt(F_ii)."""
    diagonal = np.diag(np.asarray(information))
    return np.where(diagonal > 0, 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), np.inf)


def correlations(information: Matrix) -> Matrix:
    """Return the correlation of every two parameters with the others free; NaN where a variance is infinite."""
    found = covariance(information)
    spread = np.sqrt(np.where(np.isfinite(np.diag(found)), np.diag(found), np.nan))
    return found / np.outer(spread, spread)


def ellipse(information: Matrix, i: int, j: int, cl: float, points: int = 181) -> Ellipses:
    """Compute the ellipses Delta chi^2 = -2 ln(1 - cl) of two parameters around the best fit.

    Parameters
    ----------
    information
        Of all parameters.
    i, j
        Numbers of the two.
    cl
        Confidence level, a fraction.
    points
        Number of points of a curve.

    Returns
    -------
    Ellipses
        Displacements from the best fit.

    Raises
    ------
    ValueError
        A variance is infinite: add the information of a prior.
    """
    chosen = np.ix_((i, j), (i, j))
    marginal = covariance(information)[chosen]
    if not np.all(np.isfinite(marginal)):
        raise ValueError(
            f"ellipse: nothing limits the parameters {i} and {j} together; "
            "add the information of a prior (from_priors)."
        )
    return Ellipses(_curve(marginal, cl, points), _curve(np.linalg.inv(np.asarray(information)[chosen]), cl, points))


def directions(
    information: Matrix, names: Sequence[str], priors: Float[np.ndarray, " p"] | None = None, threshold: float = 1.0
) -> tuple[Direction, ...]:
    """Find the independent directions of the measurements, the best known first.

    They are the eigenvectors of the information, which rest on the parameters being logarithms on an equal footing:
    another choice of parameters gives others.

    Parameters
    ----------
    information
        Of the measurements.
    names
        Of the parameters.
    priors
        Widths of priors whose information is added.
    threshold
        Standard deviation of a logarithm above which a direction is called degenerate (1: a factor e).

    Returns
    -------
    tuple of Direction
        As many as parameters.
    """
    prior = np.zeros_like(information) if priors is None else from_priors(priors)
    values, vectors = _eigen(np.asarray(information) + prior)
    found = []
    for value, vector in zip(values, vectors.T):
        size = vector[np.argmax(np.abs(vector))]
        given = float(vector @ prior @ vector) / value if value > 0 else 0.0
        alone = _deviation(value * max(1.0 - given, 0.0), abs(size))
        name = " ".join(f"{each}^{power:.2g}" for each, power in zip(names, vector / size) if abs(power) >= _UNNAMED)
        found.append(Direction(name, vector / size, _deviation(value, abs(size)), alone > threshold, given))
    return tuple(found)


def _deviation(value: float, size: float) -> float:
    """Return the standard deviation of a product of powers whose largest is `size` of a unit eigenvector."""
    return 1.0 / (math.sqrt(value) * size) if value > 0 else math.inf


def _eigen(information: Matrix) -> tuple[Float[np.ndarray, " p"], Matrix]:
    """Return eigenvalues from the largest on, exactly zero where they are rounding, and eigenvectors as columns."""
    matrix = np.asarray(information, float)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    return np.where(values > _NOTHING * max(values[0], 0.0), values, 0.0), vectors


def _curve(matrix: Matrix, cl: float, points: int) -> Float[np.ndarray, "n 2"]:
    """Return the ellipse x^T V^-1 x = -2 ln(1 - cl)."""
    angle = np.linspace(0.0, 2 * math.pi, points)
    circle = math.sqrt(-2 * math.log1p(-cl)) * np.column_stack([np.cos(angle), np.sin(angle)])
    return circle @ np.linalg.cholesky(matrix).T
