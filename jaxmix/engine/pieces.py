"""Pieces of a contour: chains of vertices cut where f jumps, made dense where they turn, and given a direction."""

import dataclasses

import numpy as np

from jaxmix.engine import polish
from jaxmix.engine.box import Sampler

_ROUNDS = 5  # each halves the segments that turn too much


@dataclasses.dataclass(frozen=True)
class Vertices:
    """All vertices of a trace: place [n, 2] in the box, f and gradient [n, 3], on the box's boundary, on the level."""

    place: np.ndarray
    found: np.ndarray
    boundary: np.ndarray
    good: np.ndarray


@dataclasses.dataclass(frozen=True)
class Piece:
    """Vertices in order on the level, place [n, 2] and f with gradient [n, 3]; how each end of an open piece ends
    ("box", "invalid" or "jump"), and whether it was cut from a chain in which f jumps."""

    place: np.ndarray
    found: np.ndarray
    closed: bool
    ends: tuple[str, str] | None
    jump: bool


def split(chain: np.ndarray, closed: bool, vertices: Vertices) -> list[Piece]:
    """The chain as it is, or where it holds vertices off the level, the runs between those (one empty piece if none)."""
    good = vertices.good[chain]
    natural = None if closed else tuple("box" if vertices.boundary[end] else "invalid" for end in (chain[0], chain[-1]))
    if good.all():
        return [_piece(chain, vertices, closed, natural, False)]
    if closed:
        chain, natural = np.roll(chain, -int(np.argmin(good))), ("jump", "jump")
        good = vertices.good[chain]
    edges = np.diff(np.concatenate([[0], good, [0]]))
    runs = [(a, b) for a, b in zip(np.nonzero(edges == 1)[0], np.nonzero(edges == -1)[0]) if b - a > 1]
    named = [(natural[0] if a == 0 else "jump", natural[1] if b == len(chain) else "jump") for a, b in runs]
    found = [_piece(chain[a:b], vertices, False, ends, True) for (a, b), ends in zip(runs, named)]
    return found or [_piece(chain[:0], vertices, False, ("jump", "jump"), True)]


def densified(pieces: list[Piece], sampler: Sampler, turn: float, tolerance: float) -> list[Piece]:
    """The pieces with vertices put, on the level, into the middle of segments whose tangents turn by more than turn."""
    for _ in range(_ROUNDS):
        wanted = [_turning(piece, turn) for piece in pieces]
        if not any(where.size for where in wanted):
            break
        middles = np.concatenate([_middles(piece, where) for piece, where in zip(pieces, wanted)])
        reach = np.repeat(0.5 * middles[:, 2:], 2, axis=1)
        place, found = polish.towards_level(sampler, middles[:, :2], reach, np.ones_like(reach), tolerance)
        stops = np.cumsum([where.size for where in wanted])[:-1]
        pieces = [_inserted(*group, tolerance) for group in zip(pieces, wanted, np.split(place, stops), np.split(found, stops))]
    return pieces


def oriented(piece: Piece) -> Piece:
    """The piece in the direction that has f > 0 on the left."""
    tangent, chord = _along_level(piece.found), _chords(piece)
    if np.sum(tangent * chord) >= 0:
        return piece
    ends = None if piece.ends is None else piece.ends[::-1]
    return dataclasses.replace(piece, place=piece.place[::-1], found=piece.found[::-1], ends=ends)


def tangents(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Unit tangents [n, 2], and where they are those of the neighbouring vertices because the gradient vanishes."""
    tangent = _along_level(piece.found)
    flat = np.all(tangent == 0, axis=1)
    return np.where(flat[:, None], _chords(piece), tangent), flat


def hermite(place: np.ndarray, tangent: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points [n - 1, m, 2] at t [m] of 0 to 1 on the cubic Hermite pieces between n vertices with unit tangents.

    The tangents' length is 2 chord/(1 + cos(angle/2)), right to sixth order for an arc that turns by angle.
    """
    chord = np.linalg.norm(np.diff(place, axis=0), axis=1)
    turn = np.clip(np.sum(tangent[:-1] * tangent[1:], axis=1), -1.0, 1.0)
    length = (2.0 * chord / (1.0 + np.sqrt(0.5 * (1.0 + turn))))[:, None, None]
    t = t[None, :, None]
    first, last, out, into = place[:-1, None, :], place[1:, None, :], tangent[:-1, None, :], tangent[1:, None, :]
    return ((1 + 2 * t) * (1 - t) ** 2 * first + t**2 * (3 - 2 * t) * last + t * (1 - t) * length * ((1 - t) * out - t * into))


def _piece(chain: np.ndarray, vertices: Vertices, closed: bool, ends: tuple[str, str] | None, jump: bool) -> Piece:
    """Without vertices that coincide with the one before (where the level passes through a lattice point)."""
    place = vertices.place[chain]
    apart = np.linalg.norm(np.diff(place, axis=0), axis=1) > 1e-9
    chain = chain[np.concatenate([np.ones(min(len(chain), 1), bool), apart])]
    return Piece(vertices.place[chain], vertices.found[chain], closed, ends, jump)


def _along_level(found: np.ndarray) -> np.ndarray:
    """The gradient turned clockwise to a unit vector; zero where it vanishes."""
    size = np.linalg.norm(found[:, 1:], axis=1)
    return found[:, [2, 1]] * [1.0, -1.0] / np.where(size == 0, 1.0, size)[:, None]


def _chords(piece: Piece) -> np.ndarray:
    """Unit vectors from each vertex's predecessor to its successor."""
    if len(piece.place) < 2:
        return np.zeros_like(piece.place)
    padded = np.pad(piece.place, ((1, 1), (0, 0)), mode="wrap" if piece.closed else "edge")
    chord = padded[2:] - padded[:-2]
    return chord / np.maximum(np.linalg.norm(chord, axis=1), 1e-300)[:, None]


def _ring(array: np.ndarray, closed: bool) -> np.ndarray:
    return np.concatenate([array, array[:1]]) if closed else array


def _turning(piece: Piece, turn: float) -> np.ndarray:
    """Numbers of the segments whose end tangents differ by more than turn."""
    tangent = _ring(_along_level(piece.found), piece.closed)
    known = np.any(tangent != 0, axis=1)
    return np.nonzero((np.sum(tangent[:-1] * tangent[1:], axis=1) < np.cos(turn)) & known[:-1] & known[1:])[0]


def _middles(piece: Piece, segments: np.ndarray) -> np.ndarray:
    """Midpoints of the cubic pieces of some segments, with the segments' lengths [n, 3]."""
    directed = oriented(piece)
    backwards = directed is not piece
    place, tangent = _ring(piece.place, piece.closed), _ring(_along_level(piece.found), piece.closed)
    tangent = -tangent if backwards else tangent
    middle = hermite(place, tangent, np.array([0.5]))[segments, 0] if len(place) > 1 else np.zeros((0, 2))
    length = np.linalg.norm(np.diff(place, axis=0), axis=1)[segments]
    return np.column_stack([middle, length])


def _inserted(piece: Piece, segments: np.ndarray, place: np.ndarray, found: np.ndarray, tolerance: float) -> Piece:
    good = (np.abs(found[:, 0]) <= tolerance) & np.all((place >= 0) & (place <= 1), axis=1)
    at = segments[good] + 1
    return dataclasses.replace(piece, place=np.insert(piece.place, at, place[good], axis=0),
                               found=np.insert(piece.found, at, found[good], axis=0))
