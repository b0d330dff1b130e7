"""A detector's design from its config to its files: what the command `design` does."""

import argparse
import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from rich import console, progress

from jaxmix import atomic, engine, faults, fingerprint, study
from jaxmix.command import answers, backend
from jaxmix.config import design as design_schema
from jaxmix.constraints import shelf
from jaxmix.constraints.base import setting
from jaxmix.design import figures, reach
from jaxmix.results import lock, provenance, references

_FORMAT = "jaxmix design 1"
_UNMET = 1e-6  # excess over the budget, relative, that a design in whole numbers may have
FINISHED = "design.json"


class Job(NamedTuple):
    """A search ready to run: its config, what is to be largest, the budget, where every design parameter may move (the
    held ones nowhere) and where each starts, and ln(limit) of the start at each mass, roughly.
    """

    settings: design_schema.DesignConfig
    reach: reach.Reach
    excess: "Excess"
    ranges: dict[str, engine.optimise.Range]
    start: dict[str, float]
    log_limits: Float[Array, " n"]


class Excess(eqx.Module):
    """ln(cost/allowed) of a design, other settings held."""

    allowed: Float[Array, ""]
    prices: dict[str, Float[Array, ""]]
    held: dict[str, Float[Array, ""]]
    cost: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] = eqx.field(static=True)

    def __call__(self, design: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        return jnp.log(self.cost(self.prices, {**self.held, **design}) / self.allowed)


class Outcome(NamedTuple):
    """What a search found: the optimum, the best design in whole numbers (None where none was sought or found), and for
    each mass the derivatives of ln(limit) at the start and at the optimum, by the logarithm of each parameter (eta: by
    itself).
    """

    optimum: engine.optimise.Optimum
    whole: engine.optimise.Optimum | None
    before: list[dict[str, float]]
    after: list[dict[str, float]]


def run(arguments: argparse.Namespace) -> int:
    """The command `design`: read the config, search, write, print."""
    settings = design_schema.load(arguments.config, arguments.set)
    out = Path(arguments.out or Path("scans") / settings.design.name)
    _check_empty(out)
    backend.start()
    with atomic.writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with lock.held(out):
        _check_empty(out)
        started = time.perf_counter()
        job, outcome = _searched(settings)
        document = described(job, outcome)
        document["seconds"] = time.perf_counter() - started
        document["files"] = write(out, job, document)
    if arguments.json:
        print(json.dumps(answers.null_for_nan(document), indent=1, allow_nan=False))
    else:
        print(as_text(document), f"written to {out}: {', '.join(document['files'])}", sep="\n\n")
    return 0


def _check_empty(out: Path) -> None:
    """ExistingResult if the folder holds anything but what a run that wrote nothing leaves."""
    if out.exists() and not out.is_dir():
        raise faults.ExistingResult(f"{out} exists and is not a folder: choose another --out")
    names = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    foreign = [name for name in names if not (name.startswith(lock.NAME) or name.endswith(atomic.PARTIAL))]
    if foreign:
        raise faults.ExistingResult(f"{out} holds {', '.join(foreign[:5])}: choose another --out")


def _searched(settings: design_schema.DesignConfig) -> tuple[Job, Outcome]:
    """The search with its progress on the screen."""
    columns = (progress.SpinnerColumn(), "[progress.description]{task.description}", progress.TimeElapsedColumn())
    with progress.Progress(*columns, console=console.Console(stderr=True), transient=True) as bar:
        task = bar.add_task("limits of the start", total=None)
        job = prepare(settings)
        bar.update(task, description="compiling")

        def tell(step: int, found: engine.optimise.Sample) -> None:
            bar.update(
                task, description=f"step {step}: reach {found.value:.6f}, budget {math.expm1(found.excess):+.2%}"
            )

        return job, search(job, tell)


def prepare(settings: design_schema.DesignConfig) -> Job:
    """Detector, masses, ranges and budget of a config, with float64 on; BadInput names a mass that the start does not
    reach.
    """
    backend.start()
    values, target = settings.settings, settings.target
    built = shelf.build(target.kind.name, values, ("cl", settings.design.cl))
    problem = study.Study(settings.held, {target.name: built})
    log_limits = reach.starts(problem, settings.masses)
    _check_reached(settings, log_limits)
    silent = setting.idle(target.kind.settings, values)
    start = {name: float(values[name]) for name in target.movable if name not in silent}
    ranges = {
        name: _range(settings.ranges.get(name), value, not target.movable[name].linear) for name, value in start.items()
    }
    numbers = {name: jnp.asarray(value) for name, value in values.items() if isinstance(value, float)}
    prices = {name: jnp.asarray(value) for name, value in settings.prices.items()}
    objective = reach.Reach(problem, jnp.asarray(settings.masses), jnp.asarray(settings.weights()))
    return Job(
        settings,
        objective,
        Excess(jnp.asarray(settings.allowed), prices, numbers, target.costs.cost),
        ranges,
        start,
        jnp.asarray(log_limits),
    )


def _range(found: design_schema.Range | None, value: float, logarithmic: bool) -> engine.optimise.Range:
    if found is None:
        return engine.optimise.Range(value, value, logarithmic)
    return engine.optimise.Range(found.min, found.max, logarithmic)


def _check_reached(settings: design_schema.DesignConfig, log_limits: np.ndarray) -> None:
    lost = [f"{mass:.6g}" for mass, value in zip(settings.masses, log_limits) if not math.isfinite(value)]
    if lost:
        low, high = reach.DOMAIN
        raise faults.BadInput(
            f"axes.m_mcp: found {', '.join(lost)} GeV, where the starting design has no limit on {reach.PARAMETER} "
            f"from {low:g} to {high:g}; allowed: masses that it reaches"
        )


def search(job: Job, tell: Callable[[int, engine.optimise.Sample], None] | None = None) -> Outcome:
    """The best design in real and in whole numbers, and derivatives of the limits; NumericalFailures if the start has
    no reach.
    """
    found = engine.optimise.maximise(job.reach, job.excess, job.ranges, job.start, job.log_limits, progress=tell)
    if found.status == "no_value":
        raise faults.NumericalFailures("the limits of the starting design do not converge; nothing was written")
    return Outcome(
        found, _in_whole_numbers(job, found, tell), derivatives(job, found.start), derivatives(job, found.best)
    )


def derivatives(job: Job, at: engine.optimise.Sample) -> list[dict[str, float]]:
    """d ln(limit)/d ln(parameter) (eta: by itself) for each mass, by the program of the whole reach with one weight
    alone.
    """
    found = []
    for one in np.eye(len(job.settings.masses)):
        single = dataclasses.replace(job.reach, weights=jnp.asarray(one))
        slope = engine.optimise.sample(single, job.excess, at.x, job.ranges, at.memory).slope
        found.append({name: 0.0 - value for name, value in slope.items()})
    return found


def _in_whole_numbers(
    job: Job, found: engine.optimise.Optimum, tell: Callable | None
) -> engine.optimise.Optimum | None:
    """The best of the designs in which settings in whole numbers are held at those nearest to the optimum (some on
    either side), all else moved anew within the budget.
    """
    target = job.settings.target
    free = [name for name in target.movable if target.kind.settings[name].is_whole and name in job.settings.ranges]
    choices: list[dict[str, float]] = [{}] if free else []
    for name in free:
        numbers = _neighbours(found.best.x[name], job.ranges[name])
        choices = [
            choice | {name: value}
            for choice in choices
            for value in (numbers if target.movable[name].both_sides else numbers[:1])
        ]
    tried = []
    for choice in choices:
        ranges = job.ranges | {
            name: dataclasses.replace(job.ranges[name], low=value, high=value) for name, value in choice.items()
        }
        start, guess = found.best.x | choice, found.multiplier
        tried.append(
            engine.optimise.maximise(
                job.reach, job.excess, ranges, start, found.best.memory, multiplier=guess, first=0, progress=tell
            )
        )
    kept = [each for each in tried if each.best.excess <= _UNMET and math.isfinite(each.best.value)]
    return max(kept, key=lambda each: each.best.value, default=None)


def _neighbours(value: float, inside: engine.optimise.Range) -> list[float]:
    """The whole numbers next to a value and inside a range, the nearest first."""
    numbers = {float(each) for each in (math.floor(value), math.ceil(value)) if inside.low <= each <= inside.high}
    return sorted(numbers, key=lambda each: abs(each - value))


def described(job: Job, outcome: Outcome) -> dict:
    """The answer as JSON types."""
    settings, found, whole = job.settings, outcome.optimum, outcome.whole
    ends = {"before": found.start, "after": found.best} | ({} if whole is None else {"whole": whole.best})
    return {
        "format": _FORMAT,
        "name": settings.design.name,
        "objective": settings.design.objective,
        "constraint": settings.target.name,
        "kind": settings.target.kind.name,
        "parameter": reach.PARAMETER,
        "cl": settings.design.cl,
        "status": found.status,
        "iterations": found.iterations,
        "evaluations": found.evaluations,
        "reach": {when: each.value for when, each in ends.items()},
        "design": {name: _parameter(job, name, found, ends) for name in job.ranges},
        "budget": {
            "kind": settings.kind,
            "allowed": settings.allowed,
            "used": {when: settings.allowed * math.exp(each.excess) for when, each in ends.items()},
            "d_reach_d_log_budget": found.multiplier,
        },
        "gradient": {name: value for name, value in found.gradient.items() if name in settings.ranges},
        "limits": _limits(job, outcome, ends),
        "d_log_limit": {"before": _negative(found.start.slope), "after": _negative(found.best.slope)},
        "config_hash": fingerprint.digest(settings.canonical()),
        "config": settings.canonical(),
        "versions": provenance.versions(),
    }


def _parameter(job: Job, name: str, found: engine.optimise.Optimum, ends: Mapping[str, engine.optimise.Sample]) -> dict:
    inside = job.ranges[name]
    free = name in job.settings.ranges
    values = {when: each.x[name] for when, each in ends.items()}
    scale = "log" if inside.logarithmic else "linear"
    return {
        **values,
        "min": inside.low,
        "max": inside.high,
        "free": free,
        "at": found.at[name] if free else "",
        "scale": scale,
    }


def _limits(job: Job, outcome: Outcome, ends: Mapping[str, engine.optimise.Sample]) -> list[dict]:
    rows = []
    for number, mass in enumerate(job.settings.masses):
        limits = {f"limit_{when}": math.exp(float(each.memory[number])) for when, each in ends.items()}
        moves = {"before": outcome.before[number], "after": outcome.after[number]}
        rows.append({"m_mcp": mass, "weight": float(job.reach.weights[number]), **limits, "d_log_limit": moves})
    return rows


def _negative(slopes: Mapping[str, float]) -> dict[str, float]:
    return {name: 0.0 - value for name, value in slopes.items()}


def write(out: Path, job: Job, document: dict) -> list[str]:
    """Figures with their tables, references and design.json (last); the names. CannotWrite on failure."""
    names = figures.draw(out, document)
    designed = job.reach.problem.constraints[job.settings.target.name]
    names += [references.write_references(out, designed.sources()), FINISHED]
    text = json.dumps(answers.null_for_nan({**document, "files": names}), indent=1, allow_nan=False)
    atomic.write_bytes(out / FINISHED, (text + "\n").encode())
    return names


def as_text(document: dict) -> str:
    """The answer for a reader."""
    reaches, budget = document["reach"], document["budget"]
    whole = "whole" in reaches
    heads = ["before", "after", *(["in whole numbers"] if whole else [])]
    lines = [
        f"{document['name']}: {document['status']} after {document['iterations']} steps, "
        f"{document['evaluations']} evaluations"
    ]
    lines.append(_row("", heads + ["dln(limit)/dln, before", "after"]))
    lines.append(_row("reach (mean -ln limit)", reaches.values()))
    lines.append(_row(f"{budget['kind']} (allowed {budget['allowed']:g})", budget["used"].values()))
    moves = document["d_log_limit"]
    for name, each in document["design"].items():
        note = f" (at its {each['at']})" if each["at"] else "" if each["free"] else " (held)"
        values = [each[when] for when in reaches]
        lines.append(_row(name + note, [*values, *(moves[when][name] for when in ("before", "after"))]))
    lines += ["", _row("m_mcp [GeV]", [f"limit {head}" for head in heads])]
    lines += [_row(f"{row['m_mcp']:.4g}", [row[f"limit_{when}"] for when in reaches]) for row in document["limits"]]
    return "\n".join(lines)


def _row(head: str, cells) -> str:
    return f"{head:<28}" + "".join(f"{cell if isinstance(cell, str) else format(cell, '.5g'):>24}" for cell in cells)
