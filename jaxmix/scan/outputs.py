"""What a scan writes once every chunk is there: the cube, maps and histograms, refined points, contours, figures, and
its report.
"""

import time
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np

from jaxmix import config, engine, faults, parameters, plots, results, study
from jaxmix.results.folder import CERTIFICATES, CONTOURS, CUBE, REDUCED, REFINED
from jaxmix.scan import contours as contouring
from jaxmix.scan import progress, report
from jaxmix.scan.job import Job

_STATUS_NAMES = " ".join(study.STATUS[code] for code in sorted(study.STATUS))
_MODEL = "E. Izaguirre, I. Yavin, arXiv:1506.04760"  # the mixed phase
_MOST_FAILURES = 0.01  # of all points; beyond it a scan is no result
MAPS = "maps."  # before the names of a record's maps
_STATUS = results.Variable(
    "int8", "1", "status of the point", {"flag_values": sorted(study.STATUS), "flag_meanings": _STATUS_NAMES}
)


def record(
    job: Job, index: int, slices: tuple[slice, ...], outputs: dict | None, total: engine.Summary, mapped: dict
) -> results.Record:
    """What is committed of a chunk: the test statistics, the flags and the status of every point where they are kept,
    summary and maps.
    """
    kept: dict[str, np.ndarray] = {}
    if outputs is not None:
        if not isinstance(job.grid, engine.Grid):
            kept |= {
                name: np.asarray(value)
                for name, value in job.grid.point(jnp.arange(slices[0].start, slices[0].stop)).items()
            }
        kept |= _statistics(job, outputs)
    return results.Record(
        index,
        slices,
        kept,
        engine.summary.as_arrays(total) | {f"{MAPS}{name}": value for name, value in mapped.items()},
    )


def fits(job: Job, record: results.Record) -> bool:
    """Whether a chunk has its place in the grid and the outputs that this scan keeps."""
    kept = {}
    if job.settings.scan.outputs == "full":
        kept = {} if isinstance(job.grid, engine.Grid) else dict.fromkeys(job.grid.names)
        kept |= dict.fromkeys(_variables(job))
    return record.slices == job.layout.slices(record.index) and record.outputs.keys() == kept.keys()


def finish(job: Job, folder: results.ScanFolder, started: float, as_json: bool, verify: bool) -> int:
    """Everything but the chunks, and the manifest; NumericalFailures where too many points failed."""
    chunks = job.layout.chunks
    total = engine.summary.from_arrays(
        engine.summary.merge_arrays(_without_maps(each.summary) for each in folder.records(chunks))
    )
    by_status = {study.STATUS[code]: int(count) for code, count in enumerate(total.by_status) if count}
    failed = by_status.get(study.STATUS[study.NUMERICAL_FAILURE], 0)
    files = []
    if job.settings.scan.outputs == "full":
        _write_points(job, folder, chunks)
        files.append(CUBE)
    if job.settings.summary.axes or job.settings.summary.histogram:
        _write_summary(job, folder, chunks, total)
        files.append(REDUCED)
    refinement = job.settings.refinement
    if refinement is not None and _write_refined(job, folder, chunks, refinement.depth):
        files.append(REFINED)
    evaluated = time.perf_counter()
    traced = _trace(job, verify)
    if job.settings.contours is not None:
        files += _write_contours(job, folder, traced.traces)
    cited = [_MODEL, *(text for constraint in job.problem.constraints.values() for text in constraint.sources())]
    files.append(results.write_references(folder.path, cited))
    details = {
        "points": int(total.points),
        "points_by_status": by_status,
        "excluded": {name: int(count) for name, count in total.excluded.items()},
        "excluded_by_any": int(total.excluded_by_any),
        "extremes": report.extremes(job, total),
        "contours": None if job.settings.contours is None else contouring.summary(traced),
        "seconds": {"grid": evaluated - started, "contours_and_figures": time.perf_counter() - evaluated},
        "files": files,
    }
    manifest = folder.write_manifest("finished", details)
    report.show(report.as_text(folder.path, job, details), manifest, as_json)
    if failed > _MOST_FAILURES * int(total.points):
        raise faults.NumericalFailures(
            f"{failed} of {int(total.points)} points failed numerically; the files are written, do not trust them"
        )
    return 0


def _statistics(job: Job, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    kept = {}
    for name, levels in job.critical.items():
        first = next(iter(levels.values()))
        kept[f"{name}_test_statistic"] = outputs[name] * first
        kept[f"{name}_excluded"] = (outputs[name] > 1).astype(np.int8)
    return kept | {"status": outputs["status"].astype(np.int8)}


def _without_maps(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value for name, value in arrays.items() if not name.startswith(MAPS)}


def _variables(job: Job) -> dict[str, results.Variable]:
    """What is kept of every point."""
    variables = {}
    for name, levels in job.critical.items():
        attributes = {"levels": list(levels), "critical_values": list(levels.values())}
        variables[f"{name}_test_statistic"] = results.Variable("float64", "1", f"test statistic of {name}", attributes)
        variables[f"{name}_excluded"] = results.Variable(
            "int8", "1", f"1 where {name} excludes at {next(iter(levels))}", {}
        )
    return variables | {"status": _STATUS}


def _coordinates(job: Job, names: tuple[str, ...] | list[str]) -> dict[str, results.Coordinate]:
    described = {name: parameters.PARAMETERS[name] for name in names}
    return {
        name: results.Coordinate(job.settings.axes[name].array(), described[name].unit, described[name].meaning)
        for name in names
    }


def _parameters(names: tuple[str, ...]) -> dict[str, results.Variable]:
    return {
        name: results.Variable("float64", parameters.PARAMETERS[name].unit, parameters.PARAMETERS[name].meaning)
        for name in names
    }


def _write_points(job: Job, folder: results.ScanFolder, chunks: int) -> None:
    """scan.zarr: on a grid a cube, of a sample a list of points with their parameters."""
    variables = _variables(job)
    if isinstance(job.grid, engine.Grid):
        coordinates = _coordinates(job, job.grid.names)
    else:
        coordinates = {"point": results.Coordinate(np.arange(job.grid.size), "1", "number of the point")}
        variables = _parameters(job.grid.names) | variables
    results.write_cube(
        folder.path / CUBE,
        coordinates,
        variables,
        job.layout.chunk,
        folder.records(chunks),
        {"held": dict(job.settings.held)},
    )


def _write_summary(job: Job, folder: results.ScanFolder, chunks: int, total: engine.Summary) -> None:
    """summary.zarr: maps over some axes, and histograms."""
    kept = job.settings.summary.axes
    arrays: dict[str, tuple] = {}
    coordinates: dict[str, results.Coordinate] = {}
    names = tuple(name for name in getattr(job.grid, "names", ()) if name in kept)
    if kept:
        coordinates |= _coordinates(job, names)
        arrays |= _maps(job, folder, chunks, names)
    if job.settings.summary.histogram:
        centres = 0.5 * (engine.summary.EDGES[1:] + engine.summary.EDGES[:-1])
        coordinates["log10_ratio"] = results.Coordinate(
            centres, "1", "log10 of the test statistic over its critical value, centre of the bin"
        )
        for name, counts in total.histogram.items():
            arrays[f"{name}_histogram"] = (
                ("log10_ratio",),
                np.asarray(counts),
                results.Variable("int64", "1", f"points by test statistic of {name}"),
            )
    results.write_arrays(folder.path / REDUCED, coordinates, arrays, {"held": dict(job.settings.held)})


def _maps(job: Job, folder: results.ScanFolder, chunks: int, names: tuple[str, ...]) -> dict[str, tuple]:
    """Fractions excluded and profiles over the axes `names`, with the other axes' values where each profile is
    reached.
    """
    reduced = [i for i, axis in enumerate(job.grid.axes) if axis.name not in names]

    def pieces() -> Iterator[tuple[tuple[slice, ...], dict[str, np.ndarray]]]:
        for each in folder.records(chunks):
            place = tuple(slice(0, 1) if i in reduced else part for i, part in enumerate(each.slices))
            yield (
                place,
                {name.removeprefix(MAPS): value for name, value in each.summary.items() if name.startswith(MAPS)},
            )

    shape = tuple(1 if i in reduced else size for i, size in enumerate(job.grid.shape))
    found = {
        name: value.reshape([size for i, size in enumerate(shape) if i not in reduced])
        for name, value in engine.maps.join(pieces(), shape).items()
    }
    arrays = {
        "excluded_fraction": (
            names,
            found["excluded_by_any"] / found["points"],
            results.Variable("float64", "1", "part of the points that something excludes"),
        )
    }
    for name, levels in job.critical.items():
        label, critical = next(iter(levels.items()))
        at = found[f"argmin.{name}"]
        least = np.where(at >= 0, found[f"minimum.{name}"] * critical, np.nan)
        about = results.Variable("float64", "1", f"part of the points that {name} excludes at {label}")
        arrays[f"{name}_excluded_fraction"] = (names, found[f"excluded.{name}"] / found["points"], about)
        arrays[f"{name}_profile"] = (
            names,
            least,
            results.Variable(
                "float64", "1", f"least test statistic of {name} over the other axes", {"critical_value": critical}
            ),
        )
        where = np.unravel_index(np.maximum(at, 0), job.grid.shape)
        for i in reduced:
            axis = job.grid.axes[i]
            value = np.where(at >= 0, axis.values()[where[i]], np.nan)
            arrays[f"{name}_profile_{axis.name}"] = (names, value, _parameters((axis.name,))[axis.name])
    return arrays


def _write_refined(job: Job, folder: results.ScanFolder, chunks: int, depth: int) -> bool:
    """refined.zarr: the points that were added beside the levels; False where there is none."""
    grid = job.grid
    if not isinstance(grid, engine.Grid):
        raise TypeError("a sample has no cells to refine")
    above = {name: np.zeros(grid.shape, bool) for name in job.critical}
    for each in folder.records(chunks):
        for name in above:
            above[name][each.slices] = each.outputs[f"{name}_excluded"] == 1
    with progress.bar() as bar:
        task = bar.add_task("refining", total=depth, unit="halvings", note="")

        def advance(halving: int, number: int) -> None:
            bar.update(task, completed=halving, note=f"{number:,} points added")

        found = engine.refine(job.problem, grid, above, depth, progress=advance)
    if not found:
        return False
    variables = (
        _parameters(job.grid.names)
        | _variables(job)
        | {"halving": results.Variable("int8", "1", "halving of the grid's cells that added the point")}
    )
    values = {name: found[name] for name in job.grid.names} | _statistics(job, found) | {"halving": found["halving"]}
    arrays = {name: (("point",), value, variables[name]) for name, value in values.items()}
    results.write_arrays(folder.path / REFINED, {}, arrays, {"held": dict(job.settings.held)})
    return True


def _trace(job: Job, verify: bool) -> contouring.Traced:
    """All contours, with progress."""
    with progress.bar() as bar:
        task = bar.add_task("tracing contours", total=max(contouring.count(job.settings), 1), unit="contours", note="")
        return contouring.trace_all(
            job.problem, job.settings, job.critical, bar.console.print, lambda: bar.advance(task), verify
        )


def _write_contours(job: Job, folder: results.ScanFolder, traces: list[results.Trace]) -> list[str]:
    """The contours with their certificates, in the forms that others read, and drawn; the names of the files."""
    sides, names = contouring.table(job.settings, traces)
    results.write_contours(folder.path / CONTOURS, sides, names, traces)
    results.write_certificates(folder.path / CERTIFICATES, names, traces)
    kinds = {name: config.about(table).kind for name, table in job.settings.constraints.items()}
    exported = [write(folder.path, sides, kinds, traces) for write in (results.write_texts, results.write_hepdata)]
    return [CONTOURS, CERTIFICATES, *sum(exported, []), *plots.draw(folder.path, job.settings, traces)]
