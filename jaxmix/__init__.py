"""Kinetic mixing with a mixed-phase dark sector, from the Lagrangian to traced sensitivity contours, in JAX.

A parameter point becomes neutral currents, an experiment's prediction and a test statistic through one differentiable
chain. The names below are loaded when first used, so that `import jaxmix` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxmix.constraints.shelf import load_tables, register
    from jaxmix.engine import (
        Axis,
        Contour,
        Contours,
        Grid,
        Surface,
        evaluate,
        find_limit,
        limit_surface,
        trace_contours,
        trace_family,
    )
    from jaxmix.forecast.likelihood import Forecast
    from jaxmix.models.mixed_phase import MixedPhase
    from jaxmix.point.check import Checked, check
    from jaxmix.study import Study

__version__ = "0.1.0"

__all__ = [
    "Axis",
    "Checked",
    "Contour",
    "Contours",
    "Forecast",
    "Grid",
    "MixedPhase",
    "Study",
    "Surface",
    "__version__",
    "check",
    "evaluate",
    "find_limit",
    "limit_surface",
    "load_tables",
    "register",
    "trace_contours",
    "trace_family",
]

_HOMES = {
    "MixedPhase": "jaxmix.models.mixed_phase",
    "Study": "jaxmix.study",
    "Forecast": "jaxmix.forecast.likelihood",
    "Checked": "jaxmix.point.check",
    "check": "jaxmix.point.check",
    "load_tables": "jaxmix.constraints.shelf",
    "register": "jaxmix.constraints.shelf",
}

if not TYPE_CHECKING:  # an editor reads the imports above and marks every other name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'jaxmix' has no attribute {name!r}; it has {', '.join(__all__)}")
        return getattr(importlib.import_module(_HOMES.get(name, "jaxmix.engine")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
