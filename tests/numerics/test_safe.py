"""Values and slopes of the safe functions, at their edges above all."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxmix.numerics import safe

POSITIVE = st.floats(1e-200, 1e200)


def _both(function: Callable, *at: float) -> list[float]:
    """Value and the derivatives in forward and in reverse mode with respect to the first argument."""
    arguments = [jnp.asarray(x) for x in at]
    return [float(f(*arguments)) for f in (function, jax.jacfwd(function), jax.grad(function))]


@given(POSITIVE)
def test_square_root_is_numpys_with_its_slope(x: float) -> None:
    """sqrt and 1/(2 sqrt) for x > 0."""
    slope = 0.5 / np.sqrt(x)
    np.testing.assert_allclose(_both(safe.sqrt, x), [np.sqrt(x), slope, slope], rtol=1e-14)


@pytest.mark.parametrize("x", [0.0, -0.0, -1e-300, -3.0])
def test_square_root_of_nothing_is_flat(x: float) -> None:
    """No infinite slope at zero, no NaN below."""
    assert _both(safe.sqrt, x) == [0.0, 0.0, 0.0]


@given(st.floats(-1e100, 1e100), st.floats(1e-100, 1e100), st.sampled_from([-1.0, 1.0]))
def test_ratio_is_the_quotient_with_its_slope(numerator: float, size: float, sign: float) -> None:
    """a/b and 1/b for b != 0 of either sign."""
    denominator = sign * size
    expected = [numerator / denominator, 1 / denominator, 1 / denominator]
    np.testing.assert_allclose(_both(safe.ratio, numerator, denominator), expected, rtol=1e-14)


@pytest.mark.parametrize("numerator", [0.0, 2.0, -1e300])
def test_ratio_over_nothing_is_flat(numerator: float) -> None:
    """Zero, with zero slope in both arguments."""
    assert _both(safe.ratio, numerator, 0.0) == [0.0, 0.0, 0.0]
    assert float(jax.grad(safe.ratio, argnums=1)(jnp.asarray(numerator), jnp.asarray(0.0))) == 0.0


def test_ratio_takes_complex_propagators() -> None:
    """The quotient of complex numbers is complex, and zero over a complex zero."""
    found = safe.ratio(jnp.array([1 + 2j, 1 + 2j]), jnp.array([3 - 1j, 0j]))
    np.testing.assert_allclose(found, [(1 + 2j) / (3 - 1j), 0])


def test_velocity_opens_at_threshold() -> None:
    """sqrt(1 - 4 x): 1 for a massless product, 0.6 at x = 0.16, and nothing, with no slope, at and below threshold."""
    np.testing.assert_allclose(_both(safe.velocity, 0.16), [0.6, -2 / 0.6, -2 / 0.6], rtol=1e-14)
    assert float(safe.velocity(jnp.asarray(0.0))) == 1.0
    for x in (0.25, 0.3, 1e9):
        assert _both(safe.velocity, x) == [0.0, 0.0, 0.0]
