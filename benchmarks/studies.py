"""The study of configs/dense.toml built from the package's physics alone, without the rooms that read configs or write
files.
"""

import tomllib

import measuring
import numpy as np

from jaxmix import engine, parameters, study
from jaxmix.constraints import shelf

DENSE = measuring.ROOT / "configs" / "dense.toml"
TILING = engine.Tiling()  # what a config of summaries has that says nothing
RATIO = 3.0  # m_Z'/m_mcp where a benchmark holds it


def document() -> dict:
    """The config as it stands."""
    with DENSE.open("rb") as file:
        return tomllib.load(file)


def held() -> dict[str, float]:
    """Every parameter with a default, and what the config holds."""
    defaults = {name: each.default for name, each in parameters.PARAMETERS.items() if each.default is not None}
    return defaults | {name: float(value) for name, value in document()["parameters"].items()}


def dense() -> study.Study:
    """The study: the millicharge detector at its defaults, at two standard deviations."""
    return study.Study(held(), {"mcp_lhc": shelf.build("mcp_lhc", {}, ("sigma", 2.0))})


def dense_grid(**sizes: int) -> engine.Grid:
    """The config's grid; sizes: other numbers of values by axis (of a list, as many of its values, evenly picked)."""
    return engine.Grid([_axis(name, table, sizes.get(name)) for name, table in document()["axes"].items()])


def ends() -> dict[str, tuple[float, float]]:
    """First and last value of the two ranges."""
    axes = document()["axes"]
    return {name: (axes[name]["min"], axes[name]["max"]) for name in ("m_mcp", "epsilon_gamma")}


def plane() -> dict[str, float]:
    """The point of the other two axes at which one plane is taken: m_Z'/m_mcp = 3 and theta_W' = theta_W."""
    return {"m_zprime_over_m_mcp": RATIO, "theta_dark": parameters.PARAMETERS["theta_dark"].default}


def _axis(name: str, table: dict, size: int | None) -> engine.Axis:
    if "values" not in table:
        return engine.Axis.log(name, table["min"], table["max"], size or table["count"])
    default = parameters.PARAMETERS
    words = parameters.named_values(default["sin2_theta_w"].default, default["alpha"].default)
    values = [float(words.get(value, value)) for value in table["values"]]
    chosen = np.linspace(0, len(values) - 1, size or len(values)).round().astype(int)
    return engine.Axis.explicit(name, [values[i] for i in chosen])
