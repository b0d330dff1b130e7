"""Contours as paths of cubic Bezier pieces, and as SVG: they are the curves of points_between, piece by piece."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.path import Path as Outline

from jaxmix import engine
from jaxmix.engine.contour import bezier

X, Y = engine.Axis.linear("x", -2, 2.1, 17), engine.Axis.linear("y", -2, 2.1, 17)
LOG_X, LOG_Y = engine.Axis.log("x", 1e-3, 20.0, 17), engine.Axis.log("y", 2e-6, 3e4, 17)
WIDE, HIGH = 400, 300


@pytest.fixture(scope="module")
def circle():
    (found,) = engine.trace_contours(lambda x, y: x**2 + y**2 - 1, X, Y)
    return found


@pytest.fixture(scope="module")
def traced(circle):
    """Open and closed, in linear and logarithmic axes."""
    (parabola,) = engine.trace_contours(lambda x, y: y - x**2, X, Y)
    (ring,) = engine.trace_contours(lambda x, y: jnp.log(x) ** 2 + jnp.log(y) ** 2 / 9.0 - 4.0, LOG_X, LOG_Y)
    (slope,) = engine.trace_contours(lambda x, y: y - 3.0 * x**1.5 / (1.0 + x), LOG_X, LOG_Y)
    (mixed,) = engine.trace_contours(lambda x, y: y - 0.1 * x**2, LOG_X, Y)
    contours = [circle, parabola, ring, slope, mixed]
    assert [each.closed for each in contours] == [True, False, True, False, False]
    return contours


def in_box(found, points):
    return np.column_stack([side.to_box(along) for side, along in zip(found.sides, points.T)])


def control_points(points):
    """The pieces [k, 4, 2] of a path's points: each begins where the one before ends."""
    return np.stack([points[:-1:3], points[1::3], points[2::3], points[3::3]], axis=1)


def bernstein(pieces, t):
    """Points [k, m, 2] at t [m]."""
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.einsum("mt,kmd->ktd", weights, pieces)


def read(text):
    """The pieces [k, 4, 2] of an SVG path, and whether it is closed."""
    number = r"-?\d+(?:\.\d+)?"
    assert re.fullmatch(rf"M{number} {number}(?:C{number}(?: {number}){{5}})*Z?", text)
    return control_points(np.array(re.findall(number, text), float).reshape(-1, 2)), text.endswith("Z")


def test_the_pieces_are_the_curve_between_vertices(traced):
    number = 8
    for found in traced:
        points, codes = found.path()
        place = bernstein(control_points(in_box(found, points[codes != bezier.CLOSE])), np.arange(number) / number)
        expected = in_box(found, np.column_stack(found.points_between(number)))
        assert np.max(np.abs(place.reshape(-1, 2) - expected[:-1])) < 1e-12


def test_a_path_has_one_piece_a_segment_and_its_ends_are_the_vertices(traced):
    for found in traced:
        points, codes = found.path()
        segments = len(found.x) - (not found.closed)
        assert list(codes) == [Outline.MOVETO] + [Outline.CURVE4] * 3 * segments + [Outline.CLOSEPOLY] * found.closed
        vertices = in_box(found, points[codes != Outline.CLOSEPOLY][::3])
        expected = np.concatenate([found.in_box(), found.in_box()[:1]]) if found.closed else found.in_box()
        assert np.max(np.abs(vertices - expected)) < 1e-13
        assert not found.closed or np.array_equal(points[-1], points[0])


def test_matplotlib_takes_the_path_as_it_is(traced):
    for found in traced:
        outline = Outline(*found.path())
        assert outline.codes.dtype == Outline.code_type and outline._interpolation_steps == 1


def test_an_svg_lies_in_the_viewport_and_ends_at_the_vertices(traced):
    for found in traced:
        pieces, closed = read(found.svg(WIDE, HIGH))
        assert closed == found.closed and len(pieces) == len(found.x) - (not closed)
        places = [1.0, -1.0] * pieces / [WIDE, HIGH] + [0.0, 1.0]
        vertices = found.in_box()
        ends = np.roll(vertices, -1, axis=0) if closed else vertices[1:]
        rounded = 1e-6 + 1e-12
        assert (
            np.max(np.abs(places[:, 0] - vertices[: len(pieces)])) <= rounded
            and np.max(np.abs(places[:, 3] - ends)) <= rounded
        )
        curve = bernstein(places, np.linspace(0, 1, 9))
        assert curve.min() > -1e-5 and curve.max() < 1 + 1e-5  # by as much as the curve may leave the level


@pytest.mark.parametrize(("size", "digits"), [(1.0, 6), (1e-3, 9), (400.0, 4), (1e6, 0), (1e9, 0)])
def test_an_svg_has_the_digits_that_a_millionth_of_the_box_takes(circle, size, digits):
    """Half a unit of the last digit is at most 1e-6 of the size, and half a unit of one digit less is more (but for
    whole numbers).
    """
    numbers = re.findall(r"-?[\d.]+", circle.svg(size, size))
    assert max(len(number.partition(".")[2]) for number in numbers) == digits
    assert 0.5 * 10.0**-digits <= 1e-6 * size and (not digits or 0.5 * 10.0 ** (1 - digits) > 1e-6 * size)
    assert not any(number == "-0" or "." in number and number.endswith(("0", ".")) for number in numbers)


def area(pieces):
    """Enclosed by closed cubic pieces, positive if counterclockwise: half the integral of x dy - y dx, piece by piece
    in closed form.

    The integral of b_i b_j' - b_j b_i' over Bernstein polynomials is 6, 3, 1, 3, 3, 6 tenths for the pairs 01, 02, 03,
    12, 13, 23.
    """
    cross = lambda i, j: pieces[:, i, 0] * pieces[:, j, 1] - pieces[:, i, 1] * pieces[:, j, 0]
    each = 6 * cross(0, 1) + 3 * cross(0, 2) + cross(0, 3) + 3 * cross(1, 2) + 3 * cross(1, 3) + 6 * cross(2, 3)
    return float(np.sum(each)) / 20.0


def test_the_circles_svg_encloses_its_area(circle):
    size = 1000
    pieces, closed = read(circle.svg(size, size))
    assert closed
    assert abs(area(pieces)) * (4.1 / size) ** 2 == pytest.approx(np.pi, rel=1e-5)


def test_f_is_positive_on_the_left_of_a_path(circle):
    """It is outside the circle, which thus runs clockwise."""
    points, codes = circle.path()
    assert area(control_points(points[codes != bezier.CLOSE])) == pytest.approx(-np.pi, rel=1e-5)


def test_a_contour_without_vertices_has_an_empty_path():
    (cliff,) = engine.trace_contours(lambda x, y: jnp.where(x > 0.3, 1.0, -1.0) + 0.0 * y, X, Y)
    points, codes = cliff.path()
    assert cliff.status == "jump"
    assert points.shape == (0, 2) and codes.shape == (0,) and cliff.svg(WIDE, HIGH) == ""


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_a_viewport_without_size_is_refused(circle, size):
    with pytest.raises(ValueError, match="svg: width and height must be positive and finite"):
        circle.svg(size, 100.0)
