"""How programs are compiled: at one of three levels, by how long they run, and never twice on one machine."""

import functools
import hashlib
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import jax

from jaxmix.engine.compile import kept_programs

CompileLevel = Literal["fast_compile", "balanced", "fast_run"]

# XLA keeps to half of the width that a CPU with AVX-512 has; others are no wider than what it keeps to. A schedule for
# operations that run side by side costs memory and time where each core has a device of its own.
_FAST_RUN = {"xla_cpu_prefer_vector_width": 512, "xla_cpu_enable_concurrency_optimized_scheduler": False}
# they halve the time to compile on a CPU, and the speed of what is compiled; numbers agree to rounding
_FAST_COMPILE = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
# a third of the time to compile, at full speed where arrays are small and at half of it where they are long
_BALANCED = {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}


@functools.cache
def fast_compile(function: Callable) -> Callable:
    """The function compiled in the least time, for programs that run a few times; the same function object compiles
    nothing again.
    """
    return kept_programs.Program(function, fast_compile_options())


@functools.cache
def fast_run(function: Callable) -> Callable:
    """The function compiled for programs that run for long."""
    return kept_programs.jit(function, _known_of(_FAST_RUN))


@functools.cache
def balanced(function: Callable) -> Callable:
    """The function compiled in little time for programs that run for seconds."""
    return kept_programs.Program(function, _known_of(_BALANCED))


def at_level(function: Callable, level: CompileLevel) -> Callable:
    """The function compiled at a level.

    Parameters
    ----------
    function
        A function of pytrees; the same function object at the same level compiles nothing again.
    level
        "fast_compile" for programs that run a few times, "balanced" for those that run for seconds, "fast_run" for
        those that run for long.
    """
    levels = {"fast_compile": fast_compile, "balanced": balanced, "fast_run": fast_run}
    if level not in levels:
        raise ValueError(f"compile_level: found {level!r}; allowed: {', '.join(levels)}.")
    return levels[level](function)


@functools.cache
def fast_compile_options() -> dict[str, Any]:
    """Options of jax.jit that save time to compile; those that this compiler knows, none on an accelerator."""
    return _known_of(_FAST_COMPILE)


def keep_programs(folder: Path, store: kept_programs.Store, packages: Sequence[str] = ()) -> None:
    """Keep programs on disk from now on, and take from there those that were compiled before.

    Nothing is kept where the folder cannot be written, or where jax_compilation_cache_dir names another one.

    Parameters
    ----------
    folder
        Where compiled programs are kept, in a folder below for each kind of processor.
    store
        Where traced programs are kept.
    packages
        Names of further packages whose functions may be kept, see `keep_in`.
    """
    if jax.config.jax_compilation_cache_dir is not None:  # type: ignore[attr-defined]  # jax makes its options as it starts
        return
    place = folder / _processor()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(place, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(place))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        kept_programs.keep_in(store, packages)


def _processor() -> str:
    """A name for the processor's features: a program may use all of those that it was compiled for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = [platform.processor()]
    features = next((line for line in lines if line.startswith(("flags", "Features"))), lines[0] if lines else "")
    return f"{platform.machine()}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"


def _known_of(options: dict[str, Any]) -> dict[str, Any]:
    """Those options that this compiler knows; they are for CPUs."""
    if jax.default_backend() != "cpu":
        return {}
    return {name: value for name, value in options.items() if _known({name: value})}


def _known(options: dict[str, Any]) -> bool:
    try:
        jax.jit(lambda x: x + 1, compiler_options=options)(0)
    except RuntimeError:  # another version of the compiler
        return False
    return True
