"""Library of the figures of all limits, no script: every constraint of the shelf on a grid of a plane, joined to
groups, and their regions.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jaxmix import constants, engine, parameters, study
from jaxmix.constraints import shelf
from jaxmix.constraints.published.members import PublishedLimitKind
from jaxmix.plots import style


class Group(NamedTuple):
    """A region of the figures: its name, its members and its colour; a point that one member excludes is excluded."""

    name: str
    members: tuple[str, ...]
    colour: str


# words of the tables' headers that have a name and a colour of their own; another word is its own name
KNOWN = {
    "mcp_fixed_target": ("mCPs: fixed targets, neutrino detectors", style.PALETTE[6]),
    "mcp_collider": ("mCPs: colliders, CMS, milliQan", style.PALETTE[1]),
    "zprime_invisible": (r"invisible $Z'$: BaBar, NA64, LEP", style.PALETTE[5]),
    "zprime_visible": (r"visible $Z'$: LHCb, CMS, BaBar, KLOE", style.PALETTE[2]),
}
MEASURED = {
    "electroweak": Group(r"electroweak precision, $(g-2)_\mu$", ("precision", "g_minus_2_mu"), style.PALETTE[3]),
    "z_width": Group("invisible width of the Z", ("z_invisible_width",), style.PALETTE[4]),
}
FURTHER = [f"C{number}" for number in range(10)]  # colours of groups beyond the palette
CL = 0.95  # of what is measured; published contours keep their own
SHAPE = (360, 240)  # points across and up
NEAR_Z = np.concatenate(
    [sign * np.geomspace(1e-3, 0.04, 16) for sign in (-1.0, 1.0)]
)  # further masses, about that of the Z

Grid = tuple[Float[np.ndarray, " nx"], Float[np.ndarray, " ny"], dict[str, Float[np.ndarray, "ny nx"]]]


def groups() -> dict[str, Group]:
    """Every published limit of the shelf in the group that its table names, and what is measured."""
    members: dict[str, list[str]] = {word: [] for word in KNOWN}
    for name, kind in shelf.SHELF.items():
        if isinstance(kind, PublishedLimitKind) and kind.kind == "published":
            members.setdefault(kind.search.group, []).append(name)
    used = {colour for _, colour in KNOWN.values()} | {group.colour for group in MEASURED.values()}
    free = iter([*(each for each in style.PALETTE if each not in used), *FURTHER])
    found = {
        word: Group(
            *((KNOWN[word][0], tuple(names), KNOWN[word][1]) if word in KNOWN else (word, tuple(names), next(free)))
        )
        for word, names in members.items()
        if names
    }
    return found | MEASURED


def grids(held: Sequence[Mapping[str, float]], x: engine.Axis, y: engine.Axis) -> list[Grid]:
    """For each set of values held (m_zprime_over_m_mcp among them): x, y and ln(q/critical) of each group, the largest
    of its members.

    NaN where none makes a statement.
    """
    drawn = groups()
    names = [name for group in drawn.values() for name in group.members]
    given = {x.name, y.name, *(key for each in held for key in each)}
    fixed = {key: value for key, value in parameters.defaults().items() if key not in given}
    whole = study.Study(fixed, {name: shelf.build(name, {}, shelf.level(name, CL)) for name in names})
    up, found = np.asarray(y.values()), []
    for values in held:
        across = np.union1d(x.values(), constants.M1 / values["m_zprime_over_m_mcp"] * (1.0 + NEAR_Z))
        points = {x.name: np.tile(across, len(up)), y.name: np.repeat(up, len(across))}
        points |= {key: np.full(len(across) * len(up), value) for key, value in values.items()}
        outputs = engine.evaluate_points(whole, points, batch=512)
        largest = {}
        for word, group in drawn.items():
            parts = [_logarithm(outputs[name]) for name in group.members]
            largest[word] = np.fmax.reduce(parts).reshape(len(up), len(across))
        found.append((across, up, largest))
    return found


def _logarithm(q: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(q), np.nan, np.log(np.maximum(np.nan_to_num(q), 1e-12)))


def draw(axes: Axes, grid: Grid) -> dict[str, list[Float[np.ndarray, "n 2"]]]:
    """Shade and outline the region of each group; its outline."""
    x, y, largest = grid
    known = groups()
    lines = {}
    for order, (word, values) in enumerate(largest.items()):
        name, _, colour = known[word]
        filled = np.where(np.isnan(values), -30.0, values)
        axes.contourf(x, y, filled, [0.0, math.inf], colors=[to_rgba(colour, 0.16)], zorder=0.5 + 0.01 * order)
        outline = axes.contour(x, y, filled, [0.0], colors=[colour], linewidths=1.1, zorder=1.0)
        lines[name] = [segment for segment in outline.allsegs[0] if len(segment) > 1]
    return lines


def legend(figure: Figure, extra: Sequence = ()) -> None:
    """Groups by colour, below the panels."""
    patches = [
        Patch(facecolor=to_rgba(colour, 0.3), edgecolor=colour, label=name) for name, _, colour in groups().values()
    ]
    figure.legend(handles=[*patches, *extra], loc="outside lower center", ncols=2)


def table(
    comments: Sequence[str], columns: Sequence[str], panels: Mapping[str, Mapping[str, list[np.ndarray]]]
) -> bytes:
    """A CSV of the outlines, five digits."""
    rows = [
        [panel, name, number, *(float(f"{value:.5g}") for value in point)]
        for panel, groups in panels.items()
        for name, segments in groups.items()
        for number, segment in enumerate(segments)
        for point in segment
    ]
    return style.table(comments, ["panel", "group", "component", *columns], rows)
