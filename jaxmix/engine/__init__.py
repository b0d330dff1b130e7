"""The engine: it evaluates a function of a few parameters on grids of any size, finds where an output crosses one, and
traces contours.

It sees a pytree of numbers in and a few numbers out, and holds no physics; compiling and batching over parameter points
happen here and nowhere else. Its public names are the ones below: other rooms say `engine.NAME`.
"""

from jaxmix.engine import optimise
from jaxmix.engine.compile.kept_programs import Store, keep_in
from jaxmix.engine.compile.options import (
    CompileLevel,
    balanced,
    fast_compile,
    fast_compile_options,
    fast_run,
    keep_programs,
)
from jaxmix.engine.contour import bezier, pieces
from jaxmix.engine.contour.box import Side
from jaxmix.engine.contour.result import Contour, Contours
from jaxmix.engine.contour.trace import compile_contours, trace_contours, trace_family
from jaxmix.engine.grid import maps, summary
from jaxmix.engine.grid.evaluate import Chunk, Reduction, evaluate, summarise
from jaxmix.engine.grid.exact import evaluate_points, interpolation_error
from jaxmix.engine.grid.layout import Layout, Tiling, layout
from jaxmix.engine.grid.refine import refine
from jaxmix.engine.grid.summary import Summary
from jaxmix.engine.limit.find import Branch, Limit, find_limit
from jaxmix.engine.limit.surface import Surface, limit_surface
from jaxmix.engine.points import Axis, Grid
from jaxmix.engine.problem import AbstractProblem, Point, evaluate_point, exact, place, run_compiled
from jaxmix.engine.samples import Sample

__all__ = [
    "AbstractProblem",
    "Axis",
    "Branch",
    "Chunk",
    "CompileLevel",
    "Contour",
    "Contours",
    "Grid",
    "Layout",
    "Limit",
    "Point",
    "Reduction",
    "Sample",
    "Side",
    "Store",
    "Summary",
    "Surface",
    "Tiling",
    "balanced",
    "bezier",
    "compile_contours",
    "evaluate",
    "evaluate_point",
    "evaluate_points",
    "exact",
    "fast_compile",
    "fast_compile_options",
    "fast_run",
    "find_limit",
    "interpolation_error",
    "keep_in",
    "keep_programs",
    "layout",
    "limit_surface",
    "maps",
    "optimise",
    "pieces",
    "place",
    "refine",
    "run_compiled",
    "summarise",
    "summary",
    "trace_contours",
    "trace_family",
]
