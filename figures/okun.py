"""Library of the figures of `precision`, no script: contours in the Okun phase, from which those of every other phase
follow, and their tables.
"""

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch

from jaxmix import engine, parameters, study
from jaxmix.constraints import precision, shelf
from jaxmix.constraints.base import abstract
from jaxmix.plots import arrangement, regions, style

LEVEL = ("cl", 0.95)
VINTAGES = ("2010", "current")
PHASE = {"theta_dark": math.pi / 2}


def fit(vintage: str, **settings: str | float) -> precision.Precision:
    """The constraint with the data of a vintage, all of them, ready for any number of points."""
    constraint = shelf.build("precision", {"data": vintage, "m_w": vintage, **settings}, LEVEL)
    return problem(constraint).constraints["precision"]


def problem(constraint: abstract.AbstractConstraint) -> study.Study:
    """A constraint in the Okun phase, everything else at its default."""
    return study.Study(parameters.defaults() | PHASE, {constraint.name: constraint})


def traced(
    constraint: abstract.AbstractConstraint, mass: engine.Axis, kappa: engine.Axis, nodes: Sequence[float] = ()
) -> engine.Contours:
    """Contours of a constraint against a mass and kappa, with its own nodes and others."""
    return engine.trace_contours(
        problem(constraint),
        mass,
        kappa,
        output=constraint.name,
        depth=8,
        x_nodes=(*constraint.features(mass.name, {}), *nodes),
    )


def curve(contours: Iterable[engine.Contour]) -> Float[np.ndarray, "n 2"]:
    """All components as one line, NaN between them, with the points that a drawing needs."""
    parts = [
        part for each in contours if len(each.x) > 1 for part in (arrangement.drawn(each), np.full((1, 2), np.nan))
    ]
    return np.concatenate(parts[:-1]) if parts else np.zeros((0, 2))


def fill(axes: Axes, contours: Sequence[engine.Contour], **options) -> None:
    """Shade what the contours exclude."""
    curves = [each for each in contours if len(each.x) > 1]
    area = regions.area(curves[0].sides, [arrangement.drawn(each) for each in curves], [each.closed for each in curves])
    axes.add_patch(PathPatch(area, linewidth=0, **options))


def table(comments: Sequence[str], columns: Sequence[str], curves: dict[str, Float[np.ndarray, "n 2"]]) -> bytes:
    """A CSV of curves by name; an empty cell parts two components."""
    rows = [
        [name, *("" if math.isnan(value) else float(f"{value:.6g}") for value in row)]
        for name, line in curves.items()
        for row in line
    ]
    return style.table(comments, ["curve", *columns], rows)


def lowest(line: Float[np.ndarray, "n 2"], place: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """The lowest kappa of a line of components at some masses, straight in the logarithms between its points; infinite
    where none is.
    """
    x, y = np.log(line).T
    at, found = np.log(place), np.full(len(place), np.inf)
    for i in range(len(x) - 1):
        low, high = sorted((x[i], x[i + 1]))
        if high > low:
            inside = (at >= low) & (at <= high)
            value = y[i] + (y[i + 1] - y[i]) * (at[inside] - x[i]) / (x[i + 1] - x[i])
            found[inside] = np.minimum(found[inside], value)
    return np.exp(found)


def command(description: str, stem: str, make: Callable[[str], tuple]) -> None:
    """The command line of a figure: evaluate, draw, write."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", choices=VINTAGES, help="the set of measurements (default: as in the caption)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    with style.applied():
        figure, curves = make(arguments.data)
    print("\n".join(style.save(arguments.out, stem, figure, curves)))
