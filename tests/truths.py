"""Functions of two parameters whose contours are known exactly, and the distance between sets of curves.

Curves are polylines [n, 2] in box coordinates (0 to 1 across the box) within 1e-7 of the true curve.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Scalar
from scipy.optimize import brentq
from scipy.spatial import cKDTree

from jaxmix import engine

Curve = Float[np.ndarray, "n 2"]
Axes = tuple[engine.Axis, engine.Axis]
Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

_CHORD = 2e-8  # how far a truth may leave its polyline, in the box; sampled where it is about largest, hence below 1e-7
_CERTAIN = 2e-8  # how much closer than the distance found the nearest segment may be
_RESOLVED = 5e-8  # how much a distance between curves may be underestimated


class Truth(NamedTuple):
    """f(x, y), the axes and options for trace_contours, and the components of f = 0 with whether each is closed.

    kind: "level" (f is smooth and its gradient does not vanish on the level), "saddle" (two branches cross: how they
    join is free), "plateau" (f vanishes on the curve and within it), "invalid" (f is NaN beyond an end) or "jump"
    (f changes sign by a leap; where f also passes smoothly through the level, that curve is the first).
    """

    name: str
    function: Callable[[Scalar, Scalar], Scalar]
    x_axis: engine.Axis
    y_axis: engine.Axis
    options: dict
    curves: list[Curve]
    closed: list[bool]
    kind: str


def in_box(axes: Axes, x: np.ndarray, y: np.ndarray) -> Curve:
    """Box coordinates of parameter values."""
    return np.column_stack([engine.Side.of(axis).to_box(value) for axis, value in zip(axes, (x, y))])


def sampled(axes: Axes, path: Path, t: np.ndarray) -> Curve:
    """The path t -> (x, y) in box coordinates at t and wherever between it leaves its chords by more than _CHORD."""
    while True:
        middle = 0.5 * (t[:-1] + t[1:])
        curve, between = in_box(axes, *path(t)), in_box(axes, *path(middle))
        coarse = _to_segments(between, curve[:-1], curve[1:]) > _CHORD
        if not coarse.any():
            return curve
        t = np.sort(np.concatenate([t, middle[coarse]]))


def curves_of(contours: Iterable[engine.Contour], number: int = 64) -> list[Curve]:
    """The Hermite curve of each contour that has vertices, `number` points a segment, in box coordinates."""
    kept = [contour for contour in contours if contour.x.size]
    return [
        np.column_stack([side.to_box(value) for side, value in zip(contour.sides, contour.points_between(number))])
        for contour in kept
    ]


# the distance between sets of curves


def hausdorff(curves_a: Sequence[Curve], curves_b: Sequence[Curve]) -> float:
    """The largest distance of a point on either set of polylines to the other set, to 1e-7; infinite if one is
    empty.
    """
    if not len(curves_a) or not len(curves_b):
        return 0.0 if len(curves_a) == len(curves_b) else np.inf
    a, b = _Segments(curves_a), _Segments(curves_b)
    return max(_farthest(a, b), _farthest(b, a))


class _Segments:
    """All segments of some polylines, searchable: trees of the vertices, and of the midpoints by length."""

    def __init__(self, curves: Sequence[Curve]):
        curves = [_without_repeats(np.asarray(curve, float)) for curve in curves]
        self.vertices = np.concatenate(curves)
        self.head = np.delete(np.arange(len(self.vertices)), np.cumsum([len(curve) for curve in curves]) - 1)
        self.start, self.end = self.vertices[self.head], self.vertices[self.head + 1]
        self.curve = np.repeat(np.arange(len(curves)), [len(curve) - 1 for curve in curves])
        along = self.end - self.start
        length = np.linalg.norm(along, axis=1)
        turn = np.abs(
            np.arctan2(
                along[:-1, 0] * along[1:, 1] - along[:-1, 1] * along[1:, 0], np.sum(along[:-1] * along[1:], axis=1)
            )
        )
        self.arc, self.turned = np.concatenate([[0.0], np.cumsum(length)]), np.concatenate([[0.0], np.cumsum(turn)])
        self.tree, self.classes = cKDTree(self.vertices), []
        size = np.floor(np.log2(np.maximum(length, _CERTAIN) / _CERTAIN) / 2)
        for each in np.unique(size[length > _CERTAIN]):
            members = np.nonzero((size == each) & (length > _CERTAIN))[0]
            self.classes.append((cKDTree(0.5 * (self.start + self.end)[members]), members, length[members].max()))

    def nearest(self, points: Curve) -> tuple[np.ndarray, np.ndarray]:
        """Distance of each point to the nearest segment, and which one that is.

        The nearest place is a vertex, or inside a segment whose midpoint is then no farther than sqrt(d^2 +
        length^2/4).
        """
        distance, vertex = self.tree.query(points)
        segment = np.searchsorted(self.head, vertex, side="right") - 1
        for tree, members, length in self.classes:
            active, number = np.arange(len(points)), 2
            while active.size:
                number = min(number, len(members))
                middle, found = tree.query(points[active], k=np.arange(1, number + 1))
                exact = _to_segments(points[active, None], self.start[members[found]], self.end[members[found]])
                best = np.argmin(exact, axis=1)[:, None]
                exact, found = (
                    np.take_along_axis(exact, best, 1)[:, 0],
                    members[np.take_along_axis(found, best, 1)[:, 0]],
                )
                segment[active] = np.where(exact < distance[active], found, segment[active])
                distance[active] = np.minimum(exact, distance[active])
                reach = np.hypot(np.maximum(distance[active] - _CERTAIN, 0.0), 0.5 * length)
                active, number = active[(middle[:, -1] < reach) & (number < len(members))], 4 * number
        return distance, segment

    def bound(self, p: Curve, q: Curve, at_p: tuple, at_q: tuple) -> np.ndarray:
        """What no point between p and q is farther away than, from the distances and nearest segments at both.

        The distance to a convex set is convex. 1. The set is one segment. 2. It is the hull of the run of segments from
        that of p to that of q, none of whose points is farther from the run than its length times its turning (below
        1).
        3. Whatever the set, a distance changes by at most the distance walked.
        """
        (far_p, seg_p), (far_q, seg_q) = at_p, at_q
        one = np.minimum(
            np.maximum(far_p, _to_segments(q, self.start[seg_p], self.end[seg_p])),
            np.maximum(far_q, _to_segments(p, self.start[seg_q], self.end[seg_q])),
        )
        first, last = np.minimum(seg_p, seg_q), np.maximum(seg_p, seg_q)
        turn = self.turned[last] - self.turned[first]
        run = np.maximum(far_p, far_q) + (self.arc[last + 1] - self.arc[first]) * turn
        one = np.where((self.curve[first] == self.curve[last]) & (turn < 1.0), np.minimum(one, run), one)
        return np.minimum(one, 0.5 * (far_p + far_q + np.linalg.norm(q - p, axis=1)))


def _farthest(a: _Segments, b: _Segments) -> float:
    """The largest distance of a point on a to b: segments that may hold a larger one than is known are halved."""
    far, near = b.nearest(a.vertices)
    worst, p, q = far.max(), a.start, a.end
    at_p, at_q = (far[a.head], near[a.head]), (far[a.head + 1], near[a.head + 1])
    while True:
        keep = b.bound(p, q, at_p, at_q) > worst + _RESOLVED
        if not keep.any():
            return float(worst)
        p, q, middle = p[keep], q[keep], 0.5 * (p + q)[keep]
        at_p, at_q, at_middle = (
            tuple(each[keep] for each in at_p),
            tuple(each[keep] for each in at_q),
            b.nearest(middle),
        )
        worst = max(worst, at_middle[0].max())
        p, q = np.concatenate([p, middle]), np.concatenate([middle, q])
        at_p, at_q = (tuple(map(np.concatenate, zip(*pair))) for pair in ((at_p, at_middle), (at_middle, at_q)))


def _without_repeats(curve: Curve) -> Curve:
    """Without vertices equal to the one before; at least one segment, if need be of no length."""
    kept = curve[np.concatenate([[True], np.any(np.diff(curve, axis=0) != 0, axis=1)])]
    return kept if len(kept) > 1 else np.repeat(kept, 2, axis=0)


def _to_segments(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of points to segments, all [..., 2]."""
    along, away = end - start, points - start
    square = np.sum(along**2, axis=-1)
    part = np.clip(np.sum(away * along, axis=-1) / np.where(square == 0, 1.0, square), 0.0, 1.0)
    return np.linalg.norm(away - part[..., None] * along, axis=-1)


# the cases


SQUARE = engine.Axis.linear("x", -2.0, 2.1, 17), engine.Axis.linear("y", -2.0, 2.1, 17)
_ROUND = np.linspace(0.0, 2.0 * np.pi, 257)


def _truth(
    name: str,
    function: Callable,
    axes: Axes,
    pieces: Sequence[tuple[Path, np.ndarray]],
    closed: bool,
    kind: str = "level",
    **options,
) -> Truth:
    return Truth(
        name, function, *axes, options, [sampled(axes, *piece) for piece in pieces], [closed] * len(pieces), kind
    )


def _circle(x, y, radius):
    return x**2 + y**2 - radius**2


def _around(radius: float) -> Path:
    return lambda t: (radius * np.cos(t), radius * np.sin(t))


def _circles() -> list[Truth]:
    """Circles of radius 1, 0.02 and, in a box whose half width is less, 1.2: four arcs across its corners."""
    low, high, radius = np.array([-1.02, -1.0]), np.array([1.0, 1.01]), 1.2
    corners = [(high[0], high[1], 0), (-low[0], high[1], 1), (-low[0], -low[1], 2), (high[0], -low[1], 3)]
    arcs = []
    for a, b, quarter in corners:
        ends = np.array([np.arccos(a / radius), np.arcsin(b / radius)])  # from the x axis
        arcs.append((_around(radius), np.linspace(*{0: ends, 1: np.pi - ends, 2: np.pi + ends, 3: -ends}[quarter], 65)))
    box = tuple(engine.Axis.linear(name, *ends, 17) for name, ends in zip("xy", zip(low, high)))
    whole = [
        _truth(f"circle of radius {r:g}", lambda x, y, r=r: _circle(x, y, r), SQUARE, [(_around(r), _ROUND)], True)
        for r in (1.0, 0.02)
    ]
    return [*whole, _truth("corner arcs", lambda x, y: _circle(x, y, radius), box, arcs, False)]


def _cassini(x, y, b):
    return ((x - 1) ** 2 + y**2) * ((x + 1) ** 2 + y**2) - b**4


def _one_oval(b: float) -> Path:
    def path(t):
        c = np.cos(2 * t)
        root = np.sqrt(b**4 - np.sin(2 * t) ** 2)
        r = np.sqrt(np.where(c > 0, c + root, (b**4 - 1) / (root + np.abs(c))))  # no difference of equals
        return r * np.cos(t), r * np.sin(t)

    return path


def _lobe(b: float, side: float) -> Path:
    """One of two ovals; t has sin(2 theta) = b^2 sin t, where theta is the polar angle."""

    def path(t):
        c, d = np.sqrt(1 - b**4 * np.sin(t) ** 2), b**2 * np.cos(t)
        r, theta = np.sqrt(np.where(d > 0, c + d, (1 - b**4) / (c + np.abs(d)))), 0.5 * np.arcsin(b**2 * np.sin(t))
        return side * r * np.cos(theta), r * np.sin(theta)

    return path


def _bernoulli(t):
    return np.sqrt(2) * np.cos(t) / (1 + np.sin(t) ** 2), np.sqrt(2) * np.sin(t) * np.cos(t) / (1 + np.sin(t) ** 2)


def _cassini_ovals() -> list[Truth]:
    """Products of the distances to (-1, 0) and (1, 0) equal to b^2: one oval, two, and at b = 1 the lemniscate, a
    saddle.
    """
    found = []
    for b in (1.1, 1.001, 0.999, 0.9):
        pieces = [(_one_oval(b), _ROUND)] if b > 1 else [(_lobe(b, side), _ROUND) for side in (1.0, -1.0)]
        found.append(_truth(f"Cassini b = {b:g}", lambda x, y, b=b: _cassini(x, y, b), SQUARE, pieces, True))
    loops = [(_bernoulli, 0.5 * _ROUND - 0.5 * np.pi), (_bernoulli, 0.5 * _ROUND + 0.5 * np.pi)]
    return [*found, _truth("lemniscate", lambda x, y: _cassini(x, y, 1.0), SQUARE, loops, True, "saddle")]


def banana(x, y):
    """Rosenbrock's valley: 0 at its minimum (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _banana_path(t):
    x = 1 - 2 * np.cos(t)
    return x, x**2 + 0.2 * np.sin(t)


def _bananas() -> list[Truth]:
    """The banana at 4 in a box that holds it (4.9 by 11.4), and in the square, whose upper side cuts it."""
    brackets = (1.1 * np.pi, 1.5 * np.pi), (0.5 * np.pi, np.pi)
    first, last = (brentq(lambda t: _banana_path(t)[1] - 2.1, *ends, xtol=1e-15) for ends in brackets)
    box = engine.Axis.linear("x", -1.53, 3.37, 25), engine.Axis.linear("y", -1.1, 10.3, 33)
    cut = (_banana_path, np.linspace(first, last + 2 * np.pi, 257))
    return [
        _truth("banana", lambda x, y: banana(x, y) - 4.0, box, [(_banana_path, _ROUND)], True),
        _truth("banana cut by the box", lambda x, y: banana(x, y) - 4.0, SQUARE, [cut], False),
    ]


def _hyperbolas() -> Truth:
    """x^2 y^2 = 0.09: four branches that leave through all four sides, around a cross where the gradient vanishes."""
    pieces = []
    for i, j in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        widest, highest = (2.1 if sign > 0 else 2.0 for sign in (i, j))
        pieces.append((lambda t, i=i, j=j: (i * t, j * 0.3 / t), np.geomspace(0.3 / highest, widest, 257)))
    return _truth("hyperbolas", lambda x, y: x**2 * y**2 - 0.09, SQUARE, pieces, False)


# centre, radius, square root of the ratio of the axes, direction of the short one
_ISLANDS = np.array(
    [
        (0.6123, 0.3112, 0.0500, 1.31, 3.04),
        (0.1236, 0.1036, 0.0431, 1.50, 2.97),
        (0.7569, 0.8385, 0.0371, 1.47, 0.46),
        (0.5874, 0.6882, 0.0320, 1.23, 3.02),
        (0.5358, 0.8568, 0.0276, 1.38, 2.76),
        (0.7590, 0.0922, 0.0238, 1.25, 2.55),
        (0.7978, 0.5340, 0.0205, 1.26, 1.49),
        (0.3358, 0.4366, 0.0177, 1.39, 0.72),
        (0.9077, 0.8943, 0.0152, 1.21, 2.49),
        (0.2008, 0.6816, 0.0131, 1.37, 2.86),
        (0.8559, 0.3834, 0.0113, 1.36, 0.83),
        (0.3656, 0.2132, 0.0098, 1.47, 1.67),
        (0.4593, 0.7430, 0.0084, 1.06, 1.37),
        (0.2791, 0.1327, 0.0072, 1.36, 2.89),
        (0.1644, 0.5659, 0.0062, 1.46, 0.13),
        (0.3349, 0.6410, 0.0054, 1.48, 2.27),
        (0.2536, 0.8625, 0.0046, 1.01, 1.90),
        (0.4999, 0.4387, 0.0040, 1.43, 0.09),
    ]
)


def _islands(x, y, numpy=jnp):
    """A smooth minimum of the distances to the islands, whose gradient has a length of about one and points at the
    nearest.
    """
    a, b, radius, stretch, angle = _ISLANDS.T
    x, y, soft = x[..., None] - a, y[..., None] - b, 0.25 * radius**2
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    away = numpy.sqrt(stretch * u**2 + v**2 / stretch + soft) - np.sqrt(radius**2 + soft)
    return -0.015 * numpy.log(numpy.sum(numpy.exp(-away / 0.015), axis=-1))


def _shore(island: int) -> Path:
    """The level about one island's centre: its radius in each direction by the secant method, to rounding."""
    a, b, radius, stretch, angle = _ISLANDS[island]

    def path(t):
        def at(r):
            return _islands(a + r * np.cos(t), b + r * np.sin(t), np)

        old = radius / np.hypot(
            np.sqrt(stretch) * np.cos(t - angle), np.sin(t - angle) / np.sqrt(stretch)
        )  # the island by itself
        new, f_old = 1.01 * old, at(old)
        while np.max(np.abs(new - old)) > 1e-15:
            f_new = at(new)
            step = f_new * (new - old) / np.where(f_new == f_old, np.inf, f_new - f_old)
            old, f_old, new = new, f_new, new - step
        return a + new * np.cos(t), b + new * np.sin(t)

    return path


def _archipelago() -> Truth:
    """18 islands with radii of 0.004 to 0.05 in a box of 1.03 by 1.02."""
    box = engine.Axis.linear("x", -0.013, 1.017, 25), engine.Axis.linear("y", -0.007, 1.013, 25)
    return _truth("islands", _islands, box, [(_shore(k), _ROUND) for k in range(len(_ISLANDS))], True)


_RESONANCES = np.log(
    [
        0.1333,
        0.1852,
        0.1859,
        0.2718,
        0.5284,
        0.5862,
        0.6562,
        1.15,
        2.021,
        3.473,
        4.805,
        7.013,
        13.46,
        17.36,
        30.0,
        40.79,
        53.38,
        68.03,
    ]
)
_HEIGHTS = np.array(
    [1.19, 1.91, 1.83, 2.44, 1.85, 1.19, 1.49, 2.46, 2.00, 2.80, 1.39, 1.83, 1.93, 2.54, 0.85, 1.48, 2.68, 0.60]
)
_NOTCH = np.log(9.61)
_GAUSSIAN = np.arange(18) % 2 == 0


def _ridge(s, numpy=jnp):
    """ln y of the comb at s = ln x."""
    z = ((s[..., None] - _RESONANCES) / 1e-4) ** 2
    spikes = numpy.sum(_HEIGHTS * numpy.where(_GAUSSIAN, numpy.exp(-z), 1.0 / (1.0 + z)), axis=-1)
    return -4.0 + 0.2 * s + spikes - 2.0 * numpy.exp(-(((s - _NOTCH) / 0.02) ** 2))


def _comb() -> Truth:
    """x in 0.1 to 100 and y in 1e-3 to 1, both in the logarithm: 18 spikes of relative width 1e-4 (nine Gaussian, nine
    Lorentzian; two of them 4e-3 apart) up to a factor of 16 high, and a notch of width 0.02 and a factor of 7 deep."""
    axes = engine.Axis.log("x", 0.1, 100.0, 25), engine.Axis.log("y", 1e-3, 1.0, 17)
    ends = np.log([0.1, 100.0])
    about = (_RESONANCES[:, None] + 1e-4 * np.sinh(np.linspace(-9.0, 9.0, 721))).ravel()
    s = np.unique(np.concatenate([np.linspace(*ends, 1025), about[(about > ends[0]) & (about < ends[1])], [_NOTCH]]))
    nodes = tuple(np.exp([*_RESONANCES, _NOTCH]).tolist())
    graph = (lambda s: (np.exp(s), np.exp(_ridge(s, np))), s)
    return _truth("comb", lambda x, y: jnp.log(y) - _ridge(jnp.log(x)), axes, [graph], False, x_nodes=nodes)


def _others() -> list[Truth]:
    """Two lines that cross between lattice points; f = 0 on a disk; a circle defined below y = 0.3 only; two jumps."""
    p, q, disk = np.sqrt(2) / 10, -np.sqrt(3) / 10, (_around(1.0), _ROUND)
    lines = [
        (lambda t: (t, q + t - p), np.linspace(p - q - 2.0, 2.1, 257)),
        (lambda t: (t, q + p - t), np.linspace(-2.0, p + q + 2.0, 257)),
    ]
    arc = (_around(1.0), np.linspace(np.pi - np.arcsin(0.3), 2 * np.pi + np.arcsin(0.3), 257))
    wave, x0 = (lambda t: (t, 0.1 + 0.3 * np.sin(2 * t)), np.linspace(-2.0, 0.123, 257)), 0.123
    cliff = (lambda t: (np.full_like(t, x0), t), np.linspace(-2.0, 0.1 + 0.3 * np.sin(2 * x0), 257))

    def step(x, y):
        return y - 0.1 - 0.3 * jnp.sin(2 * x) + jnp.where(x > x0, 3.0, 0.0)

    return [
        _truth("crossing lines", lambda x, y: (x - p) ** 2 - (y - q) ** 2, SQUARE, lines, False, "saddle"),
        _truth("plateau below", lambda x, y: jnp.maximum(_circle(x, y, 1.0), 0.0), SQUARE, [disk], True, "plateau"),
        _truth("plateau above", lambda x, y: jnp.minimum(-_circle(x, y, 1.0), 0.0), SQUARE, [disk], True, "plateau"),
        _truth(
            "circle cut by NaN",
            lambda x, y: jnp.where(y < 0.3, _circle(x, y, 1.0), jnp.nan),
            SQUARE,
            [arc],
            False,
            "invalid",
        ),
        _truth(
            "step on a circle", lambda x, y: jnp.where(_circle(x, y, 1.0) < 0, -1.0, 1.0), SQUARE, [disk], True, "jump"
        ),
        _truth("wave that ends at a cliff", step, SQUARE, [wave, cliff], False, "jump"),
    ]


TRUTHS = [*_circles(), *_cassini_ovals(), *_bananas(), _hyperbolas(), _archipelago(), _comb(), *_others()]
