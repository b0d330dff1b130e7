"""A scan from its config to its files: what the commands `scan` and `merge` do."""

import argparse
import collections
import functools
import re
import shlex
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

from jaxmix import config, engine, faults, results
from jaxmix.command import answers, backend, guard
from jaxmix.results import folder as folders
from jaxmix.scan import contours, dry_run, hatted_tables, outputs, progress, report
from jaxmix.scan.job import Job, prepare

_WRITING = 2  # chunks on their way to the disk beside the computation


def run(arguments: argparse.Namespace) -> int:
    """The command `scan`: evaluate what is missing, commit it chunk by chunk, and finish."""
    settings = config.load(arguments.config, arguments.set)
    shard = _shard(arguments.shard)
    _check_verify(arguments.verify, settings, shard)
    out = Path(arguments.out or Path("scans") / settings.scan.name)
    if arguments.dry_run:
        answers.show(
            [dry_run.plan(settings, prepare(settings, arguments.device, arguments.pdf), out)], True, arguments.json
        )
        return 0
    if arguments.distributed:
        shard = backend.join(arguments.distributed)
    job = prepare(settings, arguments.device, arguments.pdf)
    try:
        return _run(job, out, shard, arguments)
    except (KeyboardInterrupt, faults.Terminated):
        print(f"jaxmix scan: {_how_to_go_on(arguments, out)}", file=sys.stderr)
        raise


def _run(job: Job, out: Path, shard: tuple[int, int] | None, arguments: argparse.Namespace) -> int:
    started, fits = time.perf_counter(), functools.partial(outputs.fits, job)
    with results.open_folder(out, job.identity(), shard, arguments.restart, fits) as folder:
        if _nothing_to_do(folder, arguments):
            return 0
        if shard is None:
            # a second compilation beside the grid's: a daemon, so that an interrupted run does not wait for it
            threading.Thread(target=contours.compile_all, args=(job.problem, job.settings), daemon=True).start()
        _evaluate(job, folder, _how_to_go_on(arguments, out))
        if shard is None:
            return outputs.finish(job, folder, started, arguments.json, arguments.verify)
        manifest = folder.write_manifest("finished", {"shard": list(shard), "seconds": time.perf_counter() - started})
    text = f"{out}: part {shard[0]} of {shard[1]} is written"
    if not arguments.distributed:
        report.show(f"{text}; join the parts with: jaxmix merge {out}", manifest, arguments.json)
        return 0
    backend.wait_for_all("jaxmix scan")
    if shard[0]:
        print(f"jaxmix scan: {text}; process 0 joins the parts", file=sys.stderr)
        return 0
    with results.open_folder(out, job.identity(), fits=fits) as folder:
        return outputs.finish(job, folder, started, arguments.json, arguments.verify)


def merge(arguments: argparse.Namespace) -> int:
    """The command `merge`: every point must be there once; then cube, contours and figures."""
    out = Path(arguments.folder)
    settings = config.restored(folders.read_manifest(out)["config"])
    _check_verify(arguments.verify, settings, None)
    job = prepare(settings, arguments.device, arguments.pdf)
    with results.open_folder(out, job.identity(), fits=functools.partial(outputs.fits, job)) as folder:
        if _nothing_to_do(folder, arguments):
            return 0
        return outputs.finish(job, folder, time.perf_counter(), arguments.json, arguments.verify)


def _nothing_to_do(folder: results.ScanFolder, arguments: argparse.Namespace) -> bool:
    """Whether the scan is finished, its contours verified if that is asked for, and says so; else what is missing is
    done: contours are traced again, and what comes from the chunks is written as it was.
    """
    if folder.finished is None:
        return False
    if arguments.verify and "verified" not in (folder.finished.get("contours") or {}):
        print(
            f"{folder.path}: this scan is finished, but not verified: its contours, and chunks that it lacks, are "
            "computed again",
            file=sys.stderr,
        )
        return False
    report.show(f"{folder.path}: this scan is finished; nothing was written", folder.finished, arguments.json)
    return True


def _check_verify(verify: bool, settings: config.Config, shard: tuple[int, int] | None) -> None:
    if verify and settings.contours is None:
        raise faults.BadInput("--verify: the study has no table [contours], so there is nothing to verify")
    if verify and shard is not None:
        raise faults.BadInput("--verify: a shard traces no contours; give --verify to jaxmix merge")


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match or not int(match[1]) < int(match[2]):
        raise faults.BadInput(f"--shard: found {text[:40]!r}; allowed: i/N with 0 <= i < N, for example 0/8")
    return int(match[1]), int(match[2])


def _how_to_go_on(arguments: argparse.Namespace, out: Path) -> str:
    """The command that resumes this one."""
    words = [
        "jaxmix",
        "scan",
        arguments.config,
        "--out",
        str(out),
        *(word for each in arguments.set for word in ("--set", each)),
    ]
    given = {f"--{name}": getattr(arguments, name) for name in ("shard", "device", "pdf", "tables")}
    words += ["--verify"] if arguments.verify else []
    words += [word for flag, value in given.items() if value is not None for word in (flag, value)]
    return f"to go on: {shlex.join(words)}"


def _evaluate(job: Job, folder: results.ScanFolder, how: str) -> None:
    """Compute and commit the chunks that this process owes and the folder lacks; a signal is answered between two of
    them.
    """
    owed = folder.missing(folder.share(job.layout.chunks))
    if not owed:
        return
    reduction = engine.Reduction(tuple(job.settings.summary.axes), job.settings.summary.histogram)
    keep = job.settings.scan.outputs == "full"
    best, written = progress.Best(job), 0
    with progress.bar() as bar, guard.Deferred(bar.console.print) as stop, futures.ThreadPoolExecutor(1) as writer:
        task = bar.add_task("compiling", total=None, unit="points", note="")

        def advance(done: int, total: int) -> None:
            stop.armed = True
            bar.update(task, completed=done, total=total, description="scanning")

        pending: collections.deque[futures.Future] = collections.deque()
        problem = hatted_tables.with_tables(job.problem, job.grid)
        for chunk in engine.evaluate(
            problem,
            job.grid,
            job.tiling,
            chunks=owed,
            keep=keep,
            reduction=reduction,
            progress=advance,
            compile_level=job.compile_level,
        ):
            kept = outputs.record(job, chunk.index, chunk.slices, chunk.outputs, chunk.summary, chunk.maps)
            pending.append(writer.submit(folder.commit, kept))
            while len(pending) > (_WRITING if stop.asked is None else 0):
                pending.popleft().result()
                written += 1
            best.see(chunk)
            bar.update(task, note=best.text())
            if stop.asked is not None:
                left = len(owed) - written
                raise faults.Interrupted(
                    stop.asked,
                    f"stopped with {left} of {job.layout.chunks} chunks to do; what was committed stays; {how}",
                )
        while pending:
            pending.popleft().result()
