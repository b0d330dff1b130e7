"""Figures of finished scans, with the curves that they show as tables beside them.

How a figure looks stands in `style` alone; `regions` closes contours to areas, `labels` finds room for the words on the
curves, and `plane` puts a scan's contours together. Equal results give equal bytes. Nothing is computed here.
"""

from jaxmix.plots.plane import draw, plane_figure

__all__ = ["draw", "plane_figure"]
