"""How programs are compiled: with care where they run for long, quickly where they run a few times, and never twice on
one machine.
"""

import functools
import hashlib
import os
import platform
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax

from jaxmix.engine.compile import kept_programs

# XLA keeps to half of the width that a CPU with AVX-512 has; others are no wider than what it keeps to. A schedule for
# operations that run side by side costs memory and time where each core has a device of its own.
_CAREFUL = {"xla_cpu_prefer_vector_width": 512, "xla_cpu_enable_concurrency_optimized_scheduler": False}
# they halve the time to compile on a CPU, and the speed of what is compiled; numbers agree to rounding
_QUICK = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
# a third of the time to compile, at full speed where arrays are small and at half of it where they are long
_PLAIN = {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}


@functools.cache
def fast_compile(function: Callable) -> Callable:
    """The function compiled in the least time, for programs that run a few times; the same function compiles nothing
    again.
    """
    return kept_programs.Program(function, fast_compile_options())


@functools.cache
def fast_run(function: Callable) -> Callable:
    """The function compiled for programs that run for long."""
    return eqx.filter_jit(function, compiler_options=_known_of(_CAREFUL))


@functools.cache
def balanced(function: Callable) -> Callable:
    """The function compiled in little time for programs that run for seconds."""
    return kept_programs.Program(function, _known_of(_PLAIN))


@functools.cache
def fast_compile_options() -> dict:
    """Options of jax.jit that save time to compile; those that this compiler knows, none on an accelerator."""
    return _known_of(_QUICK)


def keep_programs(folder: Path, store: kept_programs.Store) -> None:
    """Keep compiled programs in a folder, one below it for each kind of processor, and take from there what was
    compiled before; the same for traced ones and the store.

    Nothing is kept where the folder cannot be written, or where jax_compilation_cache_dir names another one.
    """
    if jax.config.jax_compilation_cache_dir is not None:
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
        kept_programs.keep_in(store)


def _processor() -> str:
    """A name for the processor's features: a program may use all of those that it was compiled for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = [platform.processor()]
    features = next((line for line in lines if line.startswith(("flags", "Features"))), lines[0] if lines else "")
    return f"{platform.machine()}-{hashlib.sha256(features.encode()).hexdigest()[:12]}"


def _known_of(options: dict) -> dict:
    if jax.default_backend() != "cpu":
        return {}
    return {name: value for name, value in options.items() if _known({name: value})}


def _known(options: dict) -> bool:
    try:
        jax.jit(lambda x: x + 1, compiler_options=options)(0)
    except RuntimeError:  # another version of the compiler
        return False
    return True
