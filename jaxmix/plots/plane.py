"""The figure of a scan: its contours in their plane, a dash for each level.

Of one constraint there is a panel for each mass ratio and a colour for each other value held; of several a panel for
each value held and a colour for each constraint.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from jaxmix import config, parameters, results
from jaxmix.constraints.base.kind import THEORY
from jaxmix.plots import labels, regions, style
from jaxmix.plots.arrangement import Arrangement, Curve, arrange

STEM = "figure"
EMPTY = "no contour in this box"
_HEIGHT = 3.2  # inches, of a panel
_ENTRY = 0.17  # inches, of a constraint in the legend
_ACROSS = 3  # panels in a row
_COLLIDER = ("sqrt_s", "luminosity")
_ALWAYS = ("theta_dark", "e_dark", *_COLLIDER)  # stated even at their defaults


def draw(folder: Path, settings: config.Config, traces: list[results.Trace]) -> list[str]:
    """Draw the contours of a finished scan into its folder as PNG, PDF and CSV.

    Parameters
    ----------
    folder
        The scan's folder.
    settings
        Its config.
    traces
        The contours in the config's planes.

    Returns
    -------
    list of str
        The files' names, none without [contours].

    Raises
    ------
    CannotWrite
        The disk refuses.
    """
    if settings.contours is None:
        return []
    return style.save(folder, STEM, *plane_figure(settings, traces))


def plane_figure(settings: config.Config, traces: list[results.Trace]) -> tuple[Figure, bytes]:
    """Make the figure of a scan's contours, and the curves in it as CSV.

    The excluded side of the first level is shaded.
    """
    arranged = arrange(settings, traces)
    with style.applied():
        across = min(len(arranged.panels), _ACROSS)
        rows = math.ceil(len(arranged.panels) / across)
        below = _ENTRY * sum(map(len, arranged.levels)) if _several(arranged) else 0.0
        figure = style.blank(style.COLUMN if across == 1 else style.PAGE, 0.75 + _HEIGHT * rows + below / across)
        grid = figure.subplots(rows, across, sharex=True, sharey=True, squeeze=False)
        panels = list(grid.flat)[: len(arranged.panels)]
        for spare in list(grid.flat)[len(arranged.panels) :]:
            spare.remove()
        for number, axes in enumerate(panels):
            _panel(axes, arranged, number)
        _headings(figure, panels, settings, arranged)
        _legend(figure, panels, arranged)
    return figure, _table(arranged)


def _panel(axes: Axes, arranged: Arrangement, number: int) -> None:
    """One panel: shades, curves, axes."""
    x, y = arranged.sides
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    for which, side in zip("xy", arranged.sides):
        if side.logarithmic:
            style.logarithmic(axes, which)
    for series in range(len(arranged.series)):
        _shade(axes, arranged, number, series)
    for curve in arranged.of(number):
        axes.add_artist(
            style.stroke(
                Outline(*curve.path), _colour(arranged, curve.series), _dash(curve.level), 2.5 - 0.1 * curve.level
            )
        )
    if not arranged.of(number):
        axes.text(0.5, 0.5, EMPTY, transform=axes.transAxes, ha="center", va="center", color=style.GREY)


def _colour(arranged: Arrangement, series: int) -> str:
    return style.colour(series, len(arranged.series))


def _dash(level: int) -> style.Dash:
    return style.DASHES[level % len(style.DASHES)]


def _shade(axes: Axes, arranged: Arrangement, panel: int, series: int) -> None:
    """Fill the excluded side of the first level of a series."""
    sides, curves = arranged.sides, arranged.of(panel, series, level=0)
    area = regions.area(
        sides, [np.column_stack([curve.x, curve.y]) for curve in curves], [curve.trace.closed for curve in curves]
    )
    if area is not None:
        look = {
            "facecolor": _colour(arranged, series),
            "alpha": style.SHADE / math.sqrt(len(arranged.series)),
            "linewidth": 0,
        }
        axes.add_patch(PathPatch(area, zorder=0.5, **look))


def _headings(figure: Figure, panels: Sequence[Axes], settings: config.Config, arranged: Arrangement) -> None:
    """Title and what is held, what tells the panels apart, and the names of the axes."""
    lines = [style.literal(settings.figure.title), *_held_lines(arranged, len(panels) > 1)]
    figure.suptitle("\n".join(filter(None, lines)), linespacing=1.25)
    sm = _named(arranged.common)
    x, y = (style.axis_label(side.name) for side in arranged.sides)
    for axes, values in zip(panels, arranged.panels):
        axes.set(xlabel=x, ylabel=y, title=", ".join(style.quantity(name, value, sm) for name, value in values.items()))
        axes.label_outer()


def _held_lines(arranged: Arrangement, wide: bool) -> list[str]:
    """What is held: what a reader needs always, and whatever is not at its default; no collider where nothing depends
    on one.
    """
    common = arranged.common
    sm = _named(common)
    used = {name for kind in arranged.kinds for name in kind.parameters}
    without = {side.name for side in arranged.sides} | {name for name in _COLLIDER if name not in used}
    shown = [
        name
        for name in common
        if name not in without and (name in _ALWAYS or common[name] != parameters.PARAMETERS[name].default)
    ]
    order = sorted(shown, key=lambda name: (name in _ALWAYS, _ALWAYS.index(name) if name in _ALWAYS else 0))
    words = [style.quantity(name, common[name], sm) for name in order]
    per_line = len(words) if wide else 3
    return [", ".join(words[at : at + per_line]) for at in range(0, len(words), max(per_line, 1))]


def _named(common: dict[str, float]) -> dict[str, float]:
    """The numbers behind theta_W and e; at the defaults of Standard Model inputs that vary."""
    inputs = parameters.defaults() | common
    return parameters.named_values(inputs["sin2_theta_w"], inputs["alpha"])


def _series_name(arranged: Arrangement, series: int) -> str:
    """What tells a series apart, in words: the values held, or the constraint's label or title."""
    name, values = arranged.series[series]
    sm = _named(arranged.common)
    kind = arranged.kinds[series]
    own = "" if name == kind.name else name  # an instance that the study named
    return ", ".join(style.quantity(key, value, sm) for key, value in values.items()) or own or kind.label or kind.title


def _several(arranged: Arrangement) -> bool:
    """Whether colours tell constraints apart."""
    return len({name for name, _ in arranged.series}) > 1


def _level_name(label: str) -> str:
    kind, _, value = label.partition("=")
    return rf"${value}\sigma$" if kind == "sigma" else rf"{100 * float(value):g}% CL"


def _legend(figure: Figure, panels: Sequence[Axes], arranged: Arrangement) -> None:
    """What dashes and colours mean; colours are named on the curves instead where there is room for all."""
    names = [_series_name(arranged, i) for i in range(len(arranged.series))] if len(arranged.series) > 1 else []
    place: dict[str, Any] = {
        "loc": "outside lower center",
        "ncols": (2 if len(panels) == 1 else 4) // (2 if _several(arranged) else 1),
    }
    if any(levels != arranged.levels[0] for levels in arranged.levels):
        figure.legend(handles=_each_level(arranged, names), **place)
        return
    grey = style.GREY if names else style.PALETTE[0]
    words = [_level_name(level) + " (shaded: excluded)" * (i == 0) for i, level in enumerate(arranged.levels[0])]
    levels = [Line2D([], [], color=grey, linestyle=_dash(i), label=label) for i, label in enumerate(words)]
    colours = [Line2D([], [], color=_colour(arranged, i), label=name) for i, name in enumerate(names)]
    legend = figure.legend(handles=[*colours, *levels], **place)
    figure.draw_without_rendering()
    if names and _names_on_curves(panels, arranged, names):
        legend.remove()
        figure.legend(handles=levels, **place)


def _each_level(arranged: Arrangement, names: Sequence[str]) -> list[Artist]:
    """Of constraints that have levels of their own, an entry for each level of each, and one for the shades."""
    lines = [
        Line2D(
            [],
            [],
            color=_colour(arranged, series),
            linestyle=_dash(i),
            label=_with_level(arranged, series, name, level),
        )
        for series, name in enumerate(names)
        for i, level in enumerate(arranged.levels[series])
    ]
    return [*lines, Patch(color=style.GREY, alpha=style.SHADE, linewidth=0, label="excluded at a solid line's level")]


def _with_level(arranged: Arrangement, series: int, name: str, level: str) -> str:
    """Name and level; a requirement of theory has no level."""
    return name if arranged.kinds[series].kind == THEORY else f"{name}, {_level_name(level)}"


def _names_on_curves(panels: Sequence[Axes], arranged: Arrangement, names: Sequence[str]) -> bool:
    """Write the names of the series on their first-level curves in every panel, or none if one finds no room."""
    written = []
    for number, axes in enumerate(panels):
        lines = [[_points(curve) for curve in arranged.of(number, series, level=0)] for series in range(len(names))]
        words = [(name, _colour(arranged, series), lines[series]) for series, name in enumerate(names)]
        written += labels.write(axes, words, [_points(curve) for curve in arranged.of(number)])
    if None not in written:
        return True
    for text in filter(None, written):
        text.remove()
    return False


def _points(curve: Curve) -> np.ndarray:
    return np.column_stack([curve.x, curve.y])


def _table(arranged: Arrangement) -> bytes:
    """The curves, a row a point."""
    held = [*arranged.panels[0], *arranged.series[0][1]]
    described = [*held, *(side.name for side in arranged.sides)]
    comments = [
        "The curves of the figure of this name, a row a point, in the order of travel, the excluded side on the left",
        "constraint: name; level: sigma=n or cl=fraction; component: number within its plane; closed: 1 or 0",
        *(f"{name}: [{parameters.PARAMETERS[name].unit}], {parameters.PARAMETERS[name].meaning}" for name in described),
        *(f"held: {name} = {value!r} [{parameters.PARAMETERS[name].unit}]" for name, value in arranged.common.items()),
    ]
    rows = []
    for curve in arranged.curves:
        trace = curve.trace
        front = [
            trace.constraint,
            trace.level,
            trace.component,
            int(trace.closed),
            *(float(trace.held[name]) for name in held),
        ]
        rows += [[*front, float(x), float(y)] for x, y in zip(curve.x, curve.y)]
    return style.table(comments, ["constraint", "level", "component", "closed", *described], rows)
