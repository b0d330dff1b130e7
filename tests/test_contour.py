"""Contours against closed forms: topology, distance to the true curve, tangents, and bad functions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmix.engine.contour import trace_contours
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem

SQUARE = Axis.linear("x", -2.0, 2.1, 17), Axis.linear("y", -2.0, 2.1, 17)


def circle(x, y, radius):
    return x**2 + y**2 - radius**2


def cassini(x, y, b):
    return ((x - 1) ** 2 + y**2) * ((x + 1) ** 2 + y**2) - b**4


def banana(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2 - 4.0


def farthest(of: np.ndarray, to: np.ndarray) -> float:
    """The one-sided Hausdorff distance: of the points `of` [n, 2], the largest distance to the set `to` [m, 2]."""
    return max(np.linalg.norm(point - to, axis=1).min() for point in of)


def check(contours):
    """What every contour promises."""
    for contour in contours:
        assert contour.max_residual <= 1e-9
        np.testing.assert_allclose(np.hypot(contour.tangent_x, contour.tangent_y), 1.0, rtol=1e-12)
        assert contour.closed == (contour.ends is None)
        place = contour.in_box()
        assert np.all((place >= -1e-12) & (place <= 1 + 1e-12))
        chord, tangent = np.diff(place, axis=0), np.column_stack([contour.tangent_x, contour.tangent_y])[:-1]
        assert not chord.size or np.mean(np.sum(chord * tangent, axis=1) > 0) > 0.95
    return contours


def points(contours, number=16):
    return np.concatenate([np.column_stack(contour.points_between(number)) for contour in contours])


@pytest.mark.parametrize("radius", [0.02, 0.1, 1.0, 1.9])
def test_circle(radius):
    contours = check(trace_contours(circle, *SQUARE, radius))
    assert len(contours) == 1 and contours[0].closed and contours[0].status == "converged"
    np.testing.assert_allclose(np.hypot(contours[0].x, contours[0].y), radius, rtol=1e-10 / radius**2)
    assert np.max(np.abs(np.hypot(*contours[0].points_between(9)) / radius - 1)) < 1e-6


def test_positive_side_is_on_the_left():
    contour = trace_contours(circle, *SQUARE, 1.0)[0]
    outwards_on_left = -contour.tangent_y * contour.x + contour.tangent_x * contour.y
    assert np.all(outwards_on_left > 0)


@pytest.mark.parametrize(("b", "components"), [(1.3, 1), (1.02, 1), (0.98, 2), (0.5, 2)])
def test_cassini_ovals(b, components):
    contours = check(trace_contours(cassini, *SQUARE, b))
    assert len(contours) == components and all(contour.closed for contour in contours)
    angle = np.linspace(0, 2 * np.pi, 20001)
    root = np.sqrt((b**4 - np.sin(2 * angle) ** 2).clip(0))
    squares = [np.cos(2 * angle) + root, np.cos(2 * angle) - root]
    allowed = [(b**4 >= np.sin(2 * angle) ** 2) & (square > 0) for square in squares]
    truth = np.concatenate([np.sqrt(square[ok])[:, None] * np.column_stack([np.cos(angle[ok]), np.sin(angle[ok])])
                            for square, ok in zip(squares, allowed)])
    assert farthest(truth[::40], points(contours)) < 2e-3
    x, y = points(contours).T
    assert np.max(np.abs(cassini(x, y, b))) < 1e-4


def test_saddle_on_the_level():
    contours = check(trace_contours(cassini, *SQUARE, 1.0))
    assert all(contour.closed for contour in contours) and len(contours) in (1, 2)
    assert sum(len(contour.x) for contour in contours) > 100


def test_saddle_exactly_on_a_lattice_point():
    contours = trace_contours(lambda x, y: x * y, Axis.linear("x", -1.0, 1.0, 9), Axis.linear("y", -1.0, 1.0, 9))
    check(contours)
    assert all(np.max(np.minimum(np.abs(contour.x), np.abs(contour.y))) <= 1e-9 for contour in contours)
    x, y = points(contours).T
    assert np.max(np.minimum(np.abs(x), np.abs(y))) < 1 / 64
    assert {contour.ends for contour in contours} == {("box", "box")}


def test_banana():
    contours = check(trace_contours(banana, *SQUARE, depth=4))
    angle = np.linspace(0, 2 * np.pi, 8001)
    x = 1 - 2 * np.cos(angle)
    truth = np.column_stack([x, x**2 + 0.2 * np.sin(angle)])
    truth = truth[(truth[:, 0] < 2.1) & (truth[:, 1] < 2.1)]
    assert len(contours) == 1 and contours[0].ends == ("box", "box")
    ours = points(contours, 32)
    assert farthest(truth[::8], ours) < 1e-3
    steepness = np.hypot(*jax.vmap(jax.grad(banana, (0, 1)))(*ours.T))
    assert np.max(np.abs(banana(*ours.T)) / steepness) < 1e-3


def test_open_contour_in_logarithmic_coordinates_is_a_straight_line():
    contours = check(trace_contours(lambda x, y: jnp.log(x**2 * y) - 1.0, Axis.log("x", 1e-3, 10.0, 9), Axis.log("y", 1e-2, 1e4, 9)))
    assert len(contours) == 1 and contours[0].ends == ("box", "box") and not contours[0].closed
    np.testing.assert_allclose(contours[0].x ** 2 * contours[0].y, np.e, rtol=1e-9)
    np.testing.assert_allclose(contours[0].tangent_x, contours[0].tangent_x[0], atol=1e-9)
    assert abs(contours[0].tangent_y[0] / contours[0].tangent_x[0]) == pytest.approx(2.0 * np.log(1e4) / np.log(1e6), rel=1e-9)


def test_islands_smaller_than_a_cell_are_found():
    centres = [(-1.3, 0.4), (0.71, 1.2), (1.13, -0.77), (-0.2, -1.5)]

    def islands(x, y):
        return jnp.log(sum(0.02**2 / ((x - a) ** 2 + (y - b) ** 2 + 1e-9) for a, b in centres))

    contours = check(trace_contours(islands, *SQUARE))
    assert len(contours) == len(centres) and all(contour.closed for contour in contours)
    found = sorted((contour.x.mean(), contour.y.mean()) for contour in contours)
    np.testing.assert_allclose(found, sorted(centres), atol=1e-2)


def test_a_narrow_spike_is_found_through_a_node_placed_on_it():
    def spike(x, y):
        return y - 1.5 + 3.0 * jnp.exp(-(((x - 0.3217) / 1e-4) ** 2))

    tall = trace_contours(spike, *SQUARE, depth=6, x_nodes=(0.3217,))
    flat = trace_contours(spike, *SQUARE, depth=6)
    assert min(contour.y.min() for contour in check(tall)) < -1.4
    assert min(contour.y.min() for contour in check(flat)) > 1.4


def test_contour_ends_where_the_function_is_undefined():
    contours = check(trace_contours(lambda x, y: jnp.where(y < 0.3, x**2 + y**2 - 1, jnp.nan), *SQUARE))
    assert len(contours) == 1 and contours[0].ends == ("invalid", "invalid")
    step = 4.1 / 128
    assert 0.3 - step <= contours[0].y.max() <= 0.3


def test_nowhere_defined_or_never_crossed_gives_no_contours():
    assert trace_contours(lambda x, y: x * y * jnp.nan, *SQUARE) == []
    assert trace_contours(lambda x, y: 1.0 + x**2 + y**2, *SQUARE) == []


def test_a_jump_gives_no_vertex_off_the_level_and_says_so():
    contours = check(trace_contours(lambda x, y: jnp.where(x**2 + y**2 < 1, -1.0, 1.0), *SQUARE))
    assert [contour.status for contour in contours] == ["jump"]
    assert contours[0].x.size == 0
    half = check(trace_contours(lambda x, y: jnp.where(x > 0.123, 1.0, -1.0) * jnp.maximum(0.0, y) + y - 0.5, *SQUARE))
    assert {contour.status for contour in half} == {"jump"}
    assert all("jump" in contour.ends for contour in half)
    np.testing.assert_allclose(np.concatenate([contour.y for contour in half]), 0.25, atol=1e-9)


def test_a_plateau_on_the_level_ends_and_keeps_the_tolerance():
    def plateau(x, y):
        return jnp.clip(x**2 + y**2, 1.0, 2.0) - 1.0 - jnp.maximum(0.0, 0.5 - x**2 - y**2)

    contours = check(trace_contours(plateau, *SQUARE))
    assert len(contours) == 1 and contours[0].closed
    assert np.all(np.hypot(contours[0].x, contours[0].y) < 1.01)


@settings(deadline=None, max_examples=10)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-6, 6))
def test_the_scale_of_the_box_does_not_matter(x_scale, y_scale, f_scale):
    a, b = 10.0**x_scale, 10.0**y_scale

    def function(x, y, held):
        return held[2] * cassini(x / held[0], y / held[1], 0.9)

    axes = Axis.linear("x", -2.0 * a, 2.1 * a, 17), Axis.linear("y", -2.0 * b, 2.1 * b, 17)
    strength = 10.0**f_scale
    scaled = trace_contours(_shared(function), *axes, (a, b, strength), tolerance=1e-9 * max(strength, 1e-3))
    plain = trace_contours(_shared(function), *SQUARE, (1.0, 1.0, 1.0))
    assert [len(contour.x) for contour in scaled] == [len(contour.x) for contour in plain]
    for ours, theirs in zip(scaled, plain):
        np.testing.assert_allclose(ours.in_box(), theirs.in_box(), atol=1e-6)


def _shared(function, cache={}):
    """One function object for all examples, so that it compiles once."""
    return cache.setdefault("function", function)


def test_new_held_numbers_and_boxes_compile_nothing():
    def counted(x, y, radius):
        traced.append(1)
        return circle(x, y, radius)

    traced = []
    trace_contours(counted, *SQUARE, 1.0)
    before = len(traced)
    contours = trace_contours(counted, Axis.linear("x", -3.0, 2.0, 9), SQUARE[1], 1.5)
    assert len(traced) == before and len(contours) == 1


class Ellipse(AbstractProblem):
    """output = strength x^2 y^4 mass."""

    strength: float

    def slow(self, point):
        return jnp.stack([self.strength * point["x"] ** 2 * point["mass"]])

    def fast(self, point, slow):
        return {"q": slow[0] * point["y"] ** 4, "status": jnp.int32(0)}


def test_output_of_a_problem():
    axes = Axis.log("x", 1e-2, 10.0, 13), Axis.log("y", 1e-2, 10.0, 13)
    contour = check(trace_contours(Ellipse(2.0), *axes, {"mass": 3.0}, output="q"))[0]
    np.testing.assert_allclose(6.0 * contour.x**2 * contour.y**4, 1.0, atol=2e-9)
    np.testing.assert_allclose(contour.tangent_x / contour.tangent_y, -2.0, rtol=1e-6)
    with pytest.raises(ValueError, match="output="):
        trace_contours(Ellipse(2.0), *axes, {"mass": 3.0})


def test_calls_are_few_and_add_up():
    seen = trace_contours(circle, *SQUARE, 1.0)
    assert 0 < seen[0].calls < 12 * len(seen[0].x)
