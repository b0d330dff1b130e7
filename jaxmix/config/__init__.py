"""What a study is, as a TOML file: the vocabulary (schema), the guard before parsing (text), the checks across keys
(checks), the wording of problems (problems, translate) and the reading itself (reading).

Nothing here computes physics; defaults and domains of parameters come from `parameters`.
"""

from jaxmix.config.problems import ConfigError, Problem
from jaxmix.config.reading import Config, apply_overrides, load, validate
from jaxmix.config.schema import (
    CONSTRAINTS,
    NEEDS,
    SHARED,
    Axis,
    Background,
    ConstraintTable,
    Contours,
    Figure,
    Level,
    McpLhc,
    Scan,
    Tiling,
)
from jaxmix.config.settings import constraint_settings, described, flat, restored

__all__ = [
    "CONSTRAINTS",
    "NEEDS",
    "SHARED",
    "Axis",
    "Background",
    "Config",
    "ConfigError",
    "ConstraintTable",
    "Contours",
    "Figure",
    "Level",
    "McpLhc",
    "Problem",
    "Scan",
    "Tiling",
    "apply_overrides",
    "constraint_settings",
    "described",
    "flat",
    "load",
    "restored",
    "validate",
]
