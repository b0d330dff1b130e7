"""Exact evaluations with their gradients, and a traced contour."""

import argparse
import functools
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import kernels
import measuring
import numpy as np
import studies

from jaxmix import engine

BATCHES = (256, 1024)


def evaluations(quick: bool) -> list[measuring.Row]:
    """Microseconds a point of the exact statistic, alone and with its gradient by (m_mcp, epsilon_gamma)."""
    whole, random = studies.dense(), np.random.default_rng(3)
    programs = {"value": kernels.value, "value and gradient": kernels.value_and_gradient}
    rows = []
    for batch in BATCHES[: 1 if quick else None]:
        points = [jnp.asarray(np.exp(random.uniform(*np.log(pair), batch))) for pair in studies.ends().values()]
        functions = {
            name: functools.partial(_evaluated, program, whole, *points, studies.plane())
            for name, program in programs.items()
        }
        times = measuring.medians(functions, 3 if quick else 15)
        for name, each in times.items():
            rows.append(
                measuring.Row(f"exact {name}, batches of {batch}", f"{each / batch * 1e6:.0f} microseconds a point")
            )
        rows.append(
            measuring.Row(
                f"gradient over value, batches of {batch}", f"{times['value and gradient'] / times['value']:.1f}"
            )
        )
    return rows


def _evaluated(program: Callable, *arguments: object) -> object:
    """The values of a program, once they are there."""
    return jax.block_until_ready(program(*arguments))


def contours(quick: bool) -> list[measuring.Row]:
    """One plane's contour at two standard deviations: time, vertices, calls."""
    whole, ends = studies.dense(), studies.ends()
    x, y = (engine.Axis.log(name, *ends[name], 25) for name in ("m_mcp", "epsilon_gamma"))
    nodes = whole.constraints["mcp_lhc"].features("m_mcp", studies.plane())
    seconds = []
    for _ in range(2 if quick else 6):  # the first one compiles
        started = time.perf_counter()
        found = engine.trace_contours(whole, x, y, studies.plane(), output="mcp_lhc", x_nodes=nodes)
        seconds.append(time.perf_counter() - started)
    vertices, calls = sum(len(piece.x) for piece in found), found.calls
    taken = float(np.median(seconds[1:]))
    return [
        measuring.Row(f"contour of one plane: {len(found)} components, {vertices} vertices", f"{taken:.2f} s"),
        measuring.Row("the first one, compiling", f"{seconds[0]:.1f} s"),
        measuring.Row("milliseconds a vertex", f"{taken / vertices * 1e3:.2f}"),
        measuring.Row("evaluations with gradient a vertex", f"{calls / vertices:.1f}"),
        measuring.Row("largest residual of a vertex", f"{max(piece.max_residual for piece in found):.1e}", "<= 1e-9"),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    found = evaluations(arguments.quick) + contours(arguments.quick)
    notes = [
        "float64, no interpolation: mixing, 112 nodes of the Drell-Yan spectrum, all meson channels, detector,",
        "statistic, at random points of the dense study's plane at m_Z'/m_mcp = 3 and theta_W' = theta_W.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, begin=lambda: jax.config.update("jax_enable_x64", True))
