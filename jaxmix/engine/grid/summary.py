"""A summary of any number of points in a fixed amount of memory, merged from pieces in any grouping."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

CODES = 64  # status codes counted apart; larger ones count as the last
# of the histogram, in log10(output); values beyond, or not positive, count at its ends
EDGES = np.round(np.linspace(-6.0, 6.0, 121), 1)
_BY_OUTPUT = ("excluded", "undefined", "minimum", "argmin", "maximum", "argmax", "histogram")

if TYPE_CHECKING:
    AnyArray = Array  # NumPy's have what is used of JAX's
else:
    AnyArray = Array | np.ndarray | np.number


class Summary(eqx.Module):
    """The summary of a set of points.

    Attributes
    ----------
    points
        The number of points.
    direct
        The number of points at which nothing was interpolated.
    excluded_by_any
        The number of points with some output above one.
    by_status
        The number of points with each status code.
    excluded, undefined
        By float output, the number of points with a value above one, and with NaN.
    minimum, argmin, maximum, argmax
        By float output, the extremes and the flat index where each is reached first (infinity and -1: nowhere).
    histogram
        By float output, where it was asked for: the number of points by log10(value) between EDGES.
    """

    points: Int[AnyArray, ""]
    direct: Int[AnyArray, ""]
    excluded_by_any: Int[AnyArray, ""]
    by_status: Int[AnyArray, " codes"]
    excluded: dict[str, Int[AnyArray, ""]]
    undefined: dict[str, Int[AnyArray, ""]]
    minimum: dict[str, Float[AnyArray, ""]]
    argmin: dict[str, Int[AnyArray, ""]]
    maximum: dict[str, Float[AnyArray, ""]]
    argmax: dict[str, Int[AnyArray, ""]]
    histogram: dict[str, Int[AnyArray, " bins"]]


def summarise(
    outputs: dict[str, Array],
    index: Int[Array, "..."],
    inside: Bool[Array, "..."],
    direct: Bool[Array, "..."],
    histogram: bool = False,
) -> Summary:
    """Summary of the points that are inside, with their flat indices, direct or not."""
    return absorb(empty_of(outputs, histogram), outputs, index, inside, direct, histogram)


def empty_of(outputs: dict[str, Array], histogram: bool = False) -> Summary:
    """The summary of no points with outputs like these (of which types alone are used)."""
    floats = floating(outputs)
    zero, none = jnp.zeros((), int), jnp.full((), -1)
    return Summary(
        points=zero,
        direct=zero,
        excluded_by_any=zero,
        by_status=jnp.zeros(CODES, int),
        excluded=dict.fromkeys(floats, zero),
        undefined=dict.fromkeys(floats, zero),
        minimum={name: jnp.full((), jnp.inf, value.dtype) for name, value in floats.items()},
        argmin=dict.fromkeys(floats, none),
        maximum={name: jnp.full((), -jnp.inf, value.dtype) for name, value in floats.items()},
        argmax=dict.fromkeys(floats, none),
        histogram=dict.fromkeys(floats, jnp.zeros(EDGES.size - 1, int)) if histogram else {},
    )


def absorb(
    total: Summary,
    outputs: dict[str, Array],
    index: Int[Array, "..."],
    inside: Bool[Array, "..."],
    direct: Bool[Array, "..."],
    histogram: bool = False,
) -> Summary:
    """The summary with the points of one more tile.

    Parameters
    ----------
    total
        The summary so far.
    outputs, index
        By output the values at the tile's points, and the points' flat indices.
    inside, direct
        Which points are inside the grid, and at which nothing was interpolated.
    histogram
        Whether values are counted in a histogram.
    """
    floats = floating(outputs)
    above = {name: inside & (value > 1) for name, value in floats.items()}
    low, at_low, high, at_high = _extremes(total, floats, index, inside)
    status = jnp.clip(outputs["status"], 0, CODES - 1) if "status" in outputs else None
    tile = Summary(
        points=_number(inside),
        direct=_number(inside & direct),
        excluded_by_any=_number(functools.reduce(jnp.logical_or, above.values(), jnp.zeros_like(inside))),
        by_status=jnp.zeros(CODES, int).at[0].set(_number(inside)) if status is None else _count(status, inside),
        excluded={name: _number(value) for name, value in above.items()},
        undefined={name: _number(inside & jnp.isnan(value)) for name, value in floats.items()},
        minimum={name: jnp.where(at_low[name] >= 0, low[name], jnp.inf) for name in floats},
        argmin=at_low,
        maximum={name: jnp.where(at_high[name] >= 0, high[name], -jnp.inf) for name in floats},
        argmax=at_high,
        histogram={name: _binned(value, inside) for name, value in floats.items()} if histogram else {},
    )
    return merge(total, tile)


def _extremes(
    total: Summary, floats: dict[str, Array], index: Int[Array, "..."], inside: Bool[Array, "..."]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array], dict[str, Array]]:
    """A tile's least values, their indices, its largest values and their indices. Indices are sought only in tiles that
    hold a new extreme; in others they are -1.
    """
    low = {name: jnp.min(jnp.where(inside & ~jnp.isnan(value), value, jnp.inf)) for name, value in floats.items()}
    high = {name: jnp.max(jnp.where(inside & ~jnp.isnan(value), value, -jnp.inf)) for name, value in floats.items()}
    first = index.ravel()[0]  # the lowest index: only a tile that begins earlier can win a tie
    news = [_may_win(low[name], total.minimum[name], total.argmin[name], first, +1) for name in floats]
    news += [_may_win(high[name], total.maximum[name], total.argmax[name], first, -1) for name in floats]

    def located() -> tuple[dict, dict]:
        return (
            {name: _where(value, low[name], jnp.inf, index, inside) for name, value in floats.items()},
            {name: _where(value, high[name], -jnp.inf, index, inside) for name, value in floats.items()},
        )

    nowhere = dict.fromkeys(floats, jnp.full((), -1))
    at_low, at_high = jax.lax.cond(
        functools.reduce(jnp.logical_or, news, jnp.asarray(False)), located, lambda: (nowhere, nowhere)
    )
    return low, at_low, high, at_high


def floating(outputs: dict[str, Array]) -> dict[str, Array]:
    """The outputs that are floats."""
    return {name: value for name, value in outputs.items() if jnp.issubdtype(value.dtype, jnp.floating)}


def wins(a: Any, at_a: Any, b: Any, at_b: Any, sign: int = 1) -> Any:
    """Whether the extreme b at the index at_b replaces a: sign * b is less, or it is equal and comes first (-1:
    nowhere). Of JAX or NumPy arrays.
    """
    return (sign * b < sign * a) | ((a == b) & (at_b >= 0) & ((at_b < at_a) | (at_a < 0)))


def merge(left: Summary, right: Summary) -> Summary:
    """Summary of both sets of points; associative and commutative, the lower index winning a tie."""
    low = {
        name: _first(left.minimum[name], left.argmin[name], right.minimum[name], right.argmin[name], +1)
        for name in left.minimum
    }
    high = {
        name: _first(left.maximum[name], left.argmax[name], right.maximum[name], right.argmax[name], -1)
        for name in left.maximum
    }
    return Summary(
        points=left.points + right.points,
        direct=left.direct + right.direct,
        excluded_by_any=left.excluded_by_any + right.excluded_by_any,
        by_status=left.by_status + right.by_status,
        excluded=jax.tree.map(jnp.add, left.excluded, right.excluded),
        undefined=jax.tree.map(jnp.add, left.undefined, right.undefined),
        minimum={name: value for name, (value, _) in low.items()},
        argmin={name: at for name, (_, at) in low.items()},
        maximum={name: value for name, (value, _) in high.items()},
        argmax={name: at for name, (_, at) in high.items()},
        histogram=jax.tree.map(jnp.add, left.histogram, right.histogram),
    )


def merge_all(summaries: Iterable[Summary]) -> Summary:
    """Summary of all the points of at least one summary."""
    return functools.reduce(_merge, summaries)


def as_arrays(summary: Summary) -> dict[str, np.ndarray]:
    """A summary as named arrays for a file: "points", and "excluded.NAME" and so on for each output NAME."""
    arrays: dict[str, np.ndarray] = {}
    for field in dataclasses.fields(summary):
        value = getattr(summary, field.name)
        inner = (
            {f"{field.name}.{name}": leaf for name, leaf in value.items()}
            if isinstance(value, dict)
            else {field.name: value}
        )
        arrays |= {name: np.asarray(leaf) for name, leaf in inner.items()}
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> Summary:
    """The summary that `as_arrays` wrote."""
    fields: dict[str, Any] = {field: {} for field in _BY_OUTPUT}
    for key, value in arrays.items():
        field, _, name = key.partition(".")
        if name:
            fields[field][name] = value
        else:
            fields[field] = value
    return Summary(**fields)


def merge_arrays(pieces: Iterable[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """`merge_all` of summaries that are given, and returned, as named arrays."""
    return as_arrays(merge_all(from_arrays(piece) for piece in pieces))


_merge = jax.jit(merge)


def _number(where: Bool[Array, "..."]) -> Int[Array, ""]:
    return jnp.sum(where, dtype=jnp.int32).astype(int)  # a tile has fewer than 2^31 points


def _count(status: Int[Array, "..."], inside: Bool[Array, "..."]) -> Int[Array, " codes"]:
    """Points by status; the scatter, slow on a CPU, runs only where some status is not zero."""
    fine = jnp.zeros(CODES, int).at[0].set(_number(inside))
    slots = jnp.where(inside, status, CODES).ravel()
    return jax.lax.cond(
        jnp.any(inside & (status != 0)),
        lambda: jnp.zeros(CODES, int).at[slots].add(1, mode="drop"),
        lambda: fine,
    )


def _binned(value: Float[Array, "..."], inside: Bool[Array, "..."]) -> Int[Array, " bins"]:
    bins = EDGES.size - 1
    place = (jnp.log10(jnp.where(value > 0, value, 10.0 ** EDGES[0])) - EDGES[0]) * (bins / (EDGES[-1] - EDGES[0]))
    slot = jnp.where(inside & ~jnp.isnan(value), jnp.clip(place, 0, bins - 1).astype(int), bins)
    return jnp.zeros(bins, int).at[slot.ravel()].add(1, mode="drop")


def _where(value: Array, extreme: Array, none: float, index: Array, inside: Array) -> Array:
    """The lowest index at which an extreme is reached; -1 if it is `none`, the extreme of no values."""
    least = jnp.min(jnp.where(inside & (value == extreme), index, jnp.iinfo(index.dtype).max))
    return jnp.where(extreme != none, least, -1)


def _may_win(found: Array, best: Array, at: Array, first: Array, sign: int) -> Array:
    """Whether a tile whose indices begin at `first` may hold a new extreme."""
    return (sign * found < sign * best) | ((found == best) & (first < at))


def _first(a: Array, at_a: Array, b: Array, at_b: Array, sign: int) -> tuple[Array, Array]:
    b_wins = wins(a, at_a, b, at_b, sign)
    return jnp.where(b_wins, b, a), jnp.where(b_wins, at_b, at_a)
