"""Kinetic mixing with a mixed-phase dark sector, from the Lagrangian to traced sensitivity contours, in JAX.

A parameter point becomes neutral currents, an experiment's prediction and a test statistic through one differentiable
chain. The names below are loaded when first used, so that `import jaxmix` costs nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "MixedPhase": "jaxmix.models.mixed_phase",
    "Study": "jaxmix.study",
    "Axis": "jaxmix.engine.points",
    "Grid": "jaxmix.engine.points",
    "evaluate": "jaxmix.engine.evaluate",
    "Contour": "jaxmix.engine.contour",
    "Contours": "jaxmix.engine.contour",
    "trace_contours": "jaxmix.engine.contour",
    "trace_family": "jaxmix.engine.contour",
    "find_limit": "jaxmix.engine.limit",
    "Surface": "jaxmix.engine.surface",
    "limit_surface": "jaxmix.engine.surface",
    "Forecast": "jaxmix.forecast",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxmix' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
