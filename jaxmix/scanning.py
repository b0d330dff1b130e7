"""A scan from its config to its files: what the commands `scan` and `merge` do."""

import argparse
import dataclasses
import json
import math
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from rich import console, progress

from jaxmix import config, contouring, faults, flags, hatted_tables, parameters, plots, results, study, tables
from jaxmix.constraints import shelf
from jaxmix.engine import evaluate, points, summary, tiles
from jaxmix.results import folder as folders

_STATUS_NAMES = " ".join(study.STATUS[code] for code in sorted(study.STATUS))
_MODEL = "E. Izaguirre, I. Yavin, arXiv:1506.04760"  # the mixed phase
_MOST_FAILURES = 0.01  # of all points; beyond it a scan is no result


class Job(NamedTuple):
    """A study ready to run: its config, the problem, the grid, its tiles, and the critical values by constraint and level."""

    settings: config.Config
    problem: study.Study
    grid: points.Grid
    tiling: tiles.Tiling
    critical: dict[str, dict[str, float]]
    pdf: dict[str, str] | None

    @property
    def layout(self) -> tiles.Layout:
        """Shapes of tiles and chunks."""
        return tiles.layout(self.grid, self.tiling)

    def identity(self) -> dict:
        """All that decides the numbers."""
        shapes = self.layout
        described = {**dataclasses.asdict(self.tiling), "tile": list(shapes.tile), "chunk": list(shapes.chunk)}
        return results.identity(self.settings.canonical(), jax.devices()[0].device_kind, described, self.pdf)


def run(arguments: argparse.Namespace) -> int:
    """The command `scan`: evaluate what is missing, commit it chunk by chunk, and finish."""
    settings = config.load(arguments.config, arguments.set)
    shard = _shard(arguments.shard)
    out = Path(arguments.out or Path("scans") / settings.scan.name)
    if arguments.dry_run:
        flags.show([_plan(settings, out)], True, arguments.json)
        return 0
    job = prepare(settings, arguments.device, arguments.pdf)
    with results.open_folder(out, job.identity(), shard, arguments.restart) as folder:
        if folder.finished is not None:
            _report(f"{out}: this scan is finished; nothing was written", folder.finished, arguments.json)
            return 0
        started = time.perf_counter()
        if shard is None:
            # a second compilation beside the grid's: a daemon, so that an interrupted run does not wait for it
            threading.Thread(target=contouring.compile_all, args=(job.problem, settings), daemon=True).start()
        _evaluate(job, folder)
        if shard is not None:
            manifest = folder.write_manifest("finished", {"shard": list(shard), "seconds": time.perf_counter() - started})
            _report(f"{out}: part {shard[0]} of {shard[1]} is written; join the parts with: jaxmix merge {out}", manifest, arguments.json)
            return 0
        return _finish(job, folder, started, arguments.json)


def merge(arguments: argparse.Namespace) -> int:
    """The command `merge`: every point must be there once; then cube, contours and figures."""
    out = Path(arguments.folder)
    settings = config.restored(folders.read_manifest(out)["config"])
    job = prepare(settings, arguments.device, arguments.pdf)
    with results.open_folder(out, job.identity()) as folder:
        if folder.finished is not None:
            _report(f"{out}: this scan is finished; nothing was written", folder.finished, arguments.json)
            return 0
        return _finish(job, folder, time.perf_counter(), arguments.json)


def prepare(settings: config.Config, device: str | None = None, pdf: str | None = None) -> Job:
    """The problem, the grid and the tiles of a config, with float64 on; BadInput where the device asked for is absent."""
    if device is not None:
        jax.config.update("jax_platforms", {"cpu": "cpu", "gpu": "cuda"}[device])
    jax.config.update("jax_enable_x64", True)
    try:
        jax.devices()
    except RuntimeError as fault:
        raise faults.BadInput(f"--device: found {device!r}, which jax cannot start ({fault}); allowed here: cpu") from fault
    built, critical = {}, {}
    for name, table in settings.constraints.items():
        first = table.levels[0]
        built[name] = shelf.build(name, config.flat(table), (first.mode, first.value), pdf)
        levels = {level.label: built[name].at_level(level.mode, level.value) for level in table.levels}
        critical[name] = {label: float(each.critical_value()) for label, each in levels.items()}
    grid = points.Grid([_axis(name, axis) for name, axis in settings.axes.items()])
    tiling = tiles.Tiling(**settings.scan.tiling.model_dump())
    return Job(settings, study.Study(settings.held, built), grid, tiling, critical, tables.pdf_identity(pdf))


def _axis(name: str, axis: config.Axis) -> points.Axis:
    if not axis.is_range:
        return points.Axis.explicit(name, axis.values)
    kind = points.Axis.log if axis.is_log else points.Axis.linear
    return kind(name, axis.min, axis.max, axis.count)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match or not int(match[1]) < int(match[2]):
        raise faults.BadInput(f"--shard: found {text[:40]!r}; allowed: i/N with 0 <= i < N, for example 0/8")
    return int(match[1]), int(match[2])


def _plan(settings: config.Config, out: Path) -> dict:
    """What a run would compute and write; megabytes is an upper bound."""
    per_point = (9 * len(settings.constraints) + 1) if settings.scan.outputs == "full" else 0
    return {
        "points": settings.points,
        "axes": dict(zip(settings.axes, settings.shape)),
        "chunks": math.ceil(settings.points / settings.scan.tiling.chunk_points),
        "contours": len(settings.planes()) * sum(len(table.levels) for table in settings.constraints.values()),
        "megabytes": 2 * per_point * settings.points / 1e6,
        "out": str(out),
    }


def _evaluate(job: Job, folder: results.ScanFolder) -> None:
    """Compute and commit the chunks that this process owes and the folder lacks."""
    shapes = job.layout
    owed = folder.missing(folder.share(shapes.chunks))
    keep = job.settings.scan.outputs == "full"
    with _bar() as bar:
        task = bar.add_task("compiling", total=max(sum(_size(shapes.slices(i)) for i in owed), 1))

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, description="scanning")

        problem = hatted_tables.with_tables(job.problem, job.grid)
        for chunk in evaluate.evaluate(problem, job.grid, job.tiling, chunks=owed, keep=keep, progress=advance):
            folder.commit(_record(job, chunk))


def _bar() -> progress.Progress:
    columns = ("[progress.description]{task.description}", progress.BarColumn(), progress.TaskProgressColumn(), progress.TimeRemainingColumn())
    return progress.Progress(*columns, _Rate(), console=console.Console(stderr=True), transient=True)


class _Rate(progress.ProgressColumn):
    """Points, or contours, per second."""

    def render(self, task: progress.Task) -> str:
        """The speed so far."""
        return f"{task.speed:,.3g}/s" if task.speed else ""


def _size(slices: tuple[slice, ...]) -> int:
    return math.prod(part.stop - part.start for part in slices)


def _record(job: Job, chunk: evaluate.Chunk) -> results.Record:
    """What is kept of a chunk: the test statistics, the flags, the status, and the summary."""
    outputs = {}
    if chunk.outputs is not None:
        for name, levels in job.critical.items():
            first = next(iter(levels.values()))
            outputs[f"{name}_test_statistic"] = chunk.outputs[name] * first
            outputs[f"{name}_excluded"] = (chunk.outputs[name] > 1).astype(np.int8)
        outputs["status"] = chunk.outputs["status"].astype(np.int8)
    return results.Record(chunk.index, chunk.slices, outputs, summary.as_arrays(chunk.summary))


def _finish(job: Job, folder: results.ScanFolder, started: float, as_json: bool) -> int:
    """Cube, contours, figures and manifest, once every chunk is there."""
    chunks = job.layout.chunks
    total = summary.from_arrays(summary.merge_arrays(record.summary for record in folder.records(chunks)))
    by_status = {study.STATUS[code]: int(count) for code, count in enumerate(total.by_status) if count}
    failed = by_status.get(study.STATUS[study.NUMERICAL_FAILURE], 0)
    files = []
    if job.settings.scan.outputs == "full":
        _write_cube(job, folder, chunks)
        files.append("scan.zarr")
    evaluated = time.perf_counter()
    traces = _trace(job)
    if job.settings.contours is not None:
        sides, names = contouring.table(job.settings, traces)
        results.write_contours(folder.path / "contours.csv", sides, names, traces)
        kinds = {name: shelf.SHELF[name].kind for name in job.settings.constraints}
        exported = [write(folder.path, sides, kinds, traces) for write in (results.write_texts, results.write_hepdata)]
        files += ["contours.csv", *sum(exported, []), *plots.draw(folder.path, job.settings, traces)]
    cited = [_MODEL, *(text for constraint in job.problem.constraints.values() for text in constraint.sources())]
    files.append(results.write_references(folder.path, cited))
    details = {
        "points": int(total.points),
        "points_by_status": by_status,
        "excluded": {name: int(count) for name, count in total.excluded.items()},
        "seconds": {"grid": evaluated - started, "contours_and_figures": time.perf_counter() - evaluated},
        "files": files,
    }
    manifest = folder.write_manifest("finished", details)
    _report(_summary_line(folder.path, job, details, len(traces)), manifest, as_json)
    if failed > _MOST_FAILURES * int(total.points):
        raise faults.NumericalFailures(f"{failed} of {int(total.points)} points failed numerically; the files are written, do not trust them")
    return 0


def _trace(job: Job) -> list[results.Trace]:
    """All contours, with progress."""
    with _bar() as bar:
        task = bar.add_task("tracing contours", total=max(contouring.count(job.settings), 1))
        return contouring.trace_all(job.problem, job.settings, job.critical, bar.console.print, lambda: bar.advance(task))


def _write_cube(job: Job, folder: results.ScanFolder, chunks: int) -> None:
    described = {name: parameters.PARAMETERS[name] for name in job.grid.names}
    coordinates = {
        name: results.Coordinate(values, described[name].unit, described[name].meaning) for name, values in job.settings.coordinates().items()
    }
    variables = {}
    for name, levels in job.critical.items():
        attributes = {"levels": list(levels), "critical_values": list(levels.values())}
        variables[f"{name}_test_statistic"] = results.Variable("float64", "1", f"test statistic of {name}", attributes)
        variables[f"{name}_excluded"] = results.Variable("int8", "1", f"1 where {name} excludes at {next(iter(levels))}", {})
    codes = {"flag_values": sorted(study.STATUS), "flag_meanings": _STATUS_NAMES}
    variables["status"] = results.Variable("int8", "1", "status of the point", codes)
    held = {name: value for name, value in job.settings.held.items()}
    results.write_cube(folder.path / "scan.zarr", coordinates, variables, job.layout.chunk, folder.records(chunks), {"held": held})


def _summary_line(path: Path, job: Job, details: dict, traces: int) -> str:
    parts = [f"{name} excludes {count / details['points']:.1%}" for name, count in details["excluded"].items()]
    return f"{details['points']:,} points, {', '.join(parts)}, {traces} contours; written to {path}: {', '.join(_listed(details['files']))}"


def _listed(files: list[str]) -> list[str]:
    """The files, those of a folder as the folder alone."""
    return list(dict.fromkeys(f"{name.partition('/')[0]}/" if "/" in name else name for name in files))


def _report(line: str, manifest: dict, as_json: bool) -> None:
    """The last line for a reader, or the manifest on stdout."""
    if as_json:
        print(json.dumps(manifest, indent=1, allow_nan=False))
    else:
        print(line)
