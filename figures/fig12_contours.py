"""Figure 12: contours of functions that are hard to trace, with their vertices.

    python figures/fig12_contours.py [--out FOLDER]

Two ovals that nearly touch; a banana; narrow spikes, at nodes that are given; islands, and beside them one that only
enclosures find.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Scalar
from matplotlib.axes import Axes
from matplotlib.path import Path as Outline

from jaxmix import Axis, Contours, trace_contours
from jaxmix.plots import style

STEM = "fig12_contours"
SPIKES = (0.11, 0.23, 0.31, 0.42, 0.5, 0.67, 0.78, 0.9)
ISLANDS = [(0.2, 0.25, 0.06), (0.45, 0.7, 0.05), (0.75, 0.35, 0.08), (0.3, 0.55, 0.02), (0.85, 0.8, 0.03)]
HIDDEN = (0.615, 0.885, 0.004)


class Panel(NamedTuple):
    """A function with its box and options, and what it is called."""

    title: str
    function: Callable[[Scalar, Scalar], Scalar]
    x: Axis
    y: Axis
    options: dict


def ovals(x, y):
    """Cassini ovals whose gap is a thirtieth of their size."""
    return ((x - 1) ** 2 + y**2) * ((x + 1) ** 2 + y**2) - 0.9995**4


def banana(x, y):
    """Rosenbrock's valley."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2 - 2.0


def spikes(x, y):
    """Eight resonances of relative width 1e-4 on a smooth limit."""
    return y - 0.75 + 0.2 * x**2 + 0.5 * sum(jnp.exp(-(((x - at) / 1e-4) ** 2)) for at in SPIKES)


def islands(x, y):
    """Bumps, of which the smallest is seen from no corner of a coarse cell."""
    seen = sum(1.0 / (1.0 + ((x - a) ** 2 + (y - b) ** 2) / (2 * r**2)) for a, b, r in ISLANDS)
    a, b, r = HIDDEN
    return seen + 3.0 * jnp.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * r**2)) - 0.6


UNIT = Axis.linear("x", 0.0, 1.0, 25), Axis.linear("y", 0.0, 1.0, 25)
PANELS = (
    Panel("nearly touching", ovals, Axis.linear("x", -1.6, 1.63, 17), Axis.linear("y", -0.8, 0.83, 17), {}),
    Panel("a banana", banana, Axis.linear("x", -0.7, 2.7, 17), Axis.linear("y", -0.5, 6.5, 17), {}),
    Panel("spikes at known places", spikes, *UNIT, {"x_nodes": SPIKES}),
    Panel("islands, certified", islands, *UNIT, {"certify": True}),
)


def draw(axes: Axes, panel: Panel) -> Contours:
    """Trace a panel's contours and draw them as Bezier curves, with their vertices."""
    contours = trace_contours(panel.function, panel.x, panel.y, **panel.options)
    for contour in contours:
        axes.add_patch(style.stroke(Outline(*contour.path()), style.PALETTE[1], "-", 2))
        axes.plot(contour.x, contour.y, ".", color=style.PALETTE[2], markersize=2.5, zorder=3)
    sides = [np.asarray(axis.values()) for axis in (panel.x, panel.y)]
    axes.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    vertices = sum(len(contour.x) for contour in contours)
    axes.set_title(f"{panel.title}: {contours.calls:,} evaluations, {vertices} vertices", fontsize=8.5)
    return contours


def main(argv: Sequence[str] | None = None) -> int:
    """Trace, draw, write."""
    parser = argparse.ArgumentParser(description="Contours of functions that are hard to trace.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args(argv)
    jax.config.update("jax_enable_x64", True)
    with style.applied():
        figure = style.blank(style.PAGE, 5.2)
        rows = []
        for axes, panel in zip(figure.subplots(2, 2).flat, PANELS):
            contours = draw(axes, panel)
            rows += [
                [panel.title, k, *place] for k, contour in enumerate(contours) for place in zip(contour.x, contour.y)
            ]
        comments = ["Vertices of contours f = 0; the functions are those of figures/fig12_contours.py"]
        print(
            "\n".join(
                style.save(arguments.out, STEM, figure, style.table(comments, ["panel", "component", "x", "y"], rows))
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
