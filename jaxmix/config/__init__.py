"""What a study is, as a TOML file: the vocabulary (schema), the guard before parsing (text), the checks across keys
(checks), the wording of problems (problems, translate) and the reading itself (reading).

Nothing here computes physics; defaults and domains of parameters come from `parameters`.
"""

from jaxmix.config.constraint_tables import ConstraintTable, Level, about, flat
from jaxmix.config.problems import ConfigError, Problem
from jaxmix.config.reading import Config, apply_overrides, load, validate
from jaxmix.config.schema import Axis, Contours, Figure, Scan, Tiling
from jaxmix.config.settings import Instance, instances, restored

__all__ = [
    "Axis",
    "Config",
    "ConfigError",
    "ConstraintTable",
    "Contours",
    "Figure",
    "Instance",
    "Level",
    "Problem",
    "Scan",
    "Tiling",
    "about",
    "apply_overrides",
    "flat",
    "instances",
    "load",
    "restored",
    "validate",
]
