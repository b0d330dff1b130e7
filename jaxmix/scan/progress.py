"""What a run shows while it works: how far it is, how fast, how long still, and the best point so far."""

import contextlib
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from rich import console, progress

from jaxmix import config, engine
from jaxmix.scan.job import Job


class Best:
    """The best point so far of the first constraint: where a measurement fits best, or where a search or a projection
    is strongest.
    """

    def __init__(self, job: Job):
        self.job = job
        self.name, levels = next(iter(job.critical.items()))
        self.critical = next(iter(levels.values()))
        self.least = config.about(job.settings.constraints[self.name]).kind == "measured"
        self.value, self.index = np.inf, -1

    def see(self, chunk: engine.Chunk) -> None:
        """Take in one more chunk."""
        extreme, at = (
            (chunk.summary.minimum, chunk.summary.argmin)
            if self.least
            else (chunk.summary.maximum, chunk.summary.argmax)
        )
        value = float(extreme[self.name]) if self.least else -float(extreme[self.name])
        if int(at[self.name]) >= 0 and value < self.value:
            self.value, self.index = value, int(at[self.name])

    def text(self) -> str:
        """Its test statistic and its place."""
        if self.index < 0:
            return ""
        place = ", ".join(f"{name} = {value:.4g}" for name, value in point(self.job, self.index).items())
        q = self.critical * (self.value if self.least else -self.value)
        return f"{'least' if self.least else 'largest'} q of {self.name} {q:.4g} at {place}"


def point(job: Job, index: int) -> dict[str, float]:
    """The parameters of the point with a flat index."""
    if not isinstance(job.grid, engine.Grid):
        return {name: float(value[0]) for name, value in job.grid.point(jnp.array([index])).items()}
    places = np.unravel_index(index, job.grid.shape)
    return {axis.name: float(axis.value(jnp.asarray(place))) for axis, place in zip(job.grid.axes, places)}


@contextlib.contextmanager
def bar() -> Iterator[progress.Progress]:
    """A progress bar on stderr, with a field `note` in each task."""
    columns = (
        "[progress.description]{task.description}",
        progress.BarColumn(bar_width=24),
        progress.TaskProgressColumn(),
        _Rate(),
        progress.TimeRemainingColumn(),
        "{task.fields[note]}",
    )
    with progress.Progress(*columns, console=console.Console(stderr=True), transient=True) as shown:
        yield shown


class _Rate(progress.ProgressColumn):
    """Points, or contours, per second."""

    def render(self, task: progress.Task) -> str:
        """The speed so far."""
        return f"{task.speed:,.3g} {task.fields['unit']}/s" if task.speed else ""
