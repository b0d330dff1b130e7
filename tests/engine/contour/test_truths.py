"""The truths themselves: on the level, sampled densely, all there, and distances between curves against closed
forms.
"""

import contourpy
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from truths import SQUARE, TRUTHS, curves_of, hausdorff

from jaxmix import engine

EACH = pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name.replace(" ", "_"))
LEVELS = pytest.mark.parametrize(
    "truth", [each for each in TRUTHS if each.kind == "level"], ids=lambda truth: truth.name.replace(" ", "_")
)


def in_box(truth):
    """f of box coordinates."""
    sides = engine.Side.of(truth.x_axis), engine.Side.of(truth.y_axis)
    return lambda u, v: truth.function(*(side.from_box(at) for side, at in zip(sides, (u, v))))


def off_level(truth, places):
    """|f| over the length of its gradient: to first order the distance from the level, in the box."""
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(in_box(truth), (0, 1))))(*jnp.asarray(places.T))
    return np.abs(value) / np.hypot(*slope)


@LEVELS
def test_points_are_on_the_level_and_the_middles_between_are_near_it(truth):
    vertices = np.concatenate(truth.curves)
    middles = np.concatenate([0.5 * (curve[1:] + curve[:-1]) for curve in truth.curves])
    found = np.split(off_level(truth, np.concatenate([vertices, middles])), [len(vertices)])
    assert np.max(found[0]) <= 1e-9
    assert np.max(found[1]) <= 1e-7


@EACH
def test_closed_ones_close_and_open_ones_end_at_the_box(truth):
    assert len(truth.curves) == len(truth.closed)
    for curve, closed in zip(truth.curves, truth.closed):
        assert np.all((curve >= -1e-12) & (curve <= 1 + 1e-12))
        ends = curve[[0, -1]]
        at_box = np.min(np.minimum(np.abs(ends), np.abs(1 - ends)), axis=1) < 1e-12
        assert np.allclose(*ends, rtol=0, atol=1e-14) if closed else truth.kind in ("invalid", "jump") or at_box.all()


@pytest.mark.parametrize(
    "truth", [each for each in TRUTHS if each.kind == "level" and each.name != "comb"], ids=lambda truth: truth.name
)
def test_marching_squares_find_the_same_curves(truth):
    """Cells of 1/1499: at 1/1024 the banana's tip comes apart. The comb's spikes are narrower yet."""
    along = jnp.linspace(0.0, 1.0, 1500)
    row = jax.vmap(in_box(truth), (0, None))
    values = jax.jit(lambda: jax.lax.map(lambda v: row(along, v), along))()
    lines = contourpy.contour_generator(along, along, np.asarray(values)).lines(0.0)
    assert len(lines) == len(truth.curves)
    assert hausdorff(lines, truth.curves) < 1.5e-3


@pytest.mark.parametrize(
    "truth", [each for each in TRUTHS if each.kind not in ("level", "saddle")], ids=lambda truth: truth.name
)
def test_elsewhere_the_sign_changes_across_the_curve(truth):
    """1e-6 to its left and to its right f has two different signs, or one is the plateau's zero."""
    curve = np.concatenate([each[1:-1] for each in truth.curves])
    normal = np.concatenate([(each[2:] - each[:-2])[:, ::-1] * [1.0, -1.0] for each in truth.curves])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    left, right = (np.sign(jax.vmap(in_box(truth))(*jnp.asarray((curve + step * normal).T))) for step in (1e-6, -1e-6))
    assert np.all(left != right)


def ring(radius, number, start=0.0):
    angle = start + np.linspace(0.0, 2 * np.pi, number + 1)
    return 0.5 + radius * np.column_stack([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize("apart", [0.0, 1e-6, 1e-3, 0.2])
def test_distance_of_two_circles_is_the_difference_of_their_radii(apart):
    assert hausdorff([ring(0.2, 6_000)], [ring(0.2 + apart, 8_000, 0.3)]) == pytest.approx(apart, abs=1e-7)


def test_distance_of_a_polygon_to_its_circle_is_the_rise_of_its_sides():
    for sides in (3, 8, 100):
        assert hausdorff([ring(0.3, sides)], [ring(0.3, 40_000, 0.1)]) == pytest.approx(
            0.3 * (1 - np.cos(np.pi / sides)), abs=1e-7
        )


def test_distance_of_a_segment_to_its_own_polyline_is_zero():
    first, last = np.array([0.1, 0.2]), np.array([0.9, 0.7])
    part = np.sort(np.random.default_rng(1).uniform(size=999)) ** 3
    line = first + np.concatenate([[0.0], part, [1.0]])[:, None] * (last - first)
    assert hausdorff([np.stack([first, last])], [line]) <= 1e-7
    assert hausdorff([np.stack([last, first])], [line[:400], line[399:700], line[699:]]) <= 1e-7


def test_distance_counts_what_lies_between_vertices():
    ends = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert hausdorff([ends], [ends[:1], ends[1:]]) == pytest.approx(0.5, abs=1e-7)  # a segment to its two ends
    spike = np.array([[0.0, 0.0], [0.5 - 1e-6, 0.0], [0.5, 0.25], [0.5 + 1e-6, 0.0], [1.0, 0.0]])
    assert hausdorff([ends], [spike]) == pytest.approx(0.25, abs=1e-7)
    assert hausdorff([ends], []) == np.inf and hausdorff([], []) == 0.0


def test_distance_of_random_polylines_is_that_of_their_points():
    """A thousand points on every segment, each against every segment, are within 1e-3 of the supremum."""
    random = np.random.default_rng(2)
    a, b = ([random.uniform(size=(number, 2)) for number in sizes] for sizes in ((5, 1, 9), (2, 12)))

    def one_sided(of, to):
        part = np.linspace(0.0, 1.0, 1001)[:, None]
        segments = [(p, q) for curve in of for p, q in zip(curve, curve[1:] if len(curve) > 1 else curve)]
        points = np.concatenate([p + part * (q - p) for p, q in segments])
        best = np.full(len(points), np.inf)
        for first, last in ((p, q) for curve in to for p, q in zip(curve, curve[1:] if len(curve) > 1 else curve)):
            along = last - first
            where = np.clip((points - first) @ along / max(along @ along, 1e-300), 0.0, 1.0)
            best = np.minimum(best, np.linalg.norm(points - first - where[:, None] * along, axis=1))
        return best.max()

    assert 0.0 <= hausdorff(a, b) - max(one_sided(a, b), one_sided(b, a)) < 1e-3


def test_curves_of_a_trace_are_in_the_box_and_close():
    contours = engine.trace_contours(TRUTHS[0].function, *SQUARE)
    (curve,) = curves_of(contours)
    assert len(curve) == 64 * len(contours[0].x) + 1 and np.array_equal(curve[0], curve[-1])
    assert hausdorff([curve], TRUTHS[0].curves) < 1e-4
