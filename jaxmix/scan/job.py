"""A study ready to run: from its config to the problem, the points, the tiles and the critical values."""

import dataclasses
from typing import NamedTuple

import jax

from jaxmix import config, engine, faults, results, study
from jaxmix.command import backend
from jaxmix.constraints import shelf
from jaxmix.data import tables

_TILE = {"cpu": 1024, "gpu": 2**17}  # points whose arrays stay in a core's cache, and that fill an accelerator
# points; sending a chunk takes some milliseconds, keeping its points takes memory
_CHUNK = {("cpu", "full"): 2**18, ("cpu", "summary"): 2**20, ("gpu", "full"): 2**18, ("gpu", "summary"): 2**24}
_FEW = 500_000  # points for which compiling with care takes longer than it saves


class Job(NamedTuple):
    """The config, the problem, the grid or the sample, its tiles, the critical values by constraint and level, and a
    user's parton set.
    """

    settings: config.Config
    problem: study.Study
    grid: engine.Grid | engine.Sample
    tiling: engine.Tiling
    critical: dict[str, dict[str, float]]
    pdf: dict[str, str] | None

    @property
    def layout(self) -> engine.Layout:
        """Shapes of tiles and chunks."""
        return engine.layout(self.grid, self.tiling)

    @property
    def compile_level(self) -> engine.CompileLevel:
        """Programs are compiled in less time where the points are so few that compiling is most of the work."""
        return "balanced" if self.grid.size <= _FEW else "fast_run"

    def identity(self) -> dict:
        """All that decides the numbers."""
        shapes = self.layout
        described = {**dataclasses.asdict(self.tiling), "tile": list(shapes.tile), "chunk": list(shapes.chunk)}
        described["devices"] = (
            "one" if jax.local_device_count() == 1 else "several"
        )  # compiled along two paths, which round otherwise
        tables = shelf.table_identities(table.kind for table in self.settings.constraints.values())
        device = jax.devices()[0].device_kind
        return results.identity(self.settings.canonical(), device, described, self.pdf, tables)


def prepare(settings: config.Config, device: str | None = None, pdf: str | None = None) -> Job:
    """The job of a config, with float64 on; BadInput where the device asked for is absent."""
    backend.start(device)
    try:
        identity = tables.pdf_identity(pdf)
    except ValueError as fault:
        raise faults.BadInput(str(fault)) from fault
    built, critical = {}, {}
    for name, table in settings.constraints.items():
        first = table.levels[0]
        built[name] = shelf.build(table.kind, config.flat(table), (first.mode, first.value), pdf)
        levels = {level.label: built[name].at_level(level.mode, level.value) for level in table.levels}
        critical[name] = {label: float(each.critical_value()) for label, each in levels.items()}
    axes = [_axis(name, axis) for name, axis in settings.axes.items()]
    spread = settings.sampling
    grid = engine.Grid(axes) if spread is None else engine.Sample(axes, spread.points, spread.kind, spread.seed)
    given = settings.scan.tiling.model_dump(exclude_none=True)
    tiling = engine.Tiling(**_default_tiling(settings.scan.outputs) | given)
    return Job(settings, study.Study(settings.held, built, settings.model), grid, tiling, critical, identity)


def _default_tiling(outputs: str) -> dict[str, int]:
    kind = "cpu" if jax.default_backend() == "cpu" else "gpu"
    return {"tile_points": _TILE[kind], "chunk_points": _CHUNK[kind, outputs]}


def _axis(name: str, axis: config.Axis) -> engine.Axis:
    if axis.values is not None:
        return engine.Axis.explicit(name, axis.values)
    kind = engine.Axis.log if axis.is_log else engine.Axis.linear
    return kind(name, *axis.ends, axis.count or 2)
