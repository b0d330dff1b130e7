"""A summary of any number of points in a fixed amount of memory, merged from pieces in any grouping."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

CODES = 64  # status codes counted apart; larger ones count as the last
_BY_OUTPUT = ("excluded", "undefined", "minimum", "argmin", "maximum", "argmax")


class Summary(eqx.Module):
    """What is kept of a set of points.

    points: how many; direct: how many on lines that were not interpolated; by_status [64]: how many with each status
    code; and for each float output: `excluded` (value > 1),
    `undefined` (NaN), the extremes and the flat grid index where each is reached first (-1: nowhere).
    """

    points: Int[Array, ""]
    direct: Int[Array, ""]
    by_status: Int[Array, " codes"]
    excluded: dict[str, Int[Array, ""]]
    undefined: dict[str, Int[Array, ""]]
    minimum: dict[str, Float[Array, ""]]
    argmin: dict[str, Int[Array, ""]]
    maximum: dict[str, Float[Array, ""]]
    argmax: dict[str, Int[Array, ""]]


def summarise(outputs: dict[str, Array], index: Int[Array, "..."], inside: Bool[Array, "..."],
              direct: Bool[Array, "..."]) -> Summary:
    """Summary of the points that are inside, with their flat indices (which increase in C order), direct or not."""
    status = jnp.clip(outputs["status"], 0, CODES - 1).astype(int) if "status" in outputs else jnp.zeros(inside.shape, int)
    floats = {name: value for name, value in outputs.items() if jnp.issubdtype(value.dtype, jnp.floating)}
    low = {name: _extreme(value, index, inside, +1) for name, value in floats.items()}
    high = {name: _extreme(value, index, inside, -1) for name, value in floats.items()}
    return Summary(
        points=jnp.sum(inside, dtype=int),
        direct=jnp.sum(inside & direct, dtype=int),
        by_status=_count(status, inside),
        excluded={name: jnp.sum(inside & (value > 1), dtype=int) for name, value in floats.items()},
        undefined={name: jnp.sum(inside & jnp.isnan(value), dtype=int) for name, value in floats.items()},
        minimum={name: value for name, (value, _) in low.items()},
        argmin={name: at for name, (_, at) in low.items()},
        maximum={name: value for name, (value, _) in high.items()},
        argmax={name: at for name, (_, at) in high.items()},
    )


def empty(like: Summary) -> Summary:
    """The summary of no points, with the outputs of another one (whose shapes alone are used)."""
    zero = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), like)
    values = (_fill(zero.minimum, jnp.inf), _fill(zero.maximum, -jnp.inf), _fill(zero.argmin, -1), _fill(zero.argmax, -1))
    return eqx.tree_at(lambda summary: (summary.minimum, summary.maximum, summary.argmin, summary.argmax), zero, values)


def merge(left: Summary, right: Summary) -> Summary:
    """Summary of both sets of points; associative and commutative, the lower index winning a tie."""
    low = {name: _first(left.minimum[name], left.argmin[name], right.minimum[name], right.argmin[name], +1) for name in left.minimum}
    high = {name: _first(left.maximum[name], left.argmax[name], right.maximum[name], right.argmax[name], -1) for name in left.maximum}
    return Summary(
        points=left.points + right.points,
        direct=left.direct + right.direct,
        by_status=left.by_status + right.by_status,
        excluded=jax.tree.map(jnp.add, left.excluded, right.excluded),
        undefined=jax.tree.map(jnp.add, left.undefined, right.undefined),
        minimum={name: value for name, (value, _) in low.items()},
        argmin={name: at for name, (_, at) in low.items()},
        maximum={name: value for name, (value, _) in high.items()},
        argmax={name: at for name, (_, at) in high.items()},
    )


def merge_all(summaries: Iterable[Summary]) -> Summary:
    """Summary of all the points of at least one summary."""
    return functools.reduce(_merge, summaries)


def as_arrays(summary: Summary) -> dict[str, np.ndarray]:
    """A summary as named arrays for a file: "points", and "excluded.NAME" and so on for each output NAME."""
    arrays = {}
    for field in dataclasses.fields(summary):
        value = getattr(summary, field.name)
        inner = {f"{field.name}.{name}": leaf for name, leaf in value.items()} if isinstance(value, dict) else {field.name: value}
        arrays |= {name: np.asarray(leaf) for name, leaf in inner.items()}
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> Summary:
    """The summary that `as_arrays` wrote."""
    fields = {field.name: {} if field.name in _BY_OUTPUT else None for field in dataclasses.fields(Summary)}
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


def _count(status: Int[Array, "..."], inside: Bool[Array, "..."]) -> Int[Array, " codes"]:
    """Points by status; the scatter, slow on a CPU, runs only where some status is not zero."""
    fine = jnp.zeros(CODES, int).at[0].set(jnp.sum(inside, dtype=int))
    slots = jnp.where(inside, status, CODES).ravel()
    return jax.lax.cond(
        jnp.any(inside & (status != 0)),
        lambda: jnp.zeros(CODES, int).at[slots].add(1, mode="drop"),
        lambda: fine,
    )


def _fill(tree: dict[str, Array], value: float) -> dict[str, Array]:
    return {name: jnp.full_like(leaf, value) for name, leaf in tree.items()}


def _extreme(value: Array, index: Array, inside: Array, sign: int) -> tuple[Array, Array]:
    """The smallest sign * value and the first index that has it; (sign * inf, -1) where there is none."""
    ranked = jnp.where(inside & ~jnp.isnan(value), sign * value, jnp.inf).ravel()
    at = jnp.argmin(ranked)
    return sign * ranked[at], jnp.where(ranked[at] < jnp.inf, index.ravel()[at], -1)


def _first(a: Array, at_a: Array, b: Array, at_b: Array, sign: int) -> tuple[Array, Array]:
    wins = (sign * b < sign * a) | ((a == b) & (at_b >= 0) & ((at_b < at_a) | (at_a < 0)))
    return jnp.where(wins, b, a), jnp.where(wins, at_b, at_a)
