"""Points of the unit cube from their index: the Sobol net against SciPy's, uniform numbers against their
distribution.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest, qmc

from jaxmix.numerics.sobol import net, scrambled


def test_direction_numbers_are_those_of_joe_and_kuo():
    """SciPy's unscrambled net, whose n-th point has the index gray(n)."""
    reference = qmc.Sobol(net.DIMENSIONS, scramble=False, bits=net.BITS).random(2048)
    order = np.arange(2048) ^ (np.arange(2048) >> 1)
    found = np.asarray(jax.vmap(lambda i: net.sobol(i, net.DIMENSIONS, 0))(jnp.asarray(order)))
    shift = net._shift(net.DIMENSIONS, 0)
    integers = (found * 2.0**net.BITS - 0.5).astype(np.int64) ^ shift
    np.testing.assert_array_equal(integers, (reference * 2.0**net.BITS).astype(np.int64))


@pytest.mark.parametrize("first", [0, 2**33])
def test_the_net_fills_every_box_evenly(first):
    """A (t, m, s)-net in base 2: of 256 consecutive points, one in each of 256 strips along any axis, 16 in each square
    of 4 x 4 of the first two.
    """
    points = np.asarray(jax.vmap(lambda i: net.sobol(i, 5, 3))(first + jnp.arange(256)))
    for axis in range(5):
        assert sorted((points[:, axis] * 256).astype(int)) == list(range(256))
    squares = np.bincount((points[:, 0] * 4).astype(int) * 4 + (points[:, 1] * 4).astype(int), minlength=16)
    np.testing.assert_array_equal(squares, 16)


def test_uniform_numbers_are_uniform_and_of_their_index_alone():
    draw = jax.vmap(lambda i: net.uniform(i, 3, 11))
    points = np.asarray(draw(2**40 + jnp.arange(4000)))
    assert min(kstest(points[:, axis], "uniform").pvalue for axis in range(3)) > 1e-3
    np.testing.assert_array_equal(points[[7, 100]], draw(2**40 + jnp.array([7, 100])))
    assert np.abs(np.corrcoef(points.T) - np.eye(3)).max() < 0.06
    assert not np.array_equal(points, np.asarray(jax.vmap(lambda i: net.uniform(i, 3, 12))(2**40 + jnp.arange(4000))))


@pytest.mark.parametrize(("dimensions", "log2_points"), [(1, 0), (5, 8), (7, 10), (13, 6)])
def test_stored_points_are_scipys_scrambles(dimensions, log2_points):
    def reference(k):
        return qmc.Sobol(dimensions, rng=np.random.default_rng([scrambled._SEED, k])).random_base2(log2_points)

    np.testing.assert_array_equal(scrambled.points(dimensions, log2_points, 3), [reference(k) for k in range(3)])


def test_too_many_dimensions_are_refused():
    with pytest.raises(ValueError, match="found 14 dimensions; there are direction numbers for 1 to 13"):
        net.directions(14)
