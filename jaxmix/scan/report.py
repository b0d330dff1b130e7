"""What a scan says at its end: what is excluded by what, where the test statistics are largest, and what was written
where.
"""

import json
from pathlib import Path

import numpy as np

from jaxmix import engine
from jaxmix.results.folder import CERTIFICATES
from jaxmix.scan import progress
from jaxmix.scan.job import Job


def show(text: str, manifest: dict, as_json: bool) -> None:
    """The last words for a reader, or the manifest on stdout."""
    print(json.dumps(manifest, indent=1, allow_nan=False) if as_json else text)


def extremes(job: Job, total: engine.Summary) -> dict[str, dict]:
    """The least and the largest test statistic of each constraint and the points that have them; None where there is no
    statement.
    """
    found = {}
    for name, levels in job.critical.items():
        critical = next(iter(levels.values()))
        ends = {
            "least": (total.minimum[name], total.argmin[name]),
            "largest": (total.maximum[name], total.argmax[name]),
        }
        found[name] = {
            end: None
            if int(at) < 0 or not np.isfinite(value)
            else {"test_statistic": float(value) * critical, **progress.point(job, int(at))}
            for end, (value, at) in ends.items()
        }
    return found


def as_text(path: Path, job: Job, details: dict) -> str:
    """What is excluded by what, and, in the last line, what was written where."""
    number = details["points"]
    width = max(map(len, details["excluded"]))
    lines = []
    for name, levels in job.critical.items():
        largest = details["extremes"][name]["largest"]
        place = (
            ", ".join(f"{key} = {value:.4g}" for key, value in largest.items() if key != "test_statistic")
            if largest
            else ""
        )
        strongest = f"; largest q {largest['test_statistic']:.4g} at {place}" if largest else "; no statement anywhere"
        lines.append(
            f"{name:<{width}}  {next(iter(levels))}  {details['excluded'][name] / number:7.2%} excluded{strongest}"
        )
    if len(lines) > 1:
        lines.append(f"{'any of them':<{width}}  {details['excluded_by_any'] / number:.2%} excluded")
    lines.append(
        "points by status: " + ", ".join(f"{name} {count:,}" for name, count in details["points_by_status"].items())
    )
    checked = (details["contours"] or {}).get("verified")
    if checked and checked["vertices"] is not None:
        found = f"vertices to {checked['vertices']:.1g}, curves to {checked['curve']:.1g} of the plane"
        lines.append(
            f"contours checked by bisection: on the level {found}; not met at {checked['lost']} of "
            f"{checked['places']:,} places"
        )
    parts = [f"{name} excludes {count / number:.1%}" for name, count in details["excluded"].items()]
    if len(parts) > 4:
        parts = [f"{len(parts)} constraints exclude {details['excluded_by_any'] / number:.1%}"]
    lines.append(
        f"{number:,} points, {', '.join(parts)}, {_counted(details['contours'])}; written to {path}: "
        f"{', '.join(_listed(details['files']))}"
    )
    return "\n".join(lines)


def _counted(contours: dict | None) -> str:
    """How many contours there are, and how many of them did not converge."""
    if contours is None:
        return "0 contours"
    doubtful = [f"{count} {status}" for status, count in contours["by_status"].items() if status != "converged"]
    return f"{contours['number']} contours" + (f" ({', '.join(doubtful)}: see {CERTIFICATES})" if doubtful else "")


def _listed(files: list[str]) -> list[str]:
    """The files, those of a folder as the folder alone."""
    return list(dict.fromkeys(f"{name.partition('/')[0]}/" if "/" in name else name for name in files))
