"""Contours against closed forms: topology, distance to the true curve, tangents, bad functions, and other programs."""

import iminuit
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import truths
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from jaxmix import engine
from jaxmix.engine.contour import box, enclose, pieces, spacing, verify
from jaxmix.numerics import interval

SQUARE = engine.Axis.linear("x", -2.0, 2.1, 17), engine.Axis.linear("y", -2.0, 2.1, 17)
ACCURACY = 1e-5  # of the box, that contours promise


def circle(x, y, radius):
    return x**2 + y**2 - radius**2


def cassini(x, y, b):
    return ((x - 1) ** 2 + y**2) * ((x + 1) ** 2 + y**2) - b**4


def of_kind(*kinds):
    """The truths of some kinds, as a parameter of a test."""
    return pytest.mark.parametrize(
        "truth", [truth for truth in truths.TRUTHS if truth.kind in kinds], ids=lambda truth: truth.name
    )


@pytest.fixture(scope="module")
def traced():
    """The contours of a truth, traced once."""
    kept = {}

    def of(truth):
        if truth.name not in kept:
            kept[truth.name] = engine.trace_contours(truth.function, truth.x_axis, truth.y_axis, **truth.options)
        return kept[truth.name]

    return of


def check(contours):
    """What every contour promises."""
    for contour in contours:
        assert contour.max_residual <= 1e-9
        np.testing.assert_allclose(np.hypot(contour.tangent_x, contour.tangent_y), 1.0, rtol=1e-12)
        assert contour.closed == (contour.ends is None)
        place = contour.in_box()
        assert np.all((place >= -1e-12) & (place <= 1 + 1e-12))
        chord, tangent = np.diff(place, axis=0), contour.tangents()[:-1]
        assert not chord.size or np.mean(np.sum(chord * tangent, axis=1) > 0) > 0.9
    return contours


def points(contours, number=16):
    return np.concatenate([np.column_stack(contour.points_between(number)) for contour in contours])


# the truth set


@of_kind("level", "invalid")
def test_every_component_is_found_and_its_curve_is_within_the_accuracy(truth, traced):
    contours = check(traced(truth))
    assert sorted(contour.closed for contour in contours) == sorted(truth.closed)
    assert {contour.status for contour in contours} == {"converged"} and contours.status == "sampled"
    # vertices are on the level to far less: the distance is that of the cubic pieces, drawn with 150 points each
    assert truths.hausdorff(truths.curves_of(contours, 150), truth.curves) <= ACCURACY
    assert max(contour.deviation for contour in contours) <= ACCURACY


@of_kind("level", "invalid", "saddle")
def test_few_evaluations_a_vertex_and_no_vertex_twice(truth, traced):
    contours = traced(truth)
    calls = np.concatenate([contour.calls for contour in contours])
    assert np.median(calls) <= 4 and calls.max() <= 8
    assert contours.calls <= 1.1 * (contours.coarse_calls + calls.sum())
    assert len(calls) < 1200  # of the comb with its 18 spikes
    place = np.concatenate([contour.in_box() for contour in contours])
    distance, _ = cKDTree(place).query(place, k=2)
    assert distance[:, 1].min() > 1e-9


@of_kind("saddle")
def test_a_saddle_on_the_level_is_traced_and_said_to_be_uncertain(truth, traced):
    contours = check(traced(truth))
    assert len(contours) in (1, 2) and contours.status == "unresolved"
    assert {contour.status for contour in contours} == {"saddle"}
    assert truths.hausdorff(truths.curves_of(contours, 150), truth.curves) <= ACCURACY
    assert len(contours.unresolved) and np.all(contours.unresolved[:, 1] - contours.unresolved[:, 0] < 1e-5)


def surrounded(contours, truth, curve):
    """That brackets hold a curve between their ends, 1e-9 of the box apart, all along it."""
    brackets = np.concatenate([contour.brackets for contour in contours])
    ends = [truths.in_box((truth.x_axis, truth.y_axis), *brackets[:, k].T) for k in (0, 1)]
    assert np.max(np.linalg.norm(ends[1] - ends[0], axis=1)) <= 1e-9
    distance, _ = cKDTree(curve).query(ends[0])
    step = np.max(np.linalg.norm(np.diff(curve, axis=0), axis=1))
    assert np.max(distance) <= step
    along, _ = cKDTree(ends[0]).query(curve)
    assert np.max(along) < 0.1
    return brackets


@of_kind("plateau")
def test_a_plateau_has_its_boundary_bracketed_and_no_vertices(truth, traced):
    contours = traced(truth)
    assert [contour.status for contour in contours] == ["plateau"] and contours[0].x.size == 0 and contours[0].closed
    brackets = surrounded(contours, truth, truth.curves[0])
    values = np.asarray(jax.vmap(truth.function)(*brackets.reshape(-1, 2).T)).reshape(-1, 2)
    assert np.all(values[:, 1] == 0) and np.all(values[:, 0] != 0)


@of_kind("jump")
def test_a_jump_is_bracketed_and_no_vertex_is_off_the_level(truth, traced):
    contours = check(traced(truth))
    jumps = [contour for contour in contours if contour.status == "jump"]
    assert len(jumps) == 1 and jumps[0].x.size == 0 and len(contours) == len(truth.curves)
    brackets = surrounded(jumps, truth, truth.curves[-1])
    values = np.asarray(jax.vmap(truth.function)(*brackets.reshape(-1, 2).T)).reshape(-1, 2)
    assert np.all(values[:, 0] < 0) and np.all(values[:, 1] >= 0) and np.abs(values).min() > 0.1
    on_level = [contour for contour in contours if contour.status != "jump"]
    if on_level:
        assert {end for contour in on_level for end in contour.ends} == {"box", "jump"}
        assert truths.hausdorff(truths.curves_of(on_level, 150), truth.curves[:-1]) <= ACCURACY


# certificates


@pytest.mark.parametrize("b", [1.1, 1.001, 0.999])
def test_enclosures_certify_that_nothing_is_missed(b):
    contours = check(engine.trace_contours(cassini, *SQUARE, b, certify=True))
    assert contours.status == "certified" and not len(contours.unresolved)
    assert len(contours) == (1 if b > 1 else 2)


def hidden(x, y):
    """An island of 0.3% of the box, far from all lattice points, about which f is flat."""
    return 1.0 - 2.0 * jnp.exp(-((x - 0.37) ** 2 + (y + 0.61) ** 2) / (2 * 0.01**2))


def test_an_island_that_sampling_misses_is_found_by_enclosures():
    assert len(engine.trace_contours(hidden, *SQUARE)) == 0  # "sampled" says no more than that
    contours = check(engine.trace_contours(hidden, *SQUARE, certify=True))
    assert contours.status == "certified" and len(contours) == 1 and contours[0].closed
    np.testing.assert_allclose(
        np.hypot(contours[0].x - 0.37, contours[0].y + 0.61), 0.01 * np.sqrt(2 * np.log(2)), rtol=1e-6
    )


def test_certificates_are_refused_where_there_is_no_enclosure():
    def sorting(x, y):
        return jnp.sort(jnp.stack([x, y]))[0] - 0.3

    with pytest.raises(interval.NoEnclosure, match="sort"):
        engine.trace_contours(sorting, *SQUARE, certify=True)
    assert len(engine.trace_contours(sorting, *SQUARE)) == 1
    with pytest.raises(ValueError, match="certify= asks for an enclosure"):
        engine.trace_contours(
            lambda x, y, held: x + y + held["a"] ** 2, *SQUARE, {}, profile={"a": (0.0, -1.0, 1.0)}, certify=True
        )


@pytest.mark.parametrize("name", ["Cassini b = 0.999", "comb", "banana cut by the box", "circle cut by NaN"])
def test_bisection_from_both_sides_finds_the_level_where_the_contour_is(name):
    truth = next(truth for truth in truths.TRUTHS if truth.name == name)
    for contour in engine.trace_contours(truth.function, truth.x_axis, truth.y_axis, **truth.options, verify=True):
        # at the tips of the comb's spikes both flanks are nearer than what is looked at
        assert contour.check.lost <= (0.04 * contour.check.looked_at if name == "comb" else 0)
        assert contour.check.vertices < 1e-7 and contour.check.curve < ACCURACY
        assert len(contour.x) < contour.check.looked_at <= 2 * len(contour.x)


def test_bisection_tells_of_vertices_that_are_off_the_level():
    contour = engine.trace_contours(circle, *SQUARE, 1.0)[0]
    sampler = box.FunctionSampler(circle, contour.sides, [jnp.asarray(1.0)], [0.0], 64)
    normal = contour.tangents() @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    for shift, lost in ((1e-7, False), (1e-5, True)):
        place = contour.in_box() + shift * normal
        found = np.column_stack([np.zeros(len(place)), normal])
        piece = pieces.Piece(0, place, found, contour.calls, np.ones_like(place), True, None)
        answer = verify.checked(sampler, [piece], ACCURACY)[0]
        assert (answer.lost > 0) == lost
        assert lost or answer.vertices == pytest.approx(shift, rel=1e-4)


def test_cells_are_certified_only_where_gradients_surely_keep_to_one_side():
    """Of x^2 + y^2 - 1: about the origin the gradient points everywhere, on the axis to either side, far out to one."""
    sampler = box.FunctionSampler(
        lambda x, y: circle(x, y, 1.0),
        (engine.Side("x", -2.0, 2.0, False), engine.Side("y", -2.0, 2.0, False)),
        [None],
        [0.0],
        8,
    )
    low = np.array([[-0.5, -0.5], [-0.5, 0.2], [0.6, 0.6], [1.1, 1.1]])
    empty, simple = enclose.Enclosure(sampler)(
        np.zeros(4, int), low / 4 + 0.5, (low + [[1.0, 1.0], [1.0, 0.2], [0.2, 0.2], [0.2, 0.2]]) / 4 + 0.5
    )
    assert empty.tolist() == [True, True, False, True]
    assert simple.tolist() == [False, False, True, True]


# the spacing of vertices


def test_few_vertices_suffice(traced):
    """As many as fourth order needs: pieces of another length, of third order, would need several times as many."""
    numbers = {
        truth.name: sum(len(contour.x) for contour in traced(truth)) for truth in truths.TRUTHS if truth.kind == "level"
    }
    most = {
        "circle of radius 1": 36,
        "Cassini b = 1.1": 62,
        "Cassini b = 0.999": 80,
        "hyperbolas": 90,
        "islands": 360,
        "comb": 950,
    }
    assert all(numbers[name] <= most[name] for name in most), numbers


def test_an_error_that_vanishes_in_the_middle_is_seen():
    """y = 1/2 + 0.45 t^5, t = (x - 1/2)/0.3, between two points that lie alike about the turning point: any odd curve
    is right in the middle.
    """

    def height(x):
        return 0.5 + 0.45 * ((x - 0.5) / 0.3) ** 5

    def slope(x):
        return 7.5 * ((x - 0.5) / 0.3) ** 4

    x = np.array([0.2, 0.8])
    found = np.column_stack([np.zeros(2), -slope(x), np.ones(2)])
    piece = pieces.oriented(
        pieces.Piece(
            0, np.column_stack([x, height(x)]), found, np.zeros(2, int), np.full((2, 2), 0.6), False, ("box", "box")
        )
    )
    sampler = box.FunctionSampler(
        lambda x, y: y - height(x),
        (engine.Side("x", 0.0, 1.0, False), engine.Side("y", 0.0, 1.0, False)),
        [None],
        [0.0],
        8,
    )
    spaced = spacing.spaced([piece], sampler, 1e-5, 1.5, 1e-9)[0]
    curve = pieces.curve(spaced.place, pieces.tangents(spaced)[0], False, 50)
    assert 4 < len(spaced.place) < 60
    np.testing.assert_allclose((curve[:, 1] - height(curve[:, 0])) / np.hypot(1.0, slope(curve[:, 0])), 0.0, atol=2e-5)


# how contours move


def test_held_numbers_move_a_contour_along_its_normal():
    contour = engine.trace_contours(lambda x, y, held: circle(x, y, held["r"]), *SQUARE, {"r": 1.0}, derivatives=True)[
        0
    ]
    np.testing.assert_allclose(contour.displacement["r"], 1.0 / 4.1, rtol=1e-9)  # outwards, in the box
    np.testing.assert_allclose(np.hypot(*contour.moved("r", 0.01)), 1.01, rtol=1e-9)
    expected = 1.0 / contour.y**2  # y^2 = r^2 - x^2
    steep = np.abs(contour.y) < 1e-3
    np.testing.assert_allclose(contour.d_log_limit("r")[~steep], expected[~steep], rtol=1e-6)


def test_derivative_of_a_limit_in_logarithmic_coordinates():
    def power(x, y, held):
        return jnp.log(held["a"] * x**2 * y) - 1.0

    axes = engine.Axis.log("x", 1e-3, 10.0, 9), engine.Axis.log("y", 1e-2, 1e4, 9)
    contour = engine.trace_contours(power, *axes, {"a": 3.0}, derivatives=True)[0]
    np.testing.assert_allclose(contour.d_log_limit("a"), -1 / 3.0, rtol=1e-9)  # y = e/(a x^2)
    moved = np.column_stack(contour.moved("a", 1e-4))
    np.testing.assert_allclose(3.0001 * moved[:, 0] ** 2 * moved[:, 1], np.e, rtol=1e-8)


def test_what_is_around_enters_the_derivatives_alone():
    """y = (2 x^2 mass strength)^(-1/4), where only the derivative by the mass is asked for."""

    def power(x, y, held):
        return jnp.log(2.0 * x**2 * y**4 * held.get("mass", 3.0) * held["strength"])

    axes = engine.Axis.log("x", 1e-2, 10.0, 9), engine.Axis.log("y", 1e-2, 10.0, 9)
    contour = engine.trace_contours(power, *axes, {"strength": 1.5}, derivatives=True, around={"mass": 3.0})[0]
    np.testing.assert_allclose(contour.d_log_limit("mass"), -0.25 / 3.0, rtol=1e-9)
    np.testing.assert_allclose(contour.d_log_limit("strength"), -0.25 / 1.5, rtol=1e-9)


def test_a_family_of_a_thousand_circles():
    radii = np.linspace(0.3, 1.9, 1000)
    family = engine.trace_family(circle, *SQUARE, list(radii))
    assert [contour.plane for contour in family] == list(range(1000)) and family.status == "sampled"
    for contour, radius in zip(family, radii):
        assert contour.closed and contour.max_residual <= 1e-9
        np.testing.assert_allclose(np.hypot(*contour.points_between(3)), radius, rtol=2e-5)


def test_a_family_is_its_members():
    alone = [engine.trace_contours(circle, *SQUARE, radius, level=level) for radius, level in ((0.5, 0.0), (1.0, 0.1))]
    family = engine.trace_family(circle, *SQUARE, [0.5, 1.0], levels=[0.0, 0.1])
    assert [len(contour.x) for contour in family] == [len(contours[0].x) for contours in alone]
    for ours, theirs in zip(family, alone):
        np.testing.assert_allclose(ours.in_box(), theirs[0].in_box(), atol=1e-9)
    assert family.calls == sum(contours.calls for contours in alone)


# profiles

NORMAL = np.array([[2.0, 0.7, 0.5, -0.3], [0.7, 1.5, -0.4, 0.2], [0.5, -0.4, 1.0, 0.1], [-0.3, 0.2, 0.1, 0.8]])


def normal(x, y, held):
    """A quadratic form whose profile over the last two is the form of the upper left block of the inverse's inverse."""
    place = jnp.stack([x, y, held["a"] - held["a0"], held["b"]])
    return place @ NORMAL @ place - 1.0


def test_a_profiled_quadratic_form_is_the_ellipse_of_the_covariance():
    free = (-np.inf, np.inf)
    contours = engine.trace_contours(
        normal, *SQUARE, {"a0": 0.3}, profile={"a": (0.0, *free), "b": (0.5, *free)}, derivatives=True, verify=True
    )
    assert len(contours) == 1 and contours[0].closed and contours[0].status == "converged"
    contour, form = contours[0], np.linalg.inv(np.linalg.inv(NORMAL)[:2, :2])
    at = np.column_stack([contour.x, contour.y])
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", at, form, at), 1.0, atol=2e-9)
    between = np.column_stack(contour.points_between(7))
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", between, form, between), 1.0, atol=2e-4)
    minima = -np.linalg.solve(NORMAL[2:, 2:], NORMAL[2:, :2] @ at.T)
    np.testing.assert_allclose(contour.profiled["a"], 0.3 + minima[0], atol=1e-6)
    np.testing.assert_allclose(contour.profiled["b"], minima[1], atol=1e-6)
    np.testing.assert_allclose(contour.displacement["a0"], 0.0, atol=1e-6)  # a0 is profiled away
    assert contour.check.lost == 0 and contour.check.vertices < 1e-8


def test_bounds_of_a_profiled_parameter_are_kept():
    """min over a in [0.2, 1] of (x - a)^2 + y^2 - 1/4: discs of radius 1/2 about a segment."""
    contours = engine.trace_contours(
        lambda x, y, held: (x - held["a"]) ** 2 + y**2 - 0.25, *SQUARE, {}, profile={"a": (0.5, 0.2, 1.0)}
    )
    assert len(contours) == 1 and contours[0].closed
    x, y = contours[0].points_between(5)
    distance = np.hypot(x - np.clip(x, 0.2, 1.0), y)
    np.testing.assert_allclose(distance, 0.5, atol=4e-5)
    assert contours[0].profiled["a"].min() >= 0.2 and contours[0].profiled["a"].max() <= 1.0


def counting(x, y, held):
    """-2 ln L of counts in five bins: a signal x with a shape that y changes, over a background known to 10%."""
    shape = jnp.exp(-0.5 * y * jnp.arange(5.0))
    mean = (
        100.0 * x * shape / jnp.sum(shape)
        + 40.0 * jnp.exp(0.1 * held["background"])
        + 2.0 * held["tilt"] * jnp.arange(5.0)
    )
    counts = jnp.array([102.0, 71.0, 55.0, 43.0, 49.0])
    return 2.0 * jnp.sum(mean - counts * jnp.log(mean)) + held["background"] ** 2 + held["tilt"] ** 2


def test_profile_contours_agree_with_minos_contours():
    """iminuit's mncontour at up = 1 of the same likelihood: the program that experiments use."""
    fit = iminuit.Minuit(
        lambda x, y, b, t: float(compiled(x, y, {"background": b, "tilt": t})), x=1.0, y=1.0, b=0.0, t=0.0
    )
    compiled = jax.jit(counting)
    fit.errordef, fit.tol = 1.0, 1e-6
    fit.migrad().hesse()
    theirs = np.array(
        fit.mncontour("x", "y", cl=0.3934693402873666, size=30)
    )  # 1 - exp(-1/2): up = 1 in two parameters
    axes = engine.Axis.linear("x", 0.1, 3.0, 25), engine.Axis.linear("y", 0.05, 3.0, 25)
    free = (0.0, -np.inf, np.inf)
    contours = engine.trace_contours(
        counting, *axes, {}, level=float(fit.fval) + 1.0, profile={"background": free, "tilt": free}
    )
    assert len(contours) == 1 and contours[0].closed and contours[0].status == "converged"
    ours = points(contours, 64)
    scale = np.ptp(ours, axis=0)
    distance, _ = cKDTree(ours / scale).query(theirs / scale)
    assert len(theirs) >= 30 and np.max(distance) < 3e-3  # mncontour's own tolerance; see benchmarks


# functions of all kinds


def test_positive_side_is_on_the_left():
    contour = engine.trace_contours(circle, *SQUARE, 1.0)[0]
    outwards_on_left = -contour.tangent_y * contour.x + contour.tangent_x * contour.y
    assert np.all(outwards_on_left > 0)


def test_saddle_exactly_on_a_lattice_point():
    contours = engine.trace_contours(
        lambda x, y: x * y, engine.Axis.linear("x", -1.0, 1.0, 9), engine.Axis.linear("y", -1.0, 1.0, 9)
    )
    check(contours)
    assert all(np.max(np.minimum(np.abs(contour.x), np.abs(contour.y))) <= 1e-9 for contour in contours)
    x, y = points(contours).T
    assert np.max(np.minimum(np.abs(x), np.abs(y))) < 1 / 64
    assert {contour.ends for contour in contours} == {("box", "box")}


def test_open_contour_in_logarithmic_coordinates_is_a_straight_line():
    contours = check(
        engine.trace_contours(
            lambda x, y: jnp.log(x**2 * y) - 1.0,
            engine.Axis.log("x", 1e-3, 10.0, 9),
            engine.Axis.log("y", 1e-2, 1e4, 9),
        )
    )
    assert len(contours) == 1 and contours[0].ends == ("box", "box") and not contours[0].closed
    np.testing.assert_allclose(contours[0].x ** 2 * contours[0].y, np.e, rtol=1e-9)
    np.testing.assert_allclose(contours[0].tangent_x, contours[0].tangent_x[0], atol=1e-9)
    assert abs(contours[0].tangent_y[0] / contours[0].tangent_x[0]) == pytest.approx(
        2.0 * np.log(1e4) / np.log(1e6), rel=1e-9
    )


def test_a_narrow_spike_is_found_through_a_node_placed_on_it():
    def spike(x, y):
        return y - 1.5 + 3.0 * jnp.exp(-(((x - 0.3217) / 1e-4) ** 2))

    tall = engine.trace_contours(spike, *SQUARE, x_nodes=(0.3217,))
    flat = engine.trace_contours(spike, *SQUARE)
    assert min(contour.y.min() for contour in check(tall)) < -1.4
    assert min(contour.y.min() for contour in check(flat)) > 1.4


def test_nowhere_defined_or_never_crossed_gives_no_contours():
    assert len(engine.trace_contours(lambda x, y: x * y * jnp.nan, *SQUARE)) == 0
    assert len(engine.trace_contours(lambda x, y: 1.0 + x**2 + y**2, *SQUARE)) == 0


@settings(deadline=None, max_examples=10)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-6, 6))
def test_the_scale_of_the_box_does_not_matter(x_scale, y_scale, f_scale):
    a, b = 10.0**x_scale, 10.0**y_scale

    def function(x, y, held):
        return held[2] * cassini(x / held[0], y / held[1], 0.9)

    axes = engine.Axis.linear("x", -2.0 * a, 2.1 * a, 17), engine.Axis.linear("y", -2.0 * b, 2.1 * b, 17)
    strength = 10.0**f_scale
    scaled = engine.trace_contours(_shared(function), *axes, (a, b, strength), tolerance=1e-9 * strength)
    plain = engine.trace_contours(_shared(function), *SQUARE, (1.0, 1.0, 1.0))
    assert len(scaled) == len(plain) == 2 and scaled.status == plain.status
    for ours, theirs in zip(scaled, plain):
        assert ours.closed and abs(len(ours.x) - len(theirs.x)) <= 2  # rounding may decide whether a segment is halved
        np.testing.assert_allclose(cassini(ours.x / a, ours.y / b, 0.9), 0.0, atol=1.1e-9)
        distance, _ = cKDTree(theirs.in_box()).query(ours.in_box())
        assert np.median(distance) < 1e-6


_SHARED = {}


def _shared(function):
    """One function object for all examples, so that it compiles once."""
    return _SHARED.setdefault("function", function)


def test_signs_on_either_side_of_an_undefined_strip_are_no_crossing():
    """f = -1 and 1 on the two sides of a strip where it is NaN: nothing of the level is there, and no warning
    is given.
    """
    strip = engine.trace_contours(
        lambda x, y: jnp.where(jnp.abs(x - 0.03) < 0.1, jnp.nan, jnp.sign(x)),
        engine.Axis.linear("x", -1.0, 1.1, 9),
        SQUARE[1],
    )
    assert all(contour.x.size == 0 for contour in strip)


def test_what_does_not_fit_together_is_said():
    with pytest.raises(ValueError, match="found 2 planes and 1 levels"):
        engine.trace_family(circle, *SQUARE, [1.0, 2.0], levels=[0.0])
    with pytest.raises(ValueError, match="found 0 planes"):
        engine.trace_family(circle, *SQUARE, [])
    with jax.enable_x64(False), pytest.raises(RuntimeError, match="float64 is off"):
        engine.trace_contours(circle, *SQUARE, 1.0)


def test_new_held_numbers_and_boxes_compile_nothing():
    def counted(x, y, radius):
        traced.append(1)
        return circle(x, y, radius)

    traced = []
    engine.trace_contours(counted, *SQUARE, 1.0)
    before = len(traced)
    contours = engine.trace_contours(counted, engine.Axis.linear("x", -3.0, 2.0, 9), SQUARE[1], 1.5)
    assert len(traced) == before and len(contours) == 1


class Ellipse(engine.AbstractProblem):
    """output = strength x^2 y^4 mass."""

    strength: float

    def slow(self, point):
        return jnp.stack([self.strength * point["x"] ** 2 * point["mass"]])

    def fast(self, point, slow):
        return {"q": slow[0] * point["y"] ** 4, "status": jnp.int32(0)}


def test_output_of_a_problem():
    axes = engine.Axis.log("x", 1e-2, 10.0, 13), engine.Axis.log("y", 1e-2, 10.0, 13)
    contour = check(engine.trace_contours(Ellipse(2.0), *axes, {"mass": 3.0}, output="q"))[0]
    np.testing.assert_allclose(6.0 * contour.x**2 * contour.y**4, 1.0, atol=2e-9)
    np.testing.assert_allclose(contour.tangent_x / contour.tangent_y, -2.0, rtol=1e-6)
    with pytest.raises(ValueError, match="output="):
        engine.trace_contours(Ellipse(2.0), *axes, {"mass": 3.0})


def test_a_surface_of_limits_with_its_derivatives():
    """q = 2 x^2 y^4 mass is one at y = (2 x^2 mass)^(-1/4)."""
    axes = engine.Axis.log("x", 0.1, 10.0, 5), engine.Axis.linear("mass", 1.0, 4.0, 4)
    surface = engine.limit_surface(Ellipse(2.0), "q", "y", axes, (1e-3, 1e3))
    x, mass = np.meshgrid(*(np.asarray(axis.values()) for axis in axes), indexing="ij")
    assert np.all(surface.status == "found")
    np.testing.assert_allclose(surface.limit, (2 * x**2 * mass) ** -0.25, rtol=1e-10)
    np.testing.assert_allclose(surface.d_log_limit["x"], -0.5 / x, rtol=1e-8)
    np.testing.assert_allclose(surface.d_log_limit["mass"], -0.25 / mass, rtol=1e-8)
    np.testing.assert_allclose(surface.moved("mass", 1e-4), (2 * x**2 * (mass + 1e-4)) ** -0.25, rtol=1e-8)
    empty = engine.limit_surface(Ellipse(2.0), "q", "y", axes, (1e-3, 1e-2))
    assert np.isnan(empty.limit).all() and set(empty.status.ravel()) == {"no_crossing_below"}


def test_calls_are_few_and_add_up():
    seen = check(engine.trace_contours(circle, *SQUARE, 1.0))
    assert seen.coarse_calls == 17 * 17 and seen.calls < seen.coarse_calls + 3 * len(seen[0].x)
