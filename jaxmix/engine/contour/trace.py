"""Contours of a function of two parameters: the way in, and the order of the phases."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree, Scalar

from jaxmix.engine.contour import components, enclose, marching, pieces, result, spacing, subdivide
from jaxmix.engine.contour import verify as verifying
from jaxmix.engine.contour.box import FunctionSampler, OutputLevel, Sampler, Side
from jaxmix.engine.contour.profile import ProfileSampler
from jaxmix.engine.contour.result import Contours
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem

# points evaluated together in one plane: a round may have few, and a problem is costly
BATCH = {"problem": 16, "function": 64, "accelerator": 1024}
_LARGEST_BATCH = 1024
_SAFETY = 0.5  # of the accuracy asked for, as the error of a segment is an estimate

Profile = Mapping[str, tuple[float, float, float]]


@dataclasses.dataclass(frozen=True)
class Tracing:
    """How finely contours are traced: the options of `trace_family` of the same names."""

    depth: int = 16
    x_nodes: tuple[float, ...] = ()
    y_nodes: tuple[float, ...] = ()
    tolerance: float = 1e-9
    accuracy: float = 1e-5
    caution: float = 1.5
    turn: float = 1.0


def trace_contours(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    held: PyTree = None,
    *,
    output: str | None = None,
    level: float = 0.0,
    **options: Any,
) -> Contours:
    """The contours f = level of a differentiable f, or output = 1 of a problem, in one plane.

    Parameters
    ----------
    function
        f(x, y), or f(x, y, held), differentiable by JAX; NaN is outside its domain, and contours end there. Or a
        problem, which is traced in ln(output).
    x_axis, y_axis
        The box, by the first and the last value, and its coarse cells, by the values between.
    held
        What f holds, or by name the other parameters of a problem.
    output
        The name of the problem's output whose level one is traced.
    level
        The value of f on the contours.
    **options
        The options of `trace_family`.

    Returns
    -------
    Contours
        All components, with a status that says how sure it is that there are no others.

    Raises
    ------
    RuntimeError
        When jax_enable_x64 is off.
    ValueError
        For options that do not fit together.
    """
    return trace_family(function, x_axis, y_axis, [held], output=output, levels=[level], **options)


def trace_family(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    *,
    output: str | None = None,
    levels: Sequence[float] | None = None,
    depth: int = 16,
    x_nodes: tuple[float, ...] = (),
    y_nodes: tuple[float, ...] = (),
    tolerance: float = 1e-9,
    accuracy: float = 1e-5,
    caution: float = 1.5,
    turn: float = 1.0,
    certify: bool = False,
    verify: bool = False,
    derivatives: bool = False,
    around: Mapping[str, float] | None = None,
    profile: Profile | None = None,
    batch: int | None = None,
) -> Contours:
    """The contours of many planes at once, in the same batches.

    Other held numbers or another box compile nothing again.

    Parameters
    ----------
    function, x_axis, y_axis, output
        As for `trace_contours`.
    helds
        For each plane what f holds, of equal structure.
    levels
        For each plane the value of f on the contours (default: zero).
    depth
        How often a coarse cell may be halved along either side. Contours end within a finest cell of the edge of f's
        domain.
    x_nodes, y_nodes
        Values at which f is known to have narrow features, which the coarse cells could miss.
    tolerance
        Of abs(f) at a vertex.
    accuracy
        Of the curve between vertices, as a fraction of the box.
    caution
        How much steeper than a corner's tangent f may be before a crossing that hides inside a cell is missed.
    turn
        The largest angle (rad, in box coordinates) between neighbouring tangents.
    certify
        Prove by interval arithmetic that no component is missed.
    verify
        Check every vertex and segment by bisection across it.
    derivatives
        Find how the contours move with each number in helds, which are dicts of numbers then, and in `around`.
    around
        Further numbers by name, at the values that f has anyway; they enter the derivatives alone.
    profile
        By name in what f holds, (start, low, high) of each parameter over which f is minimised at every point.
    batch
        Points evaluated together.

    Returns
    -------
    Contours
        The components of all planes; `Contour.plane` tells the plane.

    Raises
    ------
    RuntimeError
        When jax_enable_x64 is off: f is to be met to 1e-9.
    ValueError
        For options that do not fit together.
    NoEnclosure
        With `certify`, if f uses an operation that interval arithmetic has no rule for.
    """
    tracing = Tracing(depth, tuple(x_nodes), tuple(y_nodes), tolerance, accuracy, caution, turn)
    _check(helds, levels, certify, profile)
    sampler, sides = _sampler(function, x_axis, y_axis, helds, output, levels, batch, profile)
    divided = _divide(sampler, sides, (x_axis, y_axis), len(helds), tracing, certify)
    coarse_calls = sampler.calls
    parts = _follow(sampler, divided, tracing)
    plane, unresolved = components.unresolved(divided.lattice, divided.leaves, divided.crossed, tolerance)
    calls = sampler.calls
    near = [_beside(piece, unresolved[plane == piece.plane]) for piece in parts]
    moved = _displacements(sampler, parts, dict(around or {})) if derivatives else [{} for _ in parts]
    checks = verifying.checked(sampler, parts, accuracy) if verify else [None for _ in parts]
    minima = [_minima(sampler, piece) if isinstance(sampler, ProfileSampler) else {} for piece in parts]
    contours = tuple(
        result.build(piece, beside, displacement, profiled, check, sides, tolerance, accuracy)
        for piece, beside, displacement, profiled, check in zip(parts, near, moved, minima, checks)
    )
    status = "unresolved" if len(plane) else "certified" if divided.leaves.sure.all() else "sampled"
    return Contours(contours, status, unresolved, calls, coarse_calls)


def compile_contours(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    *,
    output: str | None = None,
    batch: int | None = None,
) -> None:
    """Compile what `trace_family` needs for arguments of this kind, so that another thread can do it beforehand.

    Parameters
    ----------
    function, x_axis, y_axis, helds, output, batch
        As for `trace_family`.
    """
    sampler, _ = _sampler(function, x_axis, y_axis, helds, output, None, batch)
    sampler(np.zeros(1, int), np.full((1, 2), 0.5))


class _Divided(NamedTuple):
    """The divided box: the lattice of its points, the finished cells, and where the level crosses their sides."""

    lattice: subdivide.Lattice
    leaves: subdivide.Leaves
    crossed: marching.Crossings


def _check(helds: Sequence[PyTree], levels: Sequence[float] | None, certify: bool, profile: Profile | None) -> None:
    if jnp.result_type(float) != jnp.float64:
        raise RuntimeError("trace_contours: float64 is off; set jax.config.update('jax_enable_x64', True) first.")
    if not len(helds) or (levels is not None and len(levels) != len(helds)):
        raise ValueError(
            f"trace_family: found {len(helds)} planes and {len(levels or ())} levels; give one level for each plane,"
            " or none."
        )
    if certify and profile:
        raise ValueError(
            "trace_contours: certify= asks for an enclosure of f, and of a function profiled over parameters there is"
            " none; leave one out."
        )


def _divide(
    sampler: Sampler,
    sides: tuple[Side, Side],
    axes: tuple[Axis, Axis],
    planes: int,
    tracing: Tracing,
    certify: bool,
) -> _Divided:
    """Phase 1: cells are halved until f is simple in each and the level passes at most once."""
    extra = tracing.x_nodes, tracing.y_nodes
    nodes = (sides[0].nodes(axes[0], extra[0]), sides[1].nodes(axes[1], extra[1]))
    lattice = subdivide.Lattice(sampler, nodes, tracing.depth, planes)
    enclosure = enclose.Enclosure(sampler) if certify and isinstance(sampler, FunctionSampler) else None
    tree = subdivide.Tree(lattice, tracing.caution, tracing.tolerance, enclosure)
    return _Divided(lattice, *components.resolved(tree, tree.leaves()))


def _follow(sampler: Sampler, divided: _Divided, tracing: Tracing) -> list[pieces.Piece]:
    """Phases 2 and 3: the level is followed through the cells, every vertex is put on it, and vertices are added where
    the curve bends.
    """
    found = components.found(divided.lattice, divided.leaves, divided.crossed, tracing.tolerance)
    oriented = [pieces.oriented(piece) for piece in found]
    return spacing.spaced(oriented, sampler, _SAFETY * tracing.accuracy, tracing.turn, tracing.tolerance)


def _sampler(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    output: str | None,
    levels: Sequence[float] | None,
    batch: int | None = None,
    profile: Profile | None = None,
) -> tuple[Sampler, tuple[Side, Side]]:
    """f in box coordinates, in all planes, and the sides of the box."""
    if isinstance(function, AbstractProblem):
        if output is None:
            raise ValueError(
                "trace_contours: a problem needs output=, the name of the output whose level one is traced."
            )
        function = OutputLevel(function, output, (x_axis.name, y_axis.name))
        helds = [{name: float(value) for name, value in (held or {}).items()} for held in helds]
    sides = (Side.of(x_axis), Side.of(y_axis))
    least = BATCH["accelerator" if jax.default_backend() != "cpu" else "problem" if output is not None else "function"]
    batch = batch or min(max(_LARGEST_BATCH, least), least * 2 ** (len(helds) - 1).bit_length())
    levels = levels if levels is not None else [0.0] * len(helds)
    if profile:
        return ProfileSampler(function, sides, helds, levels, batch, profile), sides
    return FunctionSampler(function, sides, helds, levels, batch), sides


def _beside(piece: pieces.Piece, boxes: np.ndarray) -> bool:
    """Whether a vertex lies in one of these boxes [m, 2, 2], or beside it within its size."""
    middle, reach = boxes.mean(axis=1), 1.5 * (boxes[:, 1] - boxes[:, 0])
    if not len(piece.place):
        return False
    near = np.all((middle + reach >= piece.place.min(axis=0)) & (middle - reach <= piece.place.max(axis=0)), axis=1)
    return any(
        np.any(np.all(np.abs(piece.place[:, None] - middle[None, part]) <= reach[part], axis=2))
        for part in _parts(np.nonzero(near)[0])
    )


def _parts(numbers: np.ndarray, most: int = 500) -> list[np.ndarray]:
    """The numbers in parts of limited length, so that memory is bounded."""
    return np.split(numbers, range(most, len(numbers), most)) if len(numbers) else []


def _displacements(
    sampler: Sampler, parts: list[pieces.Piece], around: dict[str, float]
) -> list[dict[str, np.ndarray]]:
    """For each piece, by held number: how far every vertex moves along the normal to the side of f > 0."""
    if not parts:
        return []
    plane = np.concatenate([np.full(len(piece.place), piece.plane) for piece in parts])
    found = np.concatenate([piece.found for piece in parts])
    slopes = sampler.by_held(plane, np.concatenate([piece.place for piece in parts]), around)
    stops = np.cumsum([len(piece.place) for piece in parts])[:-1]
    with np.errstate(all="ignore"):
        moved = {name: np.split(-slope / np.linalg.norm(found[:, 1:], axis=1), stops) for name, slope in slopes.items()}
    return [{name: arrays[k] for name, arrays in moved.items()} for k in range(len(parts))]


def _minima(sampler: ProfileSampler, piece: pieces.Piece) -> dict[str, np.ndarray]:
    """The profiled parameters at each vertex of a piece."""
    found = sampler.minimiser(np.full(len(piece.place), piece.plane), piece.place)
    return dict(zip(sampler.names, found.T))
